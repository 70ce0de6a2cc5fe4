//! Names: of processes, streams, categories, kinds, messages and modules.
//! A name that exists is valid; every check stands in its constructor.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A text that cannot be the name that it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {text:?} is not valid: {why}")]
pub struct InvalidName {
    what: &'static str,
    text: String,
    why: String,
}

impl InvalidName {
    fn new(what: &'static str, text: &str, why: impl Into<String>) -> Self {
        Self { what, text: text.chars().take(80).collect(), why: why.into() }
    }
}

macro_rules! text_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, out)
            }
        }
    };
}

text_name! {
    /// The id of a process, chosen by whoever starts it.
    ///
    /// Invariant: 1 to 128 bytes, letters, digits and `-_.:`, beginning with a letter or digit, and no word that HTTP uses as a route.
    ProcessId
}

/// First path segments that are routes of the HTTP interface, or kept for routes to come: a process of such a name could not be reached by its short form.
const RESERVED: [&str; 14] = [
    "processes",
    "streams",
    "messages",
    "definitions",
    "migrations",
    "events",
    "dead-letters",
    "backup",
    "healthz",
    "readyz",
    "metrics",
    "openapi.json",
    "console",
    "favicon.ico",
];

/// Longest process id, in bytes: four times a UUID, and a stream key stays small.
pub const PROCESS_ID_BYTES_MAX: usize = 128;

impl ProcessId {
    /// Checks a text and takes it as an id.
    ///
    /// # Errors
    /// [`InvalidName`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let invalid = |why: &str| Err(InvalidName::new("process id", text, why));
        if text.is_empty() {
            return invalid("it is empty");
        }
        if text.len() > PROCESS_ID_BYTES_MAX {
            return invalid(&format!("it has {} bytes, the most is {PROCESS_ID_BYTES_MAX}", text.len()));
        }
        if let Some(odd) = text.chars().find(|c| !c.is_ascii_alphanumeric() && !"-_.:".contains(*c)) {
            return invalid(&format!("it contains {odd:?}; letters, digits and -_.: are allowed"));
        }
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return invalid("it must begin with a letter or a digit");
        }
        if RESERVED.contains(&text) {
            return invalid("it is kept for a route of the HTTP interface; choose another id");
        }
        Ok(Self(Arc::from(text)))
    }
}

text_name! {
    /// What follows the process id in the name of a stream, such as `Process`.
    ///
    /// Invariant: 1 to 64 letters and digits; no `-`, so that a stream name splits at its last one.
    Suffix
}

impl Suffix {
    /// Checks a text and takes it as a suffix.
    ///
    /// # Errors
    /// [`InvalidName`] where it is empty, longer than 64 bytes or has anything but letters and digits.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        if text.is_empty() || text.len() > 64 || !text.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(InvalidName::new("stream suffix", text, "1 to 64 letters and digits are allowed"));
        }
        Ok(Self(Arc::from(text)))
    }
}

/// The name of a stream: `{process-id}-{suffix}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StreamName {
    /// The process that the stream belongs to.
    pub process: ProcessId,
    /// Which of its streams.
    pub suffix: Suffix,
}

impl StreamName {
    /// Splits a name at its last `-`.
    ///
    /// # Errors
    /// [`InvalidName`] where there is none, or where one of the parts is not valid.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let (process, suffix) = text
            .rsplit_once('-')
            .ok_or_else(|| InvalidName::new("stream name", text, "it must read {process-id}-{suffix}, such as 12EEQ9CS9K10-Process"))?;
        Ok(Self { process: ProcessId::parse(process)?, suffix: Suffix::parse(suffix)? })
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.process, self.suffix)
    }
}

text_name! {
    /// What a message or an event says, such as `CreateShipment`.
    ///
    /// Invariant: 1 to 128 bytes, letters, digits and `-_.:/`.
    Kind
}

