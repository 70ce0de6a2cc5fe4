//! Mutations: a valid input, with a few things wrong.
//! What is valid, and which words mean something, is said by the targets.

use crate::dice::Dice;

/// Words that mean something to the reader of an input.
pub type Dictionary = &'static [&'static str];

/// Longest input, in bytes: beyond that a reader only sees more of the same.
const BYTES_MAX: usize = 256 * 1024;

/// Numbers at which readers go wrong.
const EDGES: [u64; 12] =
    [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, 0xffff_ffff_ffff_ffff];

/// One of the inputs, mutated a few times, perhaps with parts of another one.
pub fn mutated(dice: &mut Dice, corpus: &[Vec<u8>], words: Dictionary) -> Vec<u8> {
    let mut input = pick(dice, corpus).to_vec();
    for _ in 0..1 + dice.below(6) {
        once(dice, &mut input, corpus, words);
        input.truncate(BYTES_MAX);
    }
    input
}

/// The same for text: what is no UTF-8 is replaced.
pub fn mutated_text(dice: &mut Dice, corpus: &[&str], words: Dictionary) -> String {
    let corpus: Vec<Vec<u8>> = corpus.iter().map(|text| text.as_bytes().to_vec()).collect();
    String::from_utf8_lossy(&mutated(dice, &corpus, words)).into_owned()
}

fn pick<'a>(dice: &mut Dice, corpus: &'a [Vec<u8>]) -> &'a [u8] {
    corpus.get(dice.below(corpus.len())).map_or(&[], Vec::as_slice)
}

fn once(dice: &mut Dice, input: &mut Vec<u8>, corpus: &[Vec<u8>], words: Dictionary) {
    match dice.below(11) {
        0 => flip(dice, input),
        1 => {
            let at = dice.below(input.len() + 1);
            input.insert(at, (dice.draw() & 0xff) as u8);
        }
        2 => remove(dice, input),
        3 => repeat(dice, input),
        4 => put_edge(dice, input),
        5 => put_leb(dice, input),
        6 => splice(dice, input, corpus),
        7 => {
            let keep = dice.below(input.len() + 1);
            input.truncate(keep);
        }
        8 => swap(dice, input),
        _ if !words.is_empty() => {
            let word = dice.one(words).as_bytes();
            replace(dice, input, word);
        }
        _ => flip(dice, input),
    }
}

/// A place in the input, and how many bytes from there.
fn range(dice: &mut Dice, input: &[u8]) -> std::ops::Range<usize> {
    let begin = dice.below(input.len() + 1);
    let length = dice.size().min(input.len() - begin);
    begin..begin + length
}

fn flip(dice: &mut Dice, input: &mut [u8]) {
    let at = dice.below(input.len());
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << dice.below(8);
    }
}

fn remove(dice: &mut Dice, input: &mut Vec<u8>) {
    let range = range(dice, input);
    input.drain(range);
}

fn repeat(dice: &mut Dice, input: &mut Vec<u8>) {
    let range = range(dice, input);
    let times = if dice.once_in(50) { 2_000 } else { 1 + dice.below(4) };
    let part = input[range.clone()].repeat(times);
    input.splice(range.end..range.end, part.into_iter().take(BYTES_MAX));
}

fn put_edge(dice: &mut Dice, input: &mut [u8]) {
    let bytes = EDGES[dice.below(EDGES.len())].to_le_bytes();
    let width = [1, 2, 4, 8][dice.below(4)];
    let at = dice.below(input.len());
    for (place, byte) in input.iter_mut().skip(at).zip(&bytes[..width]) {
        *place = *byte;
    }
}

/// A number of variable length, as WebAssembly and postcard have them.
fn put_leb(dice: &mut Dice, input: &mut Vec<u8>) {
    let mut number = EDGES[dice.below(EDGES.len())];
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        bytes.push(if number == 0 { low } else { low | 0x80 });
        if number == 0 {
            break;
        }
    }
    replace(dice, input, &bytes);
}

fn replace(dice: &mut Dice, input: &mut Vec<u8>, with: &[u8]) {
    let mut range = range(dice, input);
    if dice.once_in(2) {
        range.end = range.start;
    }
    input.splice(range, with.iter().copied());
}

fn splice(dice: &mut Dice, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
    let other = pick(dice, corpus);
    let from = dice.below(other.len() + 1);
    let part = other[from..].to_vec();
    let at = dice.below(input.len() + 1);
    input.splice(at.., part);
}

fn swap(dice: &mut Dice, input: &mut [u8]) {
    if !input.is_empty() {
        let (one, other) = (dice.below(input.len()), dice.below(input.len()));
        input.swap(one, other);
    }
}
