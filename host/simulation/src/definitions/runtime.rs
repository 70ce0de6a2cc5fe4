//! Definitions as the engine gets them: the pure rules, in a guest that may break in every call.
//! Everything that a guest is told is shown to the judge.

use std::sync::Arc;

use procession_engine::model::decision::{Context, Decision, Rejection, Reply, Start, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::id::Category;
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::message::Message;
use procession_engine::model::view::{Tag, View};
use procession_engine::ports::definition::{
    Classifier, Connector, Decider, Definition, GuestError, LoadError, Module as Loaded, Pace, Role, Runtime,
};

use super::{Module, Part, Rules, Story, data, event, json};
use crate::fate::Fate;
use crate::fault::Fault;
use crate::judge::Judge;
use crate::world::Outside;

/// What stands in data that breaks every definition until somebody mends it.
pub const POISON: &str = "{\"poison\":1}";

/// What every guest of a run has to do with.
#[derive(Clone)]
struct Stage {
    fate: Arc<Fate>,
    judge: Arc<Judge>,
    outside: Arc<Outside>,
}

/// A runtime whose modules are the catalogue of the simulated world.
pub struct SimRuntime {
    modules: Vec<Module>,
    stage: Stage,
}

impl SimRuntime {
    /// A runtime that can load these.
    #[must_use]
    pub fn new(modules: Vec<Module>, fate: Arc<Fate>, judge: Arc<Judge>, outside: Arc<Outside>) -> Self {
        Self { modules, stage: Stage { fate, judge, outside } }
    }
}

impl Runtime for SimRuntime {
    fn load(&self, bytes: &[u8]) -> Result<Loaded, LoadError> {
        self.stage.fate.crash_in("while a module is loaded");
        let unknown = || LoadError::NotAComponent(String::from_utf8_lossy(bytes).into_owned());
        let module = self.modules.iter().find(|module| module.bytes.as_bytes() == bytes).ok_or_else(unknown)?;
        let stage = self.stage.clone();
        let manifest = Arc::clone(&module.manifest);
        let role = match module.part {
            Part::Rules(rules) => Role::Process(Arc::new(Guest { rules, manifest: Arc::clone(&manifest), stage })),
            Part::Outside => Role::Adapter(Arc::new(stage)),
            Part::Router(choose) => Role::Router(Arc::new(Chooser { choose, stage })),
        };
        Ok(Loaded { digest: module.digest(), manifest, role })
    }
}

#[derive(Clone)]
struct Guest {
    rules: Rules,
    manifest: Arc<Manifest>,
    stage: Stage,
}

impl Definition for Guest {
    fn restore(&self, snapshot: Option<&Json>) -> Result<Box<dyn Decider>, GuestError> {
        self.restore_at(snapshot, Pace::Whole)
    }

    fn restore_at(&self, snapshot: Option<&Json>, pace: Pace) -> Result<Box<dyn Decider>, GuestError> {
        let Stage { fate, judge, .. } = &self.stage;
        fate.crash_in("while a definition is restored");
        self.stage.is_in_time(pace)?;
        if fate.strikes(Fault::GuestCannotRestore) {
            judge.excuse_view();
            return Err(GuestError::Trap("it broke while it was restored".to_owned()));
        }
        let unreadable = || GuestError::Fault { code: "snapshot".to_owned(), message: "it cannot be read".to_owned() };
        let story = snapshot.map_or_else(|| Ok(Story::default()), |text| Story::read(text).ok_or_else(unreadable))?;
        Ok(Box::new(Actor { guest: self.clone(), story, pace }))
    }
}

impl Stage {
    /// Whether a call keeps to its slice.
    fn is_in_time(&self, pace: Pace) -> Result<(), GuestError> {
        if pace == Pace::Slice && self.fate.strikes(Fault::GuestOverlong) { Err(GuestError::Overlong) } else { Ok(()) }
    }
}

/// One instance: the folded story of a stream.
struct Actor {
    guest: Guest,
    story: Story,
    pace: Pace,
}

impl Decider for Actor {
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        let Stage { fate, judge, .. } = &self.guest.stage;
        fate.crash_in("while a definition folds");
        self.guest.stage.is_in_time(self.pace)?;
        if fate.strikes(Fault::GuestCannotFold) {
            judge.excuse_view();
            return Err(GuestError::Trap("it broke while folding".to_owned()));
        }
        for event in events {
            judge.is_folded(self.story.version(), event);
            self.story.take(event);
        }
        Ok(())
    }

    fn decide(&mut self, context: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
        let Stage { fate, judge, outside } = &self.guest.stage;
        judge.is_asked(context, self.story.version(), trigger, &self.guest.manifest);
        fate.crash_in("within a decision");
        self.guest.stage.is_in_time(self.pace)?;
        if data(trigger).as_str() == POISON && !outside.is_mended() {
            return Err(GuestError::Trap("poison".to_owned()));
        }
        if fate.strikes(Fault::GuestTraps) {
            return Err(GuestError::Trap("unreachable".to_owned()));
        }
        if fate.strikes(Fault::GuestFaults) {
            return Err(GuestError::Fault { code: "no".to_owned(), message: "it does not want to".to_owned() });
        }
        if fate.strikes(Fault::GuestOverLimit) {
            return Err(GuestError::Limit("all fuel is used".to_owned()));
        }
        let mut decision = (self.guest.rules.decide)(&self.story, context, trigger);
        if let Decision::Accept { events, .. } = &mut decision {
            if fate.strikes(Fault::GuestBreaksContract) {
                events.push(event("Unlisted"));
            }
            if let Some(event) = events.iter_mut().find(|event| event.data.as_str() == "{}").filter(|_| fate.strikes(Fault::GuestStrange)) {
                event.data = json(format!("{{\"odd\":{}}}", fate.draw(|dice| dice.below(1_000))));
                judge.is_strange(context, &self.guest.manifest);
            }
        }
        Ok(decision)
    }

    fn look(&mut self) -> Result<View, GuestError> {
        let Stage { fate, judge, .. } = &self.guest.stage;
        fate.crash_in("while a definition looks");
        self.guest.stage.is_in_time(self.pace)?;
        if fate.strikes(Fault::GuestCannotLook) {
            judge.is_unseen(self.story.digest());
            return Err(GuestError::Trap("it broke while looking".to_owned()));
        }
        Ok(view(&self.guest.rules, &self.story))
    }

    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        self.guest.stage.is_in_time(self.pace)?;
        if self.guest.stage.fate.strikes(Fault::GuestCannotFold) {
            return Err(GuestError::Trap("it broke while it wrote a snapshot".to_owned()));
        }
        Ok(Some(self.story.written()))
    }

    fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }
}

