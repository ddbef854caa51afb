package demo

// The endpoints that have trouble of their own, and the platform's service.
const (
	hangingEndpoint  = "roti-harum-payouts"
	expiringEndpoint = "batik-larasati-invoices"
	ledgerTarget     = "ledger"
)

// merchant is one simulated merchant. None of them exists.
type merchant struct {
	ID, Name  string
	Endpoints []endpoint
	Digest    string // address; empty: it has not subscribed
}

// endpoint is where a merchant takes webhooks.
type endpoint struct {
	ID      string
	Product string
}

// merchants returns twelve merchants with sixteen endpoints.
func merchants() []merchant {
	one := func(id, name, kind, product string) merchant {
		return merchant{ID: id, Name: name, Endpoints: []endpoint{{id + "-" + kind, product}}}
	}
	two := func(m merchant, kind, product string) merchant {
		m.Endpoints = append(m.Endpoints, endpoint{m.ID + "-" + kind, product})
		return m
	}
	told := func(m merchant) merchant {
		m.Digest = "ops@" + m.ID + ".example"
		return m
	}
	return []merchant{
		told(two(one("toko-maju", "Toko Maju", "payouts", "PAYOUT"), "invoices", "INVOICE")),
		told(two(one("batik-larasati", "Batik Larasati", "invoices", "INVOICE"), "qr", "QR_CODE")),
		told(two(one("roti-harum", "Roti Harum", "payouts", "PAYOUT"), "qr", "QR_CODE")),
		two(one("tiket-nusa", "Tiket Nusa", "va", "VIRTUAL_ACCOUNT"), "ewallet", "EWALLET"),
		one("kopi-pagi", "Kopi Pagi", "qr", "QR_CODE"),
		one("warung-sinar", "Warung Sinar", "ewallet", "EWALLET"),
		one("sepeda-kita", "Sepeda Kita", "va", "VIRTUAL_ACCOUNT"),
		one("buku-cerita", "Buku Cerita", "invoices", "INVOICE"),
		one("kebun-segar", "Kebun Segar", "payouts", "PAYOUT"),
		one("pulsa-cepat", "Pulsa Cepat", "ewallet", "EWALLET"),
		one("apotek-sehat", "Apotek Sehat", "va", "VIRTUAL_ACCOUNT"),
		one("cuci-bersih", "Cuci Bersih", "qr", "QR_CODE"),
	}
}

// route is what the sender knows of an endpoint.
type route struct {
	merchant, endpoint, product string
	kind                        string   // of its events
	channels                    []string // over which they are paid
}

// routes returns one route for each endpoint, in the order of merchants.
func routes() []route {
	var list []route
	for _, m := range merchants() {
		for _, ep := range m.Endpoints {
			r := route{merchant: m.ID, endpoint: ep.ID, product: ep.Product}
			r.kind, r.channels = paidBy(ep.Product)
			list = append(list, r)
		}
	}
	return list
}

// paidBy returns the type of a product's events, and its channels.
func paidBy(product string) (kind string, channels []string) {
	switch product {
	case "PAYOUT":
		return "payout.succeeded", []string{"ID_BCA", "ID_BNI"}
	case "QR_CODE":
		return "qr.payment", []string{"QR"}
	case "VIRTUAL_ACCOUNT":
		return "virtual_account.paid", []string{"VA"}
	case "EWALLET":
		return "ewallet.capture", []string{"EWALLET"}
	default:
		return "invoice.paid", []string{"ID_BCA", "QR", "VA", "EWALLET"}
	}
}
