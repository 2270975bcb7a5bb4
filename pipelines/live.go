// Package pipelines joins sources, transforms and sinks, and runs what it has joined.
package pipelines
