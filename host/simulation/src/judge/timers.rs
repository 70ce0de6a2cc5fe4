//! Timers and deadlines: what the recorded effects arm is what the store keeps, what rings was armed and is due, and what is cleared never rings.
//! Delayed replies and next attempts are timers too; what becomes of their messages is said in `deliveries`.

use std::collections::BTreeSet;

use procession_engine::model::commit::Commit;
use procession_engine::model::id::{MessageId, StreamName, Suffix};
use procession_engine::model::json::Json;
use procession_engine::model::note::Happening;
use procession_engine::model::process::{Fires, TimerKey};
use procession_engine::model::time::Timestamp;

use super::{Invariant, Judge, Seen};

impl Judge {
    /// Timers and deadlines that rang in this commit: armed, due, and from now on no more.
    pub(super) fn fired(&self, seen: &mut Seen, commit: &Commit) {
        for key in &commit.timers_cleared {
            let Some(fires) = seen.timers.get(key).map(|timer| timer.fires.clone()) else { continue };
            let Some((stream, id)) = rung(key, &fires).filter(|(_, id)| has_rung(commit, id)) else { continue };
            let known = seen.streams.entry(stream.to_string()).or_default();
            let armed = match &fires {
                Fires::Trigger { name, .. } => known.armed.remove(name).map(|armed| (armed.due, armed.seq)),
                _ => {
                    let at = known.deadlines.iter().position(|awaited| awaited.seq == Some(key.seq));
                    at.map(|at| known.deadlines.remove(at)).map(|awaited| (awaited.due, awaited.seq))
                }
            };
            match armed {
                Some((due, Some(seq))) if seq == key.seq => self.is_due(seen, commit, &id, due),
                other => seen.finds(Invariant::TimersAreKept, format!("{id} rang, and armed was {other:?}")),
            }
        }
    }

    fn is_due(&self, seen: &mut Seen, commit: &Commit, id: &MessageId, due: Timestamp) {
        let decided_at = commit.entry.as_ref().map(|entry| entry.time);
        if self.clock.highest() < due || decided_at.is_some_and(|time| time < due) {
            seen.finds(Invariant::TimersAreKept, format!("{id} is due at {} and rang at {decided_at:?}", due.0));
        }
    }

    /// What is set and cleared in the store is what the decisions say.
    pub(super) fn timers(&self, seen: &mut Seen, commit: &Commit, mut released: BTreeSet<u64>) {
        lift(seen, commit, &mut released);
        let process = &commit.row.id;
        for key in &commit.timers_cleared {
            let Some(fires) = seen.timers.remove(key).map(|timer| timer.fires) else {
                seen.finds(Invariant::TimersAreKept, format!("timer {key:?} is cleared and was not there"));
                continue;
            };
            match &fires {
                Fires::Message(_) if self.clock.highest() < key.due => {
                    seen.finds(Invariant::TimersAreKept, format!("a delayed message of {process} came before {}", key.due.0));
                }
                Fires::Retry(seq) if !commit.delivered.contains(&(process.clone(), *seq)) => {
                    seen.finds(
                        Invariant::TimersAreKept,
                        format!("the next attempt at message {seq} of {process} is cleared and the message stays"),
                    );
                }
                Fires::Message(_) | Fires::Retry(_) => {}
                Fires::Trigger { .. } | Fires::Deadline { .. } => {
                    let has_rung = rung(key, &fires).is_some_and(|(_, id)| has_rung(commit, &id));
                    if !released.contains(&key.seq) && !has_rung {
                        seen.finds(Invariant::TimersAreKept, format!("timer {key:?} is cleared, and nobody asked for that"));
                    }
                }
            }
        }
        for seq in &released {
            if !commit.timers_cleared.iter().any(|key| key.seq == *seq) {
                seen.finds(Invariant::TimersAreKept, format!("timer {seq} of {process} was to be cleared and stays"));
            }
        }
        for timer in &commit.timers_set {
            seen.timers.insert(timer.key.clone(), timer.clone());
            match &timer.fires {
                Fires::Trigger { suffix, name, data } => is_armed(seen, &timer.key, &format!("{process}-{suffix}"), name, data),
                Fires::Deadline { suffix, command, .. } => is_awaited(seen, &timer.key, &format!("{process}-{suffix}"), command),
                Fires::Message(_) | Fires::Retry(_) => {}
            }
        }
        heads_agree(seen, commit);
        delays_agree(seen, commit);
    }
}

