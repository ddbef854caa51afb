package grafana

import (
	"maps"
	"slices"
)

// reduce takes the last value of each series.
type reduce struct {
	Calcs  []string `json:"calcs"`
	Fields string   `json:"fields"`
	Values bool     `json:"values"`
}

func last() reduce { return reduce{Calcs: []string{"lastNotNull"}} }

// statOptions and the other options hold what Grafana's schema requires, its
// own defaults spelled out.
type statOptions struct {
	ReduceOptions          reduce `json:"reduceOptions"`
	ColorMode              string `json:"colorMode"`
	GraphMode              string `json:"graphMode"`
	TextMode               string `json:"textMode"`
	Orientation            string `json:"orientation"`
	JustifyMode            string `json:"justifyMode"`
	WideLayout             bool   `json:"wideLayout"`
	ShowPercentChange      bool   `json:"showPercentChange"`
	PercentChangeColorMode string `json:"percentChangeColorMode"`
}

// stat shows one number, or one word, of now.
func stat(q question) Panel {
	p := q.panel("stat", Grid{W: 4, H: 4})
	p.Targets = q.now("time_series")
	o := statOptions{
		ReduceOptions: last(), ColorMode: "value", GraphMode: "none", TextMode: "value", Orientation: "auto", JustifyMode: "center",
		WideLayout: true, PercentChangeColorMode: "standard",
	}
	if q.named {
		o.TextMode = "name"
	}
	p.Options = o
	return p
}

type barOptions struct {
	ReduceOptions reduce        `json:"reduceOptions"`
	DisplayMode   string        `json:"displayMode"`
	Orientation   string        `json:"orientation"`
	ShowUnfilled  bool          `json:"showUnfilled"`
	ValueMode     string        `json:"valueMode"`
	NamePlacement string        `json:"namePlacement"`
	Sizing        string        `json:"sizing"`
	MinVizWidth   int           `json:"minVizWidth"`
	MinVizHeight  int           `json:"minVizHeight"`
	MaxVizHeight  int           `json:"maxVizHeight"`
	Legend        legendOptions `json:"legend"`
}

// bars compares numbers of now.
func bars(q question) Panel {
	p := q.panel("bargauge", Grid{W: 8, H: 8})
	p.Targets = q.now("time_series")
	p.Options = barOptions{
		ReduceOptions: last(), DisplayMode: "basic", Orientation: "horizontal", ShowUnfilled: true, ValueMode: "color",
		NamePlacement: "auto", Sizing: "auto", MinVizWidth: 8, MinVizHeight: 16, MaxVizHeight: 300,
		Legend: legendOptions{DisplayMode: "list", Placement: "bottom", Calcs: []string{}},
	}
	return p
}

type chartOptions struct {
	Legend  legendOptions  `json:"legend"`
	Tooltip tooltipOptions `json:"tooltip"`
}

type legendOptions struct {
	DisplayMode string   `json:"displayMode"`
	Placement   string   `json:"placement"`
	ShowLegend  bool     `json:"showLegend"`
	Calcs       []string `json:"calcs"`
}

type tooltipOptions struct {
	Mode string `json:"mode"`
	Sort string `json:"sort"`
}

type lineStyle struct {
	DrawStyle         string   `json:"drawStyle"`
	LineInterpolation string   `json:"lineInterpolation"`
	LineWidth         int      `json:"lineWidth"`
	FillOpacity       int      `json:"fillOpacity"`
	ShowPoints        string   `json:"showPoints"`
	SpanNulls         bool     `json:"spanNulls"` // false: a gap in the data is a gap
	Stacking          stacking `json:"stacking"`
	ThresholdsStyle   mode     `json:"thresholdsStyle"`
}

type stacking struct {
	Mode  string `json:"mode"`
	Group string `json:"group"`
}

type mode struct {
	Mode string `json:"mode"`
}

// chart shows how numbers went. Limits are drawn as dashed lines.
func chart(q question) Panel {
	p := q.panel("timeseries", Grid{W: 12, H: 8})
	p.Targets = q.ranged("time_series")
	style := lineStyle{
		DrawStyle: "line", LineInterpolation: "linear", LineWidth: 1, FillOpacity: 10, ShowPoints: "auto",
		Stacking: stacking{Mode: "none", Group: "A"}, ThresholdsStyle: mode{"off"},
	}
	if q.stacked {
		style.LineInterpolation, style.FillOpacity, style.Stacking.Mode = "stepAfter", 60, "normal"
	}
	if len(q.limits) > 0 {
		style.ThresholdsStyle.Mode = "dashed"
	}
	p.FieldConfig.Defaults.Color = Color{Mode: "palette-classic"}
	p.FieldConfig.Defaults.Custom = style
	p.Options = chartOptions{
		Legend:  legendOptions{DisplayMode: "list", Placement: "bottom", ShowLegend: true, Calcs: []string{}},
		Tooltip: tooltipOptions{Mode: "multi", Sort: "desc"},
	}
	return p
}

