//! What the middle says about a program: one constructor a mistake. Each message says what is wrong, where it began,
//! where it broke, and what to do.

use diag::{Code, Diagnostic, Span, Symbol};
use hir::ty::Mutable;

/// What took a value.
#[derive(Clone, Copy)]
pub enum HowMoved {
    /// Into a variable.
    Into(Symbol),
    /// As an argument of a function.
    Argument(Symbol),
    /// As the receiver of a method that takes `self`.
    Receiver(Symbol),
    /// As what a `for` loop goes through.
    Iterated,
    /// By calling it: a closure that may be called once.
    Called,
    /// By a closure.
    Captured,
    Returned,
    Assigned,
}

pub struct UseAfterMove<'a> {
    /// With backquotes.
    pub name: &'a str,
    /// The part that went, if not all of it.
    pub part: Option<&'a str>,
    pub ty: &'a str,
    pub used: Span,
    pub moved: Span,
    pub how: HowMoved,
    pub earlier_round: bool,
    pub can_clone: bool,
    /// The text of the move.
    pub moved_text: &'a str,
}

pub fn use_after_move(m: UseAfterMove) -> Diagnostic {
    let name = m.name;
    let what = match m.how {
        HowMoved::Into(into) => format!("moved into `{into}`"),
        HowMoved::Argument(function) => format!("moved into `{function}`"),
        HowMoved::Receiver(method) => format!("`{method}` takes `self`: the value is moved"),
        HowMoved::Iterated => "the loop takes the value apart: it is moved".to_string(),
        HowMoved::Called => "calling it uses it up".to_string(),
        HowMoved::Captured => "moved into the closure, which uses it up,".to_string(),
        HowMoved::Returned => "moved out of the function".to_string(),
        HowMoved::Assigned => "moved".to_string(),
    };
    let same_place = m.used == m.moved;
    let message = match (m.earlier_round, m.part) {
        (true, _) => format!("{name} is moved in one round of the loop and used in the next"),
        (false, Some(part)) => format!("{name} is used after {part} was moved out of it"),
        (false, None) => format!("{name} was moved and is used again"),
    };
    let mut diagnostic = Diagnostic::error(Code::E0501, message);
    if same_place {
        diagnostic = diagnostic.primary(m.used, format!("{what} here, in an earlier round of the loop"));
    } else {
        let round = if m.earlier_round { " here, in an earlier round of the loop" } else { " here" };
        diagnostic = diagnostic.label(m.moved, format!("{what}{round}")).primary(m.used, "used here, after the move");
    }
    let simple = is_path(m.moved_text);
    if m.ty.starts_with("&mut ") {
        let diagnostic = diagnostic.note(format!("only one can hold a `{}` at a time, and passing it on as it is gives it away", m.ty));
        return match m.how {
            HowMoved::Iterated | HowMoved::Into(_) | HowMoved::Argument(_) | HowMoved::Assigned if simple => {
                let text = m.moved_text;
                diagnostic.help(format!("lend it on: `&mut *{text}`")).fix(m.moved, format!("&mut *{text}"))
            }
            _ => diagnostic.help(format!("lend it on with `&mut *`, or use {name} before it is moved")),
        };
    }
    diagnostic = diagnostic.note(format!("a `{}` has one owner at a time, and passing it on makes the receiver the owner", m.ty));
    match m.how {
        HowMoved::Iterated if simple => {
            let text = m.moved_text;
            diagnostic.help(format!("go through it by reference: `for … in &{text}`")).fix(m.moved, format!("&{text}"))
        }
        HowMoved::Captured if m.can_clone => {
            diagnostic.help(format!("clone {name} before the closure and use the clone inside, or borrow it there"))
        }
        HowMoved::Called => diagnostic.help("let the closure borrow what it captures, or make a new one for each call"),
        _ if m.can_clone && simple => {
            let text = m.moved_text;
            diagnostic.help(format!("give away a copy: `{text}.clone()`")).fix(m.moved, format!("{text}.clone()"))
        }
        _ if m.can_clone => diagnostic.help(format!("clone {name} before it is moved, or pass a reference")),
        _ => diagnostic.help(format!("pass a reference to {name} instead, or use it before it is moved")),
    }
}

