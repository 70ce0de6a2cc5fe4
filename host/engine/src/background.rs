//! Threads that let others go first: what they do takes long, and nobody waits for it on the spot.

/// Added to the niceness of a thread that steps back: where everybody has something to do, it gets a third of what a worker gets.
/// The lowest priority of all would never come to its end under full load.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// Makes this thread one that lets the others go first. Where the system does not allow it, it takes its share.
pub fn step_back() {
    #[cfg(target_os = "linux")]
    // On Linux, "this process" means this thread.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// Makes this thread one that runs where nobody else has anything to do, and is interrupted at once by whoever has. A thread that is merely nice
/// keeps a core for some milliseconds before somebody who wakes up gets it. Where the system does not allow it, it steps back.
pub(crate) fn stand_aside() {
    #[cfg(target_os = "linux")]
    #[allow(unsafe_code, reason = "no library of ours has a safe name for it")]
    {
        let parameter = libc::sched_param { sched_priority: 0 };
        // SAFETY: zero is this thread, and the parameter is read within the call.
        if unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameter) } == 0 {
            return;
        }
    }
    step_back();
}
