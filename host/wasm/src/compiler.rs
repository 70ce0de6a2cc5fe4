//! Compiling: few modules at a time, behind whatever else the machine has to do, each of them once, and nobody waits longer than a bound.
//! What was compiled is found again in the code cache, or in memory where the host keeps no folder.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use procession_engine::background;
use procession_engine::model::id::Digest;
use procession_engine::ports::definition::LoadError;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::bulk;
use crate::code_cache::CodeCache;
use crate::limits::Limits;

/// Compiles modules and keeps what came of it.
pub(crate) struct Compiler {
    inner: Arc<Inner>,
    patience: Duration,
    waiting_max: usize,
}

struct Inner {
    engine: Engine,
    kept: Kept,
    /// What is being compiled, or waits for a slot.
    jobs: Mutex<HashMap<Digest, Arc<Job>>>,
    slots: Slots,
}

/// Where compiled code is found again.
enum Kept {
    Folder(CodeCache),
    Memory(Mutex<HashMap<Digest, Component>>),
}

/// One module that is compiled; whoever else brings the same bytes waits for the same result.
#[derive(Default)]
struct Job {
    outcome: Mutex<Option<Result<Component, LoadError>>>,
    settled: Condvar,
}

impl Compiler {
    pub(crate) fn new(engine: Engine, limits: &Limits, cache: Option<CodeCache>) -> Self {
        let kept = cache.map_or_else(|| Kept::Memory(Mutex::default()), Kept::Folder);
        let inner = Inner { engine, kept, jobs: Mutex::default(), slots: Slots::of(limits.compiling_max) };
        Self { inner: Arc::new(inner), patience: Duration::from_millis(limits.compile_ms_max), waiting_max: limits.compile_waiting_max }
    }

    /// Where compiled code is kept between two starts; none where it is not.
    pub(crate) fn cache(folder: Option<PathBuf>, engine: &Engine) -> Result<Option<CodeCache>, (PathBuf, std::io::Error)> {
        folder.map(|folder| CodeCache::open(folder.clone(), engine).map_err(|cause| (folder, cause))).transpose()
    }

    /// The code of a module that was compiled before.
    pub(crate) fn known(&self, digest: &Digest) -> Option<Component> {
        self.inner.known(digest)
    }

    /// Whether the code of a module is there, without reading it.
    pub(crate) fn has(&self, digest: &Digest) -> bool {
        match &self.inner.kept {
            Kept::Folder(cache) => cache.has(digest),
            Kept::Memory(kept) => lock(kept).contains_key(digest),
        }
    }

    pub(crate) fn forget(&self, digest: &Digest) {
        match &self.inner.kept {
            Kept::Folder(cache) => cache.forget(digest),
            Kept::Memory(kept) => drop(lock(kept).remove(digest)),
        }
    }

    /// Compiles a module, or waits for whoever does so already.
    pub(crate) fn compile(&self, digest: &Digest, bytes: &[u8]) -> Result<Component, LoadError> {
        self.job(digest, bytes)?.wait(self.patience)
    }

    fn job(&self, digest: &Digest, bytes: &[u8]) -> Result<Arc<Job>, LoadError> {
        let mut jobs = lock(&self.inner.jobs);
        if let Some(job) = jobs.get(digest) {
            return Ok(Arc::clone(job));
        }
        let job = Arc::new(Job::default());
        // Another one may have come to its end since the caller looked.
        if let Some(component) = self.inner.known(digest) {
            job.settle(Ok(component));
            return Ok(job);
        }
        if jobs.len() >= self.waiting_max {
            return Err(LoadError::NotYet(format!("{} modules are being compiled or wait for it; try again later", jobs.len())));
        }
        let (inner, under_way, digest, bytes) = (Arc::clone(&self.inner), Arc::clone(&job), *digest, bytes.to_vec());
        let work = move || inner.work(digest, &bytes, &under_way);
        let thread = std::thread::Builder::new().name("compile".to_owned()).spawn(work);
        thread.map_err(|error| LoadError::Host(format!("the system gives no thread to compile on: {error}")))?;
        jobs.insert(digest, Arc::clone(&job));
        Ok(job)
    }
}

impl Inner {
    fn known(&self, digest: &Digest) -> Option<Component> {
        match &self.kept {
            Kept::Folder(cache) => cache.get(&self.engine, digest),
            Kept::Memory(kept) => lock(kept).get(digest).cloned(),
        }
    }

    fn work(&self, digest: Digest, bytes: &[u8], job: &Job) {
        let _slot = self.slots.take();
        background::step_back();
        let outcome = catch_unwind(AssertUnwindSafe(|| self.compiled(&digest, bytes)));
        let broke = |_| Err(LoadError::NotAComponent("the compiler broke on it".to_owned()));
        let outcome = outcome.unwrap_or_else(broke);
        give_back();
        // Kept before it is no longer under way, so that nobody compiles it again in between.
        lock(&self.jobs).remove(&digest);
        job.settle(outcome);
    }

