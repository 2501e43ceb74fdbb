//! What concrete MIR must keep for emission, and how compiled functions call each other.
//!
//! # MIR
//! - Every type is concrete; every callee is `Instance`, `Virtual`, `Intrinsic`, `Runtime`, `Foreign` or `Pointer`.
//! - Drops are calls of drop glue instances (which take `*mut T`, wide where `T` is unsized). A `Drop` terminator, or the
//!   intrinsic `drop_in_place`, may remain where there is nothing to drop (`TypeFacts::needs_drop`) and for `dyn` (called
//!   through the table).
//! - The destination of a call is not read by the callee: no argument refers to it. Destinations and sources of an
//!   assignment do not overlap, unless they are the same place.
//! - A moved operand is not read again: a callee may change its memory.
//! - `Body::never_raises` also promises that no call chain from the body is recursive: it may skip the stack check.
//!   A body that is called through a pointer or a table keeps its flag anyway.
//! - `needs_drop`, `type_name`, `is_plain_bytes` are answered by `TypeFacts`.
//! - `ConstKind::Str` with the type `String` becomes the string's scalars: its pointer to constant bytes, the first
//!   integer the length, everything else 0. So `String` flattens to pointer, length, capacity, in this order of
//!   declaration, and capacity 0 means that nothing is owned.
//! - `Box<T>` flattens to its pointer; `Deref` of any struct leads to its first type argument through its first scalar.
//! - The condition of an atomic's order, and `weak`, are constants.
//!
//! # Calls
//! Aurora functions use Cranelift's `Tail` convention; the pinned register holds the fiber. A parameter of up to
//! [`PARAM_SCALARS_MAX`](crate::convention::PARAM_SCALARS_MAX) scalars travels as scalars, a larger one by the address of
//! memory that the callee may change; zero-sized ones vanish. A result of up to
//! [`RESULT_SCALARS_MAX`](crate::convention::RESULT_SCALARS_MAX) scalars is returned as such, a larger one through an address
//! passed first. Functions that may raise return one `i8` more: 1 when they raised, and then the other results mean nothing.
//!
//! `extern "C"` functions with a body exist twice: as Aurora functions, and as a wrapper with the C convention that fetches
//! the thread's fiber and ends the program when a panic would leave it.
