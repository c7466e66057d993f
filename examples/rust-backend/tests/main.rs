//! The library's contract for backends, and the backend in a client.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use driftmgr_core::ErrorKind;
use driftmgr_core::backend::{Backend, StateRef, WriteOptions};
use driftmgr_core::client::Client;
use driftmgr_core::testkit::backend::{Open, suite};
use driftmgr_example_backend::SqliteBackend;

fn client() -> Client {
    let builder = Client::builder().backend(SqliteBackend::KIND, SqliteBackend::factory());
    builder.build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    suite(|| {
        number.set(number.get() + 1);
        let file = folder.path().join(format!("{}.db", number.get()));
        let open: Open = Box::new(move || Arc::new(SqliteBackend::new(&file)) as Arc<dyn Backend>);
        open
    })
    .await;
}

#[tokio::test]
async fn a_folder_that_uses_it_is_opened_and_looked_at() {
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../quickstart");
    let state = fs::read(quickstart.join("terraform.tfstate")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let block = "terraform {\n  backend \"sqlite\" {\n    file = \"states.db\"\n  }\n}\n";
    fs::write(folder.path().join("main.tf"), block).unwrap();
    fs::create_dir(folder.path().join("public")).unwrap();
    for file in fs::read_dir(quickstart.join("public")).unwrap() {
        let file = file.unwrap();
        fs::copy(
            file.path(),
            folder.path().join("public").join(file.file_name()),
        )
        .unwrap();
    }
    let client = client();
    let arguments = BTreeMap::from([("file".to_owned(), "states.db".into())]);
    let backend = client
        .backend(SqliteBackend::KIND, arguments, folder.path())
        .unwrap();
    backend
        .write(&StateRef::default(), state, WriteOptions::default())
        .await
        .unwrap();

    let stack = client.open(folder.path()).await.unwrap();
    let report = stack.detect_drift(&client.drift_options()).await.unwrap();
    assert_eq!((report.summary.checked, report.summary.deleted), (6, 2));
}

#[tokio::test]
async fn wrong_arguments_and_files_are_named() {
    let open = |arguments: &[(&str, &str)], root: &Path| {
        let arguments = arguments
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).into()));
        client().backend(SqliteBackend::KIND, arguments.collect(), root)
    };
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&[][..], &[("path", "x")], &[("file", "")]] {
        let error = open(arguments, folder.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert_eq!(error.hints().len(), 1);
    }
    fs::write(
        folder.path().join("text.db"),
        "no database, and longer than its header would be".repeat(9),
    )
    .unwrap();
    let backend = open(&[("file", "text.db")], folder.path()).unwrap();
    let error = backend.read(&StateRef::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert!(error.to_string().contains("text.db"), "{error}");
}
