//! The table of directives, and their setters.

use jwt_core::RevocationFormat;
use nginx_sys::{
    NGX_CONF_1MORE, NGX_CONF_2MORE, NGX_CONF_BLOCK, NGX_CONF_FLAG, NGX_CONF_NOARGS, NGX_CONF_TAKE1,
    NGX_CONF_TAKE3, NGX_CONF_TAKE4, NGX_CONF_TAKE12, NGX_CONF_TAKE123, NGX_HTTP_LMT_CONF,
    NGX_HTTP_LOC_CONF, NGX_HTTP_MAIN_CONF, NGX_HTTP_SRV_CONF,
};

use super::location::{LocConf, Phase};
use super::{
    MainConf, auth_jwt, challenge, issuer_block, key_file, key_request, policy_directives,
    resource_document, token_cache, trust, zone,
};
use crate::ffi::{Conf, ConfError, Directive, Setter, add_variable, parse_seconds, parse_size};
use crate::module::AuthJwt;
use crate::variables::{Named, NamedPath, Part};

const HTTP: u32 = NGX_HTTP_MAIN_CONF;
const LEVELS: u32 = HTTP | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF;
const LEVELS_AND_METHODS: u32 = LEVELS | NGX_HTTP_LMT_CONF;
const NGX_CONF_TAKE34: u32 = NGX_CONF_TAKE3 | NGX_CONF_TAKE4;

pub(super) type Set = Result<(), ConfError>;

