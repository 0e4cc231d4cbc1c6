//! How plain a service's Swedish is: LIX and the length of sentences, for each text that people read.
//!
//! LIX is the words of a sentence on average plus the percentage of long words, of more than six letters: *words / sentences +
//! 100 · long words / words* (C. H. Björnsson, *Läsbarhet*, Liber 1968). Always true: a short text gets no figure, which would
//! mean nothing ([`WORDS_MIN`]), only its longest sentence; nothing here stops anyone. A place in a letter that is filled in is
//! one word and never a long one; headings are not counted, and where a paragraph ends a sentence does.

use std::fmt::Write as _;

use samverk_domain::finding::{SourceFile, Span};
use samverk_domain::pack::{Block, Letter, Pack, Piece};
use serde::Serialize;

/// In fewer words than these one word more or less moves the figure by several steps.
pub const WORDS_MIN: usize = 30;
/// Above this a text to an applicant is listed. Björnsson's middle is 40–50, of ordinary newspapers.
pub const LIX_MAX: u32 = 45;
/// Above this a sentence is listed.
pub const SENTENCE_WORDS_MAX: usize = 30;
/// A long word has more letters than this (Björnsson).
const LETTERS_MAX: usize = 6;

/// Who meets a text, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Page,
    Question,
    Help,
    /// Why a row decides as it does, what a control says, a duty.
    Sentence,
    Letter,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Page, Self::Question, Self::Help, Self::Sentence, Self::Letter];

    fn in_words(self) -> &'static str {
        match self {
            Self::Page => "sidor",
            Self::Question => "frågor",
            Self::Help => "hjälptexter",
            Self::Sentence => "skäl och plikter",
            Self::Letter => "brev",
        }
    }

    /// The kind of a text by its key; names and choices are no sentences.
    fn of(key: &str) -> Option<Self> {
        let (first, _) = key.split_once('.')?;
        Some(match first {
            "tjänst" if key == "tjänst.ingress" => Self::Page,
            "fråga" => Self::Question,
            "hjälp" => Self::Help,
            "rad" | "kontroll" | "skyldighet" => Self::Sentence,
            _ => return None,
        })
    }
}

/// What is counted in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    pub words: usize,
    pub long_words: usize,
    pub sentences: usize,
    /// The longest sentence, and its words.
    pub longest: String,
    pub longest_words: usize,
}

impl Counted {
    /// Counts in paragraphs: where one ends, a sentence does.
    pub fn of<'t>(paragraphs: impl IntoIterator<Item = &'t str>) -> Self {
        let mut counted = Self::default();
        for sentence in paragraphs.into_iter().flat_map(sentences) {
            let words: Vec<usize> = sentence.split_whitespace().filter_map(letters).collect();
            if words.is_empty() {
                continue;
            }
            counted.sentences += 1;
            counted.words += words.len();
            counted.long_words += words.iter().filter(|letters| **letters > LETTERS_MAX).count();
            if words.len() > counted.longest_words {
                counted.longest_words = words.len();
                counted.longest = sentence.to_owned();
            }
        }
        counted
    }

    /// Rounded; nothing for a short text.
    pub fn lix(&self) -> Option<u32> {
        if self.words < WORDS_MIN || self.sentences == 0 {
            return None;
        }
        let (words, sentences) = (self.words as f64, self.sentences as f64);
        let lix = words / sentences + 100.0 * self.long_words as f64 / words;
        Some(lix.round() as u32)
    }

    fn words_per_sentence(&self) -> f64 {
        self.words as f64 / self.sentences.max(1) as f64
    }

    /// Over a named limit.
    pub fn is_over(&self) -> bool {
        self.lix().is_some_and(|lix| lix > LIX_MAX) || self.longest_words > SENTENCE_WORDS_MAX
    }

    fn add(&mut self, other: &Self) {
        self.words += other.words;
        self.long_words += other.long_words;
        self.sentences += other.sentences;
    }
}

/// A text of the service with what is counted in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Text {
    pub kind: Kind,
    /// The key, or the letter's file.
    pub name: String,
    /// `tjanst.md:31`
    pub place: String,
    pub counted: Counted,
    pub lix: Option<u32>,
}

