//! driftmgr beside the programs it stands in for, run in turn on the same machine and the same input. Prints the rows of
//! `docs/benchmarks.md`.
//!
//! `cargo xtask tools && cargo build --release && DRIFTMGR_BIN=target/release/driftmgr cargo bench -p driftmgr-benches --bench peers -- [ROW…]`

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod comparing;
mod fleet;
mod listing;
mod refresh;
mod schema;
mod start;

/// A row of the table, or several, by name.
type Row = (&'static str, fn());

const ROWS: &[Row] = &[
    ("list", listing::rows),
    ("files", refresh::files),
    ("slow", refresh::slow),
    ("aws", refresh::aws),
    ("fleet", fleet::rows),
    ("schema", schema::rows),
    ("start", start::rows),
    ("compare", comparing::rows),
];

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    // `cargo test --benches` asks for a quick pass: there is nothing to measure then.
    if wanted.iter().any(|a| a == "--test") {
        return;
    }
    if let [child, rest @ ..] = &wanted[..]
        && child == schema::CHILD
    {
        return schema::child(rest);
    }
    if let Some(unknown) = wanted
        .iter()
        .find(|w| ROWS.iter().all(|(name, _)| name != w))
    {
        let names: Vec<_> = ROWS.iter().map(|(name, _)| *name).collect();
        panic!("there is no row {unknown}, but {}", names.join(", "));
    }
    println!("| what | driftmgr | beside | ratio, median of pairs | goal |\n|---|---|---|---|---|");
    for (name, row) in ROWS {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            row();
        }
    }
}
