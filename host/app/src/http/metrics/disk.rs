//! How much room a folder takes on the disk.
//! The store is not asked: compiled code and the store's own leftovers take room too.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Files and folders that one scrape looks at; a data folder has some tens.
const ENTRIES_MAX: usize = 10_000;
/// What `blocks` counts, whatever the blocks of the file system are.
const BLOCK_BYTES: u64 = 512;

/// Bytes that the files below a folder take, as `du` counts them; none where it cannot be read, or is too large to be counted in a scrape.
pub(super) fn taken_bytes(folder: &Path) -> Option<u64> {
    let (mut bytes, mut entries, mut folders) = (0, 0, vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).ok()? {
            entries += 1;
            if entries > ENTRIES_MAX {
                return None;
            }
            // A file that the store has removed meanwhile takes no room. Links are not followed.
            let Ok(entry) = entry else { continue };
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                bytes += metadata.blocks() * BLOCK_BYTES;
            }
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::taken_bytes;

    #[test]
    fn files_of_all_folders_below_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(taken_bytes(folder.path()), Some(0));
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        for name in ["c", "a/c", "a/b/c"] {
            let file = folder.path().join(name);
            std::fs::write(&file, vec![7; 65_536]).unwrap();
            // A file system may take its time to give a file its room.
            std::fs::File::open(&file).unwrap().sync_all().unwrap();
        }
        let taken = taken_bytes(folder.path()).unwrap();
        assert!((1..=3 * 65_536 + 65_536).contains(&taken), "{taken}");
        assert_eq!(taken_bytes(&folder.path().join("nowhere")), None);
    }
}
