//! The listener and its connections: opened before anything else is promised, closed before the engine stops.
//! Routes are the matter of `router`, how much may come in at once that of `doors`.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::doors::{Doors, Place};

/// How long a stop waits for answers that are being written.
pub(crate) const FAREWELL: Duration = Duration::from_secs(10);

/// How long a connection may take to bring the head of its next request; then its place is wanted for somebody else.
const HEAD_WITHIN: Duration = Duration::from_secs(60);

/// Bytes that a connection buffers of what comes in; a head must fit.
const BUFFER_BYTES_MAX: usize = 64 * 1_024;

/// The pause after the system gave no connection, for want of open files say.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// A server that answers.
pub(crate) struct Server {
    address: SocketAddr,
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// What the connections are answered with.
#[derive(Clone)]
pub(crate) struct Answers {
    /// Whoever has a place.
    pub(crate) served: Router,
    /// Whoever comes beyond the bound.
    pub(crate) beyond: Router,
}

impl Server {
    /// Answers on an open listener until it is told to stop.
    pub(crate) fn start(
        listener: TcpListener,
        answers: Answers,
        doors: Arc<Doors>,
        stopping: watch::Sender<bool>,
    ) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let task = tokio::spawn(serve(listener, answers, doors, stopping.subscribe()));
        Ok(Self { address, stopping, task })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests and waits until those that were taken are answered, for a bounded time.
    pub(crate) async fn stop(mut self, patience: Duration) {
        self.stopping.send_replace(true);
        if tokio::time::timeout(patience, &mut self.task).await.is_err() {
            tracing::warn!("some answers were not read to their end before the stop");
            self.task.abort();
        }
    }
}

async fn serve(listener: TcpListener, answers: Answers, doors: Arc<Doors>, stopping: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let mut stopped = stopping.clone();
    loop {
        tokio::select! {
            () = told(&mut stopped) => break,
            Some(_) = connections.join_next() => {}
            Some((stream, place)) = next(&listener, &doors) => {
                let router = if place.is_beyond() { answers.beyond.clone() } else { answers.served.clone() };
                connections.spawn(connection(stream, place, router, stopping.clone()));
            }
        }
    }
    // Nobody connects any more; those who are connected get the answers that they wait for.
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Waits until the host stops. A sender that is gone means the same as one that says so.
async fn told(stopping: &mut watch::Receiver<bool>) {
    drop(stopping.wait_for(|stopping| *stopping).await);
}

/// The next connection; none where the system gave none, after a pause where that would go on.
async fn next(listener: &TcpListener, doors: &Doors) -> Option<(TcpStream, Place)> {
    let open = doors.open().await?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, doors.place(open))),
        Err(error) if [ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset].contains(&error.kind()) => None,
        Err(error) => {
            tracing::error!(%error, "the system gives no connection; it is asked again");
            tokio::time::sleep(ACCEPT_AGAIN).await;
            None
        }
    }
}

async fn connection(stream: TcpStream, place: Place, router: Router, mut stopping: watch::Receiver<bool>) {
    // Answers are small and whole: waiting for more to send would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(BUFFER_BYTES_MAX);
    let mut answering = pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    let ended = tokio::select! {
        ended = answering.as_mut() => ended,
        () = told(&mut stopping) => {
            answering.as_mut().graceful_shutdown();
            answering.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
    drop(place);
}
