//! Events as a table: one line each, with as much of the payload as a line bears.
//! The whole payload, the module and the correlation are in the JSON.

use serde_json::Value;

use super::table::{Table, cell};

/// Letters of a payload that a line shows.
const DATA_LETTERS_MAX: usize = 80;

pub(super) fn lines(events: &[Value]) -> String {
    let mut table = Table::new(&["STREAM", "VERSION", "KIND", "TIME", "CATEGORY", "CAUSE", "DATA"]);
    for event in events {
        let names = ["stream", "version", "kind", "time", "category", "cause"].map(|field| cell(event, field));
        table.row(names.into_iter().chain([shortened(&event["data"])]).collect());
    }
    table.lines()
}

fn shortened(data: &Value) -> String {
    let text = data.to_string();
    match text.char_indices().nth(DATA_LETTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
