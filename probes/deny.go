package probes

import "net/netip"

// denyKind says who may open a row of the table besides the allow list.
type denyKind uint8

const (
	special    denyKind = iota // nobody
	ownNetwork                 // [Guard.Own]
	translator                 // nobody, and only by a prefix of 96 bits or more
)

type denyRow struct {
	prefix netip.Prefix
	name   string
	kind   denyKind
}

// opens reports whether an entry of the allow list opens the row for addr. A
// single address (metadata, loopback) is not opened by a wider network around.
func (row denyRow) opens(entry netip.Prefix, addr netip.Addr) bool {
	narrow := 0
	switch {
	case row.prefix.IsSingleIP():
		narrow = row.prefix.Bits()
	case row.kind == translator:
		narrow = 96
	}
	return entry.Bits() >= narrow && entry.Contains(addr)
}

func deny(prefix, name string, kind denyKind) denyRow {
	return denyRow{netip.MustParsePrefix(prefix), name, kind}
}

// denied is the union of the IANA IPv4 and IPv6 Special-Purpose Address
// Registries (with the entries marked globally reachable, which no webhook
// endpoint uses), multicast, and the metadata addresses of the clouds. The
// first row that contains an address names it: narrow rows stand before wide
// ones. IPv4-mapped addresses (::ffff:0:0/96) need no row: they are judged as
// IPv4. Nothing changes the slice.
var denied = []denyRow{
	deny("169.254.169.254/32", "cloud metadata", special),
	deny("169.254.170.2/32", "cloud metadata of AWS ECS", special),
	deny("169.254.170.23/32", "cloud metadata of AWS EKS", special),
	deny("100.100.100.200/32", "cloud metadata of Alibaba", special),
	deny("168.63.129.16/32", "cloud metadata of Azure", special),
	deny("192.0.0.192/32", "cloud metadata of Oracle", special),
	deny("fd00:ec2::254/128", "cloud metadata of AWS", special),
	deny("fd00:ec2::23/128", "cloud metadata of AWS EKS", special),
	deny("fd20:ce::254/128", "cloud metadata of Google", special),

	deny("0.0.0.0/8", "this network", special),
	deny("10.0.0.0/8", "private network", ownNetwork),
	deny("100.64.0.0/10", "shared address space of carriers", ownNetwork),
	deny("127.0.0.0/8", "loopback", ownNetwork),
	deny("169.254.0.0/16", "link-local", special),
	deny("172.16.0.0/12", "private network", ownNetwork),
	deny("192.0.0.0/24", "IETF protocol assignments", special),
	deny("192.0.2.0/24", "documentation", special),
	deny("192.31.196.0/24", "AS112", special),
	deny("192.52.193.0/24", "AMT relays", special),
	deny("192.88.99.0/24", "6to4 relays", special),
	deny("192.168.0.0/16", "private network", ownNetwork),
	deny("192.175.48.0/24", "AS112", special),
	deny("198.18.0.0/15", "benchmarking", special),
	deny("198.51.100.0/24", "documentation", special),
	deny("203.0.113.0/24", "documentation", special),
	deny("224.0.0.0/4", "multicast", special),
	deny("255.255.255.255/32", "broadcast", special),
	deny("240.0.0.0/4", "reserved", special),

	deny("::/128", "unspecified", special),
	deny("::1/128", "loopback", ownNetwork),
	deny("::/96", "IPv4-compatible", special),
	deny("::ffff:0:0:0/96", "IPv4-translated", special),
	deny("64:ff9b::/96", "NAT64", special),
	deny("64:ff9b:1::/48", "local NAT64", translator), // /96: only then is it known where the IPv4 address stands
	deny("100::/64", "discard", special),
	deny("100:0:0:1::/64", "dummy prefix", special),
	deny("2001::/32", "Teredo", special),
	deny("2001:2::/48", "benchmarking", special),
	deny("2001:10::/28", "ORCHID", special),
	deny("2001:20::/28", "ORCHIDv2", special),
	deny("2001:30::/28", "drone remote identification", special),
	deny("2001::/23", "IETF protocol assignments", special),
	deny("2001:db8::/32", "documentation", special),
	deny("2002::/16", "6to4", special),
	deny("2620:4f:8000::/48", "AS112", special),
	deny("3fff::/20", "documentation", special),
	deny("5f00::/16", "segment routing", special),
	deny("fc00::/7", "unique local", ownNetwork),
	deny("fe80::/10", "link-local", special),
	deny("fec0::/10", "site-local", special),
	deny("ff00::/8", "multicast", special),
}

// globalUnicast is all of IPv6 that IANA has opened for ordinary use. What
// lies outside is refused even without a row, so that a new assignment is
// refused before this table knows it.
var globalUnicast = netip.MustParsePrefix("2000::/3")

var outsideGlobal = deny("::/0", "outside global unicast 2000::/3", special)