/// Every Swedish text that is read in sentences, longest first.
pub fn texts(pack: &Pack) -> Vec<Text> {
    let mut all = Vec::new();
    let mut add = |kind: Kind, name: String, span: Span, counted: Counted| {
        all.push(Text {
            kind,
            name,
            place: place(&pack.files, span),
            lix: counted.lix(),
            counted,
        });
    };
    for (key, text) in pack.texts.get("sv").into_iter().flatten() {
        if let Some(kind) = Kind::of(key) {
            add(kind, key.clone(), text.span, Counted::of([text.it.as_str()]));
        }
    }
    for letter in pack.letters.values() {
        let paragraphs = paragraphs(letter);
        let counted = Counted::of(paragraphs.iter().map(String::as_str));
        add(
            Kind::Letter,
            format!("brev/{}.md", letter.name),
            letter.heading.span,
            counted,
        );
    }
    all.sort_by(|one, other| {
        let longest = other.counted.words.cmp(&one.counted.words);
        longest.then_with(|| one.name.cmp(&other.name))
    });
    all
}

fn place(files: &[SourceFile], span: Span) -> String {
    files.get(usize::from(span.file.0)).map_or_else(String::new, |file| {
        format!("{}:{}", file.path, file.position(span.start).0)
    })
}

fn paragraphs(letter: &Letter) -> Vec<String> {
    fn filled(pieces: &[Piece]) -> String {
        let pieces = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Placeholder(name) => format!("{{{}}}", name.it),
        });
        pieces.collect()
    }
    let blocks = letter.all_blocks().filter_map(|block| match block {
        Block::Paragraph(pieces) => Some(filled(&pieces.it)),
        // A heading is no sentence, and would make the text seem plainer. What the others say is counted where it stands.
        Block::Heading(_) | Block::Grounds(_) | Block::Appeal(_) | Block::Duties(_) | Block::If(_) => None,
    });
    blocks.collect()
}

/// A paragraph's sentences. One ends at `.`, `?`, `!` or `:` where something that begins with a capital or a place to fill in
/// follows, so not in `8 kap. 12 §`, `kl. 22` or `till exempel: gasol`.
fn sentences(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        if !matches!(c, '.' | '?' | '!' | ':') {
            continue;
        }
        let after = &text[at + c.len_utf8()..];
        let next = after.trim_start_matches(['”', '"', ')', '»']);
        let begins = next.trim_start().chars().next();
        let is_parted = next.starts_with(char::is_whitespace);
        if is_parted && begins.is_some_and(|first| first.is_uppercase() || matches!(first, '{' | '”' | '–')) {
            let end = text.len() - next.len();
            all.push(text[start..end].trim());
            start = end;
        }
    }
    all.push(text[start..].trim());
    all
}

/// A word's letters; nothing for a mark that is no word. A place to fill in is a word without letters.
fn letters(word: &str) -> Option<usize> {
    if word.contains('{') {
        return Some(0);
    }
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    (letters > 0 || word.chars().any(char::is_numeric)).then_some(letters)
}

/// One line for a check that was not asked for more.
pub fn in_short(texts: &[Text]) -> String {
    let mut parts = Vec::new();
    for (kind, sum) in sums(texts) {
        if let Some(lix) = sum.lix() {
            parts.push(format!("{} {lix}", kind.in_words()));
        }
    }
    let over = texts.iter().filter(|text| text.counted.is_over()).count();
    let over = match over {
        0 => "ingen text över gränserna".to_owned(),
        1 => "1 text över gränserna".to_owned(),
        many => format!("{many} texter över gränserna"),
    };
    let parts = if parts.is_empty() {
        "för få ord för en siffra".to_owned()
    } else {
        parts.join(", ")
    };
    format!("LIX: {parts}; {over}. Var och en: --texter.\n")
}

/// All texts of a kind as one.
fn sums(texts: &[Text]) -> Vec<(Kind, Counted)> {
    let of = |kind: Kind| {
        let mut sum = Counted::default();
        let own = texts.iter().filter(|text| text.kind == kind);
        own.for_each(|text| sum.add(&text.counted));
        (kind, sum)
    };
    Kind::ALL.into_iter().map(of).filter(|(_, sum)| sum.words > 0).collect()
}

