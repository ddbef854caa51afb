package web

// subscriptionWords are what the page of a subscription says in one language.
type subscriptionWords struct {
	Lang, Brand       string
	Merchant, Address string
	Stop, Start       string // the buttons
	Stops, Stopped    string // headings: before and after
	StopsThis         string
	GoesOn, WentOn    string // likewise
	GoesOnThat        string
	Ask, AskAt        string // without an address to ask at, and before it
	Says              map[SubscriptionState][2]string
}

func englishSubscription() subscriptionWords {
	return subscriptionWords{
		Lang: "en", Brand: "Webhook health", Merchant: "Merchant", Address: "Address",
		Stop: "Stop the digests to this address", Start: "Send the digests to this address again",
		Stops: "What stops", Stopped: "What has stopped", StopsThis: "The regular webhook health digests to this address, also those that wait to be sent. One that is on its way at this moment may still arrive.",
		GoesOn: "What does not stop", WentOn: "What has not stopped",
		GoesOnThat: "Mails about incidents have a list of their own and are no digests: whoever is on it still gets them. Other addresses of the merchant, and its Slack channel, still get the digests.",
		Ask:        "Questions? Ask whoever runs this service for you.", AskAt: "Questions? Ask whoever runs this service:",
		Says: map[SubscriptionState][2]string{
			SubscriptionOn:      {"Stop these digests?", "Nothing has been changed yet. The button below stops the digests at once."},
			SubscriptionOff:     {"No digests come to this address", "This address has been unsubscribed. You can have the digests again by the button below."},
			SubscriptionEnded:   {"The digests have stopped", "Done. No more digests are sent to this address. You can have them again by the button below."},
			SubscriptionBack:    {"The digests come again", "Done. The next one comes when the present window is over."},
			SubscriptionUnknown: {"This link is not known here", "The link is incomplete, or was made for an address that is on the merchant's list no more; then no digests go to it. Nothing was changed. Please open the link of a newer digest."},
			SubscriptionUnclear: {"Nothing was changed", "What was sent does not say whether the digests should stop or come. Please go back and press the button again."},
			SubscriptionAway:    {"This cannot be done right now", "At the moment the service cannot read or store who gets digests. If you have pressed a button, it may not have counted. Please try again in a few minutes."},
			SubscriptionOften:   {"Please try again later", "The digests to this address were ended and begun again many times within the hour. Nothing was changed. They can be begun again in an hour; they can be ended at any time."},
		},
	}
}

func indonesianSubscription() subscriptionWords {
	return subscriptionWords{
		Lang: "id", Brand: "Kesehatan webhook", Merchant: "Merchant", Address: "Alamat",
		Stop: "Hentikan ringkasan ke alamat ini", Start: "Kirim lagi ringkasan ke alamat ini",
		Stops: "Yang berhenti", Stopped: "Yang telah berhenti", StopsThis: "Ringkasan berkala kesehatan webhook ke alamat ini, termasuk yang sedang menunggu dikirim. Ringkasan yang saat ini sedang dikirim mungkin masih tiba.",
		GoesOn: "Yang tidak berhenti", WentOn: "Yang tetap berjalan",
		GoesOnThat: "Email tentang insiden memiliki daftar sendiri dan bukan ringkasan: siapa pun dalam daftar itu tetap menerimanya. Alamat lain milik merchant, serta kanal Slack-nya, tetap menerima ringkasan.",
		Ask:        "Ada pertanyaan? Hubungi pengelola layanan ini.", AskAt: "Ada pertanyaan? Hubungi pengelola layanan ini:",
		Says: map[SubscriptionState][2]string{
			SubscriptionOn:      {"Hentikan ringkasan ini?", "Belum ada yang diubah. Tombol di bawah langsung menghentikan ringkasan."},
			SubscriptionOff:     {"Tidak ada ringkasan ke alamat ini", "Alamat ini telah berhenti berlangganan. Anda dapat menerima ringkasan lagi dengan tombol di bawah."},
			SubscriptionEnded:   {"Ringkasan telah dihentikan", "Selesai. Tidak ada lagi ringkasan yang dikirim ke alamat ini. Anda dapat menerimanya lagi dengan tombol di bawah."},
			SubscriptionBack:    {"Ringkasan akan datang lagi", "Selesai. Ringkasan berikutnya datang setelah periode ini berakhir."},
			SubscriptionUnknown: {"Tautan ini tidak dikenal di sini", "Tautan ini tidak lengkap, atau dibuat untuk alamat yang tidak lagi ada dalam daftar merchant; alamat itu tidak lagi menerima ringkasan. Tidak ada yang diubah. Silakan buka tautan dari ringkasan yang lebih baru."},
			SubscriptionUnclear: {"Tidak ada yang diubah", "Permintaan ini tidak menyatakan apakah ringkasan harus dihentikan atau dikirim. Silakan kembali dan tekan tombolnya lagi."},
			SubscriptionAway:    {"Saat ini tidak dapat dilakukan", "Saat ini layanan tidak dapat membaca atau menyimpan siapa yang menerima ringkasan. Jika Anda telah menekan tombol, mungkin itu belum berlaku. Silakan coba lagi beberapa menit lagi."},
			SubscriptionOften:   {"Silakan coba lagi nanti", "Ringkasan ke alamat ini berkali-kali dihentikan dan dimulai lagi dalam satu jam ini. Tidak ada yang diubah. Ringkasan dapat dimulai lagi satu jam lagi; menghentikannya dapat dilakukan kapan saja."},
		},
	}
}
