//! A process of the SDK as plain Rust behind the port of the engine: the same code, the same JSON, no WebAssembly.

use std::marker::PhantomData;

use procession_engine::model::decision::{Command, Context, Decision, Effect, Rejection, RejectionReason, Trigger};
use procession_engine::model::event::{Event, StreamEvent};
use procession_engine::model::id::{Kind, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::message::Message;
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::{Phase, Tag, View};
use procession_engine::ports::definition::{Decider, Definition, GuestError};
use procession_sdk::{Process, contract, hosted};

/// A process without a sandbox.
pub struct Natively<P>(PhantomData<P>);

struct Folded<P: Process>(P::State);

impl<P> Default for Natively<P> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<P> Definition for Natively<P>
where
    P: Process + Send + Sync + 'static,
    P::State: Send,
{
    fn restore(&self, snapshot: Option<&Json>) -> Result<Box<dyn Decider>, GuestError> {
        Ok(Box::new(Folded::<P>(hosted::restore::<P>(snapshot.map(Json::as_str)).map_err(fault)?)))
    }
}

impl<P: Process> Decider for Folded<P>
where
    P::State: Send,
{
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        let events: Vec<_> = events.iter().map(recorded).collect();
        hosted::evolve::<P>(&mut self.0, &events).map_err(fault)
    }

    fn decide(&mut self, context: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
        let context = contract::Context {
            process_id: context.process.to_string(),
            category: context.category.to_string(),
            version: context.version,
            now: context.now.0,
            seed: context.seed,
        };
        decision(hosted::decide::<P>(&self.0, &context, asked(trigger)).map_err(fault)?)
    }

    fn look(&mut self) -> Result<View, GuestError> {
        let contract::View { phase, step, outcome, tags } = P::look(&self.0);
        let phase = match phase {
            contract::Phase::Running => Phase::Running,
            contract::Phase::Compensating => Phase::Compensating,
            contract::Phase::Completed => Phase::Completed,
            contract::Phase::Failed => Phase::Failed,
            contract::Phase::Cancelled => Phase::Cancelled,
        };
        let tags = tags.into_iter().map(|contract::Tag { name, value }| Tag { name, value }).collect();
        Ok(View { phase, step, outcome: outcome.map(json).transpose()?, tags })
    }

    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        P::snapshot(&self.0).map(json).transpose()
    }
}

// ---- What goes in ----

fn asked(trigger: &Trigger) -> contract::Trigger {
    match trigger {
        Trigger::Start(start) => contract::Trigger::Start(message(start)),
        Trigger::Message(other) => contract::Trigger::Message(message(other)),
        Trigger::Recorded(own) => contract::Trigger::Recorded(recorded(own)),
        Trigger::Timer { name, due, data } => {
            contract::Trigger::Timer(contract::TimerFired { name: name.clone(), due: due.0, data: data.as_str().to_owned() })
        }
        Trigger::Undelivered { id, kind, reason, data } => contract::Trigger::Undelivered(contract::Undelivered {
            id: id.to_string(),
            kind: kind.to_string(),
            reason: reason.clone(),
            data: data.as_str().to_owned(),
        }),
        Trigger::Cancel(reason) => contract::Trigger::Cancel(reason.clone()),
        Trigger::Migrated(from) => contract::Trigger::Migrated(from.to_string()),
    }
}

fn message(message: &Message) -> contract::Message {
    contract::Message {
        id: message.id.to_string(),
        kind: message.kind.to_string(),
        source: message.source.as_deref().map(str::to_owned),
        time: message.time.0,
        data: message.data.as_str().to_owned(),
    }
}

fn recorded(event: &StreamEvent) -> contract::RecordedEvent {
    let StreamEvent { version, time, decided_by, event } = event;
    let event = contract::Event { kind: event.kind.to_string(), schema: event.schema, data: event.data.as_str().to_owned() };
    contract::RecordedEvent { version: *version, time: time.0, decided_by: decided_by.to_string(), event }
}

// ---- What comes out ----

fn decision(decision: contract::Decision) -> Result<Decision, GuestError> {
    Ok(match decision {
        contract::Decision::Accept(contract::Accepted { events, effects }) => Decision::Accept {
            events: events.into_iter().map(decided).collect::<Result<_, _>>()?,
            effects: effects.into_iter().map(effect).collect::<Result<_, _>>()?,
        },
        contract::Decision::Ignore(why) => Decision::Ignore(why),
        contract::Decision::Defer(why) => Decision::Defer(why),
        contract::Decision::Reject(contract::Rejection { reason, code, message }) => {
            let reason = match reason {
                contract::RejectionReason::Invalid => RejectionReason::Invalid,
                contract::RejectionReason::NotApplicable => RejectionReason::NotApplicable,
            };
            Decision::Reject(Rejection { reason, code, message })
        }
    })
}

fn decided(event: contract::Event) -> Result<Event, GuestError> {
    Ok(Event { kind: kind(&event.kind)?, schema: event.schema, data: json(event.data)? })
}

fn effect(effect: contract::Effect) -> Result<Effect, GuestError> {
    Ok(match effect {
        contract::Effect::Send(contract::Command { kind: asked, process_id, data, expires_after }) => Effect::Send(Command {
            kind: kind(&asked)?,
            process: process_id.map(|id| ProcessId::parse(&id)).transpose().map_err(|error| wrong(&error))?,
            data: json(data)?,
            expires_after_ms: expires_after,
        }),
        contract::Effect::SetTimer(contract::Timer { name, at, data }) => Effect::SetTimer { name, at: Timestamp(at), data: json(data)? },
        contract::Effect::ClearTimer(name) => Effect::ClearTimer(name),
    })
}

fn kind(text: &str) -> Result<Kind, GuestError> {
    Kind::parse(text).map_err(|error| wrong(&error))
}

fn json(text: String) -> Result<Json, GuestError> {
    Json::parse(text).map_err(|error| wrong(&error))
}

fn wrong(error: &dyn ToString) -> GuestError {
    GuestError::Contract(error.to_string())
}

fn fault(contract::Fault { code, message }: contract::Fault) -> GuestError {
    GuestError::Fault { code, message }
}
