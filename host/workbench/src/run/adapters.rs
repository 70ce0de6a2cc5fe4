//! Scenarios of routers and adapters: a request or a command comes, and the answer is compared.
//! They have no state, so the only promise that is held is that they answer the same again.

use procession_engine::ports::definition::{Classifier, Connector, GuestError, Pace};

use super::stage::{Stage, not_for};
use super::{Failure, Played};
use crate::bench::Answer;
use crate::checks::Promise;
use crate::compare;
use crate::scenario::{Scenario, Step, Then, When};
use crate::show;

pub(super) fn play_router(stage: &mut Stage<'_>, classifier: &dyn Classifier, scenario: &Scenario) -> Played {
    each_step(stage, scenario, |stage, when| {
        let Some(When::Request(request)) = when else { return not_for("a router", when) };
        let ask = || classifier.classify(&stage.settings, &stage.context(), &stage.message(request), &stage.loaded, Pace::Whole);
        let answered = ask().map(|chosen| chosen.map_or_else(Answer::Rejected, Answer::Starts));
        let again = ask().map(|chosen| chosen.map_or_else(Answer::Rejected, Answer::Starts));
        Ok((format!("request {}", request.kind.0), answered, again))
    })
}

pub(super) fn play_adapter(stage: &mut Stage<'_>, connector: &dyn Connector, scenario: &Scenario) -> Played {
    each_step(stage, scenario, |stage, when| {
        let Some(When::Command(command)) = when else { return not_for("an adapter", when) };
        let ask = || connector.handle(&stage.settings, &stage.context(), &stage.message(command), Pace::Whole).map(Answer::Replies);
        Ok((format!("command {}", command.kind.0), ask(), ask()))
    })
}

/// What happened, what was answered, and what was answered the second time.
type Asked = (String, Result<Answer, GuestError>, Result<Answer, GuestError>);

fn each_step(stage: &mut Stage<'_>, scenario: &Scenario, ask: impl Fn(&Stage<'_>, Option<&When>) -> Played<Asked>) -> Played {
    for step in &scenario.steps {
        stage.enter(step);
        let (when, answered, again) = ask(stage, step.when.as_ref()).map_err(|failure| stage.locate(*failure, "", Vec::new()))?;
        let judged = judge(stage, step, &answered).and_then(|()| if answered == again { Ok(()) } else { Err(otherwise(again)) });
        judged.map_err(|failure| stage.locate(*failure, &when, Vec::new()))?;
        stage.seed = stage.seed.wrapping_add(1);
    }
    Ok(())
}

fn judge(stage: &Stage<'_>, step: &Step, answered: &Result<Answer, GuestError>) -> Played {
    if step.look.is_some() {
        return Err(Box::new(Failure::saying("only a process can be looked at")));
    }
    let (differences, decided) = match (answered, &step.then) {
        (Err(error), Some(Then::Fault(wanted))) => (compare::of_fault(wanted, error), show::fault(error)),
        (Err(error), _) => return Err(Box::new(Failure::broken(error))),
        (Ok(_), None) => return Ok(()),
        (Ok(answer), Some(then)) => (compare::of_answer(then, answer, &stage.process, stage.now), show::answer(answer)),
    };
    if differences.is_empty() { Ok(()) } else { Err(Box::new(Failure { differences, decided: Some(decided), ..Failure::default() })) }
}

fn otherwise(again: Result<Answer, GuestError>) -> Box<Failure> {
    let decided = Some(again.map_or_else(|error| show::fault(&error), |answer| show::answer(&answer)));
    Box::new(Failure {
        decided,
        promise: Some(Promise::Pure),
        ..Failure::saying("pure: the same call was answered otherwise the second time")
    })
}
