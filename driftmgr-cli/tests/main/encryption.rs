//! Encrypted states on the command line.

use driftmgr_core::state::encryption::{AesGcm, Encryption, Key, KeySource, Method};
use serde_json::json;

use crate::support::{Run, SECRET, command, folder, resource, run, state, write};

/// The numbers of a key that must be nowhere.
const KEY: [u8; 16] = [
    201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 211, 212, 213, 214, 215, 216,
];

fn configuration(key: [u8; 16]) -> String {
    format!(
        "method \"aes_gcm\" \"main\" {{\n  keys = {{ encryption_key = {key:?}, decryption_key = {key:?} }}\n}}
state {{\n  method = method.aes_gcm.main\n}}\n"
    )
}

/// A state of one object that needs no plugin, encrypted with [`KEY`].
fn encrypted() -> String {
    let mut data = resource(["terraform_data", "a"], json!({"id": "1", "input": null}));
    data["provider"] = json!("provider[\"terraform.io/builtin/terraform\"]");
    let keys = KeySource::Given {
        encryption: Key::new(KEY),
        decryption: None,
    };
    let method = Method::AesGcm(AesGcm::new(keys, Vec::new()).unwrap());
    let stored =
        Encryption::new("method.aes_gcm.main", method).encrypt(state(7, &[data]).as_bytes());
    String::from_utf8(stored.unwrap()).unwrap()
}

fn with(configuration: &str, dir: &std::path::Path, args: &[&str]) -> Run {
    let mut command = command(dir, args);
    command.env("TF_ENCRYPTION", configuration);
    command.output().unwrap().into()
}

#[test]
fn commands_decrypt_as_the_variable_or_the_block_says() {
    let dir = folder();
    let dir = dir.path();
    write(dir, "terraform.tfstate", &encrypted());
    let given = configuration(KEY);
    let list = ["state", "list", "--file", "terraform.tfstate"];
    let listed = with(&given, dir, &list);
    assert_eq!(
        (listed.code, listed.out.as_str()),
        (Some(0), "terraform_data.a\n")
    );
    let piped = std::fs::File::open(dir.join("terraform.tfstate")).unwrap();
    let mut from_pipe = command(dir, &["state", "list", "--file", "-"]);
    let from_pipe = from_pipe.env("TF_ENCRYPTION", &given).stdin(piped).output();
    assert_eq!(Run::from(from_pipe.unwrap()).out, listed.out);
    let checked = with(&given, dir, &["check"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let upgraded = with(
        &given,
        dir,
        &["state", "upgrade", "--file", "terraform.tfstate"],
    );
    assert!(upgraded.out.contains("\"resources\""), "{upgraded:?}");

    write(
        dir,
        "main.tf",
        &format!("terraform {{\n  encryption {{\n{given}  }}\n}}\n"),
    );
    for args in [&["check"][..], &["check", "terraform.tfstate"], &list] {
        let done = run(dir, args);
        assert_eq!(done.code, Some(0), "{args:?}: {done:?}");
    }
}

#[test]
fn without_the_right_key_the_way_out_is_told_and_no_secret() {
    let dir = folder();
    let dir = dir.path();
    write(dir, "terraform.tfstate", &encrypted());
    let mut other = KEY;
    other[0] = 1;
    let broken = configuration(KEY).replace("state {", "state");
    for (configuration, message) in [
        (String::new(), "set TF_ENCRYPTION"),
        (
            configuration(other),
            "method.aes_gcm.main: the key is another one",
        ),
        (
            configuration(KEY).replace(", 216", ", 2160"),
            "is not a list of bytes",
        ),
        (broken, "TF_ENCRYPTION"),
    ] {
        for args in [
            &["check"][..],
            &["state", "list", "--file", "terraform.tfstate"],
        ] {
            let done = with(&configuration, dir, args);
            let shown = format!("{}{}", done.out, done.err);
            assert_eq!(done.code, Some(1), "{done:?}");
            // Lines are broken where the screen ends.
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words(&shown).contains(message), "{shown}");
            assert!(!shown.contains(SECRET) && !shown.contains("203"), "{shown}");
        }
    }
    write(dir, "terraform.tfstate", &state(7, &[]));
    let done = with(&configuration(KEY), dir, &["check"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.err.contains("not encrypted"), "{done:?}");
}
