package digest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOldSnapshotsAreStillRead: the ledger keeps what was frozen before facts
// had backlogs and actions a time since when all is well.
func TestOldSnapshotsAreStillRead(t *testing.T) {
	t.Parallel()
	for name, verdict := range map[string]string{"old_health": "Action needed", "old_merged": "Action needed", "old_platform": "Attention"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			snapshot, err := os.ReadFile(filepath.Join("testdata", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			f, err := Decode(snapshot)
			if err != nil {
				t.Fatal(err)
			}
			l, err := Mail(f)
			if err != nil {
				t.Fatal(err)
			}
			text, blocks, err := Slack(f)
			if err != nil {
				t.Fatal(err)
			}
			checkBlocks(t, blocks)
			golden(t, name+".txt", "Subject: "+l.Subject+"\n\n"+l.Text)
			for form, s := range map[string]string{"subject": l.Subject, "text": l.Text, "HTML": l.HTML, "Slack": text} {
				if !strings.Contains(s, verdict) {
					t.Errorf("%s: the verdict that was frozen is missing in\n%s", form, s)
				}
				for _, wrong := range []string{"expired on 12 Jan 2024", "nothing fails now"} {
					if strings.Contains(s, wrong) {
						t.Errorf("%s says %q:\n%s", form, wrong, s)
					}
				}
			}
			if again := Judge(f); again.Verdict.rank() < 0 {
				t.Errorf("judged again: got %q", again.Verdict)
			}
		})
	}
}
