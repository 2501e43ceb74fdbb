//! Compiles all functions of a program, in parallel.

use crate::emit::{self, Data};
use crate::unit::{Target, Unit, space};
use crate::{Options, isa, lines};
use cranelift_codegen::Context;
use cranelift_codegen::binemit::Reloc as Kind;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::ExternalName;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::{FinalizedMachReloc, FinalizedRelocTarget};
use cranelift_frontend::FunctionBuilderContext;
use diag::cores;
use mir::body::InstanceId;

/// A function to compile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Piece {
    Instance(InstanceId),
    /// The C entry of an exported function.
    Wrapper(InstanceId),
    /// Sets up the statics.
    Init,
}

/// Machine code that is not yet anywhere.
pub struct Compiled {
    pub target: Target,
    /// Unique.
    pub symbol: String,
    /// For people.
    pub name: String,
    pub code: Vec<u8>,
    /// See `lines`.
    pub beginning: Option<u32>,
    pub relocations: Vec<Relocation>,
    /// From, to, source in the numbering of the whole program; in order, apart.
    pub positions: Vec<(u32, u32, u32)>,
    pub data: Vec<Data>,
}

#[derive(Clone, Copy, Debug)]
pub struct Relocation {
    pub offset: u32,
    pub kind: Kind,
    pub to: RelocationTarget,
    pub addend: i64,
}

#[derive(Clone, Copy, Debug)]
pub enum RelocationTarget {
    Outside(Target),
    /// An offset in the same function.
    Inside(u32),
}

pub fn pieces(unit: &Unit<'_>) -> Vec<Piece> {
    let ids = || (0..unit.program.bodies.len() as u32).map(InstanceId);
    let exported = ids().filter(|id| unit.program.instances[id.index()].exported);
    let init = unit.needs_init().then_some(Piece::Init);
    ids().map(Piece::Instance).chain(exported.map(Piece::Wrapper)).chain(init).collect()
}

/// In the order of [`pieces`], whatever the number of threads.
pub fn compile(unit: &Unit<'_>, options: &Options) -> Vec<Compiled> {
    let isa = isa::isa(options);
    let pieces = pieces(unit);
    let weight = |piece: &Piece| match piece {
        Piece::Instance(id) => unit.body(*id).blocks.iter().map(|block| block.statements.len() + 2).sum::<usize>() * STATEMENT_WEIGHT,
        Piece::Wrapper(_) | Piece::Init => STATEMENT_WEIGHT,
    };
    cores::map_with(options.threads, pieces, weight, || Compiler::new(unit, &isa), |compiler, piece| compiler.compile(piece))
}

/// One statement takes about so many microseconds.
const STATEMENT_WEIGHT: usize = 4;

/// What one thread needs.
pub struct Compiler<'a> {
    unit: &'a Unit<'a>,
    isa: &'a OwnedTargetIsa,
    context: Context,
    builder: FunctionBuilderContext,
    plane: ControlPlane,
}

impl<'a> Compiler<'a> {
    pub fn new(unit: &'a Unit<'a>, isa: &'a OwnedTargetIsa) -> Compiler<'a> {
        Compiler {
            unit,
            isa,
            context: Context::new(),
            builder: FunctionBuilderContext::new(),
            plane: ControlPlane::default(),
        }
    }

    /// Leaves the function in the context.
    fn emit(&mut self, piece: Piece) -> Vec<Data> {
        self.context.clear();
        let function = &mut self.context.func;
        match piece {
            Piece::Instance(id) => emit::function(self.unit, self.isa, id, function, &mut self.builder),
            Piece::Wrapper(id) => emit::wrapper(self.unit, self.isa, id, function, &mut self.builder),
            Piece::Init => emit::init(self.unit, self.isa, function, &mut self.builder),
        }
    }

    /// As text, before optimisation.
    pub fn clif(&mut self, piece: Piece) -> String {
        self.emit(piece);
        self.context.func.display().to_string()
    }

    /// As the target's instructions.
    pub fn assembly(&mut self, piece: Piece) -> String {
        self.emit(piece);
        self.context.set_disasm(true);
        let result = self.context.compile(&**self.isa, &mut self.plane);
        let text = match result {
            Ok(compiled) => compiled.vcode.clone().unwrap_or_default(),
            Err(error) => fail(self.unit, piece, &error),
        };
        self.context.set_disasm(false);
        text
    }

    pub fn compile(&mut self, piece: Piece) -> Compiled {
        let data = self.emit(piece);
        let (target, symbol, name) = names(self.unit, piece);
        if let Err(error) = self.context.compile(&**self.isa, &mut self.plane) {
            fail(self.unit, piece, &error);
        }
        let Some(compiled) = self.context.compiled_code() else { panic!("bug! {symbol} was compiled into nothing") };
        let function = &self.context.func;
        let relocation = |found: &FinalizedMachReloc| Relocation {
            offset: found.offset,
            kind: found.kind,
            addend: found.addend,
            to: match &found.target {
                FinalizedRelocTarget::Func(offset) => RelocationTarget::Inside(*offset),
                FinalizedRelocTarget::ExternalName(ExternalName::User(name)) => {
                    RelocationTarget::Outside(function.params.user_named_funcs()[*name].clone().into())
                }
                FinalizedRelocTarget::ExternalName(other) => {
                    panic!("bug! {symbol} needs {other:?}, which the runtime has not")
                }
            },
        };
        let buffer = &compiled.buffer;
        Compiled {
            target,
            code: buffer.data().to_vec(),
            beginning: lines::beginning(compiled),
            relocations: buffer.relocs().iter().map(relocation).collect(),
            positions: buffer.get_srclocs_sorted().iter().map(|found| (found.start, found.end, found.loc.bits())).collect(),
            data,
            symbol,
            name,
        }
    }
}

fn fail(unit: &Unit<'_>, piece: Piece, error: &cranelift_codegen::CompileError<'_>) -> ! {
    panic!(
        "bug! Cranelift refuses {}: {:?}\n{}",
        names(unit, piece).1,
        error.inner,
        error.func.display(),
    )
}

/// The name in relocations, the symbol, and the name for people.
pub fn names(unit: &Unit<'_>, piece: Piece) -> (Target, String, String) {
    match piece {
        Piece::Instance(id) => {
            let symbol = unit.program.instances[id.index()].symbol.to_string();
            (Target { space: space::FUNCTION, index: id.0 }, symbol, unit.body(id).name.to_string())
        }
        Piece::Wrapper(id) => {
            let name = unit.body(id).name;
            let plain = name.rsplit("::").next().unwrap_or(&name).to_string();
            (Target { space: space::WRAPPER, index: id.0 }, plain, name.to_string())
        }
        Piece::Init => (Target { space: space::INIT, index: 0 }, "aurora::init".into(), "initialisation of statics".into()),
    }
}

