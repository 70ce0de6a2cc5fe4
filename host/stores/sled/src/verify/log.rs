//! The log: dense from 1 to where the last group says, every entry found again by its process and its waymarks, every pin on the shelf.
//! And the other way round: what finds entries finds one, and versions go on without a gap.

use procession_engine::model::commit::Entry;
use procession_engine::model::id::ProcessId;
use procession_engine::ports::store::StoreError;

use super::{Heads, Walk, process_in};
use crate::group::{Run, runs};
use crate::keys::{self, WAYMARK_EVERY};
use crate::ledger::LastGroup;

impl Walk<'_> {
    pub(super) fn log(&mut self) -> Result<(), StoreError> {
        let mut next = 1;
        self.each::<Entry>(b'L', |walk, key, entry| {
            let position = keys::last_number(key);
            walk.expect(position == next, key, || format!("the log goes on at position {next}, but the next entry stands here"));
            next = position + entry.event_count();
            walk.found.events += entry.event_count();
            walk.entry(key, position, &entry);
            Ok(())
        })?;
        let last = LastGroup::load(self.disk).unwrap_or_default();
        self.expect(last.position + 1 == next, keys::GROUP_KEY, || {
            format!("the log ends at position {}, the last group ended at {}", next - 1, last.position)
        });
        Ok(())
    }

    fn entry(&mut self, key: &[u8], position: u64, entry: &Entry) {
        if let Some(decision) = entry.decisions.iter().find(|decision| decision.pin >= entry.pins.len()) {
            return self.damage(key, format!("a decision names pin {}, which is not there", decision.pin));
        }
        let (process, expected) = (&entry.input.process, runs(entry));
        let part = keys::part(process, position);
        let fits = self.there::<Vec<Run>>(&part).is_some_and(|found| found == expected);
        self.expect(fits, key, || format!("{} does not lead to it", keys::describe(&part)));
        for run in &expected {
            let last = run.first_version + run.count - 1;
            let marked = last - last % WAYMARK_EVERY;
            if marked >= run.first_version {
                let waymark = keys::waymark(process, &run.suffix, marked);
                let fits = self.there::<u64>(&waymark) == Some(position);
                self.expect(fits, key, || format!("{} does not lead to it", keys::describe(&waymark)));
            }
        }
        for pin in &entry.pins {
            let fits = self.is_on_the_shelf(&pin.module);
            self.expect(fits, key, || format!("the module {} that decided is not on the shelf", pin.module.short()));
        }
    }

    /// Process by process: versions are dense from 1, and end where the row says.
    pub(super) fn parts(&mut self) -> Result<(), StoreError> {
        let mut current: Option<(ProcessId, Heads)> = None;
        self.each::<Vec<Run>>(b'P', |walk, key, runs| {
            let Some(process) = process_in(key) else {
                walk.damage(key, "it names no process");
                return Ok(());
            };
            if current.as_ref().is_none_or(|(of, _)| *of != process) {
                let before = current.replace((process.clone(), Heads::new()));
                before.into_iter().for_each(|(of, heads)| walk.heads(&of, &heads));
            }
            let leads = walk.there::<Entry>(&keys::log(keys::last_number(key))).is_some_and(|entry| entry.input.process == process);
            walk.expect(leads, key, || "no entry of this process stands there".to_owned());
            for run in runs {
                let head = current.get_or_insert_with(|| (process.clone(), Heads::new())).1.entry(run.suffix.clone()).or_default();
                let next = *head + 1;
                *head = run.first_version + run.count - 1;
                walk.expect(run.first_version == next, key, || {
                    format!("stream {process}-{} goes on at version {next}, but here is {}", run.suffix, run.first_version)
                });
            }
            Ok(())
        })?;
        current.into_iter().for_each(|(of, heads)| self.heads(&of, &heads));
        Ok(())
    }

    fn heads(&mut self, process: &ProcessId, heads: &Heads) {
        let key = keys::row(process);
        let Some(row) = self.row_of(process) else { return self.damage(&key, "the log has events of it, but no row can be read") };
        for (suffix, version) in heads {
            let said = row.stream(suffix).map(|head| head.version);
            self.expect(said == Some(*version), &key, || {
                format!("stream {suffix} ends at version {version} in the log, its row says {said:?}")
            });
        }
        let more = row.streams.iter().find(|head| !heads.contains_key(&head.suffix));
        if let Some(head) = more {
            self.damage(&key, format!("it names stream {}, of which the log has nothing", head.suffix));
        }
    }

    pub(super) fn waymarks(&mut self) -> Result<(), StoreError> {
        self.each::<u64>(b'W', |walk, key, position| {
            let version = keys::last_number(key);
            let stream = key.split(|byte| *byte == 0).nth(1).unwrap_or_default().to_vec();
            let holds = |run: &Run| {
                run.suffix.as_str().as_bytes() == stream && (run.first_version..run.first_version + run.count).contains(&version)
            };
            let fits = process_in(key)
                .and_then(|process| walk.there::<Vec<Run>>(&keys::part(&process, position)))
                .is_some_and(|runs| runs.iter().any(holds));
            walk.expect(fits, key, || format!("it leads to position {position}, where that version does not stand"));
            Ok(())
        })
    }
}
