//! Lagrum: references to provisions, parsed.
//!
//! Always true here: a `Lagrum` names at least one act, and its text is the canonical form, so that two that mean the same
//! are equal. The forms are those of `docs/language.md`. What is known to have been repealed is a dated list; that a
//! provision is not in it proves nothing.

use std::fmt;

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

/// A cell with a longer text is not a reference.
pub const CHARACTERS_MAX: usize = 400;
/// More than a reader can look up.
pub const REFERENCES_MAX: usize = 12;

const NO_BREAK_SPACE: char = '\u{a0}';

/// One or several references: `2010:1622 8 kap. 12 § och 2017:900 25 §`. Serialised as its text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Lagrum {
    text: String,
    references: Vec<Reference>,
}

/// One act with at most one place in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    pub act: Act,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// `2017:900`: Svensk författningssamling.
    Sfs { year: u16, number: u32 },
    /// `(EG) 852/2004`, `(EU) 2016/679`: the numbers in the order in which they are written.
    Eu { kind: String, first: u32, second: u32 },
    /// `LIVSFS 2022:8`: an authority's collection.
    Agency { series: String, year: u16, number: u32 },
}

/// Where in the act.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The act as a whole.
    Whole,
    /// `8 kap.`
    Chapter(Number),
    /// `[8 kap.] 12 §`, `2–3 §§`, `12, 14 och 16 §§`, then optionally `1 st.` and `2 p.` (only after a single §).
    Sections {
        chapter: Option<Number>,
        sections: Vec<Sections>,
        paragraph: Option<u16>,
        point: Option<u16>,
    },
    /// `art. 6.1 e`
    Article { numbers: Vec<u16>, letter: Option<char> },
}

/// A number with an optional letter: `1 a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number {
    pub number: u16,
    pub letter: Option<char>,
}

/// One section, or a range with both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sections {
    pub first: Number,
    pub last: Number,
}

/// Why a text is not a lagrum.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLagrum {
    #[error("Ett lagrum saknas. Skriv till exempel 2010:1622 8 kap. 12 §.")]
    Empty,
    #[error("Texten är för lång för att vara ett lagrum.")]
    TooLong,
    #[error("Högst {REFERENCES_MAX} lagrum kan stå i en ruta.")]
    TooMany,
    #[error("”{0}” är ingen författning. Skriv numret först: 2017:900, (EU) 2016/679 eller LIVSFS 2022:8.")]
    Act(String),
    #[error("”{0}” är inget ställe i en författning. Skriv till exempel 8 kap. 12 §, 2–3 §§ eller art. 6.1 e.")]
    Place(String),
    #[error("Efter §§ ska flera paragrafer stå, och efter § en.")]
    SectionSign,
    #[error("Intervallet slutar före sin början.")]
    Range,
}

impl Lagrum {
    /// Parses one or several references. After ` och ` a new act may follow, or another place in the same one.
    pub fn parse(text: &str) -> Result<Self, NotLagrum> {
        if text.chars().count() > CHARACTERS_MAX {
            return Err(NotLagrum::TooLong);
        }
        let tokens = tokens(text);
        if tokens.is_empty() {
            return Err(NotLagrum::Empty);
        }
        let mut reader = Reader { tokens, at: 0 };
        let mut references: Vec<Reference> = Vec::new();
        loop {
            let act = match (reader.act()?, references.last()) {
                (Some(act), _) => act,
                (None, Some(before)) => before.act.clone(),
                (None, None) => return Err(NotLagrum::Act(reader.rest())),
            };
            let place = reader.place(&act)?;
            if place == Place::Whole && references.last().is_some_and(|before| before.act == act) {
                return Err(NotLagrum::Place(reader.rest()));
            }
            references.push(Reference { act, place });
            if references.len() > REFERENCES_MAX {
                return Err(NotLagrum::TooMany);
            }
            if reader.done() {
                break;
            }
            if !reader.take("och") || reader.done() {
                return Err(NotLagrum::Place(reader.rest()));
            }
        }
        let text = references
            .iter()
            .map(Reference::to_string)
            .collect::<Vec<_>>()
            .join(" och ");
        Ok(Self { text, references })
    }

