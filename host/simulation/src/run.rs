//! One run: a world drawn from a seed, some hundred steps in which anything may happen, and then calm.
//! What happens next is drawn in here; whether it was right is for the judge to say.

use std::sync::Arc;

use procession_engine::flow::inbox::{Move, Operation};
use procession_engine::model::id::ProcessId;
use procession_engine::model::time::Timestamp;
use procession_engine::ports::shelf::ModuleState;
use procession_engine::ports::store::EventStore;
use procession_engine::registry::{Origin, Pruned};

use crate::clock::SimClock;
use crate::definitions::{Module, SimRuntime, catalogue};
use crate::fate::Fate;
use crate::fault::{Fault, Tally};
use crate::host::{Dead, Ground, Host};
use crate::judge::{Judge, Violation};
use crate::sabotage::Sabotage;
use crate::store::Disk;
use crate::trace::Keep;
use crate::world::{Callers, Outside};

/// One run.
pub struct Run {
    pub(crate) ground: Ground,
    pub(crate) outside: Arc<Outside>,
    pub(crate) callers: Callers,
    pub(crate) modules: Vec<Module>,
    pub(crate) host: Option<Host>,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// The first promise that was broken.
    pub violation: Option<Violation>,
    /// Stands for everything that happened.
    pub digest: u64,
    /// How many steps there were.
    pub steps: u64,
    /// How often each fault struck.
    pub tally: Tally,
    /// The last lines of the story, or all.
    pub lines: Vec<String>,
}

/// Modules that a run begins with; the others come by hot deploys, or when it is calm.
const FIRST: [&str; 9] =
    ["order-1.0", "parcel-1.0", "counter-1.0", "reminder-1.0", "shipment-1.0", "hush-1.0", "chooser-1.0", "bank-1.0", "carrier-1.0"];

impl Run {
    /// Plays the run of a seed to its end.
    #[must_use]
    pub fn play(seed: u64, sabotage: Option<Sabotage>, keep: Keep) -> Outcome {
        let fate = Arc::new(Fate::new(seed, keep));
        let mut run = Self::set_up(&fate, sabotage);
        run.happen();
        if run.ground.judge.violation().is_none() {
            run.come_to_rest();
        }
        let violation = run.ground.judge.violation();
        if let Some(host) = run.host.take() {
            host.kill();
        }
        let (digest, steps, lines) = fate.story();
        Outcome { seed, violation, digest, steps, tally: fate.tally(), lines }
    }

    fn set_up(fate: &Arc<Fate>, sabotage: Option<Sabotage>) -> Self {
        let modules = catalogue();
        let clock = Arc::new(SimClock::new(Arc::clone(fate)));
        let judge = Arc::new(Judge::new(Arc::clone(&clock), &modules));
        let outside = Arc::new(Outside::new(Arc::clone(fate)));
        let disk = Arc::new(Disk::new(Arc::clone(fate), Arc::clone(&judge), sabotage));
        let runtime = Arc::new(SimRuntime::new(modules.clone(), Arc::clone(fate), Arc::clone(&judge), Arc::clone(&outside)));
        let limits = Ground::limits(fate);
        let callers = Callers::new(Arc::clone(fate), Arc::clone(&judge), Arc::clone(&outside));
        Self { ground: Ground { fate: Arc::clone(fate), judge, clock, disk, runtime, limits }, outside, callers, modules, host: None }
    }

    /// Everything that may happen, in an order that is drawn.
    fn happen(&mut self) {
        let steps = self.ground.fate.draw(|dice| dice.between(100, 500));
        for _ in 0..steps {
            if self.ground.judge.violation().is_some() {
                return;
            }
            self.ground.fate.next_step();
            self.pass();
            match self.host.take() {
                None => self.begin(),
                Some(host) => self.go_on(host),
            }
        }
    }

    fn pass(&mut self) {
        let Ground { fate, clock, .. } = &self.ground;
        self.outside.pass();
        if fate.strikes(Fault::ClockForward) {
            clock.pass(fate.draw(|dice| *dice.one_of(&[1_000, 60_000, 3_600_000, 86_400_000])));
        }
        if fate.strikes(Fault::ClockBackward) {
            clock.set(Timestamp(clock.shows().0.saturating_sub(fate.draw(|dice| *dice.one_of(&[10, 1_000, 60_000, 3_600_000])))));
        }
    }

    /// Starts a host; the modules that every run begins with are brought again until they are there.
    pub(crate) fn begin(&mut self) {
        let started = self.ground.start();
        let Ok(host) = started else { return };
        self.ground.fate.note(format_args!("a host starts"));
        let deployed = self.ground.survives(|| {
            for bytes in FIRST {
                let is_known = host
                    .engine()
                    .registry()
                    .snapshot()
                    .records()
                    .iter()
                    .any(|record| record.digest == self.digest(bytes) && record.state != ModuleState::Removed);
                if !is_known && host.engine().deploy(bytes.as_bytes(), &Origin::Request).is_err() {
                    return false;
                }
            }
            true
        });
        match deployed {
            Ok(true) => self.host = Some(host),
            // Without its definitions a host is of no use: its operator starts it again.
            Ok(false) | Err(Dead) => self.bury(host),
        }
    }

    fn digest(&self, bytes: &str) -> procession_engine::model::id::Digest {
        self.modules.iter().find(|module| module.bytes == bytes).map(Module::digest).expect("it is in the catalogue")
    }

    pub(crate) fn bury(&mut self, host: Host) {
        self.callers.hang_up();
        host.kill();
    }

