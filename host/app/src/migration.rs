//! Moving many processes to another module while everything goes on: who is looked at, a few at a time, and what becomes of each.
//! Whether a process may move is the engine's decision; each move is one commit, so whenever this ends no process is between two modules.

use std::sync::Arc;
use std::time::Duration;

use procession_engine::engine::Engine;
use procession_engine::error::Refusal;
use procession_engine::flow::inbox::{Move, Operation};
use procession_engine::model::id::{Category, Digest, ProcessId, StreamName, Suffix};
use procession_engine::model::process::{ProcessRow, StreamHead};
use procession_engine::model::view::Phase;
use procession_engine::ports::store::StoreError;
use procession_engine::query::Filter;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Processes that are looked at or moved at the same time: enough to keep the store's groups filled, and few enough that a worker never has
/// more than a handful of folds before the message that somebody waits for.
const AT_ONCE: usize = 4;

/// Rows that are read at once.
const PAGE: usize = 500;

/// How often a process is tried again while the host has as much to do as it may hold, and the pause before each time.
const BUSY_ATTEMPTS_MAX: u32 = 50;
const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// Which streams to move where.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Only those that are there; none for wherever they are.
    pub(crate) from: Option<Place>,
    /// The module that is to carry them on, and the stream that it writes.
    pub(crate) to: Digest,
    pub(crate) suffix: Suffix,
    /// Only these processes; none for all.
    pub(crate) ids: Option<Vec<ProcessId>>,
    /// Only streams in this phase; where neither this nor ids are given, only those that have not ended.
    pub(crate) phase: Option<Phase>,
    pub(crate) mode: Mode,
}

/// Where a stream is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// On any module of this category.
    Category(Category),
    /// On this module.
    Module(Digest),
}

/// Whether anything is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Move,
    Rehearse,
}

/// What became of one process.
#[derive(Clone, Debug)]
pub(crate) struct One {
    pub(crate) process: ProcessId,
    /// Where its stream was; none where it has no such stream.
    pub(crate) was: Option<(Category, Digest)>,
    pub(crate) fate: Fate,
}

/// What became of it.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    Moved,
    WouldMove,
    AlreadyThere,
    Stays(Refusal),
}

/// What became of all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sum {
    pub(crate) moved: u64,
    pub(crate) would_move: u64,
    pub(crate) already_there: u64,
    pub(crate) stay: u64,
    /// Why it ended before all were looked at.
    pub(crate) broke_off: Option<String>,
}

impl Sum {
    fn count(&mut self, fate: &Fate) {
        *match fate {
            Fate::Moved => &mut self.moved,
            Fate::WouldMove => &mut self.would_move,
            Fate::AlreadyThere => &mut self.already_there,
            Fate::Stays(_) => &mut self.stay,
        } += 1;
    }
}

impl Plan {
    /// Looks at every process that the plan is for, and tells what becomes of each. Ends early where nobody listens any more.
    pub(crate) async fn run(self, engine: Arc<Engine>, tell: mpsc::Sender<One>) -> Sum {
        let mut crowd = Crowd { engine, tell, under_way: JoinSet::new(), sum: Sum::default() };
        let done = match &self.ids {
            Some(ids) => self.those(ids, &mut crowd).await,
            None => self.all(&mut crowd).await,
        };
        let Crowd { mut sum, .. } = crowd.disperse().await;
        if let Err(Broken(why)) = done {
            sum.broke_off.get_or_insert(why);
        }
        sum
    }

    async fn those(&self, ids: &[ProcessId], crowd: &mut Crowd) -> Result<(), Broken> {
        for id in ids {
            let row = crowd.engine.query().process(id).await?;
            match row.as_ref().map(|row| self.of(row)) {
                None => crowd.tell(One { process: id.clone(), was: None, fate: Fate::Stays(Refusal::UnknownProcess(id.clone())) }).await?,
                Some(Candidate::Other(why)) => {
                    let was = row.as_ref().and_then(|row| row.stream(&self.suffix)).map(place_of);
                    crowd.tell(One { process: id.clone(), was, fate: Fate::Stays(why) }).await?;
                }
                Some(Candidate::There(was)) => crowd.tell(One { process: id.clone(), was: Some(was), fate: Fate::AlreadyThere }).await?,
                Some(Candidate::Here(was)) => crowd.take(self, id.clone(), was).await?,
            }
        }
        Ok(())
    }

    async fn all(&self, crowd: &mut Crowd) -> Result<(), Broken> {
        let mut after = None;
        loop {
            let page = crowd.engine.query().list(&Filter::default(), after.as_ref(), PAGE).await?;
            for row in &page.rows {
                match self.of(row) {
                    Candidate::Here(was) => crowd.take(self, row.id.clone(), was).await?,
                    // Every process that began there is there: they are counted and not told one by one.
                    Candidate::There(_) => crowd.sum.already_there += 1,
                    Candidate::Other(_) => {}
                }
            }
            let Some(next) = page.next else { return Ok(()) };
            after = Some(next);
        }
    }

