//! Threads that let all others go first: what they do takes long, and nobody waits for it on the spot.

/// Added to the niceness of such a thread: where everybody has something to do, it gets a third of what a worker gets.
/// The lowest priority of all would never come to its end under full load.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// Makes this thread one that lets the others go first. Where the system does not allow it, it takes its share.
pub fn step_back() {
    #[cfg(target_os = "linux")]
    // On Linux, "this process" means this thread.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}
