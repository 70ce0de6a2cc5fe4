//! What stands between an instance and the host's memory.
//! Fuel is not counted here: wasmtime does, and `instance` sets it.

use wasmtime::ResourceLimiter;

/// Core instances in one instance of a component: toolchains put a handful of adapters around the guest's own module,
/// and Python, whose libraries are linked one by one, needs most (about 40). Beyond that it is an attack.
pub(crate) const CORE_INSTANCES_MAX: u32 = 64;

/// Tables in one instance of a component.
pub(crate) const TABLES_MAX: u32 = 16;

/// Memories in one instance of a component. Adapters use that of the guest; a component of QuickJS has two more,
/// because what stands in for WASI there must name a memory and never uses it.
pub(crate) const MEMORIES_MAX: u32 = 3;

/// Memories in one instance that hold anything: with a second one, a definition would take twice its share of the host's mappings
/// and of what stays resident in the pool.
const MEMORIES_FILLED_MAX: u32 = 1;

/// Memories in the pool for each instance that may live at the same time. An empty one takes a slot too, so where all are QuickJS,
/// two of three find room; three slots for each instance would be more address space than a process has.
pub(crate) const MEMORY_SLOTS_PER_INSTANCE: u32 = 2;

/// The data of every store: counts what its instance takes and stops it at the limit.
pub(crate) struct Guard {
    memory_bytes: usize,
    memories_filled: u32,
    memory_bytes_max: usize,
    table_elements_max: usize,
}

/// A limit that was reached; the text names it and the amount.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct OverLimit(String);

impl Guard {
    pub(crate) fn new(memory_bytes_max: usize, table_elements_max: usize) -> Self {
        Self { memory_bytes: 0, memories_filled: 0, memory_bytes_max, table_elements_max }
    }

    /// Linear memory that the instance has, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }
}

/// A growth over the limit traps at once. Answering the guest with -1 would let it go on in a state
/// that depends on the host's settings, and most guests only abort with a less clear message.
impl ResourceLimiter for Guard {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        // A memory never shrinks, so each is counted once: when it stops being empty.
        if current == 0 && desired > 0 {
            self.memories_filled += 1;
        }
        if self.memories_filled > MEMORIES_FILLED_MAX {
            let text = format!("memories: {} would hold something, the most is {MEMORIES_FILLED_MAX}", self.memories_filled);
            return Err(wasmtime::Error::new(OverLimit(text)));
        }
        // Several memories of one component share one limit, so the sum counts.
        let total = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        if total > self.memory_bytes_max {
            let text = format!("memory: {total} bytes were wanted, the most is {}", self.memory_bytes_max);
            return Err(wasmtime::Error::new(OverLimit(text)));
        }
        self.memory_bytes = total;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.table_elements_max {
            let text = format!("tables: {desired} elements were wanted, the most is {}", self.table_elements_max);
            return Err(wasmtime::Error::new(OverLimit(text)));
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_MAX as usize
    }

    fn tables(&self) -> usize {
        TABLES_MAX as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX as usize
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::ResourceLimiter as _;

    use super::Guard;

    const PAGE: usize = 65_536;

    #[test]
    fn only_one_memory_holds_anything() {
        let mut guard = Guard::new(4 * PAGE, 0);
        for (current, desired) in [(0, 0), (0, PAGE), (0, 0), (PAGE, 2 * PAGE)] {
            assert!(guard.memory_growing(current, desired, None).is_ok(), "{current} to {desired}");
        }
        let refused = guard.memory_growing(0, PAGE, None).unwrap_err().to_string();
        assert_eq!(refused, "memories: 2 would hold something, the most is 1");
    }
}
