// Command gen writes the Grafana dashboards as JSON files, and prints the
// names that their queries may use:
//
//	go run ./dashboards/grafana/gen -out dashboards/grafana
//	go run ./dashboards/grafana/gen -names
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/dashboards/grafana"
)

func main() {
	out := flag.String("out", ".", "folder to write to")
	names := flag.Bool("names", false, "print every metric name that is exposed, one a line, and write nothing")
	flag.Parse()
	if *names {
		fmt.Println(strings.Join(dashboards.Names(), "\n"))
		return
	}
	if err := write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	for _, d := range grafana.All() {
		text, err := d.JSON()
		if err != nil {
			return fmt.Errorf("%s: %w", d.File(), err)
		}
		if err := os.WriteFile(filepath.Join(folder, d.File()), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
