//! Tokens of whoever is logged in with the program `az`.

use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value as Json;
use tokio::process::Command;

use super::token::Token;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// When the program does not say how long its token lasts.
const SHORT: Duration = Duration::from_secs(600);

/// A token for a resource.
///
/// # Errors
/// `Unauthenticated` when nobody is logged in; `InvalidConfig` when there is no such program.
pub(super) async fn token(
    cx: &Context,
    resource: &str,
    tenant: Option<&str>,
    subscription: Option<&str>,
) -> Result<Token> {
    let mut words = vec!["account", "get-access-token", "--resource", resource];
    // The program takes one of them.
    match (tenant, subscription) {
        (Some(tenant), _) => words.extend(["--tenant", tenant]),
        (None, Some(subscription)) => words.extend(["--subscription", subscription]),
        (None, None) => {}
    }
    let json = run(cx, &words).await?;
    let text = json.get("accessToken").and_then(Json::as_str);
    let text = text.ok_or_else(|| unusable("gives no token"))?;
    let until = json.get("expires_on").and_then(Json::as_u64);
    let now = cx.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let lasts = until.map(|until| Duration::from_secs(until).saturating_sub(now));
    Ok(Token {
        text: Sensitive::new(text.to_owned()),
        lasts: lasts.unwrap_or(SHORT),
    })
}

/// The subscription that is selected.
///
/// # Errors
/// Those of [`token`].
pub(super) async fn subscription(cx: &Context) -> Result<String> {
    let json = run(cx, &["account", "show"]).await?;
    let id = json.get("id").and_then(Json::as_str);
    id.map(str::to_owned)
        .ok_or_else(|| unusable("names no subscription").with_hint("set `subscription_id`"))
}

fn unusable(how: &str) -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        format!("the program `az` {how}"),
    )
}

async fn run(cx: &Context, words: &[&str]) -> Result<Json> {
    let environment = cx.environment();
    let path = environment.get("PATH").unwrap_or_default();
    let found = std::env::split_paths(path)
        .map(|folder| environment.current_dir().join(folder).join("az"))
        .find(|file| file.is_file());
    let Some(program) = found else {
        return Err(Error::new(
            ErrorKind::InvalidConfig,
            "the azurerm backend asks the program `az` for a token, and there is no such program",
        )
        .with_hint("install Azure's command line and log in, or set another way to authenticate"));
    };
    let mut command = Command::new(program);
    command
        .args(words)
        .args(["--output", "json"])
        .env_clear()
        .envs(environment.variables())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // It can repeat what is secret.
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = cx
        .run(async {
            command.output().await.map_err(|e| {
                Error::new(ErrorKind::InvalidConfig, "the program `az` cannot be run")
                    .with_source(e)
            })
        })
        .await?;
    if !output.status.success() {
        return Err(unusable("fails")
            .with("status", output.status)
            .with_hint("run `az login`, and see what `az account get-access-token` says"));
    }
    serde_json::from_slice(&output.stdout).map_err(|_| unusable("does not answer in JSON"))
}
