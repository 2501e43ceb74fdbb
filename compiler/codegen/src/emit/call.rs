//! Calls: arguments into registers or memory, the flag after them, the result into its place.

use super::place::{Address, At, Spot};
use super::raise::row_signature;
use super::value::Found;
use super::{Emitter, NEVER};
use crate::convention::{Convention, Pass, clif, leaves};
use crate::unit::{Target, space};
use cranelift_codegen::ir::{AbiParam, FuncRef, InstBuilder, SigRef, Signature, Value};
use diag::Symbol;
use hir::ty::{Ty, TyKind};
use mir::body::{BlockId, Callee, Operand, Place, Projection};

/// What is called.
enum Code {
    Known(FuncRef),
    Pointer(SigRef, Value),
}

/// Where a call goes on.
#[derive(Clone, Copy)]
pub struct After {
    pub target: Option<BlockId>,
    pub unwind: Option<BlockId>,
    /// While cleaning up: a panic there ends the program at once, so nobody returns raised.
    pub cleanup: bool,
}

impl Emitter<'_, '_> {
    pub fn call(
        &mut self,
        callee: &Callee,
        args: &[Operand],
        dest: &Place,
        target: Option<BlockId>,
        unwind: Option<BlockId>,
        cleanup: bool,
    ) {
        let after = After { target, unwind, cleanup };
        match callee {
            Callee::Instance(id) => {
                let convention = self.unit.convention(*id).clone();
                let name = Target { space: space::FUNCTION, index: id.0 };
                let function = self.import(name, || convention.signature(), true);
                self.call_aurora(Code::Known(function), &convention, args, None, dest, after);
            }
            Callee::Pointer(pointer) => self.call_pointer(pointer, args, dest, after),
            Callee::Virtual { slot, params, ret } => {
                let pointer = self.scalars(&args[0]);
                let code = self.table_word(pointer[1], 3 + *slot as i32);
                // The receiver arrives as a thin pointer, whatever the method's first type says.
                let rest = if params.len() == args.len() { &params[1..] } else { &params[..] };
                let mut types = vec![thin_pointer()];
                types.extend(rest);
                let convention = Convention::new(self.layouts, &types, *ret, true);
                let signature = self.signature(convention.signature());
                let code = Code::Pointer(signature, code);
                self.call_aurora(code, &convention, &args[1..], Some(pointer[0]), dest, after);
            }
            Callee::Intrinsic(name, types) => self.intrinsic(*name, types, args, dest, after),
            Callee::Runtime(name) => self.call_runtime(*name, args, dest, after),
            Callee::Foreign { name, params, ret } => {
                let name = self.unit.foreign(*name);
                let signature = self.foreign_signature(params, *ret);
                let function = self.import(name, || signature, false);
                self.call_foreign(Code::Known(function), args, dest, after);
            }
            Callee::Fn(..) | Callee::FnTrait(..) => panic!("bug! a generic callee in a concrete body"),
        }
    }

    fn call_pointer(&mut self, pointer: &Operand, args: &[Operand], dest: &Place, after: After) {
        let ty = self.operand_ty(pointer).peeled();
        let TyKind::FnPtr(function) = ty.kind() else { panic!("bug! a call of {}", self.unit.show(ty)) };
        let code = self.scalar(pointer);
        if function.is_extern {
            let signature = self.foreign_signature(&function.params, function.ret);
            let signature = self.signature(signature);
            return self.call_foreign(Code::Pointer(signature, code), args, dest, after);
        }
        let convention = Convention::new(self.layouts, &function.params, function.ret, true);
        let signature = self.signature(convention.signature());
        self.call_aurora(Code::Pointer(signature, code), &convention, args, None, dest, after);
    }

    fn call_aurora(
        &mut self,
        code: Code,
        convention: &Convention,
        args: &[Operand],
        receiver: Option<Value>,
        dest: &Place,
        after: After,
    ) {
        let mut passed: Vec<Value> = receiver.into_iter().collect();
        let params = &convention.params[passed.len()..];
        assert_eq!(params.len(), args.len(), "bug! {} passes {} arguments to {}", self.body.name, args.len(), params.len());
        for (param, arg) in params.iter().zip(args) {
            match param {
                Pass::Nothing => {}
                Pass::Scalars(_) => passed.extend(self.scalars(arg)),
                Pass::Address(_) => {
                    let address = self.owned_memory(arg);
                    passed.push(self.value_of(address));
                }
            }
        }
        // The result goes straight where it belongs if that is the variable's own memory.
        let mut result: Option<Address> = None;
        if let Pass::Address(layout) = &convention.result {
            let direct = dest.projection.is_empty() && !args.iter().any(|arg| is_in(arg, dest));
            let spot = if direct { Some(self.place(dest)) } else { None };
            let address = match spot {
                Some(Spot { at: At::Memory { address, .. }, .. }) => address,
                _ => {
                    let slot = self.slot(layout);
                    result = Some(slot);
                    slot
                }
            };
            let address = self.value_of(address);
            passed.insert(0, address);
        }
        let call = match code {
            Code::Known(function) => self.builder.ins().call(function, &passed),
            Code::Pointer(signature, code) => self.builder.ins().call_indirect(signature, code, &passed),
        };
        let mut results = self.builder.inst_results(call).to_vec();
        let flag = if convention.flag { results.pop() } else { None };
        let Some(target) = after.target else {
            // It only ever comes back raised.
            if convention.flag && !after.cleanup {
                self.unwind(after.unwind);
            } else {
                self.builder.ins().trap(NEVER);
            }
            return;
        };
        if let Some(flag) = flag
            && !after.cleanup
        {
            self.branch_raised(flag, after.unwind);
        }
        match (&convention.result, result) {
            (Pass::Nothing, _) => {}
            (Pass::Scalars(_), _) => self.put_scalars(dest, results),
            (Pass::Address(_), None) => {}
            (Pass::Address(layout), Some(slot)) => {
                let found = match layout.leaves {
                    Some(_) => Found::Scalars(self.load_leaves(slot, layout)),
                    None => Found::Memory(slot),
                };
                let spot = self.place(dest);
                self.put(&spot, &found);
            }
        }
        self.goto(target);
    }

