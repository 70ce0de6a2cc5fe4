//! Manifests that lie, change, or are none, and modules that want what they may not have.

use procession_guests::{Guest, Record, Said};

use crate::trial::{Case, Step, case, try_all};

fn saying(said: Said) -> Vec<u8> {
    Guest { said, ..Guest::process() }.component()
}

/// Changes its manifest before it answers.
fn describing(describe: &str) -> Vec<u8> {
    Guest { describe: describe.to_owned(), ..Guest::process() }.component()
}

fn text(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}"))
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

pub(crate) fn cases() -> Vec<Case> {
    let good = Said::process;
    let long = "x".repeat(1 << 20);
    let unread = "contract: its answer cannot be read";
    vec![
        case("a category that is none", saying(Said { category: "counter".to_owned(), ..good() }), Step::Load, "name-MAJOR.MINOR"),
        case("a category of a megabyte", saying(Said { category: format!("{long}-1.0"), ..good() }), Step::Load, "name-MAJOR.MINOR"),
        case(
            "a category that forges a line",
            saying(Said { category: "a\nERROR b-1.0".to_owned(), ..good() }),
            Step::Load,
            "name-MAJOR.MINOR",
        ),
        case(
            "a suffix that would split a stream's name",
            saying(Said { suffix: Some("a-b".to_owned()), ..good() }),
            Step::Load,
            "stream suffix",
        ),
        case("a process without a stream", saying(Said { suffix: None, ..good() }), Step::Load, "must name the suffix"),
        case("a process that cannot begin", saying(Said { starts: Vec::new(), ..good() }), Step::Load, "`starts` is empty"),
        case("a kind twice", saying(Said { handles: texts(&["Add", "Add"]), ..good() }), Step::Load, "`handles` has \"Add\" twice"),
        case(
            "a kind of a megabyte, twice",
            saying(Said { handles: vec![long.clone(), long], ..good() }),
            Step::Load,
            "`handles` has",
        ),
        case(
            "a kind of the host's own",
            saying(Said { records: vec![("ProcessCategoryChanged".to_owned(), 1)], ..good() }),
            Step::Load,
            "ProcessCategoryChanged",
        ),
        case(
            "100,000 kinds",
            saying(Said { handles: (0..100_000).map(|n| format!("K{n}")).collect(), ..good() }),
            Step::Load,
            "the most is 256",
        ),
        case(
            "an event of two shapes",
            saying(Said { records: vec![("Added".to_owned(), 1), ("Added".to_owned(), 2)], ..good() }),
            Step::Load,
            "`records` has \"Added\" twice",
        ),
        case("an event of no shape", saying(Said { records: vec![("Added".to_owned(), 0)], ..good() }), Step::Load, "schema 0"),
        case(
            "a reaction to what it does not record",
            saying(Said { reacts_to: texts(&["Other"]), ..good() }),
            Step::Load,
            "`reacts-to` has Other",
        ),
        case("a carrying on of what is no category", saying(Said { takes_over: texts(&["all"]), ..good() }), Step::Load, "`takes-over`"),
        case("a wish for nothing", saying(Said { fuel_per_call: Some(0), ..good() }), Step::Load, "wishes for nothing"),
        case(
            "a wish for less memory than it begins with",
            saying(Said { memory_bytes: Some(1), ..good() }),
            Step::Load,
            "its own `limits` do not let it begin",
        ),
        case(
            "a wish for less fuel than it begins with",
            Guest {
                said: Said { fuel_per_call: Some(1), ..good() },
                start: "(drop (memory.size)) (drop (memory.size))".to_owned(),
                ..Guest::process()
            }
            .component(),
            Step::Load,
            "its own `limits` do not let it begin",
        ),
        case(
            "a wish for everything",
            saying(Said { fuel_per_call: Some(u64::MAX), memory_bytes: Some(u64::MAX), ..good() }),
            Step::Never,
            "",
        ),
        case("a way to share that is none", saying(Said { sharing: 77, ..good() }), Step::Load, unread),
        case("a manifest nowhere", describing("(return (i32.const -4))"), Step::Load, unread),
        case(
            "a manifest with a list of four thousand million kinds",
            describing("(i32.store offset=24 (i32.const MANIFEST) (i32.const -1))"),
            Step::Load,
            unread,
        ),
        case(
            "a manifest whose category ends beyond memory",
            describing("(i32.store offset=4 (i32.const MANIFEST) (i32.const 100000000))"),
            Step::Load,
            unread,
        ),
        case(
            "a manifest that is no UTF-8",
            describing("(i32.store8 (i32.load (i32.const MANIFEST)) (i32.const 255))"),
            Step::Load,
            "invalid utf-8",
        ),
        case(
            "a manifest that changes when it is asked again",
            describing("(i32.store offset=60 (i32.const MANIFEST) (global.get $asked))"),
            Step::Load,
            "it must be constant",
        ),
        case(
            "a manifest that is another one the third time",
            describing("(if (i32.eq (global.get $asked) (i32.const 2)) (then (i32.store offset=60 (i32.const MANIFEST) (i32.const 9))))"),
            Step::Load,
            "it must be constant",
        ),
        case(
            "a router with a stream",
            Guest {
                said: Said { suffix: Some("Process".to_owned()), ..Said::stranger() },
                ..Guest::stranger("router", |_| Record::new(28))
            }
            .component(),
            Step::Load,
            "writes no stream",
        ),
        case(
            "an adapter without work",
            Guest { said: Said { handles: Vec::new(), ..Said::stranger() }, ..Guest::stranger("adapter", |_| Record::new(28)) }.component(),
            Step::Load,
            "`handles` is empty",
        ),
        case(
            "it wants a clock",
            text(r#"(component (import "wasi:clocks/wall-clock@0.2.0" (instance (export "now" (func (result u64))))))"#),
            Step::Load,
            "no WASI",
        ),
        case(
            "it wants a function of its own name",
            text(r#"(component (import "procession:process/types@0.1.0" (instance (export "clock" (func (result u64))))))"#),
            Step::Load,
            "it imports procession:process/types",
        ),
        case(
            "it wants a thousand things",
            text(&format!("(component {})", (0..1_000).map(|n| format!(r#"(import "want{n}" (func))"#)).collect::<String>())),
            Step::Load,
            "and 997 more",
        ),
        case(
            "it wants a thing of a long name",
            text(&format!(r#"(component (import "{}" (func)))"#, "a".repeat(90_000))),
            Step::Load,
            "… (90000 bytes)",
        ),
        case(
            "it speaks another version",
            text(r#"(component (instance $i) (export "procession:process/decider@9.0.0" (instance $i)))"#),
            Step::Load,
            "it is made for procession:process/decider@9.0.0",
        ),
        case("a core module", text("(module)"), Step::Load, "core module"),
        case("no bytes", Vec::new(), Step::Load, "empty"),
        case("another file", b"\x7fELF\x02\x01\x01\0and so on".to_vec(), Step::Load, "begins with 7f 45 4c 46"),
        case(
            "half a component",
            {
                let whole = Guest::process().component();
                whole[..whole.len() / 2].to_vec()
            },
            Step::Load,
            "cut off",
        ),
        case("33 megabytes of nothing", vec![0; 33 << 20], Step::Load, "the most is 33554432"),
    ]
}

#[test]
fn a_module_that_lies_or_wants_too_much_is_refused_with_its_reason() {
    try_all(cases());
}
