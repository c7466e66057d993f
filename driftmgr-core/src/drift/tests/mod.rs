//! The engine against a provider that answers by a script.

mod against;
mod fake;
mod interrupted;
mod judged;
mod left_out;
mod order;
mod outcomes;
mod properties;
mod renamed;
mod schemas;
mod secrets;
mod snapshots;
mod suspicious;
