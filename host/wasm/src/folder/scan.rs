//! Which file of a watched folder is taken, waited for, refused or gone: a state machine over listings and contents.
//! No disk, no clock and no thread in here, so every order of things can be tested.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::SystemTime;

use procession_engine::model::id::Digest;
use procession_engine::model::time::Timestamp;

use super::{Deployed, Refusal, RefusedFile};
use crate::anatomy::{self, Anatomy};

/// How long a cut-off file may stay as it is before it is called broken: a copy over a slow network stalls for seconds.
const CUT_OFF_MS_MAX: u64 = 10_000;

/// How long after a failure of the host the file is tried again.
const RETRY_MS: u64 = 5_000;

/// Looks in a row that must miss a file before it is gone: a replacement by other means than a rename is away for a moment.
const MISSES: u32 = 2;

/// What tells one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) bytes: u64,
    pub(super) modified: Option<SystemTime>,
    pub(super) inode: u64,
}

/// A file in a listing; without a stamp where the file is there but cannot be looked at just now.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    pub(super) name: String,
    pub(super) stamp: Option<Stamp>,
}

/// What reading a file brought.
#[derive(Debug)]
pub(super) enum Content {
    /// All of it, and the stamp that it had before and after.
    Bytes(Stamp, Vec<u8>),
    /// It changed while it was read, or is gone.
    Changed,
    /// It cannot be read; the text says why.
    Unreadable(String),
}

/// How patient a look is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// What is there is taken, what is not there is gone.
    AtOnce,
    /// A file must look the same, or be away, twice in a row.
    Settled,
}

/// What to do with bytes that were read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict<'a> {
    Wait,
    Refuse(String),
    Deploy(&'a [u8]),
}

/// What a late answer means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// It is noted; the reason of a refusal that nobody was told yet.
    Answered(Option<String>),
    /// The file is gone: if it was deployed, nothing holds it any more.
    TooLate,
}

/// A file that is gone, and other files with the same bytes: those are deployed once more before the removal is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) file: String,
    pub(super) twins: Vec<String>,
}

/// All that is remembered of the folder.
#[derive(Default)]
pub(super) struct Scan {
    files: BTreeMap<String, File>,
}

struct File {
    stamp: Stamp,
    /// When this stamp was seen first.
    since: Timestamp,
    state: State,
    /// Looks in a row that missed it.
    missed: u32,
    /// The digest of the bytes that were deployed last; they stay deployed while newer bytes are refused.
    holds: Option<Digest>,
}

#[derive(Debug)]
enum State {
    /// Its bytes are wanted; `told` is the reason that was told before, so that the same one is not told again.
    Wanted { told: Option<Told> },
    /// Being deployed, which takes long.
    UnderWay,
    /// Taken as it is.
    Taken,
    /// Refused as it is.
    Refused { told: Told, again: Again },
}

#[derive(Clone, Debug)]
struct Told {
    reason: String,
    since: Timestamp,
}

/// When a refused file is wanted again, besides when it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    Never,
    WhenOthersChange,
    At(Timestamp),
}

impl Scan {
    /// Takes a listing in and answers which files to read now, the longest unchanged first: who came first keeps its claim.
    pub(super) fn listed(&mut self, now: Timestamp, listing: &[Sighting], pace: Pace) -> Vec<String> {
        for file in self.files.values_mut() {
            file.missed += 1;
        }
        let mut wanted = Vec::new();
        for Sighting { name, stamp } in listing {
            if self.seen(now, name, *stamp, pace) {
                wanted.push(name.clone());
            }
        }
        wanted.sort_by_key(|name| (self.files.get(name).and_then(|file| file.stamp.modified), name.clone()));
        wanted
    }

    /// Notes one file; whether to read it now.
    fn seen(&mut self, now: Timestamp, name: &str, stamp: Option<Stamp>, pace: Pace) -> bool {
        let Some(file) = self.files.get_mut(name) else {
            let Some(stamp) = stamp else { return false };
            let state = State::Wanted { told: None };
            self.files.insert(name.to_owned(), File { stamp, since: now, state, missed: 0, holds: None });
            return pace == Pace::AtOnce;
        };
        file.missed = 0;
        let Some(stamp) = stamp else { return false };
        if stamp != file.stamp {
            (file.stamp, file.since, file.state) = (stamp, now, State::Wanted { told: None });
            return pace == Pace::AtOnce;
        }
        if let State::Refused { told, again: Again::At(time) } = &file.state
            && *time <= now
        {
            file.state = State::Wanted { told: Some(told.clone()) };
        }
        matches!(file.state, State::Wanted { .. })
    }

