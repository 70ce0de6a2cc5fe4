//! What came of scenarios, told: lines for people, a document for programs.
//! What is printed and which exit code it means is the command line's matter.

use serde_json::{Value, json};

use super::{Failure, Outcome};
use crate::compare::Difference;

/// Longest document that stands on one line, in characters.
const LINE_MAX: usize = 100;

/// Events before a step that are named; a longer history begins with how many there are.
const RECORDED_MAX: usize = 12;

/// The lines of one scenario.
#[must_use]
pub fn lines(outcome: &Outcome) -> String {
    let Some(failure) = &outcome.failure else {
        let steps = if outcome.steps == 1 { "1 step".to_owned() } else { format!("{} steps", outcome.steps) };
        return format!("ok    {} ({steps})\n", outcome.name);
    };
    let mut out = format!("FAIL  {}\n", outcome.name);
    let mut say = |text: &str| text.lines().for_each(|line| out.push_str(&format!("      {line}\n")));
    if let Some(step) = failure.step {
        let at = failure.at.map(|at| format!(", at {at}")).unwrap_or_default();
        let when = if failure.when.is_empty() { String::new() } else { format!(": {}", failure.when) };
        say(&format!("step {step} of {}{when}{at}", outcome.steps));
    }
    if let Some(text) = &failure.text {
        say(text);
    }
    failure.differences.iter().for_each(|difference| say(&side_by_side(difference)));
    if let Some(decided) = &failure.decided {
        say(&labelled("the whole answer: ", decided));
    }
    if failure.step.is_some() {
        say(&format!("recorded before: {}", recorded(failure)));
    }
    out
}

/// `passed` and `failed` in a sentence.
#[must_use]
pub fn summary(passed: usize, failed: usize) -> String {
    format!("{passed} passed, {failed} failed\n")
}

fn side_by_side(difference: &Difference) -> String {
    let path = if difference.path.is_empty() { "the answer" } else { &difference.path };
    let side = |name: &str, value: &Option<Value>| match value {
        None => format!("  {name}  (nothing)"),
        Some(value) => labelled(&format!("  {name}  "), value).replace('\n', "\n            "),
    };
    format!("{path}\n{}\n{}", side("expected", &difference.expected), side("decided ", &difference.decided))
}

/// A document behind its label: on the same line where it is short, else below it.
fn labelled(label: &str, value: &Value) -> String {
    let short = value.to_string();
    if short.chars().count() <= LINE_MAX { format!("{label}{short}") } else { format!("{label}{value:#}") }
}

fn recorded(failure: &Failure) -> String {
    let kinds = &failure.recorded;
    match kinds.len() {
        0 => "nothing".to_owned(),
        count if count > RECORDED_MAX => format!("{count} events, the last are {}", kinds[count - RECORDED_MAX..].join(", ")),
        _ => kinds.join(", "),
    }
}

/// One scenario, for programs.
#[must_use]
pub fn document(outcome: &Outcome) -> Value {
    let mut document = json!({
        "name": outcome.name,
        "outcome": if outcome.failure.is_some() { "failed" } else { "passed" },
        "steps": outcome.steps,
    });
    if let Some(failure) = &outcome.failure {
        let differences: Vec<Value> = failure.differences.iter().map(difference).collect();
        document["failure"] = json!({
            "step": failure.step,
            "when": failure.when,
            "at": failure.at.map(|at| at.to_string()),
            "text": failure.text,
            "differences": differences,
            "decided": failure.decided,
            "recorded": failure.recorded,
        });
    }
    document
}

/// A side on which there is nothing has no field, since `null` is something.
fn difference(difference: &Difference) -> Value {
    let mut document = json!({ "path": difference.path });
    if let Some(expected) = &difference.expected {
        document["expected"] = expected.clone();
    }
    if let Some(decided) = &difference.decided {
        document["decided"] = decided.clone();
    }
    document
}
