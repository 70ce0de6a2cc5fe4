//! From the engine's types to the contract's and back.
//! What goes in is borrowed and needs no check; what comes out is checked again, whatever the guest promised.

pub(crate) mod from_guest;
pub(crate) mod manifest;
pub(crate) mod to_guest;
