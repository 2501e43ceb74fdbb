//! The bytes: pieces of memory that are never at the same address twice, which of their bytes were written, and which pointers
//! lie in them.

use crate::clocks::Clocks;
use crate::tags::{Right, Tag, Tree};
use std::fmt;

pub type PieceId = u32;

/// Through which tag of which piece a pointer leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Through {
    pub piece: PieceId,
    pub tag: Tag,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pointer {
    pub address: u64,
    pub origin: Option<Through>,
}

impl Pointer {
    pub fn number(address: u64) -> Pointer {
        Pointer { address, origin: None }
    }
    pub fn plus(self, by: u64) -> Pointer {
        Pointer { address: self.address.wrapping_add(by), ..self }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Local,
    Heap,
    Static,
    Constant,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Local => "a variable",
            Kind::Heap => "heap memory",
            Kind::Static => "a static",
            Kind::Constant => "a constant",
        })
    }
}

struct Piece {
    base: u64,
    size: u64,
    kind: Kind,
    there: bool,
    bytes: Vec<u8>,
    written: Vec<bool>,
    /// What was moved away, and not written since: where it went it is still seen of which variant it was.
    moved: Vec<bool>,
    /// By offset, in order.
    pointers: Vec<(u32, Through)>,
    tags: Tree,
}

/// Bytes on their way from one place to another.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Value {
    pub bytes: Vec<u8>,
    pub written: Vec<bool>,
    pub pointers: Vec<(u32, Through)>,
}

impl Value {
    pub fn int(value: u64, size: u64) -> Value {
        let bytes = value.to_le_bytes()[..size as usize].to_vec();
        Value { written: vec![true; bytes.len()], bytes, pointers: Vec::new() }
    }
    pub fn wide(value: u128, size: u64) -> Value {
        let bytes = value.to_le_bytes()[..size as usize].to_vec();
        Value { written: vec![true; bytes.len()], bytes, pointers: Vec::new() }
    }
    pub fn pointer(pointer: Pointer) -> Value {
        let mut value = Value::int(pointer.address, 8);
        value.pointers.extend(pointer.origin.map(|origin| (0, origin)));
        value
    }
    pub fn unwritten(size: u64) -> Value {
        Value { bytes: vec![0; size as usize], written: vec![false; size as usize], pointers: Vec::new() }
    }
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }
    pub fn part(&self, offset: u64, size: u64) -> Value {
        let (from, to) = (offset as usize, (offset + size) as usize);
        let inside = |at: &&(u32, Through)| u64::from(at.0) >= offset && u64::from(at.0) + 8 <= offset + size;
        Value {
            bytes: self.bytes[from..to].to_vec(),
            written: self.written[from..to].to_vec(),
            pointers: self.pointers.iter().filter(inside).map(|(at, origin)| (at - offset as u32, *origin)).collect(),
        }
    }
    pub fn put(&mut self, offset: u64, part: &Value) {
        let (from, to) = (offset as usize, offset as usize + part.bytes.len());
        self.bytes[from..to].copy_from_slice(&part.bytes);
        self.written[from..to].copy_from_slice(&part.written);
        self.pointers.retain(|(at, _)| (*at as usize) < from || (*at as usize) >= to);
        self.pointers.extend(part.pointers.iter().map(|(at, origin)| (at + offset as u32, *origin)));
    }
    pub fn is_written(&self) -> bool {
        self.written.iter().all(|written| *written)
    }
    /// As an unsigned number of up to 16 bytes.
    pub fn bits(&self) -> u128 {
        let mut all = [0; 16];
        all[..self.bytes.len().min(16)].copy_from_slice(&self.bytes[..self.bytes.len().min(16)]);
        u128::from_le_bytes(all)
    }
    pub fn as_pointer(&self) -> Pointer {
        let address = self.part(0, 8).bits() as u64;
        Pointer { address, origin: self.pointers.iter().find(|(at, _)| *at == 0).map(|(_, origin)| *origin) }
    }
    /// The word behind the address of a wide pointer.
    pub fn second_word(&self) -> Option<Value> {
        (self.bytes.len() >= 16).then(|| self.part(8, 8))
    }
}

pub struct Memory {
    pieces: Vec<Piece>,
    next: u64,
    clocks: Clocks,
    /// Atomic accesses race with nothing.
    quiet: bool,
}

type Checked<T> = Result<T, String>;

impl Memory {
    pub fn new() -> Memory {
        Memory { pieces: Vec::new(), next: 0x1_0000, clocks: Clocks::default(), quiet: false }
    }

