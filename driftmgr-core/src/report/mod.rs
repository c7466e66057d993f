//! Reports: data in, bytes out.

pub mod text;
