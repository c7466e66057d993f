//! Function calls. The few functions that look at expressions, and not only at values, are here; the others are in `functions`.

use std::path::PathBuf;

use super::{Binding, Evaluator, Names, Outcome, Scope};
use crate::configuration::functions::{self, Error as FunctionError, Folders};
use crate::configuration::load::read_source;
use crate::configuration::syntax::SourceFile;
use crate::configuration::syntax::{Call, Node, parse_template};
use crate::value::Value;

impl Evaluator<'_> {
    pub(super) fn call(&self, call: &Call, node: &Node, scope: &Scope<'_>) -> Outcome {
        match call.name.as_str() {
            "try" => return self.try_each(call, node, scope),
            "can" => return self.can(call, node, scope),
            "sensitive" => self.mark_sensitive(),
            "issensitive" => return self.is_sensitive(call, node, scope),
            _ => {}
        }
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for (at, argument) in call.arguments.iter().enumerate() {
            let value = self.node(argument, scope)?;
            if call.expand_final && at + 1 == call.arguments.len() {
                match value {
                    Value::List(items) | Value::Set(items) => arguments.extend(items),
                    Value::Unknown => return Ok(Value::Unknown),
                    _ => {
                        let reason = "only a list can be spread over arguments";
                        return Err(self.failure(argument, scope, reason));
                    }
                }
            } else {
                arguments.push(value);
            }
        }
        if arguments.iter().any(Value::has_unknown) {
            return Ok(Value::Unknown);
        }
        let result = match (call.name.as_str(), arguments.as_slice()) {
            ("templatefile", [Value::String(path), variables]) => {
                return self.template_file(path, variables, node, scope);
            }
            ("templatestring", [Value::String(text), variables]) => {
                let file = SourceFile::new(scope.file.path(), text);
                return self.render(&file, variables, node, scope);
            }
            (name, _) => functions::call(name, &arguments, &self.folders()),
        };
        match result {
            Ok(value) => Ok(value),
            Err(FunctionError::Wrong(reason)) => {
                Err(self.failure(node, scope, format!("`{}`: {reason}", call.name)))
            }
            Err(FunctionError::Unknowable(reason)) => Ok(self.unknown(node, scope, reason)),
        }
    }

    fn folders(&self) -> Folders<'_> {
        Folders {
            current: &self.root.absolute_dir,
            home: self.home.as_deref(),
        }
    }

    /// The first argument that is no error. One that is unknown may turn out to be an error, so it ends the search.
    fn try_each(&self, call: &Call, node: &Node, scope: &Scope<'_>) -> Outcome {
        for argument in &call.arguments {
            let (outcome, notes) = self.noting(|| self.node(argument, scope));
            if let Ok(value) = outcome {
                let mut mine = self.notes.borrow_mut();
                mine.sensitive |= notes.sensitive;
                mine.unknown.extend(notes.unknown);
                return Ok(value);
            }
        }
        Err(self.failure(node, scope, "every argument of `try` fails"))
    }

    fn can(&self, call: &Call, node: &Node, scope: &Scope<'_>) -> Outcome {
        let [argument] = call.arguments.as_slice() else {
            return Err(self.failure(node, scope, "`can` has one argument"));
        };
        let (outcome, notes) = self.noting(|| self.node(argument, scope));
        Ok(match outcome {
            Ok(value) if value.has_unknown() => {
                self.notes.borrow_mut().unknown.extend(notes.unknown);
                Value::Unknown
            }
            outcome => Value::Bool(outcome.is_ok()),
        })
    }

    fn is_sensitive(&self, call: &Call, node: &Node, scope: &Scope<'_>) -> Outcome {
        let [argument] = call.arguments.as_slice() else {
            return Err(self.failure(node, scope, "`issensitive` has one argument"));
        };
        let (outcome, notes) = self.noting(|| self.node(argument, scope));
        outcome.map(|_| Value::Bool(notes.sensitive))
    }

    fn template_file(
        &self,
        path: &str,
        variables: &Value,
        node: &Node,
        scope: &Scope<'_>,
    ) -> Outcome {
        if scope.isolated {
            let reason = "a template cannot call `templatefile`";
            return Err(self.failure(node, scope, reason));
        }
        let full: PathBuf = self.folders().resolve(path);
        let file = read_source(&full, &full).map_err(|_| {
            self.failure(
                node,
                scope,
                "`templatefile`: the file cannot be read as text",
            )
        })?;
        self.render(&file, variables, node, scope)
    }

    fn render(
        &self,
        file: &std::sync::Arc<SourceFile>,
        variables: &Value,
        node: &Node,
        scope: &Scope<'_>,
    ) -> Outcome {
        let Value::Map(entries) = variables else {
            return Err(self.failure(node, scope, "the template's variables are a map"));
        };
        let template = parse_template(file)
            .map_err(|_| self.failure(node, scope, "the template cannot be read"))?;
        let binding = Binding {
            names: Names::All(entries),
            outer: None,
        };
        let inner = Scope {
            file,
            bindings: Some(&binding),
            isolated: true,
            ..*scope
        };
        // An error inside is told at the call: the template's own text is not a place of the configuration.
        self.node(&template.node, &inner)
            .map_err(|e| self.failure(node, scope, e.reason))
    }
}
