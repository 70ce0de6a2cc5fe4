package abi

// Where the fields of the contract's records lie, by the component model's rules: each at a multiple of its own size,
// a list or a text as an address and a length, an option as a byte and then its value.
const (
	manifestBytes = 112
	eventBytes    = 48
)

func putManifest(out area, m Manifest) {
	out.putText(0, m.Category)
	putOption(out, 8, m.Stream)
	putNames(out, 20, m.Starts)
	putNames(out, 28, m.Handles)
	putNames(out, 36, m.ReactsTo)
	putList(out, 44, m.Records, 12, func(out area, schema Schema) {
		out.putText(0, schema.Kind)
		out.put32(8, schema.Schema)
	})
	putNames(out, 52, m.Sends)
	out.put32(60, m.StateFormat)
	putNames(out, 64, m.TakesOver)
	out.put8(72, m.Sharing)
	putNumber(out, 80, m.MemoryBytes)
	putNumber(out, 96, m.FuelPerCall)
}

// putFault writes nothing but the case where there is none.
func putFault(out area, fault *Fault) {
	if fault == nil {
		return
	}
	out.put8(0, 1)
	out.putText(4, fault.Code)
	out.putText(12, fault.Message)
}

func putDecision(out area, d Decision) {
	out.put8(0, d.Tag)
	switch d.Tag {
	case Accept:
		putList(out, 4, d.Events, 20, func(out area, event Said) {
			out.putText(0, event.Kind)
			out.put32(8, event.Schema)
			out.putText(12, event.Data)
		})
		putList(out, 12, d.Effects, 56, putEffect)
	case Reject:
		if d.NotApplicable {
			out.put8(4, 1)
		}
		out.putText(8, d.Code)
		out.putText(16, d.Text)
	default:
		out.putText(4, d.Text)
	}
}

func putEffect(out area, e Effect) {
	out.put8(0, e.Tag)
	out.putText(8, e.Name)
	switch e.Tag {
	case 0:
		putOption(out, 16, e.ProcessID)
		out.putText(28, e.Data)
		putNumber(out, 40, e.Time)
	case 1:
		out.put64(16, e.Time)
		out.putText(24, e.Data)
	}
}

func putView(out area, v View) {
	out.put8(0, v.Phase)
	putOption(out, 4, v.Step)
	putOption(out, 16, v.Outcome)
	putList(out, 28, v.Tags, 16, func(out area, tag Tag) {
		out.putText(0, tag.Name)
		out.putText(8, tag.Value)
	})
}

func readEvent(in area) Event {
	return Event{in.u64(0), in.u64(8), in.text(16), in.text(24), in.u32(32), in.text(36)}
}

func readContext(in area) Context {
	return Context{in.text(0), in.text(8), in.u64(16), in.u64(24), in.u64(32)}
}

func readTrigger(in area) Trigger {
	tag, in := in.u8(0), in.plus(8)
	switch tag {
	case Start, Message:
		trigger := Trigger{Tag: tag, ID: in.text(0), Kind: in.text(8), Time: in.u64(32), Data: in.text(40)}
		if in.u8(16) != 0 {
			trigger.Source = in.text(20)
		}
		return trigger
	case Recorded:
		return Trigger{Tag: tag, Event: readEvent(in)}
	case Timer:
		return Trigger{Tag: tag, Name: in.text(0), Time: in.u64(8), Data: in.text(16)}
	case Undelivered:
		return Trigger{Tag: tag, ID: in.text(0), Kind: in.text(8), Text: in.text(16), Data: in.text(24)}
	default:
		return Trigger{Tag: tag, Text: in.text(0)}
	}
}

// putOption writes none for an empty text: no step, process or outcome has an empty name.
func putOption(out area, at uint32, text string) {
	if text != "" {
		out.put8(at, 1)
		out.putText(at+4, text)
	}
}

func putNumber(out area, at uint32, number uint64) {
	if number != 0 {
		out.put8(at, 1)
		out.put64(at+8, number)
	}
}

func putNames(out area, at uint32, names []string) {
	putList(out, at, names, 8, func(out area, name string) { out.putText(0, name) })
}
