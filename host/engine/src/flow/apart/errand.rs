//! What is made apart, for a process whose lane waits for it, and what came of it.

use std::fmt;

use super::asked::{AdapterErrand, Called, Routed, RouterErrand};
use super::turn::{MadeTurn, TurnErrand};
use crate::flow::shared::{Counters, Shared};
use crate::model::id::{Digest, ProcessId};

/// Something that is to be made apart.
pub(in crate::flow) struct Errand {
    /// The process that waits, and the worker that owns it.
    pub(in crate::flow) process: ProcessId,
    pub(in crate::flow) worker: usize,
    pub(in crate::flow) what: What,
    /// Its number, which the worker gives it.
    pub(in crate::flow) ticket: u64,
}

/// What is to be made.
pub(in crate::flow) enum What {
    Turn(Box<TurnErrand>),
    Router(Box<RouterErrand>),
    Adapter(Box<AdapterErrand>),
}

/// What was made apart for a process.
pub(crate) struct Made {
    pub(in crate::flow) process: ProcessId,
    pub(in crate::flow) ticket: u64,
    /// None where its definition rests by now.
    pub(in crate::flow) came: Option<Came>,
}

/// What came of it.
pub(in crate::flow) enum Came {
    Turn(Box<MadeTurn>),
    Router(Box<Routed>),
    Adapter(Box<Called>),
}

impl Errand {
    pub(in crate::flow) fn new(shared: &Shared, process: ProcessId, what: What) -> Self {
        Self { worker: shared.owner(&process), process, what, ticket: 0 }
    }

    pub(super) fn run(self, shared: &Shared) -> Made {
        let Self { process, what, ticket, .. } = self;
        if shared.rests(what.module()).is_some() {
            return Made { process, ticket, came: None };
        }
        Counters::count(&shared.counters.made_apart);
        let came = match what {
            What::Turn(turn) => Came::Turn(Box::new(turn.run(shared))),
            What::Router(router) => Came::Router(Box::new(router.run(shared))),
            What::Adapter(adapter) => Came::Adapter(Box::new(adapter.run(shared))),
        };
        Made { process, ticket, came: Some(came) }
    }
}

impl Made {
    /// Whether it came to something at the first attempt.
    pub(super) fn came_to_something(&self) -> bool {
        match &self.came {
            Some(Came::Turn(turn)) => turn.came.is_ok() && turn.tried == 1,
            Some(Came::Router(routed)) => routed.choice.is_ok(),
            Some(Came::Adapter(called)) => called.replies.is_ok(),
            None => false,
        }
    }
}

impl What {
    pub(super) fn module(&self) -> &Digest {
        match self {
            Self::Turn(turn) => &turn.module.digest,
            Self::Router(router) => &router.router.module,
            Self::Adapter(adapter) => &adapter.adapter.module,
        }
    }
}

impl fmt::Debug for Errand {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Errand").field("process", &self.process).field("module", self.what.module()).finish_non_exhaustive()
    }
}