// specialPurpose returns the row that denies addr, which is not IPv4-mapped.
func specialPurpose(addr netip.Addr) (denyRow, bool) {
	for _, row := range denied {
		if row.prefix.Contains(addr) {
			return row, true
		}
	}
	if addr.Is6() && !globalUnicast.Contains(addr) {
		return outsideGlobal, true
	}
	return denyRow{}, false
}

// Prefixes that carry an IPv4 address in their last 32 bits.
var lastFour = []struct {
	prefix netip.Prefix
	form   string
}{
	{netip.MustParsePrefix("::ffff:0:0/96"), "IPv4-mapped form"},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "IPv4-translated form"},
	{netip.MustParsePrefix("64:ff9b::/96"), "NAT64"},
	{netip.MustParsePrefix("::/96"), "IPv4-compatible form"},
}

var (
	sixToFour  = netip.MustParsePrefix("2002::/16")
	teredo     = netip.MustParsePrefix("2001::/32")
	localNAT64 = netip.MustParsePrefix("64:ff9b:1::/48")
)

// embedded returns the IPv4 addresses that a packet to addr may end up at, and
// the name of the form that carries them; nothing for an ordinary address. The
// NAT64 prefix of a network of one's own cannot be told from ordinary IPv6.
func embedded(addr netip.Addr) (form string, inner []netip.Addr) {
	if !addr.Is6() || addr.IsUnspecified() || addr.IsLoopback() {
		return "", nil
	}
	b := addr.As16()
	v4 := func(i, j, k, l int) netip.Addr { return netip.AddrFrom4([4]byte{b[i], b[j], b[k], b[l]}) }
	for _, f := range lastFour {
		// Contains is false for an IPv4-mapped address; the bytes are not.
		if p := f.prefix.Addr().As16(); [12]byte(b[:12]) == [12]byte(p[:12]) {
			return f.form, []netip.Addr{v4(12, 13, 14, 15)}
		}
	}
	switch {
	case sixToFour.Contains(addr):
		return "6to4", []netip.Addr{v4(2, 3, 4, 5)}
	case teredo.Contains(addr): // RFC 4380: the client's address, every bit flipped
		return "Teredo", []netip.Addr{netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]})}
	case localNAT64.Contains(addr):
		return "local NAT64", []netip.Addr{v4(12, 13, 14, 15)}
	case b[8]&^0x02 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe: // RFC 5214
		return "ISATAP form", []netip.Addr{v4(12, 13, 14, 15)}
	}
	return "", nil
}

// deniedPorts are services from port 1024 up that are no webhook endpoints
// and that a stray request could harm or expose. None lies in [32768, 60999],
// where Linux picks ports for outgoing connections. Nothing changes the map.
var deniedPorts = map[uint16]string{
	1080: "SOCKS", 1099: "Java RMI", 1433: "SQL Server", 1434: "SQL Server", 1521: "Oracle Database",
	1723: "PPTP", 1883: "MQTT", 2049: "NFS", 2181: "ZooKeeper", 2375: "Docker", 2376: "Docker",
	2377: "Docker Swarm", 2379: "etcd", 2380: "etcd", 2525: "SMTP", 3128: "Squid", 3260: "iSCSI",
	3268: "LDAP", 3269: "LDAP", 3306: "MySQL", 3389: "RDP", 3690: "Subversion", 4222: "NATS",
	4369: "Erlang", 4505: "Salt", 4506: "Salt", 4646: "Nomad", 5060: "SIP", 5061: "SIP",
	5222: "XMPP", 5269: "XMPP", 5432: "PostgreSQL", 5433: "PostgreSQL", 5601: "Kibana", 5671: "AMQP",
	5672: "AMQP", 5900: "VNC", 5901: "VNC", 5902: "VNC", 5903: "VNC", 5984: "CouchDB", 5985: "WinRM",
	5986: "WinRM", 6000: "X11", 6001: "X11", 6379: "Redis", 6380: "Redis", 6432: "PgBouncer",
	6443: "Kubernetes", 6660: "IRC", 6667: "IRC", 6697: "IRC", 7199: "Cassandra", 7474: "Neo4j",
	7687: "Neo4j", 8086: "InfluxDB", 8200: "Vault", 8300: "Consul", 8301: "Consul", 8302: "Consul",
	8500: "Consul", 8529: "ArangoDB", 8883: "MQTT", 9042: "Cassandra", 9092: "Kafka", 9093: "Kafka",
	9094: "Kafka", 9160: "Cassandra", 9200: "Elasticsearch", 9300: "Elasticsearch", 9418: "Git",
	10250: "Kubernetes", 10255: "Kubernetes", 10257: "Kubernetes", 10259: "Kubernetes",
	11211: "memcached", 15672: "RabbitMQ", 26257: "CockroachDB", 26379: "Redis Sentinel",
	27017: "MongoDB", 27018: "MongoDB", 27019: "MongoDB", 28015: "RethinkDB", 28017: "MongoDB",
	61613: "ActiveMQ", 61616: "ActiveMQ",
}
