//! A power failure: what of the unsynced is on the disk afterwards is chosen by a seed, as a disk might.
//! Everything that was synced is there; that is all that a disk promises.

use std::path::Path;

use super::super::random::Random;
use super::platter::{FileChange, Node, Platter, write};

/// What a device writes as a whole.
const SECTOR_BYTES: usize = 512;

/// What survives of what was not synced.
#[derive(Clone, Copy, Debug)]
enum Survives {
    Nothing,
    Everything,
    /// What came first.
    Begin,
    /// Any part of it, in any order.
    Some,
    /// Sectors of it, in any order.
    Torn,
}

impl Survives {
    fn of(random: &mut Random) -> Self {
        [Self::Nothing, Self::Everything, Self::Begin, Self::Some, Self::Torn, Self::Torn][random.below(6)]
    }
}

/// Writes into an empty folder what a power failure leaves.
pub(super) fn leave(platter: &Platter, into: &Path, random: &mut Random) {
    leave_folder(platter, 0, into, random);
}

fn leave_folder(platter: &Platter, node: usize, into: &Path, random: &mut Random) {
    let Node::Folder { durable, since, .. } = &platter.nodes[node] else { panic!("{} is no folder", into.display()) };
    let mut names = durable.clone();
    let survives = Survives::of(random);
    let begin = random.below(since.len() + 1);
    for (at, (_, change)) in since.iter().enumerate() {
        let is_there = match survives {
            Survives::Nothing => false,
            Survives::Everything => true,
            Survives::Begin => at < begin,
            Survives::Some | Survives::Torn => random.happens(50),
        };
        if is_there {
            change.make(&mut names);
        }
    }
    for (name, node) in names {
        let path = into.join(name);
        match &platter.nodes[node] {
            Node::File { durable, since } => std::fs::write(path, content(durable, since, random)).unwrap(),
            Node::Folder { .. } => {
                std::fs::create_dir(&path).unwrap();
                leave_folder(platter, node, &path, random);
            }
        }
    }
}

fn content(durable: &[u8], since: &[(u64, FileChange)], random: &mut Random) -> Vec<u8> {
    let mut content = durable.to_vec();
    let survives = Survives::of(random);
    let begin = random.below(since.len() + 1);
    let percent = [10, 50, 90][random.below(3)];
    for (at, (_, change)) in since.iter().enumerate() {
        match survives {
            Survives::Nothing => {}
            Survives::Everything => change.make(&mut content),
            Survives::Begin if at < begin => change.make(&mut content),
            // The write in the middle of which the power failed.
            Survives::Begin if at == begin => tear(&mut content, change, random, 50),
            Survives::Begin => {}
            Survives::Some if random.happens(percent) => change.make(&mut content),
            Survives::Some => {}
            Survives::Torn => tear(&mut content, change, random, percent),
        }
    }
    // The length is kept elsewhere than the bytes and may be lost where they are not.
    if content.len() > durable.len() && random.happens(20) {
        content.truncate(durable.len() + random.below(content.len() - durable.len()));
    }
    content
}

/// Makes a part of a change: any of the sectors that it touches.
fn tear(content: &mut Vec<u8>, change: &FileChange, random: &mut Random, percent: usize) {
    let FileChange::Write { offset, bytes } = change else {
        return if random.happens(percent) {
            change.make(content)
        };
    };
    let mut begin = 0;
    while begin < bytes.len() {
        let end = (begin + SECTOR_BYTES - (offset + begin) % SECTOR_BYTES).min(bytes.len());
        if random.happens(percent) {
            write(content, offset + begin, &bytes[begin..end]);
        }
        begin = end;
    }
}
