//! A running host: what a program that embeds it can ask, and how it stops.
//! The same engine answers HTTP; nothing here is a shortcut around it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use procession_engine::engine::Engine;
use procession_engine::flow::inbox::{Answer, Request, Unhandled};
use procession_engine::model::commit::Receipt;
use procession_engine::model::event::RecordedEvent;
use procession_engine::model::id::{Kind, MessageId, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::process::ProcessRow;
use procession_engine::ports::store::{Direction, Scope};
use procession_engine::registry::{Deployed, Origin};
use procession_wasm::folder::Watch;
use serde::Serialize;
use tokio::sync::watch;

use crate::backup::{BackupError, Restored, UnfinishedFile};
use crate::builder::Builder;
use crate::error::{AskError, Unfinished};
use crate::http::{Desk, FAREWELL, Server};

/// Events read from the store at once.
const PAGE: usize = 1_000;

/// A host of process definitions.
///
/// It is asked through a shared reference, from any thread: a program keeps it in an `Arc` beside its own state.
/// Dropping it stops it too, but blocks while it does and drops what HTTP has not answered yet; [`Host::stop`] is the polite way.
pub struct Host {
    pub(crate) desk: Desk,
    pub(crate) router: axum::Router,
    pub(crate) server: Option<Server>,
    pub(crate) watch: Option<Watch>,
    pub(crate) stopping: watch::Sender<bool>,
    pub(crate) close: Option<Box<dyn FnOnce() + Send + Sync>>,
}

const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<Host>();
};

impl Host {
    /// What a host is made of.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Begins a process as an empty `POST /{id}` does: the loaded definitions say which one.
    ///
    /// # Errors
    /// [`AskError`] where nothing was begun.
    pub async fn trigger(&self, id: &str) -> Result<Receipt, AskError> {
        self.ask(id, Kind::start(), Json::null()).await
    }

    /// Sends a process a message, which begins it where its kind begins one.
    ///
    /// # Errors
    /// [`AskError`] where it had no effect.
    pub async fn send(&self, id: &str, kind: &str, data: impl Serialize) -> Result<Receipt, AskError> {
        let data = Json::parse(serde_json::to_string(&data)?).map_err(|error| AskError::Broken(error.to_string()))?;
        self.ask(id, Kind::parse(kind)?, data).await
    }

    async fn ask(&self, id: &str, kind: Kind, data: Json) -> Result<Receipt, AskError> {
        let request = Request {
            process: ProcessId::parse(id)?,
            id: MessageId::parse(&uuid::Uuid::now_v7().to_string())?,
            key: None,
            kind,
            data,
            category: None,
            source: None,
            unhandled: Unhandled::Refuse,
        };
        match self.desk.engine.request(request).await? {
            Answer::Taken(receipt) | Answer::Duplicate(receipt) | Answer::Waiting(receipt, _) => Ok(receipt),
            Answer::Ignored(reason) => Err(AskError::Ignored(reason)),
        }
    }

    /// Waits until a process has ended, for at most `patience`, and answers with what it came to.
    ///
    /// # Errors
    /// [`AskError::NotYet`] where it has not ended by then, or why it cannot be waited for.
    pub async fn wait(&self, id: &str, patience: Duration) -> Result<ProcessRow, AskError> {
        let process = ProcessId::parse(id)?;
        let ended = tokio::time::timeout(patience, self.desk.engine.ended(&process)).await;
        Ok(ended.map_err(|_| AskError::NotYet { process: process.to_string(), waited: patience })??)
    }

    /// A process as it stands; none where nothing is recorded of it.
    ///
    /// # Errors
    /// [`AskError`] where the id is invalid or the store cannot be read.
    pub async fn process(&self, id: &str) -> Result<Option<ProcessRow>, AskError> {
        Ok(self.desk.engine.query().process(&ProcessId::parse(id)?).await?)
    }

    /// What a process has brought about so far; none where that is nothing yet, or where it is unknown.
    ///
    /// # Errors
    /// [`AskError`] where the id is invalid or the store cannot be read.
    pub async fn outcome(&self, id: &str) -> Result<Option<Json>, AskError> {
        let row = self.process(id).await?;
        Ok(row.as_ref().and_then(ProcessRow::root).and_then(|root| root.view.outcome.clone()))
    }

