//! Components that mean harm, one by one, against the sandbox: each is told by name of its fault, and nobody else notices.
//! The whole host meets its own in `host/app/tests/hostile.rs`.

mod answers;
mod bulk;
mod loading;
mod loops;
mod strangers;
mod traps;
mod trial;

#[test]
fn there_are_more_than_a_hundred_of_them() {
    let tables = [answers::cases(), bulk::cases(), loading::cases(), loops::cases(), strangers::cases(), traps::cases()];
    let count: usize = tables.iter().map(Vec::len).sum();
    assert!(count > 100, "{count}");
    let names: std::collections::HashSet<&str> = tables.iter().flatten().map(|case| case.name).collect();
    assert_eq!(names.len(), count, "two cases have one name");
}
