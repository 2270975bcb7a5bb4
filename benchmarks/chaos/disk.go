package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// disk is a small one, on which a part keeps its data.
type disk struct{ dir string }

const diskSize = "512m"

func mountSmall(dir string) (*disk, error) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+diskSize); err != nil {
		return nil, fmt.Errorf("%w: mount a small disk: %w", errNotHere, err)
	}
	return &disk{dir}, nil
}

func (d *disk) unmount() { _ = syscall.Unmount(d.dir, syscall.MNT_DETACH) }

func (d *disk) ballast() string { return filepath.Join(d.dir, "ballast") }

// fill leaves no room.
func (d *disk) fill() error {
	f, err := os.Create(d.ballast())
	if err != nil {
		return err
	}
	defer f.Close()
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err := f.Write(block); err != nil {
			block = block[:len(block)/2] // until not a byte goes in
		}
	}
	return nil
}

// clear makes room again.
func (d *disk) clear() error { return os.Remove(d.ballast()) }
