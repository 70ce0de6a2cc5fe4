//! The small words of a scenario file: moments, spans, seeds, names, documents and what is wanted.
//! Each is checked while it is read, so that an error names its line.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use jiff::Timestamp as Rfc3339;
use procession_engine::model::id::{Category, Kind, MessageId, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::time::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A moment as RFC 3339 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

impl Moment {
    /// Where nothing is said: the first moment of 2026.
    pub const DEFAULT: Self = Self(Timestamp(1_767_225_600_000));

    fn parse(text: &str) -> Result<Self, String> {
        let ms = text.parse::<Rfc3339>().map(Rfc3339::as_millisecond).ok().and_then(|ms| u64::try_from(ms).ok());
        ms.map(|ms| Self(Timestamp(ms))).ok_or_else(|| format!("{text:?} is no time; write it like \"2026-01-01T00:00:00Z\""))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match i64::try_from(self.0.0).ok().and_then(|ms| Rfc3339::from_millisecond(ms).ok()) {
            Some(moment) => fmt::Display::fmt(&moment, out),
            // A guest may set a timer beyond the year 9999, and it must be possible to say so.
            None => write!(out, "{} ms after 1970", self.0.0),
        }
    }
}

/// A span of time as a whole number and a unit: `500ms`, `30s`, `10m`, `24h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// In milliseconds.
    pub ms: u64,
}

impl Span {
    const UNITS: [(&'static str, u64); 5] = [("ms", 1), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];

    fn parse(text: &str) -> Result<Self, String> {
        let read = |(unit, ms): &(&str, u64)| text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(*ms);
        let ms = Self::UNITS.iter().find_map(read);
        ms.map(|ms| Self { ms })
            .ok_or_else(|| format!("{text:?} is no span of time; write a whole number and one of ms, s, m, h, d: \"24h\""))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, ms): &&(&str, u64)| self.ms > 0 && self.ms.is_multiple_of(*ms) && *ms > 1;
        let (unit, ms) = Self::UNITS.iter().find(whole).unwrap_or(&("ms", 1));
        write!(out, "{}{unit}", self.ms / ms)
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
    };
}
as_text!(Moment);
as_text!(Span);

/// A seed of 64 bits: a number, or its decimal text where the writer's language has no such numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Numbers;
        impl Visitor<'_> for Numbers {
            type Value = Seed;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a whole number of 64 bits, or its decimal text")
            }

            fn visit_u64<E: Error>(self, seed: u64) -> Result<Seed, E> {
                Ok(Seed(seed))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Seed, E> {
                text.parse().map(Seed).map_err(|_| E::custom(format!("{text:?} is no whole number of 64 bits")))
            }
        }
        from.deserialize_any(Numbers)
    }
}

/// Numbers beyond 2^53 are written as text, because most readers would round them.
impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0 < 1 << 53 { to.serialize_u64(self.0) } else { to.collect_str(&self.0) }
    }
}

/// A name of the engine that was checked while it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name<T>(pub T);

impl<T> Deref for Name<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

macro_rules! name {
    ($type:ident) => {
        impl<'de> Deserialize<'de> for Name<$type> {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $type::parse(&String::deserialize(from)?).map(Self).map_err(D::Error::custom)
            }
        }
    };
}
name!(Kind);
name!(ProcessId);
name!(MessageId);
name!(Category);

impl<T: fmt::Display> Serialize for Name<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// A document that goes to the definition exactly as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data(pub Json);

impl Default for Data {
    fn default() -> Self {
        Self(Json::null())
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        Json::parse(raw.get()).map(Self).map_err(D::Error::custom)
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.0.as_str().to_owned()).map_err(serde::ser::Error::custom)?;
        raw.serialize(to)
    }
}

/// What a text, or the whole answer of that sort, must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted<T> {
    /// `true`: that it is there is enough.
    Any,
    /// This.
    This(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Wanted<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = Wanted<T>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("`true`, or what it must be")
            }

            fn visit_bool<E: Error>(self, is_wanted: bool) -> Result<Self::Value, E> {
                if is_wanted { Ok(Wanted::Any) } else { Err(E::custom("`false` says nothing; write what is expected instead")) }
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                T::deserialize(serde::de::value::StrDeserializer::new(text)).map(Wanted::This)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Wanted::This)
            }
        }
        from.deserialize_any(Either(PhantomData))
    }
}

impl<T: Serialize> Serialize for Wanted<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => to.serialize_bool(true),
            Self::This(what) => what.serialize(to),
        }
    }
}

/// Whether a text for people fits: every `*` in what is wanted stands for any text.
#[must_use]
pub fn matches_text(wanted: &str, text: &str) -> bool {
    let mut parts = wanted.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::{Moment, Seed, Span, matches_text};

    #[test]
    fn a_span_reads_back_what_it_prints() {
        for (text, ms) in [("500ms", 500), ("30s", 30_000), ("10m", 600_000), ("24h", 86_400_000), ("0ms", 0), ("1001ms", 1001)] {
            let span: Span = serde_json::from_value(text.into()).unwrap();
            assert_eq!(span.ms, ms, "{text}");
            let printed: Span = serde_json::from_value(span.to_string().into()).unwrap();
            assert_eq!(printed, span);
        }
        for text in ["", "5", "h", "1.5h", "-1s", "99999999999999999999s", "999999999999999d"] {
            assert!(serde_json::from_value::<Span>(text.into()).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_moment_reads_back_what_it_prints() {
        assert_eq!(Moment::DEFAULT.to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(serde_json::from_str::<Moment>("\"2026-01-01T00:00:00Z\"").unwrap(), Moment::DEFAULT);
        assert!(serde_json::from_str::<Moment>("\"1969-01-01T00:00:00Z\"").is_err());
        assert!(serde_json::from_str::<Moment>("\"tomorrow\"").is_err());
    }

    #[test]
    fn a_seed_has_64_bits_however_it_is_written() {
        for text in ["18446744073709551615", "\"18446744073709551615\""] {
            assert_eq!(serde_json::from_str::<Seed>(text).unwrap(), Seed(u64::MAX));
        }
        assert_eq!(serde_json::to_string(&Seed(u64::MAX)).unwrap(), "\"18446744073709551615\"");
        for text in ["-1", "1.5", "\"x\"", "18446744073709551616", "null"] {
            assert!(serde_json::from_str::<Seed>(text).is_err(), "{text} was taken");
        }
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (wanted, text) in
            [("*", ""), ("*", "x"), ("a*c", "abc"), ("*item*", "the item is empty"), ("a*b*c", "a1b2c"), ("x", "x"), ("a*", "a")]
        {
            assert!(matches_text(wanted, text), "{wanted} {text}");
        }
        for (wanted, text) in [("x", "xy"), ("a*c", "ab"), ("*item*", "the itm"), ("a*a", "a"), ("", "x")] {
            assert!(!matches_text(wanted, text), "{wanted} {text}");
        }
    }
}
