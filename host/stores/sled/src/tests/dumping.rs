use crate::backup::file::{Header, Kind, Trailer, Writer, push};
#[test]
fn dump_fixture() {
    let disk = crate::disk::Disk::open(std::path::Path::new("/tmp/keeping/f1copy/data/store/sled"), 1 << 26).unwrap();
    let mut out = std::fs::File::create("/tmp/keeping/format-1.backup").unwrap();
    let last = disk.load::<crate::ledger::LastGroup>(b"G").unwrap().unwrap();
    let header = Header { layout: 1, time_ms: 1_795_626_000_000, position: last.position, release: "0.1.0".to_owned() };
    let mut writer = Writer::begin(&mut out, &header).unwrap();
    let (mut body, mut keys) = (vec![], 0);
    for found in disk.range((std::ops::Bound::Included(vec![]), std::ops::Bound::Unbounded)) {
        let (key, value) = found.unwrap();
        push(&mut body, &key, Some(&value));
        keys += 1;
    }
    writer.record(Kind::Copy, &body).unwrap();
    writer.end(Trailer { keys, groups: 0, position: last.position }).unwrap();
}
