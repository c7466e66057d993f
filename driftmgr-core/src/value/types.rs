//! Types of Terraform's type system, as schemas and states write them in JSON.

use std::collections::BTreeMap;

/// The type of a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Known only with the value.
    Dynamic,
    /// `"bool"`.
    Bool,
    /// `"number"`.
    Number,
    /// `"string"`.
    String,
    /// `["list", T]`.
    List(Box<Type>),
    /// `["set", T]`.
    Set(Box<Type>),
    /// `["map", T]`.
    Map(Box<Type>),
    /// `["tuple", [T, …]]`.
    Tuple(Vec<Type>),
    /// `["object", {name: T, …}]`.
    Object(BTreeMap<String, Type>),
}
