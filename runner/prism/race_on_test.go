//go:build race

package prism

const raceDetector = true
