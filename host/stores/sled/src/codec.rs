//! The frame around every value: a format byte, a checksum over key and body, the body.
//! What stands in a body is its owner's matter; which shapes it has had is said in `kept`.
//!
//! sled checks what it wrote, but a damaged page is sometimes served as an older or a shorter one, or as another's;
//! the key is part of the checksum, so a value in the wrong place is found as well.

use std::borrow::Cow;

use procession_engine::ports::store::StoreError;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::kept::{Kept, Shape};
use crate::{keys, packed};

/// The longest body that stands in one value.
///
/// sled writes a page of up to 16 values, and the values that came since, as one record; a record above a quarter of a segment
/// (128 KiB) goes to a file of its own, which is never synced. 24 values of this size stay below that.
pub(crate) const BODY_BYTES_MAX: usize = 4 * 1024;

/// The bit of the format byte that says that the body is packed.
const PACKED: u8 = 0x80;
/// Format byte and checksum.
const FRAME_BYTES: usize = 9;

/// What a value holds.
#[derive(Debug, PartialEq)]
pub(crate) enum Body<'a> {
    Whole(Form, &'a [u8]),
    InPieces(Form, Pieces),
}

/// What the bytes of a body mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) shape: Shape,
    /// They have to be unpacked first.
    packed: bool,
}

impl Form {
    /// As it was encoded; also the form of what has no shape: pieces, and where they are.
    pub(crate) const fn plain(shape: Shape) -> Self {
        Self { shape, packed: false }
    }

    /// The form in which a body takes the least room, and its bytes in it.
    pub(crate) fn smallest(shape: Shape, body: Vec<u8>) -> (Self, Vec<u8>) {
        match packed::pack(&body) {
            Some(packed) => (Self { shape, packed: true }, packed),
            None => (Self::plain(shape), body),
        }
    }
}

/// A body that stands in values of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Pieces {
    pub(crate) count: u32,
    length: u64,
    checksum: u64,
}

impl Pieces {
    pub(crate) fn of(body: &[u8]) -> Result<Self, StoreError> {
        let count = u32::try_from(body.len().div_ceil(BODY_BYTES_MAX));
        let count = count.map_err(|_| StoreError::Io(format!("a value of {} bytes is too large to be kept", body.len())))?;
        Ok(Self { count, length: body.len() as u64, checksum: xxh3_64(body) })
    }

    /// Puts the pieces together; `piece` brings the value of each.
    pub(crate) fn join<V: AsRef<[u8]>>(
        self,
        key_of: impl Fn(u32) -> keys::Key,
        mut piece: impl FnMut(&[u8]) -> Result<Option<V>, StoreError>,
    ) -> Result<Vec<u8>, StoreError> {
        let mut body = Vec::with_capacity(usize::try_from(self.length).unwrap_or(0));
        for number in 0..self.count {
            let key = key_of(number);
            let value = piece(&key)?.ok_or_else(|| damaged(&key, "it is missing"))?;
            match unseal(&key, value.as_ref())? {
                Body::Whole(_, part) => body.extend_from_slice(part),
                Body::InPieces(..) => return Err(damaged(&key, "a piece is in pieces")),
            }
        }
        if body.len() as u64 != self.length || xxh3_64(&body) != self.checksum {
            return Err(damaged(&key_of(0), "its pieces are not of one value"));
        }
        Ok(body)
    }
}

/// Room for most bodies: a buffer that grows step by step is copied at each step.
const BODY_BYTES_USUAL: usize = 1_024;

/// A body for a value.
pub(crate) fn encode(body: &impl Kept) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(body, Vec::with_capacity(BODY_BYTES_USUAL))
        .map_err(|why| StoreError::Io(format!("a value could not be encoded: {why}")))
}

/// What a body says.
pub(crate) fn decode<T: Kept>(key: &[u8], form: Form, body: &[u8]) -> Result<T, StoreError> {
    let unpacked = if form.packed { packed::unpack(body).map(Cow::Owned) } else { Ok(Cow::Borrowed(body)) };
    let body = unpacked.map_err(|why| damaged(key, &format!("it cannot be unpacked: {why}")))?;
    let read = if form.shape == T::SHAPE { Some(postcard::from_bytes(&body)) } else { T::read_earlier(form.shape, &body) };
    let read = read.ok_or_else(|| damaged(key, &format!("its shape {} is not known", form.shape)))?;
    read.map_err(|why| damaged(key, &format!("it cannot be read: {why}")))
}

