//! One question, two programs: do 1,000 instances still exist as the state says? `driftmgr check` beside `terraform plan -refresh-only`, in
//! turn, on the same folder with the same provider binary.
//!
//! `cargo xtask tools && cargo bench -p driftmgr-benches --bench refresh`

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const INSTANCES: usize = 1_000;
const PAIRS: usize = 5;

fn main() {
    // `cargo test --benches` asks for a quick pass: there is nothing to measure then.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let tools = Tools::find();
    let lab = tempfile::tempdir().expect("a temporary folder");
    prepare(&tools, lab.path());

    let driftmgr = PathBuf::from(
        std::env::var_os("DRIFTMGR_BIN").expect("DRIFTMGR_BIN names the release build of driftmgr"),
    );
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for pair in 0..=PAIRS {
        let a = time(
            Command::new(&driftmgr)
                .args(["check", "."])
                .current_dir(lab.path()),
        );
        let b = time(
            tools
                .terraform(lab.path())
                .args(["plan", "-refresh-only", "-no-color"]),
        );
        // The first pair warms the caches of both.
        if pair > 0 {
            ours.push(a);
            theirs.push(b);
        }
    }
    let ratios: Vec<f64> = ours
        .iter()
        .zip(&theirs)
        .map(|(a, b)| a.as_secs_f64() / b.as_secs_f64())
        .collect();
    println!("{INSTANCES} instances, {PAIRS} pairs        min     median        max");
    print_row(
        "driftmgr check, s",
        ours.iter().map(Duration::as_secs_f64).collect(),
    );
    print_row(
        "terraform -refresh-only, s",
        theirs.iter().map(Duration::as_secs_f64).collect(),
    );
    print_row("ratio", ratios);
}

fn print_row(name: &str, mut figures: Vec<f64>) {
    figures.sort_by(f64::total_cmp);
    println!(
        "{name:<28} {:>8.3}   {:>8.3}   {:>8.3}",
        figures[0],
        figures[figures.len() / 2],
        figures[figures.len() - 1]
    );
}

fn time(command: &mut Command) -> Duration {
    let start = Instant::now();
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the program starts");
    assert!(status.success(), "{command:?} failed: {status}");
    start.elapsed()
}

struct Tools {
    dir: PathBuf,
}

impl Tools {
    fn find() -> Self {
        let dir = std::env::var_os("DRIFTMGR_TOOLS_DIR")
            .map(PathBuf::from)
            .unwrap_or_else(|| {
                PathBuf::from(std::env::var_os("HOME").expect("a home folder"))
                    .join(".cache/driftmgr/tools")
            });
        assert!(
            dir.join("terraform.rc").exists(),
            "run `cargo xtask tools` first: nothing at {}",
            dir.display()
        );
        Self { dir }
    }

    fn terraform(&self, dir: &Path) -> Command {
        let mut command = Command::new(self.dir.join("bin/terraform"));
        command
            .current_dir(dir)
            .env("TF_CLI_CONFIG_FILE", self.dir.join("terraform.rc"))
            .env("CHECKPOINT_DISABLE", "1");
        command
    }
}

fn prepare(tools: &Tools, dir: &Path) {
    let main = format!(
        r#"
terraform {{
  required_providers {{
    cloudsix = {{ source = "registry.terraform.io/driftmgr/cloudsix" }}
  }}
}}

provider "cloudsix" {{
  cloud = "{}"
}}

resource "cloudsix_note" "many" {{
  count = {INSTANCES}
  name  = "note-${{count.index}}"
  text  = "number ${{count.index}}"
}}
"#,
        dir.join("cloud.json").display()
    );
    std::fs::write(dir.join("main.tf"), main).expect("the configuration is written");
    time(tools.terraform(dir).args(["init", "-no-color"]));
    time(
        tools
            .terraform(dir)
            .args(["apply", "-auto-approve", "-no-color", "-parallelism=1"]),
    );
}
