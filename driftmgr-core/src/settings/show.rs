//! The settings for programs: every key with value, origin and whether it does anything.

use serde_json::{Value as Json, json};

use super::key::KEYS;
use super::typed::Settings;

impl Settings {
    /// `{"files": […], "settings": [{"key", "value", "origin", "has_effect"}], "warnings": […]}`, in the order of
    /// [`KEYS`](super::KEYS). The value of a key that nobody set and that has no default is null.
    ///
    /// `schemas/config.schema.json` describes it.
    pub fn json(&self) -> Json {
        let settings: Vec<Json> = KEYS
            .iter()
            .map(|key| {
                let value = self.values().get(key.name).map(|set| &set.value);
                json!({
                    "key": key.name,
                    "value": value,
                    "origin": self.origin(key.name),
                    "has_effect": key.has_effect,
                })
            })
            .collect();
        let files: Vec<String> = self.files().map(|f| f.display().to_string()).collect();
        json!({"files": files, "settings": settings, "warnings": self.warnings()})
    }
}
