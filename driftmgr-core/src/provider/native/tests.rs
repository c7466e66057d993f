mod state_only;

use std::collections::BTreeMap;
use std::fs;

use bytes::Bytes;
use serde_json::value::RawValue;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::env::Environment;
use crate::provider::plan_back::{Verdict, judge, plan_request};
use crate::state::RawAttributes;
use crate::value::{Value, json};

/// SHA-1 of `hello`.
const HELLO: &str = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d";

fn context() -> Context {
    Context::new(Environment::default())
}

fn reader(source: &str, root: &FilePath) -> Arc<dyn ResourceReader> {
    reader_for(&source.parse().unwrap(), root).unwrap()
}

fn builtin() -> Arc<dyn ResourceReader> {
    reader_for(&ProviderSource::implied("terraform"), FilePath::new(".")).unwrap()
}

fn request(type_name: &str, attributes: &str) -> ReadRequest {
    let raw = RawValue::from_string(attributes.to_owned()).unwrap();
    ReadRequest {
        type_name: type_name.to_owned(),
        schema_version: 0,
        attributes: RawAttributes::Json(raw.into()),
        private: Bytes::from_static(b"p"),
        identity: None,
    }
}

async fn file(root: &FilePath, name: &str, id: &str) -> Result<Refreshed> {
    let attributes = serde_json::json!({"filename": name, "id": id, "content": "hello"});
    reader("hashicorp/local", root)
        .refresh(&context(), request("local_file", &attributes.to_string()))
        .await
}

#[test]
fn only_known_providers_have_a_native_reader() {
    for (source, want) in [
        ("registry.terraform.io/hashicorp/local", true),
        ("registry.opentofu.org/hashicorp/null", true),
        ("registry.terraform.io/-/local", true),
        ("terraform.io/builtin/terraform", true),
        ("registry.terraform.io/hashicorp/random", true),
        ("registry.opentofu.org/hashicorp/time", true),
        ("registry.terraform.io/-/tls", true),
        ("registry.terraform.io/other/random", false),
        ("registry.terraform.io/other/local", false),
        ("example.com/hashicorp/local", false),
        ("registry.terraform.io/hashicorp/terraform", false),
        ("registry.terraform.io/hashicorp/aws", false),
    ] {
        let found = reader_for(&source.parse().unwrap(), FilePath::new("."));
        assert_eq!(found.is_some(), want, "{source}");
        if let Some(reader) = found {
            assert!(reader.schema().resources.keys().all(|name| supports(name)));
            assert_eq!(reader.info().origin, Origin::Native);
        }
    }
    assert!(supports("local_file") && !supports("aws_vpc"));
}

#[tokio::test]
async fn a_file_as_it_was_written_is_the_same() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("a.txt"), "hello").unwrap();
    let absolute = root.path().join("a.txt");
    for name in ["a.txt", "./a.txt", absolute.to_str().unwrap()] {
        let read = file(root.path(), name, HELLO).await.unwrap();
        assert!(read.current.as_ref() == Some(&read.prior));
        assert!(read.warnings.is_empty());
        assert_eq!(read.private.as_ref(), b"p");
    }
}

#[tokio::test]
async fn an_edited_file_reads_as_gone_and_says_why() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("a.txt"), "hello!").unwrap();
    let read = file(root.path(), "a.txt", HELLO).await.unwrap();
    assert!(read.current.is_none());
    assert!(read.warnings[0].summary.contains("other content"));

    fs::remove_file(root.path().join("a.txt")).unwrap();
    let read = file(root.path(), "a.txt", HELLO).await.unwrap();
    assert!(read.current.is_none() && read.warnings.is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn permissions_and_links_do_not_matter() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("a.txt"), "hello").unwrap();
    fs::set_permissions(root.path().join("a.txt"), PermissionsExt::from_mode(0o600)).unwrap();
    symlink("a.txt", root.path().join("link")).unwrap();
    symlink("nowhere", root.path().join("dangling")).unwrap();
    assert!(
        file(root.path(), "link", HELLO)
            .await
            .unwrap()
            .current
            .is_some()
    );
    assert!(
        file(root.path(), "dangling", HELLO)
            .await
            .unwrap()
            .current
            .is_none()
    );
}

