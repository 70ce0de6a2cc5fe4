//! Making a database, and clearing away what an interrupted one has left.
//! Opening what is there is the matter of `open`.

use std::io;
use std::path::Path;

use crate::open::{OpenError, io_error, open_sled, sled_folder, store_error, write_format};
use crate::settings::Settings;
use crate::sync;

/// Makes a new database under another name, syncs it, and then gives it its own.
/// sled never syncs its `conf` file: after a power failure in its first moments it could not open what it had begun.
/// So what has its name is whole, and what has not is nobody's.
pub(crate) fn make(folder: &Path, settings: &Settings) -> Result<(), OpenError> {
    let failed = |cause: io::Error| io_error(folder, cause);
    let unfinished = folder.join("sled.unfinished");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).map_err(failed)?;
    }
    let disk = open_sled(&unfinished, settings.cache_bytes).map_err(|cause| store_error(folder, cause))?;
    write_format(&disk).map_err(|cause| store_error(folder, cause))?;
    drop(disk);
    sync::sync_tree(&unfinished).map_err(failed)?;
    std::fs::rename(&unfinished, sled_folder(folder)).map_err(failed)?;
    sync::sync_folder(folder).map_err(failed)
}

/// Removes snapshots that were never finished. sled takes one for its newest and refuses to open;
/// without it, it reads the log from the snapshot before, or from its beginning.
pub(crate) fn tidy(sled_folder: &Path) -> io::Result<()> {
    for found in std::fs::read_dir(sled_folder)? {
        let path = found?.path();
        if path.extension().is_some_and(|extension| extension == "generating") {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}
