//! Finds and parses the files of a program: the root, what it names by `mod`, and what its `use` paths lead to.
//!
//! The module `a::b` of a program `dir/main.aur` lies in `dir/a/b.aur` or `dir/a/b/mod.aur`. A `use` path is looked up from
//! the root's folder, so a file beside the root needs no `mod`; a folder without a `mod.aur` is a module that only holds
//! others.

use crate::session::{Session, read_text};
use diag::{Code, Diagnostic, Span, Symbol};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use syntax::ast;

/// One parsed file and where it stands: `[]` is the root.
#[derive(Clone)]
pub(crate) struct Module {
    pub path: Vec<Symbol>,
    pub file: Arc<ast::File>,
    #[allow(dead_code, reason = "read by the phases behind the parser")]
    pub library: bool,
}

/// `Err` when the root cannot be read. Everything else is reported into the session.
pub(crate) fn load(session: &mut Session, root: &Path) -> Result<Vec<Module>, String> {
    let text = read_text(root)?;
    let folder = root.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let mut loader = Loader { session, root: root.to_path_buf(), folder, modules: Vec::new(), known: HashSet::new() };
    loader.add(Vec::new(), root, text);
    // `add` appends what it found: the list is its own work list.
    let mut next = 0;
    while let Some(module) = loader.modules.get(next) {
        let (path, file) = (module.path.clone(), module.file.clone());
        loader.follow(&path, &file.items);
        next += 1;
    }
    Ok(loader.modules)
}

struct Loader<'a> {
    session: &'a mut Session,
    root: PathBuf,
    folder: PathBuf,
    modules: Vec<Module>,
    known: HashSet<Vec<Symbol>>,
}

impl Loader<'_> {
    fn add(&mut self, path: Vec<Symbol>, file: &Path, text: String) {
        self.known.insert(path.clone());
        let source = self.session.sources.add(file.to_string_lossy(), text, false);
        let tree = self.session.phase("parse", |session| syntax::parse(&source, &mut session.diags));
        self.modules.push(Module { path, file: Arc::new(tree), library: false });
    }

    fn follow(&mut self, path: &[Symbol], items: &[ast::Item]) {
        for item in items {
            match &item.kind {
                ast::ItemKind::Mod(module) => {
                    let mut inner = path.to_vec();
                    inner.push(module.name.name);
                    match &module.items {
                        Some(items) => self.follow(&inner, items),
                        None => self.declared(inner, module.name.span),
                    }
                }
                ast::ItemKind::Use(tree) => self.used(path, items, &mut Vec::new(), tree),
                _ => {}
            }
        }
    }

    /// Where the file of a module may lie.
    fn places(&self, path: &[Symbol]) -> [PathBuf; 2] {
        let mut place = self.folder.clone();
        place.extend(path.iter().map(|name| name.as_str()));
        [place.with_extension("aur"), place.join("mod.aur")]
    }

    /// `mod name`: the file has to be there.
    fn declared(&mut self, path: Vec<Symbol>, span: Span) {
        if self.known.contains(&path) {
            return;
        }
        let places = self.places(&path);
        let found: Vec<&PathBuf> = places.iter().filter(|place| place.exists()).collect();
        match found.as_slice() {
            [] => {
                self.known.insert(path.clone());
                let name = path.last().map_or("", |name| name.as_str());
                self.session.diags.push(
                    Diagnostic::error(Code::E0207, format!("the module `{name}` has no file"))
                        .primary(span, "declared here")
                        .help(format!("write it to `{}` or `{}`", places[0].display(), places[1].display())),
                );
            }
            [place, rest @ ..] => {
                if let [other] = rest {
                    self.session.diags.push(
                        Diagnostic::error(Code::E0207, "this module has two files")
                            .primary(span, "declared here")
                            .help(format!("keep one of `{}` and `{}`", place.display(), other.display())),
                    );
                }
                let place = (*place).clone();
                self.read(path, &place, span);
            }
        }
    }

    fn read(&mut self, path: Vec<Symbol>, place: &Path, span: Span) {
        match read_text(place) {
            Ok(text) => self.add(path, place, text),
            Err(why) => {
                self.known.insert(path);
                self.session.diags.push(Diagnostic::error(Code::E0207, why).primary(span, "needed here"));
            }
        }
    }

    /// A `use` path may lead to a file. Whether it leads anywhere, name resolution tells.
    fn used(&mut self, at: &[Symbol], items: &[ast::Item], prefix: &mut Vec<ast::Ident>, tree: &ast::UseTree) {
        let before = prefix.len();
        prefix.extend(&tree.prefix);
        match &tree.kind {
            ast::UseKind::Nested(trees) => {
                for tree in trees {
                    self.used(at, items, prefix, tree);
                }
            }
            ast::UseKind::Simple { .. } | ast::UseKind::Glob => self.walk(at, items, prefix),
        }
        prefix.truncate(before);
    }

    fn walk(&mut self, at: &[Symbol], items: &[ast::Item], names: &[ast::Ident]) {
        let mut path = Vec::new();
        let mut names = names.iter().peekable();
        match names.peek().map(|name| name.name.as_str()) {
            None | Some("std") => return,
            Some("crate") => {
                names.next();
            }
            Some("self") => {
                path = at.to_vec();
                names.next();
            }
            Some("super") => {
                path = at.to_vec();
                while names.next_if(|name| &*name.name == "super").is_some() {
                    path.pop();
                }
            }
            // A name of this module leads on from here.
            Some(first) if items.iter().any(|item| declares(item, first)) => path = at.to_vec(),
            Some(_) => {}
        }
        for name in names {
            path.push(name.name);
            if self.known.contains(&path) {
                continue;
            }
            if self.declared_inside(&path) {
                return;
            }
            let places = self.places(&path);
            let file = places.iter().find(|place| place.is_file() && !self.is_root(place)).cloned();
            match file {
                Some(place) => self.read(path.clone(), &place, name.span),
                None if places[0].with_extension("").is_dir() => {
                    self.known.insert(path.clone());
                    self.modules.push(Module { path: path.clone(), file: Arc::new(ast::File::default()), library: false });
                }
                None => return,
            }
        }
    }

    /// Whether the module around the last name declares it in its own text.
    fn declared_inside(&self, path: &[Symbol]) -> bool {
        let Some((last, around)) = path.split_last() else { return false };
        let module = self.modules.iter().find(|module| module.path == around);
        module.is_some_and(|module| module.file.items.iter().any(|item| declares(item, last)))
    }

    fn is_root(&self, place: &Path) -> bool {
        match (place.canonicalize(), self.root.canonicalize()) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        }
    }
}

