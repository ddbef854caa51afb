package rules_test

import (
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/rules"
)

func TestPackNamesEveryFault(t *testing.T) {
	t.Parallel()
	if err := rules.DefaultPack().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	err := rules.Pack{}.Validate()
	if err == nil {
		t.Fatal("a pack of nothing is taken")
	}
	for _, path := range []string{
		"loss_coming.within: ", "events_lost.within: ", "endpoint_slow.window: ", "retries_missing.missing: ", "upstream_delay.share: ",
		"duplicates.window: ", "silence.factor: ",
	} {
		if !strings.Contains(err.Error(), path) {
			t.Errorf("%q is missing in: %v", path, err)
		}
	}
}
