//! Given / when / then for a process, natively: it does what the host does, without the host.
//!
//! Everything passes through the same text as in production, so a type that cannot be read back fails here and not there.

mod check;
mod deadlines;
mod every_trigger;
mod explore;
mod older;
mod run;

use serde::Serialize;

use crate::contract::{self, Command, Context, RecordedEvent, Rejection, Timer, TimerFired, Trigger, View};
use crate::{Process, kinds, wire};

pub use deadlines::Deadline;
pub use explore::Exploration;

/// One process in a test. Every method either returns the scenario or panics with what went otherwise.
#[derive(Debug)]
pub struct Scenario<P: Process> {
    process_id: String,
    category: String,
    now: u64,
    state: P::State,
    history: Vec<RecordedEvent>,
    timers: Vec<Timer>,
    deadlines: Vec<Deadline>,
    /// Every command so far, the same one only once.
    sent_ever: Vec<Command>,
    last: Turn,
}

/// What the last `when` brought about.
#[derive(Debug, Default, Clone)]
struct Turn {
    trigger: String,
    /// How many events of the history came before it.
    before: usize,
    sent: Vec<Command>,
    refusal: Option<Refusal>,
}

/// Why the last `when` recorded nothing.
#[derive(Debug, Clone)]
enum Refusal {
    Ignored(String),
    Rejected(Rejection),
    Deferred(String),
}

impl<P: Process> Scenario<P> {
    /// A process without a history, at noon of 15 January 2026.
    ///
    /// # Panics
    /// When the manifest names kinds that the process does not have.
    #[must_use]
    pub fn new(process_id: &str) -> Self {
        check::manifest::<P>();
        let category = P::manifest().category;
        Self {
            process_id: process_id.to_owned(),
            category,
            now: 1_768_478_400_000,
            state: P::State::default(),
            history: Vec::new(),
            timers: Vec::new(),
            deadlines: Vec::new(),
            sent_ever: Vec::new(),
            last: Turn::default(),
        }
    }

    /// Sets the clock, in milliseconds since 1970.
    #[must_use]
    pub fn at(mut self, now: u64) -> Self {
        self.now = now;
        self
    }

    /// Puts events into the history as if they had been decided before.
    #[must_use]
    pub fn given(mut self, events: impl IntoIterator<Item = P::Event>) -> Self {
        for event in events {
            let (kind, data) = wire::write(&event).expect("an event that can be written");
            self.record(contract::Event { kind: kind.to_owned(), schema: P::schema(kind), data });
        }
        self
    }

    /// A message arrives.
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "a message arrives and is gone; a test reads better without borrows")]
    pub fn when(self, message: P::Message) -> Self
    where
        P::Message: Serialize + serde::de::DeserializeOwned,
    {
        let (kind, data) = wire::write(&message).expect("a message that can be written");
        self.when_text(kind, &data)
    }

    /// A message arrives as text, so that wrong ones can be told too.
    #[must_use]
    pub fn when_text(self, kind: &str, data: &str) -> Self {
        let message = contract::Message {
            id: format!("message-{}", self.history.len()),
            kind: kind.to_owned(),
            source: None,
            time: self.now,
            data: data.to_owned(),
        };
        let starts = P::manifest().starts.iter().any(|start| start == kind);
        self.when_triggered(if starts { Trigger::Start(message) } else { Trigger::Message(message) })
    }

    /// A timer that was set comes due; the clock moves on to it.
    ///
    /// # Panics
    /// When no timer of this name is set.
    #[must_use]
    pub fn when_timer(mut self, name: &str) -> Self {
        let Some(place) = self.timers.iter().position(|timer| timer.name == name) else {
            panic!("no timer `{name}` is set; set are {:?}", self.timers);
        };
        let Timer { name, at, data } = self.timers.remove(place);
        self.now = self.now.max(at);
        self.when_triggered(Trigger::Timer(TimerFired { name, due: at, data }))
    }

    /// Somebody asks for the process to be cancelled.
    #[must_use]
    pub fn when_cancelled(self, reason: &str) -> Self {
        self.when_triggered(Trigger::Cancel(reason.to_owned()))
    }

    /// The process has been moved to this module from another category.
    #[must_use]
    pub fn when_migrated(self, from: &str) -> Self {
        self.when_triggered(Trigger::Migrated(from.to_owned()))
    }

    /// The typed events that the last `when` recorded.
    #[must_use]
    pub fn events(&self) -> Vec<P::Event> {
        self.new_events()
            .iter()
            .map(|recorded| wire::read(&recorded.event.kind, &recorded.event.data).expect("an event that can be read"))
            .collect()
    }

    /// The typed commands that the last `when` sent.
    #[must_use]
    pub fn commands(&self) -> Vec<P::Command> {
        self.last.sent.iter().map(|command| wire::read(&command.kind, &command.data).expect("a command that can be read")).collect()
    }

    /// The commands that the last `when` sent, as the host carries them.
    #[must_use]
    pub fn sent(&self) -> &[Command] {
        &self.last.sent
    }

    /// Whether this command was sent at any time before or now.
    #[must_use]
    pub fn has_sent(&self, command: &Command) -> bool {
        self.sent_ever.contains(command)
    }

    /// Everything that was recorded so far, as the host keeps it.
    #[must_use]
    pub fn history(&self) -> &[RecordedEvent] {
        &self.history
    }

    /// The timers that are set.
    #[must_use]
    pub fn timers(&self) -> &[Timer] {
        &self.timers
    }

    /// The folded state.
    #[must_use]
    pub const fn state(&self) -> &P::State {
        &self.state
    }

    /// What a query sees.
    #[must_use]
    pub fn view(&self) -> View {
        P::look(&self.state)
    }

    fn new_events(&self) -> &[RecordedEvent] {
        &self.history[self.last.before..]
    }

    fn context(&self) -> Context {
        Context {
            process_id: self.process_id.clone(),
            category: self.category.clone(),
            version: self.history.len() as u64,
            now: self.now,
            // Any number will do, as long as it is another one for every decision.
            seed: (self.history.len() as u64) << 8 | kinds::of::<P::Event>().len() as u64,
        }
    }
}
