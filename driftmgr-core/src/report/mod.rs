//! Reports: data in, bytes out.
