//! MIR as text that reads like the language: `_3 = move _1.len + 1`, types and names as the user wrote them.

use crate::body::*;
use crate::types::{PlaceTy, Types};
use hir::ids::FnId;
use hir::ty::{Args, Mutable, Ty, TyKind};
use hir::{Program, TypedProgram};
use std::fmt::Write;

/// One body. `Made` bodies have no owner of their own; any function serves.
pub fn body(program: &TypedProgram, body: &Body) -> String {
    Printer::new(program, None, body).run()
}

/// The wanted bodies of a concrete program, its tables and statics.
pub fn program(program: &TypedProgram, mono: &MonoProgram, wanted: &dyn Fn(&str) -> bool) -> String {
    let mut out = String::new();
    for (index, body) in mono.bodies.iter().enumerate() {
        if !wanted(&mono.instances[index].symbol) && !wanted(&body.name) {
            continue;
        }
        let _ = writeln!(out, "// {} {}", InstanceId(index as u32), mono.instances[index].symbol);
        out.push_str(&Printer::new(program, Some(mono), body).run());
        out.push('\n');
    }
    for (index, table) in mono.vtables.iter().enumerate() {
        let show = |ty| program.program().show(ty);
        let _ = write!(out, "table {index}: {} as {} {{ ", show(table.ty), show(table.dyn_ty));
        if let Some(glue) = table.drop_glue {
            let _ = write!(out, "drop: {}, ", mono.instances[glue.index()].symbol);
        }
        let methods: Vec<&str> = table.methods.iter().map(|id| mono.instances[id.index()].symbol.as_str()).collect();
        let _ = writeln!(out, "{} }}", methods.join(", "));
    }
    for item in &mono.statics {
        let init = mono.instances[item.init.index()].symbol;
        let _ = writeln!(out, "static {}: {} = {init}()", item.name, program.program().show(item.ty));
    }
    out
}

struct Printer<'a> {
    program: &'a Program,
    types: Types<'a>,
    mono: Option<&'a MonoProgram>,
    body: &'a Body,
    out: String,
}

