//! How processes share instances: not at all, all of one module, or not even with themselves.

use std::sync::Arc;

use procession_engine::model::view::Phase;
use procession_engine::ports::definition::{Definition, GuestError, Role, Runtime};
use procession_wasm::{Limits, WasmRuntime};

use crate::calls::{added, context, definition, trigger};
use crate::guest::{Guest, fault, limits};

const SHARED: u8 = 1;
const FRESH: u8 = 2;

/// A definition whose processes all sit in one room until it is full.
fn shared(mut guest: Guest, processes_per_shared_instance_max: usize) -> Arc<dyn Definition> {
    guest.said.sharing = SHARED;
    let limits = Limits { idle_instances_max: 1, processes_per_shared_instance_max, ..limits() };
    let runtime = WasmRuntime::new(limits, None).expect("a sandbox");
    let Role::Process(definition) = runtime.load(&guest.component()).expect("it loads").role else { panic!("it is a process") };
    definition
}

/// Shows how many decisions its instance has made.
fn counting_decisions() -> Guest {
    Guest { look: "(global.get $decided)".to_owned(), ..Guest::process() }
}

#[test]
fn processes_of_their_own_do_not_see_each_other() {
    let definition = definition(counting_decisions());
    let [mut first, mut second] = [(); 2].map(|()| definition.restore(None).unwrap());
    first.decide(&context(), &trigger()).unwrap();
    assert_eq!((first.look().unwrap().phase, second.look().unwrap().phase), (Phase::ALL[1], Phase::ALL[0]));
}

#[test]
fn processes_in_a_shared_instance_have_states_of_their_own() {
    let definition = shared(Guest::process(), 10);
    let [mut first, mut second] = [(); 2].map(|()| definition.restore(None).unwrap());
    first.evolve(&[added(1), added(2)]).unwrap();
    second.evolve(&[added(1)]).unwrap();
    assert_eq!((first.look().unwrap().phase, second.look().unwrap().phase), (Phase::ALL[2], Phase::ALL[1]));
}

#[test]
fn a_trap_in_a_shared_instance_costs_everybody_in_it_and_nobody_after() {
    let definition = shared(Guest::doing("unreachable"), 10);
    let [mut first, mut second] = [(); 2].map(|()| definition.restore(None).unwrap());
    assert!(matches!(first.decide(&context(), &trigger()), Err(GuestError::Trap(_))));
    assert_eq!(second.look(), Err(GuestError::Trap("its shared instance was dropped".to_owned())));
    let mut third = definition.restore(None).unwrap();
    drop((first, second));
    third.evolve(&[added(1)]).unwrap();
    assert_eq!(third.look().unwrap().phase, Phase::ALL[1]);
}

#[test]
fn a_fault_in_a_shared_instance_costs_only_the_process_that_reports_it() {
    let mut guest = Guest::process();
    let fault = fault(&mut guest.image, "lost", "no idea");
    guest.answers(&fault);
    let definition = shared(guest, 10);
    let [mut first, mut second] = [(); 2].map(|()| definition.restore(None).unwrap());
    assert!(matches!(first.decide(&context(), &trigger()), Err(GuestError::Fault { .. })));
    assert!(first.look().is_err());
    assert!(second.look().is_ok());
}

#[test]
fn a_full_shared_instance_is_followed_by_another_one() {
    let mut guest = counting_decisions();
    guest.said.sharing = SHARED;
    let definition = shared(guest, 2);
    let [mut first, mut second, mut third] = [(); 3].map(|()| definition.restore(None).unwrap());
    first.decide(&context(), &trigger()).unwrap();
    assert_eq!(second.look().unwrap().phase, Phase::ALL[1], "the second sits with the first");
    assert_eq!(third.look().unwrap().phase, Phase::ALL[0], "the third sits alone");
}

#[test]
fn a_shared_instance_with_little_memory_left_takes_nobody_else() {
    let mut guest = counting_decisions();
    // Nine of the sixteen mebibytes that it wishes for.
    guest.decide = format!("(drop (memory.grow (i32.const 144))) {}", guest.decide);
    guest.said.memory_bytes = Some(16 * 1_024 * 1_024);
    let definition = shared(guest, 10);
    let [mut first, mut second] = [(); 2].map(|()| definition.restore(None).unwrap());
    first.decide(&context(), &trigger()).unwrap();
    assert_eq!(second.look().unwrap().phase, Phase::ALL[1], "who sits there stays");
    let mut third = definition.restore(None).unwrap();
    assert_eq!(third.look().unwrap().phase, Phase::ALL[0], "the third sits elsewhere");
}

#[test]
fn a_shared_instance_forgets_the_processes_that_are_dropped() {
    let definition = shared(Guest { look: "(global.get $dropped)".to_owned(), ..Guest::process() }, 10);
    let [first, second, mut third] = [(); 3].map(|()| definition.restore(None).unwrap());
    assert_eq!(third.look().unwrap().phase, Phase::ALL[0]);
    drop((first, second));
    assert_eq!(third.look().unwrap().phase, Phase::ALL[2]);
}

#[test]
fn shared_instances_are_used_from_many_threads() {
    let definition = shared(Guest::process(), 1_000);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for _ in 0..50 {
                    let mut process = definition.restore(None).unwrap();
                    process.evolve(&[added(1)]).unwrap();
                    assert_eq!(process.look().unwrap().phase, Phase::ALL[1]);
                }
            });
        }
    });
}

#[test]
fn a_fresh_process_never_decides_twice_in_one_instance_and_keeps_its_state() {
    let mut guest = counting_decisions();
    // A second decision of one instance would trap.
    guest.decide = format!("(if (i32.gt_u (global.get $decided) (i32.const 1)) (then unreachable)) {}", guest.decide);
    guest.look = "(i32.load (local.get $process))".to_owned();
    guest.said.sharing = FRESH;
    let mut process = definition(guest).restore(None).unwrap();
    process.evolve(&[added(1)]).unwrap();
    for _ in 0..3 {
        process.decide(&context(), &trigger()).unwrap();
    }
    process.evolve(&[added(2), added(3)]).unwrap();
    process.decide(&context(), &trigger()).unwrap();
    assert_eq!(process.look().unwrap().phase, Phase::ALL[3]);
}

#[test]
fn a_fresh_process_that_trapped_stays_broken_like_any_other() {
    let mut guest = Guest::doing("unreachable");
    guest.said.sharing = FRESH;
    let mut process = definition(guest).restore(None).unwrap();
    assert!(process.decide(&context(), &trigger()).is_err());
    assert!(process.look().is_err());
}

#[test]
fn more_instances_than_there_is_room_for_are_a_limit_and_a_dropped_one_makes_room() {
    let runtime = WasmRuntime::new(Limits { instances_max: 3, ..limits() }, None).unwrap();
    let Role::Process(definition) = runtime.load(&Guest::process().component()).unwrap().role else { panic!("it is a process") };
    let mut held: Vec<_> = (0..3).map(|_| definition.restore(None).unwrap()).collect();
    let error = definition.restore(None).err().unwrap().to_string();
    assert!(error.contains("instances of the whole host"), "{error}");
    held.pop();
    assert!(definition.restore(None).is_ok());
}
