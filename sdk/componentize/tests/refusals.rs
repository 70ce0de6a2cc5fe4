//! What is refused, and that a refusal says why.

use std::fs;

use procession_componentize::{componentize, encode, folder};

/// The smallest core module there is: magic and version.
const EMPTY_CORE: &[u8] = b"\0asm\x01\0\0\0";
/// The smallest component there is.
const EMPTY_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

fn refusal(bytes: &[u8]) -> String {
    format!("{:#}", componentize(bytes).expect_err("must be refused"))
}

#[test]
fn a_module_without_a_world_is_refused_with_a_hint() {
    assert!(refusal(EMPTY_CORE).contains("no WIT world is embedded"), "{}", refusal(EMPTY_CORE));
    assert!(refusal(EMPTY_CORE).contains("export_process!"));
}

#[test]
fn a_world_that_cannot_be_read_is_refused() {
    let name = b"component-type:x";
    let mut module = EMPTY_CORE.to_vec();
    module.extend([0, u8::try_from(name.len() + 2).expect("short"), u8::try_from(name.len()).expect("short")]);
    module.extend(name);
    module.push(0xff);
    assert!(refusal(&module).contains("cannot be read"), "{}", refusal(&module));
}

#[test]
fn a_component_is_not_made_again() {
    assert!(refusal(EMPTY_COMPONENT).contains("component already"));
}

#[test]
fn bytes_that_are_no_module_are_refused() {
    assert!(refusal(b"").contains("not a WebAssembly module"));
    assert!(refusal(b"hello world").contains("not a WebAssembly module"));
}

#[test]
fn a_component_without_a_definition_does_not_pass_the_check() {
    let refused = format!("{:#}", encode::check(EMPTY_COMPONENT).expect_err("must be refused"));
    assert!(refused.contains("exports no `procession:process/definition`"), "{refused}");
}

#[test]
fn a_refusal_names_the_file_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (core, out) = (folder.path().join("x_1_0.wasm"), folder.path().join("out"));
    fs::write(&core, EMPTY_CORE).expect("written");
    let refused = format!("{:#}", folder::componentize_folder(folder.path(), &out).expect_err("must be refused"));
    assert!(refused.contains("x_1_0.wasm") && refused.contains("no WIT world"), "{refused}");
    assert_eq!(fs::read_dir(&out).expect("the folder").count(), 0);
}

#[test]
fn a_folder_without_definitions_is_the_wrong_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("shipment_language.wasm"), EMPTY_CORE).expect("written");
    let refused = folder::componentize_folder(folder.path(), &folder.path().join("out")).expect_err("must be refused");
    assert!(refused.to_string().contains("no definition"), "{refused}");
}
