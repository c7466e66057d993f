//! Terraform's language.

use std::path::Path as FilePath;

use super::folder::in_folder;
use super::refused::refused;
use crate::configuration::{Evaluator, RootModule, Variables, Workspace};
use crate::context::Context;
use crate::env::Environment;
use crate::value::Path;

/// A root module of one file: everything in it is evaluated, without a state. The first byte chooses the spelling.
pub fn configuration(bytes: &[u8]) {
    let Some((spelling, text)) = bytes.split_first() else {
        return;
    };
    if roams(text) {
        return;
    }
    in_folder(|dir| root_module(dir, spelling % 2 == 0, text));
}

/// Whether it would go through folders of this machine, which are no part of the input.
fn roams(text: &[u8]) -> bool {
    let has = |word: &[u8]| text.windows(word.len()).any(|at| at == word);
    has(b"fileset") && (has(b"/") || has(b".."))
}

fn root_module(dir: &FilePath, native: bool, text: &[u8]) {
    let (name, other) = if native {
        ("main.tf", "main.tf.json")
    } else {
        ("main.tf.json", "main.tf")
    };
    let _ = std::fs::remove_file(dir.join(other));
    std::fs::write(dir.join(name), text).expect("a writable folder");
    let cx = Context::new(Environment::default());
    let loaded = match RootModule::load(&cx, dir) {
        Ok(loaded) => loaded,
        Err(error) => return refused(&error),
    };
    loaded.problems.iter().for_each(refused);
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
