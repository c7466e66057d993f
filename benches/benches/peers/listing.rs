//! Which resources are in a state of 10 MB and of 100 MB?

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::process::Command;

use driftmgr_benches::measure::{driftmgr, run};
use driftmgr_benches::programs::Programs;
use driftmgr_benches::states::write_synthetic_state;
use driftmgr_benches::table::pairs;

/// With the size of a state that has so many instances, in megabytes.
const SIZES: [(usize, &str); 2] = [(3_800, "10 MB"), (38_000, "100 MB")];

pub(crate) fn rows() {
    let programs = Programs::find();
    for (instances, size) in SIZES {
        let lab = tempfile::tempdir().unwrap();
        let file = lab.path().join("listed.tfstate");
        let mut out = BufWriter::new(File::create(&file).unwrap());
        write_synthetic_state(&mut out, instances, usize::MAX).unwrap();
        out.flush().unwrap();
        let ours = || {
            let mut command = driftmgr();
            command.args(["state", "list", "--file"]).arg(&file);
            command
        };
        for peer in ["terraform", "tofu"] {
            let theirs = || {
                let mut command = programs.peer(peer, lab.path());
                command
                    .args(["state", "list"])
                    .arg(format!("-state={}", file.display()));
                command
            };
            assert_eq!(lines(ours()), lines(theirs()), "both list the same");
            let measured = pairs(5, || run(&mut ours(), &[0]), || run(&mut theirs(), &[0]));
            println!(
                "{}",
                measured.row(
                    &format!(
                        "list a state of {size}, {} bytes",
                        std::fs::metadata(&file).unwrap().len()
                    ),
                    "`state list`",
                    &format!("`{peer} state list`"),
                    "0.05 CPU, 1.3x the file in memory",
                )
            );
        }
    }
}

fn lines(mut command: Command) -> Vec<String> {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}
