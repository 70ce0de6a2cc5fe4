//! Routers and adapters that are asked apart.

use crate::flow::asking::{self, Choice};
use crate::flow::shared::Shared;
use crate::model::decision::Reply;
use crate::model::id::{Category, Digest, MessageId};
use crate::model::message::Message;
use crate::model::time::Timestamp;
use crate::ports::definition::{Classifier, Connector, GuestError, Pace};
use crate::registry::Handler;

/// A router that is to be asked.
pub(in crate::flow) struct RouterErrand {
    pub(in crate::flow) router: Handler<dyn Classifier>,
    pub(in crate::flow) message: Message,
    /// The active categories.
    pub(in crate::flow) loaded: Vec<Category>,
}

/// What a router said of a request.
pub(in crate::flow) struct Routed {
    module: Digest,
    message: MessageId,
    /// When the request came.
    pub(in crate::flow) time: Timestamp,
    pub(super) choice: Result<Choice, GuestError>,
}

/// An adapter that is to carry out a command.
pub(in crate::flow) struct AdapterErrand {
    pub(in crate::flow) adapter: Handler<dyn Connector>,
    pub(in crate::flow) command: Message,
}

/// What an adapter answered to a command.
pub(in crate::flow) struct Called {
    module: Digest,
    command: MessageId,
    pub(in crate::flow) replies: Result<Vec<Reply>, GuestError>,
}

impl RouterErrand {
    pub(super) fn run(self, shared: &Shared) -> Routed {
        let Self { router, message, loaded } = self;
        let choice = asking::classify(shared, &router, &message, &loaded, Pace::Whole);
        blame(shared, &router, choice.as_ref().err());
        Routed { module: router.module, message: message.id, time: message.time, choice }
    }
}

impl Routed {
    /// What this router said of this request, if it was asked.
    pub(in crate::flow) fn choice_of(&self, router: &Digest, request: &MessageId) -> Option<Result<Choice, GuestError>> {
        (self.module == *router && self.message == *request).then(|| self.choice.clone())
    }
}

impl AdapterErrand {
    pub(super) fn run(self, shared: &Shared) -> Called {
        let Self { adapter, command } = self;
        let replies = asking::handle(shared, &adapter, &command, Pace::Whole);
        blame(shared, &adapter, replies.as_ref().err());
        Called { module: adapter.module, command: command.id, replies }
    }
}

impl Called {
    /// Whether this is what this adapter answered to this command.
    pub(in crate::flow) fn is(&self, adapter: &Digest, command: &MessageId) -> bool {
        self.module == *adapter && self.command == *command
    }
}

/// Keeps a definition off the workers that has used up all that it may.
fn blame<T: ?Sized>(shared: &Shared, handler: &Handler<T>, error: Option<&GuestError>) {
    if let Some(GuestError::Limit(_)) = error {
        shared.is_too_slow(&handler.module, &handler.named());
    }
}
