//! Values as the store keeps them, mutated below the checksum: a damaged value is refused, and never makes the host panic.
//! What stands above the checksum is the matter of `backups`.

use procession_conformance::samples;
use procession_engine::model::commit::{Commit, Entry, Receipt, Snapshot};
use procession_engine::model::note::Note;
use procession_engine::model::process::{ProcessRow, Timer, Undelivered};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::dice::Dice;
use crate::mutate::mutated;
use crate::run::Target;

/// Values as bytes.
pub(super) struct Values {
    corpus: Vec<Vec<u8>>,
}

impl Values {
    pub(super) fn new() -> Self {
        let Commit { row, entry, .. } = samples::commit(&samples::unknown("order-7"), &[("Process", 3), ("Booking", 2)]);
        Self {
            corpus: vec![
                bytes(&row),
                bytes(&entry),
                bytes(&samples::receipt("start")),
                bytes(&samples::undelivered("order-7", 3)),
                bytes(&samples::timer(60_000, "order-7", 4)),
                bytes(&samples::note(1)),
                bytes(&samples::snapshot(3, "{\"n\":3}")),
            ],
        }
    }
}

fn bytes(value: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec(value).unwrap_or_default()
}

impl Target for Values {
    fn name(&self) -> &'static str {
        "kept"
    }

    fn feed(&mut self, dice: &mut Dice) -> Result<(), String> {
        let input = mutated(dice, &self.corpus, &[]);
        again::<ProcessRow>(&input)?;
        again::<Receipt>(&input)?;
        again::<Undelivered>(&input)?;
        again::<Timer>(&input)?;
        again::<Note>(&input)?;
        again::<Snapshot>(&input)?;
        again::<Entry>(&input)
    }
}

/// What can be read can be written, and is the same when it is read again.
fn again<T: Serialize + DeserializeOwned + PartialEq>(input: &[u8]) -> Result<(), String> {
    let Ok(value) = postcard::from_bytes::<T>(input) else { return Ok(()) };
    let written = postcard::to_stdvec(&value).map_err(|error| format!("{input:?} was read and cannot be written: {error}"))?;
    let is_same = postcard::from_bytes::<T>(&written).is_ok_and(|other| other == value);
    if is_same { Ok(()) } else { Err(format!("{input:?} reads otherwise the second time")) }
}
