//! The timer that looks for changed files, in each worker.

use super::variable_path;
use crate::ffi::{Cycle, PeriodicTask};
use crate::module::AuthJwt;

/// Looks at each file of the configuration in force.
pub(crate) struct Watcher;

impl Watcher {
    /// Time between two rounds, in milliseconds: a change is in force within a second.
    pub(crate) const INTERVAL: usize = 400;
    /// The same while a helper thread parses.
    const BUSY: usize = 20;
}

impl PeriodicTask for Watcher {
    const RETRY: usize = Watcher::INTERVAL;

    fn run(cycle: Cycle) -> usize {
        let log = cycle.log();
        let files = cycle
            .main_conf::<AuthJwt>()
            .is_some_and(|main| main.key_files.poll(log) | main.revocation_files.poll(log));
        let busy = variable_path::poll(log) | files;
        if busy {
            Watcher::BUSY
        } else {
            Watcher::INTERVAL
        }
    }
}