pub fn maybe_uninitialised(name: &str, declared: Span, used: Span) -> Diagnostic {
    Diagnostic::error(Code::E0503, format!("{name} may be used before it has a value"))
        .label(declared, "declared here without a value")
        .primary(used, "used here, where not every way has given it one")
        .help(format!("give {name} a value on every way that leads here"))
}

/// Out of what a value cannot be moved.
pub enum OutOf {
    /// What the reference is called, where it is declared.
    Borrow(String, Option<Span>, Mutable),
    /// Of a vector, slice or array, with backquotes.
    Element(String),
    /// Captured by a closure that may be called again: the variable, and where it is declared.
    Captured(String, Span),
    /// A raw pointer or a `static`.
    Pointer,
}

pub fn move_out_of_borrow(name: &str, ty: &str, used: Span, from: OutOf, can_clone: bool, text: &str) -> Diagnostic {
    let error = |message: String| Diagnostic::error(Code::E0502, message);
    let diagnostic = match from {
        OutOf::Borrow(of, declared, mutable) => {
            let kind = if mutable.is_yes() { "borrowed exclusively" } else { "only borrowed" };
            let (from, looked_at) = if of.is_empty() {
                (String::new(), "it".to_string())
            } else {
                (format!(" out of `{of}`"), format!("`{of}`"))
            };
            let diagnostic = error(format!("{name} cannot be moved{from}, which is {kind}").replace("moved, which", "moved: the value"));
            let diagnostic = match declared {
                Some(declared) => diagnostic.label(declared, format!("{looked_at} looks at a value that someone else owns")),
                None => diagnostic,
            };
            diagnostic.primary(used, format!("this would take a `{ty}` away from its owner"))
        }
        OutOf::Element(of) => error(format!("{name} cannot be moved out of {of}"))
            .primary(used, format!("this would leave a hole where the `{ty}` was")),
        OutOf::Captured(variable, declared) => {
            error(format!("`{variable}` cannot be moved out of a closure that may be called again"))
                .label(declared, "declared here, captured by the closure")
                .primary(used, "the first call would take it, the second would find nothing")
        }
        OutOf::Pointer => error(format!("{name} cannot be moved out of memory that a pointer or a `static` names"))
            .primary(used, format!("this would take the `{ty}` away and leave nothing in its place")),
    };
    let simple = is_path(text) || text.ends_with(']');
    match (can_clone, simple) {
        (true, true) => {
            diagnostic.help(format!("copy it: `{text}.clone()`, or look at it: `&{text}`")).fix(used, format!("{text}.clone()"))
        }
        (true, false) => diagnostic.help("clone the value, or take a reference to it"),
        (false, true) => diagnostic.help(format!("look at it instead: `&{text}`")).fix(used, format!("&{text}")),
        (false, false) => diagnostic.help("take a reference to the value instead"),
    }
}

pub fn move_out_of_drop(name: &str, whole: &str, ty: &str, used: Span, clone: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::E0510, format!("{name} cannot be moved out of {whole}, which has a destructor"))
        .primary(used, format!("`{ty}` implements `Drop`, whose `drop` needs all of its fields"));
    match clone {
        Some(text) if is_path(text) => {
            diagnostic.help(format!("copy the field: `{text}.clone()`, or look at it: `&{text}`")).fix(used, format!("{text}.clone()"))
        }
        _ => diagnostic.help("take a reference to the field, or put something in its place with `replace`"),
    }
}

