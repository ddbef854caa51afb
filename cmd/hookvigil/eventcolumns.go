package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// terminalWidth is how wide a table may be, in cells.
const terminalWidth = 100

// cutMark stands where a text was cut.
const cutMark = "…"

// column is one column of a table.
type column struct {
	head  string
	least int  // it gives way down to so many cells; 0: never
	drop  bool // and then goes away altogether
}

// columns is a table whose columns give way when it is too wide.
type columns struct {
	heads []column
	give  []int // columns by who gives way first
	rows  [][]string
}

// print writes the table within a width. Under each row stand its notes,
// indented; notes may be nil.
func (t columns) print(out io.Writer, width int, notes func(row int) []string) {
	wide := t.fit(width)
	heads := make([]string, len(t.heads))
	for i, c := range t.heads {
		heads[i] = c.head
	}
	printRow(out, heads, wide)
	for i, row := range t.rows {
		printRow(out, row, wide)
		if notes == nil {
			continue
		}
		for _, n := range notes(i) {
			fmt.Fprintln(out, "   "+cut(n, width-3))
		}
	}
}

// fit returns the width of each column; negative: it is left out.
func (t columns) fit(width int) []int {
	wide, total := make([]int, len(t.heads)), -2
	for i, c := range t.heads {
		wide[i] = cells(c.head)
		for _, row := range t.rows {
			wide[i] = max(wide[i], cells(row[i]))
		}
		total += wide[i] + 2
	}
	for _, i := range t.give {
		c, over := t.heads[i], total-width
		switch {
		case over <= 0:
			return wide
		case wide[i]-over >= c.least:
			wide[i], total = wide[i]-over, total-over
		case c.drop:
			wide[i], total = -1, total-wide[i]-2
		case wide[i] > c.least:
			wide[i], total = c.least, total-wide[i]+c.least
		}
	}
	return wide
}

func printRow(out io.Writer, row []string, wide []int) {
	var b strings.Builder
	for i, s := range row {
		if wide[i] < 0 {
			continue
		}
		s = cut(s, wide[i])
		b.WriteString(s + strings.Repeat(" ", max(wide[i]-cells(s), 0)+2))
	}
	fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
}

// cut shortens s to a width in cells, and says so by a mark. Accents that pile
// up on one letter are left out: they would cover other lines.
func cut(s string, width int) string {
	s = leveled(s)
	used := 0
	for at, c := range s {
		if used += cellsOf(c); used > width {
			return cutTo(s[:at], width-1) + cutMark
		}
	}
	return s
}

// leveled returns s with at most so many characters without a width in a row.
func leveled(s string) string {
	const most = 3
	flat := 0
	return strings.Map(func(c rune) rune {
		if cellsOf(c) > 0 {
			flat = 0
			return c
		}
		if flat++; flat > most {
			return -1
		}
		return c
	}, s)
}

// cutTo drops characters from the end of s until it has at most so many cells.
func cutTo(s string, width int) string {
	runes := []rune(s)
	for len(runes) > 0 && cells(string(runes)) > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes)
}

// cells is how wide a terminal shows s.
func cells(s string) int {
	n := 0
	for _, c := range s {
		n += cellsOf(c)
	}
	return n
}

// cellsOf is how wide a terminal shows one character, as far as that is a
// matter of its script.
func cellsOf(c rune) int {
	switch {
	case c < 0x300:
		return 1
	case unicode.In(c, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul),
		c >= 0x3000 && c <= 0x303f, c >= 0xff01 && c <= 0xff60, c >= 0xffe0 && c <= 0xffe6, c >= 0x1f300 && c <= 0x1faff:
		return 2
	default:
		return 1
	}
}
