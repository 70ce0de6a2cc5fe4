//! Backup files: what is damaged is refused with its place, and what slips through every checksum still opens or is refused.
//! Half of the cases mend the checksums after the mutation, as somebody would who means harm.

use std::fs;
use std::path::PathBuf;

use procession_conformance::samples;
use procession_engine::ports::store::{Direction, EventStore as _, Scope};
use procession_store_sled::{Settings, SledStore, check, restore};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::dice::Dice;
use crate::mutate::mutated;
use crate::run::Target;

/// Magic and format.
const BEGINNING_BYTES: usize = 12;
/// Kind, length and checksum of a record.
const HEAD_BYTES: usize = 13;

/// What is done with a file.
#[derive(PartialEq)]
enum Use {
    Check,
    Restore,
}

/// Backup files.
pub(super) struct Files {
    folder: tempfile::TempDir,
    good: Vec<Vec<u8>>,
    means: Use,
}

impl Files {
    pub(super) fn checked() -> Self {
        Self::with(Use::Check)
    }

    pub(super) fn restored() -> Self {
        Self::with(Use::Restore)
    }

    /// # Panics
    /// Where there is no room for a small store.
    fn with(means: Use) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SledStore::open(&folder.path().join("store"), Settings::default()).expect("an empty store opens");
        let mut row = samples::unknown("order-7");
        for _ in 0..3 {
            row = samples::take(&store, samples::commit(&row, &[("Process", 2), ("Booking", 1)]));
        }
        let mut backup = Vec::new();
        store.backup(&mut backup, 1_000, "0.1.0").expect("a backup");
        store.close();
        Self { folder, good: vec![backup], means }
    }

    fn input(&self, dice: &mut Dice) -> Vec<u8> {
        if self.means == Use::Check && dice.once_in(2) {
            return mutated(dice, &self.good, &["C", "G", "T", "H"]);
        }
        mended(&self.good[0], |body| if dice.once_in(3) { mutated(dice, &[body.to_vec()], &[]) } else { body.to_vec() })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn restored_from(&self, file: &std::path::Path) {
        let place = self.path("restored");
        let opened = restore(file, &place).ok().and_then(|_| SledStore::open(&place, Settings::default()).ok());
        if let Some(store) = opened {
            // Whatever it answers, it answers.
            drop(store.read(&Scope::All, 1, Direction::Forward, 1_000));
            drop(store.processes(None, None, 1_000));
            drop(store.undelivered(None, None, 1_000));
            store.close();
        }
        for left in ["restored", "restored.restoring"] {
            // It is not there where the file was refused.
            let _ = fs::remove_dir_all(self.path(left));
        }
    }
}

impl Target for Files {
    fn name(&self) -> &'static str {
        if self.means == Use::Check { "backups" } else { "restores" }
    }

    fn feed(&mut self, dice: &mut Dice) -> Result<(), String> {
        let input = self.input(dice);
        let file = self.path("backup");
        fs::write(&file, &input).map_err(|error| error.to_string())?;
        match self.means {
            Use::Check => match check(&file) {
                Ok(_) if input == self.good[0] || is_mended(&input) => Ok(()),
                Ok(_) => Err("a damaged backup was taken for a whole one".to_owned()),
                Err(_) => Ok(()),
            },
            Use::Restore => {
                self.restored_from(&file);
                Ok(())
            }
        }
    }
}

/// The records of a backup, each with its body changed, and every checksum right again.
fn mended(good: &[u8], mut change: impl FnMut(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut out = good[..BEGINNING_BYTES].to_vec();
    let mut rest = &good[BEGINNING_BYTES..];
    while let Some((head, after)) = rest.split_first_chunk::<HEAD_BYTES>() {
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let (body, after) = after.split_at(length.min(after.len()));
        let body = if head[0] == b'T' { trailer(body, &out) } else { change(body) };
        out.push(head[0]);
        out.extend((body.len() as u32).to_be_bytes());
        out.extend(xxh3_64(&body).to_be_bytes());
        out.extend(&body);
        rest = after;
    }
    out
}

/// The trailer's last part is a checksum over everything before it.
fn trailer(body: &[u8], before: &[u8]) -> Vec<u8> {
    let mut whole = Xxh3::new();
    whole.update(before);
    let mut body = body[..24.min(body.len())].to_vec();
    body.extend(whole.digest().to_be_bytes());
    body
}

/// Whether every checksum of a file fits.
fn is_mended(file: &[u8]) -> bool {
    file.len() > BEGINNING_BYTES && mended(file, <[u8]>::to_vec) == file
}