/// How something was about to change.
#[derive(Clone, Copy)]
pub enum Change {
    /// A second value for a variable.
    Again,
    /// A part of it, or something it points to, gets a value.
    Assign,
    /// It is borrowed exclusively, perhaps for a method.
    Borrow(Option<Symbol>),
}

impl Change {
    fn what(self) -> String {
        match self {
            Change::Again | Change::Assign => "changed here".to_string(),
            Change::Borrow(Some(method)) => format!("`{method}` changes it"),
            Change::Borrow(None) => "borrowed here to be changed".to_string(),
        }
    }
}

/// `described` is what changes, `name` the variable it belongs to.
pub fn change_of_immutable(
    described: &str,
    name: &str,
    declared: Span,
    used: Span,
    change: Change,
    is_param: bool,
) -> Diagnostic {
    let kind = if is_param { "parameter" } else { "variable" };
    let message = if described.trim_matches('`') == name {
        format!("`{name}` is changed, but not declared `mut`")
    } else {
        format!("{described} is changed, but `{name}` is not declared `mut`")
    };
    Diagnostic::error(Code::E0504, message)
        .label(declared, format!("this {kind} keeps its value"))
        .primary(used, change.what())
        .help(format!("allow changes: `mut {name}`"))
        .fix(declared.start(), "mut ")
}

pub fn change_of_shared_capture(described: &str, used: Span, declared: Span) -> Diagnostic {
    Diagnostic::error(Code::E0504, format!("{described} is changed in a closure that only looks at it"))
        .label(declared, "declared here")
        .primary(used, "changed here")
        .help("pass the value into the closure, or keep it in a `Cell`")
}

/// `through` is the reference, with backquotes, empty for one without a name; `shown` its type.
pub fn write_through_shared(
    described: &str,
    through: &str,
    declared: Option<Span>,
    shown: &str,
    used: Span,
    change: Change,
    is_self: bool,
) -> Diagnostic {
    let name = if through.is_empty() { String::new() } else { format!("{through}, ") };
    let diagnostic = Diagnostic::error(Code::E0511, format!("{described} cannot be changed through {name}a shared reference"));
    let diagnostic = match declared {
        Some(declared) if is_self => diagnostic.label(declared, "the method takes `&self`: it may look, not change"),
        Some(declared) => diagnostic.label(declared, format!("a `{shown}`: others may be looking at the same value")),
        None => diagnostic,
    };
    let diagnostic = diagnostic.primary(used, change.what());
    if is_self {
        return diagnostic.help("take `&mut self`");
    }
    match shown.strip_prefix('&') {
        Some(to) if declared.is_some() => diagnostic.help(format!("take `&mut {to}` instead")),
        _ => diagnostic.help("make the reference exclusive: `&mut`"),
    }
}

pub fn unused_variable(name: &str, span: Span, written: bool) -> Diagnostic {
    let what = if written { "gets a value that nobody reads" } else { "is never used" };
    Diagnostic::warning(Code::W0201, format!("`{name}` {what}"))
        .primary(span, "declared here")
        .help(format!("remove it, or call it `_{name}` if that is meant"))
}

pub fn unneeded_mut(name: &str, span: Span, word: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::warning(Code::W0501, format!("`{name}` is declared `mut` but never changes"))
        .primary(span, "declared here")
        .help("leave out `mut`");
    match word {
        Some(word) => diagnostic.fix(word, ""),
        None => diagnostic,
    }
}

/// A function whose type arguments grow with each call of itself.
pub fn endless_instances(path: &str, declared: Span) -> Diagnostic {
    Diagnostic::error(Code::E0314, format!("`{path}` needs endlessly many versions of itself"))
        .primary(declared, "calls itself with ever larger type arguments")
        .note("a generic function is compiled once for each set of type arguments it is called with")
        .help("pass the growing part behind a `Box<dyn …>` or a reference to a `dyn`, so that its type stays the same")
}

/// `a.b.c`, so that `.clone()` can be put behind it.
fn is_path(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.')
}

