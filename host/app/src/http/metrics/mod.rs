//! The host in numbers, in the text format of Prometheus.
//! A scrape does a bounded amount of work, however much there is to count; what each number means to an operator is said in `docs/operations.md`.

mod disk;
mod look;
mod memory;
mod text;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use procession_engine::engine::Counters;
use procession_engine::ports::store::{Direction, Scope};
use procession_engine::query::Survey;

use super::router::Desk;
use super::status;
pub(crate) use look::Look;
use text::Text;

/// How long a scrape waits for the store to say that it syncs; a store that takes longer is down for whoever needs it.
const STORE_WITHIN: Duration = Duration::from_secs(2);

pub(super) async fn show(State(desk): State<Desk>) -> Response {
    let mut text = Text::default();
    host(&mut text, &desk);
    data(&mut text, &desk).await;
    let is_up = store_is_up(&desk).await;
    text.gauge("procession_store_up", "Whether the store can be read and syncs.", u64::from(is_up));
    counters(&mut text, desk.engine.counters());
    load(&mut text, &desk);
    if is_up {
        streams(&mut text, &desk);
        // It reads thousands of rows, so it is done where blocking is allowed.
        let survey = tokio::task::spawn_blocking(move || desk.look.survey(desk.engine.query())).await;
        survey.ok().flatten().iter().for_each(|survey| open(&mut text, survey));
    }
    (status::OK, [text::CONTENT_TYPE], text.written()).into_response()
}

async fn store_is_up(desk: &Desk) -> bool {
    let read = desk.engine.query().events(&Scope::All, u64::MAX, Direction::Backward, 1);
    matches!(tokio::time::timeout(STORE_WITHIN, read).await, Ok(Ok(_)))
}

fn host(text: &mut Text, desk: &Desk) {
    text.family("procession_build_info", "gauge", "Which version runs; always 1.");
    text.sample("procession_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1_u64);
    text.gauge("procession_uptime_seconds", "Seconds since the host was started.", desk.look.uptime().as_secs());
    if let Some(bytes) = memory::resident_bytes() {
        text.gauge("process_resident_memory_bytes", "Memory that the program holds.", bytes);
    }
}

/// Also where the store is down: then it may be because the disk is full.
async fn data(text: &mut Text, desk: &Desk) {
    let look = Arc::clone(&desk.look);
    if let Ok(Some(bytes)) = tokio::task::spawn_blocking(move || look.data_bytes()).await {
        text.gauge("procession_data_bytes", "Bytes that the data folder takes on the disk.", bytes);
    }
}

fn counters(text: &mut Text, counters: &Counters) {
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    text.family("procession_decisions_total", "counter", "Decisions of definitions, by what they came to.");
    let decisions = [
        ("accepted", &counters.accepted),
        ("ignored", &counters.ignored),
        ("rejected", &counters.rejected),
        ("deferred", &counters.deferred),
    ];
    for (verdict, counter) in decisions {
        text.sample("procession_decisions_total", &[("verdict", verdict)], of(counter));
    }
    let plain: [(&str, &str, &AtomicU64); 14] = [
        ("procession_guest_errors_total", "Turns that a definition broke.", &counters.guest_errors),
        ("procession_audit_differences_total", "Decisions that came out differently in a fresh instance.", &counters.audit_differences),
        ("procession_commits_total", "Commits that became durable.", &counters.commits),
        (
            "procession_adapter_calls_total",
            "Commands that were handed to an adapter, attempts that failed included.",
            &counters.adapter_calls,
        ),
        ("procession_adapter_failures_total", "Attempts of adapters that failed.", &counters.adapter_failures),
        ("procession_messages_died_total", "Messages that became dead letters.", &counters.dead_letters),
        ("procession_timers_fired_total", "Timers, deadlines and delayed messages that came due.", &counters.timers_fired),
        ("procession_deadlines_passed_total", "Deadlines that passed without an answer.", &counters.deadlines_passed),
        ("procession_requests_turned_away_total", "Requests that found a full queue of a worker.", &counters.turned_away),
        ("procession_store_outages_total", "Recorded work that was put off because the store failed.", &counters.store_outages),
        (
            "procession_cut_off_calls_total",
            "Calls of definitions that took longer than a slice, so that they were made again apart.",
            &counters.cut_off,
        ),
        (
            "procession_made_apart_total",
            "Turns, and calls of routers and adapters, that were made apart from the workers.",
            &counters.made_apart,
        ),
        ("procession_definition_rests_total", "Times that a definition began to rest because it wasted too much time.", &counters.rests),
        ("procession_requests_total", "Requests that came to the workers, those included that found a full queue.", &counters.requests),
    ];
    for (name, help, counter) in plain {
        text.counter(name, help, of(counter));
    }
}

fn load(text: &mut Text, desk: &Desk) {
    let load = desk.engine.load();
    text.gauge("procession_mailbox_messages", "Pieces of work that wait for the workers.", load.waiting);
    text.gauge("procession_mailbox_bytes", "Bytes of the requests among them.", load.waiting_bytes);
    text.gauge("procession_commits_in_flight", "Commits that are not durable yet.", load.commits_in_flight);
    text.gauge("procession_waiting_callers", "Callers that wait for the end of a process.", load.watchers);
    text.gauge("procession_http_connections", "Connections that are open.", desk.doors.connections());
    text.gauge("procession_http_body_bytes", "Bytes of bodies that are being read or handled.", desk.doors.body_bytes());
    text.counter(
        "procession_http_turned_away_total",
        "Requests that found no connection or no room for their body.",
        desk.doors.turned_away(),
    );
}

/// From the tallies that the store keeps with every commit.
fn streams(text: &mut Text, desk: &Desk) {
    let Ok(modules) = desk.engine.registry().list() else { return };
    text.family("procession_streams", "gauge", "Streams by module: pending ones, and those that have ended.");
    for (record, tally) in modules.iter().filter(|(record, _)| record.manifest.stream.is_some()) {
        let (category, module) = (record.manifest.category.to_string(), record.digest.short());
        for (state, count) in [("pending", tally.pending), ("finished", tally.finished)] {
            text.sample("procession_streams", &[("category", &category), ("module", &module), ("state", state)], count);
        }
    }
}

fn open(text: &mut Text, survey: &Survey) {
    text.family("procession_processes", "gauge", "Processes that have not ended, by phase.");
    for (phase, count) in [("running", survey.running), ("compensating", survey.compensating)] {
        text.sample("procession_processes", &[("phase", phase)], count);
    }
    text.gauge("procession_processes_parked", "Processes whose messages wait because one of them cannot be processed.", survey.parked);
    text.gauge("procession_processes_stuck", "Processes that have not ended and that nothing will move.", survey.stuck);
    text.family("procession_dead_letters", "gauge", "Messages that wait for an operator or for a definition.");
    for (state, count) in [("dead", survey.dead), ("unhandled", survey.unhandled)] {
        text.sample("procession_dead_letters", &[("state", state)], count);
    }
    text.gauge("procession_messages_retrying", "Messages that failed and wait for their next attempt.", survey.retrying);
}
