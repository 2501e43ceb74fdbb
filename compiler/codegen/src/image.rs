//! Places compiled functions, constants and tables into one image: see `abi::Image`. JIT and executables share it.
//!
//! Distances inside the image are fixed here, so code needs no further work; what stays open are the addresses of imports
//! and the words of tables that hold addresses.

use crate::compile::{Compiled, Relocation, RelocationTarget};
use crate::lines;
use crate::unit::{Target, Unit, space};
use abi::{File, Function, Image as Header, Import, NO_SOURCE, Part, Position, Source, Test, Text};
use cranelift_codegen::binemit::Reloc as Kind;
use diag::SourceMap;
use mir::FastMap;
use std::collections::BTreeSet;

/// The largest page of the machines that this may run on.
pub const PAGE: u64 = if cfg!(target_arch = "x86_64") { 4096 } else { 65536 };

pub struct Image {
    pub bytes: Vec<u8>,
    pub header: Header,
    /// By import: its name. The table of addresses has the same order.
    pub imports: Vec<String>,
    /// Offsets of words to which the image's address is added.
    pub relocations: Vec<u32>,
    pub symbols: Vec<Symbol>,
    /// What leaves its segment, or speaks of pages: done here already, and to be done again where segments come to lie apart.
    pub references: Vec<Reference>,
}

/// A function in the image.
pub struct Symbol {
    pub start: u64,
    pub size: u64,
    pub name: String,
    /// Foreign code calls it by this name.
    pub exported: bool,
}

/// A place in the image that holds the way to another place in it.
pub struct Reference {
    pub place: u64,
    pub target: u64,
    pub kind: Kind,
    pub addend: i64,
}

pub fn build(unit: &Unit<'_>, compiled: &[Compiled], sources: &SourceMap) -> Image {
    let mut builder = Builder { unit, compiled, sources, constants: Constants::default(), places: FastMap::default() };
    builder.build()
}

struct Builder<'a> {
    unit: &'a Unit<'a>,
    compiled: &'a [Compiled],
    sources: &'a SourceMap,
    constants: Constants,
    /// Where everything with a name is, from the start of the image.
    places: FastMap<Target, u64>,
}

/// The first segment grows here: header, then whatever is appended.
#[derive(Default)]
struct Constants {
    bytes: Vec<u8>,
    texts: FastMap<String, Text>,
}

impl Constants {
    fn append(&mut self, bytes: &[u8], align: usize) -> u64 {
        self.bytes.resize(self.bytes.len().next_multiple_of(align), 0);
        let offset = self.bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        offset
    }

    fn text(&mut self, text: &str) -> Text {
        if let Some(&found) = self.texts.get(text) {
            return found;
        }
        let made = Text { offset: self.append(text.as_bytes(), 1) as u32, len: text.len() as u32 };
        self.texts.insert(text.into(), made);
        made
    }

    fn table<T: Words>(&mut self, entries: &[T]) -> Part {
        let mut bytes = Vec::new();
        entries.iter().for_each(|entry| entry.write(&mut bytes));
        Part { offset: self.append(&bytes, 8), count: entries.len() as u64 }
    }
}

/// A record as bytes, without reading its padding (there is none: see the assertions in abi).
trait Words {
    fn write(&self, out: &mut Vec<u8>);
}
fn words(out: &mut Vec<u8>, words: &[u32]) {
    words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
}
impl Words for Function {
    fn write(&self, out: &mut Vec<u8>) {
        words(out, &[self.start, self.size, self.name.offset, self.name.len]);
    }
}
impl Words for Position {
    fn write(&self, out: &mut Vec<u8>) {
        words(out, &[self.start, self.source]);
    }
}
impl Words for Source {
    fn write(&self, out: &mut Vec<u8>) {
        words(out, &[self.file, self.line, self.column, self.function.offset, self.function.len, self.inlined_at]);
    }
}
impl Words for File {
    fn write(&self, out: &mut Vec<u8>) {
        words(out, &[self.path.offset, self.path.len, self.library]);
    }
}
impl Words for Import {
    fn write(&self, out: &mut Vec<u8>) {
        words(out, &[self.name.offset, self.name.len]);
    }
}
impl Words for Test {
    fn write(&self, out: &mut Vec<u8>) {
        words(out, &[self.name.offset, self.name.len, self.entry as u32, (self.entry >> 32) as u32]);
    }
}
impl Words for u32 {
    fn write(&self, out: &mut Vec<u8>) {
        words(out, &[*self]);
    }
}

