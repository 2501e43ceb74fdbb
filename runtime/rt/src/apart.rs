//! Runs a program in a process of its own, made by copying this one: whatever it does to memory, to the clock or to itself,
//! the next run begins where this one did.

use crate::system::{_exit, alarm, close, dup2, fork, pipe, read, waitpid};
use crate::{standard, virt};
use std::io::{Error, Result};

/// How a run ended.
pub struct Ended {
    /// The exit status; 128 and the signal's number if one ended it.
    pub code: i32,
    /// What it wrote to standard output, and behind it what it wrote to standard error.
    pub out: Vec<u8>,
    pub err: Vec<u8>,
    /// Of all decisions.
    pub hash: u64,
}

/// Decisions after which a schedule is taken for endless, and seconds after which a run is ended.
const DECISIONS_MAX: u64 = 20_000_000;
const SECONDS_MAX: u32 = 20;

/// Runs `program` under this seed's schedule. Nothing but the calling thread exists in the new process.
pub fn run(seed: u64, program: &dyn Fn() -> i32) -> Result<Ended> {
    standard::flush();
    let (out, err, hash) = (Pipe::new()?, Pipe::new()?, Pipe::new()?);
    // SAFETY: the child goes on with this thread alone; it takes no lock that another could hold: the compiler's threads have
    // ended, and the C library takes care of its own.
    let child = unsafe { fork() };
    if child < 0 {
        return Err(Error::last_os_error());
    }
    if child == 0 {
        // SAFETY: descriptors of this process.
        unsafe {
            dup2(out.write, 1);
            dup2(err.write, 2);
            alarm(SECONDS_MAX);
        }
        HASH_TO.store(hash.write, crate::prim::Ordering::Relaxed);
        virt::begin(seed, DECISIONS_MAX);
        let code = program();
        end_of_child();
        // SAFETY: ends the process without what the parent registered.
        unsafe { _exit(code) };
    }
    for pipe in [&out, &err, &hash] {
        // SAFETY: a descriptor of ours.
        unsafe { close(pipe.write) };
    }
    let texts = read_all([out.read, err.read, hash.read]);
    let mut status = 0;
    // SAFETY: our child.
    while unsafe { waitpid(child, &mut status, 0) } < 0 {
        let error = Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let code = if status & 0x7f == 0 { status >> 8 & 0xff } else { 128 + (status & 0x7f) };
    let [out, err, hash] = texts;
    let hash = hash.try_into().map_or(0, u64::from_le_bytes);
    Ok(Ended { code, out, err, hash })
}

static HASH_TO: crate::prim::AtomicI32 = crate::prim::AtomicI32::new(-1);

/// Tells the hash, if this process was made by [`run`]. However the program ends, it comes here.
pub fn end_of_child() {
    let to = HASH_TO.swap(-1, crate::prim::Ordering::Relaxed);
    if to >= 0 {
        let bytes = virt::hash().to_le_bytes();
        // SAFETY: our own descriptor and bytes. A parent that is gone reads nothing.
        unsafe { crate::system::write(to, bytes.as_ptr().cast(), bytes.len()) };
    }
}

struct Pipe {
    read: i32,
    write: i32,
}

impl Pipe {
    fn new() -> Result<Pipe> {
        let mut ends = [0; 2];
        // SAFETY: room for two.
        if unsafe { pipe(ends.as_mut_ptr()) } != 0 {
            return Err(Error::last_os_error());
        }
        Ok(Pipe { read: ends[0], write: ends[1] })
    }
}

/// Reads several ends at once: a child that waits for one of them is not waited for at another.
fn read_all<const N: usize>(ends: [i32; N]) -> [Vec<u8>; N] {
    std::thread::scope(|scope| {
        let readers = ends.map(|end| {
            scope.spawn(move || {
                let mut all = Vec::new();
                let mut bytes = [0_u8; 4096];
                loop {
                    // SAFETY: room for so many.
                    let count = unsafe { read(end, bytes.as_mut_ptr().cast(), bytes.len()) };
                    match usize::try_from(count) {
                        Ok(0) | Err(_) => break,
                        Ok(count) => all.extend_from_slice(&bytes[..count]),
                    }
                }
                // SAFETY: ours.
                unsafe { close(end) };
                all
            })
        });
        readers.map(|reader| reader.join().unwrap_or_default())
    })
}
