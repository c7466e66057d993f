//! The library through its front door, against real states and real providers, when things go wrong.

mod faults;
mod kept;
mod lab;
mod scale;
mod secrets;
mod sharing;
mod states;
mod targets;