    /// Where the stream of a process is that this plan is for.
    pub(crate) fn place(&self, row: &ProcessRow) -> Result<(Category, Digest), Refusal> {
        match self.of(row) {
            Candidate::Here(was) => Ok(was),
            Candidate::There((category, module)) => {
                let text = format!("process {} is on this module of {category} already ({})", row.id, module.short());
                Err(Refusal::rejected("already-there", text))
            }
            Candidate::Other(why) => Err(why),
        }
    }

    /// What a process is to this plan.
    fn of(&self, row: &ProcessRow) -> Candidate {
        let stream = StreamName { process: row.id.clone(), suffix: self.suffix.clone() };
        let stays = |code: &str, text: String| Candidate::Other(Refusal::rejected(code, text));
        let Some(head) = row.stream(&self.suffix) else {
            return stays("unknown-stream", format!("process {} has no stream {stream}", row.id));
        };
        let phase = head.view.phase;
        let is_wanted = match self.phase {
            Some(wanted) => phase == wanted,
            None => self.ids.is_some() || !phase.has_ended(),
        };
        if !is_wanted {
            return stays("other-phase", format!("stream {stream} is {}", phase.as_str()));
        }
        if head.module == self.to {
            return Candidate::There(place_of(head));
        }
        let is_from = match &self.from {
            Some(Place::Category(category)) => head.category == *category,
            Some(Place::Module(module)) => head.module == *module,
            None => true,
        };
        if is_from {
            return Candidate::Here(place_of(head));
        }
        stays("elsewhere", format!("stream {stream} is on {} ({})", head.category, head.module.short()))
    }
}

/// What a process is to a plan.
enum Candidate {
    Here((Category, Digest)),
    There((Category, Digest)),
    Other(Refusal),
}

fn place_of(head: &StreamHead) -> (Category, Digest) {
    (head.category.clone(), head.module)
}

/// Why a plan is not carried on.
struct Broken(String);

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

/// The processes that are under way at this moment.
struct Crowd {
    engine: Arc<Engine>,
    tell: mpsc::Sender<One>,
    under_way: JoinSet<One>,
    sum: Sum,
}

impl Crowd {
    async fn take(&mut self, plan: &Plan, process: ProcessId, was: (Category, Digest)) -> Result<(), Broken> {
        if self.under_way.len() >= AT_ONCE {
            self.next().await?;
        }
        let (engine, mode) = (Arc::clone(&self.engine), plan.mode);
        let wanted = Move { from: Some(was.1), to: plan.to };
        self.under_way.spawn(async move {
            let fate = fate(engine, process.clone(), wanted, mode).await;
            One { process, was: Some(was), fate }
        });
        Ok(())
    }

    async fn next(&mut self) -> Result<(), Broken> {
        match self.under_way.join_next().await {
            Some(Ok(one)) => self.tell(one).await,
            Some(Err(error)) => Err(Broken(format!("a move did not come to its end: {error}"))),
            None => Ok(()),
        }
    }

    /// Where the host stops or its store fails, the others would only hear the same.
    async fn tell(&mut self, one: One) -> Result<(), Broken> {
        self.sum.count(&one.fate);
        let broken = match &one.fate {
            Fate::Stays(refusal @ (Refusal::Stopping | Refusal::Store(_))) => Some(Broken(refusal.to_string())),
            _ => None,
        };
        self.tell.send(one).await.map_err(|_| Broken("nobody listens any more".to_owned()))?;
        broken.map_or(Ok(()), Err)
    }

    /// Lets those that are under way come to their end; what is begun is told even where nothing new is begun.
    async fn disperse(mut self) -> Self {
        while !self.under_way.is_empty() {
            if let Err(Broken(why)) = self.next().await {
                self.sum.broke_off.get_or_insert(why);
            }
        }
        self
    }
}

/// Rehearses a move, and makes it where it passed: a process that cannot be moved is then not disturbed at all.
async fn fate(engine: Arc<Engine>, process: ProcessId, wanted: Move, mode: Mode) -> Fate {
    match (rehearsed(&engine, &process, wanted).await, mode) {
        (Err(refusal), _) => Fate::Stays(refusal),
        (Ok(()), Mode::Rehearse) => Fate::WouldMove,
        (Ok(()), Mode::Move) => moved(&engine, &process, wanted).await.map_or_else(Fate::Stays, |()| Fate::Moved),
    }
}

/// Folds beside the workers and not on them.
pub(crate) async fn rehearsed(engine: &Arc<Engine>, process: &ProcessId, wanted: Move) -> Result<(), Refusal> {
    let (folding, process) = (Arc::clone(engine), process.clone());
    let folded = tokio::task::spawn_blocking(move || folding.rehearse(&process, wanted)).await;
    folded.unwrap_or_else(|error| Err(Refusal::rejected("rehearsal-broke", format!("the rehearsal did not come to its end: {error}"))))
}

/// Whoever waits for an answer goes first, so that a full host is asked again later.
async fn moved(engine: &Engine, process: &ProcessId, wanted: Move) -> Result<(), Refusal> {
    let mut attempts = 0;
    loop {
        match engine.operate(process.clone(), Operation::Migrate(wanted)).await {
            Err(Refusal::Busy) if attempts < BUSY_ATTEMPTS_MAX => {
                attempts += 1;
                tokio::time::sleep(BUSY_PAUSE).await;
            }
            other => return other,
        }
    }
}
