// A ticket: opened, answered, and escalated when nobody answers within a day.
package main

import (
	"fmt"

	"procession"
)

const dayMS = 24 * 60 * 60 * 1000

// State is what has been decided so far, folded from the events. Its fields are written into snapshots.
type State struct {
	Step      string `json:"step"`
	Reference string `json:"reference"`
	Answer    string `json:"answer"`
}

// Opened, Answered and Called are what events and commands carry.
type (
	Opened struct {
		Reference string `json:"reference"`
		Title     string `json:"title"`
	}
	Answered struct {
		Answer string `json:"answer"`
	}
	Called struct {
		Reference string `json:"reference"`
	}
)

func main() {}

func init() {
	procession.Export(procession.Process[State]{
		Manifest: procession.Manifest{
			Category: "{{category}}",
			Stream:   "{{type}}",
			Starts:   []string{"OpenTicket"},
			Handles:  []string{"AnswerTicket"},
			Records:  procession.Events("TicketOpened", "TicketEscalated", "TicketAnswered"),
			Sends:    []string{"CallManager"},
		},
		Evolve: evolve,
		Decide: decide,
		Look:   look,
	})
}

// What is recorded has happened: nothing is decided here. An error says that the event cannot be read.
func evolve(ticket *State, event procession.Event) error {
	switch event.Kind {
	case "TicketOpened":
		var opened Opened
		if err := event.Data.Read(&opened); err != nil {
			return err
		}
		*ticket = State{Step: "open", Reference: opened.Reference}
	case "TicketEscalated":
		ticket.Step = "escalated"
	case "TicketAnswered":
		var answered Answered
		if err := event.Data.Read(&answered); err != nil {
			return err
		}
		ticket.Step, ticket.Answer = "answered", answered.Answer
	default:
		return fmt.Errorf("a ticket records no %s", event.Kind)
	}
	return nil
}

// Pure: the time and the ids come from the context, and nothing else is asked.
func decide(ticket State, ctx *procession.Context, trigger procession.Trigger) procession.Decision {
	switch trigger := trigger.(type) {
	case procession.Start:
		if ticket.Step != "" {
			return procession.Ignore("the ticket is open already")
		}
		return open(ctx, trigger.Data)
	case procession.Timer:
		if ticket.Step == "open" {
			return procession.Accept("TicketEscalated", nil).Send("CallManager", Called{ticket.Reference})
		}
	case procession.Message:
		if ticket.Step == "open" || ticket.Step == "escalated" {
			return answer(trigger.Data)
		}
	}
	if ticket.Step == "answered" {
		return procession.Ignore("the ticket is answered already")
	}
	return procession.Reject("not-now", "this does not apply to the ticket as it is")
}

func open(ctx *procession.Context, data procession.Data) procession.Decision {
	var asked struct {
		Title string `json:"title"`
	}
	if err := data.Read(&asked); err != nil {
		return procession.Invalid("invalid-data", err.Error())
	}
	if asked.Title == "" {
		return procession.Invalid("missing-title", "title: a ticket needs one")
	}
	opened := Opened{"ticket-" + ctx.NewID(), asked.Title}
	return procession.Accept("TicketOpened", opened).SetTimer("escalate", ctx.Now+dayMS, nil)
}

func answer(data procession.Data) procession.Decision {
	// A pointer tells a field that is missing from one that is empty.
	var asked struct {
		Answer *string `json:"answer"`
	}
	if err := data.Read(&asked); err != nil {
		return procession.Invalid("invalid-data", err.Error())
	}
	if asked.Answer == nil {
		return procession.Invalid("missing-answer", "answer: must be text")
	}
	return procession.Accept("TicketAnswered", Answered{*asked.Answer}).ClearTimer("escalate")
}

// What a query sees.
func look(ticket State) procession.View {
	view := procession.View{Step: ticket.Step}
	if ticket.Step == "answered" {
		view.Phase, view.Outcome = procession.Completed, ticket.Answer
	}
	return view
}
