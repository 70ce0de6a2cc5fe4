//! What a definition promised, and what the operator allows: every answer is held against both.
//! The checks themselves stand in `convert`.

use std::borrow::Cow;
use std::sync::Arc;

use procession_engine::model::event::StreamEvent;
use procession_engine::model::id::Category;
use procession_engine::model::manifest::Manifest;

use crate::limits::Limits;

/// A module's promise and limits, shared by all its instances.
pub(crate) struct Rules {
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) limits: Arc<Limits>,
    /// The category as text: it goes into every call.
    category: String,
}

impl Rules {
    pub(crate) fn new(manifest: Arc<Manifest>, limits: Arc<Limits>) -> Self {
        Self { category: manifest.category.to_string(), manifest, limits }
    }

    /// Whether the module could have recorded this event itself; any other one is of another version.
    pub(crate) fn knows(&self, event: &StreamEvent) -> bool {
        self.manifest.may_record(&event.event.kind, event.event.schema)
    }

    /// A category as text; nearly always the module's own.
    pub(crate) fn text_of(&self, category: &Category) -> Cow<'_, str> {
        if *category == self.manifest.category { Cow::Borrowed(&self.category) } else { Cow::Owned(category.to_string()) }
    }
}
