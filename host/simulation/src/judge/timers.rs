//! Timers: what the recorded effects arm is what the store keeps, what rings was armed and is due, and what is cleared never rings.
//! A delayed reply is a timer too; what becomes of its message is said in `deliveries`.

use std::collections::BTreeSet;

use procession_engine::model::commit::Commit;
use procession_engine::model::decision::Trigger;
use procession_engine::model::id::{Kind, MessageId, StreamName};
use procession_engine::model::json::Json;
use procession_engine::model::message::Message;
use procession_engine::model::process::{Fires, TimerKey};
use procession_engine::model::time::Timestamp;

use super::{Invariant, Judge, Seen};

impl Judge {
    /// Timers that rang in this commit: armed, due, and from now on no more.
    pub(super) fn fired(&self, seen: &mut Seen, commit: &Commit) {
        for key in &commit.timers_cleared {
            let Some(Fires::Trigger { suffix, name, .. }) = seen.timers.get(key).map(|timer| timer.fires.clone()) else { continue };
            let stream = StreamName { process: key.process.clone(), suffix };
            if !has_rung(commit, &MessageId::of_timer(&stream, key.seq)) {
                continue;
            }
            let armed = seen.streams.get_mut(&stream.to_string()).and_then(|known| known.armed.remove(&name));
            match armed {
                Some(armed) if armed.seq == Some(key.seq) => self.is_due(seen, commit, &stream, &name, armed.due),
                other => {
                    let what = format!("timer {name} of {stream} rang with the number {}, armed was {other:?}", key.seq);
                    seen.finds(Invariant::TimersAreKept, what);
                }
            }
        }
    }

    fn is_due(&self, seen: &mut Seen, commit: &Commit, stream: &StreamName, name: &str, due: Timestamp) {
        let decided_at = commit.entry.as_ref().map(|entry| entry.time);
        if self.clock.highest() < due || decided_at.is_some_and(|time| time < due) {
            let what = format!("timer {name} of {stream} is due at {} and rang at {decided_at:?}", due.0);
            seen.finds(Invariant::TimersAreKept, what);
        }
    }

    /// What is set and cleared in the store is what the decisions say.
    pub(super) fn timers(&self, seen: &mut Seen, commit: &Commit, released: &BTreeSet<u64>) {
        let process = &commit.row.id;
        for key in &commit.timers_cleared {
            match seen.timers.remove(key).map(|timer| timer.fires) {
                None => seen.finds(Invariant::TimersAreKept, format!("timer {key:?} is cleared and was not there")),
                Some(Fires::Message(_)) => {
                    if self.clock.highest() < key.due {
                        seen.finds(Invariant::TimersAreKept, format!("a delayed message of {process} came before {}", key.due.0));
                    }
                }
                Some(Fires::Trigger { suffix, .. }) => {
                    let stream = StreamName { process: process.clone(), suffix };
                    if !released.contains(&key.seq) && !has_rung(commit, &MessageId::of_timer(&stream, key.seq)) {
                        let what = format!("timer {key:?} is cleared, and nobody asked for that");
                        seen.finds(Invariant::TimersAreKept, what);
                    }
                }
            }
        }
        for seq in released {
            if !commit.timers_cleared.iter().any(|key| key.seq == *seq) {
                seen.finds(Invariant::TimersAreKept, format!("timer {seq} of {process} was to be cleared and stays"));
            }
        }
        for timer in &commit.timers_set {
            seen.timers.insert(timer.key.clone(), timer.clone());
            if let Fires::Trigger { suffix, name, data } = &timer.fires {
                is_armed(seen, &timer.key, &format!("{process}-{suffix}"), name, data);
            }
        }
        heads_agree(seen, commit);
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

/// The row of the process names exactly the timers that its decisions armed.
fn heads_agree(seen: &mut Seen, commit: &Commit) {
    for head in &commit.row.streams {
        let name = format!("{}-{}", commit.row.id, head.suffix);
        let Some(known) = seen.streams.get(&name) else { continue };
        let mut named: Vec<_> = head.timers.iter().map(|timer| (timer.name.as_str(), timer.due, Some(timer.seq))).collect();
        named.sort();
        let armed: Vec<_> = known.armed.iter().map(|(name, armed)| (name.as_str(), armed.due, armed.seq)).collect();
        if named != armed {
            let what = format!("the row of {name} names the timers {named:?}, its decisions armed {armed:?}");
            seen.finds(Invariant::TimersAreKept, what);
        }
    }
}

/// Whether a commit is what came of a timer: it decided, kept it for later, or had nothing to record.
fn has_rung(commit: &Commit, id: &MessageId) -> bool {
    match &commit.entry {
        None => true,
        Some(entry) => entry.input.id == *id || commit.undelivered.iter().any(|one| one.message.id == *id),
    }
}

/// A fired timer of this stream, as its definition sees it.
pub(super) fn fired_timer(message: &Message, stream: &StreamName) -> Option<Trigger> {
    let is_own = message.id.as_str().strip_prefix(&stream.to_string()).is_some_and(|rest| rest.starts_with("/timer/"));
    if message.kind != Kind::timer() || !is_own {
        return None;
    }
    let fired: serde_json::Value = serde_json::from_str(message.data.as_str()).ok()?;
    let name = fired.get("name")?.as_str()?.to_owned();
    let due = Timestamp(fired.get("due")?.as_u64()?);
    let data = Json::parse(fired.get("data")?.to_string()).ok()?;
    Some(Trigger::Timer { name, due, data })
}
