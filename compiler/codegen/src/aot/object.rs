//! Writes an image as a relocatable object of ELF. Its three segments become sections, which a linker may put anywhere; so what
//! points from one to another, fixed inside the image, becomes a relocation again.
//!
//! ```text
//! .rodata.aurora  header and constants    the header's distances to code and data are relocations
//! .text.aurora    code, `main`
//! .data.aurora    addresses of imports, tables of methods, statics
//! ```
//! The linker fills in the addresses of imports and of the tables' words, so nothing is left for the runtime to bind.

use crate::image::{Image, Reference};
use abi::{Image as Header, Part};
use cranelift_codegen::binemit::Reloc as Kind;
use object::write::{Object, Relocation, SectionId, Symbol, SymbolId, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind, SymbolScope, elf};
use std::mem::offset_of;

/// In the runtime's library: runs the image whose address it is given.
const START: &str = "aurora_start";

pub fn write(image: &Image) -> Vec<u8> {
    let architecture = if cfg!(target_arch = "x86_64") { Architecture::X86_64 } else { Architecture::Aarch64 };
    let object = Object::new(BinaryFormat::Elf, architecture, Endianness::Little);
    Writer { image, object, segments: Vec::new() }.write()
}

struct Writer<'a> {
    image: &'a Image,
    object: Object<'static>,
    /// In the order of the image.
    segments: Vec<Segment>,
}

struct Segment {
    start: u64,
    section: SectionId,
    /// Stands for the section's start.
    symbol: SymbolId,
}

