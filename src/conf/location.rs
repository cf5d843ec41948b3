//! The configuration of a location, and of each level above it.

use std::rc::Rc;

use jwt_core::{SignatureCheck, VerifyOptions, limits};

use super::challenge::ChallengeConf;
use super::resource_document::ResourceDirective;
use super::{Policy, Requirement, Trust};
use crate::ffi::{ComplexValue, Conf, OutOfOrder};
use crate::keys::{KeyDirective, KeyRequestDirective, KeySource, Trusted};
use crate::module::AuthJwt;
use crate::refusal::Unmet;
use crate::token_source::TokenSource;

/// `auth_jwt`.
#[derive(Clone)]
pub(crate) enum Auth {
    /// `auth_jwt off`.
    Off,
    /// Any other: the realm, and where the token is.
    On(Rc<Realm>),
}

/// What `auth_jwt` says.
pub(crate) struct Realm {
    /// Text with variables; may be empty.
    pub(crate) realm: ComplexValue,
    /// In the order in which they are looked at; never empty.
    pub(crate) token_sources: Vec<TokenSource>,
}

/// `auth_jwt_phase`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Before `limit_req`.
    Preaccess,
    /// After it; the default.
    Access,
}

/// A level's configuration. `None`: not said at this level, so inherited; after merging, not said
/// at all.
#[derive(Default)]
pub(crate) struct LocConf {
    pub(crate) auth: Option<Auth>,
    /// What the challenge says.
    pub(crate) challenge: ChallengeConf,
    pub(crate) phase: Option<Phase>,
    pub(crate) leeway: Option<u64>,
    pub(crate) max_token_size: Option<usize>,
    pub(crate) min_rsa_bits: Option<u32>,
    pub(crate) optional: Option<bool>,
    pub(crate) preflight: Option<bool>,
    /// `auth_jwt_resource_document`; of this location only.
    pub(crate) resource: Option<ResourceDirective>,
    pub(crate) validate_exp: Option<bool>,
    pub(crate) validate_sig: Option<bool>,
    /// What is demanded beyond signature and time.
    pub(crate) policy: Policy,
    /// `auth_jwt_key_file` of this level or, after merging, of the nearest that has any.
    pub(crate) key_directives: Vec<Rc<KeyDirective>>,
    /// `auth_jwt_key_request`, likewise.
    pub(crate) key_requests: Vec<Rc<KeyRequestDirective>>,
    /// How long what they answer is kept, in seconds.
    pub(crate) key_cache: Option<u64>,
    /// `auth_jwt_trust` of this level or, after merging, of the nearest that has key sources.
    pub(crate) trust: Option<Rc<Trust>>,
    /// What the key directives name; `None` until opened.
    key_sources: Option<Vec<KeySource>>,
    /// What `resource` becomes when levels are merged.
    resource_document: Option<String>,
    /// What `trust` names.
    trusted: Option<Rc<Trusted>>,
}

impl LocConf {
    /// Whether requests are checked here. A resource document is for everybody: it says where to
    /// get a token.
    pub(crate) fn is_on(&self) -> bool {
        matches!(self.auth, Some(Auth::On(_))) && self.resource.is_none()
    }

    /// The document that this location answers with.
    pub(crate) fn resource_document(&self) -> Option<&str> {
        self.resource_document.as_deref()
    }

    /// The realm of the challenge.
    pub(crate) fn realm(&self) -> Option<&ComplexValue> {
        match &self.auth {
            Some(Auth::On(on)) => Some(&on.realm),
            Some(Auth::Off) | None => None,
        }
    }

    /// Where the token is.
    pub(crate) fn token_sources(&self) -> &[TokenSource] {
        match &self.auth {
            Some(Auth::On(on)) => &on.token_sources,
            Some(Auth::Off) | None => &[],
        }
    }

    /// In which phase the decision is made.
    pub(crate) fn phase(&self) -> Phase {
        self.phase.unwrap_or(Phase::Access)
    }

    /// Tolerance for `exp` and `nbf`, in seconds; `None`: not set.
    pub(crate) fn leeway(&self) -> Option<u64> {
        self.leeway
    }

    /// Whether a request without a token passes, as far as requirements allow.
    pub(crate) fn optional(&self) -> bool {
        self.optional.unwrap_or(false)
    }

    /// Whether a preflight passes.
    pub(crate) fn preflight(&self) -> bool {
        self.preflight.unwrap_or(false)
    }

    /// Whether `exp` is looked at.
    pub(crate) fn validate_exp(&self) -> bool {
        self.validate_exp.unwrap_or(true)
    }

    /// What must be true after the token was accepted.
    pub(crate) fn requirements(&self) -> &[Rc<Requirement>] {
        &self.policy.requirements
    }

    /// Where keys come from.
    pub(crate) fn key_sources(&self) -> &[KeySource] {
        self.key_sources.as_deref().unwrap_or_default()
    }

    /// Whether variables must be evaluated to find the keys.
    pub(crate) fn has_variable_keys(&self) -> bool {
        self.key_sources().iter().any(KeySource::has_variables)
    }

    /// Whether nothing of a request is needed to find the keys.
    pub(crate) fn has_standing_keys(&self) -> bool {
        self.key_sources().iter().all(KeySource::is_standing)
    }

    /// The issuers that are trusted; `None` where keys come from [`LocConf::key_sources`].
    pub(crate) fn trusted(&self) -> Option<&Trusted> {
        self.trusted.as_deref()
    }

    /// Whether some directive says where keys come from.
    fn has_key_source(&self) -> bool {
        !self.key_directives.is_empty() || !self.key_requests.is_empty() || self.trust.is_some()
    }