    /// The canonical form, as in a service document: `2010:1622 8 kap. 12 §`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// For a reader: `8 kap. 12 § alkohollagen (2010:1622)`, with no-break spaces inside the numbers.
    pub fn in_full(&self) -> String {
        let all: Vec<String> = self.references.iter().map(Reference::in_full).collect();
        match all.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, before)) => format!("{} och {last}", before.join(", ")),
            None => String::new(),
        }
    }

    /// The references that are known not to apply on that day.
    pub fn out_of_force(&self, day: Date) -> Vec<OutOfForce> {
        self.references
            .iter()
            .filter_map(|reference| reference.out_of_force(day))
            .collect()
    }
}

impl fmt::Display for Lagrum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Lagrum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lagrum({})", self.text)
    }
}

impl TryFrom<String> for Lagrum {
    type Error = NotLagrum;
    fn try_from(text: String) -> Result<Self, NotLagrum> {
        Self::parse(&text)
    }
}

impl std::str::FromStr for Lagrum {
    type Err = NotLagrum;
    fn from_str(text: &str) -> Result<Self, NotLagrum> {
        Self::parse(text)
    }
}

impl From<Lagrum> for String {
    fn from(lagrum: Lagrum) -> String {
        lagrum.text
    }
}

/// Names of acts that services often cite. What is not here is written by its number only.
const NAMES: &[(&str, &str)] = &[
    ("1949:105", "tryckfrihetsförordningen (1949:105)"),
    ("1930:173", "lagen (1930:173) om beräkning av lagstadgad tid"),
    ("1989:253", "lagen (1989:253) om allmänna helgdagar"),
    ("1990:782", "arkivlagen (1990:782)"),
    ("1993:1617", "ordningslagen (1993:1617)"),
    ("1998:1276", "trafikförordningen (1998:1276)"),
    ("2003:778", "lagen (2003:778) om skydd mot olyckor"),
    ("2005:551", "aktiebolagslagen (2005:551)"),
    ("2005:559", "aktiebolagsförordningen (2005:559)"),
    ("2006:804", "livsmedelslagen (2006:804)"),
    ("2006:813", "livsmedelsförordningen (2006:813)"),
    ("2009:400", "offentlighets- och sekretesslagen (2009:400)"),
    ("2009:1079", "lagen (2009:1079) om tjänster på den inre marknaden"),
    ("2010:900", "plan- och bygglagen (2010:900)"),
    ("2010:1011", "lagen (2010:1011) om brandfarliga och explosiva varor"),
    (
        "2010:1075",
        "förordningen (2010:1075) om brandfarliga och explosiva varor",
    ),
    ("2010:1622", "alkohollagen (2010:1622)"),
    ("2010:1636", "alkoholförordningen (2010:1636)"),
    ("2010:1932", "delgivningslagen (2010:1932)"),
    ("2011:1244", "skatteförfarandelagen (2011:1244)"),
    ("2017:631", "lagen (2017:631) om registrering av verkliga huvudmän"),
    ("2017:725", "kommunallagen (2017:725)"),
    ("2017:900", "förvaltningslagen (2017:900)"),
    (
        "2018:218",
        "lagen (2018:218) med kompletterande bestämmelser till EU:s dataskyddsförordning",
    ),
    (
        "2018:1937",
        "lagen (2018:1937) om tillgänglighet till digital offentlig service",
    ),
    ("2018:2088", "lagen (2018:2088) om tobak och liknande produkter"),
    (
        "2021:176",
        "lagen (2021:176) om avgifter för offentlig kontroll i livsmedelskedjan",
    ),
    ("(EG) 852/2004", "förordning (EG) nr 852/2004 om livsmedelshygien"),
    (
        "(EG) 178/2002",
        "förordning (EG) nr 178/2002 om allmänna principer för livsmedelslagstiftning",
    ),
    ("(EU) 2016/679", "EU:s dataskyddsförordning (EU) 2016/679"),
    ("(EU) 2017/625", "förordning (EU) 2017/625 om offentlig kontroll"),
];

