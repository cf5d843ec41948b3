//! `auth_jwt_require`, `auth_jwt_require_claim`, `auth_jwt_require_header`.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use jwt_core::{Nesting, Operand, Operator, Path, PatternCache, Token};

use super::policy::emerg;
use crate::ffi::{ComplexValue, Conf, OutOfOrder, Place, Request};
use crate::refusal::{Refusal, Unmet};
use crate::variables::Part;

thread_local! {
    /// Regular expressions from variables, in this worker.
    static PATTERNS: RefCell<PatternCache> = RefCell::default();
}

/// What must be true of a request whose token was accepted.
pub(crate) struct Requirement {
    /// What is demanded.
    pub(crate) demand: Demand,
    /// What a request that does not meet it is told.
    pub(crate) unmet: Rc<Unmet>,
}

/// What a requirement demands.
pub(crate) enum Demand {
    /// Texts with variables: each must be neither empty nor "0".
    Values(Vec<ComplexValue>),
    /// A comparison of a claim or header parameter.
    Member(Member),
}

/// A comparison with something in the token.
pub(crate) struct Member {
    /// Where to look.
    pub(crate) part: Part,
    /// The name as written; how it is cut depends on `auth_jwt_allow_nested`, which may follow.
    pub(crate) name: String,
    /// The name, cut when levels are merged.
    pub(crate) path: OnceCell<Path>,
    /// The comparison.
    pub(crate) operator: Operator,
    /// The other side.
    pub(crate) expected: Expected,
    /// Where the directive stands.
    pub(crate) place: Place,
}

/// The other side of a comparison.
pub(crate) enum Expected {
    /// Made ready at configuration.
    Literal(Operand),
    /// `$variable`: its text is JSON.
    Json(ComplexValue),
    /// `string=$variable`.
    String(ComplexValue),
}

impl Requirement {
    /// Holds the requirement against the request and its accepted token; an anonymous request has
    /// none.
    pub(crate) fn check(&self, r: Request<'_>, token: Option<&Token>) -> Result<(), Refusal> {
        let is_met = match &self.demand {
            Demand::Values(values) => are_set(r, values)?,
            Demand::Member(member) => member.is_met(r, token)?,
        };
        if is_met {
            return Ok(());
        }
        Err(Refusal::Requirement(Rc::clone(&self.unmet)))
    }

    /// Cuts the name, with the nesting of the level that the directive stands at. The error was
    /// logged.
    pub(super) fn resolve(
        &self,
        cf: &Conf<'_>,
        nesting: Option<&Nesting>,
    ) -> Result<(), OutOfOrder> {
        let Demand::Member(member) = &self.demand else {
            return Ok(());
        };
        if member.path.get().is_some() {
            return Ok(());
        }
        match Path::parse(&member.name, nesting) {
            Ok(path) => {
                // Nobody else sets it.
                let _ = member.path.set(path);
                Ok(())
            }
            Err(error) => {
                emerg(
                    cf,
                    &member.place,
                    &format!(
                        "\"{}\" directive has invalid name \"{}\": {error}",
                        member.part.directive(),
                        member.name
                    ),
                );
                Err(OutOfOrder)
            }
        }
    }

    /// Whether the requirement says what this claim must be.
    pub(super) fn picks_claim(&self, name: &str) -> bool {
        let Demand::Member(member) = &self.demand else {
            return false;
        };
        matches!(member.part, Part::Claims)
            && !member.operator.is_negated()
            && member.path.get().is_some_and(|path| path.is_member(name))
    }
}

fn are_set(r: Request<'_>, values: &[ComplexValue]) -> Result<bool, Refusal> {
    for value in values {
        let text = r.evaluate(value).map_err(|_| Refusal::Internal)?;
        if matches!(text, b"" | b"0") {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Member {
    fn is_met(&self, r: Request<'_>, token: Option<&Token>) -> Result<bool, Refusal> {
        let Some(token) = token else {
            return Ok(false);
        };
        let evaluate = |value| r.evaluate(value).map_err(|_| Refusal::Internal);
        let operator = self.operator;
        let from_variable;
        let operand = match &self.expected {
            Expected::Literal(operand) => operand,
            Expected::Json(value) => {
                let text = evaluate(value)?;
                from_variable =
                    PATTERNS.with_borrow_mut(|patterns| operator.variable_json(text, patterns));
                match &from_variable {
                    Ok(operand) => operand,
                    Err(_) => return Ok(false),
                }
            }
            Expected::String(value) => {
                let text = evaluate(value)?;
                from_variable =
                    PATTERNS.with_borrow_mut(|patterns| operator.variable(text, patterns));
                match &from_variable {
                    Ok(operand) => operand,
                    Err(_) => return Ok(false),
                }
            }
        };
        let object = match self.part {
            Part::Claims => token.claims(),
            Part::Header => token.header(),
        };
        let member = self.path.get().and_then(|path| path.find(object));
        Ok(operator.is_met(member, operand))
    }
}