/// Every directive, by name.
pub(crate) const DIRECTIVES: &[Directive<AuthJwt>] = &[
    Directive {
        name: c"auth_jwt",
        kind: LEVELS_AND_METHODS | NGX_CONF_1MORE,
        set: Setter::Loc(auth_jwt::auth_jwt),
    },
    Directive {
        name: c"auth_jwt_algorithms",
        kind: LEVELS_AND_METHODS | NGX_CONF_1MORE,
        set: Setter::Loc(policy_directives::algorithms),
    },
    Directive {
        name: c"auth_jwt_allow_nested",
        kind: LEVELS | NGX_CONF_NOARGS | NGX_CONF_TAKE12,
        set: Setter::Loc(policy_directives::allow_nested),
    },
    Directive {
        name: c"auth_jwt_audience",
        kind: LEVELS_AND_METHODS | NGX_CONF_1MORE,
        set: Setter::Loc(policy_directives::audience),
    },
    Directive {
        name: c"auth_jwt_claim_set",
        kind: HTTP | NGX_CONF_2MORE,
        set: Setter::Main(|cf, main| named_path(cf, main, Part::Claims)),
    },
    Directive {
        name: c"auth_jwt_header_set",
        kind: HTTP | NGX_CONF_2MORE,
        set: Setter::Main(|cf, main| named_path(cf, main, Part::Header)),
    },
    Directive {
        name: c"auth_jwt_issuer",
        kind: HTTP | NGX_CONF_TAKE1 | NGX_CONF_BLOCK,
        set: Setter::Main(issuer_block::issuer),
    },
    Directive {
        name: c"auth_jwt_key_cache",
        kind: LEVELS | NGX_CONF_TAKE1,
        set: Setter::Loc(key_request::key_cache),
    },
    Directive {
        name: c"auth_jwt_key_file",
        kind: LEVELS_AND_METHODS | NGX_CONF_TAKE123,
        set: Setter::Loc(key_file::key_file),
    },
    Directive {
        name: c"auth_jwt_key_request",
        kind: LEVELS_AND_METHODS | NGX_CONF_TAKE12,
        set: Setter::Loc(key_request::key_request),
    },
    Directive {
        name: c"auth_jwt_leeway",
        kind: LEVELS | NGX_CONF_TAKE1,
        set: Setter::Loc(|cf, conf: &mut LocConf| seconds(cf, &mut conf.leeway)),
    },
    Directive {
        name: c"auth_jwt_max_token_size",
        kind: LEVELS | NGX_CONF_TAKE1,
        set: Setter::Loc(max_token_size),
    },
    Directive {
        name: c"auth_jwt_min_rsa_bits",
        kind: LEVELS | NGX_CONF_TAKE1,
        set: Setter::Loc(min_rsa_bits),
    },
    Directive {
        name: c"auth_jwt_optional",
        kind: LEVELS_AND_METHODS | NGX_CONF_FLAG,
        set: Setter::Loc(|cf, conf: &mut LocConf| flag(cf, &mut conf.optional)),
    },
    Directive {
        name: c"auth_jwt_phase",
        kind: LEVELS | NGX_CONF_TAKE1,
        set: Setter::Loc(phase),
    },
    Directive {
        name: c"auth_jwt_preflight",
        kind: LEVELS_AND_METHODS | NGX_CONF_FLAG,
        set: Setter::Loc(|cf, conf: &mut LocConf| flag(cf, &mut conf.preflight)),
    },
    Directive {
        name: c"auth_jwt_profile",
        kind: LEVELS_AND_METHODS | NGX_CONF_TAKE1,
        set: Setter::Loc(policy_directives::profile),
    },
    Directive {
        name: c"auth_jwt_require",
        kind: LEVELS_AND_METHODS | NGX_CONF_1MORE,
        set: Setter::Loc(policy_directives::require),
    },
    Directive {
        name: c"auth_jwt_require_claim",
        kind: LEVELS_AND_METHODS | NGX_CONF_TAKE34,
        set: Setter::Loc(|cf, conf| policy_directives::require_member(cf, conf, Part::Claims)),
    },
    Directive {
        name: c"auth_jwt_require_header",
        kind: LEVELS_AND_METHODS | NGX_CONF_TAKE34,
        set: Setter::Loc(|cf, conf| policy_directives::require_member(cf, conf, Part::Header)),
    },
    Directive {
        name: c"auth_jwt_require_inherit",
        kind: LEVELS_AND_METHODS | NGX_CONF_FLAG,
        set: Setter::Loc(|cf, conf: &mut LocConf| flag(cf, &mut conf.policy.require_inherit)),
    },
    Directive {
        name: c"auth_jwt_resource_document",
        kind: NGX_HTTP_LOC_CONF | NGX_CONF_1MORE,
        set: Setter::Loc(resource_document::resource_document),
    },
    Directive {
        name: c"auth_jwt_resource_metadata",
        kind: LEVELS_AND_METHODS | NGX_CONF_TAKE1,
        set: Setter::Loc(challenge::resource_metadata),
    },
    Directive {
        name: c"auth_jwt_revocation_list",
        kind: LEVELS_AND_METHODS | NGX_CONF_TAKE1,
        set: Setter::Loc(|cf, conf| {
            policy_directives::revocation_list(cf, conf, RevocationFormat::Kinds)
        }),
    },
    Directive {
        name: c"auth_jwt_revocation_list_kid",
        kind: LEVELS_AND_METHODS | NGX_CONF_TAKE1,
        set: Setter::Loc(|cf, conf| {
            policy_directives::revocation_list(cf, conf, RevocationFormat::Keys)
        }),
    },
    Directive {
        name: c"auth_jwt_revocation_list_sub",
        kind: LEVELS_AND_METHODS | NGX_CONF_TAKE1,
        set: Setter::Loc(|cf, conf| {
            policy_directives::revocation_list(cf, conf, RevocationFormat::Subjects)
        }),
    },
    Directive {
        name: c"auth_jwt_scope",
        kind: LEVELS_AND_METHODS | NGX_CONF_1MORE,
        set: Setter::Loc(policy_directives::scope),
    },
    Directive {
        name: c"auth_jwt_token_cache",
        kind: HTTP | NGX_CONF_TAKE12,
        set: Setter::Main(token_cache::token_cache),
    },
    Directive {
        name: c"auth_jwt_trust",
        kind: LEVELS_AND_METHODS | NGX_CONF_1MORE,
        set: Setter::Loc(trust::trust),
    },
    Directive {
        name: c"auth_jwt_validate_exp",
        kind: LEVELS_AND_METHODS | NGX_CONF_FLAG,
        set: Setter::Loc(|cf, conf: &mut LocConf| flag(cf, &mut conf.validate_exp)),
    },
    Directive {
        name: c"auth_jwt_validate_sig",
        kind: LEVELS_AND_METHODS | NGX_CONF_FLAG,
        set: Setter::Loc(validate_sig),
    },
    Directive {
        name: c"auth_jwt_www_authenticate",
        kind: LEVELS_AND_METHODS | NGX_CONF_TAKE1,
        set: Setter::Loc(challenge::www_authenticate),
    },
    Directive {
        name: c"auth_jwt_zone",
        kind: HTTP | NGX_CONF_TAKE1,
        set: Setter::Main(zone::zone),
    },
];

