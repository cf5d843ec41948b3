//! What a level demands of a token beyond its signature and time.

use std::rc::Rc;

use jwt_core::Nesting;

use super::Requirement;
use crate::ffi::{Conf, OutOfOrder};

/// Demands add up from http to location: an inner level never widens what an outer one demands,
/// unless it says `auth_jwt_require_inherit off`.
#[derive(Default)]
pub(crate) struct Policy {
    /// `auth_jwt_require` and its like of this level and, after merging, of those above.
    pub(crate) requirements: Vec<Rc<Requirement>>,
    /// `auth_jwt_allow_nested`.
    pub(crate) nesting: Option<Rc<Nesting>>,
    /// `auth_jwt_require_inherit`.
    pub(crate) require_inherit: Option<bool>,
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
        self.resolve(cf)
    }

    /// What could not be done before the level was read to its end.
    fn resolve(&self, cf: &Conf<'_>) -> Result<(), OutOfOrder> {
        self.requirements
            .iter()
            .try_for_each(|requirement| requirement.resolve(cf, self.nesting()))
    }
}