/// What a query sees: the phase, and enough to tell any two stories apart.
pub(crate) fn view(rules: &Rules, story: &Story) -> View {
    View {
        phase: (rules.phase)(story),
        step: story.last().map(|event| event.event.kind.to_string()),
        outcome: Some(json(story.digest().to_string())),
        tags: vec![Tag { name: "version".to_owned(), value: story.version().to_string() }],
    }
}

impl Connector for Stage {
    fn handle(&self, _settings: &Json, _context: &Context, command: &Message, pace: Pace) -> Result<Vec<Reply>, GuestError> {
        self.is_in_time(pace)?;
        self.judge.is_called(command);
        self.fate.crash_in("before an adapter answers");
        let replies = self.outside.answer(command);
        self.fate.crash_in("after an adapter answered");
        replies
    }
}

struct Chooser {
    choose: fn(&Message) -> Start,
    stage: Stage,
}

impl Classifier for Chooser {
    fn classify(
        &self,
        _settings: &Json,
        _context: &Context,
        request: &Message,
        _loaded: &[Category],
        pace: Pace,
    ) -> Result<Result<Start, Rejection>, GuestError> {
        self.stage.fate.crash_in("within a router");
        self.stage.is_in_time(pace)?;
        if self.stage.fate.strikes(Fault::GuestTraps) {
            return Err(GuestError::Trap("unreachable".to_owned()));
        }
        Ok(Ok((self.choose)(request)))
    }
}
