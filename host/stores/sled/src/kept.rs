//! What is kept: the kinds of values, and the number of the shape in which each is written.
//! How a value is framed is in `codec`; what shapes of earlier releases looked like, in `format1`.
//!
//! # The rule
//!
//! A body says nothing of itself, so its bytes mean only what its shape says, and the shape's number stands in the value's frame.
//! **A field is never added, removed, moved or changed in a kept type without a new number**: the old type goes to a room of its own,
//! as [`format1`](crate::format1) is one, and is read there for ever. A variant may be added at the end of an enum, because what was written
//! keeps its meaning. Either way `keys::FORMAT` grows, so that an earlier release refuses the folder instead of guessing.
//! The test `kept_types_keep_their_bytes` fails where somebody forgets this.

use procession_engine::model::commit::{Entry, Receipt, Snapshot};
use procession_engine::model::note::Note;
use procession_engine::model::process::{ProcessRow, Timer, Undelivered};
use procession_engine::ports::shelf::Tally;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::format1;
use crate::group::Run;
use crate::ledger::LastGroup;
use crate::shelf::KeptModule;

/// The number of the shape in which a body is written.
pub(crate) type Shape = u8;

/// A kind of value.
pub(crate) trait Kept: Serialize + DeserializeOwned {
    /// The shape in which it is written now.
    const SHAPE: Shape = 1;

    /// Reads a body in a shape of an earlier release; none where there is no such shape.
    fn read_earlier(_shape: Shape, _body: &[u8]) -> Option<postcard::Result<Self>> {
        None
    }
}

impl Kept for Entry {}
impl Kept for Receipt {}
impl Kept for Note {}
impl Kept for Snapshot {}
impl Kept for Timer {}
impl Kept for Tally {}
impl Kept for KeptModule {}
impl Kept for LastGroup {}
/// Which streams an entry goes on.
impl Kept for Vec<Run> {}
/// The version of the layout. Every release must be able to read it, so its shape never changes.
impl Kept for u32 {}
/// The position that a waymark points to.
impl Kept for u64 {}
/// What finds a process by its phase.
impl Kept for () {}

impl Kept for ProcessRow {
    const SHAPE: Shape = 2;

    fn read_earlier(shape: Shape, body: &[u8]) -> Option<postcard::Result<Self>> {
        (shape == 1).then(|| postcard::from_bytes::<format1::ProcessRow>(body).map(Self::from))
    }
}

impl Kept for Undelivered {
    const SHAPE: Shape = 2;

    fn read_earlier(shape: Shape, body: &[u8]) -> Option<postcard::Result<Self>> {
        (shape == 1).then(|| postcard::from_bytes::<format1::Undelivered>(body).map(Self::from))
    }
}
