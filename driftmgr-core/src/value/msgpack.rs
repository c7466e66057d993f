//! Values over the plugin protocol: msgpack, read and written by type.
//!
//! Any extension value is an unknown one, numbers too large or too precise for an integer are decimal strings, and a value of
//! dynamic type carries its type: `[bin TYPE-JSON, value]`.

use rmp::{Marker, encode as write};

use super::codec::{DecodeError, EncodeError, MAX_DEPTH, normalized};
use super::{Number, Step, Type, Value};

/// Reads a value of a type.
///
/// # Errors
/// When the bytes are no msgpack, do not have the type, nest too deep, or go on after the value.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(ty, 0)?;
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        Err(DecodeError::new("bytes are left over after the value"))
    }
}

/// Writes a value as a type. Attributes that an object does not have are written as null; lists stand in for sets and tuples.
///
/// # Errors
/// When the value does not have the type.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    put(&mut out, value, ty)?;
    Ok(out)
}

struct Reader<'a> {
    rest: &'a [u8],
}

type Decoded<T> = Result<T, DecodeError>;

fn required<T>(ty: &Type) -> Decoded<T> {
    Err(DecodeError::new(format!("{} is required", ty.described())))
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Decoded<&'a [u8]> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| DecodeError::new("the bytes end inside a value"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Decoded<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// A big-endian length or unsigned number of 1, 2, 4 or 8 bytes.
    fn unsigned(&mut self, bytes: usize) -> Decoded<u64> {
        Ok(self
            .take(bytes)?
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    fn length(&mut self, bytes: usize) -> Decoded<usize> {
        usize::try_from(self.unsigned(bytes)?).map_err(|_| DecodeError::new("a length too large"))
    }

    fn peek(&self) -> Decoded<Marker> {
        match self.rest.first() {
            Some(byte) => Ok(Marker::from_u8(*byte)),
            None => Err(DecodeError::new("the bytes end before a value")),
        }
    }

    fn marker(&mut self) -> Decoded<Marker> {
        let marker = self.peek()?;
        self.take(1)?;
        Ok(marker)
    }

    fn value(&mut self, ty: &Type, depth: usize) -> Decoded<Value> {
        if depth > MAX_DEPTH {
            return Err(DecodeError::too_deep());
        }
        let marker = self.peek()?;
        if let Some(length) = self.extension(marker)? {
            // The type byte, then the refinements of the unknown value.
            self.take(length.saturating_add(1))?;
            return Ok(Value::Unknown);
        }
        if marker == Marker::Null {
            self.take(1)?;
            return Ok(Value::Null);
        }
        match ty {
            Type::Dynamic => self.dynamic(depth),
            Type::Bool => match self.marker()? {
                Marker::True => Ok(Value::Bool(true)),
                Marker::False => Ok(Value::Bool(false)),
                _ => required(ty),
            },
            Type::Number => self.number(),
            Type::String => Ok(Value::String(self.text(ty)?)),
            Type::List(of) => self.elements(ty, |_| Some(of), depth).map(Value::List),
            Type::Set(of) => self.elements(ty, |_| Some(of), depth).map(Value::set),
            Type::Tuple(of) => {
                let items = self.elements(ty, |i| of.get(i), depth)?;
                if items.len() < of.len() {
                    return Err(DecodeError::new(format!(
                        "a tuple of {} elements is required",
                        of.len()
                    )));
                }
                Ok(Value::List(items))
            }
            Type::Map(of) => self.map(ty, of, depth),
            Type::Object(of) => self.object(ty, of, depth),
        }
    }

    /// The payload length of an extension value, with its header consumed; `None` for all other values.
    fn extension(&mut self, marker: Marker) -> Decoded<Option<usize>> {
        let fixed = match marker {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 | Marker::Ext16 | Marker::Ext32 => 0,
            _ => return Ok(None),
        };
        self.take(1)?;
        match marker {
            Marker::Ext8 => self.length(1).map(Some),
            Marker::Ext16 => self.length(2).map(Some),
            Marker::Ext32 => self.length(4).map(Some),
            _ => Ok(Some(fixed)),
        }
    }

    /// A string or, since some writers do not tell them apart, raw bytes.
    fn raw(&mut self) -> Decoded<Option<&'a [u8]>> {
        let length = match self.marker()? {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 | Marker::Bin8 => self.length(1)?,
            Marker::Str16 | Marker::Bin16 => self.length(2)?,
            Marker::Str32 | Marker::Bin32 => self.length(4)?,
            _ => return Ok(None),
        };
        self.take(length).map(Some)
    }

    fn text(&mut self, ty: &Type) -> Decoded<String> {
        let Some(raw) = self.raw()? else {
            return required(ty);
        };
        let text = std::str::from_utf8(raw).map_err(|_| DecodeError::new("text is not UTF-8"))?;
        Ok(normalized(text.to_owned()))
    }

    fn number(&mut self) -> Decoded<Value> {
        let number = match self.peek()? {
            Marker::FixPos(n) => self.take(1).map(|_| Some(Number::from(u64::from(n))))?,
            Marker::FixNeg(n) => self.take(1).map(|_| Some(Number::from(i64::from(n))))?,
            Marker::U8 => self.after_marker(1)?,
            Marker::U16 => self.after_marker(2)?,
            Marker::U32 => self.after_marker(4)?,
            Marker::U64 => self.after_marker(8)?,
            Marker::I8 => Some(i64::from(i8::from_be_bytes(self.payload()?)).into()),
            Marker::I16 => Some(i64::from(i16::from_be_bytes(self.payload()?)).into()),
            Marker::I32 => Some(i64::from(i32::from_be_bytes(self.payload()?)).into()),
            Marker::I64 => Some(i64::from_be_bytes(self.payload()?).into()),
            // The shortest decimal that names the float: a provider that computes with floats means 0.1 by it, as the state does.
            Marker::F32 => Number::from_f64(f32::from_be_bytes(self.payload()?).into()),
            Marker::F64 => Number::from_f64(f64::from_be_bytes(self.payload()?)),
            _ => self.text(&Type::Number)?.parse().ok(),
        };
        number
            .map(Value::Number)
            .ok_or_else(|| DecodeError::new("a finite decimal number is required"))
    }

    fn payload<const N: usize>(&mut self) -> Decoded<[u8; N]> {
        self.take(1)?;
        self.array()
    }

    fn after_marker(&mut self, bytes: usize) -> Decoded<Option<Number>> {
        self.take(1)?;
        Ok(Some(self.unsigned(bytes)?.into()))
    }

    fn array_length(&mut self) -> Decoded<Option<usize>> {
        Ok(match self.marker()? {
            Marker::FixArray(length) => Some(usize::from(length)),
            Marker::Array16 => Some(self.length(2)?),
            Marker::Array32 => Some(self.length(4)?),
            _ => None,
        })
    }

    fn map_length(&mut self) -> Decoded<Option<usize>> {
        Ok(match self.marker()? {
            Marker::FixMap(length) => Some(usize::from(length)),
            Marker::Map16 => Some(self.length(2)?),
            Marker::Map32 => Some(self.length(4)?),
            _ => None,
        })
    }

    // Nothing is reserved by the declared length: a few hostile bytes could ask for gigabytes.
    fn elements<'t>(
        &mut self,
        ty: &Type,
        of: impl Fn(usize) -> Option<&'t Type>,
        depth: usize,
    ) -> Decoded<Vec<Value>> {
        let Some(length) = self.array_length()? else {
            return required(ty);
        };
        let mut items = Vec::new();
        for index in 0..length {
            let Some(of) = of(index) else {
                return Err(DecodeError::new("the tuple has too many elements"));
            };
            let item = self.value(of, depth + 1);
            items.push(item.map_err(|e| e.inside(Step::Index(index)))?);
        }
        Ok(items)
    }

    fn map(&mut self, ty: &Type, of: &Type, depth: usize) -> Decoded<Value> {
        let Some(length) = self.map_length()? else {
            return required(ty);
        };
        let mut entries = std::collections::BTreeMap::new();
        for _ in 0..length {
            let key = self.text(&Type::String)?;
            match self.value(of, depth + 1) {
                Ok(value) => entries.insert(key, value),
                Err(e) => return Err(e.inside(Step::Key(key))),
            };
        }
        Ok(Value::Map(entries))
    }

    fn object(
        &mut self,
        ty: &Type,
        of: &std::collections::BTreeMap<String, Type>,
        depth: usize,
    ) -> Decoded<Value> {
        let Some(length) = self.map_length()? else {
            return required(ty);
        };
        let mut entries = std::collections::BTreeMap::new();
        for _ in 0..length {
            let name = self.text(&Type::String)?;
            let Some(of) = of.get(&name) else {
                return Err(DecodeError::new("the schema does not have this attribute")
                    .inside(Step::Attribute(name)));
            };
            match self.value(of, depth + 1) {
                Ok(value) => entries.insert(name, value),
                Err(e) => return Err(e.inside(Step::Attribute(name))),
            };
        }
        match of.keys().find(|name| !entries.contains_key(*name)) {
            None => Ok(Value::Map(entries)),
            Some(missing) => Err(DecodeError::new("the attribute is missing")
                .inside(Step::Attribute(missing.clone()))),
        }
    }

    fn dynamic(&mut self, depth: usize) -> Decoded<Value> {
        if self.array_length()? != Some(2) {
            return Err(DecodeError::new(
                "a value of dynamic type is not a pair of type and value",
            ));
        }
        let Some(json) = self.raw()? else {
            return Err(DecodeError::new("the type of a dynamic value is missing"));
        };
        let ty = Type::from_json(json).map_err(|e| DecodeError::new(e.to_string()))?;
        let value = self.value(&ty, depth + 1)?;
        Ok(match ty {
            // Nothing is said by "dynamic" inside dynamic.
            Type::Dynamic => value,
            ty => Value::Dynamic(Box::new((ty, value))),
        })
    }
}

