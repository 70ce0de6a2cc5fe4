//! What is done with JSON: a document is checked once when it comes in, and never read again by the engine; a guest reads it into its own types.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use procession_engine::model::json::Json;
use serde_json::{Value, json};

fn documents(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("JSON");
    for legs in [1, 40, 1_600] {
        let text = document(legs).to_string();
        group.throughput(Throughput::Bytes(text.len() as u64));
        let size = format!("{} bytes", text.len());
        group.bench_function(BenchmarkId::new("checked", &size), |bencher| {
            bencher.iter(|| Json::parse(black_box(text.as_str())).expect("it is JSON"));
        });
        group.bench_function(BenchmarkId::new("read into a tree, for comparison", &size), |bencher| {
            bencher.iter(|| serde_json::from_str::<Value>(black_box(&text)).expect("it is JSON"));
        });
    }
    group.finish();
}

fn document(legs: usize) -> Value {
    let leg = json!({"shipmentId": "12EEQ9CS9K10-1", "carrierId": "DPD", "carrierReference": "DPD-1a2b3c4d", "weightKg": 12.5, "labels": ["a", "ü"]});
    json!({"legs": vec![leg; legs]})
}

criterion_group!(benches, documents);
criterion_main!(benches);
