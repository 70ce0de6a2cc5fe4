//! `POST /definitions/check`: a definition is checked as a deploy would, and recorded histories are decided again by it.
//! Progress is streamed while it runs, on threads of its own; nothing is recorded, and it ends with whoever asked.

use std::io;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use http_body::Frame;
use procession_engine::gate::Verdict;
use procession_engine::ports::definition::{Module, Role};
use procession_engine::ports::shelf::{ModuleRecord, Tally};
use procession_engine::replay::{Class, Counts, Difference, Finding, ReplayError, Report, What, Which};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};

use super::definitions::{self, Checked, blocking};
use super::extract::{Params, Segment};
use super::problem::Problem;
use super::router::Desk;
use super::{json, status};

/// How often progress is told: often enough for a bar that moves, seldom enough to cost nothing.
const TOLD_EVERY: Duration = Duration::from_millis(200);
/// Lines that wait for a slow reader; the check waits behind them.
const LINES_MAX: usize = 16;
/// Findings of each class and category that a report names.
const FINDINGS_MAX: usize = 20;
/// How long a sample may take, in milliseconds; somebody asked for it and waits.
const SAMPLE_MS_MAX: u64 = 10_000;

/// What a check looks at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct How {
    #[serde(default)]
    history: Histories,
}

/// Which histories.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Histories {
    #[default]
    All,
    Sample,
    None,
}

/// A definition that happens to be called `check` is shown and drained like any other.
pub(super) async fn shown(state: State<Desk>) -> Result<Response, Problem> {
    definitions::show(state, Segment("check".to_owned())).await
}

pub(super) async fn drained(state: State<Desk>) -> Result<Response, Problem> {
    definitions::drain(state, Segment("check".to_owned())).await
}

