package procession

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"
)

// The sequence of a seed is the same in every SDK.
func TestEverySampleDrawsWhatTheOtherLanguagesDraw(t *testing.T) {
	text, err := os.ReadFile("../ids.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Samples []struct {
			Seed      string
			IDs       []string
			Fractions []float64
		}
	}
	if err := json.Unmarshal(text, &file); err != nil || len(file.Samples) < 10 {
		t.Fatal(err, len(file.Samples))
	}
	for _, sample := range file.Samples {
		seed, err := strconv.ParseUint(sample.Seed, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		drawn := Context{ids: ids{seed}}
		for _, id := range sample.IDs {
			if got := drawn.NewID(); got != id {
				t.Errorf("seed %s draws %s and not %s", sample.Seed, got, id)
			}
		}
		numbers := Context{ids: ids{seed}}
		for _, fraction := range sample.Fractions {
			if got := numbers.Random(); got != fraction {
				t.Errorf("seed %s draws %v and not %v", sample.Seed, got, fraction)
			}
		}
	}
}
