//! What the tests of the binary share: a server of its own for each test, a client, and what the shipments must leave behind.
//! Nothing here waits for a fixed time; what another program does is waited for with a deadline.
#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

pub(crate) mod api;
pub(crate) mod expected;
pub(crate) mod faults;
pub(crate) mod server;

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The built guests. A test without them says what to do.
pub(crate) fn guest(name: &str) -> PathBuf {
    let folder = std::env::var_os("PROCESSION_GUESTS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../guest-processes/dist"), PathBuf::from);
    let file = folder.join(format!("{name}.wasm"));
    assert!(file.is_file(), "{} is missing: run `make guests`, or say in PROCESSION_GUESTS where the guests are", file.display());
    file
}

/// Looks again and again until there is something to see.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what} has not come within half a minute");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Random numbers from a seed that a failing test can name.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // SplitMix64: short, and good enough to choose moments and letters.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    /// An id of a shipment: domestic or international, with any last letter.
    pub(crate) fn shipment(&mut self) -> String {
        let letters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let first = if self.below(2) == 0 { '1' } else { 'V' };
        let middle: String = (0..10).map(|_| char::from(letters[self.below(36)])).collect();
        format!("{first}{middle}{}", char::from(letters[self.below(10)]))
    }
}
