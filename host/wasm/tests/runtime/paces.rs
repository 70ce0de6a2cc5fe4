//! How long a call may take where others wait for the same thread, and where nobody does.

use procession_engine::model::json::Json;
use procession_engine::model::view::Phase;
use procession_engine::ports::definition::{GuestError, Pace, Role, Runtime};
use procession_guests::Record;
use procession_wasm::{Limits, WasmRuntime};

use crate::calls::{added, context, message, trigger};
use crate::guest::{Guest, limits};

/// Spends about 550,000 units of fuel.
const SPEND: &str = "(i32.store (i32.const 128) (i32.const 0))
    (loop $more
        (i32.store (i32.const 128) (i32.add (i32.load (i32.const 128)) (i32.const 1)))
        (br_if $more (i32.lt_u (i32.load (i32.const 128)) (i32.const 50000))))";

fn role(guest: Guest) -> Role {
    let limits = Limits { fuel_per_slice: 100_000, ..limits() };
    WasmRuntime::new(limits, None).expect("a sandbox").load(&guest.component()).expect("it loads").role
}

fn slow_to_decide(sharing: u8) -> Guest {
    let mut guest = Guest::process();
    guest.said.sharing = sharing;
    guest.decide = format!("{SPEND} {}", guest.decide);
    guest
}

#[test]
fn a_call_that_takes_longer_than_a_slice_is_cut_off_and_comes_to_its_end_at_its_whole_pace() {
    for sharing in 0..3 {
        let Role::Process(definition) = role(slow_to_decide(sharing)) else { panic!("it is a process") };
        let mut process = definition.restore_at(None, Pace::Slice).unwrap();
        process.evolve(&[added(1)]).unwrap();
        assert_eq!(process.decide(&context(), &trigger()), Err(GuestError::Overlong), "sharing {sharing}");
        assert!(process.look().is_err(), "after it was cut off the instance is gone");

        let mut again = definition.restore_apart(None, Pace::Whole).unwrap();
        again.evolve(&[added(1)]).unwrap();
        again.decide(&context(), &trigger()).unwrap();
        again.set_pace(Pace::Slice);
        assert_eq!(again.look().unwrap().phase, Phase::ALL[1]);
        assert_eq!(again.decide(&context(), &trigger()), Err(GuestError::Overlong), "sharing {sharing}");
    }
}

#[test]
fn an_endless_loop_is_over_its_limit_only_at_its_whole_pace() {
    let Role::Process(definition) = role(Guest::doing("(call $busy) unreachable")) else { panic!("it is a process") };
    let decided = |pace| definition.restore_at(None, pace).unwrap().decide(&context(), &trigger()).unwrap_err();
    assert_eq!(decided(Pace::Slice), GuestError::Overlong);
    assert!(decided(Pace::Whole).to_string().contains("fuel: a call may use 1000000"));
}

#[test]
fn a_wish_for_less_than_a_slice_is_a_limit_at_any_pace() {
    let mut guest = Guest::doing("(call $busy) unreachable");
    guest.said.fuel_per_call = Some(50_000);
    let Role::Process(definition) = role(guest) else { panic!("it is a process") };
    for pace in [Pace::Slice, Pace::Whole] {
        let error = definition.restore_at(None, pace).unwrap().decide(&context(), &trigger()).unwrap_err().to_string();
        assert!(error.contains("a call may use 50000"), "{error}");
    }
}

#[test]
fn routers_and_adapters_are_cut_off_in_the_same_way() {
    let slow = |world: &'static str, length: usize| {
        let guest = Guest::stranger(world, |_| Record::new(length));
        Guest { other: format!("{SPEND} {}", guest.other), ..guest }
    };
    let Role::Router(router) = role(slow("router", 28)) else { panic!("it is a router") };
    let asked = |pace| router.classify(&Json::null(), &context(), &message(), &[], pace).err();
    assert_eq!(asked(Pace::Slice), Some(GuestError::Overlong));
    assert!(matches!(asked(Pace::Whole), Some(GuestError::Contract(_))), "it names no category");
    let Role::Adapter(adapter) = role(slow("adapter", 20)) else { panic!("it is an adapter") };
    let asked = |pace| adapter.handle(&Json::null(), &context(), &message(), pace).err();
    assert_eq!(asked(Pace::Slice), Some(GuestError::Overlong));
    assert_eq!(asked(Pace::Whole), None);
}
