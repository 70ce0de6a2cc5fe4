package procession

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"procession/internal/abi"
)

// Export makes a process the component that this program becomes; call it once, in an init function.
func Export[S any](process Process[S]) { abi.Exported = hosted[S]{process} }

// hosted stands between the contract's text and the author's values: what a call of the host comes down to.
type hosted[S any] struct{ process Process[S] }

func (h hosted[S]) Describe() abi.Manifest {
	said := h.process.Manifest
	records := make([]abi.Schema, len(said.Records))
	for i, schema := range said.Records {
		records[i] = abi.Schema(schema)
	}
	return abi.Manifest{
		Category: said.Category, Stream: said.Stream, Starts: said.Starts, Handles: said.Handles, ReactsTo: said.ReactsTo,
		Records: records, Sends: said.Sends, StateFormat: max(said.StateFormat, 1), TakesOver: said.TakesOver,
		Sharing: uint8(said.Sharing), MemoryBytes: said.MemoryBytes, FuelPerCall: said.FuelPerCall,
	}
}

func (h hosted[S]) Restore(snapshot *string) (state any, fault *abi.Fault) {
	defer caught("broken-restore", &fault)
	restored := new(S)
	if snapshot != nil {
		if err := json.Unmarshal([]byte(*snapshot), restored); err != nil {
			return nil, &abi.Fault{Code: "unreadable-snapshot", Message: err.Error()}
		}
	}
	return restored, nil
}

func (h hosted[S]) Evolve(state any, events []abi.Event) (fault *abi.Fault) {
	defer caught("broken-evolve", &fault)
	for _, event := range events {
		if err := h.process.Evolve(state.(*S), readEvent(event)); err != nil {
			return &abi.Fault{Code: "broken-history", Message: fmt.Sprintf("event %d (%s) cannot be read: %v", event.Version, event.Kind, err)}
		}
	}
	return nil
}

func (h hosted[S]) Decide(state any, ctx abi.Context, offered abi.Trigger) (decision abi.Decision, fault *abi.Fault) {
	defer caught("broken-decide", &fault)
	trigger, refused := h.read(offered)
	if refused != nil {
		return h.written(*refused)
	}
	context := &Context{ProcessID: ctx.ProcessID, Category: ctx.Category, Version: ctx.Version, Now: ctx.Now, ids: ids{ctx.Seed}}
	return h.written(h.process.Decide(*state.(*S), context, trigger))
}

func (h hosted[S]) Look(state any) abi.View {
	seen := h.process.Look(*state.(*S))
	view := abi.View{Phase: uint8(seen.Phase), Step: seen.Step}
	if seen.Outcome != nil {
		// A panic is a trap here: the contract has no fault for a look.
		outcome, err := text(seen.Outcome)
		if err != nil {
			panic(err)
		}
		view.Outcome = outcome
	}
	for name, value := range seen.Tags {
		view.Tags = append(view.Tags, abi.Tag{Name: name, Value: value})
	}
	// A map has no order, but the same state must always look the same.
	slices.SortFunc(view.Tags, func(a, b abi.Tag) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return view
}

func (h hosted[S]) Snapshot(state any) string {
	kept, err := text(state)
	if err != nil {
		panic(err)
	}
	return kept
}

// read also answers a message that cannot be read, before the author sees it.
func (h hosted[S]) read(offered abi.Trigger) (Trigger, *Decision) {
	switch offered.Tag {
	case abi.Start, abi.Message:
		message := Message{offered.ID, offered.Kind, offered.Source, offered.Time, Data(offered.Data)}
		if !slices.Contains(h.process.Manifest.Starts, message.Kind) && !slices.Contains(h.process.Manifest.Handles, message.Kind) {
			refused := Invalid("unknown-kind", fmt.Sprintf("`%s` is not a message that this definition takes", message.Kind))
			return nil, &refused
		}
		if !json.Valid(message.Data) {
			refused := Invalid("invalid-data", "this is no JSON")
			return nil, &refused
		}
		if offered.Tag == abi.Start {
			return Start{message}, nil
		}
		return message, nil
	case abi.Recorded:
		return Recorded{readEvent(offered.Event)}, nil
	case abi.Timer:
		return Timer{offered.Name, offered.Time, Data(offered.Data)}, nil
	case abi.Undelivered:
		return Undelivered{offered.ID, offered.Kind, offered.Text, Data(offered.Data)}, nil
	case abi.Cancel:
		return Cancel{offered.Text}, nil
	default:
		return Migrated{offered.Text}, nil
	}
}

func readEvent(event abi.Event) Event {
	return Event{event.Kind, event.Schema, Data(event.Data), event.Version, event.Time, event.DecidedBy}
}

func (h hosted[S]) written(decision Decision) (abi.Decision, *abi.Fault) {
	switch decision.answer {
	case ignored:
		return abi.Decision{Tag: abi.Ignore, Text: decision.text}, nil
	case deferred:
		return abi.Decision{Tag: abi.Defer, Text: decision.text}, nil
	case invalid, notApplicable:
		return abi.Decision{Tag: abi.Reject, NotApplicable: decision.answer == notApplicable, Code: decision.code, Text: decision.text}, nil
	case accepted:
		return h.accepted(decision)
	}
	return abi.Decision{}, unwritable("Decide must answer with Accept, Ignore, Reject, Invalid or Defer")
}

func (h hosted[S]) accepted(decision Decision) (abi.Decision, *abi.Fault) {
	written := abi.Decision{Tag: abi.Accept}
	for _, event := range decision.events {
		at := slices.IndexFunc(h.process.Manifest.Records, func(schema Schema) bool { return schema.Kind == event.kind })
		if at < 0 {
			return written, unwritable(fmt.Sprintf("the manifest does not list the event `%s`", event.kind))
		}
		data, err := text(event.data)
		if err != nil {
			return written, unwritable(err.Error())
		}
		written.Events = append(written.Events, abi.Said{Kind: event.kind, Schema: h.process.Manifest.Records[at].Schema, Data: data})
	}
	for _, effect := range decision.effects {
		data, err := text(effect.data)
		if err != nil {
			return written, unwritable(err.Error())
		}
		written.Effects = append(written.Effects, abi.Effect{
			Tag: uint8(effect.does), Name: effect.name, ProcessID: effect.process, Time: effect.time, Data: data,
		})
	}
	return written, nil
}

func unwritable(message string) *abi.Fault {
	return &abi.Fault{Code: "unwritable-decision", Message: message}
}

// text writes JSON as it would be written by hand: without escapes for HTML.
func text(value any) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	return string(bytes.TrimRight(out.Bytes(), "\n")), nil
}

// caught makes a fault of a panic: the host then knows what was said, which a trap would not tell.
func caught(code string, fault **abi.Fault) {
	if said := recover(); said != nil {
		*fault = &abi.Fault{Code: code, Message: fmt.Sprint(said)}
	}
}
