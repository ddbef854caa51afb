package merchants

import (
	"html/template"
	"strings"
)

// sheet is the HTML twin of the text: inline styles, because mail programs drop
// the others, and nothing that is fetched from anywhere. Read-only.
var sheet = template.Must(template.New("merchant").Funcs(template.FuncMap{"colour": colour}).Parse(`<!DOCTYPE html>
<html lang="{{.Language}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:12px 8px;background:#f2f4f7;color:#1d2939;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.45">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;margin:0 auto;text-align:left;table-layout:fixed">
<tr><td bgcolor="{{colour .Class}}" style="background:{{colour .Class}};color:#ffffff;padding:14px 16px;border-radius:8px 8px 0 0;overflow-wrap:anywhere">
<div style="font-size:20px;line-height:1.25;font-weight:bold"><bdi>{{.Headline}}</bdi></div></td></tr>
<tr><td bgcolor="#ffffff" style="background:#ffffff;padding:12px 16px 16px;border:1px solid #e4e7ec;border-top:0;border-radius:0 0 8px 8px;overflow-wrap:anywhere">
<p style="margin:0"><bdi>{{.Hello}}</bdi></p>
{{- range .Opening}}
<p style="margin:10px 0 0"><bdi>{{.}}</bdi></p>
{{- end}}
{{- range .Sections}}
<h2 style="margin:18px 0 4px;font-size:16px">{{.Heading}}</h2>
{{if .Numbered}}<ol style="margin:0;padding-left:22px">{{else}}<ul style="margin:0;padding-left:22px">{{end}}
{{- range .Items}}
<li style="margin:0 0 4px">{{with .Name}}<b><bdi>{{.}}</bdi></b>: {{end}}<bdi>{{.Text}}</bdi></li>
{{- end}}
{{if .Numbered}}</ol>{{else}}</ul>{{end}}
{{- end}}
{{- with .Closing}}
<p style="margin:18px 0 0">{{.}}</p>
{{- end}}
</td></tr>
<tr><td style="color:#475467;font-size:13px;padding:12px 4px">
{{- range .Footer}}
<bdi>{{.}}</bdi><br>
{{- end}}
</td></tr>
</table>
</body></html>
`))

// colour stands for the class of a mail; white letters can be read on each.
func colour(class string) string {
	switch class {
	case classGood:
		return "#067647"
	case classWatch:
		return "#93590b"
	default:
		return "#b42318"
	}
}

func (p page) html() (string, error) {
	var b strings.Builder
	err := sheet.Execute(&b, p)
	return b.String(), err
}
