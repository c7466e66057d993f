//! What may stand in an `encryption` block, and the methods that it names for states.

use super::super::build::problem_at;
use super::super::syntax::{Block, Body, Expression, Location, Node, NodeKind, Part, Step};
use super::merge::ALIAS;
use crate::error::{Error, Result};
use crate::value::Value;

/// Blocks with two labels, and the words for them in messages.
const NAMED: [(&str, &str); 2] = [
    ("key_provider", "a key provider"),
    ("method", "an encryption method"),
];
/// Blocks without a label, of which there is one at most.
const TARGETS: [&str; 3] = ["state", "plan", "remote_state_data_sources"];
/// Deeper chains of fallbacks are nobody's.
const MAX_FALLBACKS: usize = 100;

/// Refuses what cannot be an `encryption` block, whether it is used or not.
///
/// # Errors
/// `InvalidConfig` with the place.
pub(super) fn check(body: &Body) -> Result<()> {
    if let Some(attribute) = body.attributes.first() {
        let place = attribute.value.location();
        return Err(unexpected(
            &place,
            &format!("the argument `{}`", attribute.name),
        ));
    }
    for (at, block) in body.blocks.iter().enumerate() {
        let what = &block.block_type;
        let earlier = body.blocks.iter().take(at);
        let mut earlier = earlier.filter(|b| b.block_type == *what && b.labels == block.labels);
        let is_second = earlier.next().is_some();
        // These are read before anything is evaluated, and before configurations are merged.
        match what.as_str() {
            "key_provider" => {
                alias(block)?;
            }
            "state" => {
                is_enforced(block)?;
            }
            _ => {}
        }
        if let Some((_, name)) = NAMED.iter().find(|(word, _)| word == what) {
            check_labels(block, name)?;
            if is_second {
                let message = format!("`{}` is declared twice", address(block));
                return Err(problem_at(&block.location, message).with_hint("remove one of them"));
            }
        } else if !TARGETS.contains(&what.as_str()) {
            return Err(unexpected(&block.location, &format!("a `{what}` block")));
        } else if is_second {
            let message = format!("a second `{what}` block");
            return Err(problem_at(&block.location, message).with_hint("remove one of them"));
        }
    }
    Ok(())
}

fn unexpected(location: &Location, what: &str) -> Error {
    let message = format!("{what} is not expected in an encryption configuration");
    problem_at(location, message).with_hint(
        "it has the blocks `key_provider`, `method`, `state`, `plan` and `remote_state_data_sources`",
    )
}

fn check_labels(block: &Block, what: &str) -> Result<()> {
    let is_name = |label: &String| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    };
    if block.labels.len() == 2 && block.labels.iter().all(is_name) {
        return Ok(());
    }
    let message =
        format!("{what} has two labels, its type and its name, of letters, digits, `_` and `-`");
    let word = &block.block_type;
    Err(problem_at(&block.location, message)
        .with_hint(format!("write it as {word} \"TYPE\" \"NAME\" {{ … }}")))
}

/// Such as `method.aes_gcm.main`.
pub(super) fn address(block: &Block) -> String {
    format!("{}.{}", block.block_type, block.labels.join("."))
}

/// A method that is named for states: where, and which.
pub(super) struct Declared<'b> {
    pub(super) location: Location,
    pub(super) kind: &'b str,
    pub(super) block: &'b Block,
}

impl<'b> Declared<'b> {
    /// The methods that the `state` block names: the one for writing, then the fallbacks. `None` without the block.
    ///
    /// # Errors
    /// `InvalidConfig` with the place, for a method that is not declared, and for an unencrypted one where encryption is enforced.
    pub(super) fn targets(body: &'b Body) -> Result<Option<Vec<Self>>> {
        let Some(state) = body.blocks_of("state").next() else {
            return Ok(None);
        };
        let mut methods = Vec::new();
        let mut target = Some(state);
        while let Some(block) = target {
            let is_first = methods.is_empty();
            methods.push(Self::of(block, is_first, body)?);
            target = fallback(block)?;
            if methods.len() > MAX_FALLBACKS {
                let message = format!("more than {MAX_FALLBACKS} fallbacks");
                return Err(problem_at(&block.location, message)
                    .with_hint("take out those with which no state is encrypted any more"));
            }
        }
        let unencrypted = methods.iter().find(|m| m.kind == "unencrypted");
        match (unencrypted, is_enforced(state)?) {
            (Some(method), true) => Err(problem_at(
                &method.location,
                "the method is `unencrypted`, and `enforced` forbids that",
            )
            .with_hint("take it out of `state` and its fallbacks, or take `enforced` out while the state is migrated")),
            _ => Ok(Some(methods)),
        }
    }

