//! What an attack has seen so far: data by kind, values by field, words that refusals named.
//! It only grows, within bounds; what is made of it stands in `document`.

use std::collections::{BTreeMap, BTreeSet};

use procession_engine::model::event::StreamEvent;
use procession_engine::model::json::Json;
use procession_engine::model::manifest::Manifest;
use serde_json::Value;

use super::{Plan, signature};
use crate::bench::Answer;
use crate::scenario::{Given, Step, When};

/// Documents kept for one kind.
const CORPUS_MAX: usize = 96;
/// Words kept for one kind, values kept for one field, and texts kept in all.
const WORDS_MAX: usize = 48;

/// What has been seen.
#[derive(Debug, Default)]
pub(super) struct Material {
    corpus: BTreeMap<String, Vec<Json>>,
    accepted: BTreeMap<String, Vec<Json>>,
    words: BTreeMap<String, Vec<String>>,
    values: BTreeMap<String, Vec<Value>>,
    texts: Vec<String>,
    answers: BTreeSet<String>,
    recorded: BTreeSet<String>,
    /// The shortest way to each trigger that was accepted, by what it recorded and the step that it led to:
    /// an answer that ends a process and one that lets it go on may record the same.
    ways: BTreeMap<(String, String, String), Way>,
}

/// A seed, and the steps that are played from it.
pub(super) type Way = (u64, Vec<Step>);

impl Material {
    /// What scenarios show.
    pub(super) fn of(plan: &Plan<'_>) -> Self {
        let mut material = Self::default();
        for kind in plan.module.manifest.starts.iter().chain(&plan.module.manifest.handles) {
            material.learn(kind.as_str(), &Json::parse("{}").expect("an object"));
        }
        for scenario in plan.scenarios.iter().flat_map(|file| &file.scenarios) {
            for Given { kind, data, .. } in &scenario.given {
                material.learn(kind.as_str(), &data.0);
            }
            for when in scenario.steps.iter().filter_map(|step| step.when.as_ref()) {
                if let When::Start(message) | When::Message(message) | When::Request(message) | When::Command(message) = when {
                    material.learn(message.kind.as_str(), &message.data.0);
                }
            }
        }
        material
    }

    pub(super) fn corpus(&self, kind: &str) -> &[Json] {
        self.corpus.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Data of this kind that was accepted, in whatever state.
    pub(super) fn accepted(&self, kind: &str) -> &[Json] {
        self.accepted.get(kind).map_or(&[], Vec::as_slice)
    }

    pub(super) fn words(&self, kind: &str) -> &[String] {
        self.words.get(kind).map_or(&[], Vec::as_slice)
    }

    pub(super) fn values(&self, field: &str) -> &[Value] {
        self.values.get(field).map_or(&[], Vec::as_slice)
    }

    pub(super) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Keeps a document of this kind, its fields and their values.
    pub(super) fn learn(&mut self, kind: &str, data: &Json) {
        let kept = self.corpus.entry(kind.to_owned()).or_default();
        if kept.len() < CORPUS_MAX && !kept.contains(data) {
            kept.push(data.clone());
        }
        if let Ok(value) = serde_json::from_str::<Value>(data.as_str()) {
            self.learn_fields(kind, &value);
        }
    }

    fn learn_fields(&mut self, kind: &str, value: &Value) {
        match value {
            Value::Object(map) => {
                for (name, inside) in map {
                    self.learn_word(kind, name);
                    let kept = self.values.entry(name.clone()).or_default();
                    if kept.len() < WORDS_MAX && !kept.contains(inside) {
                        kept.push(inside.clone());
                    }
                    self.learn_fields(kind, inside);
                }
            }
            Value::Array(list) => list.iter().take(8).for_each(|inside| self.learn_fields(kind, inside)),
            _ => {}
        }
    }

    fn learn_word(&mut self, kind: &str, word: &str) {
        let kept = self.words.entry(kind.to_owned()).or_default();
        if kept.len() < WORDS_MAX && word.len() <= 64 && !kept.iter().any(|known| known == word) {
            kept.push(word.to_owned());
        }
    }

    /// Learns from an answer to data of this kind: what led to something new is worth changing further, and a refusal names fields.
    pub(super) fn learn_answer(&mut self, kind: &str, data: &Json, answer: &Answer) {
        if matches!(answer, Answer::Accepted { .. }) {
            let kept = self.accepted.entry(kind.to_owned()).or_default();
            if kept.len() < WORDS_MAX && !kept.contains(data) {
                kept.push(data.clone());
            }
        }
        let told = match answer {
            Answer::Accepted { events, .. } => events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>().join(" "),
            Answer::Ignored(why) | Answer::Deferred(why) => why.clone(),
            Answer::Rejected(why) => {
                self.learn_refusal(kind, &why.message);
                why.to_string()
            }
            Answer::Starts(start) => start.category.clone(),
            Answer::Replies(replies) => replies.iter().map(|reply| reply.kind.as_str()).collect::<Vec<_>>().join(" "),
        };
        if self.answers.len() < 10_000 && self.answers.insert(format!("{kind} {}", signature_of_refusal(&told))) {
            self.learn(kind, data);
        }
    }

    /// `item: is missing` names a field; what stands in quotes may be a value that is wanted.
    fn learn_refusal(&mut self, kind: &str, message: &str) {
        let words = message.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').filter(|word| !word.is_empty());
        words.take(12).for_each(|word| self.learn_word(kind, word));
        for quoted in message.split(['`', '"', '\'']).skip(1).step_by(2).take(12) {
            if self.texts.len() < WORDS_MAX && quoted.len() <= 64 && !self.texts.iter().any(|known| known == quoted) {
                self.texts.push(quoted.to_owned());
            }
        }
    }

    /// Learns from what was recorded.
    pub(super) fn learn_recorded(&mut self, events: &[StreamEvent]) {
        for event in events {
            self.recorded.insert(event.event.kind.to_string());
            if let Ok(value) = serde_json::from_str::<Value>(event.event.data.as_str()) {
                self.learn_fields(event.event.kind.as_str(), &value);
            }
        }
    }

    /// Keeps the way to a trigger that was accepted, where it is shorter than the known one.
    pub(super) fn learn_way(&mut self, word: &str, recorded: &[StreamEvent], leads_to: String, seed: u64, steps: &[Step]) {
        let kinds: Vec<&str> = recorded.iter().map(|event| event.event.kind.as_str()).collect();
        let key = (word.to_owned(), kinds.join(" "), leads_to);
        if self.ways.get(&key).is_none_or(|(_, known)| known.len() > steps.len()) {
            self.ways.insert(key, (seed, steps.to_vec()));
        }
    }

    /// Triggers that were accepted, and the way to each.
    pub(super) fn ways(&self) -> impl Iterator<Item = (&str, &Way)> {
        self.ways.iter().map(|((word, ..), way)| (word.as_str(), way))
    }

    /// Kinds of events that were never recorded.
    pub(super) fn unseen(&self, manifest: &Manifest) -> Vec<String> {
        manifest.records.iter().map(|event| event.kind.to_string()).filter(|kind| !self.recorded.contains(kind)).collect()
    }
}

/// Field names count here, and they may stand in quotes; numbers and long echoes do not.
fn signature_of_refusal(text: &str) -> String {
    let short: String = text.chars().filter(|c| !c.is_ascii_digit()).take(80).collect();
    if text.len() > 400 { signature(text) } else { short }
}
