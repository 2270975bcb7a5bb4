package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"golang.org/x/sync/errgroup"

	"argos"
	"argos/io/kfakeio"
	"argos/wire"
)

// brokerRole makes this program the embedded broker: broker DIR. It ends with its standard input.
const brokerRole = "broker"

func runBroker(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%s wants a folder", brokerRole)
	}
	b, err := kfakeio.Start(kfakeio.Config{Dir: args[0], Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer b.Close()
	fmt.Println(b.Addr())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		io.Copy(io.Discard, os.Stdin) //nolint:errcheck // its end is what is waited for
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	return nil
}

// broker is a broker in a process of its own.
type broker struct {
	addr string
	cmd  *exec.Cmd
	in   io.Closer
}

func startBroker(ctx context.Context, dir string) (*broker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, brokerRole, dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		in.Close()
		return nil, fmt.Errorf("the broker did not start: %w", cmd.Wait())
	}
	return &broker{strings.TrimSpace(addr), cmd, in}, nil
}

func (b *broker) stop() {
	b.in.Close()
	b.cmd.Wait() //nolint:errcheck // it is no longer needed
}

// fill writes rounds of fixes, one of each truck a round, the trucks taking turns; each drives straight on at 10 m/s.
func (b *broker) fill(ctx context.Context, trucks, rounds int) error {
	ids := make([][]string, kfakeio.DefaultPartitions)
	for k := range trucks {
		id := fmt.Sprintf("T-%07d", k)
		p := argos.PartitionOf(id, len(ids))
		ids[p] = append(ids[p], id)
	}
	client := &kafka.Client{Addr: kafka.TCP(b.addr), Timeout: 30 * time.Second}
	epoch := time.Now().Add(-24 * time.Hour).UnixMilli()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for partition, mine := range ids {
		g.Go(func() error {
			var batch []kafka.Record
			send := func() error {
				res, err := client.Produce(ctx, &kafka.ProduceRequest{
					Topic: argos.Topic, Partition: partition, RequiredAcks: kafka.RequireAll,
					Records: kafka.NewRecordReader(batch...),
				})
				if err == nil {
					err = res.Error
				}
				batch = batch[:0]
				return err
			}
			for n := range rounds {
				for _, id := range mine {
					now := time.Now()
					fix := argos.NewFix(id, epoch+int64(n)*1000, 52+float64(n)*9e-5, 13)
					r := argos.Record{Fix: fix, Recv: now.UnixMilli()}
					r.Speed, r.Heading, r.Accuracy = 10, 0, 4
					batch = append(batch, kafka.Record{
						Time: now, Key: kafka.NewBytes([]byte(id)), Value: kafka.NewBytes(wire.AppendRecord(nil, &r)),
					})
					if len(batch) == 5000 {
						if err := send(); err != nil {
							return err
						}
					}
				}
			}
			if len(batch) == 0 {
				return nil
			}
			return send()
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("write the backlog: %w", err)
	}
	return nil
}
