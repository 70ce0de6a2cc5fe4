//! The names of an enum's variants, which are its kinds.
//!
//! They are asked from serde's derive, so the manifest can never drift from the types.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Visitor};

/// The kinds of `T`, in the order of its variants; none where `T` is not an enum that derives `Deserialize`.
///
/// ```
/// #[derive(serde::Deserialize)]
/// enum Message { Opened, Closed }
/// assert_eq!(procession_sdk::kinds::of::<Message>(), ["Opened", "Closed"]);
/// ```
#[must_use]
pub fn of<T: DeserializeOwned>() -> &'static [&'static str] {
    match T::deserialize(Listen) {
        Err(Heard(kinds)) => kinds,
        Ok(_) => &[],
    }
}

/// A deserializer without data: it only listens for the names that a derived enum asks for.
struct Listen;

/// What was heard, carried out as the error because no value can be made.
#[derive(Debug)]
struct Heard(&'static [&'static str]);

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no value, only names")
    }
}

impl std::error::Error for Heard {}

impl serde::de::Error for Heard {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(&[])
    }
}

impl<'de> Deserializer<'de> for Listen {
    type Error = Heard;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Heard> {
        Err(Heard(&[]))
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, variants: &'static [&'static str], _: V) -> Result<V::Value, Heard> {
        Err(Heard(variants))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// A message of this type cannot exist: for a process that sends nothing, or takes nothing after its start.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, Deserialize)]
pub enum Nothing {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only the names matter")]
    enum Message {
        Opened {
            by: String,
        },
        #[serde(rename = "Shut")]
        Closed(u32),
        Forgotten,
    }

    #[test]
    fn kinds_are_the_variants_under_their_written_names() {
        assert_eq!(of::<Message>(), ["Opened", "Shut", "Forgotten"]);
    }

    #[test]
    fn what_is_no_enum_has_no_kinds() {
        assert!(of::<String>().is_empty());
        assert!(of::<Nothing>().is_empty());
    }
}
