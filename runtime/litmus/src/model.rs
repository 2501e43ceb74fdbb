//! The memory model: C++20's, with the axiom that program order and reads-from have no cycle.
//!
//! An execution is a graph of events with reads-from and, for each location, modification order. It is consistent when
//! - *coherence*: happens-before never contradicts modification order, reads-from and what follows from them,
//! - *atomicity*: nothing is written between a read-modify-write and the write it read,
//! - *one order*: the accesses and fences marked `seqcst` can be put in one order (C++20 `[atomics.order]`),
//! - *no thin air*: program order and reads-from have no cycle.
//!
//! A graph grows event by event, each behind all that it follows in program order and reads-from: the last axiom holds by
//! construction, happens-before into an event is known when it is added, and every prefix of a consistent graph is
//! consistent. A read-modify-write is one event. The first events write the initial values; they happen before all.

use crate::program::Order;

/// Events, as bits.
pub type Set = u128;
/// As many events as a set has bits.
pub const EVENTS_MAX: usize = Set::BITS as usize;

pub fn members(mut set: Set) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (set != 0).then(|| {
            let first = set.trailing_zeros() as usize;
            set &= set - 1;
            first
        })
    })
}

fn bit(event: usize) -> Set {
    1 << event
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Initial,
    Read,
    Write,
    /// Both at once.
    Update,
    Fence,
}

#[derive(Clone, Debug)]
pub struct Event {
    /// Its thread and its number there; the thread of initial writes is `usize::MAX`.
    pub thread: usize,
    pub number: usize,
    pub kind: Kind,
    pub order: Order,
    /// `usize::MAX` for fences.
    pub location: usize,
    /// What is in memory afterwards, for those that write.
    pub written: i64,
    pub reads_from: Option<usize>,
    /// All that comes earlier in its thread, and the initial writes.
    pub before: Set,
    /// All that happens before it.
    pub happens_before: Set,
    /// The release events from which an acquirer that reads this write synchronises.
    pub heads: Set,
    /// The release events with which it synchronises itself.
    pub synchronises: Set,
}

impl Event {
    pub fn reads(&self) -> bool {
        matches!(self.kind, Kind::Read | Kind::Update)
    }
    pub fn writes(&self) -> bool {
        matches!(self.kind, Kind::Write | Kind::Update | Kind::Initial)
    }
    fn is_one_order(&self) -> bool {
        self.order == Order::SeqCst
    }
}

/// What a thread has done so far, as the next event sees it.
#[derive(Clone, Default, Debug)]
pub struct Past {
    pub count: usize,
    before: Set,
    happens_before: Set,
    /// Release events that an acquire fence would synchronise with.
    pending: Set,
    release_fences: Set,
}

/// An event that is about to be added.
#[derive(Clone, Copy, Debug)]
pub struct Next {
    pub kind: Kind,
    pub order: Order,
    pub location: usize,
    pub written: i64,
    pub reads_from: Option<usize>,
    /// Where in the location's modification order it writes: behind so many writes.
    pub position: usize,
}

#[derive(Clone, Debug)]
pub struct Graph {
    pub events: Vec<Event>,
    /// For each location its writes, the initial one first.
    pub modifications: Vec<Vec<usize>>,
    pub past: Vec<Past>,
}

impl Graph {
    pub fn new(initial: &[i64], threads: usize) -> Graph {
        let events: Vec<Event> = initial
            .iter()
            .enumerate()
            .map(|(location, &written)| Event {
                thread: usize::MAX,
                number: location,
                kind: Kind::Initial,
                order: Order::Plain,
                location,
                written,
                reads_from: None,
                before: 0,
                happens_before: 0,
                heads: 0,
                synchronises: 0,
            })
            .collect();
        let all: Set = (0..events.len()).map(bit).sum();
        let modifications = (0..initial.len()).map(|location| vec![location]).collect();
        let past = Past {
            before: all,
            happens_before: all,
            ..Past::default()
        };
        Graph {
            events,
            modifications,
            past: vec![past; threads],
        }
    }

    fn position(&self, write: usize) -> usize {
        let of_location = &self.modifications[self.events[write].location];
        of_location
            .iter()
            .position(|&other| other == write)
            .expect("a write stands in its location's order")
    }

