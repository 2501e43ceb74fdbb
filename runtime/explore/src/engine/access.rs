//! New reads and writes: what they may see, and where they may stand.

use super::*;

impl Engine {
    pub(super) fn read(&mut self, event: Event, id: Id) {
        let (task, location) = (event.task, event.location);
        let initial = self.locations[location as usize].initial;
        let top = self.graph.modifications(location).len();
        let lowest = if self.only_awaited(location) { top } else { self.lowest(task, location) };
        if self.mode != Mode::Exhaustive {
            return self.read_any(event, id, lowest);
        }
        self.read_older(event, id, lowest..top);
        let mut event = event;
        let from = self.graph.at_rank(location, top);
        event.see(from, self.graph.value(from, initial));
        self.graph.events.push(event);
        self.clocks.add(&self.graph, id);
        if event.writes {
            self.revisit(id);
            self.graph.place(location, id, top);
            self.awaken(location);
        }
    }

    /// Whether nobody looks there without waiting: that somebody was woken, and mostly a task's end.
    pub(super) fn only_awaited(&self, location: u32) -> bool {
        let kind = place::kind(self.address(location));
        kind == place::WAITER || kind == place::END && !self.looks_at_ends
    }

    /// The lowest rank that a task's next read of a location may have.
    pub(super) fn lowest(&mut self, task: Task, location: u32) -> usize {
        let next = self.graph.events.len() as Id;
        let lowest = lower(&self.graph, location, self.clocks.before_next(task), next);
        let missed = self.graph.misses.iter().filter(|miss| miss.alone && (miss.task, miss.location) == (task, location));
        missed.fold(lowest, |lowest, miss| lowest.max(self.graph.rank(location, miss.write) + 1))
    }

    /// The graphs in which the event reads one of these writes, which are not the last one.
    pub(super) fn read_older(&mut self, event: Event, id: Id, ranks: std::ops::Range<usize>) {
        let (task, location) = (event.task, event.location);
        let initial = self.locations[location as usize].initial;
        for rank in ranks {
            let mut event = event;
            let from = self.graph.at_rank(location, rank);
            event.see(from, self.graph.value(from, initial));
            if event.blocked {
                // It is not fair to wait for ever when there is something newer to see.
                continue;
            }
            self.clocks.mark(task);
            self.graph.events.push(event);
            self.clocks.add(&self.graph, id);
            if !event.writes {
                if self.is_consistent(id) {
                    self.keep_for_later();
                }
            } else if self.graph.is_held(location, rank) {
                // Two updates cannot both follow one write, but the other may follow this one.
                self.revisit(id);
            } else {
                self.graph.place(location, id, rank);
                if self.is_consistent(id) {
                    self.keep_for_later().fresh = Some(id);
                }
                self.graph.unplace(location, id);
            }
            self.graph.events.pop();
            self.clocks.back(task);
        }
    }

    pub(super) fn write(&mut self, event: Event, id: Id) {
        let location = event.location;
        let top = self.graph.modifications(location).len();
        if self.only_awaited(location) {
            // Who waits for it will see it, and nobody else looks.
            self.direction();
            self.graph.events.push(event);
            self.clocks.add(&self.graph, id);
            self.graph.place(location, id, top);
            return self.awaken(location);
        }
        let lowest = lower(&self.graph, location, self.clocks.before_next(event.task), id);
        self.graph.events.push(event);
        self.clocks.add(&self.graph, id);
        let mut rank = top;
        if self.mode == Mode::Bounded && self.is_fresh() && lowest < top && self.looks_back(&event) {
            let may: Vec<u32> = (lowest..top).filter(|&rank| self.clear_place(&event, id, rank, lowest, top) == rank).map(|rank| (top - rank) as u32).collect();
            self.notes_ways(event.task, may.into_iter(), true);
        }
        if self.mode == Mode::Exhaustive {
            self.revisit(id);
            for rank in lowest..top {
                if self.graph.is_held(location, rank) {
                    continue;
                }
                self.graph.place(location, id, rank);
                if self.is_consistent(id) {
                    self.keep_for_later();
                }
                self.graph.unplace(location, id);
            }
        } else if let Some(back) = self.direction() {
            rank = top.saturating_sub(back as usize);
            if self.lenient && rank < top {
                rank = self.clear_place(&event, id, rank, lowest, top);
            }
        } else if self.mode != Mode::Bounded && lowest < top && self.draw.below(4) == 0 {
            let wished = lowest + self.draw.below(top - lowest);
            rank = self.clear_place(&event, id, wished, lowest, top);
        }
        self.graph.place(location, id, rank);
        if rank < top {
            self.hash_anew();
        }
        self.awaken(location);
    }

    /// This place for a write, if it may stand there; else the last one.
    fn clear_place(&mut self, event: &Event, id: Id, wished: usize, lowest: usize, top: usize) -> usize {
        let location = event.location;
        if wished < lowest || self.graph.is_held(location, wished) {
            return top;
        }
        self.graph.place(location, id, wished);
        let stands = self.is_consistent(id);
        self.graph.unplace(location, id);
        if stands { wished } else { top }
    }
}
