//! The folder's state machine, fed with listings and times instead of a disk and a clock.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use procession_engine::model::id::{Category, Digest};
use procession_engine::model::time::Timestamp;

use super::{CUT_OFF_MS_MAX, Content, Pace, RETRY_MS, Scan, Sighting, Stamp, Verdict};
use crate::folder::{Deployed, Refusal};

/// A folder in memory and an engine that takes one file a category.
#[derive(Default)]
struct World {
    scan: Scan,
    now_ms: u64,
    files: BTreeMap<String, (Stamp, Vec<u8>)>,
    active: BTreeMap<String, (String, Digest)>,
    host_fails: bool,
    heard: Vec<String>,
}

impl World {
    fn put(&mut self, name: &str, bytes: &[u8]) {
        self.now_ms += 1;
        let modified = Some(SystemTime::UNIX_EPOCH + Duration::from_millis(self.now_ms));
        self.files.insert(name.to_owned(), (Stamp { bytes: bytes.len() as u64, modified, inode: self.now_ms }, bytes.to_vec()));
    }

    fn rename(&mut self, from: &str, to: &str) {
        let file = self.files.remove(from).unwrap();
        self.files.insert(to.to_owned(), file);
    }

    fn look(&mut self, pace: Pace) {
        self.now_ms += 200;
        let listing: Vec<Sighting> =
            self.files.iter().map(|(name, (stamp, _))| Sighting { name: name.clone(), stamp: Some(*stamp) }).collect();
        for file in self.scan.listed(Timestamp(self.now_ms), &listing, pace) {
            self.take(&file);
        }
        for gone in self.scan.gone(pace) {
            gone.twins.iter().for_each(|twin| self.take(twin));
            self.active.retain(|_, (file, _)| *file != gone.file);
            self.heard.push(format!("removed {}", gone.file));
        }
    }

    fn look_twice(&mut self) -> Vec<String> {
        self.look(Pace::Settled);
        self.look(Pace::Settled);
        std::mem::take(&mut self.heard)
    }

    fn take(&mut self, file: &str) {
        let (stamp, bytes) = self.files[file].clone();
        let content = Content::Bytes(stamp, bytes);
        let answer = match self.scan.examined(file, Timestamp(self.now_ms), &content) {
            Verdict::Wait => return,
            Verdict::Refuse(reason) => Err(Refusal::Broken(reason)),
            Verdict::Deploy(bytes) => {
                let bytes = bytes.to_vec();
                self.deploy(file, &bytes)
            }
        };
        if let Some(reason) = self.scan.answered(file, Timestamp(self.now_ms), answer) {
            self.heard.push(format!("refused {file}: {reason}"));
        }
    }

    fn deploy(&mut self, file: &str, bytes: &[u8]) -> Result<Deployed, Refusal> {
        if self.host_fails {
            return Err(Refusal::Later("disk full".to_owned()));
        }
        // A custom section of one byte names the category, one more byte the variant.
        let (category, digest) = (format!("c{}-1.0", bytes[12]), Digest([bytes[13]; 32]));
        if let Some((other, held)) = self.active.get(&category)
            && (other != file && *held != digest)
        {
            return Err(Refusal::Clash(format!("{file} and {other} claim {category}")));
        }
        self.active.retain(|_, (holder, _)| holder != file);
        self.active.insert(category.clone(), (file.to_owned(), digest));
        self.heard.push(format!("deployed {file} as {category}"));
        Ok(Deployed { category: Category::parse(&category).unwrap(), digest })
    }
}

/// A component of one custom section that holds the two numbers.
fn module(category: u8, variant: u8) -> Vec<u8> {
    vec![0, b'a', b's', b'm', 0x0d, 0, 1, 0, 0, 4, 1, b'x', category, variant]
}

#[test]
fn a_file_is_taken_when_it_looked_the_same_twice_and_then_left_alone() {
    let mut world = World::default();
    world.put("a.wasm", &module(1, 1));
    world.look(Pace::Settled);
    assert!(world.heard.is_empty());
    world.look(Pace::Settled);
    assert_eq!(world.heard, ["deployed a.wasm as c1-1.0"]);
    assert_eq!(world.look_twice().len(), 1, "nothing new is heard");
}

#[test]
fn a_file_that_keeps_growing_is_waited_for_and_then_taken_without_a_complaint() {
    let mut world = World::default();
    let whole = module(1, 1);
    for length in [0, 3, 9, 11] {
        world.put("a.wasm", &whole[..length]);
        assert!(world.look_twice().is_empty(), "after {length} bytes");
    }
    world.put("a.wasm", &whole);
    assert_eq!(world.look_twice(), ["deployed a.wasm as c1-1.0"]);
}

#[test]
fn a_file_that_stays_cut_off_is_refused_once_until_it_changes() {
    let mut world = World::default();
    world.put("a.wasm", &module(1, 1)[..11]);
    assert!(world.look_twice().is_empty());
    world.now_ms += CUT_OFF_MS_MAX;
    let heard = world.look_twice();
    assert_eq!(heard.len(), 1);
    assert!(heard[0].contains("cut off after 11 bytes"), "{heard:?}");
    assert_eq!(world.scan.refused().len(), 1);
    world.put("a.wasm", &module(1, 1));
    assert_eq!(world.look_twice(), ["deployed a.wasm as c1-1.0"]);
    assert!(world.scan.refused().is_empty());
}

