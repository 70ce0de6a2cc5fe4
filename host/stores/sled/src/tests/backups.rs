//! A backup holds exactly one moment, is taken while commits go on, and is refused where a byte of it is not what was written.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use procession_conformance::samples::{commit, events, long_text, process, receipt, snapshot, take, timer, undelivered, unknown};
use procession_engine::ports::shelf::Shelf;
use procession_engine::ports::store::{EventStore, Scope};

use super::{go_on, open, pieces};
use crate::backup::{BackupError, Taken, check, restore};
use crate::{SledStore, keys};

fn backup(store: &SledStore, file: &Path) -> Taken {
    let mut out = std::fs::File::create(file).unwrap();
    store.backup(&mut out, 1_000, "0.0.0").unwrap()
}

/// Every key and value.
fn contents(store: &SledStore) -> Vec<(Vec<u8>, Vec<u8>)> {
    let all = (std::ops::Bound::Included(Vec::new()), std::ops::Bound::Unbounded);
    store.disk().unwrap().range(all).map(|found| found.map(|(key, value)| (key.to_vec(), value.to_vec())).unwrap()).collect()
}

fn full(store: &SledStore) {
    let mut first = commit(&unknown("full"), &[("Process", 2)]);
    first.receipt = Some(receipt("key"));
    first.undelivered = vec![undelivered("full", 1)];
    first.timers_set = vec![timer(5, "full", 2)];
    first.snapshots = vec![snapshot(2, &long_text(20_000))];
    take(store, first);
    store.put(&pieces::record(7), Some(&[5; 100_000])).unwrap();
    go_on(store, unknown("other"), 700);
}

#[test]
fn what_is_restored_is_byte_for_byte_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let (file, restored) = (folder.path().join("backup"), folder.path().join("restored"));
    let store = open(&folder.path().join("store"));
    full(&store);
    let taken = backup(&store, &file);
    assert_eq!((taken.position, taken.groups), (702, 0));
    assert_eq!(std::fs::metadata(&file).unwrap().len(), taken.bytes);
    let found = restore(&file, &restored).unwrap();
    assert_eq!((found.position, found.keys, found.time_ms), (702, taken.keys, 1_000));
    assert_eq!(contents(&open(&restored)), contents(&store));
}

/// Takes its time: between two pieces of a backup, commits are made.
struct Slow<'a> {
    out: std::fs::File,
    between: Box<dyn FnMut() + 'a>,
}

impl std::io::Write for Slow<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        (self.between)();
        self.out.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

#[test]
fn what_is_committed_while_the_backup_is_taken_is_in_it_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (file, restored) = (folder.path().join("backup"), folder.path().join("restored"));
    let store = open(&folder.path().join("store"));
    full(&store);
    let mut row = unknown("meanwhile");
    let mut seq = 0;
    let between = || {
        // Every record that is written makes another commit, and every commit another record: there must be an end.
        if seq == 60 {
            return;
        }
        // Puts, removals and values in pieces, in keys before and behind where the copy is.
        let mut next = commit(&row, &[("Process", 1)]);
        next.delivered = (seq > 0).then(|| (next.row.id.clone(), seq)).into_iter().collect();
        seq += 1;
        next.undelivered = vec![undelivered("meanwhile", seq)];
        next.snapshots = vec![snapshot(row.revision + 1, &long_text(5_000 * (seq as usize % 4)))];
        row = take(&store, next);
    };
    let mut slow = Slow { out: std::fs::File::create(&file).unwrap(), between: Box::new(between) };
    let taken = store.backup(&mut slow, 1_000, "0.0.0").unwrap();
    drop(slow);
    assert!(taken.groups > 20, "hardly anything was committed meanwhile: {taken:?}");
    restore(&file, &restored).unwrap();
    let restored = open(&restored);
    // The last commits came while the last records were written: what is restored ends at the group that the backup names.
    assert_eq!(events(&restored, &Scope::All).len() as u64, taken.position);
    let there = restored.process(&process("meanwhile")).unwrap().unwrap();
    let waiting = restored.undelivered(Some(&there.id), None, 9).unwrap();
    assert_eq!(waiting.iter().map(|one| one.seq).collect::<Vec<_>>(), [there.revision]);
    assert_eq!(restored.snapshot(&procession_conformance::samples::stream("meanwhile-Process")).unwrap().unwrap().version, there.revision);
    let history = events(&store, &Scope::All);
    assert_eq!(events(&restored, &Scope::All), history[..taken.position as usize]);
}

