//! What the author of a definition needs: scenario files that any definition can be held against, and attacks on its promises.
//! Nothing here compiles, deploys or records; a module comes in through the engine's runtime port, so native ones work as well.
//!
//! In reading order: [`scenario`] is the format of the files, [`bench`](mod@bench) plays one process, [`run`] holds a module against a file.

pub mod scenario;

pub mod bench;
pub mod checks;
pub mod compare;
pub mod show;

pub mod run;
