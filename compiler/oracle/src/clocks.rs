//! Which accesses of tasks come one after the other. Each task has a vector clock; what spawns, ends and atomics order, they
//! carry on. Two accesses to a byte of which one writes and neither comes before the other are a race, in whatever order they
//! happened to be made. Nothing is watched before the first task is spawned.

use mir::FastMap;

type Clock = Vec<u32>;

#[derive(Clone, Copy)]
struct Access {
    /// Which of eight bytes.
    bytes: u8,
    task: usize,
    time: u32,
    write: bool,
}

#[derive(Default)]
pub struct Clocks {
    on: bool,
    running: usize,
    tasks: Vec<Clock>,
    /// What whoever reads an atomic has behind it, by address.
    cells: FastMap<u64, Clock>,
    /// By address divided by eight.
    accesses: FastMap<u64, Vec<Access>>,
}

fn unite(into: &mut Clock, from: &[u32]) {
    if into.len() < from.len() {
        into.resize(from.len(), 0);
    }
    into.iter_mut().zip(from).for_each(|(into, from)| *into = (*into).max(*from));
}

impl Clocks {
    /// From now on there are tasks.
    pub fn begin(&mut self) {
        if !self.on {
            self.on = true;
            self.tasks = vec![vec![1]];
        }
    }

    /// A task that begins with what the running one has behind it.
    pub fn spawned(&mut self) -> usize {
        let number = self.tasks.len();
        let mut clock = self.tasks[self.running].clone();
        clock.resize(number + 1, 0);
        clock[number] = 1;
        self.tasks.push(clock);
        self.tick();
        number
    }

    fn tick(&mut self) {
        self.tasks[self.running][self.running] += 1;
    }

    pub fn running(&self) -> usize {
        self.running
    }

    /// Another task runs; which did before.
    pub fn switch(&mut self, to: usize) -> usize {
        std::mem::replace(&mut self.running, to)
    }

    pub fn acquire(&mut self, address: u64) {
        if let Some(cell) = self.cells.get(&address).filter(|_| self.on) {
            unite(&mut self.tasks[self.running], cell);
        }
    }

    pub fn release(&mut self, address: u64) {
        if self.on {
            unite(self.cells.entry(address).or_default(), &self.tasks[self.running]);
            self.tick();
        }
    }

    /// A plain or relaxed value stands there now: nothing is handed on by it.
    pub fn overwrite(&mut self, address: u64) {
        self.cells.remove(&address);
    }

    /// Everybody is told of everything, as by a fence of all threads. Finds less, and nothing that is none.
    pub fn fence(&mut self) {
        if self.on {
            let all = self.tasks.clone();
            all.iter().for_each(|clock| unite(&mut self.tasks[self.running], clock));
            let own = self.tasks[self.running].clone();
            self.tasks.iter_mut().for_each(|clock| unite(clock, &own));
            self.tick();
        }
    }

    /// Whether another task's access is neither before this one nor made known to it.
    pub fn access(&mut self, address: u64, size: u64, write: bool) -> bool {
        if !self.on {
            return false;
        }
        let (task, clock) = (self.running, &self.tasks[self.running]);
        let time = clock[task];
        let end = address + size;
        let mut race = false;
        for granule in address / 8..end.div_ceil(8) {
            let (from, to) = (address.max(granule * 8) - granule * 8, end.min(granule * 8 + 8) - granule * 8);
            let bytes = (((1u16 << to) - 1) & !((1u16 << from) - 1)) as u8;
            let known = self.accesses.entry(granule).or_default();
            let before = |access: &Access| clock.get(access.task).is_some_and(|seen| *seen >= access.time);
            race |= known.iter().any(|access| access.bytes & bytes != 0 && (access.write || write) && access.task != task && !before(access));
            // What lies before this one and is covered by it says nothing more.
            known.retain(|access| access.bytes & !bytes != 0 || !write && access.write || access.task != task && !(write && before(access)));
            known.push(Access { bytes, task, time, write });
        }
        race
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> (Clocks, usize) {
        let mut clocks = Clocks::default();
        clocks.begin();
        let task = clocks.spawned();
        (clocks, task)
    }

    #[test]
    fn what_nothing_orders_is_a_race() {
        let (mut clocks, task) = two();
        assert!(!clocks.access(64, 8, true));
        clocks.switch(task);
        assert!(clocks.access(64, 1, false) && !clocks.access(72, 8, true));
        clocks.switch(0);
        assert!(clocks.access(72, 8, false) && !clocks.access(80, 8, false));
        clocks.switch(task);
        assert!(!clocks.access(80, 8, false) && clocks.access(80, 8, true));
    }

    #[test]
    fn spawns_and_atomics_order() {
        let mut clocks = Clocks::default();
        clocks.begin();
        assert!(!clocks.access(64, 8, true));
        let task = clocks.spawned();
        let own = clocks.switch(task);
        assert!(!clocks.access(64, 8, true));
        clocks.release(128);
        clocks.switch(own);
        clocks.acquire(128);
        assert!(!clocks.access(64, 8, true));
    }

    #[test]
    fn bytes_side_by_side_are_no_race() {
        let (mut clocks, task) = two();
        assert!(!clocks.access(64, 1, true));
        clocks.switch(task);
        assert!(!clocks.access(65, 7, true) && clocks.access(63, 2, true));
    }
}
