//! The block and the variable, one over the other, and everything that can be wrong in them.

use bytes::Bytes;

use super::super::tests::load_files;
use super::super::{VariableInput, Variables, Workspace};
use crate::context::Context;
use crate::env::{Environment, TF_ENCRYPTION};
use crate::error::{Error, ErrorKind, Result};
use crate::state::encryption::Encryption;

const STATE: &str = r#"{"serial":7,"lineage":"l"}"#;
/// An object with the keys themselves.
const GIVEN: &str = "{ encryption_key = range(16), decryption_key = range(16) }";

/// What files of a root module, values of variables, and `TF_ENCRYPTION` say.
fn resolved(
    files: &[(&str, &str)],
    variables: &[(&str, &str)],
    given: &str,
) -> Result<Option<Encryption>> {
    let root = load_files(files);
    let cx = Context::new(Environment::from_variables([(TF_ENCRYPTION, given)]));
    let inputs = variables.iter().map(|(name, value)| VariableInput::Value {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    });
    let inputs: Vec<_> = inputs.collect();
    let variables = Variables::gather(&cx, &root, &inputs).into_result()?;
    root.encryption(&cx, &variables, &Workspace::default())
}

/// The `encryption` block with this inside.
fn block(inner: &str) -> String {
    format!("terraform {{\n  encryption {{\n{inner}\n  }}\n}}\n")
}

fn of_block(inner: &str) -> Result<Option<Encryption>> {
    resolved(&[("main.tf", &block(inner))], &[], "")
}

fn of_variable(given: &str) -> Result<Option<Encryption>> {
    resolved(&[], &[], given)
}

/// Says what is written with one is read with the other.
fn agree(one: &Encryption, other: &Encryption) -> bool {
    let stored = Bytes::from(one.encrypt(STATE.as_bytes()).unwrap());
    other.decrypt(&stored).is_ok_and(|plain| plain == STATE)
}

fn pbkdf2(inner: &str) -> String {
    format!(
        "key_provider \"pbkdf2\" \"main\" {{\n{inner}\niterations = 200000\n}}
method \"aes_gcm\" \"main\" {{\nkeys = key_provider.pbkdf2.main\n}}
state {{\nmethod = method.aes_gcm.main\n}}\n"
    )
}

#[test]
fn nothing_said_is_no_encryption() {
    assert!(resolved(&[], &[], "").unwrap().is_none());
    assert!(
        resolved(&[("main.tf", "terraform {}")], &[], " \n")
            .unwrap()
            .is_none()
    );
    assert!(of_block("").unwrap().is_none());
    let plan = "method \"aes_gcm\" \"m\" {\nkeys = 1\n}\nplan {\nmethod = method.aes_gcm.m\n}";
    assert!(of_block(plan).unwrap().is_none());
}

#[test]
fn the_block_and_the_variable_in_both_spellings_say_the_same() {
    let native = pbkdf2("passphrase = \"correct horse battery\"");
    let json = r#"{
        "key_provider": {"pbkdf2": {"main": {"passphrase": "correct horse ${trimspace(\" battery \")}", "iterations": 200000}}},
        "method": {"aes_gcm": {"main": {"keys": "${key_provider.pbkdf2.main}"}}},
        "state": {"method": "method.aes_gcm.main"}
    }"#;
    let file = format!(r#"{{"terraform": [{{"encryption": {json}}}]}}"#);
    let all = [
        of_block(&native),
        of_variable(&native),
        of_variable(json),
        resolved(&[("main.tf.json", &file)], &[], ""),
    ];
    let all = all.map(|one| one.unwrap().unwrap());
    for other in &all {
        assert!(agree(&all[0], other));
    }
    let other = of_block(&pbkdf2("passphrase = \"another horse battery\""));
    assert!(!agree(&all[0], &other.unwrap().unwrap()));
}

#[test]
fn variables_locals_and_functions_can_be_used() {
    let text = format!(
        "variable \"passphrase\" {{\n  sensitive = true\n}}\nlocals {{\n  long = join(\"-\", [var.passphrase, terraform.workspace])\n}}\n{}",
        block(&pbkdf2("passphrase = local.long"))
    );
    let files = [("main.tf", text.as_str())];
    let with = |value: &str| {
        resolved(&files, &[("passphrase", value)], "")
            .unwrap()
            .unwrap()
    };
    let literal = of_block(&pbkdf2("passphrase = \"a long secret-default\""))
        .unwrap()
        .unwrap();
    assert!(agree(&with("a long secret"), &literal));
    assert!(!agree(&with("a long secreT"), &literal));
    let error = resolved(&files, &[], "").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert!(
        error
            .message()
            .contains("no value is given for variable `passphrase`"),
        "{error}"
    );
    assert_eq!(error.context_value("line"), Some("5"));
}

