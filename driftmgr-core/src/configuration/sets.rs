//! Which attributes a block sets.

use super::ResourceBlock;
use super::syntax::{Body, Expression, NodeKind};
use crate::value::{Path, Step};

impl ResourceBlock {
    /// True when the block gives the attribute a value, or may do so: what cannot be told without evaluation counts as set.
    ///
    /// `path` is one of the object's: `tags["env"]`, `ingress[0].cidr_blocks`. Positions and members of sets do not matter, since a block
    /// does not say which of the nested blocks becomes which element.
    pub fn sets(&self, path: &Path) -> bool {
        body_sets(&self.body, path.steps())
    }
}

fn body_sets(body: &Body, steps: &[Step]) -> bool {
    let Some((name, rest)) = next_name(steps) else {
        return true;
    };
    if let Some(expression) = body.attribute(name) {
        return expression_sets(expression, rest);
    }
    let mut blocks = body.blocks.iter().filter_map(|block| {
        if block.block_type == name {
            Some(&block.body)
        } else if block.block_type == "dynamic" && block.labels.first().is_some_and(|l| l == name) {
            block.body.blocks_of("content").next().map(|b| &b.body)
        } else {
            None
        }
    });
    blocks.any(|nested| body_sets(nested, rest))
}

/// Objects and lists that are written out can be followed; anything else may hold the attribute.
fn expression_sets(expression: &Expression, steps: &[Step]) -> bool {
    let Some((name, rest)) = next_name(steps) else {
        return true;
    };
    let node = &expression.node;
    match &node.kind {
        NodeKind::Object(entries) => entries.iter().any(|(key, value)| {
            let known = match &key.kind {
                NodeKind::Variable(name) => Some(name.clone()),
                _ => key.as_literal().and_then(|v| v.as_str().map(str::to_owned)),
            };
            known.is_none_or(|key| {
                key == name && expression_sets(&expression.with_node(value), rest)
            })
        }),
        NodeKind::Array(items) => items
            .iter()
            .any(|item| expression_sets(&expression.with_node(item), steps)),
        _ => true,
    }
}

fn next_name(steps: &[Step]) -> Option<(&str, &[Step])> {
    let at = steps.iter().position(|step| step.name().is_some())?;
    Some((steps.get(at)?.name()?, steps.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use crate::configuration::tests::load_files;
    use crate::value::Path;

    fn path(steps: &[&str]) -> Path {
        Path::of_words(steps)
    }

    #[test]
    fn what_is_written_is_set() {
        let root = load_files(&[(
            "main.tf",
            r#"
resource "demo_thing" "a" {
  name = var.name
  tags = { env = "prod", "team" = var.team }
  all  = merge(var.tags, { x = "y" })
  list = [{ a = 1 }, { b = 2 }]
  odd  = { (var.key) = 1 }
  rule {
    port = 1
  }
  dynamic "disk" {
    for_each = var.disks
    content {
      size = disk.value
    }
  }
}
"#,
        )]);
        let block = root.module.resources.values().next().unwrap();
        for set in [
            vec!["name"],
            vec!["tags"],
            vec!["tags", "env"],
            vec!["tags", "team"],
            vec!["all", "anything"],
            vec!["list", "0", "a"],
            vec!["list", "0", "b"],
            vec!["odd", "who_knows"],
            vec!["rule"],
            vec!["rule", "0"],
            vec!["rule", "0", "port"],
            vec!["disk", "1", "size"],
        ] {
            assert!(block.sets(&path(&set)), "{set:?}");
        }
        for unset in [
            vec!["other"],
            vec!["tags", "owner"],
            vec!["list", "0", "c"],
            vec!["rule", "0", "proto"],
            vec!["disk", "0", "kind"],
        ] {
            assert!(!block.sets(&path(&unset)), "{unset:?}");
        }
    }
}
