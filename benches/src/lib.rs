//! What the measurements share: the example's host on a store of its own, its processes without a sandbox, and the way that a shipment takes.
//! How to run and read them is said in `docs/performance.md`.

pub mod asked;
pub mod natively;
pub mod rig;
pub mod settings;
pub mod tally;
pub mod way;
