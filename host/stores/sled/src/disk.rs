//! sled behind a wall: every call comes back with a value or an error, also where sled panics.
//! What the keys mean is said in `keys`; whether a write is durable, in `sync`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use procession_engine::ports::store::StoreError;
use sled::{Batch, Db, IVec};

use crate::codec::{self, Body};
use crate::flushing::Flushing;
use crate::kept::Kept;
use crate::keys::{self, Key, KeyRange};
use crate::ordered;

/// The database.
pub(crate) struct Disk {
    // Before the database, which it holds as well.
    flushing: Flushing,
    db: Db,
    folder: PathBuf,
}

impl Disk {
    /// Opens or makes the database in a folder.
    pub(crate) fn open(folder: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        // The flusher must run: only its thread gives space back. Half a second is sled's own default.
        let config = sled::Config::new().path(folder).cache_capacity(cache_bytes).flush_every_ms(Some(500));
        ordered::hold();
        let db = guarded(folder, || config.open())?;
        let flushing = Flushing::of(&db).map_err(|error| StoreError::Io(format!("the system gives no thread: {error}")))?;
        Ok(Self { flushing, db, folder: folder.to_owned() })
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        guarded(&self.folder, || self.db.get(key))
    }

    /// Reads a value as a whole; none where the key is not there.
    pub(crate) fn load<T: Kept>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        match self.get(key)? {
            Some(value) => self.open_value(key, value),
            None => Ok(None),
        }
    }

    /// Reads the value that stands under the first of these keys that is there.
    pub(crate) fn load_first_of<T: Kept>(&self, keys: [&[u8]; 2]) -> Result<Option<T>, StoreError> {
        match self.load(keys[0])? {
            None => self.load(keys[1]),
            found => Ok(found),
        }
    }

    /// Reads what a value that was found says; none where it is gone meanwhile.
    pub(crate) fn open_value<T: Kept>(&self, key: &[u8], mut value: IVec) -> Result<Option<T>, StoreError> {
        loop {
            let said = match codec::unseal(key, &value) {
                Ok(Body::Whole(form, body)) => return codec::decode(key, form, body).map(Some),
                Ok(Body::InPieces(form, pieces)) => {
                    pieces.join(|number| keys::piece(key, number), |piece| self.get(piece)).map(|body| (form, body))
                }
                Err(damage) => Err(damage),
            };
            match said {
                Ok((form, body)) => return codec::decode(key, form, &body).map(Some),
                // Pieces are read one by one; where the writer came in between, the value is read again.
                Err(damage) => match self.get(key)? {
                    None => return Ok(None),
                    Some(now) if now == value => return Err(damage),
                    Some(now) => value = now,
                },
            }
        }
    }

    /// Keys and values of a range, from either end.
    pub(crate) fn range(&self, range: KeyRange) -> Range<'_> {
        Range { iter: self.db.range::<Key, _>(range), folder: &self.folder }
    }

    pub(crate) fn is_empty(&self) -> Result<bool, StoreError> {
        guarded(&self.folder, || Ok(self.db.is_empty()))
    }

    /// Writes a batch and hands it to the operating system. That is not yet durable: see `sync`.
    pub(crate) fn write(&self, batch: Batch) -> Result<(), StoreError> {
        guarded(&self.folder, || self.db.apply_batch(batch))?;
        guarded(&self.folder, || self.flushing.during(|| self.db.flush().map(drop)))
    }
}

/// A walk over a range of keys.
pub(crate) struct Range<'a> {
    iter: sled::Iter,
    folder: &'a Path,
}

impl Range<'_> {
    fn step(&mut self, step: impl FnOnce(&mut sled::Iter) -> Option<sled::Result<(IVec, IVec)>>) -> Option<<Self as Iterator>::Item> {
        let iter = &mut self.iter;
        guarded(self.folder, || step(iter).transpose()).transpose()
    }
}

impl Iterator for Range<'_> {
    type Item = Result<(IVec, IVec), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Iterator::next)
    }
}

impl DoubleEndedIterator for Range<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(DoubleEndedIterator::next_back)
    }
}

/// Calls sled. On damaged files it panics more often than it errs, and the host must outlive both.
/// Unwind safety: what a panic may leave behind is sled's, and a writer that sees one stops for good.
fn guarded<T>(folder: &Path, call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    let at = folder.display();
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Corruption { at: pointer, .. })) => Err(StoreError::Damaged(format!("{at}: sled finds damage at {pointer:?}"))),
        Ok(Err(sled::Error::Io(error))) => Err(StoreError::Io(format!("{at}: {}", system_text(&error)))),
        // What is left are mistakes of sled and files that are not what it wrote.
        Ok(Err(error)) => Err(StoreError::Damaged(format!("{at}: sled gave up: {error}"))),
        Err(panic) => Err(StoreError::Damaged(format!("{at}: sled gave up: {}", panic_text(&*panic)))),
    }
}

/// What the system said. sled keeps only the kind of an error and a text for programmers.
fn system_text(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded | std::io::ErrorKind::ReadOnlyFilesystem => {
            error.kind().to_string()
        }
        _ => error.to_string(),
    }
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason is known")
}
