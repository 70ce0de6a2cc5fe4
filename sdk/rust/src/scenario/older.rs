//! A history that an older version has recorded, read as the host reads it: old events go through the upcaster.
//!
//! The history keeps them as they were recorded.

use super::Scenario;
use crate::contract::{Event, RecordedEvent};
use crate::upcast::{Upcasted, hosted, is_known};
use crate::{Process, Upcasts};

impl<P: Upcasts> Scenario<P> {
    /// Puts events into the history as another version recorded them: kind, schema and data of each.
    ///
    /// # Panics
    /// When an event cannot be read, or the upcaster makes something of it that the manifest does not list.
    #[must_use]
    pub fn given_recorded<const N: usize>(mut self, decided_by: &str, events: [(&str, u32, &str); N]) -> Self {
        for (kind, schema, data) in events {
            let event = Event { kind: kind.to_owned(), schema, data: data.to_owned() };
            let version = self.history.len() as u64 + 1;
            let recorded = RecordedEvent { version, time: self.now, decided_by: decided_by.to_owned(), event };
            for read in self.read(&recorded) {
                self.take_in(&read);
            }
            self.history.push(recorded);
        }
        self
    }

    /// What `evolve` sees of an event.
    fn read(&self, recorded: &RecordedEvent) -> Vec<RecordedEvent> {
        let manifest = P::manifest();
        if is_known(&manifest, &recorded.event) {
            return vec![recorded.clone()];
        }
        let answer = hosted::<P>(std::slice::from_ref(recorded));
        let said = answer.unwrap_or_else(|fault| panic!("a fault `{}` on {recorded:?}: {}", fault.code, fault.message)).pop();
        let Some(Upcasted::Into(said)) = said else { return vec![recorded.clone()] };
        for event in &said {
            assert!(is_known(&manifest, event), "the upcaster makes {event:?} of {recorded:?}, which the manifest does not list");
        }
        said.into_iter().map(|event| RecordedEvent { event, ..recorded.clone() }).collect()
    }
}

impl<P: Process> Scenario<P> {
    /// Folds an event into the state.
    pub(super) fn take_in(&mut self, recorded: &RecordedEvent) {
        crate::hosted::evolve::<P>(&mut self.state, std::slice::from_ref(recorded))
            .unwrap_or_else(|fault| panic!("it cannot read an event, `{}`: {}\n{recorded:?}", fault.code, fault.message));
    }
}
