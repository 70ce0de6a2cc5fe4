package procession

// Decision is what Decide answers, built so that a table of decisions reads aloud.
// What is added to an answer that is not accepted changes nothing: only what is accepted has effects.
type Decision struct {
	answer  answer
	code    string
	text    string
	events  []said
	effects []effect
}

type answer uint8

const (
	nothing answer = iota
	accepted
	ignored
	deferred
	invalid
	notApplicable
)

type said struct {
	kind string
	data any
}

type effect struct {
	does    does
	name    string // of a timer, or the kind of a command
	process string
	time    uint64
	data    any
}

type does uint8

const (
	sends does = iota
	setsTimer
	clearsTimer
)

// Accept records an event; its data is anything that JSON can say, and an object without fields where it is nil.
func Accept(kind string, data any) Decision {
	return Decision{answer: accepted}.And(kind, data)
}

// Ignore passes over a duplicate or a late message.
func Ignore(why string) Decision { return Decision{answer: ignored, text: why} }

// Defer puts a message off until after the next event of this stream.
func Defer(why string) Decision { return Decision{answer: deferred, text: why} }

// Reject turns down a message that is right, but not in the present state.
func Reject(code, message string) Decision {
	return Decision{answer: notApplicable, code: code, text: message}
}

// Invalid turns down a message that is wrong in itself and will never be taken.
func Invalid(code, message string) Decision {
	return Decision{answer: invalid, code: code, text: message}
}

// And records one more event.
func (d Decision) And(kind string, data any) Decision {
	if d.answer == accepted {
		d.events = append(d.events, said{kind, orObject(data)})
	}
	return d
}

// Send sends a command to whoever handles its kind, in the same process.
func (d Decision) Send(kind string, data any) Decision { return d.SendTo("", kind, data) }

// SendTo sends a command to another process.
func (d Decision) SendTo(process, kind string, data any) Decision {
	return d.with(effect{does: sends, name: kind, process: process, data: orObject(data)})
}

// ExpiresAfter says how many milliseconds the answer to the last command may take.
func (d Decision) ExpiresAfter(ms uint64) Decision {
	if last := len(d.effects) - 1; last >= 0 && d.effects[last].does == sends {
		d.effects[last].time = ms
	}
	return d
}

// SetTimer sets a timer, or moves the one of this name; the data comes back when it fires.
func (d Decision) SetTimer(name string, at uint64, data any) Decision {
	return d.with(effect{does: setsTimer, name: name, time: at, data: data})
}

// ClearTimer clears a timer; clearing one that is not set does nothing.
func (d Decision) ClearTimer(name string) Decision {
	return d.with(effect{does: clearsTimer, name: name})
}

// Answered lifts the deadline of the oldest command of this kind.
func (d Decision) Answered(kind string) Decision { return d.ClearTimer("undelivered:" + kind) }

func (d Decision) with(added effect) Decision {
	if d.answer == accepted {
		d.effects = append(d.effects, added)
	}
	return d
}

func orObject(data any) any {
	if data == nil {
		return struct{}{}
	}
	return data
}
