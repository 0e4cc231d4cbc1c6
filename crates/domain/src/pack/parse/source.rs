//! Text with its place, and the list of what was not understood.
//!
//! Always true here: a [`Slice`] is a stretch of one file's text, cut at character boundaries, so every word that is read
//! can be pointed at. Comparing with the language's own words is done on [`Slice::fold`]: NFC, lower case, single spaces.

use unicode_normalization::UnicodeNormalization as _;

use crate::fact::Name;
use crate::finding::{FileId, Finding, Span, Spanned};

/// A reader of more findings than this has stopped reading; the first ones explain the rest.
pub const FINDINGS_MAX: usize = 200;

/// A stretch of one file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice<'a> {
    pub text: &'a str,
    file: FileId,
    start: u32,
}

impl<'a> Slice<'a> {
    /// A whole file. Files are at most [`super::FILE_BYTES_MAX`], so that offsets fit.
    pub fn of(file: FileId, text: &'a str) -> Self {
        Self { text, file, start: 0 }
    }

    pub fn span(self) -> Span {
        Span {
            file: self.file,
            start: self.start,
            end: self.start + self.text.len() as u32,
        }
    }

    pub fn with<T>(self, it: T) -> Spanned<T> {
        Spanned { it, span: self.span() }
    }

    /// Bytes `from..to` of this slice; nothing where they are no character boundaries.
    pub fn range(self, from: usize, to: usize) -> Self {
        Self {
            text: self.text.get(from..to).unwrap_or(""),
            file: self.file,
            start: self.start + from.min(self.text.len()) as u32,
        }
    }

    pub fn from(self, from: usize) -> Self {
        self.range(from, self.text.len())
    }

    /// The empty slice behind the last character.
    pub fn end(self) -> Self {
        self.from(self.text.len())
    }

    pub fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    pub fn trim(self) -> Self {
        let without_start = self.text.trim_start();
        let from = self.text.len() - without_start.len();
        self.range(from, from + without_start.trim_end().len())
    }

    /// Parts between separators, trimmed.
    pub fn split(self, separator: char) -> Vec<Self> {
        self.cut(separator, |_, _| true)
    }

    /// Parts between commas, trimmed. A comma between two digits is a decimal sign.
    pub fn items(self) -> Vec<Self> {
        self.cut(',', |before, after| {
            !(before.ends_with(|c: char| c.is_ascii_digit()) && after.starts_with(|c: char| c.is_ascii_digit()))
        })
    }

    /// Parts between separators that stand outside quotes and for which `separates(before, after)` holds.
    fn cut(self, separator: char, separates: impl Fn(&str, &str) -> bool) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut from = 0;
        let mut quote = None;
        for (at, c) in self.text.char_indices() {
            match quote {
                Some(end) if c == end => quote = None,
                Some(_) => {}
                None if c == separator => {
                    let after = at + c.len_utf8();
                    if separates(&self.text[..at], &self.text[after..]) {
                        parts.push(self.range(from, at).trim());
                        from = after;
                    }
                }
                None => quote = closing_quote(c).filter(|end| self.text[at + c.len_utf8()..].contains(*end)),
            }
        }
        parts.push(self.from(from).trim());
        parts
    }

    /// Before and after the first `separator`, trimmed.
    pub fn split_once(self, separator: &str) -> Option<(Self, Self)> {
        let at = self.text.find(separator)?;
        Some((self.range(0, at).trim(), self.from(at + separator.len()).trim()))
    }

    /// The first word and the rest, both trimmed.
    pub fn first_word(self) -> (Self, Self) {
        let all = self.trim();
        let end = all.text.find(char::is_whitespace).unwrap_or(all.text.len());
        (all.range(0, end), all.from(end).trim())
    }

    /// The last word and what stands before it, both trimmed.
    pub fn last_word(self) -> (Self, Self) {
        let all = self.trim();
        let start = all
            .text
            .char_indices()
            .rev()
            .find(|(_, c)| c.is_whitespace())
            .map_or(0, |(at, c)| at + c.len_utf8());
        (all.range(0, start).trim(), all.from(start))
    }

    /// The rest after `words` (single words parted by one space), trimmed; `None` if the slice does not begin with them.
    pub fn strip(self, words: &str) -> Option<Self> {
        let mut rest = self.trim();
        for word in words.split(' ') {
            let (first, after) = rest.first_word();
            if first.fold() != word {
                return None;
            }
            rest = after;
        }
        Some(rest)
    }

    /// The first line that is not empty.
    pub fn first_line(self) -> Self {
        let all = self.trim();
        let end = all.text.find('\n').unwrap_or(all.text.len());
        all.range(0, end).trim()
    }

    pub fn fold(self) -> String {
        fold(self.text)
    }

    pub fn is(self, words: &str) -> bool {
        self.fold() == words
    }

    /// What stands in a cell as text for people: NFC, and `\|` is a bar.
    pub fn prose(self) -> String {
        self.text.nfc().collect::<String>().replace("\\|", "|")
    }

    /// Inside «…», "…" or ”…”; `None` if it is not one whole quoted text.
    pub fn unquote(self) -> Option<Self> {
        let first = self.text.chars().next()?;
        let end = closing_quote(first)?;
        let inner = self.text[first.len_utf8()..].strip_suffix(end)?;
        (!inner.contains(end)).then(|| self.range(first.len_utf8(), first.len_utf8() + inner.len()))
    }
}

