//! A definition whose ids repeat in every instance is warned about when it begins its first process, and not before or again.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use procession_engine::limits::Limits;
use procession_engine::model::decision::{Context, Decision, Trigger};
use procession_engine::model::event::{Event, StreamEvent};
use procession_engine::model::id::Digest;
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::GuestError;
use support::{Bench, kinds, manifest, records, request, suffix};

fn opening(category: &str) -> Manifest {
    Manifest { stream: suffix("Open"), starts: kinds(&["Open"]), records: records(&["Opened"]), ..manifest(category) }
}

fn opened(id: &str) -> Result<Decision, GuestError> {
    let data = Json::parse(format!("{{\"id\":\"order-{id}\"}}")).unwrap();
    let event = Event { data, ..support::event("Opened") };
    Ok(Decision::Accept { events: vec![event], effects: Vec::new() })
}

fn by_seed(_: &[StreamEvent], context: &Context, _: &Trigger) -> Result<Decision, GuestError> {
    opened(&format!("{:016x}{:016x}", context.seed, context.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

fn by_itself(_: &[StreamEvent], _: &Context, _: &Trigger) -> Result<Decision, GuestError> {
    opened("6ba7b810-9dad-41d1-80b4-00c04fd430c8")
}

fn by_its_caller(_: &[StreamEvent], _: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
    let Trigger::Start(message) = trigger else { return opened("none") };
    opened(message.data.as_str().trim_matches('"'))
}

fn digest(name: &str) -> Digest {
    let mut digest = [0; 32];
    digest[..name.len()].copy_from_slice(name.as_bytes());
    Digest(digest)
}

#[test]
fn an_id_that_is_the_same_for_another_seed_is_warned_about_at_the_first_start() {
    let mut bench = Bench::with(Limits { workers: 1, ..Limits::default() });
    bench.process("repeating", opening("repeating-1.0"), by_itself, |_| Phase::Running);
    assert_eq!(bench.standing.engine().warning(&digest("repeating")), None);
    bench.ask(request("R1", "Open")).unwrap();
    let warning = bench.standing.engine().warning(&digest("repeating")).expect("it repeats its ids");
    assert!(warning.contains("6ba7b810-9dad-41d1-80b4-00c04fd430c8"), "{warning}");
    assert_eq!(bench.stream("R1-Open").len(), 1, "what was decided is recorded as it is");
}

#[test]
fn an_id_from_the_seed_or_from_the_caller_is_none_of_that() {
    let mut bench = Bench::with(Limits { workers: 1, ..Limits::default() });
    bench.process("seeded", opening("seeded-1.0"), by_seed, |_| Phase::Running);
    bench.ask(request("S1", "Open")).unwrap();
    assert_eq!(bench.standing.engine().warning(&digest("seeded")), None);

    let mut bench = Bench::with(Limits { workers: 1, ..Limits::default() });
    bench.process("echoing", opening("echoing-1.0"), by_its_caller, |_| Phase::Running);
    let mut asked = request("E1", "Open");
    asked.data = Json::parse("\"3c6ef372fe94f82adaa66d2c7ddf743f\"").unwrap();
    bench.ask(asked).unwrap();
    assert_eq!(bench.standing.engine().warning(&digest("echoing")), None);
}