#[cfg(unix)]
#[tokio::test]
async fn what_cannot_be_read_is_not_gone() {
    use std::os::unix::fs::symlink;
    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("folder")).unwrap();
    fs::write(root.path().join("a.txt"), "hello").unwrap();
    symlink("loop", root.path().join("loop")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
    for name in ["folder", "loop", "a.txt/below", "socket", "a\0b"] {
        let error = file(root.path(), name, HELLO).await.unwrap_err();
        assert!(error.context_value("file").is_some(), "{name}: {error}");
        assert!(!error.to_string().contains("hello"));
    }
}

#[tokio::test]
async fn a_large_file_is_read_in_pieces() {
    let root = TempDir::new().unwrap();
    let large = fs::File::create(root.path().join("large")).unwrap();
    large.set_len(5_000_000).unwrap();
    // SHA-1 of 5,000,000 zero bytes.
    let id = "95775c451ed9604d9753465d8cc4d52ca1cb58a4";
    assert!(
        file(root.path(), "large", id)
            .await
            .unwrap()
            .current
            .is_some()
    );
}

#[tokio::test]
async fn a_cancelled_read_is_no_answer() {
    let root = TempDir::new().unwrap();
    let token = CancellationToken::new();
    token.cancel();
    let cx = context().with_cancellation(token);
    let reader = reader("hashicorp/local", root.path());
    let attributes = r#"{"filename":"gone","id":"x"}"#;
    let error = reader
        .refresh(&cx, request("local_file", attributes))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn attributes_of_other_versions_do_no_harm() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("a"), "hello").unwrap();
    let attributes = format!(
        r#"{{"filename":"a","id":"{HELLO}","sensitive_content":"hello","not_yet_invented":[1,{{"x":2}}]}}"#
    );
    let reader = reader("hashicorp/local", root.path());
    let read = reader
        .refresh(&context(), request("local_file", &attributes))
        .await
        .unwrap();
    assert!(read.current.is_some());
    let paths = reader.schema().resources["local_file"]
        .block
        .sensitive_paths(&read.prior);
    let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
    assert_eq!(paths, ["sensitive_content"]);
}

