//! Raw, balanced tokens to what the grammar reads: terminators at line ends, contextual words decided, `>>` taken apart,
//! and the habits of other languages that are better mended here than misread later.
//!
//! Expects balanced tokens. Promises: a `Newline` stands wherever a line end ends a statement, in `{ }` and at the top
//! only, never in front of a closer; every contextual keyword is one, all others became names.

use crate::balance::Balanced;
use crate::errors;
use crate::lexer::Token;
use crate::token::Kind;
use diag::{Diags, SourceFile, Span};

/// Tokens that are open at one point, over all brackets: a bound on the depth of any tree, however it nests.
const OPEN_TOKENS_MAX: u32 = 3000;

/// `data` of the `]` that ends an attribute: no line end behind it ends anything.
const ATTRIBUTE: u32 = 1;

pub(crate) struct LaidOut {
    pub tokens: Vec<Token>,
    /// Offsets of what nests too deeply to be parsed.
    pub too_deep: Vec<u32>,
}

pub(crate) fn lay_out(file: &SourceFile, balanced: &Balanced, diags: &mut Diags) -> LaidOut {
    let mut layout = Layout {
        file,
        diags,
        input: &balanced.tokens,
        partners: &balanced.partners,
        at: 0,
        out: Vec::with_capacity(balanced.tokens.len() + balanced.tokens.len() / 6 + 8),
        frames: vec![Frame::new(FrameKind::Block)],
        open_tokens: 0,
        too_deep: balanced.too_deep.clone(),
        lifetime_line: None,
        closed_attribute: false,
    };
    // One of them is enough to know.
    if let Some(lo) = balanced.too_deep.first() {
        layout.diags.push(errors::too_deep(Span::new(file.id, *lo as usize, *lo as usize + 1)));
    }
    while layout.at < layout.input.len() {
        layout.step();
    }
    LaidOut { tokens: layout.out, too_deep: layout.too_deep }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FrameKind {
    /// `( )`, `[ ]`, an interpolation: line ends are nothing.
    List,
    Attribute,
    /// Any `{ }` but the next two, and the file.
    Block,
    Match,
    Select,
}

struct Frame {
    kind: FrameKind,
    /// An arm's `=>` was seen and the arm goes on.
    in_arm_body: bool,
    /// Between `if`, `while`, `match`, `for … in` and their block.
    in_head: bool,
    /// What the next `{` will be.
    next_brace: FrameKind,
    /// Tokens since the last separator.
    open_tokens: u32,
    /// `<` without `>` since something that no type contains.
    angles: i32,
}

impl Frame {
    fn new(kind: FrameKind) -> Frame {
        Frame { kind, in_arm_body: false, in_head: false, next_brace: FrameKind::Block, open_tokens: 0, angles: 0 }
    }
}

struct Layout<'a> {
    file: &'a SourceFile,
    diags: &'a mut Diags,
    input: &'a [Token],
    partners: &'a [u32],
    at: usize,
    out: Vec<Token>,
    frames: Vec<Frame>,
    open_tokens: u32,
    too_deep: Vec<u32>,
    /// The line of the last lifetime: one message a line.
    lifetime_line: Option<u32>,
    closed_attribute: bool,
}

impl<'a> Layout<'a> {
    fn span(&self, token: Token) -> Span {
        Span::new(self.file.id, token.lo as usize, token.hi as usize)
    }