#[test]
fn broken_bytes_over_a_good_file_are_refused_and_the_good_ones_stay() {
    let mut world = World::default();
    world.put("a.wasm", &module(1, 1));
    world.look_twice();
    world.put("a.wasm", b"#!/bin/sh\n");
    let heard = world.look_twice();
    assert!(heard[0].starts_with("refused a.wasm: this is no WebAssembly"), "{heard:?}");
    assert_eq!(world.active.len(), 1);
}

#[test]
fn of_two_files_with_one_category_the_later_is_refused_and_takes_over_when_the_first_goes() {
    for (first, second) in [("a.wasm", "b.wasm"), ("b.wasm", "a.wasm")] {
        for pace in [Pace::AtOnce, Pace::Settled] {
            let mut world = World::default();
            world.put(first, &module(1, 1));
            world.put(second, &module(1, 2));
            world.look(pace);
            world.look(pace);
            let refusal = format!("refused {second}: {second} and {first} claim c1-1.0");
            assert_eq!(world.heard, [format!("deployed {first} as c1-1.0"), refusal]);
            world.heard.clear();
            world.files.remove(first);
            world.look_twice();
            world.look_twice();
            assert_eq!(world.active["c1-1.0"].0, second);
            assert!(world.scan.refused().is_empty());
        }
    }
}

#[test]
fn a_clash_ends_when_the_other_file_becomes_another_category_and_is_not_told_twice_while_it_lasts() {
    let mut world = World::default();
    world.put("a.wasm", &module(1, 1));
    world.put("b.wasm", &module(1, 2));
    world.look_twice();
    world.put("a.wasm", &module(1, 3));
    assert_eq!(world.look_twice(), ["deployed a.wasm as c1-1.0"]);
    assert!(world.look_twice().is_empty(), "the same clash is old news");
    world.put("a.wasm", &module(2, 1));
    world.look_twice();
    world.look_twice();
    assert_eq!((world.active["c1-1.0"].0.as_str(), world.active["c2-1.0"].0.as_str()), ("b.wasm", "a.wasm"));
}

#[test]
fn a_renamed_file_is_never_without_its_module() {
    let mut world = World::default();
    world.put("a.wasm", &module(1, 1));
    world.look_twice();
    world.rename("a.wasm", "b.wasm");
    let heard = world.look_twice();
    assert_eq!(heard.iter().filter(|line| line.starts_with("deployed b")).count(), 2, "{heard:?}");
    assert_eq!(heard.last().unwrap(), "removed a.wasm");
    assert_eq!(world.active["c1-1.0"].0, "b.wasm");
}

#[test]
fn when_one_of_two_copies_goes_the_other_holds_the_module() {
    for gone in ["a.wasm", "b.wasm"] {
        let mut world = World::default();
        world.put("a.wasm", &module(1, 1));
        world.put("b.wasm", &module(1, 1));
        world.look_twice();
        world.files.remove(gone);
        world.look_twice();
        assert_ne!(world.active["c1-1.0"].0, gone);
    }
}

#[test]
fn a_file_that_is_away_for_one_look_is_not_removed() {
    let mut world = World::default();
    world.put("a.wasm", &module(1, 1));
    world.look_twice();
    let file = world.files.remove("a.wasm").unwrap();
    world.look(Pace::Settled);
    world.files.insert("a.wasm".to_owned(), file);
    assert!(world.look_twice().is_empty());
    world.files.clear();
    assert_eq!(world.look_twice(), ["removed a.wasm"]);
}

#[test]
fn a_failure_of_the_host_is_tried_again_later_and_told_once() {
    let mut world = World { host_fails: true, ..World::default() };
    world.put("a.wasm", &module(1, 1));
    assert_eq!(world.look_twice(), ["refused a.wasm: disk full"]);
    world.now_ms += RETRY_MS;
    assert!(world.look_twice().is_empty(), "it fails again, for the same reason");
    world.host_fails = false;
    world.now_ms += RETRY_MS;
    assert_eq!(world.look_twice(), ["deployed a.wasm as c1-1.0"]);
}

#[test]
fn a_file_that_changed_while_it_was_read_is_left_for_the_next_look() {
    let mut scan = Scan::default();
    let stamp = |inode| Stamp { bytes: 14, modified: None, inode };
    let listing = [Sighting { name: "a.wasm".to_owned(), stamp: Some(stamp(1)) }];
    assert_eq!(scan.listed(Timestamp(0), &listing, Pace::AtOnce), ["a.wasm"]);
    let other = Content::Bytes(stamp(2), module(1, 1));
    assert_eq!(scan.examined("a.wasm", Timestamp(0), &other), Verdict::Wait);
    assert_eq!(scan.examined("a.wasm", Timestamp(0), &Content::Changed), Verdict::Wait);
    assert_eq!(scan.listed(Timestamp(200), &listing, Pace::Settled), ["a.wasm"]);
}

#[test]
fn a_file_that_cannot_be_looked_at_for_a_while_is_neither_new_nor_gone() {
    let mut world = World::default();
    world.put("a.wasm", &module(1, 1));
    world.look_twice();
    let hidden = [Sighting { name: "a.wasm".to_owned(), stamp: None }];
    for look in 0..3 {
        assert!(world.scan.listed(Timestamp(world.now_ms + look), &hidden, Pace::Settled).is_empty());
        assert!(world.scan.gone(Pace::Settled).is_empty());
    }
}
