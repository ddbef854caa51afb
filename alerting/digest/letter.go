package digest

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/hookvigil/hookvigil/alerting"
)

// Letter is a digest as a mail. All three are for the same reader: Text says
// what HTML shows.
type Letter struct {
	Subject string // one line
	Text    string
	HTML    string // complete, nothing is fetched from anywhere; below 100 kB
}

// mostHTML bounds a mail, in bytes: Gmail cuts off at 102 kB.
const mostHTML = 100_000

// Mail words f, which [Judge] has judged, for nobody in particular: [MailTo]
// without a link.
func Mail(f Facts) (Letter, error) { return MailTo(f, "") }

// MailTo words f, which [Judge] has judged, for one address: leave is where its
// digests end, http or https; empty, or no such address: the mail does not say.
// The platform's own never does. It is pure and safe for concurrent
// use: the same facts and link give the same bytes. It lists up to 50 endpoints, fewer
// where their names are monstrous, and says how many it leaves out.
func MailTo(f Facts, leave string) (Letter, error) {
	for entries := mostEntries; ; entries /= 2 {
		p := newPage(f, entries)
		if f.Kind != KindPlatform {
			p.Leave = alerting.Link(leave, longLink)
		}
		var b strings.Builder
		if err := sheet.Execute(&b, p); err != nil {
			return Letter{}, fmt.Errorf("word a digest: %w", err)
		}
		if b.Len() < mostHTML || entries == 0 {
			return Letter{Subject: alerting.Cut(p.Subject, 2*longText), Text: p.text(), HTML: b.String()}, nil
		}
	}
}

// colour returns what stands for the class of a badge or of a cell. Marks are set by attributes, which every mail program obeys.
func colour(class any) string {
	switch fmt.Sprint(class) {
	case string(Act), cellMost:
		return "#b42318"
	case string(Attention):
		return "#93590b"
	case string(OK):
		return "#067647"
	case cellSome:
		return "#fdb022"
	case cellGood:
		return "#a6e3bd"
	default:
		return "#d0d5dd"
	}
}

// dark is the colour of a cell in the dark form: no brighter than it must be to
// stand out from its card, and dark enough for white figures.
func dark(class string) string {
	switch class {
	case cellMost:
		return "#d92d20"
	case cellSome:
		return "#a86500"
	case cellGood:
		return "#1f7a4d"
	default:
		return "#606b78"
	}
}

// ink is the colour of the figure in a cell, which says what the cell's says.
func ink(class string) string {
	if class == cellMost {
		return "#ffffff"
	}
	return "#1d2939"
}

