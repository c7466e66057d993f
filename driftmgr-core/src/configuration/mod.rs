//! Terraform's language: root modules read with file:line, provider blocks evaluated.
//!
//! Both spellings are read into one syntax tree ([`Body`], [`Expression`]), from which the model of a module ([`Module`]) is built.
//! Nothing of it is evaluated until somebody asks.

mod build;
mod encryption;
mod evaluate;
mod functions;
mod load;
mod merge;
mod model;
mod partial;
mod sets;
mod syntax;
mod types;
mod variables;
mod workspace;

pub use evaluate::{
    ConfigurationOrigin, EvaluatedBody, Evaluator, ProviderConfiguration, StateReferences,
    Unresolved,
};
pub use model::{
    Backend, IgnoreChanges, Module, ModuleCall, Output, ProviderBlock, Repetition,
    RequiredProvider, ResourceBlock, ResourceKey, RootModule, Variable,
};
pub use partial::BackendInput;
pub use syntax::{Attribute, Block, Body, Expression, Location};
pub use types::{ObjectAttribute, TypeConstraint};
pub use variables::{VariableInput, VariableOrigin, Variables};
pub use workspace::{Workspace, WorkspaceOrigin, data_dir};

#[cfg(test)]
mod tests;
