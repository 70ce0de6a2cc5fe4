//! Verifying a data folder where no host runs: all that is kept, and whether it folds to what is shown.
//! Nothing is mended; a damaged folder is replaced by a backup.

use std::path::Path;

use procession_engine::verify::{Damage, Folding, Found};
use procession_store_sled::{Check, OpenError, Settings, SledStore};
use procession_wasm::WasmRuntime;

use crate::error::{StartError, told};
use crate::start::{COMPILED, STORE, store_error};

/// Walks over everything in a data folder; `tell` hears of every damage as it is found. Blocks while it does.
///
/// # Errors
/// [`StartError`] where the folder cannot be opened at all, or a host works on it.
pub fn verify(data: &Path, tell: &mut dyn FnMut(Damage)) -> Result<Found, StartError> {
    let mut summed = None;
    let store = open(data, &mut |damage| summed = Some(damage))?;
    let has_lost = summed.is_some();
    summed.into_iter().for_each(&mut *tell);
    let runtime = WasmRuntime::new(procession_wasm::Limits::default(), Some(data.join(COMPILED)));
    let runtime = runtime.map_err(|error| StartError::Runtime(told(&error)))?;
    let mut found = store.verify(tell)?;
    found.damages += u64::from(has_lost);
    match Folding::over(&store, &store, &runtime, &mut *tell).run() {
        Ok(folded) => {
            found.streams = folded.streams;
            found.damages += folded.damages;
        }
        Err(error) => {
            found.damages += 1;
            tell(Damage { what: "the rows of processes".to_owned(), how: format!("streams were not folded: {error}") });
        }
    }
    store.close();
    Ok(found)
}

/// Opens the store with the sum over everything; one that does not add up is opened without, so that the walk can name what is gone.
fn open(data: &Path, tell: &mut dyn FnMut(Damage)) -> Result<SledStore, StartError> {
    let folder = data.join(STORE);
    match SledStore::open(&folder, Settings::default()) {
        Err(OpenError::Damaged { cause, .. }) => {
            tell(Damage { what: "the store as a whole".to_owned(), how: cause.to_string() });
            let settings = Settings { check: Check::End, ..Settings::default() };
            SledStore::open(&folder, settings)
        }
        opened => opened,
    }
    .map_err(|error| store_error(data, &error))
}