    fn go_on(&mut self, mut host: Host) {
        let fate = Arc::clone(&self.ground.fate);
        if fate.strikes(Fault::CrashBetweenSteps) || (host.store.is_closed() && fate.draw(|dice| dice.below(6)) == 0) {
            fate.note(format_args!("the host is killed"));
            return self.bury(host);
        }
        if fate.strikes(Fault::Restart) {
            return self.stop(host);
        }
        host.store.pass();
        let Self { ground, callers, modules, .. } = self;
        let survived = ground.survives(|| {
            one_step(ground, callers, modules, &mut host);
            callers.listen();
        });
        match survived {
            Ok(()) => self.host = Some(host),
            Err(Dead) => self.bury(host),
        }
    }

    /// Stops a host as an operator does: it finishes what is in flight.
    fn stop(&mut self, mut host: Host) {
        self.ground.fate.note(format_args!("the operator stops the host"));
        let Self { ground, callers, .. } = self;
        let survived = ground.survives(|| {
            host.engine().stop();
            settle(ground, callers, &mut host);
        });
        if survived.is_err() {
            self.ground.fate.note(format_args!("the host dies while it stops"));
        }
        self.bury(host);
    }
}

/// Lets everybody do what they can, until nobody does anything more.
pub(crate) fn settle(ground: &Ground, callers: &mut Callers, host: &mut Host) -> bool {
    let mut did_anything = false;
    for _ in 0..10_000 {
        let mut progress = host.store.apply(usize::MAX) | host.store.sync();
        for worker in 0..ground.limits.workers {
            progress |= host.step(worker);
        }
        progress |= host.step_apart();
        progress |= callers.listen();
        if !progress {
            return did_anything;
        }
        did_anything = true;
    }
    ground.judge.finds(crate::judge::Invariant::NothingIsSilent, "the host does not come to rest".to_owned());
    did_anything
}

fn one_step(ground: &Ground, callers: &mut Callers, modules: &[Module], host: &mut Host) {
    let fate = &ground.fate;
    match fate.draw(|dice| dice.weighted(&[30, 8, 8, 10, 12, 7, 4, 3, 3, 6])) {
        // Whoever makes turns apart is one more of them.
        0 => match fate.draw(|dice| dice.index(ground.limits.workers + 1)) {
            apart if apart == ground.limits.workers => drop(host.step_apart()),
            worker => drop(host.step(worker)),
        },
        1 if !host.store.is_slow() => drop(host.store.apply(fate.draw(|dice| *dice.one_of(&[1, 2, usize::MAX])))),
        2 if !host.store.is_slow() => drop(host.store.sync()),
        3 => callers.wish(),
        4 => callers.ask(host.engine()),
        5 => time_passes(ground, host),
        6 => drop(callers.bring_letter()),
        7 => drop(callers.retry(host.engine())),
        8 => callers.read(host.engine()),
        // A quick stretch, in which everybody gets on.
        9 => {
            for _ in 0..3 {
                host.store.apply(usize::MAX);
                host.store.sync();
                for worker in 0..ground.limits.workers {
                    host.step(worker);
                }
                host.step_apart();
            }
        }
        _ => {}
    }
    if fate.strikes(Fault::HotDeploy) {
        let module = fate.draw(|dice| dice.one_of(modules).bytes);
        let deployed = host.engine().deploy(module.as_bytes(), &Origin::Request);
        fate.note(format_args!("{module} is deployed: {:?}", deployed.map(|deployed| deployed.outcome)));
    }
    if fate.strikes(Fault::Operator) {
        callers.deal_with_letter(host.engine());
    }
    if fate.strikes(Fault::Migration) {
        let to = fate.draw(|dice| *dice.one_of(&["order-1.0", "order-1.0b", "order-1.1", "reminder-1.0"]));
        let orders: Vec<ProcessId> = ground.judge.processes().into_iter().filter(|process| process.as_str().starts_with('O')).collect();
        let to = modules.iter().find(|one| one.bytes == to).map(Module::digest);
        if let (Some(to), false) = (to, orders.is_empty()) {
            let process = fate.draw(|dice| dice.one_of(&orders).clone());
            callers.operate(host.engine(), process, Operation::Migrate(Move::to(to)));
        }
    }
    if fate.strikes(Fault::BadDeploy) {
        drop(host.engine().deploy(b"nonsense", &Origin::Request));
    }
    if fate.strikes(Fault::Drain) {
        // The counter is asked by everybody and drained by nobody, so that what reaches it keeps its order.
        let module = fate.draw(|dice| *dice.one_of(&["order-1.0", "order-1.0b", "order-1.1", "archive-1.0", "reminder-1.0"]));
        let digest = modules.iter().find(|one| one.bytes == module).map(Module::digest);
        let drained = digest.map(|digest| host.engine().drain(&digest).is_ok());
        fate.note(format_args!("{module} is drained: {drained:?}"));
        let removed = host.engine().registry().prune(&[], false);
        let removed = removed.map(|all| all.into_iter().filter(|(_, became)| *became == Pruned::Removed).count());
        fate.note(format_args!("what nothing needs is removed: {removed:?}"));
    }
}

/// A little while passes, or all of it until the next timer.
fn time_passes(ground: &Ground, host: &Host) {
    let until_next = ground.fate.draw(|dice| dice.below(2)) == 0;
    let next = host.store.contents().timers(Timestamp(u64::MAX), None, 1).ok().and_then(|timers| timers.first().map(|timer| timer.key.due));
    match next.filter(|next| until_next && next.0 > ground.clock.shows().0) {
        Some(next) => ground.clock.set(next),
        None => ground.clock.pass(ground.fate.draw(|dice| dice.between(0, 300))),
    }
}
