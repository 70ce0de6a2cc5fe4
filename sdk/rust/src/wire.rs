//! Between an enum and what travels: the variant's name is the kind, the variant's content is the data.
//!
//! No rule about any message lives here.

use std::fmt;

use serde::Serialize;
use serde::de::value::{Error as NameError, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, IntoDeserializer, VariantAccess, Visitor};
use serde_path_to_error::Segment;

use crate::{kinds, shortened};

/// Why a kind and its data are no `T`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// `T` has no such kind.
    UnknownKind,
    /// The data does not fit the kind; the text names the field.
    InvalidData(String),
}

/// The kind and the data of a variant.
///
/// # Errors
/// When `T` is not an enum, or its content cannot be JSON (a map whose keys are no text).
pub fn write<T: Serialize + DeserializeOwned>(value: &T) -> Result<(&'static str, String), String> {
    // serde_json tags from outside: `{"Kind":data}`, or `"Kind"` for a variant without content.
    let mut text = serde_json::to_string(value).map_err(|error| error.to_string())?;
    let tagged = text.starts_with('{');
    let name = text.trim_start_matches('{').strip_prefix('"').and_then(|rest| rest.split('"').next());
    let kind = name.and_then(|name| kinds::of::<T>().iter().find(|kind| **kind == name)).ok_or("only an enum has kinds")?;
    if !tagged {
        return Ok((kind, "{}".to_owned()));
    }
    text.pop();
    text.drain(..kind.len() + r#"{"":"#.len());
    Ok((kind, text))
}

/// The variant of this kind with this data, for what others have written: a message.
///
/// # Errors
/// When there is no such kind, or the data does not fit; then the message names the field by its whole path.
pub fn read<T: DeserializeOwned>(kind: &str, data: &str) -> Result<T, Unread> {
    if data.len() > LONG {
        refuse_misplaced_text::<T>(kind, data)?;
    }
    // Following the path costs an allocation a field, so it is followed only once something is known to be wrong.
    read_own(kind, data).or_else(|unread| match unread {
        Unread::UnknownKind => Err(unread),
        Unread::InvalidData(_) => read_with_path(kind, data).map_err(|misfit| Unread::InvalidData(misfit.to_string())),
    })
}

/// Data from which on it is worth while to look for long texts before anything is read, in bytes.
const LONG: usize = 4 * 1_024;

/// Text where there should be none is quoted by serde, character by character, at some thousand instructions each:
/// whoever sends a long one would use up the fuel of the call, and so park the process. A beginning of it shows the same mistake.
#[cold]
fn refuse_misplaced_text<T: DeserializeOwned>(kind: &str, data: &str) -> Result<(), Unread> {
    match read_with_path::<T>(kind, &shortened::texts(data)) {
        // Of any other mistake the shortening may be the cause.
        Err(misfit) if misfit.message.starts_with("invalid type: string") => Err(Unread::InvalidData(misfit.to_string())),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The variant of this kind with this data, for what the definition itself has written: an event.
/// It blames no field, because following paths through all events would add a third to a component's size for a case that is a bug.
///
/// # Errors
/// When there is no such kind, or the data does not fit.
pub fn read_own<T: DeserializeOwned>(kind: &str, data: &str) -> Result<T, Unread> {
    if !kinds::of::<T>().contains(&kind) {
        return Err(Unread::UnknownKind);
    }
    T::deserialize(Kinded { kind, data }).map_err(|error| Unread::InvalidData(error.to_string()))
}

/// What does not fit, and where.
struct Misfit {
    path: String,
    message: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

#[cold]
fn read_with_path<T: DeserializeOwned>(kind: &str, data: &str) -> Result<T, Misfit> {
    serde_path_to_error::deserialize(Kinded { kind, data }).map_err(|error| {
        let mut path = String::new();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => path.push_str(&format!("[{index}]")),
                Segment::Map { key } => push_field(&mut path, key),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        let message = without_position(error.inner().to_string());
        // serde blames the object for a field that is not there; people look for the field.
        if let Some(field) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            push_field(&mut path, field);
            return Misfit { path, message: "is missing".to_owned() };
        }
        Misfit { path, message }
    })
}

fn push_field(path: &mut String, field: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(field);
}

/// Line and column mean little in a document that a program wrote on one line.
fn without_position(mut message: String) -> String {
    if let Some(at) = message.rfind(" at line ") {
        message.truncate(at);
    }
    message
}

/// A kind and its data, seen as the variant of an enum.
struct Kinded<'a> {
    kind: &'a str,
    data: &'a str,
}

impl<'de> Deserializer<'de> for Kinded<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for Kinded<'de> {
    type Error = serde_json::Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Self::Error> {
        let name: StrDeserializer<'_, NameError> = self.kind.into_deserializer();
        let variant = seed.deserialize(name).map_err(serde::de::Error::custom)?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Kinded<'de> {
    type Error = serde_json::Error;

    /// `null`, `{}` and an object with fields that nobody here knows are all fine for a variant without content.
    fn unit_variant(self) -> Result<(), Self::Error> {
        serde_json::from_str::<IgnoredAny>(self.data).map(drop)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Self::Error> {
        let mut json = serde_json::Deserializer::from_str(self.data);
        let value = seed.deserialize(&mut json)?;
        json.end().map(|()| value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Self::Error> {
        let mut json = serde_json::Deserializer::from_str(self.data);
        let value = json.deserialize_tuple(len, visitor)?;
        json.end().map(|()| value)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Self::Error> {
        let mut json = serde_json::Deserializer::from_str(self.data);
        let value = json.deserialize_struct("", fields, visitor)?;
        json.end().map(|()| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all_fields = "camelCase")]
    enum Message {
        Plain,
        Fields { carrier_id: String, legs: Vec<Leg> },
        Wrapped(Leg),
        Pair(u8, String),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Leg {
        carrier_id: String,
    }

    fn leg(carrier_id: &str) -> Leg {
        Leg { carrier_id: carrier_id.to_owned() }
    }

    #[test]
    fn every_shape_of_variant_travels_there_and_back() {
        for (message, kind, data) in [
            (Message::Plain, "Plain", "{}"),
            (
                Message::Fields { carrier_id: "a\"}b".to_owned(), legs: vec![leg("c")] },
                "Fields",
                r#"{"carrierId":"a\"}b","legs":[{"carrierId":"c"}]}"#,
            ),
            (Message::Wrapped(leg("d")), "Wrapped", r#"{"carrierId":"d"}"#),
            (Message::Pair(1, "x".to_owned()), "Pair", r#"[1,"x"]"#),
        ] {
            assert_eq!(write(&message).expect("an enum"), (kind, data.to_owned()));
            assert_eq!(read::<Message>(kind, data), Ok(message));
        }
    }

    #[test]
    fn a_variant_without_content_takes_null_and_objects() {
        for data in ["null", "{}", " { } ", r#"{"anything":1}"#] {
            assert_eq!(read::<Message>("Plain", data), Ok(Message::Plain), "{data}");
        }
        assert!(matches!(read::<Message>("Plain", "{"), Err(Unread::InvalidData(_))));
    }

    #[test]
    fn an_unknown_kind_is_told_apart_from_bad_data() {
        assert_eq!(read::<Message>("Fancy", "{}"), Err(Unread::UnknownKind));
        assert_eq!(read::<Message>("plain", "{}"), Err(Unread::UnknownKind));
    }

    #[test]
    fn bad_data_names_the_whole_path() {
        let refused = |kind: &str, data: &str| match read::<Message>(kind, data) {
            Err(Unread::InvalidData(message)) => message,
            other => panic!("must be refused: {other:?}"),
        };
        assert_eq!(refused("Fields", r#"{"carrierId":"a","legs":[{"carrierId":"b"},{}]}"#), "legs[1].carrierId: is missing");
        assert_eq!(
            refused("Fields", r#"{"carrierId":"a","legs":[{"carrierId":7}]}"#),
            "legs[0].carrierId: invalid type: integer `7`, expected a string"
        );
        assert_eq!(refused("Fields", r#"{"carrierId":"a"}"#), "legs: is missing");
        assert_eq!(refused("Wrapped", "{}"), "carrierId: is missing");
        assert!(refused("Wrapped", "null").contains("invalid type: null"));
        assert!(refused("Wrapped", r#"{"carrierId":"a"} tail"#).contains("trailing characters"));
        assert!(refused("Fields", "").contains("EOF"));
    }

    #[test]
    fn what_is_no_enum_cannot_be_written() {
        assert!(write(&leg("a")).is_err());
        assert!(write(&7_u8).is_err());
    }

    #[test]
    fn long_text_in_the_wrong_place_is_quoted_no_further_than_it_helps() {
        let long = "\u{1f469}".repeat(2_000);
        let read = read::<Message>("Wrapped", &format!(r#"{{"carrierId":[0,"{long}"],"b":"{long}"}}"#));
        let Err(Unread::InvalidData(told)) = read else { panic!("it is no text") };
        assert!(told.starts_with("carrierId: invalid type: sequence"), "{told}");
        let Err(Unread::InvalidData(told)) = read_pair(&format!(r#"["{long}",""]"#)) else { panic!("it is no number") };
        assert!(told.starts_with("[0]: invalid type: string \"") && told.len() < 300, "{told}");
        assert_eq!(read_pair(&format!(r#"[7,"{long}"]"#)), Ok(Message::Pair(7, long)));
    }

    fn read_pair(data: &str) -> Result<Message, Unread> {
        read("Pair", data)
    }
}
