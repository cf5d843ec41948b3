//! Checks on Edwards public keys at load (RFC 8032 5.1.3 and 5.2.3): that the bytes are the one
//! encoding of a point on the curve, and that the point is not of small order, for which
//! signatures exist that verify any message. The libraries check neither before a signature.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "BigUint grows as needed; every subtraction takes from p, or from a sum with p"
)]

use num_bigint::BigUint;

/// The curve a·x² + y² = 1 + d·x²·y² over the integers modulo p.
struct Edwards {
    p: BigUint,
    a: BigUint,
    d: BigUint,
    /// y of every point whose order divides the cofactor.
    small_order: Vec<BigUint>,
}

fn number(decimal: &str) -> BigUint {
    BigUint::parse_bytes(decimal.as_bytes(), 10).unwrap_or_default()
}

fn edwards25519() -> Edwards {
    let p = (BigUint::from(1u8) << 255u32) - 19u8;
    // One y of the four points of order 8; the other is its negative.
    let order_8 =
        number("2707385501144840649318225287225658788936804267575313519463743609750303402022");
    let small_order = vec![
        BigUint::ZERO,
        BigUint::from(1u8),
        &p - 1u8,
        &p - &order_8,
        order_8,
    ];
    Edwards {
        a: &p - 1u8,
        d: number("37095705934669439343138083508754565189542113879843219016388785533085940283555"),
        small_order,
        p,
    }
}

fn edwards448() -> Edwards {
    let p = (BigUint::from(1u8) << 448u32) - (BigUint::from(1u8) << 224u32) - 1u8;
    Edwards {
        a: BigUint::from(1u8),
        d: &p - 39081u32,
        small_order: vec![BigUint::ZERO, BigUint::from(1u8), &p - 1u8],
        p,
    }
}

impl Edwards {
    /// `encoded`: y, little-endian, the sign of x in the highest bit.
    fn accepts(&self, encoded: &[u8]) -> bool {
        let mut y_bytes = encoded.to_vec();
        if let Some(last) = y_bytes.last_mut() {
            *last &= 0x7f;
        }
        let y = BigUint::from_bytes_le(&y_bytes);
        y < self.p && !self.small_order.contains(&y) && self.has_x(&y)
    }

    /// x² = (y² - 1) / (d·y² - a) has a root when (y² - 1)·(d·y² - a) is a square (Euler).
    fn has_x(&self, y: &BigUint) -> bool {
        let y_squared = y * y % &self.p;
        let numerator = &y_squared + &self.p - 1u8;
        let denominator = &self.d * &y_squared + &self.p - &self.a;
        let half = (&self.p - 1u8) >> 1u32;
        (numerator * denominator).modpow(&half, &self.p) == BigUint::from(1u8)
    }
}

/// Is this an Ed25519 public key worth loading?
pub(crate) fn is_good_ed25519(key: &[u8; 32]) -> bool {
    edwards25519().accepts(key)
}

/// Is this an Ed448 public key worth loading?
pub(crate) fn is_good_ed448(key: &[u8; 57]) -> bool {
    edwards448().accepts(key)
}
