// Package traceio reads and writes recorded drives: a folder with fixes.csv, one position report a line in the order of
// their arrival, and, where somebody measured better, truth.csv. Columns are known by their names in the header.
//
//	t_ms        ms since the Unix epoch, by the truck's clock
//	lat, lon    WGS 84 degrees
//	alt_m       metres
//	speed_mps   metres a second over ground
//	course_deg  degrees clockwise from north: the heading
//	hdop        horizontal dilution of precision
//	accuracy_m  the receiver's own estimate of its error, metres
//	fix_q       0: the receiver has no fix; anything else, or nothing: it has
//
// A fix needs the first three; a blank quantity was not reported; other columns are passed over.
package traceio

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"argos"
)

// FixesFile and TruthFile are the usual names in a drive's folder.
const (
	FixesFile = "fixes.csv"
	TruthFile = "truth.csv"
)

// Drive is one recorded drive.
type Drive struct {
	Name  string // <set>_<drive>: also its truck's id
	Fixes string // path of the file with the fixes
	Truth string // path of the file with the truth, which need not exist
}

// Find returns the drives at the paths, in their order and by name within each. A path is a drive's folder, that is one
// which holds the file named fixes; or such a file itself; or a folder of drives; or a folder of those.
// A drive is named after the last two folders of its absolute path, with '-' for what a truck id cannot have.
func Find(paths []string, fixes string) ([]Drive, error) {
	var drives []Drive
	seen := map[string]string{}
	for _, path := range paths {
		found, err := at(path, fixes)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("no drive at %s: neither it nor a folder in it has a file %s", path, fixes)
		}
		for _, file := range found {
			d, err := drive(file)
			if err != nil {
				return nil, err
			}
			if other, taken := seen[d.Name]; taken {
				return nil, fmt.Errorf("drives %s and %s have the same name %s: give one of them at a time", other, file, d.Name)
			}
			seen[d.Name] = file
			drives = append(drives, d)
		}
	}
	return drives, nil
}

// at returns the files of fixes at a path that was given.
func at(path, fixes string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	return below(path, fixes, 2)
}

// below looks in a folder and in those within it, so many levels deep. A drive's folder is not looked into.
func below(dir, fixes string, levels int) ([]string, error) {
	file := filepath.Join(dir, fixes)
	switch info, err := os.Stat(file); {
	case err == nil && !info.IsDir():
		return []string{file}, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("trace: %w", err)
	case levels == 0:
		return nil, nil
	}
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	var found []string
	for _, e := range entries {
		sub := filepath.Join(dir, e.Name())
		if info, err := os.Stat(sub); err != nil || !info.IsDir() {
			continue // a link to nowhere is no drive
		}
		files, err := below(sub, fixes, levels-1)
		if err != nil {
			return nil, err
		}
		found = append(found, files...)
	}
	return found, nil
}

// drive names the drive of a file of fixes.
func drive(file string) (Drive, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return Drive{}, fmt.Errorf("trace %s: %w", file, err)
	}
	dir := filepath.Dir(abs)
	name := filepath.Base(filepath.Dir(dir)) + "_" + filepath.Base(dir)
	name = strings.Map(func(r rune) rune {
		if argos.CheckTruckID(string(r)) != nil {
			return '-'
		}
		return r
	}, name)
	if err := argos.CheckTruckID(name); err != nil {
		return Drive{}, fmt.Errorf("drive %s is named %s after its folders: %w", file, name, err)
	}
	return Drive{Name: name, Fixes: file, Truth: filepath.Join(filepath.Dir(file), TruthFile)}, nil
}
