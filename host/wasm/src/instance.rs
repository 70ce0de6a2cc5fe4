//! One instance of a module, and how it is called.
//! Limits and fuel are set before the instance is made, because a core `start` function can loop.

use std::sync::Arc;

use procession_engine::ports::definition::{GuestError, Pace};
use wasmtime::Store;
use wasmtime::component::{Instance as Component, InstancePre, ResourceAny};

use crate::bindings::exports::procession::process::{classifier, connector, definition};
use crate::failure;
use crate::gauge::Gauge;
use crate::guard::Guard;
use crate::limits::Allowance;

/// Fuel of a destructor: about a millisecond, while freeing a state takes microseconds.
const FUEL_TO_FREE: u64 = 1_000_000;

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
    gauge: Option<Arc<Gauge>>,
}

impl<I: Interface> Blueprint<I> {
    pub(crate) fn new(pre: InstancePre<Guard>, interface: I, allowance: Allowance) -> Self {
        Self { pre, interface, allowance, gauge: None }
    }

    /// Lets a gauge see what the calls of its instances use.
    pub(crate) fn under(self, gauge: Option<Arc<Gauge>>) -> Self {
        Self { gauge, ..self }
    }

    /// Makes an instance, at the pace that its calls will have.
    pub(crate) fn instantiate(&self, pace: Pace) -> Result<Instance<I::Guest>, GuestError> {
        let allowance = self.allowance;
        let fuel = allowance.fuel(allowance.fuel_at_start, pace);
        let guard = Guard::new(allowance.memory_bytes, allowance.table_elements);
        let mut store = Store::new(self.pre.engine(), guard);
        store.limiter(|guard| guard);
        store.set_hostcall_fuel(allowance.hostcall_bytes);
        let broken = |error: wasmtime::Error| told(&error, fuel, allowance.fuel_at_start, &allowance);
        store.set_fuel(fuel).map_err(broken)?;
        let instance = self.pre.instantiate(&mut store).map_err(broken)?;
        let guest = self.interface.load(&mut store, &instance).map_err(broken)?;
        Ok(Instance { store, guest, allowance, pace, gauge: self.gauge.clone() })
    }
}

/// One instance.
pub(crate) struct Instance<G> {
    store: Store<Guard>,
    guest: G,
    allowance: Allowance,
    pace: Pace,
    gauge: Option<Arc<Gauge>>,
}

impl<G> Instance<G> {
    /// How long its calls may take from now on.
    pub(crate) fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// Linear memory that it holds, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.store.data().memory_bytes()
    }

    /// Whether it holds more than half of the linear memory that it may have.
    pub(crate) fn is_half_full(&self) -> bool {
        self.memory_bytes() > self.allowance.memory_bytes / 2
    }

    /// Its functions.
    pub(crate) fn guest(&self) -> &G {
        &self.guest
    }

    /// Runs one call with a full tank, or a slice of it. After an error the instance must be dropped: it cannot be trusted, and after a trap not be entered.
    pub(crate) fn call<R>(&mut self, run: impl FnOnce(&G, &mut Store<Guard>) -> wasmtime::Result<R>) -> Result<R, GuestError> {
        self.call_with(self.allowance.fuel_per_call, run)
    }

    /// Lets the guest free a value. Nobody waits for that, so a destructor has a small tank.
    pub(crate) fn free(&mut self, value: ResourceAny) -> Result<(), GuestError> {
        self.call_with(FUEL_TO_FREE.min(self.allowance.fuel_per_call), |_, store| value.resource_drop(store))
    }

    fn call_with<R>(&mut self, most: u64, run: impl FnOnce(&G, &mut Store<Guard>) -> wasmtime::Result<R>) -> Result<R, GuestError> {
        let fuel = self.allowance.fuel(most, self.pace);
        let answer = self.store.set_fuel(fuel).and_then(|()| run(&self.guest, &mut self.store));
        if let Some(gauge) = &self.gauge {
            let used = fuel.saturating_sub(self.store.get_fuel().unwrap_or(0));
            gauge.note(used, self.store.data().memory_bytes(), &self.allowance);
        }
        answer.map_err(|error| told(&error, fuel, most, &self.allowance))
    }
}

/// Says what a failed call means that was given so much of the fuel that it may use.
fn told(error: &wasmtime::Error, fuel: u64, most: u64, allowance: &Allowance) -> GuestError {
    if fuel < most && failure::is_out_of_fuel(error) { GuestError::Overlong } else { failure::of(error, fuel, allowance) }
}
