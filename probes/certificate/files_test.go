package certificate_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	. "github.com/hookvigil/hookvigil/probes/certificate"
)

func pemOf(holders ...holder) []byte {
	var b bytes.Buffer
	for _, h := range holders {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: h.cert.Raw}) // a buffer takes all
	}
	return b.Bytes()
}

func keyPEM(tb testing.TB, key crypto.Signer) []byte {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func TestLoadChain(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	good := pemOf(p.leaf, p.sub)
	for name, c := range map[string]struct {
		data []byte
		want int
		err  string
	}{
		"a chain in order":                   {data: good, want: 2},
		"a key before it is passed over":     {data: append(keyPEM(t, p.leaf.key), good...), want: 2},
		"one certificate in DER":             {data: p.leaf.cert.Raw, want: 1},
		"nothing":                            {err: "neither PEM nor DER"},
		"a key alone":                        {data: keyPEM(t, p.leaf.key), err: "no complete CERTIFICATE block"},
		"a block cut short":                  {data: good[:200], err: "no complete CERTIFICATE block"},
		"a second certificate that is wrong": {data: append(pemOf(p.leaf), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"...), err: "certificate 2 of the file"},
		"too many":                           {data: bytes.Repeat(pemOf(p.leaf), 1001), err: "more than 1000"},
		"too large":                          {data: make([]byte, 5<<20), err: "wanted at most"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := LoadChain(c.data)
			if len(list) != c.want {
				t.Errorf("%d certificates, want %d", len(list), c.want)
			}
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q in it", err, c.err)
			}
		})
	}
}

func TestLoadKey(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	key, err := LoadKey(append(pemOf(p.leaf), keyPEM(t, p.leaf.key)...))
	if err != nil || !KeyMatches(p.leaf.cert, key) {
		t.Errorf("key of the leaf: error %v, match %t; want it to match", err, KeyMatches(p.leaf.cert, key))
	}
	if KeyMatches(p.sub.cert, key) {
		t.Error("the leaf's key matches its issuer")
	}
	for name, c := range map[string]struct{ data, err string }{
		"no key":        {data: string(pemOf(p.leaf)), err: "no complete PRIVATE KEY"},
		"an encrypted":  {data: "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", err: "encrypted"},
		"a broken one":  {data: "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n", err: "cannot be read"},
		"nothing known": {data: "secret", err: "no complete PRIVATE KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := LoadKey([]byte(c.data))
			if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v, want %q in it and none of the key", err, c.err)
			}
		})
	}
}

func TestJudgeFile(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	client := p.sub.leaf(t, usage(x509.ExtKeyUsageClientAuth), names("someone.else"))
	expired := p.sub.leaf(t, valid(now.Add(-90*day), now.Add(-day)))
	for name, c := range map[string]struct {
		file   File
		roots  bool
		faults []Fault
	}{
		"a client's with its key is good":            {file: File{Chain: pemOf(client, p.sub), Key: keyPEM(t, client.key), KeyMode: 0o600}, roots: true},
		"without roots no trust is asked for":        {file: File{Chain: pemOf(client)}},
		"with roots a missing intermediate is found": {file: File{Chain: pemOf(client)}, roots: true, faults: []Fault{FaultChainIncomplete}},
		"an expired one without roots":               {file: File{Chain: pemOf(expired, p.sub)}, faults: []Fault{FaultExpiredLeaf}},
		"a key of someone else's":                    {file: File{Chain: pemOf(expired, p.sub), Key: keyPEM(t, client.key)}, faults: []Fault{FaultExpiredLeaf, FaultKeyMismatch}},
		"a key that cannot be read":                  {file: File{Chain: pemOf(client, p.sub), Key: []byte("x")}, faults: []Fault{FaultFileUnusable}},
		"an empty file":                              {faults: []Fault{FaultFileUnusable}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			policy := DefaultPolicy()
			if c.roots {
				policy = p.policy()
			}
			if r := c.file.Judge(policy, now); !slices.Equal(r.Faults, c.faults) {
				t.Errorf("faults %v, want %v (%s)", r.Faults, c.faults, r.Detail)
			}
		})
	}
}

func FuzzLoadChain(f *testing.F) {
	p := newPKI(f)
	f.Add(pemOf(p.leaf, p.sub))
	f.Add(p.leaf.cert.Raw)
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	policy := p.policy()
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := LoadChain(data)
		if (err == nil) != (len(list) > 0) {
			t.Fatalf("%d certificates and error %v", len(list), err)
		}
		r := JudgeFile(list, nil, policy, now)
		if len(list) == 0 && r.Verdict != Fail {
			t.Errorf("verdict %s of nothing, want fail", r.Verdict)
		}
	})
}
