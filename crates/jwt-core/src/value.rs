//! JSON values as tokens and key files hold them.

use compact_str::CompactString;
use std::borrow::Cow;

/// A JSON value (RFC 8259). Three words, and most strings without an allocation: the token cache
/// holds many.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(CompactString),
    /// An array.
    Array(Box<[Value]>),
    /// An object.
    Object(Object),
}

/// A JSON number: integers of 64 bits exactly, everything else as a double. Always finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer from 0 to 2^64 - 1.
    Unsigned(u64),
    /// An integer from -2^63 to -1.
    Negative(i64),
    /// A number with a fraction or exponent, or an integer beyond 64 bits.
    Float(f64),
}

/// From here on, neighbouring integers share one double.
const EXACT_BELOW: f64 = 9_007_199_254_740_992.0; // 2^53

impl Number {
    /// False when the token may have held another integer than this one: a float of 2^53 or more
    /// may be a rounded integer, and must not be compared as if it were exact.
    pub fn is_exact(self) -> bool {
        match self {
            Self::Unsigned(_) | Self::Negative(_) => true,
            Self::Float(float) => float.abs() < EXACT_BELOW,
        }
    }

    /// As a double, rounded where it must be.
    #[expect(clippy::cast_precision_loss, reason = "said above")]
    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Self::Unsigned(integer) => integer as f64,
            Self::Negative(integer) => integer as f64,
            Self::Float(float) => float,
        }
    }
}

/// A JSON object. Members are kept sorted by name, byte by byte.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(Box<[(CompactString, Value)]>);

/// The elements in an allocation of their size. `into_boxed_slice` would cut one down, and what it
/// cuts off is a hole below something that may stay: with ten thousand tokens in the cache, and
/// others coming, the heap grew by two thirds.
pub(crate) fn exactly<T>(mut elements: Vec<T>) -> Box<[T]> {
    elements.drain(..).collect()
}

impl Object {
    /// Sorts the members; of those with one name the last wins. Also tells whether any
    /// was. Sorting finds duplicates without quadratic cost.
    pub(crate) fn from_members(mut members: Vec<(CompactString, Value)>) -> (Self, bool) {
        members.sort_by(|a, b| a.0.cmp(&b.0)); // stable: of equal names, the later stays later
        let mut has_duplicates = false;
        members.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                std::mem::swap(later, kept);
                has_duplicates = true;
            }
            same
        });
        (Self(exactly(members)), has_duplicates)
    }

    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.at(self.position(name)?)
    }

    /// The member of that name, for [`Object::at`].
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.0
            .binary_search_by(|(member, _)| member.as_str().cmp(name))
            .ok()
    }

    /// The member in that position.
    pub(crate) fn at(&self, position: usize) -> Option<&Value> {
        self.0.get(position).map(|(_, value)| value)
    }

    /// The members, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Is there no member?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The object as JSON text, members sorted by name at every level, without spaces, bytes below
    /// 0x20 and 0x7f escaped.
    pub fn to_sorted_json(&self) -> String {
        let mut json = String::new();
        crate::json::write_object(self, &mut json);
        json
    }
}

impl Value {
    /// Parses JSON text; an object at the top has no duplicate members.
    ///
    /// # Errors
    /// serde_json's, with line and column.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        crate::json::parse_value(text)
    }

    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object> {
        if let Self::Object(object) = self {
            Some(object)
        } else {
            None
        }
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(string) = self {
            Some(string)
        } else {
            None
        }
    }

    /// What a claim variable shows: a string as it is, numbers and booleans as JSON, an array's
    /// elements joined with commas (containers in it as JSON), an object as JSON.
    ///
    /// None for null, for a text with a byte below 0x20 or 0x7f (it could end a header line), and
    /// for a number that is not exact (two values would look the same).
    pub fn text(&self) -> Option<Cow<'_, str>> {
        let text = match self {
            Self::Null => return None,
            Self::String(string) => Cow::Borrowed(string.as_str()),
            Self::Array(elements) => {
                let mut joined = String::new();
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        joined.push(',');
                    }
                    element.write_element(&mut joined)?;
                }
                Cow::Owned(joined)
            }
            Self::Bool(_) | Self::Number(_) | Self::Object(_) => {
                let mut text = String::new();
                self.write_element(&mut text)?;
                Cow::Owned(text)
            }
        };
        let unsafe_in_header = |byte: u8| byte < 0x20 || byte == 0x7f;
        (!text.bytes().any(unsafe_in_header)).then_some(text)
    }

    fn write_element(&self, text: &mut String) -> Option<()> {
        match self {
            Self::String(string) => text.push_str(string),
            Self::Number(number) if !number.is_exact() => return None,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => {
                crate::json::write_value(self, text)
            }
        }
        Some(())
    }
}