    fn text(&self, token: Token) -> &'a str {
        &self.file.text[token.lo as usize..token.hi as usize]
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the file's frame is never popped")
    }

    fn kind_at(&self, index: usize) -> Option<Kind> {
        self.input.get(index).map(|token| token.kind)
    }

    fn previous(&self) -> Option<Kind> {
        self.out.last().map(|token| token.kind)
    }

    /// The next token, if it stands on the same line.
    fn next_on_line(&self) -> Option<Kind> {
        self.input.get(self.at + 1).filter(|token| !token.line_start).map(|token| token.kind)
    }

    fn touches_next(&self) -> bool {
        self.input.get(self.at + 1).is_some_and(|next| next.lo == self.input[self.at].hi)
    }

    /// Nothing, or what a statement or an operand may follow.
    fn at_statement_start(&self) -> bool {
        match self.previous() {
            None => true,
            Some(kind) => matches!(kind, Kind::Newline | Kind::Semi | Kind::BraceOpen | Kind::BraceClose),
        }
    }

    fn step(&mut self) {
        let mut token = self.input[self.at];
        if token.line_start {
            self.line_end(token);
        }
        if token.kind == Kind::Name {
            if self.foreign_word(token) {
                return;
            }
        } else if token.kind == Kind::RawName {
            token.kind = Kind::Name;
        } else if token.kind.is_contextual() {
            if !self.is_keyword_here(token) {
                token.kind = Kind::Name;
            }
        } else if token.kind.is_keyword() {
            token.kind = self.keyword(token.kind);
        }
        if self.foreign_form(token) {
            return;
        }
        self.before(token);
        self.emit(token);
        self.at += 1;
    }

    /// Decides whether the line end in front of `next` ends a statement.
    fn line_end(&mut self, next: Token) {
        let Some(previous) = self.out.last().copied() else { return };
        let frame = self.frame();
        if matches!(frame.kind, FrameKind::List | FrameKind::Attribute) {
            return;
        }
        // In front of an arm's `=>` a line may begin with an alternative or the guard.
        let in_pattern = matches!(frame.kind, FrameKind::Match) && !frame.in_arm_body;
        if in_pattern && matches!(next.kind, Kind::Or | Kind::KwIf) {
            return;
        }
        if previous.kind == Kind::BracketClose && previous.data == ATTRIBUTE {
            return;
        }
        let before = self.out.len().checked_sub(2).map(|index| self.out[index].kind);
        let ends = previous.kind.ends_statement()
            || previous.kind == Kind::Bang && before == Some(Kind::Arrow)
            || previous.kind == Kind::Star && before == Some(Kind::PathSep);
        if ends && !next.kind.continues_statement() {
            self.emit(Token::new(Kind::Newline, previous.hi as usize, previous.hi as usize));
        }
    }

    /// Bookkeeping of brackets, heads and arms.
    fn before(&mut self, token: Token) {
        use Kind::*;
        let frame = self.frame();
        if frame.kind == FrameKind::Select && !frame.in_arm_body && self.at_arm_start() {
            self.arm_pattern();
        }
        match token.kind {
            ParenOpen | InterpolationOpen => self.frames.push(Frame::new(FrameKind::List)),
            BracketOpen => {
                let attribute = matches!(self.previous(), Some(Hash))
                    || self.previous() == Some(Bang) && self.out.len() > 1 && self.out[self.out.len() - 2].kind == Hash;
                self.frames.push(Frame::new(if attribute { FrameKind::Attribute } else { FrameKind::List }));
            }
            BraceOpen => {
                let frame = self.frame();
                let kind = std::mem::replace(&mut frame.next_brace, FrameKind::Block);
                frame.in_head = false;
                self.frames.push(Frame::new(kind));
            }
            ParenClose | BracketClose | BraceClose | InterpolationClose if self.frames.len() > 1 => {
                self.open_tokens -= self.frame().open_tokens;
                let closed = self.frames.pop();
                self.closed_attribute = closed.is_some_and(|frame| frame.kind == FrameKind::Attribute);
            }
            KwIf | KwWhile => self.frame().in_head = true,
            KwIn => self.frame().in_head = true,
            KwMatch => {
                let frame = self.frame();
                frame.in_head = true;
                frame.next_brace = FrameKind::Match;
            }
            KwSelect => self.frame().next_brace = FrameKind::Select,
            FatArrow => {
                let frame = self.frame();
                frame.in_arm_body = true;
                frame.in_head = false;
            }
            Comma if matches!(self.frame().kind, FrameKind::Match | FrameKind::Select) => self.frame().in_arm_body = false,
            _ => {}
        }
    }

    fn at_arm_start(&self) -> bool {
        matches!(self.previous(), Some(Kind::BraceOpen | Kind::BraceClose | Kind::Newline | Kind::Comma))
    }

    /// Marks an arm `p = e =>`, which would read like an assignment up to its `=>`.
    fn arm_pattern(&mut self) {
        let mut index = self.at;
        while let Some(token) = self.input.get(index) {
            if token.kind == Kind::Eq {
                let lo = self.input[self.at].lo as usize;
                self.emit(Token::new(Kind::ArmPattern, lo, lo));
                return;
            }
            if token.kind == Kind::FatArrow || token.kind.is_closer() || index > self.at && token.line_start {
                return;
            }
            index = self.partners[index].max(index as u32) as usize + 1;
        }
    }

    fn emit(&mut self, token: Token) {
        use Kind::*;
        let mut token = token;
        // `>>` in two, so that it can close two lists of type arguments.
        let touching = self.input.get(self.at + 1).filter(|next| next.lo == token.hi && token.lo < token.hi);
        match (token.kind, touching.map(|next| next.kind)) {
            (Lt, _) if self.opens_cast_arguments(token) => token.kind = CastLt,
            (Gt, Some(Gt | Ge)) => token.kind = GtJoint,
            (Lt, Some(Lt | Le)) => token.kind = LtJoint,
            (KwElse, _) if !matches!(self.previous(), Some(BraceClose)) => token.kind = KwLetElse,
            _ => {}
        }
        let frame = self.frames.last_mut().expect("the file's frame is never popped");
        match token.kind {
            Newline | Semi => {
                self.open_tokens -= frame.open_tokens;
                frame.open_tokens = 0;
                frame.angles = 0;
                frame.in_arm_body = false;
                frame.in_head = false;
            }
            Comma if frame.angles <= 0 => {
                self.open_tokens -= frame.open_tokens;
                frame.open_tokens = 0;
            }
            _ => {
                frame.open_tokens += 1;
                self.open_tokens += 1;
                match token.kind {
                    Lt | LtJoint | CastLt => frame.angles += 1,
                    Gt | GtJoint => frame.angles -= 1,
                    FatArrow | AndAnd | OrOr | EqEq | Ne => frame.angles = 0,
                    _ => {}
                }
                if self.open_tokens == OPEN_TOKENS_MAX {
                    if self.too_deep.is_empty() {
                        let span = Span::new(self.file.id, token.lo as usize, token.hi as usize);
                        self.diags.push(errors::too_long(span));
                    }
                    self.too_deep.push(token.lo);
                }
            }
        }
        if token.kind == BracketClose && std::mem::take(&mut self.closed_attribute) {
            token.data = ATTRIBUTE;
        }
        self.out.push(token);
    }
}

