package merchants

// same is one sentence for any number: Indonesian has no plural.
func same(s string) forms { return forms{s, s} }

// indonesian is one language; see [english].
func indonesian() words {
	return words{
		Language: "id",
		Months:   [12]string{"Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"},
		Tag:      "[Webhook]",
		Bad:      "{name} tidak menerima webhook", BadMany: "{n} endpoint Anda tidak menerima webhook",
		Well: "{name} kembali menerima webhook, kami terus memantau", WellMany: "{n} endpoint Anda kembali menerima webhook, kami terus memantau",
		Over: "{name} kembali menerima webhook", OverMany: "{n} endpoint Anda kembali menerima webhook",
		Mild: [3]forms{
			{"Sertifikat {name} segera berakhir", "Sertifikat {n} endpoint Anda segera berakhir"},
			{"{name} lambat menjawab", "{n} endpoint Anda lambat menjawab"},
			{"Event untuk {name} hampir tidak dikirim lagi", "Event untuk {n} endpoint Anda hampir tidak dikirim lagi"},
		},
		MildOver:  forms{"{name} kembali normal", "{n} endpoint Anda kembali normal"},
		HelloName: "Halo {name},", Hello: "Halo,",
		BadSince:      "Endpoint Anda {name} tidak menerima webhook sejak {since}.",
		BadManySince:  "{n} endpoint Anda tidak menerima webhook, yang pertama sejak {since}.",
		MildSince:     "Endpoint Anda {name} perlu diperiksa: kami melihatnya sejak {since}.",
		MildManySince: "{n} endpoint Anda perlu diperiksa: kami melihatnya sejak {since}.",
		WellSince:     "Endpoint Anda {name} kembali menerima webhook sejak {until}. Sebelumnya tidak, mulai {since}. Kami terus memantau, dan akan mengabari lagi setelah benar-benar pulih.",
		WellManySince: "Endpoint Anda kembali menerima webhook sejak {until}. Sebelumnya tidak, mulai {since}. Kami terus memantau, dan akan mengabari lagi setelah benar-benar pulih.",
		OverSince:     "Gangguan telah berakhir: endpoint Anda {name} kembali normal sejak {until}. Gangguan dimulai {since}.",
		OverManySince: "Gangguan telah berakhir: endpoint Anda kembali normal sejak {until}. Gangguan dimulai {since}.",
		Lasted:        "Lamanya {length}.",
		OurSide:       "Penyebabnya mungkin juga di pihak kami. Kami sedang memeriksanya.",
		SeenHead:      "Yang kami lihat", DoHead: "Yang perlu dilakukan", EventsHead: "Event Anda",
		SeenSince: "{text} Sejak {since}.", More: "dan {n} lagi",
		Seen: indonesianSeen(), Do: indonesianDo(), ByCause: indonesianByCause(),
		DoBefore: forms{
			"Pulihkan sebelum {when}: saat itu {n} event mendapat percobaan otomatis terakhir.",
			"Pulihkan sebelum {when}: saat itu yang pertama dari {n} event mendapat percobaan otomatis terakhir.",
		},
		DoAsk:      same("Minta kami mengirim ulang {n} event yang percobaan otomatis terakhirnya sudah lewat, atau cocokkan datanya di dashboard Anda."),
		DoUndo:     "Bila ada perubahan pada waktu itu (rilis, aturan firewall, sertifikat, DNS), kembalikan seperti semula.",
		Waits:      same("{n} event menunggu, dan akan dikirim ulang secara otomatis."),
		WaitsAgain: same("{n} event masih menunggu, dan akan dikirim ulang secara otomatis: Anda tidak perlu berbuat apa-apa."),
		Risk: forms{
			"{n} event mendapat percobaan otomatis terakhir pada {when}. Bila itu juga gagal, event hanya dikirim bila Anda memintanya.",
			"{n} event mendapat percobaan otomatis terakhir dalam enam jam, yang pertama pada {when}. Yang saat itu juga gagal hanya dikirim bila Anda memintanya.",
		},
		Lost:       same("{n} event sudah melewati percobaan otomatis terakhir, dan tidak dikirim lagi secara otomatis."),
		ComesBack:  "Yang gagal pada waktu itu dikirim ulang secara otomatis pada jadwal percobaan berikutnya.",
		MustAsk:    "Yang percobaan otomatis terakhirnya jatuh pada waktu itu tidak dikirim lagi secara otomatis: silakan minta pengiriman ulang.",
		Closing:    "Kami akan mengabari lagi setelah pulih.",
		FooterName: "Anda menerima ini karena {name} mendaftarkan alamat ini untuk kabar gangguan pada endpoint-nya.", FooterNobody: "Anda menerima ini karena alamat ini terdaftar untuk kabar gangguan.",
		Reference: "Sebutkan #{number} bila Anda bertanya kepada kami tentang hal ini.",
		Hours:     "{n} jam", Minutes: "{n} menit", Seconds: "{n} detik",
	}
}

