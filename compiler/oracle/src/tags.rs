//! Who may access a byte. Every reference that is made has a tag of its own, below the tag through which it was made: a tree for
//! each piece of memory. An access through a tag is one by all tags above it, and a foreign one to all others: a foreign write
//! takes a tag's right away, a foreign read leaves an exclusive one only the right to read.

/// A node of the tree of one piece of memory. 0 is whoever owns the memory.
pub type Tag = u32;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Right {
    /// Exclusive, but nothing was written yet: others may still read.
    Reserved,
    Exclusive,
    Shared,
    Gone,
}

#[derive(Clone, Debug)]
struct Node {
    parent: Tag,
    rights: Vec<Right>,
    /// The access that last found it above itself.
    seen: u64,
    children: u32,
    there: bool,
}

#[derive(Clone, Default, Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    live: Vec<Tag>,
    free: Vec<Tag>,
    accesses: u64,
    /// Tags at the last time when those that nobody holds were taken away.
    swept: usize,
}

impl Tree {
    /// A new tag below another one.
    pub fn add(&mut self, parent: Tag, right: Right, size: usize) -> Tag {
        if self.nodes.is_empty() {
            self.nodes.push(Node { parent: 0, rights: Vec::new(), seen: 0, children: 0, there: true });
        }
        self.nodes[parent as usize].children += 1;
        let node = Node { parent, rights: vec![right; size], seen: 0, children: 0, there: true };
        let tag = match self.free.pop() {
            Some(tag) => {
                self.nodes[tag as usize] = node;
                tag
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() as Tag - 1
            }
        };
        self.live.push(tag);
        tag
    }

    /// Accesses some bytes through a tag. The error says why it may not.
    pub fn access(&mut self, tag: Tag, from: usize, to: usize, write: bool) -> Result<(), &'static str> {
        if self.live.is_empty() {
            return Ok(());
        }
        self.accesses += 1;
        let mut at = tag;
        while at != 0 {
            let node = &mut self.nodes[at as usize];
            node.seen = self.accesses;
            at = node.parent;
        }
        let mut wrong = None;
        for &tag in &self.live {
            let node = &mut self.nodes[tag as usize];
            let own = node.seen == self.accesses;
            for right in &mut node.rights[from..to] {
                *right = match (own, write, *right) {
                    (true, _, Right::Gone) => {
                        wrong = Some("the reference was invalidated by another access to what it points to");
                        break;
                    }
                    (true, true, Right::Shared) => {
                        wrong = Some("the reference may only read: another access ended its right to write, or it never had one");
                        break;
                    }
                    (true, true, _) => Right::Exclusive,
                    (true, false, right) => right,
                    (false, true, _) => Right::Gone,
                    (false, false, Right::Exclusive) => Right::Shared,
                    (false, false, right) => right,
                };
            }
        }
        wrong.map_or(Ok(()), Err)
    }

    pub fn is_crowded(&self) -> bool {
        self.live.len() > 48 + 2 * self.swept
    }

    /// Takes away the leaves that nobody holds.
    pub fn sweep(&mut self, held: &dyn Fn(Tag) -> bool) {
        loop {
            let before = self.live.len();
            let nodes = &mut self.nodes;
            let free = &mut self.free;
            self.live.retain(|&tag| {
                if nodes[tag as usize].children > 0 || held(tag) {
                    return true;
                }
                nodes[tag as usize].there = false;
                nodes[tag as usize].rights = Vec::new();
                let parent = nodes[tag as usize].parent;
                nodes[parent as usize].children -= 1;
                free.push(tag);
                false
            });
            if self.live.len() == before {
                break;
            }
        }
        self.swept = self.live.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_exclusive_reference_ends_the_first() {
        let mut tree = Tree::default();
        let first = tree.add(0, Right::Exclusive, 8);
        let second = tree.add(0, Right::Exclusive, 8);
        assert!(tree.access(second, 0, 8, true).is_ok());
        assert!(tree.access(first, 0, 8, false).is_err());
        assert!(tree.access(second, 0, 8, false).is_ok());
    }

    #[test]
    fn what_is_lent_on_ends_when_the_lender_writes() {
        let mut tree = Tree::default();
        let outer = tree.add(0, Right::Exclusive, 8);
        let inner = tree.add(outer, Right::Exclusive, 8);
        assert!(tree.access(inner, 0, 8, true).is_ok());
        assert!(tree.access(outer, 0, 8, true).is_ok());
        assert!(tree.access(inner, 0, 8, true).is_err());
    }

    #[test]
    fn shared_references_share() {
        let mut tree = Tree::default();
        let one = tree.add(0, Right::Shared, 8);
        let two = tree.add(0, Right::Shared, 8);
        assert!(tree.access(one, 0, 8, false).is_ok() && tree.access(two, 0, 8, false).is_ok() && tree.access(0, 0, 8, false).is_ok());
        assert!(tree.access(0, 0, 4, true).is_ok());
        assert!(tree.access(one, 0, 4, false).is_err() && tree.access(two, 4, 8, false).is_ok());
    }

    #[test]
    fn tags_that_nobody_holds_are_taken_away() {
        let mut tree = Tree::default();
        let kept = tree.add(0, Right::Exclusive, 1);
        let inner = tree.add(kept, Right::Shared, 1);
        let leaf = tree.add(inner, Right::Shared, 1);
        tree.sweep(&|tag| tag == kept);
        assert_eq!((tree.live.as_slice(), tree.free.len()), (&[kept][..], 2));
        assert!(tree.add(kept, Right::Shared, 1) == leaf || tree.free.len() == 1);
    }
}
