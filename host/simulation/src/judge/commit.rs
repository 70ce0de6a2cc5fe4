//! A commit that has become durable, looked at as a whole.
//! What its decisions must be is said in `decisions`, what became of messages and timers in `deliveries` and `timers`.

use procession_engine::model::commit::Commit;
use procession_engine::model::process::ProcessRow;

use super::{Invariant, Judge, Seen};

impl Judge {
    /// A commit is durable.
    pub fn durable(&self, commit: &Commit, view_is_excused: bool) {
        if self.is_blind {
            return;
        }
        let seen = &mut *self.seen();
        let process = &commit.row.id;
        let before = seen.rows.get(process).cloned().unwrap_or_else(|| ProcessRow::unknown(process.clone()));
        if commit.row.revision != before.revision + 1 {
            let what = format!("process {process} goes from revision {} to {}", before.revision, commit.row.revision);
            seen.finds(Invariant::VersionsAreDense, what);
        }
        if let Some(receipt) = &commit.receipt
            && seen.receipts.insert((process.clone(), receipt.key.clone()), receipt.clone()).is_some()
        {
            seen.finds(Invariant::EffectsHappenOnce, format!("process {process} took the key {:?} twice", receipt.key));
        }
        self.fired(seen, commit);
        let released = self.decided(seen, commit);
        self.timers(seen, commit, released);
        notes(seen, commit, &before);
        self.deliveries(seen, commit);
        self.views(seen, commit, view_is_excused);
        seen.rows.insert(process.clone(), commit.row.clone());
    }

    /// The view of every stream that changed is what its events fold to, and the others stay as they are.
    fn views(&self, seen: &mut Seen, commit: &Commit, is_excused: bool) {
        for head in &commit.row.streams {
            let name = format!("{}-{}", commit.row.id, head.suffix);
            let Some(known) = seen.streams.get_mut(&name) else {
                return seen.finds(Invariant::VersionsAreDense, format!("{name} is in its row and has no events"));
            };
            if known.version != head.version {
                let what = format!("{name} has {} events, its row says version {}", known.version, head.version);
                return seen.finds(Invariant::FoldIsView, what);
            }
            let has_changed = commit.entry.iter().flat_map(|entry| &entry.pins).any(|pin| pin.suffix == head.suffix);
            let folded = self.rules.get(&head.module).map(|(rules, _)| crate::definitions::view(rules, &known.story));
            let is_kept = known.view.as_ref() == Some(&head.view);
            let is_first = known.view.is_none();
            let is_excused = is_excused || seen.unseen.contains(&known.story.digest());
            let fits = if has_changed { folded.as_ref() == Some(&head.view) || (is_excused && (is_kept || is_first)) } else { is_kept };
            known.view = Some(head.view.clone());
            if !fits {
                let what = format!("{name} at version {} shows {:?}, its events fold to {folded:?}", head.version, head.view);
                seen.finds(Invariant::FoldIsView, what);
            }
        }
    }
}

/// Notes are numbered without a gap, and the latest ones are kept.
fn notes(seen: &mut Seen, commit: &Commit, before: &ProcessRow) {
    let process = &commit.row.id;
    let numbers = commit.notes.iter().map(|note| note.seq);
    if !numbers.eq(before.next_note..commit.row.next_note) {
        let what = format!("the notes of {process} go from {} to {} by {:?}", before.next_note, commit.row.next_note, commit.notes);
        seen.finds(Invariant::AcknowledgedIsReadable, what);
    }
    seen.notes.entry(process.clone()).or_default().extend(commit.notes.iter().cloned());
}
