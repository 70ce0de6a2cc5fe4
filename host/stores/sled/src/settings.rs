//! What an operator may choose about the store.
//! Durability is not among it: nothing is acknowledged before it is on the disk.

/// What an operator may choose about the store.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Memory for sled's page cache, in bytes. The program takes about twice as much.
    /// What is not in it is read from the disk again, or from what the system keeps of it in memory that it gives back when it is needed.
    /// Enough for what is under way at once; sled's own default of 1 GiB would surprise a small host.
    pub cache_bytes: u64,
    /// Commits that wait for the writer. A caller that finds so many waits for a place: memory stays bounded, order stays kept.
    pub queue_commits_max: usize,
    /// Commits that share one sync. More of them gain little once the sync is paid by hundreds, and the first one waits longer.
    pub group_commits_max: usize,
    /// Bytes that stay free on the file system: with less, commits are refused and reads go on, until there is room again.
    /// A database that meets a full disk in the middle of a write has to be closed and opened again; so it is stopped before.
    /// It must hold the largest group and what sled tidies up meanwhile, a few times 8 MiB.
    pub free_bytes_min: u64,
    /// How much is looked at when the store is opened.
    pub check: Check,
}

/// How much is looked at when the store is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// Every value, and whether all of them add up. Damage can make sled serve old values without a word; only this finds them.
    #[default]
    Everything,
    /// Whether the end of the log is there. For whoever looks into a damaged store, or checks it by other means.
    End,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cache_bytes: 32 * 1024 * 1024,
            queue_commits_max: 4_096,
            group_commits_max: 512,
            free_bytes_min: 64 * 1024 * 1024,
            check: Check::Everything,
        }
    }
}
