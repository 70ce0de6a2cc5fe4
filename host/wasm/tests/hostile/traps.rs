//! Traps of every kind, and pointers to nowhere.

use procession_guests::Guest;

use crate::trial::{Case, Step, case, try_all};

fn doing(decide: &str) -> Vec<u8> {
    Guest::doing(&format!("{decide} unreachable")).component()
}

fn guest(change: impl FnOnce(&mut Guest)) -> Vec<u8> {
    let mut guest = Guest::process();
    change(&mut guest);
    guest.component()
}

fn realloc(answer: &str) -> Vec<u8> {
    guest(|guest| guest.realloc = Some(answer.to_owned()))
}

fn table(call: &str) -> Vec<u8> {
    guest(|guest| {
        guest.more = "(type $takes (func (param i64))) (table $t 3 3 funcref) (elem (table $t) (i32.const 0) func $busy)".to_owned();
        guest.decide = format!("{call} unreachable");
    })
}

pub(crate) fn cases() -> Vec<Case> {
    let unread = "contract: its answer cannot be read";
    let names = "x".repeat(60_000);
    vec![
        case("unreachable", doing("unreachable"), Step::Decide, "trapped: it panicked or aborted"),
        case("start traps", guest(|guest| guest.start = "unreachable".to_owned()), Step::Load, "trapped: it panicked or aborted"),
        case("describe traps", guest(|guest| guest.describe = "unreachable".to_owned()), Step::Load, "trapped: it panicked or aborted"),
        case("restore traps", guest(|guest| guest.restore = "unreachable".to_owned()), Step::Restore, "trapped: it panicked or aborted"),
        case("evolve traps", guest(|guest| guest.evolve = "unreachable".to_owned()), Step::Evolve, "trapped: it panicked or aborted"),
        case("look traps", guest(|guest| guest.before_look = "unreachable".to_owned()), Step::Look, "trapped: it panicked or aborted"),
        case("snapshot traps", guest(|guest| guest.other = "unreachable".to_owned()), Step::Snapshot, "trapped: it panicked or aborted"),
        case(
            "post-return traps",
            guest(|guest| guest.after_decide = "unreachable".to_owned()),
            Step::Decide,
            "trapped: it panicked or aborted",
        ),
        case("division by zero", doing("(drop (i32.div_u (i32.const 1) (i32.const 0)))"), Step::Decide, "integer divide by zero"),
        case(
            "division that overflows",
            doing("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))"),
            Step::Decide,
            "integer overflow",
        ),
        case("a number that is none", doing("(drop (i32.trunc_f64_s (f64.const nan)))"), Step::Decide, "invalid conversion to integer"),
        case("a read out of bounds", doing("(drop (i32.load (i32.const -4)))"), Step::Decide, "out of bounds memory access"),
        case(
            "a write out of bounds",
            doing("(i64.store (i32.const 0x7ffffff8) (i64.const 1))"),
            Step::Decide,
            "out of bounds memory access",
        ),
        case(
            "a read far beyond, by offset",
            doing("(drop (i32.load offset=0xffffffff (i32.const -1)))"),
            Step::Decide,
            "out of bounds memory access",
        ),
        case(
            "a copy out of bounds",
            doing("(memory.copy (i32.const 0) (i32.const 8) (i32.const 200000))"),
            Step::Decide,
            "out of bounds memory access",
        ),
        case("a call of nothing", table("(call_indirect $t (i32.const 1))"), Step::Decide, "uninitialized element"),
        case(
            "a call of another type",
            table("(call_indirect $t (type $takes) (i64.const 1) (i32.const 0))"),
            Step::Decide,
            "indirect call type mismatch",
        ),
        case("a call beyond the table", table("(call_indirect $t (i32.const 7))"), Step::Decide, "undefined element"),
        case("an answer nowhere", Guest::doing("(i32.const -4)").component(), Step::Decide, unread),
        case("an answer at an odd address", Guest::doing("(i32.const 4097)").component(), Step::Decide, unread),
        case(
            "an answer at the last byte",
            Guest::doing("(i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4))").component(),
            Step::Decide,
            unread,
        ),
        case("a view nowhere", guest(|guest| guest.before_look = "(return (i32.const -8))".to_owned()), Step::Look, unread),
        case(
            "a state that was never made",
            guest(|guest| {
                guest.restore =
                    "(i32.store (i32.const 16) (i32.const 0)) (i32.store (i32.const 20) (i32.const 77)) (return (i32.const 16))".to_owned();
            }),
            Step::Restore,
            "contract:",
        ),
        case(
            "a result that is neither good nor bad",
            guest(|guest| {
                guest.restore = "(i32.store (i32.const 16) (i32.const 7)) (return (i32.const 16))".to_owned();
            }),
            Step::Restore,
            unread,
        ),
        case("room at an odd address", realloc("(i32.const 65537)"), Step::Evolve, "contract:"),
        case("room beyond the end", realloc("(i32.const -8)"), Step::Evolve, "contract:"),
        case(
            "room that ends beyond the end",
            realloc("(i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 8))"),
            Step::Evolve,
            "contract:",
        ),
        case("room at zero, over its own answers", realloc("(i32.const 0)"), Step::Look, unread),
        case("the same room for everything", realloc("(i32.const 8192)"), Step::Never, ""),
        case("realloc traps", realloc("unreachable"), Step::Evolve, "trapped: it panicked or aborted"),
        case(
            "function names of sixty thousand letters",
            guest(|guest| {
                guest.more = format!("(func ${names} unreachable)");
                guest.decide = format!("(call ${names}) unreachable");
            }),
            Step::Decide,
            "… (60000 bytes) < decide",
        ),
        case(
            "function names that forge a line of the log",
            guest(|guest| {
                guest.more = "(func $\"ok\\n2026-01-01 ERROR forged \\1b[2J\" unreachable)".to_owned();
                guest.decide = "(call $\"ok\\n2026-01-01 ERROR forged \\1b[2J\") unreachable".to_owned();
            }),
            Step::Decide,
            "ok\\n2026-01-01 ERROR forged \\u{1b}[2J",
        ),
    ]
}

#[test]
fn every_trap_is_told_by_its_kind_and_stops_its_instance() {
    try_all(cases());
}
