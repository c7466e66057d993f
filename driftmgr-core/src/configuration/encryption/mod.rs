//! OpenTofu's `encryption` block and `TF_ENCRYPTION`: how states are encrypted.
//!
//! The block is read where it stands in a `terraform` block of the root module; the environment variable holds the same in either spelling
//! and is merged over it. What they say about states is evaluated into [`crate::state::encryption::Encryption`]; `plan` and
//! `remote_state_data_sources` are left unread.
//!
//! Source: OpenTofu, "State and Plan Encryption".

mod declared;
mod merge;
mod methods;
mod providers;
#[cfg(test)]
mod tests;

pub(super) use merge::merge;

use self::declared::Declared;
use super::build::problem_at;
use super::evaluate::{Evaluator, Unresolved};
use super::model::RootModule;
use super::syntax::{Body, Expression, Location, SourceFile, parse_encryption};
use super::variables::Variables;
use super::workspace::Workspace;
use crate::context::Context;
use crate::env::TF_ENCRYPTION;
use crate::error::{Error, ErrorKind, Result};
use crate::state::encryption::Encryption;
use crate::value::Value;

impl RootModule {
    /// How the states of this root module are encrypted, by its `encryption` block and `TF_ENCRYPTION`; `None` when neither says anything
    /// about states.
    ///
    /// No secret of it is in any error, and `Debug` of what is given shows none.
    ///
    /// # Errors
    /// - `InvalidConfig` for what is wrong in the block or the variable, with `file`, `line` and `column`; the file of the variable is
    ///   `TF_ENCRYPTION`. A fallback that cannot be used is told only when it is tried.
    /// - `Unsupported` for types of key providers and methods that are not known.
    pub fn encryption(
        &self,
        cx: &Context,
        variables: &Variables,
        workspace: &Workspace,
    ) -> Result<Option<Encryption>> {
        let block = self.module.encryption.as_ref();
        let given = environment(cx)?;
        if let Some(block) = block {
            declared::check(&block.body)?;
        }
        let body = match (block, given) {
            (None, None) => return Ok(None),
            (Some(block), None) => block.body.clone(),
            (None, Some(given)) => given,
            (Some(block), Some(given)) => {
                let mut body = block.body.clone();
                merge(&mut body, given);
                body
            }
        };
        let Some(targets) = Declared::targets(&body)? else {
            return Ok(None);
        };
        let evaluator = Evaluator::new(cx, self, variables, workspace, None);
        let resolver = Resolver {
            body: &body,
            evaluator: &evaluator,
        };
        resolver.encryption(targets).map(Some)
    }
}

/// What `TF_ENCRYPTION` says.
fn environment(cx: &Context) -> Result<Option<Body>> {
    let text = cx.environment().get(TF_ENCRYPTION).map(str::trim);
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let body = parse_encryption(&SourceFile::new(TF_ENCRYPTION, text))?;
    declared::check(&body)?;
    Ok(Some(body))
}

/// Turns declarations into methods with keys.
struct Resolver<'a> {
    body: &'a Body,
    evaluator: &'a Evaluator<'a>,
}

impl Resolver<'_> {
    /// The value of an argument. It is a secret, and so is the text of the expression.
    fn value(&self, argument: &str, expression: &Expression) -> Result<Value> {
        match self.evaluator.evaluate(expression) {
            Ok((value, _)) => Ok(value),
            Err(reasons) => Err(unresolved(argument, expression, &reasons)),
        }
    }
}

fn unresolved(argument: &str, expression: &Expression, reasons: &[Unresolved]) -> Error {
    let first = reasons.first();
    let place = first.and_then(|reason| reason.location.clone());
    let reason = first.map_or("it is not known", |reason| reason.reason.as_str());
    let message = format!("`{argument}` of the encryption configuration is not known: {reason}");
    problem_at(&place.unwrap_or_else(|| expression.location()), message).with_hint(
        "give the variable a value, such as with `TF_VAR_NAME` or `--var`; only variables, local values and functions can be used here",
    )
}

/// The same error with its place, and a hint where it has none.
fn at(error: Error, location: &Location, hint: &str) -> Error {
    let error = error
        .with("file", location.file.display())
        .with("line", location.line)
        .with("column", location.column);
    match error.hints().is_empty() {
        true => error.with_hint(hint),
        false => error,
    }
}

fn unsupported(location: &Location, message: String) -> Error {
    at(
        Error::new(ErrorKind::Unsupported, message),
        location,
        "`tofu state pull` prints the state decrypted; check that output instead",
    )
}
