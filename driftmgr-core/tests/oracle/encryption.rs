//! Encrypted states of the real OpenTofu: what it writes is read, what is written here it reads, and both refuse the same.

use std::path::Path;

use bytes::Bytes;
use driftmgr_core::client::{Client, StoredState};
use driftmgr_core::configuration::{RootModule, Variables, Workspace};
use driftmgr_core::env::Environment;
use driftmgr_core::state::State;
use driftmgr_core::state::encryption::Encryption;
use driftmgr_core::{Context, Error, ErrorKind};
use serde_json::{Value, json};

use crate::support::tools::{Program, Terraform};

const RESOURCES: &str = "resource \"terraform_data\" \"a\" {
  count = 3
  input = { name = \"h\u{e9}llo\", n = count.index }
}
output \"names\" {
  value     = terraform_data.a[*].output.name
  sensitive = true
}
";
const PASSPHRASE: &str = "correct horse battery staple";
/// Deriving half a million keys takes its time in a build that is not optimised.
const QUICK: &str = "iterations = 200000";

/// A root module that is applied, with its configuration of encryption in the code.
fn applied(encryption: &str) -> Terraform {
    let tofu = Terraform::new(Program::OpenTofu);
    tofu.write("main.tf", RESOURCES);
    configure(&tofu, encryption);
    tofu.init().apply();
    tofu
}

fn configure(tofu: &Terraform, encryption: &str) {
    let text = format!(
        "variable \"passphrase\" {{\n  type = string\n  default = \"{PASSPHRASE}\"\n}}\nterraform {{\n  encryption {{\n{encryption}\n  }}\n}}\n"
    );
    tofu.write("encryption.tf", &text);
}

fn pbkdf2(name: &str, arguments: &str) -> String {
    format!(
        "key_provider \"pbkdf2\" \"{name}\" {{\npassphrase = var.passphrase\n{QUICK}\n{arguments}\n}}\nmethod \"aes_gcm\" \"{name}\" {{\nkeys = key_provider.pbkdf2.{name}\n}}\n"
    )
}

/// A method with a key as it is, of so many bytes.
fn given(name: &str, bytes: usize) -> String {
    format!(
        "method \"aes_gcm\" \"{name}\" {{\nkeys = {{ encryption_key = range({bytes}), decryption_key = range({bytes}) }}\n}}\n"
    )
}

fn state(method: &str, inner: &str) -> String {
    format!("state {{\nmethod = method.{method}\n{inner}\n}}\n")
}

fn fallback(method: &str) -> String {
    format!("fallback {{\nmethod = method.{method}\n}}")
}

fn context(tf_encryption: &str) -> Context {
    Context::new(Environment::from_process().with_variable("TF_ENCRYPTION", tf_encryption))
}

fn encryption(folder: &Path, tf_encryption: &str) -> Encryption {
    let cx = context(tf_encryption);
    let root = RootModule::load(&cx, folder)
        .unwrap()
        .into_result()
        .unwrap();
    let variables = Variables::gather(&cx, &root, &[]).into_result().unwrap();
    let encryption = root.encryption(&cx, &variables, &Workspace::default());
    encryption.unwrap().unwrap()
}

fn stored(tofu: &Terraform) -> Bytes {
    std::fs::read(tofu.state_file()).unwrap().into()
}

fn is_encrypted(stored: &[u8]) -> bool {
    let stored: Value = serde_json::from_slice(stored).unwrap();
    stored.get("encrypted_data").is_some() && stored.get("resources").is_none()
}

/// What driftmgr reads is what `tofu state pull` prints.
fn reads_the_same(tofu: &Terraform) {
    let plain = encryption(tofu.path(), "").decrypt(&stored(tofu)).unwrap();
    let [ours, theirs]: [Value; 2] = [plain.to_vec(), tofu.state_pull().into_bytes()]
        .map(|text| serde_json::from_slice(&text).unwrap());
    assert_eq!(ours, theirs);
}

