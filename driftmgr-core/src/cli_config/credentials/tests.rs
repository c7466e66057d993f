use std::fs;

use proptest::prelude::*;

use super::*;
use crate::env::TF_CLI_CONFIG_FILE;

fn ask(environment: &Environment, host: &str) -> Result<Option<HostToken>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let cx = Context::new(environment.clone());
    let credentials = HostCredentials::load(environment)?;
    runtime.block_on(credentials.token(&cx, host))
}

fn found(environment: &Environment, host: &str) -> Option<(String, String)> {
    let token = ask(environment, host).unwrap()?;
    Some((token.token.expose().clone(), token.origin))
}

fn with_file(text: &str) -> (tempfile::TempDir, Environment) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rc");
    fs::write(&file, text).unwrap();
    let environment = Environment::from_variables([(TF_CLI_CONFIG_FILE, file.to_str().unwrap())]);
    (dir, environment)
}

#[test]
fn variables_spell_a_host_in_several_ways() {
    for (name, host) in [
        ("TF_TOKEN_app_terraform_io", "app.terraform.io"),
        ("TF_TOKEN_app.terraform.io", "App.Terraform.IO"),
        ("TF_TOKEN_my__tfe_acme_io", "my-tfe.acme.io"),
        // The examples of the documentation.
        ("TF_TOKEN_xn____caf__dma_fr", "café.fr"),
        ("TF_TOKEN_xn--caf-dma_fr", "café.fr"),
        ("TF_TOKEN_xn--caf-dma.fr", "xn--caf-dma.fr"),
        ("TF_TOKEN_café_fr", "café.fr"),
        ("TF_TOKEN_localhost:8443", "localhost:8443"),
        ("TF_TOKEN_tfe_acme_io:443", "tfe.acme.io"),
    ] {
        let environment = Environment::from_variables([(name, "t"), ("TF_TOKEN_other_io", "x")]);
        let token = found(&environment, host);
        assert_eq!(token, Some(("t".to_owned(), name.to_owned())), "{name}");
        assert_eq!(found(&environment, "nobody.io"), None);
    }
    let none = Environment::from_variables([("TF_TOKEN_", "t"), ("TF_TOKEN_a_io", "")]);
    assert_eq!(found(&none, "a.io"), None);
}

#[test]
fn files_name_tokens_in_both_syntaxes() {
    for text in [
        "credentials \"tfe.acme.io\" {\n  token = \"hunter2\"\n}\ncredentials \"empty.io\" {\n token = \"\"\n}",
        "{\"credentials\": {\"TFE.acme.io\":\n {\"token\": \"hunter2\"}, \"other.io\": {}}}",
        "{\"credentials\": [{\"tfe.acme.io:443\": [\n{\"token\": \"hunter2\"}]}]}",
    ] {
        let (_dir, environment) = with_file(text);
        let (token, origin) = found(&environment, "tfe.acme.io").unwrap();
        assert_eq!(token, "hunter2");
        assert!(origin.ends_with("rc:2"), "{origin}");
        assert_eq!(found(&environment, "empty.io"), None);
        assert_eq!(found(&environment, "other.io"), None);
        // The variable wins.
        let both = environment.with_variable("TF_TOKEN_tfe_acme_io", "mine");
        assert_eq!(found(&both, "tfe.acme.io").unwrap().0, "mine");
        let credentials = HostCredentials::load(&both).unwrap();
        let shown = format!("{credentials:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("mine"),
            "{shown}"
        );
    }
}

