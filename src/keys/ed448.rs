//! Ed448 keys of nginx's libcrypto, as jwt-core wants them.

use jwt_core::VerifySignature;

use crate::ffi::Ed448PublicKey;

struct Key(Ed448PublicKey);

impl VerifySignature for Key {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify(message, signature)
    }
}

/// Loads an Ed448 public key. `None`: libcrypto refuses it, or nginx has none.
pub(super) fn load(public_key: &[u8; 57]) -> Option<Box<dyn VerifySignature>> {
    Ed448PublicKey::load(public_key).map(|key| Box::new(Key(key)) as Box<dyn VerifySignature>)
}
