//! Is everything as its state says? `driftmgr check` beside `plan -refresh-only`, with the same provider binaries.

use std::path::Path;
use std::process::Command;

use driftmgr_benches::measure::{driftmgr, run};
use driftmgr_benches::programs::Programs;
use driftmgr_benches::states::{file_module, note_cloud, note_module};
use driftmgr_benches::table::pairs;

/// Instances, with pairs of runs: the peer takes minutes for the large ones.
const SIZES: [(usize, usize); 2] = [(1_000, 5), (10_000, 2)];

pub(crate) fn files() {
    let programs = Programs::find();
    for (instances, runs) in SIZES {
        let lab = tempfile::tempdir().unwrap();
        file_module(lab.path(), instances).unwrap();
        let what = format!("{instances} files, provider local 1.4.0, which computes");
        beside(&programs, lab.path(), runs, &what, "0.30 wall");
    }
}

pub(crate) fn slow() {
    let programs = Programs::find();
    for (instances, runs) in SIZES {
        let lab = tempfile::tempdir().unwrap();
        let cloud = lab.path().join("cloud.json");
        note_cloud(&cloud, &["n".to_owned()], instances).unwrap();
        note_module(lab.path(), &cloud, "n", instances, 0.05).unwrap();
        let what = format!("{instances} objects, protocol 6 test provider, each read takes 50 ms");
        beside(&programs, lab.path(), runs, &what, "0.15 wall");
    }
}

pub(crate) fn aws() {
    let programs = Programs::find();
    for copies in [1, 10] {
        let moto = programs.moto();
        let lab = tempfile::tempdir().unwrap();
        let text = include_str!("../../labs/aws.tf").replace("PORT", &moto.port.to_string());
        std::fs::write(lab.path().join("main.tf"), text).unwrap();
        let variables = format!("copies = {copies}\n");
        std::fs::write(lab.path().join("terraform.tfvars"), variables).unwrap();
        init(&programs, lab.path());
        run(
            programs
                .peer("terraform", lab.path())
                .args(["apply", "-auto-approve", "-no-color"]),
            &[0],
        );
        let what = format!(
            "{} objects of 10 types, AWS provider 3.39.0 against moto",
            copies * 10
        );
        beside(&programs, lab.path(), 5, &what, "0.15 wall");
    }
}

/// Measures both, once the folder is known to be in sync for both.
fn beside(programs: &Programs, dir: &Path, runs: usize, what: &str, goal: &str) {
    init(programs, dir);
    let ours = || check(programs, dir);
    let theirs = || plan(programs, dir);
    let plan = theirs().output().unwrap();
    let said = String::from_utf8_lossy(&plan.stdout).into_owned();
    assert!(
        plan.status.success(),
        "{}",
        String::from_utf8_lossy(&plan.stderr)
    );
    assert!(
        !said.contains("has been deleted"),
        "the peer finds nothing missing: {said}"
    );
    let measured = pairs(runs, || run(&mut ours(), &[0]), || run(&mut theirs(), &[0]));
    println!(
        "{}",
        measured.row(what, "`check`", "`terraform plan -refresh-only`", goal)
    );
}

pub(crate) fn check(programs: &Programs, dir: &Path) -> Command {
    let mut command = driftmgr();
    programs.surround(&mut command, dir);
    command.args(["check", "."]);
    command
}

pub(crate) fn plan(programs: &Programs, dir: &Path) -> Command {
    let mut command = programs.peer("terraform", dir);
    command.args(["plan", "-refresh-only", "-no-color"]);
    command
}

pub(crate) fn init(programs: &Programs, dir: &Path) {
    run(
        programs.peer("terraform", dir).args(["init", "-no-color"]),
        &[0],
    );
}
