//! Definitions that mean harm inside of a whole host, beside one that means well.
//! Every one of them is told by its name, its process is parked and goes on with a mended module, and the others complete meanwhile.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::time::Duration;

use procession::engine::flow::inbox::{Move, Operation};
use procession::engine::limits::Limits;
use procession::engine::model::id::{Digest, ProcessId};
use procession::engine::model::process::{DeliveryState, ProcessRow};
use procession::{AskError, Host};
use procession_guests::{Guest, Image, Record, Said, accepted, event, fault};

const PATIENCE: Duration = Duration::from_secs(60);

/// What a definition says of itself: kinds of its own, so that no two begin with the same.
fn saying(name: &str) -> Said {
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
fn healthy() -> Guest {
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
fn mended(name: &str) -> Guest {
    beginning_well(name, |image| {
        let event = event(image, "Added", 2, b"2");
        let events = image.list(&[event]);
        format!("(i32.const {})", image.record(&accepted(events, (0, 0))))
    })
}

fn doing(name: &str, harm: &str) -> Guest {
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
fn hostile() -> Vec<(&'static str, Guest, &'static str)> {
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

/// A host whose guests have little fuel, so that the loops of a debug build are short.
async fn host(limits: Limits) -> Host {
    let guest_limits = procession_wasm::Limits {
        instances_max: 4_096,
        fuel_per_call: 3_000_000,
        fuel_per_call_max: 3_000_000,
        ..procession_wasm::Limits::default()
    };
    let host = Host::builder().in_memory().limits(limits).guest_limits(guest_limits).start().await.unwrap();
    host.deploy(healthy().component()).await.unwrap();
    host
}

fn start(name: &str) -> String {
    saying(name).starts[0].clone()
}

async fn row(host: &Host, id: &str) -> ProcessRow {
    host.process(id).await.unwrap().unwrap()
}

/// Waits until a process looks so.
async fn until(host: &Host, id: &str, what: &str, looks: impl Fn(&ProcessRow) -> bool) -> ProcessRow {
    let begun = std::time::Instant::now();
    loop {
        let row = row(host, id).await;
        if looks(&row) {
            return row;
        }
        assert!(begun.elapsed() < PATIENCE, "{id} is not {what}: {row:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Others begin, and come to their end.
async fn others_complete(host: &Host, round: &str) {
    for number in 0..10 {
        let id = format!("well-{round}-{number}");
        host.send(&id, &start("healthy"), 1).await.unwrap();
        host.wait(&id, PATIENCE).await.unwrap();
    }
}

async fn moved_and_retried(host: &Host, id: &str, to: Digest) {
    let process = ProcessId::parse(id).unwrap();
    host.engine().operate(process.clone(), Operation::Migrate(Move { from: None, to })).await.unwrap();
    host.engine().retry(process).await.unwrap();
}

#[tokio::test]
async fn a_process_of_a_hostile_definition_is_parked_with_its_name_and_goes_on_when_it_is_mended() {
    let host = host(Limits::default()).await;
    for (name, guest, said) in hostile().into_iter().filter(|(_, _, said)| !said.is_empty()) {
        host.deploy(guest.component()).await.unwrap();
        let id = format!("bad-{name}");
        host.send(&id, &start(name), 1).await.unwrap();
        others_complete(&host, name).await;
        let parked = until(&host, &id, "parked", |row| row.parked.is_some()).await.parked.unwrap();
        assert!(parked.reason.starts_with(&format!("{name}-1.0 (")) && parked.reason.contains(said), "{name}: {}", parked.reason);
        assert!(parked.reason.len() < 8_192 && !parked.reason.contains(char::is_control), "{name}: {}", parked.reason);
        let kept = host.engine().query().undelivered(&ProcessId::parse(&id).unwrap(), 10).await.unwrap();
        assert!(kept.iter().any(|one| one.state == DeliveryState::Dead), "{name}: {kept:?}");

        let to = host.deploy(mended(name).component()).await.unwrap().record.digest;
        moved_and_retried(&host, &id, to).await;
        let row = until(&host, &id, "mended", |row| row.parked.is_none() && row.root().unwrap().version >= 3).await;
        assert_eq!(row.root().unwrap().module, to, "{name}");
    }
    others_complete(&host, "after").await;
    host.stop().await;
}

#[tokio::test]
async fn whoever_asks_a_hostile_definition_hears_who_broke_and_nothing_is_recorded() {
    let host = host(Limits::default()).await;
    for (number, harm) in ["(call $busy)", "(call $deep)", "(call $greedy)", "unreachable"].into_iter().enumerate() {
        let name = ["asked-loops", "asked-recurses", "asked-takes", "asked-panics"][number];
        let guest = Guest { said: saying(name), ..Guest::doing(&format!("{harm} unreachable")) };
        host.deploy(guest.component()).await.unwrap();
        let Err(AskError::Refused(refusal)) = host.send("nothing", &start(name), 1).await else { panic!("{name} was taken") };
        assert!(refusal.to_string().starts_with(&format!("{name}-1.0 (")), "{refusal}");
        assert!(host.process("nothing").await.unwrap().is_none(), "{name}");
    }
    others_complete(&host, "meanwhile").await;
    host.stop().await;
}

#[tokio::test]
async fn what_was_decided_stays_when_a_definition_breaks_after_it() {
    let host = host(Limits::default()).await;
    let good = || mended("look-loops");
    let (looking, freeing) =
        (Guest { before_look: "(call $busy)".to_owned(), ..good() }, Guest { free: "(call $busy)".to_owned(), ..mended("free-loops") });
    let shared = Said { sharing: 1, ..saying("free-loops") };
    host.deploy(looking.component()).await.unwrap();
    host.deploy(Guest { said: shared, ..freeing }.component()).await.unwrap();
    for name in ["look-loops", "free-loops"] {
        host.send(name, &start(name), 1).await.unwrap();
        until(&host, name, "decided twice", |row| row.root().is_some_and(|root| root.version == 2)).await;
        assert!(row(&host, name).await.parked.is_none());
    }
    others_complete(&host, "meanwhile").await;
    host.stop().await;
}

/// Begins 200 more of itself under ids that nobody has used: made of the seed, a letter for every four bits.
fn bomb() -> Guest {
    const CHILDREN: usize = 200;
    let mut guest = Guest { said: saying("bomb"), ..Guest::process() };
    let image = &mut guest.image;
    let (ids, _) = image.raw(&[b'a'; 16 * CHILDREN]);
    let (kind, data) = (image.text("StartBomb"), image.text("1"));
    let child = |number: usize| Record::new(56).span(8, kind).byte(16, 1).span(20, (ids + 16 * number as u32, 16)).span(28, data);
    let children: Vec<Record> = (0..CHILDREN).map(child).collect();
    let event = event(image, "Added", 2, b"1");
    let (events, effects) = (image.list(&[event]), image.list(&children));
    let answer = image.record(&accepted(events, effects));
    let (ends, last) = (ids + 16 * CHILDREN as u32, "(i64.const 15)");
    guest.more = format!(
        "(func $name (param $seed i64) (local $at i32) (local $bits i64) (local $left i32)
            (local.set $at (i32.const {ids}))
            (loop $child
                (local.set $seed (i64.add (i64.mul (local.get $seed) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
                (local.set $bits (i64.xor (local.get $seed) (i64.shr_u (local.get $seed) (i64.const 29))))
                (local.set $left (i32.const 16))
                (loop $letter
                    (i32.store8 (local.get $at) (i32.add (i32.const 97) (i32.wrap_i64 (i64.and (local.get $bits) {last}))))
                    (local.set $bits (i64.shr_u (local.get $bits) (i64.const 4)))
                    (local.set $at (i32.add (local.get $at) (i32.const 1)))
                    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                    (br_if $letter (local.get $left)))
                (br_if $child (i32.lt_u (local.get $at) (i32.const {ends})))))"
    );
    // The seed stands behind the process, its ids, its version and the time.
    guest.decide = format!("(call $name (i64.load offset=40 (local.get $asked_of))) (i32.const {answer})");
    guest
}

#[tokio::test]
async fn a_chain_reaction_burns_out_and_its_processes_are_parked() {
    let host = host(Limits { flood_messages: 1_000, flood_reserve: 100, ..Limits::default() }).await;
    host.deploy(bomb().component()).await.unwrap();
    host.send("first", &start("bomb"), 1).await.unwrap();
    others_complete(&host, "meanwhile").await;
    let begun = std::time::Instant::now();
    let mut seen = (0, 0);
    loop {
        let counters = host.engine().counters();
        let now = [&counters.commits, &counters.dead_letters].map(|counter| counter.load(std::sync::atomic::Ordering::Relaxed));
        if now[1] > 0 && seen == (now[0], now[1]) && host.engine().load().commits_in_flight == 0 {
            break;
        }
        seen = (now[0], now[1]);
        assert!(begun.elapsed() < PATIENCE, "the reaction goes on: {seen:?}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let (commits, dead) = seen;
    assert!(commits < 5_000, "{commits} commits");
    let letters = host.engine().query().dead_letters(None, 10).await.unwrap();
    // Those that it would have begun have no row yet; their letters tell the story.
    let failed = letters.letters[0].failed.clone().unwrap();
    assert!(dead > 100 && failed.definition.starts_with("bomb-1.0 (") && failed.error.contains("chain reaction"), "{dead}: {failed:?}");
    others_complete(&host, "after").await;
    host.stop().await;
}
