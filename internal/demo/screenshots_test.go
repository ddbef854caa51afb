package demo

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// awaited are the marks that scripts/screenshots waits for.
func awaited(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile("../../scripts/screenshots")
	if err != nil {
		t.Fatal(err)
	}
	marks := regexp.MustCompile(`\bdata-(?:scene|thread|to)="[^"]+"`).FindAllString(string(raw), -1)
	if n := strings.Count(string(raw), "\nawait "); n != len(marks) || n < 3 {
		t.Fatalf("the script waits %d times, for the marks %q: it shall wait for marks alone", n, marks)
	}
	return marks
}

// criticalMessage is a message as the receiver for Slack words it: the blocks
// of its own golden file.
func criticalMessage(t *testing.T) hooktest.SlackMessage {
	t.Helper()
	raw, err := os.ReadFile("../../alerting/slack/testdata/open_critical.golden")
	if err != nil {
		t.Fatal(err)
	}
	_, blocks, found := strings.Cut(string(raw), "\n\n[")
	if blocks = "[" + blocks; !found || !json.Valid([]byte(blocks)) {
		t.Fatalf("the golden file has no blocks: %s", raw)
	}
	return message("1", "", "", json.RawMessage(blocks))
}

// What the script waits for is there, at the latest when the story has come to
// it: in the scene of that name, with a message as Slack gets it and the digest
// of a merchant that has subscribed.
func TestPageHasTheMarksThatScreenshotsWaitFor(t *testing.T) {
	t.Parallel()
	var mails []hooktest.SMTPMessage
	for _, m := range merchants() {
		if m.Digest != "" {
			mails = append(mails, hooktest.SMTPMessage{To: []string{m.Digest}, Data: []byte("Subject: x\r\n\r\nx")})
		}
	}
	var pages strings.Builder
	words := map[string]bool{}
	for _, s := range story() {
		body := get(t, stillPage([]hooktest.SlackMessage{criticalMessage(t)}, mails, s.At), "/?refresh=0").Body.String()
		if n := strings.Count(body, `data-scene="`+s.Word+`"`); s.Word == "" || words[s.Word] || n != 1 {
			t.Errorf("the scene %q has the word %q, %d times in its page; want one of its own, once", s.Title, s.Word, n)
		}
		words[s.Word] = true
		pages.WriteString(body)
	}
	for _, mark := range awaited(t) {
		if !strings.Contains(pages.String(), mark) {
			t.Errorf("no page has %s: scripts/screenshots would wait in vain", mark)
		}
	}
	if !slices.Contains(awaited(t), `data-thread="critical"`) {
		t.Error("the script does not wait for the critical message")
	}
}
