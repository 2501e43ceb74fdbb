//! Appends an image to an executable of ELF, as segments that the system's loader maps, with symbols for debuggers.
//!
//! ```text
//! stub | program headers, page-aligned | image: constants, code, data | names, symbols, section headers
//!        ^ the same number is file offset and address
//! ```
//! The program headers move behind the stub, because three more do not fit where they were. Old kernels tell the program where
//! its headers are by adding their file offset to the load address: so offset and address are kept equal.

use crate::image::{Image, PAGE};

const MARKER: &[u8; 16] = b"Aurora's program";

const LOAD: u32 = 1;
const HEADERS: u32 = 6;
const HEADER_BYTES: usize = 56;
const SECTION_BYTES: usize = 64;
const SYMBOL_BYTES: u64 = 24;

const READ: u32 = 4;
const READ_RUN: u32 = 5;
const READ_WRITE: u32 = 6;

struct Segment {
    kind: u32,
    flags: u32,
    offset: u64,
    address: u64,
    size: u64,
    memory: u64,
    align: u64,
}

/// `stub` is an executable of this machine's kind made by our own build, so a surprise in it is a bug.
pub fn append(stub: &[u8], image: &Image) -> Vec<u8> {
    let mut out = stub.to_vec();
    let mut segments = read_segments(stub);
    let loaded_end = segments.iter().filter(|s| s.kind == LOAD).map(|s| s.address + s.memory).max().unwrap_or(0);
    let start = (stub.len() as u64).max(loaded_end).next_multiple_of(PAGE);
    let at = start + PAGE;

    let header = &image.header;
    let load = |flags, from: u64, size: u64| {
        Segment { kind: LOAD, flags, offset: from, address: from, size, memory: size, align: PAGE }
    };
    // The page of program headers and the constants behind it are one segment.
    segments.push(load(READ, start, PAGE + header.code.offset));
    segments.push(load(READ_RUN, at + header.code.offset, header.data.offset - header.code.offset));
    segments.push(load(READ_WRITE, at + header.data.offset, header.size - header.data.offset));
    let headers_size = (segments.len() * HEADER_BYTES) as u64;
    assert!(headers_size <= PAGE, "bug! a stub with {} segments", segments.len());
    for segment in segments.iter_mut().filter(|s| s.kind == HEADERS) {
        (segment.offset, segment.address) = (start, start);
        (segment.size, segment.memory) = (headers_size, headers_size);
    }

    out.resize(start as usize, 0);
    for segment in &segments {
        write_segment(&mut out, segment);
    }
    out.resize(at as usize, 0);
    out.extend_from_slice(&image.bytes);
    set(&mut out, 32, &start.to_le_bytes());
    set(&mut out, 56, &(segments.len() as u16).to_le_bytes());
    point_to_image(&mut out, stub, &segments, at);
    append_symbols(&mut out, stub, image, at);
    out
}

fn read<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("the slice has this length")
}
fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(read(bytes, at))
}
fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(read(bytes, at))
}
fn set(out: &mut [u8], at: usize, bytes: &[u8]) {
    out[at..at + bytes.len()].copy_from_slice(bytes);
}

fn read_segments(stub: &[u8]) -> Vec<Segment> {
    assert!(stub.starts_with(b"\x7fELF\x02\x01"), "bug! the runtime's stub is no 64-bit ELF file");
    let (start, count) = (word(stub, 32) as usize, usize::from(half(stub, 56)));
    assert_eq!(usize::from(half(stub, 54)), HEADER_BYTES, "bug! program headers of an unknown size");
    let one = |i: usize| {
        let at = start + i * HEADER_BYTES;
        Segment {
            kind: u32::from_le_bytes(read(stub, at)),
            flags: u32::from_le_bytes(read(stub, at + 4)),
            offset: word(stub, at + 8),
            address: word(stub, at + 16),
            size: word(stub, at + 32),
            memory: word(stub, at + 40),
            align: word(stub, at + 48),
        }
    };
    (0..count).map(one).collect()
}

fn write_segment(out: &mut Vec<u8>, segment: &Segment) {
    out.extend_from_slice(&segment.kind.to_le_bytes());
    out.extend_from_slice(&segment.flags.to_le_bytes());
    for word in [segment.offset, segment.address, segment.address, segment.size, segment.memory, segment.align] {
        out.extend_from_slice(&word.to_le_bytes());
    }
}

