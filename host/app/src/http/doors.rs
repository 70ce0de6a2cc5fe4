//! How much may come in at once: connections, and bytes of bodies that are being read.
//! Whoever comes beyond a bound hears so at once and is let go of; nothing waits here, so nothing grows here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bounds of the HTTP interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// Connections that are served. An idle one holds some 20 KB, so that these hold less than 100 MB.
    /// Where the system allows fewer open files than that, it is the system's bound that counts.
    pub connections_max: usize,
    /// Bytes of bodies that are being read or handled, all requests together: room for 250 of the largest messages.
    /// A single larger one, such as a module, is taken while no other is read.
    pub body_bytes_max: usize,
    /// How long a body may take to arrive: a caller that sends nothing must not keep its room for ever.
    pub body_within: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { connections_max: 4_096, body_bytes_max: 64 * 1_024 * 1_024, body_within: Duration::from_secs(60) }
    }
}

/// Connections beyond the bound that are open only to be told so, or to be asked for health and metrics.
/// More than those wait in the system's own queue, which has its bound too.
const TOLD_MAX: usize = 64;

/// What is in, and what may come in.
pub(crate) struct Doors {
    limits: HttpLimits,
    open: Arc<Semaphore>,
    served: Arc<Semaphore>,
    body_bytes: AtomicUsize,
    turned_away: AtomicU64,
}

/// A connection's place.
pub(super) struct Place {
    _open: OwnedSemaphorePermit,
    served: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// Whether the connection is one too many.
    pub(super) fn is_beyond(&self) -> bool {
        self.served.is_none()
    }
}

impl Doors {
    pub(crate) fn new(limits: HttpLimits) -> Self {
        let connections_max = limits.connections_max.clamp(1, Semaphore::MAX_PERMITS - TOLD_MAX);
        Self {
            limits: HttpLimits { connections_max, ..limits },
            open: Arc::new(Semaphore::new(connections_max + TOLD_MAX)),
            served: Arc::new(Semaphore::new(connections_max)),
            body_bytes: AtomicUsize::new(0),
            turned_away: AtomicU64::new(0),
        }
    }

    /// Waits until one more connection may be open.
    pub(super) async fn open(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.open).acquire_owned().await.ok()
    }

    /// Gives a connection that has come its place.
    pub(super) fn place(&self, open: OwnedSemaphorePermit) -> Place {
        Place { _open: open, served: Arc::clone(&self.served).try_acquire_owned().ok() }
    }

    /// How long a body may take to arrive.
    pub(super) fn body_within(&self) -> Duration {
        self.limits.body_within
    }

    /// Connections that are open.
    pub(super) fn connections(&self) -> usize {
        self.limits.connections_max + TOLD_MAX - self.open.available_permits()
    }

    /// Bytes of bodies that are being read or handled.
    pub(super) fn body_bytes(&self) -> usize {
        self.body_bytes.load(Ordering::Relaxed)
    }

    /// Requests that were turned away here since the start.
    pub(super) fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    pub(super) fn turn_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }
}

/// Room for the body of one request; given back when it is dropped.
pub(super) struct Room {
    doors: Arc<Doors>,
    bytes: usize,
}

/// There is no more room.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Room {
    pub(super) fn none(doors: &Arc<Doors>) -> Self {
        Self { doors: Arc::clone(doors), bytes: 0 }
    }

    /// Takes as much more as is needed for so many bytes in all.
    pub(super) fn grow_to(&mut self, bytes: usize) -> Result<(), Full> {
        let more = bytes.saturating_sub(self.bytes);
        let (own, bytes_max) = (self.bytes, self.doors.limits.body_bytes_max);
        let take = |held: usize| {
            let is_alone = held == own;
            let wanted = held.saturating_add(more);
            (is_alone || wanted <= bytes_max).then_some(wanted)
        };
        self.doors.body_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).map_err(|_| Full)?;
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.doors.body_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Doors, Full, HttpLimits, Room, TOLD_MAX};

    #[test]
    fn bodies_share_a_bound_and_a_single_one_may_be_larger() {
        let doors = Arc::new(Doors::new(HttpLimits { body_bytes_max: 10, ..HttpLimits::default() }));
        let (mut one, mut other) = (Room::none(&doors), Room::none(&doors));
        assert_eq!((one.grow_to(6), other.grow_to(5)), (Ok(()), Err(Full)));
        assert_eq!((other.grow_to(4), one.grow_to(7), doors.body_bytes()), (Ok(()), Err(Full), 10));
        drop(other);
        assert_eq!((one.grow_to(1_000), doors.body_bytes()), (Ok(()), 1_000), "alone it may grow");
        drop(one);
        assert_eq!(doors.body_bytes(), 0);
    }

    #[tokio::test]
    async fn a_connection_beyond_the_bound_is_known_as_such_and_their_number_has_a_bound_too() {
        let doors = Doors::new(HttpLimits { connections_max: 1, ..HttpLimits::default() });
        let first = doors.place(doors.open().await.unwrap());
        let mut beyond = Vec::new();
        for _ in 0..TOLD_MAX {
            beyond.push(doors.place(doors.open().await.unwrap()));
        }
        assert!(!first.is_beyond() && beyond.iter().all(super::Place::is_beyond));
        assert_eq!((doors.connections(), doors.open.available_permits()), (1 + TOLD_MAX, 0));
        drop((first, beyond));
        assert!(!doors.place(doors.open().await.unwrap()).is_beyond());
    }
}
