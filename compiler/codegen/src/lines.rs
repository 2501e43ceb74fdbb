//! Where in a line of the cache a function begins.
//!
//! Many x86-64 processors cannot keep decoded instructions of a line of 32 bytes if a jump crosses its end or touches it (Intel's
//! erratum SKX102): a loop in which that happens is decoded anew in every round, and takes up to twice as long (measured: 34 and 66 ms
//! for the same eleven instructions, four bytes apart). Cranelift places no jumps. But a function can begin at any place of a line,
//! so it begins where the fewest jumps of its loops lie badly, inner loops first.

use cranelift_codegen::CompiledCode;

const LINE: u32 = 32;
/// Of a function without loops.
const ALIGN: u64 = 16;
/// A loop in a loop is taken for so many times as busy, and so is one of a single block: others mostly begin or end what it does.
const BUSIER: u64 = 8;
const DEPTH_MAX: u32 = 6;

/// A jump within the function. Its bytes, with the comparison that becomes one step with it, begin and end here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Jump {
    from: u32,
    end: u32,
    target: u32,
}

/// How many bytes behind the beginning of a line, if it matters.
pub fn beginning(code: &CompiledCode) -> Option<u32> {
    if !cfg!(target_arch = "x86_64") || code.bb_starts.is_empty() {
        return None;
    }
    // What Cranelift says of edges is not used: it takes other blocks for their ends where there are cold ones (0.135).
    let (bytes, starts) = (code.buffer.data(), &code.bb_starts);
    let ends = starts.iter().skip(1).copied().chain([bytes.len() as u32]);
    let jumps: Vec<Vec<Jump>> = ends.clone().map(|end| jumps_before(bytes, end)).collect();
    let goes_on: Vec<bool> = ends.map(|end| goes_on(bytes, end)).collect();
    let depths = depths(starts, &jumps, &goes_on);
    let weight = |depth: u32| BUSIER.pow(depth.min(DEPTH_MAX));
    let jumps: Vec<(Jump, u64)> = jumps.iter().zip(&depths).filter(|(_, depth)| **depth > 0).flat_map(|(jumps, depth)| jumps.iter().map(|jump| (*jump, weight(*depth)))).collect();
    let cost = |shift: &u32| jumps.iter().filter(|(jump, _)| (jump.from + shift) / LINE != (jump.end + shift) / LINE).map(|(_, weight)| *weight).sum::<u64>();
    // Of equal ones the first.
    (0..LINE).min_by_key(cost).filter(|_| !jumps.is_empty())
}

/// The first place from `offset` on where a function may begin.
pub fn next(offset: u64, beginning: Option<u32>) -> u64 {
    let Some(beginning) = beginning else { return offset.next_multiple_of(ALIGN) };
    let (line, beginning) = (u64::from(LINE), u64::from(beginning));
    offset.saturating_sub(beginning).next_multiple_of(line) + beginning
}

/// By block: how many loops there are around it, one that is nothing else counted twice. A block also leads to the next if it goes on.
fn depths(starts: &[u32], jumps: &[Vec<Jump>], goes_on: &[bool]) -> Vec<u32> {
    let count = starts.len();
    let mut before = vec![Vec::new(); count];
    let mut rounds: Vec<(usize, Vec<usize>)> = Vec::new();
    for (from, jumps) in jumps.iter().enumerate() {
        if goes_on[from] && from + 1 < count {
            before[from + 1].push(from);
        }
        for to in jumps.iter().filter_map(|jump| starts.binary_search(&jump.target).ok()) {
            before[to].push(from);
            if from >= to {
                match rounds.iter_mut().find(|(head, _)| *head == to) {
                    Some((_, latches)) => latches.push(from),
                    None => rounds.push((to, vec![from])),
                }
            }
        }
    }
    let mut depths = vec![0; count];
    for (head, mut open) in rounds {
        let mut inside = vec![false; count];
        inside[head] = true;
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut inside[at], true) {
                open.extend(&before[at]);
            }
        }
        // What goes back without having come by its head is no loop: a way round that lies behind everything.
        if head != 0 && inside[0] {
            continue;
        }
        let is_single = inside.iter().filter(|inside| **inside).count() == 1;
        inside.iter().zip(&mut depths).filter(|(inside, _)| **inside).for_each(|(_, depth)| *depth += 1 + u32::from(is_single));
    }
    depths
}