#[test]
fn the_variable_is_merged_over_the_block() {
    let code = pbkdf2("passphrase = \"the passphrase of the code\"");
    let files = [("main.tf", &*block(&code))];
    let with = |given: &str| resolved(&files, &[], given);
    let over =
        with("key_provider \"pbkdf2\" \"main\" {\npassphrase = \"the passphrase of the run\"\n}");
    let over = over.unwrap().unwrap();
    // Its other arguments stay.
    let alone = of_block(&pbkdf2("passphrase = \"the passphrase of the run\""))
        .unwrap()
        .unwrap();
    assert!(agree(&over, &alone));
    // An alias of the code stays, and none can be added.
    let alias = "key_provider \"pbkdf2\" \"main\" {\nencrypted_metadata_alias = \"other\"\n}";
    assert!(agree(
        &with(alias).unwrap().unwrap(),
        &with("").unwrap().unwrap()
    ));
    // A target is replaced with its fallback, or keeps it.
    let target = format!(
        "method \"aes_gcm\" \"new\" {{\nkeys = {GIVEN}\n}}\nstate {{\nmethod = method.aes_gcm.new\nfallback {{\nmethod = method.aes_gcm.main\n}}\n}}"
    );
    let rollover = with(&target).unwrap().unwrap();
    assert!(agree(&with("").unwrap().unwrap(), &rollover));
    assert!(!agree(&rollover, &with("").unwrap().unwrap()));
    // As OpenTofu has it, a target without a method does not fall back to that of the code.
    let error = with("state {\nenforced = true\n}").unwrap_err();
    assert!(error.message().contains("has no `method`"), "{error}");
    assert_eq!(error.context_value("file"), Some("TF_ENCRYPTION"));
}

#[test]
fn enforcing_in_the_code_cannot_be_taken_back() {
    let code = block("state {\nenforced = true\n}");
    let files = [("main.tf", code.as_str())];
    let unencrypted = "method \"unencrypted\" \"no\" {}\nstate {\nenforced = false\nmethod = method.unencrypted.no\n}";
    let error = resolved(&files, &[], unencrypted).unwrap_err();
    assert!(error.message().contains("`enforced` forbids"), "{error}");
    assert!(resolved(&[], &[], unencrypted).unwrap().is_some());
    let encrypted = format!(
        "method \"aes_gcm\" \"m\" {{\nkeys = {GIVEN}\n}}\nstate {{\nmethod = method.aes_gcm.m\n}}"
    );
    let strict = resolved(&files, &[], &encrypted).unwrap().unwrap();
    assert!(strict.decrypt(&Bytes::from(STATE)).is_err());
    let error = resolved(&files, &[], "").unwrap_err();
    assert!(error.message().contains("has no `method`"), "{error}");
}

#[test]
fn an_override_file_is_merged_too() {
    let code = block(&pbkdf2("passphrase = \"the passphrase of the code\""));
    let over =
        block("key_provider \"pbkdf2\" \"main\" {\npassphrase = \"the passphrase of the run\"\n}");
    let files = [("main.tf", code.as_str()), ("x_override.tf", over.as_str())];
    let merged = resolved(&files, &[], "").unwrap().unwrap();
    let alone = of_block(&pbkdf2("passphrase = \"the passphrase of the run\""))
        .unwrap()
        .unwrap();
    assert!(agree(&merged, &alone));
}

#[test]
fn a_metadata_alias_lets_a_provider_have_another_name() {
    let named = |name: &str, alias: &str| {
        let text = format!(
            "key_provider \"pbkdf2\" \"{name}\" {{\npassphrase = \"correct horse battery\"\niterations = 200000\n{alias}\n}}
method \"aes_gcm\" \"main\" {{\nkeys = key_provider.pbkdf2.{name}\n}}
state {{\nmethod = method.aes_gcm.main\n}}\n"
        );
        of_block(&text).unwrap().unwrap()
    };
    let plain = named("one", "");
    assert!(!agree(&plain, &named("two", "")));
    assert!(agree(
        &plain,
        &named(
            "two",
            "encrypted_metadata_alias = \"key_provider.pbkdf2.one\""
        )
    ));
}

