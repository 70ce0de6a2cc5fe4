package procession

import (
	"encoding/json"
)

// Data is what a message, an event or a timer carries.
type Data json.RawMessage

// Read puts the data into a struct, or says which field does not fit.
// A field that is missing stays as it was: use a pointer where it must be there.
func (d Data) Read(into any) error { return json.Unmarshal(d, into) }

// Event is a decision that stands in the stream.
type Event struct {
	Kind      string
	Schema    uint32
	Data      Data
	Version   uint64 // its place in the stream, from 1
	Time      uint64 // when it was decided
	DecidedBy string // the category that decided it
}

// Trigger is why Decide is called: one of Start, Message, Recorded, Timer, Undelivered, Cancel and Migrated.
type Trigger interface{ trigger() }

// Start is a message that begins the process, or arrives again later.
type Start struct{ Message }

// Message is a message for a process that has begun.
type Message struct {
	ID     string
	Kind   string
	Source string // where it comes from; "" where that is not known
	Time   uint64
	Data   Data
}

// Recorded is an event of its own, offered in the same commit because the manifest asks for it.
type Recorded struct{ Event }

// Timer is a timer that was set and has come due.
type Timer struct {
	Name string
	Due  uint64
	Data Data
}

// Undelivered is a command that was sent, and had no answer in time or could not be delivered.
type Undelivered struct {
	ID     string
	Kind   string
	Reason string
	Data   Data
}

// Cancel says that somebody asks for the process to be cancelled.
type Cancel struct{ Reason string }

// Migrated says that the process has been moved to this module.
type Migrated struct{ From string }

func (Message) trigger()     {}
func (Recorded) trigger()    {}
func (Timer) trigger()       {}
func (Undelivered) trigger() {}
func (Cancel) trigger()      {}
func (Migrated) trigger()    {}
