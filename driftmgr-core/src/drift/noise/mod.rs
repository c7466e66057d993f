//! What looks like drift and is not, and what is drift and not worth a look.
//!
//! Two things are kept apart. A [`Comparator`] says that both sides of a change mean the same: that is a judgement on the change, kept in
//! [`AttributeChange::noise`](super::AttributeChange::noise) whatever is shown. A [`Filter`] decides what is shown, and touches nothing
//! but `hidden`. A deletion, and a critical change that no comparator calls equal, are always shown.

mod compare;
mod equal;
mod filter;
mod related;

pub use compare::{Certainty, Comparator, Comparators, Compared, Noise};
pub use equal::{EqualityRule, Format};
pub(in crate::drift) use filter::may_be_hidden;
pub use filter::{Filter, Sensitivity, Silencer};
pub(super) use related::{is_child, is_parent, relate};
