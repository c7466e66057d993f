//! States: formats v1 to v4 read, upgraded, compared, judged and written back without losing a byte. No I/O.

mod model;

pub use model::{
    CheckResults, Each, Instance, InstanceStatus, Output, RawAttributes, Resource, State,
};
