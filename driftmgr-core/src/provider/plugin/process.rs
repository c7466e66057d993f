//! Starts a provider binary, shakes hands, connects, and sees to its end.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use driftmgr_plugin::go_plugin::Empty;
use driftmgr_plugin::go_plugin::grpc_controller_client::GrpcControllerClient;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};
use tonic::transport::Channel;

use super::handshake::{self, Handshake, HandshakeError, MAGIC_COOKIE, Protocol};
use super::output::{self, Tail};
use super::scrub::Scrubber;
use super::tls::ClientIdentity;
use super::{channel, socket_dir, stdio};
use crate::env::{Environment, TF_CLI_ARGS_PREFIX, TF_DISABLE_PLUGIN_TLS, TF_LOG_PREFIX};
use crate::error::{Error, ErrorKind, Result};

/// How long a provider gets to end by itself, and how long we wait for its last words once its connection broke.
const GRACE: Duration = Duration::from_secs(2);

/// How to start a provider.
pub(crate) struct Start<'a> {
    pub(crate) binary: &'a Path,
    pub(crate) environment: &'a Environment,
    pub(crate) working_dir: &'a Path,
    pub(crate) timeout: Duration,
}

/// A running provider process. Dropping it kills the process.
pub(crate) struct Process {
    binary: PathBuf,
    tail: Tail,
    ended: watch::Receiver<Option<ExitStatus>>,
    // Once it is dropped the process is killed.
    kill: Mutex<Option<oneshot::Sender<()>>>,
    channel: Channel,
}

/// Starts the binary and connects to it.
pub(crate) async fn start(start: Start<'_>) -> Result<(Process, Protocol)> {
    let tail = Tail::default();
    let launched = launch(&start, &tail);
    match tokio::time::timeout(start.timeout, launched).await {
        Ok(result) => result,
        Err(_) => Err(failed(
            ErrorKind::Timeout,
            format!(
                "the provider did not shake hands within {} seconds",
                start.timeout.as_secs_f32()
            ),
            start.binary,
            &tail,
        )),
    }
}

async fn launch(start: &Start<'_>, tail: &Tail) -> Result<(Process, Protocol)> {
    let environment = start.environment;
    let identity = match environment.get(TF_DISABLE_PLUGIN_TLS) {
        Some(_) => None,
        None => Some(ClientIdentity::generate()?),
    };
    let socket_dir = socket_dir::create(environment)?;

    let mut command = Command::new(start.binary);
    command
        .env_clear()
        .envs(inherited(environment))
        .env(MAGIC_COOKIE.0, MAGIC_COOKIE.1)
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .env("PLUGIN_UNIX_SOCKET_DIR", socket_dir.path())
        .current_dir(start.working_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if let Some(identity) = &identity {
        command.env("PLUGIN_CLIENT_CERT", identity.pem());
    }

    let mut child = driftmgr_plugin::spawn::spawn(command)
        .await
        .map_err(|e| cannot_start(start, e))?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Error::new(
            ErrorKind::Unexpected,
            "the provider has no output pipes",
        ));
    };
    let drained = tokio::spawn(output::drain(stderr, Some(tail.clone())));

    let mut stdout = BufReader::new(stdout);
    let line = first_line(&mut stdout).await;
    tokio::spawn(output::drain(stdout, None));
    if line.is_empty() {
        return Err(ended_silently(child, start.binary, tail, drained).await);
    }
    let handshake = handshake::parse(&line).map_err(|e| bad_handshake(&e, start.binary, tail))?;
    let protocol = handshake.protocol;
    let channel = connect(handshake, identity.as_ref(), start.binary, tail).await?;
    // The connection stands; nobody needs the socket's name any more.
    drop(socket_dir);

    stdio::consume(channel.clone(), tail.clone());
    let (kill, killed) = oneshot::channel();
    let (end, ended) = watch::channel(None);
    tokio::spawn(async move {
        let status = tokio::select! {
            status = child.wait() => status.ok(),
            _ = killed => {
                let _ = child.start_kill();
                child.wait().await.ok()
            }
        };
        // The last words are complete before anybody is told of the end; a grandchild may keep the pipe open, though.
        let _ = tokio::time::timeout(GRACE, drained).await;
        let _ = end.send(Some(status.unwrap_or_default()));
    });
    let process = Process {
        binary: start.binary.to_owned(),
        tail: tail.clone(),
        ended,
        kill: Mutex::new(Some(kill)),
        channel,
    };
    Ok((process, protocol))
}

/// The parent's variables, without those that are meant for a Terraform command line or for another plugin's handshake. The SDKs
/// log everything when no level is set (18 KB for each instance), so they are told not to.
fn inherited(environment: &Environment) -> Vec<(&str, &str)> {
    let left_out = |name: &str| {
        name.starts_with(TF_CLI_ARGS_PREFIX)
            || name.starts_with("PLUGIN_")
            || name == MAGIC_COOKIE.0
    };
    let mut variables: Vec<(&str, &str)> = environment
        .variables()
        .filter(|(name, _)| !left_out(name))
        .collect();
    if !variables
        .iter()
        .any(|(name, _)| name.starts_with(TF_LOG_PREFIX))
    {
        variables.extend([("TF_LOG_SDK", "OFF"), ("TF_LOG_PROVIDER", "OFF")]);
    }
    variables
}

