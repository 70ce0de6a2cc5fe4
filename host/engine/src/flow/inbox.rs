//! What may come in, and what is answered.
//! Everything is checked here once; behind this file a request is well formed.

use tokio::sync::oneshot;

use super::apart::Made;
use crate::error::Refusal;
use crate::limits::Limits;
use crate::model::commit::Receipt;
use crate::model::id::{Digest, Kind, MessageId, ProcessId};
use crate::model::json::Json;
use crate::model::process::{Timer, Undelivered};

/// A message from outside, for one process.
#[derive(Clone, Debug)]
pub struct Request {
    /// The process.
    pub process: ProcessId,
    /// The id that the message gets.
    pub id: MessageId,
    /// What makes two requests the same one, such as an `Idempotency-Key`; none where the request may be repeated.
    pub key: Option<String>,
    /// What it says or asks for; `Start` for a request without a body.
    pub kind: Kind,
    /// What it carries.
    pub data: Json,
    /// The category (`domestic-1.0`) or name (`domestic`) to begin, where the caller chooses it.
    pub category: Option<String>,
    /// Who sends it, where that is known.
    pub source: Option<String>,
    /// What to do with a kind that nobody handles.
    pub unhandled: Unhandled,
}

/// What to do with a message that no definition handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unhandled {
    /// Tell the caller.
    Refuse,
    /// Keep it until a definition comes that handles it.
    Keep,
}

/// What became of a request that is not refused. It is durable when the caller sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It had its effect.
    Taken(Receipt),
    /// It had been taken before; this is the first receipt.
    Duplicate(Receipt),
    /// The definition has no use for it now or ever; nothing is recorded. The text says why.
    Ignored(String),
    /// It is recorded and waits. The text says for what.
    Waiting(Receipt, String),
}

/// Where the answer to a request goes.
pub(crate) type AnswerTo = oneshot::Sender<Result<Answer, Refusal>>;

/// Where the answer to an operator goes.
pub(crate) type OperatedTo = oneshot::Sender<Result<(), Refusal>>;

/// What an operator can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Try again what the process is parked on.
    Retry,
    /// Try a dead letter, or one that waits for its next attempt, again.
    Replay {
        /// Its number among the undelivered messages of the process.
        seq: u64,
        /// What it is to carry from now on; none leaves it as it is.
        data: Option<Json>,
    },
    /// Drop such a message: it will have no effect, and the stream that sent it is told.
    Drop {
        /// Its number.
        seq: u64,
        /// Why.
        reason: String,
    },
    /// Move the stream that a module writes to that module.
    Migrate(Move),
}

/// The move of a stream to another module; which stream of a process that is says the module, since it writes only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The module that the stream has to be on, so that nothing is moved that has been moved meanwhile; none for whichever it is.
    pub from: Option<Digest>,
    /// The module that is to carry it on.
    pub to: Digest,
}

impl Move {
    /// A move from wherever the stream is.
    #[must_use]
    pub fn to(to: Digest) -> Self {
        Self { from: None, to }
    }
}

impl Operation {
    /// Checks what types cannot.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), Refusal> {
        match self {
            Self::Replay { data: Some(data), .. } => check_size(data, limits),
            Self::Retry | Self::Replay { data: None, .. } | Self::Drop { .. } | Self::Migrate(_) => Ok(()),
        }
    }
}

fn check_size(data: &Json, limits: &Limits) -> Result<(), Refusal> {
    let (bytes, bytes_max) = (data.as_str().len(), limits.payload_bytes_max);
    let is_too_large = bytes > bytes_max;
    if is_too_large { Err(Refusal::invalid("too-large", format!("the data has {bytes} bytes, the most is {bytes_max}"))) } else { Ok(()) }
}

/// What a worker may be asked to do.
pub(crate) enum Work {
    /// A message from outside.
    Request { request: Box<Request>, answer: AnswerTo },
    /// A recorded message that has not had its effect yet.
    Deliver(Box<Undelivered>),
    /// A timer that is due.
    Fire(Box<Timer>),
    /// What a process had kept comes now, in order.
    Comes(ProcessId),
    /// What was kept is on its way again: the lane takes new work behind it.
    Revived(ProcessId),
    /// What an operator asks for.
    Operate { process: ProcessId, operation: Operation, answer: OperatedTo },
    /// Bring what a process that is no longer parked had kept on its way.
    TakeUp(ProcessId),
    /// Look again for what is undelivered: of one process, or what nobody handled of all.
    LookAgain(Option<ProcessId>),
    /// A turn was made apart.
    Made(Box<Made>),
    /// The store failed under this: it is done when the store may have recovered.
    Later(Box<Work>),
}

