//! The engine: workers over ports, started and stopped as one.
//! Callers hand in requests and read; everything else happens by itself.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::error::{DeployError, Refusal};
use crate::flow::apart::{Apart, Trust};
use crate::flow::flood::Flood;
use crate::flow::inbox::{Answer, Move, Operation, Request, Work};
use crate::flow::mailbox::Mailbox;
use crate::flow::moving;
use crate::flow::repeats::Repeats;
use crate::flow::rest::Rest;
use crate::flow::shared::Shared;
pub use crate::flow::shared::{Counters, Load};
use crate::flow::watchers::Watchers;
use crate::flow::worker::{Progress, Worker};
use crate::gate::{Gate, GateMode};
use crate::limits::Limits;
use crate::model::id::{Digest, ProcessId};
use crate::model::json::Json;
use crate::model::process::ProcessRow;
use crate::ports::clock::Clock;
use crate::ports::definition::{Module, Runtime};
use crate::ports::log::Log;
use crate::ports::shelf::{ModuleRecord, Shelf};
use crate::ports::store::{EventStore, StoreError};
use crate::query::Query;
use crate::registry::{Deployed, Origin, Outcome, Registry, RolledBack};
use crate::replay::Replay;

/// What an engine is made of.
pub struct Parts {
    /// Keeps the streams.
    pub store: Arc<dyn EventStore>,
    /// The log of that store, with what led to every decision.
    pub log: Arc<dyn Log>,
    /// Keeps the modules.
    pub shelf: Arc<dyn Shelf>,
    /// Makes modules run.
    pub runtime: Arc<dyn Runtime>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Settings of routers and adapters, by the name of their category: JSON objects.
    pub settings: HashMap<String, Json>,
    /// The bounds.
    pub limits: Limits,
    /// What becomes of a new module that does not keep what it owes to recorded histories.
    pub gate: GateMode,
    /// Makes the seeds of this host different from those of every other one; from a good source of randomness.
    pub entropy: u64,
}

/// The engine.
pub struct Engine {
    shared: Arc<Shared>,
    registry: Arc<Registry>,
    query: Query,
    log: Arc<dyn Log>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// An engine that is set up and does not run yet: a test may step it by hand.
pub struct Standing {
    engine: Arc<Engine>,
    workers: Vec<Worker>,
}

impl Standing {
    /// Sets an engine up: opens the registry, and nothing else.
    ///
    /// # Errors
    /// [`StoreError`] where the shelf cannot be read.
    pub fn new(parts: Parts) -> Result<Self, StoreError> {
        let Parts { store, log, shelf, runtime, clock, settings, limits, gate, entropy } = parts;
        let registry = Arc::new(Registry::open(shelf, runtime, Arc::clone(&clock))?);
        registry.guard(Gate::new(gate, Arc::clone(&store), Arc::clone(&log), Arc::clone(&clock), &limits));
        let mailboxes = (0..limits.workers.max(1)).map(|_| Mailbox::new(limits.waiting_max, limits.waiting_bytes_max)).collect();
        let watchers = Watchers::new(limits.watchers_max);
        let query = Query::new(Arc::clone(&store));
        let (counters, in_flight, repeats) = (Counters::default(), AtomicUsize::default(), Repeats::default());
        let shared = Shared {
            flood: Flood::new(limits.workers.max(1), &limits),
            rest: Rest::new(&limits),
            apart: Apart::new(&limits),
            store,
            registry: Arc::clone(&registry),
            clock,
            limits,
            settings,
            entropy,
            mailboxes,
            watchers,
            counters,
            repeats,
            in_flight,
        };
        let shared = Arc::new(shared);
        let workers = (0..shared.mailboxes.len()).map(|index| Worker::new(index, Arc::clone(&shared))).collect();
        let engine = Arc::new(Engine { shared, registry, query, log, threads: Mutex::default() });
        Ok(Self { engine, workers })
    }

    /// Finds again what was recorded and had no effect before the last stop.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn recover(&mut self) -> Result<(), StoreError> {
        // Everything is found before anything is delivered: what a delivery records is not durable yet, and no adapter may hear of it.
        let found = self.workers.iter().map(Worker::left_undelivered).collect::<Result<Vec<_>, _>>()?;
        self.workers.iter_mut().zip(found).try_for_each(|(worker, found)| worker.recover(found))
    }

