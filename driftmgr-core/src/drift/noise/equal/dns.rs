//! Class 7: names of the domain name system, which know neither case nor a final dot.

use super::noise;
use crate::drift::noise::compare::{Certainty, Comparator, Compared, Noise};
use crate::value::{Step, Value};

/// Host names with another case, or with and without the dot of the root (RFC 4343, RFC 1035 section 5.1).
#[derive(Debug)]
pub(super) struct Names;

/// Record types whose values are names. Text records keep their case.
const OF_NAMES: &[&str] = &["CNAME", "NS", "PTR", "MX", "SRV", "ALIAS", "DNAME"];

/// Resource types, and their attributes that hold names whatever else the object says.
const NAMES: &[(&str, &[&str])] = &[
    ("aws_route53_record", &["name", "fqdn"]),
    ("aws_route53_zone", &["name"]),
    (
        "aws_acm_certificate",
        &["domain_name", "subject_alternative_names"],
    ),
    ("aws_lb_listener_rule", &["host_header"]),
    ("google_dns_record_set", &["name"]),
    ("google_dns_managed_zone", &["dns_name"]),
    ("azurerm_dns_zone", &["name"]),
    ("digitalocean_domain", &["name"]),
];

/// Attributes that hold a record's values.
const VALUES: &[(&str, &[&str])] = &[
    ("aws_route53_record", &["records", "alias.name"]),
    ("google_dns_record_set", &["rrdatas"]),
    ("digitalocean_record", &["value"]),
];

impl Comparator for Names {
    fn equal(&self, change: &Compared<'_>) -> Option<Noise> {
        let names: Vec<&str> = change.path.steps().iter().filter_map(Step::name).collect();
        let path = names.join(".");
        let listed = |table: &[(&str, &[&str])]| {
            table.iter().any(|(resource_type, paths)| {
                *resource_type == change.resource_type && paths.contains(&path.as_str())
            })
        };
        let of_names = || {
            let kind = change.stored.attribute("type").and_then(Value::as_str);
            kind.is_some_and(|kind| OF_NAMES.contains(&kind))
        };
        if !(listed(NAMES) || listed(VALUES) && of_names()) {
            return None;
        }
        let [before, after] = [change.before?.as_str()?, change.after?.as_str()?].map(|name| {
            let name = name.strip_suffix('.').unwrap_or(name);
            name.to_ascii_lowercase()
        });
        (before == after).then(|| {
            noise(
                "equal-name",
                Certainty::Known,
                "both sides are the same host name, written differently",
            )
        })
    }
}
