//! JSON text to [`Value`] and back: serde_json's parser, our rules.

use crate::limits::MAX_JSON_DEPTH;
use crate::value::{Number, Object, Value, exactly};
use compact_str::CompactString;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt::{self, Write};

/// Parses one JSON object without duplicate members (RFC 7515 4, RFC 7519 4); in nested objects
/// the last of equal names wins.
///
/// # Errors
/// serde_json's, with line and column: bad syntax, trailing text, lone surrogates, a number beyond
/// a double's range, nesting deeper than [`MAX_JSON_DEPTH`], a duplicate, not an object.
pub(crate) fn parse_object(text: &str) -> Result<Object, serde_json::Error> {
    match parse_value(text)? {
        Value::Object(object) => Ok(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Error::custom("not an object"))
        }
    }
}

/// Parses any JSON value, by the same rules.
///
/// # Errors
/// As [`parse_object`].
pub(crate) fn parse_value(text: &str) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Nested { depth: 0 }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Finds one member of a JSON object, the first of that name. What comes behind it is not looked at:
/// whoever believes anything of the object parses it by [`parse_object`].
///
/// # Errors
/// serde_json's, for bad syntax before it.
pub(crate) fn parse_member(text: &str, name: &str) -> Result<Option<Value>, serde_json::Error> {
    let mut found = None;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let member = Member {
        name,
        found: &mut found,
    };
    let read = deserializer
        .deserialize_map(member)
        .and_then(|()| deserializer.end());
    match found {
        Some(value) => Ok(Some(value)), // and an error that ended the search
        None => read.map(|()| None),
    }
}

struct Member<'a> {
    name: &'a str,
    found: &'a mut Option<Value>,
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(is_it) = members.next_key_seed(NameIs(self.name))? {
            if is_it {
                *self.found = Some(members.next_value_seed(Nested { depth: 1 })?);
                return Err(A::Error::custom("found"));
            }
            members.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Compares a member name, without a copy of it.
struct NameIs<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for NameIs<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameIs<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

/// Room for the members that most headers and claims have: growing step by step costs more.
const USUAL_MEMBERS: usize = 16;

/// Reads a value inside `depth` containers.
#[derive(Clone, Copy)]
struct Nested {
    depth: u8,
}

impl Nested {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_JSON_DEPTH {
            return Err(E::custom(format_args!(
                "nested deeper than {MAX_JSON_DEPTH}"
            )));
        }
        Ok(Self {
            depth: self.depth.saturating_add(1),
        })
    }
}

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(Number::Unsigned(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(Number::Negative(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(Number::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inside = self.deeper()?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(inside)? {
            array.push(element);
        }
        Ok(Value::Array(exactly(array)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.deeper()?;
        let mut object = Vec::with_capacity(if self.depth == 0 { USUAL_MEMBERS } else { 0 });
        while let Some(name) = members.next_key_seed(Name)? {
            object.push((name, members.next_value_seed(inside)?));
        }
        match Object::from_members(object) {
            (_, true) if self.depth == 0 => Err(A::Error::custom("duplicate member")),
            (object, _) => Ok(Value::Object(object)),
        }
    }
}

/// Reads a member name; a short one without allocation.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = CompactString;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<CompactString, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = CompactString;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E>(self, name: &str) -> Result<CompactString, E> {
        Ok(name.into())
    }
}

/// Appends the value as JSON text, without spaces.
pub(crate) fn write_value(value: &Value, json: &mut String) {
    match value {
        Value::Null => json.push_str("null"),
        Value::Bool(true) => json.push_str("true"),
        Value::Bool(false) => json.push_str("false"),
        Value::Number(number) => write_number(*number, json),
        Value::String(string) => write_string(string, json),
        Value::Array(elements) => {
            json.push('[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write_value(element, json);
            }
            json.push(']');
        }
        Value::Object(object) => write_object(object, json),
    }
}

/// Appends the object as JSON text, members in the object's (sorted) order.
pub(crate) fn write_object(object: &Object, json: &mut String) {
    json.push('{');
    for (index, (name, value)) in object.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        write_string(name, json);
        json.push(':');
        write_value(value, json);
    }
    json.push('}');
}

fn write_number(number: Number, json: &mut String) {
    // Writing to a String cannot fail.
    let _ = match number {
        Number::Unsigned(integer) => write!(json, "{integer}"),
        Number::Negative(integer) => write!(json, "{integer}"),
        Number::Float(float) => match serde_json::Number::from_f64(float) {
            Some(number) => write!(json, "{number}"),
            None => json.write_str("null"), // JSON has no word for what is not finite
        },
    };
}

fn write_string(string: &str, json: &mut String) {
    json.push('"');
    for char in string.chars() {
        match char {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\0'..='\x1f' | '\x7f' => {
                let _ = write!(json, "\\u{:04x}", u32::from(char));
            }
            other => json.push(other),
        }
    }
    json.push('"');
}
