//! What a definition says of itself, checked before anybody believes it.
//! Whether it fits beside the other definitions is the engine's matter.

use std::collections::HashSet;
use std::hash::Hash;

use procession_engine::model::id::{Category, Kind, Suffix};
use procession_engine::model::manifest::{EventSchema, Manifest, Sharing};

use crate::bindings::procession::process::types as wit;
use crate::contract::World;
use crate::text;

type Checked<T> = Result<T, String>;

/// Checks the manifest of a module of this world; the error is for the module's author.
pub(crate) fn checked(said: wit::Manifest, world: World, entries_max: usize) -> Checked<Manifest> {
    let manifest = Manifest {
        category: Category::parse(&said.category).map_err(|error| error.to_string())?,
        stream: said.stream_suffix.map(|text| Suffix::parse(&text)).transpose().map_err(|error| error.to_string())?,
        starts: kinds("starts", &said.starts, entries_max)?,
        handles: kinds("handles", &said.handles, entries_max)?,
        reacts_to: kinds("reacts-to", &said.reacts_to, entries_max)?,
        records: schemas(&said.records, entries_max)?,
        sends: kinds("sends", &said.sends, entries_max)?,
        state_format: said.state_format,
        takes_over: list("takes-over", &said.takes_over, entries_max, |text| Category::parse(text).map_err(|error| error.to_string()))?,
        sharing: match said.sharing {
            wit::Sharing::PerProcess => Sharing::PerProcess,
            wit::Sharing::Shared => Sharing::Shared,
            wit::Sharing::Fresh => Sharing::Fresh,
        },
        memory_bytes: said.limits.memory_bytes,
        fuel_per_call: said.limits.fuel_per_call,
    };
    fits_world(&manifest, world)?;
    Ok(manifest)
}

fn fits_world(manifest: &Manifest, world: World) -> Checked<()> {
    let stranger = manifest.reacts_to.iter().find(|kind| !manifest.records.iter().any(|event| event.kind == **kind));
    if let Some(kind) = stranger {
        return Err(format!("`reacts-to` has {kind}, which is not under `records`: it would never be offered"));
    }
    if manifest.memory_bytes == Some(0) || manifest.fuel_per_call == Some(0) {
        return Err("`limits` wishes for nothing at all (0); leave it out to get the host's default".to_owned());
    }
    match world {
        World::Process if manifest.stream.is_none() => Err("a process must name the suffix of its stream".to_owned()),
        World::Process if manifest.starts.is_empty() => Err("`starts` is empty: no process of this definition could ever begin".to_owned()),
        World::Process => Ok(()),
        World::Router | World::Adapter if manifest.stream.is_some() => {
            Err(format!("{world} writes no stream, so it must not name a suffix"))
        }
        World::Router | World::Adapter if manifest.handles.is_empty() => {
            Err(format!("`handles` is empty: nothing would ever reach this {}", world.noun()))
        }
        World::Router | World::Adapter => Ok(()),
    }
}

fn kinds(field: &str, texts: &[String], entries_max: usize) -> Checked<Vec<Kind>> {
    list(field, texts, entries_max, |text| Kind::parse(text).map_err(|error| error.to_string()))
}

fn schemas(said: &[wit::EventSchema], entries_max: usize) -> Checked<Vec<EventSchema>> {
    // One shape a kind: two of them would leave open which one a recorded event has.
    let kinds = kinds("records", &said.iter().map(|event| event.kind.clone()).collect::<Vec<_>>(), entries_max)?;
    if let Some(event) = said.iter().find(|event| event.schema == 0) {
        return Err(format!("`records` gives {} the schema 0; schemas count from 1", event.kind));
    }
    let hosts_own = Kind::category_changed();
    if kinds.contains(&hosts_own) {
        return Err(format!("`records` has {hosts_own}, which only the host records"));
    }
    Ok(kinds.into_iter().zip(said).map(|(kind, event)| EventSchema { kind, schema: event.schema }).collect())
}

fn list<T: Eq + Hash>(field: &str, texts: &[String], entries_max: usize, parse: impl Fn(&str) -> Checked<T>) -> Checked<Vec<T>> {
    if texts.len() > entries_max {
        return Err(format!("`{field}` has {} entries, the most is {entries_max}", texts.len()));
    }
    let mut seen = HashSet::new();
    if let Some(twice) = texts.iter().find(|text| !seen.insert(text.as_str())) {
        return Err(format!("`{field}` has {:?} twice", text::name(twice)));
    }
    texts.iter().map(|text| parse(text).map_err(|why| format!("`{field}`: {why}"))).collect()
}
