//! Evaluates expressions and provider blocks. What cannot be known stays unresolved, with its reason; nothing is guessed.
//!
//! Inside, [`Value::Unknown`] stands for what is unresolved, so that the known parts around it can be used; why it is unknown is
//! noted on the way. Errors, such as a missing attribute, are apart from that, since `try` and `can` catch errors alone.

mod calls;
mod node;
mod operators;
mod providers;
mod references;
mod state;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) use operators::arithmetic;
pub use providers::{ConfigurationOrigin, EvaluatedBody, ProviderConfiguration};
pub use state::StateReferences;
pub(crate) use state::from_json;

use super::model::{Module, RootModule};
use super::syntax::{Expression, Location, Node, SourceFile};
use super::variables::Variables;
use super::workspace::Workspace;
use crate::address::ModulePath;
use crate::context::Context;
use crate::state::State;
use crate::value::Value;

/// How deep expressions may lead into each other; each level takes stack.
const MAX_DEPTH: usize = 250;

/// How much one evaluation may make, in values and characters. A configuration needs thousands; one that doubles a list at each of
/// fifty local values would need them all.
const MAX_WORK: usize = 1_000_000;
/// How deep a value may be nested; what walks over values takes stack.
const MAX_NESTING: usize = 400;

/// How many values and characters a value has, and how deep it is.
fn measure(value: &Value) -> (usize, usize) {
    let all = |items: &mut dyn Iterator<Item = &Value>| {
        items
            .map(measure)
            .fold((1, 1), |(size, depth), (s, d)| (size + s, depth.max(d + 1)))
    };
    match value {
        Value::String(text) => (text.len() / 16 + 1, 1),
        Value::List(items) | Value::Set(items) => all(&mut items.iter()),
        Value::Map(entries) => all(&mut entries.values()),
        Value::Dynamic(inner) => measure(&inner.1),
        _ => (1, 1),
    }
}

/// An expression whose value cannot be known here, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// The argument that needs it, such as `region` or `assume_role[0].role_arn`; empty for the block as a whole.
    pub argument: String,
    /// The source text of the expression.
    pub expression: String,
    /// Where it stands; `None` when it is about something that is not written anywhere.
    pub location: Option<Location>,
    /// Why it cannot be known.
    pub reason: String,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is unresolved: {}", self.expression, self.reason)?;
        match &self.location {
            Some(location) => write!(f, " ({location})"),
            None => Ok(()),
        }
    }
}

/// What was met while something was evaluated.
#[derive(Clone, Default)]
struct Notes {
    sensitive: bool,
    unknown: Vec<Unresolved>,
}

/// An error of evaluation. Boxed: it is rare.
type Failure = Box<Unresolved>;
type Outcome<T = Value> = Result<T, Failure>;

/// Named values that are evaluated once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    Variable,
    Local,
    Output,
}

type Key = (ModulePath, Named, String);

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
struct Scope<'s> {
    module: &'s Module,
    path: &'s ModulePath,
    file: &'s Arc<SourceFile>,
    /// Key and value of the `for_each` around it.
    each: Option<(&'s Value, &'s Value)>,
    count: Option<i64>,
    bindings: Option<&'s Binding<'s>>,
    /// Inside of a template file, where only its own variables exist.
    isolated: bool,
}

/// Names that an expression itself introduces.
struct Binding<'s> {
    names: Names<'s>,
    outer: Option<&'s Binding<'s>>,
}

enum Names<'s> {
    /// One, as `for` does.
    One(&'s str, Value),
    /// All variables of a template.
    All(&'s BTreeMap<String, Value>),
}

impl Binding<'_> {
    /// The value of a name, from here outwards.
    fn get(&self, wanted: &str) -> Option<&Value> {
        let mine = match &self.names {
            Names::One(name, value) => (*name == wanted).then_some(value),
            Names::All(entries) => entries.get(wanted),
        };
        mine.or_else(|| self.outer?.get(wanted))
    }
}

/// Evaluates the expressions of one root module.
pub struct Evaluator<'a> {
    root: &'a RootModule,
    variables: &'a Variables,
    workspace: &'a Workspace,
    state: Option<StateReferences<'a>>,
    home: Option<PathBuf>,
    nowhere: Arc<SourceFile>,
    cache: RefCell<BTreeMap<Key, (Outcome, Notes)>>,
    active: RefCell<Vec<Key>>,
    notes: RefCell<Notes>,
    depth: Cell<usize>,
    work: Cell<usize>,
}

