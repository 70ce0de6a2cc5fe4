//! Where a scenario is while it is played: the time, the seed, and what it has set and sent so far.
//! Nothing is decided here.

use std::collections::BTreeMap;

use procession_engine::model::decision::{Context, Effect};
use procession_engine::model::id::{Category, Kind, MessageId, ProcessId, Suffix};
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::message::Message;
use procession_engine::model::time::Timestamp;

use crate::bench::{Answer, Place};
use crate::scenario::{Data, File, MessageIn, Moment, Scenario, Step, When};

use super::{Failure, Played};

/// A scenario under way.
pub(super) struct Stage<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) process: ProcessId,
    pub(super) now: Timestamp,
    pub(super) seed: u64,
    pub(super) settings: Json,
    pub(super) loaded: Vec<Category>,
    /// The step under way, from 1.
    pub(super) step: usize,
    /// Timers that were set and not cleared.
    pub(super) timers: BTreeMap<String, (Timestamp, Json)>,
    /// What each kind of command carried when it was last sent.
    pub(super) sent: BTreeMap<Kind, Json>,
}

impl<'a> Stage<'a> {
    pub(super) fn of(file: &File, scenario: &Scenario, manifest: &'a Manifest) -> Self {
        let process = scenario.process.as_ref().or(file.process.as_ref()).map(|name| name.0.clone());
        let settings = scenario.settings.as_ref().or(file.settings.as_ref()).map_or_else(|| "{}".to_owned(), ToString::to_string);
        let loaded = scenario.loaded.as_ref().or(file.loaded.as_ref());
        Self {
            manifest,
            process: process.unwrap_or_else(|| ProcessId::parse("process-1").expect("a valid id")),
            now: scenario.at.or(file.at).unwrap_or(Moment::DEFAULT).0,
            seed: scenario.seed.or(file.seed).map_or(1, |seed| seed.0),
            settings: Json::parse(settings).expect("a value is written as JSON"),
            loaded: loaded.into_iter().flatten().map(|name| name.0.clone()).collect(),
            step: 0,
            timers: BTreeMap::new(),
            sent: BTreeMap::new(),
        }
    }

    /// Goes on to the next step.
    pub(super) fn enter(&mut self, step: &Step) {
        self.step += 1;
        self.now = step.after.map_or(self.now, |after| self.now.plus_ms(after.ms));
        self.seed = step.seed.map_or(self.seed, |seed| seed.0);
    }

    pub(super) fn place(&self, version: u64) -> Place {
        Place { process: self.process.clone(), version, now: self.now, seed: self.seed }
    }

    pub(super) fn context(&self) -> Context {
        let category = self.manifest.category.clone();
        Context { process: self.process.clone(), category, version: 0, now: self.now, seed: self.seed }
    }

    /// Every process names the stream that it writes; the runtime sees to it.
    pub(super) fn suffix(&self) -> Suffix {
        self.manifest.stream.clone().unwrap_or_else(|| Suffix::parse("Process").expect("a valid suffix"))
    }

    /// The message of a step.
    pub(super) fn message(&self, message: &MessageIn) -> Message {
        let own = || MessageId::parse(&format!("message-{}", self.step)).expect("a valid id");
        let id = message.id.as_ref().map_or_else(own, |id| id.0.clone());
        let Data(data) = message.data.clone();
        let (kind, source) = (message.kind.0.clone(), message.source.as_deref().map(Into::into));
        Message { id: id.clone(), process: self.process.clone(), kind, source, time: self.now, data, correlation: id }
    }

    /// Remembers what a turn set and sent.
    pub(super) fn remember(&mut self, answer: &Answer) {
        let Answer::Accepted { effects, .. } = answer else { return };
        for effect in effects {
            match effect {
                Effect::Send(command) => drop(self.sent.insert(command.kind.clone(), command.data.clone())),
                Effect::SetTimer { name, at, data } => drop(self.timers.insert(name.clone(), (*at, data.clone()))),
                Effect::ClearTimer(name) => drop(self.timers.remove(name)),
            }
        }
    }

    /// Says where a failure happened.
    pub(super) fn locate(&self, failure: Failure, when: &str, recorded: Vec<String>) -> Box<Failure> {
        Box::new(Failure { step: Some(self.step), when: when.to_owned(), at: Some(Moment(self.now)), recorded, ..failure })
    }
}

/// A step that this role cannot play.
pub(super) fn not_for<T>(role: &str, when: Option<&When>) -> Played<T> {
    let word = match when {
        None => "look",
        Some(When::Start(_)) => "start",
        Some(When::Message(_)) => "message",
        Some(When::Timer(_)) => "timer",
        Some(When::Undelivered(_)) => "undelivered",
        Some(When::Cancel(_)) => "cancel",
        Some(When::Migrated(_)) => "migrated",
        Some(When::Request(_)) => "request",
        Some(When::Command(_)) => "command",
    };
    Err(Box::new(Failure::saying(format!("the module is {role}, and `{word}` is nothing that happens to one"))))
}
