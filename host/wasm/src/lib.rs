//! WebAssembly components as process definitions: the sandbox, the runtime port and the watched folder.
//! Nothing in here decides, records or sends; the engine does, through the ports that this crate implements.
//!
//! The way of a module: [`WasmRuntime::load`](procession_engine::ports::definition::Runtime::load) looks at the bytes
//! (`anatomy`), counts what is in them (`bulk`), compiles them (`compiler`) or finds the compiled code (`code_cache`), checks what they import and export (`contract`),
//! asks them what they are (`convert::manifest`), and hands out a role whose every call runs under a fresh allowance of fuel
//! (`instance`).

mod anatomy;
mod bindings;
mod bulk;
mod classifier;
mod code_cache;
mod compiler;
mod connector;
mod contract;
mod convert;
mod decider;
mod failure;
pub mod folder;
pub mod gauge;
mod guard;
mod instance;
pub mod limits;
mod pool;
mod rules;
pub mod runtime;
mod sandbox;
mod text;

pub use limits::Limits;
pub use runtime::WasmRuntime;
