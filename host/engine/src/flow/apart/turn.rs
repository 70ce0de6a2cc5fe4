//! One turn that is made apart, from what it needs to what came of it.
//! Whatever its worker needs of the guest for the commit is asked for here: its view and its snapshot, too.

use crate::flow::chain::Failure;
use crate::flow::history::{History, Place, named};
use crate::flow::repeats;
use crate::flow::shared::{Counters, Shared};
use crate::flow::turn::{Outcome, Turn, is_certain};
use crate::model::decision::Trigger;
use crate::model::id::{Digest, Suffix};
use crate::model::json::Json;
use crate::model::message::Message;
use crate::model::time::Timestamp;
use crate::model::view::View;
use crate::ports::definition::{Decider, GuestError, Module, Pace};

/// A turn to be made: the first one of a chain, on a stream whose lane waits for it.
pub(in crate::flow) struct TurnErrand {
    pub(in crate::flow) module: Module,
    pub(in crate::flow) history: History,
    pub(in crate::flow) version: u64,
    pub(in crate::flow) now: Timestamp,
    /// What set the chain off.
    pub(in crate::flow) input: Message,
    pub(in crate::flow) trigger: Trigger,
    /// The folded state, where it holds an instance that nobody else uses.
    pub(in crate::flow) warm: Option<Box<dyn Decider>>,
    pub(in crate::flow) is_audited: bool,
}

/// A turn that was made apart.
pub(in crate::flow) struct MadeTurn {
    pub(in crate::flow) now: Timestamp,
    pub(in crate::flow) input: Message,
    suffix: Suffix,
    module: Digest,
    version: u64,
    pub(in crate::flow) trigger: Trigger,
    pub(in crate::flow) tried: u32,
    pub(in crate::flow) took_us: u64,
    pub(in crate::flow) came: Result<Done, Failure>,
}

/// What came of it.
pub(in crate::flow) struct Done {
    pub(in crate::flow) outcome: Outcome,
    /// None where looking broke it.
    pub(in crate::flow) decider: Option<Box<dyn Decider>>,
    pub(in crate::flow) seen: Option<Seen>,
}

/// What a stream shows after the turn.
pub(in crate::flow) struct Seen {
    pub(in crate::flow) view: Result<View, GuestError>,
    /// The state as text, where it is to be kept and there is one.
    pub(in crate::flow) snapshot: Option<Json>,
}

impl MadeTurn {
    /// Whether this is the turn that somebody is about to make.
    pub(in crate::flow) fn is(&self, suffix: &Suffix, module: &Digest, version: u64, trigger: &Trigger) -> bool {
        self.suffix == *suffix && self.module == *module && self.version == version && self.trigger == *trigger
    }
}

impl TurnErrand {
    /// Makes the turn, in a fresh instance where a used one breaks.
    pub(super) fn run(mut self, shared: &Shared) -> MadeTurn {
        let begun_us = shared.clock.ticks_us();
        let mut tried = 1;
        let came = loop {
            let warm = self.warm.take();
            let was_used = warm.is_some();
            let started_us = shared.clock.ticks_us();
            match self.turn(shared, warm) {
                Err(Failure::Guest(definition, error)) => {
                    Counters::count(&shared.counters.guest_errors);
                    shared.wasted(&self.module.digest, &definition, started_us);
                    if matches!(error, GuestError::Limit(_)) {
                        shared.is_too_slow(&self.module.digest, &definition);
                    }
                    let (process, stream) = (&self.input.process, &self.history.stream);
                    tracing::warn!(%process, %stream, message_id = %self.input.id, definition, attempt = tried, %error, "a definition broke");
                    if tried >= shared.limits.attempts_max || is_certain(&error, was_used) {
                        break Err(Failure::Guest(definition, error));
                    }
                    tried += 1;
                }
                other => break other,
            }
        };
        let took_us = shared.clock.ticks_us().saturating_sub(begun_us);
        let Self { module, history, version, now, input, trigger, .. } = self;
        MadeTurn { now, input, suffix: history.stream.suffix, module: module.digest, version, trigger, tried, took_us, came }
    }

    fn turn(&self, shared: &Shared, warm: Option<Box<dyn Decider>>) -> Result<Done, Failure> {
        let Self { module, history, version, now, trigger, input, .. } = self;
        let turn = Turn { shared, module, stream: history.stream.clone(), version: *version, now: *now, pin: 0 };
        let broken = |error| Failure::Guest(named(module), error);
        let was_warm = warm.is_some();
        let mut decider = match warm {
            Some(decider) => decider,
            // A shared instance would be held up for everybody in it.
            None => history.fold(shared, module, Place::Apart(Pace::Whole))?,
        };
        decider.set_pace(Pace::Whole);
        let outcome = turn.run(&mut *decider, trigger.clone(), input.id.clone()).map_err(broken)?;
        if was_warm && self.is_audited {
            let mut fresh = history.fold_from_the_beginning(shared, module, Pace::Whole)?;
            turn.audit(&mut *fresh, trigger, &input.id, &outcome).map_err(broken)?;
        }
        let Outcome::Accepted(decisions) = &outcome else { return Ok(Done { outcome, decider: Some(decider), seen: None }) };
        repeats::look(&turn, trigger, decisions);
        let version_after = decisions.iter().fold(*version, |last, decision| last + decision.events.len() as u64);
        let is_due = shared.limits.snapshot_is_due(*version, version_after);
        let seen = Self::look(&mut *decider, is_due, module, shared);
        let decider = seen.view.is_ok().then_some(decider);
        Ok(Done { outcome, decider, seen: Some(seen) })
    }

    fn look(decider: &mut dyn Decider, snapshot_is_due: bool, module: &Module, shared: &Shared) -> Seen {
        let started_us = shared.clock.ticks_us();
        let wasted = |error: &GuestError, what: &str| {
            shared.wasted(&module.digest, &module.manifest.category, started_us);
            tracing::warn!(definition = named(module), %error, "a definition could not {what}");
        };
        let view = decider.look().inspect_err(|error| wasted(error, "say what it sees"));
        let snapshot = if view.is_ok() && snapshot_is_due { decider.snapshot() } else { Ok(None) };
        let snapshot = snapshot.inspect_err(|error| wasted(error, "write a snapshot")).unwrap_or_default();
        Seen { view, snapshot }
    }
}
