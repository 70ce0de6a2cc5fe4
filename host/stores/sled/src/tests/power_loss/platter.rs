//! What is on the platter: of every file and folder what a sync has made durable, and what was done to it since.
//! What of the rest survives a power failure is decided in `failure`.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};

use super::recording::Step;

/// The files and folders below one folder, as a disk has them.
pub(super) struct Platter {
    root: PathBuf,
    pub(super) nodes: Vec<Node>,
    open: HashMap<u64, usize>,
    syncs: HashMap<u64, (usize, u64)>,
    steps: u64,
    honesty: Honesty,
}

/// Whether the disk does what a sync asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Honesty {
    Honest,
    /// It says that it has, and has not.
    Lying,
}

/// A file or a folder. Every change since the last sync has the number of its step.
pub(super) enum Node {
    File { durable: Vec<u8>, since: Vec<(u64, FileChange)> },
    Folder { now: BTreeMap<PathBuf, usize>, durable: BTreeMap<PathBuf, usize>, since: Vec<(u64, NameChange)> },
}

#[derive(Clone)]
pub(super) enum FileChange {
    Write { offset: usize, bytes: Vec<u8> },
    Cut { length: usize },
}

#[derive(Clone)]
pub(super) enum NameChange {
    Put(PathBuf, usize),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
}

impl NameChange {
    pub(super) fn make(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Put(name, node) => drop(names.insert(name.clone(), *node)),
            Self::Remove(name) => drop(names.remove(name)),
            // Where the name itself was lost, there is nothing to rename.
            Self::Rename(from, to) => drop(names.remove(from).and_then(|node| names.insert(to.clone(), node))),
        }
    }
}

impl FileChange {
    pub(super) fn make(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => write(content, *offset, bytes),
            Self::Cut { length } => content.resize(*length, 0),
        }
    }
}

/// Writes into a file; what lies between its end and the offset reads as zeros.
pub(super) fn write(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}

impl Platter {
    /// An empty folder.
    pub(super) fn new(root: &Path, honesty: Honesty) -> Self {
        let nodes = vec![Node::folder()];
        Self { root: root.to_owned(), nodes, open: HashMap::new(), syncs: HashMap::new(), steps: 0, honesty }
    }

    /// What a step does.
    pub(super) fn take(&mut self, step: &Step) {
        self.steps += 1;
        match step {
            Step::Opened { fd, path, made } => {
                if *made {
                    self.put(path, Node::File { durable: Vec::new(), since: Vec::new() });
                }
                let node = self.find(path).unwrap_or_else(|| panic!("{} is not known", path.display()));
                self.open.insert(*fd, node);
            }
            Step::Closed { fd } => drop(self.open.remove(fd)),
            Step::Doubled { fd, new } => drop(self.open.insert(*new, self.open[fd])),
            Step::Wrote { fd, offset, bytes } => self.change(*fd, FileChange::Write { offset: *offset as usize, bytes: bytes.clone() }),
            Step::Cut { fd, length } => self.change(*fd, FileChange::Cut { length: *length as usize }),
            Step::SyncBegun { fd, number } => drop(self.syncs.insert(*number, (self.open[fd], self.steps))),
            Step::Synced { number } => self.sync(*number),
            Step::Renamed { from, to } => {
                assert_eq!(from.parent(), to.parent(), "a name moves to another folder, which is not modelled");
                self.rename(from, NameChange::Rename(leaf(from), leaf(to)));
            }
            Step::Removed { path } => self.rename(path, NameChange::Remove(leaf(path))),
            Step::FolderMade { path } => self.put(path, Node::folder()),
            Step::Said { .. } => {}
        }
    }

    fn change(&mut self, fd: u64, change: FileChange) {
        let step = self.steps;
        match &mut self.nodes[self.open[&fd]] {
            Node::File { since, .. } => since.push((step, change)),
            Node::Folder { .. } => panic!("a folder was written to"),
        }
    }

    /// What was done before a sync began is durable when it has ended.
    fn sync(&mut self, number: u64) {
        let (node, begun) = self.syncs.remove(&number).expect("a sync that has begun");
        match &mut self.nodes[node] {
            Node::File { .. } if self.honesty == Honesty::Lying => {}
            Node::File { durable, since } => {
                let covered = since.partition_point(|(step, _)| *step < begun);
                since.drain(..covered).for_each(|(_, change)| change.make(durable));
            }
            Node::Folder { durable, since, .. } => {
                let covered = since.partition_point(|(step, _)| *step < begun);
                since.drain(..covered).for_each(|(_, change)| change.make(durable));
            }
        }
    }

    fn put(&mut self, path: &Path, node: Node) {
        self.nodes.push(node);
        self.rename(path, NameChange::Put(leaf(path), self.nodes.len() - 1));
    }

    fn rename(&mut self, path: &Path, change: NameChange) {
        let step = self.steps;
        let folder = path.parent().and_then(|folder| self.find(folder)).unwrap_or_else(|| panic!("{} has no folder", path.display()));
        match &mut self.nodes[folder] {
            Node::Folder { now, since, .. } => {
                change.make(now);
                since.push((step, change));
            }
            Node::File { .. } => panic!("{} lies in a file", path.display()),
        }
    }

    fn find(&self, path: &Path) -> Option<usize> {
        let below = path.strip_prefix(&self.root).ok()?;
        below.components().filter(|part| matches!(part, Component::Normal(_))).try_fold(0, |node, part| match &self.nodes[node] {
            Node::Folder { now, .. } => now.get(Path::new(part.as_os_str())).copied(),
            Node::File { .. } => None,
        })
    }
}

impl Node {
    fn folder() -> Self {
        Self::Folder { now: BTreeMap::new(), durable: BTreeMap::new(), since: Vec::new() }
    }
}

fn leaf(path: &Path) -> PathBuf {
    path.file_name().map(PathBuf::from).unwrap_or_default()
}