    fn of(target: &Block, is_first: bool, body: &'b Body) -> Result<Self> {
        let allowed = |name: &str| name == "method" || (is_first && name == "enforced");
        let arguments = &target.body.attributes;
        if let Some(other) = arguments.iter().find(|a| !allowed(&a.name)) {
            let message = format!("`{}` has no argument `{}`", target.block_type, other.name);
            return Err(problem_at(&other.value.location(), message)
                .with_hint("it has `method` and a `fallback` block; `state` has `enforced`, too"));
        }
        let Some(method) = target.body.attribute("method") else {
            let message = format!(
                "`{}` of the encryption configuration has no `method`",
                target.block_type
            );
            return Err(problem_at(&target.location, message).with_hint(
                "write method = method.TYPE.NAME; a `state` block in TF_ENCRYPTION needs it as well",
            ));
        };
        let location = method.location();
        let block = referenced(method, "method").and_then(|[kind, name]| {
            let mut methods = body.blocks_of("method");
            methods.find(|b| b.labels == [kind.as_str(), name.as_str()])
        });
        match block {
            Some(block) => Ok(Self {
                location,
                kind: block.labels.first().map_or("", String::as_str),
                block,
            }),
            None => Err(problem_at(
                &location,
                "`method` names no method that is declared in the encryption configuration",
            )
            .with_hint(
                "write method = method.TYPE.NAME, and declare it as method \"TYPE\" \"NAME\" { … }",
            )),
        }
    }
}

fn fallback(target: &Block) -> Result<Option<&Block>> {
    let mut blocks = target.body.blocks.iter();
    let (first, second) = (blocks.next(), blocks.next());
    let wrong = match (first, second) {
        (Some(first), _) if first.block_type != "fallback" => Some(first),
        (_, second) => second,
    };
    match wrong {
        Some(block) => {
            let message = format!("a `{}` block is not expected here", block.block_type);
            Err(problem_at(&block.location, message)
                .with_hint("a target has one `fallback` at most; fallbacks stand in each other"))
        }
        None => Ok(first),
    }
}

/// What `enforced` says. Nothing else than a literal can stand there.
pub(super) fn is_enforced(state: &Block) -> Result<bool> {
    let Some(enforced) = state.body.attribute("enforced") else {
        return Ok(false);
    };
    match enforced.as_literal() {
        Some(Value::Null) => Ok(false),
        Some(value) => match super::super::types::to_bool(&value) {
            Ok(Value::Bool(flag)) => Ok(flag),
            _ => Err(no_flag(enforced)),
        },
        None => Err(no_flag(enforced)),
    }
}

fn no_flag(enforced: &Expression) -> Error {
    problem_at(&enforced.location(), "`enforced` is not true or false")
        .with_hint("no variable can be used here")
}

/// Type and name in a reference such as `method.aes_gcm.main`, where `root` is `method`. The JSON spelling puts it in a string.
pub(super) fn referenced(expression: &Expression, root: &str) -> Option<[String; 2]> {
    named(&expression.node, root)
}

fn named(node: &Node, root: &str) -> Option<[String; 2]> {
    match &node.kind {
        NodeKind::Traversal(first, steps) => {
            let is_root = matches!(&first.kind, NodeKind::Variable(name) if name == root);
            match steps.as_slice() {
                [(Step::Attribute(kind), _), (Step::Attribute(name), _)] if is_root => {
                    Some([kind.clone(), name.clone()])
                }
                _ => None,
            }
        }
        NodeKind::Template(parts) => match parts.as_slice() {
            [Part::Interpolation(inner)] => named(inner, root),
            _ => None,
        },
        NodeKind::Literal(Value::String(text)) => reference(text, root),
        _ => None,
    }
}

/// The same of a text.
pub(super) fn reference(text: &str, root: &str) -> Option<[String; 2]> {
    let mut words = text.split('.').map(str::trim);
    let found = (words.next()?, words.next()?, words.next()?);
    match (found, words.next()) {
        ((first, kind, name), None) if first == root => Some([kind.to_owned(), name.to_owned()]),
        _ => None,
    }
}

/// The name that a key provider's metadata is stored under. Nothing but a literal can stand there.
pub(super) fn alias(block: &Block) -> Result<Option<String>> {
    let Some(expression) = block.body.attribute(ALIAS) else {
        return Ok(None);
    };
    match expression.as_literal() {
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Value::Null) => Ok(None),
        _ => {
            let message = format!("`{ALIAS}` is not a text");
            Err(problem_at(&expression.location(), message)
                .with_hint("no variable can be used here"))
        }
    }
}
