//! The carriers: what they have promised, and how their answers travel.
//!
//! What they answer is the stub's business.

use std::collections::BTreeSet;

use procession_sdk::contract::{Context, Fault, Manifest, Message, Reply};
use procession_sdk::{Adapter, Ids, adapter};
use serde_json::Value;

/// How answers travel.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Travel {
    /// As the carriers send them.
    Straight,
    /// Each one arrives twice, the second time three seconds later.
    Twice,
    /// Each one takes its own time, so that they overtake each other and come after deadlines; some arrive twice.
    Scattered(u64),
}

/// How long a scattered answer takes, in milliseconds: at once, before and after a deadline, after everything.
const DELAYS_MS: [u64; 8] = [0, 0, 1, 500, 9_000, 10_000, 11_000, 26_000];

pub(crate) struct Carriers {
    pub(crate) manifest: Manifest,
    handle: fn(&str, &Context, &Message) -> Result<Vec<Reply>, Fault>,
    travel: Travel,
    drawn: Ids,
    /// Tracking numbers and booking references that carriers have given and not taken back.
    pub(crate) promises: BTreeSet<String>,
    /// What they have taken back, in order.
    pub(crate) taken_back: Vec<String>,
}

impl Carriers {
    pub(crate) fn of<A: Adapter>(travel: Travel) -> Self {
        let seed = if let Travel::Scattered(seed) = travel { seed } else { 0 };
        Self {
            manifest: A::manifest(),
            handle: adapter::handle::<A>,
            travel,
            drawn: Ids::from_seed(seed),
            promises: BTreeSet::new(),
            taken_back: Vec::new(),
        }
    }

    pub(crate) fn take(&self, kind: &str) -> bool {
        self.manifest.handles.iter().any(|handled| handled == kind)
    }

    /// What they answer, in the order and with the delays in which it arrives.
    pub(crate) fn ask(&mut self, ctx: &Context, command: &Message) -> Vec<Reply> {
        let replies = (self.handle)("{}", ctx, command).expect("an answer");
        replies.iter().for_each(|reply| self.note(reply));
        replies.into_iter().flat_map(|reply| self.arrivals(reply)).collect()
    }

    fn note(&mut self, reply: &Reply) {
        assert!(self.manifest.sends.contains(&reply.kind));
        let data: Value = serde_json::from_str(&reply.data).expect("JSON");
        let Some(name) = data["trackingNumber"].as_str().or(data["bookingReference"].as_str()).map(str::to_owned) else { return };
        if reply.kind.contains("Cancelled") {
            // A carrier may be asked again before its first answer has come.
            if self.promises.remove(&name) {
                self.taken_back.push(name);
            }
        } else {
            self.promises.insert(name);
        }
    }

    fn arrivals(&mut self, reply: Reply) -> Vec<Reply> {
        let later = |ms: u64| Reply { after: reply.after + ms, ..reply.clone() };
        match self.travel {
            Travel::Straight => vec![reply],
            Travel::Twice => vec![later(0), later(3_000)],
            Travel::Scattered(_) => {
                let mut delay = || DELAYS_MS[usize::try_from(self.drawn.number() % DELAYS_MS.len() as u64).expect("small")];
                let first = later(delay());
                let again = later(delay());
                if self.drawn.number().is_multiple_of(3) { vec![first, again] } else { vec![first] }
            }
        }
    }
}