pub(super) fn closing_quote(open: char) -> Option<char> {
    match open {
        '«' => Some('»'),
        '"' => Some('"'),
        '”' => Some('”'),
        _ => None,
    }
}

/// NFC, lower case, every run of white space one space.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.nfc().flat_map(char::to_lowercase));
    }
    folded
}

/// What has not been understood so far.
#[derive(Default)]
pub(super) struct Reader {
    pub findings: Vec<Finding>,
    /// Rows whose cells do not stand under their headings: what else is found in them follows from that.
    pub broken_rows: Vec<Span>,
    /// Names of the main file were lost by a fault, so that nothing can be said about names that seem to be missing.
    pub names_lost: bool,
}

/// Findings about names and sources, which are false when the row that gives the name could not be read.
const ABOUT_NAMES: [&str; 3] = ["S033", "S060", "S071"];

impl Reader {
    pub fn report(&mut self, finding: Finding) {
        if self.names_lost && ABOUT_NAMES.contains(&finding.code) {
            return;
        }
        if self.findings.len() + 1 == FINDINGS_MAX {
            self.findings.push(
                Finding::error(
                    "S025",
                    finding.span,
                    format!("Här slutar läsningen: dokumentet har minst {FINDINGS_MAX} fel."),
                )
                .suggest("Rätta felen ovan och läs om."),
            );
        } else if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }

    /// A finding with message, label and suggestion.
    pub fn error(
        &mut self,
        code: &'static str,
        at: Slice<'_>,
        message: impl Into<String>,
        label: impl Into<String>,
        suggestion: impl Into<String>,
    ) {
        let suggestion = suggestion.into();
        let finding = Finding::error(code, at.span(), message).label(label);
        self.report(if suggestion.is_empty() {
            finding
        } else {
            finding.suggest(suggestion)
        });
    }

