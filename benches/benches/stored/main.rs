//! 10,000 states in a bucket: listed and read by the library, beside the same requests by the bare client, and beside one Terraform process for each.
//! Prints the rows of `docs/benchmarks.md`.
//!
//! `cargo xtask tools && cargo xtask tools --only minio && cargo bench --workspace -p driftmgr-benches --bench stored -- [ROW…]`
//! `DRIFTMGR_BENCH_STATES` sets another number of states.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod bucket;
mod sides;

use std::path::Path;
use std::process::Command;

use driftmgr_benches::measure::{Usage, run};
use driftmgr_benches::programs::Programs;
use driftmgr_benches::table::pairs;

use crate::bucket::{Bucket, KEY, USER, name};
use crate::sides::CHILD;

const ROUNDS: usize = 3;
/// The peer takes a second for each.
const BESIDE_TERRAFORM: usize = 100;

const ROWS: &[&str] = &["cold", "revalidated", "fresh", "terraform"];

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    // `cargo test --benches` asks for a quick pass: there is nothing to measure then.
    if args.iter().any(|a| a == "--test") {
        return;
    }
    if let [child, rest @ ..] = &args[..]
        && child == CHILD
    {
        return sides::child(rest);
    }
    if let Some(unknown) = args.iter().find(|a| !ROWS.contains(&a.as_str())) {
        panic!("there is no row {unknown}, but {}", ROWS.join(", "));
    }
    let wanted = |row: &str| args.is_empty() || args.iter().any(|a| a == row);
    let states = std::env::var("DRIFTMGR_BENCH_STATES");
    let states: usize = states.map_or(10_000, |n| n.parse().expect("a number of states"));
    let programs = Programs::find();
    let bucket = Bucket::filled(&programs, states);
    let bytes = bucket.bytes;
    println!(
        "{states} states, {:.0} MB, the largest {:.2} MB, {} list requests (1 for each 1,000 keys)\n",
        bytes as f64 / 1e6,
        bucket.largest as f64 / 1e6,
        bucket.list_requests()
    );
    println!("| what | driftmgr | beside | ratio, median of pairs | goal |\n|---|---|---|---|---|");
    let bare = || run(&mut side(&bucket, "bare", states, None), &[0]);
    let what = |how: &str| format!("list and read {states} states in a bucket, {how}");
    let peer = "the same requests by `aws-sdk-s3`";
    if wanted("cold") {
        let ours = || run(&mut side(&bucket, "plain", states, None), &[0]);
        let row = pairs(ROUNDS, ours, bare).row(&what("cold"), "64 at a time", peer, "1.2 wall");
        println!("{row}");
    }
    let folder = tempfile::tempdir().unwrap();
    if wanted("revalidated") || wanted("fresh") {
        run(&mut side(&bucket, "ask", states, Some(folder.path())), &[0]);
    }
    for (row, how) in [
        ("revalidated", "known on disk, each asked for by its ETag"),
        ("fresh", "known on disk, not asked for"),
    ] {
        if wanted(row) {
            let side_of = if row == "fresh" { "trust" } else { "ask" };
            let ours = || {
                run(
                    &mut side(&bucket, side_of, states, Some(folder.path())),
                    &[0],
                )
            };
            println!(
                "{}",
                pairs(ROUNDS, ours, bare).row(&what(how), "64 at a time", peer, "")
            );
        }
    }
    if wanted("terraform") {
        let some = BESIDE_TERRAFORM.min(states);
        let lab = tempfile::tempdir().unwrap();
        prepare(&programs, &bucket, lab.path());
        let ours = || run(&mut side(&bucket, "plain", some, None), &[0]);
        let theirs = || {
            let each = (0..some).map(|n| run(&mut pull(&programs, lab.path(), n), &[0]));
            each.fold(Usage::default(), Usage::then)
        };
        let what = format!("list {states} states and read {some}");
        let peer = format!("{some}x `terraform state pull`");
        println!(
            "{}",
            pairs(1, ours, theirs).row(&what, "one process", &peer, "")
        );
    }
}

/// A side in a process of its own, so that its memory is its own.
fn side(bucket: &Bucket, side: &str, states: usize, folder: Option<&Path>) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([CHILD, side, &bucket.url()]);
    command.args([states.to_string(), bucket.bytes_of(states).to_string()]);
    command.args(folder);
    command
}

/// A root module whose states are those of the bucket.
fn prepare(programs: &Programs, bucket: &Bucket, dir: &Path) {
    let module = format!(
        r#"terraform {{
  backend "s3" {{
    bucket                      = "{bucket_name}"
    key                         = "{KEY}"
    region                      = "us-east-1"
    access_key                  = "{USER}"
    secret_key                  = "{USER}"
    endpoints                   = {{ s3 = "{url}" }}
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
  }}
}}
"#,
        bucket_name = bucket::BUCKET,
        url = bucket.url(),
    );
    std::fs::write(dir.join("main.tf"), module).unwrap();
    let mut init = programs.peer("terraform", dir);
    run(init.args(["init", "-input=false"]), &[0]);
}

fn pull(programs: &Programs, dir: &Path, n: usize) -> Command {
    let mut command = programs.peer("terraform", dir);
    command.args(["state", "pull"]).env("TF_WORKSPACE", name(n));
    command
}
