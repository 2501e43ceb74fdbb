//! Functions without MIR: the C entries of exported functions, and the one that sets up the statics.

use super::call::foreign_param;
use super::raise::row_signature;
use super::{Data, NEVER};
use crate::convention::{Pass, clif, leaves};
use crate::unit::{Target, Unit, space};
use cranelift_codegen::ir::{
    AbiParam, ExtFuncData, ExternalName, FuncRef, Function, GlobalValueData, InstBuilder, MemFlagsData, Signature, UserFuncName,
    Value, types,
};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use mir::body::InstanceId;

/// `extern "C"` code calls this: fetches the thread's fiber, calls, and ends the program if a panic comes back.
pub fn wrapper(
    unit: &Unit<'_>,
    isa: &OwnedTargetIsa,
    id: InstanceId,
    function: &mut Function,
    context: &mut FunctionBuilderContext,
) -> Vec<Data> {
    let (body, convention) = (unit.body(id), unit.convention(id));
    let mut signature = row_signature(abi::row("rt_stdout_flush").expect("bug! a row has gone").1);
    for local in &body.locals[1..=body.param_count as usize] {
        signature.params.extend(foreign_param(unit.layouts, local.ty));
    }
    signature.returns.extend(foreign_param(unit.layouts, body.locals[0].ty));
    function.name = UserFuncName::user(space::WRAPPER, id.0);
    function.signature = signature;
    let mut builder = FunctionBuilder::new(function, context);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let args = builder.block_params(entry).to_vec();
    let row = import_row(&mut builder, "rt_fiber");
    // The caller's register is the caller's: C expects to find it as it was.
    let before = builder.ins().get_pinned_reg(types::I64);
    let call = builder.ins().call(row, &[]);
    let fiber = builder.inst_results(call)[0];
    builder.ins().set_pinned_reg(fiber);
    let callee = import(&mut builder, Target { space: space::FUNCTION, index: id.0 }, convention.signature(), true);
    let call = builder.ins().call(callee, &args);
    let mut results = builder.inst_results(call).to_vec();
    if convention.flag {
        let flag = results.pop().expect("bug! a call without its flag");
        let (raised, fine) = (builder.create_block(), builder.create_block());
        builder.set_cold_block(raised);
        builder.ins().brif(flag, raised, &[], fine, &[]);
        builder.switch_to_block(raised);
        let row = import_row(&mut builder, "rt_panic_in_foreign");
        builder.ins().call(row, &[]);
        builder.ins().trap(NEVER);
        builder.switch_to_block(fine);
    }
    builder.ins().set_pinned_reg(before);
    builder.ins().return_(&results);
    builder.seal_all_blocks();
    builder.finalize(isa.frontend_config());
    Vec::new()
}

/// `fn() -> flag`: computes the statics that are not constants, in order.
pub fn init(unit: &Unit<'_>, isa: &OwnedTargetIsa, function: &mut Function, context: &mut FunctionBuilderContext) -> Vec<Data> {
    let mut signature = Signature::new(CallConv::Tail);
    signature.returns.push(AbiParam::new(types::I8));
    function.name = UserFuncName::user(space::INIT, 0);
    function.signature = signature;
    let mut builder = FunctionBuilder::new(function, context);
    let entry = builder.create_block();
    builder.switch_to_block(entry);
    let raised = builder.create_block();
    builder.set_cold_block(raised);
    for (index, item) in unit.program.statics.iter().enumerate() {
        if unit.constant_static(index).is_some() {
            continue;
        }
        let target = Target { space: space::STATIC, index: index as u32 };
        let name = builder.func.declare_imported_user_function(target.into());
        let global = builder.create_global_value(GlobalValueData::Symbol {
            name: ExternalName::user(name),
            offset: 0.into(),
            colocated: true,
            tls: false,
        });
        let address = builder.ins().symbol_value(types::I64, global);
        let convention = unit.convention(item.init);
        let callee = import(&mut builder, Target { space: space::FUNCTION, index: item.init.0 }, convention.signature(), true);
        let args: &[Value] = if let Pass::Address(_) = convention.result { &[address] } else { &[] };
        let call = builder.ins().call(callee, args);
        let mut results = builder.inst_results(call).to_vec();
        if convention.flag {
            let flag = results.pop().expect("bug! a call without its flag");
            let fine = builder.create_block();
            builder.ins().brif(flag, raised, &[], fine, &[]);
            builder.switch_to_block(fine);
        }
        if let Pass::Scalars(layout) = &convention.result {
            for (leaf, value) in leaves(layout).iter().zip(results) {
                debug_assert_eq!(builder.func.dfg.value_type(value), clif(leaf.scalar));
                builder.ins().store(MemFlagsData::trusted(), value, address, leaf.offset as i32);
            }
        }
    }
    let fine = builder.ins().iconst(types::I8, 0);
    builder.ins().return_(&[fine]);
    builder.switch_to_block(raised);
    let flag = builder.ins().iconst(types::I8, 1);
    builder.ins().return_(&[flag]);
    builder.seal_all_blocks();
    builder.finalize(isa.frontend_config());
    Vec::new()
}

fn import(builder: &mut FunctionBuilder<'_>, target: Target, signature: Signature, near: bool) -> FuncRef {
    let signature = builder.import_signature(signature);
    let name = builder.func.declare_imported_user_function(target.into());
    builder.import_function(ExtFuncData { name: ExternalName::user(name), signature, colocated: near, patchable: false })
}

fn import_row(builder: &mut FunctionBuilder<'_>, name: &str) -> FuncRef {
    let Some((index, row)) = abi::row(name) else { panic!("bug! the runtime has no {name}") };
    import(builder, Target { space: space::ROW, index: index as u32 }, row_signature(row), false)
}
