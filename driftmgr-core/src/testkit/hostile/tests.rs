//! The laws, held against changed texts and against everything that the fuzz targets keep.

use std::path::Path;

use proptest::prelude::*;

use super::*;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus");

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn target(name: &str) -> Target {
    TARGETS.iter().find(|(n, _)| *n == name).unwrap().1
}

/// One file of the corpus; the name of one that breaks a law stands in the output.
fn replay(name: &str) {
    let folder = Path::new(CORPUS).join(name);
    let files = names(&folder);
    assert!(!files.is_empty(), "{name} has no corpus");
    let mut size = 0;
    for file in &files {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        size += bytes.len();
        let kept = std::panic::catch_unwind(|| target(name)(&bytes));
        assert!(kept.is_ok(), "{name}: {file} breaks a law");
    }
    assert!(files.len() <= 250, "{name}: {} files", files.len());
    assert!(size <= 500_000, "{name}: {size} bytes");
}

/// A test for each target, so that they run beside each other.
macro_rules! corpus {
    ($($name:ident)*) => {
        mod corpus {
            $(#[test]
            fn $name() {
                super::replay(stringify!($name));
            })*

            #[test]
            fn every_target_is_replayed() {
                let replayed = [$(stringify!($name)),*];
                let targets: Vec<&str> = super::TARGETS.iter().map(|(name, _)| *name).collect();
                assert_eq!(targets, replayed);
            }
        }
    };
}

corpus! {
    address baseline configuration dependencies documents driftignore encryption msgpack plan plugin report settings snapshot state values
}

#[test]
fn every_target_can_be_fuzzed() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let files = names(&fuzz.join("fuzz_targets"));
    let targets: Vec<String> = TARGETS
        .iter()
        .map(|(name, _)| format!("{name}.rs"))
        .collect();
    assert_eq!(files, targets);
    assert_eq!(
        names(&fuzz.join("corpus")),
        targets
            .iter()
            .map(|t| t.trim_end_matches(".rs"))
            .collect::<Vec<_>>()
    );
    let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        let line = format!("path = \"fuzz_targets/{name}.rs\"");
        assert!(manifest.contains(&line), "{name}");
    }
}

/// A few wrong bytes in a file of the corpus.
fn changed() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let edits =
        proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 0..6);
    (0..TARGETS.len(), any::<prop::sample::Index>(), edits).prop_map(|(at, file, edits)| {
        let folder = Path::new(CORPUS).join(TARGETS[at].0);
        let files = names(&folder);
        let mut bytes = std::fs::read(folder.join(file.get(&files))).unwrap();
        for (at, byte, how) in edits {
            let at = at.index(bytes.len().max(1));
            match how {
                0 if at < bytes.len() => drop(bytes.remove(at)),
                1 if at < bytes.len() => bytes[at] = byte,
                _ => bytes.insert(at.min(bytes.len()), byte),
            }
        }
        (at, bytes)
    })
}

proptest! {
    #[test]
    fn texts_with_a_few_wrong_bytes((target, bytes) in changed()) {
        TARGETS[target].1(&bytes);
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        TARGETS.iter().for_each(|(_, target)| target(&bytes));
    }
}
