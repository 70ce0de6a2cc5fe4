//! Callers: each wishes something, asks for it until it hears an answer that counts, repeats, gives up, asks again, and reads.
//! A caller knows nothing of crashes: its answer simply never comes.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use procession_engine::engine::Engine;
use procession_engine::error::Refusal;
use procession_engine::flow::inbox::{Answer, Operation, Request, Unhandled};
use procession_engine::model::event::RecordedEvent;
use procession_engine::model::id::{Kind, MessageId, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::process::ProcessRow;
use procession_engine::ports::store::{Direction, Scope, StoreError};

use super::{Letter, Outside};
use crate::definitions::POISON;
use crate::fate::Fate;
use crate::fault::Fault;
use crate::judge::Judge;

type Coming<T> = Pin<Box<dyn Future<Output = T>>>;

/// Everybody who talks to the host.
pub struct Callers {
    fate: Arc<Fate>,
    judge: Arc<Judge>,
    outside: Arc<Outside>,
    wishes: Vec<Wish>,
    asked: Vec<Asked>,
    messages: u64,
}

/// What somebody wants.
struct Wish {
    process: ProcessId,
    kind: Kind,
    data: Json,
    key: Option<String>,
    category: Option<String>,
    unhandled: Unhandled,
    is_heard: bool,
}

/// A call that has not been answered.
enum Asked {
    Request { wish: usize, process: ProcessId, id: MessageId, coming: Coming<Result<Answer, Refusal>> },
    Row(Coming<Result<Option<ProcessRow>, StoreError>>),
    Events(Coming<Result<Vec<RecordedEvent>, StoreError>>),
    End(Coming<Result<ProcessRow, Refusal>>),
    Operation(Coming<Result<(), Refusal>>),
}

impl Callers {
    /// Callers who wish nothing yet.
    #[must_use]
    pub fn new(fate: Arc<Fate>, judge: Arc<Judge>, outside: Arc<Outside>) -> Self {
        Self { fate, judge, outside, wishes: Vec::new(), asked: Vec::new(), messages: 0 }
    }

    /// Somebody comes with a new wish.
    pub fn wish(&mut self) {
        let (process, kind, data) = self.fate.draw(|dice| {
            let process = *dice.one_of(&["O1", "O2", "O3", "O22", "S1", "S2", "R1", "R2", "T1", "T2", "H1"]);
            let kinds: &[&str] = match process.as_bytes()[0] {
                b'O' => &["PlaceOrder", "PlaceOrder", "PlaceOrder", "Start", "Remark", "Cancel", "PaymentTaken", "Nonsense"],
                b'S' => &["Ship", "Ship", "Ship", "Start", "Cancel", "LegTaken"],
                b'R' => &["Remind", "Remind", "Start", "Snooze", "Snooze", "Calm"],
                b'H' => &["Hush", "Hush", "Heard"],
                _ => &["Count"],
            };
            let kind = *dice.one_of(kinds);
            let data = if kind == "Ship" { format!("{{\"legs\":{}}}", dice.between(1, 4)) } else { "{}".to_owned() };
            (process, kind, if dice.below(40) == 0 { POISON.to_owned() } else { data })
        });
        let number = self.wishes.len();
        let key = self.fate.draw(|dice| (dice.below(3) > 0).then(|| format!("key-{number}")));
        let category = self.fate.draw(|dice| {
            (kind == "PlaceOrder" && dice.below(3) == 0).then(|| dice.one_of(&["order", "order-1.0", "order-1.1"]).to_string())
        });
        let unhandled = if self.fate.draw(|dice| dice.below(4)) == 0 { Unhandled::Keep } else { Unhandled::Refuse };
        self.wishes.push(Wish {
            process: ProcessId::parse(process).expect("a valid process id"),
            kind: Kind::parse(kind).expect("a valid kind"),
            data: Json::parse(data).expect("well-formed JSON"),
            key,
            category,
            unhandled,
            is_heard: false,
        });
        if self.fate.strikes(Fault::KeyReused) {
            let key = self.wishes[self.fate.draw(|dice| dice.index(number + 1))].key.clone();
            self.wishes[number].key = key;
        }
    }

    /// Somebody brings an answer from an outside system as a message of its own.
    pub fn bring_letter(&mut self) -> bool {
        let Some(Letter { process, kind, data, key }) = self.outside.letter() else { return false };
        let wish = Wish { process, kind, data, key: Some(key), category: None, unhandled: Unhandled::Keep, is_heard: false };
        self.wishes.push(wish);
        true
    }

    /// Somebody asks for what was not heard yet, or for what was heard once more.
    pub fn ask(&mut self, engine: &Arc<Engine>) {
        if self.wishes.is_empty() {
            return;
        }
        let wish = self.fate.draw(|dice| dice.index(self.wishes.len()));
        if !self.wishes[wish].is_heard || self.fate.strikes(Fault::RequestRepeated) {
            self.ask_for(engine, wish);
        }
    }

    /// Everybody who has not heard anything and does not wait asks again; answers whether anybody did.
    pub fn ask_all(&mut self, engine: &Arc<Engine>) -> bool {
        let waits = |wish: usize| self.asked.iter().any(|asked| matches!(asked, Asked::Request { wish: other, .. } if *other == wish));
        let open: Vec<usize> = (0..self.wishes.len()).filter(|wish| !self.wishes[*wish].is_heard && !waits(*wish)).collect();
        for wish in &open {
            self.ask_for(engine, *wish);
        }
        !open.is_empty()
    }

    fn ask_for(&mut self, engine: &Arc<Engine>, wish: usize) {
        self.messages += 1;
        let Wish { process, kind, data, key, category, unhandled, .. } = &self.wishes[wish];
        let id = MessageId::parse(&format!("message-{}", self.messages)).expect("a valid message id");
        let request = Request {
            process: process.clone(),
            id: id.clone(),
            key: key.clone(),
            kind: kind.clone(),
            data: data.clone(),
            category: category.clone(),
            source: None,
            unhandled: *unhandled,
        };
        self.fate.note(format_args!("{id} asks {process} for {kind}, key {key:?}"));
        let request = if kind.as_str() == "Cancel" {
            Request::cancel(process.clone(), &self.messages.to_string(), "somebody wants it", key.clone())
        } else {
            request
        };
        let id = request.id.clone();
        let engine = Arc::clone(engine);
        let coming = Box::pin(async move { engine.request(request).await });
        self.asked.push(Asked::Request { wish, process: process.clone(), id, coming });
        self.listen();
    }

    /// Somebody reads a process, the log, or waits for an end.
    pub fn read(&mut self, engine: &Arc<Engine>) {
        let processes = self.judge.processes();
        if processes.is_empty() {
            return;
        }
        let process = self.fate.draw(|dice| dice.one_of(&processes).clone());
        let engine = Arc::clone(engine);
        self.asked.push(match self.fate.draw(|dice| dice.below(3)) {
            0 => Asked::Row(Box::pin(async move { engine.query().process(&process).await })),
            1 => Asked::Events(Box::pin(async move { engine.query().events(&Scope::Process(process), 1, Direction::Forward, 100).await })),
            _ => Asked::End(Box::pin(async move { engine.ended(&process).await })),
        });
        self.listen();
    }

    /// An operator tries again what a process is parked on; answers whether one is.
    pub fn retry(&mut self, engine: &Arc<Engine>) -> bool {
        let parked = self.judge.parked();
        let Some(process) = (!parked.is_empty()).then(|| self.fate.draw(|dice| dice.one_of(&parked).clone())) else { return false };
        self.fate.note(format_args!("the operator retries {process}"));
        let engine = Arc::clone(engine);
        self.asked.push(Asked::Operation(Box::pin(async move { engine.retry(process).await })));
        self.listen();
        true
    }

    /// An operator deals with a dead letter; answers whether there is one.
    pub fn deal_with_letter(&mut self, engine: &Arc<Engine>) -> bool {
        let dead = self.judge.dead_letters();
        let Some((process, seq)) = (!dead.is_empty()).then(|| self.fate.draw(|dice| dice.one_of(&dead).clone())) else { return false };
        let operation = match self.fate.draw(|dice| dice.below(4)) {
            0 => Operation::Drop { seq, reason: "nobody wants it".to_owned() },
            1 => Operation::Replay { seq, data: Some(Json::parse("{\"edited\":1}").expect("well-formed JSON")) },
            _ => Operation::Replay { seq, data: None },
        };
        self.operate(engine, process, operation);
        true
    }

    /// An operator asks for something.
    pub fn operate(&mut self, engine: &Arc<Engine>, process: ProcessId, operation: Operation) {
        self.fate.note(format_args!("the operator asks for {operation:?} of {process}"));
        let engine = Arc::clone(engine);
        self.asked.push(Asked::Operation(Box::pin(async move { engine.operate(process, operation).await })));
        self.listen();
    }

    /// What the host lists as stuck; nothing waits when this is asked, so the answer is there at once.
    #[must_use]
    pub fn stuck(&self, engine: &Arc<Engine>) -> Vec<ProcessId> {
        let engine = Arc::clone(engine);
        let mut coming: Coming<Vec<ProcessId>> = Box::pin(async move {
            let page = engine.query().stuck(None, 1_000).await;
            page.map(|page| page.rows.into_iter().map(|row| row.id).collect()).unwrap_or_default()
        });
        poll(&mut coming).unwrap_or_default()
    }

    /// Everybody listens for an answer; some give up.
    pub fn listen(&mut self) -> bool {
        let mut heard = false;
        for mut asked in std::mem::take(&mut self.asked) {
            if self.hears(&mut asked) {
                heard = true;
            } else if matches!(asked, Asked::Request { .. }) && self.fate.strikes(Fault::RequestAbandoned) {
                self.fate.note(format_args!("a caller gives up"));
            } else {
                self.asked.push(asked);
            }
        }
        heard
    }

    /// The host is gone, and with it whatever it would have said.
    pub fn hang_up(&mut self) {
        self.asked.clear();
    }

    /// How many still wait for an answer; for the end of a process one may wait for ever.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.asked.iter().filter(|asked| !matches!(asked, Asked::End(_))).count()
    }

    fn hears(&mut self, asked: &mut Asked) -> bool {
        match asked {
            Asked::Request { wish, process, id, coming } => {
                let Some(answer) = poll(coming) else { return false };
                self.fate.note(format_args!("{id} hears {}", word(&answer)));
                self.judge.answered(process, id, &answer);
                // What was not refused for good is asked again.
                let counts = !matches!(answer, Err(Refusal::Store(_) | Refusal::Stopping | Refusal::Busy));
                self.wishes[*wish].is_heard |= counts;
            }
            Asked::Row(coming) => {
                let Some(row) = poll(coming) else { return false };
                row.ok().flatten().iter().for_each(|row| self.judge.row_is_shown(row));
            }
            Asked::Events(coming) => {
                let Some(events) = poll(coming) else { return false };
                events.iter().for_each(|events| self.judge.events_are_shown(events));
            }
            Asked::End(coming) => {
                let Some(row) = poll(coming) else { return false };
                row.iter().for_each(|row| self.judge.row_is_shown(row));
            }
            Asked::Operation(coming) => return poll(coming).is_some(),
        }
        true
    }
}

fn poll<T>(coming: &mut Coming<T>) -> Option<T> {
    match coming.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn word(answer: &Result<Answer, Refusal>) -> String {
    match answer {
        Ok(Answer::Taken(receipt)) => format!("taken, version {:?}", receipt.version),
        Ok(Answer::Duplicate(receipt)) => format!("duplicate of {}", receipt.message),
        Ok(Answer::Ignored(why)) => format!("ignored: {why}"),
        Ok(Answer::Waiting(_, why)) => format!("waiting: {why}"),
        Err(refusal) => format!("refused: {refusal}"),
    }
}
