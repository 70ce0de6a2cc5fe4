//! `GET /backup`: a backup of the whole store, written while it is taken.
//! A backup that breaks off has no trailer, and whoever reads it finds that out.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use http_body::Frame;
use tokio::sync::mpsc;

use super::problem::Problem;
use super::router::Desk;

/// Bytes that are sent at once.
const PART_BYTES: usize = 64 * 1024;
/// Parts that wait for a slow reader; the backup waits behind them, and commits do not wait for the backup.
const PARTS_MAX: usize = 16;

/// Streams a backup.
pub(super) async fn take(State(desk): State<Desk>) -> Result<Response, Problem> {
    if !desk.backups.are_possible() {
        return Err(Problem::not_found("in-memory", "this host keeps everything in memory; there is nothing to take a backup of"));
    }
    let (sender, parts) = mpsc::channel(PARTS_MAX);
    let backups = desk.backups;
    tokio::task::spawn_blocking(move || {
        let mut sending = Sending { sender: sender.clone(), part: Vec::with_capacity(PART_BYTES) };
        match backups.write(&mut sending) {
            Ok(taken) => {
                tracing::info!(keys = taken.keys, groups = taken.groups, position = taken.position, bytes = taken.bytes, "backup taken")
            }
            Err(error) => {
                tracing::error!(%error, "a backup was not taken");
                // Where nobody listens any more, there is nobody to tell.
                let _ = sender.blocking_send(Err(io::Error::other(error.to_string())));
            }
        }
    });
    let mut response = Response::new(Body::new(Parts(parts)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/vnd.procession.backup"));
    Ok(response)
}

type Part = io::Result<Bytes>;

/// The end at which the backup is written.
struct Sending {
    sender: mpsc::Sender<Part>,
    part: Vec<u8>,
}

impl Sending {
    fn send(&mut self) -> io::Result<()> {
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(PART_BYTES));
        self.sender.blocking_send(Ok(part.into())).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

impl Write for Sending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PART_BYTES - self.part.len());
        self.part.extend_from_slice(&bytes[..taken]);
        if self.part.len() == PART_BYTES {
            self.send()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.part.is_empty() { Ok(()) } else { self.send() }
    }
}

/// The end at which it is read.
struct Parts(mpsc::Receiver<Part>);

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map(|part| part.map(|part| part.map(Frame::data)))
    }
}
