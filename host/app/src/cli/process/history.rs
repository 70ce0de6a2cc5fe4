//! The whole history of a process, however many pages it has.
//! A part of one stream is the matter of `stream read`.

use serde_json::{Value, json};

use crate::cli::client::{Access, Client, Question, Whom, encoded};
use crate::cli::event_table;
use crate::cli::failure::Failure;
use crate::cli::table::{print, print_json};

/// All pages of a history, as one.
pub(super) async fn print_all(id: &str, whom: &Whom) -> Result<(), Failure> {
    let client = Client::of(whom, Access::Read).await?;
    let all = whole_history(&client, id).await;
    client.close().await;
    let events = all?;
    if whom.json {
        print_json(&json!({ "id": id, "items": events, "next": null }));
    } else {
        print(&event_table::lines(&events));
    }
    Ok(())
}

async fn whole_history(client: &Client, id: &str) -> Result<Vec<Value>, Failure> {
    let mut events = Vec::new();
    let mut cursor = String::new();
    loop {
        let mut page = client.ask(Question::get(format!("/processes/{}/history{cursor}", encoded(id)))).await?;
        if let Value::Array(items) = page["items"].take() {
            events.extend(items);
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("?cursor={next}"),
            None => return Ok(events),
        }
    }
}
