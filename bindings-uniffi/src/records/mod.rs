//! Results as records. Each has the fields of the JSON form, where their documentation comes from.

mod configuration;
mod doctor;
mod drift;
mod event;
mod history;
mod managed;
mod metrics;
mod settings;
mod snapshot;
mod state;
mod status;

pub use configuration::*;
pub use doctor::*;
pub use drift::*;
pub use event::*;
pub use history::*;
pub use managed::*;
pub use metrics::*;
pub use settings::*;
pub use snapshot::*;
pub use state::*;
pub use status::*;

/// A record: data that is filled from JSON, and gives it back. Its fields follow, with their documentation.
macro_rules! record {
    ($(#[$about:meta])* $name:ident { $($(#[$field_about:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, uniffi::Record)]
        pub struct $name {
            $($(#[$field_about])* pub $field: $type,)*
        }
    };
}
pub(crate) use record;

/// One of some words, in snake_case in JSON.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$word_about:meta])* $word:ident,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, uniffi::Enum)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$word_about])* $word,)*
        }
    };
}
pub(crate) use words;
