//! One instance of a module, and how it is called.
//! Limits and fuel are set before the instance is made, because a core `start` function can loop.

use procession_engine::ports::definition::GuestError;
use wasmtime::Store;
use wasmtime::component::{Instance as Component, InstancePre};

use crate::bindings::exports::procession::process::{classifier, connector, definition};
use crate::failure;
use crate::guard::Guard;
use crate::limits::Allowance;

/// Where the functions of one interface stand in a module; found once, when the module is loaded.
pub(crate) trait Interface {
    /// The functions of one instance.
    type Guest;

    /// Finds the functions and checks their types.
    fn load(&self, store: &mut Store<Guard>, instance: &Component) -> wasmtime::Result<Self::Guest>;
}

macro_rules! interface {
    ($module:ident) => {
        impl Interface for $module::GuestIndices {
            type Guest = $module::Guest;

            fn load(&self, store: &mut Store<Guard>, instance: &Component) -> wasmtime::Result<Self::Guest> {
                self.load(store, instance)
            }
        }
    };
}
interface!(definition);
interface!(classifier);
interface!(connector);

/// A module that is linked and ready to make instances.
pub(crate) struct Blueprint<I> {
    pre: InstancePre<Guard>,
    interface: I,
    allowance: Allowance,
}

impl<I: Interface> Blueprint<I> {
    pub(crate) fn new(pre: InstancePre<Guard>, interface: I, allowance: Allowance) -> Self {
        Self { pre, interface, allowance }
    }

    /// Makes an instance.
    pub(crate) fn instantiate(&self) -> Result<Instance<I::Guest>, GuestError> {
        let allowance = self.allowance;
        let guard = Guard::new(allowance.memory_bytes, allowance.table_elements);
        let mut store = Store::new(self.pre.engine(), guard);
        store.limiter(|guard| guard);
        store.set_hostcall_fuel(allowance.hostcall_bytes);
        let broken = |error: wasmtime::Error| failure::of(&error, allowance.fuel_at_start, &allowance);
        store.set_fuel(allowance.fuel_at_start).map_err(broken)?;
        let instance = self.pre.instantiate(&mut store).map_err(broken)?;
        let guest = self.interface.load(&mut store, &instance).map_err(broken)?;
        Ok(Instance { store, guest, allowance })
    }
}

/// One instance.
pub(crate) struct Instance<G> {
    store: Store<Guard>,
    guest: G,
    allowance: Allowance,
}

impl<G> Instance<G> {
    /// Its functions.
    pub(crate) fn guest(&self) -> &G {
        &self.guest
    }

    /// Runs one call with a full tank. After an error the instance must be dropped: it cannot be trusted, and after a trap not be entered.
    pub(crate) fn call<R>(&mut self, run: impl FnOnce(&G, &mut Store<Guard>) -> wasmtime::Result<R>) -> Result<R, GuestError> {
        let fuel = self.allowance.fuel_per_call;
        let answer = self.store.set_fuel(fuel).and_then(|()| run(&self.guest, &mut self.store));
        answer.map_err(|error| failure::of(&error, fuel, &self.allowance))
    }
}
