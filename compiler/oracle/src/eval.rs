//! Walks the graphs: frames, statements, terminators.

use crate::memory::{Kind, Memory, PieceId, Pointer, Value};
use crate::place::Spot;
use crate::tags::Right;
use crate::tasks::Tasks;
use crate::{Outcome, Violation};
use hir::TypedProgram;
use hir::ids::FnId;
use hir::ty::{Mutable, Ty, TyKind};
use mir::FastMap;
use mir::body::*;
use mir::layout::{Layouts, Shape};
use mir::types::Types;
use std::sync::Arc;

/// Why a run ends before its time.
pub enum Stop {
    Violation(Violation),
    Unsupported(String),
    Endless,
    /// The program ended itself.
    Exit,
}

pub type Step<T> = Result<T, Stop>;

/// What a step that may raise gives.
pub enum Raises<T> {
    Value(T),
    Raised,
}

struct Frame {
    instance: InstanceId,
    locals: Vec<Option<PieceId>>,
    storage: Arc<[Storage]>,
    source: SourceId,
    /// Not the library's: its exclusive references are exclusive from the start.
    own: bool,
    /// Of what tasks are made of: records that fibers, scopes and the runtime share, through whatever pointer is at hand.
    of_tasks: bool,
}

/// When a local gets its memory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Storage {
    /// Where the graph says so.
    Marked,
    /// With the call: the graph says only where it ends.
    Called,
    /// When it is first used.
    Used,
}

pub struct Machine<'a> {
    pub typed: &'a TypedProgram,
    pub program: &'a MonoProgram,
    pub memory: Memory,
    pub constants: FastMap<Vec<u8>, PieceId>,
    pub tasks: Tasks,
    /// The library's function that runs a task, once one was spawned.
    pub task_main: Option<InstanceId>,
    /// References made outside of the library.
    pub borrows: u64,
    types: Types<'a>,
    statics: FastMap<FnId, PieceId>,
    cells: FastMap<Ty, bool>,
    storage: FastMap<InstanceId, Arc<[Storage]>>,
    frames: Vec<Frame>,
    steps: u64,
}

/// Calls nested deeper than this are taken for endless.
const FRAMES_MAX: usize = 2000;
/// Where the addresses of functions begin: no piece of memory lies there.
const FUNCTIONS: u64 = 1 << 48;
const SWEEP_EVERY: u64 = 64;

