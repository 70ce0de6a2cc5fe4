//! How a command fails: one line on stderr and an exit code that says what kind of failure it is.
//! The codes are part of the help text, and stay.

use std::process::ExitCode;

use procession::{BackupError, StartError};

/// A command that did not do what it was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// It went wrong: no answer, a broken host, something lost.
    Failed(String),
    /// The command line or the configuration is wrong.
    Usage(String),
    /// The host or the definition turned it down, or there is nothing of that name.
    Refused(String),
    /// Another program holds the port or the data folder.
    InUse(String),
    /// There is what was looked for, and it wants somebody's attention.
    Found(String),
    /// It did what it was asked, and what it compared is not the same.
    Differs(String),
}

impl Failure {
    pub(super) fn report(self) -> ExitCode {
        let (code, text) = match self {
            Self::Failed(text) => (1, text),
            Self::Usage(text) => (2, text),
            Self::Refused(text) => (3, text),
            Self::InUse(text) => (4, text),
            // No error of the command: it did what it was asked.
            Self::Found(text) => {
                eprintln!("{text}");
                return ExitCode::from(5);
            }
            Self::Differs(text) => {
                eprintln!("{text}");
                return ExitCode::from(6);
            }
        };
        eprintln!("error: {text}");
        ExitCode::from(code)
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Refused(text) => Self::Refused(text),
            BackupError::Failed(text) => Self::Failed(text),
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let text = error.to_string();
        match error {
            StartError::DataInUse { .. } => Self::InUse(format!("{text} with --data")),
            StartError::AddressInUse { .. } => Self::InUse(format!("{text} with --listen")),
            StartError::Open { .. } => Self::Usage(format!("{text}: --token TOKEN or --insecure")),
            StartError::Definitions { .. } | StartError::Setting { .. } | StartError::Address { .. } => Self::Usage(text),
            StartError::Data { .. } | StartError::Runtime(_) | StartError::Broken(_) | StartError::Store(_) | StartError::Thread(_) => {
                Self::Failed(text)
            }
        }
    }
}