    pub fn clocks(&mut self) -> &mut Clocks {
        &mut self.clocks
    }

    /// The runtime's own look at a record, whoever may access it.
    pub fn peek(&mut self, at: Pointer, size: u64) -> Checked<Value> {
        let (origin, offset) = self.find(at, size).map_err(|why| format!("has the runtime read {why}"))?;
        Ok(self.bytes_at(origin.piece, offset, size as usize))
    }

    /// The same for a change.
    pub fn poke(&mut self, at: Pointer, value: &Value) -> Checked<()> {
        let (origin, offset) = self.find(at, value.size()).map_err(|why| format!("has the runtime write {why}"))?;
        self.put(origin.piece, offset, value);
        Ok(())
    }

    /// Whether the accesses from now on race with nothing.
    pub fn unobserve(&mut self, quiet: bool) {
        self.quiet = quiet;
    }

    fn race(&mut self, at: Pointer, size: u64, write: bool) -> Checked<()> {
        match !self.quiet && self.clocks.access(at.address, size, write) {
            true if write => Err("what another task may be using at this time".into()),
            true => Err("what another task may be changing at this time".into()),
            false => Ok(()),
        }
    }

    pub fn add(&mut self, size: u64, align: u64, kind: Kind) -> PieceId {
        let align = align.max(16);
        self.next = self.next.next_multiple_of(align);
        let base = self.next;
        // A gap, so that one past the end is nobody's beginning.
        self.next += size + 16;
        let (bytes, written, moved) = (vec![0; size as usize], vec![false; size as usize], vec![false; size as usize]);
        self.pieces.push(Piece { base, size, kind, there: true, bytes, written, moved, pointers: Vec::new(), tags: Tree::default() });
        self.pieces.len() as PieceId - 1
    }

    pub fn owner(&self, piece: PieceId) -> Pointer {
        Pointer { address: self.pieces[piece as usize].base, origin: Some(Through { piece, tag: 0 }) }
    }

    pub fn remove(&mut self, piece: PieceId) {
        let piece = &mut self.pieces[piece as usize];
        piece.there = false;
        (piece.bytes, piece.written, piece.moved, piece.pointers, piece.tags) = Default::default();
    }

    /// Which bytes of which piece an access means.
    fn find(&mut self, at: Pointer, size: u64) -> Checked<(Through, usize)> {
        let origin = match at.origin {
            Some(origin) => origin,
            None => match self.pieces.partition_point(|piece| piece.base <= at.address) {
                0 => return Err("through an address that is none".into()),
                n => Through { piece: n as PieceId - 1, tag: 0 },
            },
        };
        let piece = &self.pieces[origin.piece as usize];
        if !piece.there {
            return Err(format!("{} that is no longer there", piece.kind));
        }
        let offset = at.address.wrapping_sub(piece.base);
        if offset > piece.size || size > piece.size - offset {
            return Err(format!("{size} bytes at {offset} of {}, which has {}", piece.kind, piece.size));
        }
        Ok((origin, offset as usize))
    }

    fn access(&mut self, at: Pointer, size: u64, write: bool) -> Checked<(PieceId, usize)> {
        let (origin, offset) = self.find(at, size)?;
        let piece = &mut self.pieces[origin.piece as usize];
        if write && piece.kind == Kind::Constant {
            return Err("a constant".into());
        }
        piece.tags.access(origin.tag, offset, offset + size as usize, write).map_err(|why| format!("{}: {why}", piece.kind))?;
        Ok((origin.piece, offset))
    }

    pub fn read(&mut self, at: Pointer, size: u64) -> Checked<Value> {
        if size == 0 {
            return Ok(Value::default());
        }
        let (piece, offset) = self.access(at, size, false).map_err(|why| format!("reads {why}"))?;
        self.race(at, size, false).map_err(|why| format!("reads {why}"))?;
        Ok(self.bytes_at(piece, offset, size as usize))
    }

    fn bytes_at(&self, piece: PieceId, offset: usize, size: usize) -> Value {
        let piece = &self.pieces[piece as usize];
        let range = offset..offset + size;
        let first = piece.pointers.partition_point(|(at, _)| (*at as usize) < range.start);
        let inside = piece.pointers[first..].iter().take_while(|(at, _)| (*at as usize) + 8 <= range.end);
        let pointers = inside.map(|(at, origin)| (at - offset as u32, *origin)).collect();
        Value { bytes: piece.bytes[range.clone()].to_vec(), written: piece.written[range].to_vec(), pointers }
    }

