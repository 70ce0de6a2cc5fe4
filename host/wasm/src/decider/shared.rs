//! Many processes in one instance: cheapest, for trusted code.
//! A room is an instance with its lock, a seat is one process in it. A trap empties the room, and everybody in it folds again elsewhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::ThreadId;

use procession_engine::model::decision::{Context, Decision, Trigger};
use procession_engine::model::event::StreamEvent;
use procession_engine::model::json::Json;
use procession_engine::model::view::View;
use procession_engine::ports::definition::{Decider, Definition, GuestError, Pace};
use wasmtime::component::ResourceAny;

use super::{ProcessInstance, ProcessModule, calls, log_drop};
use crate::rules::Rules;

/// The rooms of one module that take new processes: one a thread, so that workers never wait for each other.
#[derive(Default)]
pub(super) struct Rooms(Mutex<HashMap<ThreadId, Open>>);

/// A room that takes new processes, and how many it has taken.
struct Open {
    /// Weak: a room lives as long as somebody sits in it.
    room: Weak<Room>,
    taken: usize,
}

/// A shared instance; none once it broke.
struct Room {
    instance: Mutex<Option<ProcessInstance>>,
}

/// One process in a room; without a handle after an error.
pub(super) struct Seat {
    room: Arc<Room>,
    process: Option<ResourceAny>,
    rules: Arc<Rules>,
    pace: Pace,
}

/// Processes that one room takes in its life, one after the other: what a guest forgets to free stays small.
const PROCESSES_PER_ROOM_MAX: usize = 4_096;

impl Rooms {
    pub(super) fn restore(&self, module: &ProcessModule, snapshot: Option<&Json>, pace: Pace) -> Result<Seat, GuestError> {
        Seat::take(self.room(module, pace)?, module, snapshot, pace)
    }

    /// The room of this thread, or a new one in its place where it is broken, full, worn out or gone.
    fn room(&self, module: &ProcessModule, pace: Pace) -> Result<Arc<Room>, GuestError> {
        let full = module.rules.limits.processes_per_shared_instance_max;
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = std::thread::current().id();
        let has_place = |room: &Arc<Room>| Arc::strong_count(room) <= full && room.is_sound();
        if let Some(open) = rooms.get_mut(&thread).filter(|open| open.taken < PROCESSES_PER_ROOM_MAX)
            && let Some(room) = open.room.upgrade().filter(has_place)
        {
            open.taken += 1;
            return Ok(room);
        }
        let room = Arc::new(Room::new(module, pace)?);
        // Threads come and go; their rooms do, when the last one has left them.
        rooms.retain(|_, open| open.room.strong_count() > 0);
        rooms.insert(thread, Open { room: Arc::downgrade(&room), taken: 1 });
        Ok(room)
    }
}

/// One room at a time for histories that are folded one after the other; a new one when it is broken or was used for long.
pub(super) struct Reading {
    module: Arc<ProcessModule>,
    current: Mutex<Option<(Arc<Room>, usize)>>,
}

/// Histories that are folded in one room: what a guest forgets to free stays small, and making an instance is still cheap for each.
const HISTORIES_PER_ROOM_MAX: usize = 256;

impl Reading {
    pub(super) fn of(module: &Arc<ProcessModule>) -> Self {
        Self { module: Arc::clone(module), current: Mutex::new(None) }
    }

    fn room(&self) -> Result<Arc<Room>, GuestError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((room, used)) = current.as_mut().filter(|(room, used)| *used < HISTORIES_PER_ROOM_MAX && room.is_sound()) {
            *used += 1;
            return Ok(Arc::clone(room));
        }
        let room = Arc::new(Room::new(&self.module, Pace::Whole)?);
        *current = Some((Arc::clone(&room), 1));
        Ok(room)
    }
}

impl Definition for Reading {
    fn restore(&self, snapshot: Option<&Json>) -> Result<Box<dyn Decider>, GuestError> {
        Ok(Box::new(Seat::take(self.room()?, &self.module, snapshot, Pace::Whole)?))
    }
}

