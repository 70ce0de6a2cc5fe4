//! Which of the contract's worlds a component has.
//! A component that wants more from its host than types is refused here.

use std::fmt;

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use crate::text;

/// The package of the contract, with the version that this host speaks.
const PACKAGE: &str = "procession:process/";
const VERSION: &str = "@0.1.0";

/// A world of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    /// Decides.
    Process,
    /// Classifies requests.
    Router,
    /// Stands for an outside system.
    Adapter,
}

impl World {
    const ALL: [Self; 3] = [Self::Process, Self::Router, Self::Adapter];

    /// The interface that makes the world what it is.
    fn interface(self) -> &'static str {
        match self {
            Self::Process => "decider",
            Self::Router => "classifier",
            Self::Adapter => "connector",
        }
    }

    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Router => "router",
            Self::Adapter => "adapter",
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let article = if *self == Self::Adapter { "an" } else { "a" };
        write!(out, "{article} {}", self.noun())
    }
}

/// The addition to the contract by which a process reads events of older versions, as this host speaks it.
const UPCASTER: &str = "procession:upcasting/upcaster@0.1.0";
const UPCASTING_PACKAGE: &str = "procession:upcasting/";

/// Whether a process reads events of older versions by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upcasting {
    /// It has an upcaster.
    Own,
    /// It gets its events as they were recorded.
    None,
}

/// Whether a component of this world has an upcaster; the error is for its author.
/// One of a version that this host does not speak is no reason to go on without: its old events would not be what it reads.
pub(crate) fn upcasting_of(engine: &Engine, component: &Component, world: World) -> Result<Upcasting, String> {
    let ty = component.component_type();
    let exported = ty.exports(engine).map(|(name, _)| name).find(|name| name.starts_with(UPCASTING_PACKAGE));
    match exported {
        None => Ok(Upcasting::None),
        Some(name) if name != UPCASTER => Err(format!("it exports {name}; this host speaks {UPCASTER}")),
        Some(_) if world == World::Process => Ok(Upcasting::Own),
        Some(_) => Err(format!("it exports {UPCASTER}, but {world} folds no events")),
    }
}

/// Finds the component's world; the error is for its author.
pub(crate) fn world_of(engine: &Engine, component: &Component) -> Result<World, String> {
    imports_only_types(engine, component)?;
    let has = |interface: &str| component.get_export_index(None, format!("{PACKAGE}{interface}{VERSION}")).is_some();
    let worlds: Vec<World> = World::ALL.into_iter().filter(|world| has(world.interface())).collect();
    match worlds.as_slice() {
        [world] if has("definition") => Ok(*world),
        [world] => Err(format!("it exports {PACKAGE}{} but not {PACKAGE}definition{VERSION}", world.interface())),
        [] => Err(no_world(engine, component)),
        several => {
            let interfaces: Vec<&str> = several.iter().map(|world| world.interface()).collect();
            Err(format!("it exports {}; one module plays one part, so make it several modules", interfaces.join(" and ")))
        }
    }
}

fn no_world(engine: &Engine, component: &Component) -> String {
    let ty = component.component_type();
    let exports: Vec<&str> = ty.exports(engine).map(|(name, _)| name).collect();
    if let Some(other) = exports.iter().find(|name| name.starts_with(PACKAGE) && !name.ends_with(VERSION)) {
        return format!("it is made for {}; this host speaks {PACKAGE}…{VERSION}", text::name(other));
    }
    format!("it exports {}; a definition exports {PACKAGE}definition and one of decider, classifier and connector", listed(&exports))
}

/// Types are shared by name only; anything else would let the outside world into a decision.
fn imports_only_types(engine: &Engine, component: &Component) -> Result<(), String> {
    let ty = component.component_type();
    let more: Vec<&str> = ty.imports(engine).filter(|(name, import)| !is_types(engine, name, &import.ty)).map(|(name, _)| name).collect();
    if more.is_empty() {
        return Ok(());
    }
    let advice = if more.iter().any(|name| name.starts_with("wasi:")) {
        "a definition has no WASI: build for wasm32-unknown-unknown, or stub WASI out"
    } else {
        "a definition may import nothing but the contract's types"
    };
    Err(format!("it imports {}; {advice}", listed(&more)))
}

fn is_types(engine: &Engine, name: &str, item: &ComponentItem) -> bool {
    let ComponentItem::ComponentInstance(instance) = item else { return false };
    let from_contract = name.strip_prefix(PACKAGE).is_some_and(|rest| rest.starts_with("types@"));
    from_contract && instance.exports(engine).all(|(_, export)| matches!(export.ty, ComponentItem::Type(_)))
}

/// The first few of many names.
fn listed(names: &[&str]) -> String {
    let shown = |names: &[&str]| names.iter().map(|name| text::name(name)).collect::<Vec<_>>().join(", ");
    match names {
        [] => "nothing".to_owned(),
        [_, _, _, rest @ ..] if !rest.is_empty() => format!("{} and {} more", shown(&names[..3]), rest.len()),
        few => shown(few),
    }
}
