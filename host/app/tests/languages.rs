//! The order in five languages: each component keeps to the contract and does what the others do, and all of them run in one host.
//! How each SDK writes a process is tested beside that SDK; what is here sees components alone.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use procession::engine::ports::definition::{Module, Runtime as _};
use procession_componentize::encode;
use procession_wasm::{Limits, WasmRuntime};
use procession_workbench::run;
use procession_workbench::scenario::File;
use serde_json::{Value, json};
use support::api::Api;
use support::server::Folders;
use support::until;

const LANGUAGES: [&str; 5] = ["rust", "javascript", "python", "c", "go"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The languages whose order was built. What is missing is said aloud, and a build machine must have it all.
fn built() -> Vec<(&'static str, PathBuf)> {
    let folder = std::env::var_os("PROCESSION_GUESTS").map_or_else(|| root().join("guest-processes/dist"), PathBuf::from);
    let all = LANGUAGES.map(|language| (language, folder.join(format!("order-{language}-1.0.wasm"))));
    let (there, missing): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, file)| file.is_file());
    for (language, file) in &missing {
        let text = format!("the order in {language} is not tested: {} is missing, `make guests-all` makes it", file.display());
        assert!(std::env::var_os("CI").is_none(), "{text}");
        eprintln!("SKIPPED: {text}");
    }
    assert!(there.iter().any(|(language, _)| *language == "rust"), "not even the order in Rust is there: run `make guests`");
    there
}

