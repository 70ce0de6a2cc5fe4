//! `procession-componentize [--go] CORE.wasm OUT.wasm`, or a whole cargo output folder with `--dir FOLDER --out FOLDER`.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use procession_componentize::{componentize, componentize_go, folder};

const USAGE: &str = "\
Makes components of core modules that Rust or C has made with an SDK of Procession, or with --go of one that Go has made.

usage: procession-componentize [--go] CORE.wasm OUT.wasm
       procession-componentize --dir target/wasm32-unknown-unknown/release --out dist

With --dir every `name_1_0.wasm` becomes `name-1.0.wasm`; files without a version are left out.";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let done = match arguments.as_slice() {
        [help] if help == "--help" || help == "-h" => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        [dir, release, to, out] if dir == "--dir" && to == "--out" => whole_folder(Path::new(release), Path::new(out)),
        [go, core, out] if go == "--go" => one_file(Path::new(core), Path::new(out), componentize_go),
        [core, out] => one_file(Path::new(core), Path::new(out), componentize),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("procession-componentize: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn one_file(core: &Path, out: &Path, componentize: fn(&[u8]) -> Result<Vec<u8>>) -> Result<()> {
    let size = folder::componentize_file(core, out, componentize)?;
    println!("{} {} KiB", out.display(), size.div_ceil(1024));
    Ok(())
}

fn whole_folder(release: &Path, out: &Path) -> Result<()> {
    for (file, size) in folder::componentize_folder(release, out)? {
        println!("{} {} KiB", file.display(), size.div_ceil(1024));
    }
    Ok(())
}
