//! What a domestic shipment costs, in everything that can be counted: processor time by thread, allocations, writes and syncs.
//! `make budget SHIPMENTS=10000 IN_FLIGHT=256`; in one process, without HTTP.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use procession_benches::rig::{Processes, Rig, domestic};
use procession_benches::settings;
use tokio::runtime::Runtime;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static ALLOCATED_BYTES: AtomicU64 = AtomicU64::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[allow(unsafe_code, reason = "an allocator can be counted from nowhere else")]
// SAFETY: everything is passed on to the allocator of the system as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise is the one that is asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise is the one that is asked for.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // What was there has been counted; most buffers grow where they are.
        count(size.saturating_sub(layout.size()));
        // SAFETY: the caller's promise is the one that is asked for.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the one that is asked for.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn count(bytes: usize) {
    ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    ALLOCATED_BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
}

fn main() -> anyhow::Result<()> {
    let (shipments, in_flight) = (settings::number("SHIPMENTS", 10_000), settings::number("IN_FLIGHT", 256) as usize);
    let (folder, runtime) = (tempfile::tempdir()?, Runtime::new()?);
    let rig = Rig::start(folder.path(), Processes::Sandboxed)?;
    let warm_up = shipments / 5;
    runtime.block_on(rig.ship((0..warm_up).map(domestic), in_flight))?;
    let (before, begun) = (Spent::until_now(folder.path())?, Instant::now());
    runtime.block_on(rig.ship((warm_up..warm_up + shipments).map(domestic), in_flight))?;
    let took = begun.elapsed();
    let after = Spent::until_now(folder.path())?;
    println!("{shipments} domestic shipments, {in_flight} in flight, {:.0} a second; of each:", shipments as f64 / took.as_secs_f64());
    for (thread, cpu_ns) in &after.cpu_ns {
        let each = (cpu_ns - before.cpu_ns.get(thread).copied().unwrap_or(0)) as f64 / 1e3 / shipments as f64;
        if each >= 0.5 {
            println!("{each:>12.1} µs of a core: {thread}");
        }
    }
    let figures = [
        ("allocations", before.allocations, after.allocations),
        ("bytes allocated", before.allocated_bytes, after.allocated_bytes),
        ("bytes handed to the system for writing", before.written_bytes, after.written_bytes),
        ("system calls that write", before.writes, after.writes),
        ("syncs of the store", before.groups, after.groups),
    ];
    for (what, before, after) in figures {
        println!("{:>12.2} {what}", (after - before) as f64 / shipments as f64);
    }
    rig.stop();
    Ok(())
}

/// What the process has spent since its start.
struct Spent {
    /// By the name of the threads, without the numbers that tell equal ones apart.
    cpu_ns: BTreeMap<String, u64>,
    allocations: u64,
    allocated_bytes: u64,
    written_bytes: u64,
    writes: u64,
    groups: u64,
}

impl Spent {
    fn until_now(folder: &Path) -> anyhow::Result<Self> {
        let mut cpu_ns = BTreeMap::new();
        for thread in fs::read_dir("/proc/self/task")? {
            let thread = thread?.path();
            let name = fs::read_to_string(thread.join("comm"))?;
            let name = name.trim().trim_end_matches(|end: char| end.is_ascii_digit());
            let spent = fs::read_to_string(thread.join("schedstat"))?;
            *cpu_ns.entry(name.to_owned()).or_default() += spent.split_whitespace().next().map_or(Ok(0), str::parse::<u64>)?;
        }
        let io = fs::read_to_string("/proc/self/io")?;
        let of = |field: &str| io.lines().find_map(|line| line.strip_prefix(field)?.trim().parse().ok()).unwrap_or(0);
        Ok(Self {
            cpu_ns,
            allocations: ALLOCATIONS.load(Ordering::Relaxed),
            allocated_bytes: ALLOCATED_BYTES.load(Ordering::Relaxed),
            written_bytes: of("wchar:"),
            writes: of("syscw:"),
            groups: last_group(&folder.join("store/high-water"))?,
        })
    }
}

/// The number of the last group of commits, each of which was synced once: it stands in both halves of the high-water mark, behind eight letters.
fn last_group(mark: &Path) -> anyhow::Result<u64> {
    let bytes = fs::read(mark)?;
    let numbers = bytes.chunks(512).filter_map(|slot| slot.get(8..16)?.first_chunk().map(|number| u64::from_be_bytes(*number)));
    Ok(numbers.max().unwrap_or(0))
}