impl<'a> Machine<'a> {
    pub fn new(typed: &'a TypedProgram, program: &'a MonoProgram, seed: u64, steps: u64) -> Machine<'a> {
        Machine {
            typed,
            program,
            memory: Memory::new(),
            constants: FastMap::default(),
            tasks: Tasks::new(seed),
            task_main: None,
            borrows: 0,
            types: Types::new(typed, FnId(0)),
            statics: FastMap::default(),
            cells: FastMap::default(),
            storage: FastMap::default(),
            frames: Vec::new(),
            steps,
        }
    }

    pub fn run(&mut self, root: InstanceId, args: &[i64]) -> Outcome {
        let args = args.iter().map(|arg| Value::int(*arg as u64, 8)).collect();
        let done = self.initialise_statics().and_then(|()| self.call(root, args)).and_then(|done| self.run_detached().map(|()| done));
        match done {
            Ok(Raises::Value(_)) | Err(Stop::Exit) => Outcome::Clean,
            Ok(Raises::Raised) => Outcome::Panicked,
            Err(Stop::Violation(violation)) => Outcome::Violation(violation),
            Err(Stop::Unsupported(what)) => Outcome::Unsupported(what),
            Err(Stop::Endless) => Outcome::Endless,
        }
    }

    fn initialise_statics(&mut self) -> Step<()> {
        for item in &self.program.statics {
            let layout = self.layouts().of(item.ty);
            let piece = self.memory.add(layout.size, layout.align, Kind::Static);
            self.statics.insert(item.id, piece);
        }
        for item in &self.program.statics {
            if let Raises::Value(value) = self.call(item.init, Vec::new())? {
                let piece = self.statics[&item.id];
                self.memory.initialise(piece, &value);
            }
        }
        Ok(())
    }

    pub fn layouts(&self) -> &'a Layouts {
        &self.program.layouts
    }

    pub fn show(&self, ty: Ty) -> String {
        self.typed.program().show(ty)
    }

    pub fn function_address(&self, id: InstanceId) -> u64 {
        FUNCTIONS + u64::from(id.0) * 16
    }

    pub fn function_at(&self, address: u64) -> Step<InstanceId> {
        let number = address.wrapping_sub(FUNCTIONS) / 16;
        match address >= FUNCTIONS && number < self.program.instances.len() as u64 {
            true => Ok(InstanceId(number as u32)),
            false => self.violation("calls what is no function"),
        }
    }

    pub fn static_pointer(&mut self, id: FnId) -> Pointer {
        self.memory.owner(self.statics[&id])
    }

    pub fn table(&self, number: &Value) -> Step<&'a Vtable> {
        match self.program.vtables.get(number.bits() as usize) {
            Some(table) if number.is_written() => Ok(table),
            _ => self.violation("asks a table that is none"),
        }
    }

    pub fn needs_drop(&self, ty: Ty) -> bool {
        self.types.needs_drop(ty)
    }

    /// Whether it holds, not behind a pointer, what may change while it is shared.
    fn has_cell(&mut self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Array(of, _) | TyKind::Slice(of) => return self.has_cell(*of),
            TyKind::Adt(..) | TyKind::Tuple(_) | TyKind::Closure(..) => {}
            // Behind a `dyn` may be anything.
            TyKind::Dyn(_) => return true,
            _ => return false,
        }
        if let Some(&known) = self.cells.get(&ty) {
            return known;
        }
        self.cells.insert(ty, false);
        let is_scope = matches!(ty.kind(), TyKind::Adt(id, _) if self.typed.program().lang.is_adt("scope", *id));
        let answer = is_scope || self.types.is_unsafe_cell(ty) || {
            let variants = match &self.layouts().of(ty).shape {
                Shape::Enum { variants, .. } => variants.len(),
                _ => 1,
            };
            let is_adt = matches!(ty.kind(), TyKind::Adt(..));
            let count = if is_adt { self.layouts().adt(ty).variants.len() } else { variants };
            (0..count as u32).any(|variant| self.layouts().fields(ty, variant).into_iter().any(|field| self.has_cell(field)))
        };
        self.cells.insert(ty, answer);
        answer
    }

    pub fn violation<T>(&self, what: &str) -> Step<T> {
        let trace = self.frames.iter().rev().map(|frame| {
            let body = &self.program.bodies[frame.instance.index()];
            let source = body.source(frame.source);
            (self.program.instances[frame.instance.index()].symbol.to_string(), source.span)
        });
        Err(Stop::Violation(Violation { what: what.into(), trace: trace.collect() }))
    }

    pub fn check<T>(&mut self, step: impl FnOnce(&mut Memory) -> Result<T, String>) -> Step<T> {
        match step(&mut self.memory) {
            Ok(value) => Ok(value),
            Err(what) => self.violation(&what),
        }
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("some function runs")
    }

    pub fn local(&mut self, local: Local) -> Step<Pointer> {
        let frame = self.frame();
        let (known, storage, instance) = (frame.locals[local.index()], frame.storage[local.index()], frame.instance);
        match known {
            Some(piece) => Ok(self.memory.owner(piece)),
            None if storage == Storage::Used => {
                let program = self.program;
                self.begin(&program.bodies[instance.index()], local);
                self.local(local)
            }
            None => self.violation("uses a variable outside of its block"),
        }
    }

    fn storage(&mut self, id: InstanceId, body: &Body) -> Arc<[Storage]> {
        if let Some(known) = self.storage.get(&id) {
            return known.clone();
        }
        let mut storage = vec![Storage::Used; body.locals.len()];
        for statement in body.blocks.iter().flat_map(|block| &block.statements) {
            match &statement.kind {
                StatementKind::StorageLive(local) => storage[local.index()] = Storage::Marked,
                StatementKind::StorageDead(local) if storage[local.index()] == Storage::Used => storage[local.index()] = Storage::Called,
                _ => {}
            }
        }
        let storage: Arc<[Storage]> = storage.into();
        self.storage.insert(id, storage.clone());
        storage
    }

    fn begin(&mut self, body: &Body, local: Local) {
        let layout = self.layouts().of(body.locals[local.index()].ty);
        let piece = self.memory.add(layout.size, layout.align, Kind::Local);
        if let Some(old) = self.frame().locals[local.index()].replace(piece) {
            self.memory.remove(old);
        }
    }

    /// Runs a function to its end.
    pub fn call(&mut self, id: InstanceId, args: Vec<Value>) -> Step<Raises<Value>> {
        if self.frames.len() >= FRAMES_MAX {
            return Err(Stop::Endless);
        }
        let body: Arc<Body> = self.program.bodies[id.index()].clone();
        let source = self.typed.program();
        let own = match self.program.instances[id.index()].origin {
            Origin::Fn(id) => !source.module(source.fn_def(id).module).library,
            Origin::Closure(id) => !source.module(source.fn_def(id.owner).module).library,
            Origin::Made => false,
        };
        let of_tasks = !own && self.program.instances[id.index()].symbol.starts_with("std::task::");
        let storage = self.storage(id, &body);
        self.frames.push(Frame { instance: id, locals: vec![None; body.locals.len()], storage: storage.clone(), source: SourceId::BODY, own, of_tasks });
        for local in (0..body.locals.len() as u32).map(Local).filter(|local| storage[local.index()] == Storage::Called) {
            self.begin(&body, local);
        }
        for (param, value) in body.params().zip(&args) {
            let spot = self.local_spot(&body, param)?;
            let size = self.layouts().of(spot.ty).size;
            if size != value.size() {
                return Err(Stop::Unsupported(format!("an argument of {} bytes for a `{}`", value.size(), self.show(spot.ty))));
            }
            self.write(&spot, value)?;
        }
        let returned = self.walk(&body)?;
        let result = if returned {
            let spot = self.local_spot(&body, Local::RETURN)?;
            let size = self.layouts().of(spot.ty).size;
            Raises::Value(self.check(|memory| memory.read(spot.at, size))?)
        } else {
            Raises::Raised
        };
        let frame = self.frames.pop().expect("it was pushed");
        frame.locals.into_iter().flatten().for_each(|piece| self.memory.remove(piece));
        Ok(result)
    }

    /// Whether it returned; else it raised.
    fn walk(&mut self, body: &Body) -> Step<bool> {
        let mut at = BlockId::START;
        'blocks: loop {
            let block = body.block(at);
            for statement in &block.statements {
                self.count(statement.source)?;
                if let Raises::Raised = self.statement(body, statement)? {
                    self.carry_panic()?;
                    match block.unwind {
                        Some(unwind) => {
                            at = unwind;
                            continue 'blocks;
                        }
                        None => return Ok(false),
                    }
                }
            }
            self.count(block.terminator.source)?;
            let (next, unwind) = match &block.terminator.kind {
                TerminatorKind::Goto(to) => (Some(*to), None),
                TerminatorKind::Switch { value, targets, otherwise } => {
                    let ty = self.operand_ty(body, value);
                    let number = self.scalar(body, value)?;
                    let number = crate::numbers::signed(ty, &number);
                    (Some(targets.iter().find(|(wanted, _)| *wanted == number).map_or(*otherwise, |(_, to)| *to)), None)
                }
                TerminatorKind::Return => return Ok(true),
                TerminatorKind::Resume => return Ok(false),
                TerminatorKind::Unreachable => return self.violation("comes to where nothing can come"),
                TerminatorKind::Drop { place, target, unwind } => {
                    let raised = self.drop_place(body, place)?;
                    ((!raised).then_some(*target), *unwind)
                }
                TerminatorKind::Call { callee, args, dest, target, unwind } => match self.switch_and_call(body, callee, args, dest)? {
                    Raises::Value(value) => {
                        let Some(target) = target else { return self.violation("a call that never returns has returned") };
                        // Nothing arrives from what leaves memory as it is.
                        if let Some(value) = value {
                            let spot = self.place(body, dest)?;
                            self.write(&spot, &value)?;
                        }
                        (Some(*target), None)
                    }
                    Raises::Raised => (None, *unwind),
                },
            };
            match (next, unwind) {
                (Some(next), _) => at = next,
                // A panic in the course of another one ends the program.
                (None, _) if block.cleanup => return Err(Stop::Exit),
                (None, Some(unwind)) => at = unwind,
                (None, None) => return Ok(false),
            }
        }
    }

    fn switch_and_call(&mut self, body: &Body, callee: &Callee, args: &[Operand], dest: &Place) -> Step<Raises<Option<Value>>> {
        if self.frame().own {
            self.may_switch()?;
        }
        self.call_value(body, callee, args, dest)
    }

    fn count(&mut self, source: SourceId) -> Step<()> {
        self.frame().source = source;
        if self.steps == 0 {
            return Err(Stop::Endless);
        }
        self.steps -= 1;
        if self.steps.is_multiple_of(SWEEP_EVERY) {
            self.memory.sweep(&[]);
        }
        Ok(())
    }

    fn statement(&mut self, body: &Body, statement: &Statement) -> Step<Raises<()>> {
        match &statement.kind {
            StatementKind::Assign(place, value) => return self.assign(body, place, value),
            StatementKind::Check { cond, expected, .. } => {
                let holds = self.scalar(body, cond)?.bits() != 0;
                if holds != *expected {
                    return Ok(Raises::Raised);
                }
            }
            StatementKind::BoundsCheck { index, len } => {
                let index = self.scalar(body, index)?.bits() as u64;
                let len = self.scalar(body, len)?.bits() as u64;
                if index >= len {
                    return Ok(Raises::Raised);
                }
            }
            StatementKind::SetDiscriminant(place, variant) => {
                let spot = self.place(body, place)?;
                self.write_tag(&spot, *variant)?;
            }
            StatementKind::StorageLive(local) => self.begin(body, *local),
            StatementKind::StorageDead(local) => {
                if let Some(old) = self.frame().locals[local.index()].take() {
                    self.memory.remove(old);
                }
            }
            StatementKind::Nop => {}
        }
        Ok(Raises::Value(()))
    }

    fn assign(&mut self, body: &Body, place: &Place, rvalue: &Rvalue) -> Step<Raises<()>> {
        let value = match rvalue {
            Rvalue::Use(operand) => self.operand(body, operand)?,
            Rvalue::Ref { mutable, place: of, two_phase } => {
                let spot = self.place(body, of)?;
                let at = self.lend(&spot, *mutable, *two_phase)?;
                self.pointer_value(&spot, at)
            }
            Rvalue::RawRef(_, of) => {
                let spot = self.place(body, of)?;
                self.pointer_value(&spot, spot.at)
            }
            Rvalue::Binary(op, a, b) => {
                let (ty, right_ty) = (self.operand_ty(body, a), self.operand_ty(body, b));
                let a = self.scalar(body, a)?;
                let b = self.scalar(body, b)?;
                match self.binary(*op, ty, right_ty, &a, &b)? {
                    Raises::Value(value) => value,
                    Raises::Raised => return Ok(Raises::Raised),
                }
            }
            Rvalue::Select(cond, choices) => {
                let [yes, no] = &**choices;
                let holds = self.scalar(body, cond)?.bits() != 0;
                let (yes, no) = (self.operand(body, yes)?, self.operand(body, no)?);
                if holds { yes } else { no }
            }
            Rvalue::Unary(op, a) => {
                let ty = self.operand_ty(body, a);
                let a = self.scalar(body, a)?;
                match crate::numbers::unary(*op, ty, &a) {
                    Some(value) => value,
                    None => return Ok(Raises::Raised),
                }
            }
            Rvalue::Cast(cast, operand, to) => {
                let from = self.operand_ty(body, operand);
                let value = self.operand(body, operand)?;
                match self.cast(*cast, from, *to, value)? {
                    Raises::Value(value) => value,
                    Raises::Raised => return Ok(Raises::Raised),
                }
            }
            Rvalue::Discriminant(of) => {
                let spot = self.place(body, of)?;
                Value::int(self.read_tag(&spot)?, 8)
            }
            Rvalue::Len(of) => {
                let spot = self.place(body, of)?;
                Value::int(self.len(&spot)?, 8)
            }
            Rvalue::Aggregate(aggregate, parts) => return self.aggregate(body, place, *aggregate, parts),
            Rvalue::Repeat(operand) => {
                let one = self.operand(body, operand)?;
                let ty = self.ty_of(body, place);
                let layout = self.layouts().of(ty);
                let mut all = Value::unwritten(layout.size);
                let mut at = 0;
                while at < layout.size {
                    all.put(at, &one);
                    at += one.size();
                }
                all
            }
        };
        let spot = self.place(body, place)?;
        self.write(&spot, &value)?;
        Ok(Raises::Value(()))
    }

    fn lend(&mut self, spot: &Spot, mutable: Mutable, two_phase: bool) -> Step<Pointer> {
        if self.frame().of_tasks {
            return Ok(spot.at);
        }
        let (size, _) = self.size_of(spot.ty, spot.metadata.as_ref())?;
        self.borrows += u64::from(self.frame().own);
        let right = match mutable {
            Mutable::Yes if self.frame().own && !two_phase => Right::Exclusive,
            Mutable::Yes => Right::Reserved,
            Mutable::No if self.has_cell(spot.ty) => return Ok(spot.at),
            Mutable::No => Right::Shared,
        };
        let at = spot.at;
        self.check(|memory| memory.lend(at, size, right))
    }

    fn aggregate(&mut self, body: &Body, place: &Place, aggregate: Aggregate, parts: &[Operand]) -> Step<Raises<()>> {
        let ty = self.ty_of(body, place);
        let layout = self.layouts().of(ty);
        let variant = if let Aggregate::Adt(_, variant) = aggregate { variant } else { 0 };
        let offsets: Vec<u64> = match &layout.shape {
            Shape::WidePointer => vec![0, 8],
            Shape::Struct { offsets } => offsets.clone(),
            Shape::Enum { variants, .. } => variants[variant as usize].clone(),
            Shape::Array { .. } => {
                let size = self.layouts().of(self.layouts().element(ty)).size;
                (0..parts.len() as u64).map(|i| i * size).collect()
            }
            _ => Vec::new(),
        };
        let mut value = Value::unwritten(layout.size);
        for (part, offset) in parts.iter().zip(offsets) {
            let part = self.operand(body, part)?;
            value.put(offset, &part);
        }
        if let Some((offset, scalar, bits)) = layout.tag_bits(variant) {
            value.put(offset, &Value::int(bits, scalar.size()));
        }
        let spot = self.place(body, place)?;
        self.write(&spot, &value)?;
        Ok(Raises::Value(()))
    }

    /// Whether it raised. Only what has no glue, and `dyn`, whose glue is in the table, come here.
    fn drop_place(&mut self, body: &Body, place: &Place) -> Step<bool> {
        let ty = self.ty_of(body, place);
        if !self.needs_drop(ty) {
            return Ok(false);
        }
        let spot = self.place(body, place)?;
        self.drop_dyn(spot.at, spot.metadata.as_ref())
    }

    pub fn drop_dyn(&mut self, at: Pointer, table: Option<&Value>) -> Step<bool> {
        let Some(table) = table else { return Err(Stop::Unsupported("a drop without glue".into())) };
        match self.table(table)?.drop_glue {
            Some(glue) => Ok(matches!(self.call(glue, vec![Value::pointer(at)])?, Raises::Raised)),
            None => Ok(false),
        }
    }
}
