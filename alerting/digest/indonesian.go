package digest

// indonesian is the table of one language; see [english].
func indonesian() *sentences {
	return &sentences{
		Language: "id", Point: ",",
		Months: [12]string{"Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"},
		FromTo: "%s sampai %s", Days: "%s hari", OneDay: "1 hari", Hours: "%s jam", Minutes: "%s menit", Seconds: "%s detik",

		Tag: "[Kesehatan webhook]", PlatformTag: "[Platform webhook]",
		OK: "Baik", Attention: "Perhatian", Act: "Perlu tindakan",
		AllHealthy: "%[1]d dari %[1]d endpoint sehat", SomeFailing: "%d dari %d endpoint gagal", SomeAct: "%d dari %d endpoint perlu tindakan",
		SomeLook: "%d dari %d endpoint perlu diperiksa", SomeUnseen: "tidak ada data untuk %d dari %d endpoint", HadIncidents: "kini semua endpoint sehat, insiden dalam periode ini: %d",
		NoEndpoints: "tidak ada endpoint yang dipantau", PlatformOK: "tidak ada yang baru", PlatformUnseen: "tidak ada yang dipantau",
		PlatformBroken: "endpoint baru rusak: %d, kanal di atas 1%%: %d, pemberitahuan tidak terkirim: %d",

		HealthTitle: "Kesehatan webhook %s", SummaryTitle: "Kesehatan webhook %s: minggu ini", PlatformTitle: "Platform webhook",
		AlsoUTC: "Yaitu %s.", Covered: "Kami memiliki data untuk %s dari %s.", NotCovered: "Kami tidak memiliki data untuk periode ini, jadi tidak ada yang menyatakan semuanya baik.",
		Merged: "Ringkasan ini mencakup %d periode, karena di antaranya tidak ada yang dapat dikirim.", Until: "Status per %s.",

		ToDo: "Yang perlu dilakukan", Also: "Hal yang sama berlaku untuk %d endpoint lain.", FirstFailed: "%d dari %d percobaan pertama gagal (%s)",
		Advice: indonesianAdvice(),

		Endpoints: "Endpoint, yang terburuk lebih dulu", MoreEndpoints: "dan %d lagi, tidak ada yang lebih buruk dari yang di atas",
		States: map[string]string{
			"suspended": "ditangguhkan", "down": "mati", "failing": "gagal", "degraded": "terganggu", "recovering": "sedang pulih",
			"healthy": "sehat", "no_data": "tidak ada data",
		},
		Deliveries: "Pengiriman", Before: "periode sebelumnya: %s", Limit: "batas %s", Available: "Ketersediaan", Unwatched: "tidak diketahui, tidak ada pemeriksaan",
		Answers: "Jawaban", AnswersAre: "separuh dalam %s, 95%% dalam %s, 99%% dalam %s; batas %s", Failures: "Kegagalan", Certificate: "Sertifikat",
		CertificateValid: "berlaku sampai %s, sisa %s", CertificateEnded: "berakhir pada %s", CertificateEnds: "pada %s, dalam %s", On: "pada %s",
		Strip: "Gagal tiap %s, mulai %s", None: "tidak ada", NoAttempts: "tidak ada percobaan", Counted: "percobaan: %d, pemeriksaan: %d", Watched: "%s dari %s yang kami pantau", FailedOf: "%d dari %d gagal (%s)",

		Incidents: "Insiden", Parts: "Per periode", Running: "masih terbuka", OursLabel: "Penyebab", Ours: "di pihak kami, bukan Anda",
		Opened: "Dibuka", Resolved: "Selesai", Severity: "Tingkat", Title: "Insiden", Window: "Periode", CoverLabel: "Data untuk",
		VerdictLabel: "Penilaian", FailingLabel: "Endpoint gagal", FirstLabel: "Percobaan pertama", More: "dan %d lagi",

		WorstHead: "Merchant, yang terburuk lebih dulu", BrokenHead: "Baru rusak", RecoveredHead: "Pulih", CertificateHead: "Sertifikat yang berakhir dalam 14 hari",
		ChannelHead: "Kanal di atas 1%", Merchant: "Merchant", Endpoint: "Endpoint", Fault: "Kesalahan", At: "Waktu", Ends: "Berakhir", Channel: "Kanal",
		EndpointsBad: "Endpoint gagal", BadOf: "%d dari %d", DigestsLabel: "Ringkasan sebelumnya",
		DigestsWere: "%d terkirim, %d dilewati (semua baik), %d ditahan, %d menunggu, %d tidak terkirim", DeadLabel: "Pemberitahuan tidak terkirim",
		Watching: "Memantau %d endpoint dari %d merchant.",

		Footer:       "Anda menerima ini karena alamat ini ada dalam daftar ringkasan %s. %s",
		WeeklyFooter: "Seminggu sekali pesan ini menyatakan bahwa kami tetap memantau, juga saat tidak ada masalah.", PlatformFooter: "Untuk operator platform.",
		Modes: map[string]string{
			"every": "Pesan ini datang setelah setiap periode.", "problems": "Pesan ini datang bila ada masalah, dan seminggu sekali.", "daily": "Pesan ini datang sekali sehari.",
		},
		ChangeIt: "Mode yang tersedia: every, problems, daily, off; pengelola layanan ini dapat mengubahnya.", Link: "Buka kesehatan webhook",
	}
}

