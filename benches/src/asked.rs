//! What is asked of an engine: a message from outside that wants nothing but its effect.

use procession_engine::flow::inbox::{Request, Unhandled};
use procession_engine::model::id::{Kind, MessageId, ProcessId};
use procession_engine::model::json::Json;

/// A message to a process.
///
/// # Errors
/// Where this is no id.
pub fn asked(process: &str, id: &str, kind: Kind, data: Json) -> anyhow::Result<Request> {
    Ok(Request {
        process: ProcessId::parse(process)?,
        id: MessageId::parse(id)?,
        key: None,
        kind,
        data,
        category: None,
        source: None,
        unhandled: Unhandled::Refuse,
    })
}
