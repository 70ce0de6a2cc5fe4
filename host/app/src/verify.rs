//! Verifying a data folder where no host runs: all that is kept, and whether it folds to what is shown.
//! Nothing is mended; a damaged folder is replaced by a backup.

use std::path::Path;

use procession_engine::verify::{Damage, Folding, Found};
use procession_store_sled::{Settings, SledStore};
use procession_wasm::WasmRuntime;

use crate::error::{StartError, told};
use crate::start::{COMPILED, STORE, store_error};

/// Walks over everything in a data folder; `tell` hears of every damage as it is found. Blocks while it does.
///
/// # Errors
/// [`StartError`] where the folder cannot be opened at all, or a host works on it.
pub fn verify(data: &Path, tell: &mut dyn FnMut(Damage)) -> Result<Found, StartError> {
    let store = SledStore::open(&data.join(STORE), Settings::default()).map_err(|error| store_error(data, &error))?;
    let runtime = WasmRuntime::new(procession_wasm::Limits::default(), Some(data.join(COMPILED)));
    let runtime = runtime.map_err(|error| StartError::Runtime(told(&error)))?;
    let mut found = store.verify(tell)?;
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
