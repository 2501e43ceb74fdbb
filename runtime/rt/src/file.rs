//! Files and folders. Results below 0 are error numbers negated.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{Error, Read, Result, Seek, SeekFrom, Write};
use std::mem::ManuallyDrop;
use std::os::fd::{FromRawFd, IntoRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// An error that came from no system call.
const OTHER: i64 = 5;

pub fn number(error: &Error) -> i64 {
    -error.raw_os_error().map_or(OTHER, i64::from)
}

pub fn code<T>(result: Result<T>, value: impl FnOnce(T) -> i64) -> i64 {
    match result {
        Ok(found) => value(found),
        Err(error) => number(&error),
    }
}

pub fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// The file stays open.
fn borrow(file: i64) -> ManuallyDrop<File> {
    // SAFETY: a wrong number gives an error from the system; the file is not closed here.
    ManuallyDrop::new(unsafe { File::from_raw_fd(file as i32) })
}

fn is_number(file: i64) -> Result<()> {
    // Rust's library takes -1 for its own purposes.
    if (0..i64::from(i32::MAX)).contains(&file) { Ok(()) } else { Err(Error::from_raw_os_error(9)) }
}

pub fn open(at: &[u8], mode: i64) -> Result<i64> {
    let mut options = OpenOptions::new();
    match mode {
        0 => options.read(true),
        1 => options.write(true).create(true).truncate(true),
        2 => options.append(true).create(true),
        _ => options.read(true).write(true).create(true).truncate(false),
    };
    let file = options.open(path(at))?;
    // Reading a folder fails only at the first read elsewhere; say it here.
    if mode == 0 && file.metadata()?.is_dir() {
        return Err(Error::from_raw_os_error(21));
    }
    Ok(i64::from(file.into_raw_fd()))
}

pub fn read(file: i64, into: &mut [u8]) -> Result<i64> {
    is_number(file)?;
    borrow(file).read(into).map(|n| n as i64)
}

pub fn write(file: i64, from: &[u8]) -> Result<i64> {
    is_number(file)?;
    borrow(file).write(from).map(|n| n as i64)
}

pub fn seek(file: i64, offset: i64, whence: i64) -> Result<i64> {
    is_number(file)?;
    let to = match whence {
        0 => SeekFrom::Start(offset as u64),
        1 => SeekFrom::Current(offset),
        _ => SeekFrom::End(offset),
    };
    borrow(file).seek(to).map(|n| n as i64)
}

pub fn size(file: i64) -> Result<i64> {
    is_number(file)?;
    borrow(file).metadata().map(|data| data.len() as i64)
}

pub fn close(file: i64) -> Result<i64> {
    is_number(file)?;
    drop(ManuallyDrop::into_inner(borrow(file)));
    Ok(0)
}

pub fn kind(at: &[u8]) -> Result<i64> {
    let data = fs::metadata(path(at))?;
    Ok(if data.is_file() {
        0
    } else if data.is_dir() {
        1
    } else {
        2
    })
}

/// Names, sorted, each ended by a 0 byte.
pub fn names(at: &[u8]) -> Result<Vec<u8>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path(at))? {
        names.push(entry?.file_name());
    }
    names.sort();
    let mut all = Vec::new();
    for name in names {
        all.extend_from_slice(name.as_bytes());
        all.push(0);
    }
    Ok(all)
}

/// As the system words it, without the number that Rust's library adds.
pub fn error_text(number: i64) -> String {
    if number == crate::net::NO_NETWORK {
        return crate::net::NO_NETWORK_TEXT.into();
    }
    let text = Error::from_raw_os_error(number as i32).to_string();
    match text.rfind(" (os error") {
        Some(end) => text[..end].into(),
        None => text,
    }
}
