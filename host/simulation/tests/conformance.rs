//! Where nothing fails, the simulated store is a store like any other: it passes the suite that every store passes.
//! What it does when something fails is the simulation.

use std::sync::Arc;

use procession_conformance::Home;
use procession_simulation::clock::SimClock;
use procession_simulation::fate::Fate;
use procession_simulation::judge::Judge;
use procession_simulation::store::{Disk, Pace, SimStore};

struct KindDisk(Arc<Disk>);

impl Home for KindDisk {
    type Store = SimStore;

    fn fresh() -> Self {
        let fate = Arc::new(Fate::kind());
        let judge = Arc::new(Judge::blind(Arc::new(SimClock::new(Arc::clone(&fate)))));
        Self(Arc::new(Disk::new(fate, judge, None)))
    }

    fn open(&self) -> SimStore {
        SimStore::open(Arc::clone(&self.0), Pace::AtOnce)
    }
}

procession_conformance::suite!(KindDisk);