    /// The first place in modification order from which the thread may read, and behind which it must write.
    fn floor(&self, thread: usize, location: usize) -> usize {
        let known = self.past[thread].happens_before;
        let seen = members(known)
            .filter(|&event| self.events[event].location == location)
            .map(|event| {
                let event_of = &self.events[event];
                if event_of.writes() {
                    self.position(event)
                } else {
                    self.position(event_of.reads_from.expect("a read reads"))
                }
            });
        seen.max().unwrap_or(0)
    }

    /// The writes that the thread's next read of a location may read from, by coherence with what happened before.
    pub fn readable(&self, thread: usize, location: usize) -> Vec<usize> {
        self.modifications[location][self.floor(thread, location)..].to_vec()
    }

    /// Where the thread's next write may stand. Nothing may come between an update and the write it read.
    pub fn writable(&self, thread: usize, location: usize) -> Vec<usize> {
        let order = &self.modifications[location];
        (self.floor(thread, location) + 1..=order.len())
            .filter(|&position| !self.is_taken(location, position))
            .collect()
    }

    /// Whether an update stands there that read the write right before.
    fn is_taken(&self, location: usize, position: usize) -> bool {
        let order = &self.modifications[location];
        order.get(position).is_some_and(|&write| {
            let event = &self.events[write];
            event.kind == Kind::Update && event.reads_from == Some(order[position - 1])
        })
    }

    /// Where an update that reads this write has to stand, if nobody stands there.
    pub fn update_position(&self, write: usize) -> Option<usize> {
        let position = self.position(write) + 1;
        (!self.is_taken(self.events[write].location, position)).then_some(position)
    }

    /// The graph with one more event; `None` if no consistent execution has it.
    pub fn with(&self, thread: usize, next: Next) -> Option<Graph> {
        let mut graph = self.clone();
        let id = graph.events.len();
        let past = &mut graph.past[thread];
        let atomic = next.order != Order::Plain;
        // Only atomic reads take part in synchronisation.
        let offered = next
            .reads_from
            .filter(|_| atomic)
            .map_or(0, |write| self.events[write].heads);
        let synchronises = match next.kind {
            Kind::Fence if next.order.acquires() => past.pending,
            _ if next.order.acquires() => offered,
            _ => 0,
        };
        past.pending |= offered;
        for head in members(synchronises) {
            past.happens_before |= self.events[head].happens_before | bit(head);
        }
        let mut heads = 0;
        if atomic && matches!(next.kind, Kind::Write | Kind::Update) {
            heads = past.release_fences;
            if next.order.releases() {
                heads |= bit(id);
            }
            // Only updates continue the release sequence of another write.
            if next.kind == Kind::Update {
                heads |= offered;
            }
        }
        let event = Event {
            thread,
            number: past.count,
            kind: next.kind,
            order: next.order,
            location: next.location,
            written: next.written,
            reads_from: next.reads_from,
            before: past.before,
            happens_before: past.happens_before,
            heads,
            synchronises,
        };
        if next.kind == Kind::Fence && next.order.releases() {
            past.release_fences |= bit(id);
        }
        past.count += 1;
        past.before |= bit(id);
        past.happens_before |= bit(id);
        if event.writes() {
            graph.modifications[next.location].insert(next.position, id);
        }
        graph.events.push(event);
        graph.has_one_order().then_some(graph)
    }

    /// For each event those before it by one step of reads-from, modification order or reads-before.
    fn communication(&self) -> Vec<Set> {
        let mut earlier = vec![0; self.events.len()];
        for order in &self.modifications {
            let mut before = 0;
            for &write in order {
                earlier[write] |= before;
                before |= bit(write);
            }
            for (id, event) in self.events.iter().enumerate() {
                let Some(source) = event
                    .reads_from
                    .filter(|_| event.location == self.events[order[0]].location)
                else {
                    continue;
                };
                earlier[id] |= bit(source);
                let at = self.position(source);
                for &later in &order[at + 1..] {
                    // An update does not come before itself.
                    if later != id {
                        earlier[later] |= bit(id);
                    }
                }
            }
        }
        earlier
    }

