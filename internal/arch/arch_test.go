package arch_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/hookvigil/hookvigil/"

// The column, from the ground up. Each package may import what its row lists,
// of ours, and nothing else. ARCHITECTURE.md shows the same table.
var (
	looks   = []string{"probes", "probes/certificate"}
	facts   = append([]string{"internal/deliveries"}, looks...)
	watched = append([]string{"internal/registry"}, facts...)
	decided = append([]string{"rules"}, watched...)
	told    = append([]string{"alerting"}, decided...)
	digests = append([]string{"alerting/digest"}, told...)

	receivers = []string{"alerting/slack", "alerting/email", "alerting/pagerduty", "alerting/alertmanager", "alerting/webhook"}
	config    = slices.Concat([]string{"internal/config", "internal/conditions", "internal/ingest", "internal/ingest/tail", "internal/ingest/promquery"}, receivers, digests)
	api       = append([]string{"internal/api", "alerting/report", "dashboards", "dashboards/web", "internal/subscription"}, config...)
)

var mayImport = map[string][]string{
	"probes":                      nil,
	"probes/certificate":          {"probes"},
	"internal/deliveries":         {"probes"},
	"internal/registry":           facts,
	"internal/subscription":       nil,
	"rules":                       facts,
	"alerting":                    decided,
	"alerting/digest":             told,
	"alerting/slack":              told,
	"alerting/email":              told,
	"alerting/plain":              told,
	"alerting/pagerduty":          append([]string{"alerting/plain"}, told...),
	"alerting/alertmanager":       append([]string{"alerting/plain"}, told...),
	"alerting/webhook":            told,
	"alerting/merchants":          digests,
	"alerting/report":             told,
	"dashboards":                  told,
	"dashboards/web":              append([]string{"dashboards"}, digests...),
	"internal/ingest":             decided,
	"internal/ingest/tail":        {"internal/deliveries", "probes"},
	"internal/ingest/promquery":   {"probes", "rules"},
	"internal/conditions":         append([]string{"internal/ingest"}, decided...),
	"internal/store":              append([]string{"internal/conditions", "internal/ingest", "internal/subscription"}, digests...),
	"internal/config":             config,
	"internal/api":                api,
	"internal/hooktest":           {"probes"},
	"internal/hooktest/rig":       {"internal/hooktest"},
	"internal/backtest":           append([]string{"internal/conditions", "internal/ingest"}, decided...),
	"internal/hooktest/traffic":   {"internal/deliveries", "probes"},
	"internal/hooktest/detection": {"internal/deliveries", "internal/hooktest/traffic", "rules", "probes"},
	"internal/witness":            append([]string{"internal/store"}, config...),
	"internal/daemon":             append([]string{"internal/store", "alerting/merchants"}, api...),
	"internal/demo":               append([]string{"internal/daemon", "alerting/merchants", "internal/store", "internal/hooktest"}, api...),
	"internal/acceptance":         nil,
	"internal/arch":               nil,
	"cmd/hookvigil":               append([]string{"internal/daemon", "internal/demo", "internal/witness", "internal/hooktest", "internal/backtest"}, api...),
	"dashboards/grafana/gen":      {"dashboards", "dashboards/grafana"},
	"dashboards/grafana":          {"dashboards"},
	"rules/prometheus":            {"rules"},
}

// home names the one package that may import a third-party module; two where
// what comes in does so by two doors.
var home = map[string]string{
	"github.com/prometheus/client_golang":    "dashboards",
	"github.com/slack-go/slack":              "alerting/slack",
	"github.com/wneessen/go-mail":            "alerting/email",
	"github.com/go-co-op/gocron":             "internal/daemon",
	"github.com/goccy/go-yaml":               "internal/config",
	"github.com/danielgtaylor/huma":          "internal/api",
	"github.com/klauspost/compress":          "internal/api, internal/backtest",
	"github.com/spf13/cobra":                 "cmd/hookvigil",
	"github.com/pressly/goose":               "internal/store",
	"modernc.org/sqlite":                     "internal/store",
	"database/sql":                           "internal/store",
	"github.com/jackc/pgx":                   "internal/store",
	"golang.org/x/net/dns/dnsmessage":        "internal/hooktest",
	"github.com/emersion/go-smtp":            "internal/hooktest",
	"github.com/prometheus/prometheus":       "internal/tools",
	"github.com/prometheus/alertmanager":     "",
	"github.com/sirupsen/logrus":             "",
	"github.com/stretchr/testify":            "",
	"github.com/golang/mock":                 "",
	"github.com/PagerDuty/go-pagerduty":      "",
	"github.com/go-playground/validator/v10": "",
}

type listed struct {
	ImportPath string
	Imports    []string
}

func list(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		all = append(all, p)
	}
}

func TestImportsRunDownTheColumn(t *testing.T) {
	t.Parallel()
	packages := list(t)
	if len(packages) < 8 {
		t.Fatalf("go list shows %d packages: the test looks at the wrong folder", len(packages))
	}
	for _, p := range packages {
		allowed, known := mayImport[p.ImportPath]
		if !known {
			t.Errorf("%s is not in the table: add it here and in ARCHITECTURE.md", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s; it may import %v", p.ImportPath, ours, allowed)
			}
		}
	}
}

func TestEveryThirdPartyPackageHasOneHome(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		for _, imported := range p.Imports {
			for prefix, owner := range home {
				if (imported == prefix || strings.HasPrefix(imported, prefix+"/")) && !slices.Contains(strings.Split(owner, ", "), p.ImportPath) {
					t.Errorf("%s imports %s, whose home is %q", p.ImportPath, imported, owner)
				}
			}
		}
	}
}
