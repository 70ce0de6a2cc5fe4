//! Work of which something is made apart: it waits in its lane, first of all that waits there, and is done once more when that is back.
//! Other processes of this worker go on meanwhile; that is what it is for.

use super::Worker;
use crate::flow::apart::{Came, Errand, Made};
use crate::flow::chain::Halt;
use crate::flow::inbox::Work;
use crate::flow::lanes::Lane;
use crate::model::process::ProcessRow;

/// Work that did not come to its end, the row as it was before, and why.
pub(super) struct Undone {
    pub(super) work: Work,
    pub(super) before: ProcessRow,
    pub(super) halt: Halt,
}

impl Worker {
    /// Puts a lane back after work that did not come to its end; it is as it was before the work.
    pub(super) fn put_back(&mut self, mut lane: Lane, undone: Undone) {
        let Undone { work, before, halt } = undone;
        match halt {
            Halt::Apart(errand) => {
                // Nothing was staged, so what other streams have folded is right.
                lane.row = before;
                self.wait_apart(&mut lane, work, *errand);
            }
            Halt::Again => {
                Self::abandon(&mut lane, before);
                self.lanes.put(lane);
                // At once, before anything that comes behind it. It ends, since every time one more definition is known to be slow.
                return match work {
                    Work::Deliver(_) | Work::Fire(_) => self.now(work),
                    other => self.work(other),
                };
            }
            Halt::Store(error) => {
                Self::abandon(&mut lane, before);
                self.put_off(work, &error);
            }
        }
        self.lanes.put(lane);
    }

    /// Lets work wait until something is made for it.
    fn wait_apart(&mut self, lane: &mut Lane, work: Work, errand: Errand) {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        lane.waiting.push_front(work);
        lane.apart = Some(ticket);
        self.apart.insert(lane.row.id.clone());
        self.shared.apart.take(Errand { ticket, ..errand });
    }

    /// Something was made apart: what waits for it goes on.
    pub(super) fn made(&mut self, made: Made) {
        let Made { process, ticket, came } = made;
        let waits_for = self.lanes.peek(&process).and_then(|lane| lane.apart);
        if waits_for.is_none_or(|wanted| wanted == ticket) {
            self.apart.remove(&process);
        }
        // Where a commit failed meanwhile, this builds on what did not happen, and nothing waits for it any more.
        let Some(lane) = self.lanes.get(&process).filter(|_| waits_for == Some(ticket)) else { return };
        lane.apart = None;
        match came {
            Some(Came::Turn(turn)) => lane.made = Some(turn),
            Some(Came::Router(routed)) => lane.routed = Some(routed),
            Some(Came::Adapter(called)) => lane.called = Some(called),
            None => {}
        }
        self.release(&process);
    }
}
