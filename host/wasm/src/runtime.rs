//! The runtime port for components: from bytes to a module that is ready to run.
//! Loading may take seconds and happens off the workers' threads; nothing that is loaded here runs yet.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use procession_engine::model::id::Digest;
use procession_engine::model::manifest::Manifest;
use procession_engine::ports::definition::{GuestError, LoadError, Module, Pace, Role, Runtime};
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};

use crate::anatomy;
use crate::bindings::exports::procession::process::{classifier, connector, definition};
use crate::classifier::Router;
use crate::compiler::Compiler;
use crate::connector::Adapter;
use crate::contract::{self, Upcasting, World};
use crate::convert;
use crate::decider::{ProcessDefinition, ProcessIndices};
use crate::failure;
use crate::gauge::Gauge;
use crate::guard::Guard;
use crate::instance::{Blueprint, Instance};
use crate::limits::Limits;
use crate::rules::Rules;
use crate::sandbox;

/// Makes modules out of components.
pub struct WasmRuntime {
    engine: Engine,
    limits: Arc<Limits>,
    compiler: Compiler,
    gauge: Option<Arc<Gauge>>,
}

/// A runtime that cannot be set up; the host or its settings are at fault.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// wasmtime refuses the settings.
    #[error("wasmtime cannot be set up on this machine: {0}")]
    Engine(String),
    /// The folder for compiled code cannot be used.
    #[error("the folder for compiled code {folder} cannot be used")]
    CacheFolder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        #[source]
        cause: std::io::Error,
    },
}

impl WasmRuntime {
    /// Sets the sandbox up. With a folder, compiled code is kept there and a restart compiles nothing;
    /// whoever can write that folder can run code in this process.
    ///
    /// # Errors
    /// [`SetupError`] where wasmtime or the folder refuses.
    pub fn new(limits: Limits, cache_folder: Option<PathBuf>) -> Result<Self, SetupError> {
        let engine = sandbox::engine(&limits).map_err(|error| SetupError::Engine(format!("{error:#}")))?;
        let cache = Compiler::cache(cache_folder, &engine).map_err(|(folder, cause)| SetupError::CacheFolder { folder, cause })?;
        let compiler = Compiler::new(engine.clone(), &limits, cache);
        Ok(Self { engine, limits: Arc::new(limits), compiler, gauge: None })
    }

    /// Lets a gauge see what the calls of processes use that are loaded from now on.
    #[must_use]
    pub fn under(self, gauge: Arc<Gauge>) -> Self {
        Self { gauge: Some(gauge), ..self }
    }

    /// The limits that it was set up with.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Compiled code from the cache or the compiler; the flag says which.
    fn compiled(&self, bytes: &[u8], digest: &Digest) -> Result<(Component, Origin), LoadError> {
        match self.compiler.known(digest) {
            Some(component) => Ok((component, Origin::Cache)),
            None => Ok((self.compiler.compile(digest, bytes)?, Origin::Compiler)),
        }
    }

    /// Everything that needs no imports but types is linked already; this resolves it once for all instances.
    fn linked(&self, component: &Component) -> Result<InstancePre<Guard>, LoadError> {
        Linker::new(&self.engine).instantiate_pre(component).map_err(|error| LoadError::WrongWorld(format!("{error:#}")))
    }

    /// Asked twice, in two instances and twice in the second one: what a definition says of itself is kept for good, so it has to be constant.
    fn described(&self, pre: &InstancePre<Guard>, world: World) -> Result<Manifest, LoadError> {
        let interface = definition::GuestIndices::new(pre).map_err(wrong_shape)?;
        let blueprint = Blueprint::new(pre.clone(), interface, self.limits.to_describe());
        let broken = |error: GuestError| if failure::is_lack_of_room(&error) { no_room(&error) } else { LoadError::Describe(error) };
        let ask = |instance: &mut Instance<definition::Guest>| {
            let said = instance.call(|guest, store| guest.call_describe(store)).map_err(broken)?;
            convert::manifest::checked(said, world, self.limits.manifest_entries_max).map_err(LoadError::Manifest)
        };
        let manifest = ask(&mut blueprint.instantiate(Pace::Whole).map_err(broken)?)?;
        let mut second = blueprint.instantiate(Pace::Whole).map_err(broken)?;
        for _ in 0..2 {
            if ask(&mut second)? != manifest {
                return Err(LoadError::Manifest("`describe` answers differently when it is asked again; it must be constant".to_owned()));
            }
        }
        Ok(manifest)
    }

