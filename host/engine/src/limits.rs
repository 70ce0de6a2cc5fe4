//! Every bound of the engine in one place, with its unit last in the name and its reason beside it.
//! What one guest may use is the runtime's matter and bounded there.

/// The bounds within which the engine works.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Threads that run turns; each owns the processes that hash to it. One a core: a turn never waits.
    pub workers: usize,
    /// Work waiting for one worker; beyond it callers hear that the host is busy, before memory grows.
    pub waiting_max: usize,
    /// Bytes of requests waiting for one worker: a few large ones must not cost what many small ones do.
    pub waiting_bytes_max: usize,
    /// Bytes of the commits of one worker that are not durable yet: they are held in memory, and a definition may decide on megabytes at once.
    pub in_flight_bytes_max: usize,
    /// Commits of one worker that are not durable yet; enough to fill a group at the slowest sync.
    pub commits_in_flight_max: usize,
    /// Recorded messages on their way in the whole host from which on a definition may not send more than it takes in: a chain reaction
    /// would fill memory and disk within seconds. Usual work keeps a few thousand on their way.
    pub flood_messages: usize,
    /// Bytes of recorded messages on their way from which on the same holds.
    pub flood_bytes: usize,
    /// How many messages a definition may send beyond those that it takes in while so much is on its way.
    pub flood_reserve: u64,
    /// Timers, answers that are waited for, and messages put off, of one stream; each of them stands in the process's row, which every commit writes.
    pub waits_per_stream_max: usize,
    /// What a definition may waste of the machine's time in calls that come to nothing, in milliseconds: an endless loop and another. Beyond that it rests.
    /// It is felt by those beside it all at once, so it is a small part of any span in which somebody looks at how long 99 of 100 requests take.
    pub wasted_ms_max: u64,
    /// How much of that is forgiven in a second, in milliseconds: far less than a hundredth, so that 99 of 100 requests for others meet no loop
    /// although each loop takes a core for much longer than they usually need.
    pub wasted_ms_per_s: u64,
    /// Turns that wait to be made apart, over all modules: each holds its trigger. Beyond it what is for a module that is made apart waits in the store;
    /// commands to adapters do not count, since each of them is in memory anyway and would lose its place in the order.
    pub apart_waiting_max: usize,
    /// How long all turns of a module are made apart after one of them came to nothing, or too many were cut off, in milliseconds:
    /// long enough that the slices which it costs now and then are nothing beside it. At least a second.
    pub apart_ms: u64,
    /// Calls of one module within that time that may be cut off on a worker: an unusually large message makes an honest definition take long, too.
    pub cut_off_max: u64,
    /// Threads that make turns apart, of modules whose turns come to something, and as many of others: half of the cores, and they let the workers go first.
    pub apart_threads: usize,
    /// How long what is for a module that is not compiled yet waits before it is looked at again, in milliseconds: compiling takes seconds.
    pub cold_retry_ms: u64,
    /// Decisions in one commit; a longer chain goes on in the next commit, so that one process cannot hold its worker.
    pub decisions_per_chain_max: usize,
    /// How often the events of one turn are offered to their own definition; more is a definition that never comes to rest.
    pub rounds_per_turn_max: usize,
    /// Attempts at one message before its process is parked. Guests are pure, so more would hardly help.
    pub attempts_max: u32,
    /// Attempts of an adapter at one command before it is a dead letter. With the waits below the last one comes after about a minute:
    /// long enough for a restart on the other side, short enough that somebody hears of it.
    pub delivery_attempts_max: u32,
    /// The wait before the second attempt of an adapter, in milliseconds; each further one is twice as long.
    pub retry_first_ms: u64,
    /// The longest wait between two attempts of an adapter, in milliseconds.
    pub retry_longest_ms: u64,
    /// How long recorded work waits after the store failed before it is tried again, in milliseconds.
    pub outage_retry_ms: u64,
    /// Events of one stream between two snapshots: a fold never takes more than about so many.
    /// Most streams are shorter and never pay for one.
    pub snapshot_every: u64,
    /// Processes of the whole host that stay in memory; the rest is folded again when it is needed.
    /// Each holds a folded state for every stream under way; `warm_max` bounds those.
    pub lanes_max: usize,
    /// Folded states of the whole host that stay in memory. Each holds an instance, and a runtime must have room for somewhat more:
    /// a process with many streams must not take the instances of others.
    pub warm_max: usize,
    /// Memory that all folded states of the whole host may hold, in bytes; those that were used longest ago are folded again when they are needed.
    /// What counts is the size of a guest's memory, of which a usual one touches a small part, and a hostile one all of it.
    pub warm_bytes_max: usize,
    /// Bytes of one message from outside.
    pub payload_bytes_max: usize,
    /// Timers due within this many milliseconds are kept in memory; later ones only in the store.
    pub timer_horizon_ms: u64,
    /// Timers that one worker fires before it looks at other work again.
    pub timers_per_step_max: usize,
    /// One decision in so many is made again in a fresh instance and compared.
    pub audit_one_in: u64,
    /// Callers that wait for the end of a process.
    pub watchers_max: usize,
    /// Undelivered messages and events read from the store at once.
    pub page: usize,
    /// Histories that the gate decides again before it lets a new module in: enough to meet every common way through a process.
    pub gate_histories_max: usize,
    /// How long the gate may look, in milliseconds: whoever drops a file in waits for it. What it has seen until then counts.
    pub gate_ms_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: cores(),
            waiting_max: 8_192,
            waiting_bytes_max: 32 * 1_024 * 1_024,
            in_flight_bytes_max: 64 * 1_024 * 1_024,
            commits_in_flight_max: 1_024,
            flood_messages: 32_768,
            flood_bytes: 128 * 1_024 * 1_024,
            flood_reserve: 4_096,
            waits_per_stream_max: 1_024,
            wasted_ms_max: 150,
            wasted_ms_per_s: 2,
            apart_waiting_max: 256,
            apart_ms: 60_000,
            cut_off_max: 4,
            apart_threads: (cores() / 2).max(1),
            cold_retry_ms: 500,
            decisions_per_chain_max: 256,
            rounds_per_turn_max: 64,
            attempts_max: 3,
            delivery_attempts_max: 8,
            retry_first_ms: 500,
            retry_longest_ms: 300_000,
            outage_retry_ms: 1_000,
            snapshot_every: 256,
            lanes_max: 2_048,
            warm_max: 8_192,
            warm_bytes_max: 8 * 1_024 * 1_024 * 1_024,
            payload_bytes_max: 256 * 1_024,
            timer_horizon_ms: 60_000,
            timers_per_step_max: 256,
            audit_one_in: 1_000,
            watchers_max: 65_536,
            page: 1_024,
            gate_histories_max: 1_000,
            gate_ms_max: 300,
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

impl Limits {
    /// Whether a stream that grows from one version to another is to get a snapshot.
    pub(crate) fn snapshot_is_due(&self, before: u64, after: u64) -> bool {
        self.snapshot_every > 0 && after / self.snapshot_every != before / self.snapshot_every
    }
}
