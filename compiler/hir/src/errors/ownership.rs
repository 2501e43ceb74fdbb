//! Of views, places and `unsafe`; of tasks, parallel loops and what they may take along.

use diag::Code::*;
use diag::{Diagnostic, Span, Symbol};
use syntax::ast::Ident;

pub(crate) fn view_field(span: Span, name: Symbol, declared: Span, word: &str, ty: &str) -> Diagnostic {
    let _ = declared;
    Diagnostic::error(E0509, format!("`{name}` has a field that looks at what others own, so it must be a `view {word}`"))
        .primary(span, format!("`{ty}` is a view"))
        .help(format!("own the value (`String` for `&str`, `Vec<T>` for `&[T]`), or declare `view {word} {name}`"))
}

pub(crate) fn not_mutable_place(span: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0511, "this cannot be changed: what leads to it is shared")
        .primary(span, format!("a `{ty}` behind something that only lends it for looking"))
        .help("a `Cell`, `RefCell` or `Mutex` inside can be changed through a shared owner")
}

pub(crate) fn unneeded_unsafe(word: Span) -> Diagnostic {
    Diagnostic::warning(W0701, "this `unsafe` block does nothing unsafe")
        .primary(word, "not needed")
        .help("leave out `unsafe`")
        .fix(word, "")
}

pub(crate) fn needs_unsafe(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(E0702, format!("{what} needs an `unsafe` block"))
        .primary(span, "the compiler cannot check this")
        .help("put it into `unsafe { … }`, and say in a comment why it is right")
}

pub(crate) fn unused_value(span: Span, what: &str, is_result: bool) -> Diagnostic {
    let diagnostic = Diagnostic::warning(W0301, format!("{what} is dropped without a look")).primary(span, "not used");
    if is_result {
        diagnostic.help("handle the failure, hand it on with `?`, or say that it does not matter: `let _ = …`")
    } else {
        diagnostic.help("use it, or say that it does not matter: `let _ = …`")
    }
}

pub(crate) fn spawn_outside(span: Span) -> Diagnostic {
    Diagnostic::error(E0602, "a task is started here, but no `scope` around it waits for its end")
        .primary(span, "not inside a `scope { … }` of this function")
        .help("put a `scope { … }` around it; a helper takes a `&Scope` and starts tasks with `spawn in s`, and `detach { … }` starts one that the whole program waits for")
}

/// A capture that cannot go to another task.
pub(crate) struct Crossing<'a> {
    pub used: Span,
    pub head: Span,
    pub name: &'a str,
    pub ty: &'a str,
    pub shared: bool,
    pub part: &'a str,
    pub marker: Symbol,
    pub chain: &'a [String],
    pub help: &'a str,
}

pub(crate) fn cannot_cross(c: Crossing) -> Diagnostic {
    let what = if c.shared { "cannot be used by two tasks at once" } else { "cannot go to another task" };
    let diagnostic = Diagnostic::error(E0601, format!("`{}` {what}: `{}` is not `{}`", c.name, c.part, c.marker))
        .primary(c.used, format!("the task {} `{}`, a `{}`", if c.shared { "looks at" } else { "takes" }, c.name, c.ty))
        .label(c.head, "this task is started here");
    with_chain(diagnostic, c.chain).help(c.help)
}

fn with_chain(diagnostic: Diagnostic, chain: &[String]) -> Diagnostic {
    if chain.is_empty() { diagnostic } else { diagnostic.note(chain.join(", ")) }
}

pub(crate) fn view_to_task(used: Span, head: Span, name: &str, ty: &str, part: &str, chain: &[String], detached: bool) -> Diagnostic {
    let (who, help) = if detached {
        ("a detached task may outlive this function, so it owns what it uses", "give it a copy (`.clone()`) or share the owner through `Shared`; a `spawn` in a `scope` here may borrow")
    } else {
        ("a task of a scope further out may outlive this block, so it owns what it uses", "give it a copy (`.clone()`) or share the owner through `Shared`; a `spawn` in a `scope { … }` of its own may borrow")
    };
    let diagnostic = Diagnostic::error(E0601, format!("`{name}` is borrowed, and {who}"))
        .primary(used, format!("`{name}` is a `{ty}`{}", if part == ty { String::new() } else { format!(": `{part}` is a view") }))
        .label(head, "this task is started here");
    with_chain(diagnostic, chain).help(help)
}

