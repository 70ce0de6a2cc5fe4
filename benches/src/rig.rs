//! The example's host on a store of its own: the real engine, the real store, the six definitions, no HTTP.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use procession::SystemClock;
use procession_engine::engine::{Engine, Parts, Standing};
use procession_engine::error::Refusal;
use procession_engine::flow::inbox::Answer;
use procession_engine::gate::GateMode;
use procession_engine::limits::Limits;
use procession_engine::model::id::{Digest, Kind, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::ports::definition::{Definition, LoadError, Module, Role, Runtime};
use procession_engine::registry::Origin;
use procession_store_sled::{Settings, SledStore};
use procession_wasm::WasmRuntime;
use tokio::task::JoinSet;

use crate::asked::asked;
use crate::natively::Natively;

/// The definitions that a domestic shipment needs, besides the processes.
const HELPERS: [&str; 2] = ["shipment-classifier-1.0", "carrier-stub-1.0"];
/// The processes of a domestic shipment.
const PROCESSES: [&str; 3] = ["domestic-1.0", "manifestation-and-documents-1.0", "collection-booking-1.0"];

/// Shipments that are begun at the same time where nobody waits for their end.
const BEGUN_AT_ONCE: usize = 256;

/// Where the processes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processes {
    /// As components, as everywhere.
    Sandboxed,
    /// As plain Rust; routers and adapters stay components.
    Native,
}

/// A host that runs.
pub struct Rig {
    engine: Arc<Engine>,
    store: Arc<SledStore>,
}

impl Rig {
    /// Starts a host on this folder, with a carrier that answers at once.
    ///
    /// # Errors
    /// What stands in the way, such as guests that are not built.
    pub fn start(folder: &Path, processes: Processes) -> anyhow::Result<Self> {
        Self::start_with_carrier(folder, processes, 0)
    }

    /// Starts a host on this folder, with a carrier that takes its time.
    ///
    /// # Errors
    /// What stands in the way, such as guests that are not built.
    pub fn start_with_carrier(folder: &Path, processes: Processes, carrier_ms: u64) -> anyhow::Result<Self> {
        let store = Arc::new(SledStore::open(&folder.join("store"), Settings::default())?);
        let wasm = WasmRuntime::new(procession_wasm::Limits::default(), Some(folder.join("compiled")))?;
        let mut standing = Standing::new(Parts {
            store: Arc::clone(&store) as Arc<_>,
            log: Arc::clone(&store) as Arc<_>,
            shelf: Arc::clone(&store) as Arc<_>,
            runtime: Arc::new(Partly { wasm, processes }),
            clock: Arc::new(SystemClock::default()),
            settings: HashMap::from([("carrier-stub".to_owned(), Json::parse(format!(r#"{{"delayMs":{carrier_ms}}}"#))?)]),
            limits: Limits::default(),
            gate: GateMode::Off,
            entropy: 7,
        })?;
        for name in HELPERS.iter().chain(&PROCESSES) {
            standing.engine().deploy(&component(name)?, &Origin::Request)?;
        }
        standing.recover()?;
        Ok(Self { engine: standing.start()?, store })
    }

    /// Lets these shipments take their whole way, so many at a time; answers how long each took, in no order.
    ///
    /// # Errors
    /// The first refusal.
    pub async fn ship(&self, ids: impl Iterator<Item = String>, in_flight: usize) -> anyhow::Result<Vec<Duration>> {
        self.each(ids, in_flight, Until::Ended).await
    }

    /// Begins these shipments and leaves them where they wait for their carrier.
    ///
    /// # Errors
    /// The first refusal.
    pub async fn begin(&self, ids: impl Iterator<Item = String>) -> anyhow::Result<()> {
        self.each(ids, BEGUN_AT_ONCE, Until::Begun).await.map(drop)
    }

    async fn each(&self, ids: impl Iterator<Item = String>, in_flight: usize, until: Until) -> anyhow::Result<Vec<Duration>> {
        let (mut under_way, mut took) = (JoinSet::new(), Vec::new());
        for id in ids {
            while under_way.len() >= in_flight {
                took.extend(under_way.join_next().await.transpose()?.transpose()?);
            }
            under_way.spawn(ship(Arc::clone(&self.engine), id, until));
        }
        while let Some(one) = under_way.join_next().await {
            took.push(one??);
        }
        Ok(took)
    }

    /// The engine, for queries.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The store, for what is recorded.
    #[must_use]
    pub fn store(&self) -> &SledStore {
        &self.store
    }

    /// Stops the host, and lets go of its folder.
    pub fn stop(self) {
        self.engine.stop();
        self.store.close();
    }
}

/// How far a shipment is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Begun,
    Ended,
}

async fn ship(engine: Arc<Engine>, id: String, until: Until) -> anyhow::Result<Duration> {
    let (begun, process) = (Instant::now(), ProcessId::parse(&id)?);
    loop {
        let request = asked(&id, &format!("trigger-{id}"), Kind::start(), Json::null())?;
        match engine.request(request).await {
            Ok(Answer::Taken(_)) => break,
            // A number that is used twice would measure how fast nothing is done.
            Ok(other) => anyhow::bail!("{id} did not begin: {other:?}"),
            Err(Refusal::Busy) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(refusal) => return Err(refusal.into()),
        }
    }
    if until == Until::Ended {
        engine.ended(&process).await?;
    }
    Ok(begun.elapsed())
}

/// The id of a domestic shipment.
#[must_use]
pub fn domestic(number: u64) -> String {
    format!("1{number:010}0")
}

/// A component of the example, as `make guests` leaves it.
///
/// # Errors
/// Where it is not built.
pub fn component(name: &str) -> anyhow::Result<Vec<u8>> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-processes/dist");
    let file: PathBuf = dist.join(format!("{name}.wasm"));
    std::fs::read(&file).with_context(|| format!("{} cannot be read; `make guests` builds it", file.display()))
}

/// Components, of which the processes may run without their sandbox.
struct Partly {
    wasm: WasmRuntime,
    processes: Processes,
}

impl Runtime for Partly {
    fn load(&self, bytes: &[u8]) -> Result<Module, LoadError> {
        let module = self.wasm.load(bytes)?;
        let native = (self.processes == Processes::Native).then(|| native(&module.manifest.category.to_string())).flatten();
        Ok(match native {
            Some(definition) => Module { role: Role::Process(definition), ..module },
            None => module,
        })
    }

    fn is_at_hand(&self, module: &Digest) -> bool {
        self.wasm.is_at_hand(module)
    }
}

/// The process of this category as plain Rust.
#[must_use]
pub fn native(category: &str) -> Option<Arc<dyn Definition>> {
    match category {
        "domestic-1.0" => Some(Arc::new(Natively::<domestic_1_0::Domestic>::default())),
        "manifestation-and-documents-1.0" => Some(Arc::new(Natively::<manifestation_and_documents_1_0::Shipment>::default())),
        "collection-booking-1.0" => Some(Arc::new(Natively::<collection_booking_1_0::Collection>::default())),
        _ => None,
    }
}