impl<'a> Printer<'a> {
    fn new(program: &'a TypedProgram, mono: Option<&'a MonoProgram>, body: &'a Body) -> Printer<'a> {
        let types = Types::new(program, owner_of(body));
        Printer { program: program.program(), types, mono, body, out: String::new() }
    }

    fn run(mut self) -> String {
        let params: Vec<String> =
            self.body.params().map(|p| format!("{p}: {}", self.ty(self.body.local_decl(p).ty))).collect();
        let ret = self.body.ret();
        let result = if ret.is_unit() { String::new() } else { format!(" -> {}", self.ty(ret)) };
        let _ = writeln!(self.out, "fn {}({}){result} {{", self.body.name, params.join(", "));
        for (index, local) in self.body.locals.iter().enumerate() {
            let id = Local(index as u32);
            if index == 0 || index as u32 <= self.body.param_count && local.name.is_none() {
                continue;
            }
            let mutable = if local.mutable && local.name.is_some() { "mut " } else { "" };
            let name = local.name.map_or(String::new(), |name| format!(" // {name}"));
            let _ = writeln!(self.out, "    let {mutable}{id}: {}{name}", self.ty(local.ty));
        }
        for (index, block) in self.body.blocks.iter().enumerate() {
            self.block(BlockId(index as u32), block);
        }
        self.out.push_str("}\n");
        self.out
    }

    fn block(&mut self, id: BlockId, block: &Block) {
        let kind = if block.cleanup { " (cleanup)" } else { "" };
        let unwind = block.unwind.map_or(String::new(), |to| format!(" // raises to {to}"));
        let _ = writeln!(self.out, "    {id}{kind}:{unwind}");
        for statement in &block.statements {
            let line = self.statement(statement);
            let _ = writeln!(self.out, "        {line}");
        }
        let line = self.terminator(&block.terminator.kind);
        let _ = writeln!(self.out, "        {line}");
    }

    fn statement(&self, statement: &Statement) -> String {
        match &statement.kind {
            StatementKind::Assign(place, value) => format!("{} = {}", self.place(place), self.rvalue(value, place)),
            StatementKind::Check { cond, expected, fault } => {
                format!("check {}{} else {fault:?}", if *expected { "" } else { "!" }, self.operand(cond))
            }
            StatementKind::BoundsCheck { index, len } => {
                format!("check {} < {}", self.operand(index), self.operand(len))
            }
            StatementKind::SetDiscriminant(place, variant) => {
                format!("variant of {} = {}", self.place(place), self.variant(self.place_ty(place).ty, *variant))
            }
            StatementKind::StorageLive(local) => format!("live {local}"),
            StatementKind::StorageDead(local) => format!("dead {local}"),
            StatementKind::Nop => "nop".into(),
        }
    }

    fn terminator(&self, kind: &TerminatorKind) -> String {
        let edge = |unwind: &Option<BlockId>| unwind.map_or(String::new(), |to| format!(", raises to {to}"));
        match kind {
            TerminatorKind::Goto(target) => format!("goto {target}"),
            TerminatorKind::Switch { value, targets, otherwise } => {
                let mut arms: Vec<String> = targets.iter().map(|(n, to)| format!("{n} => {to}")).collect();
                arms.push(format!("_ => {otherwise}"));
                format!("switch {} {{ {} }}", self.operand(value), arms.join(", "))
            }
            TerminatorKind::Return => "return".into(),
            TerminatorKind::Resume => "resume".into(),
            TerminatorKind::Unreachable => "unreachable".into(),
            TerminatorKind::Drop { place, target, unwind } => {
                format!("drop {} -> {target}{}", self.place(place), edge(unwind))
            }
            TerminatorKind::Call { callee, args, dest, target, unwind } => {
                let args = self.operands(args);
                let target = target.map_or("!".into(), |to| to.to_string());
                format!("{} = {}({args}) -> {target}{}", self.place(dest), self.callee(callee), edge(unwind))
            }
        }
    }

    fn callee(&self, callee: &Callee) -> String {
        match callee {
            Callee::Fn(id, args) => self.function(*id, *args),
            Callee::FnTrait(kind, ty) => format!("{kind:?}<{}>", self.ty(*ty)),
            Callee::Pointer(pointer) => format!("({})", self.operand(pointer)),
            Callee::Instance(id) => {
                self.mono.map_or_else(|| id.to_string(), |mono| mono.instances[id.index()].symbol.to_string())
            }
            Callee::Virtual { slot, .. } => format!("virtual {slot}"),
            Callee::Intrinsic(name, args) => format!("intrinsic {name}{}", self.args(*args)),
            Callee::Runtime(name) => name.to_string(),
            Callee::Foreign { name, .. } => format!("extern {name}"),
        }
    }

    fn rvalue(&self, value: &Rvalue, dest: &Place) -> String {
        match value {
            Rvalue::Use(operand) => self.operand(operand),
            Rvalue::Ref { mutable, place, two_phase } => {
                let kind = match (mutable, two_phase) {
                    (Mutable::No, _) => "",
                    (Mutable::Yes, false) => "mut ",
                    (Mutable::Yes, true) => "mut(later) ",
                };
                format!("&{kind}{}", self.place(place))
            }
            Rvalue::RawRef(mutable, place) => {
                format!("&raw {} {}", if mutable.is_yes() { "mut" } else { "const" }, self.place(place))
            }
            Rvalue::Binary(op, left, right) => {
                format!("{} {} {}", self.operand(left), binary_sign(*op), self.operand(right))
            }
            Rvalue::Unary(op, operand) => format!("{}{}", unary_sign(*op), self.operand(operand)),
            Rvalue::Cast(cast, operand, ty) => format!("{} as {} // {cast:?}", self.operand(operand), self.ty(*ty)),
            Rvalue::Discriminant(place) => format!("variant of {}", self.place(place)),
            Rvalue::Len(place) => format!("len of {}", self.place(place)),
            Rvalue::Aggregate(kind, operands) => self.aggregate(*kind, operands, dest),
            Rvalue::Select(condition, choices) => {
                let [yes, no] = &**choices;
                format!("if {} then {} else {}", self.operand(condition), self.operand(yes), self.operand(no))
            }
            Rvalue::Repeat(operand) => format!("[{}; _]", self.operand(operand)),
        }
    }

    fn aggregate(&self, kind: Aggregate, operands: &[Operand], dest: &Place) -> String {
        let list = self.operands(operands);
        match kind {
            Aggregate::Tuple => format!("({list})"),
            Aggregate::Array => format!("[{list}]"),
            Aggregate::Adt(id, variant) => {
                let def = self.program.adt(id);
                let Some(shape) = def.variants.get(variant as usize) else {
                    return format!("{}::{variant} {{ {list} }}", def.name);
                };
                let fields: Vec<String> = (shape.fields.iter().zip(operands))
                    .map(|(field, operand)| format!("{}: {}", field.name, self.operand(operand)))
                    .collect();
                let variant = if def.is_enum { format!("{}::{}", def.name, shape.name) } else { def.name.to_string() };
                format!("{variant} {{ {} }}", fields.join(", "))
            }
            Aggregate::Closure(id) => format!("closure {}#{} [{list}]", self.program.fn_def(id.owner).path, id.index),
            Aggregate::WidePointer => format!("{}({list})", self.ty(self.place_ty(dest).ty)),
        }
    }

    fn operands(&self, operands: &[Operand]) -> String {
        let list: Vec<String> = operands.iter().map(|operand| self.operand(operand)).collect();
        list.join(", ")
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Copy(place) => self.place(place),
            Operand::Move(place) => format!("move {}", self.place(place)),
            Operand::Const(constant) => self.constant(constant),
        }
    }

