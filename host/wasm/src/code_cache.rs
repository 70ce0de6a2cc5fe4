//! Compiled code, kept on disk so that a restart compiles nothing.
//! Only this host writes the folder; whoever else can write it can run code in this process, so it is made for its owner alone.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use procession_engine::model::id::Digest;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Marks a file of this cache; the digit changes with the layout.
const MAGIC: &[u8; 8] = b"PRCCODE1";
const HEADER_BYTES: usize = MAGIC.len() + 8 + 32;

/// A folder of compiled code. Every failure of it is a log line and costs a compilation, nothing else.
pub(crate) struct CodeCache {
    folder: PathBuf,
    /// Of wasmtime's version and every setting that compiled code depends on.
    settings: u64,
}

impl CodeCache {
    /// Makes the folder where it is missing.
    pub(crate) fn open(folder: PathBuf, engine: &Engine) -> io::Result<Self> {
        make_private(&folder)?;
        // The hasher may change with the Rust release; the worst that follows is one more compilation.
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self { folder, settings: hasher.finish() })
    }

    /// The compiled code of a module; none where there is none that can be trusted.
    pub(crate) fn get(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let path = self.path(digest);
        let file = fs::read(&path).ok()?;
        let loaded = code_in(&file).ok_or_else(|| "length or checksum do not match".to_owned()).and_then(|code| {
            #[allow(unsafe_code, reason = "compiled code is only read back from the host's own folder, after its checksum was verified")]
            let component = unsafe { Component::deserialize(engine, code) };
            component.map_err(|error| format!("{error:#}"))
        });
        loaded.inspect_err(|why| tracing::warn!(path = %path.display(), why, "compiled code is broken; compiling again")).ok()
    }

    /// Whether there is compiled code of a module; that it can be trusted is found out by reading it.
    pub(crate) fn has(&self, digest: &Digest) -> bool {
        self.path(digest).is_file()
    }

    /// Removes what is kept of a module, also what other releases and settings have left.
    pub(crate) fn forget(&self, digest: &Digest) {
        let prefix = format!("{}-", hex(digest));
        let Ok(files) = fs::read_dir(&self.folder) else { return };
        for file in files.filter_map(Result::ok).filter(|file| file.file_name().to_string_lossy().starts_with(&prefix)) {
            if let Err(error) = fs::remove_file(file.path()) {
                tracing::warn!(path = %file.path().display(), %error, "compiled code of a removed module could not be deleted");
            }
        }
    }

    /// Keeps compiled code, replacing what was there.
    pub(crate) fn put(&self, digest: &Digest, component: &Component) {
        let path = self.path(digest);
        let kept = component.serialize().map_err(|error| format!("{error:#}"));
        let kept = kept.and_then(|code| write_whole(&path, &code).map_err(|error| error.to_string()));
        if let Err(why) = kept {
            tracing::warn!(path = %path.display(), why, "compiled code could not be kept; the next start compiles again");
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{}-{:016x}.code", hex(digest), self.settings))
    }
}

fn hex(digest: &Digest) -> String {
    digest.to_string().replace("sha256:", "")
}

/// Layout: magic, length of the code, SHA-256 of the code, the code.
fn code_in(file: &[u8]) -> Option<&[u8]> {
    let (header, code) = file.split_at_checked(HEADER_BYTES)?;
    let (magic, header) = header.split_at(MAGIC.len());
    let (length, checksum) = header.split_at(8);
    let whole = magic == MAGIC && length == (code.len() as u64).to_le_bytes() && checksum == Sha256::digest(code).as_slice();
    whole.then_some(code)
}

/// Through a temporary file, so that a reader sees the old bytes or the new ones. No sync: the checksum finds what a crash left.
fn write_whole(path: &Path, code: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = fs::File::create(&temporary).and_then(|mut file| {
        file.write_all(MAGIC)?;
        file.write_all(&(code.len() as u64).to_le_bytes())?;
        file.write_all(Sha256::digest(code).as_slice())?;
        file.write_all(code)
    });
    let placed = written.and_then(|()| fs::rename(&temporary, path));
    placed.inspect_err(|_| drop(fs::remove_file(&temporary)))
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::{code_in, write_whole};

    #[test]
    fn code_reads_back_and_every_flipped_or_missing_byte_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.code");
        write_whole(&path, b"machine code").unwrap();
        let file = std::fs::read(&path).unwrap();
        assert_eq!(code_in(&file), Some(b"machine code".as_slice()));
        for index in 0..file.len() {
            let mut broken = file.clone();
            broken[index] ^= 1;
            assert_eq!(code_in(&broken), None, "byte {index} was flipped");
            assert_eq!(code_in(&file[..index]), None, "cut after {index} bytes");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays behind");
    }
}
