//! What can go wrong in a run, by name, and how often it did.
//! What a fault does is said where it strikes.

use std::fmt;

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $name:ident = $rate:literal $text:literal,)+) => {
        /// Something that can go wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The highest rate at which it strikes where it can, in millionths; a run draws its own rate below it.
            #[must_use]
            pub fn rate_ppm_max(self) -> u64 {
                match self {
                    $(Self::$name => $rate,)+
                }
            }
        }

        impl fmt::Display for Fault {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.pad(match self {
                    $(Self::$name => $text,)+
                })
            }
        }
    };
}

faults! {
    /// The host dies within a call of a port.
    CrashInCall = 6_000 "crash within a port call",
    /// The host dies between two steps.
    CrashBetweenSteps = 12_000 "crash between steps",
    /// A crash takes commits along that were applied and not synced.
    SuffixLost = 700_000 "suffix of unsynced commits lost",
    /// A commit cannot be written, and nothing of it is.
    WriteFails = 20_000 "write failed",
    /// The disk is full for a while.
    DiskFull = 4_000 "disk full for a while",
    /// A group is written in part; the store closes.
    ShortWrite = 6_000 "short write",
    /// A sync fails; the store closes.
    SyncFails = 10_000 "sync failed",
    /// The writer does nothing for a while.
    SlowWrite = 30_000 "slow writer",
    /// A read fails.
    ReadFails = 8_000 "read failed",
    /// A change of the module shelf cannot be kept.
    ShelfFails = 100_000 "shelf write failed",
    /// The clock jumps ahead.
    ClockForward = 15_000 "clock jumped forward",
    /// The clock jumps back.
    ClockBackward = 15_000 "clock jumped backward",
    /// The clock goes back between two readings of one step.
    ClockWavers = 3_000 "clock went back within a step",
    /// An outside system answers twice.
    ReplyTwice = 150_000 "reply given twice",
    /// An outside system answers late.
    ReplyLate = 300_000 "reply late",
    /// An outside system never answers.
    ReplyNever = 120_000 "reply dropped",
    /// The answer comes as a message from outside, later, in any order, perhaps several times.
    ReplyFromOutside = 200_000 "reply as a message of its own",
    /// An outside system answers something that breaks the definition that it is for.
    ReplyPoisoned = 30_000 "reply poisoned",
    /// An outside system says something that nobody asked for.
    ReplyStray = 60_000 "reply nobody asked for",
    /// An adapter breaks once.
    AdapterFails = 80_000 "adapter failed",
    /// An adapter is down for a while.
    AdapterDown = 10_000 "adapter down for a while",
    /// An outside system is gone for ever.
    AdapterDead = 100_000 "adapter down for ever",
    /// A caller sends its request again although it was answered.
    RequestRepeated = 150_000 "request repeated",
    /// A caller gives up before it has its answer, and perhaps asks again.
    RequestAbandoned = 60_000 "request abandoned",
    /// A caller uses its key for something else.
    KeyReused = 30_000 "key used for something else",
    /// A guest traps.
    GuestTraps = 12_000 "guest trapped",
    /// A guest reports a fault of its own.
    GuestFaults = 6_000 "guest fault",
    /// A guest goes over a limit.
    GuestOverLimit = 6_000 "guest over a limit",
    /// A guest takes longer than a slice: its turn is made apart.
    GuestOverlong = 30_000 "guest took longer than a slice",
    /// A guest records what its manifest does not list.
    GuestBreaksContract = 6_000 "guest broke its contract",
    /// A guest decides by something outside its events.
    GuestStrange = 8_000 "guest not deterministic",
    /// A guest breaks while it folds its events.
    GuestCannotFold = 4_000 "guest broke while folding",
    /// A guest breaks while it is restored.
    GuestCannotRestore = 4_000 "guest broke while restored",
    /// A guest breaks while it says what a query sees.
    GuestCannotLook = 6_000 "guest broke while looking",
    /// A definition is deployed while processes run.
    HotDeploy = 20_000 "hot deploy",
    /// A definition is drained while processes run, and what nothing needs is removed.
    Drain = 6_000 "drain",
    /// A process is moved to another module while it runs.
    Migration = 20_000 "migration",
    /// An operator replays, edits or drops a dead letter.
    Operator = 40_000 "dead letter replayed, edited or dropped",
    /// Something that is no definition is deployed.
    BadDeploy = 5_000 "bad module deployed",
    /// The operator stops and starts the host.
    Restart = 5_000 "restart",
}

/// How often each fault struck.
#[derive(Clone, Debug)]
pub struct Tally(Vec<u64>);

impl Default for Tally {
    fn default() -> Self {
        Self(vec![0; Fault::ALL.len()])
    }
}

impl Tally {
    /// Counts one.
    pub fn count(&mut self, fault: Fault) {
        self.0[fault as usize] += 1;
    }

    /// How often this one struck.
    #[must_use]
    pub fn of(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }

    /// Adds what another run counted.
    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine += theirs);
    }
}