    /// The tag of an enum, which may be part of what was moved out of it.
    pub fn read_tag(&mut self, at: Pointer, size: u64) -> Checked<Value> {
        let mut value = self.read(at, size)?;
        let (origin, offset) = self.find(at, size)?;
        let moved = &self.pieces[origin.piece as usize].moved[offset..offset + size as usize];
        value.written.iter_mut().zip(moved).for_each(|(written, moved)| *written |= *moved);
        Ok(value)
    }

    pub fn write(&mut self, at: Pointer, value: &Value) -> Checked<()> {
        if value.bytes.is_empty() {
            return Ok(());
        }
        let (piece, offset) = self.access(at, value.size(), true).map_err(|why| format!("writes {why}"))?;
        self.race(at, value.size(), true).map_err(|why| format!("writes {why}"))?;
        self.put(piece, offset, value);
        Ok(())
    }

    fn put(&mut self, piece: PieceId, offset: usize, value: &Value) {
        let piece = &mut self.pieces[piece as usize];
        let end = offset + value.bytes.len();
        piece.bytes[offset..end].copy_from_slice(&value.bytes);
        piece.written[offset..end].copy_from_slice(&value.written);
        piece.moved[offset..end].fill(false);
        piece.pointers.retain(|(at, _)| (*at as usize) + 8 <= offset || (*at as usize) >= end);
        if !value.pointers.is_empty() {
            piece.pointers.extend(value.pointers.iter().map(|(at, origin)| (at + offset as u32, *origin)));
            piece.pointers.sort_unstable_by_key(|(at, _)| *at);
        }
    }

    /// What was moved away is there no more.
    pub fn forget(&mut self, at: Pointer, size: u64) -> Checked<()> {
        if size == 0 {
            return Ok(());
        }
        let (origin, offset) = self.find(at, size)?;
        let piece = &mut self.pieces[origin.piece as usize];
        piece.written[offset..offset + size as usize].fill(false);
        piece.moved[offset..offset + size as usize].fill(true);
        Ok(())
    }

    /// The constants are written once.
    pub fn initialise(&mut self, piece: PieceId, value: &Value) {
        self.put(piece, 0, value);
    }

    /// A field of what is made by the runtime.
    pub fn initialise_at(&mut self, piece: PieceId, offset: u64, value: &Value) {
        self.put(piece, offset as usize, value);
    }

    /// A reference is made through a pointer: it reads, or if it is exclusive from the start writes, what it will lead to.
    pub fn lend(&mut self, at: Pointer, size: u64, right: Right) -> Checked<Pointer> {
        if size == 0 {
            return Ok(at);
        }
        let (origin, _) = self.find(at, size).map_err(|why| format!("lends {why}"))?;
        let write = right == Right::Exclusive;
        self.access(at, size, write).map_err(|why| format!("lends {why}"))?;
        let piece = &mut self.pieces[origin.piece as usize];
        let tag = piece.tags.add(origin.tag, right, piece.size as usize);
        Ok(Pointer { address: at.address, origin: Some(Through { tag, ..origin }) })
    }

    pub fn free(&mut self, at: Pointer) -> Checked<()> {
        let (origin, offset) = self.find(at, 0).map_err(|why| format!("frees {why}"))?;
        let piece = &self.pieces[origin.piece as usize];
        if piece.kind != Kind::Heap || offset != 0 {
            return Err(format!("frees {}", piece.kind));
        }
        let size = piece.size;
        self.access(at, size, true).map_err(|why| format!("frees {why}"))?;
        self.race(at, size, true).map_err(|why| format!("frees {why}"))?;
        self.remove(origin.piece);
        Ok(())
    }

    /// Takes away the tags that no pointer in memory has. `held` are those on their way.
    pub fn sweep(&mut self, held: &[Through]) {
        if !self.pieces.iter().any(|piece| piece.there && piece.tags.is_crowded()) {
            return;
        }
        let mut used: std::collections::HashSet<(PieceId, Tag)> = held.iter().map(|origin| (origin.piece, origin.tag)).collect();
        for piece in &self.pieces {
            used.extend(piece.pointers.iter().map(|(_, origin)| (origin.piece, origin.tag)));
        }
        for (id, piece) in self.pieces.iter_mut().enumerate().filter(|(_, piece)| piece.there) {
            piece.tags.sweep(&|tag| used.contains(&(id as PieceId, tag)));
        }
    }
}