    fn constant(&self, constant: &Const) -> String {
        match &constant.kind {
            ConstKind::Int(value) => match constant.ty.kind() {
                TyKind::Bool => (*value != Wide::ZERO).to_string(),
                TyKind::Char => u32::try_from(value.get()).ok().and_then(char::from_u32).map_or("?".into(), |c| format!("{c:?}")),
                TyKind::Int(hir::ty::IntTy::I64) => value.get().to_string(),
                _ => format!("{}: {}", value.get(), self.ty(constant.ty)),
            },
            ConstKind::Float(bits) => format!("{:?}", f64::from_bits(*bits)),
            ConstKind::Str(text) => format!("{:?}", text.as_str()),
            ConstKind::Bytes(bytes) => format!("b\"{}\"", bytes.escape_ascii()),
            ConstKind::Zero => match constant.ty.kind() {
                TyKind::Tuple(_) => "()".into(),
                _ => self.ty(constant.ty),
            },
            ConstKind::Param(ty) => self.ty(*ty),
            ConstKind::Item(id, args) => format!("const {}", self.function(*id, *args)),
            ConstKind::Function(id) => {
                self.mono.map_or_else(|| id.to_string(), |mono| mono.instances[id.index()].symbol.to_string())
            }
            ConstKind::Static(id) => format!("static {}", self.program.fn_def(*id).path),
            ConstKind::Vtable(index) => format!("table {index}"),
        }
    }

    fn place(&self, place: &Place) -> String {
        let mut text = place.local.to_string();
        let mut ty = PlaceTy { ty: self.body.local_decl(place.local).ty, variant: None };
        for step in &place.projection {
            match step {
                Projection::Deref => text = format!("(*{text})"),
                Projection::Field(field) => {
                    let _ = write!(text, ".{}", self.field_name(ty, *field));
                }
                Projection::Index(index) => {
                    let _ = write!(text, "[{index}]");
                }
                Projection::ConstIndex { offset, from_end } => {
                    let _ = write!(text, "[{}{offset}]", if *from_end { "-" } else { "" });
                }
                Projection::Subslice { from, to } => {
                    let _ = write!(text, "[{from}..-{to}]");
                }
                Projection::Downcast(variant) => text = format!("({text} as {})", self.variant(ty.ty, *variant)),
            }
            ty = self.types.step(ty, *step);
        }
        text
    }

    fn place_ty(&self, place: &Place) -> PlaceTy {
        self.types.place_full(&self.body.locals, place)
    }

    fn field_name(&self, of: PlaceTy, field: u32) -> String {
        if let TyKind::Adt(id, _) = of.ty.kind() {
            let variant = self.program.adt(*id).variants.get(of.variant.unwrap_or(0) as usize);
            if let Some(field) = variant.and_then(|variant| variant.fields.get(field as usize)) {
                return field.name.to_string();
            }
        }
        field.to_string()
    }

    fn variant(&self, ty: Ty, variant: u32) -> String {
        if let TyKind::Adt(id, _) = ty.kind()
            && let Some(variant) = self.program.adt(*id).variants.get(variant as usize)
        {
            return variant.name.to_string();
        }
        variant.to_string()
    }

    fn function(&self, id: FnId, args: Args) -> String {
        format!("{}{}", self.program.fn_def(id).path, self.args(args))
    }

    fn ty(&self, ty: Ty) -> String {
        self.program.show(ty)
    }
    fn args(&self, args: Args) -> String {
        self.program.show_args(&args)
    }
}

/// Whose predicates hold in a body.
pub(crate) fn owner_of(body: &Body) -> FnId {
    match body.origin {
        Origin::Fn(id) => id,
        Origin::Closure(id) => id.owner,
        Origin::Made => FnId(0),
    }
}

fn binary_sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+%",
        BinaryOp::Sub => "-%",
        BinaryOp::Mul => "*%",
        BinaryOp::Div => "/%",
        BinaryOp::Rem => "%%",
        BinaryOp::BitAnd => "&",
        BinaryOp::BitOr => "|",
        BinaryOp::BitXor => "^",
        BinaryOp::Shl => "<<%",
        BinaryOp::Shr => ">>%",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::AddChecked => "+",
        BinaryOp::SubChecked => "-",
        BinaryOp::MulChecked => "*",
        BinaryOp::DivChecked => "/",
        BinaryOp::RemChecked => "%",
        BinaryOp::ShlChecked => "<<",
        BinaryOp::ShrChecked => ">>",
        BinaryOp::Offset => "offset",
    }
}

fn unary_sign(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Not => "!",
        UnaryOp::Neg => "-%",
        UnaryOp::NegChecked => "-",
    }
}