impl Layout<'_> {
    /// `p as *mut Node<T>`: a `<` that touches the path of a pointer's target. Everywhere else behind `as` it compares.
    fn opens_cast_arguments(&self, token: Token) -> bool {
        use Kind::*;
        if self.out.last().is_none_or(|last| last.hi != token.lo || last.kind != Name) {
            return false;
        }
        let mut kinds = self.out.iter().rev().map(|token| token.kind).skip_while(|kind| matches!(kind, Name | PathSep | KwSelfType));
        let mut pointer = false;
        loop {
            match (kinds.next(), pointer) {
                (Some(KwAs), true) => return true,
                (Some(KwConst | KwMut), _) if kinds.next() == Some(Star) => pointer = true,
                _ => return false,
            }
        }
    }
}

/// Contextual words.
impl Layout<'_> {
    fn is_keyword_here(&self, token: Token) -> bool {
        use Kind::*;
        let previous = self.previous();
        if matches!(previous, Some(Dot | PathSep | KwFn)) || self.frames.last().is_some_and(|f| f.kind == FrameKind::Attribute) {
            return false;
        }
        let next = self.next_on_line();
        let next_is_name = next.is_some_and(|kind| kind == Name || kind == RawName || kind.is_contextual());
        // Two names in a row: the second is a word of the language, or a mistake.
        let behind_operand = previous.is_some_and(|kind| {
            matches!(kind, Name | Gt | ParenClose | BracketClose | KwSelf | KwSelfType | Literal | Underscore)
        });
        let at_item = self.at_statement_start()
            || previous == Some(KwPub)
            || self.out.last().is_some_and(|last| last.kind == BracketClose && last.data == ATTRIBUTE);
        match token.kind {
            KwVec => next == Some(BracketOpen) && self.touches_next(),
            KwRaw => previous == Some(And) && matches!(next, Some(KwConst | KwMut)),
            KwView => matches!(next, Some(KwStruct | KwEnum)),
            KwPure => matches!(next, Some(KwFn | KwUnsafe | KwExtern)),
            KwParallel => next == Some(KwFor),
            KwTaskLocal => at_item && next_is_name,
            KwTest | KwLitmus => at_item && self.names_a_test(),
            KwTry => previous == Some(KwSpawn) || previous == Some(KwTaskMove) || behind_operand && next.is_some(),
            KwFrom => behind_operand && (next_is_name || matches!(next, Some(KwSelf | Star))),
            KwReduce => behind_operand && next == Some(ParenOpen),
            KwBiased => previous == Some(KwSelect) && next == Some(BraceOpen),
            KwCancelled | KwDefault => self.begins_arm() && next == Some(FatArrow),
            KwAfter => self.begins_arm() && !matches!(next, None | Some(Eq | Dot | FatArrow | Colon | PathSep | Comma | At)),
            KwWith => !behind_operand && (next_is_name || matches!(next, Some(KwSelf | KwCrate | KwSuper | KwSelfType))),
            // A `move` behind it is one word too many, which `foreign_form` says.
            KwDetach if next == Some(KwMove) => self.begins_block(self.at + 2),
            KwDetach | KwBlocking => self.begins_block(self.at + 1),
            KwTimeout | KwLock => next == Some(ParenOpen) && self.begins_block(self.behind_list()),
            KwShield => self.begins_block(if next == Some(ParenOpen) { self.behind_list() } else { self.at + 1 }),
            _ => true,
        }
    }

    fn begins_arm(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.kind == FrameKind::Select && !frame.in_arm_body) && self.at_arm_start()
    }

    /// Where what follows the `( )` behind this word begins.
    fn behind_list(&self) -> usize {
        self.partners.get(self.at + 1).map_or(usize::MAX, |closer| *closer as usize + 1)
    }

    fn names_a_test(&self) -> bool {
        let name = if self.next_on_line() == Some(Kind::ParenOpen) { self.behind_list() } else { self.at + 1 };
        matches!(self.kind_at(name), Some(Kind::Str | Kind::StrBegin))
    }

    /// Whether `word {` or `word (…) {` with its brace at `brace` is an expression with a block, not a name in front of one.
    fn begins_block(&self, brace: usize) -> bool {
        use Kind::*;
        if !self.input.get(brace).is_some_and(|token| token.kind == BraceOpen && !token.line_start) {
            return false;
        }
        if matches!(
            self.previous(),
            Some(
                Dot | PathSep | KwFn | KwStruct | KwEnum | KwTrait | KwMod | KwImpl | KwFor | Arrow | Colon | KwScope | KwUse
                    | KwDyn | Name | Gt | ParenClose | BracketClose | Literal | KwLet | KwMut
            )
        ) {
            return false;
        }
        if self.frames.last().is_some_and(|frame| frame.in_head) {
            // `match timeout(1s) { … } { … }` has a block of its own behind the block.
            return self.kind_at(self.partners[brace] as usize + 1) == Some(BraceOpen);
        }
        true
    }

    /// A keyword, or the name it is in this place.
    fn keyword(&self, kind: Kind) -> Kind {
        use Kind::*;
        let attribute = self.frames.last().is_some_and(|frame| frame.kind == FrameKind::Attribute);
        if attribute && !matches!(kind, KwTrue | KwFalse) {
            return Name;
        }
        let next = self.kind_at(self.at + 1);
        match self.previous() {
            Some(Dot) => return Name,
            Some(KwFn) if matches!(next, Some(ParenOpen | Lt)) => return Name,
            Some(PathSep | KwMod | KwUse) if kind.is_own_keyword() => return Name,
            _ => {}
        }
        if kind.is_own_keyword() && next == Some(PathSep) && self.kind_at(self.at + 2) != Some(Lt) {
            return Name;
        }
        if kind == KwMove && !matches!(next, Some(Or | OrOr)) {
            return KwTaskMove;
        }
        kind
    }
}

