//! How JSON values compare: numbers by value, strings byte by byte, arrays and objects deeply.

use crate::value::{Number, Object, Value};
use std::cmp::Ordering;

/// Are the values equal? `None`: that cannot be said, because a number was rounded when it was
/// read. Values of two types are different.
pub(crate) fn equal(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Null, Value::Null) => Some(true),
        (Value::Bool(a), Value::Bool(b)) => Some(a == b),
        (Value::String(a), Value::String(b)) => Some(a == b),
        (Value::Number(a), Value::Number(b)) => order(*a, *b).map(Ordering::is_eq),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            all(a.iter().zip(b).map(|(a, b)| equal(a, b)))
        }
        (Value::Object(a), Value::Object(b)) => equal_objects(a, b),
        _ => Some(false),
    }
}

fn equal_objects(a: &Object, b: &Object) -> Option<bool> {
    if a.len() != b.len() {
        return Some(false);
    }
    // Members are sorted.
    all(a.iter().zip(b.iter()).map(|(a, b)| {
        if a.0 == b.0 {
            equal(a.1, b.1)
        } else {
            Some(false)
        }
    }))
}

/// False if one is false, otherwise unknown if one is unknown.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut whole = Some(true);
    for part in parts {
        match part {
            Some(true) => {}
            Some(false) => return Some(false),
            None => whole = None,
        }
    }
    whole
}

/// Are the values of one JSON type?
pub(crate) fn same_type(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// The numbers' order by value. `None`: one of them was rounded when it was read, and the other is
/// so near that it cannot be said.
pub(crate) fn order(a: Number, b: Number) -> Option<Ordering> {
    match (Real::from(a), Real::from(b)) {
        (Real::Integer(a), Real::Integer(b)) => Some(a.cmp(&b)),
        (Real::Integer(a), Real::Float(b)) => order_mixed(a, b),
        (Real::Float(a), Real::Integer(b)) => order_mixed(b, a).map(Ordering::reverse),
        (Real::Float(a), Real::Float(b)) => {
            let order = a.partial_cmp(&b)?;
            (order.is_ne() || Number::Float(a).is_exact()).then_some(order)
        }
    }
}

enum Real {
    Integer(i128),
    Float(f64),
}

impl From<Number> for Real {
    fn from(number: Number) -> Self {
        match number {
            Number::Unsigned(integer) => Self::Integer(integer.into()),
            Number::Negative(integer) => Self::Integer(integer.into()),
            Number::Float(float) => Self::Float(float),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates beyond 2^127, which keeps the order to 64-bit integers"
)]
fn order_mixed(integer: i128, float: f64) -> Option<Ordering> {
    let whole = float.trunc() as i128;
    if Number::Float(float).is_exact() {
        let fraction = 0.0.partial_cmp(&float.fract())?;
        return Some(integer.cmp(&whole).then(fraction));
    }
    // What was read lies between the neighbouring floats.
    let range = float.next_down() as i128..=float.next_up() as i128;
    if *range.start() < integer && integer < *range.end() {
        return None;
    }
    Some(integer.cmp(&whole))
}
