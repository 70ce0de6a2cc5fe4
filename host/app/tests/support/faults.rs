//! A disk that fails when a test says so: the server runs under a preload library that reads an order at every write and sync.
//! What orders there are is said by that library, in `refusals`.

use std::path::PathBuf;
use std::process::Command;

/// The disk is full.
pub(crate) const NO_SPACE: i32 = 28;
/// The file system is read-only.
pub(crate) const READ_ONLY: i32 = 30;
/// The device is broken.
pub(crate) const BROKEN: i32 = 5;

/// Orders for the disk of one server.
pub(crate) struct Faults {
    folder: tempfile::TempDir,
}

impl Faults {
    pub(crate) fn none() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Lets so many bytes more through, and then no write.
    pub(crate) fn writes_fail(&self, error: i32, after_bytes: u64) {
        self.order(&format!("write {error} {after_bytes}"));
    }

    /// Lets no sync succeed.
    pub(crate) fn syncs_fail(&self, error: i32) {
        self.order(&format!("sync {error}"));
    }

    pub(crate) fn end(&self) {
        self.order("");
    }

    fn order(&self, text: &str) {
        // Under another name first: the server reads it at any moment.
        let written = self.folder.path().join("written");
        std::fs::write(&written, text).unwrap();
        std::fs::rename(written, self.control()).unwrap();
    }

    fn control(&self) -> PathBuf {
        self.folder.path().join("control")
    }

    /// Runs a command under these orders; they hold for what lies below the folder.
    pub(crate) fn over(&self, folder: &std::path::Path, command: &mut Command) {
        let library = std::env::current_exe().unwrap().parent().unwrap().join("libprocession_faults.so");
        assert!(library.is_file(), "{} is missing: it is built with the tests", library.display());
        command.env("LD_PRELOAD", library).env("PROCESSION_FAULTS_FOLDER", folder).env("PROCESSION_FAULTS_CONTROL", self.control());
    }
}
