//! Components for tests, made on the spot: what they say of themselves is data, what they do is a line of WAT.
//! Nothing here is part of the host; whoever tests one says what its guest does wrong.

mod guest;
mod image;
mod said;

pub mod hostile;

pub use guest::{Guest, accepted, component, constant, event, fault};
pub use image::{Image, Record};
pub use said::Said;
