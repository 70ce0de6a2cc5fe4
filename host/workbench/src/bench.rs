//! One process on the bench: its history, its folded state, and turns as a host makes them.
//! Nothing is expected here, and nothing is recorded anywhere but in the history.

use std::collections::VecDeque;

use procession_engine::limits::Limits;
use procession_engine::model::decision::{Context, Decision, Effect, Rejection, Reply, Start, Trigger};
use procession_engine::model::event::{Event, StreamEvent};
use procession_engine::model::id::ProcessId;
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::time::Timestamp;
use procession_engine::ports::definition::{Decider, Definition, GuestError};

/// A definition that decides, and what it says of itself.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// What decides.
    pub definition: &'a dyn Definition,
    /// What it says of itself.
    pub manifest: &'a Manifest,
}

/// What is recorded of a process, from a snapshot on where there is one.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The state before the events.
    pub snapshot: Option<Json>,
    /// In order.
    pub events: Vec<StreamEvent>,
    /// Version of the last event; larger than that of the last one here where the host recorded one of its own.
    pub version: u64,
}

/// Where and when a turn takes place.
#[derive(Clone, Debug)]
pub struct Place {
    /// The process.
    pub process: ProcessId,
    /// Version of the last event of the stream.
    pub version: u64,
    /// The time.
    pub now: Timestamp,
    /// The seed of the first decision; every further one of the same turn has the next.
    pub seed: u64,
}

/// What a definition answers, whatever its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Everything that one turn records and wants done, the answers to its own events included.
    Accepted {
        /// In order.
        events: Vec<Event>,
        /// In order.
        effects: Vec<Effect>,
    },
    /// Ignored, for this reason.
    Ignored(String),
    /// Turned down.
    Rejected(Rejection),
    /// Put off, for this reason.
    Deferred(String),
    /// A router's choice.
    Starts(Start),
    /// An adapter's answers.
    Replies(Vec<Reply>),
}

/// What came of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The answer.
    pub answer: Answer,
    /// Events as they were folded into the state.
    pub recorded: Vec<StreamEvent>,
    /// How often it was asked: own events that it reacts to are offered to it again.
    pub decisions: u64,
}

impl Subject<'_> {
    /// A fresh instance with the whole history folded into it, in one go.
    ///
    /// # Errors
    /// [`GuestError`] where it cannot be folded.
    pub fn fold(&self, history: &History) -> Result<Box<dyn Decider>, GuestError> {
        let mut decider = self.definition.restore(history.snapshot.as_ref())?;
        if !history.events.is_empty() {
            decider.evolve(&history.events)?;
        }
        Ok(decider)
    }

    /// Makes a turn as the host does: decide, evolve, and the same again for own events that the manifest asks for.
    ///
    /// # Errors
    /// [`GuestError`] where the definition breaks, or breaks its promises. The state is not to be used again then.
    pub fn turn(&self, decider: &mut dyn Decider, place: &Place, trigger: &Trigger) -> Result<Turn, GuestError> {
        let mut turn = Accepting { place, recorded: Vec::new(), events: Vec::new(), effects: Vec::new(), decisions: 0 };
        let mut offers = VecDeque::from([trigger.clone()]);
        let rounds_max = Limits::default().rounds_per_turn_max as u64;
        while let Some(trigger) = offers.pop_front() {
            if turn.decisions == rounds_max {
                let text = format!("its own events were offered to it {rounds_max} times and it did not come to rest");
                return Err(GuestError::Limit(text));
            }
            let context = turn.context(self.manifest);
            turn.decisions += 1;
            let is_own_event = matches!(trigger, Trigger::Recorded(_));
            match decider.decide(&context, &trigger)? {
                Decision::Accept { events, effects } if events.is_empty() && effects.is_empty() && !is_own_event => {
                    return Ok(turn.ended(Answer::Ignored("the definition has nothing to record".to_owned())));
                }
                Decision::Accept { events, effects } => {
                    self.manifest.permits(&events, &effects).map_err(GuestError::Contract)?;
                    let new = turn.accept(self.manifest, events, effects);
                    if !new.is_empty() {
                        decider.evolve(&new)?;
                    }
                    offers
                        .extend(new.into_iter().filter(|event| self.manifest.reacts_to.contains(&event.event.kind)).map(Trigger::Recorded));
                }
                // Its own event stays recorded, whatever it now says of it.
                _ if is_own_event => {}
                Decision::Ignore(why) => return Ok(turn.ended(Answer::Ignored(why))),
                Decision::Reject(why) => return Ok(turn.ended(Answer::Rejected(why))),
                Decision::Defer(why) => return Ok(turn.ended(Answer::Deferred(why))),
            }
        }
        let answer = Answer::Accepted { events: std::mem::take(&mut turn.events), effects: std::mem::take(&mut turn.effects) };
        Ok(turn.ended(answer))
    }
}

/// A turn under way.
struct Accepting<'a> {
    place: &'a Place,
    recorded: Vec<StreamEvent>,
    events: Vec<Event>,
    effects: Vec<Effect>,
    decisions: u64,
}

impl Accepting<'_> {
    fn version(&self) -> u64 {
        self.place.version + self.recorded.len() as u64
    }

    fn context(&self, manifest: &Manifest) -> Context {
        Context {
            process: self.place.process.clone(),
            category: manifest.category.clone(),
            version: self.version(),
            now: self.place.now,
            seed: self.place.seed.wrapping_add(self.decisions),
        }
    }

    fn accept(&mut self, manifest: &Manifest, events: Vec<Event>, effects: Vec<Effect>) -> Vec<StreamEvent> {
        let (time, decided_by) = (self.place.now, &manifest.category);
        let stand = |(event, version): (&Event, u64)| StreamEvent { version, time, decided_by: decided_by.clone(), event: event.clone() };
        let new: Vec<StreamEvent> = events.iter().zip(self.version() + 1..).map(stand).collect();
        self.recorded.extend_from_slice(&new);
        self.events.extend(events);
        self.effects.extend(effects);
        new
    }

    fn ended(self, answer: Answer) -> Turn {
        Turn { answer, recorded: self.recorded, decisions: self.decisions }
    }
}

impl History {
    /// Takes what a turn recorded in.
    pub fn record(&mut self, turn: &Turn) {
        self.events.extend_from_slice(&turn.recorded);
        self.version += turn.recorded.len() as u64;
    }
}
