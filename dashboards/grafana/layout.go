package grafana

// columns is how wide Grafana's grid is.
const columns = 24

// section is a row's heading and the panels below it.
type section struct {
	title  string
	panels []Panel
}

// place gives every panel its ID and its place: from left to right, a new line
// where one is full. A line is as high as its highest panel. Panels come with
// the width and height that they want.
func place(sections []section) []Panel {
	var (
		all  []Panel
		y    int
		open = false
		none = []Panel{} // a row that is open hides none
	)
	for _, s := range sections {
		row := Panel{ID: len(all) + 1, Type: "row", Title: s.title, Collapsed: &open, Panels: &none, GridPos: Grid{H: 1, W: columns, Y: y}}
		all = append(all, row)
		y++
		x, high := 0, 0
		for _, p := range s.panels {
			if x+p.GridPos.W > columns {
				x, y, high = 0, y+high, 0
			}
			p.ID, p.GridPos.X, p.GridPos.Y = len(all)+1, x, y
			all = append(all, p)
			x, high = x+p.GridPos.W, max(high, p.GridPos.H)
		}
		y += high
	}
	return all
}
