//! Numbers and characters as text, and functions of numbers.

use std::io::Write;

/// What the compiled program may give the buffer: see the row.
const TEXT_BYTES_MAX: usize = 1100;

trait Float: std::fmt::Display + std::fmt::Debug + std::fmt::LowerExp + Copy {
    fn is_plain(self) -> bool;
}
impl Float for f64 {
    fn is_plain(self) -> bool {
        self.is_finite()
    }
}
impl Float for f32 {
    fn is_plain(self) -> bool {
        self.is_finite()
    }
}

/// See `rt_float_format`. Not a number and the infinities are `NaN`, `inf`, `-inf` in every kind.
fn format(value: impl Float, kind: i64, precision: i64, into: &mut [u8]) -> i64 {
    let room = into.len();
    let mut rest = &mut *into;
    // More digits than any float has: the rest would be zeros past the buffer.
    let precision = precision.clamp(0, 700) as usize;
    // The buffer holds the longest text (309 digits, a point, 700 more), so writing cannot fail.
    let _ = match kind {
        0 => write!(rest, "{value}"),
        1 => write!(rest, "{value:.precision$}"),
        2 => write!(rest, "{value:e}"),
        _ => write!(rest, "{value:.precision$e}"),
    };
    let mut len = room - rest.len();
    if kind == 0 && value.is_plain() && !into[..len].contains(&b'.') {
        into[len..len + 2].copy_from_slice(b".0");
        len += 2;
    }
    len as i64
}

/// # Safety
/// `into` has room for [`TEXT_BYTES_MAX`] bytes.
pub unsafe fn format_f64(value: f64, kind: i64, precision: i64, into: *mut u8) -> i64 {
    let mut buffer = [0; TEXT_BYTES_MAX];
    let len = format(value, kind, precision, &mut buffer);
    // SAFETY: the caller's promise. Only the text is copied: the buffer may be shorter than the most that the row allows.
    unsafe { std::ptr::copy_nonoverlapping(buffer.as_ptr(), into, len as usize) };
    len
}

/// # Safety
/// As [`format_f64`].
pub unsafe fn format_f32(value: f32, kind: i64, precision: i64, into: *mut u8) -> i64 {
    let mut buffer = [0; TEXT_BYTES_MAX];
    let len = format(value, kind, precision, &mut buffer);
    // SAFETY: as in `format_f64`.
    unsafe { std::ptr::copy_nonoverlapping(buffer.as_ptr(), into, len as usize) };
    len
}

pub fn math(function: i64, x: f64) -> f64 {
    match function {
        0 => x.sin(),
        1 => x.cos(),
        2 => x.tan(),
        3 => x.asin(),
        4 => x.acos(),
        5 => x.atan(),
        6 => x.sinh(),
        7 => x.cosh(),
        8 => x.tanh(),
        9 => x.exp(),
        10 => x.exp2(),
        11 => x.ln(),
        12 => x.log2(),
        13 => x.log10(),
        14 => x.cbrt(),
        15 => x.ln_1p(),
        16 => x.exp_m1(),
        _ => f64::NAN,
    }
}

pub fn math2(function: i64, a: f64, b: f64) -> f64 {
    match function {
        0 => a.powf(b),
        1 => a.atan2(b),
        2 => a.hypot(b),
        3 => a % b,
        _ => f64::NAN,
    }
}

pub fn case(c: u32, upper: bool, into: &mut [u32; 3]) -> i64 {
    let Some(c) = char::from_u32(c) else {
        into[0] = c;
        return 1;
    };
    let mut count = 0;
    let mut put = |c: char| {
        into[count] = c as u32;
        count += 1;
    };
    if upper { c.to_uppercase().for_each(&mut put) } else { c.to_lowercase().for_each(&mut put) }
    count as i64
}

pub fn is(c: u32, class: i64) -> bool {
    let Some(c) = char::from_u32(c) else { return false };
    match class {
        0 => c.is_alphabetic(),
        1 => c.is_numeric(),
        2 => c.is_whitespace(),
        3 => c.is_uppercase(),
        4 => c.is_lowercase(),
        5 => c.is_control(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: f64, kind: i64, precision: i64) -> String {
        let mut buffer = [0; TEXT_BYTES_MAX];
        let len = format(value, kind, precision, &mut buffer);
        String::from_utf8(buffer[..len as usize].to_vec()).unwrap()
    }

    #[test]
    fn floats_read_back() {
        assert_eq!(shown(1.0, 0, 0), "1.0");
        assert_eq!(shown(0.1 + 0.2, 0, 0), "0.30000000000000004");
        assert_eq!(shown(-0.0, 0, 0), "-0.0");
        assert_eq!(shown(1e21, 0, 0), "1000000000000000000000.0");
        assert_eq!(shown(f64::NAN, 0, 0), "NaN");
        assert_eq!(shown(f64::NEG_INFINITY, 0, 0), "-inf");
        assert_eq!(shown(2.5, 1, 3), "2.500");
        assert_eq!(shown(1234.5, 2, 0), "1.2345e3");
        assert_eq!(shown(f64::MIN, 1, 700).len(), 1 + 309 + 1 + 700);
    }
}