impl Kind {
    /// Checks a text and takes it as a kind.
    ///
    /// # Errors
    /// [`InvalidName`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let odd = |c: char| !c.is_ascii_alphanumeric() && !"-_.:/".contains(c);
        if text.is_empty() || text.len() > 128 || text.contains(odd) {
            return Err(InvalidName::new("kind", text, "1 to 128 letters, digits and -_.:/ are allowed"));
        }
        Ok(Self(Arc::from(text)))
    }

    /// The kind of a request without a body.
    #[must_use]
    pub fn start() -> Self {
        Self(Arc::from("Start"))
    }

    /// The kind under which a fired timer stands in the log.
    #[must_use]
    pub fn timer() -> Self {
        Self(Arc::from("Timer"))
    }

    /// The kind under which a command that came back stands in the log.
    #[must_use]
    pub fn undelivered() -> Self {
        Self(Arc::from("Undelivered"))
    }

    /// The kind under which the wish to cancel a process stands in the log.
    #[must_use]
    pub fn cancel() -> Self {
        Self(Arc::from("Cancel"))
    }

    /// The kind under which the order to move a stream to another module stands in the log.
    #[must_use]
    pub fn migrate() -> Self {
        Self(Arc::from("Migrate"))
    }

    /// The kind of the one event that the host itself records: a stream has been moved to another module.
    #[must_use]
    pub fn category_changed() -> Self {
        Self(Arc::from("ProcessCategoryChanged"))
    }
}

text_name! {
    /// The id of a message: derived from where it was recorded, or given by whoever sent it.
    ///
    /// Invariant: 1 to 512 bytes without control characters.
    MessageId
}

impl MessageId {
    /// Checks a text and takes it as an id.
    ///
    /// # Errors
    /// [`InvalidName`] where it is empty, longer than 512 bytes or has control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        if text.is_empty() || text.len() > 512 || text.contains(char::is_control) {
            return Err(InvalidName::new("message id", text, "1 to 512 bytes without control characters are allowed"));
        }
        Ok(Self(Arc::from(text)))
    }

    /// The id under which a recorded event is offered and published: `{stream}/{version}`.
    #[must_use]
    pub fn of_event(stream: &StreamName, version: u64) -> Self {
        Self(Arc::from(format!("{stream}/{version}")))
    }

    /// The id of a command that rides on an event: `{stream}/{version}/{index}`.
    #[must_use]
    pub fn of_command(stream: &StreamName, version: u64, index: usize) -> Self {
        Self(Arc::from(format!("{stream}/{version}/{index}")))
    }

    /// The id of an adapter's reply to the command of this id: `{command}/reply/{index}`.
    #[must_use]
    pub fn of_reply(&self, index: usize) -> Self {
        Self(Arc::from(format!("{self}/reply/{index}")))
    }

    /// The event that a message rode on, where the host recorded it: also for what an adapter replied to a command.
    #[must_use]
    pub fn event(&self) -> Option<(StreamName, u64)> {
        // Ids from outside are no such path: HTTP makes them up itself, or joins two names by a space.
        let (stream, rest) = self.0.split_once('/').filter(|_| !self.0.contains(' '))?;
        let version = rest.split('/').next().and_then(|version| version.parse().ok())?;
        Some((StreamName::parse(stream).ok()?, version))
    }

    /// The id under which a parked process is taken up again: `{process}/retry`.
    #[must_use]
    pub fn of_retry(process: &ProcessId) -> Self {
        Self(Arc::from(format!("{process}/retry")))
    }

    /// The id of the wish to cancel a process: `{process}/cancel/{which}`.
    #[must_use]
    pub fn of_cancel(process: &ProcessId, which: &str) -> Self {
        Self(Arc::from(format!("{process}/cancel/{which}")))
    }

    /// The id of the order to move a stream of a process: `{process}/migrate/{revision}`.
    #[must_use]
    pub fn of_migration(process: &ProcessId, revision: u64) -> Self {
        Self(Arc::from(format!("{process}/migrate/{revision}")))
    }

    /// The id of a command that came back: `{stream}/undelivered/{seq}`; `seq` is the number of its deadline, or of the message that was dropped.
    #[must_use]
    pub fn of_undelivered(stream: &StreamName, seq: u64) -> Self {
        Self(Arc::from(format!("{stream}/undelivered/{seq}")))
    }

    /// The id of a fired timer: `{stream}/timer/{seq}`; `seq` is the number that the timer was set under.
    #[must_use]
    pub fn of_timer(stream: &StreamName, seq: u64) -> Self {
        Self(Arc::from(format!("{stream}/timer/{seq}")))
    }
}

/// Name and version of a kind of process, such as `domestic-1.0`.
///
/// Invariant: the name is 1 to 64 letters, digits and `-` and begins with a letter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Category {
    name: Arc<str>,
    major: u32,
    minor: u32,
}

