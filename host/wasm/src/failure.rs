//! What went wrong inside wasmtime, told in the words of the port.
//! Nothing here decides what happens next.

use procession_engine::ports::definition::GuestError;
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::guard::OverLimit;
use crate::limits::Allowance;
use crate::text;

/// wasmtime has no public type for this one.
const HOSTCALL_BYTES_EXHAUSTED: &str = "fuel allocated for hostcalls has been exhausted";

/// Whether the host had no room for another instance.
pub(crate) fn is_lack_of_room(error: &GuestError) -> bool {
    error.is_lack_of_room()
}

/// Function names shown with a trap: the guest's own frame is hardly ever deeper below the panic machinery.
const FRAMES_MAX: usize = 5;

/// Longest cause that is told, in bytes: wasmtime may quote what it read.
const CAUSE_BYTES_MAX: usize = 1_024;

/// Whether a call used up what it was given.
pub(crate) fn is_out_of_fuel(error: &wasmtime::Error) -> bool {
    matches!(error.downcast_ref::<Trap>(), Some(Trap::OutOfFuel))
}

/// Says what a failed call means; `fuel` is what it was given.
pub(crate) fn of(error: &wasmtime::Error, fuel: u64, allowance: &Allowance) -> GuestError {
    if let Some(limit) = error.downcast_ref::<OverLimit>() {
        return GuestError::Limit(format!("{limit}{}", frames(error)));
    }
    if let Some(full) = error.downcast_ref::<PoolConcurrencyLimitError>() {
        return GuestError::Limit(format!("{}: {full}", GuestError::NO_ROOM));
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => GuestError::Limit(format!("fuel: a call may use {fuel}; is there an endless loop?{}", frames(error))),
        Some(Trap::StackOverflow) => GuestError::Limit(format!(
            "stack: a call may use {} bytes; is there an endless recursion?{}",
            allowance.stack_bytes,
            frames(error)
        )),
        Some(trap) => GuestError::Trap(format!("{}{}", trap_text(*trap), frames(error))),
        None => not_a_trap(error, allowance),
    }
}

/// An answer that cannot be read: too much of it, text that is not UTF-8, a pointer to nowhere.
fn not_a_trap(error: &wasmtime::Error, allowance: &Allowance) -> GuestError {
    let cause = text::explanation(error.root_cause().to_string(), CAUSE_BYTES_MAX);
    if cause.contains(HOSTCALL_BYTES_EXHAUSTED) {
        return GuestError::Limit(format!("answer: a call may hand {} bytes to the host", allowance.hostcall_bytes));
    }
    GuestError::Contract(format!("its answer cannot be read: {cause}"))
}

fn trap_text(trap: Trap) -> String {
    match trap {
        Trap::UnreachableCodeReached => "it panicked or aborted (`unreachable` was executed)".to_owned(),
        other => other.to_string().trim_start_matches("wasm trap: ").to_owned(),
    }
}

/// ` in a < b < c`: the functions that the trap passed through, where the module still has their names.
fn frames(error: &wasmtime::Error) -> String {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return String::new() };
    // The names come from the module, so they can be anything.
    let names: Vec<String> =
        backtrace.frames().iter().filter_map(wasmtime::FrameInfo::func_name).take(FRAMES_MAX).map(text::name).collect();
    if names.is_empty() { String::new() } else { format!(", in {}", names.join(" < ")) }
}
