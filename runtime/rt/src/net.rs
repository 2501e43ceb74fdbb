//! TCP and UDP: sockets that never block, and a thread that waits for all of them at once.
//!
//! An operation that cannot be done now says so (`EAGAIN`); its fiber arms a ticket, leaves it here with the socket, parks, and
//! tries again when it is woken. The poller asks the system for one event a socket (`EPOLLONESHOT`) and asks again as
//! long as somebody waits for it. A ticket whose wait has ended otherwise wakes nobody and is thrown out at the next
//! look.

use crate::fiber::{self, Record};
use crate::prim::{LazyLock, Mutex, Once, Ordering, lock, thread};
use crate::{clock, fault, sched, virt, wait};
use std::collections::HashMap;
use std::io::{Error, Read, Result, Write};
use std::mem::ManuallyDrop;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::fd::{FromRawFd, IntoRawFd};

/// The number of the error that repeatable runs have no network; none of the system's.
pub const NO_NETWORK: i64 = 9999;
pub const NO_NETWORK_TEXT: &str = "a repeatable run has no network: what others send cannot be repeated";

/// Reads and writes wait apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Until {
    Readable,
    Writable,
}

struct Waiter {
    fiber: u32,
    epoch: u64,
    until: Until,
}

impl Waiter {
    fn is_waiting(&self) -> bool {
        // SAFETY: numbers of waiters are of records that exist.
        // ORDER: Relaxed; whoever ends the wait exchanges the word.
        let word = unsafe { (*fiber::by_number(self.fiber as usize)).head.wait.load(Ordering::Relaxed) };
        word >> 32 == self.epoch && word & abi::WAIT_STATE != abi::WAIT_WOKEN
    }

    fn wake(&self) {
        // SAFETY: as above.
        unsafe { wait::wake(fiber::by_number(self.fiber as usize), self.epoch, 0) };
    }
}

/// Who waits for which socket.
static WAITING: LazyLock<Mutex<HashMap<i32, Vec<Waiter>>>> = LazyLock::new(Mutex::default);

/// Whether the network may still wake somebody.
pub fn any_waiting() -> bool {
    lock(&WAITING).values().flatten().any(Waiter::is_waiting)
}

fn refuse() -> Result<()> {
    if virt::is_on() || crate::observe::is_on() { Err(Error::from_raw_os_error(NO_NETWORK as i32)) } else { Ok(()) }
}

fn address(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| Error::from_raw_os_error(22))
}

/// The error number of addresses that mean nothing: Rust's library has none for it.
fn with_number(error: Error) -> Error {
    if error.raw_os_error().is_some() { error } else { Error::from_raw_os_error(22) }
}

pub fn listen(at: &[u8]) -> Result<i64> {
    refuse()?;
    // Names may have to be asked for.
    let listener = sched::blocking(|| TcpListener::bind(address(at)?)).map_err(with_number)?;
    listener.set_nonblocking(true)?;
    Ok(i64::from(listener.into_raw_fd()))
}

pub fn connect(to: &[u8]) -> Result<i64> {
    refuse()?;
    let stream = sched::blocking(|| TcpStream::connect(address(to)?)).map_err(with_number)?;
    stream.set_nonblocking(true)?;
    // Small messages are the rule between programs that talk.
    stream.set_nodelay(true)?;
    Ok(i64::from(stream.into_raw_fd()))
}

/// The sockets stay open.
fn listener(socket: i64) -> ManuallyDrop<TcpListener> {
    // SAFETY: numbers come from `listen` and are used until `close`.
    ManuallyDrop::new(unsafe { TcpListener::from_raw_fd(socket as i32) })
}
fn stream(socket: i64) -> ManuallyDrop<TcpStream> {
    // SAFETY: as above, from `connect` and `accept`.
    ManuallyDrop::new(unsafe { TcpStream::from_raw_fd(socket as i32) })
}

pub fn accept(socket: i64) -> Result<i64> {
    let (stream, _) = listener(socket).accept()?;
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    Ok(i64::from(stream.into_raw_fd()))
}

pub fn read(socket: i64, into: &mut [u8]) -> Result<i64> {
    (&*stream(socket)).read(into).map(|n| n as i64)
}

pub fn write(socket: i64, from: &[u8]) -> Result<i64> {
    (&*stream(socket)).write(from).map(|n| n as i64)
}

pub fn bind_datagrams(at: &[u8]) -> Result<i64> {
    refuse()?;
    let socket = sched::blocking(|| UdpSocket::bind(address(at)?)).map_err(with_number)?;
    socket.set_nonblocking(true)?;
    Ok(i64::from(socket.into_raw_fd()))
}

fn datagrams(socket: i64) -> ManuallyDrop<UdpSocket> {
    // SAFETY: numbers come from `bind_datagrams` and are used until `close`.
    ManuallyDrop::new(unsafe { UdpSocket::from_raw_fd(socket as i32) })
}

/// Names have to be asked for, numbers are what they are.
fn resolve(to: &[u8]) -> Result<SocketAddr> {
    let to = address(to)?;
    if let Ok(known) = to.parse() {
        return Ok(known);
    }
    let found = sched::blocking(|| to.to_socket_addrs().map(|mut all| all.next())).map_err(with_number)?;
    found.ok_or_else(|| Error::from_raw_os_error(22))
}

pub fn connect_datagrams(socket: i64, to: &[u8]) -> Result<i64> {
    datagrams(socket).connect(resolve(to)?).map(|()| 0)
}

