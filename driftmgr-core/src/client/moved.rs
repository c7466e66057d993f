//! The `moved` blocks of a configuration, and what they rename in its state.

use super::stack::Stack;
use crate::configuration::{Block, Module};
use crate::drift::{Move, Renames};
use crate::error::{Error, ErrorKind, Partial};

/// What the blocks of all modules rename. A block that cannot be read renames nothing, and is a problem.
pub(super) fn renames(stack: &Stack) -> Partial<Renames> {
    let mut found = Partial::complete(Vec::new());
    if let Some(root) = stack.root_module() {
        collect(&root.module, &mut Vec::new(), &mut found);
    }
    found.map(|moves| Renames::new(&moves, &stack.state().list()))
}

fn collect(module: &Module, calls: &mut Vec<String>, found: &mut Partial<Vec<Move>>) {
    for block in &module.moved {
        match read(block, calls) {
            Ok(renamed) => found.value.push(renamed),
            Err(error) => found.problems.push(
                error
                    .with("file", block.location.file.display())
                    .with("line", block.location.line),
            ),
        }
    }
    for (name, child) in &module.children {
        calls.push(name.clone());
        collect(child, calls, found);
        calls.pop();
    }
}

fn read(block: &Block, calls: &[String]) -> Result<Move, Error> {
    let side = |name: &str| {
        let written = block.body.attribute(name).and_then(|e| e.as_reference());
        written.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidConfig,
                format!("a `moved` block has no address in `{name}`"),
            )
        })
    };
    Move::new(calls, &side("from")?, &side("to")?)
}

#[cfg(test)]
mod tests;
