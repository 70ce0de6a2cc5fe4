//! A turn of the engine, from a request to its answer, with a store in memory and a process of nearly nothing:
//! routing, folding, deciding, making the commit, and taking its confirmation.

use std::future::Future as _;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use procession_benches::tally::{self, BEGIN, COUNT};
use procession_engine::engine::Standing;
use procession_engine::flow::inbox::{Answer, Request};
use procession_engine::limits::Limits;
use procession_engine::model::json::Json;
use procession_engine::registry::Origin;
use procession_store_memory::MemoryStore;

/// Turns after which the store is made anew, so that it stays small.
const TURNS_PER_STORE: u64 = 20_000;
/// Processes that take turns where states are warm.
const WARM: u64 = 64;

fn turns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("turn");
    group.bench_function("of a new process", |bencher| {
        bencher.iter_custom(|turns| timed(turns, 0, |number| request(BEGIN, number, &format!("P{number}"))));
    });
    group.bench_function("of a process with a warm state", |bencher| {
        bencher.iter_custom(|turns| timed(turns, WARM, |number| request(COUNT, number, &format!("P{}", number % WARM))));
    });
    group.finish();
}

/// Turns one after the other, where so many processes are there already.
fn timed(turns: u64, there: u64, asked: impl Fn(u64) -> Request) -> Duration {
    let mut took = Duration::ZERO;
    for first in (0..turns).step_by(TURNS_PER_STORE as usize) {
        let mut standing = standing();
        (0..there).for_each(|number| turn(&mut standing, request(BEGIN, number, &format!("P{number}"))));
        // Their numbers come behind those of the messages that began the processes.
        let requests: Vec<_> = (first..turns.min(first + TURNS_PER_STORE)).map(|number| asked(there + number)).collect();
        let begun = Instant::now();
        requests.into_iter().for_each(|request| turn(&mut standing, request));
        took += begun.elapsed();
    }
    took
}

fn turn(standing: &mut Standing, request: Request) {
    let engine = Arc::clone(standing.engine());
    let (mut asked, waker) = (Box::pin(engine.request(request)), &mut Context::from_waker(Waker::noop()));
    assert!(asked.as_mut().poll(waker).is_pending(), "nobody has worked yet");
    standing.settle();
    let Poll::Ready(answer) = asked.as_mut().poll(waker) else { panic!("the turn is not done") };
    assert!(matches!(answer, Ok(Answer::Taken(_))), "it counts whatever it is told: {answer:?}");
}

fn request(kind: &str, number: u64, process: &str) -> Request {
    let data = Json::parse(r#"{"carrier":"DPD","weight":12.5}"#).expect("JSON");
    tally::message(kind, process, number, data).expect("ids")
}

fn standing() -> Standing {
    let limits = Limits { workers: 1, ..Limits::default() };
    let standing = Standing::new(tally::parts(&Arc::new(MemoryStore::new()), limits)).expect("an empty store");
    standing.engine().deploy(b"tally", &Origin::Request).expect("the tally is sound");
    standing
}

criterion_group!(benches, turns);
criterion_main!(benches);
