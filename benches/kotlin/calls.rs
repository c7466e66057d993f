//! What calls take in Rust itself, which `cargo xtask kotlin bench` lays beside the same calls from Kotlin.
//!
//! `calls ROOT FILE` writes a line for each call: its name, a tab, nanoseconds.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::fmt::Write as _;
use std::path::Path;

use driftmgr_benches::calls::nanoseconds;
use driftmgr_core::client::{Client, StoredState};

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
    line("state.name", nanoseconds(|| state.name().to_owned()));
    line(
        "state.list",
        nanoseconds(|| texts(&state.list_only(all).unwrap())),
    );
    line("state.inspect", nanoseconds(|| state.inspect()));
    line(
        "State.parse",
        nanoseconds(|| StoredState::parse("bench", &bytes).unwrap()),
    );
    line(
        "client.open",
        nanoseconds(|| runtime.block_on(client.open(root)).unwrap()),
    );
    line(
        "stack.detectDrift",
        nanoseconds(|| runtime.block_on(stack.detect_drift(&options)).unwrap()),
    );
    lines
}

/// Every language gives addresses as texts.
fn texts(addresses: &[impl ToString]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}