/// Whether an item introduces a name that a path could begin with.
fn declares(item: &ast::Item, name: &str) -> bool {
    use ast::ItemKind::*;
    let found = match &item.kind {
        Fn(item) => item.name,
        Struct(item) => item.name,
        Enum(item) => item.name,
        Trait(item) => item.name,
        Const(item) => item.name,
        Static(item) => item.name,
        TypeAlias(item) => item.name,
        Mod(item) => item.name,
        TaskLocal(item) => item.name,
        Impl(_) | Use(_) | Test(_) | Litmus(_) | ExternBlock(_) | Error => return false,
    };
    &*found.name == name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Global, MessageFormat};

    fn loaded(name: &str, files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let folder = std::env::temp_dir().join(format!("aurorac-modules-{name}-{}", std::process::id()));
        for (path, text) in files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a writable folder");
            std::fs::write(path, text).expect("a writable file");
        }
        let mut session = Session::new(&Global::default(), MessageFormat::Human);
        let modules = load(&mut session, &folder.join("main.aur")).expect("the root is there");
        let names = modules.iter().map(|module| {
            module.path.iter().map(|name| name.as_str()).collect::<Vec<_>>().join("::")
        });
        let reports = session.diags.list().iter().map(|d| format!("{} {}", d.code.as_str(), d.message));
        let result = (names.collect(), reports.collect());
        let _ = std::fs::remove_dir_all(&folder);
        result
    }

    #[test]
    fn modules_are_files_beside_the_root() {
        let (names, reports) = loaded(
            "files",
            &[
                ("main.aur", "mod a\nmod inline { mod deep }\nuse b::c::{f, d::g}\nuse std::io\nuse inline::x\nfn main() {}"),
                ("a.aur", "mod inner\nuse super::b::h"),
                ("a/inner.aur", "use crate::e"),
                ("inline/deep.aur", ""),
                ("b/c/mod.aur", ""),
                ("b/c/d.aur", ""),
                ("e.aur", "use main::x"),
            ],
        );
        assert_eq!(reports, Vec::<String>::new());
        assert_eq!(names, ["", "a", "inline::deep", "b", "b::c", "b::c::d", "a::inner", "e"]);
    }

    #[test]
    fn a_missing_file_is_reported() {
        let (_, reports) = loaded("missing", &[("main.aur", "mod gone\nmod two"), ("two.aur", ""), ("two/mod.aur", "")]);
        assert_eq!(reports, ["E0207 the module `gone` has no file", "E0207 this module has two files"]);
    }
}