/// Each text, then what the figures mean, then those over a limit with the sentence.
pub fn in_words(texts: &[Text]) -> String {
    let width = texts.iter().map(|text| text.name.chars().count()).max().unwrap_or(0);
    let width = width.max(Kind::Sentence.in_words().chars().count());
    let mut out = String::new();
    let mut line = |name: &str, counted: &Counted, place: &str, longest: bool| {
        let padding = " ".repeat(width - name.chars().count());
        let lix = counted.lix().map_or_else(|| "–".to_owned(), |lix| lix.to_string());
        let longest = if longest {
            counted.longest_words.to_string()
        } else {
            String::new()
        };
        let row = format!(
            "{name}{padding}  {:>5}  {:>8.1}  {longest:>7}  {lix:>4}  {place}",
            counted.words,
            counted.words_per_sentence()
        );
        let _ = writeln!(out, "{}", row.trim_end());
    };
    for text in texts {
        line(&text.name, &text.counted, &text.place, true);
    }
    for (kind, sum) in sums(texts) {
        line(kind.in_words(), &sum, "", false);
    }
    let head = format!(
        "{:width$}  {:>5}  {:>8}  {:>7}  {:>4}  {}\n",
        "Svensk text", "ord", "ord/men.", "längst", "LIX", "plats"
    );
    let mut out = head + &out;
    let _ = writeln!(
        out,
        "LIX = ord per mening + procent ord med fler än sex bokstäver (C. H. Björnsson, Läsbarhet, 1968). Under 30 är mycket\n\
         lättläst, 30–40 lättläst, 40–50 medelsvår, 50–60 svår, över 60 mycket svår. Bara för texter med minst {WORDS_MIN} ord;\n\
         i en kort text säger den ingenting. längst: ord i den längsta meningen. De sista raderna: alla texter av ett slag."
    );
    let over: Vec<&Text> = texts.iter().filter(|text| text.counted.is_over()).collect();
    let _ = writeln!(
        out,
        "Över LIX {LIX_MAX} eller {SENTENCE_WORDS_MAX} ord i en mening: {}",
        if over.is_empty() {
            "ingen".to_owned()
        } else {
            over.len().to_string()
        }
    );
    for text in over {
        let counted = &text.counted;
        let lix = counted.lix().map_or_else(String::new, |lix| format!("LIX {lix}, "));
        let _ = writeln!(
            out,
            "  {} ({}): {lix}längsta meningen {} ord: ”{}”",
            text.name, text.place, counted.longest_words, counted.longest
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lix_is_words_per_sentence_and_the_percentage_of_long_words() {
        // Three sentences of twelve words, in each three long ones: 12 + 25.
        let sentence = "Du ska nu se till att lokalen i huset är besiktigad av räddningstjänsten.";
        let text = [sentence; 3].join(" ");
        let counted = Counted::of([text.as_str()]);
        assert_eq!((counted.words, counted.sentences, counted.long_words), (39, 3, 9));
        assert_eq!(counted.lix(), Some(36));
    }

    #[test]
    fn a_short_text_gets_no_figure_but_its_longest_sentence() {
        let counted = Counted::of(["Vad heter ni? Skriv hela namnet."]);
        assert_eq!((counted.lix(), counted.longest_words), (None, 3));
        assert!(!counted.is_over());
    }

    #[test]
    fn a_sentence_does_not_end_in_a_provision_an_abbreviation_or_before_a_list() {
        for one in [
            "Tillståndet gäller enligt 8 kap. 12 § alkohollagen, t.ex. till kl. 22.",
            "Ni behöver detta: gasol och ritning.",
            "Avgiften är 1.5 kronor (§ 3).",
        ] {
            assert_eq!(sentences(one).len(), 1, "{one}");
        }
        assert_eq!(
            sentences("{organ} beslutar. {företag.namn} får svar. Vi ringer.").len(),
            3
        );
        assert_eq!(sentences("Hon sade ”nej.” Sedan gick hon.").len(), 2);
    }

    #[test]
    fn what_is_filled_in_is_one_word_that_is_not_long() {
        let counted = Counted::of(["{organ} ger {företag.organisationsnummer} rätt."]);
        assert_eq!((counted.words, counted.long_words), (4, 0));
    }

    #[test]
    fn a_sentence_over_the_limit_is_listed_with_its_place() {
        let long = format!("Ni {}får.", "som söker ".repeat(16));
        assert!(Counted::of([long.as_str()]).is_over());
    }

    #[test]
    fn every_text_in_sentences_is_counted_and_no_names() {
        let (pack, _) = samverk_domain::pack::parse::pack(crate::testing::with_everything());
        let texts = texts(&pack.unwrap());
        assert!(
            texts
                .iter()
                .any(|text| text.name == "brev/registrering.md" && text.lix.is_some())
        );
        assert!(texts.iter().any(|text| text.kind == Kind::Question));
        assert!(!texts.iter().any(|text| text.name.starts_with("namn.")));
        assert!(
            texts
                .windows(2)
                .all(|pair| pair[0].counted.words >= pair[1].counted.words)
        );
        let words = in_words(&texts);
        assert!(words.contains("Björnsson") && words.contains("tjanst.md:"), "{words}");
        assert!(in_short(&texts).starts_with("LIX: "));
    }
}
