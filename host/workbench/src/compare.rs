//! Expected and decided, side by side: every difference with its path.
//! Numbers are compared as numbers, objects without regard to order, and `"*"` stands for anything that is there.

mod answers;

use std::fmt;

use serde_json::{Number, Value};

pub use answers::{of_answer, of_fault, of_view};

/// Something that is not as it was expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where, such as `events[0].data.amount`.
    pub path: String,
    /// What was expected there; nothing where nothing was.
    pub expected: Option<Value>,
    /// What is there.
    pub decided: Option<Value>,
}

impl Difference {
    /// A difference between two values.
    #[must_use]
    pub fn new(path: impl Into<String>, expected: Option<Value>, decided: Option<Value>) -> Self {
        Self { path: path.into(), expected, decided }
    }
}

/// A path into a document, written when it is needed.
#[derive(Clone, Copy)]
pub(crate) enum Path<'a> {
    Root(&'a str),
    Field(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    pub(crate) fn field<'a>(&'a self, name: &'a str) -> Path<'a> {
        Path::Field(self, name)
    }

    pub(crate) fn index(&self, index: usize) -> Path<'_> {
        Path::Index(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root(name) => out.write_str(name),
            Path::Field(parent, name) => {
                let parent = parent.to_string();
                let is_plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
                match (is_plain, parent.as_str()) {
                    (true, "") => out.write_str(name),
                    (true, parent) => write!(out, "{parent}.{name}"),
                    (false, parent) => write!(out, "{parent}[{name:?}]"),
                }
            }
            Path::Index(parent, index) => write!(out, "{parent}[{index}]"),
        }
    }
}

/// Notes every difference between two documents.
pub(crate) fn values(path: Path<'_>, expected: &Value, decided: &Value, found: &mut Vec<Difference>) {
    match (expected, decided) {
        (Value::String(any), _) if any == "*" => {}
        (Value::Object(expected), Value::Object(decided)) => {
            for (name, expected) in expected {
                match decided.get(name) {
                    Some(decided) => values(path.field(name), expected, decided, found),
                    None => found.push(Difference::new(path.field(name).to_string(), Some(expected.clone()), None)),
                }
            }
            let more = decided.iter().filter(|(name, _)| !expected.contains_key(*name));
            found.extend(more.map(|(name, decided)| Difference::new(path.field(name).to_string(), None, Some(decided.clone()))));
        }
        (Value::Array(expected), Value::Array(decided)) => {
            for at in 0..expected.len().max(decided.len()) {
                match (expected.get(at), decided.get(at)) {
                    (Some(expected), Some(decided)) => values(path.index(at), expected, decided, found),
                    (expected, decided) => {
                        found.push(Difference::new(path.index(at).to_string(), expected.cloned(), decided.cloned()));
                    }
                }
            }
        }
        (Value::Number(expected), Value::Number(decided)) if are_equal(expected, decided) => {}
        _ if expected == decided => {}
        _ => found.push(Difference::new(path.to_string(), Some(expected.clone()), Some(decided.clone()))),
    }
}

/// `1`, `1.0` and `1e0` are one number; whole numbers of 64 bits are compared exactly.
fn are_equal(one: &Number, other: &Number) -> bool {
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.as_f64() == other.as_f64(),
        _ => false,
    }
}

/// The number as a whole one, where it is one.
fn whole(number: &Number) -> Option<i128> {
    if let Some(number) = number.as_u64() {
        return Some(i128::from(number));
    }
    if let Some(number) = number.as_i64() {
        return Some(i128::from(number));
    }
    // Beyond 2^64 a float holds no such number exactly, and comparing floats is all that can be done.
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 18_446_744_073_709_551_616.0)?;
    #[allow(clippy::cast_possible_truncation, reason = "it is whole and within 64 bits")]
    Some(float as i128)
}

/// Whether two documents say the same.
#[must_use]
pub fn say_the_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len() && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| say_the_same(value, other)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| say_the_same(one, other))
        }
        (Value::Number(one), Value::Number(other)) => are_equal(one, other),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Path, say_the_same, values};

    fn paths(expected: &Value, decided: &Value) -> Vec<String> {
        let mut found = Vec::new();
        values(Path::Root("data"), expected, decided, &mut found);
        found.into_iter().map(|difference| difference.path).collect()
    }

    #[test]
    fn every_difference_has_its_path() {
        let expected = json!({ "a": 1, "b": [1, 2], "c": { "d e": "x" }, "gone": null });
        let decided = json!({ "c": { "d e": "y" }, "b": [1, 3, 4], "a": 1, "more": 1 });
        assert_eq!(paths(&expected, &decided), ["data.b[1]", "data.b[2]", "data.c[\"d e\"]", "data.gone", "data.more"]);
    }

    #[test]
    fn numbers_are_numbers_however_they_are_written() {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        for (one, other) in
            [("1", "1.0"), ("1e2", "100"), ("-0", "0"), ("18446744073709551615", "18446744073709551615"), ("1e300", "1.0e300")]
        {
            assert!(paths(&read(one), &read(other)).is_empty(), "{one} {other}");
            assert!(say_the_same(&read(one), &read(other)), "{one} {other}");
        }
        for (one, other) in
            [("1", "2"), ("18446744073709551615", "18446744073709551614"), ("1", "1.5"), ("9007199254740993", "9007199254740992.0")]
        {
            assert_eq!(paths(&read(one), &read(other)), ["data"], "{one} {other}");
        }
    }

    #[test]
    fn a_star_is_anything_that_is_there_and_nothing_that_is_not() {
        assert!(paths(&json!({ "a": "*", "b": "*" }), &json!({ "a": null, "b": { "c": 1 } })).is_empty());
        assert_eq!(paths(&json!({ "a": "*" }), &json!({})), ["data.a"]);
    }
}