    /// The engine, for requests and queries.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Lets every worker do what waits, and makes what is to be made apart, until there is nothing more.
    pub fn settle(&mut self) {
        loop {
            let progress: Vec<Progress> = self.workers.iter_mut().map(|worker| worker.step(Duration::ZERO)).collect();
            let made = self.step_apart();
            if !made && !progress.contains(&Progress::Made) {
                return;
            }
        }
    }

    /// Lets one worker take one step; true where it did something.
    /// For a simulation, which decides itself whose turn it is. A worker that is not there does nothing.
    pub fn step(&mut self, worker: usize) -> bool {
        self.workers.get_mut(worker).is_some_and(|worker| worker.step(Duration::ZERO) == Progress::Made)
    }

    /// Makes one of the turns that are to be made apart; true where there was one.
    pub fn step_apart(&mut self) -> bool {
        self.engine.shared.apart.step(&self.engine.shared)
    }

    /// The engine without its workers: it answers queries, and every request hears that the host is stopping.
    #[must_use]
    pub fn only_reading(self) -> Arc<Engine> {
        self.engine.shared.mailboxes.iter().for_each(Mailbox::stop);
        self.engine
    }

    /// Gives every worker its thread, and turns that are made apart theirs.
    ///
    /// # Errors
    /// [`std::io::Error`] where the system gives no thread.
    pub fn start(self) -> std::io::Result<Arc<Engine>> {
        for (index, worker) in self.workers.into_iter().enumerate() {
            self.engine.spawn(format!("procession-{index}"), move || worker.run())?;
        }
        for trust in [Trust::Tried, Trust::Untried] {
            for index in 0..self.engine.shared.limits.apart_threads.max(1) {
                let shared = Arc::clone(&self.engine.shared);
                let name = if trust == Trust::Tried { format!("apart-{index}") } else { format!("aside-{index}") };
                self.engine.spawn(name, move || shared.apart.run(&shared, trust))?;
            }
        }
        Ok(self.engine)
    }
}

