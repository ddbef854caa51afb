// Command detection measures how soon the detector of rules finds an
// incident, and how often it alarms for nothing, beside the rules that people
// use otherwise, each set to one false alarm in 30 days:
//
//	go run ./internal/hooktest/detection > docs/detection.md
//
// It prints a Markdown document, the same for the same flags, and exits 1 when
// a figure that has to hold does not. The defaults take about three minutes of
// two processors; nothing is sent anywhere.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
	"github.com/hookvigil/hookvigil/rules"
)

// settings say how much is measured, and of what.
type settings struct {
	months int    // healthy series of 30 days for each rate
	trials int    // incidents for each rate and ratio
	seeds  int    // replays of seed 000 at the first of replayRates, ten times as many at the others
	seed   uint64 // of all draws

	rates       []float64 // attempts a second
	ratios      []float64 // of the incidents
	replayRates []float64 // attempts a second
	detector    rules.Detector
}

// errMissed says that a figure does not hold.
var errMissed = errors.New("a figure that has to hold does not")

func main() {
	s := settings{
		rates: []float64{0.01, 0.1, 1, 10, 100}, ratios: []float64{0.04, 0.1, 0.5}, replayRates: []float64{20, 2},
		detector: rules.DefaultDetector(),
	}
	flag.IntVar(&s.months, "months", 120, "healthy months for each rate, 1 to 10000")
	flag.IntVar(&s.trials, "trials", 300, "incidents for each rate and ratio, 1 to 100000")
	flag.IntVar(&s.seeds, "seeds", 20, "replays of seed 000 at 20/s, and ten times as many at 2/s; 1 to 1000")
	flag.Uint64Var(&s.seed, "seed", 1, "of all draws")
	flag.Parse()
	if s.months < 1 || s.months > 10000 || s.trials < 1 || s.trials > 100000 || s.seeds < 1 || s.seeds > 1000 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "detection: a number is outside of its bounds, or something stands behind the flags; see -help")
		os.Exit(2)
	}
	if err := run(os.Stdout, s); err != nil {
		fmt.Fprintln(os.Stderr, "detection:", err)
		os.Exit(1)
	}
}

// run measures all and prints it. It returns errMissed when all was printed
// and a figure does not hold.
func run(w io.Writer, s settings) error {
	d := document{settings: s}
	for _, rate := range s.rates {
		d.rates = append(d.rates, measure(s, rate))
	}
	d.bases = measureBases(s)
	for i, rate := range s.replayRates {
		n := s.seeds
		if i > 0 {
			n *= 10
		}
		d.replays = append(d.replays, replays(s, rate, n))
	}
	d.promises = promises(d)
	if err := d.write(w); err != nil {
		return fmt.Errorf("write the document: %w", err)
	}
	for _, p := range d.promises {
		if !p.holds {
			return errMissed
		}
	}
	return nil
}

// rough is the series that is judged by: the rough baseline of
// reference/ingest-storage.md section 1.2, at 0.3 %.
func rough(seed uint64, rate float64) traffic.Series {
	return traffic.Series{Seed: seed, Rate: rate, Healthy: 0.003, Rough: traffic.RoughBaseline()}
}

// each calls f for 0 to n-1, on all processors, and waits for them.
func each(n int, f func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}
