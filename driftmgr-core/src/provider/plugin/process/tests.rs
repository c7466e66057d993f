//! Shell scripts that shake hands badly.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn script(dir: &Path, body: &str) -> PathBuf {
    let path = dir.join("terraform-provider-script");
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

async fn start_with(body: &str, variables: &[(&str, &str)]) -> Error {
    let dir = tempfile::tempdir().unwrap();
    let binary = script(dir.path(), body);
    let environment = Environment::from_variables(variables.iter().copied())
        .with_variable("PATH", "/bin:/usr/bin")
        .with_variable("TMPDIR", dir.path().to_str().unwrap());
    let started = start(Start {
        binary: &binary,
        environment: &environment,
        working_dir: dir.path(),
        timeout: Duration::from_secs(2),
    })
    .await;
    let error = started.err().expect("a script is no provider");
    assert!(error.context_value("file").is_some());
    // Nothing but the script is left.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "{error}");
    error
}

#[tokio::test]
async fn a_bad_handshake_is_named() {
    for (body, kind, words) in [
        (
            "echo hello; exec sleep 60",
            ErrorKind::ToolFailed,
            "not a plugin handshake",
        ),
        (
            "printf '\\377\\376|x\\n'; exec sleep 60",
            ErrorKind::ToolFailed,
            "not a plugin handshake",
        ),
        (
            "echo '2|5|unix|/s|grpc|'; exec sleep 60",
            ErrorKind::Unsupported,
            "version 2",
        ),
        (
            "echo '1|4|unix|/s|grpc|'; exec sleep 60",
            ErrorKind::Unsupported,
            "protocol 4",
        ),
        (
            "echo '1|4|unix|/s|netrpc|'; exec sleep 60",
            ErrorKind::Unsupported,
            "net/rpc",
        ),
        (
            "echo '1|5|unix|/s|grpc|'; exec sleep 60",
            ErrorKind::ToolFailed,
            "does not encrypt",
        ),
        (
            "yes x | tr -d '\\n'",
            ErrorKind::ToolFailed,
            "not a plugin handshake",
        ),
    ] {
        let error = start_with(body, &[]).await;
        assert_eq!(error.kind(), kind, "{body}: {error}");
        assert!(error.message().contains(words), "{body}: {error}");
        assert!(!error.hints().is_empty(), "{body}");
    }
}

#[tokio::test]
async fn without_tls_a_missing_certificate_is_fine_and_a_missing_socket_is_not() {
    let error = start_with(
        "echo '1|5|unix|/nonexistent/socket|grpc|'; exec sleep 60",
        &[(TF_DISABLE_PLUGIN_TLS, "1")],
    )
    .await;
    assert!(error.message().contains("cannot connect"), "{error}");
}

#[tokio::test]
async fn a_death_before_the_handshake_shows_status_and_last_words() {
    let error = start_with(
        "echo '{\"@message\":\"hidden\"}' >&2; echo 'This binary is a plugin.' >&2; exit 1",
        &[],
    )
    .await;
    assert_eq!(error.kind(), ErrorKind::ToolFailed);
    assert!(error.message().contains("exit status: 1"), "{error}");
    assert!(
        error.message().contains("This binary is a plugin."),
        "{error}"
    );
    assert!(!error.message().contains("hidden"), "{error}");
}

#[tokio::test]
async fn silence_ends_with_the_timeout() {
    let error = start_with("exec sleep 60", &[]).await;
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn what_cannot_run_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let environment = Environment::default();
    let not_a_program = dir.path().join("text");
    std::fs::write(&not_a_program, "\u{0}\u{1}").unwrap();
    std::fs::set_permissions(&not_a_program, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (binary, kind) in [
        (dir.path().join("absent"), ErrorKind::NotFound),
        (not_a_program, ErrorKind::ToolFailed),
    ] {
        let started = start(Start {
            binary: &binary,
            environment: &environment,
            working_dir: dir.path(),
            timeout: Duration::from_secs(2),
        });
        let error = started.await.err().unwrap();
        assert_eq!(error.kind(), kind, "{error}");
        let shown = binary.display().to_string();
        assert_eq!(error.context_value("file"), Some(shown.as_str()));
    }
}

#[test]
fn the_child_gets_the_users_environment_without_traps() {
    let environment = Environment::from_variables([
        ("AWS_PROFILE", "prod"),
        ("EMPTY", ""),
        ("PLUGIN_MULTIPLEX_GRPC", "true"),
        ("TF_CLI_ARGS", "-x"),
        ("TF_CLI_ARGS_plan", "-refresh=false"),
        ("TF_PLUGIN_MAGIC_COOKIE", "old"),
    ]);
    let names: Vec<_> = inherited(&environment).into_iter().map(|v| v.0).collect();
    assert_eq!(
        names,
        ["AWS_PROFILE", "EMPTY", "TF_LOG_SDK", "TF_LOG_PROVIDER"]
    );

    let debugging = environment.with_variable("TF_LOG_PROVIDER", "DEBUG");
    let names: Vec<_> = inherited(&debugging).into_iter().map(|v| v.0).collect();
    assert_eq!(names, ["AWS_PROFILE", "EMPTY", "TF_LOG_PROVIDER"]);
}
