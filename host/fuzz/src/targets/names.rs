//! Names: of processes, streams, categories, kinds, messages, modules.
//! What is taken reads back as itself, and what is refused is told in few words.

use procession_engine::model::id::{Category, Digest, Kind, MessageId, ProcessId, StreamName, Suffix};

use crate::dice::Dice;
use crate::mutate::{Dictionary, mutated_text};
use crate::run::Target;

const CORPUS: [&str; 9] = [
    "12EEQ9CS9K10",
    "order-7-Process",
    "domestic-1.0",
    "collection-booking-10.22",
    "CreateShipment",
    "order-7-Process/3/0",
    "order-7/cancel/abc",
    "sha256:a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5",
    "order-7-Process/timer/18446744073709551615",
];

const WORDS: Dictionary = &[
    "-",
    ".",
    "/",
    ":",
    "_",
    "0",
    "-0.0",
    "-1.",
    "4294967296",
    "18446744073709551616",
    "processes",
    "%2F",
    "..",
    "\u{0}",
    "é",
    "\u{202e}",
    "\u{1F600}",
    "ſ",
    "٣",
    "İ",
    " ",
    "\n",
    "sha256:",
    "/timer/",
    "/undelivered/",
    "-Process",
];

/// Texts that are to be names.
pub(super) struct Names;

impl Target for Names {
    fn name(&self) -> &'static str {
        "names"
    }

    fn feed(&mut self, dice: &mut Dice) -> Result<(), String> {
        let text = mutated_text(dice, &CORPUS, WORDS);
        reads_back(&text, ProcessId::parse(&text))?;
        reads_back(&text, Suffix::parse(&text))?;
        reads_back(&text, StreamName::parse(&text))?;
        reads_back(&text, Category::parse(&text))?;
        reads_back(&text, Kind::parse(&text))?;
        reads_back(&text, text.parse::<Digest>().map(Lower))?;
        if let Ok(id) = MessageId::parse(&text) {
            reads_back(&text, Ok::<_, String>(&id))?;
            // Where it says that it rode on an event, that event has a name.
            if let Some((stream, _)) = id.event() {
                reads_back(&stream.to_string(), StreamName::parse(&stream.to_string()))?;
            }
        }
        Ok(())
    }
}

/// Hex digits may come in either case.
struct Lower(Digest);

impl std::fmt::Display for Lower {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

fn reads_back<T: std::fmt::Display, E: std::fmt::Display>(text: &str, parsed: Result<T, E>) -> Result<(), String> {
    match parsed {
        Ok(name) if name.to_string().eq_ignore_ascii_case(text) => Ok(()),
        Ok(name) => Err(format!("{text:?} was taken as {:?}", name.to_string())),
        Err(error) => {
            let said = error.to_string();
            if said.len() < 2_048 { Ok(()) } else { Err(format!("{} bytes were refused with {} bytes", text.len(), said.len())) }
        }
    }
}
