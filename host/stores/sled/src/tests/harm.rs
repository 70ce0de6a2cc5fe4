//! Copies of a real folder that are harmed by seed: cut and torn tails, flipped bits, zeroed, moved and older pages.
//! Each harm is refused by name, when the store is opened or when the value is read, or it touches nothing that counts. Nothing is served that was not written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::power_loss::{Heard, Workload, compare};
use super::random::Random;
use super::told;
use crate::{OpenError, Settings, SledStore};

/// How many trials there are: `make damage TRIALS=400 SEED=1`.
const TRIALS: &str = "PROCESSION_DAMAGE_TRIALS";
const SEED: &str = "PROCESSION_DAMAGE_SEED";
const TRIALS_BY_DEFAULT: u64 = 60;
/// What a file system reads and writes as a whole.
const PAGE_BYTES: usize = 4_096;

const WORKLOAD: Workload =
    Workload { name: "a folder to harm", callers: 6, processes: 3, commits: 60, bytes_max: 6_000, modules: 2, sessions: 2 };

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Harm {
    CutTail,
    TornTail,
    FlippedBit,
    ZeroedPage,
    MovedPage,
    /// A page as it was in an earlier copy: a write that the device said it had made.
    OlderPage,
}

const HARMS: [Harm; 6] = [Harm::CutTail, Harm::TornTail, Harm::FlippedBit, Harm::ZeroedPage, Harm::MovedPage, Harm::OlderPage];

/// Three copies of a folder: earlier in its life, while it was in use, and after it was closed.
struct Folders {
    earlier: PathBuf,
    in_use: PathBuf,
    closed: PathBuf,
    heard: Heard,
}

#[test]
fn no_harm_to_the_files_is_served_as_if_nothing_had_happened() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")));
    let (trials, seed) = (number(TRIALS).unwrap_or(TRIALS_BY_DEFAULT), number(SEED).unwrap_or(1));
    let place = tempfile::tempdir().unwrap();
    let folders = folders(seed, place.path());
    let mut outcomes: BTreeMap<(Harm, String), u64> = BTreeMap::new();
    let mut served = Vec::new();
    for trial in 0..trials {
        let mut random = Random::of(&(seed, "harm", trial));
        let harm = HARMS[trial as usize % HARMS.len()];
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("store");
        copy_folder(if random.happens(50) { &folders.in_use } else { &folders.closed }, &copy);
        let where_ = do_harm(harm, &copy, &folders.earlier, &mut random);
        let outcome = outcome(&copy, seed, &folders.heard).unwrap_or_else(|why| {
            served.push(format!("trial {trial}, {harm:?} at {where_}: {why}"));
            "SERVED".to_owned()
        });
        *outcomes.entry((harm, outcome)).or_default() += 1;
    }
    for ((harm, outcome), count) in &outcomes {
        println!("{harm:?}: {count} {outcome}");
    }
    let harmless = outcomes.iter().filter(|((_, outcome), _)| outcome.starts_with("unharmed")).map(|(_, count)| count).sum::<u64>();
    assert!(served.is_empty(), "{} of {trials} were served:\n{}", served.len(), served.join("\n"));
    assert!(harmless < trials / 2, "{harmless} of {trials} touched nothing: this test tests too little");
}

fn folders(seed: u64, place: &Path) -> Folders {
    let (earlier, in_use, closed) = (place.join("earlier"), place.join("in-use"), place.join("closed"));
    let heard = WORKLOAD.run_beside(seed, &closed, |session, folder| copy_folder(folder, if session == 0 { &earlier } else { &in_use }));
    Folders { earlier, in_use, closed, heard }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for found in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let into = to.join(found.file_name());
        if found.file_type().unwrap().is_dir() {
            copy_folder(&found.path(), &into);
        } else {
            std::fs::copy(found.path(), into).unwrap();
        }
    }
}

/// Harms a copy, and says where.
fn do_harm(harm: Harm, copy: &Path, earlier: &Path, random: &mut Random) -> String {
    let file = victim(harm, &copy.join("sled"), random);
    let mut bytes = std::fs::read(&file).unwrap();
    let at = random.below(bytes.len());
    let page = at / PAGE_BYTES * PAGE_BYTES;
    let page_end = (page + PAGE_BYTES).min(bytes.len());
    match harm {
        Harm::CutTail => {
            let most = if random.happens(70) { bytes.len().min(200_000) } else { bytes.len() };
            bytes.truncate(bytes.len() - 1 - random.below(most));
        }
        Harm::TornTail => {
            let begin = bytes.len().saturating_sub(1 + random.below(100_000));
            bytes[begin..].chunks_mut(512).for_each(|sector| {
                if random.happens(50) {
                    sector.fill(0)
                }
            });
        }
        Harm::FlippedBit => bytes[at] ^= 1 << random.below(8),
        Harm::ZeroedPage => bytes[page..page_end].fill(0),
        Harm::MovedPage => {
            let from = random.below(bytes.len() / PAGE_BYTES) * PAGE_BYTES;
            bytes.copy_within(from..from + page_end - page, page);
        }
        Harm::OlderPage => {
            let old = std::fs::read(earlier.join("sled/db")).unwrap();
            // Where there was nothing then, there are zeros.
            (page..page_end).for_each(|at| bytes[at] = old.get(at).copied().unwrap_or(0));
        }
    }
    std::fs::write(&file, bytes).unwrap();
    format!("byte {at} of {}", file.display())
}

/// The file that is harmed: mostly the data, sometimes one of the small ones.
fn victim(harm: Harm, sled: &Path, random: &mut Random) -> PathBuf {
    let small = || std::fs::read_dir(sled).unwrap().map(|found| found.unwrap().path()).filter(|path| path.is_file());
    if matches!(harm, Harm::CutTail | Harm::FlippedBit | Harm::ZeroedPage) && random.happens(20) {
        let mut files: Vec<_> = small().collect();
        files.sort();
        return files.swap_remove(random.below(files.len()));
    }
    sled.join("db")
}

/// What comes of opening and reading everything; the error is what was served and not written.
fn outcome(folder: &Path, seed: u64, heard: &Heard) -> Result<String, String> {
    let store = match SledStore::open(folder, Settings::default()) {
        Ok(store) => store,
        Err(error) => {
            let kind = match &error {
                OpenError::CutShort { .. } => "cut short",
                OpenError::Damaged { .. } => "damaged",
                _ => return Err(format!("refused without a name: {}", told(&error))),
            };
            assert!(error.to_string().contains("restore a backup"), "{error}");
            return Ok(format!("refused at opening: {kind}"));
        }
    };
    match compare(&store, &WORKLOAD, seed, heard) {
        Ok(_) => Ok("unharmed: everything there".to_owned()),
        Err(why) if why.contains("the event store is damaged") => Ok("refused at reading".to_owned()),
        Err(why) => Err(why),
    }
}
