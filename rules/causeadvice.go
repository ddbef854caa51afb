package rules

// counsel names what a row of the matrix says.
type counsel uint8

const (
	sayNothing counsel = iota
	sayTrustStore
	sayTLSOfProbe
	sayExpired
	sayChain
	sayName
	sayCertificate
	sayTLS
	sayDisputed
	sayProbePath
	sayPingRefused
	sayGone
	sayRedirect
	sayDNS
	sayConnect
	sayServer
	sayTimeout
	sayBroken
	sayDown
	saySenderBlocked
	sayLimit
	sayTokenOrPayload
	sayPayload
	sayPath
	sayToken
	sayRefused
	sayOverload
	sayHandler
	sayUnclear
	sayUnclearProbe
	saySilent
	sayUnauthenticated
	sayPending
	sayExpiring
	sayWarned
	saySlow
	sayRecovered
	sayNoData
)

// causeAdvice words what the matrix says, as the digest's advices do. Its
// places are {fault}, {status} and {since}, which is empty or begins with a
// space. A table, never changed.
var causeAdvice = [...]Advice{
	sayTrustStore: {
		"Deliveries to many merchants with certificates of one issuer fail ({fault}){since}, and fresh looks find the certificates in order. Update the sender's root certificates; the merchants have nothing to do.",
		"Pengiriman ke banyak merchant dengan sertifikat dari satu penerbit gagal ({fault}){since}, sedangkan pemeriksaan baru menyatakan sertifikatnya sah. Perbarui sertifikat akar pengirim; merchant tidak perlu berbuat apa-apa."},
	sayTLSOfProbe: {
		"Deliveries get through, and our look at its TLS does not ({fault}). Check what it demands of us, such as a client certificate; the merchant has nothing to do.",
		"Pengiriman berhasil, tetapi pemeriksaan TLS kami tidak ({fault}). Periksa apa yang dimintanya dari kami, misalnya sertifikat klien; merchant tidak perlu berbuat apa-apa."},
	sayExpired: {
		"Its certificate has expired, and strict senders deliver nothing. Renew it, and reload every server behind the name so that it is served.",
		"Sertifikatnya kedaluwarsa, dan pengirim yang ketat tidak mengirim apa pun. Perbarui, lalu muat ulang setiap server di balik nama itu agar sertifikat baru dipakai."},
	sayChain: {
		"Its chain of certificates is incomplete or has run out ({fault}). Serve the full chain: leaf first, then the authority's present intermediates.",
		"Rantai sertifikatnya tidak lengkap atau kedaluwarsa ({fault}). Sajikan rantai lengkap: sertifikat server dahulu, lalu sertifikat perantara terbaru dari penerbitnya."},
	sayName: {
		"Its certificate is for another name. Issue one that names this host, or correct the host in the URL.",
		"Sertifikatnya untuk nama lain. Terbitkan sertifikat yang memuat nama host ini, atau perbaiki host pada URL."},
	sayCertificate: {
		"Its certificate is not in order ({fault}). Serve one that is valid for this host name, with its full chain.",
		"Sertifikatnya bermasalah ({fault}). Pasang sertifikat yang sah untuk nama host ini, lengkap dengan rantainya."},
	sayTLS: {
		"The TLS handshake fails ({fault}){since}. Offer TLS 1.2 or newer, with the full chain of certificates, and demand no client certificate that senders do not have.",
		"Jabat tangan TLS gagal ({fault}){since}. Sediakan TLS 1.2 atau lebih baru, dengan rantai sertifikat lengkap, dan jangan minta sertifikat klien yang tidak dimiliki pengirim."},
	sayDisputed: {
		"Deliveries fail ({fault}){since}, and our own looks find the certificate in order. Compare what each server behind the name serves, and the sender's root certificates.",
		"Pengiriman gagal ({fault}){since}, sedangkan pemeriksaan kami menyatakan sertifikatnya sah. Bandingkan yang disajikan setiap server di balik nama itu, dan sertifikat akar pengirim."},
	sayProbePath: {
		"Deliveries get through, and our probe does not ({fault}){since}. Check whether the endpoint lets the probe's addresses in, and how it is probed; deliveries need nothing.",
		"Pengiriman berhasil, tetapi pemeriksaan kami tidak ({fault}){since}. Periksa apakah alamat pemeriksa diizinkan, dan cara pemeriksaannya; pengiriman tidak memerlukan apa-apa."},
	sayPingRefused: {
		"Deliveries are accepted, and our ping is not ({fault}){since}. Compare the ping's token with the sender's, and whether the handler knows pings; deliveries need nothing.",
		"Pengiriman diterima, tetapi ping kami tidak ({fault}){since}. Bandingkan token ping dengan token pengirim, dan apakah penanganannya mengenal ping; pengiriman tidak memerlukan apa-apa."},
	sayGone: {
		"It answers 410 Gone{since}, so deliveries are suspended. Register its new address, or remove it.",
		"Jawabannya 410 Gone{since}, sehingga pengiriman ditangguhkan. Daftarkan alamat barunya, atau hapus."},
	sayRedirect: {
		"It answers with a redirect ({status}){since}, which is never followed. Register the final address.",
		"Jawabannya pengalihan ({status}){since}, yang tidak pernah diikuti. Daftarkan alamat akhirnya."},
	sayDNS: {
		"Its host name cannot be resolved ({fault}){since}. Check the DNS records of the host.",
		"Nama host tidak dapat ditemukan ({fault}){since}. Periksa catatan DNS host tersebut."},
	sayConnect: {
		"No connection can be made ({fault}){since}. Check that the server runs, and that its firewall lets us in.",
		"Sambungan tidak dapat dibuat ({fault}){since}. Periksa apakah server berjalan dan firewall mengizinkan kami."},
	sayServer: {
		"It answers with a server error ({status}){since}. Look into the log of its server at that time, and at the last deployment.",
		"Jawabannya kesalahan server ({status}){since}. Periksa log servernya pada waktu itu, dan rilis terakhir."},
	sayTimeout: {
		"No answer comes in time{since}. Answer 2xx at once, put the work into a queue and do it afterwards.",
		"Tidak ada jawaban tepat waktu{since}. Jawab 2xx segera, masukkan pekerjaan ke antrean, dan kerjakan setelahnya."},
	sayBroken: {
		"The connection ends before an answer is complete ({fault}){since}. Check the proxy in front of it, and its size limits.",
		"Sambungan berakhir sebelum jawaban lengkap ({fault}){since}. Periksa proksi di depannya dan batas ukurannya."},
	sayDown: {
		"It does not answer as it should ({fault}){since}. Look into the log of its server at that time.",
		"Jawabannya tidak semestinya ({fault}){since}. Periksa log servernya pada waktu itu."},
	saySenderBlocked: {
		"The sender gets no connection ({fault}){since}, and our probe does. Check that the endpoint's firewall lets in every address of the sender, and the sender's own DNS and network.",
		"Pengirim tidak mendapat sambungan ({fault}){since}, sedangkan pemeriksaan kami berhasil. Periksa apakah firewall endpoint mengizinkan setiap alamat pengirim, serta DNS dan jaringan pengirim."},
	sayLimit: {
		"It answers 429, too many requests{since}. Raise its limit for our requests.",
		"Jawabannya 429, terlalu banyak permintaan{since}. Naikkan batasnya untuk permintaan kami."},
	sayTokenOrPayload: {
		"{status} for deliveries{since}, and our ping with the right token is accepted: is one type of event refused, by the handler or a firewall, or does the sender use another token? List the types that fail.",
		"{status} untuk pengiriman{since}, sedangkan ping kami dengan token yang benar diterima: apakah satu jenis peristiwa ditolak oleh penanganan atau firewall, atau pengirim memakai token lain? Daftar jenis yang gagal."},
	sayPayload: {
		"{status} for deliveries{since}, and our ping is accepted: one type of event, or what is in it, is not understood. List the types that fail, and let the handler answer 2xx to those that it does not need.",
		"{status} untuk pengiriman{since}, sedangkan ping kami diterima: satu jenis peristiwa, atau isinya, tidak dikenali. Daftar jenis yang gagal, dan biarkan penanganannya menjawab 2xx untuk jenis yang tidak diperlukan."},
	sayPath: {
		"404{since}: did its path change with a deployment? Register the path that is right now.",
		"404{since}: apakah path berubah saat rilis? Daftarkan path yang benar sekarang."},
	sayToken: {
		"{status}{since}: was a token rotated, or a firewall rule added? Put the token from your settings in place, and let our requests in.",
		"{status}{since}: apakah token diganti, atau aturan firewall ditambahkan? Pasang token dari pengaturan Anda, dan izinkan permintaan kami."},
	sayRefused: {
		"It refuses deliveries ({status}){since}. Check its token, its path and what its handler expects.",
		"Pengiriman ditolak ({status}){since}. Periksa token, path, dan yang diharapkan penanganannya."},
	sayOverload: {
		"A single ping is answered, and deliveries are not ({fault}){since}: the handler does not keep up. Answer 2xx at once, put the work into a queue and do it afterwards.",
		"Satu ping dijawab, sedangkan pengiriman tidak ({fault}){since}: penanganannya kewalahan. Jawab 2xx segera, masukkan pekerjaan ke antrean, dan kerjakan setelahnya."},
	sayHandler: {
		"The server stands, and its handler fails ({fault}){since}. Look into the log of the handler at that time, and at the last deployment.",
		"Server berjalan, tetapi penanganannya gagal ({fault}){since}. Periksa log penanganannya pada waktu itu, dan rilis terakhir."},
	sayUnclear: {
		"Deliveries fail ({fault}){since}, and no other signal says why. Look at its attempts, and into the log of its server at that time.",
		"Pengiriman gagal ({fault}){since}, dan tidak ada sinyal lain yang menjelaskannya. Periksa percobaannya, dan log servernya pada waktu itu."},
	sayUnclearProbe: {
		"Our ping fails ({fault}){since}, and no other signal says why. Look into the log of its server at that time.",
		"Ping kami gagal ({fault}){since}, dan tidak ada sinyal lain yang menjelaskannya. Periksa log servernya pada waktu itu."},
	saySilent: {
		"Nothing is sent to it any more{since}, although events are expected, and nothing says that it is down. Check the dispatcher and its queue; if there were no sales, nothing is wrong.",
		"Tidak ada lagi yang dikirim kepadanya{since}, padahal peristiwa diharapkan, dan tidak ada tanda gangguan padanya. Periksa pengirim dan antreannya; bila memang tidak ada penjualan, tidak ada masalah."},
	sayUnauthenticated: {
		"It accepts a request with a wrong token. Compare the token of each request before you trust it.",
		"Permintaan dengan token yang salah diterima. Bandingkan token setiap permintaan sebelum mempercayainya."},
	sayPending: {
		"A probe failed ({fault}) and is being confirmed: nothing to do yet.",
		"Satu pemeriksaan gagal ({fault}) dan sedang dipastikan: belum perlu berbuat apa-apa."},
	sayExpiring: {
		"Its certificate ends soon. Renew it before that, and reload the server.",
		"Sertifikatnya segera berakhir. Perbarui sebelum itu, lalu muat ulang server."},
	sayWarned: {
		"Its certificate works and needs a look ({fault}). Find out whether that was meant.",
		"Sertifikatnya berfungsi, tetapi perlu diperiksa ({fault}). Pastikan apakah itu disengaja."},
	saySlow: {
		"It answers later than it should. Answer 2xx at once, and do the work afterwards from a queue.",
		"Jawabannya lebih lambat dari semestinya. Jawab 2xx segera, dan kerjakan sisanya dari antrean."},
	sayRecovered: {
		"Deliveries failed ({fault}), and get through again. What is still missing comes with its retry, or can be sent again by hand.",
		"Pengiriman sempat gagal ({fault}), dan kini berhasil lagi. Yang masih kurang datang bersama percobaan ulangnya, atau dapat dikirim ulang secara manual."},
	sayNoData: {
		"We have no data about it. Nothing says that it is wrong, and nothing that it is well.",
		"Kami tidak memiliki data tentangnya. Tidak ada yang menyatakan salah, dan tidak ada yang menyatakan baik."},
}
