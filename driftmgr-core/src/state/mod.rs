//! States: formats v1 to v4 read, upgraded, compared, judged and written back without losing a byte. No I/O.

mod analyze;
mod attributes;
mod checks;
mod compare;
pub mod edit;
pub mod encryption;
pub mod flatmap;
mod health;
mod lineage;
mod model;
mod raw;
mod read;
mod sensitive;
mod source;
mod text;
mod view;
mod write;

#[cfg(test)]
mod tests;

pub use analyze::{Analysis, Heaviest, OrphanedDependency};
pub(crate) use compare::values as comparable;
pub use compare::{
    ChangedInstance, ChangedOutput, Comparison, MetadataChange, MovedInstance, StateChange, compare,
};
pub use health::{AgeBand, Health, HealthBand, HealthInputs, HealthReason};
pub use lineage::Succession;
pub use model::{
    CheckResults, Each, Instance, InstanceStatus, Output, RawAttributes, Resource, State,
};
pub use raw::RawJson;
pub use view::Secrets;
