//! Which bytes become a module, and what is said about the others.

use procession_engine::model::manifest::Sharing;
use procession_engine::ports::definition::{GuestError, LoadError, Role, Runtime};
use procession_wasm::{Limits, WasmRuntime};

use crate::guest::{Guest, Said, limits, runtime, texts};

fn refusal(bytes: &[u8]) -> LoadError {
    runtime().load(bytes).err().expect("it must be refused")
}

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("valid WAT")
}

#[test]
fn a_module_is_what_it_says_it_is() {
    let said = Said { sharing: 1, memory_bytes: Some(1 << 20), reacts_to: texts(&["Added"]), ..Said::process() };
    let bytes = Guest { said, ..Guest::process() }.component();
    let module = runtime().load(&bytes).unwrap();
    let manifest = &module.manifest;
    assert_eq!(
        (manifest.category.to_string().as_str(), manifest.sharing, manifest.memory_bytes),
        ("counter-1.0", Sharing::Shared, Some(1 << 20))
    );
    assert_eq!(manifest.stream.as_ref().unwrap().as_str(), "Process");
    assert_eq!((manifest.records[0].kind.as_str(), manifest.records[0].schema), ("Added", 2));
    assert!(matches!(module.role, Role::Process(_)));
    assert_eq!(runtime().load(&bytes).unwrap().digest, module.digest, "the same bytes have the same name everywhere");
}

#[test]
fn bytes_that_are_no_component_are_told_what_they_are() {
    let whole = Guest::process().component();
    for (bytes, said) in [
        (&b""[..], "empty"),
        (b"\x7fELF\x02\x01\x01\x00.......", "begins with 7f 45 4c 46"),
        (b"(component)", "text form"),
        (&whole[..whole.len() / 2], "cut off"),
        (&component("(module)"), "core module"),
        (b"\0asm\x0d\x00\x01\x00\x01\x02\xff\xff", "unexpected end-of-file"),
    ] {
        let LoadError::NotAComponent(reason) = refusal(bytes) else { panic!("{bytes:?} was refused for another reason") };
        assert!(reason.contains(said), "{reason:?} does not say {said:?}");
    }
}

#[test]
fn a_module_that_is_too_large_is_refused_unread() {
    let runtime = WasmRuntime::new(Limits { module_bytes_max: 10, ..limits() }, None).unwrap();
    assert_eq!(runtime.load(&[0; 11]).err(), Some(LoadError::TooLarge { bytes: 11, bytes_max: 10 }));
}

