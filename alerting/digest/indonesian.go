package digest

// indonesian is the table of one language; see [english].
func indonesian() *sentences {
	return &sentences{
		Language: "id", Point: ",",
		Months:   [12]string{"Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"},
		measures: indonesianMeasures(), topWords: indonesianTop(), stepWords: indonesianSteps(), entryWords: indonesianEntries(),
		tableWords: indonesianTables(), platformWords: indonesianPlatform(), lossWords: indonesianLosses(), footWords: indonesianFoot(),
	}
}

// same is one sentence for any number: Indonesian has no plural.
func same(s string) forms { return forms{s, s} }

func indonesianMeasures() measures {
	return measures{
		FromTo: "%s sampai %s", Between: "antara %s dan %s", Days: "%s hari", OneDay: "1 hari", Hours: "%s jam", Minutes: "%s menit", Seconds: "%s detik",
		About: "sekitar %s", AtLeast: "sedikitnya %d",
		EndpointCount: same("%d endpoint"), MerchantCount: same("%d merchant"),
		EventCount: same("%s event"), AttemptCount: same("%d percobaan pertama"), ProbeCount: same("%d pemeriksaan"),
		NoAttempts: "tidak ada percobaan", FailedOf: "%d dari %d gagal (%s)",
		FirstFailed: same("%d dari %d percobaan pertama gagal (%s)"),
	}
}

func indonesianTop() topWords {
	return topWords{
		Tag: "[Kesehatan webhook]", PlatformTag: "[Platform webhook]",
		OK: "Baik", Attention: "Perhatian", Act: "Perlu tindakan",
		AllHealthy: same("%[1]d dari %[1]d endpoint sehat"), SomeFailing: same("%d dari %d endpoint gagal"), SomeAct: same("%d dari %d endpoint perlu tindakan"),
		SomeLook: same("%d dari %d endpoint perlu diperiksa"), SomePassed: same("%d dari %d endpoint sempat gagal, kini tidak ada yang gagal"),
		SomeUnseen: same("tidak ada data untuk %d dari %d endpoint"), SomeThin: same("data kurang dari separuh waktu untuk %d dari %d endpoint"),
		Thin: "hanya ada data untuk %s dari %s", Early: "terlalu dini untuk menilai, periode ini mulai %s yang lalu",
		WillLose:     forms{"%s akan hilang pada %s", "%s akan hilang, yang pertama pada %s"},
		LastTry:      forms{"%s mendapat percobaan otomatis terakhir pada %s", "%s mendapat percobaan otomatis terakhir, yang pertama pada %s"},
		WorstRatio:   forms{"%s percobaan pertama gagal, batas %s", "paling buruk %s percobaan pertama gagal, batas %s"},
		HadIncidents: "kini semua endpoint sehat, insiden dalam periode ini: %d", NoEndpoints: "tidak ada endpoint yang dipantau",
		SomePlanned: same("%d dari %d endpoint dalam pemeliharaan terencana"), PlannedLine: "Pemeliharaan terencana %s, tidak dihitung.",

		HealthTitle: "Kesehatan webhook %s", SummaryTitle: "Kesehatan webhook %s: minggu ini", PlatformTitle: "Platform webhook", SoFar: "%s, sejauh ini",
		AlsoUTC: "Yaitu %s.", Covered: "Kami memiliki data untuk %s dari %s.", CoveredSoFar: "Kami memiliki data untuk %s dari %s sejauh ini.",
		NotCovered:      "Kami tidak memiliki data untuk periode ini, jadi tidak ada yang menyatakan semuanya baik.",
		NotCoveredSoFar: "Sejauh ini kami belum memiliki data, jadi tidak ada yang menyatakan semuanya baik.",
		StillRuns:       "Periode ini masih berjalan: keadaan per %s.", MadeAt: "Keadaan endpoint, dan event yang menunggu, per %s.",
		Unprobed: "Tidak ada pemeriksaan yang dihitung: keterangan ini berasal dari pengiriman saja.",
		Merged:   "Ringkasan ini mencakup %d periode, karena di antaranya tidak ada yang dapat dikirim.",
	}
}

