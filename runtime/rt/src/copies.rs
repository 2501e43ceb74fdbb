//! Copies of this process, each with a piece of work of its own, beside each other.

use crate::prim::AtomicU64;
use crate::system::{MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE, _exit, close, fork, mmap, pipe, read, waitpid, write};
use crate::standard;
use std::io::{Error, ErrorKind, Result};
use std::ptr::null_mut;
use std::time::Duration;

/// So often does who waits look up.
const LOOK_UP: Duration = Duration::from_millis(50);

/// Words that this process and its copies have in common. They are never given back.
pub fn shared_words(count: usize) -> Result<&'static [AtomicU64]> {
    let size = count * size_of::<AtomicU64>();
    // SAFETY: fresh memory, all zeroes, which stays mapped.
    unsafe {
        let at = mmap(null_mut(), size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if at as isize == -1 {
            return Err(Error::last_os_error());
        }
        Ok(std::slice::from_raw_parts(at.cast(), count))
    }
}

/// Copies this process so many times; each copy does `work`, of which only the calling thread is left, and hands back bytes.
/// `None` of one that ended otherwise. `waits` is called now and then while they work.
pub fn in_copies(count: usize, work: &dyn Fn(usize) -> Vec<u8>, waits: &mut dyn FnMut()) -> Result<Vec<Option<Vec<u8>>>> {
    standard::flush();
    let mut copies = Vec::new();
    for number in 0..count {
        let mut ends = [0; 2];
        // SAFETY: room for two descriptors; the copy goes on with this thread alone and takes no lock that another could hold.
        let child = unsafe {
            if pipe(ends.as_mut_ptr()) != 0 {
                return Err(Error::last_os_error());
            }
            fork()
        };
        let [from, to] = ends;
        if child == 0 {
            hand_back(to, &work(number));
            // SAFETY: ends the copy without what the process has registered for its end.
            unsafe { _exit(0) };
        }
        // SAFETY: a descriptor of ours.
        unsafe { close(to) };
        if child < 0 {
            return Err(Error::last_os_error());
        }
        copies.push((child, from));
    }
    std::thread::scope(|scope| {
        let readers: Vec<_> = copies.iter().map(|&(child, from)| scope.spawn(move || (read_all(from), ended_well(child)))).collect();
        while !readers.iter().all(|reader| reader.is_finished()) {
            std::thread::sleep(LOOK_UP);
            waits();
        }
        let results = readers.into_iter().map(|reader| reader.join().ok().and_then(|(bytes, well)| well.then_some(bytes)));
        Ok(results.collect())
    })
}

/// Writes all; a reader that is gone reads nothing.
fn hand_back(to: i32, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        // SAFETY: our own descriptor and bytes.
        match usize::try_from(unsafe { write(to, bytes.as_ptr().cast(), bytes.len()) }) {
            Ok(count) => bytes = &bytes[count..],
            Err(_) if Error::last_os_error().kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

fn read_all(from: i32) -> Vec<u8> {
    let mut all = Vec::new();
    let mut bytes = [0_u8; 4096];
    loop {
        // SAFETY: room for so many.
        match usize::try_from(unsafe { read(from, bytes.as_mut_ptr().cast(), bytes.len()) }) {
            Ok(0) => break,
            Ok(count) => all.extend_from_slice(&bytes[..count]),
            Err(_) if Error::last_os_error().kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    // SAFETY: ours.
    unsafe { close(from) };
    all
}

fn ended_well(child: i32) -> bool {
    let mut status = 0;
    // SAFETY: our child.
    while unsafe { waitpid(child, &mut status, 0) } < 0 {
        if Error::last_os_error().kind() != ErrorKind::Interrupted {
            return false;
        }
    }
    status == 0
}
