//! The library against real providers.

mod behaviour;
mod faults;
mod lifecycle;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use driftmgr_core::Context;
use driftmgr_core::env::Environment;
use driftmgr_core::error::Result;
use driftmgr_core::provider::plugin::{
    LaunchHow, PluginLaunch, PluginReader, PoolOptions, ProviderPool,
};
use driftmgr_core::provider::{ReadRequest, Refreshed, ResourceReader};
use driftmgr_core::state::{RawAttributes, RawJson};
use driftmgr_core::value::Value;
use serde_json::json;

use crate::support::tools::Tools;

/// A provider of the tests, and the resource type to read.
#[derive(Clone, Copy, Debug)]
struct Kind {
    source: &'static str,
    type_name: &'static str,
}

/// SDKv2, protocol 5.
const FIVE: Kind = Kind {
    source: "driftmgr/cloudfive",
    type_name: "cloudfive_bucket",
};
/// Framework, protocol 6.
const SIX: Kind = Kind {
    source: "driftmgr/cloudsix",
    type_name: "cloudsix_note",
};

/// A cloud in a file, a provider for it, and a private folder for sockets.
struct World {
    kind: Kind,
    dir: tempfile::TempDir,
    environment: Environment,
    pool: ProviderPool,
}

impl World {
    /// A cloud in which all of `n0` … exist.
    fn new(kind: Kind, objects: usize) -> Self {
        Self::with_options(kind, objects, PoolOptions::default())
    }

    fn with_options(kind: Kind, objects: usize, options: PoolOptions) -> Self {
        let dir = tempfile::tempdir_in("/tmp").unwrap();
        std::fs::create_dir(dir.path().join("tmp")).unwrap();
        let tmp = dir.path().join("tmp");
        let environment = Environment::from_process()
            .with_variable("TMPDIR", tmp.to_str().unwrap())
            .with_variable("DRIFTMGR_TEST_FAULT", "");
        let world = Self {
            kind,
            dir,
            environment,
            pool: ProviderPool::new(options),
        };
        let all = (0..objects).map(|i| (format!("n{i}"), object(kind, &format!("n{i}"))));
        world.write(json!({"objects": {kind.type_name: serde_json::Map::from_iter(all)}}));
        world
    }

    #[must_use]
    fn env(mut self, name: &str, value: &str) -> Self {
        self.environment = self.environment.with_variable(name, value);
        self
    }

    fn cx(&self) -> Context {
        Context::new(self.environment.clone())
    }

    fn cloud(&self) -> PathBuf {
        self.dir.path().join("cloud.json")
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// What is left in the folder for sockets.
    fn sockets(&self) -> usize {
        let tmp = self.dir.path().join("tmp");
        std::fs::read_dir(tmp).unwrap().count()
    }

    fn write(&self, cloud: serde_json::Value) {
        // By rename, as the provider may be reading.
        let new = self.dir.path().join("cloud.new");
        std::fs::write(&new, cloud.to_string()).unwrap();
        std::fs::rename(new, self.cloud()).unwrap();
    }

    /// Changes one object of the cloud; null removes it.
    fn edit(&self, id: &str, change: impl FnOnce(&mut serde_json::Value)) {
        let text = std::fs::read_to_string(self.cloud()).unwrap();
        let mut cloud: serde_json::Value = serde_json::from_str(&text).unwrap();
        let objects = cloud["objects"][self.kind.type_name]
            .as_object_mut()
            .unwrap();
        let object = objects.get_mut(id).unwrap();
        change(object);
        if object.is_null() {
            objects.remove(id);
        }
        self.write(cloud);
    }

    fn fault(&self, id: &str, fault: &str) {
        self.edit(id, |object| object["fault"] = fault.into());
    }

    fn launch(&self) -> PluginLaunch {
        let binary = LaunchHow::Binary(Tools::get().provider(self.kind.source));
        PluginLaunch::new(self.kind.source.parse().unwrap(), binary, "1.15.5")
    }

    fn configuration(&self) -> Value {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        [("cloud", text(self.cloud())), ("log", text(self.log()))]
            .into_iter()
            .collect()
    }

    fn with_fault(&self, fault: &str) -> Value {
        let Value::Map(mut settings) = self.configuration() else {
            unreachable!()
        };
        settings.insert("fault".to_owned(), fault.into());
        Value::Map(settings)
    }

    async fn reader(&self) -> Arc<PluginReader> {
        self.try_reader(&self.configuration()).await.unwrap()
    }

    async fn try_reader(&self, configuration: &Value) -> Result<Arc<PluginReader>> {
        self.pool
            .reader(&self.cx(), &self.launch(), configuration)
            .await
    }

    async fn read(&self, reader: &PluginReader, id: &str) -> Result<Refreshed> {
        reader.refresh(&self.cx(), stored(self.kind, id)).await
    }

    /// Reads all objects in parallel.
    async fn read_all(&self, reader: &PluginReader, objects: usize) -> Vec<Result<Refreshed>> {
        let ids: Vec<String> = (0..objects).map(|i| format!("n{i}")).collect();
        futures::future::join_all(ids.iter().map(|id| self.read(reader, id))).await
    }

    /// The lines that the provider wrote about an operation's begin: process ids, one for each call.
    fn begun(&self, operation: &str) -> Vec<u32> {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines = log.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        lines
            .filter(|words| words.get(1) == Some(&operation) && words.last() == Some(&"begin"))
            .map(|words| words[0].parse().unwrap())
            .collect()
    }

    /// The processes that were configured so far.
    fn processes(&self) -> Vec<u32> {
        self.begun("configure")
    }
}

/// An object in the cloud.
fn object(kind: Kind, id: &str) -> serde_json::Value {
    match kind.type_name {
        "cloudfive_bucket" => json!({"name": id, "region": "north", "versioned": false,
            "arn": format!("arn:cloudfive:bucket/{id}")}),
        _ => json!({"id": id, "name": id, "region": "north", "text": "hello"}),
    }
}

/// The object as a state has it.
fn stored(kind: Kind, id: &str) -> ReadRequest {
    let attributes = match kind.type_name {
        "cloudfive_bucket" => {
            json!({"id": id, "name": id, "region": "north", "versioned": false, "tags": {},
            "arn": format!("arn:cloudfive:bucket/{id}")})
        }
        _ => json!({"id": id, "name": id, "region": "north", "text": "hello"}),
    };
    // The framework refuses to call an object deleted whose stored identity is missing; Terraform shows the same error.
    let identity = json!({"id": id, "region": "north"});
    ReadRequest {
        type_name: kind.type_name.to_owned(),
        schema_version: 0,
        attributes: RawAttributes::Json(raw(attributes)),
        private: Bytes::new(),
        identity: (kind.source == SIX.source).then(|| (0, raw(identity))),
    }
}

fn raw(json: serde_json::Value) -> RawJson {
    (&json).into()
}

fn is_running(pid: u32) -> bool {
    // A zombie that nobody has waited for yet does not run any more.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .starts_with(" Z")
    })
}

/// Waits until none of the processes runs.
fn all_end(pids: &[u32]) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) {
        if !pids.iter().any(|pid| is_running(*pid)) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

fn provider(source: &str) -> PathBuf {
    Tools::get().provider(source)
}

fn names(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).unwrap();
    entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect()
}
