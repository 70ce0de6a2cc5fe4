//! Promises of a store that are broken on purpose, to show that the simulation finds it.
//! The engine is never touched: a store that cheats is enough to break every invariant.

use std::fmt;

use procession_engine::model::commit::Commit;
use procession_engine::model::process::DeliveryState;

/// A promise that the simulated store breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Sabotage {
    /// A commit is reported as durable when it is applied, before the sync.
    AcknowledgeBeforeSync,
    /// A read shows what is not durable, and the barrier says that it is.
    BarrierLies,
    /// One timer in four is not kept.
    LoseATimer,
    /// One recorded message in four is not kept.
    LoseAMessage,
    /// One message in four stays undelivered although it had its effect.
    DeliverTwiceWithoutCheck,
    /// One receipt in four is not kept.
    ForgetAReceipt,
    /// Now and then an event is recorded one version too far.
    SkipAVersion,
    /// Now and then a row keeps the view that it had before.
    KeepAnOldView,
    /// Undelivered messages are read latest first.
    ReadBackward,
    /// Timers are kept as due a second early.
    RingEarly,
    /// Now and then the seed that is recorded is not the one that was used.
    MixUpASeed,
    /// After a crash, the last commit is there in part: its events, and not what follows from them.
    TearACommit,
    /// A stale commit is taken all the same, at the revision that is there.
    TakeStaleCommits,
}

impl Sabotage {
    /// Every way to cheat.
    pub const ALL: [Self; 13] = [
        Self::AcknowledgeBeforeSync,
        Self::BarrierLies,
        Self::LoseATimer,
        Self::LoseAMessage,
        Self::DeliverTwiceWithoutCheck,
        Self::ForgetAReceipt,
        Self::SkipAVersion,
        Self::KeepAnOldView,
        Self::ReadBackward,
        Self::RingEarly,
        Self::MixUpASeed,
        Self::TearACommit,
        Self::TakeStaleCommits,
    ];

    /// What the cheating store writes instead of a commit; `number` counts commits.
    pub(crate) fn spoil(self, commit: &mut Commit, number: u64) {
        let now_and_then = number % 4 == 3;
        match self {
            Self::LoseATimer if now_and_then => commit.timers_set.clear(),
            Self::LoseAMessage if now_and_then => commit.undelivered.retain(|one| one.state != DeliveryState::Due),
            Self::DeliverTwiceWithoutCheck if now_and_then => commit.delivered.clear(),
            Self::ForgetAReceipt if now_and_then => commit.receipt = None,
            Self::RingEarly => {
                let early = |due: &mut procession_engine::model::time::Timestamp| due.0 = due.0.saturating_sub(1_000);
                commit.timers_set.iter_mut().for_each(|timer| early(&mut timer.key.due));
                commit.timers_cleared.iter_mut().for_each(|key| early(&mut key.due));
            }
            Self::MixUpASeed if now_and_then => {
                commit.entry.iter_mut().flat_map(|entry| &mut entry.decisions).for_each(|decision| decision.seed ^= 1);
            }
            _ => {}
        }
    }

    /// What is written of a commit whose last decision lands one version too far.
    pub(crate) fn skip_a_version(commit: &mut Commit) {
        let Some(entry) = &mut commit.entry else { return };
        let Some(last) = entry.decisions.last_mut().filter(|last| last.first_version > 3) else { return };
        last.first_version += 1;
    }

    /// What is left of a commit that was torn by a crash.
    pub(crate) fn torn(commit: &mut Commit) {
        commit.undelivered.clear();
        commit.timers_set.clear();
    }
}

impl fmt::Display for Sabotage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = clap::ValueEnum::to_possible_value(self);
        out.pad(name.as_ref().map_or("", |name| name.get_name()))
    }
}
