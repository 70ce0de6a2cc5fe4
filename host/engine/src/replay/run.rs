//! A replay as a whole: histories are handed out to threads, and what they find is put together.
//! Each thread has an instance of its own; the caller's thread only adds up, and may stop it all.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use super::again::{Again, Folds, Outcome};
use super::report::{Counts, Finding, Report};
use super::which::{Choice, Chosen, Cursor, Which};
use crate::model::id::{Category, Suffix};
use crate::ports::clock::Clock;
use crate::ports::definition::{Definition, Module, Role};
use crate::ports::log::{Bounds, Log};
use crate::ports::store::{CommitError, Direction, EventStore, StoreError};

/// Histories whose findings are looked at once more in an instance of their own before a shared one is trusted.
const DISTRUSTED: u64 = 512;
/// Parts of a report that wait to be added; more would mean that adding is slower than deciding.
const PARTS_MAX: usize = 64;

/// A replay that has not run yet.
pub struct Replay<'a> {
    store: &'a dyn EventStore,
    log: &'a dyn Log,
    clock: &'a dyn Clock,
    module: &'a Module,
    which: Which,
    threads: usize,
    findings_max: usize,
}

/// How far a replay has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// What was found so far.
    pub counts: &'a Counts,
}

/// A replay that came to no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The module has no histories.
    #[error("{0} is no process, so it has no histories")]
    NotAProcess(Category),
    /// Whoever asked for it has stopped it.
    #[error("the replay was stopped")]
    Stopped,
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread broke, or the system gave none.
    #[error("a thread of the replay broke: {0}")]
    Broken(String),
}

/// What came of some histories.
type Part = Result<Vec<(Category, Counts, Vec<Finding>)>, StoreError>;

impl<'a> Replay<'a> {
    /// A replay of all histories on one thread.
    #[must_use]
    pub fn of(module: &'a Module, store: &'a dyn EventStore, log: &'a dyn Log, clock: &'a dyn Clock) -> Self {
        Self { store, log, clock, module, which: Which::All, threads: 1, findings_max: 20 }
    }

    /// Which histories.
    #[must_use]
    pub fn which(self, which: Which) -> Self {
        Self { which, ..self }
    }

    /// On so many threads.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads: threads.max(1), ..self }
    }

    /// Keeps so many findings of each class and category.
    #[must_use]
    pub fn findings_max(self, findings_max: usize) -> Self {
        Self { findings_max, ..self }
    }

    /// Decides the histories again. Blocks; `told` hears how far it has come, and may stop it.
    /// What is recorded after the beginning is not looked at.
    ///
    /// # Errors
    /// [`ReplayError`] where there is no report.
    pub fn run(&self, told: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>) -> Result<Report, ReplayError> {
        let begun_us = self.clock.ticks_us();
        let (definition, suffix) = self.process()?;
        let until = self.last_durable_position()?;
        let choice = Choice::of(&self.module.manifest);
        let (cursor, ms_max) = match self.which {
            Which::All => (Cursor::all(self.store, choice), u64::MAX),
            Which::Sample { histories_max, ms_max } => (Cursor::sample(self.store, self.log, choice, until, histories_max)?, ms_max),
        };
        let shared = Shared {
            replay: self,
            definition,
            cursor: Mutex::new(cursor),
            until,
            end_us: begun_us.saturating_add(ms_max.saturating_mul(1_000)),
            stop: AtomicBool::new(false),
            was_cut_short: AtomicBool::new(false),
            looked_at_again: AtomicU64::new(0),
            unsteady: AtomicU64::new(0),
        };
        let mut report = Report::begin(self.module.manifest.category.clone(), self.module.digest, suffix, until, self.findings_max);
        self.spread(&shared, &mut report, told)?;
        report.was_cut_short = shared.was_cut_short.load(Ordering::Relaxed);
        report.took_us = self.clock.ticks_us().saturating_sub(begun_us);
        Ok(report)
    }

    fn process(&self) -> Result<(&'a dyn Definition, Suffix), ReplayError> {
        match (&self.module.role, &self.module.manifest.stream) {
            (Role::Process(definition), Some(suffix)) => Ok((&**definition, suffix.clone())),
            _ => Err(ReplayError::NotAProcess(self.module.manifest.category.clone())),
        }
    }

    /// The end of the log, once it is durable: nobody is told of what a crash could take back.
    fn last_durable_position(&self) -> Result<u64, ReplayError> {
        let last = self.log.entries(None, u64::MAX, Direction::Backward, Bounds { entries_max: 1, bytes_max: 1 })?;
        let (tell, durable) = mpsc::sync_channel(1);
        self.store.barrier(Box::new(move |result| drop(tell.try_send(result))));
        match durable.recv() {
            Ok(Ok(())) => Ok(last.last().map_or(0, crate::ports::log::Placed::last_position)),
            Ok(Err(CommitError::Store(error))) => Err(error.into()),
            Ok(Err(other)) => Err(StoreError::Io(other.to_string()).into()),
            Err(_) => Err(StoreError::Closed("it went away before it could say that what was read is durable".to_owned()).into()),
        }
    }

    fn spread(
        &self,
        shared: &Shared<'_>,
        report: &mut Report,
        told: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    ) -> Result<(), ReplayError> {
        thread::scope(|scope| {
            let (sender, parts) = mpsc::sync_channel::<Part>(PARTS_MAX);
            let mut threads = Vec::new();
            for index in 0..self.threads {
                let sender = sender.clone();
                let thread = thread::Builder::new().name(format!("procession-replay-{index}"));
                match thread.spawn_scoped(scope, move || shared.work(&sender)) {
                    Ok(thread) => threads.push(thread),
                    Err(error) => shared.stop(&ReplayError::Broken(error.to_string())),
                }
            }
            drop(sender);
            let none = || ReplayError::Broken("the system gives no thread".to_owned());
            let mut result = if threads.len() == self.threads { Ok(()) } else { Err(none()) };
            for part in parts {
                let added = part.map_err(ReplayError::Store).and_then(|part| {
                    part.into_iter().for_each(|(category, counts, findings)| report.add(&category, &counts, findings));
                    if told(Progress { counts: &report.total }).is_continue() { Ok(()) } else { Err(ReplayError::Stopped) }
                });
                if let Err(error) = added {
                    shared.stop(&error);
                    result = result.and(Err(error));
                }
            }
            for thread in threads {
                if thread.join().is_err() {
                    result = result.and(Err(ReplayError::Broken("it panicked".to_owned())));
                }
            }
            result
        })
    }
}