/// OpenTofu reads what driftmgr encrypts, and plans no change.
fn writes_for_it(tofu: &Terraform) {
    let before = tofu.state_pull();
    let encryption = encryption(tofu.path(), "");
    let plain = encryption.decrypt(&stored(tofu)).unwrap();
    let mut changed: Value = serde_json::from_slice(&plain).unwrap();
    changed["serial"] = json!(changed["serial"].as_u64().unwrap() + 1);
    let written = encryption.encrypt(changed.to_string().as_bytes()).unwrap();
    assert!(is_encrypted(&written));
    std::fs::write(tofu.state_file(), written).unwrap();
    let after: Value = serde_json::from_str(&tofu.state_pull()).unwrap();
    assert_eq!(after, changed);
    assert_ne!(after, serde_json::from_str::<Value>(&before).unwrap());
    tofu.ok(&["plan", "-detailed-exitcode", "-no-color"]);
}

fn open(folder: &Path, tf_encryption: &str) -> Result<State, Error> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = Client::builder().context(context(tf_encryption)).build()?;
    let stack = runtime.block_on(client.open(folder))?;
    Ok(stack.state().clone())
}

#[test]
fn each_key_length_and_hash_function_in_both_directions() {
    for (length, hash) in [(16, "sha256"), (24, "sha512"), (32, "sha512")] {
        let arguments =
            format!("key_length = {length}\nhash_function = \"{hash}\"\nsalt_length = {length}");
        let tofu = applied(&(pbkdf2("main", &arguments) + &state("aes_gcm.main", "")));
        assert!(is_encrypted(&stored(&tofu)));
        reads_the_same(&tofu);
        writes_for_it(&tofu);
    }
}

#[test]
fn keys_as_they_are_and_additional_data() {
    for bytes in [16, 24, 32] {
        let method = given("main", bytes).replace("keys", "aad = [1, 2, 255]\nkeys");
        let tofu = applied(&(method + &state("aes_gcm.main", "")));
        assert!(is_encrypted(&stored(&tofu)));
        reads_the_same(&tofu);
        writes_for_it(&tofu);
    }
}

#[test]
fn a_chain_with_an_alias() {
    let text = format!(
        "key_provider \"pbkdf2\" \"first\" {{\npassphrase = var.passphrase\n{QUICK}\nkey_length = 40\nencrypted_metadata_alias = \"one\"\n}}
key_provider \"pbkdf2\" \"second\" {{\nchain = key_provider.pbkdf2.first\n{QUICK}\n}}
method \"aes_gcm\" \"main\" {{\nkeys = key_provider.pbkdf2.second\n}}\n{}",
        state("aes_gcm.main", "enforced = true")
    );
    let tofu = applied(&text);
    let names: Value = serde_json::from_slice(&stored(&tofu)).unwrap();
    let names: Vec<&String> = names["meta"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["key_provider.pbkdf2.second", "one"]);
    reads_the_same(&tofu);
    writes_for_it(&tofu);
}

#[test]
fn a_wrong_passphrase_is_refused_by_both() {
    let tofu = applied(&(pbkdf2("main", "") + &state("aes_gcm.main", "")));
    let wrong = "planted wrong passphrase";
    tofu.write("terraform.tfvars", &format!("passphrase = \"{wrong}\"\n"));
    assert!(
        tofu.fails(&["state", "pull", "-no-color"])
            .contains("decryption failed")
    );
    let error = open(tofu.path(), "").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    assert!(
        error
            .context_value("tried")
            .unwrap()
            .starts_with("method.aes_gcm.main: "),
        "{error}"
    );
    let shown = format!("{error} {error:?} {:?}", error.hints());
    assert!(
        !shown.contains("planted") && !shown.contains(PASSPHRASE),
        "{shown}"
    );
}

