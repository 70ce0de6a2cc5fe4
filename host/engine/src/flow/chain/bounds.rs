//! What one stream may have under way at once, and what one definition may send while much is on its way already.
//! Held against a decision before it is staged: beyond a bound it is an error of its definition, and its process is parked.

use super::Chain;
use crate::flow::outbox::Target;
use crate::flow::turn::Outcome;
use crate::model::commit::DecisionRecord;
use crate::model::decision::Effect;
use crate::ports::definition::GuestError;

impl Chain<'_> {
    /// Whether the stream and the host have room for what a turn decided.
    pub(super) fn has_room_for(&self, target: &Target, outcome: &Outcome) -> Result<(), GuestError> {
        match outcome {
            Outcome::Accepted(decisions) => self.has_room_for_effects(target, decisions),
            Outcome::Deferred(_) => {
                let deferred = self.lane.row.stream(&target.suffix).map_or(0, |head| head.deferred.len());
                bound("messages that it puts off", deferred + 1, self.shared.limits.waits_per_stream_max)
            }
            Outcome::Ignored(_) | Outcome::Rejected(_) => Ok(()),
        }
    }

    fn has_room_for_effects(&self, target: &Target, decisions: &[DecisionRecord]) -> Result<(), GuestError> {
        let (mut timers, mut deadlines, mut sent) = (0, 0, 0);
        let head = self.lane.row.stream(&target.suffix);
        let is_set = |name: &String| head.is_some_and(|head| head.timers.iter().any(|timer| timer.name == *name));
        for effect in decisions.iter().flat_map(|decision| &decision.effects) {
            match effect {
                Effect::SetTimer { name, .. } => timers += usize::from(!is_set(name)),
                Effect::Send(command) => {
                    sent += 1;
                    deadlines += usize::from(command.expires_after_ms.is_some());
                }
                Effect::ClearTimer(_) => {}
            }
        }
        let (timers_before, deadlines_before) = head.map_or((0, 0), |head| (head.timers.len(), head.deadlines.len()));
        let most = self.shared.limits.waits_per_stream_max;
        if timers > 0 {
            bound("timers of one stream", timers_before + timers, most)?;
        }
        if deadlines > 0 {
            bound("answers that one stream waits for", deadlines_before + deadlines, most)?;
        }
        let many = |sent: u64| {
            GuestError::Limit(format!(
                "messages: it has sent {sent} more than it took in while the host has more than {} on their way; does it set off a chain reaction?",
                self.shared.limits.flood_messages
            ))
        };
        self.shared.flood.sent(&target.module, sent).map_err(many)
    }
}

fn bound(what: &str, found: usize, max: usize) -> Result<(), GuestError> {
    if found > max { Err(GuestError::Limit(format!("{what}: {found}, the most is {max}"))) } else { Ok(()) }
}
