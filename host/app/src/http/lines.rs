//! Answers that grow while they are read: one JSON document a line.
//! What the lines say is the matter of whoever writes them.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use http_body::Frame;
use serde::Serialize;
use tokio::sync::mpsc;

/// Lines that wait for a slow reader; whoever writes them waits behind these.
const WAITING_MAX: usize = 64;

/// The end at which lines are written.
#[derive(Clone)]
pub(super) struct Lines(mpsc::Sender<Bytes>);

impl Lines {
    /// The writing end, and the answer that reads.
    pub(super) fn answer() -> (Self, Response) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let mut response = Response::new(Body::new(Reading(receiver)));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        (Self(sender), response)
    }

    /// Writes a line; false where nobody reads any more.
    pub(super) async fn write(&self, document: &impl Serialize) -> bool {
        let mut line = serde_json::to_vec(document).unwrap_or_default();
        line.push(b'\n');
        self.0.send(line.into()).await.is_ok()
    }
}

/// The end at which they are read.
struct Reading(mpsc::Receiver<Bytes>);

impl http_body::Body for Reading {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}
