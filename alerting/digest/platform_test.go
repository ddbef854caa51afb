package digest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestChannelsAreOrderedByWhatSurelyFails(t *testing.T) {
	t.Parallel()
	var got []string
	for _, c := range channels([]Channel{{"many", Count{100_000, 1_100}}, {"one-of-one", Count{1, 1}}, {"calm", Count{1000, 1}}, {"half", Count{60, 30}}, {"none", Count{}}}) {
		got = append(got, c.ID)
	}
	if want := []string{"half", "one-of-one", "many"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMerchantsThatAreCutAreCounted(t *testing.T) {
	t.Parallel()
	crowd := func(n int) []Merchant {
		var list []Merchant
		for i := range n {
			list = append(list, Merchant{ID: fmt.Sprintf("m%04d", i), First: Count{1000, 50}})
		}
		return list
	}
	for sentence, tc := range map[string]struct {
		list []Merchant
		more string
	}{
		"ten":                       {crowd(10), ""},
		"twelve":                    {crowd(12), "- and 2 more\n"},
		"more than a snapshot has":  {crowd(150), "- and 140 more\n"},
		"and some that are nothing": {append(crowd(150), slices.Repeat([]Merchant{{ID: "calm", First: Count{1000, 1}}}, 50)...), "- and 140 more\n"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			f := platform()
			f.Platform.Worst = tc.list
			f = Judge(f)
			if again := Judge(f); !reflect.DeepEqual(again, f) || len(f.Platform.Worst) > mostKept {
				t.Errorf("judged again: got %d merchants and %d more, want %d and %d", len(again.Platform.Worst), again.Platform.MoreWorst, len(f.Platform.Worst), f.Platform.MoreWorst)
			}
			l, err := Mail(f)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(l.Text, "- m0"); n != 10 || strings.Contains(l.Text, " more\n") != (tc.more != "") || !strings.Contains(l.Text, tc.more) {
				t.Errorf("got %d merchants in\n%s\nwant ten, and %q", n, l.Text, tc.more)
			}
		})
	}
}

func TestAnEndpointIsListedOnce(t *testing.T) {
	t.Parallel()
	at := func(minutes int) Turn {
		return Turn{Endpoint: "a", Merchant: "m", At: evening.Start.Add(time.Duration(minutes) * time.Minute)}
	}
	other := Turn{Endpoint: "b", Merchant: "m", At: evening.Start}
	for sentence, tc := range map[string]struct {
		broke, recovered, wantBroken, wantRecovered []Turn
		passed                                      int
		headline                                    string
	}{
		"it broke":                   {[]Turn{at(1)}, nil, []Turn{at(1)}, nil, 0, "endpoints newly broken: 1"},
		"it recovered":               {nil, []Turn{at(1)}, nil, []Turn{at(1)}, 0, "nothing new"},
		"it broke and recovered":     {[]Turn{at(1)}, []Turn{at(2)}, nil, []Turn{at(2)}, 1, "endpoints broken and recovered: 1"},
		"it recovered and broke":     {[]Turn{at(2)}, []Turn{at(1)}, []Turn{at(2)}, nil, 0, "endpoints newly broken: 1"},
		"it flapped, and it is well": {[]Turn{at(1), at(3)}, []Turn{at(2), at(4)}, nil, []Turn{at(4)}, 1, "endpoints broken and recovered: 1"},
		"it flapped, and it is not":  {[]Turn{at(1), at(3)}, []Turn{at(2)}, []Turn{at(3)}, nil, 0, "endpoints newly broken: 1"},
		"another one recovered":      {[]Turn{at(1)}, []Turn{other}, []Turn{at(1)}, []Turn{other}, 0, "endpoints newly broken: 1"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			f := platform()
			f.Platform, f.Incidents = &Platform{Probing: 6 * time.Hour, Broken: tc.broke, Recovered: tc.recovered}, nil
			f = Judge(f)
			broken, recovered, passed := f.Platform.turns()
			if !slices.Equal(broken, tc.wantBroken) || !slices.Equal(recovered, tc.wantRecovered) || passed != tc.passed {
				t.Errorf("got %v, %v, %d, want %v, %v, %d", broken, recovered, passed, tc.wantBroken, tc.wantRecovered, tc.passed)
			}
			if got := newVoice(f).headline(f); got != tc.headline {
				t.Errorf("got %q, want %q", got, tc.headline)
			}
		})
	}
}

// TestTurnsAreInTheOrderOfTime, whatever order they are gathered in.
func TestTurnsAreInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	at := func(id string, minutes int) Turn {
		return Turn{Endpoint: id, Merchant: "m", At: evening.Start.Add(time.Duration(minutes) * time.Minute)}
	}
	p := Platform{Broken: []Turn{at("b", 9), at("a", 3)}, Recovered: []Turn{at("e", 8), at("d", 2), at("c", 2)}}
	broken, recovered, _ := p.turns()
	if want := []Turn{at("a", 3), at("b", 9)}; !slices.Equal(broken, want) {
		t.Errorf("got %v, want %v", broken, want)
	}
	if want := []Turn{at("c", 2), at("d", 2), at("e", 8)}; !slices.Equal(recovered, want) {
		t.Errorf("got %v, want %v", recovered, want)
	}
}

