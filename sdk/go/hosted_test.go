package procession

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"procession/internal/abi"
)

type door struct {
	Open bool `json:"open"`
}

// process answers everything with this.
func process(answer func() Decision) hosted[door] {
	return hosted[door]{Process[door]{
		Manifest: Manifest{Category: "door-1.0", Stream: "Door", Starts: []string{"Open"}, Records: []Schema{{"Opened", 2}}, Sends: []string{"Ring"}},
		Evolve: func(state *door, event Event) error {
			if event.Kind != "Opened" {
				return errors.New("what is that")
			}
			state.Open = true
			return nil
		},
		Decide: func(door, *Context, Trigger) Decision { return answer() },
		Look: func(state door) View {
			return View{Outcome: map[string]bool{"open": state.Open}, Tags: map[string]string{"b": "2", "a": "1", "c": "3"}}
		},
	}}
}

func decided(t *testing.T, answer func() Decision) (abi.Decision, *abi.Fault) {
	t.Helper()
	host := process(answer)
	state, fault := host.Restore(nil)
	if fault != nil {
		t.Fatal(fault)
	}
	return host.Decide(state, abi.Context{Seed: 7}, abi.Trigger{Tag: abi.Start, Kind: "Open", Data: `{}`})
}

func TestADecisionKeepsTheOrderInWhichItWasTold(t *testing.T) {
	told, fault := decided(t, func() Decision {
		return Accept("Opened", map[string]string{"by": "<Ada>"}).And("Opened", nil).Send("Ring", nil).ExpiresAfter(5).
			SendTo("bell", "Ring", 1).SetTimer("shut", 9, nil).ClearTimer("old").Answered("Ring")
	})
	wanted := abi.Decision{
		Tag:    abi.Accept,
		Events: []abi.Said{{Kind: "Opened", Schema: 2, Data: `{"by":"<Ada>"}`}, {Kind: "Opened", Schema: 2, Data: `{}`}},
		Effects: []abi.Effect{
			{Tag: 0, Name: "Ring", Time: 5, Data: `{}`}, {Tag: 0, Name: "Ring", ProcessID: "bell", Data: `1`},
			{Tag: 1, Name: "shut", Time: 9, Data: `null`}, {Tag: 2, Name: "old", Data: `null`}, {Tag: 2, Name: "undelivered:Ring", Data: `null`},
		},
	}
	if fault != nil || !reflect.DeepEqual(told, wanted) {
		t.Errorf("%+v, %v", told, fault)
	}
}

func TestWhatIsNotAcceptedHasNoEffects(t *testing.T) {
	for _, answer := range []Decision{Ignore("x"), Defer("x"), Reject("c", "x"), Invalid("c", "x")} {
		told, fault := decided(t, func() Decision { return answer.And("Opened", nil).Send("Ring", nil).SetTimer("t", 1, nil) })
		if fault != nil || told.Events != nil || told.Effects != nil || told.Text != "x" {
			t.Errorf("%+v, %v", told, fault)
		}
	}
}

func TestWhatGoesWrongIsAFaultThatSaysWhat(t *testing.T) {
	for message, answer := range map[string]func() Decision{
		"ouch":                              func() Decision { panic("ouch") },
		"must answer with Accept":           func() Decision { return Decision{} },
		"does not list the event `Painted`": func() Decision { return Accept("Painted", nil) },
		"unsupported type":                  func() Decision { return Accept("Opened", make(chan int)) },
	} {
		if _, fault := decided(t, answer); fault == nil || !strings.Contains(fault.Message, message) {
			t.Errorf("%v and not %q", fault, message)
		}
	}
	host := process(nil)
	state, _ := host.Restore(nil)
	if fault := host.Evolve(state, []abi.Event{{Version: 3, Kind: "Eaten", Data: "{}"}}); fault == nil || fault.Message != "event 3 (Eaten) cannot be read: what is that" {
		t.Error(fault)
	}
	broken := "{"
	if _, fault := host.Restore(&broken); fault == nil || fault.Code != "unreadable-snapshot" {
		t.Error(fault)
	}
}

func TestAMessageThatCannotBeReadIsRejectedBeforeTheAuthorSeesIt(t *testing.T) {
	host := process(func() Decision { panic("seen") })
	state, _ := host.Restore(nil)
	for kind, data := range map[string]string{"Paint": "{}", "Open": "{"} {
		told, fault := host.Decide(state, abi.Context{}, abi.Trigger{Tag: abi.Message, Kind: kind, Data: data})
		if fault != nil || told.Tag != abi.Reject || told.NotApplicable {
			t.Errorf("%+v, %v", told, fault)
		}
	}
}

func TestAStateIsFoldedKeptAndRestoredAndAlwaysLooksTheSame(t *testing.T) {
	host := process(nil)
	state, _ := host.Restore(nil)
	if fault := host.Evolve(state, []abi.Event{{Version: 1, Kind: "Opened", Data: "{}"}}); fault != nil {
		t.Fatal(fault)
	}
	kept := host.Snapshot(state)
	again, fault := host.Restore(&kept)
	wanted := abi.View{Outcome: `{"open":true}`, Tags: []abi.Tag{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "c", Value: "3"}}}
	if seen := host.Look(again); fault != nil || kept != `{"open":true}` || !reflect.DeepEqual(seen, wanted) {
		t.Errorf("%s, %+v, %v", kept, seen, fault)
	}
}
