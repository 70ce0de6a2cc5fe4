//! The host of a run: the real engine over simulated ports, started, stepped, killed and started again.
//! What it is given to do is the run's matter.

use std::any::Any;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use procession_engine::engine::{Engine, Parts, Standing};
use procession_engine::gate::GateMode;
use procession_engine::limits::Limits;
use procession_engine::ports::clock::Clock;
use procession_engine::ports::definition::Runtime;
use procession_engine::ports::log::Log;
use procession_engine::ports::shelf::Shelf;
use procession_engine::ports::store::{EventStore, StoreError};

use crate::clock::SimClock;
use crate::definitions::SimRuntime;
use crate::fate::{Crash, Fate};
use crate::judge::{Invariant, Judge};
use crate::store::{Disk, Pace, SimStore};

/// What outlives every host of a run.
pub struct Ground {
    /// Chance.
    pub fate: Arc<Fate>,
    /// The judge.
    pub judge: Arc<Judge>,
    /// The clock.
    pub clock: Arc<SimClock>,
    /// The disk.
    pub disk: Arc<Disk>,
    /// The modules that can be loaded.
    pub runtime: Arc<SimRuntime>,
    /// The bounds of every host of this run.
    pub limits: Limits,
}

/// A host that runs.
pub struct Host {
    /// Its store.
    pub store: Arc<SimStore>,
    standing: Standing,
}

/// The host has died; whatever it had in memory is gone.
#[derive(Debug)]
pub struct Dead;

impl Ground {
    /// Bounds drawn for one run: small ones, so that every bound is met.
    #[must_use]
    pub fn limits(fate: &Fate) -> Limits {
        fate.draw(|dice| Limits {
            workers: dice.index(3) + 1,
            waiting_max: *dice.one_of(&[4, 64, 8_192]),
            commits_in_flight_max: *dice.one_of(&[1, 2, 8, 1_024]),
            decisions_per_chain_max: *dice.one_of(&[1, 2, 5, 256]),
            attempts_max: u32::try_from(dice.between(1, 3)).unwrap_or(1),
            lanes_max: *dice.one_of(&[1, 4, 2_048]),
            timer_horizon_ms: *dice.one_of(&[10, 1_000, 60_000]),
            timers_per_step_max: *dice.one_of(&[1, 3, 256]),
            audit_one_in: *dice.one_of(&[0, 2, 1_000]),
            apart_waiting_max: *dice.one_of(&[1, 2, 256]),
            apart_ms: *dice.one_of(&[1_000, 60_000]),
            cut_off_max: *dice.one_of(&[0, 1, 16]),
            delivery_attempts_max: *dice.one_of(&[1, 3, 8]),
            retry_first_ms: *dice.one_of(&[1, 100, 500]),
            retry_longest_ms: *dice.one_of(&[500, 300_000]),
            outage_retry_ms: *dice.one_of(&[1, 100, 1_000]),
            snapshot_every: *dice.one_of(&[0, 1, 2, 7, 256]),
            page: *dice.one_of(&[1, 3, 1_024]),
            ..Limits::default()
        })
    }

    /// Starts a host on what is on the disk.
    ///
    /// # Errors
    /// [`Dead`] where it dies at once, or cannot read what it needs to begin.
    pub fn start(&self) -> Result<Host, Dead> {
        let pace = Pace::Drawn { waiting_max: self.limits.commits_in_flight_max };
        let store = Arc::new(SimStore::open(Arc::clone(&self.disk), pace));
        store.set_hurry(true);
        let parts = Parts {
            store: Arc::clone(&store) as Arc<dyn EventStore>,
            log: Arc::clone(&store) as Arc<dyn Log>,
            shelf: Arc::clone(&store) as Arc<dyn Shelf>,
            runtime: Arc::clone(&self.runtime) as Arc<dyn Runtime>,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            settings: HashMap::new(),
            limits: self.limits.clone(),
            // It has threads of its own, and nothing here may happen that the seed does not say.
            gate: GateMode::Off,
            entropy: 7,
        };
        let started = self.survives(|| -> Result<Standing, StoreError> {
            let mut standing = Standing::new(parts)?;
            standing.recover()?;
            Ok(standing)
        });
        store.set_hurry(false);
        match started {
            Ok(Ok(standing)) => Ok(Host { store, standing }),
            Ok(Err(error)) => {
                self.fate.note(format_args!("! the host cannot start: {error}"));
                store.lose_power();
                Err(Dead)
            }
            Err(Dead) => {
                store.lose_power();
                Err(Dead)
            }
        }
    }

    /// Lets the host do something; it may die of it. A panic that nobody drew is a fault of the engine.
    ///
    /// # Errors
    /// [`Dead`] where the host died.
    pub fn survives<T>(&self, what: impl FnOnce() -> T) -> Result<T, Dead> {
        catch_unwind(AssertUnwindSafe(what)).map_err(|panic| {
            if !panic.is::<Crash>() {
                self.judge.finds(Invariant::TheEngineStands, text_of(&*panic));
            }
            Dead
        })
    }
}

impl Host {
    /// The engine, for callers and operators.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        self.standing.engine()
    }

    /// Lets one worker take a step; true where it did something.
    pub fn step(&mut self, worker: usize) -> bool {
        self.standing.step(worker)
    }

    /// Makes one of the turns that are to be made apart; true where there was one.
    pub fn step_apart(&mut self) -> bool {
        self.standing.step_apart()
    }

    /// Kills it: what was not synced is in doubt.
    pub fn kill(self) {
        self.store.lose_power();
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_else(|| "a panic without a text".to_owned())
}
