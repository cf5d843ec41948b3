//! Memory that all workers share: records of numbers, each with a text. The only file that touches
//! shared memory (invariant 4): what goes in and out is copied, under nginx's mutex, which nginx's
//! master unlocks when a worker dies that holds it.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};

use nginx_sys as sys;

use super::guard::guard;
use super::{Conf, ConfError, HttpModule, Log};

/// Numbers in a record.
pub(crate) const RECORD_WORDS: usize = 9;

/// The numbers of a record. At first all are 0.
pub(crate) type Record = [u64; RECORD_WORDS];

/// What a record is found by, also after a reload. Never all zeros.
pub(crate) type RecordId = [u64; 2];

/// Room for one record per this many bytes of a zone: what most texts need at least.
const BYTES_PER_RECORD: usize = 2048;

/// A record that no worker has asked for in this time, in milliseconds, makes room for others.
const UNSEEN: u64 = 60_000;

/// A zone of shared memory, as one configuration knows it.
pub(crate) struct SharedZone {
    zone: NonNull<sys::ngx_shm_zone_t>,
    /// The cycle that the zone belongs to. Compared, never followed: once another one is in force in
    /// this process, the memory may be gone.
    cycle: *const sys::ngx_cycle_t,
}

/// Where a record is. Stays what it is until the record makes room for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordPlace(usize);

/// What a record shows without the mutex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glance {
    /// Changes with the text, and with the record in this place; 0: there is no text.
    pub(crate) generation: u64,
    /// As [`LockedZone::set_stamp`] left it.
    pub(crate) stamp: u64,
}

/// The zone has no room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ZoneFull;

/// The head of a zone; the records follow.
#[repr(C)]
struct Table {
    len: usize,
    /// Never given twice.
    last_generation: u64,
}

#[repr(C)]
struct Slot {
    generation: AtomicU64,
    stamp: AtomicU64,
    id: RecordId,
    seen: u64,
    record: Record,
    text: *mut Text,
}

/// A text with its length: one pointer says all, so that a worker that dies in between leaves
/// nothing half said.
#[repr(C)]
struct Text {
    len: usize,
}

unsafe extern "C" fn init(zone: *mut sys::ngx_shm_zone_t, _old: *mut c_void) -> sys::ngx_int_t {
    const OK: sys::ngx_int_t = 0;
    const ERROR: sys::ngx_int_t = -1;
    let Some(log) = Log::of_cycle() else {
        return ERROR;
    };
    guard(log, "a shared zone", ERROR, || {
        // SAFETY: nginx passes the zone, mapped, with an initialised slab pool at its start; nobody
        // else uses it yet, or, after a reload, its table stands already and stays (invariants 4, 8).
        unsafe {
            let pool: *mut sys::ngx_slab_pool_t = (*zone).shm.addr.cast();
            if !(*pool).data.is_null() {
                return OK;
            }
            let len = capacity((*zone).shm.size);
            let Some(size) = len
                .checked_mul(size_of::<Slot>())
                .and_then(|size| size.checked_add(size_of::<Table>()))
            else {
                return ERROR;
            };
            let table: *mut Table = sys::ngx_slab_calloc(pool, size).cast();
            if table.is_null() {
                return ERROR;
            }
            (*table).len = len;
            (*pool).data = table.cast();
            // What is too large for the zone is our caller's to explain.
            (*pool).set_log_nomem(0);
            OK
        }
    })
}

/// How many records a zone of `size` bytes holds.
fn capacity(size: usize) -> usize {
    size / BYTES_PER_RECORD
}

impl Conf<'_> {
    /// Adds the zone of module `M`.
    pub(crate) fn add_shared_zone<M: HttpModule>(
        &self,
        name: &[u8],
        size: usize,
    ) -> Result<SharedZone, ConfError> {
        let out_of_memory = || ConfError::because("could not be read: out of memory");
        // SAFETY: cf is valid; nginx keeps the name, which is copied into the cycle's pool, and
        // returns NULL or a zone of the cycle being read (8).
        unsafe {
            let cf = self.as_ptr();
            let kept: *mut u8 = sys::ngx_pnalloc((*cf).pool, name.len().max(1)).cast();
            let kept = NonNull::new(kept).ok_or_else(out_of_memory)?;
            ptr::copy_nonoverlapping(name.as_ptr(), kept.as_ptr(), name.len());
            let mut name = sys::ngx_str_t {
                len: name.len(),
                data: kept.as_ptr(),
            };
            let zone = sys::ngx_shared_memory_add(cf, &raw mut name, size, M::raw().cast());
            let zone = NonNull::new(zone).ok_or(ConfError::Logged)?;
            (*zone.as_ptr()).init = Some(init);
            Ok(SharedZone {
                zone,
                cycle: (*cf).cycle,
            })
        }
    }
}

