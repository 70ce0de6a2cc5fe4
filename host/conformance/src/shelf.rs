//! The shelf: modules by digest, their bytes, their changes.
//! How many streams are on each is counted in `rows`.

use procession_engine::model::id::{Category, Digest, Kind, Suffix};
use procession_engine::model::manifest::{EventSchema, Manifest, Sharing};
use procession_engine::model::time::Timestamp;
use procession_engine::ports::shelf::{DrainReason, ModuleRecord, ModuleState, Shelf};
use procession_engine::ports::store::{CommitError, EventStore};

use crate::samples::{commit, module, submit, take, unknown};
use crate::{Home, READ};

fn record(number: u8, bytes: &[u8]) -> ModuleRecord {
    let kind = |text| Kind::parse(text).expect("valid");
    let manifest = Manifest {
        category: Category::parse(&format!("sample-1.{number}")).expect("valid"),
        stream: Some(Suffix::parse("Process").expect("valid")),
        starts: vec![Kind::start()],
        handles: vec![kind("a:b/c")],
        reacts_to: vec![],
        records: vec![EventSchema { kind: kind("Happened"), schema: 2 }],
        sends: vec![kind("Do")],
        state_format: 1,
        takes_over: vec![Category::parse("sample-0.9").expect("valid")],
        sharing: Sharing::Shared,
        memory_bytes: Some(u64::MAX),
        fuel_per_call: None,
    };
    ModuleRecord {
        digest: module(number),
        manifest,
        state: ModuleState::Active,
        since: Timestamp(9),
        deployed_at: Timestamp(8),
        file: Some("sämple.wasm".to_owned()),
        size: bytes.len() as u64,
    }
}

/// Bytes in which no two stretches are alike, so that a piece in the wrong place is seen.
fn bytes(length: usize) -> Vec<u8> {
    (0..length as u64).map(|index| (index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

/// Puts some modules.
pub(crate) fn fill(store: &impl Shelf) {
    for (number, length) in [(9, 10_000), (3, 0), (5, 70_000)] {
        let bytes = bytes(length);
        store.put(&record(number, &bytes), Some(&bytes)).expect("the shelf takes it");
    }
}

/// Rule: modules come in the order in which they were first put.
pub fn modules_come_in_the_order_in_which_they_were_first_put<H: Home>() {
    let home = H::fresh();
    let digests = |store: &H::Store| store.modules().expect(READ).into_iter().map(|record| record.digest).collect::<Vec<Digest>>();
    {
        let store = home.open();
        assert_eq!(store.modules().expect(READ), vec![]);
        fill(&store);
        store.put(&record(9, b"again"), None).expect(READ);
        assert_eq!(digests(&store), [9, 3, 5].map(module));
    }
    let store = home.open();
    store.put(&record(1, b"late"), Some(b"late")).expect(READ);
    assert_eq!(digests(&store), [9, 3, 5, 1].map(module));
}

/// Rule: a module of five megabytes is kept as it is.
pub fn a_module_of_five_megabytes_is_kept_as_it_is<H: Home>() {
    let home = H::fresh();
    let bytes = bytes(5_000_000);
    {
        let store = home.open();
        store.put(&record(2, &bytes), Some(&bytes)).expect(READ);
        assert!(store.bytes(&module(2)).expect(READ).as_deref() == Some(&bytes[..]));
    }
    let store = home.open();
    assert!(store.bytes(&module(2)).expect(READ).as_deref() == Some(&bytes[..]));
    assert_eq!(store.bytes(&module(3)).expect(READ), None);
}

/// Rule: a module without a byte is told from one that is not there.
pub fn a_module_without_a_byte_is_told_from_one_that_is_not_there<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    store.put(&record(2, &[]), Some(&[])).expect(READ);
    assert_eq!(store.bytes(&module(2)).expect(READ), Some(vec![]));
}

/// Rule: a record changes without its bytes.
pub fn a_record_changes_without_its_bytes<H: Home>() {
    let home = H::fresh();
    let mut changed = record(2, b"module");
    {
        let store = home.open();
        store.put(&changed, Some(b"module")).expect(READ);
        changed.state = ModuleState::Draining { because: DrainReason::FileRemoved };
        changed.file = None;
        changed.since = Timestamp(77);
        store.put(&changed, None).expect(READ);
    }
    let store = home.open();
    assert_eq!(store.modules().expect(READ), vec![changed]);
    assert_eq!(store.bytes(&module(2)).expect(READ), Some(b"module".to_vec()));
}

/// Rule: bytes put again replace the earlier ones.
pub fn bytes_put_again_replace_the_earlier_ones<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    for length in [200_000, 90_000, 5, 130_000] {
        let bytes = bytes(length);
        store.put(&record(2, &bytes), Some(&bytes)).expect(READ);
        assert!(store.bytes(&module(2)).expect(READ).as_deref() == Some(&bytes[..]), "{length} bytes");
    }
    assert_eq!(store.modules().expect(READ).len(), 1);
}

fn removed(number: u8) -> ModuleRecord {
    ModuleRecord { state: ModuleState::Removed, file: None, ..record(number, b"module") }
}

/// Rule: a module that a stream is on is not removed.
pub fn a_module_that_a_stream_is_on_is_not_removed<H: Home>() {
    let home = H::fresh();
    let store = home.open();
    let kept = record(1, b"module");
    store.put(&kept, Some(b"module")).expect(READ);
    take(&store, commit(&unknown("a"), &[("Process", 1)]));
    assert_eq!(store.remove(&removed(1)), Ok(false));
    assert_eq!(store.modules().expect(READ), vec![kept]);
    assert_eq!(store.bytes(&module(1)).expect(READ), Some(b"module".to_vec()));
}

/// Rule: nothing can be put on a removed module until its bytes are put again.
pub fn nothing_can_be_put_on_a_removed_module_until_its_bytes_are_put_again<H: Home>() {
    let home = H::fresh();
    {
        let store = home.open();
        store.put(&record(1, b"module"), Some(b"module")).expect(READ);
        store.put(&record(2, b"other"), Some(b"other")).expect(READ);
        assert_eq!(store.remove(&removed(1)), Ok(true));
        assert_eq!((store.bytes(&module(1)).expect(READ), store.bytes(&module(2)).expect(READ)), (None, Some(b"other".to_vec())));
        let refused = submit(&store, commit(&unknown("a"), &[("Process", 1)]));
        assert_eq!(refused, Err(CommitError::Removed { module: module(1) }));
    }
    let store = home.open();
    assert_eq!(store.modules().expect(READ), vec![removed(1), record(2, b"other")]);
    let refused = submit(&store, commit(&unknown("a"), &[("Process", 1)]));
    assert_eq!(refused, Err(CommitError::Removed { module: module(1) }));
    assert_eq!(store.process(&unknown("a").id).expect(READ), None);
    store.put(&record(1, b"module"), Some(b"module")).expect(READ);
    take(&store, commit(&unknown("a"), &[("Process", 1)]));
    assert_eq!(store.bytes(&module(1)).expect(READ), Some(b"module".to_vec()));
}
