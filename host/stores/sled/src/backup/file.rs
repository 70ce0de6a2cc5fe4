//! The file of a backup: magic, records with a length and a checksum each, a trailer.
//! What is in the records and in which order is the matter of `take` and `restore`.

use std::io::{ErrorKind, Read, Write};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::BackupError;

/// What a backup begins with.
const MAGIC: [u8; 8] = *b"PRCSBKUP";
/// The format of the file.
pub(super) const VERSION: u32 = 1;
/// The longest body of a record. A group may have 8 MiB and one commit more; a length beyond this is damage and not tried.
const BODY_BYTES_MAX: usize = 256 * 1024 * 1024;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Header,
    /// Keys and values as they were found.
    Copy,
    /// What one group changed, in the order of groups.
    Group,
    Trailer,
}

impl Kind {
    fn letter(self) -> u8 {
        match self {
            Self::Header => b'H',
            Self::Copy => b'C',
            Self::Group => b'G',
            Self::Trailer => b'T',
        }
    }

    fn of(letter: u8) -> Option<Self> {
        [Self::Header, Self::Copy, Self::Group, Self::Trailer].into_iter().find(|kind| kind.letter() == letter)
    }
}

/// What stands at the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// The layout of the keys and values, as `keys::FORMAT` counts them.
    pub(crate) layout: u32,
    /// When the backup was begun, in milliseconds since 1970.
    pub(crate) time_ms: u64,
    /// The last position of the log at that time.
    pub(crate) position: u64,
    /// The release that wrote it.
    pub(crate) release: String,
}

/// What stands at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trailer {
    /// Keys that were copied.
    pub(crate) keys: u64,
    /// Groups that were recorded meanwhile.
    pub(crate) groups: u64,
    /// The last position of the log that the backup holds.
    pub(crate) position: u64,
}

/// Writes a backup.
pub(crate) struct Writer<'a> {
    out: &'a mut dyn Write,
    whole: Xxh3,
    pub(super) bytes: u64,
}

impl<'a> Writer<'a> {
    pub(crate) fn begin(out: &'a mut dyn Write, header: &Header) -> Result<Self, BackupError> {
        let mut writer = Self { out, whole: Xxh3::new(), bytes: 0 };
        writer.put(&MAGIC)?;
        writer.put(&VERSION.to_be_bytes())?;
        let mut body = header.layout.to_be_bytes().to_vec();
        body.extend(header.time_ms.to_be_bytes());
        body.extend(header.position.to_be_bytes());
        body.extend(header.release.as_bytes());
        writer.record(Kind::Header, &body)?;
        Ok(writer)
    }

    pub(crate) fn record(&mut self, kind: Kind, body: &[u8]) -> Result<(), BackupError> {
        let too_large = || BackupError::GivenUp("one group is too large for a backup");
        let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= BODY_BYTES_MAX).ok_or_else(too_large)?;
        self.put(&[kind.letter()])?;
        self.put(&length.to_be_bytes())?;
        self.put(&xxh3_64(body).to_be_bytes())?;
        self.put(body)
    }

    pub(crate) fn end(mut self, trailer: Trailer) -> Result<u64, BackupError> {
        let mut body = trailer.keys.to_be_bytes().to_vec();
        body.extend(trailer.groups.to_be_bytes());
        body.extend(trailer.position.to_be_bytes());
        body.extend(self.whole.digest().to_be_bytes());
        self.record(Kind::Trailer, &body)?;
        self.out.flush().map_err(BackupError::io("the backup cannot be written"))?;
        Ok(self.bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.whole.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(BackupError::io("the backup cannot be written"))
    }
}

/// Reads a backup, and believes nothing that it has not checked.
pub(crate) struct Reader<R> {
    from: R,
    whole: Xxh3,
    at: u64,
}

impl<R: Read> Reader<R> {
    pub(crate) fn begin(from: R) -> Result<(Self, Header), BackupError> {
        let mut reader = Self { from, whole: Xxh3::new(), at: 0 };
        if reader.take::<8>("its beginning")? != MAGIC {
            return Err(damaged(0, "it does not begin as a backup does"));
        }
        let found = u32::from_be_bytes(reader.take("its format")?);
        if found > VERSION {
            return Err(BackupError::Newer { what: "format", found, known: VERSION });
        }
        let at = reader.at;
        match reader.next()? {
            (Kind::Header, body) => Ok((reader, header(&body).ok_or_else(|| damaged(at, "its header cannot be read"))?)),
            (kind, _) => Err(damaged(at, format!("a header was expected, found {kind:?}"))),
        }
    }

