//! The variables that directives name, and where.

use super::directives::text;
use crate::ffi::{ComplexValue, Conf, ConfError, Level, OutOfOrder, Place};
use crate::module::AuthJwt;

/// A variable that a directive names.
pub(crate) struct VariableUse {
    name: Vec<u8>,
    directive: String,
    place: Place,
}

impl VariableUse {
    /// Those in `text`, a word of the directive being read. Captures (`$1`) are none.
    pub(crate) fn all_in(cf: &Conf<'_>, text: &[u8]) -> Vec<VariableUse> {
        let directive = cf.words().first().map_or_else(String::new, |name| {
            String::from_utf8_lossy(name).into_owned()
        });
        text.split(|byte| *byte == b'$')
            .skip(1)
            .map(|rest| rest.strip_prefix(b"{").unwrap_or(rest))
            .map(|rest| {
                let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
                let end = rest.iter().position(|byte| !is_name(byte));
                rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
            })
            .filter(|name| name.first().is_some_and(|first| !first.is_ascii_digit()))
            .map(|name| VariableUse {
                name: name.to_ascii_lowercase(),
                directive: directive.clone(),
                place: cf.place(),
            })
            .collect()
    }

    /// Logs and refuses a variable that nobody defines. Call it after all directives were read.
    pub(crate) fn check(&self, cf: &Conf<'_>) -> Result<(), OutOfOrder> {
        if cf.has_variable(&self.name) {
            return Ok(());
        }
        if let Some(log) = cf.log() {
            let name = String::from_utf8_lossy(&self.name);
            let directive = &self.directive;
            let Place { file, line } = &self.place;
            log.write(
                Level::Emerg,
                &format!(
                    "\"{directive}\" directive names the unknown variable \"${name}\": correct \
                     the name, or define it with set, map or auth_jwt_claim_set in {file}:{line}"
                ),
            );
        }
        Err(OutOfOrder)
    }
}

/// Remembers the variables in `text`, to be checked when all are known.
pub(super) fn note_variables(cf: &Conf<'_>, text: &[u8]) {
    if let Some(main) = cf.main_conf::<AuthJwt>() {
        let uses = VariableUse::all_in(cf, text);
        main.variable_uses.borrow_mut().extend(uses);
    }
}

/// Compiles text with variables, and remembers them.
pub(super) fn compile(cf: &Conf<'_>, text: &[u8]) -> Result<ComplexValue, ConfError> {
    note_variables(cf, text);
    cf.compile(text)
}

/// Warns where `value` holds a variable that the client sets; `consequence` ends the sentence.
pub(super) fn warn_of_client_input(
    cf: &Conf<'_>,
    value: &[u8],
    prefixes: &[&str],
    consequence: &str,
) {
    let lower = value.to_ascii_lowercase();
    let directive = cf
        .words()
        .first()
        .map_or_else(String::new, |name| text(name));
    for prefix in prefixes {
        let plain = format!("${prefix}");
        let braced = format!("${{{prefix}");
        let names = |needle: &str| {
            lower
                .windows(needle.len())
                .any(|window| window == needle.as_bytes())
        };
        if names(&plain) || names(&braced) {
            cf.warn(&format!(
                "\"{directive}\" has ${prefix}… in its value: {consequence}"
            ));
        }
    }
}
