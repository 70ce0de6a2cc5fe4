//! A process definition without its types, with the history that it has written.
//!
//! Nothing is delivered or sent here.

use procession_sdk::contract::{Context, Decision, Manifest, Phase, RecordedEvent, Trigger, View};
use procession_sdk::{Process, hosted};

trait Stream {
    fn evolve(&mut self, event: &RecordedEvent);
    fn decide(&self, ctx: &Context, trigger: Trigger) -> Decision;
    fn look(&self) -> View;
}

struct Typed<P: Process>(P::State);

impl<P: Process> Stream for Typed<P> {
    fn evolve(&mut self, event: &RecordedEvent) {
        hosted::evolve::<P>(&mut self.0, std::slice::from_ref(event)).expect("an event that can be read");
        // A snapshot must hold the whole state: it goes through one after every event.
        let snapshot = P::snapshot(&self.0);
        self.0 = hosted::restore::<P>(snapshot.as_deref()).expect("a snapshot that can be read");
    }

    fn decide(&self, ctx: &Context, trigger: Trigger) -> Decision {
        hosted::decide::<P>(&self.0, ctx, trigger).expect("no fault")
    }

    fn look(&self) -> View {
        P::look(&self.0)
    }
}

/// The deadline of a command.
pub(crate) struct Deadline {
    pub(crate) id: u64,
    pub(crate) kind: String,
}

pub(crate) struct Definition {
    pub(crate) manifest: Manifest,
    stream: Box<dyn Stream>,
    pub(crate) history: Vec<RecordedEvent>,
    /// The oldest first.
    pub(crate) deadlines: Vec<Deadline>,
}

impl Definition {
    pub(crate) fn of<P: Process>() -> Self {
        let stream = Box::new(Typed::<P>(P::State::default()));
        Self { manifest: P::manifest(), stream, history: Vec::new(), deadlines: Vec::new() }
    }

    /// What it decides, the same when it is asked twice.
    pub(crate) fn decide(&self, ctx: &Context, trigger: &Trigger) -> Decision {
        let decision = self.stream.decide(ctx, trigger.clone());
        assert_eq!(decision, self.stream.decide(ctx, trigger.clone()), "deciding again must decide the same");
        decision
    }

    pub(crate) fn record(&mut self, recorded: RecordedEvent) {
        self.stream.evolve(&recorded);
        self.history.push(recorded);
    }

    pub(crate) fn look(&self) -> View {
        self.stream.look()
    }

    /// Whether it has begun and has not come to an end.
    pub(crate) fn is_under_way(&self) -> bool {
        !self.history.is_empty() && matches!(self.look().phase, Phase::Running | Phase::Compensating)
    }

    /// Whether a message of this kind is for it.
    pub(crate) fn takes(&self, kind: &str) -> bool {
        let among = |kinds: &[String]| kinds.iter().any(|taken| taken == kind);
        among(&self.manifest.starts) || !self.history.is_empty() && among(&self.manifest.handles)
    }

    pub(crate) fn starts_with(&self, kind: &str) -> bool {
        self.manifest.starts.iter().any(|start| start == kind)
    }
}
