//! Reads the tables of an image: which function and which place in the text an address belongs to.

use abi::{File, Function, Image, NO_SOURCE, Part, Position, Source, Text};

/// A bound image in memory.
#[derive(Clone, Copy)]
pub struct Tables<'a> {
    image: &'a Image,
}

/// One line of a backtrace.
pub struct Frame<'a> {
    pub function: &'a str,
    /// Path, line, column; `None` for code without text.
    pub place: Option<(&'a str, u32, u32)>,
    pub library: bool,
}

impl<'a> Tables<'a> {
    /// # Safety
    /// `image` is the start of a whole image that stays for `'a`.
    pub unsafe fn new(image: *const Image) -> Option<Tables<'a>> {
        // SAFETY: the caller's promise.
        unsafe { image.as_ref() }.map(|image| Tables { image })
    }

    fn base(&self) -> *const u8 {
        std::ptr::from_ref(self.image).cast()
    }

    pub fn table<T>(&self, part: Part) -> &'a [T] {
        // SAFETY: the emitter wrote `count` aligned entries of T at this offset.
        unsafe { std::slice::from_raw_parts(self.base().add(part.offset as usize).cast(), part.count as usize) }
    }

    pub fn text(&self, text: Text) -> &'a str {
        // SAFETY: the emitter wrote this many bytes of UTF-8 there.
        unsafe {
            let bytes = std::slice::from_raw_parts(self.base().add(text.offset as usize), text.len as usize);
            std::str::from_utf8_unchecked(bytes)
        }
    }

    fn code_offset(&self, address: usize) -> Option<u32> {
        let start = self.base() as usize + self.image.code.offset as usize;
        let offset = address.checked_sub(start)?;
        (offset < self.image.code.count as usize).then_some(offset as u32)
    }

    pub fn function(&self, address: usize) -> Option<&'a Function> {
        let offset = self.code_offset(address)?;
        let functions: &[Function] = self.table(self.image.functions);
        let function = &functions[functions.partition_point(|f| f.start <= offset).checked_sub(1)?];
        (offset < function.start + function.size).then_some(function)
    }

    /// Where the first of a function's code in the user's text stands.
    pub fn first_place(&self, address: usize) -> Option<(&'a str, u32, u32)> {
        let function = self.function(address)?;
        let positions: &[Position] = self.table(self.image.positions);
        let from = positions.partition_point(|p| p.start < function.start);
        let own = positions[from..].iter().take_while(|p| p.start < function.start + function.size);
        own.filter_map(|position| self.user_place(position.source)).next()
    }

    /// The outermost place of the user's: where the text of the function itself is, not of what it has taken in.
    fn user_place(&self, mut source: u32) -> Option<(&'a str, u32, u32)> {
        let sources: &[Source] = self.table(self.image.sources);
        let files: &[File] = self.table(self.image.files);
        let mut place = None;
        while source != NO_SOURCE {
            let entry = &sources[source as usize];
            if let Some(file) = files.get(entry.file as usize).filter(|file| file.library == 0) {
                place = Some((self.text(file.path), entry.line, entry.column));
            }
            source = entry.inlined_at;
        }
        place
    }

    /// The frames that one machine frame stands for, innermost first. `address` lies inside the instruction.
    pub fn frames(&self, address: usize, visit: &mut dyn FnMut(Frame<'a>)) {
        let Some(function) = self.function(address) else { return };
        let offset = self.code_offset(address).unwrap_or(0);
        let positions: &[Position] = self.table(self.image.positions);
        let sources: &[Source] = self.table(self.image.sources);
        let files: &[File] = self.table(self.image.files);
        let mut source = match positions.partition_point(|p| p.start <= offset).checked_sub(1) {
            Some(index) if positions[index].start >= function.start => positions[index].source,
            _ => NO_SOURCE,
        };
        if source == NO_SOURCE {
            visit(Frame { function: self.text(function.name), place: None, library: true });
        }
        while source != NO_SOURCE {
            let entry = &sources[source as usize];
            let file = files.get(entry.file as usize);
            let function = self.text(entry.function);
            // Without a name it is a function that goes on in another one, which stands for both.
            if !function.is_empty() {
                visit(Frame {
                    function,
                    place: file.map(|file| (self.text(file.path), entry.line, entry.column)),
                    library: file.is_none_or(|file| file.library != 0),
                });
            }
            source = entry.inlined_at;
        }
    }
}
