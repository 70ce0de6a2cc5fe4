//! One JSON document as text, kept exactly as its author wrote it.
//! The engine carries payloads and never looks inside.

mod readable;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use readable::Readable;

/// How deep lists and objects may lie in each other. Most readers stop at 128, and the host's own answers put a few levels around a document.
pub const LEVELS_MAX: usize = 100;

/// One JSON document as text.
///
/// Invariant: the text is well-formed JSON that every reader can read, so that it can stand unescaped inside a larger document:
/// at most [`LEVELS_MAX`] levels, no half of a surrogate pair, no number beyond those of 64 bits, no key that a reader keeps for itself.
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
        serde_json::from_str::<Readable>(&text)?;
        Ok(Self(text))
    }

    /// A document that the host wrote around others: it may have a level more than they.
    pub(crate) fn of_the_host(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
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
    use super::{Json, LEVELS_MAX};

    #[test]
    fn text_is_kept_as_it_was_written() {
        for text in
            ["{ \"b\":1,  \"a\":2 }", "{\"a\":1,\"a\":2}", "\"\\u0000\"", "-0.0e-5", "18446744073709551615", "[1e308,\"\\ud83d\\ude00\"]"]
        {
            assert_eq!(Json::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_is_not_one_document_is_refused() {
        for text in ["", "{", "{} {}", "nul", "\"\u{1}\"", "[1,]", "\u{feff}{}", "\"\\u12\"", "01"] {
            assert!(Json::parse(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_document_that_other_readers_stumble_over_is_refused() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Json::parse(nested(LEVELS_MAX)).is_ok());
        let digits = "9".repeat(10_000);
        let objects = format!("{}1{}", "{\"a\":".repeat(LEVELS_MAX + 1), "}".repeat(LEVELS_MAX + 1));
        for text in
            [nested(LEVELS_MAX + 1), objects, nested(500_000), "[".repeat(1_000_000), "1e999".to_owned(), digits, "\"\\ud800\"".to_owned()]
        {
            let error = Json::parse(text.as_str()).unwrap_err().to_string();
            assert!(error.starts_with("not well-formed JSON: "), "{error}");
        }
        assert!(Json::parse(nested(101)).unwrap_err().to_string().contains("more than 100 levels"));
    }

    /// Found by fuzzing: it was taken, and could not be read back.
    #[test]
    fn an_object_with_a_key_that_a_reader_keeps_for_itself_is_refused() {
        for text in [r#"{"$serde_json::private::RawValue":1}"#, r#"[{"a":1,"\u0024serde_json::private::Number":"x"}]"#] {
            assert!(Json::parse(text).unwrap_err().to_string().contains("mean something to other readers"), "{text}");
        }
        assert!(Json::parse(r#"{"$serde_json":1}"#).is_ok());
    }

    #[test]
    fn what_is_taken_can_be_read_by_a_usual_reader_also_inside_of_other_documents() {
        let deep = format!("{}1{}", "[".repeat(LEVELS_MAX), "]".repeat(LEVELS_MAX));
        for text in [deep.as_str(), "{\"\\u0000\":1e-999}", "[0.1,1E5,-1]"] {
            let around = format!("{{\"items\":[{{\"data\":{}}}]}}", Json::parse(text).unwrap().as_str());
            serde_json::from_str::<serde_json::Value>(&around).unwrap();
        }
    }
}
