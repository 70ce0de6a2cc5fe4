//! What the contents answer.
//! Nothing is changed here.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

use procession_engine::model::commit::Entry;
use procession_engine::model::event::RecordedEvent;
use procession_engine::model::id::{ProcessId, StreamName};
use procession_engine::model::note::Note;
use procession_engine::model::process::{ProcessRow, Timer, TimerKey, Undelivered};
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::Phase;
use procession_engine::ports::log::{Bounds, Placed};
use procession_engine::ports::store::{Direction, Scope, StoreError};

use crate::group::Contents;

impl Contents {
    pub(crate) fn read(&self, scope: &Scope, from: u64, direction: Direction, limit: usize) -> Vec<RecordedEvent> {
        let place = |event: &RecordedEvent| if matches!(scope, Scope::Stream(_)) { event.version } else { event.position };
        let events = self.events(scope);
        match direction {
            Direction::Forward => events.filter(|event| place(event) >= from).take(limit).cloned().collect(),
            Direction::Backward => events.rev().filter(|event| place(event) <= from).take(limit).cloned().collect(),
        }
    }

    fn events<'a>(&'a self, scope: &'a Scope) -> Box<dyn DoubleEndedIterator<Item = &'a RecordedEvent> + 'a> {
        let of = |process| self.events_of.get(process).into_iter().flatten().map(|&index| &self.log[index]);
        match scope {
            Scope::All => Box::new(self.log.iter()),
            Scope::Process(process) => Box::new(of(process)),
            Scope::Stream(stream) => Box::new(of(&stream.process).filter(|event| event.stream.suffix == stream.suffix)),
        }
    }

    pub(crate) fn entries(
        &self,
        of: Option<&StreamName>,
        from: u64,
        direction: Direction,
        bounds: Bounds,
    ) -> Result<Vec<Placed>, StoreError> {
        let placed = |(&position, entry): (&u64, &Entry)| Ok(Placed { position, entry: entry.clone() });
        let wanted: Box<dyn DoubleEndedIterator<Item = (&u64, &Entry)>> = match of {
            None => Box::new(self.entries.iter()),
            Some(stream) => Box::new(self.entries_of(stream).filter_map(|position| self.entries.get_key_value(&position))),
        };
        match direction {
            Direction::Forward => bounds.fill(wanted.skip_while(|(position, entry)| *position + entry.event_count() <= from).map(placed)),
            Direction::Backward => bounds.fill(wanted.rev().skip_while(|(position, _)| **position > from).map(placed)),
        }
    }

    /// Where the entries that go on a stream stand.
    fn entries_of(&self, stream: &StreamName) -> impl DoubleEndedIterator<Item = u64> + use<> {
        let of_process = self.events_of.get(&stream.process).into_iter().flatten().map(|&index| &self.log[index]);
        let holders = of_process.filter(|event| event.stream.suffix == stream.suffix).map(|event| self.holder(event.position));
        holders.collect::<BTreeSet<u64>>().into_iter()
    }

    /// The entry that holds a position: the last one that begins there or before.
    fn holder(&self, position: u64) -> u64 {
        self.entries.range(..=position).next_back().map_or(0, |(first, _)| *first)
    }

    pub(crate) fn undelivered(&self, owner: Option<&ProcessId>, after: Option<(ProcessId, u64)>, limit: usize) -> Vec<Undelivered> {
        let start = after.map_or(Unbounded, Excluded);
        let messages = self.undelivered.range((start, Unbounded)).map(|(_, message)| message);
        messages.filter(|message| owner.is_none_or(|owner| message.owner == *owner)).take(limit).cloned().collect()
    }

    pub(crate) fn timers(&self, until: Timestamp, after: Option<&TimerKey>, limit: usize) -> Vec<Timer> {
        let start = after.map_or(Unbounded, Excluded);
        let timers = self.timers.range((start, Unbounded)).map(|(_, timer)| timer);
        timers.take_while(|timer| timer.key.due <= until).take(limit).cloned().collect()
    }

    pub(crate) fn processes(&self, phase: Option<Phase>, after: Option<&ProcessId>, limit: usize) -> Vec<ProcessRow> {
        let start = after.map_or(Unbounded, Excluded);
        let rows = self.rows.range::<ProcessId, _>((start, Unbounded)).map(|(_, row)| row);
        let within = |row: &&ProcessRow| phase.is_none_or(|phase| row.root().is_some_and(|root| root.view.phase == phase));
        rows.filter(within).take(limit).cloned().collect()
    }

    pub(crate) fn notes(&self, id: &ProcessId) -> Vec<Note> {
        let kept = self.notes.range((id.clone(), 0)..=(id.clone(), u64::MAX));
        let mut notes: Vec<Note> = kept.map(|(_, note)| note.clone()).collect();
        notes.sort_by_key(|note| note.seq);
        notes
    }
}
