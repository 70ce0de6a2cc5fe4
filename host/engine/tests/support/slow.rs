//! Definitions some of whose calls take longer than a slice.

use std::sync::Arc;

use procession_engine::model::decision::{Context, Decision, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::json::Json;
use procession_engine::model::view::View;
use procession_engine::ports::definition::{Decider, Definition, GuestError, Pace};

use super::word;

/// Says of a call, such as `evolve` or `decide PlaceOrder`, whether it takes longer than a slice.
pub type IsSlow = fn(&str) -> bool;

pub struct Slow {
    pub inner: Arc<dyn Definition>,
    pub is_slow: IsSlow,
}

struct SlowDecider {
    inner: Box<dyn Decider>,
    is_slow: IsSlow,
    pace: Pace,
}

impl Definition for Slow {
    fn restore(&self, snapshot: Option<&Json>) -> Result<Box<dyn Decider>, GuestError> {
        self.restore_at(snapshot, Pace::Whole)
    }

    fn restore_at(&self, snapshot: Option<&Json>, pace: Pace) -> Result<Box<dyn Decider>, GuestError> {
        in_time(self.is_slow, pace, "restore")?;
        Ok(Box::new(SlowDecider { inner: self.inner.restore(snapshot)?, is_slow: self.is_slow, pace }))
    }
}

pub fn in_time(is_slow: IsSlow, pace: Pace, call: &str) -> Result<(), GuestError> {
    if pace == Pace::Slice && is_slow(call) { Err(GuestError::Overlong) } else { Ok(()) }
}

impl Decider for SlowDecider {
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        in_time(self.is_slow, self.pace, "evolve")?;
        self.inner.evolve(events)
    }

    fn decide(&mut self, context: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
        in_time(self.is_slow, self.pace, &format!("decide {}", word(trigger)))?;
        self.inner.decide(context, trigger)
    }

    fn look(&mut self) -> Result<View, GuestError> {
        in_time(self.is_slow, self.pace, "look")?;
        self.inner.look()
    }

    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        in_time(self.is_slow, self.pace, "snapshot")?;
        self.inner.snapshot()
    }

    fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }
}
