//! Only the executions that need no more than so many preemptions.

use super::*;
use crate::preemptions::{Nature, Preemptions, Waiting};

/// How far, and what is known of the program for that. There is something new when the exploration begins again.
#[derive(Default)]
pub(super) struct Bound {
    most: u32,
    /// Who has had to wait for which address, and whether by looking.
    waits: Vec<(Task, u64, bool)>,
    preemptions: Preemptions,
}

impl Engine {
    /// Asks of every execution whether it needs no more than so many preemptions.
    pub fn at_most(preemptions: u32) -> Engine {
        let mut engine = Engine::new(Mode::Exhaustive);
        engine.bound = Some(Bound { most: preemptions, ..Bound::default() });
        engine
    }

    /// From the beginning of an exploration on.
    pub(crate) fn bind(&mut self, known: &Known, most: Option<u32>) {
        self.bound = most.map(|most| Bound { most, waits: known.waits.clone(), ..Bound::default() });
    }

    pub(super) fn tell_bound(&self, known: &mut Known) {
        if let Some(bound) = &self.bound {
            known.waits.clone_from(&bound.waits);
        }
    }

    /// Whether what has happened needs no more than so many preemptions.
    pub fn needs_at_most(&self, most: u32) -> bool {
        Preemptions::default().are_enough(&self.graph, &|event| self.nature(event), most)
    }

    /// Whether what has happened is within the bound.
    pub fn is_within(&mut self) -> bool {
        let Some(mut preemptions) = self.bound.as_mut().map(|bound| std::mem::take(&mut bound.preemptions)) else { return true };
        let most = self.bound.as_ref().map_or(0, |bound| bound.most);
        let within = preemptions.are_enough(&self.graph, &|event| self.nature(event), most);
        self.bound.as_mut().expect("there is one").preemptions = preemptions;
        within
    }

    fn nature(&self, event: &Event) -> Nature {
        let waits = match event.kind {
            Kind::Await(_) => Waiting::ForWrite,
            _ if !event.accesses() => Waiting::Never,
            _ => {
                let address = self.address(event.location);
                let bound = self.bound.iter().flat_map(|bound| &bound.waits);
                let wait = bound.filter(|wait| (wait.0, wait.1) == (event.task, address)).map(|wait| wait.2).max();
                wait.map_or(Waiting::Never, |by_looking| if by_looking { Waiting::Perhaps } else { Waiting::ForWrite })
            }
        };
        Nature { waits, weak: self.is_weak(event) }
    }

    /// Steps of the library are none: each sees the last one, but for those that only look.
    fn is_weak(&self, event: &Event) -> bool {
        if !event.accesses() {
            return matches!(event.kind, Kind::Fence(_));
        }
        let looks = matches!(event.kind, Kind::Read(_) | Kind::Compare(..));
        let is_memory = place::kind(self.address(event.location)) == 0;
        !event.is_sequential() && !matches!(event.kind, Kind::Await(_)) && (is_memory || looks)
    }

    /// A task has to wait until a location changes.
    pub(super) fn notes_wait(&mut self, task: Task, location: u32, by_looking: bool) {
        let address = self.address(location);
        if let Some(bound) = &mut self.bound
            && place::kind(address) != place::END
            && !bound.waits.contains(&(task, address, by_looking))
        {
            bound.waits.push((task, address, by_looking));
            self.begins_again = true;
        }
    }

    /// Who goes on, if that is to be whoever made the last step.
    pub(super) fn goes_on(&self) -> Option<Task> {
        self.bound.as_ref()?;
        let last = self.graph.events.last()?.task;
        self.tasks[last as usize].is_ready().then_some(last)
    }
}
