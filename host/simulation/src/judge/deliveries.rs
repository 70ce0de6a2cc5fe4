//! Messages: what is recorded as sent is offered to somebody or kept, what is taken off was offered or kept again, and first deliveries keep their order.
//! Who is asked and who is called is seen here, at the moment of the call.

use procession_engine::model::commit::{Commit, Pin};
use procession_engine::model::decision::{Context, Effect, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::id::{Kind, MessageId, StreamName};
use procession_engine::model::manifest::Manifest;
use procession_engine::model::message::Message;
use procession_engine::model::note::Happening;
use procession_engine::model::process::Undelivered;

use super::{Invariant, Judge, Seen};

impl Judge {
    /// What became of the messages of a commit.
    pub(super) fn deliveries(&self, seen: &mut Seen, commit: &Commit) {
        for key in &commit.delivered {
            match seen.undelivered.remove(key) {
                None => seen.finds(Invariant::EffectsHappenOnce, format!("message {} of {} is delivered and was not there", key.1, key.0)),
                Some(one) => is_accounted_for(seen, commit, &one),
            }
        }
        for one in &commit.undelivered {
            seen.messages.insert(one.message.id.clone());
            if seen.undelivered.insert((one.owner.clone(), one.seq), one.clone()).is_some_and(|before| before.message.id != one.message.id)
            {
                seen.finds(Invariant::SentIsDelivered, format!("{} took the place of another message of {}", one.message.id, one.owner));
            }
        }
        for (to, cause) in taken(commit) {
            first_delivery(seen, &cause, &to);
        }
        for (id, to) in sent(commit) {
            if !is_kept(commit, &id) && !seen.asked.contains_key(&id) {
                seen.finds(Invariant::SentIsDelivered, format!("{id} to {to} was recorded, and neither offered to anybody nor kept"));
            }
        }
    }

    /// A guest is asked.
    pub fn is_asked(&self, context: &Context, folded: u64, trigger: &Trigger, manifest: &Manifest) {
        let seen = &mut *self.seen();
        let stream = format!("{}-{}", context.process, manifest.stream.as_ref().map_or("", |suffix| suffix.as_str()));
        // The host's own events are not folded.
        let skipped = seen.streams.get(&stream).map(|known| known.events.iter().skip(usize::try_from(folded).unwrap_or(0)));
        let skipped_own = skipped.is_none_or(|skipped| {
            let count = usize::try_from(context.version.saturating_sub(folded)).unwrap_or(0);
            skipped.take(count).all(|event| event.event.kind == Kind::category_changed())
        });
        if context.version < folded || !skipped_own {
            let what = format!("{stream} is asked at version {}, its instance has folded {folded}", context.version);
            seen.finds(Invariant::FoldIsView, what);
        }
        let (Trigger::Start(message) | Trigger::Message(message)) = trigger else { return };
        seen.asked.insert(message.id.clone(), (stream, context.version));
    }

    /// An event is folded into an instance that has this many.
    pub fn is_folded(&self, folded: u64, event: &StreamEvent) {
        if event.version <= folded {
            let what = format!("version {} of {} is folded after {folded}", event.version, event.decided_by);
            self.finds(Invariant::VersionsAreDense, what);
        }
    }

    /// A guest decides by chance.
    pub fn is_strange(&self, context: &Context, manifest: &Manifest) {
        let stream = format!("{}-{}", context.process, manifest.stream.as_ref().map_or("", |suffix| suffix.as_str()));
        self.seen().strange.insert((stream, context.version));
    }

    /// An adapter is called: the outside hears of it now, so it must be durable.
    pub fn is_called(&self, command: &Message) {
        let seen = &mut *self.seen();
        if let Some((stream, version, _)) = place(&command.id) {
            let durable = seen.streams.get(&stream).map_or(0, |known| known.version);
            if version > durable {
                let what = format!("an adapter hears of {}, but {stream} is durable up to {durable}", command.id);
                seen.finds(Invariant::NothingLeavesEarly, what);
            }
        } else if !seen.messages.contains(&command.id) {
            seen.finds(Invariant::NothingLeavesEarly, format!("an adapter hears of {}, of which nothing is durable", command.id));
        }
        if seen.called.insert(command.id.clone()) {
            first_delivery(seen, &command.id, "outside");
        }
    }
}

/// What is taken off the list of undelivered messages had its effect, was answered by somebody, or is kept again.
fn is_accounted_for(seen: &mut Seen, commit: &Commit, one: &Undelivered) {
    let id = &one.message.id;
    let has_decided = commit.entry.iter().flat_map(|entry| &entry.decisions).any(|decision| decision.cause == *id);
    let is_noted = |what| matches!(what, Happening::Dropped | Happening::Withdrawn | Happening::Ignored | Happening::Rejected);
    let is_told = commit.notes.iter().any(|note| note.message == *id && is_noted(note.what));
    let was_heard = is_told || seen.asked.contains_key(id) || seen.called.contains(id) || one.message.is_event();
    let is_timer = ["Timer", "Undelivered", "Cancel"].contains(&one.message.kind.as_str());
    if !has_decided && !was_heard && !is_timer && !is_kept(commit, id) {
        seen.finds(Invariant::SentIsDelivered, format!("{id} is off the list of {}, and nobody was asked", one.owner));
    }
}

fn is_kept(commit: &Commit, id: &MessageId) -> bool {
    commit.undelivered.iter().any(|one| one.message.id == *id)
}

/// Commands that a commit records, and whom they are for.
fn sent(commit: &Commit) -> Vec<(MessageId, String)> {
    let Some(entry) = &commit.entry else { return Vec::new() };
    let mut all = Vec::new();
    for decision in &entry.decisions {
        let stream = StreamName { process: commit.row.id.clone(), suffix: entry.pins[decision.pin].suffix.clone() };
        let last = decision.first_version + decision.events.len() as u64 - 1;
        for (index, effect) in decision.effects.iter().enumerate() {
            if let Effect::Send(command) = effect {
                let to = command.process.as_ref().unwrap_or(&commit.row.id);
                all.push((MessageId::of_command(&stream, last, index), format!("{to} ({})", command.kind)));
            }
        }
    }
    all
}

/// Commands that a commit is the effect of: the stream that took each, and its id.
fn taken(commit: &Commit) -> Vec<(String, MessageId)> {
    let entry = commit.entry.iter();
    let stream = |pin: &Pin| format!("{}-{}", commit.row.id, pin.suffix);
    entry.flat_map(|entry| entry.decisions.iter().map(move |one| (stream(&entry.pins[one.pin]), one.cause.clone()))).collect()
}

/// The first delivery of a command must not come before that of an earlier one of the same stream to the same receiver.
fn first_delivery(seen: &mut Seen, id: &MessageId, to: &str) {
    let Some((stream, version, index)) = place(id) else { return };
    let last = seen.delivered_last.insert((stream.clone(), to.to_owned()), (version, index));
    if last.is_some_and(|last| last > (version, index)) {
        let what = format!("{id} reaches {to} for the first time after {last:?} of {stream}");
        seen.finds(Invariant::DeliveriesKeepOrder, what);
    }
}

/// Where a command was recorded: stream, version and index; none for what is no recorded command.
fn place(id: &MessageId) -> Option<(String, u64, u64)> {
    let mut parts = id.as_str().split('/');
    let (stream, version, index) = (parts.next()?, parts.next()?, parts.next()?);
    let is_more = parts.next().is_some();
    let place = (stream.to_owned(), version.parse().ok()?, index.parse().ok()?);
    (!is_more).then_some(place)
}
