package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// canariesOf reads a file and returns its canaries, and what is wrong.
func canariesOf(t *testing.T, text string) ([]string, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hookvigil.yaml")
	if err := os.WriteFile(path, []byte("version: 1\n"+text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := &loader{
		out: newFaults(), files: newFiles(), cfg: &Config{Path: path}, first: map[recordKey]position{}, later: newLater(), standing: map[string]place{},
		dec: &decoder{env: os.LookupEnv, fields: &fieldTable{}, check: map[reflect.Type]secretCheck{}},
	}
	l.dec.out = l.out
	if !l.read(path) {
		t.Fatal("not read")
	}
	l.decode()
	l.guardSection()
	var list []string
	for _, c := range l.canaries() {
		list = append(list, c.ID+" "+c.URL.String())
	}
	var out bytes.Buffer
	Print(&out, sorted(l.out.list))
	return list, out.String()
}

func TestCanaries(t *testing.T) {
	t.Parallel()
	var crowd []string
	for i := range mostCanaries + 1 {
		crowd = append(crowd, fmt.Sprintf("{id: c%d, url: \"https://c%d.example.com/\"}", i, i))
	}
	for name, tt := range map[string]struct {
		text string
		want []string
		says []string // none: there is no fault
	}{
		"none by default": {"", nil, nil},
		"an empty list":   {"canaries: []", nil, nil},
		"two, in order": {`canaries: [{id: outside-2, url: "https://www.example.com/"}, {id: outside-1, url: "http://example.org:8080/x"}]`,
			[]string{"outside-2 https://www.example.com/", "outside-1 http://example.org:8080/x"}, nil},
		"sixteen":             {"canaries: [" + strings.Join(crowd[1:], ", ") + "]", make([]string, mostCanaries), nil},
		"seventeen":           {"canaries: [" + strings.Join(crowd, ", ") + "]", nil, []string{"canaries: 17 canaries; at most 16", "two or three"}},
		"no id":               {`canaries: [{url: "https://www.example.com/"}]`, []string{" https://www.example.com/"}, []string{"canaries[0].id: is missing"}},
		"no url":              {"canaries: [{id: a}]", nil, []string{"url: is missing", "give url: https://www.example.com/"}},
		"the same id":         {`canaries: [{id: a, url: "https://a.example/"}, {id: a, url: "https://b.example/"}]`, []string{"a https://a.example/", "a https://b.example/"}, []string{`"a" is used twice`}},
		"a reserved id":       {`canaries: [{id: loopback, url: "https://a.example/"}, {id: resolver, url: "https://b.example/"}]`, make([]string, 2), []string{`"loopback" is the name of a canary that is there always`, `"resolver" is`}},
		"an id that is none":  {`canaries: [{id: "a b", url: "https://a.example/"}]`, make([]string, 1), []string{`canaries[0] "a b": id: `}},
		"no scheme":           {"canaries: [{id: a, url: www.example.com}]", nil, []string{`canaries[0] "a": url: `}},
		"a password":          {`canaries: [{id: a, url: "https://me:hunter2@a.example/"}]`, nil, []string{`canaries[0] "a": url: `}},
		"a port of the guard": {`canaries: [{id: a, url: "https://a.example:25/"}]`, []string{"a https://a.example:25/"}, []string{"warning", "allow_ports: [25]"}},
		"an address":          {`canaries: [{id: a, url: "https://127.0.0.1/"}]`, []string{"a https://127.0.0.1/"}, []string{"warning", "allow: [127.0.0.1/32]"}},
		"an unknown key":      {`canaries: [{id: a, url: "https://a.example/", every: 5s}]`, []string{"a https://a.example/"}, []string{"every"}},
		"no list":             {"canaries: https://a.example/", nil, []string{"canaries"}},
		"an entry of text":    {`canaries: [{id: a, url: "https://a.example/"}, b]`, []string{"a https://a.example/"}, []string{"canaries[1]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, faults := canariesOf(t, tt.text)
			if len(got) != len(tt.want) || len(got) > 0 && tt.want[0] != "" && !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.says == nil && faults != "" {
				t.Errorf("want no fault:\n%s", faults)
			}
			for _, want := range tt.says {
				if !strings.Contains(faults, want) {
					t.Errorf("got\n%s\nwant %q in it", faults, want)
				}
			}
			if strings.Contains(faults, "hunter2") {
				t.Errorf("a secret is printed:\n%s", faults)
			}
		})
	}
}

// TestCanariesOfTheIncludeFolder: the lists of all files are joined.
func TestCanariesOfTheIncludeFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "more.yaml"), []byte("canaries: [{id: b, url: \"https://b.example/\"}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, faults := canariesOf(t, fmt.Sprintf("include: %q\ncanaries: [{id: a, url: \"https://a.example/\"}]", dir))
	if want := []string{"a https://a.example/", "b https://b.example/"}; !slices.Equal(got, want) || faults != "" {
		t.Errorf("got %q, want %q; faults:\n%s", got, want, faults)
	}
}
