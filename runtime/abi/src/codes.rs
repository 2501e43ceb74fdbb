//! Why the language itself raises, and with which exit codes a program ends.

/// Exit code of a program that a panic ended.
pub const EXIT_PANIC: i32 = 101;
/// Exit code of a program all of whose tasks wait for each other.
pub const EXIT_DEADLOCK: i32 = 102;
/// Exit code of a program that cannot go on: a fault of unsafe code, no memory, a panic during a panic.
pub const EXIT_FATAL: i32 = 134;

macro_rules! faults {
    ($($name:ident = $code:literal $message:literal)*) => {
        /// A fault of a checked operation, passed to the runtime as its number.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(i64)]
        pub enum Fault {
            $(#[doc = $message] $name = $code,)*
        }

        impl Fault {
            pub const ALL: &'static [Fault] = &[$(Fault::$name,)*];

            pub fn message(self) -> &'static str {
                match self {
                    $(Fault::$name => $message,)*
                }
            }

            pub fn from_code(code: i64) -> Option<Fault> {
                match code {
                    $($code => Some(Fault::$name),)*
                    _ => None,
                }
            }
        }
    };
}

faults! {
    Add = 0 "attempt to add with overflow"
    Subtract = 1 "attempt to subtract with overflow"
    Multiply = 2 "attempt to multiply with overflow"
    Divide = 3 "attempt to divide with overflow"
    Remainder = 4 "attempt to calculate the remainder with overflow"
    ShiftLeft = 5 "attempt to shift left with overflow"
    ShiftRight = 6 "attempt to shift right with overflow"
    Negate = 7 "attempt to negate with overflow"
    DivideByZero = 8 "attempt to divide by zero"
    RemainderByZero = 9 "attempt to calculate the remainder with a divisor of zero"
    Cast = 10 "attempt to convert a float to an integer that cannot hold it"
    Unreachable = 11 "entered unreachable code"
    Overflow = 12 "attempt to compute with overflow"
}
