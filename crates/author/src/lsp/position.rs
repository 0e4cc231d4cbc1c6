//! Places as editors count them: lines from 0, columns in UTF-16 units. A letter with dots is one unit, an emoji two.
//!
//! Always true: whatever position an editor names, the byte is inside the text and on a character boundary.

use lsp_types::{Position, Range};

/// The byte at a position; one behind the line's end is its end, one behind the last line the text's end.
pub fn byte(text: &str, position: Position) -> usize {
    let mut start = 0;
    for _ in 0..position.line {
        match text[start..].find('\n') {
            Some(at) => start += at + 1,
            None => return text.len(),
        }
    }
    let line = text[start..].split('\n').next().unwrap_or("");
    let line = line.strip_suffix('\r').unwrap_or(line);
    let mut units = 0;
    for (at, c) in line.char_indices() {
        if units >= position.character as usize {
            return start + at;
        }
        units += c.len_utf16();
    }
    start + line.len()
}

/// The position of a byte; inside a character it is the character's.
pub fn position(text: &str, byte: usize) -> Position {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = &text[..byte];
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let units: usize = before[start..].chars().map(char::len_utf16).sum();
    Position::new(line as u32, units as u32)
}

pub fn range(text: &str, bytes: std::ops::Range<usize>) -> Range {
    Range::new(position(text, bytes.start), position(text, bytes.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_utf16_units_both_ways() {
        let text = "å👍b\r\n\nägare";
        for (at, _) in text.char_indices().filter(|(_, c)| *c != '\r' && *c != '\n') {
            assert_eq!(byte(text, position(text, at)), at);
        }
        assert_eq!(position(text, text.find('b').unwrap()), Position::new(0, 3));
        assert_eq!(position(text, text.find('g').unwrap()), Position::new(2, 1));
        assert_eq!(byte(text, Position::new(0, 3)), text.find('b').unwrap());
    }

    #[test]
    fn a_position_outside_the_text_is_its_nearest_end() {
        let text = "å\nb";
        assert_eq!(byte(text, Position::new(0, 99)), 2);
        assert_eq!(byte(text, Position::new(9, 9)), text.len());
        assert_eq!(position(text, 1), Position::new(0, 0));
        assert_eq!(position(text, 99), Position::new(1, 1));
        // Between the two halves of an emoji there is no place.
        assert_eq!(byte("👍b", Position::new(0, 1)), 4);
    }
}