/// For messages; what is quoted is the operator's own text.
pub(super) fn text(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

/// A time in seconds.
pub(super) fn seconds(cf: &Conf<'_>, slot: &mut Option<u64>) -> Set {
    let word = argument(cf)?;
    let seconds = parse_seconds(word).ok_or_else(|| {
        ConfError::because(format!(
            "has invalid time \"{}\": use seconds or a time such as 30s or 1m",
            text(word)
        ))
    })?;
    set_once(slot, seconds)
}

pub(super) fn set_once<T>(slot: &mut Option<T>, value: T) -> Set {
    if slot.is_some() {
        return Err(ConfError::duplicate());
    }
    *slot = Some(value);
    Ok(())
}

/// The only argument of a directive that takes one.
pub(super) fn argument<'c>(cf: &Conf<'c>) -> Result<&'c [u8], ConfError> {
    match cf.words().as_slice() {
        [_, argument] => Ok(argument),
        _ => Err(ConfError::because("takes one parameter")),
    }
}

fn flag(cf: &Conf<'_>, slot: &mut Option<bool>) -> Set {
    let value = match argument(cf)? {
        word if word.eq_ignore_ascii_case(b"on") => true,
        word if word.eq_ignore_ascii_case(b"off") => false,
        word => {
            return Err(ConfError::because(format!(
                "has invalid value \"{}\": it must be \"on\" or \"off\"",
                text(word)
            )));
        }
    };
    set_once(slot, value)
}

fn named_path(cf: &Conf<'_>, main: &mut MainConf, part: Part) -> Set {
    let words = cf.words();
    let [_, variable, path @ ..] = words.as_slice() else {
        return Err(ConfError::because("takes a variable and names"));
    };
    let Some(variable) = variable.strip_prefix(b"$").filter(|name| !name.is_empty()) else {
        return Err(ConfError::because(format!(
            "has invalid variable name \"{}\": it must start with \"$\"",
            text(variable)
        )));
    };
    // nginx itself lets us take over what set or map defined, whose values may be the client's.
    if cf.defines_variable(&variable.to_ascii_lowercase()) {
        return Err(ConfError::because(format!(
            "names the duplicate \"{}\" variable: choose a name that nothing else defines",
            text(variable)
        )));
    }
    let mut names = Vec::with_capacity(path.len());
    for name in path {
        let name = std::str::from_utf8(name).map_err(|_| {
            ConfError::because(format!("has a name that is not UTF-8: \"{}\"", text(name)))
        })?;
        names.push(name.to_owned());
    }
    add_variable::<Named>(cf, variable, main.named_paths.len())?;
    main.named_paths.push(NamedPath { part, names });
    Ok(())
}

fn max_token_size(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    let word = argument(cf)?;
    let size = parse_size(word).filter(|size| *size > 0).ok_or_else(|| {
        ConfError::because(format!(
            "has invalid size \"{}\": use bytes or a size such as 16k",
            text(word)
        ))
    })?;
    set_once(&mut conf.max_token_size, size)
}

fn min_rsa_bits(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    const RANGE: std::ops::RangeInclusive<u32> = 1024..=8192;
    let word = argument(cf)?;
    let bits = std::str::from_utf8(word)
        .ok()
        .and_then(|word| word.parse().ok())
        .filter(|bits| RANGE.contains(bits))
        .ok_or_else(|| {
            ConfError::because(format!(
                "has invalid value \"{}\": use a number of bits from 1024 to 8192",
                text(word)
            ))
        })?;
    set_once(&mut conf.min_rsa_bits, bits)
}

fn phase(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    let phase = match argument(cf)? {
        b"access" => Phase::Access,
        b"preaccess" => Phase::Preaccess,
        word => {
            return Err(ConfError::because(format!(
                "has invalid value \"{}\": it must be \"preaccess\" or \"access\"",
                text(word)
            )));
        }
    };
    set_once(&mut conf.phase, phase)
}

fn validate_sig(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    flag(cf, &mut conf.validate_sig)?;
    if conf.validate_sig == Some(false) {
        cf.warn(
            "\"auth_jwt_validate_sig off\": signatures are not checked, anybody can write a \
             token that passes; use it only behind a server that checks them",
        );
    }
    Ok(())
}