impl SharedZone {
    /// Smallest zone, in bytes: what nginx's own modules ask for.
    pub(crate) fn least() -> usize {
        // SAFETY: nginx's own variable, set at start.
        unsafe { sys::ngx_pagesize.saturating_mul(8) }
    }

    /// How many records a zone of `size` bytes holds.
    pub(crate) fn capacity(size: usize) -> usize {
        capacity(size)
    }

    /// The zone's memory, while its cycle is the one in force.
    fn pool(&self) -> Option<*mut sys::ngx_slab_pool_t> {
        // SAFETY: ngx_cycle changes only between events; a zone of the cycle in force is mapped, and
        // its pool stands at its start (invariants 2, 4).
        unsafe {
            (ptr::eq(sys::ngx_cycle.cast_const(), self.cycle))
                .then(|| (*self.zone.as_ptr()).shm.addr.cast())
        }
    }

    /// What the record in this place shows now.
    #[inline]
    pub(crate) fn glance(&self, place: RecordPlace) -> Option<Glance> {
        let pool = self.pool()?;
        // SAFETY: init left the table there; both numbers are atomic, so that no mutex is needed to
        // read them (invariant 4).
        unsafe {
            let slot = slot((*pool).data.cast(), place)?;
            Some(Glance {
                generation: (*slot).generation.load(Ordering::Acquire),
                stamp: (*slot).stamp.load(Ordering::Relaxed),
            })
        }
    }

    /// Waits for the mutex. Do nothing slow while it is held. `now` in milliseconds of a clock that
    /// never jumps.
    pub(crate) fn lock(&self, now: u64) -> Option<LockedZone> {
        let pool = self.pool()?;
        // SAFETY: the mutex is part of the pool; init left the table there (invariant 4).
        unsafe {
            sys::ngx_shmtx_lock(ptr::addr_of_mut!((*pool).mutex));
            Some(LockedZone {
                pool,
                table: (*pool).data.cast(),
                now,
            })
        }
    }
}

/// # Safety
///
/// `table` must be one that [`init`] made (invariant 4).
unsafe fn slot(table: *mut Table, place: RecordPlace) -> Option<*mut Slot> {
    // SAFETY: the slots follow the table, which says how many there are.
    unsafe { (place.0 < (*table).len).then(|| table.add(1).cast::<Slot>().add(place.0)) }
}

/// A zone whose mutex this process holds, until it is dropped.
pub(crate) struct LockedZone {
    pool: *mut sys::ngx_slab_pool_t,
    table: *mut Table,
    now: u64,
}

impl Drop for LockedZone {
    fn drop(&mut self) {
        // SAFETY: this process holds it.
        unsafe { sys::ngx_shmtx_unlock(ptr::addr_of_mut!((*self.pool).mutex)) };
    }
}

impl LockedZone {
    fn slot(&self, place: RecordPlace) -> Option<*mut Slot> {
        // SAFETY: the table is the one that init made.
        unsafe { slot(self.table, place) }
    }

    fn places(&self) -> impl Iterator<Item = RecordPlace> + use<> {
        // SAFETY: as above.
        (0..unsafe { (*self.table).len }).map(RecordPlace)
    }

    /// The place of the record `id`, which is made where there is none. `known` is looked at first.
    pub(crate) fn find(
        &mut self,
        id: RecordId,
        known: Option<RecordPlace>,
    ) -> Result<RecordPlace, ZoneFull> {
        let found = known
            .filter(|place| self.id(*place) == id)
            .or_else(|| self.places().find(|place| self.id(*place) == id));
        let place = match found {
            Some(place) => place,
            None => self.make(id)?,
        };
        if let Some(slot) = self.slot(place) {
            // SAFETY: a slot of the table, under the mutex.
            unsafe { (*slot).seen = self.now };
        }
        Ok(place)
    }

    fn id(&self, place: RecordPlace) -> RecordId {
        // SAFETY: as above.
        self.slot(place)
            .map_or([0, 0], |slot| unsafe { (*slot).id })
    }

    fn make(&mut self, id: RecordId) -> Result<RecordPlace, ZoneFull> {
        let free = |zone: &Self| zone.places().find(|place| zone.id(*place) == [0, 0]);
        let place = free(self).or_else(|| {
            self.drop_unseen();
            free(self)
        });
        let place = place.ok_or(ZoneFull)?;
        if let Some(slot) = self.slot(place) {
            // SAFETY: as above.
            unsafe { (*slot).id = id };
        }
        Ok(place)
    }

