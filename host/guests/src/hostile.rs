//! Definitions that begin well and then mean harm, one for each way to do so, and one that means well beside them.
//! What a host makes of them is for the tests and benchmarks to say.

use crate::{Guest, Image, Record, Said, accepted, event, fault};

/// What a definition says of itself: kinds of its own, so that no two begin with the same.
#[must_use]
pub fn saying(name: &str) -> Said {
    let letters: String = name.split('-').map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..])).collect();
    Said {
        category: format!("{name}-1.0"),
        starts: vec![format!("Start{letters}")],
        handles: vec![format!("Go{letters}")],
        sends: vec![format!("Start{letters}")],
        ..Said::process()
    }
}

/// Records two events at once, and shows two events as a good end.
#[must_use]
pub fn healthy() -> Guest {
    let mut guest = Guest { said: saying("healthy"), ..Guest::process() };
    let event = event(&mut guest.image, "Added", 2, b"1");
    let events = guest.image.list(&[event.clone(), event]);
    guest.answers(&accepted(events, (0, 0)));
    guest
}

/// Begins well: records an event and sets a timer that is due at once. What it does when that rings is its own.
fn beginning_well(name: &str, then: impl FnOnce(&mut Image) -> String) -> Guest {
    let mut guest = Guest { said: saying(name), ..Guest::process() };
    let image = &mut guest.image;
    let event = event(image, "Added", 2, b"1");
    let timer = Record::new(56).byte(0, 1).span(8, image.text("soon")).long(16, 0).span(24, image.text("1"));
    let (events, effects) = (image.list(&[event]), image.list(&[timer]));
    let begun = image.record(&accepted(events, effects));
    let then = then(&mut guest.image);
    guest.decide = format!("(if (i32.eqz (i32.load (local.get $process))) (then (return (i32.const {begun})))) {then}");
    guest
}

/// The same definition, mended: it records one more event.
#[must_use]
pub fn mended(name: &str) -> Guest {
    beginning_well(name, |image| {
        let event = event(image, "Added", 2, b"2");
        let events = image.list(&[event]);
        format!("(i32.const {})", image.record(&accepted(events, (0, 0))))
    })
}

/// Does harm when its timer rings.
#[must_use]
pub fn doing(name: &str, harm: &str) -> Guest {
    beginning_well(name, |_| format!("{harm} unreachable"))
}

fn answering(name: &str, answer: impl FnOnce(&mut Image) -> Record) -> Guest {
    beginning_well(name, |image| {
        let answer = answer(image);
        format!("(i32.const {})", image.record(&answer))
    })
}

/// Answers well, and breaks when it is shown its second event.
fn folding(name: &str, harm: &str) -> Guest {
    let evolve = format!("(if (i32.load (local.get $process)) (then {harm}))");
    Guest { evolve, ..mended(name) }
}

fn recording(name: &str, count: usize, kind: &'static str, data: &'static [u8]) -> Guest {
    answering(name, move |image| {
        let event = event(image, kind, 2, data);
        let events = image.list(&vec![event; count]);
        accepted(events, (0, 0))
    })
}

/// Names, what they do when their timer rings, and what is said of it.
#[must_use]
pub fn hostile() -> Vec<(&'static str, Guest, &'static str)> {
    vec![
        ("decide-loops", doing("decide-loops", "(call $busy)"), "limit: fuel"),
        ("decide-recurses", doing("decide-recurses", "(call $deep)"), "limit: stack"),
        ("decide-takes-memory", doing("decide-takes-memory", "(call $greedy)"), "limit: memory"),
        ("decide-panics", doing("decide-panics", "unreachable"), "trapped: it panicked"),
        ("decide-divides", doing("decide-divides", "(drop (i32.div_u (i32.const 1) (i32.const 0)))"), "divide by zero"),
        ("decide-reads-elsewhere", doing("decide-reads-elsewhere", "(drop (i32.load (i32.const -4)))"), "out of bounds"),
        ("decide-answers-nowhere", beginning_well("decide-answers-nowhere", |_| "(i32.const -4)".to_owned()), "cannot be read"),
        ("evolve-loops", folding("evolve-loops", "(call $busy)"), "limit: fuel"),
        ("evolve-recurses", folding("evolve-recurses", "(call $deep)"), "limit: stack"),
        ("evolve-takes-memory", folding("evolve-takes-memory", "(call $greedy)"), "limit: memory"),
        ("evolve-panics", folding("evolve-panics", "unreachable"), "trapped: it panicked"),
        (
            "post-return-loops",
            Guest {
                after_decide: "(if (i32.gt_u (global.get $decided) (i32.const 1)) (then (call $busy)))".to_owned(),
                ..mended("post-return-loops")
            },
            "",
        ),
        ("reports-a-fault", answering("reports-a-fault", |image| fault(image, "lost", "no\nidea")), "reports a fault: lost: no\\nidea"),
        ("records-too-much", recording("records-too-much", 257, "Added", b"1"), "limit: events of one decision"),
        ("records-the-unlisted", recording("records-the-unlisted", 1, "Removed", b"1"), "contract: it records an event of kind"),
        ("records-no-json", recording("records-no-json", 1, "Added", b"{"), "not well-formed JSON"),
        ("records-half-a-letter", recording("records-half-a-letter", 1, "Added", b"\"\\ud800\""), "not well-formed JSON"),
        ("records-no-text", recording("records-no-text", 1, "Added", b"\"\xff\""), "utf-8"),
        (
            "claims-four-thousand-million",
            answering("claims-four-thousand-million", |_| accepted((4_096, u32::MAX), (0, 0))),
            "cannot be read",
        ),
        (
            "sends-to-nobody",
            answering("sends-to-nobody", |image| {
                let event = event(image, "Added", 2, b"1");
                let sent = Record::new(56)
                    .span(8, image.text("StartSendsToNobody"))
                    .byte(16, 1)
                    .span(20, image.text("../.."))
                    .span(28, image.text("1"));
                accepted(image.list(&[event]), image.list(&[sent]))
            }),
            "to nobody",
        ),
        (
            "takes-the-hosts-timers",
            answering("takes-the-hosts-timers", |image| {
                let event = event(image, "Added", 2, b"1");
                let timer = Record::new(56).byte(0, 1).span(8, image.text("undelivered:Add")).long(16, 9).span(24, image.text("1"));
                accepted(image.list(&[event]), image.list(&[timer]))
            }),
            "names of that kind stand for the deadlines",
        ),
    ]
}
