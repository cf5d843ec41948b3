//! Users of the operating system.

use std::ffi::CString;

/// The effective user of this process.
pub(crate) fn effective_uid() -> u32 {
    // SAFETY: cannot fail, touches no memory.
    unsafe { libc::geteuid() }
}

/// The groups a worker gets: `gid` and what the system's databases add for `user`.
pub(crate) fn groups_of(user: &str, gid: u32) -> Vec<u32> {
    const MOST: usize = 1024;
    let Ok(user) = CString::new(user) else {
        return vec![gid];
    };
    let mut groups = vec![gid; MOST];
    let mut count = libc::c_int::try_from(MOST).unwrap_or(0);
    // SAFETY: `groups` has room for `count` entries, and `count` is lowered to those written.
    let found =
        unsafe { libc::getgrouplist(user.as_ptr(), gid, groups.as_mut_ptr(), &raw mut count) };
    if found >= 0 {
        groups.truncate(usize::try_from(count).unwrap_or(0));
    }
    groups
}
