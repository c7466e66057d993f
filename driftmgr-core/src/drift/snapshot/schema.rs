//! What a comparison needs of a resource type's schema, as JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::provider::{Attribute, AttributeType, Block, NestedBlock, Nesting, ResourceSchema};
use crate::value::Type;

pub(super) fn write(schema: &ResourceSchema) -> Json {
    json!({"version": schema.version, "block": block(&schema.block)})
}

pub(super) fn read(json: &Json) -> Option<ResourceSchema> {
    Some(ResourceSchema {
        version: json.get("version")?.as_u64()?,
        block: read_block(json.get("block")?)?,
        identity: None,
    })
}

fn block(of: &Block) -> Json {
    let blocks: Map<String, Json> = of
        .blocks
        .iter()
        .map(|(name, nested)| {
            let nested = json!({"nesting": nesting(nested.nesting), "block": block(&nested.block)});
            (name.clone(), nested)
        })
        .collect();
    json!({"attributes": attributes(&of.attributes), "blocks": blocks})
}

fn attributes(of: &BTreeMap<String, Attribute>) -> Json {
    of.iter()
        .map(|(name, attribute)| (name.clone(), self::attribute(attribute)))
        .collect::<Map<String, Json>>()
        .into()
}

fn attribute(of: &Attribute) -> Json {
    let mut entry = Map::new();
    match &of.attribute_type {
        AttributeType::Plain(ty) => drop(entry.insert("type".to_owned(), ty.to_json())),
        AttributeType::Nested {
            nesting: how,
            attributes: inner,
        } => {
            entry.insert("nesting".to_owned(), nesting(*how).into());
            entry.insert("attributes".to_owned(), attributes(inner));
        }
    }
    for (name, set) in [
        ("required", of.required),
        ("optional", of.optional),
        ("computed", of.computed),
        ("sensitive", of.sensitive),
        ("write_only", of.write_only),
    ] {
        if set {
            entry.insert(name.to_owned(), true.into());
        }
    }
    entry.into()
}

fn read_block(json: &Json) -> Option<Block> {
    let nested = |(name, json): (&String, &Json)| {
        let nested = NestedBlock {
            nesting: read_nesting(json.get("nesting")?)?,
            block: read_block(json.get("block")?)?,
        };
        Some((name.clone(), nested))
    };
    Some(Block {
        attributes: read_attributes(json.get("attributes")?)?,
        blocks: json
            .get("blocks")?
            .as_object()?
            .iter()
            .map(nested)
            .collect::<Option<_>>()?,
    })
}

fn read_attributes(json: &Json) -> Option<BTreeMap<String, Attribute>> {
    let each = json.as_object()?.iter();
    each.map(|(name, json)| Some((name.clone(), read_attribute(json)?)))
        .collect()
}

fn read_attribute(json: &Json) -> Option<Attribute> {
    let flag = |name: &str| json.get(name) == Some(&Json::Bool(true));
    let attribute_type = match json.get("type") {
        Some(ty) => AttributeType::Plain(Type::from_json_value(ty).ok()?),
        None => AttributeType::Nested {
            nesting: read_nesting(json.get("nesting")?)?,
            attributes: read_attributes(json.get("attributes")?)?,
        },
    };
    Some(Attribute {
        attribute_type,
        required: flag("required"),
        optional: flag("optional"),
        computed: flag("computed"),
        sensitive: flag("sensitive"),
        write_only: flag("write_only"),
    })
}

fn nesting(of: Nesting) -> &'static str {
    match of {
        Nesting::Single => "single",
        Nesting::List => "list",
        Nesting::Set => "set",
        Nesting::Map => "map",
        Nesting::Group => "group",
    }
}

fn read_nesting(json: &Json) -> Option<Nesting> {
    Some(match json.as_str()? {
        "single" => Nesting::Single,
        "list" => Nesting::List,
        "set" => Nesting::Set,
        "map" => Nesting::Map,
        "group" => Nesting::Group,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::testing::{attribute, block, nested, nested_attribute};

    #[test]
    fn a_schema_reads_back() {
        let inner = block([("key", attribute("string").sensitive().write_only())]);
        let mut of = block([
            ("id", attribute("string").computed()),
            (
                "tags",
                attribute(r#"["map","string"]"#).optional().computed(),
            ),
            ("any", attribute("dynamic").required()),
            (
                "deep",
                nested_attribute(Nesting::Set, [("a", attribute("number").optional())]),
            ),
        ]);
        for (name, how) in [
            ("one", Nesting::Single),
            ("list", Nesting::List),
            ("set", Nesting::Set),
            ("map", Nesting::Map),
            ("group", Nesting::Group),
        ] {
            of = of.with(name, nested(how, inner.clone()));
        }
        let schema = ResourceSchema {
            version: 7,
            block: of,
            identity: None,
        };
        assert_eq!(read(&write(&schema)), Some(schema));
        assert_eq!(read(&json!({"version": 1})), None);
    }
}
