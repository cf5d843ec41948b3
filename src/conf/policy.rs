//! What a level demands of a token beyond its signature and time.

use std::rc::Rc;

use jwt_core::{AlgorithmSet, Nesting, Profile, ScopeDemand};

use super::Requirement;
use crate::ffi::{Conf, Level, OutOfOrder, Place};
use crate::revocation::RevocationFile;

/// Demands add up from http to location: an inner level never widens what an outer one demands,
/// unless it says `auth_jwt_require_inherit off`.
#[derive(Default)]
pub(crate) struct Policy {
    /// `auth_jwt_require` and its like of this level and, after merging, of those above.
    pub(crate) requirements: Vec<Rc<Requirement>>,
    /// `auth_jwt_audience`: one of each must be in the token's audience.
    pub(crate) audiences: Vec<Rc<[String]>>,
    /// `auth_jwt_scope`.
    pub(crate) scopes: Vec<Rc<ScopeDemand>>,
    /// `auth_jwt_profile`.
    pub(crate) profiles: Vec<Rc<ProfileDirective>>,
    /// `auth_jwt_revocation_list` and its like.
    pub(crate) revocation_lists: Vec<Rc<RevocationFile>>,
    /// `auth_jwt_algorithms`, and where it stands; after merging, those that all levels allow.
    pub(crate) algorithms: Option<(AlgorithmSet, Rc<Place>)>,
    /// The scopes of all levels, for the challenge.
    scope_names: String,
    /// `auth_jwt_allow_nested`.
    pub(crate) nesting: Option<Rc<Nesting>>,
    /// `auth_jwt_require_inherit`.
    pub(crate) require_inherit: Option<bool>,
}

/// One `auth_jwt_profile`.
pub(crate) struct ProfileDirective {
    /// The profile.
    pub(crate) profile: Profile,
    /// Where it stands.
    pub(crate) place: Place,
}

/// What becomes of the demands of the levels above.
#[derive(Clone, Copy)]
enum Inherit {
    /// They hold too.
    Add,
    /// `off` here: none holds.
    Drop,
    /// `off` further out: a kind of which this level has none is inherited, as nginx's arrays are.
    AsArray,
}

impl Inherit {
    fn merge<T: Clone>(self, outer: &[T], own: &mut Vec<T>) {
        let inherits = match self {
            Inherit::Add => true,
            Inherit::Drop => false,
            Inherit::AsArray => own.is_empty(),
        };
        if inherits {
            own.splice(0..0, outer.iter().cloned());
        }
    }
}

impl Policy {
    /// How names are cut.
    pub(crate) fn nesting(&self) -> Option<&Nesting> {
        self.nesting.as_deref()
    }

    /// The algorithms that are allowed.
    pub(crate) fn algorithms(&self) -> AlgorithmSet {
        self.algorithms
            .as_ref()
            .map_or_else(AlgorithmSet::all, |(algorithms, _)| *algorithms)
    }

    /// The scopes that a client needs, with spaces between them; empty: none.
    pub(crate) fn scope_names(&self) -> &str {
        &self.scope_names
    }

    /// Inherits from the level above. The error was logged.
    pub(super) fn inherit(&mut self, cf: &Conf<'_>, parent: &Policy) -> Result<(), OutOfOrder> {
        // The http level is nobody's child.
        parent.resolve(cf)?;
        let inherit = match (self.require_inherit, parent.require_inherit) {
            (Some(true), _) | (None, Some(true) | None) => Inherit::Add,
            (Some(false), _) => Inherit::Drop,
            (None, Some(false)) => Inherit::AsArray,
        };
        self.require_inherit = self.require_inherit.or(parent.require_inherit);
        self.nesting = self.nesting.take().or_else(|| parent.nesting.clone());
        inherit.merge(&parent.requirements, &mut self.requirements);
        inherit.merge(&parent.audiences, &mut self.audiences);
        inherit.merge(&parent.scopes, &mut self.scopes);
        inherit.merge(&parent.profiles, &mut self.profiles);
        inherit.merge(&parent.revocation_lists, &mut self.revocation_lists);
        self.inherit_algorithms(cf, parent)?;
        self.scope_names = names_of(&self.scopes);
        self.resolve(cf)
    }

    fn inherit_algorithms(&mut self, cf: &Conf<'_>, parent: &Policy) -> Result<(), OutOfOrder> {
        let Some((outer, _)) = &parent.algorithms else {
            return Ok(());
        };
        let Some((own, place)) = &mut self.algorithms else {
            self.algorithms.clone_from(&parent.algorithms);
            return Ok(());
        };
        let both = own.intersect(*outer);
        if both.is_empty() {
            emerg(
                cf,
                place,
                &format!(
                    "\"auth_jwt_algorithms\" directive leaves no algorithm: the level above allows \
                     {outer} only, this one {own}"
                ),
            );
            return Err(OutOfOrder);
        }
        *own = both;
        Ok(())
    }

    /// A profile leaves open who issues tokens and for whom: something must say it. The error was
    /// logged.
    pub(super) fn check_profiles(&self, cf: &Conf<'_>) -> Result<(), OutOfOrder> {
        let Some(profile) = self.profiles.first() else {
            return Ok(());
        };
        let missing = if self.audiences.is_empty() {
            "auth_jwt_audience"
        } else if !self.requirements.iter().any(|it| it.picks_claim("iss")) {
            "auth_jwt_require_claim iss"
        } else {
            return Ok(());
        };
        let location = cf.location_name();
        let level = if location.is_empty() {
            "outside of locations".to_owned()
        } else {
            format!("in location \"{location}\"")
        };
        emerg(
            cf,
            &profile.place,
            &format!(
                "\"auth_jwt_profile\" directive needs {missing} too, {level}: tokens of other \
                 issuers or for other audiences would pass"
            ),
        );
        Err(OutOfOrder)
    }

    /// What could not be done before the level was read to its end.
    fn resolve(&self, cf: &Conf<'_>) -> Result<(), OutOfOrder> {
        self.requirements
            .iter()
            .try_for_each(|requirement| requirement.resolve(cf, self.nesting()))
    }
}

/// Each name once, in the order of the levels.
fn names_of(scopes: &[Rc<ScopeDemand>]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in scopes.iter().flat_map(|scope| &scope.names) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.join(" ")
}

/// Refuses the configuration for a directive at `place`, which may have been read long ago.
pub(super) fn emerg(cf: &Conf<'_>, place: &Place, message: &str) {
    if let Some(log) = cf.log() {
        let Place { file, line } = place;
        log.write(Level::Emerg, &format!("{message} in {file}:{line}"));
    }
}
