//! What does a provider know? From its process, beside terraform; and from the cache, beside the process.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use driftmgr_benches::measure::{driftmgr, run};
use driftmgr_benches::programs::Programs;
use driftmgr_benches::states::{note_cloud, note_module};
use driftmgr_benches::table::pairs;
use driftmgr_core::Context;
use driftmgr_core::provider::ResourceReader as _;
use driftmgr_core::provider::plugin::{LaunchHow, PluginLaunch, PoolOptions, ProviderPool};
use driftmgr_core::value::Value;

use crate::refresh::init;

/// The first argument of the process that asks a provider with the library alone.
pub(crate) const CHILD: &str = "schema-of-aws";

/// As much as the schema of a large provider of today, in bytes.
const LARGE: &str = "60000000";

pub(crate) fn rows() {
    let programs = Programs::find();
    aws(&programs);
    cached(&programs);
}

fn aws(programs: &Programs) {
    // The library configures what it starts, and that asks for the account.
    let moto = programs.moto();
    let lab = tempfile::tempdir().unwrap();
    let text = include_str!("../../labs/aws.tf").replace("PORT", &moto.port.to_string());
    std::fs::write(lab.path().join("main.tf"), text).unwrap();
    init(programs, lab.path());
    let folder = ".terraform/providers/registry.terraform.io/hashicorp/aws/3.39.0/linux_amd64";
    let binary = lab
        .path()
        .join(folder)
        .join("terraform-provider-aws_v3.39.0");
    let ours = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(CHILD).arg(&binary).arg(moto.port.to_string());
        command
    };
    let theirs = || {
        let mut command = programs.peer("terraform", lab.path());
        command.args(["providers", "schema", "-json"]);
        command
    };
    let measured = pairs(3, || run(&mut ours(), &[0]), || run(&mut theirs(), &[0]));
    println!(
        "{}",
        measured.row(
            "schema of the AWS provider 3.39.0, from its process",
            "the library",
            "`terraform providers schema -json`",
            "none set"
        )
    );
}

/// Asks the AWS provider for its schema.
pub(crate) fn child(arguments: &[String]) {
    let binary = Path::new(&arguments[0]).to_owned();
    let text = |text: &str| Value::String(text.to_owned());
    let server = format!("http://127.0.0.1:{}", arguments[1]);
    let endpoints = ["ec2", "iam", "sts"].map(|name| (name.to_owned(), text(&server)));
    let endpoints = Value::Map(BTreeMap::from(endpoints));
    let configuration = Value::Map(BTreeMap::from([
        ("endpoints".to_owned(), Value::set([endpoints])),
        ("region".to_owned(), text("eu-central-1")),
        ("access_key".to_owned(), text("test")),
        ("secret_key".to_owned(), text("test")),
        ("skip_credentials_validation".to_owned(), Value::Bool(true)),
        ("skip_metadata_api_check".to_owned(), Value::Bool(true)),
        ("skip_requesting_account_id".to_owned(), Value::Bool(true)),
    ]));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let cx = Context::from_process();
        let pool = ProviderPool::new(PoolOptions::default());
        let source = "registry.terraform.io/hashicorp/aws".parse().unwrap();
        let launch = PluginLaunch::new(source, LaunchHow::Binary(binary), "1.0.0");
        let reader = pool.reader(&cx, &launch, &configuration).await.unwrap();
        assert!(reader.schema().resources.len() > 600);
        drop(reader);
        pool.shutdown().await;
    });
}

/// The AWS provider 3.39.0 does not allow that its schema is cached, so this is about a provider of today, with a schema as large.
fn cached(programs: &Programs) {
    let lab = tempfile::tempdir().unwrap();
    let cloud = lab.path().join("cloud.json");
    note_cloud(&cloud, &["n".to_owned()], 1).unwrap();
    note_module(lab.path(), &cloud, "n", 1, 0.0).unwrap();
    init(programs, lab.path());
    let cache = lab.path().join("cache");
    let check = || {
        let mut command = driftmgr();
        programs.surround(&mut command, lab.path());
        command
            .args(["check", "."])
            .env("DRIFTMGR_CACHE_DIR", &cache)
            .env("DRIFTMGR_TEST_FAULT", format!("big-schema:{LARGE}"));
        command
    };
    let cold = || {
        // The hashes of binaries stay: they are not what is measured.
        let _ = std::fs::remove_dir_all(cache.join("schemas"));
        run(&mut check(), &[0])
    };
    let measured = pairs(3, || run(&mut check(), &[0]), cold);
    println!(
        "{}",
        measured.row(
            "`check` of one object, schema of 60 MB",
            "from the cache",
            "driftmgr without the cache",
            "none set"
        )
    );
}