#[test]
fn a_fallback_that_cannot_be_used_is_told_when_it_is_tried() {
    let text = format!(
        "key_provider \"pbkdf2\" \"old\" {{\npassphrase = var.gone\n}}
method \"aes_gcm\" \"old\" {{\nkeys = key_provider.pbkdf2.old\n}}
method \"aes_gcm\" \"new\" {{\nkeys = {GIVEN}\n}}
state {{\nmethod = method.aes_gcm.new\nfallback {{\nmethod = method.aes_gcm.old\n}}\n}}"
    );
    let encryption = of_block(&text).unwrap().unwrap();
    assert!(agree(&encryption, &encryption));
    let other = GIVEN.replace("16", "24");
    let other = text.replace(GIVEN, &other);
    let stored = of_block(&other)
        .unwrap()
        .unwrap()
        .encrypt(STATE.as_bytes())
        .unwrap();
    let error = encryption.decrypt(&Bytes::from(stored)).unwrap_err();
    let tried: Vec<&str> = error.context().iter().map(|(_, v)| v.as_str()).collect();
    assert_eq!(tried.len(), 2);
    assert!(
        tried[1].contains("there is no variable `gone`"),
        "{}",
        tried[1]
    );
    assert!(tried[1].contains("line 4"), "{}", tried[1]);
}

/// What is wrong, each with a part of the message and the line where it stands.
#[test]
fn each_mistake_is_told_with_its_place_and_a_way_out() {
    let aes = |keys: &str| {
        format!(
            "method \"aes_gcm\" \"m\" {{\nkeys = {keys}\n}}\nstate {{\nmethod = method.aes_gcm.m\n}}"
        )
    };
    let provider = |kind: &str, inner: &str| {
        format!(
            "{}\nkey_provider \"{kind}\" \"p\" {{\n{inner}\n}}",
            aes(&format!("key_provider.{kind}.p"))
        )
    };
    let pbkdf2 = |inner: &str| {
        provider(
            "pbkdf2",
            &format!("passphrase = \"planted secret passphrase\"\n{inner}"),
        )
    };
    let cases = [
        (
            "enforced = true".to_owned(),
            "the argument `enforced` is not expected",
            1,
        ),
        ("stat {}".to_owned(), "a `stat` block is not expected", 1),
        ("state {}\nstate {}".to_owned(), "a second `state` block", 2),
        ("method \"aes_gcm\" {}".to_owned(), "two labels", 1),
        (
            "key_provider \"pbkdf2\" \"a b\" {}".to_owned(),
            "two labels",
            1,
        ),
        (
            "method \"a\" \"b\" {}\nmethod \"a\" \"b\" {}".to_owned(),
            "`method.a.b` is declared twice",
            2,
        ),
        (
            "state {}".to_owned(),
            "`state` of the encryption configuration has no `method`",
            1,
        ),
        (
            "state {\nmethod = method.aes_gcm.m\n}".to_owned(),
            "names no method",
            2,
        ),
        (
            "state {\nmethod = 1 + 2\n}".to_owned(),
            "names no method",
            2,
        ),
        (
            format!("{}\nstate2 {{}}", aes(GIVEN)),
            "a `state2` block",
            7,
        ),
        (
            aes(GIVEN).replace("method = ", "enforce = true\nmethod = "),
            "`state` has no argument `enforce`",
            5,
        ),
        (
            aes(GIVEN).replace("method = ", "enforced = var.x\nmethod = "),
            "`enforced` is not true or false",
            5,
        ),
        (
            aes(GIVEN).replace("method = ", "fallback {}\nmethod = "),
            "`fallback` of the encryption configuration has no `method`",
            5,
        ),
        (
            aes(GIVEN).replace("method = ", "falback {}\nmethod = "),
            "a `falback` block",
            5,
        ),
        (
            aes(GIVEN).replace("aes_gcm", "aes_cbc"),
            "methods of the type `aes_cbc` are not supported",
            1,
        ),
        (aes(GIVEN).replace("keys", "kyes"), "has no `kyes`", 2),
        (
            aes(GIVEN).replace("keys = ", "aad = \"x\"\nkeys = "),
            "`aad` is not a list of bytes",
            2,
        ),
        (
            "method \"aes_gcm\" \"m\" {}\nstate {\nmethod = method.aes_gcm.m\n}".to_owned(),
            "`method.aes_gcm.m` has no `keys`",
            1,
        ),
        (aes("\"planted\""), "`keys` is no key provider", 2),
        (
            aes("{ encryption_key = [256] }"),
            "`encryption_key` is not a list of bytes",
            2,
        ),
        (
            aes("{ encryption_key = [1, 2] }"),
            "16, 24 or 32 bytes, and this one has 2",
            2,
        ),
        (
            aes("key_provider.pbkdf2.p"),
            "a key provider that is not declared",
            2,
        ),
        (
            aes("aws_kms_key.a"),
            "`keys` of the encryption configuration is not known",
            2,
        ),
        (
            provider("aws_kms", ""),
            "key providers of the type `aws_kms` are not supported",
            7,
        ),
        (
            provider("static", ""),
            "`key` is not a text of two hexadecimal digits",
            7,
        ),
        (
            provider("static", "key = \"planted\""),
            "`key` is not a text of two hexadecimal digits",
            7,
        ),
        (provider("static", "key = \"001122\""), "this one has 3", 2),
        (
            provider("pbkdf2", ""),
            "has neither `passphrase` and `chain`",
            7,
        ),
        (
            provider("pbkdf2", "passphrase = \"planted short\""),
            "too short",
            7,
        ),
        (provider("pbkdf2", "passphrase = \"\""), "has neither", 7),
        (
            provider("pbkdf2", "passphrase = 12345678901234567890"),
            "`passphrase` of `key_provider.pbkdf2.p` is not a text",
            8,
        ),
        (
            provider("pbkdf2", "chain = key_provider.pbkdf2.p"),
            "chained to itself",
            8,
        ),
        (pbkdf2(&format!("chain = {GIVEN}")), "has both", 7),
        (pbkdf2("iterations = 5"), "`iterations` is 5", 7),
        (
            pbkdf2("iterations = \"200000\""),
            "`iterations` of `key_provider.pbkdf2.p` is not a whole number",
            9,
        ),
        (
            pbkdf2("key_length = 1.5"),
            "`key_length` of `key_provider.pbkdf2.p` is not a whole number",
            9,
        ),
        (pbkdf2("key_length = 17"), "this one has 17", 2),
        (pbkdf2("salt_length = 0"), "`salt_length` is 0", 7),
        (
            pbkdf2("hash_function = \"sha1\""),
            "`hash_function` of `key_provider.pbkdf2.p` is not `sha256` or `sha512`",
            9,
        ),
        (
            pbkdf2("pass = 1"),
            "`key_provider.pbkdf2.p` has no `pass`",
            9,
        ),
        (
            pbkdf2("nested {}"),
            "`key_provider.pbkdf2.p` has no `nested`",
            9,
        ),
        (
            pbkdf2("encrypted_metadata_alias = var.x"),
            "`encrypted_metadata_alias` is not a text",
            9,
        ),
        (
            provider("pbkdf2", "passphrase = \"planted-${var.x}\""),
            "there is no variable `x`",
            8,
        ),
        (
            provider("pbkdf2", "passphrase = aws_x.planted"),
            "there is no state",
            8,
        ),
        ("state {".to_owned(), "cannot be read", 1),
    ];
    for (text, message, line) in cases {
        let error = of_variable(&text).unwrap_err();
        assert!(error.message().contains(message), "{text}\n{error}");
        let line: usize = line;
        let place = (error.context_value("file"), error.context_value("line"));
        let told = line.to_string();
        assert_eq!(
            place,
            (Some("TF_ENCRYPTION"), Some(told.as_str())),
            "{text}\n{error}"
        );
        assert!(!error.hints().is_empty(), "{text}\n{error}");
        assert!(!shown(&error).contains("planted"), "{}", shown(&error));
    }
}