/// The first line, without its end; empty when there is none. A line that is too long is cut, and is no handshake then.
async fn first_line(stdout: &mut (impl AsyncRead + AsyncBufReadExt + Unpin)) -> Vec<u8> {
    let mut line = Vec::new();
    let limit = u64::try_from(handshake::MAX_LINE).unwrap_or(u64::MAX);
    // An error reads as the end of the output, which is reported as such.
    let _ = stdout.take(limit).read_until(b'\n', &mut line).await;
    line
}

async fn connect(
    handshake: Handshake,
    identity: Option<&ClientIdentity>,
    binary: &Path,
    tail: &Tail,
) -> Result<Channel> {
    let tls = match (identity, handshake.certificate) {
        (Some(identity), Some(certificate)) => Some(identity.pin(certificate)?),
        (None, None) => None,
        (Some(_), None) => {
            return Err(failed(
                ErrorKind::ToolFailed,
                "the provider does not encrypt its connection although it was asked to".to_owned(),
                binary,
                tail,
            )
            .with_hint(format!(
                "set {TF_DISABLE_PLUGIN_TLS}=1 to talk to it without TLS, if you trust it and this machine"
            )));
        }
        (None, Some(_)) => {
            return Err(failed(
                ErrorKind::ToolFailed,
                "the provider insists on TLS although it was not asked to".to_owned(),
                binary,
                tail,
            )
            .with_hint(format!("unset {TF_DISABLE_PLUGIN_TLS}")));
        }
    };
    channel::connect(handshake.endpoint, tls)
        .await
        .map_err(|e| {
            failed(
                ErrorKind::ToolFailed,
                "cannot connect to the provider after its handshake".to_owned(),
                binary,
                tail,
            )
            .with_source(e)
        })
}

impl Process {
    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// True when the process has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Waits for the end of a process whose connection broke, and kills it if it lives on without one. An error about the death
    /// with the last words of the process.
    pub(crate) async fn autopsy(&self, scrubber: &Scrubber) -> Error {
        let status = self.wait(GRACE).await;
        let how = match status {
            Some(status) => format!("ended unexpectedly ({status})"),
            None => "closed its connection".to_owned(),
        };
        let message = match self.tail.summary() {
            Some(said) => format!("the provider {how}; it said: {}", scrubber.scrub(&said)),
            None => format!("the provider {how}"),
        };
        Error::new(ErrorKind::ToolFailed, message).with("file", self.binary.display())
    }

    async fn wait(&self, at_most: Duration) -> Option<ExitStatus> {
        let mut ended = self.ended.clone();
        let ended = async { ended.wait_for(Option::is_some).await.ok().and_then(|s| *s) };
        tokio::time::timeout(at_most, ended).await.ok().flatten()
    }

    /// Asks the provider to exit, and kills it when it does not.
    pub(crate) async fn shut_down(&self) {
        if !self.has_ended() {
            let mut controller = GrpcControllerClient::new(self.channel.clone());
            // The connection often breaks before the answer comes.
            let _ = tokio::time::timeout(GRACE, controller.shutdown(Empty {})).await;
        }
        if self.wait(GRACE).await.is_none() {
            drop(
                self.kill
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take(),
            );
            self.wait(GRACE).await;
        }
    }
}

fn cannot_start(start: &Start<'_>, cause: std::io::Error) -> Error {
    let kind = match cause.kind() {
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        _ => ErrorKind::ToolFailed,
    };
    let mut error = Error::new(kind, format!("cannot start the provider: {cause}"))
        .with("file", start.binary.display());
    if !start.working_dir.is_dir() {
        error = error.with("working folder", start.working_dir.display());
    }
    // ENOEXEC and Windows' ERROR_BAD_EXE_FORMAT.
    if matches!(cause.raw_os_error(), Some(8 | 193)) {
        error = error.with_hint("install the provider for this operating system and processor");
    }
    error.with_source(cause)
}

fn bad_handshake(cause: &HandshakeError, binary: &Path, tail: &Tail) -> Error {
    let (kind, hint) = if cause.is_version() {
        (
            ErrorKind::Unsupported,
            "use a version of the provider that is made for Terraform 0.12 or later",
        )
    } else {
        (
            ErrorKind::ToolFailed,
            "check that this file is a Terraform provider",
        )
    };
    failed(
        kind,
        format!("the provider cannot be talked to: {cause}"),
        binary,
        tail,
    )
    .with_hint(hint)
}

async fn ended_silently(
    mut child: Child,
    binary: &Path,
    tail: &Tail,
    drained: tokio::task::JoinHandle<()>,
) -> Error {
    let status = tokio::time::timeout(GRACE, child.wait()).await;
    let _ = tokio::time::timeout(GRACE, drained).await;
    let how = match status {
        Ok(Ok(status)) => format!("ended before its handshake ({status})"),
        _ => "closed its output before its handshake".to_owned(),
    };
    failed(
        ErrorKind::ToolFailed,
        format!("the provider {how}"),
        binary,
        tail,
    )
}

/// An error about a provider process, with the end of its output.
fn failed(kind: ErrorKind, message: String, binary: &Path, tail: &Tail) -> Error {
    let message = match tail.summary() {
        Some(said) => format!("{message}; it said: {said}"),
        None => message,
    };
    Error::new(kind, message).with("file", binary.display())
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
