//! What takes inputs from outside, one file each.
//! A target makes an input, feeds it in, and says what must hold whatever the input was.

mod backups;
mod components;
mod http;
mod json;
mod kept;
mod names;
mod scenarios;

use crate::run::Target;

/// The names of all targets, from the quickest to the slowest.
pub const NAMES: [&str; 8] = ["names", "json", "kept", "scenarios", "http", "backups", "restores", "components"];

/// A target by its name.
#[must_use]
pub fn by_name(name: &str) -> Option<Box<dyn Target>> {
    Some(match name {
        "names" => Box::new(names::Names),
        "json" => Box::new(json::Documents),
        "kept" => Box::new(kept::Values::new()),
        "scenarios" => Box::new(scenarios::Scenarios::new()),
        "http" => Box::new(http::Requests::new()),
        "backups" => Box::new(backups::Files::checked()),
        "restores" => Box::new(backups::Files::restored()),
        "components" => Box::new(components::Bytes::new()),
        _ => return None,
    })
}

/// What one case of a target weighs against one of `names`: so many fewer are run of it.
#[must_use]
pub fn weight(name: &str) -> u64 {
    match name {
        "names" | "json" | "kept" | "scenarios" => 1,
        "http" => 3,
        "backups" => 5,
        "components" => 20,
        _ => 2_000,
    }
}
