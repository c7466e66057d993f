//! Random types, and random values of them, for property tests.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::strategy::Union;

use super::codec::normalized;
use super::{Number, Type, Value};

pub(crate) fn value_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        Just(Type::Bool),
        Just(Type::Number),
        Just(Type::String),
        Just(Type::Dynamic),
    ];
    leaf.prop_recursive(3, 24, 4, |of| {
        prop_oneof![
            of.clone().prop_map(Type::list),
            of.clone().prop_map(Type::set),
            of.clone().prop_map(Type::map),
            vec(of.clone(), 0..3).prop_map(Type::Tuple),
            btree_map("[a-z_ ]{1,6}", of, 0..4).prop_map(Type::Object),
        ]
    })
}

/// A type and a value of it: nulls everywhere, no unknowns.
pub(crate) fn typed_value(ty: Type) -> BoxedStrategy<(Type, Value)> {
    value_of(&ty)
        .prop_map(move |value| (ty.clone(), value))
        .boxed()
}

pub(crate) fn value_of(ty: &Type) -> BoxedStrategy<Value> {
    let some = match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => any_number().prop_map(Value::Number).boxed(),
        Type::String => any_text().prop_map(Value::String).boxed(),
        Type::List(of) => vec(value_of(of), 0..4).prop_map(Value::List).boxed(),
        Type::Set(of) => vec(value_of(of), 0..4).prop_map(Value::set).boxed(),
        Type::Map(of) => btree_map(any_text(), value_of(of), 0..4)
            .prop_map(Value::Map)
            .boxed(),
        Type::Tuple(of) => of
            .iter()
            .map(value_of)
            .collect::<Vec<_>>()
            .prop_map(Value::List)
            .boxed(),
        Type::Object(of) => {
            let names: Vec<String> = of.keys().cloned().collect();
            let values: Vec<_> = of.values().map(value_of).collect();
            values
                .prop_map(move |values| Value::from_iter(names.iter().cloned().zip(values)))
                .boxed()
        }
        Type::Dynamic => {
            let types = [Type::Bool, Type::Number, Type::list(Type::String)];
            Union::new(types.map(|ty| {
                value_of(&ty).prop_map(move |value| Value::Dynamic(Box::new((ty.clone(), value))))
            }))
            .boxed()
        }
    };
    prop_oneof![1 => Just(Value::Null), 6 => some].boxed()
}

fn any_number() -> impl Strategy<Value = Number> {
    let text = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| n.to_string()),
        (-1000i64..1000).prop_map(|n| format!("{n}.5")),
        "-?[0-9]{1,40}\\.[0-9]{1,30}",
        "[1-9]e-?[0-9]{1,3}",
    ];
    text.prop_map(|text| text.parse().unwrap_or_else(|_| 0i64.into()))
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]{0,3}", any::<String>()].prop_map(normalized)
}
