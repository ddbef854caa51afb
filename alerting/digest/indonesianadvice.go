package digest

func indonesianAdvice() map[Advice]string {
	return map[Advice]string{
		AdviseAtRisk:          "{loss} Pastikan endpoint menjawab 2xx saat percobaan itu datang.",
		AdviseLastTry:         "{loss} Endpoint kini berfungsi: jaga agar tetap begitu sampai saat itu, dan periksa log-nya bila event yang sama gagal lagi.",
		AdviseLost:            "{lost} Minta pengiriman ulang secara manual, atau cocokkan datanya.",
		AdviseRenewed:         "Sertifikatnya sempat kedaluwarsa, dan kini sertifikat yang sah sudah dipakai{end}. Atur agar diperbarui otomatis jauh sebelum berakhir.",
		AdviseExpired:         "Sertifikatnya kedaluwarsa{end}{so}. Perbarui, lalu muat ulang server agar sertifikat baru dipakai.",
		AdviseCertificate:     "Sertifikatnya bermasalah ({fault}). Pasang sertifikat yang sah untuk nama host ini, lengkap dengan rantainya.",
		AdviseTLS:             "Sambungan aman tidak dapat dibuat: {fault}. Sediakan TLS 1.2 atau lebih baru, dengan rantai sertifikat lengkap.",
		AdviseDNS:             "Nama host tidak dapat ditemukan ({fault}). Periksa catatan DNS host tersebut.",
		AdviseConnect:         "Sambungan tidak dapat dibuat ({fault}). Periksa apakah server berjalan dan firewall mengizinkan kami.",
		AdviseTimeout:         "Tidak ada jawaban {within}. Jawab 2xx segera, masukkan pekerjaan ke antrean, dan kerjakan setelahnya.",
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
		AdviseThin:            "Kami hanya memiliki data tentangnya untuk {covered}, kurang dari separuh waktu. Tidak ada yang menyatakan salah, dan terlalu sedikit yang menyatakan baik.",
	}
}

func indonesianWas() map[Advice]string {
	return map[Advice]string{
		AdviseRenewed:         "sertifikatnya sempat kedaluwarsa, dan kini sertifikat yang sah sudah dipakai{end}. Atur agar diperbarui otomatis jauh sebelum berakhir.",
		AdviseCertificate:     "sertifikatnya bermasalah ({fault}). Periksa setiap sertifikat baru, nama dan rantai lengkapnya, sebelum dipakai.",
		AdviseTLS:             "sambungan aman tidak dapat dibuat: {fault}. Setelah setiap perubahan, periksa bahwa TLS 1.2 atau lebih baru tersedia, dengan rantai lengkap.",
		AdviseDNS:             "nama host tidak dapat ditemukan ({fault}). Sediakan lebih dari satu server nama untuk catatan DNS-nya.",
		AdviseConnect:         "sambungan tidak dapat dibuat ({fault}). Periksa apakah ada restart atau aturan firewall pada waktu itu, dan ganti server satu per satu.",
		AdviseTimeout:         "tidak ada jawaban {within}. Jawab 2xx segera dan kerjakan sisanya dari antrean, agar tidak terulang.",
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
