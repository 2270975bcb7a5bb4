// Package argos holds what every room of the system agrees on: the fix that a truck sends, the record that the log
// keeps of it, the document that a truck's records fold into, and the contracts between the rooms. It depends on the
// standard library alone; docs/ARCHITECTURE.md follows one fix through the packages that build on it.
package argos

// Topic is the Kafka topic that the gateway writes and the pipeline reads, keyed by truck.
const Topic = "raw-telematics-data"

// DeadLetterTopic holds what was refused, with the reason and the place it came from.
const DeadLetterTopic = "raw-telematics-data-dlq"
