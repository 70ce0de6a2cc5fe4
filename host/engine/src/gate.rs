//! The gate: before a module that is new is activated, a sample of recorded histories is decided again by it.
//! What is owed depends on what the module says it is; what it only may do is told and never held against it.

use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::DeployError;
use crate::limits::Limits;
use crate::model::id::{Category, Digest};
use crate::ports::clock::Clock;
use crate::ports::definition::Module;
use crate::ports::log::Log;
use crate::ports::store::EventStore;
use crate::replay::{Class, Counts, Finding, Replay, ReplayError, Report, Which};

/// What becomes of a new module that does not keep what it owes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GateMode {
    /// It is refused.
    Refuse,
    /// It is taken, and a warning says why.
    #[default]
    Warn,
    /// Nobody looks.
    Off,
}

impl GateMode {
    /// Reads a mode as it is written.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Refuse, Self::Warn, Self::Off].into_iter().find(|mode| mode.as_str() == text)
    }

    /// The mode as it is written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Warn => "warn",
            Self::Off => "off",
        }
    }
}

impl fmt::Display for GateMode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

/// What the gate made of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What the module does not keep of what it owes, a sentence each; none where it passes.
    pub reasons: Vec<String>,
    /// What the sample came to; none where it could not be looked at, and then a reason says why.
    pub report: Option<Report>,
}

impl Verdict {
    /// Whether the module keeps what it owes.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// Findings that a reason names.
const NAMED_MAX: usize = 3;

/// Stands before modules that are new.
pub struct Gate {
    mode: GateMode,
    store: Arc<dyn EventStore>,
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    which: Which,
    threads: usize,
    /// Of modules that were let in since the start; a verdict is news, and no part of what is kept.
    verdicts: Mutex<HashMap<Digest, Arc<Verdict>>>,
}

impl Gate {
    /// A gate before what is recorded here.
    #[must_use]
    pub fn new(mode: GateMode, store: Arc<dyn EventStore>, log: Arc<dyn Log>, clock: Arc<dyn Clock>, limits: &Limits) -> Self {
        let which = Which::Sample { histories_max: limits.gate_histories_max, ms_max: limits.gate_ms_max };
        // The other half of the cores goes on with what is under way.
        let threads = (limits.workers / 2).max(1);
        Self { mode, store, log, clock, which, threads, verdicts: Mutex::default() }
    }

    /// Looks at a module that is new. Blocks for at most about as long as the limits say.
    ///
    /// # Errors
    /// [`DeployError::Gate`] where the gate refuses it, and [`DeployError::Store`] where a gate that refuses could not look.
    pub fn admit(&self, module: &Module) -> Result<(), DeployError> {
        if self.mode == GateMode::Off {
            return Ok(());
        }
        let replay = Replay::of(module, &*self.store, &*self.log, &*self.clock).which(self.which).threads(self.threads);
        let verdict = match replay.run(&mut |_| ControlFlow::Continue(())) {
            Ok(report) => Verdict { reasons: reasons(module, &report), report: Some(report) },
            Err(ReplayError::NotAProcess(_)) => return Ok(()),
            Err(ReplayError::Store(error)) if self.mode == GateMode::Refuse => return Err(error.into()),
            Err(error) => Verdict { reasons: vec![format!("its histories could not be looked at: {error}")], report: None },
        };
        self.log_verdict(module, &verdict);
        if self.mode == GateMode::Refuse && !verdict.passes() {
            return Err(DeployError::Gate { category: module.manifest.category.clone(), reasons: verdict.reasons.join("; ") });
        }
        self.verdicts().insert(module.digest, Arc::new(verdict));
        Ok(())
    }

    /// What it made of a module that was let in since the start.
    #[must_use]
    pub fn verdict(&self, module: &Digest) -> Option<Arc<Verdict>> {
        self.verdicts().get(module).cloned()
    }

    fn verdicts(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Arc<Verdict>>> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log_verdict(&self, module: &Module, verdict: &Verdict) {
        let (category, digest, mode) = (&module.manifest.category, module.digest.short(), self.mode);
        for reason in &verdict.reasons {
            tracing::warn!(%category, module = digest, gate = %mode, reason, "a new definition does not keep what it owes");
        }
        let Some(report) = verdict.report.as_ref().filter(|report| verdict.passes() && report.total.histories > 0) else { return };
        let Counts { histories, same, otherwise, not_folded, .. } = report.total;
        tracing::info!(%category, module = digest, histories, same, otherwise, not_folded, "a new definition passed the gate");
    }
}

/// What a module does not keep of what it owes.
///
/// New bytes of a category promise the rules of that category: they fold its histories and decide the same.
/// A version that takes over others promises to fold theirs; that it decides otherwise is what it is there for.
/// Of other versions of its name it promises nothing.
fn reasons(module: &Module, report: &Report) -> Vec<String> {
    let own = &module.manifest.category;
    let takes_over = &module.manifest.takes_over;
    let owed = report.by_category.iter().filter(|(category, _)| *category == own || takes_over.contains(category));
    let mut reasons = Vec::new();
    for (category, counts) in owed {
        if counts.not_folded > 0 {
            let named = named(report, category, &[Class::DoesNotFold]);
            reasons.push(format!("it does not fold {} of {} histories of {category}: {named}", counts.not_folded, counts.histories));
        }
        if category == own && counts.otherwise > 0 {
            let named = named(report, category, &[Class::Breaks, Class::DecidesOtherwise, Class::Lost]);
            let (otherwise, histories) = (counts.otherwise, counts.histories);
            reasons.push(format!(
                "it decides otherwise in {otherwise} of {histories} histories of {category}, so it should have a new version: {named}"
            ));
        }
    }
    reasons
}

fn named(report: &Report, category: &Category, classes: &[Class]) -> String {
    let ours = |finding: &&Finding| finding.category == *category && classes.contains(&finding.class());
    report.findings().filter(ours).take(NAMED_MAX).map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
