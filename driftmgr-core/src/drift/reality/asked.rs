//! A reality of the caller's own: somebody who is asked for one object at a time, and knows neither its provider nor its schema.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;
use tokio::sync::Semaphore;

use super::{Basis, InstanceRef, Observation, Observed, Reality, Support};
use crate::address::{InstanceAddress, ProviderConfigAddress};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::ReaderInfo;
use crate::value::{Value, diff, json};

/// How many objects are asked for at a time.
const AT_A_TIME: usize = 16;

/// Says what is there. [`Asked`] makes a [`Reality`] of it.
#[async_trait]
pub trait Answer: Send + Sync {
    /// Looks at one object; `stored` is what the state says of it, secrets included. Gives its attributes as they are, or `None` for an object that
    /// was looked for and is not there. The call is dropped when nobody waits for it any more.
    ///
    /// # Errors
    /// For an object that could not be looked at: it is unverifiable then, never deleted.
    async fn answer(&self, address: &InstanceAddress, stored: Json) -> Result<Option<Json>>;
}

/// The reality that somebody's answers are: up to 16 are waited for at a time. Nobody says what apply would do about a difference.
#[derive(Debug)]
pub struct Asked<T> {
    source: T,
    turns: Semaphore,
}

impl<T: Answer> Asked<T> {
    /// The reality that `source` tells of.
    pub fn new(source: T) -> Self {
        Self {
            source,
            turns: Semaphore::new(AT_A_TIME),
        }
    }

    async fn look(&self, cx: &Context, object: &InstanceRef) -> Result<Observed> {
        let stored = object.instance.attributes_untyped()?;
        let given = json::encode_plain(&stored);
        let asked = async {
            // It is never closed.
            let _turn = self.turns.acquire().await;
            self.source.answer(&object.address, given).await
        };
        observed(stored, cx.run(asked).await?)
    }
}

#[async_trait]
impl<T: Answer> Reality for Asked<T> {
    fn reader_info(&self, _provider: &ProviderConfigAddress) -> Option<&ReaderInfo> {
        None
    }

    fn support(&self, _provider: &ProviderConfigAddress, _type_name: &str) -> Support {
        Support::Attributes
    }

    async fn observe(&self, cx: &Context, object: &InstanceRef) -> Observed {
        let looked = self.look(cx, object).await;
        looked.unwrap_or_else(Observed::Unreadable)
    }
}

fn observed(stored: Value, answer: Option<Json>) -> Result<Observed> {
    let schema = Arc::default();
    let Some(current) = answer.map(json::untyped) else {
        return Ok(Observed::Absent {
            stored,
            schema,
            notes: Vec::new(),
            effect: None,
        });
    };
    if !matches!(current, Value::Map(_)) {
        let message = "what this reality answered is no object of attributes";
        return Err(Error::new(ErrorKind::InvalidInput, message).with_hint(
            "answer with all attributes of the object, and with nothing for one that does not exist",
        ));
    }
    let same = diff(&stored, &current, None).is_empty();
    Ok(Observed::Present(Box::new(Observation {
        stored,
        current,
        schema,
        verdict: (!same).then(|| {
            Err(Error::new(
                ErrorKind::Unsupported,
                "this reality does not say what apply would do",
            ))
        }),
        basis: Basis::PlanBack,
        notes: Vec::new(),
    })))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::json::untyped;

    #[test]
    fn who_has_no_schema_says_what_is_there_or_nothing() {
        let stored = || untyped(json!({"id": "a", "size": 1}));
        let observed = |answer| observed(stored(), answer);
        assert!(matches!(observed(None), Ok(Observed::Absent { .. })));
        let Ok(Observed::Present(same)) = observed(Some(json!({"id": "a", "size": 1}))) else {
            panic!("it is there");
        };
        assert!(same.verdict.is_none());
        let Ok(Observed::Present(other)) = observed(Some(json!({"id": "a", "size": 2}))) else {
            panic!("it is there");
        };
        assert!(other.verdict.unwrap().is_err());
        for wrong in [json!("text"), json!([{"id": "a"}]), json!(5), json!(null)] {
            let error = observed(Some(wrong)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(!error.hints().is_empty());
        }
    }
}
