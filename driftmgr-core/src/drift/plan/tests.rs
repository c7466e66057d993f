//! Plans that others made, and small ones made here.

mod fixtures;
mod refused;
mod told;

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::*;
use crate::client::{Client, DriftOptions};
use crate::context::Context;
use crate::drift::{DriftReport, Filter, Sensitivity};
use crate::env::Environment;
use crate::report;

fn parse(plan: &Json) -> Plan {
    Plan::parse(plan.to_string().as_bytes()).unwrap()
}

fn client() -> Client {
    Client::builder()
        .context(Context::new(Environment::default()))
        .build()
        .unwrap()
}

/// Everything is shown.
fn options() -> DriftOptions {
    DriftOptions {
        filter: Filter {
            sensitivity: Sensitivity::High,
            ..Filter::default()
        },
        ..DriftOptions::default()
    }
}

async fn report(plan: Plan) -> DriftReport {
    client()
        .drift_of_plan("plan.json", &Arc::new(plan), &options())
        .await
        .unwrap()
}

/// The report in JSON.
async fn drift(plan: &Json) -> Json {
    report::json::drift(&report(parse(plan)).await)
}

/// A value in the representation of a state.
fn object(name: &str, values: Json) -> Json {
    json!({
        "address": format!("demo_thing.{name}"), "mode": "managed", "type": "demo_thing", "name": name,
        "provider_name": "registry.terraform.io/hashicorp/demo", "schema_version": 1,
        "values": values, "sensitive_values": {},
    })
}

/// An entry of `resource_changes` or `resource_drift`.
fn entry(name: &str, actions: &[&str], before: Json, after: Json) -> Json {
    json!({
        "address": format!("demo_thing.{name}"), "mode": "managed", "type": "demo_thing", "name": name,
        "provider_name": "registry.terraform.io/hashicorp/demo",
        "change": {"actions": actions, "before": before, "after": after, "after_unknown": {},
                   "before_sensitive": {}, "after_sensitive": {}},
    })
}

/// A plan of format 1.2.
fn plan(prior: &[Json], drift: &[Json], changes: &[Json]) -> Json {
    json!({
        "format_version": "1.2", "terraform_version": "1.9.0",
        "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": prior}}},
        "resource_drift": drift, "resource_changes": changes,
    })
}
