//! What the server holds: its memory and its disk, as its metrics tell.
//! A server that does not tell them (another system, a store in memory) is measured without.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::cli::client::{Question, Server};

const MEMORY: &str = "process_resident_memory_bytes";
const DISK: &str = "procession_data_bytes";

/// What was seen of it, from before the first trigger on.
pub(super) struct Held {
    before: Sample,
    seen: Mutex<Seen>,
}

#[derive(Clone, Copy)]
struct Seen {
    now: Sample,
    memory_bytes_max: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sample {
    memory_bytes: Option<u64>,
    disk_bytes: Option<u64>,
}

/// What a test tells of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Told {
    memory_bytes: Option<u64>,
    memory_bytes_max: Option<u64>,
    disk_bytes_before: Option<u64>,
    disk_bytes_after: Option<u64>,
    disk_bytes_per_shipment: Option<f64>,
}

impl Held {
    pub(super) async fn now(server: &Server) -> Self {
        let before = sample(server).await;
        Self { before, seen: Mutex::new(Seen { now: before, memory_bytes_max: before.memory_bytes }) }
    }

    pub(super) async fn look(&self, server: &Server) {
        let now = sample(server).await;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Seen { now, memory_bytes_max: seen.memory_bytes_max.max(now.memory_bytes) };
    }

    /// After so many shipments; none, where the test was not about them.
    pub(super) fn told(&self, shipments: u64) -> Told {
        let Seen { now, memory_bytes_max } = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let grown = self.before.disk_bytes.zip(now.disk_bytes).map(|(before, after)| after.saturating_sub(before));
        Told {
            memory_bytes: now.memory_bytes,
            memory_bytes_max,
            disk_bytes_before: self.before.disk_bytes,
            disk_bytes_after: now.disk_bytes,
            disk_bytes_per_shipment: grown.filter(|_| shipments > 0).map(|bytes| bytes as f64 / shipments as f64),
        }
    }
}

impl Told {
    pub(super) fn document(&self) -> Value {
        json!({
            "memoryBytes": self.memory_bytes, "memoryBytesMax": self.memory_bytes_max,
            "diskBytesBefore": self.disk_bytes_before, "diskBytesAfter": self.disk_bytes_after,
            "diskBytesPerShipment": self.disk_bytes_per_shipment.map(f64::round),
        })
    }

    /// The rows of a table.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / 1_048_576.0);
        let memory =
            self.memory_bytes.zip(self.memory_bytes_max).map(|(now, max)| format!("{} at the end, {} at most", mib(now), mib(max)));
        let disk = self.disk_bytes_before.zip(self.disk_bytes_after).map(|(before, after)| {
            let each = self.disk_bytes_per_shipment.map(|bytes| format!(", {bytes:.0} bytes per shipment"));
            format!("{} before, {} after{}", mib(before), mib(after), each.unwrap_or_default())
        });
        let named = [("server memory", memory), ("server disk", disk)];
        named.into_iter().map(|(name, text)| vec![name.to_owned(), text.unwrap_or_else(|| "-".to_owned())]).collect()
    }
}

async fn sample(server: &Server) -> Sample {
    let answered = server.send(Question::get("/metrics")).await.and_then(|reply| reply.into_body());
    answered.map(|body| Sample::of(&String::from_utf8_lossy(&body))).unwrap_or_default()
}

impl Sample {
    fn of(metrics: &str) -> Self {
        let value = |name: &str| metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        Self { memory_bytes: value(MEMORY), disk_bytes: value(DISK) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::{Held, Sample, Seen, Told};

    fn held(before: Sample, now: Sample) -> Held {
        Held { before, seen: Mutex::new(Seen { now, memory_bytes_max: now.memory_bytes.max(before.memory_bytes) }) }
    }

    #[test]
    fn memory_and_disk_are_found_among_the_metrics() {
        let text = "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes 4096\nprocession_data_bytes 8192\n";
        assert_eq!(Sample::of(text), Sample { memory_bytes: Some(4_096), disk_bytes: Some(8_192) });
        assert_eq!(Sample::of("procession_data_bytes_more 1\n"), Sample::default());
    }

    #[test]
    fn a_shipment_takes_its_share_of_what_the_disk_has_grown() {
        let sample = |memory, disk| Sample { memory_bytes: Some(memory), disk_bytes: Some(disk) };
        let told = held(sample(70, 1_000), sample(50, 5_000)).told(4);
        assert_eq!((told.memory_bytes, told.memory_bytes_max, told.disk_bytes_per_shipment), (Some(50), Some(70), Some(1_000.0)));
        assert_eq!(held(sample(70, 1_000), sample(50, 5_000)).told(0).disk_bytes_per_shipment, None);
        assert_eq!(held(Sample::default(), Sample::default()).told(4), Told::default());
    }
}