/// Deadlines that end with their stream, or with the command that an operator dropped.
fn lift(seen: &mut Seen, commit: &Commit, released: &mut BTreeSet<u64>) {
    let has_changed = |suffix: &Suffix| commit.entry.iter().flat_map(|entry| &entry.pins).any(|pin| pin.suffix == *suffix);
    for head in &commit.row.streams {
        let Some(known) = seen.streams.get_mut(&format!("{}-{}", commit.row.id, head.suffix)) else { continue };
        for note in commit.notes.iter().filter(|note| note.what == Happening::Dropped) {
            let dropped = known.deadlines.iter().position(|awaited| awaited.command == note.message);
            released.extend(dropped.map(|at| known.deadlines.remove(at)).and_then(|awaited| awaited.seq));
        }
        // A definition that could not look keeps its deadlines until it can.
        let is_seen = head.view.tags.first().is_some_and(|tag| tag.value == known.story.version().to_string());
        if has_changed(&head.suffix) && head.view.phase.has_ended() && is_seen {
            released.extend(std::mem::take(&mut known.deadlines).into_iter().filter_map(|awaited| awaited.seq));
        }
    }
}

fn is_armed(seen: &mut Seen, key: &TimerKey, stream: &str, name: &str, data: &Json) {
    match seen.streams.get_mut(stream).and_then(|known| known.armed.get_mut(name)) {
        Some(armed) if armed.due == key.due && armed.data == *data && armed.seq.is_none() => armed.seq = Some(key.seq),
        other => {
            let what = format!("timer {name} of {stream} is kept as {key:?}, its definition asked for {other:?}");
            seen.finds(Invariant::TimersAreKept, what);
        }
    }
}

fn is_awaited(seen: &mut Seen, key: &TimerKey, stream: &str, command: &MessageId) {
    let known = seen.streams.get_mut(stream);
    match known.and_then(|known| known.deadlines.iter_mut().find(|awaited| awaited.command == *command)) {
        Some(awaited) if awaited.due == key.due && awaited.seq.is_none() => awaited.seq = Some(key.seq),
        other => {
            let what = format!("the deadline of {command} is kept as {key:?}, its definition asked for {other:?}");
            seen.finds(Invariant::TimersAreKept, what);
        }
    }
}

/// The row of the process names exactly the timers and deadlines that its decisions armed.
fn heads_agree(seen: &mut Seen, commit: &Commit) {
    for head in &commit.row.streams {
        let name = format!("{}-{}", commit.row.id, head.suffix);
        let Some(known) = seen.streams.get(&name) else { continue };
        let mut named: Vec<_> = head.timers.iter().map(|timer| (timer.name.as_str(), timer.due, Some(timer.seq))).collect();
        named.sort();
        let armed: Vec<_> = known.armed.iter().map(|(name, armed)| (name.as_str(), armed.due, armed.seq)).collect();
        let awaited = known.deadlines.iter().map(|awaited| (&awaited.kind, &awaited.command, awaited.due, awaited.seq));
        let said = head.deadlines.iter().map(|deadline| (&deadline.kind, &deadline.command, deadline.due, Some(deadline.seq)));
        if named != armed || !awaited.eq(said) {
            let what = format!(
                "the row of {name} names the timers {named:?} and the deadlines {:?}, its decisions armed {armed:?} and {:?}",
                head.deadlines, known.deadlines
            );
            seen.finds(Invariant::TimersAreKept, what);
        }
    }
}

/// The row of the process names exactly the delayed messages and next attempts that the store keeps.
fn delays_agree(seen: &mut Seen, commit: &Commit) {
    let mut named: Vec<_> = commit.row.delayed.iter().map(|delayed| (delayed.due, delayed.seq)).collect();
    named.sort();
    let is_delay = |fires: &Fires| matches!(fires, Fires::Message(_) | Fires::Retry(_));
    let of_process = seen.timers.values().filter(|timer| timer.key.process == commit.row.id && is_delay(&timer.fires));
    let kept: Vec<_> = of_process.map(|timer| (timer.key.due, timer.key.seq)).collect();
    if named != kept {
        let what = format!("the row of {} names the delays {named:?}, kept are {kept:?}", commit.row.id);
        seen.finds(Invariant::TimersAreKept, what);
    }
}

/// The stream that a timer or a deadline is for, and the id of the message that it becomes when it rings.
fn rung(key: &TimerKey, fires: &Fires) -> Option<(StreamName, MessageId)> {
    let stream = |suffix: &Suffix| StreamName { process: key.process.clone(), suffix: suffix.clone() };
    match fires {
        Fires::Trigger { suffix, .. } => Some((stream(suffix), MessageId::of_timer(&stream(suffix), key.seq))),
        Fires::Deadline { suffix, .. } => Some((stream(suffix), MessageId::of_undelivered(&stream(suffix), key.seq))),
        Fires::Message(_) | Fires::Retry(_) => None,
    }
}

/// Whether a commit is what came of a timer: it decided, kept it for later, or had nothing to record.
fn has_rung(commit: &Commit, id: &MessageId) -> bool {
    let is_dropping = commit.notes.iter().any(|note| note.what == Happening::Dropped);
    let is_kept = || commit.undelivered.iter().any(|one| one.message.id == *id);
    commit.entry.as_ref().map_or(!is_dropping || is_kept(), |entry| entry.input.id == *id || is_kept())
}
