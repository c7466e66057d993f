//! A state as it was stored.

use std::collections::HashMap;
use std::sync::Arc;

use driftmgr_core::client::StoredState;
use driftmgr_core::error::Partial;
use driftmgr_core::state::{self, Secrets};

use crate::error::Failure;
use crate::records::{Comparison, Health, Inspection, OutputValue, Problem, StateAnalysis};
use crate::typed::{JsonValue, typed};

/// A state as it was stored, and what can be said of it without asking anybody.
#[derive(uniffi::Object)]
pub struct State {
    pub(crate) inner: StoredState,
}

impl State {
    pub(crate) fn new(inner: StoredState) -> Arc<Self> {
        Arc::new(Self { inner })
    }
}

/// What differs, and what could not be compared.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Compared {
    /// The differences.
    pub comparison: Comparison,
    /// Objects that could not be compared.
    pub problems: Vec<Problem>,
}

impl Compared {
    pub(crate) fn of(found: &Partial<state::Comparison>) -> Result<Self, Failure> {
        Ok(Self {
            comparison: typed(&found.value)?,
            problems: typed(&found.problems)?,
        })
    }
}

/// Reads a state file.
#[uniffi::export]
pub fn read_state(path: String) -> Result<Arc<State>, Failure> {
    Ok(State::new(StoredState::read(path)?))
}

/// Reads the bytes of a state of any format from 1 to 4. `name` is what messages and results call it.
#[uniffi::export]
pub fn parse_state(name: String, bytes: Vec<u8>) -> Result<Arc<State>, Failure> {
    Ok(State::new(StoredState::parse(&name, &bytes)?))
}

#[uniffi::export]
impl State {
    /// What the state is called.
    pub fn name(&self) -> String {
        self.inner.name().to_owned()
    }

    /// The addresses of all instances, sorted. With `addresses`, only those that are or lie below one of them.
    pub fn list(&self, addresses: Vec<String>) -> Result<Vec<String>, Failure> {
        let found = self.inner.list_only(&addresses)?;
        Ok(found.iter().map(ToString::to_string).collect())
    }

    /// What the state is, and a row for every object in it.
    pub fn inspect(&self) -> Result<Inspection, Failure> {
        typed(&self.inner.inspect())
    }

    /// The outputs of the root module. Secrets are masked unless asked for.
    pub fn outputs(&self, secrets: bool) -> Result<HashMap<String, OutputValue>, Failure> {
        typed(&self.inner.outputs(shown(secrets))?)
    }

    /// The state as `terraform show -json` prints it. Secrets are masked unless asked for.
    pub fn view(&self, secrets: bool) -> Result<JsonValue, Failure> {
        Ok(JsonValue(self.inner.view(shown(secrets))?))
    }

    /// The score of the state with its reasons.
    pub fn health(&self) -> Result<Health, Failure> {
        typed(&self.inner.health())
    }

    /// Counts and hints.
    pub fn analyze(&self) -> Result<StateAnalysis, Failure> {
        typed(&self.inner.analyze())
    }

    /// What changed from this state to another one.
    pub fn compare(&self, after: &Self) -> Result<Compared, Failure> {
        Compared::of(&self.inner.compare(&after.inner))
    }

    /// The bytes of the state in format 4.
    pub fn upgrade(&self) -> Vec<u8> {
        self.inner.upgrade()
    }
}

fn shown(secrets: bool) -> Secrets {
    match secrets {
        true => Secrets::Revealed,
        false => Secrets::Masked,
    }
}