fn header_bytes(header: &Header) -> Vec<u8> {
    let part = |part: Part| [part.offset, part.count];
    let mut all = vec![header.magic, header.version, header.size];
    all.extend([header.code, header.data].into_iter().flat_map(part));
    all.push(header.imports_table);
    let tables = [header.imports, header.relocations, header.functions, header.positions, header.sources, header.files, header.tests];
    all.extend(tables.into_iter().flat_map(part));
    all.extend([header.init, header.main]);
    debug_assert_eq!(all.len() * 8, size_of::<Header>());
    all.into_iter().flat_map(u64::to_le_bytes).collect()
}

impl Builder<'_> {
    fn build(&mut self) -> Image {
        let program = self.unit.program;
        let mut header = Header { magic: abi::IMAGE_MAGIC, version: u64::from(abi::VERSION), ..Header::default() };
        self.constants.bytes = vec![0; size_of::<Header>()];

        // Code, from its own start.
        let mut starts = Vec::new();
        let mut code_size = 0;
        for function in self.compiled {
            code_size = lines::next(code_size, function.beginning);
            starts.push(code_size);
            code_size += function.code.len() as u64;
        }
        self.tables(&mut header, &starts);
        let constants = self.place_constants();

        let outside: BTreeSet<Target> = self.relocations().filter_map(|(_, _, target)| target).filter(is_import).collect();
        let imports: Vec<String> = outside.iter().map(|target| self.import_name(*target)).collect();
        let entries: Vec<Import> = imports.iter().map(|name| Import { name: self.constants.text(name) }).collect();
        header.imports = self.constants.table(&entries);
        let tests: Vec<Text> = program.tests.iter().map(|(name, _)| self.constants.text(name)).collect();
        // Their contents depend on where the other segments come to lie.
        header.tests = self.constants.table(&vec![Test::default(); tests.len()]);
        let words = program.vtables.iter().map(|table| table.methods.len() + usize::from(table.drop_glue.is_some())).sum();
        header.relocations = self.constants.table(&vec![0u32; words]);

        header.code = Part { offset: (self.constants.bytes.len() as u64).next_multiple_of(PAGE), count: code_size };
        for (function, start) in self.compiled.iter().zip(&starts) {
            self.places.insert(function.target, header.code.offset + start);
        }
        let data_start = (header.code.offset + code_size).next_multiple_of(PAGE);
        header.imports_table = data_start;
        for (index, target) in outside.iter().enumerate() {
            self.places.insert(*target, data_start + 8 * index as u64);
        }
        let mut end = data_start + 8 * outside.len() as u64;
        for (index, table) in program.vtables.iter().enumerate() {
            self.places.insert(Target { space: space::VTABLE, index: index as u32 }, end);
            end += 8 * (3 + table.methods.len() as u64);
        }
        for (index, item) in program.statics.iter().enumerate() {
            let layout = self.unit.layouts.of(item.ty);
            end = end.next_multiple_of(layout.align.max(8));
            self.places.insert(Target { space: space::STATIC, index: index as u32 }, end);
            end += layout.size;
        }
        // An empty segment could not be mapped.
        end = end.max(data_start + 8);
        header.data = Part { offset: data_start, count: end - data_start };
        header.size = end.next_multiple_of(PAGE);

        let mut bytes = std::mem::take(&mut self.constants.bytes);
        bytes.resize(header.size as usize, 0);
        let relocations = self.fill_data(&mut bytes);
        for (index, (_, id)) in program.tests.iter().enumerate() {
            let entry = self.places[&Target { space: space::FUNCTION, index: id.0 }];
            put(&mut bytes, header.tests.offset + index as u64 * 16, &[u64::from(tests[index].offset) | u64::from(tests[index].len) << 32, entry]);
        }
        for (index, word) in relocations.iter().enumerate() {
            let at = header.relocations.offset as usize + index * 4;
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        let entry = |space, index| self.places.get(&Target { space, index }).copied().unwrap_or(0);
        header.init = entry(space::INIT, 0);
        header.main = program.main.map_or(0, |id| entry(space::FUNCTION, id.0));
        let references = self.fill_code(&mut bytes, &header, &starts, &constants);
        bytes[..size_of::<Header>()].copy_from_slice(&header_bytes(&header));
        let symbols = self.compiled.iter().zip(&starts).map(|(function, start)| Symbol {
            start: header.code.offset + start,
            size: function.code.len() as u64,
            name: function.symbol.clone(),
            exported: function.target.space == space::WRAPPER,
        });
        Image { header, imports, relocations, symbols: symbols.collect(), references, bytes }
    }

    fn relocations(&self) -> impl Iterator<Item = (usize, &Relocation, Option<Target>)> {
        self.compiled.iter().enumerate().flat_map(|(index, function)| {
            function.relocations.iter().map(move |relocation| {
                let target = match relocation.to {
                    RelocationTarget::Outside(target) => Some(target),
                    RelocationTarget::Inside(_) => None,
                };
                (index, relocation, target)
            })
        })
    }

    fn import_name(&self, target: Target) -> String {
        match target.space {
            space::ROW => abi::ROWS[target.index as usize].name.into(),
            _ => self.unit.foreign[target.index as usize].to_string(),
        }
    }

    /// Puts each function's constants into the first segment, equal ones once: where they are, by function.
    fn place_constants(&mut self) -> Vec<Vec<u64>> {
        let mut known: FastMap<&[u8], u64> = FastMap::default();
        let mut all = Vec::new();
        for function in self.compiled {
            let mut own = Vec::new();
            for data in &function.data {
                let align = if data.bytes.len().is_multiple_of(8) { 8 } else { 1 };
                let constants = &mut self.constants;
                own.push(*known.entry(&data.bytes).or_insert_with(|| constants.append(&data.bytes, align)));
            }
            all.push(own);
        }
        all
    }

    /// Functions, positions, sources, files.
    fn tables(&mut self, header: &mut Header, starts: &[u64]) {
        let mut functions = Vec::new();
        let mut positions: Vec<Position> = Vec::new();
        let mut found = Sources { unit: self.unit, map: self.sources, known: FastMap::default(), list: Vec::new(), files: Vec::new(), file_index: FastMap::default() };
        for (function, &start) in self.compiled.iter().zip(starts) {
            let start = start as u32;
            let name = self.constants.text(&function.name);
            functions.push(Function { start, size: function.code.len() as u32, name });
            let mut last_end = start;
            for &(from, to, source) in &function.positions {
                if start + from > last_end || positions.last().is_none_or(|last| last.start < start) && from > 0 {
                    positions.push(Position { start: last_end, source: NO_SOURCE });
                }
                let source = found.index(source, &mut self.constants);
                if positions.last().is_none_or(|last| last.source != source || last.start < start) {
                    positions.push(Position { start: start + from, source });
                }
                last_end = start + to;
            }
            if last_end < start + function.code.len() as u32 {
                positions.push(Position { start: last_end, source: NO_SOURCE });
            }
        }
        let (list, files) = (found.list, found.files);
        header.functions = self.constants.table(&functions);
        header.positions = self.constants.table(&positions);
        header.sources = self.constants.table(&list);
        header.files = self.constants.table(&files);
    }

    /// Tables of methods and constant statics; the words that hold addresses.
    fn fill_data(&self, bytes: &mut [u8]) -> Vec<u32> {
        let mut relocations = Vec::new();
        for (index, table) in self.unit.program.vtables.iter().enumerate() {
            let at = self.places[&Target { space: space::VTABLE, index: index as u32 }];
            let layout = self.unit.layouts.of(table.ty);
            put(bytes, at, &[0, layout.size, layout.align]);
            let glue = table.drop_glue.iter().map(|&id| (0, id));
            for (word, id) in glue.chain(table.methods.iter().enumerate().map(|(i, &id)| (3 + i as u64, id))) {
                let offset = at + 8 * word;
                put(bytes, offset, &[self.places[&Target { space: space::FUNCTION, index: id.0 }]]);
                relocations.push(offset as u32);
            }
        }
        for index in 0..self.unit.program.statics.len() {
            if let Some(value) = self.unit.constant_static(index) {
                let at = self.places[&Target { space: space::STATIC, index: index as u32 }] as usize;
                bytes[at..at + value.len()].copy_from_slice(&value);
            }
        }
        relocations
    }

    fn fill_code(&self, bytes: &mut [u8], header: &Header, starts: &[u64], constants: &[Vec<u64>]) -> Vec<Reference> {
        let mut references = Vec::new();
        for (function, start) in self.compiled.iter().zip(starts) {
            let at = (header.code.offset + start) as usize;
            bytes[at..at + function.code.len()].copy_from_slice(&function.code);
        }
        for (index, relocation, target) in self.relocations() {
            let start = header.code.offset + starts[index];
            let place = start + u64::from(relocation.offset);
            let target = match (target, relocation.to) {
                (Some(Target { space: space::DATA, index: constant }), _) => constants[index][constant as usize],
                (Some(target), _) => match self.places.get(&target) {
                    Some(&place) => place,
                    None => panic!("bug! {} refers to {target:?}, which is nowhere", self.compiled[index].symbol),
                },
                (None, RelocationTarget::Inside(offset)) => start + u64::from(offset),
                (None, RelocationTarget::Outside(_)) => panic!("bug! a relocation without target"),
            };
            let is_import = matches!(relocation.to, RelocationTarget::Outside(target) if is_import(&target));
            if relocation.kind == Kind::X86GOTPCRel4 && !is_import {
                // Cranelift loads every address from a table. What lies in the image needs none: the load of the slot
                // (`mov`) becomes the computation of the address (`lea`), as linkers do it.
                let opcode = &mut bytes[place as usize - 2];
                assert_eq!(*opcode, 0x8B, "bug! a reference to an address that is no load");
                *opcode = 0x8D;
            }
            apply(bytes, relocation, place, target);
            let Relocation { kind, addend, .. } = *relocation;
            let inside = (header.code.offset..header.data.offset).contains(&target);
            if !inside || cfg!(target_arch = "aarch64") && kind != Kind::Arm64Call {
                references.push(Reference { place, target, kind, addend });
            }
        }
        references
    }
}

