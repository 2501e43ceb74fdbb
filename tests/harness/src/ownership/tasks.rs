//! Scopes with tasks: some are joined, some end with the scope, some are started in loops or for the parts of something.

use super::make::Maker;
use super::types::T::{Int, Slice, SliceMut};
use super::types::*;

impl Maker<'_> {
    pub(super) fn scope(&mut self) {
        let before = self.variables.clone();
        let moved = self.moved.len();
        let named = self.chance.below(6) == 0;
        let head = match self.chance.below(8) {
            _ if named => "scope s {",
            0 => "scope(limit: 2) {",
            _ => "scope {",
        };
        self.line(head);
        self.deep += 1;
        let mut handles: Vec<String> = Vec::new();
        let mut vector = None;
        for _ in 0..2 + self.chance.below(3) {
            match self.chance.below(12) {
                0..4 => self.spawn(&mut handles),
                4 if vector.is_none() => {
                    self.next += 1;
                    let name = format!("ts{}", self.next);
                    self.line(&format!("let mut {name} = Vec::new()"));
                    self.line("for i in 0..2 {");
                    self.deep += 1;
                    let kept = self.variables.clone();
                    self.bind("i", Int, false);
                    self.task(&format!("{name}.push(spawn"), ")");
                    self.variables = kept;
                    self.deep -= 1;
                    self.line("}");
                    vector = Some(name);
                }
                5 => {
                    self.line("for i in 0..2 {");
                    self.deep += 1;
                    let kept = self.variables.clone();
                    self.bind("i", Int, false);
                    self.task("spawn", "");
                    self.variables = kept;
                    self.deep -= 1;
                    self.line("}");
                }
                6 if named => self.task("spawn in s", ""),
                6 | 7 => self.join(&mut handles),
                8 => self.parts(),
                _ => self.statement(),
            }
        }
        if let Some(name) = vector {
            match self.chance.below(3) {
                0 => self.line(&format!("acc = acc.wrapping_add((join {name}).look())")),
                1 => self.line(&format!("for t in {name} {{ acc = acc.wrapping_add(join t) }}")),
                _ => {}
            }
            self.statement();
        }
        if self.chance.below(2) == 0 {
            self.join(&mut handles);
            self.statement();
        }
        self.deep -= 1;
        self.line("}");
        let gone = self.moved.split_off(moved);
        self.variables = before;
        self.variables.retain(|variable| !gone.contains(&variable.name));
        self.moved.extend(gone);
    }

    fn spawn(&mut self, handles: &mut Vec<String>) {
        self.next += 1;
        let name = format!("t{}", self.next);
        let kept = self.chance.below(3) > 0;
        let start = if kept { format!("let {name} = ") } else { String::new() };
        if self.chance.below(4) == 0 {
            // The arguments are the spawner's.
            let calls: [(&str, T); 5] = [
                ("look_at", shared(ints())),
                ("grow", exclusive(ints())),
                ("change", exclusive(Int)),
                ("look_at", shared(Int)),
                ("change_all", SliceMut),
            ];
            let (function, ty) = calls[self.chance.below(calls.len())].clone();
            let value = self.value(&ty, 2);
            self.line(&format!("{start}spawn {function}({value})"));
        } else {
            let way = ["spawn", "spawn", "spawn", "spawn move", "spawn try"][self.chance.below(5)];
            self.task(&format!("{start}{way}"), "");
            if way == "spawn try" {
                if kept && self.chance.below(2) == 0 {
                    self.statement();
                    self.line(&format!("let _ = join {name}"));
                }
                return;
            }
        }
        if kept {
            handles.push(name);
        }
    }

    /// The block of a task, with a sum of its own as its value. It may take what stands outside along.
    fn task(&mut self, start: &str, end: &str) {
        let (was, loops) = (std::mem::replace(&mut self.in_closure, true), std::mem::replace(&mut self.loops, 0));
        let takes = self.takes_from;
        if self.chance.below(3) == 0 {
            self.takes_from = 1;
        }
        let before = self.variables.clone();
        let moved = self.moved.len();
        self.line(&format!("{start} {{"));
        self.deep += 1;
        self.line("let mut acc = 1");
        self.bind("acc", Int, true);
        for _ in 0..1 + self.chance.below(2) {
            self.statement();
        }
        self.line("acc");
        self.deep -= 1;
        self.line(&format!("}}{end}"));
        (self.in_closure, self.loops, self.takes_from, self.variables) = (was, loops, takes, before);
        let gone = self.moved.split_off(moved);
        self.variables.retain(|variable| !gone.contains(&variable.name));
        self.moved.extend(gone);
    }

    fn join(&mut self, handles: &mut Vec<String>) {
        if handles.is_empty() {
            return self.statement();
        }
        let name = handles.remove(self.chance.below(handles.len()));
        match self.chance.below(4) {
            0 if !handles.is_empty() => {
                let other = handles.remove(self.chance.below(handles.len()));
                self.line(&format!("acc = acc.wrapping_add((join ({name}, {other})).look())"));
            }
            1 => self.line(&format!("drop({name})")),
            2 => {
                let condition = self.condition();
                self.line(&format!("if {condition} {{ acc = acc.wrapping_add(join {name}) }}"));
            }
            _ => self.line(&format!("acc = acc.wrapping_add(join {name})")),
        }
    }

    /// A loop whose rounds are tasks.
    fn parts(&mut self) {
        let sources: [(&str, T, T); 5] = [
            ("", shared(ints()), shared(Int)),
            ("", exclusive(ints()), exclusive(Int)),
            (".chunks_mut(2)", SliceMut, SliceMut),
            (".chunks(2)", Slice, Slice),
            ("..9", Int, Int),
        ];
        let (suffix, source, item) = sources[self.chance.below(sources.len())].clone();
        let from = format!("({}){suffix}", self.value(&source, 2));
        self.next += 1;
        let name = format!("v{}", self.next);
        let before = self.variables.clone();
        let (was, loops) = (std::mem::replace(&mut self.in_closure, true), std::mem::replace(&mut self.loops, 0));
        self.line(&format!("parallel for {name} in {from} {{"));
        self.deep += 1;
        self.line("let mut acc = 1");
        self.bind("acc", Int, true);
        self.bind(&name, item, false);
        for _ in 0..1 + self.chance.below(2) {
            self.statement();
        }
        self.deep -= 1;
        self.line("}");
        (self.in_closure, self.loops, self.variables) = (was, loops, before);
    }
}