func indonesianSteps() stepWords {
	return stepWords{
		ToDo: "Yang perlu dilakukan", Also: "Hal yang sama berlaku untuk %d endpoint lain.", Advice: indonesianAdvice(),
		Over: "Tidak ada yang gagal sejak %s.", OverUntil: "Tidak ada yang gagal %s.", Again: "Kini endpoint menjawab lagi.", OverBefore: "Sebelumnya %s:", OverPlain: "Sebelumnya", Was: indonesianWas(),
		Earlier: "Sebelumnya endpoint gagal dengan cara lain, dan lebih sering: %s.",
		DownNow: "Kini endpoint mati, dan %s", ProbesFailed: "Pemeriksaan gagal, dan %s", Within: "dalam %s", InTime: "tepat waktu", NoDelivery: ", sehingga tidak ada yang terkirim",
	}
}

func indonesianEntries() entryWords {
	return entryWords{
		Endpoints: "Endpoint, yang terburuk lebih dulu", MoreEndpoints: "dan %d lagi, tidak ada yang lebih buruk dari yang di atas",
		States: map[string]string{
			"suspended": "ditangguhkan", "down": "mati", "failing": "gagal", "degraded": "terganggu", "recovering": "sedang pulih",
			"healthy": "sehat", "no_data": "tidak ada data",
		},
		HadFailures: "sempat gagal", LittleData: "data sedikit",
		Deliveries: "Pengiriman", Before: "periode sebelumnya: %s", Limit: "batas %s", Available: "Ketersediaan", Unwatched: "tidak diketahui, tidak ada pemeriksaan",
		Answers: "Jawaban", AnswersAre: "separuh dalam %s, 95%% dalam %s, 99%% dalam %s; batas %s", Answered: "dari %d yang dijawab, %s",
		Failures: "Kegagalan", Certificate: "Sertifikat", Faults: indonesianFaults(),
		CertificateValid: "berlaku sampai %s, sisa %s", CertificateEnded: "berakhir pada %s", CertificateEnds: "pada %s, dalam %s", On: "pada %s",
		CertificateGood: "; berlaku sampai %s, sisa %s",
		WhenFailed:      "Waktu kegagalan", WhenFirst: "pertama %s", WhenMost: "terbanyak %s", WhenLast: "terakhir %s",
		WhenFirstMost: "pertama dan terbanyak %s", WhenMostLast: "terbanyak dan terakhir %s", WhenNoneSince: "tidak ada lagi sejak itu", WhenNoneUntil: "tidak ada lagi sampai %s",
		CertificateFaults: indonesianCertificates(),
		Strip:             "Percobaan pertama dan pemeriksaan yang gagal tiap %s, mulai %s", StripPart: "satu dari %d bagian periode (%s)",
		Watched: "%s dari %s yang kami pantau", InMaintenance: "dalam pemeliharaan terencana", Planned: "Pemeliharaan terencana", PlannedRow: "%s, tidak dihitung",
		PlannedAll: "tidak diketahui, pemeliharaan terencana sepanjang waktu", NeverWell: "tidak diketahui, belum pernah sehat",
	}
}

func indonesianTables() tableWords {
	return tableWords{
		Incidents: "Insiden", Parts: "Per periode", Running: "masih terbuka", OursLabel: "Penyebab", Ours: "di pihak kami, bukan Anda",
		Opened: "Dibuka", Resolved: "Selesai", Severity: "Tingkat", Title: "Insiden", Window: "Periode", CoverLabel: "Data untuk",
		VerdictLabel: "Penilaian", FailingLabel: "Endpoint gagal", FirstLabel: "Percobaan pertama", More: "dan %d lagi",
		AvailableFor: "tersedia %s", DataFor: "data untuk %s", FailingAre: "endpoint gagal %d",
		StillFails: "ditutup secara manual, masih gagal",
		IncidentIs: map[string]string{
			"platform": "kegagalan webhook meningkat di seluruh platform", "channel": "kegagalan webhook meningkat di kanal {name}",
			"merchant": "percobaan pertama ke {name} gagal lebih banyak dari biasanya", "certificate": "sertifikat {name} bermasalah",
			"failing": "pengiriman ke {name} gagal", "down": "{name} mati", "slow": "{name} lambat menjawab",
			"loss": "event untuk {name} segera mendapat percobaan otomatis terakhir", "lost": "event untuk {name} hilang",
		},
		IncidentWas: map[string]string{
			"platform": "kegagalan webhook sempat meningkat di seluruh platform", "channel": "kegagalan webhook sempat meningkat di kanal {name}",
			"merchant": "percobaan pertama ke {name} sempat gagal lebih banyak dari biasanya", "certificate": "sertifikat {name} sempat bermasalah",
			"failing": "pengiriman ke {name} sempat gagal", "down": "{name} sempat mati", "slow": "{name} sempat lambat menjawab",
			"loss": "event untuk {name} sempat mendekati percobaan otomatis terakhir", "lost": "event untuk {name} hilang",
		},
	}
}