/// What was done to a place that is lent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Did {
    Used,
    Moved,
    Changed,
    Borrowed,
    BorrowedExclusively,
}

pub struct BorrowConflict<'a> {
    /// With backquotes, or `this value`.
    pub name: &'a str,
    pub lent: &'a str,
    pub did: Did,
    /// The loan.
    pub exclusive: bool,
    pub at: Span,
    pub lent_at: Span,
    /// Where the loan is needed afterwards.
    pub used: Option<Span>,
    /// The variable that holds the loan.
    pub holder: Option<Symbol>,
    /// It is held by what a `for` loop goes through.
    pub is_loop: bool,
}

pub fn borrow_conflict(c: BorrowConflict) -> Diagnostic {
    let name = c.name;
    let how = if c.exclusive { "borrowed exclusively" } else { "borrowed" };
    let (code, message, here) = match c.did {
        Did::Used => (Code::E0506, format!("{name} is used while it is {how}"), "used here"),
        Did::Moved => (Code::E0507, format!("{name} is moved while it is {how}"), "moved away here"),
        Did::Changed => (Code::E0505, format!("{name} is changed while it is {how}"), "changed here"),
        Did::Borrowed => (Code::E0506, format!("{name} is borrowed while it is already {how}"), "borrowed again here"),
        Did::BorrowedExclusively if c.exclusive => {
            (Code::E0506, format!("{name} is borrowed exclusively twice at the same time"), "borrowed to be changed here, too")
        }
        Did::BorrowedExclusively => {
            (Code::E0506, format!("{name} is borrowed exclusively while it is already {how}"), "borrowed to be changed here")
        }
    };
    let mut diagnostic = Diagnostic::error(code, message);
    let began = if c.exclusive { format!("{} is borrowed to be changed here", c.lent) } else { format!("{} is borrowed here", c.lent) };
    diagnostic = if c.lent_at == c.at {
        diagnostic.primary(c.at, format!("{here}, in an earlier round of the loop"))
    } else {
        diagnostic.label(c.lent_at, began).primary(c.at, here)
    };
    if let Some(used) = c.used
        && used != c.at
        && used != c.lent_at
    {
        let holder = c.holder.map_or_else(|| "the borrow".to_string(), |name| format!("`{name}`"));
        diagnostic = diagnostic.label(used, format!("{holder} is still needed here"));
    }
    diagnostic.help(match c.did {
        Did::Moved => "move it after the last use of the borrow, or clone it",
        _ if c.lent_at == c.at => "what the borrow gave is kept from one round to the next: keep a copy (`.clone()`) or an index instead",
        _ if c.is_loop => "gather what is to change (indices, new elements) and change it behind the loop; `retain` takes elements out while it goes through",
        Did::Used | Did::Borrowed | Did::Changed | Did::BorrowedExclusively => {
            "do this before the borrow begins or after its last use; a copy of what is needed (`.clone()`, or the value itself) ends the borrow at once"
        }
    })
}

pub struct TaskConflict<'a> {
    pub name: &'a str,
    pub lent: &'a str,
    pub did: Did,
    /// The task changes what it captured.
    pub exclusive: bool,
    /// A second task does it, not the code beside the first.
    pub by_task: bool,
    pub at: Span,
    pub lent_at: Span,
    /// Of the scope.
    pub end: Span,
}

