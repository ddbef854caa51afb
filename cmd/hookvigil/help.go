package main

import "github.com/spf13/cobra"

// helpTemplate shows what a verb is for in one line, then examples: who asks
// for help wants to copy a line first and to read second.
const helpTemplate = `{{.Short}}

{{if .HasExample}}Examples:
{{.Example}}

{{end}}Usage:
  {{if .HasAvailableSubCommands}}{{.CommandPath}} VERB [flags]{{else}}{{.UseLine}}{{end}}
{{with .Long}}
{{trimTrailingWhitespaces .}}
{{end}}{{$cmds := .Commands}}{{range $group := .Groups}}
{{.Title}}
{{range $cmds}}{{if and (eq .GroupID $group.ID) .IsAvailableCommand}}  {{rpad .Name .NamePadding}} {{.Short}}
{{end}}{{end}}{{end}}{{if and .HasAvailableSubCommands (not .Groups)}}
Verbs:
{{range $cmds}}{{if .IsAvailableCommand}}  {{rpad .Name .NamePadding}} {{.Short}}
{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}
Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}
{{end}}{{if .HasAvailableInheritedFlags}}
Everywhere:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}
{{end}}`

// addHelp gives root its help, and a help verb that knows a wrong verb.
func addHelp(root *cobra.Command) {
	root.SetHelpTemplate(helpTemplate)
	help := &cobra.Command{
		Use:     "help [VERB]",
		Short:   "Say what a verb does and takes",
		Example: "  hookvigil help probe",
		GroupID: groupOther,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := root.Find(args)
			switch {
			case err == nil && len(rest) > 0 && about.HasSubCommands():
				return knownVerb(about, rest)
			case err != nil || len(rest) > 0:
				return knownVerb(root, args)
			}
			about.InitDefaultHelpFlag()
			about.InitDefaultVersionFlag()
			return about.Help()
		},
	}
	root.SetHelpCommand(help)
}
