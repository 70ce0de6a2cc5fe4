// What the types allow and what they refuse; `tsc --noEmit` is the test.
import { accept, defineProcess, ignore, reject } from "../src/index.js";

interface State {
  step: "nothing" | "open" | "answered";
  answer?: string;
}
type Events = { TicketOpened: { title: string }; TicketAnswered: { answer: string } };
type Messages = { OpenTicket: { title: string }; AnswerTicket: { answer: string } };
type Commands = { CallManager: { title: string } };

export const { definition, decider } = defineProcess<State, Events, Messages, Commands>({
  manifest: {
    category: "ticket-1.0",
    stream: "Ticket",
    starts: ["OpenTicket"],
    handles: ["AnswerTicket"],
    records: { TicketOpened: 1, TicketAnswered: 1 },
    sends: ["CallManager"],
  },
  initial: () => ({ step: "nothing" }),
  evolve(state, event) {
    if (event.kind === "TicketAnswered") return { step: "answered", answer: event.data.answer };
    // @ts-expect-error what is left is a ticket that was opened, which has no answer
    void event.data.answer;
    return { ...state, step: "open" };
  },
  decide(state, ctx, trigger) {
    // @ts-expect-error the state is not changed by a decision
    state.step = "open";
    if (trigger.type === "start" && trigger.kind === "OpenTicket") {
      return accept("TicketOpened", { title: trigger.data.title }).setTimer("escalate", ctx.now + 1_000).send("CallManager", { title: ctx.newId() });
    }
    if (trigger.type === "cancel") return reject("not-now", trigger.reason);
    // @ts-expect-error there is no such kind of trigger
    if (trigger.type === "cancelled") return ignore("never");
    return ignore("nothing follows from this");
  },
  // @ts-expect-error a phase of this name does not exist
  look: () => ({ phase: "done" }),
});

// @ts-expect-error a message that is not listed begins nothing
defineProcess<State, Events, Messages>({ manifest: { category: "t-1.0", stream: "T", starts: ["Other"], records: [] } });