    /// How tokens are verified here.
    pub(crate) fn verify_options(&self) -> VerifyOptions {
        VerifyOptions {
            max_token_size: self
                .max_token_size
                .unwrap_or(limits::DEFAULT_MAX_TOKEN_SIZE),
            algorithms: self.policy.algorithms(),
            signature: if self.validate_sig.unwrap_or(true) {
                SignatureCheck::Required
            } else {
                SignatureCheck::Skipped
            },
        }
    }

    fn min_rsa_bits(&self) -> u32 {
        self.min_rsa_bits.unwrap_or(limits::DEFAULT_MIN_RSA_BITS)
    }

    /// Opens the key files, and finds the issuers, that this level names.
    fn open_keys(&mut self, cf: &Conf<'_>) -> Result<(), OutOfOrder> {
        if self.key_sources.is_some() {
            return Ok(());
        }
        let main = cf.main_conf::<AuthJwt>().ok_or(OutOfOrder)?;
        let bits = self.min_rsa_bits();
        let sources: Result<_, OutOfOrder> = self
            .key_directives
            .iter()
            .map(|directive| directive.open(cf, &main.key_files, bits))
            .collect();
        self.key_sources = Some(sources?);
        if let Some(trust) = &self.trust {
            self.trusted = Some(trust.issuers(cf, main)?);
        }
        Ok(())
    }

    /// Key requests are asked in this level's server, and kept as long as this level says, whatever
    /// level they were inherited from.
    fn open_requests(&mut self, cf: &Conf<'_>) -> Result<(), OutOfOrder> {
        let main = cf.main_conf::<AuthJwt>().ok_or(OutOfOrder)?;
        let (server, bits) = (cf.server_id(), self.min_rsa_bits());
        let keep = self.key_cache.unwrap_or(0).saturating_mul(1_000);
        let sources = self.key_sources.get_or_insert_default();
        sources.retain(|source| !matches!(source, KeySource::Request { .. }));
        sources.extend(self.key_requests.iter().map(|directive| {
            let request = main.key_requests.open(directive, server, bits);
            KeySource::Request { request, keep }
        }));
        Ok(())
    }

    /// Inherits from the level above. Demands add up; key sources replace; everything else is inherited until set.
    pub(crate) fn inherit(
        &mut self,
        cf: &Conf<'_>,
        parent: &mut LocConf,
    ) -> Result<(), OutOfOrder> {
        // The http level is nobody's child.
        parent.open_keys(cf)?;

        self.auth = self.auth.take().or_else(|| parent.auth.clone());
        self.challenge.inherit(&parent.challenge);
        self.phase = self.phase.or(parent.phase);
        self.leeway = self.leeway.or(parent.leeway);
        self.max_token_size = self.max_token_size.or(parent.max_token_size);
        self.key_cache = self.key_cache.or(parent.key_cache);
        self.min_rsa_bits = self.min_rsa_bits.or(parent.min_rsa_bits);
        self.optional = self.optional.or(parent.optional);
        self.preflight = self.preflight.or(parent.preflight);
        self.validate_exp = self.validate_exp.or(parent.validate_exp);
        self.validate_sig = self.validate_sig.or(parent.validate_sig);
        self.policy.inherit(cf, &parent.policy)?;
        if !self.has_key_source() {
            self.key_directives.clone_from(&parent.key_directives);
            self.key_requests.clone_from(&parent.key_requests);
            self.trust.clone_from(&parent.trust);
            self.trusted.clone_from(&parent.trusted);
            if self.min_rsa_bits() == parent.min_rsa_bits() {
                self.key_sources.clone_from(&parent.key_sources);
            }
        }
        self.open_keys(cf)?;
        self.open_requests(cf)?;
        if self.is_on() && self.trusted.is_none() {
            self.policy.check_profiles(cf)?;
        }
        self.resource_document = self.resource.as_ref().map(|resource| {
            let scopes = self.policy.scope_names();
            let issuers = self.trusted().map_or(&[][..], Trusted::issuers);
            resource.document(cf, self.token_sources(), issuers, scopes)
        });

        if self.is_on() {
            let main = cf.main_conf::<AuthJwt>().ok_or(OutOfOrder)?;
            match self.phase() {
                Phase::Preaccess => main.uses_preaccess.set(true),
                Phase::Access if cf.satisfy_any() => main.uses_satisfy_any.set(true),
                Phase::Access => {}
            }
        }
        self.warn_where_surprising(cf, parent);
        Ok(())
    }

    fn warn_where_surprising(&self, cf: &Conf<'_>, parent: &LocConf) {
        let location = cf.location_name();
        if location.is_empty() || !self.is_on() {
            return;
        }
        let verifies = self.validate_sig.unwrap_or(true);
        let inherited = parent.is_on()
            && parent.has_key_source() == self.has_key_source()
            && parent.validate_sig == self.validate_sig;
        if verifies && !self.has_key_source() && !inherited {
            cf.warn(&format!(
                "auth_jwt is on in location \"{location}\" but no key source is: every request \
                 will get 500; add auth_jwt_key_file, auth_jwt_key_request or auth_jwt_trust"
            ));
        }
        if cf.satisfy_any() {
            for requirement in self.requirements() {
                let Unmet {
                    directive, error, ..
                } = &*requirement.unmet;
                if ![401, 403].contains(error) {
                    cf.warn(&format!(
                        "\"{directive} … error={error}\" in location \"{location}\" ends the \
                         request: \"satisfy any\" lets another module decide after 401 and 403 only"
                    ));
                }
            }
        }
        if self.phase() == Phase::Preaccess && cf.satisfy_any() {
            cf.warn(&format!(
                "\"auth_jwt_phase preaccess\" in location \"{location}\" decides before \
                 \"satisfy any\" can: no other module can grant a request without a valid token"
            ));
        }
    }
}
