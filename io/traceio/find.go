// Package traceio reads and writes recorded drives: position reports in the order of their arrival, and, where
// somebody measured better, the truth. It reads CSV (columns are known by their names in the header, see Columns),
// GPX, NMEA 0183, KML and KMZ, GeoJSON, FIT, files of the OwnTracks Recorder, Google's Timeline, and newline-delimited
// JSON as a gateway takes it; it writes CSV, GPX and GeoJSON. docs/FILES.md says what is read of each.
//
// A table is read as people have it: its separator, encoding, line ends and decimal sign are found out; its columns
// are known by their names in the header, of which fields has the usual ones, by Columns, or, without a header, by
// what is in them. Nothing is guessed: what can be meant in two ways (the order of day and month, a count that would
// be the year 1970) is an error that says how to choose. A vehicle has the id that its name is, or one that is made of
// it and of no other name.
//
// The columns of our own, in fixes.csv:
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
// A fix needs the first three; a quantity that is blank, or cannot be meant, was not reported; other columns are
// passed over.
package traceio

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"argos"
)

// FixesFile, TruthFile and FaultsFile are the usual names in a drive's folder.
const (
	FixesFile  = "fixes.csv"
	TruthFile  = "truth.csv"
	FaultsFile = "faults.csv"
)

// Drive is one recorded drive.
type Drive struct {
	Name    string    // <set>_<drive>: also its truck's id, where the file names none
	Fixes   string    // path of the file with the fixes
	Truth   string    // path of the file with the truth, which need not exist
	Columns Columns   // of a CSV file, beyond the usual names
	Date    time.Time // midnight of the first row of an NMEA file that tells no date, if not zero
}

// Set is the part of the name that drives of one origin share: the name of the folder that theirs is in.
func (d Drive) Set() string {
	abs, err := filepath.Abs(d.Fixes)
	if err != nil {
		return ""
	}
	return safeID(filepath.Base(filepath.Dir(filepath.Dir(abs))))
}

// Find returns the drives at the paths, in their order and by name within each. A path is a file of a drive; or a
// drive's folder, that is one which holds the file named fixes; or a folder of such folders and of recordings that are
// no CSV, by the ends of their names (.gpx, .nmea, .ndjson and so on); or a folder of those.
//
// The drive in a drive's folder is named after the last two folders of its absolute path, <set>_<drive>; one that has
// no folder of its own after the folder and itself. A name that can be no truck id is made one that no other becomes:
// see safeID.
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
			d, err := drive(file, fixes)
			if err != nil {
				return nil, err
			}
			if other, taken := seen[d.Name]; taken {
				return nil, fmt.Errorf(
					"drives %s and %s have the same name %s: give one of them at a time",
					other,
					file,
					d.Name,
				)
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
	switch there, err := isFile(file); {
	case err != nil:
		return nil, err
	case there:
		return []string{file}, nil
	}
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	own, err := isFile(filepath.Join(dir, FixesFile)) // a drive's folder, only that another file is asked for
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		sub := filepath.Join(dir, e.Name())
		info, err := os.Stat(sub)
		switch {
		case err != nil: // a link to nowhere is no drive
		case info.IsDir() && levels > 0:
			files, err := below(sub, fixes, levels-1)
			if err != nil {
				return nil, err
			}
			found = append(found, files...)
		case info.Mode().IsRegular() && !own:
			if f := formats[strings.ToLower(filepath.Ext(sub))]; f != "" && f != "csv" {
				found = append(found, sub)
			}
		}
	}
	return found, nil
}

func isFile(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("trace: %w", err)
	}
	return err == nil && !info.IsDir(), nil
}

// drive names the drive of a file of fixes.
func drive(file, fixes string) (Drive, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return Drive{}, fmt.Errorf("trace %s: %w", file, err)
	}
	dir, base := filepath.Split(abs)
	dir = filepath.Clean(dir)
	own := base == fixes || strings.HasPrefix(base, "fixes")
	for _, name := range [...]string{fixes, FixesFile, TruthFile} {
		there, err := isFile(filepath.Join(dir, name))
		if err != nil {
			return Drive{}, err
		}
		own = own || there
	}
	name := filepath.Base(filepath.Dir(dir)) + "_" + filepath.Base(dir)
	if !own {
		name = filepath.Base(dir) + "_" + strings.TrimSuffix(base, filepath.Ext(base))
	}
	name = safeID(name)
	if err := argos.CheckTruckID(name); err != nil {
		return Drive{}, fmt.Errorf("drive %s is named %s: %w", file, name, err)
	}
	return Drive{Name: name, Fixes: file, Truth: filepath.Join(filepath.Dir(file), TruthFile)}, nil
}
