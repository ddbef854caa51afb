package rules_test

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

func TestBucketQuantiles(t *testing.T) {
	t.Parallel()
	var b rules.Bucket
	if _, ok := b.Took.Quantile(0.5); ok {
		t.Error("an empty bucket has a median")
	}
	for range 90 {
		b.Add(probes.FaultNone, 100*time.Millisecond)
	}
	for range 10 {
		b.Add(probes.FaultHTTP5xx, 20*time.Second)
	}
	b.Add(probes.FaultTimeoutResponse, -1)
	if b.Total() != 101 || b.Failed() != 11 {
		t.Errorf("%d of %d failed, want 11 of 101", b.Failed(), b.Total())
	}
	for q, want := range map[float64]time.Duration{0.5: 100 * time.Millisecond, 0.9: 100 * time.Millisecond, 0.95: 20 * time.Second, 1: 20 * time.Second} {
		if got, _ := b.Took.Quantile(q); got > want || float64(got) < 0.999*float64(want) {
			t.Errorf("quantile %g is %s, want %s or 0.1 %% less", q, got, want)
		}
	}
}

func TestQuantilesAreNeverLongerThanTheLongest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Minute)), 1, 200).Draw(t, "times")
		slices.Sort(times)
		var b rules.Bucket
		for _, took := range times {
			b.Add(probes.FaultNone, time.Duration(took))
		}
		last := time.Duration(0)
		for _, q := range []float64{0, 0.5, 0.95, 0.99, 1} {
			got, _ := b.Took.Quantile(q)
			want := time.Duration(times[max(int(math.Ceil(q*float64(len(times)))), 1)-1])
			if got > time.Duration(times[len(times)-1]) || got < last {
				t.Fatalf("quantile %g is %s, of times up to %s, after %s", q, got, time.Duration(times[len(times)-1]), last)
			}
			if off := (got - want).Abs(); off > max(want/5, time.Millisecond) {
				t.Fatalf("quantile %g is %s, want %s to a fifth", q, got, want)
			}
			last = got
		}
	})
}

func TestBucketForgetsWhatIsRemoved(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := genBucket(t)
		was := b.Took
		took := time.Duration(rapid.Int64Range(0, int64(2*time.Minute)).Draw(t, "took"))
		b.Add(probes.FaultHTTP5xx, took)
		b.Remove(probes.FaultHTTP5xx, took)
		if b.Took != was {
			t.Fatalf("got %+v, was %+v", b.Took, was)
		}
	})
}

// A place has room for all its times, at rest too.
func TestManyAnswersAreToldAsExactlyAsFew(t *testing.T) {
	t.Parallel()
	var b, back rules.Bucket
	for range 1000 {
		b.Add(probes.FaultNone, 1180*time.Millisecond)
	}
	for range 20 { // a thousand million of them
		b.Merge(b)
	}
	raw, err := b.MarshalBinary()
	if err != nil || back.UnmarshalBinary(raw) != nil || back.Took != b.Took {
		t.Fatalf("read back: %v", err)
	}
	if got, _ := back.Took.Quantile(0.5); got > 1180*time.Millisecond || got < 1178*time.Millisecond {
		t.Errorf("half of %d answers within %s, all took 1.18 s", back.Took.Count(), got)
	}
}

// What version 1 stored says nothing of where in its place a time lies.
func TestBucketsOfTheVersionBeforeAreRead(t *testing.T) {
	t.Parallel()
	v1 := []byte{1, 0, 0, 1, 4, 'n', 'o', 'n', 'e', 20, 31, 10} // 10 answers in (181 ms, 215.3 ms]
	var b rules.Bucket
	if err := b.UnmarshalBinary(v1); err != nil {
		t.Fatal(err)
	}
	if got, _ := b.Took.Quantile(0.99); b.Took.Count() != 10 || (got-181*time.Millisecond).Abs() > time.Millisecond {
		t.Errorf("99 %% of %d within %s, want of 10 within the shortest of the place, 181ms", b.Took.Count(), got)
	}
	for range 10 {
		b.Add(probes.FaultNone, 200*time.Millisecond)
	}
	data, err := b.MarshalBinary()
	if err != nil || data[0] != rules.BucketVersion {
		t.Fatalf("written as version %d, %v; want %d", data[0], err, rules.BucketVersion)
	}
}

func TestBucketAvailability(t *testing.T) {
	t.Parallel()
	var b rules.Bucket
	if _, known := b.Availability(); known {
		t.Error("nothing is covered, and yet there is an availability")
	}
	b.Cover(9*time.Minute, false)
	b.Cover(time.Minute, true)
	if got, _ := b.Availability(); got != 0.9 {
		t.Errorf("got %s, want 90%%", got)
	}
}

func genBucket(t *rapid.T) rules.Bucket {
	var b rules.Bucket
	for range rapid.IntRange(0, 30).Draw(t, "n") {
		fault := rapid.SampledFrom(probes.Faults()).Draw(t, "fault")
		b.Add(fault, time.Duration(rapid.Int64Range(-1, int64(2*time.Minute)).Draw(t, "took")))
	}
	b.Cover(time.Duration(rapid.Int64Range(0, int64(rules.BucketLength)).Draw(t, "covered")), rapid.Bool().Draw(t, "bad"))
	return b
}

func TestBucketsMergeInAnyOrderAndSurviveRest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := genBucket(t), genBucket(t)
		var ab, ba rules.Bucket
		ab.Merge(a)
		ab.Merge(b)
		ba.Merge(b)
		ba.Merge(a)
		if !reflect.DeepEqual(ab, ba) {
			t.Fatalf("got %+v and %+v", ab, ba)
		}
		data, err := ab.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var back rules.Bucket
		if err := back.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		if back.Total() != ab.Total() || back.Covered != ab.Covered || back.Down != ab.Down || back.Took != ab.Took {
			t.Fatalf("came back as %+v, was %+v", back, ab)
		}
	})
}

func FuzzBucket(f *testing.F) {
	var b rules.Bucket
	b.Add(probes.FaultNone, time.Second)
	data, _ := b.MarshalBinary()
	f.Add(data)
	f.Fuzz(func(_ *testing.T, data []byte) {
		var b rules.Bucket
		_ = b.UnmarshalBinary(data) // it must not panic
	})
}
