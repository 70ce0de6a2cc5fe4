//! A request from outside: is it new, whom is it for, and what is answered.
//! A request that nothing is recorded of is refused or ignored, and its caller hears why.

use std::sync::Arc;

use super::Worker;
use super::apart::Undone;
use super::in_flight::{Echo, Job};
use super::resting;
use super::triggers::{cancel_reason, is_cancel, target_of};
use crate::error::Refusal;
use crate::flow::apart::{Errand, RouterErrand, What};
use crate::flow::asking;
use crate::flow::chain::{Chain, Failure, Halt, Verdict};
use crate::flow::inbox::{Answer, AnswerTo, Request, START_KEY, Unhandled, Work};
use crate::flow::lanes::Lane;
use crate::flow::outbox::{self, Target};
use crate::model::commit::Receipt;
use crate::model::decision::{Start, Trigger};
use crate::model::message::Message;
use crate::model::process::DeliveryState;
use crate::ports::definition::{Classifier, GuestError, Module, Pace, Role};
use crate::ports::store::{CommitError, StoreError};
use crate::registry::{Handler, Snapshot};

/// Whom a request is for; without a receiver, the text says why there is none.
type Receiver = Result<Vec<Target>, String>;

/// What is to be answered once the commit is durable, and for what the message waits.
type Response = (Receipt, Option<String>);

/// A request that leaves no trace, or not yet.
enum NotTaken {
    Refused(Refusal),
    Ignored(String),
    Halted(Halt),
}

impl From<Refusal> for NotTaken {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Halt> for NotTaken {
    fn from(halt: Halt) -> Self {
        match halt {
            // A caller hears at once of what recorded work waits for.
            Halt::Store(error) => Self::Refused(error.into()),
            halt => Self::Halted(halt),
        }
    }
}

impl Worker {
    pub(super) fn request(&mut self, request: Box<Request>, answer: AnswerTo) {
        let mut lane = match self.lanes.take(&request.process, &*self.shared.store) {
            Ok(lane) => lane,
            Err(error) => return Self::refuse(answer, error.into()),
        };
        if lane.is_held() {
            if lane.waiting.len() >= self.shared.limits.waiting_max {
                Self::refuse(answer, Refusal::Busy);
            } else {
                lane.waiting.push_back(Work::Request { request, answer });
            }
            return self.lanes.put(lane);
        }
        if let Some((request, answer)) = self.unless_seen_before(&mut lane, request, answer)
            && let Err(undone) = self.new_request(&mut lane, request, answer)
        {
            return self.put_back(lane, *undone);
        }
        lane.forget_made();
        self.lanes.put(lane);
    }

    /// Answers a request that was taken before, and gives back one that was not.
    fn unless_seen_before(&self, lane: &mut Lane, request: Box<Request>, answer: AnswerTo) -> Option<(Box<Request>, AnswerTo)> {
        if lane.row.revision == 0 {
            return Some((request, answer));
        }
        let key = request.key.as_deref().unwrap_or(START_KEY);
        let flying = lane.in_flight.iter().filter_map(|commit| commit.receipt.as_ref()).find(|receipt| receipt.key == key).cloned();
        let receipt = match flying.map_or_else(|| self.shared.store.receipt(&request.process, key), |receipt| Ok(Some(receipt))) {
            Ok(receipt) => receipt,
            Err(error) => {
                Self::refuse(answer, error.into());
                return None;
            }
        };
        match receipt {
            Some(receipt) if receipt.fingerprint == request.fingerprint() => {
                self.say(lane, request, answer, Ok(Answer::Duplicate(receipt)))
            }
            // A key that its caller chose stands for one request only; the host's own says nothing about a different one.
            Some(_) if request.key.is_some() => {
                let refusal = request.key_is_reused(key);
                self.say(lane, request, answer, Err(refusal));
            }
            Some(_) | None => return Some((request, answer)),
        }
        None
    }