func indonesianSeen() [troubles]string {
	return [troubles]string{
		troubleExpired:     "Sertifikatnya kedaluwarsa.",
		troubleCertificate: "Sertifikatnya bermasalah.",
		troubleTLS:         "Sambungan aman (TLS) tidak dapat dibuat.",
		troubleDNS:         "Nama hostnya tidak dapat ditemukan.",
		troubleConnect:     "Sambungan ke sana tidak dapat dibuat.",
		troubleTimeout:     "Tidak ada jawaban tepat waktu.",
		troubleServer:      "Jawabannya kesalahan server (5xx).",
		troubleToken:       "Token kami ditolak (401).",
		troubleGone:        "Jawabannya: sudah tidak ada (410).",
		troublePath:        "Jawabannya: path tidak ditemukan (404).",
		troubleRedirect:    "Jawabannya pengalihan (3xx), yang tidak diikuti.",
		troubleLimit:       "Jawabannya: terlalu banyak permintaan (429).",
		troubleRefused:     "Permintaan kami ditolak (4xx).",
		troubleBroken:      "Sambungan berakhir sebelum jawabannya lengkap.",
		troubleOther:       "Permintaan ke sana gagal.",
		troubleExpiring:    "Sertifikatnya segera berakhir.",
		troubleSlow:        "Jawabannya lambat.",
		troubleLoss:        "Event untuknya sudah beberapa kali gagal, dan percobaan otomatis terakhirnya sudah dekat atau sudah lewat.",
	}
}

func indonesianDo() [troubles]string {
	return [troubles]string{
		troubleExpired:     "Perbarui sertifikatnya, lalu muat ulang setiap server di balik nama itu agar sertifikat baru dipakai.",
		troubleCertificate: "Pasang sertifikat yang sah untuk nama host ini, lengkap dengan rantainya.",
		troubleTLS:         "Sediakan TLS 1.2 atau lebih baru dengan rantai sertifikat lengkap, dan jangan minta sertifikat klien.",
		troubleDNS:         "Periksa catatan DNS host tersebut.",
		troubleConnect:     "Periksa apakah server berjalan dan firewall mengizinkan kami.",
		troubleTimeout:     "Jawab 2xx segera, masukkan pekerjaan ke antrean, dan kerjakan setelahnya.",
		troubleServer:      "Periksa log server pada waktu itu, dan rilis terakhir.",
		troubleToken:       "Pasang token dari pengaturan Anda.",
		troubleGone:        "Daftarkan alamat baru endpoint itu, atau hapus.",
		troublePath:        "Pulihkan path-nya, atau daftarkan yang benar sekarang.",
		troubleRedirect:    "Daftarkan alamat akhirnya, tanpa pengalihan.",
		troubleLimit:       "Naikkan batas untuk permintaan kami.",
		troubleRefused:     "Periksa token, path, dan yang diharapkan penanganannya.",
		troubleBroken:      "Periksa proksi di depannya dan batas ukurannya.",
		troubleOther:       "Periksa log server pada waktu itu.",
		troubleExpiring:    "Perbarui sertifikatnya sebelum berakhir, lalu muat ulang server.",
		troubleSlow:        "Jawab 2xx segera, dan kerjakan sisanya dari antrean.",
		troubleLoss:        "Pastikan endpoint menjawab 2xx, agar percobaan otomatis terakhir berhasil.",
	}
}
