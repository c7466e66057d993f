//! Opening a state and answering the first question, beside parsing the same bytes into `serde_json::Value`.
//!
//! `cargo bench -p driftmgr-benches --bench state`

#![allow(missing_docs, clippy::unwrap_used)]

use divan::counter::BytesCount;
use driftmgr_benches::states::synthetic_state;
use driftmgr_core::state::State;

const INSTANCES: [usize; 2] = [3_000, 30_000];

fn main() {
    divan::main();
}

#[divan::bench(args = INSTANCES)]
fn driftmgr(bencher: divan::Bencher<'_, '_>, instances: usize) {
    let bytes = synthetic_state(instances);
    bencher.counter(BytesCount::of_slice(&bytes)).bench(|| {
        let state = State::parse(divan::black_box(&bytes)).unwrap();
        state
            .resources
            .iter()
            .map(|r| r.instances.len())
            .sum::<usize>()
    });
}

#[divan::bench(args = INSTANCES)]
fn serde_json_value(bencher: divan::Bencher<'_, '_>, instances: usize) {
    let bytes = synthetic_state(instances);
    bencher.counter(BytesCount::of_slice(&bytes)).bench(|| {
        let state: serde_json::Value = serde_json::from_slice(divan::black_box(&bytes)).unwrap();
        state["resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["instances"].as_array().unwrap().len())
            .sum::<usize>()
    });
}
