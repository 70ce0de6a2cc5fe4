//! A sequence made short: steps are left out, and data made simpler, as long as it still shows the same.
//! Every attempt is a whole replay, so their number is bounded.

use procession_engine::model::json::Json;
use serde_json::Value;

use crate::scenario::{Data, MessageIn, Step, When};

/// Replays for one finding.
const REPLAYS_MAX: usize = 400;

/// The shortest sequence that is found; `shows` says whether one still shows it.
pub(super) fn shortened(steps: Vec<Step>, shows: &dyn Fn(&[Step]) -> bool) -> Vec<Step> {
    let mut left = REPLAYS_MAX;
    let mut shows = |steps: &[Step]| {
        left = left.saturating_sub(1);
        left > 0 && shows(steps)
    };
    let mut steps = without_steps(steps, &mut shows);
    for at in (0..steps.len()).rev() {
        simpler(&mut steps, at, &mut shows);
    }
    steps
}

/// Leaves out halves, quarters, and in the end single steps.
fn without_steps(mut steps: Vec<Step>, shows: &mut dyn FnMut(&[Step]) -> bool) -> Vec<Step> {
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut at = 0;
        let mut has_shrunk = false;
        while at + size <= steps.len() {
            let fewer: Vec<Step> = steps[..at].iter().chain(&steps[at + size..]).cloned().collect();
            if !fewer.is_empty() && shows(&fewer) {
                steps = fewer;
                has_shrunk = true;
            } else {
                at += size;
            }
        }
        if size > 1 || !has_shrunk {
            size /= 2;
        }
    }
    steps
}

/// No time passes, fields are left out, and texts become short, where that changes nothing.
fn simpler(steps: &mut Vec<Step>, at: usize, shows: &mut dyn FnMut(&[Step]) -> bool) {
    let mut attempt = |change: &dyn Fn(&mut Step)| {
        let mut other = steps.clone();
        change(&mut other[at]);
        let is_better = other != *steps && shows(&other);
        if is_better {
            *steps = other;
        }
        is_better
    };
    attempt(&|step| step.after = None);
    for whole in ["null", "{}"] {
        if attempt(&|step| set_data(step, Json::parse(whole).ok())) {
            return;
        }
    }
    for field in 0..16 {
        while attempt(&|step| set_data(step, data_of(step).and_then(|data| without_field(&data, field)))) {}
    }
    for _ in 0..16 {
        if !attempt(&|step| set_data(step, data_of(step).and_then(|data| with_shorter_texts(&data)))) {
            return;
        }
    }
}

fn message(step: &mut Step) -> Option<&mut MessageIn> {
    match &mut step.when {
        Some(When::Start(message) | When::Message(message) | When::Request(message) | When::Command(message)) => Some(message),
        _ => None,
    }
}

fn data_of(step: &Step) -> Option<Json> {
    message(&mut step.clone()).map(|message| message.data.0.clone())
}

fn set_data(step: &mut Step, data: Option<Json>) {
    if let (Some(message), Some(data)) = (message(step), data) {
        message.data = Data(data);
    }
}

fn without_field(data: &Json, at: usize) -> Option<Json> {
    let mut value: Value = serde_json::from_str(data.as_str()).ok()?;
    let map = value.as_object_mut()?;
    let name = map.keys().nth(at)?.clone();
    map.remove(&name);
    Json::parse(value.to_string()).ok()
}

fn with_shorter_texts(data: &Json) -> Option<Json> {
    let mut value: Value = serde_json::from_str(data.as_str()).ok()?;
    halve(&mut value).then(|| Json::parse(value.to_string()).ok()).flatten()
}

/// Halves every long text and list; says whether there was one.
fn halve(value: &mut Value) -> bool {
    match value {
        Value::String(text) if text.len() > 16 => {
            text.truncate(text.floor_char_boundary(text.len() / 2));
            true
        }
        Value::Array(list) => {
            let is_long = list.len() > 1;
            list.truncate(list.len().div_ceil(2));
            list.iter_mut().fold(is_long, |any, inside| halve(inside) || any)
        }
        Value::Object(map) => {
            let mut any = false;
            for inside in map.values_mut() {
                any |= halve(inside);
            }
            any
        }
        _ => false,
    }
}
