//! `auth_jwt_zone`.

use super::MainConf;
use super::directives::{Set, argument, text};
use crate::ffi::{Conf, ConfError, Level, OutOfOrder, Place, SharedZone, parse_size};
use crate::keys::Zone;
use crate::module::AuthJwt;

/// Name and size unless configured.
const NAME: &[u8] = b"auth_jwt";
const SIZE: usize = 2 * 1024 * 1024;

/// The memory that workers share.
#[derive(Default)]
pub(crate) struct ZoneConf {
    set: Option<ZoneSet>,
    /// Open once all of nginx.conf was read, if something needs it.
    pub(crate) zone: Zone,
}

/// What the directive says.
struct ZoneSet {
    name: Vec<u8>,
    size: usize,
    place: Place,
}

/// `auth_jwt_zone name:size`.
pub(super) fn zone(cf: &Conf<'_>, main: &mut MainConf) -> Set {
    if main.zone.set.is_some() {
        return Err(ConfError::duplicate());
    }
    let word = argument(cf)?;
    let invalid = |problem: &str| {
        ConfError::because(format!("has invalid zone \"{}\": {problem}", text(word)))
    };
    const FORM: &str = "use a name and a size, as in auth_jwt:2m";
    let colon = word.iter().rposition(|byte| *byte == b':');
    let (name, size) = colon
        .and_then(|at| word.split_at_checked(at))
        .ok_or_else(|| invalid(FORM))?;
    let size = size.strip_prefix(b":").and_then(parse_size);
    let Some(size) = size.filter(|_| !name.is_empty()) else {
        return Err(invalid(FORM));
    };
    let least = SharedZone::least();
    if size < least {
        return Err(invalid(&format!(
            "it is too small: use {}k at least",
            least / 1024
        )));
    }
    main.zone.set = Some(ZoneSet {
        name: name.to_vec(),
        size,
        place: cf.place(),
    });
    Ok(())
}

impl MainConf {
    /// Opens the zone, where an issuer's keys are fetched. Call it after all directives were read.
    pub(crate) fn open_zone(&self, cf: &Conf<'_>) -> Result<(), OutOfOrder> {
        if self.remote_keys.is_empty() {
            return Ok(());
        }
        let set = self.zone.set.as_ref();
        let (name, size) = set.map_or((NAME, SIZE), |set| (&set.name, set.size));
        let (issuers, most) = (self.remote_keys.len(), SharedZone::capacity(size));
        if issuers > most {
            if let Some(log) = cf.log() {
                let place = set.map_or_else(String::new, |ZoneSet { place, .. }| {
                    format!(" in {}:{}", place.file, place.line)
                });
                log.write(
                    Level::Emerg,
                    &format!(
                        "\"auth_jwt_zone\" directive has room for {most} issuers, and {issuers} \
                         are configured: enlarge it{place}"
                    ),
                );
            }
            return Err(OutOfOrder);
        }
        let zone = cf
            .add_shared_zone::<AuthJwt>(name, size)
            .map_err(|_| OutOfOrder)?;
        self.zone.zone.set(zone).map_err(|_| OutOfOrder)
    }
}
