//! The definition runtime port: modules that can decide, classify or answer.
//! Native Rust implements it in tests; components implement it in `procession-wasm`.

use std::sync::Arc;

use crate::model::decision::{Context, Decision, Rejection, Reply, Start, Trigger};
use crate::model::event::StreamEvent;
use crate::model::id::{Category, Digest};
use crate::model::json::Json;
use crate::model::manifest::Manifest;
use crate::model::message::Message;
use crate::model::view::View;

/// Makes modules out of bytes.
pub trait Runtime: Send + Sync {
    /// Checks the bytes, asks what they say of themselves, and makes them ready to run.
    /// May take seconds, or half a minute where the module is [not at hand](Self::is_at_hand).
    ///
    /// # Errors
    /// [`LoadError`] says what is wrong with the module and what its author can do.
    fn load(&self, bytes: &[u8]) -> Result<Module, LoadError>;

    /// Whether loading a module takes no longer than a worker may wait.
    fn is_at_hand(&self, _module: &Digest) -> bool {
        true
    }

    /// A module was removed: what is kept to load it quickly is of no use any more.
    fn forget(&self, _module: &Digest) {}
}

/// A module that is ready to run.
#[derive(Clone)]
pub struct Module {
    /// Its name.
    pub digest: Digest,
    /// What it says of itself.
    pub manifest: Arc<Manifest>,
    /// What it can do.
    pub role: Role,
}

/// What a module can do.
#[derive(Clone)]
pub enum Role {
    /// Decides for processes.
    Process(Arc<dyn Definition>),
    /// Chooses the category for a request.
    Router(Arc<dyn Classifier>),
    /// Stands for an outside system.
    Adapter(Arc<dyn Connector>),
}

/// A definition that decides.
pub trait Definition: Send + Sync {
    /// The state before the first event, or the one that a snapshot holds.
    ///
    /// # Errors
    /// [`GuestError`] where the guest refuses or breaks.
    fn restore(&self, snapshot: Option<&Json>) -> Result<Box<dyn Decider>, GuestError>;

    /// The same at a pace: making the state is a call of the guest, too.
    ///
    /// # Errors
    /// [`GuestError`] where the guest refuses or breaks, and [`GuestError::Overlong`] where it takes longer than its pace allows.
    fn restore_at(&self, snapshot: Option<&Json>, pace: Pace) -> Result<Box<dyn Decider>, GuestError> {
        let mut decider = self.restore(snapshot)?;
        decider.set_pace(pace);
        Ok(decider)
    }

    /// The same in an instance that no other process has used or will use: what an audit compares with, and what may run for long.
    ///
    /// # Errors
    /// [`GuestError`] where the guest refuses or breaks, and [`GuestError::Overlong`] where it takes longer than its pace allows.
    fn restore_apart(&self, snapshot: Option<&Json>, pace: Pace) -> Result<Box<dyn Decider>, GuestError> {
        self.restore_at(snapshot, pace)
    }

    /// The same definition for one thread that folds many histories, one after the other, and distrusts what it finds:
    /// their states may share an instance, whatever the definition wishes. None where that would save nothing.
    fn for_histories(&self) -> Option<Box<dyn Definition>> {
        None
    }
}

/// The folded state of one stream. Only a cache: after any error it is dropped and folded again.
pub trait Decider: Send {
    /// Takes recorded events in, in order.
    ///
    /// # Errors
    /// [`GuestError`] where the guest cannot fold them.
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError>;

    /// Answers a trigger without changing the state.
    ///
    /// # Errors
    /// [`GuestError`] where the guest breaks; a refusal is a decision, not an error.
    fn decide(&mut self, context: &Context, trigger: &Trigger) -> Result<Decision, GuestError>;

    /// What a query sees.
    ///
    /// # Errors
    /// [`GuestError`] where the guest breaks.
    fn look(&mut self) -> Result<View, GuestError>;

