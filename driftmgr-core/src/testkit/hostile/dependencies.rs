//! What says which providers are meant and where they are: the dependency lock file and the CLI configuration.

use std::path::Path;

use super::folder::in_folder;
use super::refused::{refused, within};
use crate::env::{Environment, TF_CLI_CONFIG_FILE};
use crate::error::{Error, ErrorKind};
use crate::provider::find::{CliConfig, LOCK_FILE, LockFile, Program};

/// The first byte chooses the file.
pub fn dependencies(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    in_folder(|folder| {
        if choice % 2 == 0 {
            lock_file(folder, bytes);
        } else {
            cli_configuration(folder, bytes);
        }
    });
}

/// Written again, it is the same lock file.
fn lock_file(folder: &Path, bytes: &[u8]) {
    let load = |bytes: &[u8]| {
        std::fs::write(folder.join(LOCK_FILE), bytes).expect("a writable folder");
        LockFile::load(folder)
    };
    let lock = match load(bytes) {
        Ok(lock) => lock.expect("the file is there"),
        Err(error) => return names_its_line(&error, bytes),
    };
    let mut written = String::new();
    for provider in &lock.providers {
        within(provider.line, &String::from_utf8_lossy(bytes));
        let quoted = |text: &str| hcl_edit::expr::Expression::from(text).to_string();
        let hashes: Vec<String> = provider.hashes.iter().map(|h| quoted(h)).collect();
        written.push_str(&format!(
            "provider {} {{\n  version = {}\n  constraints = {}\n  hashes = [{}]\n}}\n",
            quoted(&provider.source.to_string()),
            quoted(&provider.version.to_string()),
            quoted(&provider.constraints.to_string()),
            hashes.join(", "),
        ));
    }
    let again = load(written.as_bytes()).expect("what was written can be read");
    let plain = |lock: LockFile| {
        let mut providers = lock.providers;
        providers.iter_mut().for_each(|provider| provider.line = 0);
        providers
    };
    assert_eq!(
        plain(again.expect("the file is there")),
        plain(lock),
        "{written}"
    );
}

/// Read or refused with its line, and without a word of it: it holds credentials.
fn cli_configuration(folder: &Path, bytes: &[u8]) {
    let file = folder.join("cli.tfrc");
    std::fs::write(&file, bytes).expect("a writable folder");
    let environment = Environment::from_variables([(
        TF_CLI_CONFIG_FILE,
        file.to_str().expect("a folder with a plain name"),
    )]);
    match CliConfig::load(&environment, Program::Terraform) {
        Ok(config) => {
            let text = String::from_utf8_lossy(bytes);
            let methods = config.methods.iter().flatten().map(|m| m.line);
            let overrides = config.dev_overrides.iter().map(|o| o.line);
            methods
                .chain(overrides)
                .for_each(|line| within(line, &text));
        }
        Err(error) => names_its_line(&error, bytes),
    }
}

fn names_its_line(error: &Error, bytes: &[u8]) {
    refused(error);
    if error.kind() != ErrorKind::InvalidConfig {
        // Not UTF-8: there is no text to count lines in.
        assert!(std::str::from_utf8(bytes).is_err(), "{error}");
        return;
    }
    let place = error.context_value("file").expect("a file");
    let (_, line) = place.rsplit_once(':').expect("FILE:LINE");
    within(
        line.parse().expect("a number"),
        &String::from_utf8_lossy(bytes),
    );
}