fn is_import(target: &Target) -> bool {
    matches!(target.space, space::ROW | space::FOREIGN)
}

fn put(bytes: &mut [u8], at: u64, words: &[u64]) {
    for (index, word) in words.iter().enumerate() {
        let at = at as usize + index * 8;
        bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
    }
}

/// Writes the distance from `place` to `target` the way the instruction there wants it. The image's address is a multiple of
/// the page, so pages inside it are pages.
fn apply(bytes: &mut [u8], relocation: &Relocation, place: u64, target: u64) {
    let at = place as usize;
    let target = target as i64 + relocation.addend;
    let distance = target - place as i64;
    let page = |address: i64| address & !0xFFF;
    let mut patch = |change: &dyn Fn(u32) -> u32| {
        let old = u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        bytes[at..at + 4].copy_from_slice(&change(old).to_le_bytes());
    };
    match relocation.kind {
        Kind::X86PCRel4 | Kind::X86CallPCRel4 | Kind::X86CallPLTRel4 | Kind::X86GOTPCRel4 => {
            let distance = i32::try_from(distance).expect("bug! a program larger than 2 GiB");
            patch(&|_| distance as u32);
        }
        Kind::Arm64Call => patch(&|old| old & 0xFC00_0000 | (distance >> 2) as u32 & 0x03FF_FFFF),
        Kind::Aarch64AdrPrelPgHi21 | Kind::Aarch64AdrGotPage21 => {
            let pages = (page(target) - page(place as i64)) >> 12;
            patch(&|old| old & 0x9F00_001F | ((pages as u32 & 3) << 29) | ((pages >> 2) as u32 & 0x7_FFFF) << 5);
        }
        Kind::Aarch64AddAbsLo12Nc => patch(&|old| old & !(0xFFF << 10) | (target as u32 & 0xFFF) << 10),
        Kind::Aarch64Ld64GotLo12Nc => patch(&|old| old & !(0xFFF << 10) | ((target as u32 & 0xFFF) >> 3) << 10),
        other => panic!("bug! relocation {other:?}"),
    }
}

