// Package truthtest finds the recorded drives that tests run on. They are no part of the repository.
package truthtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plain is the file of a drive's fixes as they were recorded.
const plain = "fixes.csv"

// Folders are the folders of sets: those that ARGOS_TRACES lists, as PATH does, else shared/traces and shared/traces2
// beside one of the parent folders. Where there are none, the test is skipped.
func Folders(t testing.TB) []string {
	t.Helper()
	if list := os.Getenv("ARGOS_TRACES"); list != "" {
		return filepath.SplitList(list)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		var found []string
		for _, name := range [...]string{"traces", "traces2"} {
			if folder := filepath.Join(dir, "shared", name); isFolder(folder) {
				found = append(found, folder)
			}
		}
		if len(found) > 0 {
			return found
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no recorded drives here: set ARGOS_TRACES to their folders")
		}
		dir = filepath.Dir(dir)
	}
}

// Sets are the folders of the sets whose drives have a file of that name. The sets *-hard are the drives of others with
// more faults: they are left out of the fixes as they were recorded.
func Sets(t testing.TB, fixes string) (sets []string) {
	t.Helper()
	for _, folder := range Folders(t) {
		found, err := filepath.Glob(filepath.Join(folder, "*", "*", fixes))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			set := filepath.Dir(filepath.Dir(file))
			if fixes == plain && strings.HasSuffix(set, "-hard") || len(sets) > 0 && sets[len(sets)-1] == set {
				continue
			}
			sets = append(sets, set)
		}
	}
	if len(sets) == 0 {
		t.Fatalf("no drive below %v has a %s", Folders(t), fixes)
	}
	return sets
}

// Path is a file or folder in one of the folders, such as a set. Where none has it, the test is skipped.
func Path(t testing.TB, elements ...string) string {
	t.Helper()
	name := filepath.Join(elements...)
	for _, folder := range Folders(t) {
		if path := filepath.Join(folder, name); exists(path) {
			return path
		}
	}
	t.Skipf("no %s among the recorded drives", name)
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