// TestTheOrderOfMerchantsIsToldAsItIs: where none fails now, none comes first
// for it.
func TestTheOrderOfMerchantsIsToldAsItIs(t *testing.T) {
	t.Parallel()
	for failing, want := range []string{"By the share that failed; a few", "First those with an endpoint that fails now"} {
		f := platform()
		f.Platform.Channels = nil
		f.Platform.Worst = []Merchant{{ID: "a", First: Count{1000, 50}, Failing: failing, Of: 1}, {ID: "b", First: Count{12, 2}, Of: 1}}
		l, err := Mail(Judge(f))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(l.Text, want) {
			t.Errorf("%d failing: got\n%s\nwant %q", failing, l.Text, want)
		}
	}
}

// TestACountThatIsCompleteIsNoLowerBound: those with an endpoint that fails are
// the first, so that one without any says that none is left out.
func TestACountThatIsCompleteIsNoLowerBound(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		calm  int // named, and none of its endpoints fails
		least bool
	}{"all that are named fail": {0, true}, "one that is named does not": {1, false}} {
		worst := append(slices.Repeat([]Merchant{{ID: "a", Failing: 2, Of: 2}}, 3), slices.Repeat([]Merchant{{ID: "b", First: Count{100, 9}}}, tc.calm)...)
		f := Facts{Kind: KindPlatform, Platform: &Platform{Worst: worst, MoreWorst: 4}}
		if got := f.trouble(); got.least != tc.least || got.failing != 6 {
			t.Errorf("%s: got %+v, want 6 as a lower bound: %v", sentence, got, tc.least)
		}
	}
}

// TestIncidentsThatAreOverAreToldAsPast also to operators, in the words of
// their titles.
func TestIncidentsThatAreOverAreToldAsPast(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"acme-va is down: tls_expired":                       "acme-va was down: tls_expired",
		"webhook failures are up on channel ID_BCA":          "webhook failures were up on the channel ID_BCA",
		"something of another form: http_5xx":                "something of another form: http_5xx",
		"deliveries to acme fail: http_5xx, timeout: a list": "deliveries to acme failed: http_5xx, timeout: a list",
	} {
		v := newVoice(Facts{})
		if got := v.operators(Incident{Title: title}); got != title {
			t.Errorf("it runs: got %q, want %q", got, title)
		}
		if got := v.operators(Incident{Title: title, Resolved: evening.End}); got != want {
			t.Errorf("it is over: got %q, want %q", got, want)
		}
	}
}

// TestMerchantsAreNamedWhereverTheyStand: one whose endpoint recovered is no
// longer among the worst, and has a name all the same.
func TestMerchantsAreNamedWhereverTheyStand(t *testing.T) {
	t.Parallel()
	f := platform()
	p := f.Platform
	p.Worst = nil
	p.Broken = []Turn{{"b-1", "broke", "refused", evening.Start}}
	p.Recovered = []Turn{{"r-1", "recovered", "refused", evening.Start}, {"n-1", "nameless", "refused", evening.Start}}
	p.Certificates = []Expiring{{"c-1", "ends", evening.End.Add(day)}}
	p.Names = []Name{{"broke", "Broke Ltd"}, {"recovered", "Recovered Ltd"}, {"ends", "Ends Ltd"}, {"nameless", ""}}
	f = throughJSON(t, Judge(f))
	l, err := Mail(f)
	if err != nil {
		t.Fatal(err)
	}
	text, blocks, err := Slack(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"b-1 (Broke Ltd)", "r-1 (Recovered Ltd)", "n-1 (nameless)", "c-1 (Ends Ltd)"} {
		if !strings.Contains(l.Text, want) || !strings.Contains(text+string(blocks), want) {
			t.Errorf("wanted %q in\n%s\n%s\n%s", want, l.Text, text, blocks)
		}
	}
}

// TestNamesAreBounded: a snapshot keeps those that are shown, no longer than
// they are shown, and judges alike again.
func TestNamesAreBounded(t *testing.T) {
	t.Parallel()
	f := platform()
	p := f.Platform
	p.Broken, p.Recovered, p.Certificates, p.Names = nil, nil, nil, nil
	for i := range 5_000 {
		id := fmt.Sprintf("m%04d", i)
		at := evening.Start.Add(time.Duration(i) * time.Second)
		p.Broken = append(p.Broken, Turn{"b" + id, "b" + id, "", at})
		p.Recovered = append(p.Recovered, Turn{"r" + id, "r" + id, "", at})
		p.Certificates = append(p.Certificates, Expiring{"c" + id, "c" + id, evening.End.Add(time.Duration(i) * time.Second)})
		for _, of := range []string{"b", "r", "c"} {
			p.Names = append(p.Names, Name{of + id, strings.Repeat("☃", 10_000)})
		}
	}
	f = Judge(f)
	if n, want := len(f.Platform.Names), 3*mostRows; n != want {
		t.Errorf("%d names are kept, want %d", n, want)
	}
	for _, n := range f.Platform.Names {
		if len([]rune(n.Name)) > longName {
			t.Fatalf("a name has %d characters, want at most %d", len([]rune(n.Name)), longName)
		}
	}
	if again := Judge(f); !reflect.DeepEqual(again, f) {
		t.Error("judged again it is another")
	}
	if f := platform(); Judge(f).Platform == f.Platform {
		t.Error("what the facts point to was changed")
	}
}
