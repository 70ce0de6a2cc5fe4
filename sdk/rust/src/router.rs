//! The trait that an author of a router writes: which process does a request begin?

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::contract::{self, Context, Fault, Manifest, Message, Rejection};
use crate::{hosted, invalid, wire};

/// Chooses the category for a request, and the first message of the process.
pub trait Router: 'static {
    /// What the host's configuration can set; `()` for nothing.
    type Settings: Default + DeserializeOwned;
    /// The requests that it classifies. An enum; a request without a body has the kind `Start`.
    type Request: DeserializeOwned;
    /// The first messages that it may hand to a process. An enum.
    type First: Serialize + DeserializeOwned;

    /// What the definition says of itself; begin with [`Manifest::router`].
    fn manifest() -> Manifest;

    /// Chooses; `ctx` names the process that is to begin, `loaded` are the active categories.
    ///
    /// # Errors
    /// A rejection for a request that begins nothing; the caller is told.
    fn classify(
        settings: &Self::Settings,
        ctx: &Context,
        request: Self::Request,
        loaded: &[String],
    ) -> Result<Start<Self::First>, Rejection>;
}

/// Which process to begin, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start<F> {
    /// A category (`domestic-1.0`), or a bare name (`domestic`) for its highest active version.
    pub category: String,
    /// The first message.
    pub first: F,
}

/// Begins a process of this category with this message.
pub fn start<F>(category: impl Into<String>, first: F) -> Start<F> {
    Start { category: category.into(), first }
}

/// What the host's call comes down to: parse, classify, write.
///
/// # Errors
/// The router's own rejection, or one for settings or a request that cannot be read.
pub fn classify<R: Router>(settings: &str, ctx: &Context, request: &Message, loaded: &[String]) -> Result<contract::Start, Rejection> {
    let settings = hosted::settings(settings).map_err(|Fault { code, message }| invalid(code, message))?;
    let request = hosted::message(&request.kind, &request.data)?;
    let start = R::classify(&settings, ctx, request, loaded)?;
    let (kind, data) = wire::write(&start.first).map_err(|error| invalid("unwritable-message", error))?;
    Ok(contract::Start { category: start.category, kind: kind.to_owned(), data })
}