/// A plain unknown value: extension type 0 with one byte.
const UNKNOWN: [u8; 3] = [0xd4, 0, 0];

fn put(out: &mut Vec<u8>, value: &Value, ty: &Type) -> Result<(), EncodeError> {
    match (value, ty) {
        (Value::Null, _) => out.push(Marker::Null.to_u8()),
        (Value::Unknown, _) => out.extend_from_slice(&UNKNOWN),
        (Value::Dynamic(inner), Type::Dynamic) => put_dynamic(out, &inner.0, &inner.1)?,
        (value, Type::Dynamic) => put_dynamic(out, &Type::infer(value), value)?,
        (Value::Dynamic(inner), ty) => put(out, &inner.1, ty)?,
        (Value::Bool(true), Type::Bool) => out.push(Marker::True.to_u8()),
        (Value::Bool(false), Type::Bool) => out.push(Marker::False.to_u8()),
        (Value::Number(number), Type::Number) => put_number(out, number)?,
        (Value::String(text), Type::String) => put_text(out, text)?,
        (Value::List(items) | Value::Set(items), Type::List(of) | Type::Set(of)) => {
            put_array_length(out, items.len())?;
            put_each(out, items.iter().map(|item| (item, &**of)))?;
        }
        (Value::List(items), Type::Tuple(of)) if items.len() == of.len() => {
            put_array_length(out, items.len())?;
            put_each(out, items.iter().zip(of))?;
        }
        (Value::Map(entries), Type::Map(of)) => {
            put_map_length(out, entries.len())?;
            for (key, item) in entries {
                put_text(out, key)?;
                put(out, item, of).map_err(|e| e.inside(Step::Key(key.clone())))?;
            }
        }
        (Value::Map(entries), Type::Object(of)) => {
            if let Some(name) = entries.keys().find(|name| !of.contains_key(*name)) {
                return Err(EncodeError::new("the schema does not have this attribute")
                    .inside(Step::Attribute(name.clone())));
            }
            put_map_length(out, of.len())?;
            for (name, of) in of {
                put_text(out, name)?;
                put(out, entries.get(name).unwrap_or(&Value::Null), of)
                    .map_err(|e| e.inside(Step::Attribute(name.clone())))?;
            }
        }
        (value, ty) => {
            return Err(EncodeError::new(format!(
                "{} is required, and this is a {}",
                ty.described(),
                value.kind_name()
            )));
        }
    }
    Ok(())
}

