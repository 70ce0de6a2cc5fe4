//! Which files a project has, and what stands in them.
//! The files themselves were put into the binary by `build.rs`.
//!
//! A project mirrors the places of the repository below `procession/`, so that the files of an SDK need not be changed:
//! `procession/wit` is the contract, `procession/sdk/rust` the SDK.

use std::fmt;

use crate::name::Name;

/// Path in the repository, and content.
static EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The same in every language: the process does the same in all of them.
const OF_ALL: &str = "sdk/templates/all/";

/// Which tools build a process, for the Makefiles of all languages.
const TOOLS: &str = "sdk/tools.mk";

/// A language that a project can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Language {
    Rust,
    JavaScript,
    Python,
    C,
    Go,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Rust, Self::JavaScript, Self::Python, Self::C, Self::Go];

    /// The name of its folders.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "javascript",
            Self::Python => "python",
            Self::C => "c",
            Self::Go => "go",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A file of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectFile {
    /// Its place in the project, with `/` between folders.
    pub path: String,
    /// What stands in it.
    pub content: Vec<u8>,
}

/// The files of a project.
#[must_use]
pub fn files(name: &Name, language: Language) -> Vec<ProjectFile> {
    let (template, sdk) = (format!("sdk/templates/{language}/"), format!("sdk/{language}/"));
    let filled = |inner: &str, content: &[u8]| ProjectFile { path: filled(inner, name), content: filled_bytes(content, name) };
    let mut found = Vec::new();
    for (path, content) in EMBEDDED {
        if let Some(inner) = path.strip_prefix(&template).or_else(|| path.strip_prefix(OF_ALL)) {
            found.push(filled(inner, content));
        } else if path.starts_with(&sdk) || path.starts_with("wit/") || *path == TOOLS {
            found.push(ProjectFile { path: format!("procession/{path}"), content: content.to_vec() });
        }
    }
    found
}

fn filled(text: &str, name: &Name) -> String {
    name.placeholders().iter().fold(text.to_owned(), |text, (placeholder, value)| text.replace(placeholder, value))
}

/// A file that is no text has no placeholders.
fn filled_bytes(content: &[u8], name: &Name) -> Vec<u8> {
    std::str::from_utf8(content).map_or_else(|_| content.to_vec(), |text| filled(text, name).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::{Language, files};
    use crate::name::Name;

    #[test]
    fn every_template_has_what_an_author_looks_for() {
        let name = Name::parse("my-process").unwrap();
        for language in Language::ALL {
            let found = files(&name, language);
            let paths: Vec<&str> = found.iter().map(|file| file.path.as_str()).collect();
            for needed in ["README.md", "scenarios.json", "Makefile", ".gitignore", "procession/wit/process.wit", "procession/sdk/tools.mk"]
            {
                assert!(paths.contains(&needed), "{language} has no {needed}: {paths:?}");
            }
            assert!(paths.iter().any(|path| path.starts_with(&format!("procession/sdk/{language}/"))), "{language} has no SDK");
        }
    }

    #[test]
    fn no_placeholder_is_left() {
        let name = Name::parse("my-process").unwrap();
        for file in Language::ALL.into_iter().flat_map(|language| files(&name, language)) {
            assert!(!file.path.contains("{{"), "{}", file.path);
            let is_of_the_template = !file.path.starts_with("procession/sdk/") && !file.path.starts_with("procession/wit/");
            let text = String::from_utf8_lossy(&file.content);
            assert!(!is_of_the_template || !text.contains("{{"), "{} has a placeholder that nobody fills", file.path);
        }
    }

    #[test]
    fn the_rust_sdk_finds_the_same_dependencies_outside_the_repository() {
        let versions = |text: &str| text.parse::<toml::Table>().unwrap()["workspace"]["dependencies"].as_table().unwrap().clone();
        let found = files(&Name::parse("a").unwrap(), Language::Rust);
        let own = found.iter().find(|file| file.path == "procession/Cargo.toml").expect("a workspace for the SDK");
        let whole = versions(include_str!("../../../Cargo.toml"));
        for (package, wanted) in versions(std::str::from_utf8(&own.content).unwrap()) {
            assert_eq!(Some(&wanted), whole.get(&package), "{package} differs from the repository's Cargo.toml");
        }
    }
}
