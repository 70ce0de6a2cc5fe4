//! Files whose deploy takes long, because they are compiled: each goes on by itself, so that the others are taken meanwhile.
//! Which file is deployed when is decided in `scan`.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel};
use std::time::Duration;

use super::{Deploy, Deployed, Refusal};

/// Files that are deployed at the same time; the others wait. Each is held in memory.
const FILES_MAX: usize = 8;

type Answer = Result<Deployed, Refusal>;

/// The deploys that go on.
#[derive(Default)]
pub(super) struct UnderWay(HashMap<String, Receiver<Answer>>);

impl UnderWay {
    /// Whether a file has to wait: for the deploy of its bytes before these, or because enough is under way.
    pub(super) fn must_wait(&self, file: &str) -> bool {
        self.0.contains_key(file) || self.0.len() >= FILES_MAX
    }

    /// Deploys a file. None where that takes longer than the patience: then its answer is among those that have come at a later look.
    pub(super) fn deploy(&mut self, deploy: &Arc<dyn Deploy>, file: &str, bytes: &[u8], patience: Option<Duration>) -> Option<Answer> {
        let Some(patience) = patience else { return Some(deployed(&**deploy, file, bytes)) };
        let (sender, answer) = sync_channel(1);
        let (deploy, name, bytes) = (Arc::clone(deploy), file.to_owned(), bytes.to_vec());
        // Where the folder is not watched any more, nobody hears the answer.
        let work = move || drop(sender.send(deployed(&*deploy, &name, &bytes)));
        if let Err(error) = std::thread::Builder::new().name("deploy".to_owned()).spawn(work) {
            return Some(Err(Refusal::Later(format!("the system gives no thread: {error}"))));
        }
        match answer.recv_timeout(patience) {
            Ok(answer) => Some(answer),
            Err(RecvTimeoutError::Disconnected) => Some(Err(gone())),
            Err(RecvTimeoutError::Timeout) => {
                self.0.insert(file.to_owned(), answer);
                None
            }
        }
    }

    /// The answers that have come since.
    pub(super) fn come(&mut self) -> Vec<(String, Answer)> {
        let mut come = Vec::new();
        self.0.retain(|file, answer| match answer.try_recv() {
            Ok(answer) => {
                come.push((file.clone(), answer));
                false
            }
            Err(TryRecvError::Empty) => true,
            Err(TryRecvError::Disconnected) => {
                come.push((file.clone(), Err(gone())));
                false
            }
        });
        come
    }
}

fn deployed(deploy: &dyn Deploy, file: &str, bytes: &[u8]) -> Answer {
    let answer = catch_unwind(AssertUnwindSafe(|| deploy.deploy(file, bytes)));
    answer.unwrap_or_else(|_| {
        tracing::error!(file, "deploying a file panicked; the folder is watched further");
        Err(gone())
    })
}

fn gone() -> Refusal {
    Refusal::Later("the host broke while it deployed this file; its log says where".to_owned())
}
