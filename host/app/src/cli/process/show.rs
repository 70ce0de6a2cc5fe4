//! One process, for people: where it stands, its streams and its outcome.
//! Programs get the document as it was answered.

use serde_json::Value;

use crate::cli::table::{Table, cell, short_module};

pub(in crate::cli) fn shown(process: &Value) -> String {
    let mut table = Table::without_header();
    for field in ["id", "category", "module", "phase", "step", "version", "startedAt", "updatedAt"] {
        table.row(vec![field.to_owned(), cell(process, field)]);
    }
    let parked = &process["parked"];
    if !parked.is_null() {
        let [message, attempts, reason] = ["message", "attempts", "reason"].map(|field| cell(parked, field));
        table.row(vec!["parked".to_owned(), format!("on {message} after {attempts} attempts: {reason}")]);
    }
    for timer in process["timers"].as_array().into_iter().flatten() {
        let [stream, name, due] = ["stream", "name", "due"].map(|field| cell(timer, field));
        table.row(vec!["timer".to_owned(), format!("{name} of {stream}, due {due}")]);
    }
    for deadline in process["deadlines"].as_array().into_iter().flatten() {
        let [id, kind, due] = ["message", "kind", "due"].map(|field| cell(deadline, field));
        table.row(vec!["expects".to_owned(), format!("the answer to {kind} ({id}) until {due}")]);
    }
    for message in process["delayed"].as_array().into_iter().flatten() {
        let [id, kind, due] = ["message", "kind", "due"].map(|field| cell(message, field));
        table.row(vec!["delayed".to_owned(), format!("{kind} ({id}) comes at {due}")]);
    }
    for message in process["waiting"].as_array().into_iter().flatten() {
        let [id, kind, reason] = ["message", "kind", "reason"].map(|field| cell(message, field));
        let failed = message["attempts"].as_u64().map(|attempts| format!("; {attempts} failed attempts: {}", cell(message, "lastError")));
        table.row(vec!["waiting".to_owned(), format!("{kind} ({id}): {reason}{}", failed.unwrap_or_default())]);
    }
    for letter in process["deadLetters"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        table.row(vec!["dead letter".to_owned(), format!("{letter}: procession dead-letters show {letter}")]);
    }
    let mut streams = Table::new(&["STREAM", "VERSION", "CATEGORY", "MODULE", "PHASE"]);
    for stream in process["streams"].as_array().into_iter().flatten() {
        let [name, version, category, phase] = ["stream", "version", "category", "phase"].map(|field| cell(stream, field));
        streams.row(vec![name, version, category, short_module(stream), phase]);
    }
    format!("{}\n{}\noutcome\n{:#}\n", table.lines(), streams.lines(), process["outcome"])
}
