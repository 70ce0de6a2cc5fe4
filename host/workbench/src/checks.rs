//! What every definition promises, whatever it is for: held after every step.
//! A promise that is broken is a complaint; what is done about it is the caller's matter.

use procession_engine::model::decision::{Context, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::json::Json;
use procession_engine::model::view::View;
use procession_engine::ports::definition::{Decider, GuestError};
use serde_json::Value;

use crate::bench::{Answer, History, Place, Subject, Turn};
use crate::compare::{Difference, Path, say_the_same, values};
use crate::show;

/// A promise that does not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Complaint {
    /// Which one.
    pub promise: Promise,
    /// A sentence about it.
    pub text: String,
    /// The two things that ought to be the same; `expected` is the first of them.
    pub differences: Vec<Difference>,
}

/// What every definition promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// It answers, and neither traps nor goes over a limit.
    Total,
    /// The same history, context and trigger give the same answer.
    Pure,
    /// `decide` leaves the state as it is.
    DecideChangesNothing,
    /// However the history is cut into batches, the state is the same.
    Batches,
    /// A snapshot holds the state.
    Snapshot,
}

impl Promise {
    /// A word for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Pure => "pure",
            Self::DecideChangesNothing => "decide-changes-nothing",
            Self::Batches => "batches",
            Self::Snapshot => "snapshot",
        }
    }
}

/// What can be seen of a state.
struct Seen {
    view: View,
    snapshot: Option<Json>,
}

impl Seen {
    fn of(decider: &mut dyn Decider) -> Result<Self, GuestError> {
        Ok(Self { view: decider.look()?, snapshot: decider.snapshot()? })
    }

    fn value(&self) -> Value {
        serde_json::json!({ "look": show::view(&self.view), "snapshot": self.snapshot.as_ref().map(show::value) })
    }

    /// Complains where two states do not look the same.
    fn hold_against(&self, other: &Self, promise: Promise, text: &str) -> Result<(), Complaint> {
        held_against(&self.value(), &other.value(), promise, text)
    }
}

fn held_against(one: &Value, other: &Value, promise: Promise, text: &str) -> Result<(), Complaint> {
    let mut differences = Vec::new();
    values(Path::Root(""), one, other, &mut differences);
    // A text `"*"` of the definition's own would hide a difference there.
    if differences.is_empty() && say_the_same(one, other) {
        return Ok(());
    }
    Err(Complaint { promise, text: text.to_owned(), differences })
}

fn broke(what: &str) -> impl Fn(GuestError) -> Complaint + '_ {
    move |error| Complaint { promise: Promise::Total, text: format!("{what}: {error}"), differences: Vec::new() }
}

/// Holds a turn against what fresh instances make of the same history: folded anew, and restored from a snapshot.
///
/// # Errors
/// The [`Complaint`].
pub fn turn(subject: &Subject<'_>, history: &History, place: &Place, trigger: &Trigger, made: &Turn) -> Result<(), Complaint> {
    let fail = broke("a fresh instance that folds all events failed");
    let again = subject.turn(&mut *subject.fold(history).map_err(&fail)?, place, trigger).map_err(&fail)?;
    let text = "a fresh instance that folds all events answers otherwise; something is kept outside them";
    same_answer(&made.answer, &again.answer, Promise::Pure, text)?;

    let mut fresh = subject.fold(history).map_err(&fail)?;
    let before = Seen::of(&mut *fresh).map_err(&fail)?;
    fresh.decide(&context(subject, place), trigger).map_err(&fail)?;
    let after = Seen::of(&mut *fresh).map_err(&fail)?;
    before.hold_against(&after, Promise::DecideChangesNothing, "decide changed the state (before and after)")?;
    let again = subject.turn(&mut *fresh, place, trigger).map_err(&fail)?;
    same_answer(&made.answer, &again.answer, Promise::Pure, "the same instance answers otherwise the second time")?;

    let fail = broke("an instance that was restored from a snapshot failed");
    if let Some(snapshot) = before.snapshot {
        let mut restored = subject.definition.restore(Some(&snapshot)).map_err(&fail)?;
        let again = subject.turn(&mut *restored, place, trigger).map_err(&fail)?;
        same_answer(&made.answer, &again.answer, Promise::Snapshot, "an instance that was restored from a snapshot answers otherwise")?;
    }
    Ok(())
}

fn context(subject: &Subject<'_>, place: &Place) -> Context {
    let category = subject.manifest.category.clone();
    Context { process: place.process.clone(), category, version: place.version, now: place.now, seed: place.seed }
}

/// Answers are compared to the letter, as the host's own audit does.
fn same_answer(one: &Answer, other: &Answer, promise: Promise, text: &str) -> Result<(), Complaint> {
    if one == other {
        return Ok(());
    }
    let (one, other) = (show::answer(one), show::answer(other));
    held_against(&one, &other, promise, text)?;
    let text = format!("{text}; it is the same document in another spelling, and what is recorded must be the same to the letter");
    Err(Complaint { promise, text, differences: Vec::new() })
}

/// Holds a state against the same history folded in one go, one by one and in these batches, and against its own snapshot.
///
/// # Errors
/// The [`Complaint`].
pub fn state(subject: &Subject<'_>, history: &History, decider: &mut dyn Decider, batches: &[usize]) -> Result<(), Complaint> {
    let own = Seen::of(decider).map_err(broke("looking at the state failed"))?;
    let ways: [(&str, &[usize]); 3] = [("in one batch", &[]), ("one by one", &[1]), ("in other batches", batches)];
    for (way, sizes) in ways {
        let fail = broke("folding the same events again failed");
        let mut folded = folded(subject, history, sizes).map_err(&fail)?;
        let seen = Seen::of(&mut *folded).map_err(&fail)?;
        own.hold_against(&seen, Promise::Batches, &format!("the same events folded {way} give another state (warm and folded again)"))?;
    }
    if let Some(snapshot) = &own.snapshot {
        let fail = broke("restoring its own snapshot failed");
        let mut restored = subject.definition.restore(Some(snapshot)).map_err(&fail)?;
        let seen = Seen::of(&mut *restored).map_err(&fail)?;
        own.hold_against(&seen, Promise::Snapshot, "the state that a snapshot holds is another one (before and after)")?;
    }
    Ok(())
}

/// Folds a history in batches of these sizes, over and over; none means all in one.
fn folded(subject: &Subject<'_>, history: &History, sizes: &[usize]) -> Result<Box<dyn Decider>, GuestError> {
    let mut decider = subject.definition.restore(history.snapshot.as_ref())?;
    let mut rest: &[StreamEvent] = &history.events;
    let mut sizes = sizes.iter().copied().filter(|size| *size > 0).cycle();
    while !rest.is_empty() {
        let (batch, left) = rest.split_at(sizes.next().unwrap_or(rest.len()).min(rest.len()));
        decider.evolve(batch)?;
        rest = left;
    }
    Ok(decider)
}
