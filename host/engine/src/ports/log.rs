//! The log port: entries as they were kept, with what led to every decision in them.
//! What a reader of events sees is the matter of `store`; nothing is written here.

use super::store::{Direction, StoreError};
use crate::model::commit::Entry;
use crate::model::id::StreamName;

/// Reads what commits added to the log, entry by entry.
///
/// Like all reads of a store it sees what is applied, which may not be durable yet.
pub trait Log: Send + Sync {
    /// Entries in order of position: forward those whose last event stands at `from` or after it, backward those whose first one stands
    /// at `from` or before it. With a stream, only entries that go on that stream.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read, or where an entry is missing.
    fn entries(&self, of: Option<&StreamName>, from: u64, direction: Direction, bounds: Bounds) -> Result<Vec<Placed>, StoreError>;
}

/// An entry and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The position of its first event in the log.
    pub position: u64,
    /// The entry.
    pub entry: Entry,
}

impl Placed {
    /// The position of its last event in the log.
    #[must_use]
    pub fn last_position(&self) -> u64 {
        self.position + self.entry.event_count().saturating_sub(1)
    }
}

/// How much one read may bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Entries at most.
    pub entries_max: usize,
    /// Bytes of JSON text, after which the page ends; the entry that reaches the bound is still part of it, so that a read gets on.
    pub bytes_max: usize,
}

impl Bounds {
    /// Takes entries until a bound is reached.
    ///
    /// # Errors
    /// The first error of the entries.
    pub fn fill(self, entries: impl Iterator<Item = Result<Placed, StoreError>>) -> Result<Vec<Placed>, StoreError> {
        let (mut page, mut bytes) = (Vec::new(), 0);
        if self.entries_max == 0 {
            return Ok(page);
        }
        for placed in entries {
            let placed = placed?;
            bytes += placed.entry.payload_bytes();
            page.push(placed);
            if page.len() == self.entries_max || bytes >= self.bytes_max {
                break;
            }
        }
        Ok(page)
    }
}