fn shown(error: &Error) -> String {
    format!("{error} {error:?} {:?}", error.hints())
}

#[test]
fn two_providers_of_a_chain_need_metadata_of_their_own() {
    let chain = |alias: &str| {
        let text = format!(
            "key_provider \"static\" \"a\" {{\nkey = \"{}\"\n{alias}\n}}
key_provider \"pbkdf2\" \"b\" {{\nchain = key_provider.static.a\niterations = 200000\nencrypted_metadata_alias = \"same\"\n}}
method \"aes_gcm\" \"m\" {{\nkeys = key_provider.pbkdf2.b\n}}\nstate {{\nmethod = method.aes_gcm.m\n}}",
            "0".repeat(32)
        );
        of_variable(&text)
    };
    let chained = chain("").unwrap().unwrap();
    assert!(agree(&chained, &chained));
    let error = chain("encrypted_metadata_alias = \"same\"").unwrap_err();
    assert!(
        error.message().contains("store their metadata as `same`"),
        "{error}"
    );
}

#[test]
fn a_syntax_error_of_the_variable_shows_nothing_of_it() {
    for text in [
        "key_provider \"pbkdf2\" \"a\" { passphrase = \"planted",
        "passphrase = planted secret",
        "{\"key_provider\": \"planted",
        "{\"key_provider\": planted}",
        "{\"key_provider\": {\"pbkdf2\": \"planted\"}}",
        "{\"state\": \"planted\"}",
        "<<planted",
    ] {
        let error = of_variable(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
        assert!(!shown(&error).contains("planted"), "{}", shown(&error));
    }
}

#[test]
fn a_second_block_is_a_problem() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.tf", "b.tf"] {
        std::fs::write(dir.path().join(name), block("")).unwrap();
    }
    let cx = Context::new(Environment::default());
    let loaded = super::RootModule::load(&cx, dir.path()).unwrap();
    let problem = loaded.problems.first().unwrap();
    assert!(
        problem.message().contains("a second `encryption` block"),
        "{problem}"
    );
}
