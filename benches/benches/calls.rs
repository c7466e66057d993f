//! What the calls that bindings are measured by cost in Rust itself: `calls FILE CALLS` prints nanoseconds as JSON.
//!
//! `benches/python/bench.py` runs it beside the same calls in Python.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr
)]

use std::hint::black_box;
use std::time::Instant;

use driftmgr_core::client::StoredState;

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let (Some(file), Some(calls)) = (words.next(), words.next()) else {
        return eprintln!("usage: calls FILE CALLS");
    };
    let calls: u32 = calls.parse().unwrap();
    let bytes = std::fs::read(file).unwrap();
    let state = StoredState::parse("state", &bytes).unwrap();
    let names = |state: &StoredState| -> Vec<String> {
        state.list().iter().map(ToString::to_string).collect()
    };
    println!(
        "{}",
        serde_json::json!({
            "serial": each(calls * 100, || black_box(&state).state().serial),
            "list": each(calls, || names(black_box(&state))),
            "parse": each(calls, || StoredState::parse("state", black_box(&bytes)).unwrap()),
            "addresses": names(&state).len(),
        })
    );
}

/// Nanoseconds of one call.
fn each<T>(calls: u32, work: impl Fn() -> T) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        black_box(work());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}