type heatOptions struct {
	Calculate  bool      `json:"calculate"` // false: the answer is buckets already
	CellGap    int       `json:"cellGap"`
	Color      heatColor `json:"color"`
	YAxis      heatAxis  `json:"yAxis"`
	RowsFrame  heatRows  `json:"rowsFrame"`
	Tooltip    heatTip   `json:"tooltip"`
	Legend     heatShow  `json:"legend"`
	ShowValue  string    `json:"showValue"`
	CellValues heatUnit  `json:"cellValues"`
	Exemplars  heatDots  `json:"exemplars"`
}

type (
	heatColor struct {
		Mode     string  `json:"mode"`
		Scheme   string  `json:"scheme"`
		Steps    int     `json:"steps"`
		Reverse  bool    `json:"reverse"`
		Exponent float64 `json:"exponent"` // of the other mode, opacity; so is Fill
		Fill     string  `json:"fill"`
	}
	heatAxis struct {
		Unit string `json:"unit"`
	}
	heatRows struct {
		Layout string `json:"layout"`
	}
	heatTip struct {
		Mode  string `json:"mode"`
		YHist bool   `json:"yHistogram"`
	}
	heatShow struct {
		Show bool `json:"show"`
	}
	heatUnit struct {
		Unit string `json:"unit"`
	}
	heatDots struct {
		Color string `json:"color"`
	}
)

// heat shows how a histogram's buckets filled. q.unit is that of the buckets.
func heat(q question) Panel {
	p := q.panel("heatmap", Grid{W: 12, H: 8})
	p.Targets = q.ranged("heatmap")
	p.Options = heatOptions{
		CellGap: 1, Color: heatColor{Mode: "scheme", Scheme: "Oranges", Steps: 64, Exponent: 0.5, Fill: "dark-orange"}, YAxis: heatAxis{q.unit},
		RowsFrame: heatRows{Layout: "auto"}, Tooltip: heatTip{Mode: "single"}, Legend: heatShow{true}, ShowValue: "never",
		CellValues: heatUnit{unitCount}, Exemplars: heatDots{"rgba(255,0,255,0.7)"},
	}
	return p
}

type tableOptions struct {
	FrameIndex int    `json:"frameIndex"`
	ShowHeader bool   `json:"showHeader"`
	CellHeight string `json:"cellHeight"`
	SortBy     []sort `json:"sortBy"`
}

type sort struct {
	DisplayName string `json:"displayName"`
	Desc        bool   `json:"desc"`
}

type organize struct {
	ExcludeByName map[string]bool   `json:"excludeByName"`
	IndexByName   map[string]int    `json:"indexByName"`
	RenameByName  map[string]string `json:"renameByName"`
}

// column is a label, or a query's Value, and what its heading says.
type column struct{ field, heading string }

// table shows labels and values of now in columns; what no column names is
// left out. Rows are sorted by the heading by, the lowest or the highest first.
func table(q question, by string, desc bool, list ...column) Panel {
	p := q.panel("table", Grid{W: 12, H: 8})
	p.Targets = q.now("table")
	o := organize{ExcludeByName: map[string]bool{"Time": true}, IndexByName: map[string]int{}, RenameByName: map[string]string{}}
	for i, c := range list {
		o.IndexByName[c.field], o.RenameByName[c.field] = i, c.heading
	}
	for i := range q.queries {
		name := "Value"
		if len(q.queries) > 1 {
			name += " #" + p.Targets[i].RefID
		}
		if _, shown := o.IndexByName[name]; !shown {
			o.ExcludeByName[name] = true
		}
	}
	if len(q.limits) > 0 { // numbers alone: a label has no limit
		p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, Override{
			Matcher:    Matcher{ID: "byType", Options: "number"},
			Properties: []Property{{ID: "custom.cellOptions", Value: map[string]string{"type": "color-text"}}},
		})
	}
	p.Transformations = []Transformation{{ID: "merge", Options: struct{}{}}, {ID: "organize", Options: o}}
	p.Options = tableOptions{ShowHeader: true, CellHeight: "sm", SortBy: []sort{{by, desc}}}
	return p
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
