//! The value of a node, for everything but references and calls.

use std::collections::BTreeMap;

use super::operators::{binary, boolean, number};
use super::{Binding, Evaluator, MAX_DEPTH, MAX_NESTING, MAX_WORK, Names, Outcome, Scope, measure};
use crate::configuration::syntax::{BinaryOperator, For, Node, NodeKind, Part, Step, to_text};
use crate::value::{Number, Value};

/// The elements of a collection with their keys, as `for` sees them.
pub(super) fn elements(value: &Value) -> Option<Vec<(Value, Value)>> {
    match value {
        Value::List(items) => Some(
            items
                .iter()
                .zip(0i64..)
                .map(|(item, index)| (Value::from(index), item.clone()))
                .collect(),
        ),
        Value::Set(items) => Some(items.iter().map(|i| (i.clone(), i.clone())).collect()),
        Value::Map(entries) => Some(
            entries
                .iter()
                .map(|(key, value)| (Value::from(key.as_str()), value.clone()))
                .collect(),
        ),
        _ => None,
    }
}

impl Evaluator<'_> {
    pub(super) fn node(&self, node: &Node, scope: &Scope<'_>) -> Outcome {
        if self.depth.get() >= MAX_DEPTH {
            return Err(self.failure(node, scope, "references lead too deep"));
        }
        self.depth.set(self.depth.get() + 1);
        let outcome = self.node_inner(node, scope);
        self.depth.set(self.depth.get() - 1);
        let value = outcome?;
        let (size, nesting) = match &node.kind {
            // What these give was made elsewhere; the rest is made of what was measured already.
            NodeKind::Variable(_) | NodeKind::Traversal(..) | NodeKind::Call(_) => measure(&value),
            _ => (1, 0),
        };
        let work = self.work.get().saturating_add(size);
        self.work.set(work);
        if work > MAX_WORK || nesting > MAX_NESTING {
            return Err(self.failure(node, scope, "its value is too large"));
        }
        Ok(value)
    }

    fn node_inner(&self, node: &Node, scope: &Scope<'_>) -> Outcome {
        let wrong = |reason: String| self.failure(node, scope, reason);
        match &node.kind {
            NodeKind::Literal(value) => Ok(value.clone()),
            NodeKind::Template(parts) => self.template(parts, scope),
            NodeKind::Array(items) => items
                .iter()
                .map(|item| self.node(item, scope))
                .collect::<Outcome<_>>()
                .map(Value::List),
            NodeKind::Object(items) => self.object(items, scope),
            NodeKind::Variable(_) => self.reference(node, node, &[], scope),
            NodeKind::Traversal(root, steps) => match &root.kind {
                NodeKind::Variable(_) => self.reference(node, root, steps, scope),
                _ => {
                    let value = self.node(root, scope)?;
                    self.steps(value, steps, node, scope)
                }
            },
            NodeKind::Call(call) => self.call(call, node, scope),
            NodeKind::Conditional(parts) => self.conditional(parts, scope),
            NodeKind::Not(operand) => match self.node(operand, scope)? {
                Value::Unknown => Ok(Value::Unknown),
                value => Ok(Value::Bool(!boolean(&value).map_err(wrong)?)),
            },
            NodeKind::Negate(operand) => match self.node(operand, scope)? {
                Value::Unknown => Ok(Value::Unknown),
                value => {
                    let zero = Value::Number(Number::from(0i64));
                    binary(BinaryOperator::Subtract, &zero, &value).map_err(wrong)
                }
            },
            NodeKind::Binary(operator, operands) => self.binary(*operator, operands, node, scope),
            NodeKind::For(each) => self.for_each(each, node, scope),
            NodeKind::Unsupported(reason) => Ok(self.unknown(node, scope, *reason)),
        }
    }

    /// The text of a template part; `None` when it is unknown.
    fn interpolate(&self, node: &Node, scope: &Scope<'_>) -> Outcome<Option<String>> {
        match self.node(node, scope)? {
            Value::Unknown => Ok(None),
            value => to_text(&value).map(Some).ok_or_else(|| {
                let reason = format!("a {} cannot stand in a string", value.kind_name());
                self.failure(node, scope, reason)
            }),
        }
    }

    fn template(&self, parts: &[Part], scope: &Scope<'_>) -> Outcome {
        // A template that is one interpolation keeps the type of its value.
        if let [Part::Interpolation(only)] = parts {
            return self.node(only, scope);
        }
        let mut text = String::new();
        Ok(match self.parts(parts, scope, &mut text)? {
            true => Value::String(text),
            false => Value::Unknown,
        })
    }

    /// Appends the parts; false when something in them is unknown.
    fn parts(&self, parts: &[Part], scope: &Scope<'_>, text: &mut String) -> Outcome<bool> {
        let mut known = true;
        for part in parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Interpolation(inner) => match self.interpolate(inner, scope)? {
                    Some(value) => text.push_str(&value),
                    None => known = false,
                },
                Part::If {
                    condition,
                    then,
                    otherwise,
                } => match self.node(condition, scope)? {
                    Value::Unknown => known = false,
                    value => {
                        let chosen =
                            boolean(&value).map_err(|e| self.failure(condition, scope, e))?;
                        let branch = if chosen { then } else { otherwise };
                        known &= self.parts(branch, scope, text)?;
                    }
                },
                Part::For {
                    key_variable,
                    value_variable,
                    collection,
                    body,
                } => {
                    let value = self.node(collection, scope)?;
                    if value == Value::Unknown {
                        known = false;
                        continue;
                    }
                    let items = elements(&value)
                        .ok_or_else(|| self.failure(collection, scope, "it is not a collection"))?;
                    for (key, value) in items {
                        known &= self.bound(
                            scope,
                            key_variable.as_deref(),
                            key,
                            value_variable,
                            value,
                            |scope| self.parts(body, scope, text),
                        )?;
                    }
                }
            }
        }
        Ok(known)
    }

    /// Runs with the one or two names that a `for` introduces.
    pub(super) fn bound<T>(
        &self,
        scope: &Scope<'_>,
        key_variable: Option<&str>,
        key: Value,
        value_variable: &str,
        value: Value,
        run: impl FnOnce(&Scope<'_>) -> T,
    ) -> T {
        let keyed = key_variable.map(|name| Binding {
            names: Names::One(name, key),
            outer: scope.bindings,
        });
        let valued = Binding {
            names: Names::One(value_variable, value),
            outer: keyed.as_ref().or(scope.bindings),
        };
        run(&Scope {
            bindings: Some(&valued),
            ..*scope
        })
    }

    fn object(&self, items: &[(Node, Node)], scope: &Scope<'_>) -> Outcome {
        let mut entries = BTreeMap::new();
        let mut known = true;
        for (key, value) in items {
            let key = self.interpolate(key, scope)?;
            let value = self.node(value, scope)?;
            match key {
                Some(key) => {
                    entries.insert(key, value);
                }
                None => known = false,
            }
        }
        Ok(match known {
            true => Value::Map(entries),
            false => Value::Unknown,
        })
    }

    fn conditional(&self, parts: &[Node; 3], scope: &Scope<'_>) -> Outcome {
        let [condition, then, otherwise] = parts;
        let chosen = match self.node(condition, scope)? {
            Value::Unknown => return Ok(Value::Unknown),
            value => boolean(&value).map_err(|e| self.failure(condition, scope, e))?,
        };
        let (taken, other) = if chosen {
            (then, otherwise)
        } else {
            (otherwise, then)
        };
        let value = self.node(taken, scope)?;
        // Both sides get one type. Only the chosen one is evaluated, so this sees what the other side's text tells.
        let other_is_text = matches!(
            &other.kind,
            NodeKind::Literal(Value::String(_)) | NodeKind::Template(_)
        );
        Ok(match &value {
            Value::Number(_) | Value::Bool(_) if other_is_text => {
                to_text(&value).map_or(value, Value::String)
            }
            _ => value,
        })
    }

    fn binary(
        &self,
        operator: BinaryOperator,
        operands: &[Node; 2],
        node: &Node,
        scope: &Scope<'_>,
    ) -> Outcome {
        let [left, right] = operands;
        if matches!(operator, BinaryOperator::And | BinaryOperator::Or) {
            // One side can decide alone, whichever it is.
            let decides = operator == BinaryOperator::Or;
            let side = |side: &Node| match self.node(side, scope)? {
                Value::Unknown => Ok(None),
                value => boolean(&value)
                    .map(Some)
                    .map_err(|e| self.failure(side, scope, e)),
            };
            let first = side(left)?;
            if first == Some(decides) {
                return Ok(Value::Bool(decides));
            }
            let second = side(right)?;
            return Ok(match (first, second) {
                (_, Some(second)) if second == decides => Value::Bool(decides),
                (Some(_), Some(_)) => Value::Bool(!decides),
                _ => Value::Unknown,
            });
        }
        let (a, b) = (self.node(left, scope)?, self.node(right, scope)?);
        if a.has_unknown() || b.has_unknown() {
            return Ok(Value::Unknown);
        }
        binary(operator, &a, &b).map_err(|e| self.failure(node, scope, e))
    }

    fn for_each(&self, each: &For, node: &Node, scope: &Scope<'_>) -> Outcome {
        let collection = self.node(&each.collection, scope)?;
        if collection == Value::Unknown {
            return Ok(Value::Unknown);
        }
        let items = elements(&collection)
            .ok_or_else(|| self.failure(&each.collection, scope, "it is not a collection"))?;
        let mut list = Vec::new();
        let mut map: BTreeMap<String, Value> = BTreeMap::new();
        let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (key, value) in items {
            let made = self.bound(
                scope,
                each.key_variable.as_deref(),
                key,
                &each.value_variable,
                value,
                |scope| self.for_item(each, scope),
            )?;
            match made {
                Made::Unknown => return Ok(Value::Unknown),
                Made::Nothing => {}
                Made::Item(None, value) => list.push(value),
                Made::Item(Some(key), value) if each.grouping => {
                    groups.entry(key).or_default().push(value);
                }
                Made::Item(Some(key), value) => {
                    if map.insert(key, value).is_some() {
                        return Err(self.failure(node, scope, "two elements have the same key"));
                    }
                }
            }
        }
        Ok(match (&each.key, each.grouping) {
            (None, _) => Value::List(list),
            (Some(_), true) => groups
                .into_iter()
                .map(|(key, values)| (key, Value::List(values)))
                .collect(),
            (Some(_), false) => Value::Map(map),
        })
    }

    fn for_item(&self, each: &For, scope: &Scope<'_>) -> Outcome<Made> {
        if let Some(condition) = &each.condition {
            match self.node(condition, scope)? {
                Value::Unknown => return Ok(Made::Unknown),
                value => {
                    if !boolean(&value).map_err(|e| self.failure(condition, scope, e))? {
                        return Ok(Made::Nothing);
                    }
                }
            }
        }
        let key = match &each.key {
            None => None,
            Some(key) => match self.interpolate(key, scope)? {
                None => return Ok(Made::Unknown),
                key => key,
            },
        };
        Ok(Made::Item(key, self.node(&each.value, scope)?))
    }

    /// Walks into a value.
    pub(super) fn steps(
        &self,
        value: Value,
        steps: &[(Step, crate::configuration::syntax::Span)],
        node: &Node,
        scope: &Scope<'_>,
    ) -> Outcome {
        let Some(((step, _), rest)) = steps.split_first() else {
            return Ok(value);
        };
        let value = match value {
            Value::Dynamic(inner) => inner.1,
            value => value,
        };
        let next = match step {
            Step::FullSplat | Step::AttributeSplat => {
                // `.*` reaches through attributes alone; an index after it is for the result.
                let through = match step {
                    Step::FullSplat => rest.len(),
                    _ => rest
                        .iter()
                        .take_while(|(s, _)| matches!(s, Step::Attribute(_)))
                        .count(),
                };
                let (inner, after) = rest.split_at_checked(through).unwrap_or((rest, &[]));
                let items = match value {
                    Value::Unknown => return Ok(Value::Unknown),
                    Value::Null => Vec::new(),
                    Value::List(items) | Value::Set(items) => items,
                    single => vec![single],
                };
                let items: Vec<Value> = items
                    .into_iter()
                    .map(|item| self.steps(item, inner, node, scope))
                    .collect::<Outcome<_>>()?;
                return self.steps(Value::List(items), after, node, scope);
            }
            Step::Attribute(name) => self.attribute(value, name, node, scope)?,
            Step::Index(index) => {
                let index = self.node(index, scope)?;
                self.index(value, &index, node, scope)?
            }
        };
        self.steps(next, rest, node, scope)
    }

    fn attribute(&self, value: Value, name: &str, node: &Node, scope: &Scope<'_>) -> Outcome {
        match value {
            Value::Unknown => Ok(Value::Unknown),
            Value::Map(mut entries) => entries
                .remove(name)
                .ok_or_else(|| self.failure(node, scope, format!("there is no `{name}`"))),
            other => {
                let reason = format!("a {} has no attribute `{name}`", other.kind_name());
                Err(self.failure(node, scope, reason))
            }
        }
    }

    fn index(&self, value: Value, index: &Value, node: &Node, scope: &Scope<'_>) -> Outcome {
        let wrong = |reason: &str| self.failure(node, scope, reason);
        match (value, index) {
            (Value::Unknown, _) | (_, Value::Unknown) => Ok(Value::Unknown),
            (Value::Map(mut entries), key) => to_text(key)
                .and_then(|key| entries.remove(&key))
                .ok_or_else(|| wrong("there is no such key")),
            (Value::List(mut items) | Value::Set(mut items), key) => {
                let at = number(key).ok().and_then(|n| n.as_u64());
                let at = at.and_then(|at| usize::try_from(at).ok());
                match at.filter(|at| *at < items.len()) {
                    Some(at) => Ok(items.swap_remove(at)),
                    None => Err(wrong("there is no such index")),
                }
            }
            (other, _) => Err(wrong(&format!("a {} has no elements", other.kind_name()))),
        }
    }
}

enum Made {
    Item(Option<String>, Value),
    Nothing,
    Unknown,
}
