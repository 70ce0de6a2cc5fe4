//! Routers and adapters.

use procession_engine::model::decision::RejectionReason;
use procession_engine::model::id::Category;
use procession_engine::model::json::Json;
use procession_engine::ports::definition::{GuestError, LoadError, Pace, Role, Runtime};

use crate::calls::{context, message};
use crate::guest::{Guest, Said, fault, runtime};
use procession_guests::{Image, Record};

fn classify(guest: Guest) -> Result<Result<String, RejectionReason>, GuestError> {
    let Role::Router(router) = runtime().load(&guest.component()).expect("it loads").role else { panic!("it is a router") };
    let loaded = [Category::parse("counter-1.0").expect("a category")];
    let answer = router.classify(&Json::parse("{}").expect("JSON"), &context(), &message(), &loaded, Pace::Whole)?;
    Ok(answer.map(|start| format!("{} {} {}", start.category, start.kind, start.data.as_str())).map_err(|rejection| rejection.reason))
}

fn start(image: &mut Image, category: &str, kind: &str, data: &str) -> Record {
    Record::new(28).span(4, image.text(category)).span(12, image.text(kind)).span(20, image.text(data))
}

#[test]
fn a_router_chooses_a_category_or_a_bare_name() {
    for category in ["counter", "counter-1.0"] {
        let answer = classify(Guest::stranger("router", |image| start(image, category, "Start", "[1]")));
        assert_eq!(answer, Ok(Ok(format!("{category} Start [1]"))));
    }
}

#[test]
fn a_router_may_turn_a_request_down() {
    let answer = classify(Guest::stranger("router", |image| {
        Record::new(28).byte(0, 1).byte(4, 1).span(8, image.text("no")).span(16, image.text("no"))
    }));
    assert_eq!(answer, Ok(Err(RejectionReason::NotApplicable)));
}

#[test]
fn a_router_that_chooses_nonsense_breaks_its_contract() {
    for (category, kind, data) in [("no good", "Start", "1"), ("", "Start", "1"), ("counter", "not good", "1"), ("counter", "Start", "{")] {
        let answer = classify(Guest::stranger("router", |image| start(image, category, kind, data)));
        assert!(matches!(answer, Err(GuestError::Contract(_))), "{category:?} {kind:?} {data:?}: {answer:?}");
    }
}

#[test]
fn an_adapter_answers_with_replies_and_is_used_again_and_again() {
    let guest = Guest::stranger("adapter", |image| {
        let reply = Record::new(24).span(0, image.text("Tell")).span(8, image.text("true")).long(16, 250);
        Record::new(20).span(4, image.list(&[reply]))
    });
    let Role::Adapter(adapter) = runtime().load(&guest.component()).unwrap().role else { panic!("it is an adapter") };
    for _ in 0..100 {
        let replies = adapter.handle(&Json::null(), &context(), &message(), Pace::Whole).unwrap();
        assert_eq!((replies[0].kind.as_str(), replies[0].data.as_str(), replies[0].after_ms), ("Tell", "true", 250));
    }
}

#[test]
fn an_adapter_that_fails_is_asked_in_a_new_instance_next_time() {
    let mut failing = Guest::stranger("adapter", |image| fault(image, "away", "nobody answers"));
    let answer = failing.image.record(&Record::new(20));
    // The first call of every instance succeeds, the second one traps, so a reused instance would be told by its error.
    failing.other = format!(
        "(global.set $decided (i32.add (global.get $decided) (i32.const 1)))
         (if (i32.eq (global.get $decided) (i32.const 2)) (then unreachable)) (i32.const {answer})"
    );
    let Role::Adapter(adapter) = runtime().load(&failing.component()).unwrap().role else { panic!("it is an adapter") };
    let worked: Vec<bool> = (0..4).map(|_| adapter.handle(&Json::null(), &context(), &message(), Pace::Whole).is_ok()).collect();
    assert_eq!(worked, [true, false, true, false]);
}

#[test]
fn a_router_or_adapter_with_a_stream_or_without_work_is_refused() {
    for (said, complaint) in [
        (Said { suffix: Some("Process".to_owned()), ..Said::stranger() }, "writes no stream"),
        (Said { handles: vec![], ..Said::stranger() }, "`handles` is empty"),
    ] {
        for world in ["router", "adapter"] {
            let guest = Guest { said: said.clone(), ..Guest::stranger(world, |_| Record::new(28)) };
            let Some(LoadError::Manifest(reason)) = runtime().load(&guest.component()).err() else { panic!("{complaint}") };
            assert!(reason.contains(complaint), "{reason:?} does not say {complaint:?}");
        }
    }
}
