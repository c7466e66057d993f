//! The layers over memory, over files, and over a backend that fails on demand. Beside servers they are tested in `tests/backends/layers`.

mod breaking;
mod cached;
mod contract;
mod limited;
mod observed;
mod options;
mod refused;
mod retried;
mod support;