pub(crate) fn view_from_task(at: Span, head: Span, ty: &str, part: &str, chain: &[String], handle: bool) -> Diagnostic {
    if handle {
        return Diagnostic::error(E0604, format!("a task cannot give away the handle of another task, a `{part}`"))
            .primary(at, "this handle is of use in its own scope only")
            .label(head, "the value of this task")
            .help("`join` it inside and give its value");
    }
    let diagnostic = Diagnostic::error(E0601, format!("a task gives a value of its own, and `{part}` is a view"))
        .primary(at, format!("this value is a `{ty}`"))
        .label(head, "the value of this task");
    with_chain(diagnostic, chain).help("give an owned value: `.to_string()`, `.to_vec()`, `.clone()`, or an index")
}

pub(crate) fn result_of_task(at: Span, head: Span, ty: &str, part: &str, chain: &[String], help: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0601, format!("the value of a task goes to another one: `{part}` is not `Send`"))
        .primary(at, format!("this value is a `{ty}`"))
        .label(head, "the value of this task");
    with_chain(diagnostic, chain).help(help)
}

/// `borrowed`: changed in place; else the capture is or holds an exclusive reference.
pub(crate) fn exclusive_capture(used: Span, head: Span, name: &str, borrowed: bool, parallel: bool) -> Diagnostic {
    let what = if borrowed { "changes" } else { "takes the exclusive reference" };
    if parallel {
        return Diagnostic::error(E0605, format!("every round of a `parallel for` would change `{name}` at the same time"))
            .primary(used, format!("the body {what} `{name}` here"))
            .label(head, "its rounds run in several tasks")
            .help(format!("gather with `reduce(+: {name})`, write to the round's own element of `&mut xs`, or use an `Atomic` or a `Mutex`"));
    }
    Diagnostic::error(E0605, format!("a task that catches its failure may not change `{name}`: it could be left half changed"))
        .primary(used, format!("the task {what} `{name}` here"))
        .label(head, "`try` catches what goes wrong in it")
        .help("let the task give its result, and change things where it is joined; or `spawn` without `try`")
}

pub(crate) fn closure_that_looks(span: Span, used: Span, name: &str) -> Diagnostic {
    Diagnostic::error(E0509, format!("this closure borrows `{name}`, so it is a view: an owner is needed here"))
        .primary(span, "what is put here may outlive what it looks at")
        .label(used, format!("it uses `{name}` here"))
        .help("put `move` before the closure: then it owns what it uses")
}

/// `deeper`: where a function that is called does it.
pub(crate) fn impure(name: &str, name_span: Span, at: Span, what: &str, deeper: Option<Span>, through: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(E0606, format!("`{name}` is `pure`, but it {what}"));
    let diagnostic = match deeper {
        Some(deeper) => diagnostic.primary(at, "this comes to it").label(deeper, "here"),
        None => diagnostic.primary(at, "here"),
    };
    // What lies between the call and the place is not to be seen in the text shown.
    let diagnostic = match through {
        [first, rest @ ..] if !rest.is_empty() => {
            let rest: String = rest.iter().map(|name| format!(", which calls `{name}`")).collect();
            diagnostic.note(format!("`{name}` calls `{first}`{rest}"))
        }
        _ => diagnostic,
    };
    diagnostic
        .label(name_span, "promised here")
        .help("take what it needs as arguments and give back what it finds; or leave out `pure`")
}

pub(crate) fn select_operation(span: Span) -> Diagnostic {
    Diagnostic::error(E0111, "an arm of `select` waits for an operation").primary(span, "not an operation that can be waited for").help(
        "an arm is `value = rx.recv() => …`, `tx.send(value) => …`, `value = join task => …`, `after 10ms => …`, `cancelled => …` or `default => …`",
    )
}

pub(crate) fn not_selectable(span: Span, method: &str, ty: &str) -> Diagnostic {
    Diagnostic::error(E0302, format!("`{method}` of `{ty}` cannot be an arm of a `select`"))
        .primary(span, "this cannot be waited for together with others")
        .help("arms are the waiting methods of channels, events and semaphores; a `Mutex` or a function of one's own is waited for in a task, whose handle can be: `value = join task => …`")
}

pub(crate) fn second_select_arm(span: Span, first: Span, word: &str) -> Diagnostic {
    Diagnostic::error(E0111, format!("a `select` has at most one `{word}` arm")).primary(span, "a second one").label(first, "the first one")
}

