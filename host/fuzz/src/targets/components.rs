//! Bytes that are to be modules: mutated components, and such as are made of odd parts.
//! Loading answers, whatever the bytes are; a module that is loaded can be asked, and answers or breaks by itself.

use std::panic::{AssertUnwindSafe, catch_unwind};

use procession_engine::ports::definition::{Role, Runtime as _};
use procession_guests::{Guest, Image, Record};
use procession_wasm::{Limits, WasmRuntime};

use crate::dice::Dice;
use crate::mutate::{Dictionary, mutated};
use crate::run::Target;

const WORDS: Dictionary = &[
    "\0asm",
    "\x01\0\0\0",
    "\x0d\0\x01\0",
    "cabi_realloc",
    "memory",
    "procession:process/definition@0.1.0",
    "describe",
    "[dtor]process",
    "name",
    "[method]process.decide",
    "types",
    "\u{0}",
    "wasi:",
];

/// Modules as bytes.
pub(super) struct Bytes {
    runtime: WasmRuntime,
    corpus: Vec<Vec<u8>>,
}

impl Bytes {
    /// # Panics
    /// Where there is no room for a small sandbox.
    pub(super) fn new() -> Self {
        let limits = Limits {
            instances_max: 16,
            fuel_at_start: 200_000,
            fuel_per_call: 200_000,
            fuel_per_call_max: 200_000,
            memory_bytes: 1 << 22,
            memory_bytes_max: 1 << 22,
            ..Limits::default()
        };
        let runtime = WasmRuntime::new(limits, None).expect("a sandbox");
        let nothing = |_: &mut Image| Record::new(28);
        let corpus = vec![
            Guest::process().component(),
            Guest::recording("Added", 2, b"{}").component(),
            Guest::stranger("router", nothing).component(),
            Guest::stranger("adapter", nothing).component(),
        ];
        Self { runtime, corpus }
    }

    fn input(&self, dice: &mut Dice) -> Vec<u8> {
        match dice.below(10) {
            0..=5 => mutated(dice, &self.corpus, WORDS),
            6..=8 => below_the_sections(dice, &self.corpus),
            _ => odd_guest(dice),
        }
    }
}

impl Target for Bytes {
    fn name(&self) -> &'static str {
        "components"
    }

    fn feed(&mut self, dice: &mut Dice) -> Result<(), String> {
        let input = self.input(dice);
        match self.runtime.load(&input) {
            Ok(module) => {
                if let Role::Process(definition) = module.role
                    && let Ok(mut process) = definition.restore(None)
                {
                    // What it answers is its own matter.
                    drop(process.look());
                    drop(process.snapshot());
                }
                Ok(())
            }
            Err(error) if error.to_string().len() > 16 * 1024 => {
                Err(format!("{} bytes were refused with {} bytes", input.len(), error.to_string().len()))
            }
            Err(_) => Ok(()),
        }
    }
}

/// Mutates inside one section and puts its length right, so that the reader gets there.
fn below_the_sections(dice: &mut Dice, corpus: &[Vec<u8>]) -> Vec<u8> {
    let whole = &corpus[dice.below(corpus.len())];
    let chosen = dice.below(12);
    let (mut out, mut rest) = (whole[..8].to_vec(), &whole[8..]);
    let mut number = 0;
    while let [id, after @ ..] = rest {
        let Some((length, content)) = length_of(after) else { break };
        let (body, after) = content.split_at(length.min(content.len()));
        let body = if number == chosen { mutated(dice, &[body.to_vec()], WORDS) } else { body.to_vec() };
        out.push(*id);
        put_length(&mut out, body.len());
        out.extend(body);
        (rest, number) = (after, number + 1);
    }
    out
}

fn length_of(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = 0;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((length, &bytes[index + 1..]));
        }
    }
    None
}

fn put_length(out: &mut Vec<u8>, mut length: usize) {
    while length > 0x7f {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

/// A guest whose functions are made of odd parts; where they do not fit together, nothing.
fn odd_guest(dice: &mut Dice) -> Vec<u8> {
    const PARTS: [&str; 10] = [
        "",
        "unreachable",
        "(call $busy)",
        "(call $deep)",
        "(call $greedy)",
        "(drop (memory.grow (i32.const 1)))",
        "(i32.store (i32.const 16) (i32.const -1))",
        "(i32.store (i32.const 4096) (i32.const 0x7fffffff))",
        "(memory.fill (i32.const 0) (i32.const 255) (i32.const 65536))",
        "(global.set $heap (i32.const -8))",
    ];
    let mut part = || dice.one(&PARTS).to_owned();
    let mut guest = Guest {
        start: part(),
        describe: part(),
        restore: part(),
        before_look: part(),
        free: part(),
        after_decide: part(),
        ..Guest::process()
    };
    let address = dice.draw() as u32 >> (dice.below(32));
    if dice.once_in(3) {
        guest.other = format!("(i32.const {address})");
    }
    guest.said.sharing = dice.below(4) as u8;
    guest.said.records = (0..dice.below(300)).map(|number| (format!("Kind{number}"), dice.below(3) as u32)).collect();
    catch_unwind(AssertUnwindSafe(|| guest.component())).unwrap_or_default()
}