impl Reference {
    fn in_full(&self) -> String {
        let act = self.act.to_string();
        let named = NAMES
            .iter()
            .find(|(number, _)| *number == act)
            .map(|(_, name)| (*name).to_owned());
        let act = match (&self.act, named) {
            (_, Some(name)) => name,
            (Act::Sfs { .. }, None) => format!("SFS {act}"),
            (Act::Eu { .. }, None) => format!("förordning {act}"),
            (Act::Agency { .. }, None) => act,
        };
        let joined = |text: String| text.replace(' ', &NO_BREAK_SPACE.to_string());
        match &self.place {
            Place::Whole => act,
            Place::Article { .. } => {
                let place = self.place.to_string();
                format!("{} i {act}", joined(place.replace("art.", "artikel")))
            }
            Place::Sections {
                chapter,
                sections,
                paragraph,
                point,
            } => {
                let place = Place::Sections {
                    chapter: *chapter,
                    sections: sections.clone(),
                    paragraph: None,
                    point: None,
                };
                let mut text = joined(place.to_string());
                if let Some(paragraph) = paragraph {
                    let ordinal = usize::from(*paragraph).checked_sub(1).and_then(|at| ORDINALS.get(at));
                    match ordinal {
                        Some(word) => text.push_str(&format!(" {word} stycket")),
                        None => text.push_str(&format!(" stycke{NO_BREAK_SPACE}{paragraph}")),
                    }
                }
                if let Some(point) = point {
                    text.push_str(&format!(" {point}"));
                }
                format!("{text} {act}")
            }
            Place::Chapter(_) => format!("{} {act}", joined(self.place.to_string())),
        }
    }

    /// Whether it is known not to apply on that day, and why.
    pub fn out_of_force(&self, day: Date) -> Option<OutOfForce> {
        let year = match &self.act {
            Act::Sfs { year, .. } | Act::Agency { year, .. } => Some(*year),
            Act::Eu { .. } => None,
        };
        if year.is_some_and(|year| i32::from(year) > i32::from(day.year())) {
            return Some(OutOfForce::NotYetIssued {
                reference: self.clone(),
            });
        }
        let act = self.act.to_string();
        REPEALS
            .iter()
            .find(|repeal| repeal.act == act && repeal.from <= day && repeal.concerns(&self.place))
            .map(|repeal| OutOfForce::Repealed {
                reference: self.clone(),
                from: repeal.from,
                by: repeal.by,
            })
    }
}

/// Why a ground does not hold on a day.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OutOfForce {
    /// The provision no longer applied from that day; `by` says what did it.
    Repealed {
        reference: Reference,
        from: Date,
        by: &'static str,
    },
    /// The act's number is of a later year than the day.
    NotYetIssued { reference: Reference },
}

impl fmt::Display for OutOfForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repealed { reference, from, by } => write!(
                f,
                "{} gäller inte från och med {} ({by}).",
                reference.in_full(),
                super::time::swedish_date_in_sentence(*from)
            ),
            Self::NotYetIssued { reference } => {
                write!(f, "{} var inte utfärdad den dagen.", reference.in_full())
            }
        }
    }
}

/// A provision, or a whole act when `chapter` and `section` are missing, that ceased to apply.
struct Repeal {
    act: &'static str,
    chapter: Option<u16>,
    section: Option<Number>,
    from: Date,
    by: &'static str,
}

const fn section(act: &'static str, chapter: u16, number: u16, from: Date, by: &'static str) -> Repeal {
    Repeal {
        act,
        chapter: Some(chapter),
        section: Some(Number { number, letter: None }),
        from,
        by,
    }
}

const fn whole(act: &'static str, from: Date, by: &'static str) -> Repeal {
    Repeal {
        act,
        chapter: None,
        section: None,
        from,
        by,
    }
}

