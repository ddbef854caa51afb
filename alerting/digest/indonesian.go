package digest

// indonesian is the table of one language; see [english].
func indonesian() *sentences {
	return &sentences{
		Language: "id", Point: ",",
		Months: [12]string{"Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"},
		FromTo: "%s sampai %s", Days: "%s hari", OneDay: "1 hari", Hours: "%s jam", Minutes: "%s menit", Seconds: "%s detik",

		Tag: "[Kesehatan webhook]", PlatformTag: "[Platform webhook]",
		OK: "Baik", Attention: "Perhatian", Act: "Perlu tindakan",
		AllHealthy: same("%[1]d dari %[1]d endpoint sehat"), SomeFailing: same("%d dari %d endpoint gagal"), SomeAct: same("%d dari %d endpoint perlu tindakan"),
		SomeLook: same("%d dari %d endpoint perlu diperiksa"), SomePassed: same("%d dari %d endpoint sempat gagal, kini tidak ada yang gagal"),
		SomeUnseen: same("tidak ada data untuk %d dari %d endpoint"), HadIncidents: "kini semua endpoint sehat, insiden dalam periode ini: %d",
		WillLose: same("%s akan hilang mulai %s"), LastTry: same("%s mendapat percobaan otomatis terakhir mulai %s"),
		NoEndpoints: "tidak ada endpoint yang dipantau", PlatformOK: "tidak ada yang baru", PlatformUnseen: "tidak ada yang dipantau",
		PlatformBroken: [4]string{"endpoint baru rusak: %d", "kanal di atas 1%%: %d", "sertifikat segera berakhir: %d", "pemberitahuan tidak terkirim: %d"},

		HealthTitle: "Kesehatan webhook %s", SummaryTitle: "Kesehatan webhook %s: minggu ini", PlatformTitle: "Platform webhook",
		AlsoUTC: "Yaitu %s.", Covered: "Kami memiliki data untuk %s dari %s.", NotCovered: "Kami tidak memiliki data untuk periode ini, jadi tidak ada yang menyatakan semuanya baik.",
		Merged: "Ringkasan ini mencakup %d periode, karena di antaranya tidak ada yang dapat dikirim.", Until: "Status per %s.",

		ToDo: "Yang perlu dilakukan", Also: "Hal yang sama berlaku untuk %d endpoint lain.", FirstFailed: same("%d dari %d percobaan pertama gagal (%s)"),
		Advice: indonesianAdvice(),
		Over:   "Tidak ada yang gagal sejak %s.", OverBefore: "Sebelumnya %s:", OverPlain: "Sebelumnya", Was: indonesianWas(),

		Endpoints: "Endpoint, yang terburuk lebih dulu", MoreEndpoints: "dan %d lagi, tidak ada yang lebih buruk dari yang di atas",
		States: map[string]string{
			"suspended": "ditangguhkan", "down": "mati", "failing": "gagal", "degraded": "terganggu", "recovering": "sedang pulih",
			"healthy": "sehat", "no_data": "tidak ada data",
		},
		Deliveries: "Pengiriman", Before: "periode sebelumnya: %s", Limit: "batas %s", Available: "Ketersediaan", Unwatched: "tidak diketahui, tidak ada pemeriksaan",
		Answers: "Jawaban", AnswersAre: "separuh dalam %s, 95%% dalam %s, 99%% dalam %s; batas %s", Failures: "Kegagalan", Certificate: "Sertifikat",
		CertificateValid: "berlaku sampai %s, sisa %s", CertificateEnded: "berakhir pada %s", CertificateEnds: "pada %s, dalam %s", On: "pada %s",
		CertificateGood: "; berlaku sampai %s, sisa %s", LastFailure: "Kegagalan terakhir", BeforeTime: "sebelum %s",
		Strip: "Gagal tiap %s, mulai %s", None: "tidak ada", NoAttempts: "tidak ada percobaan", Counted: "percobaan: %d, pemeriksaan: %d", Watched: "%s dari %s yang kami pantau", FailedOf: "%d dari %d gagal (%s)",

		Incidents: "Insiden", Parts: "Per periode", Running: "masih terbuka", OursLabel: "Penyebab", Ours: "di pihak kami, bukan Anda",
		Opened: "Dibuka", Resolved: "Selesai", Severity: "Tingkat", Title: "Insiden", Window: "Periode", CoverLabel: "Data untuk",
		VerdictLabel: "Penilaian", FailingLabel: "Endpoint gagal", FirstLabel: "Percobaan pertama", More: "dan %d lagi",

		WorstHead: "Merchant, yang terburuk lebih dulu", BrokenHead: "Baru rusak", RecoveredHead: "Pulih", CertificateHead: "Sertifikat yang berakhir dalam 14 hari",
		ChannelHead: "Kanal di atas 1%", Merchant: "Merchant", Endpoint: "Endpoint", Fault: "Kesalahan", At: "Waktu", Ends: "Berakhir", Channel: "Kanal",
		EndpointsBad: "Endpoint gagal", BadOf: "%d dari %d", EndpointsBadOf: "endpoint gagal %d dari %d", FailingAre: "endpoint gagal %d", DigestsLabel: "Ringkasan sebelumnya",
		DigestsWere: [5]string{"%d terkirim", "%d dilewati (semua baik)", "%d ditahan", "%d menunggu", "%d tidak terkirim"}, DeadLabel: "Pemberitahuan tidak terkirim",
		BacklogLabel: "Event", BacklogIs: [3]string{"%s belum terkirim", "%s dengan percobaan otomatis terakhir dalam 24 jam", "%s hilang"},
		Watching: "Memantau %s dari %s.", AvailableFor: "tersedia %s", DataFor: "data untuk %s",
		EndpointCount: same("%d endpoint"), MerchantCount: same("%d merchant"), EventCount: same("%s event"), AtLeast: "sedikitnya %d",

		Waiting: "Menunggu", WaitingSince: forms{"%s, sejak %s", "%s, yang terlama sejak %s"},
		NextTry: "percobaan otomatis berikutnya pada %s", NextTryLate: "percobaan otomatis berikutnya seharusnya pada %s", LongestWait: "paling lama menunggu %s",
		LossIs:   same("{events} mendapat percobaan otomatis terakhir {when}, {digests}; setelah itu hilang kecuali dikirim ulang secara manual."),
		LossLate: same("{events} seharusnya sudah mendapat percobaan otomatis terakhir {when}; semuanya hilang kecuali percobaan itu datang terlambat atau dikirim ulang secara manual."),
		LossOn:   "pada %s", LossFrom: "mulai %s", LossIn24: "Dalam 24 jam hal itu berlaku untuk %s.",
		BeforeNext: "sebelum ringkasan berikutnya", MoreDigests: same("masih ada %d ringkasan sebelum itu"),
		LostAre: same("%s hilang: percobaan otomatis terakhirnya gagal."), RetriesOverdue: same("%s percobaan ulang terlambat di pihak pengirim."),

		Footer:       "Anda menerima ini karena alamat ini ada dalam daftar ringkasan %s. %s",
		WeeklyFooter: "Seminggu sekali pesan ini menyatakan bahwa kami tetap memantau, juga saat tidak ada masalah.", PlatformFooter: "Untuk operator platform.",
		Modes: map[string]string{
			"every": "Pesan ini datang setelah setiap periode.", "problems": "Pesan ini datang bila ada masalah, dan seminggu sekali.", "daily": "Pesan ini datang sekali sehari.",
		},
		ChangeIt: "Mode yang tersedia: every, problems, daily, off; pengelola layanan ini dapat mengubahnya.", Link: "Buka kesehatan webhook",
	}
}

