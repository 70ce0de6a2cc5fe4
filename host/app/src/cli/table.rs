//! Tables for people: columns as wide as what stands in them, two spaces between.
//! Programs get JSON instead.

use std::io::{ErrorKind, Write as _};

use serde_json::Value;

/// A table that is being filled.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(header: &[&str]) -> Self {
        Self { rows: vec![header.iter().map(ToString::to_string).collect()] }
    }

    pub(super) fn without_header() -> Self {
        Self { rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The lines of the table, without spaces at their ends.
    pub(super) fn lines(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            format!("{}\n", cells.join("  ").trim_end())
        };
        self.rows.iter().map(line).collect()
    }
}

/// Prints to stdout. A reader that has seen enough, such as `head`, is no failure.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => eprintln!("error: cannot write to stdout: {error}"),
        _ => (),
    }
}

/// Prints a document for programs.
pub(super) fn print_json(document: &Value) {
    print(&format!("{document:#}\n"));
}

/// A field as text; `-` where there is nothing.
pub(super) fn cell(document: &Value, field: &str) -> String {
    match &document[field] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => {
            items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// The first twelve hex digits of a module's name.
pub(super) fn short_module(document: &Value) -> String {
    cell(document, "module").trim_start_matches("sha256:").chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Table, cell, short_module};

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["ID", "PHASE"]);
        table.row(vec!["a".to_owned(), "completed".to_owned()]);
        table.row(vec!["äöü".to_owned(), String::new()]);
        assert_eq!(table.lines(), "ID   PHASE\na    completed\näöü\n");
    }

    #[test]
    fn what_is_not_there_is_a_dash() {
        let document = json!({ "step": null, "starts": ["A", "B"], "version": 7, "module": "sha256:0123456789abcdef" });
        assert_eq!((cell(&document, "step").as_str(), cell(&document, "gone").as_str()), ("-", "-"));
        assert_eq!((cell(&document, "starts").as_str(), cell(&document, "version").as_str()), ("A, B", "7"));
        assert_eq!(short_module(&document), "0123456789ab");
    }
}