func indonesianPlatform() platformWords {
	return platformWords{
		PlatformOK: "tidak ada yang baru", PlatformUnseen: "tidak ada yang dipantau",
		PlatformIncidents: [4]string{"insiden kritis terbuka: %d", "insiden lain terbuka: %d", "insiden terbuka: %d", "insiden kritis selesai: %d"},
		PlatformFailing:   "endpoint gagal: %s",
		ByShare:           "Menurut bagian yang gagal; percobaan yang sedikit kurang berbobot.",
		ByFailing:         "Lebih dulu yang endpoint-nya gagal sekarang, lalu menurut bagian yang gagal; percobaan yang sedikit kurang berbobot.",
		PlatformBroken: [5]string{
			"endpoint baru rusak: %d", "endpoint rusak lalu pulih: %d", "kanal di atas 1%%: %d", "sertifikat segera berakhir: %d", "pemberitahuan tidak terkirim: %d",
		},
		WorstHead: "Merchant, yang terburuk lebih dulu", BrokenHead: "Baru rusak", RecoveredHead: "Pulih", CertificateHead: "Sertifikat yang berakhir dalam 14 hari",
		ChannelHead: "Kanal di atas 1%", Merchant: "Merchant", Endpoint: "Endpoint", Fault: "Kesalahan", At: "Waktu", Ends: "Berakhir", Channel: "Kanal",
		EndpointsBad: "Endpoint gagal", BadOf: "%d dari %d", EndpointsBadOf: "endpoint gagal %d dari %d", DigestsLabel: "Ringkasan sebelumnya",
		DigestsWere: [5]string{"%d terkirim", "%d dilewati (semua baik)", "%d ditahan", "%d menunggu", "%d tidak terkirim"}, DeadLabel: "Pemberitahuan tidak terkirim",
		BacklogLabel: "Event", BacklogIs: [3]string{"%s belum terkirim", "%s dengan percobaan otomatis terakhir dalam 24 jam", "%s hilang"},
		Watching: "Memantau %s dari %s.",
		HaveLeft: same("%d alamat telah berhenti berlangganan ringkasan."), LeftHead: "Berhenti berlangganan dalam periode ini", Address: "Alamat",
	}
}

func indonesianLosses() lossWords {
	return lossWords{
		Waiting: "Menunggu", WaitingSince: forms{"%s, sejak %s", "%s, yang terlama sejak %s"},
		NextTry: "percobaan otomatis berikutnya pada %s", NextTryLate: "percobaan otomatis berikutnya seharusnya pada %s", LongestWait: "paling lama menunggu %s",
		LossIs:   same("{events} mendapat percobaan otomatis terakhir{when}, {digests}; setelah itu hilang kecuali dikirim ulang secara manual."),
		LossLate: same("{events} seharusnya sudah mendapat percobaan otomatis terakhir{when}; semuanya hilang kecuali percobaan itu datang terlambat atau dikirim ulang secara manual."),
		LossOn:   " pada %s", LossFrom: ", yang pertama pada %s", LossFirst: "yang pertama pada %s", LossFirstLate: "yang pertama seharusnya pada %s",
		LossIn24:   "Dalam 24 jam hal itu berlaku untuk %s.",
		BeforeNext: "sebelum ringkasan berikutnya", MoreDigests: same("masih ada %d ringkasan sebelum itu"),
		LostAre: same("%s hilang: percobaan otomatis terakhirnya gagal."), RetriesOverdue: same("%s percobaan ulang terlambat di pihak pengirim."),
	}
}

func indonesianFoot() footWords {
	return footWords{
		Footer:       "Anda menerima ini karena %s mencantumkan alamat ini dalam daftar ringkasannya. %s",
		WeeklyFooter: "Seminggu sekali pesan ini menyatakan bahwa kami tetap memantau, juga saat tidak ada masalah.", PlatformFooter: "Untuk operator platform.",
		Modes: map[string]string{
			"every": "Pesan ini datang setelah setiap periode.", "problems": "Pesan ini datang bila ada masalah, dan seminggu sekali.", "daily": "Pesan ini datang sekali sehari.",
		},
		ChangeIt: "Ada pilihan: setelah setiap periode, sekali sehari, hanya bila ada masalah, atau tidak sama sekali. Pengelola layanan ini dapat mengubahnya.", Link: "Buka kesehatan webhook",
		Leave: "Hentikan ringkasan ini",
	}
}
