//! Scenarios of a process: events are given, a trigger comes, a decision is compared, and every promise is held.
//! Commands to the own process are not delivered: they are the next step of the scenario.

use procession_engine::model::decision::Trigger;
use procession_engine::model::event::{Event, StreamEvent};
use procession_engine::model::id::{Kind, MessageId, StreamName};
use procession_engine::model::json::Json;
use procession_engine::model::message::Message;
use procession_engine::ports::definition::{Decider, Definition, GuestError};

use super::stage::{Stage, not_for};
use super::{Failure, Played};
use crate::bench::{History, Place, Subject, Turn};
use crate::checks::{self, Complaint};
use crate::compare;
use crate::scenario::{Given, Scenario, Step, Then, When};
use crate::show;

/// The batches in which a history is folded once more after every step.
const BATCHES: [usize; 3] = [2, 1, 3];

pub(super) fn play(stage: &mut Stage<'_>, definition: &dyn Definition, scenario: &Scenario) -> Played {
    let subject = Subject { definition, twin: definition, manifest: stage.manifest };
    let mut play = Play::begin(subject, stage, scenario, &BATCHES)?;
    scenario.steps.iter().try_for_each(|step| play.step(stage, step).map(drop))
}

/// The history that a scenario begins with.
fn given(stage: &Stage<'_>, scenario: &Scenario) -> Played<History> {
    let mut history = History {
        snapshot: scenario.snapshot.as_ref().map(|snapshot| snapshot.0.clone()),
        events: Vec::new(),
        version: scenario.snapshot_version,
    };
    for (at, given) in scenario.given.iter().enumerate() {
        let event = recorded(stage, given, history.version + 1).ok_or_else(|| {
            let text = "given[{at}]: the manifest lists no event of kind {kind} under `records`; where another version recorded it, give its `schema`";
            Box::new(Failure::saying(text.replace("{at}", &at.to_string()).replace("{kind}", given.kind.as_str())))
        })?;
        history.version = event.version;
        history.events.push(event);
    }
    Ok(history)
}

fn recorded(stage: &Stage<'_>, given: &Given, version: u64) -> Option<StreamEvent> {
    let listed = stage.manifest.records.iter().find(|listed| listed.kind == given.kind.0).map(|listed| listed.schema);
    let event = Event { kind: given.kind.0.clone(), schema: given.schema.or(listed)?, data: given.data.0.clone() };
    let decided_by = given.decided_by.as_ref().map_or(&stage.manifest.category, |category| &category.0).clone();
    Some(StreamEvent { version, time: given.time.map_or(stage.now, |time| time.0), decided_by, event })
}

/// A process that is played.
pub(crate) struct Play<'a> {
    subject: Subject<'a>,
    pub(crate) history: History,
    /// The warm instance; none after it broke as expected.
    decider: Option<Box<dyn Decider>>,
    /// The batches in which a history is folded once more after every step.
    batches: &'a [usize],
}

/// A turn that was made, and what it was made of.
pub(crate) struct Asked {
    pub(crate) place: Place,
    pub(crate) trigger: Trigger,
    pub(crate) turn: Turn,
}

impl<'a> Play<'a> {
    /// Folds what is given.
    pub(crate) fn begin(subject: Subject<'a>, stage: &Stage<'_>, scenario: &Scenario, batches: &'a [usize]) -> Played<Self> {
        let mut play = Self { subject, history: given(stage, scenario)?, decider: None, batches };
        let folded = play.fold().map(drop);
        folded.map_err(|error| {
            let text = Some(format!("what is given cannot be folded: {error}"));
            Box::new(Failure { text, ..Failure::broken(&error) })
        })?;
        Ok(play)
    }

    fn fold(&mut self) -> Result<&mut dyn Decider, GuestError> {
        if self.decider.is_none() {
            self.decider = Some(self.subject.fold(&self.history)?);
        }
        Ok(&mut **self.decider.as_mut().expect("it was put there just now"))
    }

    /// The step that the process shows; nothing where it shows none.
    pub(crate) fn stands(&mut self) -> String {
        let view = self.fold().and_then(Decider::look);
        view.ok().and_then(|view| view.step).unwrap_or_default()
    }

    /// Plays a step; gives what came of it, where the definition was asked and did not break as expected.
    pub(crate) fn step(&mut self, stage: &mut Stage<'_>, step: &Step) -> Played<Option<Asked>> {
        stage.enter(step);
        let before: Vec<String> = self.history.events.iter().map(|event| event.event.kind.to_string()).collect();
        let mut when = "look".to_owned();
        let done = self.happens(stage, step, &mut when).and_then(|turn| match self.looks(step) {
            Ok(()) => Ok(turn),
            Err(failure) => Err(Box::new(Failure { decided: turn.map(|asked| show::answer(&asked.turn.answer)), ..*failure })),
        });
        done.map_err(|failure| stage.locate(*failure, &when, before))
    }

