//! One JSON document as text, kept exactly as its author wrote it.
//! The engine carries payloads and never looks inside.

use std::fmt;
use std::sync::Arc;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

/// One JSON document as text.
///
/// Invariant: the text is well-formed JSON, so that it can stand unescaped inside a larger document.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Json(Arc<str>);

impl Json {
    /// Checks the text and takes it.
    ///
    /// # Errors
    /// [`Malformed`] says where the text stops being JSON.
    pub fn parse(text: impl Into<Arc<str>>) -> Result<Self, Malformed> {
        let text = text.into();
        serde_json::from_str::<IgnoredAny>(&text)?;
        Ok(Self(text))
    }

    /// The document `null`.
    #[must_use]
    pub fn null() -> Self {
        Self(Arc::from("null"))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Reading trusts the text: it comes from a store that checks what it kept, and was parsed before it went there.
impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Arc::<str>::deserialize(from).map(Self)
    }
}

/// A text that is not one JSON document.
#[derive(Debug, thiserror::Error)]
#[error("not well-formed JSON: {0}")]
pub struct Malformed(#[from] serde_json::Error);

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn text_is_kept_as_it_was_written() {
        assert_eq!(Json::parse("{ \"b\":1,  \"a\":2 }").unwrap().as_str(), "{ \"b\":1,  \"a\":2 }");
    }

    #[test]
    fn what_is_not_one_document_is_refused() {
        for text in ["", "{", "{} {}", "nul", "\"\u{1}\"", "[1,]"] {
            assert!(Json::parse(text).is_err(), "{text:?} was taken");
        }
    }
}
