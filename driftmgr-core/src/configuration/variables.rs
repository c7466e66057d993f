//! Values of the root module's variables, gathered from every place that Terraform takes them from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::build::problem_at;
use super::load::read_source;
use super::model::RootModule;
use super::syntax::{SourceFile, parse_expression, parse_values};
use crate::context::Context;
use crate::env::TF_VAR_PREFIX;
use crate::error::{Error, ErrorKind, Partial};
use crate::value::Value;

/// A value, or a file of values, that the caller gives. The order of several counts: later ones win.
#[derive(Clone)]
pub enum VariableInput {
    /// `-var NAME=VALUE`.
    Value {
        /// The variable.
        name: String,
        /// Its value: the text itself for primitive types, an expression for the others.
        value: String,
    },
    /// `-var-file PATH`, relative to the working folder.
    File(PathBuf),
}

impl fmt::Debug for VariableInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { name, .. } => write!(f, "Value({name})"),
            Self::File(path) => write!(f, "File({})", path.display()),
        }
    }
}

/// Who gave a variable its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableOrigin {
    /// A `TF_VAR_` variable of the environment.
    Environment,
    /// A file of values.
    File(PathBuf),
    /// The caller.
    Explicit,
}

/// The given values. `Debug` shows the names alone: any of them can be a secret.
#[derive(Clone, Default)]
pub struct Variables {
    given: BTreeMap<String, (Value, VariableOrigin)>,
    /// A source of values could not be read, so that what the others say may not be the last word.
    incomplete: bool,
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.given.keys()).finish()
    }
}

impl Variables {
    /// Gathers values for a root module. Each of these wins over the ones before it: the environment, `terraform.tfvars`,
    /// `terraform.tfvars.json`, `*.auto.tfvars` and `*.auto.tfvars.json` in the order of their names, and `inputs` in their order.
    ///
    /// Defaults are not values; whoever evaluates falls back to them. Files that cannot be read are problems, and make every
    /// variable unresolved.
    pub fn gather(cx: &Context, root: &RootModule, inputs: &[VariableInput]) -> Partial<Self> {
        let mut gathering = Gathering {
            root,
            variables: Self::default(),
            problems: Vec::new(),
        };
        for (name, text) in cx.environment().variables() {
            if let Some(name) = name.strip_prefix(TF_VAR_PREFIX)
                && root.module.variables.contains_key(name)
            {
                gathering.text(name, text, VariableOrigin::Environment);
            }
        }
        for name in gathering.automatic_files() {
            let path = root.absolute_dir.join(&name);
            gathering.file(&path, &root.dir.join(&name));
        }
        for input in inputs {
            match input {
                VariableInput::Value { name, value } => gathering.explicit(name, value),
                VariableInput::File(path) => {
                    gathering.file(&cx.environment().current_dir().join(path), path);
                }
            }
        }
        Partial {
            value: gathering.variables,
            problems: gathering.problems,
        }
    }

    /// The value given to a variable, not yet converted to its type, and who gave it.
    pub fn get(&self, name: &str) -> Option<(&Value, &VariableOrigin)> {
        self.given.get(name).map(|(value, origin)| (value, origin))
    }

    /// The same with one value set, as by the caller.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.given
            .insert(name.into(), (value.into(), VariableOrigin::Explicit));
        self
    }

    /// True when a source of values could not be read.
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }
}

struct Gathering<'a> {
    root: &'a RootModule,
    variables: Variables,
    problems: Vec<Error>,
}

impl Gathering<'_> {
    fn problem(&mut self, problem: Error) {
        self.variables.incomplete = true;
        self.problems.push(problem);
    }

    fn set(&mut self, name: &str, value: Value, origin: VariableOrigin) {
        self.variables
            .given
            .insert(name.to_owned(), (value, origin));
    }

    fn automatic_files(&mut self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(&self.root.absolute_dir) else {
            return Vec::new();
        };
        let names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        let mut files: Vec<String> = ["terraform.tfvars", "terraform.tfvars.json"]
            .into_iter()
            .filter(|fixed| names.iter().any(|name| name == fixed))
            .map(str::to_owned)
            .collect();
        let mut automatic: Vec<String> = names
            .into_iter()
            .filter(|n| n.ends_with(".auto.tfvars") || n.ends_with(".auto.tfvars.json"))
            .collect();
        automatic.sort();
        files.append(&mut automatic);
        files
    }

    fn file(&mut self, path: &Path, shown: &Path) {
        let read = read_source(path, shown).and_then(|source| {
            let body = parse_values(&source)?;
            match body.blocks.first() {
                Some(block) => Err(problem_at(
                    &block.location,
                    "a file of variable values has no blocks",
                )),
                None => Ok(body),
            }
        });
        let body = match read {
            Ok(body) => body,
            Err(e) => return self.problem(e),
        };
        for attribute in body.attributes {
            match attribute.value.as_literal() {
                Some(value) => {
                    let origin = VariableOrigin::File(shown.to_owned());
                    self.set(&attribute.name, value, origin);
                }
                None => self.problem(problem_at(
                    &attribute.value.location(),
                    format!("the value of `{}` is not a literal", attribute.name),
                )),
            }
        }
    }

    fn explicit(&mut self, name: &str, text: &str) {
        if self.root.module.variables.contains_key(name) {
            return self.text(name, text, VariableOrigin::Explicit);
        }
        self.problems.push(
            Error::new(
                ErrorKind::InvalidInput,
                format!("a value is given for variable `{name}`, which the configuration does not declare"),
            )
            .with("folder", self.root.dir.display()),
        );
    }

    /// Text from the environment or the command line: as it stands for primitive and undeclared types, else an expression.
    fn text(&mut self, name: &str, text: &str, origin: VariableOrigin) {
        let declared = self.root.module.variables.get(name);
        let constraint = declared.and_then(|variable| variable.constraint.as_ref());
        if constraint.is_none_or(|c| c.is_primitive()) {
            return self.set(name, Value::from(text), origin);
        }
        let source = SourceFile::new(format!("<value of var.{name}>"), text);
        match parse_expression(&source).map(|e| e.as_literal()) {
            Ok(Some(value)) => self.set(name, value, origin),
            // The error of the parser could show a part of the value.
            Ok(None) | Err(_) => self.problem(
                Error::new(
                    ErrorKind::InvalidInput,
                    format!("the value given for variable `{name}` is not a literal of its type"),
                )
                .with_hint("lists, maps and objects are given as in the configuration: `[\"a\"]`, `{a = 1}`"),
            ),
        }
    }
}
