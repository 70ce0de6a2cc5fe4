//! The trait that an author of an adapter writes: what does the outside system answer?

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::contract::{self, Context, Fault, Manifest, Message, Rejection};
use crate::{hosted, wire};

/// Stands for an outside system.
pub trait Adapter: 'static {
    /// What the host's configuration can set; `()` for nothing.
    type Settings: Default + DeserializeOwned;
    /// The commands that it carries out. An enum.
    type Command: DeserializeOwned;
    /// What it answers. An enum.
    type Reply: Serialize + DeserializeOwned;

    /// What the definition says of itself; begin with [`Manifest::adapter`].
    fn manifest() -> Manifest;

    /// Carries a command out and says what comes back. The host calls at least once for every command, so it must bear a repetition.
    ///
    /// # Errors
    /// A fault when it could not be carried out; the host tries again.
    fn handle(settings: &Self::Settings, ctx: &Context, command: Self::Command) -> Result<Vec<Reply<Self::Reply>>, Fault>;
}

/// One answer, and how long it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<R> {
    /// What is answered.
    pub message: R,
    /// How long it takes, in milliseconds.
    pub after_ms: u64,
}

/// Answers at once.
pub const fn reply<R>(message: R) -> Reply<R> {
    Reply { message, after_ms: 0 }
}

impl<R> Reply<R> {
    /// Answers after so many milliseconds; the host keeps the delay with a durable timer.
    #[must_use]
    pub fn after(self, ms: u64) -> Self {
        Self { after_ms: ms, ..self }
    }
}

/// What the host's call comes down to: parse, handle, write.
///
/// # Errors
/// The adapter's own fault, or one for settings or a command that cannot be read.
pub fn handle<A: Adapter>(settings: &str, ctx: &Context, command: &Message) -> Result<Vec<contract::Reply>, Fault> {
    let settings = hosted::settings(settings)?;
    let command = hosted::message(&command.kind, &command.data).map_err(|Rejection { code, message, .. }| Fault { code, message })?;
    A::handle(&settings, ctx, command)?
        .iter()
        .map(|reply| {
            let (kind, data) = wire::write(&reply.message).map_err(|message| Fault { code: "unwritable-reply".to_owned(), message })?;
            Ok(contract::Reply { kind: kind.to_owned(), data, after: reply.after_ms })
        })
        .collect()
}