    /// Takes a request that is new. An error is no answer: all of it is to be done once more, on the row as it was before.
    fn new_request(&mut self, lane: &mut Lane, request: Box<Request>, answer: AnswerTo) -> Result<(), Box<Undone>> {
        let shared = Arc::clone(&self.shared);
        let snapshot = shared.registry.snapshot();
        let mut message = self.message(lane, &request);
        let receiver = self.receiver(lane, &snapshot, &request, &mut message);
        let receiver = match receiver.and_then(|receiver| self.unless_resting(lane, &snapshot, receiver)) {
            Ok(receiver) => receiver,
            Err(NotTaken::Halted(halt)) => {
                let (work, before) = (Work::Request { request, answer }, lane.row.clone());
                return Err(Box::new(Undone { work, before, halt }));
            }
            Err(NotTaken::Ignored(reason)) => {
                self.say(lane, request, answer, Ok(Answer::Ignored(reason)));
                return Ok(());
            }
            Err(NotTaken::Refused(refusal)) => {
                self.say(lane, request, answer, Err(refusal));
                return Ok(());
            }
        };
        let begins = request.key.is_none() && lane.row.root().is_none() && receiver.is_ok();
        let is_start = match begins.then(|| self.start_is_taken(lane)).transpose() {
            Ok(taken) => taken == Some(false),
            Err(error) => {
                Self::refuse(answer, error.into());
                return Ok(());
            }
        };
        let before = lane.row.clone();
        let mut chain = Chain::new(&shared, &snapshot, lane, message.clone());
        let trigger = if is_cancel(&message) { Trigger::Cancel(cancel_reason(&message)) } else { Trigger::Message(message.clone()) };
        let response = take_in(&mut chain, &request, is_start, &trigger, message, receiver).and_then(|response| {
            chain.follow()?;
            Ok(response)
        });
        let said = match response {
            Ok((receipt, waits)) => {
                let is_kept = request.key.is_some() || is_start;
                chain.receipt = is_kept.then(|| receipt.clone());
                let job = Job::Request { request, answer, receipt, waits };
                let in_flight = self.submit(chain, job);
                lane.in_flight.push_back(in_flight);
                return Ok(());
            }
            Err(NotTaken::Halted(halt)) => return Err(Box::new(Undone { work: Work::Request { request, answer }, before, halt })),
            Err(NotTaken::Refused(refusal)) => Err(refusal),
            Err(NotTaken::Ignored(reason)) => Ok(Answer::Ignored(reason)),
        };
        // A process that exists keeps a note of what did not apply; of one that has not begun there is nothing to keep.
        if before.root().is_some() && chain.has_only_noted() {
            let in_flight = self.submit(chain, Job::Noted(Echo { request, answer, said }));
            lane.in_flight.push_back(in_flight);
        } else {
            drop(chain);
            Self::abandon(lane, before);
            self.say(lane, request, answer, said);
        }
        Ok(())
    }

    /// A caller is told where the definition rests, and comes again; a process that is parked anyway takes what comes.
    fn unless_resting(&self, lane: &Lane, snapshot: &Snapshot, receiver: Receiver) -> Result<Receiver, NotTaken> {
        if lane.row.parked.is_some() {
            return Ok(receiver);
        }
        let targets = receiver.as_deref().unwrap_or_default();
        match targets.iter().find_map(|target| Some((target.module, self.shared.waits_for(&target.module)?))) {
            Some((module, for_ms)) => {
                let manifest = snapshot.record(&module).map(|record| &record.manifest);
                Err(resting::refusal(&self.shared, manifest, &module, for_ms).into())
            }
            // What waits for the end of a rest must not be overtaken.
            None if self.resting.holds(&lane.row.id) => Err(Refusal::Busy.into()),
            None => Ok(receiver),
        }
    }

    /// Says what records nothing, when all that it rests on is durable: the commits in flight, or what the store shows already.
    fn say(&self, lane: &mut Lane, request: Box<Request>, answer: AnswerTo, said: Result<Answer, Refusal>) {
        match lane.in_flight.back_mut() {
            Some(commit) if commit.echoes.len() >= self.shared.limits.waiting_max => Self::refuse(answer, Refusal::Busy),
            Some(commit) => commit.echoes.push(Echo { request, answer, said }),
            // Who asked may have gone away.
            None => self.shared.store.barrier(Box::new(move |durable| drop(answer.send(durable.map_err(not_durable).and(said))))),
        }
    }