func indonesianAdvice() map[Advice]string {
	return map[Advice]string{
		AdviseExpired:         "Sertifikatnya kedaluwarsa{end}, sehingga tidak ada yang terkirim. Perbarui, lalu muat ulang server agar sertifikat baru dipakai.",
		AdviseCertificate:     "Sertifikatnya bermasalah ({fault}). Pasang sertifikat yang sah untuk nama host ini, lengkap dengan rantainya.",
		AdviseTLS:             "Jabat tangan TLS gagal ({fault}). Sediakan TLS 1.2 atau lebih baru, dengan rantai sertifikat lengkap.",
		AdviseDNS:             "Nama host tidak dapat ditemukan ({fault}). Periksa catatan DNS host tersebut.",
		AdviseConnect:         "Sambungan tidak dapat dibuat ({fault}). Periksa apakah server berjalan dan firewall mengizinkan kami.",
		AdviseTimeout:         "Tidak ada jawaban dalam {limit}. Jawab 2xx segera, masukkan pekerjaan ke antrean, dan kerjakan setelahnya.",
		AdviseServer:          "Jawabannya kesalahan server (5xx). Periksa log penanganannya pada waktu tersebut.",
		AdviseToken:           "Jawabannya 401: token kami tidak diterima. Apakah token diganti? Pasang token dari pengaturan Anda.",
		AdviseGone:            "Jawabannya 410 Gone, sehingga pengiriman ditangguhkan. Daftarkan alamat barunya, atau hapus.",
		AdvisePath:            "Jawabannya 404. Apakah path berubah saat rilis? Daftarkan path yang benar sekarang.",
		AdviseRedirect:        "Jawabannya pengalihan (3xx), yang tidak pernah diikuti. Daftarkan alamat akhirnya.",
		AdviseLimit:           "Jawabannya 429, terlalu banyak permintaan. Naikkan batasnya untuk permintaan kami.",
		AdviseRefused:         "Permintaan ditolak (4xx, misalnya 400 atau 403). Periksa token, path, dan yang diharapkan penanganannya.",
		AdviseBroken:          "Sambungan berakhir sebelum jawaban lengkap ({fault}). Periksa proksi di depannya dan batas ukurannya.",
		AdviseUnauthenticated: "Permintaan dengan token yang salah diterima. Bandingkan token setiap permintaan sebelum mempercayainya.",
		AdviseOther:           "Permintaan gagal ({fault}). Periksa log servernya pada waktu tersebut.",
		AdviseExpiring:        "Sertifikatnya berakhir{end}. Perbarui sebelum itu, lalu muat ulang server.",
		AdviseSlow:            "95% jawabannya datang dalam {took}, dan pengirim menyerah setelah {limit}. Jawab 2xx segera, dan kerjakan sisanya dari antrean.",
		AdviseUnseen:          "Kami tidak memiliki data tentangnya. Tidak ada yang menyatakan salah, dan tidak ada yang menyatakan baik.",
	}
}
