//! How a host comes to life: store, sandbox, engine, definitions, recovery, threads, watcher, HTTP, in this order.
//! Definitions come before recovery, so that what waits for one finds it; HTTP comes last, so that whoever is answered is served.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use procession_engine::engine::{Parts, Standing};
use procession_engine::error::DeployError;
use procession_engine::model::id::Category;
use procession_engine::model::json::Json;
use procession_engine::ports::log::Log;
use procession_engine::ports::shelf::Shelf;
use procession_engine::ports::store::EventStore;
use procession_store_memory::MemoryStore;
use procession_store_sled::{OpenError, Settings, SledStore};
use procession_wasm::WasmRuntime;
use procession_wasm::folder::{Folder, FolderError, INTERVAL, RefusedFile};
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::backup::Backups;
use crate::builder::{Access, Builder, Keeps};
use crate::definitions;
use crate::error::{StartError, told};
use crate::host::Host;
use crate::http::{Desk, Doors, Look, Names, Server, Tokens, answers, router};

/// The part of a data folder that holds the event store.
pub(crate) const STORE: &str = "store";
/// The part of a data folder that holds compiled code; it may be deleted at any time.
pub(crate) const COMPILED: &str = "compiled";

/// What is kept, and how to let go of it.
struct Kept {
    store: Arc<dyn EventStore>,
    log: Arc<dyn Log>,
    shelf: Arc<dyn Shelf>,
    close: Box<dyn FnOnce() + Send + Sync>,
    /// The store, where it is one that backups are taken of.
    durable: Option<Arc<SledStore>>,
}

/// An engine that is set up, and what belongs to it.
struct Opened {
    standing: Standing,
    folder: Option<Folder>,
    close: Box<dyn FnOnce() + Send + Sync>,
    backups: Backups,
}

/// Starts a host.
pub(crate) async fn start(builder: Builder) -> Result<Host, StartError> {
    // The address comes first: a port in use is found before anything is changed.
    let listener = listener(&builder).await?;
    let (tokens, payload_bytes_max, module_bytes_max) = bounds(&builder);
    let doors = Arc::new(Doors::new(builder.http_limits));
    let names: Vec<String> = builder.settings.keys().cloned().collect();
    let data = folder_of(&builder);
    let (engine, folder, watch, close, backups) = blocking(move || {
        let Opened { mut standing, folder, close, backups } = open(builder)?;
        if let Some(folder) = &folder {
            take_what_is_there(folder, &standing)?;
        }
        warn_of_unread(&names, &standing);
        standing.recover()?;
        let engine = standing.start().map_err(StartError::Thread)?;
        let watch = folder.as_ref().map(|folder| folder.watch(INTERVAL)).transpose().map_err(|error| folder_error(&error))?;
        Ok((engine, folder, watch, close, backups))
    })
    .await?;
    let (stopping, stopped) = watch::channel(false);
    let refused_files = match folder {
        Some(folder) => Arc::new(move || folder.refused()),
        None => no_files(),
    };
    let look = Arc::new(Look::new(data));
    let desk = Desk {
        engine,
        backups,
        payload_bytes_max,
        module_bytes_max,
        refused_files,
        checks: one_at_a_time(),
        doors: Arc::clone(&doors),
        look,
        migrations: one_at_a_time(),
        stopping: stopped,
    };
    let router = router(desk.clone(), tokens);
    let start = |listener| Server::start(listener, answers(router.clone(), Arc::clone(&doors)), doors, stopping.clone());
    let server = listener.map(start);
    let server = server.transpose().map_err(StartError::Thread)?;
    Ok(Host { desk, router, server, watch, stopping, close: Some(close) })
}

/// Opens a host that only reads.
pub(crate) async fn only_reading(builder: Builder) -> Result<Host, StartError> {
    let (tokens, payload_bytes_max, module_bytes_max) = bounds(&builder);
    let (doors, look) = (Arc::new(Doors::new(builder.http_limits)), Arc::new(Look::new(folder_of(&builder))));
    let (engine, close, backups) = blocking(move || {
        let Opened { standing, close, backups, .. } = open(Builder { definitions: None, ..builder })?;
        Ok((standing.only_reading(), close, backups))
    })
    .await?;
    let (stopping, stopped) = watch::channel(false);
    let (refused_files, checks, migrations) = (no_files(), one_at_a_time(), one_at_a_time());
    let desk =
        Desk { engine, backups, payload_bytes_max, module_bytes_max, refused_files, checks, doors, look, migrations, stopping: stopped };
    let router = router(desk.clone(), tokens);
    Ok(Host { desk, router, server: None, watch: None, stopping, close: Some(close) })
}

fn bounds(builder: &Builder) -> (Tokens, usize, usize) {
    (tokens(builder), builder.limits.payload_bytes_max, builder.guest_limits.module_bytes_max)
}

/// The data folder; none where everything is kept in memory.
fn folder_of(builder: &Builder) -> Option<PathBuf> {
    match &builder.keeps {
        Keeps::Memory => None,
        Keeps::Folder(folder) => Some(folder.clone()),
    }
}

fn tokens(builder: &Builder) -> Tokens {
    let names = if builder.access == Access::Everybody { Names::Any } else { Names::Local };
    Tokens::new(builder.tokens.clone(), names)
}

fn one_at_a_time() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(1))
}

fn no_files() -> Arc<dyn Fn() -> Vec<RefusedFile> + Send + Sync> {
    Arc::new(Vec::new)
}

