//! What a guest wrote, made fit for a log line, an error and a page: of bounded length and on one line.
//! What is recorded or sent never goes through here; it stays as it was written, or is refused.

/// Longest name that is shown, in bytes: a compiler's mangled name fits, a megabyte does not.
const NAME_BYTES_MAX: usize = 128;

/// An explanation: cut off where it is too long, since that is no reason to fail, and on one line, so that it cannot pass for another line of a log.
pub(crate) fn explanation(mut text: String, bytes_max: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes_max));
    if text.contains(is_unruly) { plain(&text) } else { text }
}

/// A name out of a module's bytes.
pub(crate) fn name(text: &str) -> String {
    let shown = plain(&text[..text.floor_char_boundary(NAME_BYTES_MAX)]);
    if text.len() > NAME_BYTES_MAX { format!("{shown}… ({} bytes)", text.len()) } else { shown }
}

/// Letters that would move a terminal's cursor, end a line or turn the direction of writing.
fn is_unruly(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_unruly(letter) { out.extend(letter.escape_default()) } else { out.push(letter) }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{explanation, name};

    #[test]
    fn what_would_break_a_line_or_move_a_cursor_is_shown_and_not_done() {
        assert_eq!(explanation("line\nERROR forged\u{1b}[2J\u{202e}".to_owned(), 100), "line\\nERROR forged\\u{1b}[2J\\u{202e}");
        assert_eq!(explanation("ärgerlich, aber gut".to_owned(), 100), "ärgerlich, aber gut");
        assert_eq!(explanation("ää".to_owned(), 3), "ä");
    }

    #[test]
    fn a_long_name_is_cut_and_its_length_is_told() {
        assert_eq!(name("decide"), "decide");
        assert_eq!(name(&"x".repeat(1 << 20)), format!("{}… (1048576 bytes)", "x".repeat(128)));
        assert_eq!(name("a\u{0}b"), "a\\u{0}b");
    }
}
