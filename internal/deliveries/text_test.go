package deliveries

import (
	"strings"
	"testing"
)

func TestMaskSecrets(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"timeout":                                         "timeout",
		"UNABLE_TO_GET_ISSUER_CERT_LOCALLY":               "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
		"ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION":            "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
		`Post "https://u:pa@ss@h.example/x?sig=1#f": EOF`: `Post "https://h.example/x": EOF`,
		"dial tcp 203.0.113.9:443: i/o timeout":           "dial tcp 203.0.113.9:443: i/o timeout",
		"x509: certificate has expired or is not yet valid: current time 2023-11-11T13:00:00Z is after 2023-11-10T00:00:00Z": "x509: certificate has expired or is not yet valid: current time 2023-11-11T13:00:00Z is after 2023-11-10T00:00:00Z",
		"401 for Authorization: Bearer s3cr3t":         "401 for Authorization: Bearer <secret>",
		`header "authorization":"Basic dXNlcjpwYXNz"`:  `header "authorization":"Basic <secret>"`,
		"sent bearer abc, refused":                     "sent bearer <secret>, refused",
		"x-callback-token=hunter2 refused":             "x-callback-token=<secret> refused",
		"api_key: k1; password = p2":                   "api_key: <secret>; password = <secret>",
		"refused sk_live_4eC39HqLyjWDarjtT1zdp7dc now": "refused <secret> now",
		"short4ndm1xed stays":                          "short4ndm1xed stays",
	} {
		if got := string(maskSecrets([]byte(in))); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", in, got, want)
		}
	}
}

func TestShownIsBoundedAndPrintable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                        `""`,
		"plain":                   `"plain"`,
		"a\x00b\nc\"d\x7fé":       `"a?b?c?d???"`,
		strings.Repeat("x", 60):   `"` + strings.Repeat("x", 60) + `"`,
		strings.Repeat("x", 61):   `"` + strings.Repeat("x", 57) + `..."`,
		strings.Repeat("é", 3000): `"` + strings.Repeat("?", 57) + `..."`,
	} {
		if got := shown([]byte(in)); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}
