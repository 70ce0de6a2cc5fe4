//! Moving a stream to another module: its history is folded there first, then the move is recorded as an event of the host.
//! The recorded events never change; what the new module makes of the move is its own decision.

use super::decide::named;
use super::{Chain, Failure};
use crate::error::Refusal;
use crate::flow::outbox::Target;
use crate::flow::turn::Outcome;
use crate::model::commit::{DecisionRecord, Pin};
use crate::model::decision::Trigger;
use crate::model::event::{Event, StreamEvent};
use crate::model::id::{Kind, StreamName, Suffix};
use crate::model::json::Json;
use crate::model::process::StreamHead;
use crate::ports::definition::{GuestError, Module};

impl Chain<'_> {
    /// Moves a stream to a module that can carry it on, and tells that module.
    ///
    /// # Errors
    /// [`Refusal`] where the module does not take it over, or cannot fold or see its history; nothing has changed then.
    pub(in crate::flow) fn migrate(&mut self, suffix: &Suffix, module: &Module) -> Result<(), Refusal> {
        let process = self.lane.row.id.clone();
        let stream = StreamName { process: process.clone(), suffix: suffix.clone() };
        let unknown = || Refusal::rejected("unknown-stream", format!("process {process} has no stream {suffix}"));
        let head = self.lane.row.stream(suffix).cloned().ok_or_else(unknown)?;
        self.takes_over(&stream, &head, module)?;
        let broken = |error: Failure| error.into_refusal(&process);
        let mut decider = self.fold(module, &stream).map_err(broken)?;
        decider.look().map_err(|error: GuestError| broken(Failure::Guest(named(module), error)))?;
        self.lane.take_warm(suffix, &head.module);
        self.record_move(&head, module);
        let category = module.manifest.category.clone();
        let target = Target { suffix: suffix.clone(), category, module: module.digest, begins: false };
        let cause = self.input.id.clone();
        // A module that breaks on the news does not get the process.
        match self.attempt(&target, &Trigger::Migrated(head.category), &cause).map_err(broken)? {
            Outcome::Accepted(decisions) => self.accept(&target, decisions),
            // It has nothing to add, which is its right: the move itself is recorded.
            Outcome::Ignored(_) | Outcome::Rejected(_) | Outcome::Deferred(_) => {}
        }
        Ok(())
    }

    /// Only a module that says so carries a stream on, or one that the stream has been on before: so a move can be undone.
    fn takes_over(&self, stream: &StreamName, head: &StreamHead, module: &Module) -> Result<(), Refusal> {
        let to = &module.manifest.category;
        if module.digest == head.module {
            return Err(Refusal::rejected("already-there", format!("stream {stream} is on this module of {to} already")));
        }
        if module.manifest.stream.as_ref() != Some(&stream.suffix) {
            return Err(Refusal::invalid("wrong-stream", format!("{to} does not write the stream {stream}")));
        }
        if *to == head.category || module.manifest.takes_over.contains(&head.category) {
            return Ok(());
        }
        let page = self.shared.limits.page;
        let events = self.lane.events(stream, 0, &*self.shared.store, page)?;
        if events.iter().any(|event: &StreamEvent| event.decided_by == *to) {
            return Ok(());
        }
        let from = &head.category;
        Err(Refusal::invalid("not-taken-over", format!("{to} does not say in `takes-over` that it carries on processes of {from}")))
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
        let now = self.now;
        if let Some(head) = self.lane.row.streams.iter_mut().find(|kept| kept.suffix == head.suffix) {
            (head.version, head.updated_at, head.category, head.module) = (version, now, to.clone(), module.digest);
        }
    }
}
