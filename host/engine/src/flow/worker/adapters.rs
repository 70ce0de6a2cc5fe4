//! A command goes to its adapter, and what the adapter answers comes in.
//! An adapter that fails is asked again later, and later still; what it failed on for good is a dead letter. Its process goes on.

use std::sync::Arc;

use super::deliver::{begin_or_park, taken_off};
use crate::flow::apart::{AdapterErrand, Errand, What};
use crate::flow::asking;
use crate::flow::chain::{Chain, Halt};
use crate::flow::lanes::Lane;
use crate::flow::outbox::{self, Route};
use crate::flow::shared::Shared;
use crate::model::decision::{Reply, Trigger};
use crate::model::message::Message;
use crate::model::process::{DeliveryState, Undelivered};
use crate::ports::definition::{Connector, GuestError, Pace};
use crate::registry::{Handler, Snapshot};

/// Lets an adapter carry out a command: the first reply without a delay goes on in the same commit, later ones are kept.
pub(super) fn answer_of<'a>(
    adapter: &Handler<dyn Connector>,
    shared: &'a Shared,
    snapshot: &'a Snapshot,
    lane: &'a mut Lane,
    undelivered: &Undelivered,
) -> Result<Chain<'a>, Halt> {
    let command = &undelivered.message;
    if let Some(for_ms) = shared.rests(&adapter.module) {
        let mut chain = taken_off(shared, snapshot, lane, undelivered);
        chain.keep_for_ms(for_ms, command.clone(), undelivered.target.clone());
        return Ok(chain);
    }
    let has_room = |lane: &Lane, replies: &[Reply]| {
        let (later, max) = (replies.iter().filter(|reply| reply.after_ms > 0).count(), shared.limits.waits_per_stream_max);
        let found = lane.row.delayed.len() + later;
        let over = || GuestError::Limit(format!("replies that take their time: {found} for one process, the most is {max}"));
        if later > 0 && found > max { Err(over()) } else { Ok(()) }
    };
    match replies(adapter, shared, lane, command)?.and_then(|replies| has_room(lane, &replies).map(|()| replies)) {
        Ok(replies) => take_in(replies, adapter, shared, snapshot, lane, undelivered),
        Err(error) => {
            let definition = adapter.named();
            let mut chain = taken_off(shared, snapshot, lane, undelivered);
            chain.try_later(command.clone(), undelivered.target.clone(), definition, error.to_string());
            Ok(chain)
        }
    }
}

fn take_in<'a>(
    replies: Vec<Reply>,
    adapter: &Handler<dyn Connector>,
    shared: &'a Shared,
    snapshot: &'a Snapshot,
    lane: &'a mut Lane,
    undelivered: &Undelivered,
) -> Result<Chain<'a>, Halt> {
    let command = &undelivered.message;
    let source: Arc<str> = adapter.manifest.category.to_string().into();
    let (mut at_once, mut later) = (Vec::new(), Vec::new());
    for (index, reply) in replies.into_iter().enumerate() {
        let (id, process, correlation) = (command.id.of_reply(index), command.process.clone(), command.correlation.clone());
        let (source, time) = (Some(Arc::clone(&source)), shared.clock.now());
        let message = Message { id, process, kind: reply.kind, source, time, data: reply.data, correlation };
        if reply.after_ms == 0 { at_once.push(message) } else { later.push((reply.after_ms, message)) }
    }
    let input = at_once.first().unwrap_or(command).clone();
    let targets = at_once.first().map(|first| outbox::route(&shared.registry, snapshot, &lane.row, first, None));
    // The adapter must not be asked twice because its answer takes long.
    let mut chain = Chain::new(shared, snapshot, lane, input).only_once();
    let mut at_once = at_once.into_iter();
    match (targets, at_once.next()) {
        (Some(Route::Streams(targets)), Some(first)) => {
            // Before the turn: a park must not take the command's number for the reply.
            begin_or_park(&mut chain, &targets, &Trigger::Message(first.clone()), first, None)?;
        }
        (Some(Route::Adapter(_)), Some(first)) => chain.keep(first, None, DeliveryState::Due),
        (_, Some(first)) => chain.keep(first, None, DeliveryState::Unhandled),
        (_, None) => {}
    }
    chain.take_off(undelivered);
    let state = if chain.lane.row.parked.is_some() { DeliveryState::Parked } else { DeliveryState::Due };
    for message in at_once {
        chain.keep(message, None, state.clone());
    }
    for (after_ms, message) in later {
        chain.keep_until(chain.now.plus_ms(after_ms), message);
    }
    Ok(chain)
}

/// What the adapter answers; asked apart where that takes longer than a slice.
fn replies(
    adapter: &Handler<dyn Connector>,
    shared: &Shared,
    lane: &mut Lane,
    command: &Message,
) -> Result<Result<Vec<Reply>, GuestError>, Halt> {
    if let Some(called) = lane.called.take().filter(|called| called.is(&adapter.module, &command.id)) {
        return Ok(called.replies);
    }
    if !shared.is_slow(&adapter.module) {
        match asking::handle(shared, adapter, command, Pace::Slice) {
            Err(GuestError::Overlong) => shared.cut_off(&adapter.module, &adapter.named()),
            answered => return Ok(answered),
        }
    }
    let errand = AdapterErrand { adapter: adapter.clone(), command: command.clone() };
    Err(Halt::Apart(Box::new(Errand::new(shared, command.process.clone(), What::Adapter(Box::new(errand))))))
}
