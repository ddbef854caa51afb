package dashboards_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// hammerTold feeds m with what is said about n attempts, conditions,
// incidents and notices whose texts are all different.
func hammerTold(m *dashboards.Metrics, n int, rnd *rand.Rand) {
	var (
		scopes    = map[rules.Scope]dashboards.FirstAttempts{rules.ScopePlatform: {Counted: 9, Failed: -3}}
		faults    = map[probes.Fault]int{}
		receivers = map[string]string{}
		beats     = map[string]time.Time{}
		canaries  = map[string]bool{}
		proved    = map[string]time.Time{}
		lanes     []alerting.LaneState
		outbox    = m.Outbox()
	)
	for i := range n {
		noise := fmt.Sprintf("%x-%d", rnd.Uint64(), i)
		for _, kind := range []string{rules.ScopeChannel, rules.ScopeMerchant, rules.ScopeEndpoint, rules.ScopeProduct, noise} {
			scopes[rules.ScopeOf(kind, noise)] = dashboards.FirstAttempts{Counted: rnd.IntN(100) + 1, Failed: rnd.IntN(200)}
		}
		faults[probes.Fault(noise)] = rnd.IntN(9) - 4
		receivers[noise] = noise
		canaries[noise] = i%2 == 0
		beats[noise] = noon.Add(time.Duration(i) * time.Second)
		proved[noise+"/"+noise] = beats[noise]
		lanes = append(lanes, alerting.LaneState{Lane: noise + "/" + noise, Waiting: rnd.IntN(9) - 4, Oldest: noon, StoppedAt: noon})
		if i%20 == 0 { // often enough for every bound
			tellOne(m, outbox, noise)
		}
	}
	m.Ratios(scopes)
	m.Delivered(faults)
	m.Receivers(receivers)
	outbox.Lanes(alerting.Work{Lanes: lanes})
	m.Beats(beats)
	m.OurSide(rnd.IntN(2) == 0, canaries)
	m.Proved(proved)
	m.Pinged(dashboards.PingResult(fmt.Sprint(n)), noon)
	m.LastResort()
	m.Reserve(rnd.IntN(2) == 0)
	m.AttemptsTaken(-1, -2, -3)
	m.AttemptsLate(-1)
	m.LogBytes(-1)
	m.TailRead(-1, -2, -3)
	m.SourceAsked(rnd.IntN(2) == 0)
	m.FeedsStand(-1, map[dashboards.FeedKind]time.Time{dashboards.FeedTail: noon, dashboards.FeedPrometheus: {}, dashboards.FeedKind(fmt.Sprint(n)): noon})
}

// tellOne tells one of each whose every text is noise.
func tellOne(m *dashboards.Metrics, outbox alerting.Observer, noise string) {
	key := rules.Key{Rule: rules.Rule(noise), Scope: rules.ScopeOf(rules.ScopeEndpoint, noise), Episode: -1}
	m.AttemptsRefused(noise)
	m.Changed([]rules.Change{{Key: key, Number: -1, Open: true, Merchant: noise, Host: noise, Fault: noise}})
	m.Conditions([]rules.Standing{{Rule: key.Rule, Scope: key.Scope, Merchant: noise, Episode: rules.Episode{Phase: rules.PhaseOpen}}})
	m.Incidents([]alerting.Incident{{
		ID: noise, Rule: key.Rule, Scope: key.Scope, Merchant: noise, Severity: rules.Severity(noise), State: alerting.State(noise), Title: noise,
	}})
	m.Desk(alerting.DeskTurn{Decision: alerting.Decision{
		Entries: []alerting.Entry{{Incident: noise, Kind: alerting.EntryKind(noise), Actor: noise, Text: noise}},
	}})
	outbox.Tried(noise, alerting.Class(noise), -time.Second)
	outbox.Tried(noise, "", time.Hour)
	outbox.Dead(noise, alerting.Notice{ID: noise, Lane: noise, Recipient: noise, Subject: noise})
	outbox.Held(noise)
}

func TestMetricsNameNoMerchantAndNoEndpoint(t *testing.T) {
	t.Parallel()
	const secret = "merchant-or-endpoint-7"
	m := dashboards.New("dev")
	at := dashboards.FirstAttempts{Counted: 10, Failed: 5}
	scope := rules.ScopeOf(rules.ScopeEndpoint, secret)
	m.Ratios(map[rules.Scope]dashboards.FirstAttempts{
		scope: at, rules.ScopeOf(rules.ScopeMerchant, secret): at, rules.ScopeOf(rules.ScopeType, secret): at,
		rules.ScopeOf(rules.ScopeTarget, secret): at, rules.Scope(secret): at, "channel:https://u:p@h/" + secret: at,
	})
	m.Changed([]rules.Change{{Key: rules.Key{Rule: rules.RuleEndpointDown, Scope: scope}, Open: true, Merchant: secret, Host: secret}})
	m.Conditions([]rules.Standing{{Rule: rules.RuleEndpointDown, Scope: scope, Merchant: secret, Episode: rules.Episode{Phase: rules.PhaseOpen}}})
	m.Incidents([]alerting.Incident{{
		ID: secret, GroupKey: "v1:" + string(scope), Rule: rules.RuleEndpointDown, Scope: scope, Merchant: secret, Severity: rules.Critical,
		State: alerting.StateOpen, Title: secret, Members: []alerting.Membership{{Merchant: secret, Host: secret}},
	}})
	m.Desk(alerting.DeskTurn{Decision: alerting.Decision{Entries: []alerting.Entry{{Incident: secret, Kind: alerting.EntryOpened, Text: secret}}}})
	m.Receivers(map[string]string{"mail": "email"})
	out := m.Outbox()
	out.Lanes(alerting.Work{Lanes: []alerting.LaneState{{Lane: "mail/" + secret, Waiting: 1}}})
	out.Dead("email", alerting.Notice{Subject: secret, Recipient: secret, Lane: "mail/" + secret})
	text := scrape(t, m)
	if strings.Contains(text, secret) {
		t.Errorf("the name of a merchant or an endpoint became a label:\n%s", text)
	}
	if want := `hookvigil_outbox_waiting{lane="mail"} 1`; !strings.Contains(text, want) {
		t.Errorf("no line %s: the test has told nothing", want)
	}
}

