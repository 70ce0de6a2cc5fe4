//! The words of the engine as types: what is named, sent, decided, recorded and seen.
//! Nothing here acts, waits or reaches outside.

pub mod chance;
pub mod commit;
pub mod continuity;
pub mod decision;
pub mod event;
pub mod id;
pub mod json;
pub mod manifest;
pub mod message;
pub mod note;
pub mod process;
pub mod time;
pub mod view;
