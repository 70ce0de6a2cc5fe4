//! Messages from outside as CloudEvents 1.0, JSON, structured mode.
//! A message that nobody handles yet is kept; its sender cannot know which definitions there are.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use procession_engine::flow::inbox::{Request, Unhandled};
use procession_engine::model::id::{Kind, MessageId, ProcessId};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::json;
use super::prefer::Wait;
use super::problem::Problem;
use super::router::Desk;
use super::send::{ENVELOPE_BYTES_MAX, payload, send};

/// A CloudEvent. Extension attributes may be there, and mean nothing here.
#[derive(Deserialize)]
#[serde(expecting = "a CloudEvent")]
struct CloudEvent {
    specversion: String,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    subject: String,
    time: Option<String>,
    datacontenttype: Option<String>,
    data: Option<Box<RawValue>>,
    data_base64: Option<serde::de::IgnoredAny>,
}

pub(super) async fn take(State(desk): State<Desk>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let body = json::read(&desk, body, desk.payload_bytes_max + ENVELOPE_BYTES_MAX).await?;
    let event: CloudEvent = json::parse(&body)?;
    // Its room is for somebody else while this caller waits.
    drop(body);
    event.check()?;
    send(&desk, event.into_request()?, Wait::of(&headers)).await
}

impl CloudEvent {
    fn check(&self) -> Result<(), Problem> {
        let wrong = |text: String| Err(Problem::invalid("invalid-body", text));
        if self.specversion != "1.0" {
            return wrong(format!("specversion: {:?} is not known here; it must be \"1.0\"", self.specversion));
        }
        if self.source.is_empty() || self.source.contains(char::is_whitespace) {
            return wrong(format!("source: {:?} is no URI reference", self.source));
        }
        if self.data_base64.is_some() {
            return wrong("data_base64: payloads are JSON; send `data`".to_owned());
        }
        if let Some(kind) = self.datacontenttype.as_deref().filter(|kind| !is_json(kind)) {
            return wrong(format!("datacontenttype: {kind:?} is no JSON"));
        }
        if let Some(time) = self.time.as_deref().filter(|time| time.parse::<jiff::Timestamp>().is_err()) {
            return wrong(format!("time: {time:?} is no RFC 3339 time"));
        }
        Ok(())
    }

    /// Source and id together name a message, as the standard has it; a source has no space, so this joins without doubt.
    fn into_request(self) -> Result<Request, Problem> {
        let name = format!("{} {}", self.source, self.id);
        Ok(Request {
            process: ProcessId::parse(&self.subject)?,
            id: MessageId::parse(&name)?,
            key: Some(name),
            kind: Kind::parse(&self.kind)?,
            data: payload(self.data)?,
            category: None,
            source: Some(self.source),
            unhandled: Unhandled::Keep,
        })
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}
