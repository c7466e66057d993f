//! What the server keeps.

use std::collections::BTreeMap;

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// By its name.
    User(String),
    /// By its id.
    Run(String),
}

#[derive(Clone)]
pub(crate) struct Workspace {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) lock: Option<(Holder, String)>,
    /// Tags; those without a value have an empty one.
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) project: Option<String>,
    pub(crate) resources: usize,
}

#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) workspace: String,
    pub(crate) serial: u64,
    pub(crate) lineage: String,
    pub(crate) md5: String,
    pub(crate) status: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// Workspaces and state versions, in the order in which they were made.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) workspaces: Vec<Workspace>,
    pub(crate) versions: Vec<Version>,
    /// Id and name.
    pub(crate) projects: Vec<(String, String)>,
    made: usize,
}

impl Store {
    /// An id that there was none of before.
    pub(crate) fn id(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}-{:016}", self.made)
    }

    /// Makes a workspace without asking.
    pub(crate) fn add(&mut self, name: &str) -> &mut Workspace {
        let id = self.id("ws");
        self.workspaces.push(Workspace {
            id,
            name: name.to_owned(),
            lock: None,
            tags: BTreeMap::new(),
            project: None,
            resources: 0,
        });
        self.workspaces.last_mut().unwrap()
    }

    pub(crate) fn workspace(&mut self, name_or_id: &str) -> Option<&mut Workspace> {
        let mut all = self.workspaces.iter_mut();
        all.find(|w| w.id == name_or_id || w.name == name_or_id)
    }

    /// The current version of a workspace.
    pub(crate) fn current(&self, workspace: &str) -> Option<&Version> {
        let mut all = self.versions.iter().rev();
        all.find(|v| v.workspace == workspace && v.status == "finalized")
    }

    /// The current bytes of the workspace with this name.
    pub(crate) fn state(&mut self, name: &str) -> Option<Vec<u8>> {
        let id = self.workspace(name)?.id.clone();
        Some(self.current(&id)?.bytes.clone())
    }
}
