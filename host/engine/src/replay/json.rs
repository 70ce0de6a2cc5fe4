//! Where two JSON documents differ: the first place, as a JSON pointer.
//! Spelling does not count: spaces, the order of names, and how a number or a letter is written.

use serde_json::Value;

/// The first place where two values differ, and what stands there; none where the other one has nothing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place<'a> {
    pub(super) pointer: String,
    pub(super) recorded: Option<&'a Value>,
    pub(super) decided: Option<&'a Value>,
}

/// Compares two documents; none where they say the same.
pub(super) fn difference<'a>(recorded: &'a Value, decided: &'a Value) -> Option<Place<'a>> {
    within(&mut String::new(), recorded, decided)
}

fn within<'a>(pointer: &mut String, recorded: &'a Value, decided: &'a Value) -> Option<Place<'a>> {
    match (recorded, decided) {
        (Value::Object(one), Value::Object(other)) => {
            let missing = other.iter().filter(|(name, _)| !one.contains_key(*name)).map(|(name, _)| name);
            one.keys().chain(missing).find_map(|name| at(pointer, name, one.get(name), other.get(name)))
        }
        (Value::Array(one), Value::Array(other)) => {
            (0..one.len().max(other.len())).find_map(|index| at(pointer, &index.to_string(), one.get(index), other.get(index)))
        }
        (Value::Number(one), Value::Number(other)) if is_same_number(one, other) => None,
        (one, other) if one == other => None,
        (one, other) => Some(Place { pointer: pointer.clone(), recorded: Some(one), decided: Some(other) }),
    }
}

fn at<'a>(pointer: &mut String, name: &str, recorded: Option<&'a Value>, decided: Option<&'a Value>) -> Option<Place<'a>> {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
    let found = match (recorded, decided) {
        (Some(one), Some(other)) => within(pointer, one, other),
        _ => Some(Place { pointer: pointer.clone(), recorded, decided }),
    };
    pointer.truncate(length);
    found
}

/// Whole numbers are compared as such, since a float cannot tell large ones apart; `1` and `1.0` are the same number.
fn is_same_number(one: &serde_json::Number, other: &serde_json::Number) -> bool {
    if one == other {
        return true;
    }
    (one.is_f64() || other.is_f64()) && one.as_f64() == other.as_f64()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::difference;

    fn place(one: &str, other: &str) -> Option<String> {
        let (one, other): (Value, Value) = (serde_json::from_str(one).unwrap(), serde_json::from_str(other).unwrap());
        difference(&one, &other).map(|place| place.pointer)
    }

    #[test]
    fn spelling_is_no_difference() {
        for (one, other) in [
            ("{\"a\":1,\"b\":[true,null]}", "{ \"b\" : [ true , null ], \"a\" : 1.0 }"),
            ("\"\\u00e4\"", "\"ä\""),
            ("100", "1e2"),
            ("-0", "0"),
        ] {
            assert_eq!(place(one, other), None, "{one} {other}");
        }
    }

    #[test]
    fn the_first_place_that_differs_is_named() {
        for (one, other, pointer) in [
            ("1", "2", ""),
            ("{\"a\":{\"b\":[1,2]}}", "{\"a\":{\"b\":[1,3]}}", "/a/b/1"),
            ("{\"a\":1}", "{\"a\":1,\"x/y~z\":2}", "/x~1y~0z"),
            ("{\"a\":1,\"b\":2}", "{\"b\":2}", "/a"),
            ("[1,2]", "[1]", "/1"),
            ("null", "0", ""),
            ("9007199254740993", "9007199254740992", ""),
        ] {
            assert_eq!(place(one, other).as_deref(), Some(pointer), "{one} {other}");
        }
    }
}