// same is one sentence for any number: Indonesian has no plural.
func same(s string) forms { return forms{s, s} }

func indonesianAdvice() map[Advice]string {
	return map[Advice]string{
		AdviseAtRisk:          "{loss} Pastikan endpoint menjawab 2xx saat percobaan itu datang.",
		AdviseLost:            "{lost} Minta pengiriman ulang secara manual, atau cocokkan datanya.",
		AdviseRenewed:         "Sertifikatnya sempat kedaluwarsa, dan kini sertifikat yang sah sudah dipakai{end}. Atur agar diperbarui otomatis jauh sebelum berakhir.",
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

func indonesianWas() map[Advice]string {
	return map[Advice]string{
		AdviseRenewed:         "sertifikatnya sempat kedaluwarsa, dan kini sertifikat yang sah sudah dipakai{end}. Atur agar diperbarui otomatis jauh sebelum berakhir.",
		AdviseCertificate:     "sertifikatnya bermasalah ({fault}). Periksa setiap sertifikat baru, nama dan rantai lengkapnya, sebelum dipakai.",
		AdviseTLS:             "jabat tangan TLS gagal ({fault}). Setelah setiap perubahan, periksa bahwa TLS 1.2 atau lebih baru tersedia, dengan rantai lengkap.",
		AdviseDNS:             "nama host tidak dapat ditemukan ({fault}). Sediakan lebih dari satu server nama untuk catatan DNS-nya.",
		AdviseConnect:         "sambungan tidak dapat dibuat ({fault}). Periksa apakah ada restart atau aturan firewall pada waktu itu, dan ganti server satu per satu.",
		AdviseTimeout:         "tidak ada jawaban dalam {limit}. Jawab 2xx segera dan kerjakan sisanya dari antrean, agar tidak terulang.",
		AdviseServer:          "jawabannya kesalahan server (5xx). Periksa log penanganannya pada waktu itu.",
		AdviseToken:           "jawabannya 401, jadi token kami tidak diterima. Saat token diganti, terima token lama dan baru untuk sementara.",
		AdviseGone:            "jawabannya 410 Gone, yang menangguhkan pengiriman. Jawab 503 bila hanya tidak tersedia sementara.",
		AdvisePath:            "jawabannya 404. Pertahankan path saat rilis, dan daftarkan yang baru sebelum yang lama dihapus.",
		AdviseRedirect:        "jawabannya pengalihan (3xx), yang tidak pernah diikuti. Kecualikan path-nya dari pengalihan.",
		AdviseLimit:           "jawabannya 429, terlalu banyak permintaan. Naikkan batasnya untuk permintaan kami sebelum gelombang berikutnya.",
		AdviseRefused:         "permintaan ditolak (4xx, misalnya 400 atau 403). Periksa log penanganannya pada waktu itu.",
		AdviseBroken:          "sambungan berakhir sebelum jawaban lengkap ({fault}). Biarkan server menyelesaikan jawabannya sebelum dimulai ulang.",
		AdviseUnauthenticated: "permintaan dengan token yang salah diterima. Bandingkan token setiap permintaan sebelum mempercayainya.",
		AdviseOther:           "permintaan gagal ({fault}). Periksa log servernya pada waktu itu.",
	}
}