#[test]
fn commits_from_other_threads_are_never_half_in_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("store"));
    full(&store);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for name in ["w1", "w2", "w3"] {
            let (store, stop) = (&store, &stop);
            scope.spawn(move || {
                let mut row = unknown(name);
                while !stop.load(Ordering::Relaxed) {
                    row = take(store, commit(&row, &[("Process", 3), ("Other", 2)]));
                }
            });
        }
        for round in 0..5 {
            let (file, restored) = (folder.path().join(format!("backup-{round}")), folder.path().join(format!("restored-{round}")));
            let before = store.process(&process("w1")).unwrap().map_or(0, |row| row.revision);
            backup(&store, &file);
            restore(&file, &restored).unwrap();
            let restored = open(&restored);
            for row in restored.processes(None, None, usize::MAX).unwrap().iter().filter(|row| row.id.as_str().starts_with('w')) {
                let there = events(&restored, &Scope::Process(row.id.clone()));
                assert_eq!(there.len() as u64, row.revision * 5, "round {round}: {}", row.id);
            }
            assert!(restored.process(&process("w1")).unwrap().map_or(0, |row| row.revision) >= before);
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn every_changed_byte_and_every_cut_is_refused_and_leaves_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (file, restored) = (folder.path().join("backup"), folder.path().join("restored"));
    let store = open(&folder.path().join("store"));
    go_on(&store, unknown("a"), 3);
    backup(&store, &file);
    let whole = std::fs::read(&file).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        std::fs::write(&file, &changed).unwrap();
        let refused = check(&file).expect_err("a changed byte was not noticed");
        assert!(matches!(refused, BackupError::Damaged { .. } | BackupError::Newer { .. }), "byte {at}: {refused}");
    }
    for length in (0..whole.len()).step_by(7) {
        std::fs::write(&file, &whole[..length]).unwrap();
        assert!(matches!(restore(&file, &restored), Err(BackupError::Damaged { .. })), "cut to {length}");
        assert!(!restored.exists() && !folder.path().join("restored.restoring").exists());
    }
    std::fs::write(&file, [whole.as_slice(), b"x"].concat()).unwrap();
    assert!(restore(&file, &restored).is_err_and(|refused| refused.to_string().contains("follows the trailer")));
    std::fs::write(&file, whole).unwrap();
    restore(&file, &restored).unwrap();
}

#[test]
fn a_folder_that_is_not_empty_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    let store = open(&folder.path().join("store"));
    go_on(&store, unknown("a"), 3);
    backup(&store, &file);
    drop(store);
    assert!(matches!(restore(&file, &folder.path().join("store")), Err(BackupError::NotEmpty { .. })));
    assert_eq!(events(&open(&folder.path().join("store")), &Scope::All).len(), 3);
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    restore(&file, &empty).unwrap();
    assert_eq!(open(&empty).disk().unwrap().load::<u32>(keys::FORMAT_KEY).unwrap(), Some(keys::FORMAT));
}

/// Takes nothing: the disk is full, or the caller has gone away.
struct Gone;

impl std::io::Write for Gone {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_goes_away_fails_its_backup_and_no_commit() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let row = go_on(&store, unknown("a"), 3);
    assert!(matches!(store.backup(&mut Gone, 0, "0.0.0"), Err(BackupError::Io { .. })));
    go_on(&store, row, 3);
}
