//! States: formats v1 to v4 read, upgraded, compared, judged and written back without losing a byte. No I/O.

mod attributes;
pub mod flatmap;
mod model;
mod read;
mod sensitive;
mod source;
mod text;
mod types;
mod write;

#[cfg(test)]
mod tests;

pub use model::{
    CheckResults, Each, Instance, InstanceStatus, Output, RawAttributes, Resource, State,
};
