//! The arguments; what goes over the wire is tested beside a server, in `tests/backends/gcs`.
