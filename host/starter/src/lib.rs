//! A project for a new definition: a template, the SDK of its language and the contract, written into a folder.
//! Nothing is built or deployed here; the project's own files say how.

mod files;
mod name;
mod write;

pub use files::{Language, ProjectFile, files};
pub use name::{InvalidName, Name};
pub use write::{WriteError, write};
