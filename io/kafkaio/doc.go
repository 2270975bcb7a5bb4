// Package kafkaio reads the log and writes to it: the source of the pipeline, its low-water mark and its dead letters
// as Beam transforms over kafka-go, and plain reading and administration without Beam.
//
// One run of a pipeline shares a Job in the process: read.go polls through the Job's readers (reader.go), lowwater.go
// tells the Job what is stored, and the source does not run far ahead of that.
package kafkaio
