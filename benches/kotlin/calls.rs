//! What calls take in Rust itself, which `cargo xtask kotlin bench` lays beside the same calls from Kotlin.
//!
//! `calls ROOT FILE` writes a line for each call: its name, a tab, nanoseconds.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use driftmgr_core::client::{Client, StoredState};

const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(50);

fn main() {
    // Cargo adds flags of its own.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let (Some(root), Some(file)) = (words.next(), words.next()) else {
        println!("Left out: it takes the folder of a root module, and a file to write.");
        return;
    };
    std::fs::write(file, measured(&root)).unwrap();
}

fn measured(root: &str) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bytes = std::fs::read(Path::new(root).join("terraform.tfstate")).unwrap();
    let state = StoredState::parse("bench", &bytes).unwrap();
    let client = Client::builder().build().unwrap();
    let stack = runtime.block_on(client.open(root)).unwrap();
    let mut options = client.drift_options();
    options.plugins = false;

    let all: &[&str] = &[];
    let mut lines = String::new();
    let mut line = |name: &str, nanoseconds: f64| {
        writeln!(lines, "{name}\t{nanoseconds:.0}").unwrap();
    };
    line("state.name", timed(|| state.name().to_owned()));
    line(
        "state.list",
        timed(|| texts(&state.list_only(all).unwrap())),
    );
    line("state.inspect", timed(|| state.inspect()));
    line(
        "State.parse",
        timed(|| StoredState::parse("bench", &bytes).unwrap()),
    );
    line(
        "client.open",
        timed(|| runtime.block_on(client.open(root)).unwrap()),
    );
    line(
        "stack.detectDrift",
        timed(|| runtime.block_on(stack.detect_drift(&options)).unwrap()),
    );
    lines
}

/// Every language gives addresses as texts.
fn texts(addresses: &[impl ToString]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

/// Nanoseconds of a call: the median of several rounds, each of many calls.
fn timed<T>(call: impl Fn() -> T) -> f64 {
    let mut calls = 1_u32;
    // Also what warms up.
    while round(&call, calls) < ROUND {
        calls = calls.saturating_mul(2);
    }
    let mut rounds: Vec<Duration> = (0..ROUNDS).map(|_| round(&call, calls)).collect();
    rounds.sort_unstable();
    rounds.get(ROUNDS / 2).unwrap().as_secs_f64() * 1e9 / f64::from(calls)
}

fn round<T>(call: &impl Fn() -> T, calls: u32) -> Duration {
    let begun = Instant::now();
    for _ in 0..calls {
        black_box(call());
    }
    begun.elapsed()
}
