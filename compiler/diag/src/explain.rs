//! The page of each code: what it means, a program that fails, the same program mended.

/// `E0501` to its page.
pub fn explain(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| *known == code).map(|(_, page)| *page)
}

macro_rules! pages {
    ($($code:ident)*) => {
        const PAGES: &[(&str, &str)] = &[$((stringify!($code), include_str!(concat!("../explain/", stringify!($code), ".md")))),*];
    };
}

pages! {
    E0101 E0102 E0103 E0104 E0105 E0106 E0107 E0108 E0109 E0110 E0111 E0112
    E0201 E0202 E0203 E0204 E0205 E0206 E0207 E0208 E0209
    E0301 E0302 E0303 E0304 E0305 E0306 E0307 E0308 E0309 E0310 E0311 E0312 E0313 E0314 E0315 E0316 E0317 E0318 E0319 E0320
    E0321 E0322 E0323
    E0401 E0402 E0403 E0404
    E0501 E0502 E0503 E0504 E0505 E0506 E0507 E0508 E0509 E0510 E0511 E0512
    E0601 E0602 E0603 E0604 E0605 E0606 E0607
    E0701 E0702
    W0301 W0401 W0201 W0501 W0701
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    #[test]
    fn every_code_has_a_page() {
        for code in Code::ALL {
            let page = explain(code.as_str()).unwrap_or_else(|| panic!("{} has no page", code.as_str()));
            let mark = format!("//~ {}", code.as_str());
            assert!(page.starts_with(&format!("# {}: {}\n", code.as_str(), code.title())), "{}", code.as_str());
            let programs = page.matches("```aur\n").count();
            assert_eq!(programs, 2, "{} shows what fails and what does not", code.as_str());
            let (fails, mended) = page.split_once("```aur\n").and_then(|(_, rest)| rest.split_once("```aur\n")).expect("two programs");
            assert_eq!(fails.matches(&mark).count(), 1, "{} marks one line", code.as_str());
            assert!(!mended.contains("//~"), "{} is mended in its second program", code.as_str());
        }
        assert_eq!(PAGES.len(), Code::ALL.len());
    }
}
