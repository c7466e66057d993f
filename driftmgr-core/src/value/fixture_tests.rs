//! Every state among the fixtures: what its objects hold survives reading and writing.

use std::path::{Path as FilePath, PathBuf};

use serde_json::Value as Json;

use super::{PathSet, diff, json};

fn states() -> Option<PathBuf> {
    let root = std::env::var_os("DRIFTMGR_FIXTURES").map_or_else(
        || FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"),
        PathBuf::from,
    );
    Some(root.join("states")).filter(|dir| dir.is_dir())
}

fn files(dir: &FilePath, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn real_objects_survive() {
    let Some(dir) = states() else {
        eprintln!("skipped: the fixtures are not there");
        return;
    };
    let mut paths = Vec::new();
    files(&dir, &mut paths);
    let mut objects = 0;
    for path in paths {
        let Ok(state) = serde_json::from_slice::<Json>(&std::fs::read(&path).unwrap()) else {
            continue;
        };
        let resources = state["resources"].as_array().cloned().unwrap_or_default();
        for instance in resources
            .iter()
            .filter_map(|r| r["instances"].as_array())
            .flatten()
        {
            let text = instance["attributes"].to_string();
            let value = json::decode_untyped(&text).unwrap();
            let again = json::decode_untyped(&json::encode(&value).to_string()).unwrap();
            assert!(again == value, "{}", path.display());
            assert!(diff(&value, &again, None).is_empty());
            let marks = &instance["sensitive_attributes"];
            let sensitive = PathSet::from_state_json(marks).unwrap();
            let count = marks.as_array().map_or(0, Vec::len);
            assert_eq!(sensitive.iter().count(), count);
            objects += 1;
        }
    }
    assert!(objects > 200, "only {objects} objects");
}
