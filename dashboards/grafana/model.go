package grafana

import (
	"bytes"
	"encoding/json"
)

// schemaVersion is of Grafana 11: the last one of the classic model that
// Grafana 13 still reads is 41 (reference ecosystem.md section 3).
const schemaVersion = 39

// Dashboard is one dashboard in Grafana's classic JSON model. [All] makes
// them; the fields are Grafana's own.
type Dashboard struct {
	UID           string     `json:"uid"` // stable: links and provisioning go by it
	Title         string     `json:"title"`
	Description   string     `json:"description"`
	Tags          []string   `json:"tags"`
	Editable      bool       `json:"editable"` // false: a change belongs into this package
	SchemaVersion int        `json:"schemaVersion"`
	GraphTooltip  int        `json:"graphTooltip"` // 1: one crosshair for all panels
	Refresh       string     `json:"refresh"`
	Timezone      string     `json:"timezone"`
	Time          Span       `json:"time"`
	Templating    Templating `json:"templating"`
	Annotations   List       `json:"annotations"`
	Links         []Link     `json:"links"`
	Panels        []Panel    `json:"panels"`

	file string
}

// File is the name of the file that holds d, without a folder.
func (d Dashboard) File() string { return d.file }

// JSON returns d as it stands in its file: indented, with PromQL readable, and
// the same bytes at each call.
func (d Dashboard) JSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Span is the time that is shown at first, in Grafana's relative spelling.
type Span struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// List is an empty list in Grafana's wrapping.
type List struct {
	List []struct{} `json:"list"`
}

// Templating holds the variables of a dashboard.
type Templating struct {
	List []Variable `json:"list"`
}

// Variable is a choice at the top of a dashboard.
type Variable struct {
	Name       string   `json:"name"`
	Label      string   `json:"label"`
	Type       string   `json:"type"` // datasource or query
	Datasource *Source  `json:"datasource,omitempty"`
	Query      any      `json:"query"` // the kind of data source, or a VariableQuery
	Definition string   `json:"definition,omitempty"`
	Refresh    int      `json:"refresh"` // 1: on load, 2: and when the time changes
	Sort       int      `json:"sort"`
	Multi      bool     `json:"multi"`
	IncludeAll bool     `json:"includeAll"`
	AllValue   string   `json:"allValue,omitempty"`
	Current    Current  `json:"current"`
	Options    []string `json:"options"`
}

// VariableQuery asks Prometheus for the values of a label.
type VariableQuery struct {
	Query string `json:"query"`
	RefID string `json:"refId"`
}

// Current is what is chosen at first: a text, or several where a variable is
// Multi. Empty texts leave it to Grafana.
type Current struct {
	Text  any `json:"text"`
	Value any `json:"value"`
}

// Source names a data source.
type Source struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Link leads to a page: of one panel, or, by tag, to other dashboards. The
// schema requires every field but the URL.
type Link struct {
	Title       string   `json:"title"`
	Type        string   `json:"type"` // link or dashboards
	Icon        string   `json:"icon"`
	Tooltip     string   `json:"tooltip"`
	URL         string   `json:"url,omitempty"` // of a link
	Tags        []string `json:"tags"`          // of the dashboards that are meant
	AsDropdown  bool     `json:"asDropdown"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
	TargetBlank bool     `json:"targetBlank"`
}

// Grid is a place on the grid, which is 24 columns wide.
type Grid struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

// Panel is one picture, or the heading of a row.
type Panel struct {
	ID              int              `json:"id"` // unique in its dashboard
	Type            string           `json:"type"`
	Title           string           `json:"title"`
	Description     string           `json:"description,omitempty"`
	GridPos         Grid             `json:"gridPos"`
	Collapsed       *bool            `json:"collapsed,omitempty"` // of a row alone
	Panels          *[]Panel         `json:"panels,omitempty"`    // of a row alone: those that it hides
	Datasource      *Source          `json:"datasource,omitempty"`
	Targets         []Target         `json:"targets,omitempty"`
	FieldConfig     *FieldConfig     `json:"fieldConfig,omitempty"`
	Options         any              `json:"options,omitempty"`
	Transformations []Transformation `json:"transformations,omitempty"`
	Links           []Link           `json:"links,omitempty"`
}

// Target is one query.
type Target struct {
	RefID        string  `json:"refId"`
	Datasource   *Source `json:"datasource"`
	Expr         string  `json:"expr"`
	LegendFormat string  `json:"legendFormat,omitempty"`
	Format       string  `json:"format"` // time_series, table or heatmap
	Instant      bool    `json:"instant"`
	Range        bool    `json:"range"`
	EditorMode   string  `json:"editorMode"`
}

// Transformation reshapes answers before they are drawn.
type Transformation struct {
	ID      string `json:"id"`
	Options any    `json:"options"`
}

// FieldConfig says how values look.
type FieldConfig struct {
	Defaults  Field      `json:"defaults"`
	Overrides []Override `json:"overrides"`
}

// Field is how values look that no override names.
type Field struct {
	Unit       string      `json:"unit"`
	Min        *float64    `json:"min,omitempty"`
	Max        *float64    `json:"max,omitempty"`
	Decimals   *int        `json:"decimals,omitempty"`
	NoValue    string      `json:"noValue,omitempty"`
	Color      Color       `json:"color"`
	Thresholds *Thresholds `json:"thresholds,omitempty"`
	Mappings   []Mapping   `json:"mappings,omitempty"`
	Custom     any         `json:"custom,omitempty"`
}

// Color says where a colour comes from.
type Color struct {
	Mode  string `json:"mode"`
	Fixed string `json:"fixedColor,omitempty"`
}

// Thresholds colour values, from the lowest step up.
type Thresholds struct {
	Mode  string `json:"mode"`
	Steps []Step `json:"steps"`
}

// Step is where a colour begins; nil is below everything.
type Step struct {
	Color string   `json:"color"`
	Value *float64 `json:"value"`
}

// Mapping shows words in place of values.
type Mapping struct {
	Type    string          `json:"type"`
	Options map[string]Word `json:"options"`
}

// Word stands for a value.
type Word struct {
	Text  string `json:"text"`
	Color string `json:"color"`
	Index int    `json:"index"`
}

// Override is how the values of one name look.
type Override struct {
	Matcher    Matcher    `json:"matcher"`
	Properties []Property `json:"properties"`
}

// Matcher picks fields.
type Matcher struct {
	ID      string `json:"id"`
	Options string `json:"options"`
}

// Property is one thing that an override changes.
type Property struct {
	ID    string `json:"id"`
	Value any    `json:"value"`
}
