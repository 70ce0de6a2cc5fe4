//! What one module may use, in one place.
//! The operator sets these; a definition's wishes move within them and never beyond.

use procession_engine::model::manifest::Manifest;
use procession_engine::ports::definition::Pace;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The most that a module and its calls may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of a module in bytes. Compile time grows with it; Python guests have about 18 MiB.
    pub module_bytes_max: usize,
    /// Modules that are compiled at the same time: half of the cores, so that the workers keep the others.
    pub compiling_max: usize,
    /// Modules that are compiled or wait for it: each of them is held in memory. Beyond it, whoever brings one is told to come again.
    pub compile_waiting_max: usize,
    /// How long somebody waits for a module to be compiled, in milliseconds. Python takes half a minute on an idle machine;
    /// what takes longer than this goes on, and is there when somebody asks again.
    pub compile_ms_max: u64,
    /// Linear memory of one instance in bytes where the definition wishes for nothing; Rust guests touch 35 KB, Python ones 1.4 MB.
    pub memory_bytes: usize,
    /// Linear memory of one instance in bytes that a wish can reach: a thousand warm instances must fit into one machine.
    pub memory_bytes_max: usize,
    /// Fuel of one call where the definition wishes for nothing: about a tenth of a second, while a usual call takes microseconds.
    pub fuel_per_call: u64,
    /// Fuel of one call that a wish can reach: about two seconds.
    pub fuel_per_call_max: u64,
    /// Fuel that one call may use where other processes wait for the same thread: a millisecond or two. One that needs more is made again elsewhere,
    /// so this is enough for the usual calls of interpreted languages.
    pub fuel_per_slice: u64,
    /// Fuel for making the first instance and for `describe`: engines of interpreted languages set themselves up there, and no worker waits for it.
    pub fuel_at_start: u64,
    /// Elements of one table: a table has one for every function that is called by reference.
    pub table_elements_max: usize,
    /// Stack of a call in bytes: worker threads have 2 MiB, and the host's own frames need their share.
    pub stack_bytes_max: usize,
    /// Bytes that one call may hand to the host. wasmtime's own default would let one answer take 128 MiB.
    pub hostcall_bytes_max: usize,
    /// Events of one decision: a decision is one step of a process, not a bulk load.
    pub events_per_decision_max: usize,
    /// Commands and timers of one decision, or replies of one adapter's call, for the same reason.
    pub effects_per_decision_max: usize,
    /// JSON text of one event, command, timer, view or reply, in bytes; it is kept for ever and read often.
    pub payload_bytes_max: usize,
    /// Text of one snapshot in bytes; it must fit into what one call may hand to the host.
    pub snapshot_bytes_max: usize,
    /// Tags of one view: each of them is indexed.
    pub tags_per_view_max: usize,
    /// Entries of one list in a manifest; it is kept with every module and searched at every decision.
    pub manifest_entries_max: usize,
    /// Instances that may live at the same time, over all modules. Their address space is reserved at the start.
    pub instances_max: u32,
    /// Processes in one shared instance: a trap of one of them folds all the others again.
    pub processes_per_shared_instance_max: usize,
    /// Idle instances of one router or adapter that are kept for the next call.
    pub idle_instances_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            module_bytes_max: 32 * MIB,
            compiling_max: (cores() / 2).max(1),
            compile_waiting_max: 16,
            compile_ms_max: 300_000,
            memory_bytes: 32 * MIB,
            memory_bytes_max: 64 * MIB,
            fuel_per_call: 100_000_000,
            fuel_per_call_max: 2_000_000_000,
            fuel_per_slice: 4_000_000,
            fuel_at_start: 500_000_000,
            table_elements_max: 20_000,
            stack_bytes_max: 512 * KIB,
            hostcall_bytes_max: 8 * MIB,
            events_per_decision_max: 256,
            effects_per_decision_max: 256,
            payload_bytes_max: MIB,
            snapshot_bytes_max: 4 * MIB,
            tags_per_view_max: 64,
            manifest_entries_max: 256,
            instances_max: 10_000,
            processes_per_shared_instance_max: 1_000,
            idle_instances_max: cores(),
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// What one instance is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) memory_bytes: usize,
    pub(crate) table_elements: usize,
    pub(crate) fuel_at_start: u64,
    pub(crate) fuel_per_call: u64,
    pub(crate) fuel_per_slice: u64,
    pub(crate) stack_bytes: usize,
    pub(crate) hostcall_bytes: usize,
}

impl Limits {
    /// What an instance is given that is only asked what it is: before that, nobody knows its wishes.
    pub(crate) fn to_describe(&self) -> Allowance {
        Allowance {
            memory_bytes: self.memory_bytes_max,
            table_elements: self.table_elements_max,
            fuel_at_start: self.fuel_at_start,
            fuel_per_call: self.fuel_at_start,
            fuel_per_slice: self.fuel_per_slice,
            stack_bytes: self.stack_bytes_max,
            hostcall_bytes: self.hostcall_bytes_max,
        }
    }

    /// What an instance of a definition is given: its wishes where there are any, never more than the limits.
    pub(crate) fn grant(&self, manifest: &Manifest) -> Allowance {
        let wished_memory = manifest.memory_bytes.map_or(self.memory_bytes, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let wished_fuel = manifest.fuel_per_call.unwrap_or(self.fuel_per_call);
        let fuel_per_call = wished_fuel.min(self.fuel_per_call_max);
        Allowance {
            memory_bytes: wished_memory.min(self.memory_bytes_max),
            // Instances are made while a process waits, so that may take no longer than a call.
            fuel_at_start: fuel_per_call.min(self.fuel_at_start),
            fuel_per_call,
            ..self.to_describe()
        }
    }
}

impl Allowance {
    /// The fuel that a call gets of what it may use.
    pub(crate) fn fuel(&self, most: u64, pace: Pace) -> u64 {
        match pace {
            Pace::Slice => most.min(self.fuel_per_slice),
            Pace::Whole => most,
        }
    }
}
