//! JSON Web Keys (RFC 7517), public and private.

use openssl::bn::{BigNum, BigNumRef};
use openssl::ec::{EcGroup, EcKey};
use openssl::pkey::{Id, PKey};
use openssl::rsa::Rsa;
use serde_json::{Map, Value, json};

use crate::alg::{Alg, Family};
use crate::b64::{b64, unb64};
use crate::key::{Key, Material};

impl Key {
    /// The public JWK with `kid` (if there is one), `use` and `alg`; a secret's `k` is in it.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let mut jwk = Map::new();
        if let Some(kid) = &self.kid {
            jwk.insert("kid".into(), json!(kid));
        }
        jwk.insert("use".into(), json!("sig"));
        jwk.insert("alg".into(), json!(self.alg.header_name()));
        let mut put = |name: &str, value: Value| jwk.insert(name.into(), value);
        match (&self.material, self.alg.family()) {
            (Material::Secret(secret), _) => {
                put("kty", json!("oct"));
                put("k", json!(b64(secret)));
            }
            (Material::Pair(pair), Family::Ec(_, curve, length)) => {
                let (x, y) = Key::coordinates(pair, length);
                put("kty", json!("EC"));
                put("crv", json!(curve));
                put("x", json!(b64(x)));
                put("y", json!(b64(y)));
            }
            (Material::Pair(pair), Family::Ed) => {
                put("kty", json!("OKP"));
                put("crv", json!(self.alg.name()));
                put("x", json!(b64(pair.raw_public_key().expect("an OKP key"))));
            }
            (Material::Pair(pair), _) => {
                let rsa = pair.rsa().expect("an RSA key");
                put("kty", json!("RSA"));
                put("n", json!(b64(rsa.n().to_vec())));
                put("e", json!(b64(rsa.e().to_vec())));
            }
        }
        Value::Object(jwk)
    }

    /// The JWK with the private members too.
    #[must_use]
    pub fn private_jwk(&self) -> Value {
        let mut jwk = self.jwk();
        let Material::Pair(pair) = &self.material else {
            return jwk;
        };
        match self.alg.family() {
            Family::Ec(_, _, length) => {
                let key = pair.ec_key().expect("an EC key");
                let d = key.private_key().to_vec_padded(length).expect("d fits");
                jwk["d"] = json!(b64(d));
            }
            Family::Ed => {
                jwk["d"] = json!(b64(pair.raw_private_key().expect("an OKP key")));
            }
            _ => {
                let rsa = pair.rsa().expect("an RSA key");
                let number = |n: Option<&BigNumRef>| json!(b64(n.expect("all factors").to_vec()));
                jwk["d"] = number(Some(rsa.d()));
                jwk["p"] = number(rsa.p());
                jwk["q"] = number(rsa.q());
                jwk["dp"] = number(rsa.dmp1());
                jwk["dq"] = number(rsa.dmq1());
                jwk["qi"] = number(rsa.iqmp());
            }
        }
        jwk
    }

    /// Reads what [`Key::private_jwk`] wrote; the error names the member that is missing or wrong.
    pub fn from_private_jwk(jwk: &Value) -> Result<Key, String> {
        let text = |name: &str| {
            jwk[name]
                .as_str()
                .ok_or_else(|| format!("\"{name}\" is missing"))
        };
        let bytes = |name: &str| unb64(text(name)?).map_err(|e| format!("\"{name}\": {e}"));
        let number = |name: &str| BigNum::from_slice(&bytes(name)?).map_err(|e| e.to_string());
        let curve = || jwk["crv"].as_str();
        let alg: Alg = match (text("alg")?, curve()) {
            ("EdDSA", Some(curve)) => curve.parse()?,
            (name, _) => name.parse()?,
        };
        let pair = match alg.family() {
            Family::Hmac => None,
            Family::Ec(nid, _, _) => {
                let (x, y, d) = (number("x")?, number("y")?, number("d")?);
                Some(EcGroup::from_curve_name(nid).and_then(|group| {
                    let point = EcKey::from_public_key_affine_coordinates(&group, &x, &y)?;
                    let key = EcKey::from_private_components(&group, &d, point.public_key())?;
                    PKey::from_ec_key(key)
                }))
            }
            Family::Ed => {
                let id = if alg == Alg::Ed448 {
                    Id::ED448
                } else {
                    Id::ED25519
                };
                Some(PKey::private_key_from_raw_bytes(&bytes("d")?, id))
            }
            Family::Rsa | Family::Pss => Some(
                Rsa::from_private_components(
                    number("n")?,
                    number("e")?,
                    number("d")?,
                    number("p")?,
                    number("q")?,
                    number("dp")?,
                    number("dq")?,
                    number("qi")?,
                )
                .and_then(PKey::from_rsa),
            ),
        };
        Ok(Key {
            alg,
            kid: jwk["kid"].as_str().map(str::to_owned),
            material: match pair {
                None => Material::Secret(bytes("k")?),
                Some(pair) => Material::Pair(pair.map_err(|e| e.to_string())?),
            },
        })
    }
}

/// A JWK Set (RFC 7517 section 5) of these keys' public JWKs, in this order.
#[must_use]
pub fn jwks(keys: &[&Key]) -> String {
    let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    json!({ "keys": keys }).to_string()
}