func TestToldMetricsTakeHostileWords(t *testing.T) {
	t.Parallel()
	m := dashboards.New("dev")
	names := []string{"", "\xff\xfe", "\xff\xfd", "a\nb", `"}`, strings.Repeat("x", 10_000), strings.Repeat("x", 10_001), "unknown", "/", "a/b/c"}
	kinds, beats, scopes := map[string]string{}, map[string]time.Time{}, map[rules.Scope]dashboards.FirstAttempts{}
	var lanes []alerting.LaneState
	for _, s := range names {
		kinds[s], beats[s] = s, noon
		scopes[rules.ScopeOf(rules.ScopeChannel, s)] = dashboards.FirstAttempts{Counted: 1, Failed: 1}
		lanes = append(lanes, alerting.LaneState{Lane: s, Waiting: 1}, alerting.LaneState{Lane: s + "/d", Waiting: 1})
		tellOne(m, m.Outbox(), s)
	}
	m.Receivers(kinds)
	m.Beats(beats)
	m.Ratios(scopes)
	m.Outbox().Lanes(alerting.Work{Lanes: lanes})
	families := parse(t, strings.NewReader(scrape(t, m)))
	total := 0.0
	for _, s := range families["hookvigil_outbox_waiting"].GetMetric() {
		total += s.GetGauge().GetValue()
	}
	if want := float64(2 * len(names)); total != want {
		t.Errorf("%v notices wait in all, want %v: names that become the same label are added up", total, want)
	}
}

// constantsOf reads the values of all constants of a type from the source of
// a package.
func constantsOf(t *testing.T, dir, typeName string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && typeOf(spec.Type) == typeName {
				for _, v := range spec.Values {
					values = append(values, unquoted(v)...)
				}
			}
			return true
		})
	}
	return values
}

// typeOf is the last word of a type: Rule of rules.Rule.
func typeOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	default:
		return ""
	}
}

func unquoted(e ast.Expr) []string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if s, err := strconv.Unquote(lit.Value); err == nil {
			return []string{s}
		}
	}
	return nil
}

// TestEveryDeclaredWordHasItsLabel finds the word that somebody added to
// rules or alerting and not to words.go here: it would be shown as unknown.
func TestEveryDeclaredWordHasItsLabel(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		dir, typeName string
		least         int
		metric, label string
		tell          func(m *dashboards.Metrics, word string)
	}{
		"rules": {"../rules", "Rule", 5, "hookvigil_condition_changes_total", "rule", func(m *dashboards.Metrics, word string) {
			m.Changed([]rules.Change{{Key: rules.Key{Rule: rules.Rule(word)}}})
		}},
		"rules that lead incidents alone": {"../alerting", "Rule", 1, "hookvigil_condition_changes_total", "rule", func(m *dashboards.Metrics, word string) {
			m.Changed([]rules.Change{{Key: rules.Key{Rule: rules.Rule(word)}}})
		}},
		"severities": {"../rules", "Severity", 3, "hookvigil_incidents_open", "severity", func(m *dashboards.Metrics, word string) {
			m.Incidents([]alerting.Incident{{Severity: rules.Severity(word), Rule: rules.RuleSilence}})
		}},
		"kinds of timeline entries": {"../alerting", "EntryKind", 9, "hookvigil_incident_transitions_total", "kind", func(m *dashboards.Metrics, word string) {
			m.Desk(alerting.DeskTurn{Decision: alerting.Decision{Entries: []alerting.Entry{{Kind: alerting.EntryKind(word)}}}})
		}},
		"classes of failed sends": {"../alerting", "Class", 6, "hookvigil_notify_attempts_total", "class", func(m *dashboards.Metrics, word string) {
			m.Outbox().Tried("slack", alerting.Class(word), 0)
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			words := constantsOf(t, tt.dir, tt.typeName)
			if len(words) < tt.least {
				t.Fatalf("%d constants of type %s in %s, want at least %d: the test looks at the wrong place", len(words), tt.typeName, tt.dir, tt.least)
			}
			for _, word := range words {
				m := dashboards.New("dev")
				tt.tell(m, word)
				var shown []string
				for _, s := range parse(t, strings.NewReader(scrape(t, m)))[tt.metric].GetMetric() {
					if s.GetCounter().GetValue()+s.GetGauge().GetValue() > 0 {
						for _, l := range s.GetLabel() {
							if l.GetName() == tt.label {
								shown = append(shown, l.GetValue())
							}
						}
					}
				}
				if !slices.Equal(shown, []string{word}) {
					t.Errorf("%s %q is shown as %q in %s, want as itself: add it to words.go", tt.typeName, word, shown, tt.metric)
				}
			}
		})
	}
}
