//! `procession definitions rollback` and `prune`: their answers are of more than one module.

use axum::http::Method;
use serde_json::Value;

use super::{ask, of, state};
use crate::cli::client::{Access, Question, Whom, encoded};
use crate::cli::failure::Failure;
use crate::cli::table::{Table, cell, print, print_json, short_module};

/// Goes back.
pub(super) async fn roll_back(name: &str, whom: &Whom) -> Result<(), Failure> {
    let changed = ask(whom, Access::Change, Question::new(Method::POST, of(name) + "/rollback")).await?;
    if whom.json {
        print_json(&changed);
        return Ok(());
    }
    let mut table = Table::new(&["", "CATEGORY", "MODULE", "STATE", "PENDING", "FINISHED"]);
    for side in ["from", "to"] {
        let one = &changed[side];
        table.row(vec![side.to_owned(), cell(one, "category"), short_module(one), state(one), cell(one, "pending"), cell(one, "finished")]);
    }
    print(&table.lines());
    Ok(())
}

/// Removes what nothing needs.
pub(super) async fn prune(names: &[String], dry_run: bool, whom: &Whom) -> Result<(), Failure> {
    let names = encoded(&names.join(","));
    let question = Question::new(Method::POST, format!("/definitions/prune?dry-run={dry_run}&definitions={names}"));
    let removal = ask(whom, if dry_run { Access::Read } else { Access::Change }, question).await?;
    if whom.json {
        print_json(&removal);
        return Ok(());
    }
    let items: &[Value] = removal["items"].as_array().map_or(&[], Vec::as_slice);
    if items.is_empty() {
        print("nothing to remove: every module is active\n");
        return Ok(());
    }
    let mut table = Table::new(&["CATEGORY", "MODULE", "RESULT", "REASON"]);
    for one in items {
        table.row(vec![cell(one, "category"), short_module(one), cell(one, "result"), cell(one, "reason")]);
    }
    print(&table.lines());
    Ok(())
}
