//! Reports: data in, bytes out.

pub mod json;
pub mod text;