    fn role(&self, pre: InstancePre<Guard>, world: World, upcasting: Upcasting, manifest: Arc<Manifest>) -> Result<Role, LoadError> {
        let allowance = self.limits.grant(&manifest);
        let rules = Arc::new(Rules::new(manifest, self.limits.clone()));
        Ok(match world {
            World::Process => {
                let interface = ProcessIndices::new(&pre, upcasting).map_err(wrong_shape)?;
                let blueprint = Blueprint::new(pre, interface, allowance).under(self.gauge.clone());
                let definition = ProcessDefinition::new(blueprint, rules);
                definition.probe().map_err(wrong_types)?;
                Role::Process(Arc::new(definition))
            }
            World::Router => {
                let interface = classifier::GuestIndices::new(&pre).map_err(wrong_shape)?;
                let router = Router::new(Blueprint::new(pre, interface, allowance), rules);
                router.probe().map_err(wrong_types)?;
                Role::Router(Arc::new(router))
            }
            World::Adapter => {
                let interface = connector::GuestIndices::new(&pre).map_err(wrong_shape)?;
                let adapter = Adapter::new(Blueprint::new(pre, interface, allowance), rules);
                adapter.probe().map_err(wrong_types)?;
                Role::Adapter(Arc::new(adapter))
            }
        })
    }
}

/// Where compiled code came from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Cache,
    Compiler,
}

#[allow(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn wrong_shape(error: wasmtime::Error) -> LoadError {
    LoadError::WrongWorld(format!("{error:#}"))
}

/// An instance that `describe` could use but its own interface could not: wrong types, or a wish for less memory than it begins with.
fn wrong_types(error: GuestError) -> LoadError {
    match error {
        full if failure::is_lack_of_room(&full) => no_room(&full),
        GuestError::Limit(limit) => LoadError::Manifest(format!("its own `limits` do not let it begin: {limit}")),
        other => LoadError::WrongWorld(other.to_string()),
    }
}

fn no_room(error: &GuestError) -> LoadError {
    LoadError::Host(error.to_string())
}

/// A wish is no right; the author should know why less was granted.
fn log_wishes(manifest: &Manifest, limits: &Limits) {
    let too_much = |wish: Option<u64>, most: u64| wish.is_some_and(|wish| wish > most);
    if too_much(manifest.memory_bytes, limits.memory_bytes_max as u64) || too_much(manifest.fuel_per_call, limits.fuel_per_call_max) {
        tracing::warn!(
            category = %manifest.category,
            memory_bytes = manifest.memory_bytes,
            memory_bytes_max = limits.memory_bytes_max,
            fuel_per_call = manifest.fuel_per_call,
            fuel_per_call_max = limits.fuel_per_call_max,
            "the definition wishes for more than it is granted"
        );
    }
}

impl Runtime for WasmRuntime {
    fn load(&self, bytes: &[u8]) -> Result<Module, LoadError> {
        let bytes_max = self.limits.module_bytes_max;
        if bytes.len() > bytes_max {
            return Err(LoadError::TooLarge { bytes: bytes.len(), bytes_max });
        }
        if let Some(complaint) = anatomy::of(bytes).complaint(bytes) {
            return Err(LoadError::NotAComponent(complaint));
        }
        let digest = Digest(Sha256::digest(bytes).into());
        let started = Instant::now();
        let (component, origin) = self.compiled(bytes, &digest)?;
        let code_ms = started.elapsed().as_millis();
        let world = contract::world_of(&self.engine, &component).map_err(LoadError::WrongWorld)?;
        let upcasting = contract::upcasting_of(&self.engine, &component, world).map_err(LoadError::WrongWorld)?;
        let pre = self.linked(&component)?;
        let manifest = Arc::new(self.described(&pre, world)?);
        log_wishes(&manifest, &self.limits);
        let role = self.role(pre, world, upcasting, manifest.clone())?;
        tracing::info!(
            category = %manifest.category,
            module = %digest.short(),
            role = world.noun(),
            bytes = bytes.len(),
            code_ms,
            cached = origin == Origin::Cache,
            "module loaded"
        );
        Ok(Module { digest, manifest, role })
    }

    fn is_at_hand(&self, module: &Digest) -> bool {
        self.compiler.has(module)
    }

    fn forget(&self, module: &Digest) {
        self.compiler.forget(module);
    }
}