#[test]
fn passphrases_are_compared_in_one_form_of_unicode() {
    let tofu = applied(&(pbkdf2("main", "") + &state("aes_gcm.main", "")));
    let decomposed = "correct horse e\u{301}";
    let tofu = tofu.env("TF_VAR_passphrase", decomposed);
    std::fs::remove_file(tofu.state_file()).unwrap();
    tofu.apply();
    let cx = context("");
    for spelled in [decomposed, "correct horse \u{e9}"] {
        let root = RootModule::load(&cx, tofu.path()).unwrap().value;
        let variables = Variables::default().with("passphrase", spelled);
        let encryption = root.encryption(&cx, &variables, &Workspace::default());
        assert!(encryption.unwrap().unwrap().decrypt(&stored(&tofu)).is_ok());
    }
}

#[test]
fn rollover_from_a_passphrase_to_a_key() {
    let old = pbkdf2("old", "");
    let tofu = applied(&(old.clone() + &state("aes_gcm.old", "")));
    let new = given("new", 32);
    configure(
        &tofu,
        &(old + &new + &state("aes_gcm.new", &fallback("aes_gcm.old"))),
    );
    reads_the_same(&tofu);
    // Both write with the new key from now on, and each reads what the other wrote without the old one.
    writes_for_it(&tofu);
    configure(&tofu, &(new + &state("aes_gcm.new", "")));
    reads_the_same(&tofu);
    tofu.ok(&["plan", "-detailed-exitcode", "-no-color"]);
}

#[test]
fn from_unencrypted_to_encrypted_and_back() {
    let tofu = applied("");
    assert!(!is_encrypted(&stored(&tofu)));
    let main = pbkdf2("main", "");
    configure(&tofu, &(main.clone() + &state("aes_gcm.main", "")));
    let printed = tofu.fails(&["state", "pull", "-no-color"]);
    assert!(printed.contains("unencrypted payload"), "{printed}");
    let error = open(tofu.path(), "").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState);
    assert!(error.message().contains("not encrypted"), "{error}");

    let main = main + "method \"unencrypted\" \"no\" {}\n";
    configure(
        &tofu,
        &(main.clone() + &state("aes_gcm.main", &fallback("unencrypted.no"))),
    );
    reads_the_same(&tofu);
    assert_eq!(open(tofu.path(), "").unwrap().list().len(), 3);
    writes_for_it(&tofu);
    assert!(is_encrypted(&stored(&tofu)));
    reads_the_same(&tofu);

    let enforced = format!("{}\nenforced = true", fallback("unencrypted.no"));
    configure(&tofu, &(main.clone() + &state("aes_gcm.main", &enforced)));
    assert!(
        tofu.fails(&["state", "pull", "-no-color"])
            .contains("forbidden")
    );
    assert_eq!(
        open(tofu.path(), "").unwrap_err().kind(),
        ErrorKind::InvalidConfig
    );

    configure(
        &tofu,
        &(main + &state("unencrypted.no", &fallback("aes_gcm.main"))),
    );
    reads_the_same(&tofu);
    let encryption = encryption(tofu.path(), "");
    let plain = encryption.decrypt(&stored(&tofu)).unwrap();
    std::fs::write(tofu.state_file(), encryption.encrypt(&plain).unwrap()).unwrap();
    assert!(!is_encrypted(&stored(&tofu)));
    reads_the_same(&tofu);
}

