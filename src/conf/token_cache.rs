//! `auth_jwt_token_cache`.

use std::cell::RefCell;

use jwt_core::TokenCache;

use super::MainConf;
use super::directives::{Set, set_once, text};
use crate::ffi::{Conf, ConfError, parse_seconds};

/// Entries per worker unless configured.
const DEFAULT_MAX: usize = 1024;

/// Most entries per worker that can be configured: some gigabytes, were all as long as can be.
const MAX_CACHED_TOKENS: usize = 1_000_000;

/// The tokens that this worker has verified under this configuration; a reload starts afresh.
pub(crate) struct TokenCacheConf {
    is_set: bool,
    cache: Option<RefCell<TokenCache>>,
}

impl Default for TokenCacheConf {
    fn default() -> TokenCacheConf {
        let mut unset = TokenCacheConf::new(DEFAULT_MAX, None);
        unset.is_set = false;
        unset
    }
}

impl TokenCacheConf {
    /// At most `max` tokens, each until it was not used for `inactive` seconds.
    fn new(max: usize, inactive: Option<u64>) -> TokenCacheConf {
        TokenCacheConf {
            is_set: true,
            cache: Some(RefCell::new(TokenCache::new(max, inactive))),
        }
    }

    /// `auth_jwt_token_cache off`.
    fn off() -> TokenCacheConf {
        TokenCacheConf {
            is_set: true,
            cache: None,
        }
    }

    /// The cache; `None`: off.
    pub(crate) fn cache(&self) -> Option<&RefCell<TokenCache>> {
        self.cache.as_ref()
    }
}

/// `auth_jwt_token_cache max=number [inactive=time] | off`.
pub(super) fn token_cache(cf: &Conf<'_>, main: &mut MainConf) -> Set {
    if main.token_cache.is_set {
        return Err(ConfError::duplicate());
    }
    let words = cf.words();
    if let [_, b"off"] = words.as_slice() {
        main.token_cache = TokenCacheConf::off();
        return Ok(());
    }
    let (mut max, mut inactive) = (None, None);
    for parameter in words.get(1..).unwrap_or_default() {
        if let Some(number) = parameter.strip_prefix(b"max=") {
            set_once(&mut max, token_count(number)?)?;
        } else if let Some(time) = parameter.strip_prefix(b"inactive=") {
            let seconds = parse_seconds(time).filter(|seconds| *seconds > 0);
            let seconds = seconds.ok_or_else(|| {
                ConfError::because(format!(
                    "has invalid time \"{}\": use seconds or a time such as 30s or 10m",
                    text(parameter)
                ))
            })?;
            set_once(&mut inactive, seconds)?;
        } else {
            return Err(ConfError::because(format!(
                "has unknown parameter \"{}\": it takes max=number and inactive=time, or \"off\"",
                text(parameter)
            )));
        }
    }
    let max = max.ok_or_else(|| ConfError::because("must have the \"max\" parameter"))?;
    main.token_cache = TokenCacheConf::new(max, inactive);
    Ok(())
}

fn token_count(number: &[u8]) -> Result<usize, ConfError> {
    std::str::from_utf8(number)
        .ok()
        .and_then(|number| number.parse().ok())
        .filter(|count| (1..=MAX_CACHED_TOKENS).contains(count))
        .ok_or_else(|| {
            ConfError::because(format!(
                "has invalid parameter \"max={}\": use a number from 1 to {MAX_CACHED_TOKENS}, or \
                 \"off\" for no cache",
                text(number)
            ))
        })
}
