//! The guests of these tests, and a sandbox that is small enough for them.
//! How a guest is made is said in `procession-guests`.

pub(crate) use procession_guests::{Guest, Said, accepted, constant, event, fault};
use procession_wasm::{Limits, WasmRuntime};

/// Limits small enough that a test that runs into one of them is quick.
pub(crate) fn limits() -> Limits {
    Limits { instances_max: 64, fuel_at_start: 1_000_000, fuel_per_call: 1_000_000, fuel_per_call_max: 2_000_000, ..Limits::default() }
}

pub(crate) fn runtime() -> WasmRuntime {
    WasmRuntime::new(limits(), None).expect("a sandbox")
}

/// Texts as a manifest has them.
pub(crate) fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}
