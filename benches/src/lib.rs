//! What the benchmarks share: inputs of a given size, the programs, how a run is measured and how figures are shown.

pub mod calls;
pub mod measure;
pub mod programs;
pub mod states;
pub mod table;