// sheet is the mail: tables and inline styles, because mail programs drop the
// others; what the style element adds (the dark form) may be dropped too.
// Read-only.
var sheet = template.Must(template.New("digest").Funcs(template.FuncMap{"colour": colour, "ink": ink, "dark": dark}).Parse(`<!DOCTYPE html>
<html lang="{{.Language}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><title>{{.Subject}}</title>
<style>
:root{color-scheme:light dark}
@media(prefers-color-scheme:dark){
body,.b{background:#101418!important;color:#e6e9ed!important}
.c{background:#1a2027!important;border-color:#39424d!important}
.m{color:#a9b3bf!important}
a{color:#8ab8ff!important}
.k-none{background:{{dark "none"}}!important}
.k-good{background:{{dark "good"}}!important}
.k-some{background:{{dark "some"}}!important;color:#ffffff!important}
.k-most{background:{{dark "most"}}!important;color:#ffffff!important}
}
</style></head>
<body class="b" style="margin:0;padding:0;background:#f2f4f7;color:#1d2939;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.45">
<table role="presentation" class="b" width="100%" cellpadding="0" cellspacing="0" style="background:#f2f4f7"><tr><td align="center" style="padding:12px 8px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;text-align:left;table-layout:fixed">
<tr><td bgcolor="{{colour .Class}}" style="background:{{colour .Class}};color:#ffffff;padding:14px 16px;border-radius:8px 8px 0 0">
<div style="font-size:13px;font-weight:bold">{{.Word}}</div>
<div style="font-size:21px;line-height:1.25;font-weight:bold">{{.Headline}}</div></td></tr>
<tr><td class="c" style="background:#ffffff;padding:12px 16px;border:1px solid #e4e7ec;border-top:0;border-radius:0 0 8px 8px">
<div style="font-weight:bold;overflow-wrap:anywhere"><bdi>{{.Title}}</bdi></div>
{{- range .Lines}}
<div class="m" style="color:#475467;font-size:14px">{{.}}</div>
{{- end}}</td></tr>
{{- if .Steps}}
<tr><td style="padding:18px 4px 6px;font-size:17px;font-weight:bold">{{.StepsTitle}}</td></tr>
<tr><td class="c" style="background:#ffffff;padding:4px 16px 10px;border:1px solid #e4e7ec;border-radius:8px">
{{- range .Steps}}
<div style="padding-top:8px;overflow-wrap:anywhere"><b><bdi>{{.Name}}</bdi></b><br><bdi>{{.Text}}</bdi></div>
{{- end}}</td></tr>
{{- end}}
{{- if .Entries}}
<tr><td style="padding:18px 4px 6px;font-size:17px;font-weight:bold">{{.EntriesTitle}}</td></tr>
{{- end}}
{{- range $i, $e := .Entries}}
<tr><td class="c" style="background:#ffffff;padding:10px 16px;border:1px solid #e4e7ec;{{if $i}}border-top:0;{{end}}overflow-wrap:anywhere">
<b><bdi>{{.Name}}</bdi></b> <span style="background:{{colour .Class}};color:#ffffff;padding:1px 7px;border-radius:9px;font-size:12px">{{.Word}}</span>
{{- with .URL}}<br><span class="m" style="color:#475467;font-size:13px"><bdi>{{.}}</bdi></span>{{end}}
<div style="font-size:14px">
{{- range .Rows}}{{with .Label}}<span class="m" style="color:#475467">{{.}}:</span> {{end}}<bdi>{{.Value}}</bdi><br>
{{end}}</div>
{{- if .Strip}}
<div class="m" style="color:#475467;font-size:13px;padding:4px 0 2px">{{.StripTitle}}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="2" style="table-layout:fixed;font-size:11px"><tr height="18">
{{- range .Strip}}<td class="k-{{.Class}}" align="center" bgcolor="{{colour .Class}}" style="color:{{ink .Class}}">{{.Text}}</td>{{end}}</tr></table>
{{- end}}</td></tr>
{{- end}}
{{- with .EntriesMore}}
<tr><td class="m" style="color:#475467;padding:6px 4px">{{.}}</td></tr>
{{- end}}
{{- range $t := .Tables}}
<tr><td style="padding:18px 4px 6px;font-size:17px;font-weight:bold">{{.Title}}</td></tr>
<tr><td class="c" style="background:#ffffff;padding:4px 16px 10px;border:1px solid #e4e7ec;border-radius:8px;overflow-wrap:anywhere">
{{- with .Note}}
<div class="m" style="color:#475467;font-size:13px;padding-top:6px">{{.}}</div>
{{- end}}
{{- range .Rows}}
<div style="padding-top:8px;font-size:14px">{{range $i, $v := .}}{{if $v}}{{if $i}}<br><span class="m" style="color:#475467">{{index $t.Head $i}}:</span> <bdi>{{$v}}</bdi>{{else}}<b><bdi>{{$v}}</bdi></b>{{end}}{{end}}{{end}}</div>
{{- end}}
{{- with .More}}
<div class="m" style="color:#475467;padding-top:8px">{{.}}</div>
{{- end}}</td></tr>
{{- end}}
<tr><td class="m" style="color:#475467;font-size:13px;padding:18px 4px">
{{- with .Link}}<a href="{{.}}" style="color:#175cd3">{{$.Open}}</a><br>{{end}}
{{- range .Footer}}<bdi>{{.}}</bdi><br>
{{end}}
{{- with .Leave}}<a href="{{.}}" style="color:#175cd3">{{$.Leaves}}</a><br>
{{end}}</td></tr>
</table></td></tr></table>
</body></html>
`))
