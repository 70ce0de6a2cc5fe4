// Package procession is for writing a Procession process in Go: two pure functions over a stream of events.
//
// What you do not write: exports of the contract, pointers, clocks or random numbers.
// Times are milliseconds since 1970, spans of time are milliseconds.
package procession

// Process is what an author writes; S is the state, folded from the events.
// S is a cache of them and nothing more, and its zero value is the state before the first.
type Process[S any] struct {
	Manifest Manifest
	// Evolve takes a recorded event in. It must not decide anything: what is recorded has happened.
	// An error says that the event cannot be read.
	Evolve func(state *S, event Event) error
	// Decide answers a trigger from its arguments alone. The state is a copy of the fields, but shares what they point to: leave it alone.
	Decide func(state S, ctx *Context, trigger Trigger) Decision
	// Look is what a query sees of a state.
	Look func(state S) View
}

// Manifest is what a definition says of itself. An empty list need not be said.
type Manifest struct {
	Category    string   // name and version, such as `order-1.0`
	Stream      string   // `Order` gives the stream `{process-id}-Order`
	Starts      []string // kinds of messages that begin a process
	Handles     []string // kinds of messages that it takes once it has begun
	ReactsTo    []string // kinds of its own events that are offered to Decide again in the same commit
	Records     []Schema // kinds of events that it records
	Sends       []string // kinds of commands that it sends
	TakesOver   []string // categories whose running processes it can carry on
	StateFormat uint32   // raise it whenever the state's shape changes; 0 is 1
	Sharing     Sharing
	MemoryBytes uint64 // what it wishes for; 0 is the host's default
	FuelPerCall uint64
}

// Schema is a kind of event and the version of its shape.
type Schema struct {
	Kind   string
	Schema uint32
}

// Events lists kinds whose shape is the first.
func Events(kinds ...string) []Schema {
	schemas := make([]Schema, len(kinds))
	for i, kind := range kinds {
		schemas[i] = Schema{kind, 1}
	}
	return schemas
}

// Sharing says how processes share instances of a module.
type Sharing uint8

// The ways to share.
const (
	PerProcess Sharing = iota
	Shared
	Fresh
)

// Context is what a decision may depend on besides the state and the trigger; all of it is recorded.
type Context struct {
	ProcessID string
	Category  string
	Version   uint64 // of the last event that the state contains; 0 before the first
	Now       uint64 // the time of this decision
	ids       ids
}

// NewID draws a new id of 32 hex digits from the recorded seed: different each time, and the same when the decision is repeated.
func (c *Context) NewID() string { return c.ids.hex32() }

// Random draws a number from 0 to below 1 from the recorded seed.
func (c *Context) Random() float64 { return c.ids.fraction() }

// Phase is where a process is in its life.
type Phase uint8

// The phases.
const (
	Running Phase = iota
	Compensating
	Completed
	Failed
	Cancelled
)

// View is what a query sees.
type View struct {
	Phase   Phase
	Step    string            // "" for none
	Outcome any               // what the process has brought about so far; anything that JSON can say, nil for nothing
	Tags    map[string]string // searchable names and values
}
