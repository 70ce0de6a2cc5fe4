//! Events as a table: one line each, with as much of the payload as a line bears.
//! The whole payload is in the JSON.

use serde_json::Value;

use super::table::{Table, cell, short_module};

/// Letters of a payload that a line shows.
const DATA_LETTERS_MAX: usize = 80;

pub(super) fn lines(events: &[Value]) -> String {
    let mut table = Table::new(&["STREAM", "VERSION", "KIND", "TIME", "CATEGORY", "MODULE", "DATA"]);
    for event in events {
        let names = ["stream", "version", "kind", "time", "category"].map(|field| cell(event, field));
        let rest = [short_module(event), shortened(&event["data"])];
        table.row(names.into_iter().chain(rest).collect());
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
