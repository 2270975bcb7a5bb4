// Command feeds folds what real fleets sent, as it came and live, and says how far the documents are from the reports
// that they answer: no truth is known of these, but no truck is 200 m from where it has just said that it is.
//
//	go run ./benchmarks/feeds ../shared/traces/trucks-jerseycity ../shared/traces/buses-capmetro
//	go run ./benchmarks/feeds --by-time --thin 1h --json ../shared/traces/trucks-jerseycity
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"argos/evaluate"
)

type command struct {
	Thin   []time.Duration `help:"Also leave one report of each vehicle in so long." placeholder:"5m,1h"`
	JSON   bool            `help:"Print JSON." name:"json"`
	ByTime bool            `help:"Take the rows in the order of their times, as if each had come at once."`
	Feeds  []string        `arg:"" help:"Feeds: a CSV file each, or a folder that holds one."`
}

func main() {
	var c command
	kong.Parse(&c, kong.Description("Compare live documents with the reports of feeds whose truth nobody knows."))
	if err := c.run(); err != nil {
		fmt.Fprintln(os.Stderr, "feeds:", err)
		os.Exit(1)
	}
}

func (c *command) run() error {
	var all []evaluate.FeedReport
	for _, path := range c.Feeds {
		feed, err := evaluate.ReadFeed(path)
		if err != nil {
			return err
		}
		if len(feed.Refused) > 0 {
			fmt.Fprintf(os.Stderr, "%s: %d rows refused, the first: %v\n",
				feed.Name, len(feed.Refused), feed.Refused[0])
		}
		if c.ByTime {
			feed = feed.ByTime()
		}
		all = append(all, feed.Measure())
		for _, every := range c.Thin {
			thinned := feed.Thin(every)
			r := thinned.Measure()
			r.ThinnedTo = evaluate.Number(every.Seconds())
			all = append(all, r)
		}
	}
	if c.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(all)
	}
	for i := range all {
		all[i].Print(os.Stdout)
	}
	return nil
}