impl Engine {
    fn spawn(&self, name: String, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let thread = std::thread::Builder::new().name(name).spawn(run)?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    /// Takes a request and answers when what it led to is durable.
    ///
    /// # Errors
    /// [`Refusal`] where it had no effect; nothing of it is recorded then, except where the host stops before it could answer.
    pub async fn request(&self, request: Request) -> Result<Answer, Refusal> {
        request.check(&self.shared.limits)?;
        let owner = self.shared.owner(&request.process);
        Counters::count(&self.shared.counters.requests);
        self.ask(owner, |answer| Work::Request { request: Box::new(request), answer }).await
    }

    /// Tries again what a process is parked on.
    ///
    /// # Errors
    /// [`Refusal`] where it is unknown or not parked.
    pub async fn retry(&self, process: ProcessId) -> Result<(), Refusal> {
        self.operate(process, Operation::Retry).await
    }

    /// Does what an operator asks for; answers when it is durable.
    ///
    /// # Errors
    /// [`Refusal`] where it does not apply; nothing has changed then.
    pub async fn operate(&self, process: ProcessId, operation: Operation) -> Result<(), Refusal> {
        operation.check(&self.shared.limits)?;
        let owner = self.shared.owner(&process);
        self.ask(owner, |answer| Work::Operate { process, operation, answer }).await
    }

    /// Does all that the move of a stream to another module would do, and records nothing.
    /// The process goes on meanwhile and hears nothing of it. Folds a history, so call it where blocking is allowed.
    ///
    /// # Errors
    /// [`Refusal`] says why the stream would stay where it is.
    pub fn rehearse(&self, process: &ProcessId, wanted: Move) -> Result<(), Refusal> {
        moving::rehearse(&self.shared, process, wanted)
    }

    async fn ask<T>(&self, owner: usize, work: impl FnOnce(oneshot::Sender<Result<T, Refusal>>) -> Work) -> Result<T, Refusal> {
        let (answer, answered) = oneshot::channel();
        let mailbox = &self.shared.mailboxes[owner];
        if mailbox.offer(work(answer)).is_err() {
            if mailbox.is_stopping() {
                return Err(Refusal::Stopping);
            }
            Counters::count(&self.shared.counters.turned_away);
            return Err(Refusal::Busy);
        }
        answered.await.unwrap_or(Err(Refusal::Stopping))
    }

    /// Waits until a process has come to an end, and answers with its row then.
    /// Whoever waits for a limited time drops the future.
    ///
    /// # Errors
    /// [`Refusal::Busy`] where too many wait, [`Refusal::UnknownProcess`], [`Refusal::Stopping`], or [`Refusal::Store`].
    pub async fn ended(&self, process: &ProcessId) -> Result<ProcessRow, Refusal> {
        loop {
            // Watch first and look then, so that an end in between is not missed.
            let none = || if self.is_running() { Refusal::Busy } else { Refusal::Stopping };
            let told = self.shared.watchers.watch(process).ok_or_else(none)?;
            let row = self.query.process(process).await?.ok_or_else(|| Refusal::UnknownProcess(process.clone()))?;
            if row.has_ended() {
                return Ok(row);
            }
            told.await.map_err(|_| Refusal::Stopping)?;
        }
    }

    /// Reads processes, streams and the log.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Decides recorded histories again with a module; see [`Replay`].
    #[must_use]
    pub fn replay<'a>(&'a self, module: &'a Module) -> Replay<'a> {
        Replay::of(module, &*self.shared.store, &*self.log, &*self.shared.clock)
    }

    /// Lists, checks and looks up definitions.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// The bounds.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// What happened since the start.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// The warning about ids of a module that repeat, where one was given since the start.
    #[must_use]
    pub fn warning(&self, module: &Digest) -> Option<Arc<str>> {
        self.shared.repeats.of(module)
    }

    /// How much there is to do at this moment.
    #[must_use]
    pub fn load(&self) -> Load {
        self.shared.load()
    }

    /// Takes a module. Compiles, so call it where blocking is allowed.
    ///
    /// # Errors
    /// [`DeployError`] says why it is refused.
    pub fn deploy(&self, bytes: &[u8], origin: &Origin) -> Result<Deployed, DeployError> {
        let deployed = self.registry.deploy(bytes, origin)?;
        if deployed.outcome != Outcome::Unchanged {
            self.shared.mailboxes.iter().for_each(Mailbox::announce_deploy);
        }
        Ok(deployed)
    }

    /// Keeps a module that takes no process until it is activated. Compiles, so call it where blocking is allowed.
    ///
    /// # Errors
    /// [`DeployError`] says why it is refused.
    pub fn shelve(&self, bytes: &[u8]) -> Result<Deployed, DeployError> {
        self.registry.shelve(bytes)
    }

    /// Lets a module that is kept take new processes. May compile, so call it where blocking is allowed.
    ///
    /// # Errors
    /// [`DeployError`] says why it may not.
    pub fn activate(&self, module: &Digest) -> Result<Deployed, DeployError> {
        let deployed = self.registry.activate(module)?;
        if deployed.outcome != Outcome::Unchanged {
            self.shared.mailboxes.iter().for_each(Mailbox::announce_deploy);
        }
        Ok(deployed)
    }

    /// Goes back to the module that took the new processes of a name or a category before; see [`Registry::roll_back`].
    ///
    /// # Errors
    /// [`DeployError`] says why there is no way back.
    pub fn roll_back(&self, name: &str) -> Result<RolledBack, DeployError> {
        let rolled_back = self.registry.roll_back(name)?;
        self.shared.mailboxes.iter().for_each(Mailbox::announce_deploy);
        Ok(rolled_back)
    }

    /// Stops a module from taking new processes.
    ///
    /// # Errors
    /// [`DeployError`] where it is unknown or the change could not be kept.
    pub fn drain(&self, module: &Digest) -> Result<ModuleRecord, DeployError> {
        self.registry.drain(module)
    }

    /// Makes the workers look at the clock now; for clocks that somebody sets.
    pub fn wake(&self) {
        self.shared.mailboxes.iter().for_each(Mailbox::wake);
    }

    /// Whether every worker takes requests; false while the engine stops, or after a worker has ended by a panic.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.shared.mailboxes.iter().any(Mailbox::is_stopping)
    }

    /// Takes no more requests, finishes what is in flight and returns when it is durable. Blocks.
    pub fn stop(&self) {
        self.shared.mailboxes.iter().for_each(Mailbox::stop);
        self.shared.apart.stop();
        self.shared.watchers.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a worker ended by a panic; what it had not recorded is found again at the next start");
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop();
    }
}
