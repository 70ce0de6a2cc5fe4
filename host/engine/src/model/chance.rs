//! Texts that look as if they had been drawn: ids that ought to differ wherever the seed does.
//! It looks at JSON as text and decides nothing; whoever compares two decisions says what follows.
//!
//! A definition has no randomness but its seed. What its language offers besides (`Math.random`, `uuid4`) begins the same in every
//! instance, so that two processes are given one id; that shows when the same trigger is decided under two seeds.

use std::collections::BTreeSet;

/// Fewest characters of an id that is told from a word or a number that somebody counts with.
const LENGTH_MIN: usize = 16;

/// Fewest digits behind the point of a number that was drawn and not measured.
const FRACTION_MIN: usize = 12;

/// The parts of a document that look drawn, each once.
#[must_use]
pub fn drawn(json: &str) -> BTreeSet<&str> {
    // A number's point belongs to it, and so does the dash of a UUID; everything else that is not a letter or a digit stands between.
    let words = json.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.');
    words.flat_map(parts).filter(|part| looks_drawn(part)).collect()
}

/// A word as a whole where it is a UUID or a number, else what stands between its dashes and points.
fn parts(word: &str) -> Vec<&str> {
    if is_fraction(word) { vec![word] } else { word.split(['-', '.']).filter(|part| !part.is_empty()).chain(uuid(word)).collect() }
}

/// A UUID at the end of a word, as in `order-6ba7b810-9dad-11d1-80b4-00c04fd430c8`.
fn uuid(word: &str) -> Option<&str> {
    let tail = word.len().checked_sub(36).and_then(|at| word.get(at..))?;
    let groups: Vec<&str> = tail.split('-').collect();
    let is_hex = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    (lengths == [8, 4, 4, 4, 12] && groups.iter().all(is_hex)).then_some(tail)
}

fn is_fraction(word: &str) -> bool {
    word.split_once('.').is_some_and(|(whole, fraction)| {
        let whole = whole.trim_start_matches('-');
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        are_digits(whole) && are_digits(fraction) && fraction.len() >= FRACTION_MIN
    })
}

/// Digits and letters of one case, mixed all through; a word with a number behind it is no such thing.
fn looks_drawn(part: &str) -> bool {
    if is_fraction(part) || uuid(part).is_some() {
        return true;
    }
    let is_of = |is: fn(&u8) -> bool| part.bytes().filter(is).count();
    let (digits, letters) = (is_of(u8::is_ascii_digit), is_of(u8::is_ascii_alphabetic));
    let changes = part.as_bytes().windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    part.len() >= LENGTH_MIN && digits >= 2 && letters >= 2 && changes >= 3
}

/// What looks drawn in two decisions of one trigger under two seeds, and was not there before: in the trigger, in the history, in a name.
#[must_use]
pub fn repeated<'a>(one: &'a str, other: &str, known: &[&str]) -> Option<&'a str> {
    let other = drawn(other);
    drawn(one).into_iter().find(|part| other.contains(part) && !known.iter().any(|text| text.contains(part)))
}

#[cfg(test)]
mod tests {
    use super::{drawn, repeated};

    #[test]
    fn ids_look_drawn_and_words_do_not() {
        for text in [
            r#"{"id":"6ba7b810-9dad-11d1-80b4-00c04fd430c8"}"#,
            r#"{"id":"order-6ba7b810-9dad-11d1-80b4-00c04fd430c8"}"#,
            r#"["ticket-3c6ef372fe94f82adaa66d2c7ddf743f"]"#,
            r#"{"draw":0.8444218515250481}"#,
            r#""01ARZ3NDEKTSV4RRFFQ69G5FAV""#,
        ] {
            assert!(!drawn(text).is_empty(), "{text}");
        }
        for text in [
            r#"{"reference":"order-12","at":"2026-01-01T00:00:00.000Z","ms":1767225600000}"#,
            r#"{"tracking":"00340434161094000012","price":12.5,"long":"aLongNameInCamelCaseThatEndsWith2"}"#,
            r#"{"category":"manifestation-and-documents-1.0"}"#,
            r#"{"thing":"order1234567890123456"}"#,
        ] {
            assert!(drawn(text).is_empty(), "{text}: {:?}", drawn(text));
        }
    }

    #[test]
    fn what_was_there_before_is_not_drawn_again() {
        let id = "3c6ef372fe94f82adaa66d2c7ddf743f";
        let decision = format!("{{\"id\":\"{id}\"}}");
        assert_eq!(repeated(&decision, &decision, &[]), Some(id));
        assert_eq!(repeated(&decision, &decision, &["{}", &format!("[\"{id}\"]")]), None);
        assert_eq!(repeated(&decision, "{\"id\":\"daa66d2c7ddf743f3c6ef372fe94f82a\"}", &[]), None);
    }
}