impl Writer<'_> {
    fn write(mut self) -> Vec<u8> {
        let header = self.image.header;
        let mut bytes = self.image.bytes.clone();
        // The linker binds.
        for part in [offset_of!(Header, imports), offset_of!(Header, relocations)] {
            let count = part + offset_of!(Part, count);
            bytes[count..count + 8].fill(0);
        }
        let (code, data) = (header.code.offset, header.data.offset);
        self.segment(".rodata.aurora", SectionKind::ReadOnlyData, 0, &bytes[..code as usize]);
        self.segment(".text.aurora", SectionKind::Text, code, &bytes[code as usize..(code + header.code.count) as usize]);
        self.segment(".data.aurora", SectionKind::Data, data, &bytes[data as usize..(data + header.data.count) as usize]);
        // Stacks need not be executable.
        self.object.add_section(Vec::new(), b".note.GNU-stack".to_vec(), SectionKind::Other);

        for field in [
            offset_of!(Header, code) + offset_of!(Part, offset),
            offset_of!(Header, data) + offset_of!(Part, offset),
            offset_of!(Header, imports_table),
            offset_of!(Header, init),
            offset_of!(Header, main),
        ] {
            let target = u64::from_le_bytes(bytes[field..field + 8].try_into().expect("eight bytes"));
            // Nothing there.
            if target != 0 {
                // The distance from the header's start, not from the field.
                self.refer(field as u64, target, field as i64, distance_64());
            }
        }
        for (index, name) in self.image.imports.iter().enumerate() {
            let symbol = self.symbol(name, SymbolSection::Undefined, 0, 0, true);
            self.relocate(header.imports_table + 8 * index as u64, symbol, 0, address_64());
        }
        for &word in &self.image.relocations {
            let at = word as usize;
            let target = u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
            self.refer(u64::from(word), target, 0, address_64());
        }
        for &Reference { place, target, kind, addend } in &self.image.references {
            self.refer(place, target, addend, of_kind(kind));
        }
        for symbol in &self.image.symbols {
            let section = SymbolSection::Section(self.segments[1].section);
            self.symbol(&symbol.name, section, symbol.start - code, symbol.size, symbol.exported);
        }
        self.main();
        self.object.write().unwrap_or_else(|error| panic!("bug! an object cannot be written: {error}"))
    }

    fn segment(&mut self, name: &str, kind: SectionKind, start: u64, bytes: &[u8]) {
        let section = self.object.add_section(Vec::new(), name.as_bytes().to_vec(), kind);
        self.object.append_section_data(section, bytes, 64);
        let symbol = self.object.section_symbol(section);
        self.segments.push(Segment { start, section, symbol });
    }

    fn symbol(&mut self, name: &str, section: SymbolSection, value: u64, size: u64, is_global: bool) -> SymbolId {
        let (kind, weak) = (SymbolKind::Text, false);
        let scope = if is_global { SymbolScope::Dynamic } else { SymbolScope::Compilation };
        self.object.add_symbol(Symbol { name: name.into(), value, size, kind, scope, weak, section, flags: SymbolFlags::None })
    }

    fn of(&self, place: u64) -> &Segment {
        let behind = self.segments.partition_point(|segment| segment.start <= place);
        &self.segments[behind - 1]
    }

    /// At `place`, the way to `target`; both in the image.
    fn refer(&mut self, place: u64, target: u64, addend: i64, r_type: u32) {
        let to = self.of(target);
        let (symbol, offset) = (to.symbol, target - to.start);
        self.relocate(place, symbol, offset as i64 + addend, r_type);
    }

    fn relocate(&mut self, place: u64, symbol: SymbolId, addend: i64, r_type: u32) {
        let from = self.of(place);
        let (section, offset) = (from.section, place - from.start);
        let relocation = Relocation { offset, symbol, addend, flags: RelocationFlags::Elf { r_type } };
        self.object.add_relocation(section, relocation).unwrap_or_else(|error| panic!("bug! a relocation cannot be written: {error}"));
    }

    /// `main` hands the image to the runtime. It is weak: who links may have an own one, and call `aurora_start` from there.
    fn main(&mut self) {
        let Segment { section, .. } = self.segments[1];
        let image = self.segments[0].symbol;
        let name = b"aurora_image".to_vec();
        let (kind, scope) = (SymbolKind::Data, SymbolScope::Dynamic);
        let within = SymbolSection::Section(self.segments[0].section);
        let (value, size, flags) = (0, self.image.header.code.offset, SymbolFlags::None);
        self.object.add_symbol(Symbol { name, value, size, kind, scope, weak: false, section: within, flags });
        let start = self.symbol(START, SymbolSection::Undefined, 0, 0, true);
        let (code, relocations): (&[u8], Vec<(u64, SymbolId, i64, u32)>) = if cfg!(target_arch = "x86_64") {
            // lea rdi, [rip + image]; jmp start
            (
                &[0x48, 0x8D, 0x3D, 0, 0, 0, 0, 0xE9, 0, 0, 0, 0],
                vec![(3, image, -4, elf::R_X86_64_PC32), (8, start, -4, elf::R_X86_64_PLT32)],
            )
        } else {
            // adrp x0, image; add x0, x0, :lo12:image; b start
            (
                &[0, 0, 0, 0x90, 0, 0, 0, 0x91, 0, 0, 0, 0x14],
                vec![
                    (0, image, 0, elf::R_AARCH64_ADR_PREL_PG_HI21),
                    (4, image, 0, elf::R_AARCH64_ADD_ABS_LO12_NC),
                    (8, start, 0, elf::R_AARCH64_JUMP26),
                ],
            )
        };
        let at = self.object.append_section_data(section, code, 16);
        for (offset, symbol, addend, r_type) in relocations {
            let relocation = Relocation { offset: at + offset, symbol, addend, flags: RelocationFlags::Elf { r_type } };
            self.object.add_relocation(section, relocation).unwrap_or_else(|error| panic!("bug! a relocation cannot be written: {error}"));
        }
        let (kind, scope) = (SymbolKind::Text, SymbolScope::Dynamic);
        let (section, size, flags) = (SymbolSection::Section(section), code.len() as u64, SymbolFlags::None);
        self.object.add_symbol(Symbol { name: b"main".to_vec(), value: at, size, kind, scope, weak: true, section, flags });
    }
}

fn address_64() -> u32 {
    if cfg!(target_arch = "x86_64") { elf::R_X86_64_64 } else { elf::R_AARCH64_ABS64 }
}

fn distance_64() -> u32 {
    if cfg!(target_arch = "x86_64") { elf::R_X86_64_PC64 } else { elf::R_AARCH64_PREL64 }
}

fn of_kind(kind: Kind) -> u32 {
    match kind {
        Kind::X86PCRel4 | Kind::X86CallPCRel4 | Kind::X86CallPLTRel4 | Kind::X86GOTPCRel4 => elf::R_X86_64_PC32,
        Kind::Arm64Call => elf::R_AARCH64_CALL26,
        Kind::Aarch64AdrPrelPgHi21 | Kind::Aarch64AdrGotPage21 => elf::R_AARCH64_ADR_PREL_PG_HI21,
        Kind::Aarch64AddAbsLo12Nc => elf::R_AARCH64_ADD_ABS_LO12_NC,
        Kind::Aarch64Ld64GotLo12Nc => elf::R_AARCH64_LDST64_ABS_LO12_NC,
        other => panic!("bug! relocation {other:?}"),
    }
}
