// A ticket: opened, answered, and escalated when nobody answers within a day.
import { accept, defineProcess, ignore, invalid, reject } from "@procession/sdk";

const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * What has been decided so far, folded from the events.
 * @typedef {{ step: "nothing" | "open" | "escalated" | "answered", reference: string, answer: string | null }} State
 *
 * What is recorded: the names are the kinds.
 * @typedef {{ TicketOpened: { reference: string, title: string }, TicketEscalated: {}, TicketAnswered: { answer: string } }} Events
 *
 * What the process is told. It comes from outside, so nothing about its data is certain.
 * @typedef {{ OpenTicket: { title?: unknown }, AnswerTicket: { answer?: unknown } }} Messages
 *
 * What the process asks of others.
 * @typedef {{ CallManager: { reference: string } }} Commands
 */

/** @type {import("@procession/sdk").Process<State, Events, Messages, Commands>} */
const ticket = {
  manifest: {
    category: "{{category}}",
    stream: "{{type}}",
    starts: ["OpenTicket"],
    handles: ["AnswerTicket"],
    records: ["TicketOpened", "TicketEscalated", "TicketAnswered"],
    sends: ["CallManager"],
  },

  initial: () => ({ step: "nothing", reference: "", answer: null }),

  // What is recorded has happened: nothing is decided here.
  evolve(state, event) {
    switch (event.kind) {
      case "TicketOpened":
        return { step: "open", reference: event.data.reference, answer: null };
      case "TicketEscalated":
        return { ...state, step: "escalated" };
      case "TicketAnswered":
        return { ...state, step: "answered", answer: event.data.answer };
    }
  },

  // Pure: the time and the ids come from the context, and nothing else is asked.
  decide(state, ctx, trigger) {
    if (trigger.type === "start") {
      if (state.step !== "nothing") return ignore("the ticket is open already");
      const title = trigger.kind === "OpenTicket" && trigger.data?.title;
      if (typeof title !== "string" || title === "") return invalid("missing-title", "title: a ticket needs one");
      const reference = `ticket-${ctx.newId()}`;
      return accept("TicketOpened", { reference, title }).setTimer("escalate", ctx.now + DAY_MS);
    }
    if (state.step === "answered") return ignore("the ticket is answered already");
    if (state.step === "open" && trigger.type === "timer") {
      return accept("TicketEscalated").send("CallManager", { reference: state.reference });
    }
    if (state.step !== "nothing" && trigger.type === "message" && trigger.kind === "AnswerTicket") {
      const answer = trigger.data?.answer;
      if (typeof answer !== "string") return invalid("missing-answer", "answer: must be text");
      return accept("TicketAnswered", { answer }).clearTimer("escalate");
    }
    return reject("not-now", "this does not apply to the ticket as it is");
  },

  // What a query sees.
  look(state) {
    if (state.step === "nothing") return { phase: "running" };
    return { phase: state.step === "answered" ? "completed" : "running", step: state.step, outcome: state.answer };
  },
};

export const { definition, decider } = defineProcess(ticket);
