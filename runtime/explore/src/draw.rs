//! Who goes on in a run that is drawn: PCT's priorities, or anybody at each step.

use crate::graph::Task;

/// What is drawn in one run after the other.
pub(crate) struct Draw {
    random: u64,
    priorities: Vec<u64>,
    /// Priorities fall at these steps.
    changes: Vec<usize>,
    /// Lower than any priority.
    bottom: u64,
    /// Steps of the longest run so far.
    longest: usize,
    /// Nobody has a priority.
    anybody: bool,
}

/// Priorities that have not fallen are higher.
const HIGH: u64 = 1 << 30;

impl Draw {
    pub fn new() -> Draw {
        Draw { random: 0, priorities: Vec::new(), changes: Vec::new(), bottom: 0, longest: 64, anybody: false }
    }

    /// The run of this number, behind one of so many steps. The priorities fall so many times but one; 0: anybody goes on.
    pub fn begin(&mut self, seed: u64, run: u64, depth: u32, before: usize) {
        self.longest = self.longest.max(before);
        self.random = seed.wrapping_add(run).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        self.priorities.clear();
        self.bottom = HIGH / 2;
        self.anybody = depth == 0;
        self.changes.clear();
        for _ in 1..depth {
            let at = self.below(self.longest);
            self.changes.push(at);
        }
    }

    /// A number below this one.
    pub fn below(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        // The upper half, spread over what is asked for.
        let high = self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        (high * below as u64 >> 32) as usize
    }

    /// Who of so many goes on, one of whom is ready; `now` counts the steps so far.
    #[inline]
    pub fn first(&mut self, tasks: usize, now: usize, ready: impl Fn(usize) -> bool) -> Task {
        if self.anybody {
            let count = (0..tasks).filter(|&task| ready(task)).count();
            let which = self.below(count);
            return (0..tasks).filter(|&task| ready(task)).nth(which).expect("so many are ready") as Task;
        }
        while self.priorities.len() < tasks {
            let priority = self.below(HIGH as usize) as u64 + HIGH;
            self.priorities.push(priority);
        }
        loop {
            let (mut first, mut highest) = (0, 0);
            for (task, &priority) in self.priorities[..tasks].iter().enumerate() {
                if priority >= highest && ready(task) {
                    (first, highest) = (task, priority);
                }
            }
            let Some(at) = self.changes.iter().position(|&change| change <= now) else { return first as Task };
            // The later the change, the lower.
            self.priorities[first] = self.changes.len() as u64;
            self.changes.swap_remove(at);
        }
    }

    /// The task looks and looks and sees nothing new: the others first.
    pub fn lose_priority(&mut self, task: Task) {
        self.bottom -= 1;
        if let Some(priority) = self.priorities.get_mut(task as usize) {
            *priority = self.bottom;
        }
    }
}
