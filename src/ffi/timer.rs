//! A background timer of a worker.

use std::marker::PhantomData;
use std::ptr::NonNull;

use nginx_sys as sys;

use super::guard::guard;
use super::{Cycle, Log};

/// Work that a worker repeats.
pub(crate) trait PeriodicTask: 'static {
    /// Does one round, and says after how many milliseconds the next one comes.
    fn run(cycle: Cycle) -> usize;
    /// Whether requests wait for the next round: a worker that quits then goes on until none does.
    fn is_waited_for() -> bool {
        false
    }
    /// After how many milliseconds to try again when a round could not be finished.
    const RETRY: usize;
}

unsafe extern "C" fn fire<T: PeriodicTask>(event: *mut sys::ngx_event_t) {
    let (Some(cycle), Some(log)) = (Cycle::current(), Log::of_cycle()) else {
        return;
    };
    let (next, waited_for) = guard(log, "a timer", (T::RETRY, true), || {
        let next = T::run(cycle);
        (next, T::is_waited_for())
    });
    // SAFETY: the event is the one that start_periodic leaked; timers are touched by the event
    // loop's thread alone (invariant 2). A worker that quits has no use for another round, unless
    // requests wait for it.
    unsafe {
        if (*event).timer_set() != 0 {
            return; // hastened meanwhile
        }
        if sys::ngx_exiting == 0 || waited_for {
            (*event).log = log.as_ptr();
            (*event).set_cancelable(u32::from(!waited_for));
            sys::ngx_add_timer(event, next);
        }
    }
}

/// A clock that never jumps, in milliseconds, as of this turn of the event loop. All processes share
/// it.
#[inline]
pub(crate) fn monotonic_ms() -> u64 {
    // SAFETY: nginx's own variable, set by the event loop's thread alone (invariant 2).
    unsafe { sys::ngx_current_msec as u64 }
}

/// The timer of `T` in this worker.
pub(crate) struct Periodic<T> {
    event: NonNull<sys::ngx_event_t>,
    task: PhantomData<T>,
}

impl<T> Clone for Periodic<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Periodic<T> {}

impl<T: PeriodicTask> Periodic<T> {
    /// Has the next round come after `after` milliseconds, whether or not the worker quits.
    pub(crate) fn hasten(self, after: usize) {
        // SAFETY: the event is the one that start_periodic leaked (invariant 2). nginx would leave a
        // timer as it is that changes by less than 300 ms.
        unsafe {
            let event = self.event.as_ptr();
            if (*event).timer_set() != 0 {
                sys::ngx_del_timer(event);
            }
            (*event).set_cancelable(0);
            sys::ngx_add_timer(event, after);
        }
    }
}

/// Starts `T` in this worker, its first round after `first` milliseconds. Call it once per process.
pub(crate) fn start_periodic<T: PeriodicTask>(cycle: Cycle, first: usize) -> Periodic<T> {
    // SAFETY: zeroed events and connections are nginx's own starting point; both are leaked, one
    // pair per process. The connection is there because nginx's debug log reads `data->fd`. A
    // cancelable timer does not keep a quitting worker alive.
    unsafe {
        let connection: &mut sys::ngx_connection_t = Box::leak(Box::new(std::mem::zeroed()));
        connection.fd = -1;
        let event: &mut sys::ngx_event_t = Box::leak(Box::new(std::mem::zeroed()));
        event.data = std::ptr::from_mut(connection).cast();
        event.handler = Some(fire::<T>);
        event.log = cycle.log().as_ptr();
        event.set_cancelable(1);
        sys::ngx_add_timer(event, first);
        Periodic {
            event: NonNull::from(event),
            task: PhantomData,
        }
    }
}
