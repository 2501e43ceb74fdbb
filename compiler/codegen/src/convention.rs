//! How values travel between functions: see [`crate::conventions`].

use cranelift_codegen::ir::{AbiParam, Signature, Type, types};
use cranelift_codegen::isa::CallConv;
use hir::ty::Ty;
use mir::layout::{Lane, Layout, LayoutRef, Layouts, Leaf, Scalar};

pub const PARAM_SCALARS_MAX: usize = 4;
/// Seven and the flag fill the eight registers for results.
pub const RESULT_SCALARS_MAX: usize = 7;

#[derive(Clone, Debug)]
pub enum Pass {
    /// Without bytes.
    Nothing,
    Scalars(LayoutRef),
    /// The address of memory that the callee owns; for results: that the caller owns.
    Address(LayoutRef),
}

#[derive(Clone, Debug)]
pub struct Convention {
    pub params: Vec<Pass>,
    pub result: Pass,
    /// Returns whether it raised.
    pub flag: bool,
}

impl Convention {
    pub fn new(layouts: &Layouts, params: &[Ty], result: Ty, flag: bool) -> Convention {
        Convention {
            params: params.iter().map(|&ty| pass(layouts.of(ty), PARAM_SCALARS_MAX)).collect(),
            result: pass(layouts.of(result), RESULT_SCALARS_MAX),
            flag,
        }
    }

    pub fn signature(&self) -> Signature {
        let mut signature = Signature::new(CallConv::Tail);
        let address = AbiParam::new(types::I64);
        if let Pass::Address(_) = self.result {
            signature.params.push(address);
        }
        for param in &self.params {
            match param {
                Pass::Nothing => {}
                Pass::Scalars(layout) => signature.params.extend(leaves(layout).iter().map(|leaf| AbiParam::new(clif(leaf.scalar)))),
                Pass::Address(_) => signature.params.push(address),
            }
        }
        if let Pass::Scalars(layout) = &self.result {
            signature.returns.extend(leaves(layout).iter().map(|leaf| AbiParam::new(clif(leaf.scalar))));
        }
        if self.flag {
            signature.returns.push(AbiParam::new(types::I8));
        }
        signature
    }
}

fn pass(layout: LayoutRef, scalars_max: usize) -> Pass {
    match &layout.leaves {
        Some(leaves) if leaves.is_empty() => Pass::Nothing,
        Some(leaves) if leaves.len() <= scalars_max => Pass::Scalars(layout),
        _ if layout.is_zero_sized() => Pass::Nothing,
        _ => Pass::Address(layout),
    }
}

/// The scalars of a type that has them.
pub fn leaves(layout: &Layout) -> &[Leaf] {
    layout.leaves.as_deref().unwrap_or(&[])
}

pub fn clif(scalar: Scalar) -> Type {
    match scalar {
        Scalar::I8 => types::I8,
        Scalar::I16 => types::I16,
        Scalar::I32 => types::I32,
        Scalar::I64 | Scalar::Pointer => types::I64,
        Scalar::F32 => types::F32,
        Scalar::F64 => types::F64,
        Scalar::Vector(lane) => match lane {
            Lane::I8 => types::I8X16,
            Lane::I16 => types::I16X8,
            Lane::I32 => types::I32X4,
            Lane::I64 => types::I64X2,
            Lane::F32 => types::F32X4,
            Lane::F64 => types::F64X2,
        },
    }
}
