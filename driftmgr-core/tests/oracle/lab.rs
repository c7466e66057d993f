//! A folder in which a real program applied a real configuration with a real provider, whose cloud is a JSON file that tests edit.

use driftmgr_core::Context;
use driftmgr_core::client::{Client, DriftOptions, OpenOptions};
use driftmgr_core::configuration::VariableInput;
use driftmgr_core::report::json;
use serde_json::Value;

use crate::support::options::showing_all;
use crate::support::tools::{Program, Terraform};

/// Where the cloud is, in the root module's folder.
const CLOUD: &str = "cloud.json";

/// An applied configuration.
pub(super) struct Lab {
    pub(super) terraform: Terraform,
}

impl Lab {
    /// Applies the files, `name -> text`, with the program.
    pub(super) fn apply(program: Program, files: &[(&str, &str)]) -> Self {
        let terraform = Terraform::new(program);
        for (name, text) in files {
            terraform.write(name, text);
        }
        if files
            .iter()
            .any(|(_, text)| text.contains("variable \"cloud\""))
        {
            terraform.write("terraform.tfvars", &format!("cloud = \"{CLOUD}\"\n"));
        }
        terraform.init().apply();
        Self { terraform }
    }

    /// Changes the cloud.
    pub(super) fn edit(&self, change: impl FnOnce(&mut Value)) {
        self.terraform.edit(CLOUD, change);
    }

    /// Changes one fact, asks driftmgr, and puts the fact back.
    pub(super) fn with(&self, change: impl FnOnce(&mut Value)) -> Value {
        let before = self.terraform.json(CLOUD);
        self.edit(change);
        assert_ne!(
            before,
            self.terraform.json(CLOUD),
            "the mutation changes nothing"
        );
        let report = self.ask();
        self.terraform.write(CLOUD, &before.to_string());
        report
    }

    /// driftmgr's report in JSON.
    pub(super) fn ask(&self) -> Value {
        self.ask_with(&[], &showing_all())
    }

    /// The same with values of variables and other options.
    pub(super) fn ask_with(&self, variables: &[(&str, &str)], options: &DriftOptions) -> Value {
        let variables = variables.iter().map(|(name, value)| VariableInput::Value {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        });
        let open = OpenOptions {
            variables: variables.collect(),
            ..OpenOptions::default()
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let report = runtime.block_on(async {
            let client = Client::builder()
                .context(Context::from_process())
                .build()
                .unwrap();
            let stack = client
                .open_with(self.terraform.path(), &open)
                .await
                .unwrap();
            stack.detect_drift(options).await.unwrap()
        });
        json::drift(&report)
    }
}