impl Room {
    fn new(module: &ProcessModule, pace: Pace) -> Result<Self, GuestError> {
        Ok(Self { instance: Mutex::new(Some(module.blueprint.instantiate(pace)?)) })
    }

    fn instance(&self) -> MutexGuard<'_, Option<ProcessInstance>> {
        self.instance.lock().unwrap_or_else(|poisoned| {
            // A panic of the host in the middle of a call: what it left behind is not used again.
            let mut instance = poisoned.into_inner();
            *instance = None;
            instance
        })
    }

    /// Whether it takes another process: it is not broken, and those in it have room to grow, since running out of memory would cost all of them their seats.
    /// A room that is busy just now is sound as far as anybody knows; waiting would hold all workers up.
    fn is_sound(&self) -> bool {
        self.instance.try_lock().map_or(true, |instance| instance.as_ref().is_some_and(|instance| !instance.is_half_full()))
    }
}

impl Seat {
    fn take(room: Arc<Room>, module: &ProcessModule, snapshot: Option<&Json>, pace: Pace) -> Result<Self, GuestError> {
        let mut seat = Self { room, process: None, rules: module.rules.clone(), pace };
        seat.process = Some(seat.run(|instance| calls::restore(instance, snapshot))?);
        Ok(seat)
    }

    /// A fault is a clean answer of one process, so it costs only that process its seat; any other error costs all of them the room.
    fn run<R>(&mut self, call: impl FnOnce(&mut ProcessInstance) -> Result<R, GuestError>) -> Result<R, GuestError> {
        let mut place = self.room.instance();
        let Some(instance) = place.as_mut() else {
            self.process = None;
            return Err(GuestError::Trap("its shared instance was dropped".to_owned()));
        };
        instance.set_pace(self.pace);
        let answer = call(instance);
        if let Err(error) = &answer {
            log_drop(&self.rules, error);
            let left = self.process.take();
            let freed = match (error, left) {
                (GuestError::Fault { .. }, Some(process)) => instance.free(process).is_ok(),
                (GuestError::Fault { .. }, None) => true,
                _ => false,
            };
            if !freed {
                *place = None;
            }
        }
        answer
    }

    fn run_seated<R>(
        &mut self,
        call: impl FnOnce(&mut ProcessInstance, ResourceAny, &Rules) -> Result<R, GuestError>,
    ) -> Result<R, GuestError> {
        let Some(process) = self.process else {
            return Err(GuestError::Trap("its place in the shared instance was given up after an earlier error".to_owned()));
        };
        let rules = self.rules.clone();
        self.run(|instance| call(instance, process, &rules))
    }
}

impl Decider for Seat {
    fn evolve(&mut self, events: &[StreamEvent]) -> Result<(), GuestError> {
        self.run_seated(|instance, process, rules| calls::evolve(instance, process, events, rules))
    }

    fn decide(&mut self, context: &Context, trigger: &Trigger) -> Result<Decision, GuestError> {
        self.run_seated(|instance, process, rules| calls::decide(instance, process, context, trigger, rules))
    }

    fn look(&mut self) -> Result<View, GuestError> {
        self.run_seated(calls::look)
    }

    fn snapshot(&mut self) -> Result<Option<Json>, GuestError> {
        self.run_seated(calls::snapshot)
    }

    fn is_alone(&self) -> bool {
        false
    }

    fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }
}

/// Without this, the guest would keep the state of every process that ever sat in the room.
impl Drop for Seat {
    fn drop(&mut self) {
        let Some(process) = self.process.take() else { return };
        // Where nobody else sits in the room, it goes as a whole.
        if Arc::strong_count(&self.room) > 1 {
            // An error empties the room inside `run`; there is nobody to tell.
            let _ = self.run(|instance| instance.free(process));
        }
    }
}