    /// The next record. After the trailer there is none.
    pub(crate) fn next(&mut self) -> Result<(Kind, Vec<u8>), BackupError> {
        let begin = self.at;
        let whole = self.whole.digest();
        let [letter] = self.take("a record, or the trailer: it is cut off")?;
        let kind = Kind::of(letter).ok_or_else(|| damaged(begin, format!("a record of the unknown kind {letter}")))?;
        let length = u32::from_be_bytes(self.take("the length of a record")?) as usize;
        let expected = u64::from_be_bytes(self.take("the checksum of a record")?);
        if length > BODY_BYTES_MAX {
            return Err(damaged(begin, format!("a record of {length} bytes")));
        }
        let mut body = Vec::new();
        let read = Read::by_ref(&mut self.from).take(length as u64).read_to_end(&mut body);
        read.map_err(BackupError::io("the backup cannot be read"))?;
        if body.len() < length {
            return Err(damaged(begin, "a record is cut off"));
        }
        if xxh3_64(&body) != expected {
            return Err(damaged(begin, format!("a record of {length} bytes is not what was written")));
        }
        self.whole.update(&body);
        self.at += length as u64;
        if kind == Kind::Trailer && body.get(24..) != Some(&whole.to_be_bytes()) {
            return Err(damaged(begin, "the checksum over the whole does not fit"));
        }
        Ok((kind, body))
    }

    /// The trailer was read: nothing may follow.
    pub(crate) fn end(mut self, body: &[u8]) -> Result<Trailer, BackupError> {
        let at = self.at;
        match self.from.read(&mut [0]) {
            Ok(0) => trailer(body).ok_or_else(|| damaged(at, "its trailer cannot be read")),
            Ok(_) => Err(damaged(at, "something follows the trailer")),
            Err(cause) => Err(BackupError::io("the backup cannot be read")(cause)),
        }
    }

    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    fn take<const N: usize>(&mut self, what: &str) -> Result<[u8; N], BackupError> {
        let mut bytes = [0; N];
        match self.from.read_exact(&mut bytes) {
            Ok(()) => {}
            Err(end) if end.kind() == ErrorKind::UnexpectedEof => return Err(damaged(self.at, format!("the file ends before {what}"))),
            Err(cause) => return Err(BackupError::io("the backup cannot be read")(cause)),
        }
        self.whole.update(&bytes);
        self.at += N as u64;
        Ok(bytes)
    }
}

pub(super) fn damaged(at: u64, what: impl Into<String>) -> BackupError {
    BackupError::Damaged { at, what: what.into() }
}

fn header(body: &[u8]) -> Option<Header> {
    let (layout, rest) = body.split_first_chunk()?;
    let (time, rest) = rest.split_first_chunk()?;
    let (position, release) = rest.split_first_chunk()?;
    Some(Header {
        layout: u32::from_be_bytes(*layout),
        time_ms: u64::from_be_bytes(*time),
        position: u64::from_be_bytes(*position),
        release: String::from_utf8(release.to_vec()).ok()?,
    })
}

fn trailer(body: &[u8]) -> Option<Trailer> {
    let number = |at: usize| body.get(at..)?.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
    Some(Trailer { keys: number(0)?, groups: number(8)?, position: number(16)? })
}

/// A key, and its value; a key that is removed has none.
pub(crate) type Change<'a> = (&'a [u8], Option<&'a [u8]>);

/// Adds a change to the body of a record: the key, and its value; a key that is removed has none.
pub(crate) fn push(body: &mut Vec<u8>, key: &[u8], value: Option<&[u8]>) {
    // Keys have less than 256 bytes and values less than 5 KiB; see `keys` and `codec`.
    body.extend((key.len() as u16).to_be_bytes());
    body.extend(value.map_or(u32::MAX, |value| value.len() as u32).to_be_bytes());
    body.extend(key);
    body.extend(value.unwrap_or_default());
}

/// The changes in the body of a record; none where it cannot be read.
pub(crate) fn changes(mut body: &[u8]) -> Option<Vec<Change<'_>>> {
    let mut changes = Vec::new();
    while !body.is_empty() {
        let (key_bytes, rest) = body.split_first_chunk()?;
        let (value_bytes, rest) = rest.split_first_chunk()?;
        let (key, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*key_bytes)))?;
        let (value, rest) = match u32::from_be_bytes(*value_bytes) {
            u32::MAX => (None, rest),
            length => rest.split_at_checked(length as usize).map(|(value, rest)| (Some(value), rest))?,
        };
        changes.push((key, value));
        body = rest;
    }
    Some(changes)
}
