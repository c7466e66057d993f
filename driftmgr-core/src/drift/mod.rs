//! Drift: what a state says against what is really there.

mod model;

pub use model::{
    AttributeChange, Class, DriftReport, Effect, EffectAction, Finding, Hidden, Kind, NotLookedAt,
    NotLookedAtKind, Severity, Summary, SurveyedProvider,
};
