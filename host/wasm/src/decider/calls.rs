//! The five calls of a process, on any instance.
//! Who owns the instance and what becomes of it after an error is decided by the caller.

use procession_engine::model::decision::{Context, Decision, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::json::Json;
use procession_engine::model::view::View;
use procession_engine::ports::definition::GuestError;
use wasmtime::component::ResourceAny;

use super::ProcessInstance;
use super::upcast::upcast;
use crate::convert::{from_guest, to_guest};
use crate::rules::Rules;

/// Events in one call of `evolve`. A long history must neither exceed the fuel of one call nor fill the guest's memory.
const EVENTS_PER_CALL_MAX: usize = 256;
/// JSON text in one call of `evolve`, in bytes, for the same reason.
const BYTES_PER_CALL_MAX: usize = 1024 * 1024;

pub(super) fn restore(instance: &mut ProcessInstance, snapshot: Option<&Json>) -> Result<ResourceAny, GuestError> {
    let answer = instance.call(|guest, store| guest.process().call_restore(store, snapshot.map(Json::as_str)))?;
    answer.map_err(from_guest::fault)
}

pub(super) fn evolve(
    instance: &mut ProcessInstance,
    process: ResourceAny,
    mut events: &[StreamEvent],
    rules: &Rules,
) -> Result<(), GuestError> {
    while !events.is_empty() {
        let (batch, rest) = events.split_at(batch_length(events));
        // What an old event says may be longer than it is, so it is batched once more.
        let read = upcast(instance, batch, rules)?;
        evolve_as_they_are(instance, process, &read, rules)?;
        events = rest;
    }
    Ok(())
}

fn evolve_as_they_are(
    instance: &mut ProcessInstance,
    process: ResourceAny,
    mut events: &[StreamEvent],
    rules: &Rules,
) -> Result<(), GuestError> {
    while !events.is_empty() {
        let (batch, rest) = events.split_at(batch_length(events));
        let names: Vec<_> = batch.iter().map(|event| rules.text_of(&event.decided_by)).collect();
        let batch: Vec<_> = batch.iter().zip(&names).map(|(event, name)| to_guest::event(event, name)).collect();
        let answer = instance.call(|guest, store| guest.process().call_evolve(store, process, &batch))?;
        answer.map_err(from_guest::fault)?;
        events = rest;
    }
    Ok(())
}

/// How many events go into the next call: at least one.
fn batch_length(events: &[StreamEvent]) -> usize {
    let mut bytes = 0;
    let fits = |event: &&StreamEvent| {
        bytes += event.event.data.as_str().len();
        bytes <= BYTES_PER_CALL_MAX
    };
    events.iter().take(EVENTS_PER_CALL_MAX).take_while(fits).count().max(1)
}

pub(super) fn decide(
    instance: &mut ProcessInstance,
    process: ResourceAny,
    context: &Context,
    trigger: &Trigger,
    rules: &Rules,
) -> Result<Decision, GuestError> {
    let category = rules.text_of(&context.category);
    let decided_by = to_guest::category_of(trigger, rules);
    let context = to_guest::context(context, &category);
    let trigger = to_guest::trigger(trigger, &decided_by);
    let answer = instance.call(|guest, store| guest.process().call_decide(store, process, context, trigger))?;
    from_guest::decision(answer.map_err(from_guest::fault)?, rules)
}

pub(super) fn look(instance: &mut ProcessInstance, process: ResourceAny, rules: &Rules) -> Result<View, GuestError> {
    let view = instance.call(|guest, store| guest.process().call_look(store, process))?;
    from_guest::view(view, rules)
}

pub(super) fn snapshot(instance: &mut ProcessInstance, process: ResourceAny, rules: &Rules) -> Result<Option<Json>, GuestError> {
    let text = instance.call(|guest, store| guest.process().call_snapshot(store, process))?;
    from_guest::snapshot(text, rules)
}