/// A value that holds a body of at most [`BODY_BYTES_MAX`] in the first shape.
pub(crate) fn seal(key: &[u8], body: &[u8]) -> Vec<u8> {
    seal_as(key, Form::plain(1), body)
}

/// A value that holds a body of at most [`BODY_BYTES_MAX`].
pub(crate) fn seal_as(key: &[u8], form: Form, body: &[u8]) -> Vec<u8> {
    frame(format_of(form, Stands::Whole), key, body)
}

/// A value that says where the pieces of its body are.
pub(crate) fn seal_pieces(key: &[u8], form: Form, pieces: Pieces) -> Result<Vec<u8>, StoreError> {
    let where_they_are = postcard::to_stdvec(&pieces).map_err(|why| StoreError::Io(format!("a value could not be encoded: {why}")))?;
    Ok(frame(format_of(form, Stands::InPieces), key, &where_they_are))
}

/// How a body stands.
#[derive(Clone, Copy)]
enum Stands {
    Whole,
    InPieces,
}

/// The format byte: two for each shape, and a bit where the body is packed.
fn format_of(form: Form, stands: Stands) -> u8 {
    let shape = match stands {
        Stands::Whole => 2 * form.shape - 1,
        Stands::InPieces => 2 * form.shape,
    };
    if form.packed { shape | PACKED } else { shape }
}

fn frame(format: u8, key: &[u8], body: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(FRAME_BYTES + body.len());
    value.push(format);
    value.extend_from_slice(&checksum(format, key, body).to_be_bytes());
    value.extend_from_slice(body);
    value
}

fn checksum(format: u8, key: &[u8], body: &[u8]) -> u64 {
    xxh3_64_with_seed(body, xxh3_64_with_seed(key, u64::from(format)))
}

/// What a value holds, checked.
pub(crate) fn unseal<'a>(key: &[u8], value: &'a [u8]) -> Result<Body<'a>, StoreError> {
    let Some((frame, body)) = value.split_first_chunk::<FRAME_BYTES>() else {
        return Err(damaged(key, "its value is cut off"));
    };
    let [format, expected @ ..] = *frame;
    if u64::from_be_bytes(expected) != checksum(format, key, body) {
        return Err(damaged(key, "its checksum does not fit"));
    }
    let form = Form { shape: (format & !PACKED).div_ceil(2), packed: format & PACKED != 0 };
    if form.shape == 0 {
        return Err(damaged(key, &format!("its format {format} is not known")));
    }
    if format == format_of(form, Stands::Whole) {
        return Ok(Body::Whole(form, body));
    }
    let pieces = postcard::from_bytes(body).map_err(|why| damaged(key, &format!("its pieces cannot be told: {why}")))?;
    Ok(Body::InPieces(form, pieces))
}

/// The error for a key whose value is not what was written.
pub(crate) fn damaged(key: &[u8], how: &str) -> StoreError {
    StoreError::Damaged(format!("{}: {how}", keys::describe(key)))
}

#[cfg(test)]
mod tests {
    use super::{Body, Form, seal, unseal};

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let value = seal(b"Hkey", b"some body");
        assert_eq!(unseal(b"Hkey", &value), Ok(Body::Whole(Form::plain(1), b"some body")));
        for bit in 0..value.len() * 8 {
            let mut flipped = value.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(unseal(b"Hkey", &flipped).is_err(), "bit {bit}");
        }
        for length in 0..value.len() {
            assert!(unseal(b"Hkey", &value[..length]).is_err(), "cut to {length}");
        }
    }

    #[test]
    fn a_form_without_a_shape_is_refused() {
        for format in [0, 0x80] {
            assert!(unseal(b"Hkey", &super::frame(format, b"Hkey", b"some body")).is_err(), "{format}");
        }
    }

    #[test]
    fn the_value_of_another_key_is_refused() {
        assert!(unseal(b"Hother", &seal(b"Hkey", b"some body")).is_err());
    }
}
