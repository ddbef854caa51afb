package traffic_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
)

func TestConfigValidates(t *testing.T) {
	t.Parallel()
	start := small(1).Start
	for name, tt := range map[string]struct {
		change func(*traffic.Config)
		want   []string // the fields at fault; none: it is good
	}{
		"the default":   {func(*traffic.Config) {}, nil},
		"the seed":      {func(c *traffic.Config) { *c = traffic.Seed000(1, 20) }, nil},
		"the roughness": {func(c *traffic.Config) { c.Rough = traffic.RoughBaseline() }, nil},
		"nothing at all": {func(c *traffic.Config) { *c = traffic.Config{} }, []string{
			"Start", "Length", "Rate", "Platform.Endpoints", "Platform.Merchants", "Platform"}},
		"what is no number": {func(c *traffic.Config) {
			c.Rate, c.Healthy, c.Rough.Sigma, c.Platform.Skew = math.NaN(), math.NaN(), math.NaN(), math.NaN()
		}, []string{"Rate", "Healthy", "Rough.Sigma", "Platform.Skew"}},
		"shares over 1":   {func(c *traffic.Config) { c.Healthy, c.Repeated, c.Duplicated = 1.1, -1, 2 }, []string{"Healthy", "Repeated", "Duplicated"}},
		"more merchants":  {func(c *traffic.Config) { c.Platform.Merchants = 201 }, []string{"Platform.Merchants"}},
		"a day too long":  {func(c *traffic.Config) { c.Length = 401 * 24 * time.Hour }, []string{"Length"}},
		"unknown places":  {func(c *traffic.Config) { c.Dead = []string{"ep-00201", "ep-1", "ep-00200"} }, []string{"Dead[0]", "Dead[1]"}},
		"a slow nobody":   {func(c *traffic.Config) { c.Slow = []traffic.Slow{{}} }, []string{"Slow[0].Endpoint", "Slow[0].Took"}},
		"a late nobody":   {func(c *traffic.Config) { c.LateChannels = []traffic.Late{{By: -1}} }, []string{"LateChannels[0].Channel", "LateChannels[0].By"}},
		"an endless flow": {func(c *traffic.Config) { c.Bursts = []traffic.Burst{{By: 1001}} }, []string{"Bursts[0].By"}},
		"an incident of nobody": {func(c *traffic.Config) {
			c.Incidents = []traffic.Incident{{Where: traffic.Where{Dimension: traffic.ByChannel, Value: "X"}}, {Where: traffic.Where{Dimension: 99}}}
		}, []string{"Incidents[0].Where", "Incidents[1].Where"}},
		"steps in disorder": {func(c *traffic.Config) {
			c.Incidents = []traffic.Incident{{Steps: []traffic.Step{{At: start.Add(1), Ratio: 2}, {At: start}}}}
		}, []string{"Incidents[0].Steps[0].Ratio", "Incidents[0].Steps[1].At"}},
		"failures that are none": {func(c *traffic.Config) {
			c.Failures = []traffic.Failure{{Status: 200, Weight: 1}, {Weight: 1}, {Status: 500}, {Status: 500, Weight: 1, Took: -1}}
		}, []string{"Failures[0]", "Failures[1]", "Failures[2].Weight", "Failures[3].Took"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := small(1)
			tt.change(&c)
			var got []string
			if err := c.Validate(); err != nil {
				for line := range strings.Lines(err.Error()) {
					field, _, _ := strings.Cut(line, ": ")
					got = append(got, field)
				}
			}
			if strings.Join(got, " ") != strings.Join(tt.want, " ") {
				t.Errorf("faults in %v, want %v", got, tt.want)
			}
		})
	}
}
