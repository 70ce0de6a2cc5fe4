//! What calls use: fuel and memory, the most of each sort, and on which trigger.
//! The runtime counts; here it is only asked after every call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use procession_engine::model::decision::{Context, Decision, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::json::Json;
use procession_engine::model::view::View;
use procession_engine::ports::definition::{Decider, Definition, GuestError};

use super::{Finding, Gravity, Report};
use crate::scenario::{Scenario, Step};

/// A runtime that tells what calls used.
pub trait Meter: Send + Sync {
    /// The most that one call used since it was asked last, and the memory of its instance; nothing where there was no call.
    fn take(&self) -> Option<Used>;
}

/// What a call used, and what it may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Fuel, in the runtime's units.
    pub fuel: u64,
    /// The most that a call may use.
    pub fuel_max: u64,
    /// Memory of the instance after the call, in bytes.
    pub memory_bytes: u64,
    /// The most that an instance may have.
    pub memory_bytes_max: u64,
}

/// The most that one sort of call used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Most {
    /// Fuel and memory; each from the call that used most of it.
    pub used: Used,
    /// The trigger on which most fuel was used.
    pub trigger: String,
    /// The steps that led there.
    pub(super) steps: Vec<Step>,
}

/// Part of a limit beyond which it is worth a word, in percent: data in production is larger than in an attack.
const WORTH_A_WORD_PERCENT: u64 = 50;

/// The tally of an attack.
#[derive(Clone)]
pub(super) struct Metered(Arc<Shared>);

struct Shared {
    meter: Option<Arc<dyn Meter>>,
    tally: Mutex<Tally>,
}

#[derive(Default)]
struct Tally {
    trigger: String,
    most: BTreeMap<&'static str, Most>,
    /// Memory of the instance that was called last.
    memory_bytes: u64,
    /// Sorts of calls that used more than ever in this step.
    risen: Vec<&'static str>,
}

impl Metered {
    pub(super) fn new(meter: Option<Arc<dyn Meter>>) -> Self {
        Self(Arc::new(Shared { meter, tally: Mutex::default() }))
    }

    pub(super) fn wrap(&self, inner: Arc<dyn Definition>) -> Arc<dyn Definition> {
        Arc::new(Wrapped { inner, metered: self.clone() })
    }

    /// A step begins.
    pub(super) fn begin(&self, trigger: &str) {
        let mut tally = self.tally();
        trigger.clone_into(&mut tally.trigger);
        tally.risen.clear();
    }

    /// A step is over: remembers the steps, where one of its calls used more than ever.
    pub(super) fn keep(&self, steps: &[Step]) {
        let mut tally = self.tally();
        for call in std::mem::take(&mut tally.risen) {
            if let Some(most) = tally.most.get_mut(call) {
                most.steps = steps.to_vec();
            }
        }
    }

    pub(super) fn most(&self) -> BTreeMap<&'static str, Most> {
        self.tally().most.clone()
    }

    /// The memory of the instance that was called last, in bytes, where the runtime tells it.
    pub(super) fn memory_bytes(&self) -> Option<u64> {
        self.0.meter.as_ref().map(|_| self.tally().memory_bytes)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.0.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn measure<R>(&self, call: &'static str, run: impl FnOnce() -> R) -> R {
        let Some(meter) = &self.0.meter else { return run() };
        let _ = meter.take();
        let answer = run();
        if let Some(used) = meter.take() {
            self.note(call, used);
        }
        answer
    }

    fn note(&self, call: &'static str, used: Used) {
        let mut tally = self.tally();
        tally.memory_bytes = used.memory_bytes;
        let trigger = tally.trigger.clone();
        let most = tally.most.entry(call).or_default();
        most.used.fuel_max = used.fuel_max;
        most.used.memory_bytes_max = used.memory_bytes_max;
        most.used.memory_bytes = most.used.memory_bytes.max(used.memory_bytes);
        if used.fuel > most.used.fuel {
            most.used.fuel = used.fuel;
            most.trigger = trigger;
            tally.risen.push(call);
        }
    }
}

/// Warns where a call came near a limit.
pub(super) fn complain(report: &mut Report, metered: &Metered) {
    let near = |used: u64, max: u64| max > 0 && used.saturating_mul(100) / max >= WORTH_A_WORD_PERCENT;
    for (call, most) in metered.most() {
        let Used { fuel, fuel_max, memory_bytes, memory_bytes_max } = most.used;
        let mut warn = |what: &str, used: u64, max: u64| {
            let percent = used.saturating_mul(100) / max;
            let text = format!("{call} used {used} of {max} {what} ({percent} %), on {}", most.trigger);
            let scenario = Scenario { name: format!("bounded: {text}"), steps: most.steps.clone(), ..Scenario::default() };
            report.find(Finding { gravity: Gravity::Warning, promise: "bounded", text, scenario });
        };
        if near(fuel, fuel_max) {
            warn("units of fuel", fuel, fuel_max);
        }
        if near(memory_bytes, memory_bytes_max) {
            warn("bytes of memory", memory_bytes, memory_bytes_max);
        }
    }
}

struct Wrapped {
    inner: Arc<dyn Definition>,
    metered: Metered,
}

impl Definition for Wrapped {
    fn restore(&self, snapshot: Option<&Json>) -> Result<Box<dyn Decider>, GuestError> {
        let inner = self.metered.measure("restore", || self.inner.restore(snapshot))?;
        Ok(Box::new(WrappedDecider { inner, metered: self.metered.clone() }))
    }
}

struct WrappedDecider {
    inner: Box<dyn Decider>,
    metered: Metered,
}

impl Decider for WrappedDecider {
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        self.metered.measure("evolve", || self.inner.evolve(events))
    }

    fn decide(&mut self, context: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
        self.metered.measure("decide", || self.inner.decide(context, trigger))
    }

    fn look(&mut self) -> Result<View, GuestError> {
        self.metered.measure("look", || self.inner.look())
    }

    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        self.metered.measure("snapshot", || self.inner.snapshot())
    }
}
