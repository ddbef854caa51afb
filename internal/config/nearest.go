package config

import (
	"fmt"
	"slices"
	"strings"
)

// nearest returns the known word that a wrong one was most likely meant to
// be, and false when none is near. Case, - and _ do not count, and a slip (a
// letter too many, too few, wrong, or two swapped) is allowed for every third
// letter.
func nearest(word string, known []string) (string, bool) {
	word = folded(word)
	best, least := "", len(word)/3+1
	if len(word) < 3 {
		least = 1
	}
	for _, k := range slices.Sorted(slices.Values(known)) {
		if d := slips(word, folded(k), least); d < least {
			best, least = k, d
		}
	}
	return best, best != ""
}

func folded(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
}

// slips counts the single slips that lead from a to b (optimal string
// alignment), and limit when there are as many or more.
func slips(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := last[j-1]
			if a[i-1] != b[j-1] {
				wrong++
			}
			row[j] = min(wrong, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return min(row[len(b)], limit)
}

// didYouMean is a hint: the nearest known word, else all of them.
func didYouMean(word string, known []string) string {
	if near, ok := nearest(word, known); ok {
		return fmt.Sprintf("did you mean %s?", near)
	}
	if len(known) == 1 {
		return "only " + known[0] + " is known here"
	}
	return "one of " + strings.Join(known, ", ")
}