impl fmt::Debug for Evaluator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluator")
            .field("root", &self.root.dir)
            .field("variables", &self.variables)
            .field("workspace", &self.workspace)
            .finish_non_exhaustive()
    }
}

impl<'a> Evaluator<'a> {
    /// An evaluator for a root module. Without a state, references to resources stay unresolved.
    pub fn new(
        cx: &Context,
        root: &'a RootModule,
        variables: &'a Variables,
        workspace: &'a Workspace,
        state: Option<&'a State>,
    ) -> Self {
        Self {
            root,
            variables,
            workspace,
            state: state.map(StateReferences::new),
            home: cx.environment().home().map(PathBuf::from),
            nowhere: SourceFile::new("", ""),
            cache: RefCell::default(),
            active: RefCell::default(),
            notes: RefCell::default(),
            depth: Cell::new(0),
            work: Cell::new(0),
        }
    }

    /// The value of an expression of the root module, and whether it touches something sensitive.
    ///
    /// # Errors
    /// Everything in it that is unresolved; never empty.
    pub fn evaluate(&self, expression: &Expression) -> Result<(Value, bool), Vec<Unresolved>> {
        let path = ModulePath::root();
        self.settle(expression, &self.scope_in(&self.root.module, &path))
    }

    /// Where an expression of a module is evaluated.
    fn scope<'s>(
        &'s self,
        module: &'s Module,
        path: &'s ModulePath,
        expression: &'s Expression,
    ) -> Scope<'s> {
        Scope {
            file: &expression.file,
            ..self.scope_in(module, path)
        }
    }

    /// The same before the expression, and with it the file, is known.
    fn scope_in<'s>(&'s self, module: &'s Module, path: &'s ModulePath) -> Scope<'s> {
        Scope {
            module,
            path,
            file: &self.nowhere,
            each: None,
            count: None,
            bindings: None,
            isolated: false,
        }
    }

    /// Evaluates an expression of its own: a value that is known throughout, or all reasons why not.
    fn settle(
        &self,
        expression: &Expression,
        scope: &Scope<'_>,
    ) -> Result<(Value, bool), Vec<Unresolved>> {
        let scope = Scope {
            file: &expression.file,
            ..*scope
        };
        self.work.set(0);
        let (outcome, notes) = self.noting(|| self.node(&expression.node, &scope));
        match outcome {
            Err(failure) => Err(vec![*failure]),
            Ok(value) if value.has_unknown() => {
                let mut reasons = notes.unknown;
                reasons.dedup();
                if reasons.is_empty() {
                    reasons.push(*self.failure(&expression.node, &scope, "it is not known"));
                }
                Err(reasons)
            }
            Ok(value) => Ok((value, notes.sensitive)),
        }
    }

    /// Runs with notes of its own.
    fn noting<T>(&self, run: impl FnOnce() -> T) -> (T, Notes) {
        let outer = self.notes.take();
        let result = run();
        (result, self.notes.replace(outer))
    }

    fn mark_sensitive(&self) {
        self.notes.borrow_mut().sensitive = true;
    }

    fn failure(&self, node: &Node, scope: &Scope<'_>, reason: impl Into<String>) -> Failure {
        Box::new(Unresolved {
            argument: String::new(),
            expression: scope.file.slice(node.span).trim().to_owned(),
            location: Some(scope.file.location(node.span.start)),
            reason: reason.into(),
        })
    }

    /// Notes why something is not known.
    fn unknown(&self, node: &Node, scope: &Scope<'_>, reason: impl Into<String>) -> Value {
        let unresolved = *self.failure(node, scope, reason);
        self.notes.borrow_mut().unknown.push(unresolved);
        Value::Unknown
    }

    /// Evaluates a named value once; a second look gives the first answer with its notes.
    fn named(
        &self,
        key: Key,
        node: &Node,
        scope: &Scope<'_>,
        evaluate: impl FnOnce() -> Outcome,
    ) -> Outcome {
        let known = self.cache.borrow().get(&key).cloned();
        let (outcome, notes) = match known {
            Some(known) => known,
            None => {
                if self.active.borrow().contains(&key) {
                    return Err(self.failure(node, scope, "it refers to itself"));
                }
                self.active.borrow_mut().push(key.clone());
                let result = self.noting(evaluate);
                self.active.borrow_mut().pop();
                self.cache.borrow_mut().insert(key, result.clone());
                result
            }
        };
        let mut mine = self.notes.borrow_mut();
        mine.sensitive |= notes.sensitive;
        mine.unknown.extend(notes.unknown);
        outcome
    }
}