#[test]
fn the_file_of_the_command_login_wins_and_each_program_has_its_own() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".terraform.d");
    fs::create_dir(&folder).unwrap();
    let block =
        |host: &str, token: &str| format!("credentials \"{host}\" {{\n token = \"{token}\"\n}}\n");
    let of_terraform = block("a.io", "old") + &block("b.io", "b");
    fs::write(home.path().join(".terraformrc"), of_terraform).unwrap();
    let of_tofu = block("b.io", "other") + &block("c.io", "c");
    fs::write(home.path().join(".tofurc"), of_tofu).unwrap();
    let login = r#"{"credentials": {"a.io": {"token": "new"}}}"#;
    fs::write(folder.join("credentials.tfrc.json"), login).unwrap();
    let environment = Environment::default().with_home(home.path());
    if cfg!(unix) {
        for (host, token) in [("a.io", "new"), ("b.io", "b"), ("c.io", "c")] {
            assert_eq!(found(&environment, host).unwrap().0, token, "{host}");
        }
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_without_tokens() {
    for (text, line) in [
        ("credentials \"a\" \"b\" { token = \"hunter2\" }", 1),
        ("\ncredentials \"a b\" { token = \"hunter2\" }", 2),
        ("credentials \"a/b\" { token = \"hunter2\" }", 1),
        ("credentials_helper \"x\" {\n args = [hunter2]\n}", 2),
        (
            "credentials_helper \"x\" {}\ncredentials_helper \"y\" {}",
            2,
        ),
        ("credentials \"a\" { token = \"hunter2", 1),
    ] {
        let (_dir, environment) = with_file(text);
        let error = HostCredentials::load(&environment).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{text}");
        let file = error.context_value("file").unwrap();
        assert!(file.ends_with(&format!("rc:{line}")), "{text}: {file}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    let error = ask(&Environment::default(), "a/b").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[cfg(unix)]
mod helpers {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use super::*;

    fn install(script: &str) -> (tempfile::TempDir, Environment) {
        let home = tempfile::tempdir().unwrap();
        let plugins = home.path().join(".terraform.d/plugins");
        fs::create_dir_all(&plugins).unwrap();
        let rc = "credentials_helper \"vault\" {\n  args = [\"--path\", \"x\"]\n}\n\
                  credentials \"file.io\" {\n token = \"of-the-file\"\n}\n";
        fs::write(home.path().join(".terraformrc"), rc).unwrap();
        if !script.is_empty() {
            let program = plugins.join("terraform-credentials-vault");
            fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let environment = Environment::from_variables([("PATH", path)]).with_home(home.path());
        (home, environment)
    }

    #[test]
    fn a_helper_is_asked_last() {
        let (_home, environment) = install("echo \"{\\\"token\\\": \\\"$1 $2 $3 $4\\\"}\"");
        let (token, origin) = found(&environment, "Tfe.acme.io").unwrap();
        assert_eq!(token, "--path x get tfe.acme.io");
        assert_eq!(origin, "credentials helper vault");
        assert_eq!(found(&environment, "file.io").unwrap().0, "of-the-file");
        let (_home, environment) = install("echo '{}'");
        assert_eq!(found(&environment, "tfe.acme.io"), None);
    }

    #[test]
    fn a_helper_that_fails_is_named_and_its_words_are_not_shown() {
        for (script, part) in [
            ("", "is not installed"),
            ("echo hunter2; echo hunter2 >&2; exit 3", "failed"),
            ("echo hunter2", "did not answer with a JSON object"),
        ] {
            let (_home, environment) = install(script);
            let error = ask(&environment, "tfe.acme.io").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated);
            assert!(error.message().contains(part), "{error}");
            assert_eq!(error.context_value("helper"), Some("vault"));
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn a_helper_that_hangs_ends_with_the_context() {
        let (_home, environment) = install("sleep 100");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let cx = Context::new(environment.clone()).with_timeout(Duration::from_millis(100));
        let credentials = HostCredentials::load(&environment).unwrap();
        let error = runtime
            .block_on(credentials.token(&cx, "a.io"))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
}

proptest! {
    #[test]
    fn comparing_is_idempotent_and_never_panics(host in "[^/]{0,20}(:[0-9]{1,5})?") {
        if let Some(once) = comparable(&host) {
            prop_assert_eq!(comparable(&once), Some(once.clone()), "{}", host);
        }
    }
}
