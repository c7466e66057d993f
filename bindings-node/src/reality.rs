//! A reality that is written in JavaScript: it is asked for each object, and answers what is there.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use driftmgr_core::address::InstanceAddress;
use driftmgr_core::context::CancelToken;
use driftmgr_core::drift;
use driftmgr_core::{Error, ErrorKind, Result};
use futures::channel::oneshot;
use futures::future::{Either, select};
use napi::bindgen_prelude::{Function, PromiseRaw};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status};
use napi_derive::napi;
use serde_json::Value;

use crate::exchange;
use crate::run::promise;

/// Asks on JavaScript's thread. It is weak: what keeps the process alive is the promise of the run.
type Ask = ThreadsafeFunction<Question, (), Question, Status, false, true>;

/// The attributes as they are; `None` for an object that is not there.
type Answer = Result<Option<Value>>;

/// Asks the function of `ts/reality.ts`.
pub(crate) struct JsReality {
    ask: Ask,
    /// Ends with the environment of the function.
    environment: CancelToken,
}

impl JsReality {
    pub(crate) fn new(ask: &Function<'_, Question, ()>) -> napi::Result<Self> {
        let environment = CancelToken::new();
        // Node drops the callback when the environment ends. Questions that still stand in its queue are lost then, and nobody answers them.
        let ending = CancelOnDrop(environment.clone());
        let ask = ask
            .build_threadsafe_function::<Question>()
            .weak::<true>()
            .callee_handled::<false>()
            .build_callback(move |cx| {
                let _ending = &ending;
                Ok(cx.value)
            })?;
        Ok(Self { ask, environment })
    }
}

#[async_trait]
impl drift::Answer for JsReality {
    async fn answer(&self, address: &InstanceAddress, stored: Value) -> Answer {
        let (answer, answered) = oneshot::channel();
        let waiting = CancelOnDrop(CancelToken::new());
        let question = Question {
            address: address.to_string(),
            attributes: exchange::text(&stored)?,
            answer: Mutex::new(Some(answer)),
            settled: waiting.0.clone(),
        };
        if self
            .ask
            .call(question, ThreadsafeFunctionCallMode::NonBlocking)
            != Status::Ok
        {
            return Err(ended());
        }
        let environment = std::pin::pin!(self.environment.cancelled());
        match select(answered, environment).await {
            Either::Left((Ok(answer), _)) => answer,
            _ => Err(ended()),
        }
    }
}

fn ended() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the thread of JavaScript that the reality belongs to has ended",
    )
}

/// Tells others that something is over, however it ends.
struct CancelOnDrop(CancelToken);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// One object that is asked for, and the place for its answer. See `ts/reality.ts`.
#[napi]
pub struct Question {
    address: String,
    attributes: String,
    answer: Mutex<Option<oneshot::Sender<Answer>>>,
    settled: CancelToken,
}

impl Question {
    /// Only the first answer counts, and one that nobody waits for does nothing.
    fn answer(&self, answer: Answer) {
        let waiting = self.answer.lock();
        let waiting = waiting.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waiting) = waiting {
            drop(waiting.send(answer));
        }
    }
}

#[napi]
impl Question {
    /// The address of the object.
    #[napi]
    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// What the state says of it, secrets included, as text.
    #[napi]
    pub fn attributes(&self) -> String {
        self.attributes.clone()
    }

    /// The object is there, with these attributes.
    #[napi]
    pub fn present(&self, attributes: String) {
        self.answer(exchange::value(&attributes).map(Some));
    }

    /// It was looked for and is not there.
    #[napi]
    pub fn absent(&self) {
        self.answer(Ok(None));
    }

    /// It could not be looked at.
    #[napi]
    pub fn unreadable(&self, code: String, message: String) {
        let kind = ErrorKind::of_name(&code).unwrap_or(ErrorKind::Unexpected);
        self.answer(Err(Error::new(kind, message)));
    }

    /// Resolves when nobody waits for the answer any more.
    #[napi]
    pub fn settled<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, ()>> {
        let settled = self.settled.clone();
        promise(env, async move {
            settled.cancelled().await;
            Ok(())
        })
    }
}