    /// All events of all streams of a process, in recorded order.
    ///
    /// # Errors
    /// [`AskError`] where the id is invalid or the store cannot be read.
    pub async fn history(&self, id: &str) -> Result<Vec<RecordedEvent>, AskError> {
        let scope = Scope::Process(ProcessId::parse(id)?);
        let mut history: Vec<RecordedEvent> = Vec::new();
        loop {
            let from = history.last().map_or(0, |event| event.position + 1);
            let page = self.desk.engine.query().events(&scope, from, Direction::Forward, PAGE).await?;
            let is_last = page.len() < PAGE;
            history.extend(page);
            if is_last {
                return Ok(history);
            }
        }
    }

    /// Takes a module: new processes of its category begin on it, those under way stay on theirs.
    ///
    /// # Errors
    /// [`AskError::Deploy`] says why it is refused.
    pub async fn deploy(&self, bytes: impl Into<Vec<u8>>) -> Result<Deployed, AskError> {
        let (engine, bytes) = (Arc::clone(&self.desk.engine), bytes.into());
        let deployed = tokio::task::spawn_blocking(move || engine.deploy(&bytes, &Origin::Request)).await;
        Ok(deployed.map_err(|error| AskError::Broken(error.to_string()))??)
    }

    /// Takes a backup of everything into a file, while processes go on. The file gets its name only once it is whole and durable.
    ///
    /// # Errors
    /// [`BackupError`] where it was not taken; the processes are not concerned.
    pub async fn backup(&self, file: impl Into<PathBuf>) -> Result<Restored, BackupError> {
        let (backups, place) = (self.desk.backups.clone(), file.into());
        let taken = tokio::task::spawn_blocking(move || {
            let mut file = UnfinishedFile::begin(&place)?;
            backups.write(&mut file)?;
            file.finish()
        });
        taken.await.unwrap_or_else(|error| Err(BackupError::Failed(error.to_string())))
    }

    /// The engine, for everything that has no shorter name here.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.desk.engine
    }

    /// Where HTTP is answered; none where the host was not told to listen.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.server.as_ref().map(Server::address)
    }

    /// The HTTP interface as a service, for a program that has its own server.
    pub fn router(&self) -> axum::Router {
        self.router.clone()
    }

    /// Takes no more requests, finishes what is in flight, and lets go of the data folder, however long that takes.
    pub async fn stop(self) {
        if let Err(unfinished) = self.stop_within(Duration::MAX).await {
            tracing::error!(%unfinished, "the stop did not come to its end");
        }
    }

    /// The same within a bound. Callers that wait for an end, or are still sending, hear at once that the host stops.
    ///
    /// # Errors
    /// [`Unfinished`] where it takes longer, for a disk that does not answer say. What was not finished goes on in the background:
    /// a program that does not end then holds the data folder for so long.
    pub async fn stop_within(mut self, within: Duration) -> Result<(), Unfinished> {
        let begun = Instant::now();
        self.stopping.send_replace(true);
        if let Some(server) = self.server.take() {
            // The larger part of a short time is for the store.
            server.stop(FAREWELL.min(within / 2)).await;
        }
        let engine = Arc::clone(&self.desk.engine);
        let halted = tokio::task::spawn_blocking(move || self.halt());
        match tokio::time::timeout(within.saturating_sub(begun.elapsed()), halted).await {
            Ok(Ok(())) => Ok(()),
            // A panic has been told where it happened.
            Ok(Err(_)) | Err(_) => {
                let load = engine.load();
                Err(Unfinished { within, commits: load.commits_in_flight, waiting: load.waiting })
            }
        }
    }

    /// Engine, watcher, store. Blocks.
    fn halt(&mut self) {
        self.stopping.send_replace(true);
        self.desk.engine.stop();
        drop(self.watch.take());
        if let Some(close) = self.close.take() {
            close();
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.halt();
    }
}
