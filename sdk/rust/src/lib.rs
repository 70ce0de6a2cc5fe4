//! Write a Procession process in Rust: typed state, events, messages and commands, two pure functions, and given / when / then.
//!
//! What you do not write here: JSON, bindings, exports, clocks or random numbers.
//! The kind of a message is the name of an enum's variant, its data is the variant's content.
//!
//! ```
//! use procession_sdk::contract::{Context, Manifest, Phase, View};
//! use procession_sdk::{Decision, Process, Recorded, Trigger, accept, ignore, reject};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Default, Serialize, Deserialize)]
//! pub struct State { open: bool }
//!
//! #[derive(Serialize, Deserialize)]
//! pub enum Event { DoorOpened, DoorClosed }
//!
//! #[derive(Serialize, Deserialize)]
//! pub enum Message { OpenDoor, CloseDoor }
//!
//! #[derive(Serialize, Deserialize)]
//! pub enum Command { RingBell }
//!
//! pub struct Door;
//!
//! impl Process for Door {
//!     type State = State;
//!     type Event = Event;
//!     type Message = Message;
//!     type Command = Command;
//!
//!     fn manifest() -> Manifest {
//!         Manifest::process::<Self>("door-1.0", "Door").starts(["OpenDoor"])
//!     }
//!
//!     fn evolve(state: &mut State, event: Event, _: &Recorded<'_>) {
//!         state.open = matches!(event, Event::DoorOpened);
//!     }
//!
//!     fn decide(state: &State, _: &Context, trigger: Trigger<Message, Event>) -> Decision<Event, Command> {
//!         match (trigger, state.open) {
//!             (Trigger::Start(_), false) => accept(Event::DoorOpened).send(Command::RingBell),
//!             (Trigger::Start(_), true) => ignore("the door is open already"),
//!             (Trigger::Message(Message::CloseDoor), true) => accept(Event::DoorClosed),
//!             _ => reject("not-now", "a door that is closed cannot be closed"),
//!         }
//!     }
//!
//!     fn look(state: &State) -> View {
//!         View::new(if state.open { Phase::Running } else { Phase::Completed })
//!     }
//! }
//!
//! procession_sdk::export_process!(Door);
//!
//! // In tests/scenarios.rs, natively:
//! procession_sdk::Scenario::<Door>::new("front-door")
//!     .when(Message::OpenDoor)
//!     .then_records(["DoorOpened"])
//!     .then_sends(["RingBell"]);
//! ```

pub mod adapter;
pub mod deadline;
pub mod decision;
pub mod ids;
pub mod manifest;
pub mod process;
pub mod router;
pub mod trigger;
pub mod upcast;
pub mod view;

mod shortened;

#[doc(hidden)]
pub mod bindings;
pub mod contract;
#[doc(hidden)]
pub mod export;
pub mod hosted;
pub mod kinds;
pub mod wire;

#[cfg(not(target_arch = "wasm32"))]
pub mod scenario;

pub use adapter::{Adapter, Reply, reply};
pub use decision::{Decision, Effect, accept, defer, ignore, invalid, reject, reject_invalid};
pub use ids::Ids;
pub use kinds::Nothing;
pub use process::{Process, Recorded};
pub use router::{Router, Start, start};
#[cfg(not(target_arch = "wasm32"))]
pub use scenario::Scenario;
pub use trigger::Trigger;
pub use upcast::{OldEvent, Upcasted, Upcasts, into};

/// The guide compiles and its scenarios hold: its Rust is run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/writing-a-process.md")]
struct Guide;