/// The jumps that a block ends with, the last one first. Cranelift's have the long form: an opcode and a distance of four bytes.
fn jumps_before(bytes: &[u8], mut end: u32) -> Vec<Jump> {
    let mut found = Vec::new();
    if let Some([0xe9, distance @ ..]) = tail::<5>(bytes, end) {
        found.push(Jump { from: end - 5, end, target: end.wrapping_add_signed(i32::from_le_bytes(distance)) });
        end -= 5;
    }
    while let Some([0x0f, 0x80..=0x8f, distance @ ..]) = tail::<6>(bytes, end) {
        found.push(Jump { from: end - 6 - compared(bytes, end - 6), end, target: end.wrapping_add_signed(i32::from_le_bytes(distance)) });
        end -= 6;
    }
    found
}

/// Whether a block leads on to the one behind it: it ends with no jump, return or trap.
fn goes_on(bytes: &[u8], end: u32) -> bool {
    !matches!(tail::<5>(bytes, end), Some([0xe9, ..]) | Some([.., 0xc3]) | Some([.., 0x0f, 0x0b]))
}

/// The length of the comparison of registers or with a constant that ends here; 0 if there is none.
fn compared(bytes: &[u8], end: u32) -> u32 {
    let is_wide = |rex: u8| rex & 0xf0 == 0x40;
    let is_plain = |mode: u8| mode & 0xc0 == 0xc0;
    // `cmp` with a constant is the seventh of its group.
    let is_cmp = |mode: u8| mode & 0xf8 == 0xf8;
    match () {
        () if matches!(tail::<7>(bytes, end), Some([rex, 0x81, mode, ..]) if is_wide(rex) && is_cmp(mode)) => 7,
        () if matches!(tail::<4>(bytes, end), Some([rex, 0x83, mode, _]) if is_wide(rex) && is_cmp(mode)) => 4,
        () if matches!(tail::<3>(bytes, end), Some([rex, 0x38..=0x3b | 0x84 | 0x85, mode]) if is_wide(rex) && is_plain(mode)) => 3,
        () if matches!(tail::<3>(bytes, end), Some([0x83, mode, _]) if is_cmp(mode)) => 3,
        () if matches!(tail::<2>(bytes, end), Some([0x38..=0x3b | 0x84 | 0x85, mode]) if is_plain(mode)) => 2,
        () => 0,
    }
}

/// The bytes in front of `end`.
fn tail<const N: usize>(bytes: &[u8], end: u32) -> Option<[u8; N]> {
    bytes.get((end as usize).checked_sub(N)?..end as usize)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_are_found_with_what_they_compare() {
        // `cmp %rcx, %rdi; jae 4 bytes on; jmp to where it all begins`.
        let bytes = [0x90, 0x48, 0x39, 0xcf, 0x0f, 0x83, 4, 0, 0, 0, 0xe9, 0xf1, 0xff, 0xff, 0xff];
        let expected = [Jump { from: 10, end: 15, target: 0 }, Jump { from: 1, end: 10, target: 14 }];
        assert_eq!(jumps_before(&bytes, bytes.len() as u32), expected);
        assert_eq!([goes_on(&bytes, 15), goes_on(&bytes, 10)], [false, true]);
    }

    #[test]
    fn functions_begin_where_they_should() {
        assert_eq!([next(0, Some(4)), next(5, Some(4)), next(36, Some(4)), next(37, Some(4)), next(3, None), next(16, None)], [4, 36, 36, 68, 16, 16]);
    }

    #[test]
    fn inner_loops_are_deeper() {
        // Each leads to the next; the third also to itself and, by a way round that lies behind everything, to the fourth; that one to the second.
        let to = |target| vec![Jump { from: 0, end: 0, target }];
        let jumps = [vec![], vec![], [to(20), to(50)].concat(), to(10), vec![], to(30)];
        assert_eq!(depths(&[0, 10, 20, 30, 40, 50], &jumps, &[true, true, true, true, false, false]), [0, 1, 3, 1, 0, 1]);
    }
}
