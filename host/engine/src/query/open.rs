//! What is open: processes that have not ended, those among them that are stuck, and the messages that wait for an operator.
//! Each call looks at a bounded number of rows, however many there are.

use super::{Page, Query, READ_AT_ONCE, ROWS_PER_PAGE_MAX};
use crate::model::id::ProcessId;
use crate::model::process::{DeliveryState, ProcessRow, Undelivered};
use crate::model::view::Phase;
use crate::ports::store::StoreError;

/// The phases of a process that has not ended.
const OPEN: [Phase; 2] = [Phase::Running, Phase::Compensating];

/// Open processes in order of id, all up to the last of them.
struct Stretch {
    rows: Vec<ProcessRow>,
    is_last: bool,
}

/// What is open, counted a bounded number of rows at a time.
/// Where there are more rows than that the numbers are of different moments, some calls apart.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Processes under way.
    pub running: u64,
    /// Processes that undo what was done.
    pub compensating: u64,
    /// Processes whose messages wait because one of them cannot be processed.
    pub parked: u64,
    /// Processes that nothing will move.
    pub stuck: u64,
    /// Messages that cannot be processed.
    pub dead: u64,
    /// Messages that no definition handles.
    pub unhandled: u64,
    /// Messages that wait for their next attempt.
    pub retrying: u64,
    place: Place,
}

/// How far a survey has come.
#[derive(Clone, Debug, Default)]
enum Place {
    #[default]
    Beginning,
    Processes(ProcessId),
    Messages(Option<(ProcessId, u64)>),
    End,
}

impl Survey {
    /// Whether everything was looked at.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self.place, Place::End)
    }
}

impl Query {
    /// Processes that have not ended and for which nothing is under way: no timer, no deadline, no message. Nobody but a caller can move them.
    /// At most `limit`, those after `after`, in order of id.
    /// A page may be short, even empty, although there are more: `next` says so.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read or made durable.
    pub async fn stuck(&self, after: Option<&ProcessId>, limit: usize) -> Result<Page, StoreError> {
        let mut after = after.cloned();
        let (mut rows, mut seen) = (Vec::new(), 0);
        let next = loop {
            let Stretch { rows: open, is_last } = self.open_after(after.as_ref())?;
            seen += open.len();
            for row in open {
                if rows.len() == limit {
                    break;
                }
                after = Some(row.id.clone());
                if self.is_stuck(&row)? {
                    rows.push(row);
                }
            }
            if rows.len() == limit || (seen >= ROWS_PER_PAGE_MAX && !is_last) {
                break after;
            }
            if is_last {
                break None;
            }
        };
        self.settled(Page { rows, next }).await
    }

    /// Goes on with a survey by about `rows_max` rows. It counts what is applied, and promises nothing: numbers for a graph.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read.
    pub fn survey(&self, survey: &mut Survey, rows_max: usize) -> Result<(), StoreError> {
        let mut seen = 0;
        while seen < rows_max && !survey.is_complete() {
            seen += match survey.place.clone() {
                Place::Beginning => self.survey_processes(survey, None)?,
                Place::Processes(after) => self.survey_processes(survey, Some(&after))?,
                Place::Messages(after) => self.survey_messages(survey, after)?,
                Place::End => 0,
            };
        }
        Ok(())
    }

    fn survey_processes(&self, survey: &mut Survey, after: Option<&ProcessId>) -> Result<usize, StoreError> {
        let Stretch { rows, is_last } = self.open_after(after)?;
        for row in &rows {
            let is_compensating = row.root().is_some_and(|root| root.view.phase == Phase::Compensating);
            *(if is_compensating { &mut survey.compensating } else { &mut survey.running }) += 1;
            survey.parked += u64::from(row.parked.is_some());
            survey.stuck += u64::from(self.is_stuck(row)?);
        }
        survey.place = match rows.last() {
            Some(last) if !is_last => Place::Processes(last.id.clone()),
            _ => Place::Messages(None),
        };
        Ok(rows.len())
    }

    fn survey_messages(&self, survey: &mut Survey, after: Option<(ProcessId, u64)>) -> Result<usize, StoreError> {
        let kept = self.store.undelivered(None, after, READ_AT_ONCE)?;
        for one in &kept {
            match one.state {
                DeliveryState::Dead => survey.dead += 1,
                DeliveryState::Unhandled => survey.unhandled += 1,
                DeliveryState::Retrying(_) => survey.retrying += 1,
                DeliveryState::Due | DeliveryState::Deferred(_) | DeliveryState::Parked => {}
            }
        }
        let place = |last: &Undelivered| Place::Messages(Some((last.owner.clone(), last.seq)));
        survey.place = if kept.len() < READ_AT_ONCE { Place::End } else { kept.last().map_or(Place::End, place) };
        Ok(kept.len())
    }

    fn is_stuck(&self, row: &ProcessRow) -> Result<bool, StoreError> {
        Ok(row.is_silent() && self.store.undelivered(Some(&row.id), None, 1)?.is_empty())
    }

    /// The rows of both phases together, up to where both were read.
    fn open_after(&self, after: Option<&ProcessId>) -> Result<Stretch, StoreError> {
        let (mut rows, mut horizon) = (Vec::new(), None::<ProcessId>);
        for phase in OPEN {
            let page = self.store.processes(Some(phase), after, READ_AT_ONCE)?;
            if let Some(last) = page.last().filter(|_| page.len() == READ_AT_ONCE) {
                horizon = Some(horizon.map_or_else(|| last.id.clone(), |horizon| horizon.min(last.id.clone())));
            }
            rows.extend(page);
        }
        rows.retain(|row: &ProcessRow| horizon.as_ref().is_none_or(|horizon| row.id <= *horizon));
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Stretch { rows, is_last: horizon.is_none() })
    }
}
