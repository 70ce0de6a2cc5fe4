//! Reads a document to its end and keeps nothing: numbers, escapes and levels are looked at as any other reader would.
//! serde's own way to skip a value looks at none of these, so what it passes, others refuse.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::LEVELS_MAX;

/// Keys of this sort are how serde_json speaks to itself: an object with one of them is not read as an object.
const RESERVED: &str = "$serde_json::private::";

/// A document that was readable.
pub(super) struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Levels(LEVELS_MAX).deserialize(from).map(|()| Self)
    }
}

/// How many levels a value may still have.
#[derive(Clone, Copy)]
struct Levels(usize);

impl Levels {
    fn below<E: Error>(self) -> Result<Self, E> {
        let too_deep = || E::custom(format_args!("it has more than {LEVELS_MAX} levels of lists and objects"));
        self.0.checked_sub(1).map(Self).ok_or_else(too_deep)
    }
}

impl<'de> DeserializeSeed<'de> for Levels {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Levels {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let below = self.below()?;
        while list.next_element_seed(below)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let below = self.below()?;
        while let Some(key) = object.next_key::<Cow<'_, str>>()? {
            if key.starts_with(RESERVED) {
                return Err(A::Error::custom(format_args!("keys that begin with {RESERVED:?} mean something to other readers")));
            }
            object.next_value_seed(below)?;
        }
        Ok(())
    }
}
