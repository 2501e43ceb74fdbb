//! What stands for the runtime: the heap, and panics. Output goes nowhere; clocks stand still.

use crate::eval::{Machine, Raises, Step, Stop};
use crate::memory::{Kind, Value};

impl Machine<'_> {
    pub fn runtime(&mut self, name: &str, args: &[Value]) -> Step<Raises<Option<Value>>> {
        let int = |n: usize| args[n].bits() as u64;
        let give = |value: Value| Ok(Raises::Value(Some(value)));
        match name {
            "rt_alloc" | "rt_alloc_zeroed" => {
                let size = int(0);
                let piece = self.memory.add(size, int(1), Kind::Heap);
                if name == "rt_alloc_zeroed" {
                    self.memory.initialise(piece, &Value { written: vec![true; size as usize], ..Value::unwritten(size) });
                }
                give(Value::pointer(self.memory.owner(piece)))
            }
            "rt_realloc" => {
                let (old, size) = (int(1), int(3));
                let piece = self.memory.add(size, int(2), Kind::Heap);
                let from = args[0].as_pointer();
                let kept = self.check(|memory| memory.read(from, old.min(size)))?;
                self.memory.initialise(piece, &kept);
                self.check(|memory| memory.free(from))?;
                give(Value::pointer(self.memory.owner(piece)))
            }
            "rt_free" => {
                let at = args[0].as_pointer();
                self.check(|memory| memory.free(at))?;
                give(Value::default())
            }
            "rt_panic" | "rt_unwind" => {
                self.carry_panic()?;
                Ok(Raises::Raised)
            }
            "rt_raise_cancelled" => {
                self.carry(int(0) as i64)?;
                Ok(Raises::Raised)
            }
            "rt_exit" | "rt_abort" => Err(Stop::Exit),
            "rt_stdout_write" | "rt_stderr_write" => {
                let (at, len) = (args[0].as_pointer(), int(1));
                let text = self.check(|memory| memory.read(at, len))?;
                if !text.is_written() {
                    return self.violation("prints bytes that were never written");
                }
                give(Value::default())
            }
            "rt_stdout_flush" => give(Value::default()),
            "rt_stderr_kind" | "rt_clock_now" | "rt_clock_wall" | "rt_random" => give(Value::int(4, 8)),
            "rt_barrier" => {
                self.memory.clocks().fence();
                give(Value::default())
            }
            "rt_float_format" => {
                let text = format!("{:?}", f64::from_bits(int(0)));
                let into = args[3].as_pointer();
                let bytes = text.into_bytes();
                let value = Value { written: vec![true; bytes.len()], bytes, pointers: Vec::new() };
                self.check(|memory| memory.write(into, &value))?;
                give(Value::int(value.size(), 8))
            }
            _ => match name.strip_prefix("rt_task_") {
                Some(task) => self.task_call(task, args),
                None => Err(Stop::Unsupported(format!("the runtime's `{name}`"))),
            },
        }
    }
}
