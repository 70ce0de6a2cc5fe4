//! Replay: every recorded decision of a history is made again by a module, and compared with what was recorded.
//! Nothing is recorded, nobody is told, and no worker is asked: it reads the log and calls a definition.
//!
//! In reading order: [`Which`] histories, how a `trigger` is put together from the log, one `history` decided `again`,
//! what counts as the same (`compare`), and what all of it comes to ([`Report`]).
//!
//! Each decision is made on the state that the recorded events before it fold to, so one difference does not lead to the next:
//! what differs is what the module would decide otherwise at that very point.

mod run;
mod which;

mod again;
mod history;
mod trigger;

mod compare;
mod json;

mod report;

pub use compare::Difference;
pub use report::{Class, Counts, Finding, Report, What};
pub use run::{Progress, Replay, ReplayError};
pub use which::Which;