#[tokio::test]
async fn a_newer_schema_and_a_broken_object_are_errors() {
    let reader = reader("hashicorp/local", FilePath::new("."));
    let mut newer = request("local_file", "{}");
    newer.schema_version = 1;
    let error = reader.refresh(&context(), newer).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(!error.hints().is_empty());

    for attributes in ["[]", r#"{"filename":["secret"]}"#, "null"] {
        let error = reader
            .refresh(&context(), request("local_file", attributes))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidState);
        assert!(!error.to_string().contains("secret"));
    }
    let error = reader
        .refresh(&context(), request("local_folder", "{}"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn objects_without_a_reality_are_as_stored() {
    let null = reader("hashicorp/null", FilePath::new("."));
    let stored = r#"{"id":"1","triggers":{"a":"b"}}"#;
    let read = null
        .refresh(&context(), request("null_resource", stored))
        .await
        .unwrap();
    assert!(read.current.as_ref() == Some(&read.prior));

    let stored = r#"{"id":"1","input":{"value":{"a":["x"]},"type":["object",{"a":["list","string"]}]},"output":null,"triggers_replace":null}"#;
    let read = builtin()
        .refresh(&context(), request("terraform_data", stored))
        .await
        .unwrap();
    assert!(read.current.as_ref() == Some(&read.prior));
    let want: serde_json::Value = stored.parse().unwrap();
    assert_eq!(json::encode(&read.prior), want);
}

#[tokio::test]
async fn flatmaps_of_old_states_are_expanded() {
    let flat = [
        ("id", "1"),
        ("triggers.%", "2"),
        ("triggers.a", "b"),
        ("triggers.c.d", "e"),
    ];
    let flat: BTreeMap<String, String> = flat
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect();
    let mut request = request("null_resource", "{}");
    request.attributes = RawAttributes::Flatmap(flat);
    let null = reader("hashicorp/null", FilePath::new("."));
    let read = null.refresh(&context(), request).await.unwrap();
    assert_eq!(
        json::encode(&read.prior).to_string(),
        r#"{"id":"1","triggers":{"a":"b","c.d":"e"}}"#
    );
}

fn object(reader: &Arc<dyn ResourceReader>, type_name: &str, text: &str) -> Value {
    let ty = reader.schema().resources[type_name].block.implied_type();
    json::decode(text, &ty).unwrap()
}

async fn verdict(
    reader: &Arc<dyn ResourceReader>,
    type_name: &str,
    stored: &str,
    real: Option<&str>,
) -> Verdict {
    let schema = &reader.schema().resources[type_name];
    let stored = object(reader, type_name, stored);
    let real = real.map(|real| object(reader, type_name, real));
    let refreshed = Refreshed {
        prior: stored.clone(),
        current: real.clone(),
        private: Bytes::new(),
        identity: None,
        warnings: Vec::new(),
    };
    let request = plan_request(schema, type_name, &stored, &refreshed);
    let planned = reader.plan(&context(), request).await.unwrap();
    judge(schema, &real.unwrap_or_default(), &planned)
}

fn shown(verdict: Verdict) -> (Vec<String>, Vec<String>) {
    match verdict {
        Verdict::NoChange => (Vec::new(), Vec::new()),
        Verdict::Change {
            changes,
            requires_replace,
        } => (
            changes.iter().map(|c| c.path.to_string()).collect(),
            requires_replace.iter().map(ToString::to_string).collect(),
        ),
    }
}

#[tokio::test]
async fn plans_say_what_apply_would_do() {
    let null = reader("hashicorp/null", FilePath::new("."));
    let stored = r#"{"id":"1","triggers":{"a":"b"}}"#;
    let same = verdict(&null, "null_resource", stored, Some(stored)).await;
    assert_eq!(same, Verdict::NoChange);
    let other = r#"{"id":"1","triggers":{"a":"c"}}"#;
    assert_eq!(
        shown(verdict(&null, "null_resource", stored, Some(other)).await),
        (vec![r#"triggers["a"]"#.into()], vec!["triggers".into()])
    );

    let text = |value: &str| format!(r#"{{"value":"{value}","type":"string"}}"#);
    let data = |input: &str, triggers: &str| {
        let (input, triggers) = (text(input), text(triggers));
        format!(r#"{{"id":"1","input":{input},"output":{input},"triggers_replace":{triggers}}}"#)
    };
    let update = verdict(
        &builtin(),
        "terraform_data",
        &data("a", "t"),
        Some(&data("b", "t")),
    )
    .await;
    assert_eq!(shown(update), (vec!["input".into()], vec![]));
    let replace = verdict(
        &builtin(),
        "terraform_data",
        &data("a", "t"),
        Some(&data("a", "u")),
    )
    .await;
    assert_eq!(
        shown(replace),
        (
            vec!["triggers_replace".into()],
            vec!["triggers_replace".into()]
        )
    );
}

#[tokio::test]
async fn a_missing_file_would_be_created() {
    let local = reader("hashicorp/local", FilePath::new("."));
    let stored = format!(r#"{{"filename":"a","content":"hello","id":"{HELLO}"}}"#);
    let (changes, replace) = shown(verdict(&local, "local_file", &stored, None).await);
    assert_eq!((changes, replace), (vec![String::new()], vec![]));
}

#[tokio::test]
async fn import_and_listing_say_that_they_cannot() {
    let null = reader("hashicorp/null", FilePath::new("."));
    let error = null
        .import(&context(), "null_resource", ImportTarget::Id("1".into()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let list = ListRequest {
        type_name: "null_resource".into(),
        configuration: Value::Null,
        include_object: false,
        limit: None,
    };
    let error = null.list(&context(), list).await.err().unwrap();
    assert!(!error.hints().is_empty());
}
