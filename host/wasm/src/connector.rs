//! A component that stands for an outside system.
//! It reaches nothing outside by itself: it only answers, and its answers may be told to take their time.

use std::sync::Arc;

use procession_engine::model::decision::{Context, Reply};
use procession_engine::model::json::Json;
use procession_engine::model::message::Message;
use procession_engine::ports::definition::{Connector, GuestError, Pace};

use crate::bindings::exports::procession::process::connector::GuestIndices;
use crate::convert::{from_guest, to_guest};
use crate::instance::Blueprint;
use crate::pool::Pool;
use crate::rules::Rules;

/// An adapter module.
pub(crate) struct Adapter {
    pool: Pool<GuestIndices>,
    rules: Arc<Rules>,
}

impl Adapter {
    pub(crate) fn new(blueprint: Blueprint<GuestIndices>, rules: Arc<Rules>) -> Self {
        Self { pool: Pool::new(blueprint, &rules), rules }
    }

    /// Makes an instance, so that a module that cannot have one is refused when it is loaded.
    pub(crate) fn probe(&self) -> Result<(), GuestError> {
        self.pool.run(Pace::Whole, |_| Ok(()))
    }
}

impl Connector for Adapter {
    fn handle(&self, settings: &Json, context: &Context, command: &Message, pace: Pace) -> Result<Vec<Reply>, GuestError> {
        let category = self.rules.text_of(&context.category);
        let context = to_guest::context(context, &category);
        // A fault is an error of the run, so that the instance that reports one is not used again.
        let replies = self.pool.run(pace, |instance| {
            let answer = instance.call(|guest, store| guest.call_handle(store, settings.as_str(), context, to_guest::message(command)))?;
            answer.map_err(from_guest::fault)
        })?;
        from_guest::replies(replies, &self.rules)
    }
}