    /// The trigger of a step, its answer and the promises.
    fn happens(&mut self, stage: &mut Stage<'_>, step: &Step, when: &mut String) -> Played<Option<Asked>> {
        let Some(what) = &step.when else { return Ok(None) };
        let trigger = self.trigger(stage, what)?;
        *when = show::trigger(&trigger);
        if matches!(trigger, Trigger::Migrated(_)) {
            // The host records the move itself; a definition is not shown that event.
            self.history.version += 1;
        }
        let place = stage.place(self.history.version);
        let subject = self.subject;
        let answered = self.fold().and_then(|decider| subject.turn(decider, &place, &trigger));
        match answered {
            Ok(turn) => {
                let turn = self.answered(stage, step, &place, &trigger, turn)?;
                Ok(Some(Asked { place, trigger, turn }))
            }
            Err(error) => self.broken(stage, step, &error).map(|()| None),
        }
    }

    fn answered(&mut self, stage: &mut Stage<'_>, step: &Step, place: &Place, trigger: &Trigger, turn: Turn) -> Played<Turn> {
        stage.seed = stage.seed.wrapping_add(turn.decisions);
        stage.remember(&turn.answer);
        let failed = |failure: Failure| Box::new(Failure { decided: Some(show::answer(&turn.answer)), ..failure });
        if let Some(then) = &step.then {
            let differences = compare::of_answer(then, &turn.answer, &stage.process, stage.now);
            if !differences.is_empty() {
                return Err(failed(Failure { differences, ..Failure::default() }));
            }
        }
        let complaint = |complaint: Complaint| {
            let Complaint { promise, text, differences } = complaint;
            let text = Some(format!("{}: {text}", promise.as_str()));
            failed(Failure { text, differences, promise: Some(promise), ..Failure::default() })
        };
        checks::turn(&self.subject, &self.history, place, trigger, &turn).map_err(complaint)?;
        self.history.record(&turn);
        let decider = self.decider.as_mut().expect("it has just answered");
        checks::state(&self.subject, &self.history, &mut **decider, self.batches).map_err(complaint)?;
        Ok(turn)
    }

    /// A definition that broke: as expected, or not.
    fn broken(&mut self, stage: &mut Stage<'_>, step: &Step, error: &GuestError) -> Played {
        self.decider = None;
        stage.seed = stage.seed.wrapping_add(1);
        let differences = match &step.then {
            Some(Then::Fault(wanted)) => compare::of_fault(wanted, error),
            _ => return Err(Box::new(Failure::broken(error))),
        };
        let decided = Some(show::fault(error));
        if differences.is_empty() { Ok(()) } else { Err(Box::new(Failure { differences, decided, ..Failure::default() })) }
    }

    fn looks(&mut self, step: &Step) -> Played {
        let Some(look) = &step.look else { return Ok(()) };
        let view = self.fold().and_then(|decider| decider.look());
        let view = view.map_err(|error| Box::new(Failure::broken(&error)))?;
        let differences = compare::of_view(look, &view);
        if differences.is_empty() { Ok(()) } else { Err(Box::new(Failure { differences, ..Failure::default() })) }
    }

    fn trigger(&self, stage: &mut Stage<'_>, when: &When) -> Played<Trigger> {
        Ok(match when {
            When::Start(message) | When::Message(message) => self.message(stage.message(message))?,
            When::Timer(timer) => {
                let set = stage.timers.remove(&timer.name);
                // Whatever the scenario says of time: a timer never comes before its moment.
                let due = set.as_ref().map_or(stage.now, |(due, _)| *due);
                stage.now = stage.now.max(due);
                let data = timer.data.as_ref().map(|data| data.0.clone()).or_else(|| set.map(|(_, data)| data)).unwrap_or_else(Json::null);
                Trigger::Timer { name: timer.name.clone(), due, data }
            }
            When::Undelivered(back) => {
                let data = back.data.as_ref().map(|data| data.0.clone()).or_else(|| stage.sent.get(&back.kind.0).cloned());
                let suffix = stage.suffix();
                let stream = StreamName { process: stage.process.clone(), suffix };
                Trigger::Undelivered {
                    id: MessageId::of_command(&stream, self.history.version, 0),
                    kind: back.kind.0.clone(),
                    reason: back.reason.clone(),
                    data: data.unwrap_or_else(Json::null),
                }
            }
            When::Cancel(why) => Trigger::Cancel(why.clone()),
            When::Migrated(from) => Trigger::Migrated(from.0.clone()),
            When::Request(_) | When::Command(_) => return not_for("a process", Some(when)),
        })
    }

    /// As the host does: what is of a kind that begins a process is a start, also when it comes again later.
    fn message(&self, message: Message) -> Played<Trigger> {
        let manifest = self.subject.manifest;
        if manifest.starts.contains(&message.kind) {
            return Ok(Trigger::Start(message));
        }
        if manifest.takes(&message.kind) {
            return Ok(Trigger::Message(message));
        }
        let list = |kinds: &[Kind]| kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let (kind, starts, handles) = (&message.kind, list(&manifest.starts), list(&manifest.handles));
        let text = format!("the host would not deliver {kind}: the manifest starts with [{starts}] and handles [{handles}]");
        Err(Box::new(Failure::saying(text)))
    }
}
