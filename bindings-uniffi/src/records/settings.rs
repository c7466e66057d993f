//! Settings.

use super::record;
use crate::typed::{JsonValue, json_form};

record! {
    /// The settings that hold.
    SettingsData {
        /// The files that were read, the weaker one first.
        files: Vec<String>,
        /// Every key, with its value and where that comes from.
        settings: Vec<Setting>,
        /// What a person should know, that is no error.
        warnings: Vec<String>,
    }
}

record! {
    /// One setting.
    Setting {
        /// Its key, such as `drift.timeout`.
        key: String,
        /// Its value; JSON null when nobody set it and it has no default.
        value: JsonValue,
        /// Where the value comes from: an object whose `kind` says what.
        origin: JsonValue,
        /// It does something in this version.
        has_effect: bool,
    }
}

json_form!(SettingsData, Setting);
