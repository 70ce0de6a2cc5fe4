//! Documents that nobody meant: what was seen, changed a little or a lot, and shapes that parsers and validators stumble over.
//! All of them are well-formed JSON, because a host turns everything else away before a definition sees it.

use procession_engine::model::json::Json;
use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::material::Material;

/// Longest text that is made; a longer one teaches no more than this.
const TEXT_MAX: usize = 20_000;
/// Longest document that is made: a host takes no longer message from outside, and a definition owes nobody an answer to one.
const DOCUMENT_MAX: usize = 256 * 1_024;

/// Texts that are seldom thought of.
const TEXTS: [&str; 16] = [
    "",
    " ",
    "\0",
    "\u{202e}gnp.exe",
    "e\u{301}\u{327}\u{323}",
    "👩‍👩‍👧‍👦🏴‍☠️",
    "\u{feff}\u{fffe}\u{10ffff}",
    "ÄÖÜß漢字",
    "null",
    "-0",
    "1e400",
    "../../etc/passwd",
    "'; DROP TABLE orders; --",
    "${jndi:ldap://x}",
    "\n\r\t\u{b}\u{1b}[31m",
    "NaN",
];

/// Numbers as they stand in a text: beyond 2^53 and 2^64, negative, tiny, and what no float holds.
const NUMBERS: [&str; 18] = [
    "0",
    "-0",
    "1",
    "-1",
    "0.1",
    "1e0",
    "255",
    "65536",
    "2147483648",
    "-2147483649",
    "9007199254740993",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "1e308",
    "1e-320",
    "123456789012345678901234567890",
];

/// Data for a message of this kind. What was accepted before comes most often: only behind it are there states to see.
pub(super) fn data_for(kind: &str, dice: &mut Dice, material: &Material) -> Json {
    let (accepted, known) = (material.accepted(kind), material.corpus(kind));
    let if_any = |list: &[Json], weight: usize| if list.is_empty() { 0 } else { weight };
    let value = match dice.weighted(&[if_any(accepted, 120), if_any(known, 30), if_any(known, 60), 25, 8]) {
        0 => return dice.one_of(accepted).cloned().unwrap_or_else(Json::null),
        1 => return dice.one_of(known).cloned().unwrap_or_else(Json::null),
        2 => {
            let one = dice.one_of(known).and_then(|json| serde_json::from_str(json.as_str()).ok());
            let mut value = one.unwrap_or_else(|| json!({}));
            for _ in 0..=dice.below(3) {
                mutate(&mut value, kind, dice, material);
            }
            value
        }
        3 => built(kind, dice, material),
        _ => leaf(None, dice, material),
    };
    let text = if dice.hits(4) { odd_text(&value, dice) } else { value.to_string() };
    // What grew by being repeated in what was repeated is left; so is what cannot be read.
    Some(text).filter(|text| text.len() <= DOCUMENT_MAX).and_then(|text| Json::parse(text).ok()).unwrap_or_else(Json::null)
}

/// An object out of fields that refusals have named.
fn built(kind: &str, dice: &mut Dice, material: &Material) -> Value {
    let words = material.words(kind);
    let count = dice.below(words.len().min(6) + 1);
    let mut object = Map::new();
    for _ in 0..count {
        if let Some(word) = dice.one_of(words) {
            object.insert(word.clone(), leaf(Some(word), dice, material));
        }
    }
    Value::Object(object)
}

/// A value for a field: one that was seen there, or any.
fn leaf(field: Option<&str>, dice: &mut Dice, material: &Material) -> Value {
    let seen = field.map(|field| material.values(field)).unwrap_or_default();
    if !seen.is_empty() && dice.hits(60) {
        return dice.one_of(seen).cloned().unwrap_or(Value::Null);
    }
    match dice.weighted(&[20, 20, 20, 15, 6, 6, 6, 4, 3]) {
        0 => json!("text"),
        1 => json!(dice.one_of(&[1, 2, 3, 10, 1_000, 86_400_000]).copied().unwrap_or(1)),
        2 => dice.one_of(material.texts()).map_or_else(|| json!("word"), |text| json!(text)),
        3 => dice.one_of(&NUMBERS).and_then(|number| serde_json::from_str(number).ok()).unwrap_or_else(|| json!(0)),
        4 => json!(dice.one_of(&TEXTS)),
        5 => json!(dice.hits(50)),
        6 => dice.one_of(&[json!(null), json!([]), json!({}), json!([[]]), json!([null])]).cloned().unwrap_or(Value::Null),
        7 => json!("long ".repeat(dice.below(TEXT_MAX / 5) + 1)),
        _ => deep(dice.below(100) + 1, dice.hits(50)),
    }
}

