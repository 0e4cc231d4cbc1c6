//! Writes XML: elements, attributes and text, indented so that people and `git diff` can read it.
//!
//! Always true: what comes out is well formed, whatever the texts hold; characters that XML 1.0 forbids are left out (§2.2).

use std::fmt::Write as _;

/// An XML document in the making. [`Xml::open`] and [`Xml::close`] stand in pairs; [`Xml::finish`] closes what is open.
#[derive(Debug)]
pub struct Xml {
    out: String,
    open: Vec<&'static str>,
}

/// Attributes of one element, in the order in which they are to stand.
pub type Attributes<'a> = [(&'static str, &'a str)];

impl Xml {
    pub fn new() -> Self {
        Self {
            out: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"),
            open: Vec::new(),
        }
    }

    pub fn open(&mut self, element: &'static str, attributes: &Attributes<'_>) {
        self.tag(element, attributes);
        self.out.push_str(">\n");
        self.open.push(element);
    }

    pub fn close(&mut self) {
        if let Some(element) = self.open.pop() {
            self.indent();
            let _ = writeln!(self.out, "</{element}>");
        }
    }

    pub fn empty(&mut self, element: &'static str, attributes: &Attributes<'_>) {
        self.tag(element, attributes);
        self.out.push_str("/>\n");
    }

    pub fn text(&mut self, element: &'static str, attributes: &Attributes<'_>, text: &str) {
        self.tag(element, attributes);
        self.out.push('>');
        escape(text, &mut self.out, false);
        let _ = writeln!(self.out, "</{element}>");
    }

    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }

    fn tag(&mut self, element: &'static str, attributes: &Attributes<'_>) {
        self.indent();
        let _ = write!(self.out, "<{element}");
        for (name, value) in attributes {
            let _ = write!(self.out, " {name}=\"");
            escape(value, &mut self.out, true);
            self.out.push('"');
        }
    }

    fn indent(&mut self) {
        for _ in &self.open {
            self.out.push_str("  ");
        }
    }
}

impl Default for Xml {
    fn default() -> Self {
        Self::new()
    }
}

fn escape(text: &str, out: &mut String, attribute: bool) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            // A reader would make a blank of them in an attribute (§3.3.3).
            '\n' | '\t' if attribute => {
                let _ = write!(out, "&#{};", u32::from(character));
            }
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(character),
        }
    }
}

/// An `xsd:ID` made of a name, in ASCII since it also stands in addresses. Different names give different ids: å is `a.`, ä
/// `ae.`, ö `oe.`, and what is neither letter, digit nor hyphen is `_`.
pub fn id(prefix: &str, name: &str) -> String {
    let mut id = String::with_capacity(prefix.len() + name.len() + 1);
    for character in prefix.chars().chain(['_']).chain(name.chars()) {
        match character {
            'å' => id.push_str("a."),
            'ä' => id.push_str("ae."),
            'ö' => id.push_str("oe."),
            'é' => id.push_str("ee."),
            'ü' => id.push_str("ue."),
            '-' | '.' => id.push(character),
            _ if character.is_ascii_alphanumeric() => id.push(character),
            _ if character.is_alphanumeric() => {
                let _ = write!(id, "x{:x}.", u32::from(character));
            }
            _ => id.push('_'),
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_text_holds_the_document_is_well_formed() {
        let mut xml = Xml::new();
        xml.open("a", &[("b", "1 < 2 & \"3\"\n")]);
        xml.text("c", &[], "5 > 4 \u{0}\u{b}& så");
        assert_eq!(
            xml.finish(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a b=\"1 &lt; 2 &amp; &quot;3&quot;&#10;\">\n  <c>5 &gt; 4 &amp; så</c>\n</a>\n"
        );
    }
}
