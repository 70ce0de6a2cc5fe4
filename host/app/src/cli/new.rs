//! `procession new`: a project for a new definition, in an author's language.
//! What is in it, and that it is all inside this binary, is the starter's matter.

use std::path::PathBuf;

use clap::ValueEnum;
use procession_starter::{Language, Name, WriteError};

use super::failure::Failure;
use super::table::print;

/// What `new` is told.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Name of the definition, such as my-process; its first version is my-process-1.0.
    name: String,
    /// The language to write it in.
    #[arg(long, value_enum)]
    language: Tongue,
    /// The folder to make; it must be empty or not exist yet. Its default is the name.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// The languages as they are typed.
#[derive(Clone, Copy, ValueEnum)]
enum Tongue {
    Rust,
    #[value(alias = "javascript", alias = "typescript", alias = "ts")]
    Js,
    #[value(alias = "py")]
    Python,
    C,
    #[value(alias = "golang")]
    Go,
}

impl From<Tongue> for Language {
    fn from(tongue: Tongue) -> Self {
        match tongue {
            Tongue::Rust => Self::Rust,
            Tongue::Js => Self::JavaScript,
            Tongue::Python => Self::Python,
            Tongue::C => Self::C,
            Tongue::Go => Self::Go,
        }
    }
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let name = Name::parse(&arguments.name).map_err(|error| Failure::Usage(error.to_string()))?;
    let language = Language::from(arguments.language);
    let files = procession_starter::files(&name, language);
    let folder = arguments.dir.unwrap_or_else(|| PathBuf::from(name.as_str()));
    procession_starter::write(&files, &folder).map_err(|error| match &error {
        WriteError::InUse(_) => Failure::Refused(error.to_string()),
        WriteError::Disk { cause, .. } => Failure::Failed(format!("{error}: {cause}")),
    })?;
    let folder = folder.display();
    print(&format!("{folder} is a process in {language}: read {folder}/README.md, then `cd {folder} && make test`\n"));
    Ok(())
}