#[test]
fn a_component_that_is_no_definition_hears_what_it_has_and_what_it_lacks() {
    let export = |name: &str| format!(r#"(instance $i{n}) (export "{name}" (instance $i{n}))"#, n = name.len());
    let definition = export("procession:process/definition@0.1.0");
    for (text, said) in [
        ("(component)".to_owned(), "it exports nothing; a definition exports procession:process/definition"),
        (format!("(component {})", export("wasi:cli/run@0.2.0")), "it exports wasi:cli/run@0.2.0; a definition"),
        (format!("(component {})", export("procession:process/decider@0.1.0")), "but not procession:process/definition"),
        (format!("(component {})", export("procession:process/decider@7.0.0")), "it is made for procession:process/decider@7.0.0"),
        (
            format!(
                "(component {definition} {} {})",
                export("procession:process/decider@0.1.0"),
                export("procession:process/connector@0.1.0")
            ),
            "it exports decider and connector; one module plays one part",
        ),
        (
            r#"(component (import "wasi:cli/environment@0.2.6" (instance)) (import "wasi:io/error@0.2.6" (instance)))"#.to_owned(),
            "it imports wasi:cli/environment@0.2.6, wasi:io/error@0.2.6; a definition has no WASI: build for wasm32-unknown-unknown",
        ),
        (r#"(component (import "now" (func (result u64))))"#.to_owned(), "it imports now; a definition may import nothing"),
        (
            r#"(component (import "procession:process/types@0.1.0" (instance (export "clock" (func (result u64))))))"#.to_owned(),
            "it imports procession:process/types@0.1.0",
        ),
    ] {
        let LoadError::WrongWorld(reason) = refusal(&component(&text)) else { panic!("{text} was refused for another reason") };
        assert!(reason.contains(said), "{reason:?} does not say {said:?}");
    }
}

#[test]
fn a_right_name_with_wrong_types_is_no_definition() {
    let text = r#"(component
        (core module $m (func (export "describe") (result i32) i32.const 1))
        (core instance $m (instantiate $m))
        (func $describe (result u32) (canon lift (core func $m "describe")))
        (instance $i (export "describe" (func $describe)))
        (export "procession:process/definition@0.1.0" (instance $i))
        (instance $d)
        (export "procession:process/decider@0.1.0" (instance $d)))"#;
    assert!(runtime().load(&component(text)).is_err());
}

#[test]
fn a_module_that_breaks_while_it_is_made_or_asked_is_stopped_by_a_limit_or_a_trap() {
    for (start, describe, said) in [
        ("(call $busy)", "", "limit: fuel: a call may use 1000000"),
        ("", "(call $busy)", "limit: fuel: a call may use 1000000"),
        ("(call $greedy)", "", "limit: memory: "),
        ("", "(call $greedy)", "limit: memory: "),
        ("", "(call $deep)", "limit: stack: "),
        ("", "unreachable", "trapped: it panicked or aborted"),
    ] {
        let guest = Guest { start: start.to_owned(), describe: describe.to_owned(), ..Guest::process() };
        let LoadError::Describe(error) = refusal(&guest.component()) else { panic!("{start}{describe} was refused for another reason") };
        assert!(error.to_string().contains(said), "{error} does not say {said:?}");
    }
}

#[test]
fn a_module_that_begins_with_more_memory_or_tables_than_allowed_is_stopped() {
    let mut guest = Guest::process();
    guest.start = "(drop (memory.grow (i32.const 600)))".to_owned();
    guest.said.memory_bytes = Some(1 << 20);
    let LoadError::Manifest(reason) = refusal(&guest.component()) else { panic!("its own wish must stop it") };
    assert!(reason.contains("its own `limits` do not let it begin"), "{reason}");
}

#[test]
fn a_manifest_is_checked_field_by_field() {
    let good = Said::process;
    let many = vec!["Kind".to_owned(); 300];
    for (said, complaint) in [
        (Said { category: "counter".to_owned(), ..good() }, "name-MAJOR.MINOR"),
        (Said { suffix: None, ..good() }, "must name the suffix"),
        (Said { suffix: Some("a-b".to_owned()), ..good() }, "stream suffix"),
        (Said { starts: vec![], ..good() }, "`starts` is empty"),
        (Said { starts: texts(&["A", "A"]), ..good() }, "`starts` has \"A\" twice"),
        (Said { handles: texts(&["no good"]), ..good() }, "`handles`: kind \"no good\""),
        (Said { handles: many, ..good() }, "`handles` has 300 entries, the most is 256"),
        (Said { reacts_to: texts(&["Other"]), ..good() }, "`reacts-to` has Other"),
        (Said { records: vec![("Added".to_owned(), 0)], ..good() }, "schema 0"),
        (Said { records: vec![("Added".to_owned(), 1), ("Added".to_owned(), 2)], ..good() }, "`records` has \"Added\" twice"),
        (Said { fuel_per_call: Some(0), ..good() }, "wishes for nothing"),
    ] {
        let LoadError::Manifest(reason) = refusal(&Guest { said, ..Guest::process() }.component()) else { panic!("no {complaint}") };
        assert!(reason.contains(complaint), "{reason:?} does not say {complaint:?}");
    }
}

#[test]
fn the_limits_of_describe_hold_even_where_the_manifest_lies_about_lists() {
    // A list of four thousand million kinds would be a hundred gigabytes.
    let mut guest = Guest::process();
    let manifest = guest.image.record(&procession_guests::Record::new(112).span(20, (0, u32::MAX)));
    guest.describe = format!("(return (i32.const {manifest}))");
    let LoadError::Describe(error) = refusal(&guest.component()) else { panic!("another reason") };
    assert!(matches!(error, GuestError::Limit(_) | GuestError::Contract(_)), "{error}");
}

#[test]
fn compiled_code_is_kept_used_again_and_replaced_when_it_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    let runtime = || WasmRuntime::new(limits(), Some(cache.clone())).unwrap();
    let bytes = Guest::process().component();
    let stamp = || {
        let files: Vec<_> = std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap()).collect();
        assert_eq!(files.len(), 1);
        (files[0].path(), files[0].metadata().unwrap().modified().unwrap())
    };
    runtime().load(&bytes).unwrap();
    let (path, written) = stamp();
    runtime().load(&bytes).unwrap();
    assert_eq!(stamp(), (path.clone(), written), "nothing is compiled twice");
    let whole = std::fs::read(&path).unwrap();
    for broken in [&b""[..], b"garbage", &whole[..whole.len() - 1]] {
        std::fs::write(&path, broken).unwrap();
        runtime().load(&bytes).unwrap();
        assert_eq!(std::fs::read(&path).unwrap().len(), whole.len(), "a broken file is replaced");
    }
}

#[test]
fn compiled_code_of_other_settings_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = Guest::process().component();
    for instances_max in [64, 40_000] {
        // 40,000 slots of 4 GiB are more than there is address space, so these instances are made on demand, with other code.
        let runtime = WasmRuntime::new(Limits { instances_max, ..limits() }, Some(folder.path().to_owned())).unwrap();
        let Role::Process(definition) = runtime.load(&bytes).unwrap().role else { panic!("it is a process") };
        definition.restore(None).unwrap().look().unwrap();
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_folder_for_compiled_code_that_cannot_be_made_stops_the_start() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = WasmRuntime::new(limits(), Some(file.path().join("below-a-file"))).err().unwrap();
    assert!(error.to_string().contains("below-a-file"), "{error}");
}
