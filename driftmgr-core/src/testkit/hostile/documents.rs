//! Texts inside of attributes.

use crate::drift::{Comparators, Compared, Severity};
use crate::provider::Block;
use crate::value::{Path, Value};

/// Two texts, divided by the first zero byte, that comparators look at: whatever they are, the answer does not depend on the order.
pub fn documents(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (before, after) = text.split_once('\0').unwrap_or((text, text));
    let comparators = Comparators::default();
    let block = Block::default();
    let judge = |before: &str, after: &str, path: &str| {
        let [before, after] = [before, after].map(Value::from);
        let change = Compared {
            resource_type: "aws_route53_record",
            path: &Path::attribute_of_root(path),
            before: Some(&before),
            after: Some(&after),
            only_computed: false,
            planned: Some(true),
            configured: Some(true),
            severity: Severity::Important,
            block: &block,
            stored: &Value::Null,
            current: &Value::Null,
        };
        comparators.judge(&change).map(|noise| noise.rule)
    };
    for path in ["policy", "definition", "protocol", "name", "arn"] {
        assert_eq!(
            judge(before, after, path),
            judge(after, before, path),
            "{path}"
        );
    }
}
