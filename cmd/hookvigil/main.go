// Command hookvigil watches over webhooks: it probes webhook endpoints, checks
// their certificates as a second signal, judges deliveries, and tells people
// what is wrong.
package main

import (
	"context"
	"os"
	"time"
	_ "time/tzdata" // merchants' time zones, also where the machine has none
)

// version is set by the linker.
var version = "dev"

func main() {
	time.Local = time.UTC // whoever prints a time, crypto/x509 among them, prints it in UTC
	os.Exit(run(context.Background(), os.Args[1:]))
}

// run executes one command line and returns the exit status.
func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	return statusOf(root.ErrOrStderr(), root.ExecuteContext(ctx))
}
