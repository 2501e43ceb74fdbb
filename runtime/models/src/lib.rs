//! The runtime's protocols between threads as models for loom, which tries every order of their steps and every value that a load may
//! see. Each model is the protocol of one file with everything else left out; the orderings are those of the file, which it
//! names. What loom cannot tell is said at its place: it takes `SeqCst` accesses for `AcqRel` ones, so where a protocol
//! relies on their total order the model has the fences that such accesses are on the machines we know.

#[cfg(test)]
mod counting;
#[cfg(test)]
mod ends;
#[cfg(test)]
mod idle;
#[cfg(test)]
mod lock;
#[cfg(test)]
mod parking;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod waiters;