    /// A word that is none of those allowed: the nearest is suggested, else all are listed.
    pub fn unknown<'c>(
        &mut self,
        code: &'static str,
        at: Slice<'_>,
        message: impl Into<String>,
        label: &str,
        allowed: impl IntoIterator<Item = &'c str>,
    ) {
        let allowed: Vec<&str> = allowed.into_iter().collect();
        let suggestion = match self.nearest(at.text, allowed.iter().copied()) {
            Some(word) => format!("Menade du {word}?"),
            None if allowed.is_empty() || allowed.len() > 12 => String::new(),
            None => format!("Här kan stå {}.", list(&allowed)),
        };
        self.error(code, at, message, label, suggestion);
    }

    /// The allowed word that is most like what was written.
    pub fn nearest<'c>(&self, written: &str, allowed: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
        // Comparing is the reader's only work that grows with the square; a full list of findings needs none.
        if self.findings.len() >= FINDINGS_MAX || written.len() > 2 * Name::CHARACTERS_MAX {
            return None;
        }
        let written = fold(written);
        let length = written.chars().count();
        let most = (length / 3).clamp(1, 4);
        allowed
            .into_iter()
            .filter(|word| word.chars().count().abs_diff(length) <= most)
            .map(|word| (strsim::damerau_levenshtein(&written, &fold(word)), word))
            .filter(|(distance, _)| *distance <= most)
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, word)| word)
    }

    /// A name, or a finding at its place.
    pub fn name(&mut self, at: Slice<'_>) -> Option<Spanned<Name>> {
        match Name::parse(at.text) {
            Ok(name) => Some(at.with(name)),
            Err(why) => {
                use crate::fact::NotAName::*;
                let (label, suggestion) = match why {
                    Empty => ("namn saknas".to_owned(), "Skriv ett namn.".to_owned()),
                    Character(' ') => (
                        "mellanslag går inte".to_owned(),
                        format!("Skriv med bindestreck: {}.", at.fold().replace(' ', "-")),
                    ),
                    Character(c) => (
                        format!("tecknet {c} går inte"),
                        "Namn skrivs med små bokstäver a–z, å, ä, ö, é, ü, siffror, bindestreck och punkt mellan delar.".to_owned(),
                    ),
                    EmptyPart => ("en del är tom".to_owned(), "Skriv en punkt mellan delarna, ingen först eller sist.".to_owned()),
                    TooLong => ("för långt".to_owned(), format!("Ett namn har högst {} tecken.", Name::CHARACTERS_MAX)),
                };
                self.error("S030", at, format!("{} är inget namn.", shown(at)), label, suggestion);
                None
            }
        }
    }

    /// The name of a step, role, outcome, list or row: no dot.
    pub fn plain_name(&mut self, at: Slice<'_>, what: &str) -> Option<Spanned<Name>> {
        let name = self.name(at)?;
        if name.as_str().contains('.') {
            self.error(
                "S031",
                at,
                format!("{what} har ett namn utan punkt."),
                "punkt i namnet",
                format!("Skriv {}.", name.as_str().replace('.', "-")),
            );
            return None;
        }
        Some(name)
    }

    /// The name of a fact, list column or parameter: at least one dot.
    pub fn dotted_name(&mut self, at: Slice<'_>, what: &str) -> Option<Spanned<Name>> {
        let name = self.name(at)?;
        if !name.as_str().contains('.') {
            self.error(
                "S031",
                at,
                format!("{what} har ett namn med minst en punkt."),
                "punkt saknas",
                format!("Skriv vad det hör till först, till exempel lokal.{}.", name.as_str()),
            );
            return None;
        }
        Some(name)
    }
}

/// What was written, as a message quotes it: short, and in marks.
pub(super) fn shown(at: Slice<'_>) -> String {
    let text = at.text.trim();
    if text.is_empty() {
        return "Den tomma texten".to_owned();
    }
    let mut short: String = text
        .chars()
        .take(60)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().count() > 60 {
        short.push('…');
    }
    format!("”{short}”")
}

/// `a, b eller c`.
pub(super) fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [head @ .., last] => format!("{} eller {last}", head.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_keeps_its_place_through_every_cut() {
        let text = "å | inne, \"a, b\" , 2,5 ";
        let all = Slice::of(FileId(3), text);
        let (head, rest) = all.split_once("|").expect("there is a bar");
        assert_eq!((head.text, head.span().start, head.span().end), ("å", 0, 2));
        let items: Vec<_> = rest.items().iter().map(|item| item.text).collect();
        assert_eq!(items, ["inne", "\"a, b\"", "2,5"]);
        for item in rest.items() {
            let span = item.span();
            assert_eq!(&text[span.start as usize..span.end as usize], item.text);
        }
        assert_eq!(all.range(1, 2).text, "");
    }

    #[test]
    fn words_compare_equal_however_they_were_typed() {
        assert!(Slice::of(FileId(0), "fo\u{308}r  Bifall").is("för bifall"));
        assert_eq!(
            Slice::of(FileId(0), "Kommun  för lokal.x")
                .strip("kommun för")
                .map(|s| s.text),
            Some("lokal.x")
        );
    }

    #[test]
    fn the_nearest_word_is_suggested_and_a_far_one_is_not() {
        let reader = Reader::default();
        assert_eq!(reader.nearest("unk", ["unik", "första"]), Some("unik"));
        assert_eq!(reader.nearest("sökande", ["sökanden", "regel"]), Some("sökanden"));
        assert_eq!(reader.nearest("kvast", ["unik", "första"]), None);
    }
}
