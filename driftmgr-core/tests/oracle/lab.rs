//! A folder in which a real program applied a real configuration with a real provider, whose cloud is a JSON file that tests edit.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::tools::{Program, Terraform};

/// An applied configuration.
pub struct Lab {
    terraform: Terraform,
    cloud: PathBuf,
}

impl Lab {
    /// Applies the files, `name -> text`, with the program.
    pub fn apply(program: Program, files: &[(&str, &str)]) -> Self {
        let terraform = Terraform::new(program);
        for (name, text) in files {
            let path = terraform.dir().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let cloud = terraform.dir().join("cloud.json");
        std::fs::write(terraform.dir().join("terraform.tfvars"), format!("cloud = {:?}\n", cloud.to_str().unwrap())).unwrap();
        terraform.init();
        terraform.apply();
        Self { terraform, cloud }
    }

    /// The root module's folder.
    pub fn dir(&self) -> &Path {
        self.terraform.dir()
    }

    /// The program that applied it.
    pub fn terraform(&self) -> &Terraform {
        &self.terraform
    }

    /// The cloud as it stands.
    pub fn cloud(&self) -> Value {
        serde_json::from_slice(&std::fs::read(&self.cloud).unwrap()).unwrap()
    }

    /// Replaces the cloud.
    pub fn set_cloud(&self, cloud: &Value) {
        std::fs::write(&self.cloud, serde_json::to_vec_pretty(cloud).unwrap()).unwrap();
    }

    /// Changes one fact, runs the check, and puts the fact back.
    pub fn with<T>(&self, change: impl FnOnce(&mut Value), check: impl FnOnce(&Self) -> T) -> T {
        let before = self.cloud();
        let mut changed = before.clone();
        change(&mut changed);
        assert_ne!(before, changed, "the mutation changes nothing");
        self.set_cloud(&changed);
        let answer = check(self);
        self.set_cloud(&before);
        answer
    }
}