    /// Judges what was read. A file that is deployed already is judged again when it is read again.
    pub(super) fn examined<'a>(&self, name: &str, now: Timestamp, content: &'a Content) -> Verdict<'a> {
        let Some(file) = self.files.get(name) else { return Verdict::Wait };
        let (stamp, bytes) = match content {
            Content::Changed => return Verdict::Wait,
            Content::Unreadable(reason) => return Verdict::Refuse(reason.clone()),
            Content::Bytes(stamp, bytes) => (stamp, bytes),
        };
        if *stamp != file.stamp {
            return Verdict::Wait;
        }
        let anatomy = anatomy::of(bytes);
        let may_grow = matches!(anatomy, Anatomy::CutOff | Anatomy::Empty);
        if may_grow && now.0 < file.since.0.saturating_add(CUT_OFF_MS_MAX) {
            return Verdict::Wait;
        }
        anatomy.complaint(bytes).map_or(Verdict::Deploy(bytes), Verdict::Refuse)
    }

    /// Notes what became of a file, and answers the reason if it is one that nobody was told yet.
    pub(super) fn answered(&mut self, name: &str, now: Timestamp, answer: Result<Deployed, Refusal>) -> Option<String> {
        let file = self.files.get_mut(name)?;
        let (reason, again) = match answer {
            Ok(deployed) => {
                file.state = State::Taken;
                let changed = file.holds.replace(deployed.digest) != Some(deployed.digest);
                if changed {
                    self.others_changed();
                }
                return None;
            }
            Err(Refusal::Broken(reason)) => (reason, Again::Never),
            Err(Refusal::Clash(reason)) => (reason, Again::WhenOthersChange),
            Err(Refusal::Later(reason)) => (reason, Again::At(now.plus_ms(RETRY_MS))),
        };
        let before = match &file.state {
            State::Wanted { told } => told.as_ref(),
            State::Refused { told, .. } => Some(told),
            State::UnderWay | State::Taken => None,
        };
        let known = before.filter(|told| told.reason == reason).cloned();
        let news = known.is_none().then(|| reason.clone());
        let told = known.unwrap_or(Told { reason, since: now });
        file.state = State::Refused { told, again };
        news
    }

    /// Notes that a file is being deployed, and that its answer comes later.
    pub(super) fn goes_on(&mut self, name: &str) {
        if let Some(file) = self.files.get_mut(name) {
            file.state = State::UnderWay;
        }
    }

    /// Notes what became of a file that took long.
    pub(super) fn came(&mut self, name: &str, now: Timestamp, answer: Result<Deployed, Refusal>) -> Came {
        let Some(file) = self.files.get_mut(name) else { return Came::TooLate };
        if matches!(file.state, State::UnderWay) {
            return Came::Answered(self.answered(name, now, answer));
        }
        // It changed meanwhile, and its new bytes are wanted; these are deployed until then.
        if let Ok(deployed) = answer {
            file.holds = Some(deployed.digest);
            self.others_changed();
        }
        Came::Answered(None)
    }

    /// Forgets the files that are gone and answers them.
    pub(super) fn gone(&mut self, pace: Pace) -> Vec<Gone> {
        let misses = if pace == Pace::AtOnce { 1 } else { MISSES };
        let names: Vec<String> = self.files.iter().filter(|(_, file)| file.missed >= misses).map(|(name, _)| name.clone()).collect();
        let forgotten: Vec<(String, Option<Digest>)> =
            names.into_iter().filter_map(|name| self.files.remove(&name).map(|file| (name, file.holds))).collect();
        if !forgotten.is_empty() {
            self.others_changed();
        }
        forgotten
            .into_iter()
            .map(|(file, held)| Gone { twins: held.map(|digest| self.holders(digest)).unwrap_or_default(), file })
            .collect()
    }

    /// The files that are deployed with these bytes, the newest last: whoever is deployed last holds the module.
    fn holders(&self, digest: Digest) -> Vec<String> {
        let holds = |file: &File| file.holds == Some(digest) && matches!(file.state, State::Taken) && file.missed == 0;
        let mut names: Vec<(&String, &File)> = self.files.iter().filter(|(_, file)| holds(file)).collect();
        names.sort_by_key(|(_, file)| Reverse(file.stamp.modified));
        names.into_iter().take(1).map(|(name, _)| name.clone()).collect()
    }

    /// What stood in somebody's way may be gone now.
    fn others_changed(&mut self) {
        for file in self.files.values_mut() {
            if let State::Refused { told, again: Again::WhenOthersChange } = &file.state {
                file.state = State::Wanted { told: Some(told.clone()) };
            }
        }
    }

    /// The files that are refused at present, and those that are tried again but were refused before.
    pub(super) fn refused(&self) -> Vec<RefusedFile> {
        let told = |file: &File| match &file.state {
            State::Refused { told, .. } | State::Wanted { told: Some(told) } => Some(told.clone()),
            State::Wanted { told: None } | State::UnderWay | State::Taken => None,
        };
        let refused = |(name, told): (&String, Told)| RefusedFile { file: name.clone(), reason: told.reason, since: told.since };
        self.files.iter().filter_map(|(name, file)| told(file).map(|told| (name, told))).map(refused).collect()
    }
}

#[cfg(test)]
mod tests;