/// Collects the sources that code refers to.
struct Sources<'a> {
    unit: &'a Unit<'a>,
    map: &'a SourceMap,
    /// By number in the whole program.
    known: FastMap<u32, u32>,
    list: Vec<Source>,
    files: Vec<File>,
    file_index: FastMap<diag::FileId, u32>,
}

impl Sources<'_> {
    fn index(&mut self, whole: u32, constants: &mut Constants) -> u32 {
        if whole == u32::MAX {
            return NO_SOURCE;
        }
        if let Some(&found) = self.known.get(&whole) {
            return found;
        }
        let body = self.unit.source_base.partition_point(|&base| base <= whole) - 1;
        let base = self.unit.source_base[body];
        let source = &self.unit.program.bodies[body].sources[(whole - base) as usize];
        let inlined_at = source.inlined_at.map_or(NO_SOURCE, |outer| self.index(base + outer.0, constants));
        let (file, line, column) = match self.map.file(source.span.file) {
            Some(file) => {
                let at = file.line_column(source.span.lo);
                (self.file(file, constants), at.line, at.column)
            }
            None => (NO_SOURCE, 0, 0),
        };
        let function = constants.text(&source.function);
        let index = self.list.len() as u32;
        self.list.push(Source { file, line, column, function, inlined_at });
        self.known.insert(whole, index);
        index
    }

    fn file(&mut self, file: &diag::SourceFile, constants: &mut Constants) -> u32 {
        if let Some(&found) = self.file_index.get(&file.id) {
            return found;
        }
        let index = self.files.len() as u32;
        self.files.push(File { path: constants.text(&file.path), library: u32::from(file.library) });
        self.file_index.insert(file.id, index);
        index
    }
}
