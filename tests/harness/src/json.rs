//! Reads JSON, as much of it as the compiler's messages use. Strict: what is no JSON is refused.

use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// `Err` tells the byte where it went wrong.
    pub fn parse(text: &str) -> Result<Json, usize> {
        let mut reader = Reader { bytes: text.as_bytes(), at: 0 };
        let value = reader.value()?;
        reader.space();
        if reader.at == text.len() { Ok(value) } else { Err(reader.at) }
    }

    pub fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(fields) => fields.get(key),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        if let Json::Text(text) = self { Some(text) } else { None }
    }

    pub fn number(&self) -> Option<f64> {
        if let Json::Number(number) = self { Some(*number) } else { None }
    }

    pub fn list(&self) -> &[Json] {
        if let Json::List(list) = self { list } else { &[] }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, byte: u8) -> Result<(), usize> {
        if self.eat(byte) { Ok(()) } else { Err(self.at) }
    }

    fn value(&mut self) -> Result<Json, usize> {
        self.space();
        match self.bytes.get(self.at) {
            Some(b'{') => self.object(),
            Some(b'[') => {
                self.at += 1;
                let mut list = Vec::new();
                if self.eat(b']') {
                    return Ok(Json::List(list));
                }
                loop {
                    list.push(self.value()?);
                    if !self.eat(b',') {
                        break self.need(b']').map(|()| Json::List(list));
                    }
                }
            }
            Some(b'"') => self.string().map(Json::Text),
            _ => self.word(),
        }
    }

    fn object(&mut self) -> Result<Json, usize> {
        self.at += 1;
        let mut fields = BTreeMap::new();
        if self.eat(b'}') {
            return Ok(Json::Object(fields));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.need(b':')?;
            fields.insert(key, self.value()?);
            if !self.eat(b',') {
                return self.need(b'}').map(|()| Json::Object(fields));
            }
        }
    }

    fn word(&mut self) -> Result<Json, usize> {
        let start = self.at;
        while matches!(self.bytes.get(self.at), Some(b'a'..=b'z' | b'0'..=b'9' | b'-' | b'+' | b'.' | b'E')) {
            self.at += 1;
        }
        let word = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or("");
        match word {
            "null" => Ok(Json::Null),
            "true" => Ok(Json::Bool(true)),
            "false" => Ok(Json::Bool(false)),
            _ => word.parse().map(Json::Number).map_err(|_| start),
        }
    }

    fn string(&mut self) -> Result<String, usize> {
        self.need(b'"')?;
        let mut out: Vec<u8> = Vec::new();
        loop {
            let byte = *self.bytes.get(self.at).ok_or(self.at)?;
            self.at += 1;
            match byte {
                b'"' => return String::from_utf8(out).map_err(|_| self.at),
                b'\\' => {
                    let letter = *self.bytes.get(self.at).ok_or(self.at)?;
                    self.at += 1;
                    match letter {
                        b'n' => out.push(b'\n'),
                        b't' => out.push(b'\t'),
                        b'r' => out.push(b'\r'),
                        b'b' => out.push(8),
                        b'f' => out.push(12),
                        b'"' | b'\\' | b'/' => out.push(letter),
                        b'u' => {
                            let digits = self.bytes.get(self.at..self.at + 4).ok_or(self.at)?;
                            let digits = std::str::from_utf8(digits).map_err(|_| self.at)?;
                            let code = u32::from_str_radix(digits, 16).map_err(|_| self.at)?;
                            let letter = char::from_u32(code).ok_or(self.at)?;
                            out.extend(letter.to_string().bytes());
                            self.at += 4;
                        }
                        _ => return Err(self.at),
                    }
                }
                0..=31 => return Err(self.at),
                _ => out.push(byte),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_kind_are_read() {
        let value = Json::parse(r#" {"a": [1, -2.5e1, true, null], "b": "x\n\u00e9\"", "c": {}, "d": []} "#).expect("good JSON");
        assert_eq!(value.get("a").map(|list| list.list()[1].clone()), Some(Json::Number(-25.0)));
        assert_eq!(value.get("b").and_then(Json::text), Some("x\né\""));
        for bad in ["", "{", "[1,]", "{\"a\" 1}", "tru", "\"a", "1 2", "\"\n\""] {
            assert!(Json::parse(bad).is_err(), "{bad}");
        }
    }
}