/// What the threads share.
struct Shared<'a> {
    replay: &'a Replay<'a>,
    definition: &'a dyn Definition,
    cursor: Mutex<Cursor<'a>>,
    until: u64,
    end_us: u64,
    stop: AtomicBool,
    was_cut_short: AtomicBool,
    looked_at_again: AtomicU64,
    unsteady: AtomicU64,
}

impl Shared<'_> {
    fn stop(&self, why: &ReplayError) {
        tracing::debug!(%why, "a replay stops");
        self.stop.store(true, Ordering::Relaxed);
    }

    fn work(&self, sender: &mpsc::SyncSender<Part>) {
        let many = self.definition.for_histories();
        loop {
            // Nothing between these lines can leave the cursor half moved.
            let next = self.cursor.lock().unwrap_or_else(PoisonError::into_inner).next();
            let part = match next {
                Ok(Some(chosen)) if !self.stop.load(Ordering::Relaxed) => self.part(&chosen, many.as_deref()),
                Ok(_) => return,
                Err(error) => Err(error),
            };
            let failed = part.is_err();
            // The receiver outlives the threads.
            if sender.send(part).is_err() || failed || self.was_cut_short.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    fn part(&self, chosen: &[Chosen], many: Option<&dyn Definition>) -> Part {
        let mut part = Vec::with_capacity(chosen.len());
        for one in chosen {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            if self.replay.clock.ticks_us() >= self.end_us {
                self.was_cut_short.store(true, Ordering::Relaxed);
                break;
            }
            let Outcome { counts, findings, .. } = self.history(one, many)?;
            part.push((one.category.clone(), counts, findings));
        }
        Ok(part)
    }

    /// What is found in an instance that others were folded in may be the fault of the others: it is looked at again in one of its own.
    fn history(&self, chosen: &Chosen, many: Option<&dyn Definition>) -> Result<Outcome, StoreError> {
        let Some(many) = many else { return self.again(self.definition, Folds::Batches).history(chosen) };
        let outcome = self.again(many, Folds::Batches).history(chosen)?;
        let is_trusted = self.looked_at_again.load(Ordering::Relaxed) >= DISTRUSTED && self.unsteady.load(Ordering::Relaxed) == 0;
        // Where it does not fold, the event is to be named.
        if outcome.is_clean() || (is_trusted && outcome.counts.not_folded == 0) {
            return Ok(outcome);
        }
        self.looked_at_again.fetch_add(1, Ordering::Relaxed);
        let mut own = self.again(self.definition, Folds::Singly).history(chosen)?;
        if own.counts != outcome.counts {
            self.unsteady.fetch_add(1, Ordering::Relaxed);
            own.counts.unsteady = 1;
        }
        Ok(own)
    }

    fn again<'b>(&'b self, definition: &'b dyn Definition, folds: Folds) -> Again<'b> {
        Again { log: self.replay.log, definition, manifest: &self.replay.module.manifest, folds, until: self.until }
    }
}
