//! Calls: which function runs, and what the intrinsics do that are still calls in concrete bodies.

use crate::eval::{Machine, Raises, Step, Stop};
use crate::memory::{Pointer, Value};
use crate::place::Spot;
use hir::ty::{Args, Ty};
use mir::body::{Body, Callee, Operand, Place};

// Orders, as the library numbers them.
const RELAXED: u64 = 0;
const ACQUIRE: u64 = 1;
const RELEASE: u64 = 2;
const SEQCST: u64 = 4;

impl Machine<'_> {
    /// The result, `None` where the destination keeps what it holds.
    pub fn call_value(&mut self, body: &Body, callee: &Callee, args: &[Operand], dest: &Place) -> Step<Raises<Option<Value>>> {
        let pointer = match callee {
            Callee::Pointer(pointer) => Some(self.scalar(body, pointer)?),
            _ => None,
        };
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            values.push(self.operand(body, arg)?);
        }
        let some = |done: Raises<Value>| match done {
            Raises::Value(value) => Raises::Value(Some(value)),
            Raises::Raised => Raises::Raised,
        };
        match callee {
            Callee::Instance(id) => Ok(some(self.call(*id, values)?)),
            Callee::Pointer(_) => {
                let id = self.function_at(pointer.expect("it was read").as_pointer().address)?;
                Ok(some(self.call(id, values)?))
            }
            Callee::Virtual { slot, .. } => {
                let Some(table) = values[0].second_word() else {
                    return Err(Stop::Unsupported("a method of a table without a table".into()));
                };
                let method = self.table(&table)?.methods[*slot as usize];
                values[0] = values[0].part(0, 8);
                Ok(some(self.call(method, values)?))
            }
            Callee::Intrinsic(name, types) => self.intrinsic(name.as_str(), types, &values, self.ty_of(body, dest)),
            Callee::Runtime(name) => self.runtime(name.as_str(), &values),
            Callee::Foreign { name, .. } => Err(Stop::Unsupported(format!("the foreign function `{name}`"))),
            Callee::Fn(..) | Callee::FnTrait(..) => panic!("bug! a generic callee in a concrete body"),
        }
    }

    fn intrinsic(&mut self, name: &str, types: &Args, args: &[Value], dest: Ty) -> Step<Raises<Option<Value>>> {
        let number = |value: u64| Ok(Raises::Value(Some(Value::int(value, 8))));
        let nothing = || Ok(Raises::Value(Some(Value::default())));
        let first = |n: usize| -> Pointer { args[n].as_pointer() };
        let int = |n: usize| -> u64 { args[n].bits() as u64 };
        if let Some(kind) = name.strip_prefix("atomic_") {
            return self.atomic(kind, types[0..].first().copied(), args, dest);
        }
        match name {
            "size_of" => number(self.layouts().of(types[0]).size),
            "align_of" => number(self.layouts().of(types[0]).align),
            "size_of_val" | "align_of_val" => {
                let (size, align) = self.size_of(types[0], args[0].second_word().as_ref())?;
                number(if name == "size_of_val" { size } else { align })
            }
            "copy" | "copy_nonoverlapping" => {
                let size = self.layouts().of(types[0]).size.wrapping_mul(int(2));
                if size > 0 {
                    let (from, to) = (first(0), first(1));
                    let value = self.check(|memory| memory.read(from, size))?;
                    self.check(|memory| memory.write(to, &value))?;
                }
                nothing()
            }
            "fill_bytes" => {
                let to = first(0);
                let count = int(2) as usize;
                let value = Value { bytes: vec![args[1].bits() as u8; count], written: vec![true; count], pointers: Vec::new() };
                self.check(|memory| memory.write(to, &value))?;
                nothing()
            }
            "compare_bytes" => {
                let (a, b) = (first(0), first(1));
                let (a, b) = (self.check(|memory| memory.read(a, int(2)))?, self.check(|memory| memory.read(b, int(2)))?);
                if !a.is_written() || !b.is_written() {
                    return self.violation("compares bytes that were never written");
                }
                number(a.bytes.cmp(&b.bytes) as i64 as u64)
            }
            "distance" => {
                let size = self.layouts().of(types[0]).size as i64;
                let bytes = first(1).address.wrapping_sub(first(0).address) as i64;
                number(if size == 0 { 0 } else { (bytes / size) as u64 })
            }
            "thin" => Ok(Raises::Value(Some(args[0].part(0, 8)))),
            "with_address" => {
                let mut value = args[0].clone();
                value.put(0, &args[1]);
                Ok(Raises::Value(Some(value)))
            }
            "drop_in_place" => match self.needs_drop(types[0]) {
                true if self.drop_dyn(first(0), args[0].second_word().as_ref())? => Ok(Raises::Raised),
                _ => nothing(),
            },
            "black_box" => Ok(Raises::Value(Some(args[0].clone()))),
            "fiber" => {
                let fiber = self.fiber();
                Ok(Raises::Value(Some(Value::pointer(fiber))))
            }
            "abort" => Err(Stop::Exit),
            "forget" | "uninit" => Ok(Raises::Value(None)),
            _ => match crate::numbers::intrinsic(name, types.first().copied(), args) {
                Some(value) => Ok(Raises::Value(Some(value))),
                None => Err(Stop::Unsupported(format!("the intrinsic `{name}`"))),
            },
        }
    }

    /// What it hands on between tasks goes by its order; it races with nothing itself.
    fn atomic(&mut self, kind: &str, ty: Option<Ty>, args: &[Value], dest: Ty) -> Step<Raises<Option<Value>>> {
        let (Some(ty), Some(at)) = (ty.filter(|_| kind != "fence"), args.first()) else {
            self.memory.clocks().fence();
            return Ok(Raises::Value(Some(Value::default())));
        };
        let address = at.as_pointer().address;
        let order = args.get(match kind {
            "load" => 1,
            "compare_exchange" => 3,
            _ => 2,
        });
        let order = order.map_or(SEQCST, |order| order.bits() as u64);
        if order != RELEASE && order != RELAXED && kind != "store" {
            self.memory.clocks().acquire(address);
        }
        if order != ACQUIRE && order != RELAXED && kind != "load" {
            self.memory.clocks().release(address);
        } else if kind == "store" {
            self.memory.clocks().overwrite(address);
        }
        self.memory.unobserve(true);
        let done = self.exchange(kind, ty, args, dest);
        self.memory.unobserve(false);
        done
    }

    fn exchange(&mut self, kind: &str, ty: Ty, args: &[Value], dest: Ty) -> Step<Raises<Option<Value>>> {
        let spot = Spot { ty, variant: 0, at: args[0].as_pointer(), metadata: None };
        let size = self.layouts().of(ty).size;
        if kind == "store" {
            self.write(&spot, &args[1])?;
            return Ok(Raises::Value(Some(Value::default())));
        }
        let old = self.read_scalar(&spot)?;
        let number = |value: &Value| crate::numbers::signed(ty, value);
        let new = match kind {
            "load" => None,
            "swap" => Some(args[1].clone()),
            "compare_exchange" => (old.bytes == args[1].bytes).then(|| args[2].clone()),
            "add" => Some(Value::wide((number(&old) + number(&args[1])) as u128, size)),
            "sub" => Some(Value::wide((number(&old) - number(&args[1])) as u128, size)),
            "and" => Some(Value::wide(old.bits() & args[1].bits(), size)),
            "or" => Some(Value::wide(old.bits() | args[1].bits(), size)),
            "xor" => Some(Value::wide(old.bits() ^ args[1].bits(), size)),
            "max" => Some(if number(&args[1]) > number(&old) { args[1].clone() } else { old.clone() }),
            "min" => Some(if number(&args[1]) < number(&old) { args[1].clone() } else { old.clone() }),
            _ => return Err(Stop::Unsupported(format!("the intrinsic `atomic_{kind}`"))),
        };
        if let Some(new) = &new {
            self.write(&spot, new)?;
        }
        if kind == "compare_exchange" {
            let layout = self.layouts().of(dest);
            let mir::layout::Shape::Struct { offsets } = &layout.shape else {
                return Err(Stop::Unsupported("an exchange without a pair".into()));
            };
            let mut both = Value::unwritten(layout.size);
            both.put(offsets[0], &old);
            both.put(offsets[1], &Value::int(u64::from(new.is_some()), 1));
            return Ok(Raises::Value(Some(both)));
        }
        Ok(Raises::Value(Some(old)))
    }
}
