//! Providers: what reads reality. The plugin protocol 5 and 6, and native readers for types that need no plugin.

pub mod native;
pub mod plan_back;
pub mod plugin;
mod reader;
mod schema;
mod shape;
#[cfg(test)]
pub(crate) mod testing;

pub use reader::{
    Diagnostic, DiagnosticSeverity, ImportTarget, Imported, ListRequest, Listed, Origin,
    PlanRequest, Planned, ReadRequest, ReaderInfo, Refreshed, ResourceReader,
};
pub use schema::{
    Attribute, AttributeType, Block, IdentitySchema, NestedBlock, Nesting, ProviderSchema,
    ResourceSchema,
};
