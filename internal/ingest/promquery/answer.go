package promquery

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxSeries = 200     // of one answer: two hundred channels are more than a platform has
	maxLabel  = 256     // bytes of a product or channel, as in an attempt
	mostCount = 1 << 53 // above it a float has no whole numbers
)

// answer is what the API answers (https://prometheus.io/docs/prometheus/latest/querying/api/).
type answer struct {
	Status    string   `json:"status"`
	ErrorType string   `json:"errorType"`
	Error     string   `json:"error"`
	Warnings  []string `json:"warnings"`
	Infos     []string `json:"infos"`
	Data      struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
	} `json:"data"`
}

// row is one series of a vector, with one value, or of a matrix, with many.
type row struct {
	Metric map[string]string `json:"metric"`
	Value  *pair             `json:"value"`
	Values []pair            `json:"values"`
}

// pair is a time in seconds and a value in a string.
type pair struct {
	at    time.Time
	value float64
}

// UnmarshalJSON implements [json.Unmarshaler].
func (p *pair) UnmarshalJSON(text []byte) error {
	var at float64
	var value string
	parts := []any{&at, &value}
	if err := json.Unmarshal(text, &parts); err != nil {
		return err
	}
	if len(parts) != 2 || math.Abs(at) > 1e11 {
		return errors.New("a sample is not a time and a value")
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return errors.New("the value of a sample is no number")
	}
	*p = pair{at: time.UnixMilli(int64(math.Round(at * 1000))).UTC(), value: v}
	return nil
}

// usable reports whether the value can be one of a counter. The highest ones
// have no ones any more.
func (p pair) usable() bool { return p.value >= 0 && p.value < mostCount }

// series is one counter, as one answer gives it.
type series struct {
	key              string // all its labels: which counter it is
	product, channel string
	points           []pair // usable ones, in order of time; a vector has one
}

// read makes series of an answer. bad counts those without a usable value.
func (l Labels) read(a answer) (all []series, bad int, err error) {
	rows, err := rowsOf(a)
	if err != nil {
		return nil, 0, err
	}
	if len(rows) > maxSeries {
		return nil, 0, fmt.Errorf("%d series; want at most %d: leave labels out, as in sum by (channel, instance) (...)", len(rows), maxSeries)
	}
	for _, r := range rows {
		s := series{key: keyOf(r.Metric), points: r.Values}
		if r.Value != nil {
			s.points = []pair{*r.Value}
		}
		s.points = slices.DeleteFunc(s.points, func(p pair) bool { return !p.usable() })
		if l.Product != "" {
			s.product = r.Metric[l.Product]
		}
		if l.Channel != "" {
			s.channel = r.Metric[l.Channel]
		}
		if len(s.points) == 0 || len(s.product) > maxLabel || len(s.channel) > maxLabel {
			bad++
			continue
		}
		all = append(all, s)
	}
	return all, bad, nil
}

// rowsOf reads the result: a scalar is a vector of one series without labels.
func rowsOf(a answer) (rows []row, err error) {
	switch a.Data.ResultType {
	case "vector", "matrix":
		err = json.Unmarshal(a.Data.Result, &rows)
	case "scalar":
		rows = []row{{Value: new(pair)}}
		err = json.Unmarshal(a.Data.Result, rows[0].Value)
	default:
		return nil, fmt.Errorf("the result is a %q; want a vector of counters", cut(a.Data.ResultType, 20))
	}
	if err != nil {
		return nil, fmt.Errorf("the result is no %s: %s", a.Data.ResultType, cut(err.Error(), maxShown))
	}
	return rows, nil
}

// keyOf writes labels in one way.
func keyOf(metric map[string]string) string {
	var key strings.Builder
	for _, name := range slices.Sorted(maps.Keys(metric)) {
		fmt.Fprintf(&key, "%s=%q,", name, metric[name])
	}
	return key.String()
}

// cut makes a text of somebody else fit for one line of a log.
func cut(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\ufffd' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}
