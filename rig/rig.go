// Package rig starts real servers on loopback for tests and benchmarks: an Apache Kafka, an Apache Flink with Beam's
// job server and a MongoDB-protocol server, all as they come from Maven Central. They need a Java runtime of 17 or
// newer and, the first time, mvn.
package rig

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

//go:embed kafka.xml mongodb.xml flink.xml Server.java
var recipes embed.FS

// ErrMissing says that this machine lacks what a server needs: its test may be skipped, saying so.
var ErrMissing = errors.New("this machine can't run the server")

var fetching sync.Mutex

// jars returns the folder with the jars that a recipe, a Maven project, depends on. They are fetched once a machine and
// kept in the user's cache.
func jars(ctx context.Context, recipe string) (string, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return "", fmt.Errorf("%w: %w", ErrMissing, err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrMissing, err)
	}
	fetching.Lock()
	defer fetching.Unlock()
	dir := filepath.Join(cache, "argos-rig", recipe)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if _, err := exec.LookPath("mvn"); err != nil {
		return "", fmt.Errorf("%w: %w", ErrMissing, err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	// Another process may be fetching too: each has a folder of its own, and the first one there wins.
	tmp, err := os.MkdirTemp(filepath.Dir(dir), recipe+"-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // what is left is in the cache
	pom, err := recipes.ReadFile(recipe + ".xml")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(tmp, "pom.xml"), pom, 0o644); err != nil {
		return "", err
	}
	libs := filepath.Join(tmp, "libs")
	out, err := exec.CommandContext(ctx, "mvn", "-q", "-B", "-f", filepath.Join(tmp, "pom.xml"),
		"dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+libs).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: fetch the jars of %s: %w: %s", ErrMissing, recipe, err, out)
	}
	if err := os.Rename(libs, dir); err != nil && !errors.Is(err, os.ErrExist) {
		if _, there := os.Stat(dir); there != nil {
			return "", err
		}
	}
	return dir, nil
}