/// What is known to be repealed, with the act that did it. Add a row when a service turns out to rest on a dead ground.
const REPEALS: &[Repeal] = &[
    section("2010:1622", 8, 15, date(2026, 6, 1), "upphävd genom 2026:511"),
    section("2003:778", 2, 3, date(2021, 1, 1), "upphävd genom 2020:882"),
    whole(
        "SRVFS 2003:10",
        date(2021, 1, 1),
        "upphävd när 2003:778 2 kap. 3 § upphörde att gälla",
    ),
    whole(
        "SRVFS 2004:4",
        date(2021, 1, 1),
        "upphävd när 2003:778 2 kap. 3 § upphörde att gälla",
    ),
    whole("1986:223", date(2018, 7, 1), "ersatt av förvaltningslagen 2017:900"),
    whole("1991:900", date(2018, 1, 1), "ersatt av kommunallagen 2017:725"),
    whole("1994:1738", date(2011, 1, 1), "ersatt av alkohollagen 2010:1622"),
    whole("1998:204", date(2018, 5, 25), "ersatt av (EU) 2016/679 och 2018:218"),
    whole("1993:581", date(2019, 7, 1), "ersatt av 2018:2088"),
    whole("1988:868", date(2010, 9, 1), "ersatt av 2010:1011"),
];

impl Repeal {
    fn concerns(&self, place: &Place) -> bool {
        let Some(dead) = self.section else {
            return true;
        };
        match place {
            Place::Sections { chapter, sections, .. } => {
                chapter.map(|chapter| chapter.number) == self.chapter
                    && sections.iter().any(|range| range.first <= dead && dead <= range.last)
            }
            Place::Whole | Place::Chapter(_) | Place::Article { .. } => false,
        }
    }
}