async fn listener(builder: &Builder) -> Result<Option<TcpListener>, StartError> {
    let Some(address) = &builder.listen else { return Ok(None) };
    let failed = |error: std::io::Error| {
        let address = address.clone();
        match error.kind() {
            std::io::ErrorKind::AddrInUse => StartError::AddressInUse { address },
            _ => StartError::Address { address, reason: error.to_string() },
        }
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let is_allowed = builder.access == Access::Everybody || tokens(builder).allow(bound);
    if is_allowed { Ok(Some(listener)) } else { Err(StartError::Open { address: bound }) }
}

/// Store, sandbox, engine and folder. Blocks: opening reads, and active modules are made ready.
fn open(mut builder: Builder) -> Result<Opened, StartError> {
    let settings = settings(std::mem::take(&mut builder.settings))?;
    // Looked at before the store, so that a typo leaves no data folder behind.
    if let Some(folder) = &builder.definitions {
        let unreadable = |error| StartError::Definitions { reason: format!("{} cannot be read: {error}", folder.display()) };
        std::fs::read_dir(folder).map_err(unreadable)?;
    }
    let Kept { store, log, shelf, close, durable } = kept(&builder)?;
    let compiled = folder_of(&builder).map(|folder| folder.join(COMPILED));
    let module_bytes_max = builder.guest_limits.module_bytes_max;
    let runtime = WasmRuntime::new(builder.guest_limits, compiled).map_err(|error| StartError::Runtime(told(&error)))?;
    let (clock, limits, gate) = (builder.clock, builder.limits, builder.gate);
    let backups = Backups::of(durable, Arc::clone(&clock));
    let runtime = Arc::new(runtime);
    let standing = Standing::new(Parts { store, log, shelf, runtime, clock, settings, limits, gate, entropy: entropy() })?;
    let open = |path: PathBuf| definitions::open(&path, module_bytes_max, standing.engine()).map_err(|error| folder_error(&error));
    let folder = builder.definitions.map(open).transpose()?;
    Ok(Opened { standing, folder, close, backups })
}

fn kept(builder: &Builder) -> Result<Kept, StartError> {
    match &builder.keeps {
        Keeps::Memory => {
            let store = MemoryStore::new();
            let log = Arc::new(store.clone());
            Ok(Kept { store: Arc::new(store.clone()), log, shelf: Arc::new(store), close: Box::new(|| ()), durable: None })
        }
        Keeps::Folder(folder) => {
            // Room for all that the workers may have in flight, so that none of them ever waits for the writer.
            let queue_commits_max = builder.limits.workers * builder.limits.commits_in_flight_max;
            let usual = Settings::default();
            let settings = Settings {
                cache_bytes: builder.cache_bytes.unwrap_or(usual.cache_bytes),
                free_bytes_min: builder.free_bytes_min.unwrap_or(usual.free_bytes_min),
                queue_commits_max,
                ..usual
            };
            let store = SledStore::open(&folder.join(STORE), settings).map_err(|error| store_error(folder, &error))?;
            let store = Arc::new(store);
            Ok(Kept {
                store: store.clone(),
                log: store.clone(),
                shelf: store.clone(),
                durable: Some(Arc::clone(&store)),
                close: Box::new(move || store.close()),
            })
        }
    }
}

/// Removals that happened while no host ran, and then the files that are there now.
fn take_what_is_there(folder: &Folder, standing: &Standing) -> Result<(), StartError> {
    let names = folder.names().map_err(|error| folder_error(&error))?;
    let registry = standing.engine().registry();
    registry.files_present(&names).map_err(|error| match error {
        DeployError::Store(error) => StartError::Store(error),
        other => StartError::Definitions { reason: told(&other) },
    })?;
    folder.scan_once();
    Ok(())
}

/// A typing error in a name would otherwise be found by wondering.
fn warn_of_unread(names: &[String], standing: &Standing) {
    let snapshot = standing.engine().registry().snapshot();
    let reads =
        |name: &String| snapshot.records().iter().any(|record| record.manifest.stream.is_none() && record.manifest.category.name() == name);
    for name in names.iter().filter(|name| !reads(name)) {
        tracing::warn!(name, "there are settings for this name, but no router or adapter of it is loaded");
    }
}

fn settings(settings: BTreeMap<String, Map<String, Value>>) -> Result<HashMap<String, Json>, StartError> {
    let written = settings.into_iter().map(|(name, values)| {
        let refused = |reason: &str| StartError::Setting { name: name.clone(), reason: reason.to_owned() };
        if Category::parse(&name).is_ok() {
            return Err(refused("settings go by the name of a definition, without its version"));
        }
        let json = serde_json::to_string(&values).ok().and_then(|text| Json::parse(text).ok());
        json.ok_or_else(|| refused("it cannot be written as JSON")).map(|json| (name.clone(), json))
    });
    written.collect()
}

pub(crate) fn store_error(folder: &Path, error: &OpenError) -> StartError {
    match error {
        OpenError::InUse { .. } => StartError::DataInUse { folder: folder.to_owned() },
        other => StartError::Data { reason: told(other) },
    }
}

fn folder_error(error: &FolderError) -> StartError {
    StartError::Definitions { reason: told(error) }
}

/// Bits that no other host has: std keys its hash maps from the system's randomness, and needs no further crate for it.
fn entropy() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, StartError> + Send + 'static) -> Result<T, StartError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(StartError::Broken(error.to_string())))
}
