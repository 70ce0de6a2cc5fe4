//! Answers that are too many, too large, out of bounds, not text, not JSON, or not what was promised.

use procession_guests::{Guest, Image, Record, accepted, event, fault};

use crate::trial::{Case, Step, case, try_all};

fn recording(data: &str) -> Vec<u8> {
    Guest::recording("Added", 2, data.as_bytes()).component()
}

/// A guest that answers `decide` with this.
fn deciding(answer: impl FnOnce(&mut Image) -> Record) -> Vec<u8> {
    let mut guest = Guest::process();
    let answer = answer(&mut guest.image);
    guest.answers(&answer);
    guest.component()
}

fn events(count: usize, kind: &str, schema: u32, data: &str) -> Vec<u8> {
    deciding(|image| {
        let event = event(image, kind, schema, data.as_bytes());
        let events = image.list(&vec![event; count]);
        accepted(events, (0, 0))
    })
}

fn effect(effect: impl FnOnce(&mut Image) -> Record) -> Vec<u8> {
    Guest::with_effects(|image| vec![effect(image)]).component()
}

fn send(image: &mut Image, kind: &str, process: &str, data: &str) -> Record {
    Record::new(56).span(8, image.text(kind)).byte(16, 1).span(20, image.text(process)).span(28, image.text(data))
}

fn timer(image: &mut Image, name: &str, at: u64) -> Record {
    Record::new(56).byte(0, 1).span(8, image.text(name)).long(16, at).span(24, image.text("1"))
}

/// A guest whose view has these tags and this step.
fn showing(tags: usize, name: &str, step: Option<&str>, outcome: Option<&str>) -> Vec<u8> {
    let mut guest = Guest::process();
    let image = &mut guest.image;
    let tag = Record::new(16).span(0, image.text(name)).span(8, image.text("v"));
    let mut view = Record::new(36).span(28, image.list(&vec![tag; tags]));
    if let Some(step) = step {
        view = view.byte(4, 1).span(8, image.text(step));
    }
    if let Some(outcome) = outcome {
        view = view.byte(16, 1).span(20, image.text(outcome));
    }
    let view = image.record(&view);
    guest.before_look = format!("(return (i32.const {view}))");
    guest.component()
}

fn keeping(text: &str) -> Vec<u8> {
    let mut guest = Guest::process();
    let span = guest.image.text(text);
    let some = guest.image.record(&Record::new(12).byte(0, 1).span(4, span));
    guest.other = format!("(i32.const {some})");
    guest.component()
}

