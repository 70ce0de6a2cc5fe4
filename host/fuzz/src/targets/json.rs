//! JSON: whatever the host takes as a document, every other reader can read too.
//! Whether it means anything is a definition's matter.

use procession_engine::model::json::Json;

use crate::dice::Dice;
use crate::mutate::{Dictionary, mutated_text};
use crate::run::Target;

pub(super) const CORPUS: [&str; 8] = [
    "null",
    "{}",
    r#"{"kind":"Add","data":{"by":1},"category":"counter-1.0"}"#,
    r#"{"specversion":"1.0","id":"m-1","source":"/carrier","type":"Add","subject":"order-7","data":{"ok":true}}"#,
    r#"[1,-2.5e10,18446744073709551615,true,false,null,"text","\u00e9\ud83d\ude00\n\\\""]"#,
    r#"{"a":{"b":{"c":[[[[{"d":"e"}]]]]}}}"#,
    r#"{"reason":"no longer wanted"}"#,
    r#"{"data":{"replayed":[0.1,0.2]}}"#,
];

pub(super) const WORDS: Dictionary = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "\\ud83d\\ude00",
    "null",
    "true",
    "1e999",
    "-0",
    "1e-999",
    "00",
    "0.",
    "NaN",
    "Infinity",
    "99999999999999999999",
    "\u{feff}",
    "\u{0}",
    "\u{2028}",
    "\"kind\"",
    "\"data\"",
    "\"category\"",
    "\"id\"",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":",
    "\"$serde_json::private::RawValue\"",
    "\"__proto__\"",
    "/*",
    "//",
    "'",
];

/// Texts that are to be documents.
pub(super) struct Documents;

impl Target for Documents {
    fn name(&self) -> &'static str {
        "json"
    }

    fn feed(&mut self, dice: &mut Dice) -> Result<(), String> {
        let text = mutated_text(dice, &CORPUS, WORDS);
        let Ok(document) = Json::parse(text.as_str()) else { return Ok(()) };
        if document.as_str() != text {
            return Err(format!("{text:?} was not kept as it was written"));
        }
        let around = format!("{{\"items\":[{{\"data\":{text}}}]}}");
        let read = serde_json::from_str::<serde_json::Value>(&around);
        read.map(drop).map_err(|error| format!("{text:?} was taken, and cannot be read: {error}"))
    }
}
