//! What a replay comes to: counts, in all and for each category, and the first findings of each class.
//! The same histories give the same report, in whatever order threads look at them.

use std::collections::BTreeMap;

use super::compare::Difference;
use super::which::Chosen;
use crate::model::id::{Category, Digest, MessageId, StreamName, Suffix};

/// Numbers of histories and decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Histories that were looked at.
    pub histories: u64,
    /// Those of them that have not ended.
    pub pending: u64,
    /// Histories that the module cannot fold.
    pub not_folded: u64,
    /// Histories that fold, and in which something is decided otherwise or breaks.
    pub otherwise: u64,
    /// Histories that fold and decide the same throughout.
    pub same: u64,
    /// Histories that came out better in an instance of their own: the definition keeps something outside its events.
    pub unsteady: u64,
    /// Recorded decisions.
    pub decisions: u64,
    /// Decisions that come out the same.
    pub decisions_same: u64,
    /// Those of them whose JSON is spelled otherwise.
    pub decisions_spelled_otherwise: u64,
    /// Decisions that come out otherwise.
    pub decisions_otherwise: u64,
    /// Decisions on which the module breaks.
    pub decisions_broken: u64,
    /// Decisions that were not made, since the module broke or did not fold before them.
    pub decisions_not_made: u64,
    /// Decisions whose trigger the log does not tell. There should be none.
    pub decisions_lost: u64,
}

impl Counts {
    /// Says what these counts of one history make of it.
    pub(super) fn judge(&mut self, has_ended: bool) {
        if self.decisions == 0 {
            return;
        }
        self.histories = 1;
        self.pending = u64::from(!has_ended);
        let differs = self.decisions_otherwise + self.decisions_broken + self.decisions_not_made + self.decisions_lost > 0;
        self.otherwise = u64::from(differs && self.not_folded == 0);
        self.same = u64::from(!differs && self.not_folded == 0);
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.histories, other.histories),
            (&mut self.pending, other.pending),
            (&mut self.not_folded, other.not_folded),
            (&mut self.otherwise, other.otherwise),
            (&mut self.same, other.same),
            (&mut self.unsteady, other.unsteady),
            (&mut self.decisions, other.decisions),
            (&mut self.decisions_same, other.decisions_same),
            (&mut self.decisions_spelled_otherwise, other.decisions_spelled_otherwise),
            (&mut self.decisions_otherwise, other.decisions_otherwise),
            (&mut self.decisions_broken, other.decisions_broken),
            (&mut self.decisions_not_made, other.decisions_not_made),
            (&mut self.decisions_lost, other.decisions_lost),
        ];
        pairs.into_iter().for_each(|(own, more)| *own += more);
    }

    /// Histories that fold.
    #[must_use]
    pub fn folded(&self) -> u64 {
        self.histories - self.not_folded
    }
}

/// Something about one history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The history.
    pub stream: StreamName,
    /// The category that it is on now.
    pub category: Category,
    /// Whether it has come to its end.
    pub has_ended: bool,
    /// The first version of the decision, or of the event that does not fold; 0 where no single event is to blame.
    pub version: u64,
    /// The category that decided it.
    pub decided_by: Option<Category>,
    /// What the decision answered, or what the event is, in a word.
    pub trigger: String,
    /// The id of the message or event that the decision answered.
    pub cause: Option<MessageId>,
    /// What is to be told.
    pub what: What,
}

/// What a finding tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The module cannot fold the history.
    DoesNotFold {
        /// What the guest says.
        error: String,
    },
    /// The module breaks on the decision.
    Breaks {
        /// What the guest says.
        error: String,
    },
    /// The module decides otherwise.
    DecidesOtherwise(Difference),
    /// The log does not tell what led to the decision.
    Lost {
        /// What is missing.
        why: String,
    },
}

/// The kind of a finding; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// See [`What::DoesNotFold`].
    DoesNotFold,
    /// See [`What::Breaks`].
    Breaks,
    /// See [`What::DecidesOtherwise`].
    DecidesOtherwise,
    /// See [`What::Lost`].
    Lost,
}

impl Finding {
    pub(super) fn of(
        chosen: &Chosen,
        version: u64,
        decided_by: Option<&Category>,
        trigger: &str,
        cause: Option<&MessageId>,
        what: What,
    ) -> Self {
        let Chosen { stream, category, has_ended } = chosen.clone();
        let (decided_by, trigger, cause) = (decided_by.cloned(), trigger.to_owned(), cause.cloned());
        Self { stream, category, has_ended, version, decided_by, trigger, cause, what }
    }

    /// Its class.
    #[must_use]
    pub fn class(&self) -> Class {
        match self.what {
            What::DoesNotFold { .. } => Class::DoesNotFold,
            What::Breaks { .. } => Class::Breaks,
            What::DecidesOtherwise(_) => Class::DecidesOtherwise,
            What::Lost { .. } => Class::Lost,
        }
    }

    fn place(&self) -> (String, u64) {
        (self.stream.to_string(), self.version)
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { stream, version, trigger, .. } = self;
        match &self.what {
            What::DoesNotFold { error } => write!(out, "{stream} does not fold at version {version} ({trigger}): {error}"),
            What::Breaks { error } => write!(out, "{stream} at version {version}: it breaks on {trigger}: {error}"),
            What::Lost { why } => write!(out, "{stream} at version {version}: {why}"),
            What::DecidesOtherwise(Difference { place, path, recorded, decided }) => {
                let path = if path.is_empty() { String::new() } else { format!(" {path}") };
                write!(out, "{stream} at version {version}, on {trigger}: {place}{path} was {recorded}, is now {decided}")
            }
        }
    }
}

/// What a replay comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What the module says it is.
    pub category: Category,
    /// The module.
    pub module: Digest,
    /// The suffix of the streams.
    pub suffix: Suffix,
    /// The last position of the log that was looked at.
    pub until: u64,
    /// Whether a limit on time ended it before everything chosen was looked at.
    pub was_cut_short: bool,
    /// All histories together.
    pub total: Counts,
    /// By the category that a history is on now.
    pub by_category: BTreeMap<Category, Counts>,
    /// Microseconds that it took.
    pub took_us: u64,
    findings: BTreeMap<(Class, Category), BTreeMap<(String, u64), Finding>>,
    findings_max: usize,
}

impl Report {
    pub(super) fn begin(category: Category, module: Digest, suffix: Suffix, until: u64, findings_max: usize) -> Self {
        Self {
            category,
            module,
            suffix,
            until,
            was_cut_short: false,
            total: Counts::default(),
            by_category: BTreeMap::new(),
            took_us: 0,
            findings: BTreeMap::new(),
            findings_max,
        }
    }

    pub(super) fn add(&mut self, category: &Category, counts: &Counts, findings: Vec<Finding>) {
        if counts.histories == 0 {
            return;
        }
        self.total.add(counts);
        self.by_category.entry(category.clone()).or_default().add(counts);
        findings.into_iter().for_each(|finding| self.keep(finding));
    }

    /// Findings, the worst class first, each in order of stream and version; of every class and category at most as many as were asked for.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.values().flat_map(BTreeMap::values)
    }

    /// Decisions a second.
    #[must_use]
    pub fn decisions_per_second(&self) -> u64 {
        self.total.decisions.saturating_mul(1_000_000) / self.took_us.max(1)
    }

    fn keep(&mut self, finding: Finding) {
        let kept = self.findings.entry((finding.class(), finding.category.clone())).or_default();
        kept.insert(finding.place(), finding);
        if kept.len() > self.findings_max {
            kept.pop_last();
        }
    }
}