    /// Whether an earlier request has the key of the start, although no stream has begun: it may wait.
    fn start_is_taken(&self, lane: &Lane) -> Result<bool, StoreError> {
        let is_start = |receipt: &Receipt| receipt.key == START_KEY;
        if lane.in_flight.iter().any(|commit| commit.receipt.as_ref().is_some_and(is_start)) {
            return Ok(true);
        }
        Ok(lane.row.revision > 0 && self.shared.store.receipt(&lane.row.id, START_KEY)?.is_some())
    }

    fn message(&self, lane: &Lane, request: &Request) -> Message {
        Message {
            id: request.id.clone(),
            process: request.process.clone(),
            kind: request.kind.clone(),
            source: request.source.as_deref().map(Arc::from),
            time: lane.time(&*self.shared.clock),
            data: request.data.clone(),
            correlation: request.id.clone(),
        }
    }

    /// Finds whom a request is for: streams that exist, the category that its caller names, the one that a router names, or the one that begins with its kind.
    fn receiver(&self, lane: &Lane, snapshot: &Snapshot, request: &Request, message: &mut Message) -> Result<Receiver, NotTaken> {
        if is_cancel(message) {
            // The stream that the process began with answers for the whole.
            let root = lane.row.root().ok_or_else(|| Refusal::UnknownProcess(request.process.clone()))?;
            return Ok(Ok(vec![target_of(root)]));
        }
        let existing = outbox::streams_that_take(&self.shared.registry, snapshot, &lane.row, message, None);
        if !existing.is_empty() {
            return Ok(Ok(existing));
        }
        if let Some(wanted) = &request.category {
            return Ok(Ok(vec![beginning(snapshot, lane, wanted, message)?]));
        }
        if let Some(router) = snapshot.router(&message.kind) {
            if lane.row.root().is_some() {
                let text =
                    format!("process {} was begun by another request; choose another id, or send it what it handles", request.process);
                return Err(Refusal::rejected("already-begun", text).into());
            }
            let start = self.classify(lane, snapshot, &router, message)?;
            (message.kind, message.data) = (start.kind, start.data);
            return Ok(Ok(vec![beginning(snapshot, lane, &start.category, message)?]));
        }
        match outbox::begin(snapshot, &lane.row, &message.kind) {
            Ok(target) => Ok(Ok(vec![target])),
            Err(why) if request.unhandled == Unhandled::Keep => Ok(Err(why)),
            Err(why) => Err(Refusal::invalid("unhandled-kind", format!("process {}: {why}", request.process)).into()),
        }
    }