/// A document of this depth; a host takes 127.
fn deep(depth: usize, of_objects: bool) -> Value {
    (0..depth).fold(json!(1), |inner, _| if of_objects { json!({ "a": inner }) } else { json!([inner]) })
}

/// Changes one place of a document.
fn mutate(value: &mut Value, kind: &str, dice: &mut Dice, material: &Material) {
    let mut field = None;
    let mut place = value;
    // A random way down, which ends anywhere.
    loop {
        let has_inside = matches!(place, Value::Object(map) if !map.is_empty()) || matches!(place, Value::Array(list) if !list.is_empty());
        if !has_inside || dice.hits(30) {
            break;
        }
        match place {
            Value::Object(map) => {
                let at = dice.below(map.len());
                let Some((name, inside)) = map.iter_mut().nth(at) else { return };
                field = Some(name.clone());
                place = inside;
            }
            Value::Array(list) => {
                let at = dice.below(list.len());
                place = &mut list[at];
            }
            _ => return,
        }
    }
    change(place, field.as_deref(), kind, dice, material);
}

fn change(place: &mut Value, field: Option<&str>, kind: &str, dice: &mut Dice, material: &Material) {
    match place {
        Value::Object(map) if dice.hits(85) => match dice.below(3) {
            0 if !map.is_empty() => {
                let gone = dice.below(map.len());
                if let Some(name) = map.keys().nth(gone).cloned() {
                    map.remove(&name);
                }
            }
            _ => {
                let word = dice.one_of(material.words(kind)).cloned().unwrap_or_else(|| "unknown".to_owned());
                let value = leaf(Some(&word), dice, material);
                map.insert(word, value);
            }
        },
        Value::Array(list) if dice.hits(85) => match dice.below(4) {
            0 => list.clear(),
            1 => {
                let again = list.first().cloned().unwrap_or_else(|| leaf(None, dice, material));
                let count = [1, 2, 300][dice.below(3)];
                list.extend(std::iter::repeat_n(again, count));
            }
            2 => list.reverse(),
            _ => list.push(leaf(None, dice, material)),
        },
        Value::String(text) if dice.hits(40) => match dice.below(5) {
            0 => text.push_str(dice.one_of(&TEXTS).unwrap_or(&"")),
            1 => *text = text.chars().rev().collect(),
            2 => *text = text.to_uppercase(),
            // What was taken short may break where it is long, and is seldom met by chance.
            3 if !text.is_empty() => *text = text.repeat(dice.below(TEXT_MAX) / text.len() + 1),
            _ => text.truncate(text.floor_char_boundary(text.len() / 2)),
        },
        Value::Number(number) if dice.hits(50) => {
            let near = number.as_i64().and_then(|number| number.checked_add([1, -1, 1_000][dice.below(3)]));
            *place = near.map_or_else(|| json!(-1), |near| json!(near));
        }
        other => *other = leaf(field, dice, material),
    }
}

/// The same document with something in its text that no value of a usual parser holds.
fn odd_text(value: &Value, dice: &mut Dice) -> String {
    let text = value.to_string();
    match dice.below(6) {
        // Half a surrogate pair: well-formed JSON, and no Unicode.
        0 => text.replacen("{\"", "{\"\\ud800", 1),
        1 => text.replace(":\"", ":\"\\udfff"),
        2 => format!("  {}\n\t", text.replace(',', " ,\r\n ")),
        // The same field twice.
        3 if text.len() > 2 && text.starts_with('{') => format!("{},{}", &text[..text.len() - 1], &text[1..]),
        4 => text.replacen(":1", ":1e999", 1),
        _ => text.replace('a', "\\u0061"),
    }
}

#[cfg(test)]
mod tests {
    use procession_engine::model::json::Json;

    use super::data_for;
    use crate::attack::dice::Dice;
    use crate::attack::material::Material;

    #[test]
    fn the_same_dice_make_the_same_documents_and_most_of_them_differ() {
        let mut material = Material::default();
        material.learn("Open", &Json::parse(r#"{"title":"a","parts":[{"n":1}]}"#).unwrap());
        let make = |walk| data_for("Open", &mut Dice::of(7, walk), &material).as_str().to_owned();
        let all: std::collections::BTreeSet<String> = (0..500).map(make).collect();
        assert_eq!((0..500).map(make).collect::<std::collections::BTreeSet<_>>(), all);
        assert!(all.len() > 100, "{}", all.len());
    }
}