pub(crate) fn cases() -> Vec<Case> {
    let long = "x".repeat(1 << 20);
    let not_json = "contract: the data of the event Added: not well-formed JSON";
    let unread = "contract: its answer cannot be read";
    let too_much = "limit: answer: a call may hand 8388608 bytes to the host";
    vec![
        case("257 events", events(257, "Added", 2, "1"), Step::Decide, "limit: events of one decision: 257, the most is 256"),
        case("20,000 events", events(20_000, "Added", 2, "1"), Step::Decide, "limit: events of one decision"),
        case("a list of four thousand million events", deciding(|_| accepted((4_096, u32::MAX), (0, 0))), Step::Decide, unread),
        case("a list of effects that ends beyond memory", deciding(|_| accepted((4_096, 1), (65_536, 60_000))), Step::Decide, unread),
        case("a list at an odd address", deciding(|_| accepted((4_097, 1), (0, 0))), Step::Decide, unread),
        case(
            "a million texts that are all the same megabytes",
            Guest::doing(
                "(drop (memory.grow (i32.sub (i32.const 500) (memory.size)))) (memory.fill (i32.const 0) (i32.const 1) (i32.const 32000000))
                 (i32.store (i32.const 16) (i32.const 0)) (i32.store (i32.const 20) (i32.const 0))
                 (i32.store (i32.const 24) (i32.const 0)) (i32.store (i32.const 28) (i32.const 1000000))
                 (i32.store (i32.const 32) (i32.const 0)) (i32.store (i32.const 36) (i32.const 0)) (i32.const 16)",
            )
            .component(),
            Step::Decide,
            "limit",
        ),
        case(
            "300 texts of 64 KiB in one place",
            deciding(|image| {
                let text = image.raw(&[b' '; 65_536]);
                let events = image.list(&vec![Record::new(20).span(0, text).span(12, text); 300]);
                accepted(events, (0, 0))
            }),
            Step::Decide,
            too_much,
        ),
        case("effects without an event", deciding(|image| {
            let sent = send(image, "Tell", "other-1", "1");
            accepted((0, 0), image.list(&[sent]))
        }), Step::Decide, "contract: it accepts with 1 effects but no event"),
        case("a flood of 300 commands", Guest::with_effects(|image| vec![send(image, "Tell", "other-1", "1"); 300]).component(), Step::Decide, "limit: effects of one decision: 300"),
        case("a decision that is none", deciding(|_| Record::new(28).byte(4, 9)), Step::Decide, unread),
        case("an effect that is none", effect(|_| Record::new(56).byte(0, 9)), Step::Decide, unread),
        case("an event that it does not list", events(1, "Removed", 2, "1"), Step::Decide, "contract: it records an event of kind \"Removed\""),
        case("an event of another shape", events(1, "Added", 3, "1"), Step::Decide, "contract: it records Added with schema 3"),
        case("an event of a kind of a megabyte", events(1, &long, 2, "1"), Step::Decide, "contract: it records an event of kind"),
        case("an event of a kind that forges a line", events(1, "a\nERROR b\u{1b}[2J", 2, "1"), Step::Decide, "contract: it records an event of kind"),
        case("an event of more than a megabyte", recording(&format!("\"{long}\"")), Step::Decide, "limit: the event Added carries 1048578 bytes"),
        case("JSON that is none", recording("{"), Step::Decide, not_json),
        case("JSON that is two documents", recording("{} {}"), Step::Decide, not_json),
        case("JSON that is nothing", recording(""), Step::Decide, not_json),
        case("JSON of half a million levels", recording(&"[".repeat(500_000)), Step::Decide, "more than 100 levels"),
        case("JSON of 101 levels", recording(&format!("{}{}", "[".repeat(101), "]".repeat(101))), Step::Decide, "more than 100 levels"),
        case("JSON of 100,000 keys of one name", recording(&format!("{{{}\"a\":1}}", "\"a\":1,".repeat(100_000))), Step::Never, ""),
        case("JSON with half a letter", recording("\"\\ud800\""), Step::Decide, not_json),
        case("JSON with a number of 10,000 digits", recording(&"9".repeat(10_000)), Step::Decide, not_json),
        case("JSON with a number beyond all", recording("1e400"), Step::Decide, not_json),
        case("JSON with NaN", recording("NaN"), Step::Decide, not_json),
        case("JSON with a NUL in it", recording("\"\u{0}\""), Step::Decide, not_json),
        case("JSON with an escaped NUL", recording("\"\\u0000\""), Step::Never, ""),
        case("JSON that begins with a mark", recording("\u{feff}1"), Step::Decide, not_json),
        case("text that is no UTF-8", Guest::recording("Added", 2, b"\"\xff\xfe\"").component(), Step::Decide, "invalid utf-8"),
        case("text with half a letter of UTF-16", Guest::recording("Added", 2, b"\"\xed\xa0\x80\"").component(), Step::Decide, "invalid utf-8"),
        case("a command that it does not list", effect(|image| send(image, "Shout", "other-1", "1")), Step::Decide, "contract: it sends a command of kind \"Shout\""),
        case("a command to nobody", effect(|image| send(image, "Tell", "../etc/passwd", "1")), Step::Decide, "contract: it sends Tell to nobody"),
        case("a command to a process of a megabyte", effect(|image| send(image, "Tell", &long, "1")), Step::Decide, "contract: it sends Tell to nobody"),
        case("a command to a route of the host", effect(|image| send(image, "Tell", "definitions", "1")), Step::Decide, "contract: it sends Tell to nobody"),
        case("a timer without a name", effect(|image| timer(image, "", 5)), Step::Decide, "contract: a timer has an empty name"),
        case("a timer of a name of 300 bytes", effect(|image| timer(image, &"x".repeat(300), 5)), Step::Decide, "limit: the name of a timer has 300 bytes"),
        case("a timer at the end of time", effect(|image| timer(image, "t", u64::MAX)), Step::Never, ""),
        case("a timer at the beginning of time", effect(|image| timer(image, "t", 0)), Step::Never, ""),
        case("a fault of a megabyte", deciding(|image| fault(image, &long, &long)), Step::Decide, "reports a fault: xxx"),
        case("a fault that forges a line", deciding(|image| fault(image, "a\nERROR b", "\r\u{1b}[1A\u{202e}c")), Step::Decide, "a\\nERROR b: \\r\\u{1b}[1A\\u{202e}c"),
        case("a reason of a megabyte", deciding(|image| Record::new(28).byte(4, 1).span(8, image.text(&long))), Step::Never, ""),
        case("a phase that is none", { let mut guest = Guest::process(); guest.look = "(i32.const 200)".to_owned(); guest.component() }, Step::Look, unread),
        case("65 tags", showing(65, "t", None, None), Step::Look, "limit: tags of one view: 65, the most is 64"),
        case("a tag without a name", showing(1, "", None, None), Step::Look, "contract: a tag has an empty name"),
        case("a tag of a name of a megabyte", showing(1, &long, None, None), Step::Look, "limit: the name of a tag has 1048576 bytes"),
        case("a step of a megabyte", showing(0, "t", Some(&long), None), Step::Look, "limit: the name of a step has"),
        case("an outcome that is no JSON", showing(0, "t", None, Some("{")), Step::Look, "contract: the data of the view's outcome"),
        case("an outcome of two megabytes", showing(0, "t", None, Some(&format!("\"{long}{long}\""))), Step::Look, "limit: the view's outcome carries"),
        case("a snapshot that is no JSON", keeping("nonsense"), Step::Snapshot, "contract: the data of the snapshot"),
        case("a snapshot of five megabytes", keeping(&format!("\"{}\"", long.repeat(5))), Step::Snapshot, "limit: the snapshot of its state carries"),
    ]
}

#[test]
fn an_answer_that_is_wrong_is_told_by_its_place_and_never_repaired() {
    try_all(cases());
}
