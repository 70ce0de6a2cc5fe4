//! The macros that make a component of a crate, and what stands behind the exports.
//!
//! A guest exports only when it is built for wasm32, so `cargo test` runs it natively.

use std::cell::RefCell;
use std::marker::PhantomData;

use crate::bindings::classifier::exports::procession::process::classifier;
use crate::bindings::connector::exports::procession::process::connector;
use crate::bindings::decider::exports::procession::process::decider;
use crate::bindings::definition::exports::procession::process::definition;
use crate::bindings::upcaster::exports::procession::upcasting::upcaster;
use crate::contract::{self, Context, Fault, Manifest, Message, RecordedEvent, Rejection, View};
use crate::upcast::{self, Upcasted, Upcasts};
use crate::{Adapter, Process, Router, adapter, hosted, router};

/// Exports a [`Process`] as the component that this crate becomes.
///
/// The crate needs `crate-type = ["cdylib", "rlib"]`; call the macro once, at the top of `lib.rs`.
/// A process that reads the events of older versions ([`Upcasts`](crate::Upcasts)) says so: `export_process!(Ticket, upcasts)`.
#[macro_export]
macro_rules! export_process {
    ($process:ty) => {
        $crate::__export_in!($crate::export::ProcessComponent<$process>, decider);
    };
    ($process:ty, upcasts) => {
        $crate::__export_in!($crate::export::ProcessComponent<$process>, decider, upcaster);
    };
}

/// Exports a [`Router`] as the component that this crate becomes.
#[macro_export]
macro_rules! export_router {
    ($router:ty) => {
        $crate::__export_in!($crate::export::RouterComponent<$router>, classifier);
    };
}

/// Exports an [`Adapter`] as the component that this crate becomes.
#[macro_export]
macro_rules! export_adapter {
    ($adapter:ty) => {
        $crate::__export_in!($crate::export::AdapterComponent<$adapter>, connector);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_in {
    ($component:ty, $($interface:ident),+) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated: exported functions are unmangled and take pointers")]
        mod exported {
            #[allow(unused_imports, reason = "the exported type may be named without a path")]
            use super::*;
            type Component = $component;
            $crate::bindings::definition::export!(Component with_types_in $crate::bindings::definition);
            $($crate::bindings::$interface::export!(Component with_types_in $crate::bindings::$interface);)+
        }
    };
}

/// A process behind the exports of its world.
#[derive(Debug)]
pub struct ProcessComponent<P>(PhantomData<P>);

/// The state of one process behind the resource.
/// A `RefCell` because the contract's methods share the handle; the host calls one at a time.
#[derive(Debug)]
pub struct Held<P: Process>(RefCell<P::State>);

impl<P: Process> definition::Guest for ProcessComponent<P> {
    fn describe() -> Manifest {
        P::manifest()
    }
}

impl<P: Process> decider::Guest for ProcessComponent<P> {
    type Process = Held<P>;
}

impl<P: Process> decider::GuestProcess for Held<P> {
    fn restore(snapshot: Option<String>) -> Result<decider::Process, Fault> {
        let state = hosted::restore::<P>(snapshot.as_deref())?;
        Ok(decider::Process::new(Self(RefCell::new(state))))
    }

    fn evolve(&self, events: Vec<RecordedEvent>) -> Result<(), Fault> {
        hosted::evolve::<P>(&mut self.0.borrow_mut(), &events)
    }

    fn decide(&self, ctx: Context, trigger: contract::Trigger) -> Result<contract::Decision, Fault> {
        hosted::decide::<P>(&self.0.borrow(), &ctx, trigger)
    }

    fn look(&self) -> View {
        P::look(&self.0.borrow())
    }

    fn snapshot(&self) -> Option<String> {
        P::snapshot(&self.0.borrow())
    }
}

impl<P: Upcasts> upcaster::Guest for ProcessComponent<P> {
    fn upcast(events: Vec<RecordedEvent>) -> Result<Vec<upcaster::Translation>, Fault> {
        let translation = |said| match said {
            Upcasted::Unchanged => upcaster::Translation::Unchanged,
            Upcasted::Into(said) => upcaster::Translation::Events(said),
        };
        Ok(upcast::hosted::<P>(&events)?.into_iter().map(translation).collect())
    }
}

/// A router behind the exports of its world.
#[derive(Debug)]
pub struct RouterComponent<R>(PhantomData<R>);

impl<R: Router> definition::Guest for RouterComponent<R> {
    fn describe() -> Manifest {
        R::manifest()
    }
}

impl<R: Router> classifier::Guest for RouterComponent<R> {
    fn classify(settings: String, ctx: Context, request: Message, loaded: Vec<String>) -> Result<contract::Start, Rejection> {
        router::classify::<R>(&settings, &ctx, &request, &loaded)
    }
}

/// An adapter behind the exports of its world.
#[derive(Debug)]
pub struct AdapterComponent<A>(PhantomData<A>);

impl<A: Adapter> definition::Guest for AdapterComponent<A> {
    fn describe() -> Manifest {
        A::manifest()
    }
}

impl<A: Adapter> connector::Guest for AdapterComponent<A> {
    fn handle(settings: String, ctx: Context, command: Message) -> Result<Vec<contract::Reply>, Fault> {
        adapter::handle::<A>(&settings, &ctx, &command)
    }
}
