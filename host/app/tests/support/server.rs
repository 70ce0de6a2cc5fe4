//! A real server in folders of its own, on a port of its own.
//! It ends with the test, however the test ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use super::api::Api;
use super::guest;

/// All guests of the example but the version that is dropped in later.
pub(crate) const GUESTS: [&str; 6] = [
    "shipment-classifier-1.0",
    "domestic-1.0",
    "international-1.0",
    "manifestation-and-documents-1.0",
    "collection-booking-1.0",
    "carrier-stub-1.0",
];

/// Folders for a server, before it runs and after it has stopped.
pub(crate) struct Folders {
    root: tempfile::TempDir,
}

impl Folders {
    /// An empty data folder, and a definitions folder with these guests.
    pub(crate) fn with(guests: &[&str]) -> Self {
        let folders = Self { root: tempfile::tempdir().unwrap() };
        std::fs::create_dir(folders.definitions()).unwrap();
        guests.iter().for_each(|name| folders.drop_in(name));
        folders
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    pub(crate) fn definitions(&self) -> PathBuf {
        self.root.path().join("definitions")
    }

    /// Copies a guest into the definitions folder.
    pub(crate) fn drop_in(&self, name: &str) {
        std::fs::copy(guest(name), self.definitions().join(format!("{name}.wasm"))).unwrap();
    }

    /// Starts a server on these folders.
    pub(crate) fn serve(&self, flags: &[&str]) -> Server {
        Server::start(self.command(flags))
    }

    /// What starts a server on these folders.
    pub(crate) fn command(&self, flags: &[&str]) -> Command {
        let mut command = procession(&["serve", "--listen", "127.0.0.1:0", "--log", "warn"]);
        command.arg("--data").arg(self.data()).arg("--definitions").arg(self.definitions()).args(flags);
        command
    }
}

/// The binary, without the environment of whoever runs the tests.
pub(crate) fn procession(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_procession"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PROCESSION_")) {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

/// A server that runs.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    /// Starts a server and waits for the line that says where it listens.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://")) else {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            panic!("the server did not start: {line}{text}");
        };
        // Its log is passed on, so that a failing test shows it.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                println!("server: {line}");
            }
        });
        Self { child, url: url.to_owned() }
    }

    pub(crate) fn api(&self) -> Api {
        Api::at(&self.url)
    }

    /// Ends it as a power cut would end a program: it cannot do anything about it.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "the server did not stop well: {status}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already where the test ended it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    Ended::of(procession(arguments).output().unwrap())
}

/// Runs a command on a data folder.
pub(crate) fn run_on(arguments: &[&str], data: &Path) -> Ended {
    Ended::of(procession(arguments).arg("--data").arg(data).output().unwrap())
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}