/// The module, loaded as a deploy would.
fn load(file: &Path) -> Module {
    let runtime = WasmRuntime::new(Limits::default(), None).unwrap();
    runtime.load(&std::fs::read(file).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Plays scenarios, and tells every one that failed.
fn play(language: &str, module: &Module, scenarios: &Value) {
    let file = File::parse(scenarios.to_string().as_bytes()).unwrap();
    let outcomes = run::file(module, &file, "");
    let failed: String = outcomes.iter().filter(|outcome| outcome.failure.is_some()).map(run::lines).collect();
    assert!(failed.is_empty(), "in {language}:\n{failed}");
    assert_eq!(outcomes.len(), scenarios["scenarios"].as_array().unwrap().len());
}

#[test]
fn no_component_imports_anything_but_the_types_of_the_contract() {
    for (language, file) in built() {
        encode::check(&std::fs::read(file).unwrap()).unwrap_or_else(|error| panic!("in {language}: {error:#}"));
    }
}

/// What an order does, and the ids that it draws. Each scenario asks twice, in two instances.
#[test]
fn the_order_does_the_same_and_draws_the_same_ids_in_every_language() {
    let [scenarios, samples] = ["guest-processes/order/scenarios.json", "sdk/ids.json"].map(read);
    let ids = for_each_seed(samples["samples"].as_array().unwrap());
    let long = asked_for_long();
    for (language, file) in built() {
        let module = load(&file);
        play(language, &module, &scenarios);
        play(language, &module, &ids);
        play(language, &module, &long);
    }
}

/// So much for one instance that whoever collects garbage has to do it in between.
fn asked_for_long() -> Value {
    let note = "x".repeat(200_000);
    let refused = json!({
        "when": { "message": { "kind": "PayOrder", "data": { "amount": 29, "note": note } } },
        "then": { "rejected": { "code": "wrong-amount" } },
    });
    let mut steps = vec![json!({ "when": { "start": { "kind": "PlaceOrder", "data": { "item": "book", "amount": 30 } } } })];
    steps.extend(std::iter::repeat_n(refused, 20));
    json!({ "scenarios": [{ "name": "an instance is asked for long", "steps": steps }] })
}

fn read(file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(root().join(file)).unwrap()).unwrap()
}

/// A scenario for each seed, with the id that it must give.
fn for_each_seed(samples: &[Value]) -> Value {
    let ids: BTreeSet<&str> = samples.iter().map(|sample| sample["ids"][0].as_str().unwrap()).collect();
    assert!(ids.len() == samples.len() && ids.len() > 3, "the samples do not tell one seed from another");
    let placed = |sample: &Value| {
        let reference = format!("order-{}", sample["ids"][0].as_str().unwrap());
        json!({
            "name": format!("seed {}", sample["seed"]),
            "seed": sample["seed"],
            "when": { "start": { "kind": "PlaceOrder", "data": { "item": "book", "amount": 30 } } },
            "then": { "events": [{ "kind": "OrderPlaced", "data": { "reference": reference, "item": "book", "amount": 30, "payBy": "*" } }] },
        })
    };
    json!({ "scenarios": samples.iter().map(placed).collect::<Vec<_>>() })
}

/// Begins an order on the definition of one language.
async fn place(api: &Api, id: &str, language: &str, payment_within_ms: u64) {
    let data = json!({ "item": format!("book in {language}"), "amount": 30, "paymentWithinMs": payment_within_ms });
    let body = json!({ "kind": "PlaceOrder", "category": format!("order-{language}-1.0"), "data": data });
    let answer = api.post(&format!("/processes/{id}"), &body.to_string()).await;
    assert_eq!((answer.status, answer.json()["category"].as_str()), (202, Some(&*format!("order-{language}-1.0"))), "{answer:?}");
}

async fn tell(api: &Api, id: &str, kind: &str, data: Value, status: u16) -> Value {
    let answer = api.post(&format!("/processes/{id}"), &json!({ "kind": kind, "data": data }).to_string()).await;
    assert_eq!(answer.status, status, "{kind} to {id}: {answer:?}");
    answer.json()
}

/// Waits for an end, and answers with the kinds of what was recorded.
async fn ended(api: &Api, id: &str, phase: &str, step: &str) -> (Value, Vec<String>) {
    let process = until(&format!("the end of {id}"), || async {
        let process = api.get(&format!("/processes/{id}")).await.json();
        (process["phase"] != "running").then_some(process)
    })
    .await;
    assert_eq!((process["phase"].as_str(), process["step"].as_str()), (Some(phase), Some(step)), "{id}: {process}");
    let kinds = api.history(id).await.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect();
    (process["outcome"].clone(), kinds)
}

/// Every step is taken in all languages before the next one, so that the processes of all of them are under way together.
#[tokio::test]
async fn orders_in_all_languages_run_side_by_side_in_one_host() {
    const DAY_MS: u64 = 86_400_000;
    let languages: Vec<&str> = built().into_iter().map(|(language, _)| language).collect();
    let names: Vec<String> = languages.iter().map(|language| format!("order-{language}-1.0")).collect();
    let folders = Folders::with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let server = folders.serve(&[]);
    let api = server.api();

    for language in &languages {
        place(&api, &format!("{language}-shipped"), language, DAY_MS).await;
        place(&api, &format!("{language}-cancelled"), language, DAY_MS).await;
        place(&api, &format!("{language}-waiting"), language, DAY_MS).await;
        // The clock of a server cannot be set, but the time to pay is said by the order.
        place(&api, &format!("{language}-unpaid"), language, 0).await;
    }
    for language in &languages {
        let wrong = tell(&api, &format!("{language}-shipped"), "PayOrder", json!({ "amount": 29 }), 422).await;
        assert!(wrong.to_string().contains("the order costs 30, not 29"), "{language}: {wrong}");
        tell(&api, &format!("{language}-cancelled"), "CancelOrder", json!({ "reason": "too dear" }), 202).await;
        let early = tell(&api, &format!("{language}-waiting"), "ShipOrder", json!({ "reference": "early" }), 202).await;
        assert_eq!(early["status"], "waiting", "{language}: {early}");
    }
    for language in &languages {
        tell(&api, &format!("{language}-shipped"), "PayOrder", json!({ "amount": 30 }), 202).await;
        tell(&api, &format!("{language}-shipped"), "ShipOrder", json!({ "reference": "now" }), 202).await;
        // What waited is offered again by itself.
        tell(&api, &format!("{language}-waiting"), "PayOrder", json!({ "amount": 30 }), 202).await;
    }
    let mut references = BTreeSet::new();
    for language in &languages {
        for how in ["shipped", "waiting"] {
            let (outcome, kinds) = ended(&api, &format!("{language}-{how}"), "completed", "shipped").await;
            assert_eq!(kinds, ["OrderPlaced", "OrderPaid", "OrderShipped"], "{language}-{how}");
            references.insert(outcome["reference"].as_str().unwrap().to_owned());
        }
        let (outcome, kinds) = ended(&api, &format!("{language}-cancelled"), "cancelled", "cancelled").await;
        assert_eq!((outcome, kinds.join(" ")), (json!({ "reason": "too dear" }), "OrderPlaced OrderCancelled".to_owned()), "{language}");
        let (outcome, kinds) = ended(&api, &format!("{language}-unpaid"), "failed", "unpaid").await;
        assert_eq!((outcome, kinds.join(" ")), (json!({ "reason": "not paid in time" }), "OrderPlaced OrderCancelled".to_owned()));
    }
    assert_eq!(references.len(), 2 * languages.len(), "an id was drawn twice: {references:?}");
    for name in &names {
        let definition = api.get(&format!("/definitions/{name}")).await.json();
        let told = ["state", "finished", "pending", "warning"].map(|field| definition[field].to_string());
        assert_eq!(told, ["\"active\"", "4", "0", "null"], "{definition}");
    }
    server.stop();
}
