// The order: placed, paid in time, shipped; or cancelled. The same process stands beside this one in four other languages.
package main

import (
	"fmt"
	"unicode/utf8"

	"procession"
)

const (
	dayMS      = 24 * 60 * 60 * 1000
	tenYearsMS = 3650 * dayMS
	amountMax  = 1<<53 - 1
	itemMax    = 64 // characters: an item is a tag, and a tag has room for 256 bytes
	notPaid    = "not paid in time"
)

// State is what has been decided so far, folded. Its fields are written into snapshots.
type State struct {
	Step      string `json:"step"`
	Reference string `json:"reference"`
	Item      string `json:"item"`
	Amount    uint64 `json:"amount"`
	Reason    string `json:"reason"`
}

// Placed, Paid, Shipped and Ended are what the events carry.
type (
	Placed struct {
		Reference string `json:"reference"`
		Item      string `json:"item"`
		Amount    uint64 `json:"amount"`
		PayBy     uint64 `json:"payBy"`
	}
	Paid struct {
		Amount uint64 `json:"amount"`
	}
	Shipped struct {
		Reference string `json:"reference"`
	}
	Ended struct {
		Reason string `json:"reason"`
	}
)

func main() {}

func init() {
	procession.Export(procession.Process[State]{
		Manifest: procession.Manifest{
			Category: "order-go-1.0",
			Stream:   "Order",
			Starts:   []string{"PlaceOrder"},
			Handles:  []string{"PayOrder", "ShipOrder", "CancelOrder"},
			Records:  procession.Events("OrderPlaced", "OrderPaid", "OrderShipped", "OrderCancelled"),
			Sends:    []string{"ShipOrder"},
		},
		Evolve: evolve,
		Decide: decide,
		Look:   look,
	})
}

func evolve(order *State, event procession.Event) error {
	switch event.Kind {
	case "OrderPlaced":
		var placed Placed
		if err := event.Data.Read(&placed); err != nil {
			return err
		}
		*order = State{Step: "placed", Reference: placed.Reference, Item: placed.Item, Amount: placed.Amount}
	case "OrderPaid":
		order.Step = "paid"
	case "OrderShipped":
		order.Step = "shipped"
	case "OrderCancelled":
		var ended Ended
		if err := event.Data.Read(&ended); err != nil {
			return err
		}
		order.Step, order.Reason = "cancelled", ended.Reason
	default:
		return fmt.Errorf("an order records no %s", event.Kind)
	}
	return nil
}

func decide(order State, ctx *procession.Context, trigger procession.Trigger) procession.Decision {
	if start, ok := trigger.(procession.Start); ok {
		if order.Step != "" {
			return procession.Ignore("the order is placed already")
		}
		return place(ctx, start.Data)
	}
	asked, broken := read(trigger)
	if broken != "" {
		return procession.Invalid("invalid-data", broken)
	}
	switch order.Step {
	case "placed":
		return whilePlaced(order, asked)
	case "paid":
		return whilePaid(asked)
	case "shipped", "cancelled":
		return procession.Ignore("the order has ended")
	}
	return notNow()
}

func place(ctx *procession.Context, data procession.Data) procession.Decision {
	var order struct {
		Item            string  `json:"item"`
		Amount          uint64  `json:"amount"`
		PaymentWithinMS *uint64 `json:"paymentWithinMs"`
	}
	within := uint64(dayMS)
	if err := data.Read(&order); err != nil {
		return procession.Invalid("invalid-order", err.Error())
	}
	if order.PaymentWithinMS != nil {
		within = *order.PaymentWithinMS
	}
	switch {
	case order.Item == "" || utf8.RuneCountInString(order.Item) > itemMax:
		return procession.Invalid("invalid-order", "item: must be text of 1 to 64 characters")
	case order.Amount < 1 || order.Amount > amountMax:
		return procession.Invalid("invalid-order", "amount: must be a whole number from 1")
	case within > tenYearsMS:
		return procession.Invalid("invalid-order", "paymentWithinMs: must be a whole number of milliseconds up to ten years")
	}
	placed := Placed{"order-" + ctx.NewID(), order.Item, order.Amount, ctx.Now + within}
	return procession.Accept("OrderPlaced", placed).SetTimer("payment", placed.PayBy, Shipped{placed.Reference})
}

// asked is what a trigger asks for, whatever the state.
type asked any

type (
	pay    struct{ amount uint64 }
	ship   struct{ reference string }
	cancel struct{ reason string }
	unpaid struct{}
	other  struct{}
)

// read also says what is wrong with a message that cannot be read.
func read(trigger procession.Trigger) (asked, string) {
	var body struct {
		Amount    *uint64 `json:"amount"`
		Reference *string `json:"reference"`
		Reason    *string `json:"reason"`
	}
	switch trigger := trigger.(type) {
	case procession.Message:
		if err := trigger.Data.Read(&body); err != nil {
			return nil, err.Error()
		}
		switch {
		case trigger.Kind == "PayOrder" && body.Amount != nil && *body.Amount <= amountMax:
			return pay{*body.Amount}, ""
		case trigger.Kind == "PayOrder":
			return nil, "amount: must be a whole number"
		case trigger.Kind == "ShipOrder" && body.Reference != nil:
			return ship{*body.Reference}, ""
		case trigger.Kind == "ShipOrder":
			return nil, "reference: must be text"
		case body.Reason != nil:
			return cancel{*body.Reason}, ""
		}
		return nil, "reason: must be text"
	case procession.Cancel:
		return cancel{trigger.Reason}, ""
	case procession.Timer:
		if trigger.Name == "payment" {
			return unpaid{}, ""
		}
	}
	return other{}, ""
}

func whilePlaced(order State, asked asked) procession.Decision {
	switch asked := asked.(type) {
	case pay:
		if asked.amount != order.Amount {
			return procession.Invalid("wrong-amount", fmt.Sprintf("the order costs %d, not %d", order.Amount, asked.amount))
		}
		return procession.Accept("OrderPaid", Paid{asked.amount}).ClearTimer("payment").Send("ShipOrder", Shipped{order.Reference})
	case ship:
		return procession.Defer("the order is not paid")
	case cancel:
		return procession.Accept("OrderCancelled", Ended{asked.reason}).ClearTimer("payment")
	case unpaid:
		return procession.Accept("OrderCancelled", Ended{notPaid})
	}
	return notNow()
}

func whilePaid(asked asked) procession.Decision {
	switch asked := asked.(type) {
	case pay:
		return procession.Ignore("the order is paid already")
	case ship:
		return procession.Accept("OrderShipped", Shipped{asked.reference})
	case cancel:
		return procession.Reject("paid-already", "the order is paid and being shipped")
	}
	return notNow()
}

func look(order State) procession.View {
	view := procession.View{Step: order.Step, Tags: map[string]string{"item": order.Item}}
	switch order.Step {
	case "":
		return procession.View{}
	case "shipped":
		view.Phase, view.Outcome = procession.Completed, map[string]any{"reference": order.Reference, "amount": order.Amount}
	case "cancelled":
		view.Phase, view.Outcome = procession.Cancelled, Ended{order.Reason}
		if order.Reason == notPaid {
			view.Phase, view.Step = procession.Failed, "unpaid"
		}
	}
	return view
}

func notNow() procession.Decision {
	return procession.Reject("not-now", "this does not apply to the order as it is")
}
