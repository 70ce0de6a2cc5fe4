//! What bytes are, as far as their outermost structure tells: nothing is compiled for that.
//! Whether the inside is valid is for the compiler to say.

/// What bytes turn out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anatomy {
    /// A component, whole as far as its sections go.
    Component,
    /// A core module: it has not been made into a component.
    CoreModule,
    /// WebAssembly in its text format.
    Text,
    /// WebAssembly that ends in the middle of a section.
    CutOff,
    /// No bytes at all.
    Empty,
    /// Something else.
    Foreign,
}

const MAGIC: &[u8] = b"\0asm";
const CORE_MODULE: [u8; 4] = [1, 0, 0, 0];
/// Version 13 of layer 1, which every component has.
const COMPONENT: [u8; 4] = [0x0d, 0, 1, 0];

/// Looks at the header and walks over the sections.
pub(crate) fn of(bytes: &[u8]) -> Anatomy {
    let Some((header, sections)) = bytes.split_at_checked(8) else { return of_short(bytes) };
    if !header.starts_with(MAGIC) {
        return if is_text(bytes) { Anatomy::Text } else { Anatomy::Foreign };
    }
    let kind = match header {
        [.., a, b, c, d] if [*a, *b, *c, *d] == COMPONENT => Anatomy::Component,
        [.., a, b, c, d] if [*a, *b, *c, *d] == CORE_MODULE => Anatomy::CoreModule,
        _ => return Anatomy::Foreign,
    };
    if sections_are_whole(sections) { kind } else { Anatomy::CutOff }
}

/// Fewer bytes than a header.
fn of_short(bytes: &[u8]) -> Anatomy {
    match bytes {
        [] => Anatomy::Empty,
        _ if bytes.starts_with(MAGIC) || MAGIC.starts_with(bytes) => Anatomy::CutOff,
        _ => Anatomy::Foreign,
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    start.starts_with(b"(module") || start.starts_with(b"(component") || start.starts_with(b";;")
}

/// A section is an id, its length and so many bytes. Nested modules lie inside a section, so this walk sees every cut.
fn sections_are_whole(mut rest: &[u8]) -> bool {
    while let [_id, after_id @ ..] = rest {
        let Some((length, content)) = leb128(after_id) else { return false };
        let Some(after) = usize::try_from(length).ok().and_then(|length| content.get(length..)) else { return false };
        rest = after;
    }
    true
}

/// An unsigned number of at most 32 bits, and what follows it.
fn leb128(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[index + 1..]));
        }
    }
    None
}

impl Anatomy {
    /// What the author of the bytes should know; none for a component.
    pub(crate) fn complaint(self, bytes: &[u8]) -> Option<String> {
        Some(match self {
            Self::Component => return None,
            Self::CoreModule => "this is a core module, not a component; build it with `procession-componentize` or \
                                 `wasm-tools component new`"
                .to_owned(),
            Self::Text => "this is WebAssembly in text form; turn it into a component with `wasm-tools parse`".to_owned(),
            Self::CutOff => format!("the file is cut off after {} bytes; copy it again", bytes.len()),
            Self::Empty => "the file is empty".to_owned(),
            Self::Foreign => {
                let start: String = bytes.iter().take(8).map(|byte| format!("{byte:02x} ")).collect();
                format!("this is no WebAssembly component: it begins with {}instead of 00 61 73 6d 0d 00 01 00", start)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Anatomy, of};

    #[test]
    fn bytes_are_told_apart_by_their_header() {
        assert_eq!(of(b""), Anatomy::Empty);
        assert_eq!(of(b"\x7fELF\x02\x01\x01\x00more"), Anatomy::Foreign);
        assert_eq!(of(b"#!/bin/sh\n"), Anatomy::Foreign);
        assert_eq!(of(b"  (component)"), Anatomy::Text);
        assert_eq!(of(&wat::parse_str("(module)").unwrap()), Anatomy::CoreModule);
        assert_eq!(of(&wat::parse_str("(component)").unwrap()), Anatomy::Component);
    }

    #[test]
    fn a_component_cut_anywhere_but_between_sections_is_seen_as_cut_off() {
        let whole = wat::parse_str("(component (core module (func) (memory 1)) (type (func)))").unwrap();
        let cut: Vec<usize> = (1..whole.len()).filter(|length| of(&whole[..*length]) == Anatomy::CutOff).collect();
        let uncut: Vec<usize> = (1..whole.len()).filter(|length| !cut.contains(length)).collect();
        assert!(uncut.len() <= 4, "only the ends of sections may look whole, but these do: {uncut:?}");
        assert!(!cut.is_empty());
    }
}
