//! How wasmtime is set up: deterministic, bounded, and quick to make instances.
//! What one instance may use is set in `instance`, per store.

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures};

use crate::guard;
use crate::limits::Limits;

/// Pages that stay with a slot of the pool when its instance is gone. A Rust guest touches 35 KB, a QuickJS one 280 KB.
const RESIDENT_BYTES: usize = 512 * 1024;

/// Makes the engine that all modules share.
///
/// The pool reserves 4 GiB of address space an instance, so that no access needs a bounds check.
/// Where that much cannot be had (containers and shells can limit it), instances are made on demand, with small reservations:
/// everything works, only slower.
pub(crate) fn engine(limits: &Limits) -> wasmtime::Result<Engine> {
    match Engine::new(&pooled(limits)) {
        Ok(engine) => Ok(engine),
        Err(error) => {
            tracing::warn!(
                instances_max = limits.instances_max,
                error = format!("{error:#}"),
                "no pool of instances could be reserved; instances are made on demand, which is slower"
            );
            Engine::new(&on_demand(limits))
        }
    }
}

fn pooled(limits: &Limits) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    // Whatever one component may hold, there is room for so many of it: one that holds much must not take the room of others.
    // Counts only bound; what costs is the address space of memories and tables.
    pool.total_component_instances(limits.instances_max)
        .total_core_instances(limits.instances_max.saturating_mul(guard::CORE_INSTANCES_MAX))
        .max_core_instances_per_component(guard::CORE_INSTANCES_MAX)
        .total_memories(limits.instances_max.saturating_mul(guard::MEMORY_SLOTS_PER_INSTANCE))
        .max_memories_per_component(guard::MEMORIES_MAX)
        .max_memories_per_module(1)
        .total_tables(limits.instances_max.saturating_mul(guard::TABLES_MAX))
        .max_tables_per_component(guard::TABLES_MAX)
        .max_tables_per_module(guard::TABLES_MAX)
        .table_elements(limits.table_elements_max)
        .linear_memory_keep_resident(RESIDENT_BYTES)
        .table_keep_resident(RESIDENT_BYTES)
        .pagemap_scan(Enabled::Auto);
    let mut config = deterministic(limits);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

fn on_demand(limits: &Limits) -> Config {
    let mut config = deterministic(limits);
    config
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .memory_reservation(limits.memory_bytes_max as u64)
        .memory_guard_size(64 * 1024)
        .memory_reservation_for_growth(0);
    config
}

/// What makes the same call give the same answer on every machine, and what a definition has no use for.
fn deterministic(limits: &Limits) -> Config {
    let mut config = Config::new();
    config
        // One thread a module: a large one must not take every core from the workers; see `compiler`.
        .parallel_compilation(false)
        .cranelift_nan_canonicalization(true)
        .consume_fuel(true)
        .max_wasm_stack(limits.stack_bytes_max)
        // Mostly off in this build anyway; said here so that a feature switched on elsewhere in the workspace changes nothing.
        .wasm_features(WasmFeatures::THREADS | WasmFeatures::RELAXED_SIMD | WasmFeatures::MEMORY64 | WasmFeatures::STACK_SWITCHING, false)
        .relaxed_simd_deterministic(true)
        .shared_memory(false)
        .concurrency_support(false)
        .wasm_backtrace_max_frames(std::num::NonZero::new(8))
        .wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable);
    config
}
