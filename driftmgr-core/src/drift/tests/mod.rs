//! The engine against a provider that answers by a script.

mod against;
pub(in crate::drift) mod fake;
mod ignored;
mod impact;
mod interrupted;
mod judged;
mod left_out;
mod named;
mod order;
mod outcomes;
mod properties;
mod related;
mod renamed;
pub(crate) mod schemas;
mod score;
mod secrets;
mod snapshots;
mod suspicious;
mod told;
