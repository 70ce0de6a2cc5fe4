//! Routers and adapters are asked, and what it cost is counted; the same on a worker and apart.
//! What follows from an answer is decided by the worker.

use super::shared::{Counters, Shared};
use crate::model::decision::{Context, Rejection, Reply, Start};
use crate::model::id::Category;
use crate::model::message::Message;
use crate::ports::definition::{Classifier, Connector, GuestError, Pace};
use crate::registry::Handler;

/// What a router says of a request.
pub(super) type Choice = Result<Start, Rejection>;

/// Asks a router which process a request begins; `loaded` are the active categories.
pub(super) fn classify(
    shared: &Shared,
    router: &Handler<dyn Classifier>,
    message: &Message,
    loaded: &[Category],
    pace: Pace,
) -> Result<Choice, GuestError> {
    let category = router.manifest.category.clone();
    let context = Context { process: message.process.clone(), category, version: 0, now: message.time, seed: shared.seed_of(&message.id) };
    let settings = shared.settings(&context.category);
    let started_us = shared.clock.ticks_us();
    let answer = router.does.classify(&settings, &context, message, loaded, pace);
    if let Some(error) = failure(&answer) {
        let definition = router.named();
        shared.wasted(&router.module, &definition, started_us);
        tracing::error!(process = %message.process, definition, %error, "a router broke");
    }
    answer
}

/// Lets an adapter carry out a command.
pub(super) fn handle(shared: &Shared, adapter: &Handler<dyn Connector>, command: &Message, pace: Pace) -> Result<Vec<Reply>, GuestError> {
    let category = adapter.manifest.category.clone();
    let context =
        Context { process: command.process.clone(), version: 0, now: shared.clock.now(), seed: shared.seed_of(&command.id), category };
    let settings = shared.settings(&context.category);
    let started_us = shared.clock.ticks_us();
    let replies = adapter.does.handle(&settings, &context, command, pace).and_then(|replies| listed(replies, adapter));
    if let Some(error) = failure(&replies) {
        Counters::count(&shared.counters.adapter_failures);
        shared.wasted(&adapter.module, &context.category, started_us);
        tracing::warn!(process = %command.process, message_id = %command.id, kind = %command.kind, adapter = %context.category, %error, "an adapter failed");
    }
    let took_us = shared.clock.ticks_us().saturating_sub(started_us);
    if let Ok(replies) = &replies {
        tracing::debug!(process = %command.process, message_id = %command.id, kind = %command.kind, adapter = %context.category, module = adapter.module.short(), replies = replies.len(), took_us, "adapter called");
    }
    if replies != Err(GuestError::Overlong) {
        Counters::count(&shared.counters.adapter_calls);
    }
    replies
}

/// The error that a definition is to blame for: that a call was cut off is none.
fn failure<T>(answer: &Result<T, GuestError>) -> Option<&GuestError> {
    answer.as_ref().err().filter(|error| **error != GuestError::Overlong)
}

fn listed(replies: Vec<Reply>, adapter: &Handler<dyn Connector>) -> Result<Vec<Reply>, GuestError> {
    match replies.iter().find(|reply| !adapter.manifest.sends.contains(&reply.kind)) {
        Some(reply) => Err(GuestError::Contract(format!("it replies {}, which its manifest does not list", reply.kind))),
        None => Ok(replies),
    }
}
