//! Ed448 through the libcrypto that nginx itself is linked with; aws-lc has none.

#[cfg(ngx_feature = "ssl")]
pub(crate) use libcrypto::Ed448PublicKey;

/// This nginx was built without OpenSSL: no key can be loaded.
#[cfg(not(ngx_feature = "ssl"))]
pub(crate) enum Ed448PublicKey {}

#[cfg(not(ngx_feature = "ssl"))]
impl Ed448PublicKey {
    /// `None`: there is no libcrypto.
    pub(crate) fn load(_public_key: &[u8; 57]) -> Option<Ed448PublicKey> {
        None
    }

    /// Never called: there is no key.
    pub(crate) fn verify(&self, _message: &[u8], _signature: &[u8]) -> bool {
        match *self {}
    }
}

#[cfg(ngx_feature = "ssl")]
mod libcrypto {
    use std::ffi::c_int;
    use std::ptr::{self, NonNull};

    use nginx_sys as sys;

    /// An Ed448 public key (RFC 8032 5.2.5).
    pub(crate) struct Ed448PublicKey(NonNull<sys::EVP_PKEY>);

    // SAFETY: a public key is never changed after it was made, and libcrypto's reads of it are
    // thread-safe.
    unsafe impl Send for Ed448PublicKey {}
    // SAFETY: as above.
    unsafe impl Sync for Ed448PublicKey {}

    impl Ed448PublicKey {
        /// Loads a key. `None`: libcrypto refuses it.
        pub(crate) fn load(public_key: &[u8; 57]) -> Option<Ed448PublicKey> {
            quietly(|| {
                // SAFETY: libcrypto copies that many bytes.
                NonNull::new(unsafe {
                    sys::EVP_PKEY_new_raw_public_key(
                        sys::EVP_PKEY_ED448 as c_int,
                        ptr::null_mut(),
                        public_key.as_ptr(),
                        public_key.len(),
                    )
                })
                .map(Ed448PublicKey)
            })
        }

        /// Whether `signature` is this key's over `message`.
        pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
            quietly(|| {
                // SAFETY: the context is freed on every way out; lengths are those of the slices.
                unsafe {
                    let Some(ctx) = NonNull::new(sys::EVP_MD_CTX_new()) else {
                        return false;
                    };
                    let ready = sys::EVP_DigestVerifyInit(
                        ctx.as_ptr(),
                        ptr::null_mut(),
                        ptr::null(),
                        ptr::null_mut(),
                        self.0.as_ptr(),
                    ) == 1;
                    let good = ready
                        && sys::EVP_DigestVerify(
                            ctx.as_ptr(),
                            signature.as_ptr(),
                            signature.len(),
                            message.as_ptr(),
                            message.len(),
                        ) == 1;
                    sys::EVP_MD_CTX_free(ctx.as_ptr());
                    good
                }
            })
        }
    }

    impl Drop for Ed448PublicKey {
        fn drop(&mut self) {
            // SAFETY: made by EVP_PKEY_new_raw_public_key, freed once.
            unsafe { sys::EVP_PKEY_free(self.0.as_ptr()) };
        }
    }

    /// Leaves the thread's error queue as it was: nginx's next TLS operation would take an error of
    /// ours for its own.
    fn quietly<T>(f: impl FnOnce() -> T) -> T {
        // SAFETY: both only touch this thread's queue.
        unsafe { sys::ERR_set_mark() };
        let result = f();
        // SAFETY: as above.
        unsafe { sys::ERR_pop_to_mark() };
        result
    }
}
