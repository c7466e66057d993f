//! One encryption configuration over another: `TF_ENCRYPTION` over the block, and the block of an override file over that of the module.

use super::super::syntax::{Block, Body};
use super::declared::is_enforced;

/// The argument of a key provider that is no argument of its type.
pub(super) const ALIAS: &str = "encrypted_metadata_alias";

/// Merges a configuration into another one; what it says wins. Both were checked.
///
/// As OpenTofu does it: arguments of key providers and methods are replaced one by one, but for the alias, which stays; a target's method
/// and fallback are replaced as a whole, and enforcing cannot be taken back.
pub(in crate::configuration) fn merge(base: &mut Body, over: Body) {
    for block in over.blocks {
        let same = |b: &&mut Block| b.block_type == block.block_type && b.labels == block.labels;
        let Some(found) = base.blocks.iter_mut().find(same) else {
            base.blocks.push(block);
            continue;
        };
        match found.block_type.as_str() {
            "key_provider" | "method" => arguments(&mut found.body, block.body),
            "state" => target(found, block),
            // Left unread.
            _ => *found = block,
        }
    }
}

fn arguments(base: &mut Body, over: Body) {
    for argument in over.attributes {
        if argument.name == ALIAS {
            continue;
        }
        match base.attributes.iter_mut().find(|a| a.name == argument.name) {
            Some(found) => *found = argument,
            None => base.attributes.push(argument),
        }
    }
}

/// A target of the later configuration always says its method: one that does not is refused when it is read.
fn target(base: &mut Block, mut over: Block) {
    if is_enforced(base).unwrap_or_default()
        && let Some(enforced) = base.body.attributes.iter().find(|a| a.name == "enforced")
    {
        over.body.attributes.retain(|a| a.name != "enforced");
        over.body.attributes.push(enforced.clone());
    }
    if over.body.blocks.is_empty() {
        over.body.blocks.append(&mut base.body.blocks);
    }
    *base = over;
}
