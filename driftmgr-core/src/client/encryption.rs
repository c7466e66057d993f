//! Encrypted states: decrypted as the configuration beside them and `TF_ENCRYPTION` say.

use std::path::Path;

use bytes::Bytes;

use super::open::{Surroundings, place_of, surroundings};
use super::options::OpenOptions;
use crate::configuration::{Module, RootModule, Workspace};
use crate::context::{Context, blocking};
use crate::error::{Error, ErrorKind, Result};
use crate::state::State;
use crate::state::encryption::{Encryption, Envelope};

/// The bytes of the state in what is stored. Where nothing is said about encryption, that is the same.
pub(super) async fn decrypted(
    cx: &Context,
    around: &Surroundings,
    workspace: &Workspace,
    stored: Bytes,
) -> Result<Bytes> {
    opened(cx, of(cx, around, workspace)?, stored).await
}

/// The state in what is stored.
pub(super) async fn opened(
    cx: &Context,
    encryption: Option<Encryption>,
    stored: Bytes,
) -> Result<Bytes> {
    match encryption {
        None => Ok(stored),
        Some(encryption) => aside(cx, move || encryption.decrypt(&stored)).await,
    }
}

/// What is stored for a state.
pub(super) async fn sealed(cx: &Context, encryption: Encryption, state: Vec<u8>) -> Result<Bytes> {
    aside(cx, move || encryption.encrypt(&state).map(Bytes::from)).await
}

/// On a thread of its own: to derive a key takes a second of computing.
async fn aside(
    cx: &Context,
    work: impl FnOnce() -> Result<Bytes> + Send + 'static,
) -> Result<Bytes> {
    blocking(cx, "work on an encrypted state", work).await
}

/// How the states of a root module are encrypted; `None` where nothing says so.
pub(super) fn of(
    cx: &Context,
    around: &Surroundings,
    workspace: &Workspace,
) -> Result<Option<Encryption>> {
    if let Some(root) = &around.root_module {
        return root.encryption(cx, &around.variables, workspace);
    }
    let nothing = RootModule {
        dir: ".".into(),
        absolute_dir: cx.environment().current_dir().to_owned(),
        module: Module::default(),
    };
    nothing.encryption(cx, &around.variables, workspace)
}

/// Reads a state without anything around it: when it is encrypted, as the environment of the process says, and the configuration of the folder
/// that its `file` belongs to.
pub(super) fn read(name: &str, file: Option<&Path>, stored: Bytes) -> Result<State> {
    let parsed = |bytes: Bytes| State::from_bytes(bytes).map_err(|e| e.with("file", name));
    let refused = match parsed(stored.clone()) {
        Err(error) if error.kind() == ErrorKind::Unsupported => error,
        read => return read,
    };
    if !matches!(Envelope::parse(&stored), Ok(Some(_))) {
        return Err(refused);
    }
    let cx = Context::from_process();
    let options = OpenOptions::default();
    let (around, workspace) = match file {
        Some(file) => {
            let (root, workspace) = place_of(file, &options);
            (surroundings(&cx, &root, &options)?, workspace)
        }
        None => Default::default(),
    };
    let encryption = of(&cx, &around, &workspace);
    let plain = encryption.and_then(|e| e.map(|e| e.decrypt(&stored)).transpose());
    match plain.map_err(|e| e.with("state", name))? {
        Some(plain) => parsed(plain),
        None => Err(told_why(refused, &around)),
    }
}

/// A configuration that cannot be read as a whole may be why there is no `encryption` block in it.
pub(super) fn told_why(error: Error, around: &Surroundings) -> Error {
    let is_encrypted = error.context_value("encryption").is_some();
    match around.problems.first() {
        Some(problem) if is_encrypted => error.with_hint(format!(
            "the configuration beside it could not be read as a whole: {problem}"
        )),
        _ => error,
    }
}
