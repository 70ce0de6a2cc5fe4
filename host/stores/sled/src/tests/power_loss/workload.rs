//! What a program does to its store while it is recorded, and what it says of it.
//! Which of its moments is its last is chosen afterwards, in the recording.

use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use procession_engine::ports::shelf::Shelf;
use procession_engine::ports::store::EventStore;

use super::super::{pieces, random::Random, story::Story};
use super::check::Heard;
use crate::{Settings, SledStore};

/// What a program does to its store.
#[derive(Clone, Copy, Debug)]
pub(in crate::tests) struct Workload {
    pub(in crate::tests) name: &'static str,
    /// Callers at once, each with its own processes.
    pub(in crate::tests) callers: usize,
    /// Processes of one caller.
    pub(in crate::tests) processes: usize,
    /// Commits of one caller in one session.
    pub(in crate::tests) commits: usize,
    /// The longest value.
    pub(in crate::tests) bytes_max: usize,
    /// Modules that are put in one session, beside the callers.
    pub(in crate::tests) modules: usize,
    /// How often the store is opened.
    pub(in crate::tests) sessions: usize,
}

pub(super) const WORKLOADS: [Workload; 8] = [
    Workload { name: "the first seconds of a folder", callers: 1, processes: 1, commits: 4, bytes_max: 300, modules: 1, sessions: 1 },
    Workload { name: "one caller", callers: 1, processes: 5, commits: 120, bytes_max: 1_000, modules: 0, sessions: 1 },
    Workload { name: "many callers", callers: 12, processes: 4, commits: 40, bytes_max: 2_000, modules: 0, sessions: 1 },
    Workload { name: "large values in pieces", callers: 4, processes: 2, commits: 12, bytes_max: 150_000, modules: 0, sessions: 1 },
    Workload { name: "large groups", callers: 16, processes: 1, commits: 12, bytes_max: 250_000, modules: 0, sessions: 1 },
    Workload { name: "modules put beside", callers: 2, processes: 2, commits: 25, bytes_max: 2_000, modules: 6, sessions: 1 },
    Workload { name: "opened again and again", callers: 3, processes: 3, commits: 15, bytes_max: 2_000, modules: 1, sessions: 5 },
    Workload { name: "space used again", callers: 4, processes: 1, commits: 40, bytes_max: 200_000, modules: 2, sessions: 2 },
];

impl Workload {
    pub(super) fn by_name(name: &str) -> Self {
        *WORKLOADS.iter().find(|one| one.name == name).expect("a workload")
    }

    /// The ids of a caller's processes.
    pub(super) fn ids(&self, caller: usize) -> Vec<String> {
        (0..self.processes).map(|number| format!("p{caller}-{number}")).collect()
    }

    /// All modules of all sessions: their number and their bytes.
    pub(super) fn modules(&self, seed: u64) -> impl Iterator<Item = (u8, Vec<u8>)> {
        (0..self.modules * self.sessions).map(move |number| {
            let mut random = Random::of(&(seed, "module", number));
            let length = 10_000 + random.below(1_000_000);
            (number as u8 + 1, random.number().to_le_bytes().repeat(length / 8))
        })
    }

    /// Does all of it, and says what was acknowledged.
    pub(super) fn run(&self, seed: u64, folder: &Path) {
        self.run_beside(seed, folder, |_, _| ());
    }

    /// Does all of it; at the end of each session, before the store is closed, somebody may look at the folder.
    /// Gives back what was acknowledged.
    pub(in crate::tests) fn run_beside(&self, seed: u64, folder: &Path, mut look: impl FnMut(usize, &Path)) -> Heard {
        let mut stories: Vec<Vec<Story>> =
            (0..self.callers).map(|caller| self.ids(caller).iter().map(|id| Story::of(seed, id, self.bytes_max)).collect()).collect();
        let modules: Vec<_> = self.modules(seed).collect();
        for session in 0..self.sessions {
            let store = SledStore::open(folder, Settings::default()).unwrap();
            say("opened");
            thread::scope(|scope| {
                for stories in &mut stories {
                    scope.spawn(|| (0..self.commits).for_each(|number| commit(&store, &mut stories[number % self.processes])));
                }
                for (number, bytes) in &modules[session * self.modules..(session + 1) * self.modules] {
                    store.put(&pieces::record(*number), Some(bytes)).unwrap();
                    say(&format!("put {number}"));
                }
            });
            look(session, folder);
        }
        let mut heard = Heard::default();
        stories.iter().flatten().for_each(|story| heard.line(&format!("taken {} {}", story.row.id, story.row.revision)));
        modules.iter().for_each(|(number, _)| heard.line(&format!("put {number}")));
        heard
    }
}

/// Submits the next commit of a story; the store's own callback says that it was acknowledged.
fn commit(store: &SledStore, story: &mut Story) {
    let next = story.next();
    let (sender, receiver) = mpsc::sync_channel(1);
    let said = format!("taken {} {}", next.row.id, next.row.revision);
    let done = move |outcome: Result<(), _>| {
        if outcome.is_ok() {
            say(&said);
        }
        sender.send(outcome).unwrap();
    };
    store.submit(next.clone(), Box::new(done));
    receiver.recv().unwrap().unwrap();
    story.take(next);
}

/// Says a line in one write, so that the recording has it at its place and whole.
fn say(line: &str) {
    std::io::stdout().write_all(format!("\n{line}\n").as_bytes()).unwrap();
}
