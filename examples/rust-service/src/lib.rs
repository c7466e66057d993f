//! An application that can be mounted in another one: which stacks have drifted, and how.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use driftmgr_core::client::{Client, DriftItem, Stack};
use driftmgr_core::report::{Format, RenderOptions};
use driftmgr_core::{Error, ErrorKind};
use futures::stream::{Stream, StreamExt as _};

/// No answer takes longer.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Folders of root modules and state files by name.
pub type Stacks = BTreeMap<String, PathBuf>;

#[derive(Clone)]
struct Service {
    client: Client,
    stacks: Arc<Stacks>,
}

/// The routes:
///
/// - `GET /stacks`: the names,
/// - `GET /stacks/{name}/check`: the short answer; 200 when everything was looked at and is in sync, 409 for drift, 503 when something is open,
/// - `GET /stacks/{name}/drift`: the report as JSON,
/// - `GET /stacks/{name}/page`: the report as a page that needs nothing else,
/// - `GET /stacks/{name}/live`: findings as they come, as server-sent events.
///
/// Whoever goes away ends the run that was started for them, the provider processes too.
pub fn app(client: Client, stacks: Stacks) -> Router {
    let service = Service {
        client,
        stacks: Arc::new(stacks),
    };
    Router::new()
        .route("/stacks", get(names))
        .route("/stacks/{name}/check", get(check))
        .route("/stacks/{name}/drift", get(drift))
        .route("/stacks/{name}/page", get(page))
        .route("/stacks/{name}/live", get(live))
        .with_state(service)
}

impl Service {
    /// The stack as it is now. What is asked of it ends after [`TIMEOUT`].
    async fn open(&self, name: &str) -> Result<Stack, Failure> {
        let place = self.stacks.get(name).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "there is no such stack").with("stack", name)
        })?;
        let cx = self.client.context().clone().with_timeout(TIMEOUT);
        Ok(self.client.with_context(cx).open(place).await?)
    }
}

async fn names(State(service): State<Service>) -> Json<Vec<String>> {
    Json(service.stacks.keys().cloned().collect())
}

async fn check(
    State(service): State<Service>,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let stack = service.open(&name).await?;
    let answer = stack.check(&service.client.drift_options()).await?;
    let status = match answer.safe {
        Some(true) => StatusCode::OK,
        Some(false) => StatusCode::CONFLICT,
        None => StatusCode::SERVICE_UNAVAILABLE,
    };
    Ok((status, Json(answer)).into_response())
}

async fn drift(
    State(service): State<Service>,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let stack = service.open(&name).await?;
    let report = stack.detect_drift(&service.client.drift_options()).await?;
    Ok(Json(report.to_json()).into_response())
}

async fn page(
    State(service): State<Service>,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let stack = service.open(&name).await?;
    let report = stack.detect_drift(&service.client.drift_options()).await?;
    let html = report.render(
        Format::Html,
        &RenderOptions::new(service.client.context().now()),
    )?;
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response())
}

async fn live(
    State(service): State<Service>,
    Path(name): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let stack = service.open(&name).await?;
    let items = stack.drift_stream(&service.client.drift_options());
    let events = items.filter_map(|item| async {
        let event = match item {
            Ok(DriftItem::Finding(finding)) => {
                let finding = serde_json::json!({"address": finding.address.to_string(), "severity": finding.severity});
                Event::default().event("finding").data(finding.to_string())
            }
            Ok(DriftItem::Report(report)) => {
                let summary = serde_json::to_string(&report.summary).ok()?;
                Event::default().event("summary").data(summary)
            }
            Ok(_) => return None,
            Err(error) => Event::default().event("failed").data(error.to_string()),
        };
        Some(Ok(event))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// An error of the library as an answer. It holds no secret.
struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self.0.kind() {
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::InvalidInput => StatusCode::BAD_REQUEST,
            ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
            ErrorKind::Locked => StatusCode::CONFLICT,
            ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let body = serde_json::json!({
            "kind": self.0.kind().as_str(),
            "message": self.0.to_string(),
            "hints": self.0.hints(),
        });
        (status, Json(body)).into_response()
    }
}
