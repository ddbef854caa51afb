// Command rig starts many misbehaving receivers on loopback and writes a
// configuration that watches them, for soak runs and measurements:
//
//	go run ./internal/hooktest/rig -n 500 -hang 25 -interval 1m -out rig.yaml
//	bin/hookvigil serve --config rig.yaml
//
// With -control ADDRESS it also starts a fake Slack and a mail server, and
// shows at that address what arrived there. It runs until it is interrupted.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// options shape a rig.
type options struct {
	n, hang, bombs      int
	plain, every        bool
	interval, certEvery time.Duration
	out, listen         string
	control             string
}

func main() {
	o := options{}
	flag.IntVar(&o.n, "n", 500, "receivers that are well")
	flag.IntVar(&o.hang, "hang", 25, "receivers that never answer")
	flag.IntVar(&o.bombs, "bombs", 0, "receivers with endless bodies and header floods")
	flag.BoolVar(&o.every, "every", false, "one more receiver for each behaviour there is")
	flag.BoolVar(&o.plain, "plain", false, "http:// instead of https://")
	flag.DurationVar(&o.interval, "interval", time.Minute, "of the probe")
	flag.DurationVar(&o.certEvery, "certificates", 15*time.Minute, "interval of the certificate look")
	flag.StringVar(&o.out, "out", "rig.yaml", "configuration to write")
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8420", "server.listen of that configuration")
	flag.StringVar(&o.control, "control", "", "address such as 127.0.0.1:9000: sinks for notices, and commands to receivers")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "rig:", err)
		os.Exit(1)
	}
}

// run starts everything and waits for ctx.
func run(ctx context.Context, o options) error {
	ca, err := hooktest.NewCA("rig root")
	if err != nil {
		return err
	}
	file, err := os.Create(o.out)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	pem, err := ca.WritePEM(filepath.Dir(o.out), "rig-ca")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "version: 1\ndata_dir: rig-data\nserver: {listen: %q}\nguard: {allow: [127.0.0.0/8]}\ntls: {ca_files: [%s]}\n", o.listen, filepath.Base(pem))
	fmt.Fprintf(w, "defaults:\n  probe: {interval: %s}\n  certificate: {interval: %s}\n", o.interval, o.certEvery)
	var s *sinks
	if o.control != "" {
		if s, err = openSinks(w, o.out); err != nil {
			return err
		}
		defer s.close()
	}
	fmt.Fprint(w, "merchants:\n  - id: rig\n    endpoints:\n")
	receivers, err := start(w, o, ca)
	for _, r := range receivers {
		defer r.Close()
	}
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		return err
	}
	fmt.Printf("%d receivers; configuration in %s\n", len(receivers), o.out)
	if o.control != "" {
		return serveControl(ctx, o.control, control(receivers, s))
	}
	<-ctx.Done()
	return nil
}

// start starts the receivers and writes an endpoint for each.
func start(w io.Writer, o options, ca *hooktest.CA) ([]*hooktest.Receiver, error) {
	var list []*hooktest.Receiver
	for i, b := range o.plan() {
		opts := hooktest.Options{Behaviour: b}
		if !o.plain || b.Describe().TLS {
			opts.CA = ca
		}
		r, err := hooktest.New(opts)
		if err == nil {
			err = r.Start()
		}
		if err != nil {
			return list, fmt.Errorf("receiver %d (%s): %w", i, b, err)
		}
		list = append(list, r)
		fmt.Fprintf(w, "      - {id: %s-%04d, url: %q}\n", b, i, r.URL())
	}
	return list, nil
}

// plan lists the behaviours, one for each receiver.
func (o options) plan() []hooktest.Behaviour {
	var list []hooktest.Behaviour
	for range o.n {
		list = append(list, hooktest.OK)
	}
	for range o.hang {
		list = append(list, hooktest.Hang)
	}
	bombs := []hooktest.Behaviour{hooktest.EndlessBody, hooktest.HeaderFlood, hooktest.HugeHeader, hooktest.GzipBomb, hooktest.InterimFlood}
	for i := range o.bombs {
		list = append(list, bombs[i%len(bombs)])
	}
	if o.every {
		list = append(list, hooktest.Behaviours()...)
	}
	return list
}
