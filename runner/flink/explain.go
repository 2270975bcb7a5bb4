package flink

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"argos/io/kafkaio"
	"argos/runner"
	"argos/runner/flink/jobmanager"
)

// never says that a failure is of a kind that no restart mends.
func never(trace string) bool {
	return strings.Contains(trace, "Cannot run program") || strings.Contains(trace, exitOfBuild) ||
		strings.Contains(trace, restoreFailed) ||
		strings.Contains(trace, kafkaio.ErrEpoch.Error())
}

var exitOfBuild = fmt.Sprintf("exit code %d", ExitBuild)

// ownError begins what a step of ours has said.
const ownError = "Error received from SDK harness for instruction "

const restoreFailed = "Cannot map checkpoint/savepoint state"

// explain makes a sentence of a Java stack trace.
func explain(trace string, on Config) string {
	began := cmp.Or(on.Savepoint, "the checkpoint that the job began with")
	switch {
	case strings.Contains(trace, "Cannot run program"):
		return fmt.Sprintf(
			"a task manager has no worker at %s: --worker names the path of argos there, or loopback",
			on.Worker,
		)
	case strings.Contains(trace, exitOfBuild):
		return fmt.Sprintf(
			"the worker at %s on a task manager is another build of argos than this program (%s): deploy the same on both",
			on.Worker,
			build(),
		)
	case strings.Contains(trace, restoreFailed):
		return began + " is of another pipeline, or its workers ran elsewhere (loopback); without it, this one goes on from the store's marks"
	case strings.Contains(trace, kafkaio.ErrEpoch.Error()):
		return began + " is of another epoch of the topic, where its offsets mean other records; without it, the pipeline goes on from the store's marks"
	case strings.Contains(trace, ownError):
		_, own, _ := strings.Cut(trace, ownError)
		own, _, _ = strings.Cut(own, "\n\tat ") // where Java's frames begin
		return runner.Cause(errors.New(own))
	case strings.Contains(trace, "InvalidClassException"),
		strings.Contains(trace, "NoSuchMethodError"),
		strings.Contains(trace, "NoClassDefFoundError"):
		return "the job server was built for another version of Flink than the cluster's: " + jobmanager.Sentence(trace)
	}
	why := runner.Cause(errors.New(jobmanager.Sentence(trace)))
	if strings.HasPrefix(why, hungUp) {
		return "a worker has ended, killed or without memory (" + why + ")"
	}
	return why
}

// hungUp begins what gRPC says, in several ways, of a worker whose connection has gone.
const hungUp = "CANCELLED: c"
