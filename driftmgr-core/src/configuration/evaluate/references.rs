//! References: variables, local values, resources, modules and the few names that are built in.

use super::{Evaluator, Key, Named, Outcome, Scope};
use crate::address::{InstanceKey, ModulePath, ResourceAddress, ResourceMode};
use crate::configuration::model::{Module, ModuleCall, Repetition};
use crate::configuration::syntax::{Node, NodeKind, Span, Step};
use crate::value::Value;

type Steps<'s> = &'s [(Step, Span)];

/// The names at the beginning of the steps, and the rest.
fn names<const N: usize>(steps: Steps<'_>) -> Option<([&str; N], Steps<'_>)> {
    let (first, rest) = steps.split_at_checked(N)?;
    let names: Option<Vec<&str>> = first
        .iter()
        .map(|(step, _)| match step {
            Step::Attribute(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    Some((names?.try_into().ok()?, rest))
}

fn instance_key(value: &Value) -> Option<InstanceKey> {
    match value {
        Value::String(text) => Some(InstanceKey::String(text.clone())),
        Value::Number(number) => number.as_i64().map(InstanceKey::Int),
        _ => None,
    }
}

fn key_value(key: &InstanceKey) -> Value {
    match key {
        InstanceKey::Int(index) => Value::from(*index),
        InstanceKey::String(text) => Value::from(text.as_str()),
    }
}

impl Evaluator<'_> {
    /// A reference: the name at its root and the steps from there. `node` is all of it.
    pub(super) fn reference(
        &self,
        node: &Node,
        root: &Node,
        steps: Steps<'_>,
        scope: &Scope<'_>,
    ) -> Outcome {
        let NodeKind::Variable(name) = &root.kind else {
            return Err(self.failure(node, scope, "it is not a reference"));
        };
        if let Some(value) = scope.bindings.and_then(|b| b.get(name)) {
            return self.steps(value.clone(), steps, node, scope);
        }
        if scope.isolated {
            let reason = format!("the template has no variable `{name}`");
            return Err(self.failure(node, scope, reason));
        }
        let (value, rest) = match (name.as_str(), names::<1>(steps), names::<2>(steps)) {
            ("var", Some(([name], rest)), _) => (self.variable(name, node, scope)?, rest),
            ("local", Some(([name], rest)), _) => (self.local(name, node, scope)?, rest),
            ("path", Some(([name], rest)), _) => (self.path(name, node, scope)?, rest),
            ("terraform" | "tofu", Some((["workspace"], rest)), _) => {
                (Value::from(self.workspace.name.as_str()), rest)
            }
            ("each", Some(([part], rest)), _) => match (part, scope.each) {
                ("key", Some((key, _))) => (key.clone(), rest),
                ("value", Some((_, value))) => (value.clone(), rest),
                _ => return Err(self.failure(node, scope, "there is no `for_each` around it")),
            },
            ("count", Some((["index"], rest)), _) => match scope.count {
                Some(index) => (Value::from(index), rest),
                None => return Err(self.failure(node, scope, "there is no `count` around it")),
            },
            ("module", Some(([call], rest)), _) => {
                return self.call_output(call, rest, node, scope);
            }
            ("data", _, Some(([resource_type, name], rest))) => (
                self.resource(ResourceMode::Data, resource_type, name, node, scope),
                rest,
            ),
            ("resource", _, Some(([resource_type, name], rest))) => (
                self.resource(ResourceMode::Managed, resource_type, name, node, scope),
                rest,
            ),
            ("self" | "data" | "resource" | "var" | "local" | "module" | "ephemeral", _, _) => {
                return Err(self.failure(node, scope, "it does not name anything here"));
            }
            (resource_type, Some(([name], rest)), _) => (
                self.resource(ResourceMode::Managed, resource_type, name, node, scope),
                rest,
            ),
            _ => return Err(self.failure(node, scope, "it does not name anything here")),
        };
        self.steps(value, rest, node, scope)
    }

    fn key(scope: &Scope<'_>, named: Named, name: &str) -> Key {
        (scope.path.clone(), named, name.to_owned())
    }

    fn local(&self, name: &str, node: &Node, scope: &Scope<'_>) -> Outcome {
        let Some(expression) = scope.module.locals.get(name) else {
            let reason = format!("there is no local value `{name}`");
            return Err(self.failure(node, scope, reason));
        };
        self.named(Self::key(scope, Named::Local, name), node, scope, || {
            let inner = self.scope(scope.module, scope.path, expression);
            self.node(&expression.node, &inner)
        })
    }

    fn path(&self, name: &str, node: &Node, scope: &Scope<'_>) -> Outcome {
        match name {
            "module" => Ok(Value::from(scope.module.path.as_str())),
            "root" => Ok(Value::from(".")),
            "cwd" => Ok(Value::from(
                self.root.absolute_dir.to_string_lossy().as_ref(),
            )),
            _ => Err(self.failure(node, scope, "`path` has `module`, `root` and `cwd`")),
        }
    }

    fn variable(&self, name: &str, node: &Node, scope: &Scope<'_>) -> Outcome {
        let Some(declared) = scope.module.variables.get(name) else {
            let reason = format!("there is no variable `{name}`");
            return Err(self.failure(node, scope, reason));
        };
        if declared.sensitive {
            self.mark_sensitive();
        }
        self.named(Self::key(scope, Named::Variable, name), node, scope, || {
            let given = if scope.path.is_root() {
                self.given(name, node, scope)
            } else {
                self.argument(name, scope)?
            };
            let default = || match &declared.default {
                None => Ok(None),
                Some(default) => {
                    let inner = self.scope(scope.module, scope.path, default);
                    self.node(&default.node, &inner).map(Some)
                }
            };
            let value = match given {
                // Null asks for the default where null itself is not a value of the variable.
                Some(Value::Null) if !declared.nullable => default()?.unwrap_or_default(),
                Some(value) => value,
                None => match default()? {
                    Some(value) => value,
                    None => {
                        let reason = format!(
                            "no value is given for variable `{name}` and it has no default"
                        );
                        return Ok(self.unknown(node, scope, reason));
                    }
                },
            };
            match &declared.constraint {
                None => Ok(value),
                Some(constraint) => constraint.convert(value).map_err(|e| {
                    let reason = format!("the value of variable `{name}` has not its type: {e}");
                    self.failure(node, scope, reason)
                }),
            }
        })
    }

    /// What is given to a variable of the root module.
    fn given(&self, name: &str, node: &Node, scope: &Scope<'_>) -> Option<Value> {
        if self.variables.is_incomplete() {
            let reason = "a source of variable values could not be read";
            return Some(self.unknown(node, scope, reason));
        }
        self.variables.get(name).map(|(value, _)| value.clone())
    }

    /// What the call of a module gives to one of its variables.
    fn argument(&self, name: &str, scope: &Scope<'_>) -> Outcome<Option<Value>> {
        let Some((step, parent_path)) = scope.path.0.last().zip(scope.path.parent()) else {
            return Ok(None);
        };
        let parent = self.root.module_at(&parent_path);
        let Some((parent, call)) =
            parent.and_then(|parent| Some((parent, parent.module_calls.get(&step.name)?)))
        else {
            return Ok(None);
        };
        let Some(expression) = call.arguments.attribute(name) else {
            return Ok(None);
        };
        let outer = self.scope(parent, &parent_path, expression);
        let key = step.key.as_ref().map(key_value);
        let value = match (&key, &call.repetition) {
            (Some(key), Repetition::ForEach(each)) => {
                let each_scope = self.scope(parent, &parent_path, each);
                let collection = self.node(&each.node, &each_scope)?;
                match &collection {
                    Value::Unknown => Value::Unknown,
                    Value::Set(_) => key.clone(),
                    _ => self.steps(
                        collection,
                        &[(
                            Step::Index(Node::literal(each.node.span, key.clone())),
                            each.node.span,
                        )],
                        &each.node,
                        &each_scope,
                    )?,
                }
            }
            _ => Value::Unknown,
        };
        let inner = Scope {
            each: key.as_ref().map(|key| (key, &value)),
            count: match &step.key {
                Some(InstanceKey::Int(index)) => Some(*index),
                _ => None,
            },
            ..outer
        };
        self.node(&expression.node, &inner).map(Some)
    }

    fn resource(
        &self,
        mode: ResourceMode,
        resource_type: &str,
        name: &str,
        node: &Node,
        scope: &Scope<'_>,
    ) -> Value {
        let Some(state) = &self.state else {
            return self.unknown(node, scope, "there is no state to look it up in");
        };
        let address = ResourceAddress {
            module: scope.path.clone(),
            mode,
            resource_type: resource_type.to_owned(),
            name: name.to_owned(),
        };
        match state.resource(&address) {
            Ok(found) => {
                if found.sensitive {
                    self.mark_sensitive();
                }
                found.value
            }
            Err(reason) => self.unknown(node, scope, format!("{address}: {reason}")),
        }
    }

    /// `module.NAME.OUTPUT`, `module.NAME[KEY].OUTPUT`, or all instances of a module at once.
    fn call_output(&self, call: &str, steps: Steps<'_>, node: &Node, scope: &Scope<'_>) -> Outcome {
        let Some(declared) = scope.module.module_calls.get(call) else {
            return Err(self.failure(node, scope, format!("there is no module `{call}`")));
        };
        let Some(child) = scope.module.children.get(call) else {
            let reason = format!("the source of module `{call}` is not installed here");
            return Ok(self.unknown(node, scope, reason));
        };
        if let Repetition::Single = declared.repetition {
            let path = scope.path.child(call, None);
            return self.outputs(child, &path, steps, node, scope);
        }
        if let Some(((Step::Index(index), _), rest)) = steps.split_first() {
            return match self.node(index, scope)? {
                Value::Unknown => Ok(Value::Unknown),
                key => {
                    let key = instance_key(&key)
                        .ok_or_else(|| self.failure(node, scope, "it is not an instance key"))?;
                    let path = scope.path.child(call, Some(key));
                    self.outputs(child, &path, rest, node, scope)
                }
            };
        }
        let Some(keys) = self.instance_keys(declared, scope)? else {
            return Ok(Value::Unknown);
        };
        let mut list = Vec::new();
        let mut map = Vec::new();
        for key in keys {
            let path = scope.path.child(call, Some(key.clone()));
            let value = self.outputs(child, &path, &[], node, scope)?;
            match key {
                InstanceKey::Int(_) => list.push(value),
                InstanceKey::String(name) => map.push((name, value)),
            }
        }
        let all = match declared.repetition {
            Repetition::Count(_) => Value::List(list),
            _ => map.into_iter().collect(),
        };
        self.steps(all, steps, node, scope)
    }

    /// The keys of a module's instances; `None` when they are unknown.
    fn instance_keys(
        &self,
        call: &ModuleCall,
        scope: &Scope<'_>,
    ) -> Outcome<Option<Vec<InstanceKey>>> {
        let (Repetition::Count(expression) | Repetition::ForEach(expression)) = &call.repetition
        else {
            return Ok(Some(Vec::new()));
        };
        let inner = self.scope(scope.module, scope.path, expression);
        let value = self.node(&expression.node, &inner)?;
        if value == Value::Unknown {
            return Ok(None);
        }
        let keys = match (&call.repetition, &value) {
            (Repetition::Count(_), Value::Number(count)) => count
                .as_i64()
                .filter(|count| (0..=10_000).contains(count))
                .map(|count| (0..count).map(InstanceKey::Int).collect()),
            (_, Value::Map(entries)) => {
                Some(entries.keys().cloned().map(InstanceKey::String).collect())
            }
            (_, Value::Set(items)) => items.iter().map(instance_key).collect(),
            _ => None,
        };
        match keys {
            Some(keys) => Ok(Some(keys)),
            None => Err(self.failure(&expression.node, &inner, "it gives no instances")),
        }
    }

    /// The outputs of one instance of a module.
    fn outputs(
        &self,
        child: &Module,
        path: &ModulePath,
        steps: Steps<'_>,
        node: &Node,
        scope: &Scope<'_>,
    ) -> Outcome {
        if let Some(([name], rest)) = names::<1>(steps) {
            let value = self.output(child, path, name, node, scope)?;
            return self.steps(value, rest, node, scope);
        }
        let all = child
            .outputs
            .keys()
            .map(|name| Ok((name.clone(), self.output(child, path, name, node, scope)?)))
            .collect::<Outcome<Vec<_>>>()?;
        self.steps(all.into_iter().collect(), steps, node, scope)
    }

    fn output(
        &self,
        child: &Module,
        path: &ModulePath,
        name: &str,
        node: &Node,
        scope: &Scope<'_>,
    ) -> Outcome {
        let Some(output) = child.outputs.get(name) else {
            let reason = match child.has_problems {
                true => format!("the module has no readable output `{name}`"),
                false => format!("the module has no output `{name}`"),
            };
            return Err(self.failure(node, scope, reason));
        };
        let Some(expression) = &output.value else {
            return Err(self.failure(node, scope, format!("output `{name}` has no value")));
        };
        if output.sensitive {
            self.mark_sensitive();
        }
        let key = (path.clone(), Named::Output, name.to_owned());
        self.named(key, node, scope, || {
            self.node(&expression.node, &self.scope(child, path, expression))
        })
    }
}
