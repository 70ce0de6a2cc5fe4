//! The bindings that `wit-bindgen` writes, one module an exported interface, all sharing one set of types.
//!
//! Not one module a world: every world exports `definition`, and its macro can stand in a crate only once.
//! A guest exports two of these small worlds, and componentizing unites them to the world of the contract.
#![allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    rust_2018_idioms,
    clippy::allow_attributes_without_reason,
    clippy::needless_pass_by_value,
    reason = "generated: the canonical ABI passes pointers, and the generator does not know our lints"
)]

/// What every definition exports; the types of the contract live in here.
pub mod definition {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "package procession:sdk; world export-definition { export procession:process/definition@0.1.0; }",
        world: "procession:sdk/export-definition",
        pub_export_macro: true,
        export_macro_name: "export",
        additional_derives: [PartialEq, Eq],
        generate_all,
    });
}

/// What a process exports besides.
pub mod decider {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "package procession:sdk; world export-decider { export procession:process/decider@0.1.0; }",
        world: "procession:sdk/export-decider",
        pub_export_macro: true,
        export_macro_name: "export",
        with: { "procession:process/types@0.1.0": crate::bindings::definition::procession::process::types },
    });
}

/// What a process exports besides that reads the events of older versions.
pub mod upcaster {
    wit_bindgen::generate!({
        path: ["../../wit", "../../wit/upcasting"],
        inline: "package procession:sdk; world export-upcaster { export procession:upcasting/upcaster@0.1.0; }",
        world: "procession:sdk/export-upcaster",
        pub_export_macro: true,
        export_macro_name: "export",
        with: { "procession:process/types@0.1.0": crate::bindings::definition::procession::process::types },
    });
}

/// What a router exports besides.
pub mod classifier {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "package procession:sdk; world export-classifier { export procession:process/classifier@0.1.0; }",
        world: "procession:sdk/export-classifier",
        pub_export_macro: true,
        export_macro_name: "export",
        with: { "procession:process/types@0.1.0": crate::bindings::definition::procession::process::types },
    });
}

/// What an adapter exports besides.
pub mod connector {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "package procession:sdk; world export-connector { export procession:process/connector@0.1.0; }",
        world: "procession:sdk/export-connector",
        pub_export_macro: true,
        export_macro_name: "export",
        with: { "procession:process/types@0.1.0": crate::bindings::definition::procession::process::types },
    });
}