/// Habits of other languages, reported and mended on the spot.
impl Layout<'_> {
    /// Words that are keywords elsewhere. True when the token was dealt with.
    fn foreign_word(&mut self, token: Token) -> bool {
        let next = self.next_on_line();
        let behind_operand = self.previous().is_some_and(|kind| {
            matches!(kind, Kind::Name | Kind::ParenClose | Kind::BracketClose | Kind::Literal | Kind::Str | Kind::StrEnd)
        });
        let next_is_name = next.is_some_and(|kind| kind == Kind::Name || kind.is_contextual());
        let span = self.span(token);
        let text = self.text(token);
        let (kind, report) = match text {
            "func" | "def" | "function" | "fun" | "proc"
                if next_is_name && matches!(self.kind_at(self.at + 2), Some(Kind::ParenOpen | Kind::Lt)) =>
            {
                (Kind::KwFn, errors::foreign_keyword(span, text, "fn", "a function begins with `fn`"))
            }
            "var" | "val" | "auto" if self.at_statement_start() && next_is_name => {
                let word = if text == "var" { "let mut" } else { "let" };
                (Kind::KwLet, errors::foreign_keyword(span, text, word, "a variable begins with `let`, or `let mut` if it changes"))
            }
            "and" if behind_operand && next.is_some_and(Kind::begins_operand) => {
                (Kind::AndAnd, errors::foreign_keyword(span, text, "&&", "both conditions are joined by `&&`"))
            }
            "or" if behind_operand && next.is_some_and(Kind::begins_operand) => {
                (Kind::OrOr, errors::foreign_keyword(span, text, "||", "either condition is enough with `||`"))
            }
            "not" if !behind_operand && next_is_name => {
                (Kind::Bang, errors::foreign_keyword(span, text, "!", "a condition is negated with `!`"))
            }
            "elif" | "elsif" | "elseif" if next.is_some() => {
                if self.previous() == Some(Kind::Newline) {
                    self.out.pop();
                }
                if self.previous() != Some(Kind::BraceClose) {
                    return false;
                }
                self.emit(Token { kind: Kind::KwElse, ..token });
                (Kind::KwIf, errors::foreign_keyword(span, text, "else if", "a further condition begins with `else if`"))
            }
            _ => return false,
        };
        self.diags.push(report);
        let token = Token { kind, ..token };
        self.before(token);
        self.emit(token);
        self.at += 1;
        if text == "var" {
            self.emit(Token { kind: Kind::KwMut, ..token });
        }
        true
    }

    /// `matches!(value, pattern)`, said as a `match` in the words that stand there. The whole call is passed over: a pattern is no argument.
    fn pattern_question(&mut self, token: Token) -> bool {
        let open = self.at + 2;
        let Some(&close) = self.partners.get(open).filter(|close| (**close as usize) < self.input.len()) else {
            return false;
        };
        let close = close as usize;
        let mut comma = open + 1;
        while comma < close && self.input[comma].kind != Kind::Comma {
            let opens = matches!(self.input[comma].kind, Kind::ParenOpen | Kind::BracketOpen | Kind::BraceOpen);
            comma = if opens { self.partners[comma] as usize + 1 } else { comma + 1 };
        }
        let between = |from: usize, to: usize| {
            let text = &self.file.text[self.input[from].hi as usize..self.input[to].lo as usize];
            text.trim().trim_end_matches(',').to_owned()
        };
        let parts = (comma < close).then(|| (between(open, comma), between(comma, close))).filter(|(value, pattern)| !value.is_empty() && !pattern.is_empty());
        let whole = self.span(token).to(self.span(self.input[close]));
        self.diags.push(errors::pattern_question(whole, parts));
        // Nothing behind it shall be a mistake because of this one.
        self.emit(Token { kind: Kind::KwTrue, hi: self.input[close].hi, ..token });
        self.at = close + 1;
        true
    }

    /// True when the token was dealt with.
    fn foreign_form(&mut self, token: Token) -> bool {
        use Kind::*;
        let next = self.kind_at(self.at + 1);
        let touches = self.touches_next();
        match token.kind {
            Label => self.lifetime(token),
            // `println!(…)`
            Name if touches && next == Some(Bang) => {
                let bang = self.input[self.at + 1];
                let opens = self.input.get(self.at + 2).filter(|open| open.lo == bang.hi).map(|open| open.kind);
                if !matches!(opens, Some(ParenOpen | BracketOpen | BraceOpen)) {
                    return false;
                }
                let span = self.span(token).to(self.span(bang));
                let name = self.text(token);
                if name == "matches" {
                    return self.pattern_question(token);
                }
                self.diags.push(errors::macro_call(span, name));
                let kind = if name == "vec" && opens == Some(BracketOpen) { KwVec } else { Name };
                self.emit(Token { kind, ..token });
                self.at += 2;
                true
            }
            KwAsync if next == Some(KwFn) => {
                self.diags.push(errors::async_fn(self.span(token)));
                self.at += 1;
                true
            }
            KwTaskMove if matches!(self.previous(), Some(KwAsync | KwDetach)) => {
                self.diags.push(errors::needless_move(self.span(token), self.previous() == Some(KwAsync)));
                self.at += 1;
                true
            }
            KwConst if next == Some(KwFn) => {
                self.diags.push(errors::const_fn(self.span(token)));
                self.at += 1;
                true
            }
            Plus | Minus if touches && next == Some(token.kind) && self.previous().is_some_and(Kind::ends_statement) => {
                let behind = self.input.get(self.at + 2);
                let ends = behind.is_none_or(|t| t.line_start || matches!(t.kind, Semi | ParenClose | BraceClose | Comma));
                if !ends {
                    return false;
                }
                let span = self.span(token).to(self.span(self.input[self.at + 1]));
                self.diags.push(errors::increment(span, token.kind));
                self.at += 2;
                true
            }
            KwMut if self.at_statement_start() => {
                let behind_let = next == Some(KwLet);
                let name = self.input.get(self.at + if behind_let { 2 } else { 1 });
                if !name.is_some_and(|name| name.kind == Name) {
                    return false;
                }
                let span = self.span(token);
                let span = if behind_let { span.to(self.span(self.input[self.at + 1])) } else { span };
                self.diags.push(errors::mut_order(span));
                self.emit(Token { kind: KwLet, ..token });
                self.emit(token);
                self.at += if behind_let { 2 } else { 1 };
                true
            }
            DotDotDot => {
                self.diags.push(errors::three_dots(self.span(token)));
                self.emit(Token { kind: DotDotEq, ..token });
                self.at += 1;
                true
            }
            EqEq | Ne if touches && next == Some(Eq) => {
                let span = self.span(token).to(self.span(self.input[self.at + 1]));
                self.diags.push(errors::triple_equals(span, token.kind));
                self.emit(token);
                self.at += 2;
                true
            }
            Colon if touches && next == Some(Eq) => {
                let span = self.span(token).to(self.span(self.input[self.at + 1]));
                let name = self.out.last().copied().filter(|last| last.kind == Name);
                let before = self.out.len().checked_sub(2).map(|index| self.out[index].kind);
                let declares = name.is_some() && matches!(before, None | Some(Newline | Semi | BraceOpen | BraceClose));
                self.diags.push(errors::colon_equals(span, name.filter(|_| declares).map(|name| self.text(name))));
                if declares && let Some(name) = self.out.pop() {
                    self.emit(Token { kind: KwLet, lo: name.lo, hi: name.lo, ..name });
                    self.out.push(name);
                }
                self.emit(Token { kind: Eq, ..self.input[self.at + 1] });
                self.at += 2;
                true
            }
            // Who may see it is one question: `pub(crate)` is `pub`.
            KwPub if next == Some(ParenOpen) && matches!(self.kind_at(self.at + 2), Some(KwCrate | KwSuper | KwSelf)) => {
                if self.kind_at(self.at + 3) != Some(ParenClose) {
                    return false;
                }
                self.emit(token);
                self.at += 4;
                true
            }
            _ => false,
        }
    }

    /// A label that labels nothing is a lifetime: it goes, with the punctuation it brought.
    fn lifetime(&mut self, token: Token) -> bool {
        use Kind::*;
        let next = self.kind_at(self.at + 1);
        let previous = self.previous();
        let is_label = match previous {
            Some(KwBreak | KwContinue) => true,
            Some(And | Lt | LtJoint | Plus | KwWhere) => false,
            Some(Colon | Comma) => next == Some(Colon) && matches!(self.kind_at(self.at + 2), Some(BraceOpen | KwLoop | KwWhile | KwFor)),
            _ => true,
        };
        if is_label {
            return false;
        }
        let line = self.file.line_column(token.lo).line;
        if self.lifetime_line != Some(line) {
            self.lifetime_line = Some(line);
            self.diags.push(errors::lifetime(self.span(token), self.text(token)));
        }
        self.at += 1;
        match (previous, next) {
            (Some(Lt | LtJoint | Comma | KwWhere), Some(Colon)) if self.kind_at(self.at + 1) == Some(Label) => {
                self.at += 2;
                if self.kind_at(self.at) == Some(Comma) {
                    self.at += 1;
                }
            }
            (Some(Lt | LtJoint | Comma), Some(Comma)) | (Some(Colon | Plus), Some(Plus)) => self.at += 1,
            (Some(Plus), _) => {
                self.out.pop();
            }
            _ => {}
        }
        true
    }
}