pub(super) async fn check(State(desk): State<Desk>, how: Result<Params<How>, Problem>, body: Body) -> Result<Response, Problem> {
    // The body is read before an odd question is turned down: a client that still sends when it is answered may lose the answer.
    let bytes = json::read(&desk, body, desk.module_bytes_max).await?;
    let Params(how) = how?;
    let engine = desk.engine.clone();
    let size = bytes.len();
    let module = blocking(move || engine.registry().check(&bytes)).await??;
    let checked = serde_json::to_value(Checked::of(&module, size)).map_err(|error| Problem::host(error.to_string()))?;
    if how.history == Histories::None || !matches!(module.role, Role::Process(_)) {
        return Ok(json::answer(status::OK, &with_history(checked, Value::Null)));
    }
    let permit = Arc::clone(&desk.checks).try_acquire_owned().map_err(|_| Problem::check_under_way())?;
    let (sender, lines) = mpsc::channel(LINES_MAX);
    let check = Check { desk, module, checked, how: how.history, sender, _permit: permit };
    tokio::task::spawn_blocking(move || check.run());
    let mut response = Response::new(Body::new(Lines(lines)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}

/// A check that runs.
struct Check {
    desk: Desk,
    module: Module,
    checked: Value,
    how: Histories,
    sender: mpsc::Sender<Bytes>,
    _permit: OwnedSemaphorePermit,
}

impl Check {
    fn run(self) {
        let (which, expected) = match self.how {
            Histories::All | Histories::None => (Which::All, self.expected()),
            Histories::Sample => {
                (Which::Sample { histories_max: self.desk.engine.limits().gate_histories_max, ms_max: SAMPLE_MS_MAX }, None)
            }
        };
        let begun = Instant::now();
        let mut told = None::<Instant>;
        let threads = threads(self.desk.engine.is_running());
        let replay = self.desk.engine.replay(&self.module).which(which).threads(threads).findings_max(FINDINGS_MAX);
        let report = replay.run(&mut |progress| {
            if is_stopping(&self.desk.stopping) || self.sender.is_closed() {
                return ControlFlow::Break(());
            }
            if told.is_some_and(|told| told.elapsed() < TOLD_EVERY) {
                return ControlFlow::Continue(());
            }
            told = Some(Instant::now());
            let Counts { histories, decisions, .. } = *progress.counts;
            let elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            let line = json!({ "progress": { "histories": histories, "of": expected, "decisions": decisions, "elapsedMs": elapsed_ms } });
            self.say(&line)
        });
        let last = match report {
            Ok(report) => {
                tracing::info!(category = %report.category, module = %report.module.short(), histories = report.total.histories, otherwise = report.total.otherwise, not_folded = report.total.not_folded, "a definition was checked against history");
                with_history(self.checked.clone(), document(&report, threads))
            }
            Err(error) => {
                let is_known = matches!(error, ReplayError::Stopped);
                if !is_known {
                    tracing::error!(%error, "a definition could not be checked against history");
                }
                json!({ "error": { "code": if is_known { "stopped" } else { "check-failed" }, "detail": error.to_string() } })
            }
        };
        // Where nobody listens any more, there is nobody to tell.
        let _ = self.say(&last);
    }

    /// How many histories there may be: as many as there are streams on modules that are asked about.
    fn expected(&self) -> Option<u64> {
        let manifest = &self.module.manifest;
        let concerns = |record: &ModuleRecord| {
            let category = &record.manifest.category;
            category.name() == manifest.category.name() || manifest.takes_over.contains(category)
        };
        let all: Vec<(ModuleRecord, Tally)> = self.desk.engine.registry().list().ok()?;
        Some(all.iter().filter(|(record, _)| concerns(record)).map(|(_, tally)| tally.pending + tally.finished).sum())
    }

    fn say(&self, line: &Value) -> ControlFlow<()> {
        match self.sender.blocking_send(Bytes::from(format!("{line}\n"))) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}

/// Half of the cores beside a host that works, all of them where none does.
fn threads(is_running: bool) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if is_running { (cores / 2).max(1) } else { cores }
}

fn is_stopping(stopping: &watch::Receiver<bool>) -> bool {
    *stopping.borrow()
}

fn with_history(mut checked: Value, history: Value) -> Value {
    if let Some(fields) = checked.as_object_mut() {
        fields.insert("history".to_owned(), history);
    }
    checked
}

/// What the gate made of a module.
pub(super) fn verdict(verdict: &Verdict) -> Value {
    let outcome = if verdict.passes() { "passed" } else { "warned" };
    let counts = verdict.report.as_ref().map(|report| counts(&report.total));
    let was_cut_short = verdict.report.as_ref().map(|report| report.was_cut_short);
    json!({ "outcome": outcome, "reasons": verdict.reasons, "sample": counts, "cutShort": was_cut_short })
}

fn document(report: &Report, threads: usize) -> Value {
    let Report { until, was_cut_short, total, by_category, took_us, .. } = report;
    let mut document = counts(total);
    let by_category: Map<String, Value> = by_category.iter().map(|(category, of)| (category.to_string(), counts(of))).collect();
    let more = json!({
        "byCategory": by_category,
        "findings": report.findings().map(finding).collect::<Vec<_>>(),
        "position": until,
        "cutShort": was_cut_short,
        "threads": threads,
        "tookMs": took_us / 1_000,
        "decisionsPerSecond": report.decisions_per_second(),
    });
    if let (Some(document), Value::Object(more)) = (document.as_object_mut(), more) {
        document.extend(more);
    }
    document
}

fn counts(of: &Counts) -> Value {
    json!({
        "histories": of.histories,
        "pending": of.pending,
        "folded": of.folded(),
        "notFolded": of.not_folded,
        "same": of.same,
        "otherwise": of.otherwise,
        "unsteady": of.unsteady,
        "decisions": {
            "recorded": of.decisions,
            "same": of.decisions_same,
            "spelledOtherwise": of.decisions_spelled_otherwise,
            "otherwise": of.decisions_otherwise,
            "broken": of.decisions_broken,
            "notMade": of.decisions_not_made,
            "lost": of.decisions_lost,
        },
    })
}

fn finding(finding: &Finding) -> Value {
    let class = match finding.class() {
        Class::DoesNotFold => "does-not-fold",
        Class::Breaks => "breaks",
        Class::DecidesOtherwise => "decides-otherwise",
        Class::Lost => "lost",
    };
    let (error, difference) = match &finding.what {
        What::DoesNotFold { error } | What::Breaks { error } | What::Lost { why: error } => (Some(error), None),
        What::DecidesOtherwise(Difference { place, path, recorded, decided }) => {
            (None, Some(json!({ "place": place, "path": path, "recorded": recorded, "decided": decided })))
        }
    };
    json!({
        "class": class,
        "stream": finding.stream.to_string(),
        "category": finding.category.to_string(),
        "ended": finding.has_ended,
        "version": finding.version,
        "decidedBy": finding.decided_by.as_ref().map(ToString::to_string),
        "trigger": finding.trigger,
        "cause": finding.cause.as_ref().map(ToString::to_string),
        "error": error,
        "difference": difference,
        "text": finding.to_string(),
    })
}

/// The end at which the lines are read.
struct Lines(mpsc::Receiver<Bytes>);

impl http_body::Body for Lines {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}
