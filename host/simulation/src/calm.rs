//! Calm: nothing fails any more, the operators do their work, and everything has to come to rest.
//! Whether it was started again makes a difference that must not be seen, so half of the runs are not.

use procession_engine::model::time::Timestamp;
use procession_engine::ports::store::EventStore;
use procession_engine::registry::Origin;

use crate::host::{Dead, Host};
use crate::judge::Invariant;
use crate::replayed;
use crate::run::{Run, settle};

/// Rounds after which a run that still finds something to do will never end.
const ROUNDS_MAX: usize = 400;

/// How often an operator tries again what keeps on failing.
const RETRIES_MAX: usize = 60;

impl Run {
    /// Lets the faults end, and everything with them.
    pub(crate) fn come_to_rest(&mut self) {
        let fate = self.ground.fate.clone();
        let is_restarted = fate.draw(|dice| dice.below(2)) == 0;
        if fate.draw(|dice| dice.below(5)) > 0 {
            self.outside.mend();
        }
        fate.calm_down();
        fate.note(format_args!("calm"));
        self.outside.pass();
        if let Some(host) = self.host.take_if(|host| is_restarted || host.store.is_closed()) {
            self.bury(host);
        }
        let Some(mut host) = self.last_host() else {
            return self.ground.judge.finds(Invariant::TheEngineStands, "the host does not start although nothing fails".to_owned());
        };
        host.store.pass();
        match self.rest(&mut host) {
            Ok(()) => self.look(&mut host),
            Err(Dead) => self.ground.judge.finds(Invariant::TheEngineStands, "the host died although nothing fails".to_owned()),
        }
        self.bury(host);
        self.starts_the_same();
    }

    /// Shows the judge what is there, and what the host itself lists as stuck.
    fn look(&mut self, host: &mut Host) {
        let stuck = self.callers.stuck(host.engine());
        self.ground.judge.rests(host.store.contents(), &stuck);
        replayed::decided_again(host.store.contents(), &self.modules, &self.ground.judge);
    }

    fn last_host(&mut self) -> Option<Host> {
        if self.host.is_none() {
            self.begin();
        }
        self.host.take()
    }

    fn rest(&mut self, host: &mut Host) -> Result<(), Dead> {
        let Self { ground, callers, .. } = self;
        let (mut retries, mut pauses) = (0, 0);
        ground.survives(|| {
            // What waits for its definition gets it now.
            let deployed =
                ["archive-1.0", "order-1.1", "reminder-1.0"].map(|bytes| host.engine().deploy(bytes.as_bytes(), &Origin::Request));
            if let Some(error) = deployed.into_iter().find_map(Result::err) {
                ground.judge.finds(Invariant::TheEngineStands, format!("a definition is refused although nothing fails: {error}"));
            }
            for _ in 0..ROUNDS_MAX {
                if ground.judge.violation().is_some() {
                    return;
                }
                ground.fate.next_step();
                let mut progress = settle(ground, callers, host);
                while callers.bring_letter() {
                    progress = true;
                }
                if callers.ask_all(host.engine()) {
                    // Whoever is told to come again does so after a little while.
                    ground.clock.pass(20);
                    progress = true;
                }
                if !progress && retries < RETRIES_MAX {
                    retries += 1;
                    progress = callers.retry(host.engine()) | (retries % 3 == 0 && callers.deal_with_letter(host.engine()));
                }
                if !progress && !next_timer(ground, host) {
                    // What was put off while the store failed is tried again after a little while.
                    pauses += 1;
                    ground.clock.pass(2_000);
                    if pauses < 3 {
                        continue;
                    }
                    if callers.waiting() > 0 {
                        let what = format!("{} callers wait for an answer that does not come", callers.waiting());
                        ground.judge.finds(Invariant::CallersAreAnswered, what);
                    }
                    return;
                }
            }
            ground.judge.finds(Invariant::NothingIsSilent, "it never comes to rest".to_owned());
        })
    }

    /// A host that starts on what is there shows the same, and finds nothing to do.
    fn starts_the_same(&mut self) {
        if self.ground.judge.violation().is_some() {
            return;
        }
        let Some(mut host) = self.last_host() else {
            return self.ground.judge.finds(Invariant::TheEngineStands, "the host does not start on what it left".to_owned());
        };
        let Self { ground, callers, .. } = self;
        if ground.survives(|| settle(ground, callers, &mut host)).is_err() {
            self.ground.judge.finds(Invariant::TheEngineStands, "the host died on what it left".to_owned());
        }
        self.look(&mut host);
        self.bury(host);
    }
}

/// Lets the time pass until the next timer that can ring; false where there is none.
fn next_timer(ground: &crate::host::Ground, host: &Host) -> bool {
    let timers = host.store.contents().timers(Timestamp(u64::MAX), None, usize::MAX).unwrap_or_default();
    let parked = ground.judge.parked();
    let next = timers.iter().find(|timer| !parked.contains(&timer.key.process) && timer.key.due > ground.clock.shows());
    next.map(|timer| ground.clock.set(timer.key.due)).is_some()
}
