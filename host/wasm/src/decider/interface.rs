//! Where the functions of a process stand: those that every one has, and those of an upcaster where there is one.
//! What they are called with is said in `calls` and `upcast`.

use wasmtime::Store;
use wasmtime::component::{Instance as Component, InstancePre};

use crate::bindings::exports::procession::process::decider;
use crate::bindings::exports::procession::upcasting::upcaster;
use crate::contract::Upcasting;
use crate::guard::Guard;
use crate::instance::Interface;

/// Where the functions stand in a module.
pub(crate) struct ProcessIndices {
    decider: decider::GuestIndices,
    upcaster: Option<upcaster::GuestIndices>,
}

impl ProcessIndices {
    /// Finds the functions and checks their types.
    pub(crate) fn new(pre: &InstancePre<Guard>, upcasting: Upcasting) -> wasmtime::Result<Self> {
        let decider = decider::GuestIndices::new(pre)?;
        let upcaster = match upcasting {
            Upcasting::Own => Some(upcaster::GuestIndices::new(pre)?),
            Upcasting::None => None,
        };
        Ok(Self { decider, upcaster })
    }
}

/// The functions of one instance.
pub(crate) struct ProcessGuest {
    decider: decider::Guest,
    pub(super) upcaster: Option<upcaster::Guest>,
}

impl ProcessGuest {
    /// The functions of the resource that holds a process.
    pub(super) fn process(&self) -> decider::GuestProcess<'_> {
        self.decider.process()
    }
}

impl Interface for ProcessIndices {
    type Guest = ProcessGuest;

    fn load(&self, store: &mut Store<Guard>, instance: &Component) -> wasmtime::Result<ProcessGuest> {
        let decider = self.decider.load(&mut *store, instance)?;
        let upcaster = self.upcaster.as_ref().map(|upcaster| upcaster.load(&mut *store, instance)).transpose()?;
        Ok(ProcessGuest { decider, upcaster })
    }
}
