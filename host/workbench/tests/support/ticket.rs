//! The ticket: opened, escalated after a day, answered, and filed in the same turn.

use std::sync::atomic::{AtomicU64, Ordering};

use procession_engine::model::decision::{Command, Context, Decision, Effect, Rejection, RejectionReason, Trigger};
use procession_engine::model::event::{Event, StreamEvent};
use procession_engine::model::id::Kind;
use procession_engine::model::json::Json;
use procession_engine::model::message::Message;
use procession_engine::model::view::{Phase, Tag, View};
use procession_engine::ports::definition::{Decider, Definition, GuestError};
use serde_json::{Value, json};

/// What is wrong with a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    None,
    /// It counts outside its state how often it has decided.
    KeepsSomethingOutside,
    /// `decide` changes the state.
    DecideWrites,
    /// It counts batches of events.
    CountsBatches,
    /// Its snapshot lacks the title.
    SnapshotForgets,
    /// A long title makes it trap.
    TrapsOnLongTitles,
    /// The third answer makes it trap.
    TrapsOnTheThirdAnswer,
    /// It draws its reference from somewhere else than the seed.
    RepeatsIds,
    /// It keeps every answer it was ever given.
    KeepsEverything,
    /// It records what its manifest does not list.
    RecordsTheUnlisted,
}

pub struct Ticket {
    pub flaw: Flaw,
}

#[derive(Clone, Default)]
struct State {
    step: &'static str,
    title: String,
    answers: Vec<String>,
    decided: u64,
    batches: u64,
}

struct Folded {
    flaw: Flaw,
    state: State,
}

static DECIDED: AtomicU64 = AtomicU64::new(0);

const DAY_MS: u64 = 86_400_000;

fn event(kind: &str, data: &Value) -> Event {
    Event { kind: Kind::parse(kind).unwrap(), schema: 1, data: Json::parse(data.to_string()).unwrap() }
}

fn send(kind: &str, data: &Value) -> Effect {
    let data = Json::parse(data.to_string()).unwrap();
    Effect::Send(Command { kind: Kind::parse(kind).unwrap(), process: None, data, expires_after_ms: Some(60_000) })
}

fn accept(event: Event, effects: Vec<Effect>) -> Decision {
    Decision::Accept { events: vec![event], effects }
}

fn reject(reason: RejectionReason, code: &str, message: &str) -> Decision {
    Decision::Reject(Rejection { reason, code: code.to_owned(), message: message.to_owned() })
}

fn text(message: &Message, field: &str) -> Result<String, Decision> {
    let data: Value = serde_json::from_str(message.data.as_str()).unwrap_or(Value::Null);
    match data.get(field) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(reject(RejectionReason::Invalid, "invalid-data", &format!("{field}: a text is needed"))),
        None => Err(reject(RejectionReason::Invalid, "invalid-data", &format!("{field}: is missing"))),
    }
}

impl Definition for Ticket {
    fn restore(&self, snapshot: Option<&Json>) -> Result<Box<dyn Decider>, GuestError> {
        let mut state = State::default();
        if let Some(snapshot) = snapshot {
            let kept: Value = serde_json::from_str(snapshot.as_str()).unwrap();
            let steps = ["", "open", "escalated", "answered", "filed"];
            let step = steps.into_iter().find(|step| kept["step"] == *step);
            let broken = || GuestError::Fault { code: "unreadable-snapshot".to_owned(), message: "no such step".to_owned() };
            state.step = step.ok_or_else(broken)?;
            state.title = kept["title"].as_str().unwrap_or_default().to_owned();
            state.batches = kept["batches"].as_u64().unwrap_or(0);
            state.answers = kept["answers"].as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect();
        }
        Ok(Box::new(Folded { flaw: self.flaw, state }))
    }
}

