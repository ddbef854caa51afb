package probes_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/probes"
)

// blockedBy returns why err says that something is blocked; empty for nil.
func blockedBy(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	blocked, ok := errors.AsType[*probes.BlockedError](err)
	if !ok {
		t.Fatalf("got %T (%v), want *probes.BlockedError", err, err)
	}
	return blocked.Why
}

// Each network of the registries with its last address, and the public
// addresses next to it, if any.
func TestJudgeEveryNetwork(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ last, before, after string }{
		"0.0.0.0/8":          {last: "0.255.255.255", after: "1.0.0.0"},
		"10.0.0.0/8":         {"10.255.255.255", "9.255.255.255", "11.0.0.0"},
		"100.64.0.0/10":      {"100.127.255.255", "100.63.255.255", "100.128.0.0"},
		"127.0.0.0/8":        {"127.255.255.255", "126.255.255.255", "128.0.0.0"},
		"169.254.0.0/16":     {"169.254.255.255", "169.253.255.255", "169.255.0.0"},
		"172.16.0.0/12":      {"172.31.255.255", "172.15.255.255", "172.32.0.0"},
		"192.0.0.0/24":       {"192.0.0.255", "191.255.255.255", "192.0.1.0"},
		"192.0.2.0/24":       {"192.0.2.255", "192.0.1.255", "192.0.3.0"},
		"192.31.196.0/24":    {"192.31.196.255", "192.31.195.255", "192.31.197.0"},
		"192.52.193.0/24":    {"192.52.193.255", "192.52.192.255", "192.52.194.0"},
		"192.88.99.0/24":     {"192.88.99.255", "192.88.98.255", "192.88.100.0"},
		"192.168.0.0/16":     {"192.168.255.255", "192.167.255.255", "192.169.0.0"},
		"192.175.48.0/24":    {"192.175.48.255", "192.175.47.255", "192.175.49.0"},
		"198.18.0.0/15":      {"198.19.255.255", "198.17.255.255", "198.20.0.0"},
		"198.51.100.0/24":    {"198.51.100.255", "198.51.99.255", "198.51.101.0"},
		"203.0.113.0/24":     {"203.0.113.255", "203.0.112.255", "203.0.114.0"},
		"224.0.0.0/4":        {last: "239.255.255.255", before: "223.255.255.255"},
		"240.0.0.0/4":        {last: "255.255.255.254"},
		"255.255.255.255/32": {last: "255.255.255.255"},
		"168.63.129.16/32":   {"168.63.129.16", "168.63.129.15", "168.63.129.17"},

		"::/128":            {last: "::"},
		"::1/128":           {last: "::1"},
		"::/96":             {last: "::255.255.255.255"},
		"::ffff:0:0:0/96":   {last: "::ffff:0:255.255.255.255"},
		"64:ff9b::/96":      {last: "64:ff9b::255.255.255.255"},
		"64:ff9b:1::/48":    {last: "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"},
		"100::/64":          {last: "100::ffff:ffff:ffff:ffff"},
		"100:0:0:1::/64":    {last: "100:0:0:1:ffff:ffff:ffff:ffff"},
		"2001::/23":         {"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"},
		"2001::/32":         {last: "2001:0:ffff:ffff:ffff:ffff:ffff:ffff"},
		"2001:2::/48":       {last: "2001:2:0:ffff:ffff:ffff:ffff:ffff"},
		"2001:10::/28":      {last: "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff"},
		"2001:20::/28":      {last: "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff"},
		"2001:db8::/32":     {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
		"2002::/16":         {"2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"},
		"2620:4f:8000::/48": {"2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::"},
		"3fff::/20":         {"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"},
		"5f00::/16":         {last: "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		"fc00::/7":          {last: "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		"fe80::/10":         {last: "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		"fec0::/10":         {last: "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		"ff00::/8":          {last: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},

		// Nobody's, so refused by default; 2000::/3 begins and ends here.
		"200::/7":        {last: "3ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		"1000::/4":       {last: "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", after: "2000::"},
		"4000::/2":       {last: "7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", before: "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		"8000::/1":       {last: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		"64:ff9b:2::/48": {last: "64:ff9b:2:ffff:ffff:ffff:ffff:ffff"},
	}
	guard := probes.NewGuard(probes.GuardConfig{})
	for network, tt := range tests {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			first := netip.MustParsePrefix(network).Masked().Addr()
			for _, addr := range []netip.Addr{first, netip.MustParseAddr(tt.last)} {
				if why := blockedBy(t, guard.Judge(addr)); why == "" {
					t.Errorf("%s: got allowed, want blocked", addr)
				}
				if mapped := netip.AddrFrom16(addr.As16()); guard.Judge(mapped) == nil {
					t.Errorf("%s: got allowed, want blocked", mapped)
				}
			}
			for _, near := range []string{tt.before, tt.after} {
				if near == "" {
					continue
				}
				addr := netip.MustParseAddr(near)
				if err := guard.Judge(addr); err != nil {
					t.Errorf("got %v, want allowed", err)
				}
				if err := guard.Judge(netip.AddrFrom16(addr.As16())); err != nil {
					t.Errorf("IPv4-mapped: got %v, want allowed", err)
				}
			}
		})
	}
}

func TestJudgeLiterals(t *testing.T) {
	t.Parallel()
	tests := map[string]string{ // part of the reason; empty: allowed
		"0.0.0.0": "this network", "0.1.2.3": "this network", "10.1.2.3": "private", "100.64.0.1": "carriers",
		"100.100.100.200": "metadata of Alibaba", "127.0.0.1": "loopback", "127.127.127.127": "loopback",
		"169.254.169.254": "cloud metadata", "169.254.170.2": "metadata of AWS ECS", "169.254.0.1": "link-local",
		"172.16.0.1": "private", "172.31.255.254": "private", "192.0.0.192": "metadata of Oracle", "192.0.0.8": "IETF",
		"192.0.2.1": "documentation", "192.88.99.1": "6to4 relays", "192.168.1.1": "private", "198.18.0.1": "benchmarking",
		"198.51.100.7": "documentation", "203.0.113.7": "documentation", "224.0.0.1": "multicast", "239.1.1.1": "multicast",
		"240.0.0.1": "reserved", "255.255.255.255": "broadcast", "168.63.129.16": "metadata of Azure",

		"::": "unspecified", "::1": "loopback", "::7": "IPv4-compatible", "100::1": "discard", "2001:db8::1": "documentation",
		"3fff::1": "documentation", "5f00::1": "segment routing", "fc00::1": "unique local", "fd12:3456::1": "unique local",
		"fd00:ec2::254": "metadata of AWS", "fd20:ce::254": "metadata of Google", "fe80::1": "link-local",
		"fec0::1": "site-local", "ff02::1": "multicast", "4000::1": "outside global unicast", "2001:2::1": "benchmarking",
		"2001:10::1": "ORCHID", "2001:20::1": "ORCHIDv2", "2001:1::1": "IETF", "2620:4f:8000::42": "AS112",
		"fe80::1%lo": "zone", "2606:4700::1%eth0": "zone",

		"::ffff:10.0.0.1":                      "IPv4-mapped form of 10.0.0.1, private network (10.0.0.0/8)",
		"::ffff:169.254.169.254":               "IPv4-mapped form of 169.254.169.254, cloud metadata",
		"::ffff:0.0.0.0":                       "IPv4-mapped form of 0.0.0.0",
		"::127.0.0.1":                          "IPv4-compatible form of 127.0.0.1, loopback",
		"::8.8.8.8":                            "IPv4-compatible form of 8.8.8.8",
		"::ffff:0:127.0.0.1":                   "IPv4-translated form of 127.0.0.1, loopback",
		"64:ff9b::10.0.0.1":                    "NAT64 of 10.0.0.1, private",
		"64:ff9b::8.8.8.8":                     "NAT64 of 8.8.8.8, NAT64 (64:ff9b::/96)",
		"64:ff9b:1::10.0.0.1":                  "local NAT64 of 10.0.0.1, private",
		"64:ff9b:1:a00:0:100::":                "local NAT64",
		"2002:7f00:1::":                        "6to4 of 127.0.0.1, loopback",
		"2002:808:808::1":                      "6to4 of 8.8.8.8, 6to4 (2002::/16)",
		"2001:0:4136:e378:8000:63bf:f5ff:fffe": "Teredo of 10.0.0.1, private",
		"2001:0:4136:e378:8000:63bf:f7f7:f7f7": "Teredo of 8.8.8.8, Teredo (2001::/32)",
		"2606:4700::5efe:10.0.0.1":             "ISATAP form of 10.0.0.1, private",
		"2606:4700::200:5efe:192.168.0.1":      "ISATAP form of 192.168.0.1, private",
		"fe80::5efe:10.0.0.1":                  "ISATAP form of 10.0.0.1, private",

		"1.1.1.1": "", "8.8.8.8": "", "100.63.255.255": "", "223.255.255.254": "", "::ffff:8.8.8.8": "",
		"2606:4700:4700::1111": "", "2a00:1450:4001::200e": "", "2606:4700::5efe:8.8.8.8": "", "2001:200::1": "",
	}
	guard := probes.NewGuard(probes.GuardConfig{})
	for literal, want := range tests {
		t.Run(literal, func(t *testing.T) {
			t.Parallel()
			got := blockedBy(t, guard.Judge(netip.MustParseAddr(literal)))
			if (got == "") != (want == "") || !strings.Contains(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	if why := blockedBy(t, new(probes.Guard).Judge(netip.Addr{})); why != "not an address" {
		t.Errorf("the zero address: got %q, want %q", why, "not an address")
	}
}

func TestJudgeWithAllowList(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		allow   string
		own     bool
		addr    string
		blocked bool
	}{
		"inside":                               {allow: "10.1.0.0/16", addr: "10.1.2.3"},
		"beside":                               {allow: "10.1.0.0/16", addr: "10.2.0.1", blocked: true},
		"mapped form of what is inside":        {allow: "10.1.0.0/16", addr: "::ffff:10.1.2.3"},
		"IPv6 inside":                          {allow: "fd12::/16", addr: "fd12::1"},
		"zone stays refused":                   {allow: "fe80::/10", addr: "fe80::1%lo", blocked: true},
		"outside global unicast":               {allow: "4000::/16", addr: "4000::1"},
		"metadata by a wide prefix":            {allow: "169.254.0.0/16", addr: "169.254.169.254", blocked: true},
		"its neighbour by a wide prefix":       {allow: "169.254.0.0/16", addr: "169.254.1.1"},
		"metadata by name":                     {allow: "169.254.169.254/32", addr: "169.254.169.254"},
		"IPv6 metadata by a wide prefix":       {allow: "fc00::/7", addr: "fd00:ec2::254", blocked: true},
		"Azure by a wide prefix":               {allow: "168.0.0.0/8", addr: "168.63.129.16", blocked: true},
		"NAT64 of a private address":           {allow: "64:ff9b::/96", addr: "64:ff9b::10.0.0.1", blocked: true},
		"NAT64 of metadata":                    {allow: "64:ff9b::/96", addr: "64:ff9b::169.254.169.254", blocked: true},
		"NAT64 of a public address":            {allow: "64:ff9b::/96", addr: "64:ff9b::8.8.8.8"},
		"local NAT64, private":                 {allow: "64:ff9b:1::/96", addr: "64:ff9b:1::10.0.0.1", blocked: true},
		"local NAT64, public":                  {allow: "64:ff9b:1::/96", addr: "64:ff9b:1::8.8.8.8"},
		"local NAT64 by a wide prefix":         {allow: "64:ff9b:1::/48", addr: "64:ff9b:1::8.8.8.8", blocked: true},
		"6to4 of a private address":            {allow: "2002::/16", addr: "2002:a00:1::1", blocked: true},
		"6to4 of a public address":             {allow: "2002::/16", addr: "2002:808:808::1"},
		"Teredo of a private address":          {allow: "2001::/32", addr: "2001:0:4136:e378:8000:63bf:f5ff:fffe", blocked: true},
		"Teredo of a public address":           {allow: "2001::/32", addr: "2001:0:4136:e378:8000:63bf:f7f7:f7f7"},
		"IPv4-compatible loopback":             {allow: "::/96", addr: "::127.0.0.1", blocked: true},
		"IPv4-translated loopback":             {allow: "::ffff:0:0:0/96", addr: "::ffff:0:127.0.0.1", blocked: true},
		"ISATAP of a private address":          {allow: "2606:4700::/32", addr: "2606:4700::5efe:10.0.0.1", blocked: true},
		"IPv6 loopback by a wide prefix":       {allow: "::/96", addr: "::1", blocked: true},
		"unspecified by a wide prefix":         {allow: "::/96", addr: "::", blocked: true},
		"IPv6 loopback is no embedded address": {allow: "::1/128", addr: "::1"},

		"own: loopback":                     {own: true, addr: "127.0.0.1"},
		"own: IPv6 loopback":                {own: true, addr: "::1"},
		"own: mapped loopback":              {own: true, addr: "::ffff:127.0.0.1"},
		"own: private":                      {own: true, addr: "192.168.1.1"},
		"own: carriers":                     {own: true, addr: "100.64.0.1"},
		"own: unique local":                 {own: true, addr: "fd12::1"},
		"own: public":                       {own: true, addr: "8.8.8.8"},
		"own: metadata":                     {own: true, addr: "169.254.169.254", blocked: true},
		"own: metadata among carriers":      {own: true, addr: "100.100.100.200", blocked: true},
		"own: metadata among unique local":  {own: true, addr: "fd00:ec2::254", blocked: true},
		"own: link-local":                   {own: true, addr: "169.254.1.1", blocked: true},
		"own: unspecified":                  {own: true, addr: "0.0.0.0", blocked: true},
		"own: IPv6 unspecified":             {own: true, addr: "::", blocked: true},
		"own: multicast":                    {own: true, addr: "224.0.0.1", blocked: true},
		"own: NAT64 of a private address":   {own: true, addr: "64:ff9b::10.0.0.1", blocked: true},
		"own: IPv4-compatible loopback":     {own: true, addr: "::127.0.0.1", blocked: true},
		"own: keeps the allow list as well": {allow: "192.0.2.0/24", own: true, addr: "192.0.2.1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c probes.GuardConfig
			if tt.allow != "" {
				c.Allow = []netip.Prefix{netip.MustParsePrefix(tt.allow)}
			}
			guard := probes.NewGuard(c)
			if tt.own {
				guard = guard.Own()
			}
			if err := guard.Judge(netip.MustParseAddr(tt.addr)); (err != nil) != tt.blocked {
				t.Errorf("got %v, want blocked %v", err, tt.blocked)
			}
		})
	}
}

func TestJudgePort(t *testing.T) {
	t.Parallel()
	plain := probes.NewGuard(probes.GuardConfig{})
	set := probes.NewGuard(probes.GuardConfig{AllowPorts: []uint16{25, 6379}, DenyPorts: []uint16{80, 8443}})
	tests := map[string]struct {
		guard *probes.Guard
		port  uint16
		why   string
	}{
		"http":                   {plain, 80, ""},
		"https":                  {plain, 443, ""},
		"first unprivileged":     {plain, 1024, ""},
		"last privileged":        {plain, 1023, "below 1024"},
		"alternative https":      {plain, 8443, ""},
		"alternative http":       {plain, 8080, ""},
		"highest":                {plain, 65535, ""},
		"zero":                   {plain, 0, "not a port"},
		"ssh":                    {plain, 22, "below 1024"},
		"smtp":                   {plain, 25, "below 1024"},
		"submission":             {plain, 587, "below 1024"},
		"alternative smtp":       {plain, 2525, "SMTP"},
		"Docker":                 {plain, 2375, "Docker"},
		"Docker with TLS":        {plain, 2376, "Docker"},
		"etcd":                   {plain, 2379, "etcd"},
		"MySQL":                  {plain, 3306, "MySQL"},
		"RDP":                    {plain, 3389, "RDP"},
		"PostgreSQL":             {plain, 5432, "PostgreSQL"},
		"VNC":                    {plain, 5900, "VNC"},
		"NFS":                    {plain, 2049, "NFS"},
		"Redis":                  {plain, 6379, "Redis"},
		"Kafka":                  {plain, 9092, "Kafka"},
		"Elasticsearch":          {plain, 9200, "Elasticsearch"},
		"kubelet":                {plain, 10250, "Kubernetes"},
		"memcached":              {plain, 11211, "memcached"},
		"MongoDB":                {plain, 27017, "MongoDB"},
		"allowed low port":       {set, 25, ""},
		"allowed service":        {set, 6379, ""},
		"denied usual port":      {set, 80, "configuration"},
		"denied port":            {set, 8443, "configuration"},
		"others as before":       {set, 22, "below 1024"},
		"own: any port":          {set.Own(), 22, ""},
		"own: a database":        {plain.Own(), 5432, ""},
		"own: never a zero port": {plain.Own(), 0, "not a port"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := blockedBy(t, tt.guard.JudgePort(tt.port))
			if (got == "") != (tt.why == "") || !strings.Contains(got, tt.why) {
				t.Errorf("port %d: got %q, want %q", tt.port, got, tt.why)
			}
		})
	}
	for port := uint16(32768); port <= 60999; port++ {
		if err := plain.JudgePort(port); err != nil {
			t.Errorf("got %v, want the ports that Linux hands out allowed", err)
		}
	}
}

func TestGuardConfigValidate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config probes.GuardConfig
		want   []string // fields
	}{
		"nothing set": {probes.GuardConfig{}, nil},
		"all set": {probes.GuardConfig{
			Allow:      []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("fd12::/16")},
			AllowPorts: []uint16{25}, DenyPorts: []uint16{8443}, Resolver: "[2001:db8::53]:53",
		}, nil},
		"resolver by name": {probes.GuardConfig{Resolver: "dns:5353"}, nil},
		"everything wrong, all told": {probes.GuardConfig{
			Allow: []netip.Prefix{
				{}, netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("10.0.0.1/8"),
				netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"),
				netip.PrefixFrom(netip.MustParseAddr("::ffff:10.0.0.0"), 104),
			},
			AllowPorts: []uint16{0, 25}, DenyPorts: []uint16{25, 0}, Resolver: "192.0.2.53",
		}, []string{"allow[0]", "allow[2]", "allow[3]", "allow[4]", "allow[5]", "allow_ports[0]", "deny_ports[0]", "deny_ports[1]", "resolver"}},
		"resolver without a host": {probes.GuardConfig{Resolver: ":53"}, []string{"resolver"}},
		"resolver with port 0":    {probes.GuardConfig{Resolver: "192.0.2.53:0"}, []string{"resolver"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, err := range tt.config.Validate() {
				got = append(got, err.Field)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestGuardKeepsItsOwnCopy(t *testing.T) {
	t.Parallel()
	c := probes.GuardConfig{Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, DenyPorts: []uint16{8443}}
	guard := probes.NewGuard(c)
	c.Allow[0], c.DenyPorts[0] = netip.MustParsePrefix("127.0.0.0/8"), 1
	if guard.Judge(netip.MustParseAddr("127.0.0.1")) == nil || guard.JudgePort(8443) == nil {
		t.Error("got a guard that changed with the config it was made of, want one that does not")
	}
	guard.Own()
	if guard.JudgePort(22) == nil {
		t.Error("got a guard that Own has changed, want a new one")
	}
}

// public says by other means than the table whether an IPv4 address is public.
func public(a netip.Addr) bool {
	b := a.As4()
	switch {
	case b[0] == 0, b[0] >= 224, b[0] == 100 && b[1]>>6 == 1, b[0] == 192 && b[1] == 0 && b[2]&^2 == 0, b[0] == 198 && b[1]>>1 == 9:
		return false
	}
	return a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && a.String() != "168.63.129.16"
}

func FuzzJudge(f *testing.F) {
	for _, seed := range []string{
		"::", "::1", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "2002:7f00:1::", "2606:4700::5efe:10.0.0.1",
		"2606:4700::200:5efe:10.0.0.1", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "2606:4700::1111", "::ffff:8.8.8.8", "fd00:ec2::254",
	} {
		b := netip.MustParseAddr(seed).As16()
		f.Add(b[:])
	}
	plain := probes.NewGuard(probes.GuardConfig{})
	open := probes.NewGuard(probes.GuardConfig{Allow: []netip.Prefix{
		netip.MustParsePrefix("::/96"), netip.MustParsePrefix("::ffff:0:0:0/96"), netip.MustParsePrefix("64:ff9b::/96"),
		netip.MustParsePrefix("64:ff9b:1::/96"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
	}})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) < 16 {
			return
		}
		b := [16]byte(raw)
		addr := netip.AddrFrom16(b)
		if open.Judge(addr) == nil {
			for how, v4 := range inside(b) {
				if !public(v4) {
					t.Fatalf("%s passes with %s of %s inside, want blocked", addr, how, v4)
				}
			}
		}
		if plain.Judge(addr) != nil {
			return
		}
		switch first, second := int(b[0])<<8|int(b[1]), int(b[2])<<8|int(b[3]); {
		case addr.Is4In6():
			if !public(addr.Unmap()) {
				t.Fatalf("%s passes, want blocked", addr)
			}
		case b[0]>>5 != 1, first == 0x2001 && (second < 0x200 || second == 0xdb8), first == 0x2002, first == 0x3fff && second < 0x1000:
			t.Fatalf("%s passes, want blocked", addr)
		}
	})
}

// inside decodes the embedded IPv4 address of the forms that have one place
// for it.
func inside(b [16]byte) map[string]netip.Addr {
	last := netip.AddrFrom4([4]byte(b[12:]))
	switch {
	case strings.HasPrefix(fmt.Sprintf("%x", b), "0064ff9b0000000000000000"):
		return map[string]netip.Addr{"NAT64": last}
	case strings.HasPrefix(fmt.Sprintf("%x", b), "0064ff9b0001"):
		return map[string]netip.Addr{"local NAT64": last}
	case strings.HasPrefix(fmt.Sprintf("%x", b), "2002"):
		return map[string]netip.Addr{"6to4": netip.AddrFrom4([4]byte(b[2:6]))}
	case strings.HasPrefix(fmt.Sprintf("%x", b), "20010000"):
		return map[string]netip.Addr{"Teredo": netip.AddrFrom4([4]byte{255 - b[12], 255 - b[13], 255 - b[14], 255 - b[15]})}
	case strings.Contains("00005efe 02005efe", fmt.Sprintf("%x", b[8:12])):
		return map[string]netip.Addr{"ISATAP": last}
	case strings.HasPrefix(fmt.Sprintf("%x", b), "0000000000000000"):
		return map[string]netip.Addr{"an IPv4 form": last}
	}
	return nil
}

func BenchmarkJudge(b *testing.B) {
	guard := probes.NewGuard(probes.GuardConfig{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}})
	for _, literal := range []string{"8.8.8.8", "2606:4700:4700::1111", "10.1.2.3", "64:ff9b::10.0.0.1"} {
		addr := netip.MustParseAddr(literal)
		b.Run(literal, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = guard.Judge(addr) // measured, not asked
			}
		})
	}
}