    /// What the router chooses; asked apart where that takes longer than a slice.
    fn classify(&self, lane: &Lane, snapshot: &Snapshot, router: &Handler<dyn Classifier>, message: &Message) -> Result<Start, NotTaken> {
        let shared = &self.shared;
        if let Some(for_ms) = shared.rests(&router.module) {
            return Err(resting::refusal(shared, Some(&router.manifest), &router.module, for_ms).into());
        }
        let made = lane.routed.as_ref().and_then(|routed| routed.choice_of(&router.module, &message.id));
        let loaded = || snapshot.categories();
        let choice = match made {
            Some(choice) => choice,
            None if shared.has_no_room_apart(&router.module) => return Err(Refusal::Busy.into()),
            None if shared.is_slow(&router.module) => Err(GuestError::Overlong),
            None => asking::classify(shared, router, message, &loaded(), Pace::Slice).inspect_err(|error| {
                if *error == GuestError::Overlong {
                    shared.cut_off(&router.module, &router.named())
                }
            }),
        };
        match choice {
            Ok(Ok(start)) => Ok(start),
            Ok(Err(rejection)) => {
                tracing::info!(process = %message.process, router = %router.manifest.category, %rejection, "request refused");
                Err(Refusal::from(rejection).into())
            }
            Err(GuestError::Overlong) => {
                let errand = RouterErrand { router: router.clone(), message: message.clone(), loaded: loaded() };
                let errand = Errand::new(shared, message.process.clone(), What::Router(Box::new(errand)));
                Err(NotTaken::Halted(Halt::Apart(Box::new(errand))))
            }
            Err(source) => Err(Refusal::Guest { definition: router.named(), process: message.process.clone(), source }.into()),
        }
    }
}

/// What a caller hears where the store cannot say that what it asked about is durable.
fn not_durable(error: CommitError) -> Refusal {
    match error {
        CommitError::Store(error) => error.into(),
        other => StoreError::Io(other.to_string()).into(),
    }
}

/// Takes a message into a chain and says what its caller hears.
fn take_in(
    chain: &mut Chain<'_>,
    request: &Request,
    is_start: bool,
    trigger: &Trigger,
    message: Message,
    receiver: Receiver,
) -> Result<Response, NotTaken> {
    let own_key = || if is_start { START_KEY.to_owned() } else { request.id.to_string() };
    let taken = Receipt {
        key: request.key.clone().unwrap_or_else(own_key),
        fingerprint: request.fingerprint(),
        message: request.id.clone(),
        category: None,
        stream: None,
        version: None,
        time: chain.now,
    };
    if let Some(parked) = &chain.lane.row.parked {
        let why = format!("the process is parked since its message {} cannot be processed: {}", parked.message, parked.reason);
        chain.keep(message, None, DeliveryState::Parked);
        return Ok((taken, Some(why)));
    }
    let targets = match receiver {
        Ok(targets) => targets,
        Err(why) => {
            chain.keep(message, None, DeliveryState::Unhandled);
            return Ok((taken, Some(why)));
        }
    };
    let verdict = chain.begin(&targets, trigger).map_err(|failure| match failure {
        Failure::Apart(Some(errand)) => NotTaken::Halted(Halt::Apart(errand)),
        other => NotTaken::Refused(other.into_refusal(&request.process)),
    });
    match verdict? {
        Verdict::Accepted { stream, category, version } => {
            Ok((Receipt { category: Some(category), stream: Some(stream), version: Some(version), ..taken }, None))
        }
        Verdict::Deferred(reason) => Ok((taken, Some(format!("its definition puts it off: {reason}")))),
        Verdict::Rejected(rejection) => Err(NotTaken::Refused(rejection.into())),
        Verdict::Ignored(reason) => Err(NotTaken::Ignored(reason)),
    }
}

/// The stream that a category begins with this message.
fn beginning(snapshot: &Snapshot, lane: &Lane, wanted: &str, message: &Message) -> Result<Target, Refusal> {
    let module = snapshot.resolve(wanted).ok_or_else(|| unknown_category(snapshot, wanted))?;
    let (category, kind) = (&module.manifest.category, &message.kind);
    let target = match &module.role {
        Role::Process(_) => Target::beginning(module),
        Role::Router(_) | Role::Adapter(_) => None,
    };
    let target =
        target.ok_or_else(|| Refusal::invalid("not-a-process", format!("{category} is no process, so nothing can begin with it")))?;
    if !module.manifest.starts.contains(kind) {
        return Err(Refusal::invalid(
            "wrong-kind",
            format!("{category} does not begin with {kind}, but with {}; name that kind, and give its data", kinds(module)),
        ));
    }
    if lane.row.stream(&target.suffix).is_some() {
        let text = format!("process {} has a stream {} already; choose another id", lane.row.id, target.suffix);
        return Err(Refusal::rejected("already-begun", text));
    }
    Ok(target)
}

fn unknown_category(snapshot: &Snapshot, wanted: &str) -> Refusal {
    let active: Vec<String> = snapshot.categories().iter().map(ToString::to_string).collect();
    let active = if active.is_empty() { "none".to_owned() } else { active.join(", ") };
    Refusal::invalid("unknown-category", format!("no active definition is known as {wanted:?}; active are: {active}"))
}

fn kinds(module: &Module) -> String {
    module.manifest.starts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