    /// Whether the `seqcst` events can be put in one order: C++20's strongly-happens-before and coherence-ordered-before
    /// among them have no cycle.
    fn has_one_order(&self) -> bool {
        let ordered: Set = self
            .events
            .iter()
            .enumerate()
            .filter(|(_, event)| event.is_one_order())
            .map(|(id, _)| bit(id))
            .sum();
        if ordered.count_ones() < 2 {
            return true;
        }
        let count = self.events.len();
        let strongly = self.strongly_happens_before(ordered);
        let mut coherence = self.communication();
        close(&mut coherence);

        // Below: for each of the ordered events, those of them that must come earlier.
        let is_fence = |id: usize| self.events[id].kind == Kind::Fence;
        let fences: Set = members(ordered).filter(|&id| is_fence(id)).map(bit).sum();
        let accesses = ordered & !fences;
        // The ordered events that stand in front of an event: itself if it is one, and the fences that happen before it.
        let fronts: Vec<Set> = (0..count)
            .map(|id| (bit(id) & accesses) | (self.events[id].happens_before & fences))
            .collect();
        let mut earlier = vec![0; count];
        for later in members(ordered) {
            earlier[later] |= strongly[later] & ordered;
            // The events that coherence puts before the access, or before what happens before the fence.
            let ends = if is_fence(later) {
                self.events[later].happens_before
            } else {
                bit(later)
            };
            for end in members(ends) {
                for start in members(coherence[end]) {
                    earlier[later] |= fronts[start];
                }
            }
        }
        close(&mut earlier);
        (0..count).all(|id| earlier[id] & bit(id) == 0)
    }

    /// For each event those that strongly happen before it: program order, synchronisation between `seqcst` events, and
    /// happens-before with program order at both ends.
    fn strongly_happens_before(&self, ordered: Set) -> Vec<Set> {
        let mut earlier: Vec<Set> = self
            .events
            .iter()
            .enumerate()
            .map(|(id, event)| {
                let mut set = event.before;
                if ordered & bit(id) != 0 {
                    set |= event.synchronises & ordered;
                }
                for middle in members(event.before) {
                    for start in members(self.events[middle].happens_before) {
                        set |= self.events[start].before;
                    }
                }
                set
            })
            .collect();
        close(&mut earlier);
        earlier
    }

    /// Two accesses of one location by different threads, one of them a write, one of them plain, in no order.
    pub fn has_race(&self) -> bool {
        let races = |a: &Event, id: usize, b: &Event| {
            a.location == b.location
                && a.thread != b.thread
                && a.thread != usize::MAX
                && (a.order == Order::Plain || b.order == Order::Plain)
                && (a.writes() || b.writes())
                && b.happens_before & bit(id) == 0
        };
        let accesses = |event: &&Event| event.kind != Kind::Fence;
        // A later event never happens before an earlier one.
        self.events.iter().enumerate().any(|(at, b)| {
            accesses(&b)
                && self.events[..at]
                    .iter()
                    .enumerate()
                    .any(|(id, a)| accesses(&a) && races(a, id, b))
        })
    }

    /// What makes two graphs the same execution, however they grew.
    pub fn signature(&self, into: &mut Vec<u8>) {
        into.clear();
        let mut name = |event: usize| {
            let event = &self.events[event];
            // The sizes are bounded by `EVENTS_MAX`.
            into.extend([event.thread.wrapping_add(1) as u8, event.number as u8]);
        };
        for order in &self.modifications {
            name(order[0]);
            order[1..].iter().for_each(|&write| name(write));
        }
        let mut of_threads: Vec<Vec<u8>> = vec![Vec::new(); self.past.len()];
        for event in self
            .events
            .iter()
            .filter(|event| event.kind != Kind::Initial)
        {
            let source = event.reads_from.map(|write| &self.events[write]);
            let pair = source.map_or([254, event.kind as u8], |write| {
                [write.thread.wrapping_add(1) as u8, write.number as u8]
            });
            of_threads[event.thread].push(event.kind as u8);
            of_threads[event.thread].extend(pair);
        }
        for of_thread in of_threads {
            into.push(255);
            into.extend(of_thread);
        }
    }
}

/// Makes a relation, given as predecessors, transitive.
fn close(earlier: &mut [Set]) {
    for middle in 0..earlier.len() {
        let through = earlier[middle];
        for set in earlier.iter_mut() {
            if *set & bit(middle) != 0 {
                *set |= through;
            }
        }
    }
}
