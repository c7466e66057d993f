//! Takes the secrets of an object out of what a provider says about it. The provider's schema knows some; others are secret because
//! the configuration marked them, which the state tells.

use super::reality::InstanceRef;
use crate::error::Error;
use crate::provider::ResourceSchema;
use crate::provider::plugin::{Scrubber, untyped};
use crate::state::RawAttributes;
use crate::value::Value;

/// What is secret in an object, gathered only once something was said.
pub(super) struct Secrets<'a> {
    object: &'a InstanceRef,
    schema: &'a ResourceSchema,
    current: Option<&'a Value>,
}

impl<'a> Secrets<'a> {
    pub(super) fn of(object: &'a InstanceRef, schema: &'a ResourceSchema) -> Self {
        Self {
            object,
            schema,
            current: None,
        }
    }

    /// Those of the object as it really is, too.
    pub(super) fn and(self, current: &'a Value) -> Self {
        Self {
            current: Some(current),
            ..self
        }
    }

    /// The error without any of them.
    pub(super) fn error(&self, error: Error) -> Error {
        let scrubber = self.scrubber();
        error.map_text(|text| scrubber.scrub(text))
    }

    /// The text without any of them.
    pub(super) fn text(&self, text: &str) -> String {
        self.scrubber().scrub(text)
    }

    fn scrubber(&self) -> Scrubber {
        let (instance, block) = (&self.object.instance, &self.schema.block);
        let mut scrubber = Scrubber::default();
        scrubber.add_stored(&instance.attributes, block);
        if let RawAttributes::Json(raw) = &instance.attributes
            && let Ok(stored) = serde_json::from_str(raw.get())
        {
            let stored = untyped(stored);
            scrubber.add_unknown(&stored, block);
            scrubber.add_marked(&stored, &instance.sensitive);
        }
        if let Some(current) = self.current {
            scrubber.add_object(current, block);
            scrubber.add_marked(current, &instance.sensitive);
        }
        scrubber
    }
}
