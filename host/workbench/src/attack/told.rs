//! What an attack found, told: lines for people, a document for programs, and a scenario file to run again.
//! Exit codes are the command line's matter.

use serde_json::{Value, json};

use super::{Finding, Gravity, Report};
use crate::scenario::File;

/// Longest sequence that is printed, in characters; a longer one is in the file of findings alone.
const SEQUENCE_MAX: usize = 4_000;

/// The report for people.
#[must_use]
pub fn lines(report: &Report) -> String {
    let mut out = format!("{} triggers in {} processes, drawn from seed {}\n", report.cases, report.processes, report.seed);
    for (trigger, answers) in &report.answers {
        let counts: Vec<String> = answers.iter().map(|(answer, count)| format!("{count} {answer}")).collect();
        out.push_str(&format!("  {trigger}: {}\n", counts.join(", ")));
    }
    if !report.unseen.is_empty() {
        out.push_str(&format!(
            "never recorded, so states behind them were not seen: {}; scenarios show an attack the way (--scenarios)\n",
            report.unseen.join(", ")
        ));
    }
    for (call, most) in &report.usage {
        let used = most.used;
        let percent = |part: u64, whole: u64| part.saturating_mul(100).checked_div(whole).unwrap_or(0);
        out.push_str(&format!(
            "{call}: at most {} fuel ({} % of {}, on {}), {} KiB of memory ({} %)\n",
            used.fuel,
            percent(used.fuel, used.fuel_max),
            used.fuel_max,
            if most.trigger.is_empty() { "nothing in particular" } else { &most.trigger },
            used.memory_bytes / 1_024,
            percent(used.memory_bytes, used.memory_bytes_max),
        ));
    }
    report.findings.iter().for_each(|finding| out.push_str(&finding_lines(finding)));
    let broken = report.findings.iter().filter(|finding| finding.gravity == Gravity::Broken).count();
    out.push_str(&format!("{broken} broken promises, {} warnings\n", report.findings.len() - broken));
    out
}

fn finding_lines(finding: &Finding) -> String {
    let word = if finding.gravity == Gravity::Broken { "BROKEN " } else { "WARNING" };
    let text = finding.text.replace('\n', "\n          ");
    let mut out = format!("\n{word}  {}: {text}\n", finding.promise);
    let steps = finding.scenario.steps.len();
    if steps == 0 {
        return out;
    }
    let sequence = file_of(std::iter::once(finding));
    if sequence.len() <= SEQUENCE_MAX {
        out.push_str(&format!("shown by this scenario file ({steps} steps):\n{sequence}\n"));
    } else {
        out.push_str(&format!("shown by a sequence of {steps} steps, too long to print: --out writes it\n"));
    }
    out
}

/// All findings as one scenario file; none where there is nothing to show.
#[must_use]
pub fn findings_file(report: &Report) -> Option<String> {
    let shown: Vec<&Finding> = report.findings.iter().filter(|finding| !finding.scenario.steps.is_empty()).collect();
    (!shown.is_empty()).then(|| file_of(shown.into_iter()))
}

fn file_of<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let file = File { scenarios: findings.map(|finding| finding.scenario.clone()).collect(), ..File::default() };
    serde_json::to_string_pretty(&file).unwrap_or_else(|error| format!("(cannot be written: {error})"))
}

/// The report for programs.
#[must_use]
pub fn document(report: &Report) -> Value {
    let usage: serde_json::Map<String, Value> = report
        .usage
        .iter()
        .map(|(call, most)| {
            let used = most.used;
            let told = json!({
                "fuel": used.fuel, "fuelMax": used.fuel_max, "trigger": most.trigger,
                "memoryBytes": used.memory_bytes, "memoryBytesMax": used.memory_bytes_max,
            });
            ((*call).to_owned(), told)
        })
        .collect();
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "gravity": if finding.gravity == Gravity::Broken { "broken" } else { "warning" },
                "promise": finding.promise,
                "text": finding.text,
                "steps": finding.scenario.steps.len(),
            })
        })
        .collect();
    json!({
        "seed": report.seed.to_string(),
        "cases": report.cases,
        "processes": report.processes,
        "answers": report.answers,
        "unseen": report.unseen,
        "usage": usage,
        "findings": findings,
    })
}