impl Work {
    /// Whether this is a message that comes before another one of the same owner for the same process.
    pub(crate) fn precedes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Deliver(one), Self::Deliver(other)) => {
                one.owner == other.owner && one.message.process == other.message.process && one.seq < other.seq
            }
            _ => false,
        }
    }

    /// The process whose recorded work this is; none for what has no place in an order.
    pub(crate) fn process(&self) -> Option<&ProcessId> {
        match self {
            Self::Deliver(undelivered) => Some(&undelivered.message.process),
            Self::Fire(timer) => Some(&timer.key.process),
            _ => None,
        }
    }

    /// How much memory recorded work holds while it waits, in bytes; none for other work.
    pub(crate) fn recorded_bytes(&self) -> Option<usize> {
        match self {
            Self::Deliver(one) => Some(one.message.data.as_str().len()),
            _ => None,
        }
    }

    /// How much memory a caller's work holds while it waits, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Request { request, .. } => request.data.as_str().len(),
            _ => 0,
        }
    }
}

/// The key of the request that begins a process, where its caller gave none: a process begins once.
pub(crate) const START_KEY: &str = "start";

impl Request {
    /// The wish to cancel a process; `which` tells one wish from another.
    #[must_use]
    pub fn cancel(process: ProcessId, which: &str, reason: &str, key: Option<String>) -> Self {
        let data = Json::parse(serde_json::Value::from(reason).to_string()).unwrap_or_else(|_| Json::null());
        let (id, kind) = (MessageId::of_cancel(&process, which), Kind::cancel());
        Self { process, id, key, kind, data, category: None, source: None, unhandled: Unhandled::Refuse }
    }

    /// Checks what types cannot.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), Refusal> {
        check_size(&self.data, limits)?;
        match &self.key {
            Some(key) if key.is_empty() || key.len() > 256 || key.contains(char::is_control) => {
                Err(Refusal::invalid("invalid-key", "an idempotency key is 1 to 256 bytes without control characters"))
            }
            Some(key) if key == START_KEY => Err(Refusal::invalid("invalid-key", "the idempotency key `start` is the host's own")),
            _ => Ok(()),
        }
    }

    /// The refusal of a request whose key stands for another one.
    pub(crate) fn key_is_reused(&self, key: &str) -> Refusal {
        let text = format!("the key {key:?} was used before for another request to process {}; use a new key", self.process);
        Refusal::invalid("key-reused", text)
    }

    /// A hash of what is asked, so that another request under the same key is told apart.
    pub(crate) fn fingerprint(&self) -> u64 {
        let asked = [self.kind.as_str(), self.data.as_str(), self.category.as_deref().unwrap_or("")].join("\u{0}");
        xxhash_rust::xxh3::xxh3_64(asked.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::{Request, Unhandled};
    use crate::limits::Limits;
    use crate::model::id::{Kind, MessageId, ProcessId};
    use crate::model::json::Json;

    fn request() -> Request {
        Request {
            process: ProcessId::parse("P1").unwrap(),
            id: MessageId::parse("m1").unwrap(),
            key: None,
            kind: Kind::start(),
            data: Json::null(),
            category: None,
            source: None,
            unhandled: Unhandled::Refuse,
        }
    }

    #[test]
    fn a_key_that_is_empty_long_odd_or_the_hosts_own_is_refused() {
        for key in [String::new(), "x".repeat(257), "a\nb".to_owned(), "start".to_owned()] {
            let request = Request { key: Some(key), ..request() };
            assert!(request.check(&Limits::default()).is_err(), "{:?} was taken", request.key);
        }
        assert!(Request { key: Some("order 7".to_owned()), ..request() }.check(&Limits::default()).is_ok());
    }

    #[test]
    fn requests_that_ask_for_different_things_have_different_fingerprints() {
        let other = Request { category: Some("domestic-1.1".to_owned()), ..request() };
        assert_ne!(request().fingerprint(), other.fingerprint());
        assert_eq!(request().fingerprint(), Request { id: MessageId::parse("m2").unwrap(), ..request() }.fingerprint());
    }
}
