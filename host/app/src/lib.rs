//! Procession: a host for process definitions written in WebAssembly, inside your own program.
//! What runs, and how it decides, is said by the definitions; where it is kept and who may ask, by the [`Builder`].
//!
//! ```
//! use std::time::Duration;
//!
//! use procession::Host;
//!
//! # async fn ships(definitions: &str) -> anyhow::Result<()> {
//! let host = Host::builder().in_memory().definitions(definitions).setting("carrier-stub", "delayMs", 0).start().await?;
//!
//! host.trigger("12EEQ9CS9K10").await?;
//! let shipment = host.wait("12EEQ9CS9K10", Duration::from_secs(10)).await?;
//! println!("{:?}", shipment.root().map(|stream| stream.view.phase));
//! println!("{:?}", host.outcome("12EEQ9CS9K10").await?);
//! for event in host.history("12EEQ9CS9K10").await? {
//!     println!("{} {} {}", event.stream, event.version, event.event.kind);
//! }
//!
//! host.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! Everything else goes over [`Host::engine`]; the words and types are those of [`engine`].

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

mod builder;
mod host;

mod backup;
mod migration;
mod verify;

mod clock;
mod definitions;
mod start;

mod error;
mod http;

pub use procession_engine as engine;

pub use backup::{BackupError, Restored, Taken, UnfinishedFile, restore};
pub use builder::Builder;
pub use clock::SystemClock;
pub use error::{AskError, StartError, Unfinished};
pub use host::Host;
pub use http::HttpLimits;
pub use verify::verify;