/// Tells the stub how far from its marker the image lies in memory.
fn point_to_image(out: &mut [u8], stub: &[u8], segments: &[Segment], image: u64) {
    let written = segments.iter().filter(|segment| segment.kind == LOAD && segment.flags == READ_WRITE && segment.offset < stub.len() as u64);
    let mut places = written.flat_map(|segment| {
        let bytes = &stub[segment.offset as usize..(segment.offset + segment.size) as usize];
        bytes.windows(MARKER.len()).enumerate().filter(|(_, bytes)| bytes == MARKER).map(move |(index, _)| (segment, index as u64))
    });
    let (segment, index) = places.next().expect("bug! the runtime's stub has no marker that is written to");
    assert!(places.next().is_none(), "bug! the runtime's stub has two markers");
    let address = segment.address + index;
    set(out, (segment.offset + index) as usize + MARKER.len(), &(image as i64 - address as i64).to_le_bytes());
}

/// One symbol for each function, in a section of their own, so that gdb and perf show names.
fn append_symbols(out: &mut Vec<u8>, stub: &[u8], image: &Image, at: u64) {
    let (table, count) = (word(stub, 40) as usize, usize::from(half(stub, 60)));
    let names_index = usize::from(half(stub, 62));
    if table == 0 || count == 0 || names_index >= count {
        return;
    }
    let old = &stub[table..table + count * SECTION_BYTES];
    let names_header = &old[names_index * SECTION_BYTES..];
    let (names_at, names_size) = (word(names_header, 24) as usize, word(names_header, 32) as usize);
    let mut names = stub[names_at..names_at + names_size].to_vec();
    let mut name = |text: &str| {
        let at = names.len() as u32;
        names.extend_from_slice(text.as_bytes());
        names.push(0);
        at
    };
    let (text_name, symbols_name, strings_name) = (name(".aurora.text"), name(".symtab"), name(".strtab"));

    let text_index = count as u16;
    let mut strings = vec![0u8];
    // The first symbol is none; ours are all local, so that they cannot clash with the stub's.
    let mut symbols = vec![0u8; SYMBOL_BYTES as usize];
    for symbol in &image.symbols {
        symbols.extend_from_slice(&(strings.len() as u32).to_le_bytes());
        symbols.extend_from_slice(&[2, 0]);
        symbols.extend_from_slice(&text_index.to_le_bytes());
        symbols.extend_from_slice(&(at + symbol.start).to_le_bytes());
        symbols.extend_from_slice(&symbol.size.to_le_bytes());
        strings.extend_from_slice(symbol.name.as_bytes());
        strings.push(0);
    }
    let mut place = |bytes: &[u8]| {
        out.resize(out.len().next_multiple_of(8), 0);
        let at = out.len() as u64;
        out.extend_from_slice(bytes);
        at
    };
    let (symbols_at, strings_at, names_at) = (place(&symbols), place(&strings), place(&names));
    let mut sections = old.to_vec();
    set(&mut sections, names_index * SECTION_BYTES + 24, &names_at.to_le_bytes());
    set(&mut sections, names_index * SECTION_BYTES + 32, &(names.len() as u64).to_le_bytes());
    let header = &image.header;
    let code = at + header.code.offset;
    let mut section = |name: u32, kind: u32, flags: u64, address: u64, offset: u64, size: u64, link: u32, info: u32, entry: u64| {
        sections.extend_from_slice(&name.to_le_bytes());
        sections.extend_from_slice(&kind.to_le_bytes());
        for word in [flags, address, offset, size] {
            sections.extend_from_slice(&word.to_le_bytes());
        }
        sections.extend_from_slice(&link.to_le_bytes());
        sections.extend_from_slice(&info.to_le_bytes());
        for word in [16, entry] {
            sections.extend_from_slice(&word.to_le_bytes());
        }
    };
    let symbol_count = (symbols.len() as u64 / SYMBOL_BYTES) as u32;
    section(text_name, 1, 6, code, code, header.code.count, 0, 0, 0);
    section(symbols_name, 2, 0, 0, symbols_at, symbols.len() as u64, count as u32 + 2, symbol_count, SYMBOL_BYTES);
    section(strings_name, 3, 0, 0, strings_at, strings.len() as u64, 0, 0, 0);
    let sections_at = place(&sections);
    set(out, 40, &sections_at.to_le_bytes());
    set(out, 60, &(count as u16 + 3).to_le_bytes());
}
