package registry_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// oneFault returns the message of the only fault with that path, and its hint.
func oneFault(t *testing.T, faults []registry.Fault, path string) (message, hint string) {
	t.Helper()
	if len(faults) != 1 || faults[0].Path != path || faults[0].Warning {
		t.Fatalf("faults %+v, want one at %q", faults, path)
	}
	return faults[0].Message, faults[0].Hint
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		id  string
		bad string // how it stands in the message; empty: a good ID
	}{
		"one letter":            {"a", ""},
		"one digit":             {"7", ""},
		"every character":       {"Az09._:-", ""},
		"the longest":           {strings.Repeat("a", 128), ""},
		"one longer":            {strings.Repeat("a", 129), strings.Repeat("a", 59) + "…"},
		"nothing":               {"", `""`},
		"a dot in front":        {".a", `".a"`},
		"a dash in front":       {"-a", `"-a"`},
		"an underscore first":   {"_a", `"_a"`},
		"a colon first":         {":a", `":a"`},
		"a path":                {"../etc", `"../etc"`},
		"a slash":               {"a/b", `"a/b"`},
		"a space":               {"a b", `"a b"`},
		"a final line break":    {"a\n", `"a"`},
		"a line break":          {"a\r\nX-Evil: 1", `"a  X-Evil: 1"`},
		"a letter beyond ASCII": {"ä", `"ä"`},
		"NUL":                   {"a\x00b", `"ab"`},
		"a direction override":  {"a\u202eb", `"ab"`},
		"broken UTF-8":          {"a\xffb", `"ab"`},
		"10 kB":                 {strings.Repeat("x", 10_000), strings.Repeat("x", 59) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults := registry.CheckMerchant(registry.Merchant{ID: tt.id})
			if tt.bad == "" {
				if len(faults) != 0 {
					t.Errorf("ID %q: %+v, want no fault", tt.id, faults)
				}
				return
			}
			message, hint := oneFault(t, faults, "id")
			if !strings.Contains(message, tt.bad) || !strings.HasSuffix(message, " is not an ID") {
				t.Errorf("message %q, want %s is not an ID", message, tt.bad)
			}
			if want := "letters, digits, and . _ : - after the first; at most 128"; hint != want {
				t.Errorf("hint %q, want %q", hint, want)
			}
		})
	}
}

func TestMerchantFaultsNamePathValueAndWhatIsWanted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		m                   registry.Merchant
		path, message, hint string
	}{
		"an unknown zone": {
			registry.Merchant{Timezone: "Asia/Djakarta"},
			"timezone", `"Asia/Djakarta" is not a time zone`, "an IANA name such as Asia/Jakarta",
		},
		"the zone of this machine": {
			registry.Merchant{Timezone: "Local"},
			"timezone", `"Local" is not a time zone`, "an IANA name such as Asia/Jakarta",
		},
		"an offset": {
			registry.Merchant{Timezone: "+07:00"},
			"timezone", `"+07:00" is not a time zone`, "an IANA name such as Asia/Jakarta",
		},
		"a zone that is a path": {
			registry.Merchant{Timezone: "../../../etc/passwd"},
			"timezone", `"../../../etc/passwd" is not a time zone`, "an IANA name such as Asia/Jakarta",
		},
		"a zone that is a folder": {
			registry.Merchant{Timezone: "Asia"},
			"timezone", `"Asia" is not a time zone`, "an IANA name such as Asia/Jakarta",
		},
		"a language without a digest": {
			registry.Merchant{Language: "de"},
			"language", `"de" is not a language of the digest`, "en or id",
		},
		"a language in capitals": {
			registry.Merchant{Language: "EN"},
			"language", `"EN" is not a language of the digest`, "en or id",
		},
		"an unknown mode": {
			registry.Merchant{Digest: registry.Digest{Mode: "weekly"}},
			"digest.mode", `"weekly" is not a digest mode`, "every, problems, daily or off",
		},
		"a mode that YAML made a boolean": {
			registry.Merchant{Digest: registry.Digest{Mode: "false"}},
			"digest.mode", `"false" is not a digest mode`, "every, problems, daily or off",
		},
		"a digest to nobody's address": {
			registry.Merchant{Digest: registry.Digest{To: []string{"ops@toko.example", "ops"}}},
			"digest.to", `"ops" is not a mail address`, "ops@example.com, without a display name",
		},
		"an incident to nobody's address": {
			registry.Merchant{Incidents: registry.Contacts{To: []string{"@toko.example"}}},
			"incidents.to", `"@toko.example" is not a mail address`, "ops@example.com, without a display name",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.m.ID = "toko"
			_, faults := registry.CheckMerchant(tt.m)
			message, hint := oneFault(t, faults, tt.path)
			if message != tt.message || hint != tt.hint {
				t.Errorf("got  %q, hint %q\nwant %q, hint %q", message, hint, tt.message, tt.hint)
			}
		})
	}
}

