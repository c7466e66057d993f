//! `lifecycle.ignore_changes`: what apply leaves alone, because the configuration says so.
//!
//! Terraform takes the real value for the configured one wherever the list points, and under `all` everywhere, so apply plans nothing
//! there. It still creates an object that is gone and replaces a tainted one.
//! <https://developer.hashicorp.com/terraform/language/meta-arguments#ignore_changes>

use super::path::literal;
use crate::configuration::{IgnoreChanges, Location, ResourceBlock};
use crate::drift::noise::{Certainty, Noise};
use crate::value::{Path, Step, Value};

/// What `ignore_changes` of one block says.
#[derive(Clone)]
pub(in crate::drift) struct IgnoredChanges {
    /// `None` for `all`.
    paths: Option<Vec<Path>>,
    location: Location,
}

impl IgnoredChanges {
    /// `None` when the block ignores nothing. A path that cannot be read ignores nothing.
    pub(in crate::drift) fn of(block: &ResourceBlock) -> Option<Self> {
        let paths = match &block.ignore_changes {
            IgnoreChanges::All => None,
            IgnoreChanges::Paths(paths) => {
                let paths: Vec<Path> = paths.iter().filter_map(|text| literal(text)).collect();
                (!paths.is_empty()).then_some(())?;
                Some(paths)
            }
        };
        let written = block
            .body
            .blocks_of("lifecycle")
            .filter_map(|lifecycle| lifecycle.body.attribute("ignore_changes"))
            .last();
        let location = written.map_or_else(|| block.location.clone(), |list| list.location());
        Some(Self { paths, location })
    }

    /// Whether apply leaves the change alone: it lies at or below an ignored path, or differs in nothing but ignored parts.
    pub(in crate::drift) fn covers(
        &self,
        at: &Path,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> bool {
        let Some(paths) = &self.paths else {
            return true;
        };
        if paths.iter().any(|path| path.contains(at)) {
            return true;
        }
        let below: Vec<&[Step]> = paths
            .iter()
            .filter(|path| at.contains(path))
            .filter_map(|path| path.steps().get(at.steps().len()..))
            .collect();
        let rest = |side: Option<&Value>| {
            let side = side.cloned().unwrap_or_default();
            below.iter().fold(side, |side, steps| without(side, steps))
        };
        !below.is_empty() && {
            let (before, after) = (rest(before), rest(after));
            before == after || (is_void(&before) && is_void(&after))
        }
    }

    /// Whether apply leaves the path alone, whatever stands there.
    pub(in crate::drift) fn covers_path(&self, at: &Path) -> bool {
        let paths = self.paths.as_ref();
        paths.is_none_or(|paths| paths.iter().any(|path| path.contains(at)))
    }

    /// Where it is written, as `main.tf:12`.
    pub(in crate::drift) fn place(&self) -> String {
        format!("{}:{}", self.location.file.display(), self.location.line)
    }

    /// Why a change that it covers is no drift. The owner's word says what apply does, and not that both values mean the same.
    pub(in crate::drift) fn noise(&self) -> Noise {
        Noise {
            rule: "ignore_changes".to_owned(),
            reason: format!("`ignore_changes` in {} leaves it as it is", self.place()),
            certainty: Certainty::Known,
        }
    }
}

/// A map of which only ignored keys are left is as good as none.
fn is_void(value: &Value) -> bool {
    value.is_null()
        || value
            .as_map()
            .is_some_and(std::collections::BTreeMap::is_empty)
}

/// The value without what stands at the steps.
fn without(value: Value, steps: &[Step]) -> Value {
    let Some((step, rest)) = steps.split_first() else {
        return Value::Null;
    };
    match (value, step) {
        (Value::Map(mut entries), Step::Attribute(name) | Step::Key(name)) => {
            if let Some(entry) = entries.remove(name)
                && !rest.is_empty()
            {
                entries.insert(name.clone(), without(entry, rest));
            }
            Value::Map(entries)
        }
        (Value::List(mut items), Step::Index(index)) => {
            if let Some(item) = items.get_mut(*index) {
                *item = without(std::mem::take(item), rest);
            }
            Value::List(items)
        }
        (Value::Dynamic(inner), _) => without(inner.1.clone(), steps),
        (value, _) => value,
    }
}