pub fn send_to(socket: i64, from: &[u8], to: &[u8]) -> Result<i64> {
    datagrams(socket).send_to(from, resolve(to)?).map(|n| n as i64)
}

/// How long the datagram is, and who sent it.
pub fn receive_from(socket: i64, into: &mut [u8]) -> Result<(i64, String)> {
    datagrams(socket).recv_from(into).map(|(n, from)| (n as i64, from.to_string()))
}

/// Another number for the same socket.
pub fn again(socket: i64) -> Result<i64> {
    stream(socket).try_clone().map(|stream| i64::from(stream.into_raw_fd()))
}

/// Nothing more is sent.
pub fn finish(socket: i64) -> Result<i64> {
    stream(socket).shutdown(Shutdown::Write).map(|()| 0)
}

/// `127.0.0.1:80`: 0 the socket's own, 1 that of the other side.
pub fn name(socket: i64, which: i64) -> Result<String> {
    let stream = stream(socket);
    let address = if which == 0 { stream.local_addr() } else { stream.peer_addr() };
    address.map(|address| address.to_string())
}

pub fn close(socket: i64) {
    let left = lock(&WAITING).remove(&(socket as i32));
    left.into_iter().flatten().for_each(|waiter| waiter.wake());
    drop(ManuallyDrop::into_inner(stream(socket)));
}

/// Has the fiber's wait of this epoch end when the socket may be ready.
///
/// # Safety
/// The record is the running fiber's, armed with this epoch.
pub unsafe fn wake_when(record: *mut Record, socket: i64, epoch: u64, until: Until) {
    // SAFETY: the caller's promise.
    let waiter = Waiter { fiber: unsafe { (*record).number }, epoch, until };
    start();
    let mut waiting = lock(&WAITING);
    let here = waiting.entry(socket as i32).or_default();
    here.retain(Waiter::is_waiting);
    here.push(waiter);
    poller::ask(socket as i32, here);
}

fn start() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Err(error) = thread::Builder::new().name("aurora-poller".into()).spawn(poller::watch) {
            fault::fatal(&format!("cannot start a thread: {error}"));
        }
    });
}

/// Sockets that may be ready, and for what.
fn happened(events: impl Iterator<Item = (i32, bool, bool)>) {
    let mut due = Vec::new();
    {
        let mut waiting = lock(&WAITING);
        for (socket, readable, writable) in events {
            let Some(here) = waiting.get_mut(&socket) else { continue };
            let is_due = |waiter: &Waiter| if waiter.until == Until::Readable { readable } else { writable };
            let (ready, rest): (Vec<Waiter>, Vec<Waiter>) = here.drain(..).partition(is_due);
            due.extend(ready);
            *here = rest;
            here.retain(Waiter::is_waiting);
            if here.is_empty() {
                waiting.remove(&socket);
            } else {
                poller::ask(socket, here);
            }
        }
    }
    clock::outside(|| due.iter().for_each(Waiter::wake));
}

#[cfg(target_os = "linux")]
mod poller {
    use super::{Until, Waiter, happened};
    use crate::prim::OnceLock;
    use crate::system::*;

    const EVENTS_MAX: usize = 1024;

    fn instance() -> i32 {
        static INSTANCE: OnceLock<i32> = OnceLock::new();
        *INSTANCE.get_or_init(|| {
            // SAFETY: no memory is involved.
            let made = unsafe { epoll_create1(EPOLL_CLOEXEC) };
            if made < 0 {
                crate::fault::fatal("the system has no poller for the network");
            }
            made
        })
    }

    /// One event is wanted: what somebody waits for.
    pub fn ask(socket: i32, waiters: &[Waiter]) {
        let wants = |until| waiters.iter().any(|waiter| waiter.until == until);
        let mut events = EPOLLONESHOT;
        if wants(Until::Readable) {
            events |= EPOLLIN | EPOLLRDHUP;
        }
        if wants(Until::Writable) {
            events |= EPOLLOUT;
        }
        let mut event = EpollEvent { events, socket: socket as u64 };
        // SAFETY: a whole record.
        unsafe {
            if epoll_ctl(instance(), EPOLL_CTL_MOD, socket, &mut event) != 0 && epoll_ctl(instance(), EPOLL_CTL_ADD, socket, &mut event) != 0 {
                // The operation itself will say what is wrong with this socket.
                waiters.iter().for_each(Waiter::wake);
            }
        }
    }

    pub fn watch() {
        let mut events = vec![EpollEvent { events: 0, socket: 0 }; EVENTS_MAX];
        loop {
            // SAFETY: room for so many.
            let count = unsafe { epoll_wait(instance(), events.as_mut_ptr(), EVENTS_MAX as i32, -1) };
            // Errors and ends make both possible: the operation tells which.
            let ended = EPOLLERR | EPOLLHUP;
            happened(events.iter().take(count.max(0) as usize).map(|event| {
                let (socket, seen) = (event.socket as i32, event.events);
                (socket, seen & (EPOLLIN | EPOLLRDHUP | ended) != 0, seen & (EPOLLOUT | ended) != 0)
            }));
        }
    }
}

/// Elsewhere everybody who waits looks again every millisecond.
#[cfg(not(target_os = "linux"))]
mod poller {
    use super::{WAITING, Waiter, happened, lock};
    use crate::prim::thread;

    pub fn ask(_: i32, _: &[Waiter]) {}

    pub fn watch() {
        loop {
            thread::sleep(std::time::Duration::from_millis(1));
            let all: Vec<i32> = lock(&WAITING).keys().copied().collect();
            happened(all.into_iter().map(|socket| (socket, true, true)));
        }
    }
}
