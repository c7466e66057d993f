//! What the calls that bindings are measured by cost in Rust itself: `calls FILE` prints nanoseconds as JSON.
//!
//! `benches/python/bench.py` runs it beside the same calls in Python.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr
)]

use std::hint::black_box;

use driftmgr_benches::calls::nanoseconds;
use driftmgr_core::client::StoredState;

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let Some(file) = words.next() else {
        return eprintln!("usage: calls FILE");
    };
    let bytes = std::fs::read(file).unwrap();
    let state = StoredState::parse("state", &bytes).unwrap();
    let names = |state: &StoredState| -> Vec<String> {
        state.list().iter().map(ToString::to_string).collect()
    };
    println!(
        "{}",
        serde_json::json!({
            "serial": nanoseconds(|| black_box(&state).state().serial),
            "list": nanoseconds(|| names(black_box(&state))),
            "parse": nanoseconds(|| StoredState::parse("state", black_box(&bytes)).unwrap()),
            "addresses": names(&state).len(),
        })
    );
}
