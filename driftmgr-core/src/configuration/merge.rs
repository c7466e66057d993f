//! Override files: what they say replaces what the other files say, block by block and argument by argument.

use super::encryption;
use super::syntax::{Attribute, Block, Body};

/// Merges the blocks of one override file into those of the module.
pub(super) fn override_blocks(base: &mut Vec<Block>, overrides: Vec<Block>) {
    for block in overrides {
        match block.block_type.as_str() {
            "terraform" => override_terraform(base, block),
            "locals" => override_locals(base, block),
            // These have no name by which they could be told apart; they add up.
            "moved" | "import" | "removed" => base.push(block),
            _ => match base.iter_mut().find(|b| identity(b) == identity(&block)) {
                Some(found) => override_body(&mut found.body, block.body),
                None => base.push(block),
            },
        }
    }
}

/// What makes two blocks the same one: type and labels, and for providers the alias.
fn identity(block: &Block) -> (&str, &[String], Option<String>) {
    let alias = match block.block_type.as_str() {
        "provider" => block.body.string("alias"),
        _ => None,
    };
    (&block.block_type, &block.labels, alias)
}

/// Arguments are replaced one by one; nested blocks all at once for each type, `dynamic` ones included.
fn override_body(base: &mut Body, body: Body) {
    for attribute in body.attributes {
        set_attribute(base, attribute);
    }
    let replaced: Vec<String> = body
        .blocks
        .iter()
        .map(|b| effective_type(b).to_owned())
        .collect();
    // `lifecycle` is the exception: its arguments are merged.
    base.blocks.retain(|b| {
        b.block_type == "lifecycle" || !replaced.iter().any(|t| t == effective_type(b))
    });
    for block in body.blocks {
        match base
            .blocks
            .iter_mut()
            .find(|b| block.block_type == "lifecycle" && b.block_type == "lifecycle")
        {
            Some(found) => override_body(&mut found.body, block.body),
            None => base.blocks.push(block),
        }
    }
}

fn effective_type(block: &Block) -> &str {
    match (block.block_type.as_str(), block.labels.first()) {
        ("dynamic", Some(label)) => label,
        (block_type, _) => block_type,
    }
}

fn set_attribute(body: &mut Body, attribute: Attribute) {
    match body
        .attributes
        .iter_mut()
        .find(|a| a.name == attribute.name)
    {
        Some(found) => *found = attribute,
        None => body.attributes.push(attribute),
    }
}

/// A local value can stand in any of several `locals` blocks.
fn override_locals(base: &mut Vec<Block>, block: Block) {
    for attribute in &block.body.attributes {
        for locals in base.iter_mut().filter(|b| b.block_type == "locals") {
            locals.body.attributes.retain(|a| a.name != attribute.name);
        }
    }
    base.push(block);
}

/// `backend` and `cloud` replace each other; providers are required one by one, and `encryption` is merged.
fn override_terraform(base: &mut Vec<Block>, mut block: Block) {
    override_encryption(base, &mut block);
    let places_state = |b: &Block| matches!(b.block_type.as_str(), "backend" | "cloud");
    let replaces_backend = block.body.blocks.iter().any(places_state);
    let required: Vec<String> = block
        .body
        .blocks_of("required_providers")
        .flat_map(|b| b.body.attributes.iter().map(|a| a.name.clone()))
        .collect();
    let names: Vec<&str> = block
        .body
        .attributes
        .iter()
        .map(|a| a.name.as_str())
        .collect();
    for terraform in base.iter_mut().filter(|b| b.block_type == "terraform") {
        terraform
            .body
            .attributes
            .retain(|a| !names.contains(&a.name.as_str()));
        if replaces_backend {
            terraform.body.blocks.retain(|b| !places_state(b));
        }
        for providers in &mut terraform.body.blocks {
            if providers.block_type == "required_providers" {
                providers
                    .body
                    .attributes
                    .retain(|a| !required.contains(&a.name));
            }
        }
    }
    base.push(block);
}

/// The first `encryption` block is merged into the one that is there. A second one in the same file is refused later.
fn override_encryption(base: &mut [Block], block: &mut Block) {
    let mut blocks = base.iter_mut().filter(|b| b.block_type == "terraform");
    let there = blocks.find_map(|b| {
        let mut inner = b.body.blocks.iter_mut();
        inner.find(|b| b.block_type == "encryption")
    });
    let mut inner = block.body.blocks.iter();
    let first = inner.position(|b| b.block_type == "encryption");
    if let (Some(there), Some(first)) = (there, first) {
        let over = block.body.blocks.remove(first);
        encryption::merge(&mut there.body, over.body);
    }
}
