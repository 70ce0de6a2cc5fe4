//! The notes of a process, for people: one line each.
//! What a message carried before it was edited or dropped is in the JSON.

use serde_json::Value;

use crate::cli::table::{Table, cell};

pub(super) fn listed(noted: &Value) -> String {
    let mut table = Table::new(&["TIME", "WHAT", "KIND", "STREAM", "MESSAGE", "REASON"]);
    for note in noted["items"].as_array().into_iter().flatten() {
        table.row(["time", "what", "kind", "stream", "message", "reason"].map(|field| cell(note, field)).to_vec());
    }
    table.lines()
}
