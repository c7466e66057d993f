//! From the start of the program to its first finding, among 1,000 files of which one is gone.

use driftmgr_benches::measure::{Usage, driftmgr, until};
use driftmgr_benches::programs::Programs;
use driftmgr_benches::states::file_module;
use driftmgr_benches::table::pairs;

use crate::refresh::{init, plan};

pub(crate) fn rows() {
    let programs = Programs::find();
    let lab = tempfile::tempdir().unwrap();
    file_module(lab.path(), 1_000).unwrap();
    init(&programs, lab.path());
    std::fs::remove_file(lab.path().join("out/0.txt")).unwrap();
    let first = |wall: std::time::Duration| Usage {
        wall: wall.as_secs_f64(),
        ..Usage::default()
    };
    let ours = || {
        let mut command = driftmgr();
        programs.surround(&mut command, lab.path());
        until(
            command.args(["drift", ".", "--format", "ndjson"]),
            "local_file.many[0]",
        )
    };
    let theirs = || {
        let mut command = plan(&programs, lab.path());
        until(command.arg("-json"), "\"type\":\"resource_drift\"")
    };
    let measured = pairs(5, || first(ours()), || first(theirs()));
    println!(
        "{}",
        measured.row(
            "start to first finding, 1,000 files",
            "`drift --format ndjson`",
            "`terraform plan -refresh-only -json`",
            "none set"
        )
    );
}
