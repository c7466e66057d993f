//! Typed access to the arguments of a call.

use std::collections::BTreeMap;

use super::{Error, wrong};
use crate::configuration::types::{to_bool, to_number, to_string};
use crate::value::{Number, Value};

/// The arguments of a call.
pub(super) struct Arguments<'a>(pub(super) &'a [Value]);

impl<'a> Arguments<'a> {
    /// Fails unless there are as many arguments as the function takes.
    pub(super) fn count(&self, allowed: std::ops::RangeInclusive<usize>) -> Result<(), Error> {
        if allowed.contains(&self.0.len()) {
            return Ok(());
        }
        let few = self.0.len() < *allowed.start();
        Err(wrong(if few {
            "an argument is missing"
        } else {
            "there are too many arguments"
        }))
    }

    pub(super) fn value(&self, at: usize) -> Result<&'a Value, Error> {
        self.0
            .get(at)
            .ok_or_else(|| wrong("an argument is missing"))
    }

    pub(super) fn given(&self, at: usize) -> bool {
        self.0.len() > at
    }

    pub(super) fn string(&self, at: usize) -> Result<String, Error> {
        to_string(self.value(at)?).map_err(|e| wrong(e.to_string()))
    }

    pub(super) fn number(&self, at: usize) -> Result<Number, Error> {
        number_of(self.value(at)?)
    }

    pub(super) fn integer(&self, at: usize) -> Result<i64, Error> {
        self.number(at)?
            .as_i64()
            .ok_or_else(|| wrong("a whole number is needed"))
    }

    /// A number that counts something.
    pub(super) fn size(&self, at: usize) -> Result<usize, Error> {
        usize::try_from(self.integer(at)?).map_err(|_| wrong("a number is negative"))
    }

    /// The elements of a list, tuple or set.
    pub(super) fn list(&self, at: usize) -> Result<&'a [Value], Error> {
        let value = self.value(at)?;
        value
            .as_elements()
            .ok_or_else(|| wrong(format!("a list is needed, not a {}", value.kind_name())))
    }

    pub(super) fn strings(&self, at: usize) -> Result<Vec<String>, Error> {
        self.list(at)?
            .iter()
            .map(|item| to_string(item).map_err(|e| wrong(e.to_string())))
            .collect()
    }

    pub(super) fn map(&self, at: usize) -> Result<&'a BTreeMap<String, Value>, Error> {
        let value = self.value(at)?;
        value
            .as_map()
            .ok_or_else(|| wrong(format!("a map is needed, not a {}", value.kind_name())))
    }

    /// The arguments of a function that takes any number of them.
    pub(super) fn all(&self) -> &'a [Value] {
        self.0
    }
}

pub(super) fn number_of(value: &Value) -> Result<Number, Error> {
    match to_number(value).map_err(|e| wrong(e.to_string()))? {
        Value::Number(number) => Ok(number),
        _ => Err(wrong("a number is needed")),
    }
}

pub(super) fn boolean_of(value: &Value) -> Result<bool, Error> {
    match to_bool(value).map_err(|e| wrong(e.to_string()))? {
        Value::Bool(flag) => Ok(flag),
        _ => Err(wrong("a bool is needed")),
    }
}
