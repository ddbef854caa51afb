package email

import (
	"html/template"
	"strings"
)

// page is the HTML twin of the text: styles inline, because mail programs drop
// the others, and nothing that is fetched from anywhere. Read-only.
var page = template.Must(template.New("mail").Funcs(template.FuncMap{"colour": colour}).Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:12px 8px;background:#f2f4f7;color:#1d2939;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.45">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:640px;margin:0 auto;text-align:left;table-layout:fixed">
<tr><td bgcolor="{{colour .Tone}}" style="background:{{colour .Tone}};color:#ffffff;padding:14px 16px;border-radius:8px 8px 0 0;overflow-wrap:anywhere">
<div style="font-size:13px;font-weight:bold;text-transform:uppercase">{{.Word}}</div>
<div style="font-size:21px;line-height:1.25;font-weight:bold"><bdi>{{.Title}}</bdi></div></td></tr>
<tr><td bgcolor="#ffffff" style="background:#ffffff;padding:12px 16px 16px;border:1px solid #e4e7ec;border-top:0;border-radius:0 0 8px 8px;overflow-wrap:anywhere">
{{- range .Lead}}
<p style="margin:0 0 6px;font-weight:bold"><bdi>{{.}}</bdi></p>
{{- end}}
{{- with .Command}}
<p style="margin:10px 0 0">Take it: <code style="background:#f2f4f7;padding:2px 6px;border-radius:4px;font-size:14px">{{.}}</code></p>
{{- end}}
{{- with .Link}}
<p style="margin:10px 0 0"><a href="{{.}}" style="color:#175cd3;font-weight:bold">Open the incident</a></p>
{{- end}}
{{- range .Parts}}
<h2 style="margin:18px 0 4px;font-size:16px">{{.Heading}}</h2>
<table style="border-collapse:collapse;font-size:14px">
{{- range .Rows}}
<tr><th style="padding:2px 12px 2px 0;text-align:left;vertical-align:top;white-space:nowrap;color:#475467;font-weight:normal">{{.Name}}</th><td style="padding:2px 0;overflow-wrap:anywhere"><bdi>{{.Value}}</bdi></td></tr>
{{- end}}
</table>
{{- end}}
{{- with .Heading}}
<h2 style="margin:18px 0 4px;font-size:16px">{{.}}</h2>
{{- end}}
{{- if .Members}}
<ul style="margin:0;padding-left:20px;font-size:14px">
{{- range .Members}}
<li>{{.Word}} <b><bdi>{{.Name}}</bdi></b> <bdi>{{.Fault}}</bdi>{{with .Since}}, since {{.}}{{end}}{{with .Text}}<br><bdi>{{.}}</bdi>{{end}}</li>
{{- end}}
{{- with .More}}
<li>{{.}}</li>
{{- end}}
</ul>
{{- end}}
{{- with .Runbook}}
<p style="margin:16px 0 0"><a href="{{.}}" style="color:#175cd3">Runbook</a></p>
{{- end}}
</td></tr>
<tr><td style="color:#475467;font-size:13px;padding:12px 4px">{{.Footer}}</td></tr>
</table>
</body></html>
`))

// colour stands for a tone; white letters can be read on each.
func colour(t tone) string {
	switch t {
	case toneBad:
		return "#b42318"
	case toneWatch:
		return "#93590b"
	case toneGood:
		return "#067647"
	default:
		return "#475467"
	}
}

func (l letter) html() (string, error) {
	var b strings.Builder
	err := page.Execute(&b, l)
	return b.String(), err
}
