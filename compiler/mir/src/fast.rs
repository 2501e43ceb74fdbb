//! Hash maps with a short hash, and sets of small numbers as bits.

use std::rc::Rc;

pub use diag::fast::{FastMap, FastSet};

/// A set of numbers below a bound.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BitSet {
    words: Vec<u64>,
}

impl BitSet {
    pub fn new(bound: usize) -> BitSet {
        BitSet { words: vec![0; bound.div_ceil(64)] }
    }
    pub fn full(bound: usize) -> BitSet {
        let mut all = BitSet { words: vec![u64::MAX; bound.div_ceil(64)] };
        if let (Some(last), true) = (all.words.last_mut(), !bound.is_multiple_of(64)) {
            *last = (1 << (bound % 64)) - 1;
        }
        all
    }
    pub fn contains(&self, n: usize) -> bool {
        self.words[n / 64] >> (n % 64) & 1 != 0
    }
    /// Whether it was new.
    pub fn insert(&mut self, n: usize) -> bool {
        let word = &mut self.words[n / 64];
        let old = *word;
        *word |= 1 << (n % 64);
        *word != old
    }
    pub fn remove(&mut self, n: usize) {
        self.words[n / 64] &= !(1 << (n % 64));
    }
    pub fn set(&mut self, n: usize, present: bool) {
        if present {
            self.insert(n);
        } else {
            self.remove(n);
        }
    }
    /// Adds all of `other`; whether anything was new.
    pub fn unite(&mut self, other: &BitSet) -> bool {
        let mut changed = 0;
        for (mine, &theirs) in self.words.iter_mut().zip(&other.words) {
            changed |= theirs & !*mine;
            *mine |= theirs;
        }
        changed != 0
    }
    /// Keeps what is also in `other`; whether anything went.
    pub fn intersect(&mut self, other: &BitSet) -> bool {
        let mut changed = 0;
        for (mine, &theirs) in self.words.iter_mut().zip(&other.words) {
            changed |= *mine & !theirs;
            *mine &= theirs;
        }
        changed != 0
    }
    pub fn subtract(&mut self, other: &BitSet) {
        for (mine, &theirs) in self.words.iter_mut().zip(&other.words) {
            *mine &= !theirs;
        }
    }
    pub fn clear(&mut self) {
        self.words.fill(0);
    }
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }
    pub fn copy_from(&mut self, other: &BitSet) {
        self.words.copy_from_slice(&other.words);
    }
    pub fn first(&self) -> Option<usize> {
        let word = self.words.iter().position(|&word| word != 0)?;
        Some(word * 64 + self.words[word].trailing_zeros() as usize)
    }
    /// In rising order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(i, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                Some(i * 64 + bit)
            })
        })
    }
}

/// How many numbers a piece of `SharedBits` tells of.
const PIECE: usize = 512;

/// A set of numbers below a bound in pieces that copies share until they differ: a copy costs a word a piece, and so does
/// uniting sets that came from one and differ in few places.
#[derive(Clone, Debug)]
pub struct SharedBits {
    /// Most bodies need no other: a copy of it is no allocation.
    first: Piece,
    others: Vec<Piece>,
}

type Piece = Rc<[u64; PIECE / 64]>;

impl SharedBits {
    pub fn new(bound: usize) -> SharedBits {
        SharedBits::made_of(0, bound)
    }
    /// All numbers below the bound; those above it are never asked for.
    pub fn full(bound: usize) -> SharedBits {
        SharedBits::made_of(u64::MAX, bound)
    }
    fn made_of(word: u64, bound: usize) -> SharedBits {
        let first = Rc::new([word; PIECE / 64]);
        SharedBits { others: vec![first.clone(); bound.div_ceil(PIECE).saturating_sub(1)], first }
    }
    pub fn pieces(&self) -> usize {
        1 + self.others.len()
    }
    fn piece(&mut self, n: usize) -> &mut [u64; PIECE / 64] {
        Rc::make_mut(match (n / PIECE).checked_sub(1) {
            None => &mut self.first,
            Some(index) => &mut self.others[index],
        })
    }
    pub fn contains(&self, n: usize) -> bool {
        let piece = match (n / PIECE).checked_sub(1) {
            None => &self.first,
            Some(index) => &self.others[index],
        };
        piece[n % PIECE / 64] >> (n % 64) & 1 != 0
    }
    pub fn insert(&mut self, n: usize) {
        if !self.contains(n) {
            self.piece(n)[n % PIECE / 64] |= 1 << (n % 64);
        }
    }
    pub fn remove(&mut self, n: usize) {
        if self.contains(n) {
            self.piece(n)[n % PIECE / 64] &= !(1 << (n % 64));
        }
    }
    /// Adds all of `other`; whether anything was new.
    pub fn unite(&mut self, other: &SharedBits) -> bool {
        let mut changed = false;
        for (mine, theirs) in std::iter::once(&mut self.first).chain(&mut self.others).zip(std::iter::once(&other.first).chain(&other.others)) {
            if Rc::ptr_eq(mine, theirs) || mine.iter().zip(theirs.iter()).all(|(mine, theirs)| theirs & !mine == 0) {
                continue;
            }
            changed = true;
            Rc::make_mut(mine).iter_mut().zip(theirs.iter()).for_each(|(mine, theirs)| *mine |= theirs);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_back_in_order() {
        let mut set = BitSet::new(130);
        for n in [129, 0, 64, 63] {
            assert!(set.insert(n));
        }
        assert!(!set.insert(64));
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 63, 64, 129]);
        set.remove(63);
        assert_eq!(set.count(), 3);
        assert_eq!(BitSet::full(130).count(), 130);
        assert_eq!(BitSet::full(64).count(), 64);
    }
    #[test]
    fn copies_share_until_they_differ() {
        let mut one = SharedBits::new(2000);
        one.insert(7);
        let mut other = one.clone();
        other.insert(1999);
        other.remove(7);
        assert!(one.contains(7) && !one.contains(1999) && other.contains(1999) && !other.contains(7));
        assert!(other.unite(&one) && !other.unite(&one));
        assert!(other.contains(7) && other.contains(1999));
        let mut all = SharedBits::full(2000);
        assert!(all.contains(1999) && !all.unite(&other));
        all.remove(1999);
        assert!(all.unite(&other));
    }
}
