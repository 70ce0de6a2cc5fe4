//! What a folder must be to be opened, and what is said where it is not.

use std::path::Path;

use procession_conformance::samples::{events, unknown};
use procession_engine::ports::store::Scope;

use super::{go_on, open};
use crate::keys;
use crate::open::OpenError;
use crate::{Settings, SledStore, codec, sync};

fn refused(folder: &Path) -> OpenError {
    SledStore::open(folder, Settings::default()).map(drop).expect_err("the store was opened")
}

#[test]
fn a_second_store_on_the_same_folder_is_refused_and_told_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    let refusal = refused(folder.path());
    assert!(matches!(refusal, OpenError::InUse { .. }), "{refusal:?}");
    let text = refusal.to_string();
    assert!(text.contains(&*folder.path().to_string_lossy()) && text.contains("another folder"), "{text}");
    drop(first);
    drop(open(folder.path()));
}

#[test]
fn a_folder_that_is_not_there_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("data/of/procession");
    go_on(&open(&inner), unknown("a"), 1);
    assert_eq!(events(&open(&inner), &Scope::All).len(), 1);
}

#[test]
fn a_file_is_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(refused(&file), OpenError::NotAFolder { .. }));
    assert!(matches!(refused(&file.join("below")), OpenError::NotAFolder { .. }));
}

#[test]
fn a_newer_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut batch = sled::Batch::default();
    batch.insert(keys::FORMAT_KEY, codec::seal(keys::FORMAT_KEY, &codec::encode(&(keys::FORMAT + 1)).unwrap()));
    store.disk().unwrap().write(batch).unwrap();
    drop(store);
    assert!(matches!(refused(folder.path()), OpenError::Format { found: 4, known: 3, .. }));
}

#[test]
fn an_older_copy_of_the_database_is_refused_and_says_what_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (sled, copy) = (folder.path().join("sled"), folder.path().join("copy"));
    let row = go_on(&open(folder.path()), unknown("a"), 3);
    std::fs::create_dir(&copy).unwrap();
    for file in std::fs::read_dir(&sled).unwrap().map(Result::unwrap).filter(|file| file.file_type().unwrap().is_file()) {
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    go_on(&open(folder.path()), row.clone(), 5);
    std::fs::remove_dir_all(&sled).unwrap();
    std::fs::rename(&copy, &sled).unwrap();
    let refusal = refused(folder.path());
    assert!(matches!(refusal, OpenError::CutShort { marked_position: 8, found_position: 3, .. }), "{refusal:?}");
    assert!(refusal.to_string().contains("restore a backup"), "{refusal}");
    // Whoever decides to go on with what is left can.
    std::fs::remove_file(folder.path().join("high-water")).unwrap();
    go_on(&open(folder.path()), row, 1);
}

#[test]
fn a_database_that_was_cut_is_never_opened_with_less_than_there_was() {
    let folder = tempfile::tempdir().unwrap();
    let data = sync::data_file(&folder.path().join("sled"));
    go_on(&open(folder.path()), unknown("a"), 400);
    let whole = std::fs::read(&data).unwrap();
    let mut refusals = 0;
    for tenth in 0..10 {
        std::fs::write(&data, &whole[..whole.len() / 10 * tenth]).unwrap();
        let snapshots = std::fs::read_dir(folder.path().join("sled")).unwrap().map(|file| file.unwrap().path());
        snapshots.filter(|path| path.to_string_lossy().contains("snap.")).for_each(|path| std::fs::remove_file(path).unwrap());
        match SledStore::open(folder.path(), Settings::default()) {
            Ok(store) => assert_eq!(events(&store, &Scope::All).len(), 400, "{tenth} tenths"),
            Err(OpenError::CutShort { .. } | OpenError::Damaged { .. } | OpenError::Unreadable { .. }) => refusals += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refusals > 0, "no cut has hurt: this test tests nothing");
}

#[test]
fn a_database_of_other_bytes_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    go_on(&open(folder.path()), unknown("a"), 10);
    let data = sync::data_file(&folder.path().join("sled"));
    std::fs::write(&data, vec![0x5a; std::fs::metadata(&data).unwrap().len() as usize]).unwrap();
    refused(folder.path());
}
