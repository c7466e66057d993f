//! What differs between two states of 100 MB? The peer is the script that everyone writes.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::process::Command;

use driftmgr_benches::measure::{driftmgr, run};
use driftmgr_benches::states::write_synthetic_state;
use driftmgr_benches::table::pairs;

const INSTANCES: usize = 38_000;
/// One instance in so many differs.
const EVERY: usize = 1_000;

const SCRIPT: &str = r#"
import json, sys
def read(path):
    with open(path) as file:
        state = json.load(file)
    return {(r["mode"], r.get("module"), r["type"], r["name"], i.get("index_key")): i["attributes"]
            for r in state["resources"] for i in r["instances"]}
a, b = read(sys.argv[1]), read(sys.argv[2])
changed = [k for k in a if k in b and a[k] != b[k]]
print(len(a.keys() - b.keys()), len(b.keys() - a.keys()), len(changed))
"#;

pub(crate) fn rows() {
    let lab = tempfile::tempdir().unwrap();
    let (old, new) = (
        lab.path().join("old.tfstate"),
        lab.path().join("new.tfstate"),
    );
    for (file, every) in [(&old, usize::MAX), (&new, EVERY)] {
        let mut out = BufWriter::new(File::create(file).unwrap());
        write_synthetic_state(&mut out, INSTANCES, every).unwrap();
        out.flush().unwrap();
    }
    let ours = || {
        let mut command = driftmgr();
        command.args(["state", "compare", "--format", "json", "--files"]);
        command.arg(format!("{},{}", old.display(), new.display()));
        command
    };
    let theirs = || {
        let mut command = Command::new("python3");
        command.args(["-c", SCRIPT]).args([&old, &new]);
        command
    };
    let found: serde_json::Value =
        serde_json::from_slice(&ours().output().unwrap().stdout).unwrap();
    let changed = found["changed"].as_array().map_or(0, Vec::len);
    assert_eq!(changed, INSTANCES / EVERY);
    let said = theirs().output().unwrap();
    assert_eq!(
        String::from_utf8(said.stdout).unwrap().trim(),
        format!("0 0 {changed}")
    );
    let measured = pairs(3, || run(&mut ours(), &[0]), || run(&mut theirs(), &[0]));
    println!(
        "{}",
        measured.row(
            "compare two states of 100 MB, 38 instances differ",
            "`state compare`",
            "a Python script on `json`",
            "none set"
        )
    );
}