    fn compiled(&self, digest: &Digest, bytes: &[u8]) -> Result<Component, LoadError> {
        if let Some(complaint) = bulk::complaint(bytes) {
            return Err(LoadError::NotAComponent(complaint));
        }
        let started = Instant::now();
        let component = Component::from_binary(&self.engine, bytes).map_err(|error| LoadError::NotAComponent(format!("{error:#}")))?;
        tracing::info!(module = %digest.short(), bytes = bytes.len(), compile_ms = started.elapsed().as_millis(), "module compiled");
        match &self.kept {
            Kept::Folder(cache) => cache.put(digest, &component),
            Kept::Memory(kept) => drop(lock(kept).insert(*digest, component.clone())),
        }
        Ok(component)
    }
}

impl Job {
    fn settle(&self, outcome: Result<Component, LoadError>) {
        *lock(&self.outcome) = Some(outcome);
        self.settled.notify_all();
    }

    /// A compilation cannot be stopped: whoever does not wait any longer finds its result in the cache later.
    fn wait(&self, patience: Duration) -> Result<Component, LoadError> {
        let outcome = lock(&self.outcome);
        let waited = self.settled.wait_timeout_while(outcome, patience, |outcome| outcome.is_none());
        let (outcome, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let still = || LoadError::NotYet(format!("it is being compiled, for more than {} seconds now", patience.as_secs()));
        outcome.clone().unwrap_or_else(|| Err(still()))
    }
}

/// How many may compile at the same time.
struct Slots {
    free: Mutex<usize>,
    freed: Condvar,
}

struct Slot<'a>(&'a Slots);

impl Slots {
    fn of(count: usize) -> Self {
        Self { free: Mutex::new(count.max(1)), freed: Condvar::new() }
    }

    fn take(&self) -> Slot<'_> {
        let free = lock(&self.free);
        let mut free = self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Slot(self)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *lock(&self.0.free) += 1;
        self.0.freed.notify_one();
    }
}

/// Gives the system back what the compiler took. glibc keeps what was freed for later: six small modules left 10 MB, one of Python 200 MB,
/// and the host does not compile again for days.
fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code, reason = "the C library has no safe name for it")]
    // SAFETY: it takes no pointer, and may be called by any thread at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// What is behind these locks is whole after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use procession_engine::model::id::Digest;
    use procession_engine::ports::definition::LoadError;

    use super::Compiler;
    use crate::limits::Limits;
    use crate::sandbox;

    /// The smallest component, made different by a number.
    fn component(number: u8) -> Vec<u8> {
        [b"\0asm\x0d\0\x01\0".as_slice(), &[0, 5, 4, b'n', b'o', b't', number]].concat()
    }

    /// With one slot, and room for two modules.
    fn compiler() -> Compiler {
        let limits = Limits { instances_max: 4, compiling_max: 1, compile_waiting_max: 2, compile_ms_max: 0, ..Limits::default() };
        Compiler::new(sandbox::engine(&limits).unwrap(), &limits, None)
    }

    #[test]
    fn whoever_brings_bytes_that_are_being_compiled_waits_for_the_same_result_and_not_longer_than_the_bound() {
        let compiler = compiler();
        let (digest, bytes) = (Digest([1; 32]), component(1));
        let slot = compiler.inner.slots.take();
        let (first, second) = (compiler.job(&digest, &bytes).unwrap(), compiler.job(&digest, &bytes).unwrap());
        assert!(Arc::ptr_eq(&first, &second), "the same bytes are compiled twice");
        assert!(matches!(compiler.compile(&digest, &bytes), Err(LoadError::NotYet(why)) if why.contains("being compiled")));
        assert!(!compiler.has(&digest));
        drop(slot);
        assert!(first.wait(super::Duration::from_secs(60)).is_ok());
        assert!(compiler.has(&digest) && compiler.known(&digest).is_some());
        assert!(compiler.compile(&digest, &bytes).is_ok(), "what is kept is there at once");
        compiler.forget(&digest);
        assert!(!compiler.has(&digest));
    }

    #[test]
    fn one_module_more_than_there_is_room_for_is_told_to_come_again() {
        let compiler = compiler();
        let slot = compiler.inner.slots.take();
        let waiting = [1, 2].map(|number| compiler.job(&Digest([number; 32]), &component(number)).unwrap());
        let third = compiler.job(&Digest([3; 32]), &component(3));
        assert!(matches!(third, Err(LoadError::NotYet(why)) if why.starts_with("2 modules are being compiled")));
        drop(slot);
        for job in waiting {
            assert!(job.wait(super::Duration::from_secs(60)).is_ok());
        }
        assert!(compiler.job(&Digest([3; 32]), &component(3)).is_ok());
    }

    #[test]
    fn bytes_that_cannot_be_compiled_say_so_to_everybody_who_brought_them() {
        let compiler = compiler();
        let broken = [component(1), vec![11, 0]].concat();
        let slot = compiler.inner.slots.take();
        let jobs = [(); 2].map(|()| compiler.job(&Digest([1; 32]), &broken).unwrap());
        drop(slot);
        for job in jobs {
            assert!(matches!(job.wait(super::Duration::from_secs(60)), Err(LoadError::NotAComponent(_))));
        }
        assert!(!compiler.has(&Digest([1; 32])));
    }
}