const ORDINALS: [&str; 10] = [
    "första", "andra", "tredje", "fjärde", "femte", "sjätte", "sjunde", "åttonde", "nionde", "tionde",
];

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Whole => write!(f, "{}", self.act),
            _ => write!(f, "{} {}", self.act, self.place),
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sfs { year, number } => write!(f, "{year}:{number}"),
            Self::Eu { kind, first, second } => write!(f, "({kind}) {first}/{second}"),
            Self::Agency { series, year, number } => write!(f, "{series} {year}:{number}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Chapter(chapter) => write!(f, "{chapter} kap."),
            Self::Sections {
                chapter,
                sections,
                paragraph,
                point,
            } => {
                if let Some(chapter) = chapter {
                    write!(f, "{chapter} kap. ")?;
                }
                for (at, range) in sections.iter().enumerate() {
                    match at {
                        0 => {}
                        _ if at + 1 == sections.len() => f.write_str(" och ")?,
                        _ => f.write_str(", ")?,
                    }
                    write!(f, "{range}")?;
                }
                f.write_str(if is_plural(sections) { " §§" } else { " §" })?;
                if let Some(paragraph) = paragraph {
                    write!(f, " {paragraph} st.")?;
                }
                if let Some(point) = point {
                    write!(f, " {point} p.")?;
                }
                Ok(())
            }
            Self::Article { numbers, letter } => {
                let numbers: Vec<String> = numbers.iter().map(u16::to_string).collect();
                write!(f, "art. {}", numbers.join("."))?;
                match letter {
                    Some(letter) => write!(f, " {letter}"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for Sections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}–{}", self.first, self.last)
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.letter {
            Some(letter) => write!(f, "{} {letter}", self.number),
            None => write!(f, "{}", self.number),
        }
    }
}

fn is_plural(sections: &[Sections]) -> bool {
    sections.len() > 1 || sections.iter().any(|range| range.first != range.last)
}

/// Words and signs: spaces part, `§`, `–`, `,` and a letter after a number stand alone, a final point falls away.
fn tokens(text: &str) -> Vec<String> {
    let mut spaced = String::new();
    let mut depth = 0u8;
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let alone = match c {
            '§' | ',' | '–' => true,
            // A hyphen is a range between numbers and a part of the name in HSLF-FS.
            '-' => before.is_ascii_digit() || before == ' ',
            _ => false,
        };
        if alone && depth == 0 {
            spaced.push(' ');
            spaced.push(if c == '-' { '–' } else { c });
            spaced.push(' ');
        } else if c.is_lowercase() && before.is_ascii_digit() {
            spaced.push(' ');
            spaced.push(c);
        } else {
            spaced.push(c);
        }
        before = c;
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

struct Reader {
    tokens: Vec<String>,
    at: usize,
}

impl Reader {
    fn peek(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", String::as_str)
    }

    fn done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn rest(&self) -> String {
        self.tokens[self.at.min(self.tokens.len())..].join(" ")
    }

    fn take(&mut self, token: &str) -> bool {
        let there = self.peek(0) == token;
        self.at += usize::from(there);
        there
    }

    fn take_any(&mut self, tokens: &[&str]) -> bool {
        tokens.iter().any(|token| self.take(token))
    }

    fn act(&mut self) -> Result<Option<Act>, NotLagrum> {
        let first = self.peek(0).to_owned();
        let unknown = || NotLagrum::Act(self.rest());
        if let Some(kind) = first.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            if kind.is_empty() || !kind.chars().all(char::is_uppercase) {
                return Err(unknown());
            }
            let numbered = usize::from(self.peek(1) == "nr");
            let (first, second) = self.peek(1 + numbered).split_once('/').ok_or_else(unknown)?;
            let act = Act::Eu {
                kind: kind.to_owned(),
                first: plain_number(first).ok_or_else(unknown)?,
                second: plain_number(second).ok_or_else(unknown)?,
            };
            self.at += 2 + numbered;
            return Ok(Some(act));
        }
        if let Some((year, number)) = year_and_number(&first) {
            self.at += 1;
            return Ok(Some(Act::Sfs { year, number }));
        }
        if first == "SFS" || is_series(&first) {
            let (year, number) = year_and_number(self.peek(1)).ok_or_else(unknown)?;
            self.at += 2;
            return Ok(Some(if first == "SFS" {
                Act::Sfs { year, number }
            } else {
                Act::Agency {
                    series: first,
                    year,
                    number,
                }
            }));
        }
        Ok(None)
    }

    fn place(&mut self, act: &Act) -> Result<Place, NotLagrum> {
        if self.done() || self.next_is_another_act() {
            return Ok(Place::Whole);
        }
        if self.take_any(&["art.", "art", "artikel"]) {
            if !matches!(act, Act::Eu { .. }) {
                return Err(NotLagrum::Place(self.rest()));
            }
            return self.article();
        }
        if matches!(act, Act::Eu { .. }) {
            return Err(NotLagrum::Place(self.rest()));
        }
        let first = self.number()?;
        if self.take_any(&["kap.", "kap"]) {
            if self.done() || self.peek(0) == "och" {
                return Ok(Place::Chapter(first));
            }
            let start = self.number()?;
            return self.sections(Some(first), start);
        }
        self.sections(None, first)
    }

    /// `och` and then an act: what went before was the whole act.
    fn next_is_another_act(&self) -> bool {
        self.peek(0) == "och"
    }

    fn article(&mut self) -> Result<Place, NotLagrum> {
        let written = self.peek(0);
        let numbers: Option<Vec<u16>> = written
            .split('.')
            .map(|part| plain_number(part).and_then(|n| u16::try_from(n).ok()))
            .collect();
        let numbers = numbers
            .filter(|numbers| numbers.len() <= 3)
            .ok_or_else(|| NotLagrum::Place(self.rest()))?;
        self.at += 1;
        let letter = self.letter();
        Ok(Place::Article { numbers, letter })
    }

    fn sections(&mut self, chapter: Option<Number>, first: Number) -> Result<Place, NotLagrum> {
        let mut sections = Vec::new();
        let mut start = first;
        loop {
            let last = if self.take("–") { self.number()? } else { start };
            if last < start {
                return Err(NotLagrum::Range);
            }
            sections.push(Sections { first: start, last });
            if sections.len() > REFERENCES_MAX {
                return Err(NotLagrum::TooMany);
            }
            if !self.take(",") && !self.take("och") {
                break;
            }
            start = self.number()?;
        }
        let signs = (0..3).take_while(|_| self.take("§")).count();
        if signs == 0 {
            return Err(NotLagrum::Place(self.rest()));
        }
        if signs != 1 + usize::from(is_plural(&sections)) {
            return Err(NotLagrum::SectionSign);
        }
        let (mut paragraph, mut point) = (None, None);
        if signs == 1 {
            if let Some(number) = self.ordinal_before(&["stycket"]) {
                paragraph = Some(number);
            } else {
                paragraph = self.number_before(&["st.", "st", "stycket"]);
            }
            point = self.number_before(&["p.", "p", "punkten"]);
            if point.is_none() && matches!(self.peek(0), "p" | "p." | "punkt") {
                self.at += 1;
                point = Some(self.number()?.number);
            }
        }
        Ok(Place::Sections {
            chapter,
            sections,
            paragraph,
            point,
        })
    }

    fn ordinal_before(&mut self, words: &[&str]) -> Option<u16> {
        let at = ORDINALS.iter().position(|word| *word == self.peek(0))?;
        if !words.contains(&self.peek(1)) {
            return None;
        }
        self.at += 2;
        u16::try_from(at + 1).ok()
    }

    fn number_before(&mut self, words: &[&str]) -> Option<u16> {
        let number = plain_number(self.peek(0)).and_then(|n| u16::try_from(n).ok())?;
        if !words.contains(&self.peek(1)) {
            return None;
        }
        self.at += 2;
        Some(number)
    }

    fn number(&mut self) -> Result<Number, NotLagrum> {
        let number = plain_number(self.peek(0))
            .and_then(|number| u16::try_from(number).ok())
            .ok_or_else(|| NotLagrum::Place(self.rest()))?;
        self.at += 1;
        let letter = self.letter();
        Ok(Number { number, letter })
    }

    fn letter(&mut self) -> Option<char> {
        let mut chars = self.peek(0).chars();
        match (chars.next(), chars.next()) {
            // `1 p.` keeps its point, so a lone p is a letter only when no number follows.
            (Some(letter), None) if letter.is_lowercase() && plain_number(self.peek(1)).is_none() => {
                self.at += 1;
                Some(letter)
            }
            _ => None,
        }
    }
}

/// Digits only, without a leading zero, at most six.
fn plain_number(text: &str) -> Option<u32> {
    let plain = (1..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    if plain { text.parse().ok() } else { None }
}

fn year_and_number(text: &str) -> Option<(u16, u32)> {
    let (year, number) = text.split_once(':')?;
    let year = u16::try_from(plain_number(year)?).ok()?;
    (1600..=2200).contains(&year).then_some((year, plain_number(number)?))
}

/// `LIVSFS`, `HSLF-FS`, `AFS`, `FoHMFS`: letters that begin with a capital and end in FS.
fn is_series(text: &str) -> bool {
    text.len() <= 16
        && text.starts_with(char::is_uppercase)
        && text.ends_with("FS")
        && text.chars().all(|c| c.is_alphabetic() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_of_the_language_reads_and_keeps_its_text() {
        for text in [
            "2010:1622 8 kap. 12 §",
            "2017:900 25 §",
            "2009:400 10 kap. 28 §",
            "2010:1622 8 kap. 12 § 1 st.",
            "2018:2088 5 kap. 2–3 §§",
            "(EG) 852/2004 art. 6.2",
            "(EU) 2016/679 art. 6.1 e",
            "LIVSFS 2022:8 2 §",
            "FoHMFS 2014:5",
            "MSBFS 2013:3 2 kap. 1 §",
            "1975:1 13 kap. 1 a §",
            "HSLF-FS 2017:40 3 §",
            "2018:218",
            "2017:725 13 kap.",
            "2010:1622 8 kap. 12 § 1 st. 2 p.",
            "2010:1622 8 kap. 12, 14 och 16–17 a §§",
            "2010:1622 8 kap. 12 § och 2017:900 25 §",
            "2018:218 och 2017:900 25 §",
            "2010:1011 16 § och MSBFS 2013:3",
            "(EG) 852/2004 art. 6.2 och LIVSFS 2022:8 2 §",
            "2010:1622 8 kap. 12 § och 2010:1622 9 kap. 8 §",
        ] {
            let read = Lagrum::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(read.as_str(), text);
        }
    }

    #[test]
    fn other_spellings_become_the_same_lagrum() {
        for (text, canonical) in [
            ("SFS 2010:1622  8 kap 12§", "2010:1622 8 kap. 12 §"),
            (
                "2010:1622 8\u{a0}kap. 12\u{a0}§ första stycket",
                "2010:1622 8 kap. 12 § 1 st.",
            ),
            ("2018:2088 5 kap. 2-3 §§", "2018:2088 5 kap. 2–3 §§"),
            (
                "2010:1622 8 kap. 12 § och 9 kap. 8 §",
                "2010:1622 8 kap. 12 § och 2010:1622 9 kap. 8 §",
            ),
            ("(EU) nr 2016/679 artikel 6.1e", "(EU) 2016/679 art. 6.1 e"),
            ("1975:1 13 kap. 1a §", "1975:1 13 kap. 1 a §"),
            ("2010:1622 8 kap. 12 § p 3", "2010:1622 8 kap. 12 § 3 p."),
        ] {
            assert_eq!(
                Lagrum::parse(text).map(String::from),
                Ok(canonical.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        let act = |text: &str| NotLagrum::Act(text.to_owned());
        let place = |text: &str| NotLagrum::Place(text.to_owned());
        for (text, why) in [
            ("", NotLagrum::Empty),
            ("  ", NotLagrum::Empty),
            ("alkohollagen 8 kap. 12 §", act("alkohollagen 8 kap. 12 §")),
            ("8 kap. 12 §", act("8 kap. 12 §")),
            ("LIVSFS 8", act("LIVSFS 8")),
            ("(eu) 2016/679", act("(eu) 2016/679")),
            ("(EU) 2016", act("(EU) 2016")),
            ("17:900 3 §", act("17:900 3 §")),
            ("2017:900 §", place("§")),
            ("2017:900 25", place("")),
            ("2017:900 25 § nånting", place("nånting")),
            ("2017:900 25 § och", place("")),
            ("2017:900 art. 3", place("3")),
            ("(EU) 2016/679 6 §", place("6 §")),
            ("(EU) 2016/679 art. e", place("e")),
            ("2017:900 25 §§", NotLagrum::SectionSign),
            ("2017:900 25–26 §", NotLagrum::SectionSign),
            ("2017:900 26–25 §§", NotLagrum::Range),
        ] {
            assert_eq!(Lagrum::parse(text), Err(why), "{text}");
        }
        assert_eq!(Lagrum::parse(&"2017:900 1 § och ".repeat(40)), Err(NotLagrum::TooLong));
        let many = vec!["2017:900 1 §"; REFERENCES_MAX + 1].join(" och ");
        assert_eq!(Lagrum::parse(&many), Err(NotLagrum::TooMany));
    }

    #[test]
    fn is_written_in_full_with_the_acts_name() {
        for (text, full) in [
            ("2017:900 25 §", "25 § förvaltningslagen (2017:900)"),
            (
                "2010:1622 8 kap. 12 § 1 st.",
                "8 kap. 12 § första stycket alkohollagen (2010:1622)",
            ),
            (
                "2018:2088 5 kap. 2–3 §§",
                "5 kap. 2–3 §§ lagen (2018:2088) om tobak och liknande produkter",
            ),
            (
                "(EU) 2016/679 art. 6.1 e",
                "artikel 6.1 e i EU:s dataskyddsförordning (EU) 2016/679",
            ),
            ("LIVSFS 2022:8 2 §", "2 § LIVSFS 2022:8"),
            ("1975:1 13 kap. 1 a §", "13 kap. 1 a § SFS 1975:1"),
            (
                "2017:725 6 kap. 37 § och 2017:900 28 §",
                "6 kap. 37 § kommunallagen (2017:725) och 28 § förvaltningslagen (2017:900)",
            ),
        ] {
            assert_eq!(Lagrum::parse(text).unwrap().in_full().replace('\u{a0}', " "), full);
        }
        assert!(
            Lagrum::parse("2017:900 25 §")
                .unwrap()
                .in_full()
                .starts_with("25\u{a0}§ ")
        );
    }

    #[test]
    fn knows_what_has_been_repealed_from_its_day_on() {
        let dead = |text: &str, day| Lagrum::parse(text).unwrap().out_of_force(day).len();
        let kitchen = "2010:1622 8 kap. 15 §";
        assert_eq!(dead(kitchen, date(2026, 5, 31)), 0);
        assert_eq!(dead(kitchen, date(2026, 6, 1)), 1);
        assert_eq!(dead("2010:1622 8 kap. 14–16 §§", date(2026, 6, 1)), 1);
        assert_eq!(dead("2010:1622 8 kap. 15 a §", date(2026, 6, 1)), 0);
        assert_eq!(dead("2010:1622 9 kap. 15 §", date(2026, 6, 1)), 0);
        assert_eq!(dead("2003:778 2 kap. 3 §", date(2020, 12, 31)), 0);
        assert_eq!(dead("2003:778 2 kap. 3 § och 2003:778 2 kap. 2 §", date(2021, 1, 1)), 1);
        assert_eq!(dead("1986:223 20 §", date(2018, 7, 1)), 1);
        assert_eq!(dead("2026:511 1 §", date(2025, 1, 1)), 1);
        let told = Lagrum::parse(kitchen).unwrap().out_of_force(date(2026, 7, 1))[0].to_string();
        assert_eq!(
            told.replace('\u{a0}', " "),
            "8 kap. 15 § alkohollagen (2010:1622) gäller inte från och med den 1 juni 2026 (upphävd genom 2026:511)."
        );
    }

    #[test]
    fn is_text_in_json() {
        let read: Lagrum = serde_json::from_str("\"2017:900 25§\"").unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"2017:900 25 §\"");
        assert!(serde_json::from_str::<Lagrum>("\"sunt förnuft\"").is_err());
    }

    fn number() -> impl Strategy<Value = Number> {
        (1u16..400, proptest::option::of(proptest::char::range('a', 'n')))
            .prop_map(|(number, letter)| Number { number, letter })
    }

    fn place() -> impl Strategy<Value = Place> {
        let sections = proptest::collection::vec((number(), number()), 1..4).prop_map(|pairs| {
            pairs
                .into_iter()
                .map(|(a, b)| Sections {
                    first: a.min(b),
                    last: a.max(b),
                })
                .collect::<Vec<_>>()
        });
        prop_oneof![
            number().prop_map(Place::Chapter),
            (
                proptest::option::of(number()),
                sections,
                proptest::option::of(1u16..12),
                proptest::option::of(1u16..30)
            )
                .prop_map(|(chapter, sections, paragraph, point)| {
                    let single = !is_plural(&sections);
                    Place::Sections {
                        chapter,
                        sections,
                        paragraph: paragraph.filter(|_| single),
                        point: point.filter(|_| single),
                    }
                }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_the_same(places in proptest::collection::vec(place(), 1..5), number in 1u32..3000) {
            let text = places
                .iter()
                .map(|place| Reference { act: Act::Sfs { year: 2010, number }, place: place.clone() }.to_string())
                .collect::<Vec<_>>()
                .join(" och ");
            let read = Lagrum::parse(&text).unwrap();
            prop_assert_eq!(read.as_str(), text);
            let back: Vec<Place> = read.references().iter().map(|r| r.place.clone()).collect();
            prop_assert_eq!(back, places);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}|[0-9:§ .,a-eoch–()/EUkapst-]{0,60}") {
            if let Ok(read) = Lagrum::parse(&text) {
                prop_assert_eq!(Lagrum::parse(read.as_str()).map(String::from), Ok(read.as_str().to_owned()));
                let _ = (read.in_full(), read.out_of_force(date(2026, 7, 1)));
            }
        }
    }
}