    /// Goes on in a fresh block unless the flag is set.
    fn branch_raised(&mut self, flag: Value, unwind: Option<BlockId>) {
        let out = self.unwind_target(unwind);
        let on = self.builder.create_block();
        self.builder.ins().brif(flag, out, &[], on, &[]);
        self.builder.seal_block(on);
        self.builder.switch_to_block(on);
    }

    /// Memory with the argument's value that the callee may change.
    fn owned_memory(&mut self, arg: &Operand) -> Address {
        let layout = self.layouts.of(self.operand_ty(arg));
        if let Operand::Move(place) = arg {
            let spot = self.place(place);
            if let At::Memory { address, .. } = spot.at {
                return address;
            }
        }
        let found = self.operand(arg);
        let copy = self.slot(&layout);
        match found {
            Found::Scalars(values) => self.store_leaves(copy, &layout, &values),
            Found::Memory(from) => self.copy(copy, from, &layout),
        }
        copy
    }

    fn call_runtime(&mut self, name: Symbol, args: &[Operand], dest: &Place, after: After) {
        let Some((_, row)) = abi::row(&name) else { panic!("bug! the runtime has no {name}") };
        let mut passed = Vec::new();
        for arg in args {
            passed.push(self.scalar(arg));
        }
        assert_eq!(row_signature(row).params.len(), passed.len(), "bug! arguments of {name}");
        let result = self.call_row(&name, &passed);
        match row.effect {
            abi::Effect::Plain => self.finish(result.into_iter().collect(), dest, after),
            abi::Effect::Raises => self.unwind(after.unwind),
            abi::Effect::Ends => {
                self.builder.ins().trap(NEVER);
            }
        }
    }

    /// Puts the scalars of a result where they belong and goes on.
    pub fn finish(&mut self, values: Vec<Value>, dest: &Place, after: After) {
        match after.target {
            Some(target) => {
                self.put_scalars(dest, values);
                self.goto(target);
            }
            None => {
                self.builder.ins().trap(NEVER);
            }
        }
    }

    fn foreign_signature(&self, params: &[Ty], ret: Ty) -> Signature {
        let mut signature = row_signature(abi::row("rt_stdout_flush").expect("bug! a row has gone").1);
        for &ty in params {
            signature.params.extend(self.foreign_param(ty));
        }
        signature.returns.extend(self.foreign_param(ret));
        signature
    }

    fn foreign_param(&self, ty: Ty) -> Option<AbiParam> {
        foreign_param(self.layouts, ty)
    }

    fn call_foreign(&mut self, code: Code, args: &[Operand], dest: &Place, after: After) {
        let mut passed = Vec::new();
        for arg in args {
            passed.extend(self.scalars(arg));
        }
        let call = match code {
            Code::Known(function) => self.builder.ins().call(function, &passed),
            Code::Pointer(signature, code) => self.builder.ins().call_indirect(signature, code, &passed),
        };
        let results = self.builder.inst_results(call).to_vec();
        self.finish(results, dest, after);
    }

    /// Calls the drop glue in a table, if there is any, and goes on in a fresh block.
    pub fn drop_dyn(&mut self, data: Value, table: Value, unwind: Option<BlockId>, cleanup: bool) {
        let glue = self.table_word(table, 0);
        let (call, on) = (self.builder.create_block(), self.builder.create_block());
        self.builder.ins().brif(glue, call, &[], on, &[]);
        self.builder.seal_block(call);
        self.builder.switch_to_block(call);
        let convention = Convention::new(self.layouts, &[thin_pointer()], Ty::unit(), true);
        let signature = self.signature(convention.signature());
        let inst = self.builder.ins().call_indirect(signature, glue, &[data]);
        let flag = self.builder.inst_results(inst)[0];
        if !cleanup {
            self.branch_raised(flag, unwind);
        }
        self.builder.ins().jump(on, &[]);
        self.builder.seal_block(on);
        self.builder.switch_to_block(on);
    }
}

/// One scalar, extended as C wants small integers to be.
pub fn foreign_param(layouts: &mir::layout::Layouts, ty: Ty) -> Option<AbiParam> {
    let layout = layouts.of(ty);
    match leaves(&layout) {
        [] if layout.size == 0 => None,
        [leaf] => {
            let param = AbiParam::new(clif(leaf.scalar));
            let signed = matches!(ty.kind(), TyKind::Int(int) if int.is_signed());
            Some(match leaf.scalar.size() {
                1 | 2 if signed => param.sext(),
                1 | 2 => param.uext(),
                _ => param,
            })
        }
        _ => panic!("bug! {} travels through a foreign call", layouts.facts().show(ty)),
    }
}

fn thin_pointer() -> Ty {
    Ty::pointer(hir::ty::Mutable::Yes, Ty::unit())
}

/// Whether an argument lies in, or is, the destination's variable.
fn is_in(arg: &Operand, dest: &Place) -> bool {
    match arg {
        Operand::Copy(place) | Operand::Move(place) => {
            place.local == dest.local && !place.projection.contains(&Projection::Deref)
        }
        Operand::Const(_) => false,
    }
}