pub fn task_conflict(c: TaskConflict) -> Diagnostic {
    let name = c.name;
    let doing = if c.exclusive { "being changed" } else { "looked at" };
    let began = if c.exclusive { format!("the task starts changing {} here", c.lent) } else { format!("the task looks at {} from here on", c.lent) };
    let act = match c.did {
        Did::Used | Did::Borrowed => "look at",
        Did::Moved => "move",
        Did::Changed | Did::BorrowedExclusively => "change",
    };
    let diagnostic = Diagnostic::error(Code::E0603, format!("{name} is {doing} by a task that may still be running"));
    let diagnostic = if c.lent_at == c.at {
        diagnostic.primary(c.at, format!("every round of the loop starts a task that would {act} it at the same time"))
    } else {
        let here = if c.by_task { format!("a second task would {act} it at the same time") } else { format!("to {act} it here would be at the same time") };
        diagnostic.label(c.lent_at, began).primary(c.at, here)
    };
    let diagnostic = if c.end.is_none() { diagnostic } else { diagnostic.label(c.end, "the task is only finished here") };
    diagnostic.help(if c.by_task || c.lent_at == c.at {
        "let each task give its part as a value and put them together where it is joined; or share the place through a `Mutex` or an `Atomic`"
    } else {
        "`join` the task before this, let it give a value instead, or share the place through a `Mutex` or an `Atomic`"
    })
}

pub fn ends_before_task(name: &str, lent_at: Span, head: Span, declared: Span) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(Code::E0508, format!("a task looks at {name}, which is declared inside the scope and may end before the task does"))
        .primary(lent_at, format!("{name} is looked at from here on"));
    if head != lent_at {
        diagnostic = diagnostic.label(head, "by this task");
    }
    if declared != lent_at && declared != head {
        diagnostic = diagnostic.label(declared, "it is declared here");
    }
    diagnostic.help("declare it before the `scope`, or give the task a value of its own")
}

/// `handle`: of a task; else the scope itself.
pub fn leaves_scope(handle: bool, made: Span, end: Span, used: Option<Span>) -> Diagnostic {
    let what = if handle { "the handle of a task" } else { "a view of the scope" };
    let mut diagnostic = Diagnostic::error(Code::E0604, format!("{what} is kept longer than the scope lasts"))
        .primary(made, if handle { "this task belongs to the scope" } else { "the scope is lent out here" });
    if end != made {
        diagnostic = diagnostic.label(Span { lo: end.hi.saturating_sub(1).max(end.lo), ..end }, "the scope and all its tasks end here");
    }
    if let Some(used) = used
        && used != made
        && used != end
    {
        diagnostic = diagnostic.label(used, "but it is still needed here");
    }
    diagnostic.help("`join` inside the scope and hand out the value")
}

/// What ends before a view of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Which belongs to the function because it takes it by value.
    Parameter,
    /// A variable of a block inside.
    Variable,
    /// Whatever the function owns, when it returns.
    Function,
    /// A value that has no name.
    Temporary,
}

pub fn outlives(name: &str, lent_at: Span, end: Span, used: Option<Span>, owner: Owner) -> Diagnostic {
    let what = if owner == Owner::Parameter { "belongs to this function" } else { "ends" };
    let diagnostic = Diagnostic::error(Code::E0508, format!("a view of {name} is kept longer than {name} lives"))
        .primary(lent_at, format!("{name} is looked at from here on"));
    let diagnostic = ends_while_needed(diagnostic, lent_at, end, used, format!("{name} {what} here"));
    const GIVE: &str = "give back an owner (a `String` for a `&str`, a `Vec` for a slice, `.clone()`)";
    diagnostic.help(match owner {
        Owner::Temporary => "give the value a name before (`let value = …`): without one it ends with its statement".into(),
        Owner::Variable => format!("declare {name} outside of the block in which the view is needed, or keep an owner instead of the view (`.clone()`)"),
        Owner::Parameter => format!("take a reference (`&`) instead of {name} itself, or {GIVE}"),
        Owner::Function => format!("{GIVE}, or let the owner live outside"),
    })
}

