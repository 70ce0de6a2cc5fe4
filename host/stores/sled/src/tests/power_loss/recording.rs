//! What the preload library has recorded, step by step.
//! How a record looks is said there, in its own `recording`; what a step does to a disk, in `platter`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Something that a program asked of the disk, or said.
pub(super) enum Step {
    Opened { fd: u64, path: PathBuf, made: bool },
    Closed { fd: u64 },
    Doubled { fd: u64, new: u64 },
    Wrote { fd: u64, offset: u64, bytes: Vec<u8> },
    Cut { fd: u64, length: u64 },
    SyncBegun { fd: u64, number: u64 },
    Synced { number: u64 },
    Renamed { from: PathBuf, to: PathBuf },
    Removed { path: PathBuf },
    FolderMade { path: PathBuf },
    Said { text: String },
}

/// Reads a recording.
pub(super) fn read(file: &Path) -> Vec<Step> {
    let bytes = std::fs::read(file).unwrap();
    let mut rest = &bytes[..];
    let mut steps = Vec::new();
    while let Some((&kind, behind)) = rest.split_first() {
        rest = behind;
        let fd = number(&mut rest);
        let second = number(&mut rest);
        let text = part(&mut rest).to_vec();
        let data = part(&mut rest).to_vec();
        steps.push(step(kind, fd, second, &text, data));
    }
    steps
}

fn step(kind: u8, fd: u64, second: u64, text: &[u8], data: Vec<u8>) -> Step {
    let path = || PathBuf::from(OsStr::from_bytes(text));
    match kind {
        1 => Step::Opened { fd, path: path(), made: second == 1 },
        2 => Step::Closed { fd },
        3 => Step::Doubled { fd, new: second },
        4 => Step::Wrote { fd, offset: second, bytes: data },
        5 => Step::Cut { fd, length: second },
        6 => Step::SyncBegun { fd, number: second },
        7 => Step::Synced { number: second },
        8 => Step::Renamed { from: path(), to: PathBuf::from(OsStr::from_bytes(&data)) },
        9 => Step::Removed { path: path() },
        10 => Step::FolderMade { path: path() },
        11 => Step::Said { text: String::from_utf8_lossy(&data).into_owned() },
        12 => panic!("a file of the store is written through memory, which no recording sees"),
        other => panic!("the store changes a file in a way that is not modelled: {other}"),
    }
}

fn number(rest: &mut &[u8]) -> u64 {
    let (number, behind) = rest.split_first_chunk().expect("a number");
    *rest = behind;
    u64::from_le_bytes(*number)
}

fn part<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (length, behind) = rest.split_first_chunk().expect("a length");
    let (part, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
    *rest = behind;
    part
}
