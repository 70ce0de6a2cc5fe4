//! The contract as Rust types, generated from what lies in `wit/`.
//! Nothing here is written by hand; what is checked and translated stands in `convert`.
//!
//! One made-up world exports every interface, so that all roles share one set of types.
//! No component ever has that world: the generated lookups per interface are what is used.

#![allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    rust_2018_idioms,
    dead_code,
    unused_variables,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated: its unsafe blocks are wasmtime's own, and the unused parts belong to the made-up world"
)]

wasmtime::component::bindgen!({
    path: ["../../wit", "../../wit/upcasting"],
    inline: "
        package procession:host;

        world every-interface {
            export procession:process/definition@0.1.0;
            export procession:process/decider@0.1.0;
            export procession:process/classifier@0.1.0;
            export procession:process/connector@0.1.0;
            export procession:upcasting/upcaster@0.1.0;
        }
    ",
    world: "procession:host/every-interface",
    ownership: Borrowing { duplicate_if_necessary: true },
});
