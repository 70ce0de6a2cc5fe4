//! What a process does, commit by commit, told by a seed: whoever knows the seed knows what must be in the store.
//! Nothing is written here; a test compares a store with it.

use std::collections::BTreeMap;

use procession_conformance::samples::{commit, json, receipt, timer, undelivered, unknown};
use procession_engine::model::commit::{Commit, Receipt};
use procession_engine::model::event::RecordedEvent;
use procession_engine::model::process::{ProcessRow, Timer, Undelivered};
use procession_engine::model::view::Phase;
use procession_engine::ports::store::{Direction, EventStore, Scope};

use super::random::Random;
use crate::SledStore;

/// What a process has done so far, and so all that is known of it.
pub(super) struct Story {
    seed: u64,
    bytes_max: usize,
    pub(super) row: ProcessRow,
    undelivered: BTreeMap<u64, Undelivered>,
    timers: BTreeMap<u64, Timer>,
    receipts: Vec<Receipt>,
    events: Vec<RecordedEvent>,
}

impl Story {
    /// The beginning of the story of a process; its values have up to so many bytes.
    pub(super) fn of(seed: u64, id: &str, bytes_max: usize) -> Self {
        let row = unknown(id);
        Self { seed, bytes_max, row, undelivered: BTreeMap::new(), timers: BTreeMap::new(), receipts: vec![], events: vec![] }
    }

    /// The story up to a revision.
    pub(super) fn up_to(seed: u64, id: &str, bytes_max: usize, revision: u64) -> Self {
        let mut story = Self::of(seed, id, bytes_max);
        while story.row.revision < revision {
            let next = story.next();
            story.take(next);
        }
        story
    }

    /// The commit that comes next.
    pub(super) fn next(&self) -> Commit {
        let id = self.row.id.as_str();
        let number = self.row.revision + 1;
        let mut random = Random::of(&(self.seed, id, number));
        let runs: &[(&str, usize)] = match random.below(8) {
            0 if number > 1 => &[],
            1 | 2 => &[("Process", 1), ("Shipment", 2)],
            3 => &[("Process", 3)],
            _ => &[("Process", 1)],
        };
        let mut next = commit(&self.row, runs);
        if let Some(entry) = &mut next.entry {
            for event in entry.decisions.iter_mut().flat_map(|decision| &mut decision.events) {
                event.data = self.text(&mut random);
            }
        }
        if random.happens(30) {
            next.row.streams[0].view.phase = Phase::ALL[random.below(Phase::ALL.len())];
            next.row.streams[0].view.outcome = Some(self.text(&mut random));
        }
        if random.happens(40) {
            next.receipt = Some(receipt(&format!("key-{number}")));
        }
        if random.happens(50) {
            let mut message = undelivered(id, number);
            message.message.data = self.text(&mut random);
            next.undelivered = vec![message];
        }
        if let Some(first) = self.undelivered.values().next().filter(|_| random.happens(45)) {
            next.delivered = vec![(first.owner.clone(), first.seq)];
        }
        if random.happens(30) {
            next.timers_set = vec![timer(1_000 + random.below(1_000) as u64, id, number)];
        }
        if let Some(first) = self.timers.values().next().filter(|_| random.happens(25)) {
            next.timers_cleared = vec![first.key.clone()];
        }
        next
    }

    fn text(&self, random: &mut Random) -> procession_engine::model::json::Json {
        // Most values are small, some are as large as may be.
        let length = if random.happens(70) { random.below(200) } else { random.below(self.bytes_max) };
        let letters: String = (0..length.div_ceil(16)).map(|_| format!("{:016x}", random.number())).collect();
        json(&format!("\"{letters}\""))
    }

    /// Goes on by a commit.
    pub(super) fn take(&mut self, next: Commit) {
        self.events.extend(next.entry.iter().flat_map(|entry| entry.events(0).map(without_position).collect::<Vec<_>>()));
        self.receipts.extend(next.receipt);
        next.delivered.iter().for_each(|(_, seq)| drop(self.undelivered.remove(seq)));
        next.timers_cleared.iter().for_each(|key| drop(self.timers.remove(&key.seq)));
        self.undelivered.extend(next.undelivered.into_iter().map(|one| (one.seq, one)));
        self.timers.extend(next.timers_set.into_iter().map(|one| (one.key.seq, one)));
        self.row = next.row;
    }

    /// How many events there are.
    pub(super) fn event_count(&self) -> usize {
        self.events.len()
    }

    /// Compares all that a store says of the process with this story.
    pub(super) fn compare(&self, store: &SledStore, timers: &[Timer]) -> Result<(), String> {
        let id = &self.row.id;
        let told = |what: &str| format!("{what} of {id} at revision {}", self.row.revision);
        let failed = |error: procession_engine::ports::store::StoreError| format!("{}: {error}", told("reading"));
        let row = store.process(id).map_err(failed)?.unwrap_or_else(|| unknown(id.as_str()));
        same(&row, &self.row, &told("the row"))?;
        let events = store.read(&Scope::Process(id.clone()), 1, Direction::Forward, usize::MAX).map_err(failed)?;
        same(&events.into_iter().map(without_position).collect(), &self.events, &told("the events"))?;
        let messages = store.undelivered(Some(id), None, usize::MAX).map_err(failed)?;
        same(&messages, &self.undelivered.values().cloned().collect(), &told("the undelivered messages"))?;
        let mine: BTreeMap<u64, Timer> =
            timers.iter().filter(|timer| timer.key.process == *id).map(|one| (one.key.seq, one.clone())).collect();
        same(&mine, &self.timers, &told("the timers"))?;
        for number in 1..=self.row.revision + 3 {
            let key = format!("key-{number}");
            let expected = self.receipts.iter().find(|receipt| receipt.key == key).cloned();
            same(&store.receipt(id, &key).map_err(failed)?, &expected, &told("a receipt"))?;
        }
        Ok(())
    }
}

fn same<T: PartialEq>(found: &T, expected: &T, what: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what} is not what was written")) }
}

fn without_position(event: RecordedEvent) -> RecordedEvent {
    RecordedEvent { position: 0, ..event }
}
