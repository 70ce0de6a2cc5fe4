//! What a run has recorded, decided again by the engine's own replay: nothing may be lost, and nothing may come out otherwise.
//! The judge has decided everything again by rules of its own before; here it is the replay that is judged.

use std::ops::ControlFlow;
use std::sync::Arc;

use procession_engine::model::decision::{Context, Decision, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::json::Json;
use procession_engine::model::time::Timestamp;
use procession_engine::model::view::View;
use procession_engine::ports::clock::Clock;
use procession_engine::ports::definition::{Decider, Definition, GuestError, Module as Loaded, Role};
use procession_engine::replay::{Difference, Finding, Replay, What};
use procession_store_memory::MemoryStore;

use crate::definitions::{Module, Part, Rules, Story, view};
use crate::judge::{Invariant, Judge};

/// Decides everything again with every module; the judge hears of what does not fit.
pub(crate) fn decided_again(contents: &MemoryStore, modules: &[Module], judge: &Judge) {
    for module in modules {
        let Part::Rules(rules) = module.part else { continue };
        let role = Role::Process(Arc::new(Pure(rules)));
        let loaded = Loaded { digest: module.digest(), manifest: Arc::clone(&module.manifest), role };
        let finds = |what: String| judge.finds(Invariant::DecidingAgainIsTheSame, what);
        match Replay::of(&loaded, contents, contents, &Still).run(&mut |_| ControlFlow::Continue(())) {
            Ok(report) => {
                report.findings().filter(|finding| is_wrong(finding, module)).for_each(|finding| finds(finding.to_string()));
                if report.total.decisions_lost > 0 {
                    finds(format!("{} decisions on {} cannot be put together", report.total.decisions_lost, module.bytes));
                }
            }
            Err(error) => finds(format!("the histories of {} cannot be decided again: {error}", module.bytes)),
        }
    }
}

/// Another version may decide otherwise, and so may a guest that once decided by chance.
fn is_wrong(finding: &Finding, module: &Module) -> bool {
    let is_own = finding.decided_by.as_ref().is_none_or(|category| *category == module.manifest.category);
    let is_odd = matches!(&finding.what, What::DecidesOtherwise(Difference { path, .. }) if path == "data/odd");
    is_own && !is_odd
}

/// The rules without anything that breaks.
struct Pure(Rules);

struct Actor(Rules, Story);

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
}

impl Definition for Pure {
    fn restore(&self, _: Option<&Json>) -> Result<Box<dyn Decider>, GuestError> {
        Ok(Box::new(Actor(self.0, Story::default())))
    }
}

impl Decider for Actor {
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        events.iter().for_each(|event| self.1.take(event));
        Ok(())
    }

    fn decide(&mut self, context: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
        Ok((self.0.decide)(&self.1, context, trigger))
    }

    fn look(&mut self) -> Result<View, GuestError> {
        Ok(view(&self.0, &self.1))
    }

    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        Ok(None)
    }
}