/// `owner` is what ends, whose destructor may change what is looked at.
pub fn destructor_changes(name: &str, owner: &str, lent_at: Span, end: Span, used: Option<Span>, by_task: bool) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::E0508, format!("a view of {name} is still needed when the destructor of {owner} runs, which may change it"))
        .primary(lent_at, format!("{name} is looked at from here on"));
    let diagnostic = ends_while_needed(diagnostic, lent_at, end, used, format!("{owner} ends here, and its destructor runs"));
    diagnostic.help(if by_task {
        format!("declare {owner} before the `scope`, or move it into the task (`spawn move {{ … }}`)")
    } else {
        format!("keep {owner} as long as the view, or keep a copy of what is looked at (`.clone()`)")
    })
}

/// Where what is looked at comes to its end, and where the view is used after that; nothing is said of one place twice.
fn ends_while_needed(diagnostic: Diagnostic, lent_at: Span, end: Span, used: Option<Span>, what: String) -> Diagnostic {
    let diagnostic = match end == lent_at {
        true => diagnostic,
        false => diagnostic.label(Span { lo: end.hi.saturating_sub(1).max(end.lo), ..end }, what),
    };
    match used {
        Some(used) if used != lent_at && used != end => diagnostic.label(used, "and the view is still needed here"),
        _ => diagnostic,
    }
}

/// `from a, b`, as it would have to stand.
pub struct FromClause {
    pub names: String,
    /// Where, and the text that goes there.
    pub at: Option<(Span, String)>,
    /// The method belongs to a trait of the program, which says it.
    pub in_trait: bool,
}

pub fn undeclared_origin(name: &str, at: Span, declared: Span, clause: FromClause) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::E0508, format!("the result looks at {name}, but the signature does not say so"))
        .primary(at, format!("this is a view of {name}"))
        .label(declared, "lent by the caller for the call");
    let names = clause.names;
    match clause.at {
        Some((place, text)) => diagnostic.help(format!("say it behind the result type: `from {names}`")).fix(place, text),
        None if clause.in_trait => diagnostic.help(format!("who calls it knows only the trait: say it there, behind the result type: `from {names}`")),
        None => diagnostic.help("who calls it knows only what the library's trait says: take what is given out of `self` first (`replace`, `take`), or give back an owner"),
    }
}

pub fn escapes_closure(name: &str, kept: Span, declared: Span, call: Span) -> Diagnostic {
    Diagnostic::error(Code::E0508, format!("the closure keeps `{name}`, which it is lent only while it runs"))
        .primary(kept, "kept here, outside of the closure")
        .label(declared, "lent to the closure for each call")
        .label(call, "whoever gets the closure may call it with a view of something short-lived")
        .help("keep a copy of what is looked at (`.clone()`), or go through the elements with a `for` loop and keep them there")
}

pub fn kept_by_trait(name: &str, into: &str, kept: Span, declared: Span) -> Diagnostic {
    Diagnostic::error(Code::E0508, format!("{name} is kept in {into}, but the trait lends it for the call only"))
        .primary(kept, "kept here")
        .label(declared, "lent by the caller, who knows only what the trait says")
        .help("keep an owner (`.clone()`), or let the trait speak of it: `trait Name<T> { fn method(&mut self, x: T) }`")
}

pub fn put_into_itself(name: &str, put: Span, declared: Span) -> Diagnostic {
    Diagnostic::error(Code::E0508, format!("a view of what {name} owns is put into what {name} leads to, where it could stay longer"))
        .primary(put, "put there")
        .label(declared, "lent for the call; what it leads to may live longer than it")
        .help("put an owner there (`.clone()`, `.to_string()`), or a view that was handed in")
}

pub fn borrows_from_nothing(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::E0512, format!("the result of `{name}` is a view, but there is nothing that it could look at"))
        .primary(span, "no parameter is a reference or a view")
        .help("give back an owner: `String` for `&str`, `Vec<T>` for `&[T]`")
}

pub fn failing_constant(name: &str, declared: Span, at: Span, why: String) -> Diagnostic {
    let error = Diagnostic::error(Code::E0317, format!("`{name}` cannot be computed")).primary(at, why);
    error.label(declared, "a constant is computed while compiling")
}
