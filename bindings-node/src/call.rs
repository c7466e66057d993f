//! One call of JavaScript: its cancellation, its deadline, its observer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use driftmgr_core::Context;
use driftmgr_core::context::CancelToken;
use driftmgr_core::event::{Event, Observer};
use napi::Status;
use napi::bindgen_prelude::{Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use crate::exchange;

/// Calls back on JavaScript's thread. It is weak: an observer alone keeps no process alive.
type Callback = ThreadsafeFunction<String, (), String, Status, false, true>;

/// What an `AbortSignal`, a timeout and `onEvent` become.
#[napi]
pub struct Call {
    cancel: CancelToken,
    observer: Option<Arc<Calling>>,
}

#[napi]
impl Call {
    /// `timeout` is in milliseconds.
    #[napi(constructor)]
    pub fn new(timeout: Option<f64>, on_event: Option<Function<'_, String, ()>>) -> Result<Self> {
        let cancel = match timeout {
            Some(timeout) => CancelToken::with_timeout(milliseconds(timeout)),
            None => CancelToken::new(),
        };
        let observer = on_event.map(|f| Calling::new(&f)).transpose()?;
        Ok(Self { cancel, observer })
    }

    /// Ends the operation.
    #[napi]
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// How many events have been sent. They and the result travel apart, and the last events may be on their way when the result is there.
    #[napi]
    pub fn sent(&self) -> u32 {
        self.observer
            .as_ref()
            .map_or(0, |o| o.sent.load(Ordering::Acquire))
    }
}

impl Call {
    /// The context of the operation.
    pub(crate) fn context(&self) -> Context {
        let cx = Context::from_process().with_cancellation(self.cancel.clone());
        match &self.observer {
            Some(observer) => cx.with_observer(observer.clone()),
            None => cx,
        }
    }
}

/// A number of milliseconds that TypeScript has judged.
pub(crate) fn milliseconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value / 1000.0).unwrap_or(Duration::MAX)
}

struct Calling {
    callback: Callback,
    sent: AtomicU32,
}

impl Calling {
    fn new(function: &Function<'_, String, ()>) -> Result<Arc<Self>> {
        let callback = function
            .build_threadsafe_function::<String>()
            .weak::<true>()
            .callee_handled::<false>()
            .build()?;
        Ok(Arc::new(Self {
            callback,
            sent: AtomicU32::new(0),
        }))
    }
}

impl Observer for Calling {
    fn on_event(&self, event: &Event) {
        let Ok(text) = exchange::text(event) else {
            return;
        };
        // It is refused when the environment is ending: nobody is there to be told.
        let status = self
            .callback
            .call(text, ThreadsafeFunctionCallMode::NonBlocking);
        if status == Status::Ok {
            self.sent.fetch_add(1, Ordering::Release);
        }
    }
}
