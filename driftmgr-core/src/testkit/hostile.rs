//! What has to hold for any bytes at all: one function for each parser of outside bytes, for the fuzz targets and for replaying what they found.
//!
//! Each refuses or understands what it is given; it never panics, and what it understood it can say again.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::configuration::{Evaluator, RootModule, Variables, Workspace};
use crate::context::Context;
use crate::drift::{Comparators, Compared, Severity};
use crate::env::Environment;
use crate::provider::Block;
use crate::state::{HealthInputs, Secrets, State, compare};
use crate::value::{Path, Type, Value, json, msgpack};

/// A state: written again, it is the same state.
pub fn state(bytes: &[u8]) {
    let Ok(state) = State::parse(bytes) else {
        return;
    };
    let written = state.to_bytes();
    let again = State::parse(&written).expect("what was written can be read");
    assert!(state.same_content(&again), "reading and writing changed it");
    let upgraded = State::parse(&state.to_v4_bytes()).expect("an upgraded state can be read");
    assert_eq!(
        state.list(),
        upgraded.list(),
        "the upgrade lost or made an instance"
    );
    assert!(compare(&state, &again).value.is_empty());
    let _ = state.json_view(Secrets::Masked);
    let _ = state.analyze();
    let _ = state.health(&HealthInputs::default());
}

/// A root module of one file: everything in it is evaluated, without a state. The first byte chooses the spelling.
pub fn configuration(bytes: &[u8]) {
    let Some((spelling, text)) = bytes.split_first() else {
        return;
    };
    let dir = folder();
    let (name, other) = if spelling % 2 == 0 {
        ("main.tf", "main.tf.json")
    } else {
        ("main.tf.json", "main.tf")
    };
    let _ = std::fs::remove_file(dir.join(other));
    std::fs::write(dir.join(name), text).expect("a writable folder");
    let cx = Context::new(Environment::default());
    let Ok(loaded) = RootModule::load(&cx, dir) else {
        return;
    };
    let root = loaded.value;
    let variables = Variables::gather(&cx, &root, &[]).value;
    let Ok(workspace) = Workspace::selected(&cx, dir, None) else {
        return;
    };
    let evaluator = Evaluator::new(&cx, &root, &variables, &workspace, None);
    let _ = evaluator.root_providers();
    let locals = root.module.locals.values();
    let outputs = root
        .module
        .outputs
        .values()
        .filter_map(|o| o.value.as_ref());
    for expression in locals.chain(outputs) {
        if let Err(unresolved) = evaluator.evaluate(expression) {
            assert!(!unresolved.is_empty(), "unresolved without a reason");
        }
    }
    for block in root.module.resources.values() {
        block.sets(&Path::attribute_of_root("tags"));
        let _ = evaluator.evaluate_body(&block.body);
    }
}

/// One folder for a process, in memory where there is such a place.
fn folder() -> &'static std::path::Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let shared = std::path::Path::new("/dev/shm");
        let parent = if shared.is_dir() {
            shared.to_owned()
        } else {
            std::env::temp_dir()
        };
        let dir = parent.join(format!("driftmgr-hostile-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a writable folder");
        dir
    })
}

/// A value from a provider, in msgpack. The first byte chooses its type.
pub fn msgpack(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    let types = types();
    let ty = &types[usize::from(*choice) % types.len()];
    let Ok(value) = msgpack::decode(bytes, ty) else {
        return;
    };
    let encoded = msgpack::encode(&value, ty).expect("what was decoded can be encoded");
    let again = msgpack::decode(&encoded, ty).expect("what was encoded can be decoded");
    assert_eq!(value, again, "{ty:?}");
}

/// A value of a state, in JSON. The first byte chooses its type.
pub fn values(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = json::decode_untyped(text);
    let types = types();
    let ty = &types[usize::from(*choice) % types.len()];
    if let Ok(value) = json::decode(text, ty) {
        let again = json::decode_parsed(&json::encode(&value), ty);
        assert_eq!(Ok(value), again, "{ty:?}");
    }
}

fn types() -> &'static [Type] {
    static TYPES: OnceLock<Vec<Type>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let texts = [
            r#""string""#,
            r#""number""#,
            r#""bool""#,
            r#""dynamic""#,
            r#"["list","string"]"#,
            r#"["set","number"]"#,
            r#"["map",["list","bool"]]"#,
            r#"["tuple",["string","number"]]"#,
            r#"["object",{"a":"string","b":["set",["object",{"c":"number","d":"dynamic"}]]}]"#,
        ];
        texts
            .iter()
            .map(|text| serde_json::from_str(text).expect("a type"))
            .collect()
    })
}

/// Two texts, divided by the first zero byte, that comparators look at: whatever they are, the answer does not depend on the order.
pub fn documents(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (before, after) = text.split_once('\0').unwrap_or((text, text));
    let comparators = Comparators::default();
    let block = Block::default();
    let judge = |before: &str, after: &str, path: &str| {
        let [before, after] = [before, after].map(Value::from);
        let change = Compared {
            resource_type: "aws_route53_record",
            path: &Path::attribute_of_root(path),
            before: Some(&before),
            after: Some(&after),
            only_computed: false,
            planned: Some(true),
            configured: Some(true),
            severity: Severity::Important,
            block: &block,
            stored: &Value::Null,
            current: &Value::Null,
        };
        comparators.judge(&change).map(|noise| noise.rule)
    };
    for path in ["policy", "definition", "protocol", "name", "arn"] {
        assert_eq!(
            judge(before, after, path),
            judge(after, before, path),
            "{path}"
        );
    }
}

#[cfg(test)]
mod tests;
