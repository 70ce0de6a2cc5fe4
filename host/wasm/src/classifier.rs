//! A component that chooses the category for a request.
//! Calls have nothing to do with each other, so any idle instance will do.

use std::sync::Arc;

use procession_engine::model::decision::{Context, Rejection, Start};
use procession_engine::model::id::Category;
use procession_engine::model::json::Json;
use procession_engine::model::message::Message;
use procession_engine::ports::definition::{Classifier, GuestError, Pace};

use crate::bindings::exports::procession::process::classifier::GuestIndices;
use crate::convert::{from_guest, to_guest};
use crate::instance::Blueprint;
use crate::pool::Pool;
use crate::rules::Rules;

/// A router module.
pub(crate) struct Router {
    pool: Pool<GuestIndices>,
    rules: Arc<Rules>,
}

impl Router {
    pub(crate) fn new(blueprint: Blueprint<GuestIndices>, rules: Arc<Rules>) -> Self {
        Self { pool: Pool::new(blueprint, &rules), rules }
    }

    /// Makes an instance, so that a module that cannot have one is refused when it is loaded.
    pub(crate) fn probe(&self) -> Result<(), GuestError> {
        self.pool.run(Pace::Whole, |_| Ok(()))
    }
}

impl Classifier for Router {
    fn classify(
        &self,
        settings: &Json,
        context: &Context,
        request: &Message,
        loaded: &[Category],
        pace: Pace,
    ) -> Result<Result<Start, Rejection>, GuestError> {
        let category = self.rules.text_of(&context.category);
        let loaded: Vec<String> = loaded.iter().map(Category::to_string).collect();
        let loaded: Vec<&str> = loaded.iter().map(String::as_str).collect();
        let context = to_guest::context(context, &category);
        let answer = self.pool.run(pace, |instance| {
            instance.call(|guest, store| guest.call_classify(store, settings.as_str(), context, to_guest::message(request), &loaded))
        })?;
        match answer {
            Ok(start) => from_guest::start(start, &self.rules).map(Ok),
            Err(rejection) => Ok(Err(from_guest::rejection(rejection))),
        }
    }
}
