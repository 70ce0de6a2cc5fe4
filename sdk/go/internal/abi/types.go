// Package abi holds the contract's exports: where each value lies in memory, and nothing that an author meets.
//
// Written by hand and not generated: the contract 0.1.0 is frozen, six functions are less than a generator's runtime,
// and so a process needs nothing but the Go toolchain.
package abi

// Definition is what stands behind the exports. A state is whatever Restore has given.
type Definition interface {
	Describe() Manifest
	Restore(snapshot *string) (any, *Fault)
	Evolve(state any, events []Event) *Fault
	Decide(state any, ctx Context, trigger Trigger) (Decision, *Fault)
	Look(state any) View
	Snapshot(state any) string
}

// Exported is set before the host's first call.
var Exported Definition

// Manifest is the contract's record of this name, as all below.
type Manifest struct {
	Category, Stream                            string
	Starts, Handles, ReactsTo, Sends, TakesOver []string
	Records                                     []Schema
	StateFormat                                 uint32
	Sharing                                     uint8
	MemoryBytes, FuelPerCall                    uint64
}

type Schema struct {
	Kind   string
	Schema uint32
}

type Fault struct{ Code, Message string }

type Event struct {
	Version, Time   uint64
	DecidedBy, Kind string
	Schema          uint32
	Data            string
}

type Context struct {
	ProcessID, Category string
	Version, Now, Seed  uint64
}

// Trigger has the fields of all its cases; Text is the reason or the category.
type Trigger struct {
	Tag                                uint8
	ID, Kind, Source, Name, Text, Data string
	Time                               uint64
	Event                              Event
}

// Decision has the fields of all its cases.
type Decision struct {
	Tag           uint8
	Events        []Said
	Effects       []Effect
	NotApplicable bool
	Code, Text    string
}

type Said struct {
	Kind   string
	Schema uint32
	Data   string
}

// Effect has the fields of all its cases: 0 sends, 1 sets a timer, 2 clears one.
type Effect struct {
	Tag                   uint8
	Name, ProcessID, Data string
	Time                  uint64
}

type View struct {
	Phase         uint8
	Step, Outcome string
	Tags          []Tag
}

type Tag struct{ Name, Value string }

// The cases of Trigger and Decision, in the contract's order.
const (
	Start uint8 = iota
	Message
	Recorded
	Timer
	Undelivered
	Cancel
	Migrated
)

const (
	Accept uint8 = iota
	Ignore
	Reject
	Defer
)
