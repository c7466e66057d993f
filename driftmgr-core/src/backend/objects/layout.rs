//! Where the states of workspaces are in a bucket: `PREFIX/KEY`, and `PREFIX/NAME/KEY` for every workspace but `default`.

use crate::backend::WorkspaceName;

/// The names of objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backend) struct Layout {
    /// Empty, or with a slash at its end.
    folder: String,
    key: String,
}

impl Layout {
    /// The programs join both by Go's `path.Join`: no empty parts and no dots.
    pub(in crate::backend) fn new(prefix: &str, key: &str) -> Self {
        let folder = clean(prefix);
        Self {
            folder: match folder.is_empty() {
                true => folder,
                false => folder + "/",
            },
            key: clean(key),
        }
    }

    /// What all names begin with.
    pub(in crate::backend) fn folder(&self) -> &str {
        &self.folder
    }

    /// The object that holds the state of a workspace.
    pub(in crate::backend) fn state(&self, workspace: &WorkspaceName) -> String {
        let Self { folder, key } = self;
        match workspace.is_default() {
            true => format!("{folder}{key}"),
            false => format!("{folder}{workspace}/{key}"),
        }
    }

    /// The workspace, other than `default`, whose state an object holds; `None` for any other object.
    pub(in crate::backend) fn workspace_of(&self, name: &str) -> Option<WorkspaceName> {
        let name = name.strip_prefix(&self.folder)?.strip_suffix(&self.key)?;
        let name: WorkspaceName = name.strip_suffix('/')?.parse().ok()?;
        (!name.is_default()).then_some(name)
    }
}

fn clean(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_programs() {
        for (prefix, key, default, prod) in [
            (
                "env:",
                "terraform.tfstate",
                "env:/terraform.tfstate",
                "env:/prod/terraform.tfstate",
            ),
            (
                "",
                "terraform.tfstate",
                "terraform.tfstate",
                "prod/terraform.tfstate",
            ),
            ("a//b/", "c/./d", "a/b/c/d", "a/b/prod/c/d"),
            ("a/../b", "k", "b/k", "b/prod/k"),
        ] {
            let layout = Layout::new(prefix, key);
            assert_eq!(layout.state(&WorkspaceName::default_name()), default);
            let name: WorkspaceName = "prod".parse().unwrap();
            assert_eq!(layout.state(&name), prod);
            assert_eq!(layout.workspace_of(prod), Some(name));
            assert_eq!(layout.workspace_of(default), None);
        }
    }

    #[test]
    fn other_objects_are_no_workspaces() {
        let layout = Layout::new("infra", "terraform.tfstate");
        for name in [
            "infra/prod/terraform.tfstate.tflock",
            "infra/prod/other.tfstate",
            "infra/a/b/terraform.tfstate",
            "infra/prodterraform.tfstate",
            "other/prod/terraform.tfstate",
            "infra/default/terraform.tfstate",
            "infra//terraform.tfstate",
        ] {
            assert_eq!(layout.workspace_of(name), None, "{name}");
        }
    }
}
