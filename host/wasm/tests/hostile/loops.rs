//! Loops without an end, recursions without a bottom, and memory without a bound, in every function that the host calls.

use procession_guests::Guest;

use crate::trial::{Case, Step, case, try_all};

const FUEL: &str = "limit: fuel: a call may use";
const STACK: &str = "limit: stack: a call may use";
const MEMORY: &str = "limit: memory:";

/// A guest that does this in one of its functions.
fn guest(change: impl FnOnce(&mut Guest)) -> Vec<u8> {
    let mut guest = Guest::process();
    change(&mut guest);
    guest.component()
}

/// Shared instances free their processes one by one; anything else is dropped as a whole.
fn freed(free: &str) -> Vec<u8> {
    guest(|guest| {
        guest.said.sharing = 1;
        guest.free = free.to_owned();
    })
}

pub(crate) fn cases() -> Vec<Case> {
    let busy = || "(call $busy)".to_owned();
    let deep = || "(call $deep)".to_owned();
    let greedy = || "(call $greedy)".to_owned();
    let page_by_page = || "(loop $more (drop (memory.grow (i32.const 1))) (br $more))".to_owned();
    vec![
        case("start loops", guest(|guest| guest.start = busy()), Step::Load, FUEL),
        case("describe loops", guest(|guest| guest.describe = busy()), Step::Load, FUEL),
        case("restore loops", guest(|guest| guest.restore = busy()), Step::Restore, FUEL),
        case("evolve loops", guest(|guest| guest.evolve = busy()), Step::Evolve, FUEL),
        case("decide loops", Guest::doing("(call $busy) unreachable").component(), Step::Decide, FUEL),
        case("look loops", guest(|guest| guest.before_look = busy()), Step::Look, FUEL),
        case("snapshot loops", guest(|guest| guest.other = "(call $busy) unreachable".to_owned()), Step::Snapshot, FUEL),
        case("realloc loops", guest(|guest| guest.realloc = Some("(call $busy) unreachable".to_owned())), Step::Evolve, FUEL),
        case("post-return loops", guest(|guest| guest.after_decide = busy()), Step::Decide, FUEL),
        case("a destructor loops", freed("(call $busy)"), Step::Never, ""),
        case("a destructor traps", freed("unreachable"), Step::Never, ""),
        case("a destructor takes all memory", freed("(call $greedy)"), Step::Never, ""),
        case("start recurses", guest(|guest| guest.start = deep()), Step::Load, STACK),
        case("describe recurses", guest(|guest| guest.describe = deep()), Step::Load, STACK),
        case("restore recurses", guest(|guest| guest.restore = deep()), Step::Restore, STACK),
        case("evolve recurses", guest(|guest| guest.evolve = deep()), Step::Evolve, STACK),
        case("decide recurses", Guest::doing("(call $deep) unreachable").component(), Step::Decide, STACK),
        case("look recurses", guest(|guest| guest.before_look = deep()), Step::Look, STACK),
        case("realloc recurses", guest(|guest| guest.realloc = Some("(call $deep) unreachable".to_owned())), Step::Evolve, STACK),
        case("start takes all memory", guest(|guest| guest.start = greedy()), Step::Load, MEMORY),
        case("describe takes all memory", guest(|guest| guest.describe = greedy()), Step::Load, MEMORY),
        case("restore takes all memory", guest(|guest| guest.restore = greedy()), Step::Restore, MEMORY),
        case("evolve takes all memory", guest(|guest| guest.evolve = greedy()), Step::Evolve, MEMORY),
        case("decide takes all memory", Guest::doing("(call $greedy) unreachable").component(), Step::Decide, MEMORY),
        case("look takes all memory", guest(|guest| guest.before_look = greedy()), Step::Look, MEMORY),
        case("start takes memory page by page", guest(|guest| guest.start = page_by_page()), Step::Load, MEMORY),
        case(
            "decide takes memory page by page",
            Guest::doing(&format!("{} unreachable", page_by_page())).component(),
            Step::Decide,
            MEMORY,
        ),
        case(
            "decide fills its memory for ever",
            Guest::doing("(loop $more (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $more)) unreachable").component(),
            Step::Decide,
            FUEL,
        ),
        case(
            "decide takes a table element by element",
            guest(|guest| {
                guest.more = "(table $t 1 funcref)".to_owned();
                guest.decide = "(loop $more (drop (table.grow $t (ref.null func) (i32.const 100))) (br $more)) unreachable".to_owned();
            }),
            Step::Decide,
            "limit: tables:",
        ),
        case(
            "two functions call each other for ever",
            guest(|guest| {
                guest.more = "(func $ping (call $pong)) (func $pong (call $ping))".to_owned();
                guest.evolve = "(call $ping)".to_owned();
            }),
            Step::Evolve,
            STACK,
        ),
        case(
            "a frame of fifty kilobytes, again and again",
            guest(|guest| {
                let locals = "i64 ".repeat(6_000);
                let uses: String = (0..6_000).map(|at| format!("(local.set {at} (i64.load (i32.const {})))", at * 8)).collect();
                let keeps: String = (0..6_000).map(|at| format!("(i64.store (i32.const {}) (local.get {at}))", at * 8)).collect();
                guest.more = format!("(func $wide (local {locals}) {uses} (call $wide) {keeps})");
                guest.evolve = "(call $wide)".to_owned();
            }),
            Step::Evolve,
            STACK,
        ),
    ]
}

#[test]
fn whatever_has_no_end_has_a_limit() {
    try_all(cases());
}