pub(crate) fn after_and_default(span: Span) -> Diagnostic {
    Diagnostic::error(E0111, "with a `default` arm a `select` never waits, so `after` can never come")
        .primary(span, "this arm can never be taken")
        .help("leave out `default` to wait, or `after` not to")
}

pub(crate) fn empty_select(span: Span) -> Diagnostic {
    Diagnostic::error(E0111, "a `select` without arms would wait for ever").primary(span, "no arm")
}

pub(crate) fn not_lockable(span: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0301, format!("`{ty}` is not a lock")).primary(span, "`lock` takes `Mutex`es").help("name the `Mutex` itself, not a guard of it")
}

pub(crate) fn not_task_local(span: Span) -> Diagnostic {
    Diagnostic::error(E0205, "`with` binds a task-local").primary(span, "this is none").help("declare it with `task_local NAME: Type = default`")
}

pub(crate) fn static_view(span: Span, name: Symbol, ty: &str, local: bool) -> Diagnostic {
    let what = if local { "a task-local is handed on to other tasks" } else { "a `static` lives as long as the program" };
    Diagnostic::error(E0509, format!("{what}, so it cannot hold a view"))
        .primary(span, format!("`{name}` would hold a `{ty}`"))
        .help("keep an owner: a `String` for a `&str`, a `Vec` for a slice")
}

pub(crate) fn static_share(span: Span, name: Symbol, ty: &str) -> Diagnostic {
    Diagnostic::error(E0601, format!("every task can use `{name}`, but `{ty}` is not `Share`"))
        .primary(span, "declared here")
        .help("what several tasks change belongs into a `Mutex` or an `Atomic`; what they share into a `Shared`")
}

pub(crate) fn parallel_takes(used: Span, head: Span, name: &str) -> Diagnostic {
    Diagnostic::error(E0501, format!("every round of a `parallel for` would take `{name}` away"))
        .primary(used, format!("`{name}` is moved here, and can be only once"))
        .label(head, "the body runs for every round")
        .help(format!("look at it (`&{name}`), or take a copy in each round (`{name}.clone()`)"))
}

pub(crate) fn reduce_variable(name: Ident) -> Diagnostic {
    Diagnostic::error(E0205, format!("`{}` is not a variable of this function", name.name))
        .primary(name.span, "`reduce` puts its result into a variable")
}

/// `declared`: where the function or operator that is not declared stands.
pub(crate) fn not_associative(op: Span, name: &str, variable: Symbol, why: NotAssociative, declared: Option<Span>) -> Diagnostic {
    let (text, help) = match why {
        NotAssociative::Function => (
            format!("nothing says that `{name}` is associative"),
            format!("if `{name}({name}(a, b), c)` is `{name}(a, {name}(b, c))` and the default of its type changes nothing, say so: `#[associative] fn {name}`"),
        ),
        NotAssociative::Operator(ty) => (
            format!("nothing says that `{name}` of `{ty}` is associative"),
            format!("if `(a {name} b) {name} c` is `a {name} (b {name} c)` and `{ty}::default()` changes nothing, write `#[associative]` at the method of the operator's `impl`"),
        ),
        NotAssociative::Value => (
            format!("`{name}` is a value, of which nobody can say that it is associative"),
            "name a function that is declared as `#[associative]`".to_owned(),
        ),
        NotAssociative::Unknown(ty) => (
            format!("`{name}` of `{ty}` may be anything"),
            format!("reduce by a function that is declared as `#[associative]`, or by `max` or `min` where `{ty}` is `Ord`"),
        ),
    };
    let diagnostic = Diagnostic::error(E0607, text).primary(op, format!("puts together what the parts made of `{variable}`, wherever they were cut"));
    let diagnostic = match declared {
        Some(span) => diagnostic.label(span, "declared here"),
        None => diagnostic,
    };
    diagnostic.help(help)
}

/// Of a loop that nobody wrote as a parallel one.
pub(crate) fn gathered_unasked(variable: Ident, ty: &str, is_float: bool) -> Diagnostic {
    let name = variable.name;
    let text = if is_float {
        format!("`{name}` is a float: put together from parts it would be rounded otherwise")
    } else {
        format!("`{name}` is a `{ty}`: only integers are put together without being asked for")
    };
    Diagnostic::error(E0607, text)
        .primary(variable.span, "taken up in the order of the rounds")
        .help(format!("`parallel for … reduce(…: {name})` says that parts may be put together"))
}