fn put_each<'a>(
    out: &mut Vec<u8>,
    items: impl Iterator<Item = (&'a Value, &'a Type)>,
) -> Result<(), EncodeError> {
    for (index, (item, of)) in items.enumerate() {
        put(out, item, of).map_err(|e| e.inside(Step::Index(index)))?;
    }
    Ok(())
}

fn put_dynamic(out: &mut Vec<u8>, ty: &Type, value: &Value) -> Result<(), EncodeError> {
    let json = ty.to_json().to_string();
    put_array_length(out, 2)?;
    write::write_bin(out, json.as_bytes()).map_err(|_| too_long())?;
    put(out, value, ty)
}

fn put_number(out: &mut Vec<u8>, number: &Number) -> Result<(), EncodeError> {
    if let Some(n) = number.as_i64() {
        return write::write_sint(out, n).map(drop).map_err(|_| too_long());
    }
    match exact_float(number) {
        Some(float) => write::write_f64(out, float).map_err(|_| too_long()),
        None => put_text(out, &number.to_string()),
    }
}

/// The float that is exactly this number, digit for digit. `None` for integers: they travel as text.
fn exact_float(number: &Number) -> Option<f64> {
    /// No float has more decimal places, so that many write it out in full.
    const PLACES: usize = 1074;
    if number.is_integer() {
        return None;
    }
    let float = number.to_f64_lossy();
    let same = |text: String| text.parse::<Number>().is_ok_and(|n| n == *number);
    // The short form is what `decode` takes a float for; both must agree with the number.
    (same(format!("{float:e}")) && same(format!("{float:.PLACES$}"))).then_some(float)
}

fn put_text(out: &mut Vec<u8>, text: &str) -> Result<(), EncodeError> {
    fits(text.len())?;
    write::write_str(out, text).map_err(|_| too_long())
}

fn put_array_length(out: &mut Vec<u8>, length: usize) -> Result<(), EncodeError> {
    write::write_array_len(out, fits(length)?).map_or_else(|_| Err(too_long()), |_| Ok(()))
}

fn put_map_length(out: &mut Vec<u8>, length: usize) -> Result<(), EncodeError> {
    write::write_map_len(out, fits(length)?).map_or_else(|_| Err(too_long()), |_| Ok(()))
}

fn fits(length: usize) -> Result<u32, EncodeError> {
    u32::try_from(length).map_err(|_| too_long())
}

fn too_long() -> EncodeError {
    EncodeError::new("longer than msgpack can hold")
}

#[cfg(test)]
#[path = "msgpack_tests.rs"]
mod tests;
