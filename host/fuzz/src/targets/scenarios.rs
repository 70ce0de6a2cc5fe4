//! Scenario files: what is no such file is refused with its place, in few words.
//! Whether a definition passes them is not asked here.

use procession_workbench::scenario::File;

use super::json;
use crate::dice::Dice;
use crate::mutate::{Dictionary, mutated};
use crate::run::Target;

const FILES: [&str; 3] = [
    r#"{"process":"order-1","at":"2026-01-01T00:00:00Z","seed":1,"scenarios":[{"name":"a","given":[{"kind":"OrderPlaced","schema":1,"data":{"n":1},
        "time":"2026-01-01T00:00:00Z"}],"snapshot":{"n":1},"steps":[{"after":"24h","when":{"start":{"kind":"PlaceOrder","data":{"item":"a"}}},
        "then":{"events":[{"kind":"OrderPlaced","data":"*"}],"effects":[{"set-timer":{"name":"payment","after":"30m","data":null}}]},
        "look":{"phase":"running","step":"placed","outcome":null,"tags":{"a":"b"}}}]}]}"#,
    r#"{"scenarios":[{"name":"b","when":{"timer":{"name":"payment","data":1}},"then":{"rejected":{"code":"x","reason":"invalid"}}},
        {"name":"c","when":{"undelivered":{"kind":"A","reason":"b","data":1}},"then":{"ignored":true}},{"name":"d","when":{"cancel":"why"},"then":{"fault":{"code":"x"}}}]}"#,
    r#"{"scenarios":[{"name":"e","when":{"request":{"kind":"A","data":1}},"settings":{},"loaded":["domestic-1.0"],"then":{"starts":{"category":"a-1.0","kind":"A","data":1}}},
        {"name":"f","when":{"command":{"kind":"A","data":1}},"then":{"replies":[{"kind":"B","data":1,"after":"500ms"}]}}]}"#,
];

const WORDS: Dictionary = &[
    "\"seed\":\"18446744073709551616\"",
    "\"after\":\"-1h\"",
    "9999999999999999999d",
    "9999-12-31T23:59:59Z",
    "-009999-01-01T00:00:00Z",
    "\"*\"",
    "\"then\"",
    "\"when\"",
    "\"steps\"",
    "\"given\"",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\u0000",
    "\\ud800",
    "1e999",
    "\u{0}",
    "null",
];

/// Texts that are to be scenario files.
pub(super) struct Scenarios {
    corpus: Vec<Vec<u8>>,
}

impl Scenarios {
    pub(super) fn new() -> Self {
        Self { corpus: FILES.iter().chain(&json::CORPUS).map(|text| text.as_bytes().to_vec()).collect() }
    }
}

impl Target for Scenarios {
    fn name(&self) -> &'static str {
        "scenarios"
    }

    fn feed(&mut self, dice: &mut Dice) -> Result<(), String> {
        let input = mutated(dice, &self.corpus, WORDS);
        match File::parse(&input) {
            Ok(_) => Ok(()),
            Err(error) if error.to_string().len() > 4_096 + input.len() => {
                Err(format!("{} bytes refused with {} bytes", input.len(), error.to_string().len()))
            }
            Err(_) => Ok(()),
        }
    }
}
