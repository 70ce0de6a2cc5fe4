//! A project on disk.
//! A folder that somebody uses is never written into.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::files::ProjectFile;

/// A project that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// There is something already; the caller must choose another place.
    #[error("{} exists and is not empty; choose another folder with --dir", .0.display())]
    InUse(PathBuf),
    /// The system refuses.
    #[error("{} cannot be written", path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
}

/// Writes a project into a folder that is empty or does not exist.
///
/// # Errors
/// [`WriteError`] where the folder is in use or cannot be written.
pub fn write(files: &[ProjectFile], folder: &Path) -> Result<(), WriteError> {
    let disk = |path: &Path| {
        let path = path.to_owned();
        move |cause| WriteError::Disk { path, cause }
    };
    let is_in_use = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => true,
        Err(error) => return Err(disk(folder)(error)),
    };
    if is_in_use {
        return Err(WriteError::InUse(folder.to_owned()));
    }
    for file in files {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(disk(parent))?;
        }
        fs::write(&path, &file.content).map_err(disk(&path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{WriteError, write};
    use crate::files::ProjectFile;

    #[test]
    fn a_project_goes_into_a_new_folder_and_into_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let files = [ProjectFile { path: "src/a.txt".to_owned(), content: b"text".to_vec() }];
        write(&files, &folder.path().join("new")).unwrap();
        assert_eq!(std::fs::read(folder.path().join("new/src/a.txt")).unwrap(), b"text");
        assert!(matches!(write(&files, &folder.path().join("new")), Err(WriteError::InUse(_))));
        assert!(matches!(write(&files, &folder.path().join("new/src/a.txt")), Err(WriteError::InUse(_))));
        std::fs::create_dir(folder.path().join("empty")).unwrap();
        write(&files, &folder.path().join("empty")).unwrap();
    }
}