    /// Drops the records that nobody has asked for lately.
    fn drop_unseen(&mut self) {
        for place in self.places() {
            let Some(slot) = self.slot(place) else {
                continue;
            };
            // SAFETY: as above.
            let is_seen = unsafe { self.now.saturating_sub((*slot).seen) < UNSEEN };
            if is_seen {
                continue;
            }
            self.set_text_of(slot, ptr::null_mut(), 0);
            // SAFETY: as above.
            unsafe {
                (*slot).stamp.store(0, Ordering::Relaxed);
                (*slot).record = Record::default();
                (*slot).id = [0, 0];
            }
        }
    }

    /// Puts another text there, and frees the one before.
    fn set_text_of(&mut self, slot: *mut Slot, text: *mut Text, generation: u64) {
        // SAFETY: as above; the old text came from the same pool and nobody else knows it.
        unsafe {
            let old = std::mem::replace(&mut (*slot).text, text);
            (*slot).generation.store(generation, Ordering::Release);
            if !old.is_null() {
                sys::ngx_slab_free_locked(self.pool, old.cast());
            }
        }
    }

    /// The numbers of a record.
    pub(crate) fn record(&self, place: RecordPlace) -> Record {
        // SAFETY: as above.
        self.slot(place)
            .map_or(Record::default(), |slot| unsafe { (*slot).record })
    }

    /// Changes them.
    pub(crate) fn set_record(&mut self, place: RecordPlace, record: Record) {
        if let Some(slot) = self.slot(place) {
            // SAFETY: as above.
            unsafe { (*slot).record = record };
        }
    }

    /// Changes what [`Glance::stamp`] shows.
    pub(crate) fn set_stamp(&mut self, place: RecordPlace, stamp: u64) {
        if let Some(slot) = self.slot(place) {
            // SAFETY: as above.
            unsafe { (*slot).stamp.store(stamp, Ordering::Relaxed) };
        }
    }

    /// What [`Glance::stamp`] shows.
    pub(crate) fn stamp(&self, place: RecordPlace) -> u64 {
        // SAFETY: as above.
        self.slot(place)
            .map_or(0, |slot| unsafe { (*slot).stamp.load(Ordering::Relaxed) })
    }

    /// A copy of the text, and its generation. None: there is no text, or no memory.
    pub(crate) fn text(&self, place: RecordPlace) -> Option<(u64, Vec<u8>)> {
        let slot = self.slot(place)?;
        // SAFETY: as above; a text is as long as it says, within the zone.
        unsafe {
            let text = (*slot).text;
            if text.is_null() {
                return None;
            }
            let mut copy = Vec::new();
            copy.try_reserve_exact((*text).len).ok()?;
            let bytes: *const u8 = text.add(1).cast();
            copy.extend_from_slice(std::slice::from_raw_parts(bytes, (*text).len));
            Some(((*slot).generation.load(Ordering::Relaxed), copy))
        }
    }

    /// Gives the record another text. Its generation comes back; where there is no room, the text
    /// before stays.
    pub(crate) fn set_text(&mut self, place: RecordPlace, bytes: &[u8]) -> Result<u64, ZoneFull> {
        let slot = self.slot(place).ok_or(ZoneFull)?;
        let size = size_of::<Text>().checked_add(bytes.len()).ok_or(ZoneFull)?;
        let room = self.allocate(size).or_else(|| {
            self.drop_unseen();
            self.allocate(size)
        });
        let text = room.ok_or(ZoneFull)?;
        // SAFETY: as above; there is room for the length and the bytes, which nobody else knows yet.
        let generation = unsafe {
            (*text).len = bytes.len();
            ptr::copy_nonoverlapping(bytes.as_ptr(), text.add(1).cast(), bytes.len());
            (*self.table).last_generation = (*self.table).last_generation.wrapping_add(1);
            (*self.table).last_generation
        };
        self.set_text_of(slot, text, generation);
        Ok(generation)
    }

    fn allocate(&mut self, size: usize) -> Option<*mut Text> {
        // SAFETY: as above; memory of the pool is aligned to 8 bytes at least.
        let text: *mut Text = unsafe { sys::ngx_slab_alloc_locked(self.pool, size).cast() };
        (!text.is_null()).then_some(text)
    }
}

/// A record's place, as one worker remembers it.
#[derive(Default)]
pub(crate) struct KnownPlace(Cell<Option<RecordPlace>>);

impl KnownPlace {
    /// What is remembered.
    #[inline]
    pub(crate) fn get(&self) -> Option<RecordPlace> {
        self.0.get()
    }

    /// Finds the record, and remembers where.
    pub(crate) fn find(
        &self,
        zone: &mut LockedZone,
        id: RecordId,
    ) -> Result<RecordPlace, ZoneFull> {
        let place = zone.find(id, self.get());
        self.0.set(place.ok());
        place
    }
}