#[test]
fn the_variable_alone_and_over_the_block() {
    let alone = "key_provider \"pbkdf2\" \"env\" {\npassphrase = \"the one of the environment\"\niterations = 200000\n}
method \"aes_gcm\" \"env\" {\nkeys = key_provider.pbkdf2.env\n}\nstate {\nmethod = method.aes_gcm.env\n}";
    let tofu = Terraform::new(Program::OpenTofu).env("TF_ENCRYPTION", alone);
    tofu.write("main.tf", RESOURCES);
    tofu.init().apply();
    assert!(is_encrypted(&stored(&tofu)));
    assert_eq!(open(tofu.path(), alone).unwrap().list().len(), 3);
    let error = open(tofu.path(), "").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(
        error.hints()[0].contains("TF_ENCRYPTION"),
        "{:?}",
        error.hints()
    );

    // The code forbids what is not encrypted, the run brings the key: as JSON this time.
    configure(&tofu, "state {\nenforced = true\n}");
    let json = json!({
        "key_provider": {"pbkdf2": {"env": {"passphrase": "the one of the environment", "iterations": 200_000}}},
        "method": {"aes_gcm": {"env": {"keys": "${key_provider.pbkdf2.env}"}}},
        "state": {"method": "method.aes_gcm.env"},
    });
    let tofu = tofu.env("TF_ENCRYPTION", json.to_string());
    tofu.ok(&["plan", "-detailed-exitcode", "-no-color"]);
    assert_eq!(
        open(tofu.path(), &json.to_string()).unwrap().list().len(),
        3
    );

    // One argument over those of the block.
    configure(&tofu, &(pbkdf2("env", "") + &state("aes_gcm.env", "")));
    let over = "key_provider \"pbkdf2\" \"env\" {\npassphrase = \"the one of the environment\"\n}";
    let tofu = tofu.env("TF_ENCRYPTION", over);
    tofu.ok(&["plan", "-detailed-exitcode", "-no-color"]);
    assert_eq!(open(tofu.path(), over).unwrap().list().len(), 3);
    assert!(open(tofu.path(), "").is_err());
}

/// What both refuse, and neither without a word.
#[test]
fn mistakes_are_refused_by_both() {
    let tofu = applied(&(pbkdf2("main", "") + &state("aes_gcm.main", "")));
    for over in [
        "state {\nenforced = true\n}",
        "key_provider \"pbkdf2\" \"main\" {\niterations = 5\n}",
        "key_provider \"pbkdf2\" \"main\" {\npassphrase = \"short\"\n}",
        "key_provider \"pbkdf2\" \"main\" {\nkey_length = 17\n}",
        "key_provider \"pbkdf2\" \"main\" {\nhash_function = \"sha1\"\n}",
        "key_provider \"pbkdf2\" \"main\" {\nchain = key_provider.pbkdf2.main\n}",
        "key_provider \"pbkdf2\" \"main\" {\npassphrase = terraform_data.a.output\n}",
        "key_provider \"pbkdf2\" \"main\" {\nencrypted_metadata_alias = var.passphrase\n}",
        "method \"aes_gcm\" \"main\" {\nkeys = key_provider.pbkdf2.gone\n}",
        "method \"aes_gcm\" \"main\" {\nkeys = { encryption_key = [1, 2] }\n}",
        "method \"aes_gcm\" \"main\" {\naad = [1]\n}",
        "method \"aes_gcm\" \"a\" {}\nmethod \"aes_gcm\" \"a\" {}",
        "method \"aes_gcm\" \"a.b\" {}",
        "state {\nmethod = method.aes_gcm.gone\n}",
        "state {\nmethod = method.aes_gcm.main.more\n}",
        "other {}",
        "enforced = true",
        "{\"state\": []",
    ] {
        let printed = tofu
            .command(&["state", "pull", "-no-color"])
            .env("TF_ENCRYPTION", over)
            .output()
            .unwrap();
        assert!(!printed.status.success(), "tofu takes {over}");
        let error = open(tofu.path(), over).unwrap_err();
        assert!(!error.hints().is_empty(), "{over}: {error}");
    }
}

#[test]
fn a_file_is_read_with_the_configuration_beside_it() {
    let tofu = applied(&(pbkdf2("main", "") + &state("aes_gcm.main", "")));
    let read = StoredState::read(tofu.state_file()).unwrap();
    let theirs = tofu.state_list();
    let ours: Vec<String> = read.list().iter().map(ToString::to_string).collect();
    assert_eq!(ours, theirs);
    assert_eq!(read.upgrade(), {
        let plain = tofu.state_pull();
        State::parse(plain.as_bytes()).unwrap().to_v4_bytes()
    });
    // Somewhere else, nobody knows the key.
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy.tfstate");
    std::fs::copy(tofu.state_file(), &copy).unwrap();
    let error = StoredState::read(&copy).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(
        error.message().contains("an encrypted OpenTofu state"),
        "{error}"
    );
}
