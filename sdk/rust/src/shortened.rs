//! JSON whose long texts end early, and that is the same in everything else.

/// Bytes of a text that are kept, and a few more where a character would be torn.
const KEPT: usize = 128;

/// The document with a beginning of each of its texts.
pub(crate) fn texts(json: &str) -> String {
    let mut short = String::with_capacity(json.len().min(4 * 1_024));
    let mut rest = json;
    while let Some(quote) = rest.find('"') {
        let (before, text) = rest.split_at(quote + 1);
        short.push_str(before);
        rest = begin(text, &mut short);
    }
    short.push_str(rest);
    short
}

/// Copies the beginning of a text, and answers what stands at its end: the quote and what follows.
fn begin<'a>(text: &'a str, short: &mut String) -> &'a str {
    let (mut at, mut kept) = (0, 0);
    while let Some(first) = text[at..].chars().next().filter(|first| *first != '"') {
        let unit = unit_length(&text[at..], first);
        let is_second_half = matches!(text.as_bytes()[at..], [b'\\', b'u', b'd' | b'D', b'c'..=b'f' | b'C'..=b'F', ..]);
        if at == kept && (at < KEPT || is_second_half) {
            kept = at + unit;
        }
        at += unit;
    }
    short.push_str(&text[..kept]);
    match text[at..].strip_prefix('"') {
        Some(rest) => {
            short.push('"');
            rest
        }
        None => "",
    }
}

/// Bytes of a character or an escape.
fn unit_length(text: &str, first: char) -> usize {
    let length = match first {
        '\\' if text.as_bytes().get(1) == Some(&b'u') => 6,
        '\\' => 2,
        other => other.len_utf8(),
    };
    // What is no JSON may end in the middle of an escape, or hold a longer character there.
    (length..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::texts;

    #[test]
    fn what_is_short_stays_as_it_is() {
        for json in [r#"{"a":"b\"c\\","d":[1,"",true,"\ud83d\udc69"]}"#, "7", "", "\"open"] {
            assert_eq!(texts(json), json);
        }
    }

    #[test]
    fn long_texts_end_early_and_the_rest_stays() {
        let json = format!(r#"{{"a":"{}","b":[2,"{}"]}}"#, "\u{1f469}".repeat(1_000), "\\n".repeat(1_000));
        let expected = format!(r#"{{"a":"{}","b":[2,"{}"]}}"#, "\u{1f469}".repeat(32), "\\n".repeat(64));
        assert_eq!(texts(&json), expected);
    }

    #[test]
    fn no_pair_of_escapes_is_torn() {
        for before in 0..12 {
            let short = texts(&format!(r#""{}{}""#, "x".repeat(before), "\\uD83D\\udc69".repeat(100)));
            assert!(serde_json::from_str::<String>(&short).is_ok(), "{short}");
        }
    }

    #[test]
    fn what_is_no_json_is_no_matter() {
        for odd in ["\"\\", "\"\\u12", "\"\\u1\u{e9}\u{e9}\u{e9}\u{e9}\"", "\"\\\u{e9}\"", "\"open"] {
            let _ = texts(odd);
        }
    }
}
