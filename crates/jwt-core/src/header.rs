//! The JOSE header of a signed token (RFC 7515 4).

use crate::algorithm::AlgorithmSet;
use crate::compact;
use crate::error::{Error, Part};
use crate::shown::Shown;
use crate::value::{Object, Value};

/// A header that keeps the rules. `jwk`, `jku`, `x5u` and `x5c` may be there and are never used:
/// keys come from configuration only (RFC 8725 3.10).
pub(crate) struct Header {
    pub(crate) object: Object,
}

impl Header {
    /// # Errors
    /// [`Error::Json`], [`Error::HeaderType`], [`Error::Critical`], [`Error::Unencoded`],
    /// [`Error::Compressed`], [`Error::Encrypted`].
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let object = compact::object(compact::text(bytes, Part::Header)?, Part::Header)?;
        for name in ["kid", "typ", "cty"] {
            if !matches!(object.get(name), None | Some(Value::String(_))) {
                return Err(Error::HeaderType(name));
            }
        }
        // Even an empty `crit` is refused: RFC 7515 4.1.11 forbids it.
        if object.get("crit").is_some() {
            return Err(Error::Critical);
        }
        if !matches!(object.get("b64"), None | Some(Value::Bool(true))) {
            return Err(Error::Unencoded);
        }
        if object.get("zip").is_some() {
            return Err(Error::Compressed);
        }
        if object.get("enc").is_some() {
            return Err(Error::Encrypted);
        }
        Ok(Self { object })
    }

    /// What `alg` names, as far as it is allowed: never empty, more than one for `EdDSA` only.
    ///
    /// # Errors
    /// [`Error::AlgorithmMissing`], [`Error::AlgorithmUnsupported`],
    /// [`Error::AlgorithmNotAllowed`].
    pub(crate) fn algorithms(&self, allowed: AlgorithmSet) -> Result<AlgorithmSet, Error> {
        let alg = self.alg().ok_or(Error::AlgorithmMissing)?;
        let named = AlgorithmSet::from_name(alg)
            .ok_or_else(|| Error::AlgorithmUnsupported(Shown::new(alg)))?;
        let usable = named.intersect(allowed);
        if usable.is_empty() {
            return Err(Error::AlgorithmNotAllowed {
                alg: Shown::new(alg),
                allowed,
            });
        }
        Ok(usable)
    }

    pub(crate) fn alg(&self) -> Option<&str> {
        self.object.get("alg")?.as_str()
    }

    pub(crate) fn kid(&self) -> Option<&str> {
        self.object.get("kid")?.as_str()
    }
}