pub(crate) fn no_reduction(op: Span, name: &str, ty: &str) -> Diagnostic {
    Diagnostic::error(E0307, format!("`{name}` does not apply to `{ty}` and `{ty}`"))
        .primary(op, "so it cannot put together what the parts made")
        .help("name a function that is declared as `#[associative]`")
}

pub(crate) enum NotAssociative {
    Function,
    /// Of this type.
    Operator(String),
    /// A closure, or a function that is known only when the program runs.
    Value,
    /// Of a type parameter.
    Unknown(String),
}

pub(crate) fn leaves_parallel(span: Span, word: &str) -> Diagnostic {
    Diagnostic::error(E0319, format!("`{word}` cannot leave a `parallel for`: other rounds run at the same time"))
        .primary(span, "there is no first round that could end the others")
        .help("gather what the rounds find: `reduce(||: found)`, `reduce(min: first)`, or a `Vec` behind a `Mutex`; `continue` ends a single round")
}

pub(crate) fn not_splittable(span: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0321, format!("a `{ty}` cannot be gone through in parallel"))
        .primary(span, "it does not fall into parts")
        .help("sources are ranges, `&xs`, `&mut xs`, `.chunks(n)`, `.chunks_mut(n)`, maps and sets, and these with `.enumerate()`, `.zip(…)`, `.rev()`, `.step_by(n)`")
}

pub(crate) fn scope_option(name: Ident) -> Diagnostic {
    Diagnostic::error(E0111, format!("a `scope` has no option `{}`", name.name))
        .primary(name.span, "not an option of a scope")
        .help("the options are `limit: n`, `deadline: duration` and `on_failure: collect`")
}

pub(crate) fn on_failure(span: Span) -> Diagnostic {
    Diagnostic::error(E0111, "a scope either cancels its tasks when one fails, or collects the failures")
        .primary(span, "neither `collect` nor `cancel`")
        .help("`on_failure: collect` lets every task finish and gives the failures; without it the first failure cancels the others")
}

pub(crate) fn async_without_block(span: Span) -> Diagnostic {
    Diagnostic::error(E0604, "this task would end with the closure that starts it, before anybody could await it")
        .primary(span, "an `async` lasts to the end of the block that it stands in")
        .help("start it where it is awaited: `for x in xs { tasks.push(spawn work(x)) }` inside a `scope { … }`, then `join tasks`")
}

pub(crate) fn not_joinable(span: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0305, format!("`{ty}` is not the handle of a task"))
        .primary(span, "nothing to wait for")
        .help("`join` and `await` take a `Task<T>`, a tuple of handles or a `Vec` of them; a function is simply called: it may wait without being marked")
}

pub(crate) fn own_by_hand(span: Span) -> Diagnostic {
    Diagnostic::error(E0323, "`Own` is decided by what a type contains").primary(span, "it cannot be implemented by hand")
}

pub(crate) fn needs_unsafe_impl(span: Span, name: Symbol) -> Diagnostic {
    Diagnostic::error(E0702, format!("`{name}` is a promise that the compiler cannot check, so its impl is `unsafe`"))
        .primary(span, "this impl does not say so")
        .help(format!("leave it out, where the parts of the type are `{name}` it holds by itself; else write `unsafe impl {name} for …`"))
}

pub(crate) fn unbounded_marker(span: Span, name: Symbol, param: Symbol, declared: Span) -> Diagnostic {
    Diagnostic::error(E0323, format!("this impl promises `{name}` whatever `{param}` is"))
        .primary(span, format!("an `Rc`, or a reference to a `Cell`, would pass as a `{param}`"))
        .label(declared, "nothing is asked of it")
        .help(format!("say what has to hold: `{param}: Send` for a value that is handed over, `{param}: Send + Share` for one that is shared"))
}

pub(crate) fn copy_with_destructor(span: Span, drop: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(E0323, format!("`{ty}` has a destructor, so it cannot be `Copy`"))
        .primary(span, "a copy would end twice")
        .label(drop, "its destructor")
        .help("implement `Clone` only")
}

pub(crate) fn field_not_copy(span: Span, field: Span, name: Symbol, ty: &str) -> Diagnostic {
    Diagnostic::error(E0305, format!("this type cannot be `Copy`: its field `{name}` is a `{ty}`"))
        .primary(span, "asked for here")
        .label(field, format!("`{ty}` is not `Copy`"))
        .help("remove `Copy`; `Clone` makes copies on request")
}
