//! What is completed once, when a folder of an earlier format is opened: what a value of that time does not tell of itself.
//! Only what is pending is looked at, never the log, the rows of ended processes or their receipts: those are read as they are, for ever.
//!
//! Every step may be repeated: where the host dies in the middle, the folder still has its old format, and the next opening does it again.

use procession_engine::model::process::{Attempts, Delayed, DeliveryState, Fires, ProcessRow, Timer, Undelivered};
use procession_engine::ports::store::StoreError;

use crate::disk::Disk;
use crate::keys;
use crate::overlay::{Changes, Overlay};
use crate::sum::Sum;

/// Bytes of changes after which a batch is written.
const BATCH_BYTES: usize = 1024 * 1024;

/// Completes what stands in a format; a new store has nothing to be completed.
pub(crate) fn from(disk: &Disk, format: Option<u32>) -> Result<(), StoreError> {
    if format != Some(1) {
        return Ok(());
    }
    let timers = each(disk, b'T', delayed)?;
    let messages = each(disk, b'O', parked)?;
    tracing::info!(timers, messages, format = keys::FORMAT, "the store was of format 1 and is taken over");
    Ok(())
}

/// Takes every value of a kind through a step, and says how many there were.
fn each<T: crate::kept::Kept>(
    disk: &Disk,
    letter: u8,
    step: fn(&mut Overlay<'_>, &mut Changes, &T) -> Result<(), StoreError>,
) -> Result<usize, StoreError> {
    let mut overlay = Overlay::over(disk);
    let mut count = 0;
    for found in disk.range(keys::all(letter)) {
        let (key, value) = found?;
        let Some(value) = disk.open_value::<T>(&key, value)? else { continue };
        let mut changes = Changes::default();
        step(&mut overlay, &mut changes, &value)?;
        overlay.make(changes);
        count += 1;
        if overlay.changed_bytes() > BATCH_BYTES {
            write(disk, std::mem::replace(&mut overlay, Overlay::over(disk)))?;
        }
    }
    write(disk, overlay)?;
    Ok(count)
}

fn write(disk: &Disk, overlay: Overlay<'_>) -> Result<(), StoreError> {
    // The sum is added up behind this, over all that is there then.
    let batch = overlay.into_batch(&mut Sum::default())?;
    batch.map_or(Ok(()), |batch| disk.write(batch.to_sled()))
}

/// A row says which messages take their time; only their timers said so before.
fn delayed(overlay: &mut Overlay<'_>, changes: &mut Changes, timer: &Timer) -> Result<(), StoreError> {
    let Fires::Message(_) = timer.fires else { return Ok(()) };
    let key = keys::row(&timer.key.process);
    let Some(mut row) = overlay.load::<ProcessRow>(&key)? else { return Ok(()) };
    if row.delayed.iter().all(|delayed| delayed.seq != timer.key.seq) {
        row.delayed.push(Delayed { due: timer.key.due, seq: timer.key.seq });
        overlay.put(changes, &key, &row)?;
    }
    Ok(())
}

/// The message that a process is parked on is a dead letter; before, it only waited like those behind it.
fn parked(overlay: &mut Overlay<'_>, changes: &mut Changes, kept: &Undelivered) -> Result<(), StoreError> {
    let key = keys::row(&kept.owner);
    let Some(mut row) = overlay.load::<ProcessRow>(&key)?.filter(|_| kept.state == DeliveryState::Parked) else { return Ok(()) };
    let Some(parked) = row.parked.as_mut().filter(|parked| parked.message == kept.message.id && parked.seq == 0) else { return Ok(()) };
    parked.seq = kept.seq;
    let (definition, error) = parked.reason.split_once(": ").unwrap_or(("", &parked.reason));
    let failed = Attempts {
        count: parked.attempts,
        definition: definition.to_owned(),
        error: error.to_owned(),
        first: parked.since,
        last: parked.since,
    };
    let kept = Undelivered { state: DeliveryState::Dead, failed: Some(failed), ..kept.clone() };
    overlay.put(changes, &keys::undelivered(&kept.owner, kept.seq), &kept)?;
    overlay.put(changes, &key, &row)
}