    /// The state as text; none where the definition keeps no snapshots.
    ///
    /// # Errors
    /// [`GuestError`] where the guest breaks.
    fn snapshot(&mut self) -> Result<Option<Json>, GuestError>;

    /// Memory that this state holds by itself, in bytes, so that the host can bound what it keeps warm. Nothing where it shares it with others.
    fn memory_bytes(&self) -> usize {
        0
    }

    /// Whether it holds an instance that no other state is in, so that a long call holds up nobody else.
    fn is_alone(&self) -> bool {
        true
    }

    /// How long its calls may take from now on; [`Pace::Whole`] where nothing was said.
    fn set_pace(&mut self, _pace: Pace) {}
}

/// How long a call of a definition may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// A slice, since other processes wait for the same thread. A call that needs more is [`GuestError::Overlong`], and no fault of its guest.
    Slice,
    /// All that its definition may use.
    #[default]
    Whole,
}

/// A definition that chooses the category for a request.
pub trait Classifier: Send + Sync {
    /// Says which process the request begins; `loaded` are the active categories, and `pace` is how long the call may take.
    ///
    /// # Errors
    /// [`GuestError`] where the guest breaks, and [`GuestError::Overlong`]. The inner result is its answer.
    fn classify(
        &self,
        settings: &Json,
        context: &Context,
        request: &Message,
        loaded: &[Category],
        pace: Pace,
    ) -> Result<Result<Start, Rejection>, GuestError>;
}

/// A definition that stands for an outside system.
pub trait Connector: Send + Sync {
    /// Carries out a command; called at least once for every recorded command. `pace` is how long the call may take.
    ///
    /// # Errors
    /// [`GuestError`] where the guest refuses or breaks, and [`GuestError::Overlong`].
    fn handle(&self, settings: &Json, context: &Context, command: &Message, pace: Pace) -> Result<Vec<Reply>, GuestError>;
}

/// A guest that did not do its work; the guest's author is at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuestError {
    /// It said itself that it cannot go on.
    #[error("the definition reports a fault: {code}: {message}")]
    Fault {
        /// For programs.
        code: String,
        /// For people.
        message: String,
    },
    /// It trapped: a panic, an endless loop, memory that it may not touch.
    #[error("the definition trapped: {0}")]
    Trap(String),
    /// It went over a limit. The text names limit and amount.
    #[error("the definition went over a limit: {0}")]
    Limit(String),
    /// It takes longer than others on the same thread can wait: it has to be called again at its [whole pace](Pace::Whole), elsewhere.
    #[error("the definition takes longer than a slice")]
    Overlong,
    /// It answered something that the contract does not allow. The text names it.
    #[error("the definition broke its contract: {0}")]
    Contract(String),
}

impl GuestError {
    /// Begins the text of the only limit that no guest is to blame for.
    pub const NO_ROOM: &str = "instances of the whole host";

    /// Whether the host had no room for another instance.
    #[must_use]
    pub fn is_lack_of_room(&self) -> bool {
        matches!(self, Self::Limit(text) if text.starts_with(Self::NO_ROOM))
    }
}

/// A module that cannot be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Too large.
    #[error("the module has {bytes} bytes, the most is {bytes_max}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// No WebAssembly, cut off, or broken inside.
    #[error("not a valid WebAssembly component: {0}")]
    NotAComponent(String),
    /// A component, but not one of the contract's worlds, or one that imports what a definition may not have.
    #[error("not a definition: {0}")]
    WrongWorld(String),
    /// It broke while it was asked what it is.
    #[error("`describe` failed: {0}")]
    Describe(#[source] GuestError),
    /// What it says of itself is not allowed.
    #[error("the manifest is not valid: {0}")]
    Manifest(String),
    /// The host itself could not do it.
    #[error("the module could not be prepared: {0}")]
    Host(String),
    /// It is not ready yet: it is still being compiled, or waits for others that are. Whoever asks again later gets it.
    #[error("the module is not ready yet: {0}")]
    NotYet(String),
}
