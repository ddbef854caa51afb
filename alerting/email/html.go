package email

import (
	"html/template"
	"strings"
)

// page is the HTML twin of the text: styles inline, because mail programs drop
// the others, and nothing that is fetched from anywhere. Read-only.
var page = template.Must(template.New("mail").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:16px;font-family:sans-serif;font-size:14px;line-height:1.4;color:#1a1a1a;background:#ffffff">
<p style="margin:0;font-weight:bold;text-transform:uppercase">{{.Word}}</p>
<h1 style="margin:0 0 12px;font-size:20px"><bdi>{{.Title}}</bdi></h1>
{{- with .Late}}
<p style="font-weight:bold">{{.}}</p>
{{- end}}
<table style="border-collapse:collapse">
{{- range .Rows}}
<tr><th style="padding:2px 12px 2px 0;text-align:left;vertical-align:top;white-space:nowrap">{{.Name}}</th><td style="padding:2px 0"><bdi>{{.Value}}</bdi></td></tr>
{{- end}}
</table>
{{- with .Heading}}
<h2 style="margin:16px 0 4px;font-size:16px">{{.}}</h2>
{{- end}}
{{- if .Members}}
<ul style="margin:0;padding-left:20px">
{{- range .Members}}
<li>{{.Word}} <b><bdi>{{.Name}}</bdi></b> <bdi>{{.Fault}}</bdi>{{with .Since}}, since {{.}}{{end}}{{with .Text}}<br><bdi>{{.}}</bdi>{{end}}</li>
{{- end}}
{{- with .More}}
<li>{{.}}</li>
{{- end}}
</ul>
{{- end}}
{{- with .Link}}
<p><a href="{{.}}">Open the incident</a></p>
{{- end}}
{{- with .Runbook}}
<p><a href="{{.}}">Runbook</a></p>
{{- end}}
<p style="margin-top:24px;color:#595959;font-size:12px">{{.Footer}}</p>
</body></html>
`))

func (l letter) html() (string, error) {
	var b strings.Builder
	err := page.Execute(&b, l)
	return b.String(), err
}