impl Category {
    /// Reads `{name}-{major}.{minor}`.
    ///
    /// # Errors
    /// [`InvalidName`] where the text does not have that shape.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let invalid = || InvalidName::new("category", text, "it must read name-MAJOR.MINOR, such as domestic-1.0");
        let (name, version) = text.rsplit_once('-').ok_or_else(invalid)?;
        let (major, minor) = version.split_once('.').ok_or_else(invalid)?;
        let number = |digits: &str| {
            let canonical = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
            canonical.then(|| digits.parse::<u32>().ok()).flatten().ok_or_else(invalid)
        };
        let well_named = name.len() <= 64
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !well_named {
            return Err(invalid());
        }
        Ok(Self { name: Arc::from(name), major: number(major)?, minor: number(minor)? })
    }

    /// The name without the version; settings and bare references use it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Category {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}.{}", self.name, self.major, self.minor)
    }
}

impl fmt::Debug for Category {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl TryFrom<String> for Category {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::parse(&text)
    }
}

impl From<Category> for String {
    fn from(category: Category) -> Self {
        category.to_string()
    }
}

/// The SHA-256 of a module's bytes: its name, whatever file it came from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The first twelve hex digits, for tables and log lines.
    #[must_use]
    pub fn short(&self) -> String {
        self.0[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.short())
    }
}

impl FromStr for Digest {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let invalid = || InvalidName::new("digest", text, "it must read sha256: and 64 hex digits");
        // Each of them: reading a number takes a sign as well.
        let is_digit = |byte: u8| byte.is_ascii_hexdigit();
        let hex = text.strip_prefix("sha256:").filter(|hex| hex.len() == 64 && hex.bytes().all(is_digit)).ok_or_else(invalid)?;
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| invalid())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| invalid())?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::{Category, Digest, Kind, MessageId, ProcessId, StreamName};

    #[test]
    fn a_process_id_that_is_empty_long_odd_or_a_route_is_refused() {
        for text in ["", &"x".repeat(129), "a b", "ä", "a/b", "..", "-a", "processes", "healthz"] {
            assert!(ProcessId::parse(text).is_err(), "{text:?} was taken");
        }
        for text in ["12EEQ9CS9K10", &"x".repeat(128), "a-b_c.d:e", "Processes"] {
            assert!(ProcessId::parse(text).is_ok(), "{text:?} was refused");
        }
    }

    #[test]
    fn a_stream_name_splits_at_its_last_dash() {
        let stream = StreamName::parse("order-7-Process").unwrap();
        assert_eq!((stream.process.as_str(), stream.suffix.as_str()), ("order-7", "Process"));
        assert_eq!(stream.to_string(), "order-7-Process");
        assert!(StreamName::parse("order7").is_err());
    }

    #[test]
    fn a_recorded_message_names_the_event_that_it_rode_on() {
        let stream = StreamName::parse("order-7-Process").unwrap();
        let command = MessageId::of_command(&stream, 3, 1);
        for id in [MessageId::of_event(&stream, 3), command.clone(), command.of_reply(0)] {
            assert_eq!(id.event(), Some((stream.clone(), 3)), "{id}");
        }
        for id in ["0199-uuid", "order-7/cancel/1", "order-7-Process/timer/3", "order-7-Process/3/0 7"] {
            assert_eq!(MessageId::parse(id).unwrap().event(), None, "{id}");
        }
    }

    #[test]
    fn categories_have_a_name_and_a_version_that_orders_by_number() {
        let category = |text| Category::parse(text).unwrap();
        assert_eq!(category("collection-booking-1.0").name(), "collection-booking");
        assert!(category("a-1.10") > category("a-1.9"));
        for text in ["domestic", "domestic-1", "domestic-1.", "domestic-01.0", "-1.0", "1a-1.0", "a-1.+2", "a b-1.0"] {
            assert!(Category::parse(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_digest_reads_back_what_it_prints() {
        let digest = Digest([0xa5; 32]);
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        assert!("sha256:zz".parse::<Digest>().is_err());
        // Found by `make fuzz`, target names, seed 4242, case 791096: "+a" was read as 0a.
        assert!(digest.to_string().replacen("a5", "+a", 1).parse::<Digest>().is_err());
    }

    #[test]
    fn the_kind_of_a_bare_request_is_a_valid_kind() {
        assert_eq!(Kind::parse("Start").unwrap(), Kind::start());
    }
}
