//! The outputs that the README shows are the real ones.

use std::path::Path;
use std::process::Command;

const MARK: &str = "<!-- output of: ";

#[test]
fn the_outputs_in_the_readme_are_real() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let mut seen = 0;
    for part in readme.split(MARK).skip(1) {
        let (arguments, rest) = part.split_once(" -->").unwrap();
        let shown = rest
            .split("```text\n")
            .nth(1)
            .unwrap()
            .split("```")
            .next()
            .unwrap();
        // Nothing installed on this machine may stand in for the native readers.
        let output = Command::new(env!("CARGO_BIN_EXE_driftmgr"))
            .args(arguments.split(' '))
            .current_dir(root)
            .env_clear()
            .env("HOME", "/nonexistent")
            .output()
            .unwrap();
        let real = String::from_utf8(output.stdout).unwrap();
        assert_eq!(real, shown, "`driftmgr {arguments}` prints something else");
        seen += 1;
    }
    assert_eq!(seen, 2, "the README shows the outputs of check and drift");
}