func TestMerchantsThatAreGood(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]registry.Merchant{
		"an ID alone":             {},
		"a zone of 45 minutes":    {Timezone: "Asia/Kathmandu"},
		"UTC by name":             {Timezone: "UTC"},
		"English":                 {Language: "en"},
		"Indonesian":              {Language: "id"},
		"mode every":              {Digest: registry.Digest{Mode: "every"}},
		"mode problems":           {Digest: registry.Digest{Mode: "problems"}},
		"mode daily":              {Digest: registry.Digest{Mode: "daily"}},
		"mode off":                {Digest: registry.Digest{Mode: "off"}},
		"digests and mail":        {Digest: registry.Digest{To: []string{"a@b.example"}}, Incidents: registry.Contacts{To: []string{"c@d.example"}}},
		"one address for both":    {Digest: registry.Digest{To: []string{"a@b.example"}}, Incidents: registry.Contacts{To: []string{"a@b.example"}}},
		"an address without dots": {Digest: registry.Digest{To: []string{"root@localhost"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m.ID = "toko"
			if _, faults := registry.CheckMerchant(m); len(faults) != 0 {
				t.Errorf("faults %+v, want none", faults)
			}
		})
	}
}

func TestAllFaultsOfAMerchantAtOnce(t *testing.T) {
	t.Parallel()
	_, faults := registry.CheckMerchant(registry.Merchant{
		ID: "", Timezone: "Mars", Language: "xx", Digest: registry.Digest{To: []string{"a", "b"}, Mode: "never"},
		Incidents: registry.Contacts{To: []string{"c"}},
	})
	var paths []string
	for _, f := range faults {
		paths = append(paths, f.Path)
	}
	if got, want := strings.Join(paths, " "), "id timezone language digest.mode digest.to digest.to incidents.to"; got != want {
		t.Errorf("paths %s, want %s", got, want)
	}
}

func TestMailAddresses(t *testing.T) {
	t.Parallel()
	at := "@toko.example"
	for name, tt := range map[string]struct {
		address string
		good    bool
	}{
		"plain":                  {"ops@toko-maju.example", true},
		"a plus":                 {"ops+hooks@toko.example", true},
		"254 bytes":              {strings.Repeat("a", 254-len(at)) + at, true},
		"255 bytes":              {strings.Repeat("a", 255-len(at)) + at, false},
		"nothing":                {"", false},
		"no domain":              {"ops@", false},
		"a display name":         {"Ops <ops@toko.example>", false},
		"brackets":               {"<ops@toko.example>", false},
		"two addresses":          {"a@b.example, c@d.example", false},
		"a comment":              {"ops@toko.example (night shift)", false},
		"a space behind":         {"ops@toko.example ", false},
		"a header smuggled in":   {"ops@toko.example\r\nBcc: all@evil.example", false},
		"a line break behind":    {"ops@toko.example\n", false},
		"NUL":                    {"ops\x00@toko.example", false},
		"a direction override":   {"ops\u202e@toko.example", false},
		"a line separator":       {"ops@toko.example\u2028", false},
		"broken UTF-8":           {"ops\xff@toko.example", false},
		"a quoted local part":    {`"a b"@toko.example`, false},
		"a quoted recipient pun": {`"x@evil.example> "@toko.example`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults := registry.CheckMerchant(registry.Merchant{ID: "toko", Digest: registry.Digest{To: []string{tt.address}}})
			if good := len(faults) == 0; good != tt.good {
				t.Errorf("%q: faults %+v, want good = %t", tt.address, faults, tt.good)
			}
			for _, f := range faults {
				if strings.ContainsAny(f.Message, "\r\n\x00\u202e\u2028") || len(f.Message) > 300 {
					t.Errorf("the message carries what it refuses: %q", f.Message)
				}
			}
		})
	}
}