impl Folded {
    fn open(&self, context: &Context, title: &str) -> Decision {
        let seed = if self.flaw == Flaw::RepeatsIds { 7 } else { context.seed };
        let reference = format!("{:016x}{:016x}", seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), seed.wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ 7);
        let at = context.now.plus_ms(DAY_MS);
        let timer = Effect::SetTimer { name: "escalate".to_owned(), at, data: Json::parse("{\"level\":1}").unwrap() };
        accept(event("TicketOpened", &json!({ "title": title, "reference": reference })), vec![timer])
    }

    fn answer(&self, answer: &str) -> Result<Decision, GuestError> {
        let closes = answer != "more";
        match self.flaw {
            Flaw::RecordsTheUnlisted => return Ok(accept(event("TicketBurnt", &json!({})), Vec::new())),
            Flaw::TrapsOnTheThirdAnswer if self.state.answers.len() == 2 => return Err(GuestError::Trap("it panicked".to_owned())),
            _ => {}
        }
        let clear = if closes { vec![Effect::ClearTimer("escalate".to_owned())] } else { Vec::new() };
        Ok(accept(event("TicketAnswered", &json!({ "answer": answer, "closes": closes })), clear))
    }
}

impl Decider for Folded {
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        self.state.batches += 1;
        for event in events {
            let data: Value = serde_json::from_str(event.event.data.as_str()).unwrap();
            match event.event.kind.as_str() {
                "TicketOpened" => {
                    self.state.step = "open";
                    self.state.title = data["title"].as_str().unwrap().to_owned();
                }
                "TicketEscalated" => self.state.step = "escalated",
                "TicketAnswered" => {
                    if data["closes"] != json!(false) {
                        self.state.step = "answered";
                    }
                    self.state.answers.push(data["answer"].as_str().unwrap_or_default().to_owned());
                }
                "TicketFiled" => self.state.step = "filed",
                other => return Err(GuestError::Fault { code: "broken-history".to_owned(), message: other.to_owned() }),
            }
        }
        Ok(())
    }

    fn decide(&mut self, context: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
        self.state.decided += u64::from(self.flaw == Flaw::DecideWrites);
        let is_odd = self.flaw == Flaw::KeepsSomethingOutside && !DECIDED.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
        Ok(match (self.state.step, trigger) {
            ("", Trigger::Start(message)) => match text(message, "title") {
                Ok(title) if self.flaw == Flaw::TrapsOnLongTitles && title.len() > 1_000 => {
                    return Err(GuestError::Trap("it panicked".to_owned()));
                }
                Ok(title) => self.open(context, &title),
                Err(refusal) => refusal,
            },
            (_, Trigger::Start(_)) => Decision::Ignore(if is_odd { "open" } else { "the ticket is open already" }.to_owned()),
            ("open", Trigger::Timer { data, .. }) => {
                accept(event("TicketEscalated", &json!({})), vec![send("CallManager", &serde_json::from_str(data.as_str()).unwrap())])
            }
            ("open" | "escalated", Trigger::Message(message)) => match text(message, "answer") {
                Ok(answer) => self.answer(&answer)?,
                Err(refusal) => refusal,
            },
            ("answered", Trigger::Recorded(_)) => accept(event("TicketFiled", &json!({})), vec![send("FileTicket", &json!({}))]),
            ("escalated", Trigger::Undelivered { .. }) => Decision::Defer("the manager is on holiday".to_owned()),
            ("answered" | "filed", _) => Decision::Ignore("the ticket is answered already".to_owned()),
            _ => reject(RejectionReason::NotApplicable, "not-now", "this does not apply to the ticket as it is"),
        })
    }

    fn look(&mut self) -> Result<View, GuestError> {
        let state = &self.state;
        let phase = if state.step == "filed" { Phase::Completed } else { Phase::Running };
        let outcome = json!({ "answers": state.answers.len(), "hidden": state.decided });
        let shown = if self.flaw == Flaw::CountsBatches { state.batches.to_string() } else { state.title.clone() };
        Ok(View {
            phase,
            step: (!state.step.is_empty()).then(|| state.step.to_owned()),
            outcome: Some(Json::parse(outcome.to_string()).unwrap()),
            tags: vec![Tag { name: "title".to_owned(), value: shown }],
        })
    }

    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        let state = &self.state;
        let title = if self.flaw == Flaw::SnapshotForgets { "" } else { &state.title };
        // Answers are kept whole only by the flawed one; the sound one needs no more than how many there are.
        let answers: Vec<&str> =
            state.answers.iter().map(|answer| if self.flaw == Flaw::KeepsEverything { answer.as_str() } else { "" }).collect();
        let mut kept = json!({ "step": state.step, "title": title, "answers": answers });
        if self.flaw == Flaw::CountsBatches {
            kept["batches"] = json!(state.batches);
        }
        Ok(Some(Json::parse(kept.to_string()).unwrap()))
    }
}
