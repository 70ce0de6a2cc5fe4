//! Moving a stream to another module: its history is folded there first, then the move is recorded as an event of the host.
//! The recorded events never change; what the new module makes of the move is its own decision.

use super::{Chain, Failure};
use crate::error::Refusal;
use crate::flow::history::named;
use crate::flow::inbox::Move;
use crate::flow::moving;
use crate::flow::outbox::Target;
use crate::flow::turn::Outcome;
use crate::model::commit::{DecisionRecord, Pin};
use crate::model::decision::Trigger;
use crate::model::event::Event;
use crate::model::id::Kind;
use crate::model::json::Json;
use crate::model::process::StreamHead;
use crate::ports::definition::{GuestError, Module};

impl Chain<'_> {
    /// Moves the stream that a module writes to that module, and tells it.
    ///
    /// # Errors
    /// [`Refusal`] where the module does not take it over, or cannot fold or see its history; nothing has changed then.
    pub(in crate::flow) fn migrate(&mut self, wanted: Move, module: &Module) -> Result<(), Refusal> {
        let (stream, head) = moving::head(&self.lane.row, wanted, module)?;
        let head = head.clone();
        moving::takes_over(&head, module, || {
            let events = self.history(&stream).recorded(0, &*self.shared.store, self.shared.limits.page)?;
            Ok(events.iter().any(|event| event.decided_by == module.manifest.category))
        })?;
        let broken = |error: Failure| error.into_refusal(&stream.process);
        let mut decider = self.fold(module, &stream).map_err(broken)?;
        decider.look().map_err(|error: GuestError| broken(Failure::Guest(named(module), error)))?;
        self.lane.take_warm(&head.suffix, &head.module);
        self.record_move(&head, module);
        let category = module.manifest.category.clone();
        let target = Target { suffix: head.suffix.clone(), category, module: module.digest, begins: false };
        let cause = self.input.id.clone();
        // A module that breaks on the news does not get the process.
        match self.attempt(&target, &Trigger::Migrated(head.category), &cause).map_err(broken)? {
            Outcome::Accepted(decisions) => self.accept(&target, decisions),
            // It has nothing to add, which is its right: the move itself is recorded.
            Outcome::Ignored(_) | Outcome::Rejected(_) | Outcome::Deferred(_) => {}
        }
        Ok(())
    }

    fn record_move(&mut self, head: &StreamHead, module: &Module) {
        let to = &module.manifest.category;
        let text = serde_json::json!({
            "from": head.category.to_string(), "to": to.to_string(),
            "fromModule": head.module.to_string(), "toModule": module.digest.to_string(),
        });
        let data = Json::parse(text.to_string()).unwrap_or_else(|_| Json::null());
        let event = Event { kind: Kind::category_changed(), schema: 1, data };
        let version = head.version + 1;
        let pin = self.pins.len();
        self.pins.push(Pin { suffix: head.suffix.clone(), category: to.clone(), module: module.digest });
        let cause = self.input.id.clone();
        self.decisions.push(DecisionRecord { pin, cause, seed: 0, first_version: version, events: vec![event], effects: Vec::new() });
        // What the old module put off or did not take may be what the new one is for.
        self.begun = true;
        let now = self.now;
        if let Some(head) = self.lane.row.streams.iter_mut().find(|kept| kept.suffix == head.suffix) {
            (head.version, head.updated_at, head.category, head.module) = (version, now, to.clone(), module.digest);
            self.due_again.append(&mut head.deferred);
        }
    }
}