func TestCleanMakesNamesHarmless(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, want string }{
		"an ordinary name":        {"Toko Maju", "Toko Maju"},
		"nothing":                 {"", ""},
		"letters of the world":    {"Café 東京 مقهى", "Café 東京 مقهى"},
		"a joined emoji":          {"👩‍💻", "👩‍💻"},
		"markup is not its job":   {"<b>&</b>", "<b>&</b>"},
		"a header smuggled in":    {"Toko\r\nBcc: all@evil.example", "Toko  Bcc: all@evil.example"},
		"a tab":                   {"a\tb", "a b"},
		"NUL":                     {"a\x00b", "ab"},
		"an escape sequence":      {"\x1b[31mred\x1b[0m", "[31mred[0m"},
		"C1 controls and NEL":     {"a\u0085\u009bb", "ab"},
		"DEL":                     {"a\x7fb", "ab"},
		"a direction override":    {"invoice\u202efdp.exe", "invoicefdp.exe"},
		"direction isolates":      {"\u2066a\u2067b\u2068c\u2069", "abc"},
		"direction marks":         {"\u061ca\u200eb\u200fc", "abc"},
		"line and paragraph ends": {"a\u2028b\u2029c", "a b c"},
		"broken UTF-8":            {"a\xff\xc3b\xe2\x82", "ab"},
		"a surrogate in UTF-8":    {"a\xed\xa0\x80b", "ab"},
		"nothing but blanks":      {" \r\n\t ", ""},
		"blanks around":           {"  Toko  ", "Toko"},
		"200 runes":               {strings.Repeat("é", 200), strings.Repeat("é", 200)},
		"201 runes":               {strings.Repeat("é", 201), strings.Repeat("é", 199) + "…"},
		"10 kB":                   {strings.Repeat("ab", 5000), strings.Repeat("ab", 99) + "a…"},
		"200 runes and blanks":    {strings.Repeat("a", 200) + "\n\n", strings.Repeat("a", 200)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := registry.Clean(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if m, _ := registry.CheckMerchant(registry.Merchant{ID: "toko", Name: tt.in}); m.Name != tt.want {
				t.Errorf("the merchant is named %q, want %q", m.Name, tt.want)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{
		"", "Toko Maju", "a\r\nb", "\x00", "\u202e\u2066", "\u2028\u2029\u0085", "\xff\xfe", "\xed\xa0\x80", "👩‍💻", "\ufffd",
		strings.Repeat("é", 200), strings.Repeat("é ", 150), strings.Repeat("x", 10_000), strings.Repeat("x", 198) + " yz" + strings.Repeat(" ", 9),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := registry.Clean(s)
		switch n := utf8.RuneCountInString(c); {
		case !utf8.ValidString(c):
			t.Fatalf("%q becomes broken UTF-8: %q", s, c)
		case n > 200:
			t.Fatalf("%d runes, at most 200", n)
		case strings.TrimSpace(c) != c:
			t.Fatalf("blanks around %q", c)
		case registry.Clean(c) != c:
			t.Fatalf("not clean at once: %q, then %q", c, registry.Clean(c))
		}
		for _, r := range c {
			if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
				t.Fatalf("%U is left in %q", r, c)
			}
		}
	})
}
