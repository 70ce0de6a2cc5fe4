//! The listener: opened before anything else is promised, closed before the engine stops.
//! Routes are the matter of `router`.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a stop waits for answers that are being written.
const FAREWELL: Duration = Duration::from_secs(10);

/// A server that answers.
pub(crate) struct Server {
    address: SocketAddr,
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers on an open listener until it is told to stop.
    pub(crate) fn start(listener: TcpListener, router: Router, stopping: watch::Sender<bool>) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let mut told = stopping.subscribe();
        let farewell = async move {
            // A sender that is gone means the same as one that says stop.
            let _ = told.wait_for(|stopping| *stopping).await;
        };
        // Answers are small and whole: waiting for more to send would only delay them.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps its delay");
            }
        });
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(farewell).await {
                tracing::error!(%error, "the server ended");
            }
        });
        Ok(Self { address, stopping, task })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests and waits until those that were taken are answered, for a bounded time.
    pub(crate) async fn stop(mut self) {
        self.stopping.send_replace(true);
        if tokio::time::timeout(FAREWELL, &mut self.task).await.is_err() {
            tracing::warn!("some requests were not answered before the stop");
            self.task.abort();
        }
    }
}
