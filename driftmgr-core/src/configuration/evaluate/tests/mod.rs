mod hostile;
mod language;
mod providers;
mod references;
mod values;

use super::{Evaluator, ProviderConfiguration};
use crate::address::{ProviderConfigAddress, ResourceAddress};
use crate::configuration::{RootModule, VariableInput, Variables, Workspace};
use crate::context::Context;
use crate::env::Environment;
use crate::state::{Instance, RawAttributes, Resource, State};
use crate::value::Value;

const AWS: &str = "provider[\"registry.terraform.io/hashicorp/aws\"]";

/// A root module in a folder, and all that evaluation needs beside it.
struct Case {
    dir: tempfile::TempDir,
    environment: Environment,
    inputs: Vec<VariableInput>,
    state: Option<State>,
}

impl Case {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self {
            dir,
            environment: Environment::default(),
            inputs: Vec::new(),
            state: None,
        }
    }

    fn main(text: &str) -> Self {
        Self::new(&[("main.tf", text)])
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.environment = self.environment.with_variable(name, value);
        self
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.inputs.push(VariableInput::Value {
            name: name.into(),
            value: value.into(),
        });
        self
    }

    fn var_file(mut self, name: &str) -> Self {
        self.inputs
            .push(VariableInput::File(self.dir.path().join(name)));
        self
    }

    /// Adds objects to the state: address and JSON attributes.
    fn state(mut self, instances: &[(&str, &str)]) -> Self {
        let mut resources: Vec<Resource> = Vec::new();
        for (address, attributes) in instances {
            let address: crate::address::InstanceAddress = address.parse().unwrap();
            let instance = instance(address.key.clone(), attributes);
            match resources.iter_mut().find(|r| r.address == address.resource) {
                Some(resource) => resource.instances.push(instance),
                None => resources.push(resource(address.resource, instance)),
            }
        }
        let mut state = State::new("x");
        state.resources = resources;
        self.state = Some(state);
        self
    }

    fn with<T>(&self, run: impl FnOnce(&Evaluator<'_>) -> T) -> T {
        let cx = Context::new(self.environment.clone());
        let root = RootModule::load(&cx, self.dir.path()).unwrap().value;
        let variables = Variables::gather(&cx, &root, &self.inputs).value;
        let workspace = Workspace::selected(&cx, self.dir.path(), None).unwrap();
        run(&Evaluator::new(
            &cx,
            &root,
            &variables,
            &workspace,
            self.state.as_ref(),
        ))
    }

    fn provider(&self, address: &str) -> ProviderConfiguration {
        let address: ProviderConfigAddress = address.parse().unwrap();
        self.with(|evaluator| evaluator.resolve_provider(&address))
    }

    /// The value of `x` in the block of `aws`, or the reasons why there is none.
    fn x(&self) -> Result<Value, Vec<String>> {
        let provider = self.provider(AWS);
        match provider.body.attribute("x") {
            Some(value) => Ok(value.clone()),
            None => Err(provider
                .unresolved
                .iter()
                .map(|u| u.reason.clone())
                .collect()),
        }
    }
}

fn instance(key: Option<crate::address::InstanceKey>, attributes: &str) -> Instance {
    Instance::new(key, 0, RawAttributes::Json(attributes.parse().unwrap()))
}

fn resource(address: ResourceAddress, instance: Instance) -> Resource {
    let mut resource = Resource::new(address, None);
    resource.instances.push(instance);
    resource
}

fn text(value: &str) -> Value {
    Value::from(value)
}

fn texts(items: &[&str]) -> Value {
    Value::List(items.iter().map(|i| text(i)).collect())
}

const WITH_X: &str = "provider \"aws\" {\n  x = ";

fn with_x(expression: &str, rest: &str) -> Case {
    Case::main(&format!("{WITH_X}{expression}\n}}\n{rest}"))
}
