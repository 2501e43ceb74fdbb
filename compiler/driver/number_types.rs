//! What numbers speak of without naming it: `7u8` of `u8`, `20ms` of `Duration`. Shared by the build script and the driver.

/// The types that a number's ending names.
pub fn of(word: &str) -> impl Iterator<Item = &'static str> + use<'_> {
    const ENDINGS: [(&str, &str); 16] = [
        ("i8", "i8"), ("i16", "i16"), ("i32", "i32"), ("i64", "i64"), ("u8", "u8"), ("u16", "u16"), ("u32", "u32"), ("u64", "u64"),
        ("f32", "f32"), ("f64", "f64"), ("ns", "Duration"), ("us", "Duration"), ("ms", "Duration"), ("s", "Duration"), ("min", "Duration"), ("int", "int"),
    ];
    ENDINGS.into_iter().filter(|(ending, _)| word.ends_with(ending)).map(|(_, name)| name)
}
