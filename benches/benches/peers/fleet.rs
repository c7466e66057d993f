//! Are a hundred states of ten objects true? One run, beside one run of the peer for each.

use std::path::Path;

use driftmgr_benches::measure::{Usage, driftmgr, run};
use driftmgr_benches::programs::Programs;
use driftmgr_benches::states::{file_module, note_cloud, note_module};
use driftmgr_benches::table::Pairs;

use crate::refresh::{init, plan};

const STATES: usize = 100;
const OBJECTS: usize = 10;
/// The peer takes minutes for each.
const RUNS: usize = 2;

pub(crate) fn rows() {
    let programs = Programs::find();
    let lab = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..STATES).map(|n| format!("team-{n:03}")).collect();
    let cloud = lab.path().join("cloud.json");
    note_cloud(&cloud, &names, OBJECTS).unwrap();
    for name in &names {
        note_module(&lab.path().join(name), &cloud, name, OBJECTS, 0.0).unwrap();
    }
    measure(&programs, lab.path(), &names, "one provider configuration");

    let lab = tempfile::tempdir().unwrap();
    for name in &names {
        file_module(&lab.path().join(name), OBJECTS).unwrap();
    }
    measure(
        &programs,
        lab.path(),
        &names,
        "provider local, one process for each folder",
    );
}

fn measure(programs: &Programs, lab: &Path, names: &[String], what: &str) {
    for name in names {
        init(programs, &lab.join(name));
    }
    let mut measured = Vec::new();
    for _ in 0..RUNS {
        let mut ours = driftmgr();
        programs.surround(&mut ours, lab);
        let ours = run(ours.arg("check").args(names), &[0]);
        let each = names
            .iter()
            .map(|name| run(&mut plan(programs, &lab.join(name)), &[0]));
        measured.push((ours, each.fold(Usage::default(), Usage::then)));
    }
    let what = format!("{STATES} states of {OBJECTS} objects, {what}");
    let theirs = format!("{STATES}x `terraform plan -refresh-only`");
    println!(
        "{}",
        Pairs::new(measured).row(&what, "one `check`", &theirs, "0.033 wall")
    );
}
