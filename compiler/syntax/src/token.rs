//! The kinds of token. One byte each; what a token holds (a number, a piece of text) lies in tables of [`crate::Tokens`].
//!
//! A word that is a keyword only in some places is lexed as that keyword and turned back into a name by `layout` where it
//! is none, so the grammar never asks what a name is spelled like.

use logos::Logos;

macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident $spelling:literal)*) => {
        #[derive(Logos, Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[logos(skip r"[ \t\r\u{FEFF}]+")]
        #[repr(u8)]
        pub enum Kind { $($(#[$meta])* $kind),* }

        impl Kind {
            pub const ALL: &[Kind] = &[$(Kind::$kind),*];

            /// As the grammar spells it: the text itself, or a class in words.
            pub fn spelling(self) -> &'static str {
                match self { $(Kind::$kind => $spelling),* }
            }
        }
    };
}

kinds! {
    // Classes.
    #[regex(r"[\p{XID_Start}_][\p{XID_Continue}]*")]
    Name "name"
    #[regex(r"r#[\p{XID_Start}_][\p{XID_Continue}]*")]
    RawName "raw name"
    #[regex(r"'[\p{XID_Start}_][\p{XID_Continue}]*")]
    Label "label"
    /// Numbers, characters, bytes, byte strings, durations: `data` is an index into the literals.
    #[regex(r"[0-9][0-9A-Za-z_]*")]
    Literal "literal"
    TupleIndex "field number"
    /// A string without interpolation.
    Str "string"
    StrBegin "string with `{`"
    StrText "text"
    InterpolationOpen "{ in a string"
    FormatSpec "format spec"
    InterpolationClose "} in a string"
    StrEnd "end of string"

    // What the layout adds.
    Newline "newline"
    /// Stands where something unreadable was cut out.
    Bad "unreadable"
    /// `p = e =>` follows, in a `select`.
    ArmPattern "arm pattern"

    // What only the lexer sees.
    #[token("\n")]
    LineEnd "line end"
    #[regex(r"//[^\n]*", allow_greedy = true)]
    LineComment "comment"
    #[token("/*")]
    BlockComment "block comment"
    #[token("\"")]
    #[token("r\"")]
    #[regex(r##"b?r#+""##)]
    #[token("br\"")]
    #[token("b\"")]
    Quote "quote"
    #[token("'")]
    #[token("b'")]
    Apostrophe "apostrophe"
    Unknown "unknown character"

    // Punctuation.
    #[token("(")] ParenOpen "("
    #[token(")")] ParenClose ")"
    #[token("[")] BracketOpen "["
    #[token("]")] BracketClose "]"
    #[token("{")] BraceOpen "{"
    #[token("}")] BraceClose "}"
    #[token(",")] Comma ","
    #[token(";")] Semi ";"
    #[token(":")] Colon ":"
    #[token("::")] PathSep "::"
    #[token(".")] Dot "."
    #[token("..")] DotDot ".."
    #[token("..=")] DotDotEq "..="
    #[token("...")] DotDotDot "..."
    #[token("->")] Arrow "->"
    #[token("=>")] FatArrow "=>"
    #[token("?")] Question "?"
    #[token("!")] Bang "!"
    #[token("@")] At "@"
    #[token("#")] Hash "#"
    #[token("_", priority = 5)] Underscore "_"
    #[token("=")] Eq "="
    #[token("==")] EqEq "=="
    #[token("!=")] Ne "!="
    #[token("<")] Lt "<"
    /// `<` directly before another `<` or `<=`.
    LtJoint "<<"
    /// Opens type arguments in `p as *mut Node<T>`.
    CastLt "< of a cast"
    #[token("<=")] Le "<="
    #[token(">")] Gt ">"
    /// `<<=`, `>>=`: made by the grammar alone.
    ShlEq "<<="
    ShrEq ">>="
    /// `>` directly before another `>` or `>=`.
    GtJoint ">>"
    #[token(">=")] Ge ">="
    #[token("+")] Plus "+"
    #[token("-")] Minus "-"
    #[token("*")] Star "*"
    #[token("/")] Slash "/"
    #[token("%")] Percent "%"
    #[token("&")] And "&"
    #[token("&&")] AndAnd "&&"
    #[token("|")] Or "|"
    #[token("||")] OrOr "||"
    #[token("^")] Caret "^"
    #[token("+=")] PlusEq "+="
    #[token("-=")] MinusEq "-="
    #[token("*=")] StarEq "*="
    #[token("/=")] SlashEq "/="
    #[token("%=")] PercentEq "%="
    #[token("&=")] AndEq "&="
    #[token("|=")] OrEq "|="
    #[token("^=")] CaretEq "^="

    // Keywords of Rust.
    #[token("as")] KwAs "as"
    #[token("break")] KwBreak "break"
    #[token("const")] KwConst "const"
    #[token("continue")] KwContinue "continue"
    #[token("crate")] KwCrate "crate"
    #[token("dyn")] KwDyn "dyn"
    #[token("else")] KwElse "else"
    /// The `else` of `let … else`: its initialiser never ends in `}`.
    KwLetElse "else of let"
    #[token("enum")] KwEnum "enum"
    #[token("extern")] KwExtern "extern"
    #[token("false")] KwFalse "false"
    #[token("fn")] KwFn "fn"
    #[token("for")] KwFor "for"
    #[token("if")] KwIf "if"
    #[token("impl")] KwImpl "impl"
    #[token("in")] KwIn "in"
    #[token("let")] KwLet "let"
    #[token("loop")] KwLoop "loop"
    #[token("match")] KwMatch "match"
    #[token("mod")] KwMod "mod"
    #[token("move")] KwMove "move"
    /// The `move` of `spawn move`.
    KwTaskMove "move of spawn"
    #[token("mut")] KwMut "mut"
    #[token("pub")] KwPub "pub"
    #[token("ref")] KwRef "ref"
    #[token("return")] KwReturn "return"
    #[token("self")] KwSelf "self"
    #[token("Self")] KwSelfType "Self"
    #[token("static")] KwStatic "static"
    #[token("struct")] KwStruct "struct"
    #[token("super")] KwSuper "super"
    #[token("trait")] KwTrait "trait"
    #[token("true")] KwTrue "true"
    #[token("type")] KwType "type"
    #[token("unsafe")] KwUnsafe "unsafe"
    #[token("use")] KwUse "use"
    #[token("where")] KwWhere "where"
    #[token("while")] KwWhile "while"

    // Keywords of Aurora.
    #[token("spawn")] KwSpawn "spawn"
    #[token("join")] KwJoin "join"
    #[token("scope")] KwScope "scope"
    #[token("channel")] KwChannel "channel"
    #[token("select")] KwSelect "select"
    #[token("async")] KwAsync "async"
    #[token("await")] KwAwait "await"
    #[token("yield")] KwYield "yield"

    // Words that are keywords in one place only.
    #[token("parallel")] KwParallel "parallel"
    #[token("test")] KwTest "test"
    #[token("litmus")] KwLitmus "litmus"
    #[token("view")] KwView "view"
    #[token("pure")] KwPure "pure"
    #[token("vec")] KwVec "vec"
    #[token("try")] KwTry "try"
    #[token("from")] KwFrom "from"
    #[token("raw")] KwRaw "raw"
    #[token("detach")] KwDetach "detach"
    #[token("shield")] KwShield "shield"
    #[token("timeout")] KwTimeout "timeout"
    #[token("blocking")] KwBlocking "blocking"
    #[token("with")] KwWith "with"
    #[token("lock")] KwLock "lock"
    #[token("task_local")] KwTaskLocal "task_local"
    #[token("biased")] KwBiased "biased"
    #[token("after")] KwAfter "after"
    #[token("cancelled")] KwCancelled "cancelled"
    #[token("default")] KwDefault "default"
    #[token("reduce")] KwReduce "reduce"
}

impl Kind {
    /// Keywords everywhere, save after `.` and as the name behind `fn`.
    pub fn is_keyword(self) -> bool {
        (Kind::KwAs as u8..=Kind::KwYield as u8).contains(&(self as u8))
    }

    /// Keywords in one place only.
    pub fn is_contextual(self) -> bool {
        self as u8 >= Kind::KwParallel as u8
    }

    /// The keywords that Rust does not have: names behind `::`, so that a library may export one.
    pub fn is_own_keyword(self) -> bool {
        (Kind::KwSpawn as u8..=Kind::KwYield as u8).contains(&(self as u8))
    }

    /// Whether a line may end a statement with this token.
    pub fn ends_statement(self) -> bool {
        use Kind::*;
        matches!(
            self,
            Name | Label | Literal | TupleIndex | Str | StrEnd | Bad | ParenClose | BracketClose | BraceClose | Gt
                | Question | Underscore | KwBreak | KwContinue | KwReturn | KwTrue | KwFalse | KwSelf | KwSelfType
                | KwSuper | KwCrate | KwYield
        )
    }

    /// Whether a line that begins with this token goes on with the statement before.
    pub fn continues_statement(self) -> bool {
        use Kind::*;
        matches!(
            self,
            Dot | Question | KwElse | AndAnd | OrOr | EqEq | Ne | Le | Ge | Plus | Slash | Percent | Caret | Eq | KwAs
                | FatArrow | Comma | ParenClose | BracketClose | BraceClose | DotDot | Arrow | KwWhere
                // Not in the list of the specification, but nothing can begin with them either.
                | Gt | Colon | PathSep | Semi | At | PlusEq | MinusEq | StarEq | SlashEq | PercentEq | AndEq | OrEq | CaretEq
        )
    }

    /// Whether an expression may begin with this token.
    pub fn begins_operand(self) -> bool {
        use Kind::*;
        matches!(
            self,
            Name | Literal | Str | StrBegin | ParenOpen | BracketOpen | BraceOpen | Minus | Bang | Star | And | AndAnd
                | KwTrue | KwFalse | KwSelf | KwSelfType | KwSuper | KwCrate | KwVec | KwJoin | KwAwait | KwSpawn
                | KwChannel | KwIf | KwMatch | KwUnsafe | KwLoop | KwScope | KwSelect | KwAsync | KwYield
        )
    }

    /// Whether an item begins with this token and nothing else does.
    pub fn begins_item(self) -> bool {
        use Kind::*;
        matches!(
            self,
            KwFn | KwStruct | KwEnum | KwTrait | KwImpl | KwMod | KwUse | KwConst | KwStatic | KwType | KwPub | KwExtern
                | KwTest | KwLitmus | KwView | KwPure | KwTaskLocal | Hash
        )
    }

    pub fn closer(self) -> Option<Kind> {
        match self {
            Kind::ParenOpen => Some(Kind::ParenClose),
            Kind::BracketOpen => Some(Kind::BracketClose),
            Kind::BraceOpen => Some(Kind::BraceClose),
            Kind::InterpolationOpen => Some(Kind::InterpolationClose),
            _ => None,
        }
    }

    pub fn is_closer(self) -> bool {
        matches!(self, Kind::ParenClose | Kind::BracketClose | Kind::BraceClose | Kind::InterpolationClose)
    }

    /// For messages: `` `+` ``, `a name`.
    pub fn described(self) -> String {
        use Kind::*;
        match self {
            Name | RawName => "a name".into(),
            Label => "a label".into(),
            Literal => "a literal".into(),
            TupleIndex => "a field number".into(),
            Str | StrBegin => "a string".into(),
            StrText | StrEnd | Quote | FormatSpec | InterpolationOpen | ArmPattern | Bad => "the rest of it".into(),
            InterpolationClose => "the `}` of the interpolation".into(),
            Newline | LineEnd => "the end of the line".into(),
            KwLetElse => "`else`".into(),
            KwTaskMove => "`move`".into(),
            GtJoint => "`>`".into(),
            LtJoint => "`<`".into(),
            other => format!("`{}`", other.spelling()),
        }
    }
}
