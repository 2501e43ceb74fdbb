//! What a later write means for earlier reads.

use super::*;

impl Engine {
    /// The event writes, and was added last: earlier reads may read it instead.
    pub(super) fn revisit(&mut self, write: Id) {
        if self.mode != Mode::Exhaustive {
            return;
        }
        let event = *self.graph.event(write);
        if !event.writes {
            return;
        }
        let location = event.location;
        let initial = self.locations[location as usize].initial;
        let mut buffer = std::mem::take(&mut self.behind);
        buffer.clear();
        buffer.extend_from_slice(self.clocks.from(write).0);
        let behind = Clock(&buffer);
        // Found when it is first asked for: what is newer than a read goes with it.
        let mut fixed = None;
        for read in 0..self.graph.events.len() as Id {
            let other = self.graph.event(read);
            if other.location != location || read == write || !other.reads() || behind.knows(other) {
                continue;
            }
            let old = *other;
            let mut new = old;
            new.see(write, event.written);
            if new.blocked {
                continue;
            }
            let fixed = *fixed.get_or_insert_with(|| self.newest_fixed(write, behind));
            if old.stamp <= fixed {
                continue;
            }
            // In an order in which they can happen.
            let mut kept = std::mem::take(&mut self.kept);
            let all = || (0..self.graph.events.len() as Id).filter(|&id| id != read && id != write);
            let is_older = |id: &Id| self.graph.event(*id).stamp < old.stamp;
            kept.clear();
            kept.extend(all().filter(is_older));
            kept.extend(all().filter(|id| !is_older(id) && behind.knows(self.graph.event(*id))));
            kept.extend([write, read]);
            let (mut graph, renamed) = self.graph.keep(self.spare.pop().unwrap_or_default(), &kept);
            self.kept = kept;
            graph.misses.retain(|miss| miss.stamp < old.stamp);
            let (read, write_here) = (renamed[read as usize], renamed[write as usize]);
            graph.unplace(location, write_here);
            graph.unplace(location, read);
            // Until it has its place, it reads nothing.
            graph.events[read as usize].writes = false;
            graph.events[read as usize].from = INITIAL;
            let top = graph.modifications(location).len();
            let lowest_of_read = lower(&graph, location, self.before_first(&old), read);
            let lowest_of_write = lower(&graph, location, self.clocks.before(write), write_here);
            let source = graph.event(write_here).from;
            let ranks = if event.is_update() {
                let rank = graph.rank(location, source);
                rank..rank + 1
            } else {
                lowest_of_write..top + 1
            };
            for rank in ranks {
                if rank < lowest_of_read || old.blocked && rank == top || graph.is_held(location, rank) {
                    continue;
                }
                let mut copy = self.spare.pop().unwrap_or_default();
                copy.copy(&graph);
                let mut graph = copy;
                graph.place(location, write_here, rank);
                graph.turned = Some(read);
                let event = &mut graph.events[read as usize];
                event.see(write_here, self.graph.event(write).written);
                if event.writes {
                    graph.place(location, read, rank + 1);
                    graph.fresh = Some(read);
                }
                settle(&mut graph, location, initial);
                let sequential = graph.events.iter().filter(|event| event.is_sequential()).count();
                if sequential >= 2 {
                    self.other_clocks.all(&graph);
                }
                if sequential < 2 || self.order.exists(&graph, &self.other_clocks, &[read, write_here]) {
                    self.pending.push(graph);
                } else {
                    self.spare.push(graph);
                }
            }
            self.spare.push(graph);
        }
        self.behind = buffer;
    }

    /// What happens before an event without what it learns itself.
    fn before_first(&self, event: &Event) -> Clock<'_> {
        let previous = |kind: &dyn Fn(&Event) -> bool| self.graph.events.iter().position(kind);
        previous(&|other| other.task == event.task && other.index + 1 == event.index)
            .or_else(|| previous(&|other| event.index == 1 && other.kind == Kind::Spawn(event.task)))
            .map_or(Clock(&[]), |id| self.clocks.before(id as Id))
    }

    /// When the newest was added, of all that the write does not follow, that was not added in the one way that every graph has:
    /// reads that are not newer cannot be taken back.
    fn newest_fixed(&mut self, write: Id, behind: Clock) -> u32 {
        self.first_reads.clear();
        self.first_reads.resize(self.graph.events.len(), u32::MAX);
        for (id, reader) in self.graph.events.iter().enumerate() {
            if reader.from != INITIAL && id as Id != write {
                let first = &mut self.first_reads[reader.from as usize];
                *first = (*first).min(if behind.knows(reader) { 0 } else { reader.stamp });
            }
        }
        let mut newest = 0;
        // The newest stand last, mostly.
        for (id, event) in self.graph.events.iter().enumerate().rev() {
            if event.stamp > newest && id as Id != write && !behind.knows(event) && !self.is_maximal(id as Id, write, behind) {
                newest = event.stamp;
            }
        }
        for miss in &self.graph.misses {
            if !miss.settled && miss.stamp > newest && !self.is_last(miss, write, behind) {
                newest = miss.stamp;
            }
        }
        newest
    }

    /// Whether what a task missed was the last there was.
    fn is_last(&self, miss: &Miss, write: Id, behind: Clock) -> bool {
        let previous = |other: Id| other != write && (self.graph.event(other).stamp <= miss.stamp || behind.knows(self.graph.event(other)));
        let last = self.graph.modifications(miss.location).iter().rev().copied().find(|&other| previous(other));
        last.unwrap_or(INITIAL) == miss.write
    }

    /// `first_reads` is of this write.
    fn is_maximal(&self, id: Id, write: Id, behind: Clock) -> bool {
        let event = self.graph.event(id);
        if let Kind::Choice(_, which) = event.kind {
            return which == 0;
        }
        if !event.accesses() {
            return true;
        }
        let previous = |other: Id| other != write && (self.graph.event(other).stamp <= event.stamp || behind.knows(self.graph.event(other)));
        if event.writes && self.first_reads[id as usize] <= event.stamp {
            return false;
        }
        if self.graph.misses.iter().any(|miss| miss.write == id && miss.stamp <= event.stamp) {
            return false;
        }
        let mut last = self.graph.modifications(event.location).iter().rev().copied().filter(|&other| previous(other));
        if event.writes && last.next() != Some(id) {
            return false;
        }
        !event.reads() || (event.from == INITIAL || previous(event.from)) && last.next().unwrap_or(INITIAL) == event.from
    }
}
