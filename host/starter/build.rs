//! Lists the files that a new project is made of, so that they are part of the binary.
//! Which of them go into which project is decided in `src/files.rs`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders of the repository that are taken, with everything below them.
const TAKEN: [&str; 2] = ["sdk", "wit"];

/// Folders that hold what was built, downloaded or is only for the SDK's own tests; `componentize` is a part of the binary itself.
const LEFT_OUT: [&str; 9] = ["target", "node_modules", "dist", "test", "tests", "__pycache__", ".venv", "componentize", "examples"];

/// What was built, and what Go keeps beside the files that it tests.
const NOT_TAKEN: [&str; 3] = [".pyc", ".wasm", "_test.go"];

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is")).join("../..");
    let root = root.canonicalize().expect("the repository is two folders up");
    let mut list = String::from("&[\n");
    for folder in TAKEN {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        let is_template = |path: &Path| path.starts_with(root.join("sdk/templates"));
        for path in files_below(&root.join(folder), &is_template) {
            let name = path.strip_prefix(&root).expect("it lies below").to_str().expect("names of ours are UTF-8").replace('\\', "/");
            writeln!(list, "    ({name:?}, include_bytes!({path:?})),").expect("a text can be written to");
        }
    }
    list.push_str("]\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo says where to write"));
    fs::write(out.join("embedded.rs"), list).expect("the list can be written");
}

/// Every file below a folder, by name, so that the binary is the same for the same sources.
fn files_below(folder: &Path, takes_all: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("the folder can be read").map(|entry| entry.expect("and its entries").path()).collect();
    entries.sort();
    let mut found = Vec::new();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // A template's own tests belong into the project.
        let is_left_out = LEFT_OUT.contains(&name) && !(takes_all(&path) && name.starts_with("test"));
        if path.is_dir() && !is_left_out {
            found.extend(files_below(&path, takes_all));
        } else if path.is_file() && !NOT_TAKEN.iter().any(|end| name.ends_with(end)) {
            found.push(path);
        }
    }
    found
}
