//! Conditions, calculations and the tests in a rule's cells.
//!
//! Reading is done in two steps. The first gives the form: operators, names, constants as they are written. The second
//! types the constants by the facts that they are compared with, and refuses what can have no meaning: an unknown fact, a
//! word that is no choice of the fact, a number beside a word, a list's column outside its list.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::source::{Reader, Slice, closing_quote, fold, shown};
use super::types;
use crate::fact::{Name, Value};
use crate::finding::{Finding, Spanned};
use crate::pack::{Comparison, Expr, Operand, Operator, Test, Type, write};

/// A condition nested deeper is not understood by its readers; and evaluation recurses this deep.
pub const NESTING_MAX: usize = 32;
/// More parts in one chain of `och`, `eller` or sums belong in a rule's rows.
pub const CHAIN_MAX: usize = 200;

/// The names that a document gives meaning to, as far as reading needs them.
#[derive(Default)]
pub(super) struct Names {
    /// Facts, list columns, rules and parameters. `None` where the row's type could not be read: it is reported once, there.
    pub types: BTreeMap<Name, Option<Type>>,
    pub lists: BTreeMap<Name, u32>,
    /// Column → list.
    pub list_of: BTreeMap<Name, Name>,
    pub delegations: BTreeSet<Name>,
    pub roles: BTreeSet<Name>,
    pub steps: BTreeSet<Name>,
    pub outcomes: BTreeMap<Name, Vec<String>>,
}

impl Names {
    /// Whether the fact exists; if not, a finding with the nearest.
    pub fn fact(&self, reader: &mut Reader, at: Slice<'_>, name: &Name) -> bool {
        if self.types.contains_key(name) {
            return true;
        }
        if self.delegations.contains(name) {
            reader.error(
                "S053",
                at,
                format!("{name} är en delegation och har inget värde."),
                "en delegation",
                "Ett villkor kan bara gälla uppgifter och andra parametrar.",
            );
            return false;
        }
        reader.unknown(
            "S033",
            at,
            format!("Uppgiften {name} finns inte."),
            "okänd uppgift",
            self.types.keys().map(Name::as_str),
        );
        false
    }

    /// The name that a word without a dot may stand for: nearly the whole, or exactly the last part.
    pub fn meant(&self, reader: &Reader, word: &str) -> Option<&str> {
        let names = || self.types.keys().map(Name::as_str);
        let word = fold(word);
        let last = || names().find(|name| name.rsplit('.').next() == Some(&word));
        reader.nearest(&word, names()).or_else(last)
    }

    pub fn ty(&self, name: &Name) -> Option<&Type> {
        self.types.get(name).and_then(Option::as_ref)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(Slice2<'a>),
    /// Begins with a digit: a number, a date, a clock time, an identity number.
    Literal(Slice2<'a>),
    Quoted(Slice2<'a>),
    Compare(Comparison),
    Arithmetic(Operator),
    Open,
    Close,
    Colon,
    Unknown(char),
}

/// A token's text; its place is beside it.
type Slice2<'a> = &'a str;

struct Lexer<'a> {
    tokens: Vec<(Token<'a>, Slice<'a>)>,
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '.' || ('\u{300}'..='\u{36f}').contains(&c)
}

impl<'a> Lexer<'a> {
    fn of(at: Slice<'a>) -> Self {
        let mut tokens: Vec<(Token<'a>, Slice<'a>)> = Vec::new();
        let mut from = 0;
        while from < at.text.len() {
            let rest = &at.text[from..];
            let Some(c) = rest.chars().next() else { break };
            let one = c.len_utf8();
            if c.is_whitespace() {
                from += one;
                continue;
            }
            let after_operand = match tokens.last() {
                Some((Token::Word(word), _)) => !is_keyword(&fold(word)),
                Some((Token::Literal(_) | Token::Quoted(_) | Token::Close, _)) => true,
                _ => false,
            };
            let negative =
                matches!(c, '-' | '−') && !after_operand && rest[one..].starts_with(|d: char| d.is_ascii_digit());
            let (token, length) = if c.is_ascii_digit() || negative {
                let length = literal_end(rest);
                (Token::Literal(&rest[..length]), length)
            } else if let Some(end) = closing_quote(c) {
                match rest[one..].find(end) {
                    Some(inner) => (Token::Quoted(&rest[one..one + inner]), one + inner + end.len_utf8()),
                    None => (Token::Unknown(c), one),
                }
            } else if is_word(c) || matches!(c, '%' | '°') {
                let length = word_end(rest);
                (Token::Word(&rest[..length]), length)
            } else {
                let two = rest.get(..2).unwrap_or("");
                match (two, c) {
                    ("!=", _) => (Token::Compare(Comparison::NotEqual), 2),
                    ("<=", _) => (Token::Compare(Comparison::LessOrEqual), 2),
                    (">=", _) => (Token::Compare(Comparison::GreaterOrEqual), 2),
                    (_, '=') => (Token::Compare(Comparison::Equal), 1),
                    (_, '≠') => (Token::Compare(Comparison::NotEqual), one),
                    (_, '<') => (Token::Compare(Comparison::Less), 1),
                    (_, '≤') => (Token::Compare(Comparison::LessOrEqual), one),
                    (_, '>') => (Token::Compare(Comparison::Greater), 1),
                    (_, '≥') => (Token::Compare(Comparison::GreaterOrEqual), one),
                    (_, '+') => (Token::Arithmetic(Operator::Plus), 1),
                    (_, '-' | '−') => (Token::Arithmetic(Operator::Minus), one),
                    (_, '*') => (Token::Arithmetic(Operator::Times), 1),
                    (_, '(') => (Token::Open, 1),
                    (_, ')') => (Token::Close, 1),
                    (_, ':') => (Token::Colon, 1),
                    (_, other) => (Token::Unknown(other), one),
                }
            };
            tokens.push((token, at.range(from, from + length)));
            from += length;
        }
        Self { tokens }
    }
}

/// Letters, digits, dots; a hyphen or slash only between them.
fn word_end(rest: &str) -> usize {
    let mut end = 0;
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let between = matches!(c, '-' | '/') && at > 0 && chars.peek().is_some_and(|(_, next)| is_word(*next));
        if !(is_word(c) || matches!(c, '%' | '°') || between) {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}

/// A number with its groups, or a run of digits parted by hyphens, colons or points.
fn literal_end(rest: &str) -> usize {
    let number = types::number_end(rest);
    let mut end = number;
    let mut chars = rest[number..].char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let between = matches!(c, '-' | ':' | '.') && chars.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        if !(c.is_ascii_digit() || between) {
            break;
        }
        end = number + at + c.len_utf8();
    }
    end
}

/// The form of an expression.
enum Raw<'a> {
    Always(Slice<'a>),
    Fact(Slice<'a>, Name),
    /// A constant as written, with its unit.
    Constant {
        text: Slice<'a>,
        quoted: Option<Slice<'a>>,
        unit: Option<Slice<'a>>,
    },
    Compare(Comparison, Slice<'a>, Box<Raw<'a>>, Box<Raw<'a>>),
    IsNotApplicable(Slice<'a>, Name),
    And(Slice<'a>, Vec<Raw<'a>>),
    Or(Slice<'a>, Vec<Raw<'a>>),
    Not(Box<Raw<'a>>),
    Arithmetic(Operator, Slice<'a>, Box<Raw<'a>>, Box<Raw<'a>>),
    Count(Slice<'a>),
    Sum(Slice<'a>),
    Quantified {
        all: bool,
        list: Slice<'a>,
        of: Box<Raw<'a>>,
    },
}

/// The word is the language's own in an expression and must be quoted to be a constant.
pub(crate) fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "och" | "eller" | "inte" | "är" | "ej" | "aktuellt" | "antal" | "summa" | "någon" | "alla" | "alltid"
    )
}

struct Parser<'a, 'r> {
    reader: &'r mut Reader,
    tokens: Vec<(Token<'a>, Slice<'a>)>,
    at: usize,
    whole: Slice<'a>,
}

impl<'a> Parser<'a, '_> {
    fn peek(&self) -> Option<(Token<'a>, Slice<'a>)> {
        self.tokens.get(self.at).copied()
    }

    fn peek_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some((Token::Word(text), _)) if fold(text) == word)
    }

    fn take_word(&mut self, word: &str) -> Option<Slice<'a>> {
        if !self.peek_word(word) {
            return None;
        }
        let (_, slice) = self.peek()?;
        self.at += 1;
        Some(slice)
    }

    /// Behind the next token stands another operand: then the next is no unit but a misspelt `och` or the like.
    fn operand_after_next(&self) -> bool {
        match self.tokens.get(self.at + 1) {
            Some((Token::Word(word), _)) => !matches!(fold(word).as_str(), "och" | "eller" | "är"),
            Some((Token::Literal(_) | Token::Quoted(_) | Token::Open, _)) => true,
            _ => false,
        }
    }

    fn take(&mut self, wanted: Token<'_>) -> bool {
        let there = self.peek().is_some_and(|(token, _)| token == wanted);
        self.at += usize::from(there);
        there
    }

    /// A finding at the next token, or behind the last.
    fn expected(&mut self, what: &str) {
        match self.peek() {
            None => {
                let last = self.tokens.last().map_or(self.whole, |(_, slice)| *slice);
                self.reader.error(
                    "S051",
                    last,
                    "Villkoret är ofullständigt.",
                    format!("efter detta väntades {what}"),
                    "Skriv färdigt villkoret.",
                );
            }
            Some((token, slice)) => {
                let suggestion = match token {
                    Token::Compare(Comparison::Equal) => "Likhet skrivs med ett enda =.".to_owned(),
                    Token::Unknown('"' | '«' | '”') => "Avsluta texten med citattecken.".to_owned(),
                    Token::Unknown(',') => {
                        "Decimaler skrivs 2,5 utan mellanslag; villkor binds ihop med och eller eller.".to_owned()
                    }
                    Token::Word(word) => match self
                        .reader
                        .nearest(word, ["och", "eller", "inte", "är", "ej", "aktuellt"])
                    {
                        Some(known) if known != fold(word) => format!("Menade du {known}?"),
                        Some(_) => format!("Skriv {what} här."),
                        None => "Villkor binds ihop med och eller eller; ord med mellanslag skrivs inom citattecken."
                            .to_owned(),
                    },
                    _ => String::new(),
                };
                self.reader.error(
                    "S050",
                    slice,
                    format!("{} går inte att läsa här.", shown(slice)),
                    format!("här väntades {what}"),
                    suggestion,
                );
            }
        }
    }

    fn too_deep(&mut self, depth: usize) -> bool {
        if depth <= NESTING_MAX {
            return false;
        }
        self.reader.error(
            "S025",
            self.whole,
            format!("Ett villkor har högst {NESTING_MAX} nivåer."),
            "för djupt",
            "Dela upp villkoret i flera regler.",
        );
        true
    }

    fn too_long(&mut self, parts: usize) -> bool {
        if parts <= CHAIN_MAX {
            return false;
        }
        self.reader.error(
            "S025",
            self.whole,
            format!("Ett villkor har högst {CHAIN_MAX} led i rad."),
            "för många led",
            "Dela upp villkoret i flera rader.",
        );
        true
    }

    fn or(&mut self, depth: usize) -> Option<Raw<'a>> {
        if self.too_deep(depth) {
            return None;
        }
        let first = self.and(depth)?;
        let Some(word) = self.take_word("eller") else {
            return Some(first);
        };
        let mut parts = vec![first, self.and(depth)?];
        while self.take_word("eller").is_some() {
            parts.push(self.and(depth)?);
            if self.too_long(parts.len()) {
                return None;
            }
        }
        Some(Raw::Or(word, parts))
    }

    fn and(&mut self, depth: usize) -> Option<Raw<'a>> {
        let first = self.not(depth)?;
        let Some(word) = self.take_word("och") else {
            return Some(first);
        };
        let mut parts = vec![first, self.not(depth)?];
        while self.take_word("och").is_some() {
            parts.push(self.not(depth)?);
            if self.too_long(parts.len()) {
                return None;
            }
        }
        Some(Raw::And(word, parts))
    }

    fn not(&mut self, depth: usize) -> Option<Raw<'a>> {
        if self.take_word("inte").is_some() {
            if self.too_deep(depth + 1) {
                return None;
            }
            return Some(Raw::Not(Box::new(self.not(depth + 1)?)));
        }
        self.comparison(depth)
    }

    fn comparison(&mut self, depth: usize) -> Option<Raw<'a>> {
        let left = self.sum(depth)?;
        if self.take_word("är").is_some() {
            if self.take_word("ej").is_none() || self.take_word("aktuellt").is_none() {
                self.expected("ej aktuellt");
                return None;
            }
            return match left {
                Raw::Fact(slice, name) => Some(Raw::IsNotApplicable(slice, name)),
                _ => {
                    self.reader.error(
                        "S050",
                        self.whole,
                        "Bara en uppgift kan vara ej aktuell.",
                        "ingen uppgift",
                        "Skriv <uppgift> är ej aktuellt.",
                    );
                    None
                }
            };
        }
        let Some((Token::Compare(comparison), slice)) = self.peek() else {
            return Some(left);
        };
        self.at += 1;
        let right = self.sum(depth)?;
        if let Some((Token::Compare(_), second)) = self.peek() {
            self.reader.error(
                "S050",
                second,
                "Två jämförelser kan inte stå i rad.",
                "andra jämförelsen",
                "Skriv två villkor med och mellan.",
            );
            return None;
        }
        Some(Raw::Compare(comparison, slice, Box::new(left), Box::new(right)))
    }

    fn sum(&mut self, depth: usize) -> Option<Raw<'a>> {
        let mut left = self.product(depth)?;
        let mut deep = depth;
        while let Some((Token::Arithmetic(operator @ (Operator::Plus | Operator::Minus)), slice)) = self.peek() {
            self.at += 1;
            deep += 1;
            if self.too_deep(deep) {
                return None;
            }
            let right = self.product(deep)?;
            left = Raw::Arithmetic(operator, slice, Box::new(left), Box::new(right));
        }
        Some(left)
    }

    fn product(&mut self, depth: usize) -> Option<Raw<'a>> {
        let mut left = self.atom(depth)?;
        let mut deep = depth;
        while let Some((Token::Arithmetic(Operator::Times), slice)) = self.peek() {
            self.at += 1;
            deep += 1;
            if self.too_deep(deep) {
                return None;
            }
            let right = self.atom(deep)?;
            left = Raw::Arithmetic(Operator::Times, slice, Box::new(left), Box::new(right));
        }
        Some(left)
    }

    fn atom(&mut self, depth: usize) -> Option<Raw<'a>> {
        let Some((token, slice)) = self.peek() else {
            self.expected("ett värde eller en uppgift");
            return None;
        };
        match token {
            Token::Open => {
                self.at += 1;
                let inner = self.or(depth + 1)?;
                if !self.take(Token::Close) {
                    self.expected(")");
                    return None;
                }
                Some(inner)
            }
            Token::Literal(_) => {
                self.at += 1;
                let unit = match self.peek() {
                    Some((Token::Word(word), unit))
                        if !is_keyword(&fold(word)) && !word.contains('.') && !self.operand_after_next() =>
                    {
                        self.at += 1;
                        Some(unit)
                    }
                    _ => None,
                };
                Some(Raw::Constant {
                    text: slice,
                    quoted: None,
                    unit,
                })
            }
            Token::Quoted(_) => {
                self.at += 1;
                Some(Raw::Constant {
                    text: slice,
                    quoted: slice.unquote(),
                    unit: None,
                })
            }
            Token::Word(word) => {
                let word = fold(word);
                match word.as_str() {
                    "antal" | "summa" | "någon" | "alla"
                        if matches!(self.tokens.get(self.at + 1), Some((Token::Open, _))) =>
                    {
                        self.at += 2;
                        self.function(&word, depth)
                    }
                    "alltid" => {
                        self.at += 1;
                        Some(Raw::Always(slice))
                    }
                    _ if is_keyword(&word) => {
                        self.expected("ett värde eller en uppgift");
                        None
                    }
                    _ if word.contains('.') => {
                        self.at += 1;
                        let name = self.reader.name(slice)?;
                        Some(Raw::Fact(slice, name.it))
                    }
                    _ => {
                        self.at += 1;
                        // `antla(ägare)`: a function that does not exist.
                        if let Some((Token::Open, _)) = self.peek() {
                            self.reader.unknown(
                                "S050",
                                slice,
                                format!("Funktionen {} finns inte.", shown(slice)),
                                "okänd funktion",
                                ["antal", "summa", "någon", "alla"],
                            );
                            return None;
                        }
                        Some(Raw::Constant {
                            text: slice,
                            quoted: None,
                            unit: None,
                        })
                    }
                }
            }
            _ => {
                self.expected("ett värde eller en uppgift");
                None
            }
        }
    }

    /// After `antal(` and the like.
    fn function(&mut self, word: &str, depth: usize) -> Option<Raw<'a>> {
        let Some((Token::Word(_), of)) = self.peek() else {
            self.expected(if word == "summa" {
                "en listas kolumn"
            } else {
                "en lista"
            });
            return None;
        };
        self.at += 1;
        let raw = match word {
            "antal" => Raw::Count(of),
            "summa" => Raw::Sum(of),
            _ => {
                if !self.take(Token::Colon) {
                    self.expected(":");
                    return None;
                }
                let inner = self.or(depth + 1)?;
                Raw::Quantified {
                    all: word == "alla",
                    list: of,
                    of: Box::new(inner),
                }
            }
        };
        if !self.take(Token::Close) {
            self.expected(")");
            return None;
        }
        Some(raw)
    }
}

/// What an expression is.
#[derive(Clone)]
enum Kind {
    /// A calculated number.
    Number,
    Of(Type),
    /// Already reported.
    Unknown,
}

impl Kind {
    fn is_number(&self) -> bool {
        matches!(self, Self::Number | Self::Of(Type::Number { .. } | Type::Kronor { .. }))
    }

    /// How a message names it.
    fn words(&self) -> &'static str {
        match self {
            Self::Number | Self::Of(Type::Number { .. }) => "ett tal",
            Self::Of(Type::Kronor { .. }) => "ett belopp",
            Self::Of(Type::YesNo | Type::Assessment) => "ja eller nej",
            Self::Of(Type::Choice(_) | Type::Municipality) => "ett av flera ord",
            Self::Of(Type::Date) => "en dag",
            Self::Of(Type::Text { .. }) => "en text",
            Self::Of(Type::OrgNr | Type::PersonNr) => "ett identitetsnummer",
            Self::Of(Type::Property) => "en fastighet",
            Self::Of(Type::Attachment { .. }) => "en bilaga",
            Self::Unknown => "något okänt",
        }
    }

    fn comparable(&self, other: &Self) -> bool {
        use Type::*;
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => true,
            _ if self.is_number() => other.is_number(),
            (Self::Of(a), Self::Of(b)) => matches!(
                (a, b),
                (YesNo | Assessment, YesNo | Assessment)
                    | (Choice(_) | Municipality, Choice(_) | Municipality)
                    | (Text { .. }, Text { .. })
                    | (Date, Date)
                    | (Property, Property)
                    | (OrgNr | PersonNr, OrgNr | PersonNr)
            ),
            _ => false,
        }
    }

    fn ordered(&self) -> bool {
        self.is_number() || matches!(self, Self::Of(Type::Date) | Self::Unknown)
    }
}

struct Typer<'n, 'r> {
    names: &'n Names,
    reader: &'r mut Reader,
}

impl<'a> Typer<'_, '_> {
    fn condition(&mut self, raw: Raw<'a>, inside: Option<&Name>, top: bool) -> Option<Expr> {
        match raw {
            Raw::Always(slice) => {
                if !top {
                    self.reader.error(
                        "S050",
                        slice,
                        "alltid står ensamt.",
                        "inne i ett villkor",
                        "Ta bort alltid, eller resten av villkoret.",
                    );
                    return None;
                }
                Some(Expr::Always)
            }
            Raw::And(_, parts) => Some(Expr::And(self.conditions(parts, inside)?)),
            Raw::Or(_, parts) => Some(Expr::Or(self.conditions(parts, inside)?)),
            Raw::Not(of) => Some(Expr::Not(Box::new(self.condition(*of, inside, false)?))),
            Raw::IsNotApplicable(slice, name) => {
                self.fact(slice, &name, inside)?;
                Some(Expr::IsNotApplicable(slice.with(name)))
            }
            Raw::Quantified { all, list, of } => {
                let name = self.list(list)?;
                if let Some(outer) = inside {
                    self.reader.error(
                        "S034",
                        list,
                        "Listor kan inte frågas om inne i varandra.",
                        format!("inne i någon eller alla om {outer}"),
                        "Dela upp villkoret i två regler.",
                    );
                    return None;
                }
                let of = Box::new(self.condition(*of, Some(&name.it), false)?);
                Some(if all { Expr::All(name, of) } else { Expr::Any(name, of) })
            }
            Raw::Compare(comparison, slice, left, right) => self.compare(comparison, slice, *left, *right, inside),
            Raw::Fact(slice, name) => {
                let kind = self.fact(slice, &name, inside)?;
                let suggestion = match kind {
                    Kind::Of(Type::YesNo | Type::Assessment) => format!("Skriv {name} = ja."),
                    Kind::Of(Type::Choice(words)) => {
                        format!(
                            "Skriv till exempel {name} = {}.",
                            words
                                .first()
                                .map_or(String::new(), |word| write::constant(&Value::Choice(word.clone())))
                        )
                    }
                    _ => format!("Skriv vad {name} ska jämföras med."),
                };
                self.reader.error(
                    "S054",
                    slice,
                    "En uppgift ensam är inget villkor.",
                    "jämförelse saknas",
                    suggestion,
                );
                None
            }
            Raw::Constant { text, .. } => {
                let alltid = self.reader.nearest(text.text, ["alltid"]);
                let suggestion = match alltid.or_else(|| self.names.meant(self.reader, text.text)) {
                    Some(name) => format!("Menade du {name}?"),
                    None => "Skriv en uppgift och vad den ska jämföras med, till exempel gas.inne > 2.".to_owned(),
                };
                self.reader.error(
                    "S054",
                    text,
                    format!("{} ensamt är inget villkor.", shown(text)),
                    "inget villkor",
                    suggestion,
                );
                None
            }
            Raw::Arithmetic(_, slice, ..) | Raw::Count(slice) | Raw::Sum(slice) => {
                self.reader.error(
                    "S054",
                    slice,
                    "En beräkning ensam är inget villkor.",
                    "jämförelse saknas",
                    "Skriv vad resultatet ska jämföras med.",
                );
                None
            }
        }
    }

    fn conditions(&mut self, parts: Vec<Raw<'a>>, inside: Option<&Name>) -> Option<Vec<Expr>> {
        let mut read = Vec::with_capacity(parts.len());
        let mut whole = true;
        for part in parts {
            match self.condition(part, inside, false) {
                Some(expr) => read.push(expr),
                None => whole = false,
            }
        }
        whole.then_some(read)
    }

    fn list(&mut self, at: Slice<'a>) -> Option<Spanned<Name>> {
        let name = self.reader.name(at)?;
        if self.names.lists.contains_key(&name.it) {
            return Some(name);
        }
        self.reader.unknown(
            "S033",
            at,
            format!("Listan {} finns inte.", name.as_str()),
            "okänd lista",
            self.names.lists.keys().map(Name::as_str),
        );
        None
    }

    fn fact(&mut self, at: Slice<'a>, name: &Name, inside: Option<&Name>) -> Option<Kind> {
        if !self.names.fact(self.reader, at, name) {
            return None;
        }
        if let Some(list) = self.names.list_of.get(name)
            && inside != Some(list)
        {
            self.reader.error(
                "S034",
                at,
                format!("{name} är en kolumn i listan {list} och har ett värde per rad."),
                "listans kolumn",
                format!("Skriv antal({list}), summa({name}), någon({list}: …) eller alla({list}: …)."),
            );
            return None;
        }
        Some(self.names.ty(name).map_or(Kind::Unknown, |ty| Kind::Of(ty.clone())))
    }

    fn compare(
        &mut self,
        comparison: Comparison,
        slice: Slice<'a>,
        left: Raw<'a>,
        right: Raw<'a>,
        inside: Option<&Name>,
    ) -> Option<Expr> {
        let constant = |raw: &Raw<'a>| matches!(raw, Raw::Constant { .. });
        let ((left, left_kind), (right, right_kind)) = match (constant(&left), constant(&right)) {
            (true, true) => {
                self.reader.error(
                    "S053",
                    slice,
                    "Två fasta värden jämförs.",
                    "ingen uppgift",
                    "Skriv en uppgift på ena sidan; en uppgift har en punkt i namnet.",
                );
                return None;
            }
            (false, true) => {
                let left = self.value(left, None, inside)?;
                let right = self.value(right, Some(&left.1), inside)?;
                (left, right)
            }
            (true, false) => {
                let right = self.value(right, None, inside)?;
                let left = self.value(left, Some(&right.1), inside)?;
                (left, right)
            }
            (false, false) => {
                let (left, right) = (self.value(left, None, inside), self.value(right, None, inside));
                (left?, right?)
            }
        };
        if !left_kind.comparable(&right_kind) {
            self.reader.error(
                "S053",
                slice,
                format!("{} jämförs med {}.", capital(left_kind.words()), right_kind.words()),
                "olika slag",
                "Jämför uppgifter av samma slag.",
            );
            return None;
        }
        let orders = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if orders && !(left_kind.ordered() && right_kind.ordered()) {
            self.reader.error(
                "S053",
                slice,
                format!("{} har ingen ordning.", capital(left_kind.words())),
                "mindre eller större går inte",
                "Jämför med = eller ≠.",
            );
            return None;
        }
        Some(Expr::Compare(comparison, Box::new(left), Box::new(right)))
    }

    fn value(&mut self, raw: Raw<'a>, hint: Option<&Kind>, inside: Option<&Name>) -> Option<(Expr, Kind)> {
        match raw {
            Raw::Fact(slice, name) => {
                let kind = self.fact(slice, &name, inside)?;
                Some((Expr::Fact(slice.with(name)), kind))
            }
            Raw::Constant { text, quoted, unit } => {
                let value = self.constant(text, quoted, unit, hint)?;
                Some((Expr::Constant(text.with(value)), hint.cloned().unwrap_or(Kind::Number)))
            }
            Raw::Arithmetic(operator, slice, left, right) => {
                let left = self.number(*left, slice, inside);
                let right = self.number(*right, slice, inside);
                Some((
                    Expr::Arithmetic(operator, Box::new(left?), Box::new(right?)),
                    Kind::Number,
                ))
            }
            Raw::Count(list) => Some((Expr::Count(self.list(list)?), Kind::Number)),
            Raw::Sum(column) => {
                let name = self.reader.name(column)?;
                if self.names.lists.contains_key(&name.it) || !self.names.list_of.contains_key(&name.it) {
                    self.reader.unknown(
                        "S033",
                        column,
                        format!("{} är ingen kolumn i en lista.", name.as_str()),
                        "ingen listkolumn",
                        self.names.list_of.keys().map(Name::as_str),
                    );
                    return None;
                }
                match self.names.ty(&name.it) {
                    None => Some((Expr::Sum(name), Kind::Unknown)),
                    Some(ty @ (Type::Number { .. } | Type::Kronor { .. })) => Some((Expr::Sum(name), unit_of(ty))),
                    Some(ty) => {
                        self.reader.error(
                            "S053",
                            column,
                            "Bara tal och belopp går att summera.",
                            Kind::Of(ty.clone()).words(),
                            "Välj en kolumn med tal.",
                        );
                        None
                    }
                }
            }
            other => {
                let at = first_slice(&other);
                self.reader.error(
                    "S053",
                    at,
                    "Ett villkor jämförs med ett värde.",
                    "ett villkor",
                    "Bind ihop villkor med och, eller och inte.",
                );
                None
            }
        }
    }

    /// An operand of + - *.
    fn number(&mut self, raw: Raw<'a>, operator: Slice<'a>, inside: Option<&Name>) -> Option<Expr> {
        let at = first_slice(&raw);
        let (expr, kind) = self.value(raw, Some(&Kind::Number), inside)?;
        if kind.is_number() || matches!(kind, Kind::Unknown) {
            return Some(expr);
        }
        let finding = Finding::error("S053", at.span(), "Det går bara att räkna med tal och belopp.")
            .label(kind.words())
            .related(operator.span(), "räknesättet");
        self.reader.report(finding);
        None
    }

    fn constant(
        &mut self,
        text: Slice<'a>,
        quoted: Option<Slice<'a>>,
        unit: Option<Slice<'a>>,
        hint: Option<&Kind>,
    ) -> Option<Value> {
        let inner = quoted.unwrap_or(text);
        let is_literal = quoted.is_none()
            && text
                .text
                .starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '−'));
        match hint {
            Some(Kind::Of(ty @ (Type::Number { .. } | Type::Kronor { .. }))) => {
                if !is_literal {
                    self.number_and_word(text, ty);
                    return None;
                }
                let expected = match ty {
                    Type::Number { unit, .. } => unit.as_deref(),
                    _ => Some("kr"),
                };
                if let Some(unit) = unit
                    && expected.map(fold) != Some(unit.fold())
                {
                    let suggestion = match expected {
                        Some(expected) => format!("Skriv {expected} eller ingen enhet alls."),
                        None => "Ta bort enheten.".to_owned(),
                    };
                    self.reader.error(
                        "S055",
                        unit,
                        "Enheten är en annan än uppgiftens.",
                        "fel enhet",
                        suggestion,
                    );
                    return None;
                }
                self.plain_number(text).map(Value::Number)
            }
            Some(Kind::Number) => {
                if !is_literal {
                    self.reader.error(
                        "S053",
                        text,
                        format!("{} är inget tal.", shown(text)),
                        "ett ord",
                        "Skriv ett tal, eller en uppgift med punkt i namnet.",
                    );
                    return None;
                }
                self.plain_number(text).map(Value::Number)
            }
            Some(Kind::Of(ty)) => {
                if let Some(unit) = unit {
                    self.reader.error(
                        "S055",
                        unit,
                        "Värdet har ingen enhet.",
                        "hör inte hit",
                        "Ta bort enheten; ord med mellanslag skrivs inom citattecken.",
                    );
                    return None;
                }
                if let Type::Attachment { .. } = ty {
                    self.reader.error(
                        "S053",
                        text,
                        "En bilaga kan inte jämföras med något.",
                        "jämförs med en bilaga",
                        "Fråga efter det som ska prövas som en egen uppgift.",
                    );
                    return None;
                }
                types::constant(self.reader, if is_literal { "S053" } else { "S052" }, ty, inner)
            }
            // What it is compared with could not be read, which is already reported.
            Some(Kind::Unknown) | None => Some(untyped(inner, is_literal)),
        }
    }

    fn plain_number(&mut self, text: Slice<'a>) -> Option<Decimal> {
        plain_number(self.reader, text)
    }

    fn number_and_word(&mut self, at: Slice<'a>, ty: &Type) {
        let what = Kind::Of(ty.clone()).words();
        let suggestion = match self.names.meant(self.reader, at.text) {
            Some(name) => format!("Menade du {name}?"),
            None => "Skriv ett tal, eller en uppgift med punkt i namnet.".to_owned(),
        };
        self.reader.error(
            "S053",
            at,
            format!("{} jämförs med {}.", capital(what), shown(at)),
            "ett ord",
            suggestion,
        );
    }
}

fn unit_of(ty: &Type) -> Kind {
    Kind::Of(ty.clone())
}

fn plain_number(reader: &mut Reader, text: Slice<'_>) -> Option<Decimal> {
    let number = types::number(text.text);
    if number.is_none() {
        let suggestion = match text.text.contains('.') {
            true => format!("Decimaler skrivs med kommatecken: {}.", text.text.replace('.', ",")),
            false => "Skriv till exempel 1 250,5; minus har mellanslag på båda sidor.".to_owned(),
        };
        reader.error(
            "S045",
            text,
            format!("{} är inget tal.", shown(text)),
            "inget tal",
            suggestion,
        );
    }
    number
}

/// A constant that nothing gives a type.
fn untyped(text: Slice<'_>, is_literal: bool) -> Value {
    if is_literal {
        if let Some(date) = types::date(text.text) {
            return Value::Date(date);
        }
        if let Some(number) = types::number(text.text) {
            return Value::Number(number);
        }
    }
    match text.fold().as_str() {
        "ja" => Value::YesNo(true),
        "nej" => Value::YesNo(false),
        _ => Value::Choice(text.prose()),
    }
}

fn first_slice<'a>(raw: &Raw<'a>) -> Slice<'a> {
    match raw {
        Raw::Always(at) | Raw::Fact(at, _) | Raw::IsNotApplicable(at, _) | Raw::Count(at) | Raw::Sum(at) => *at,
        Raw::Constant { text, .. } => *text,
        Raw::Compare(_, at, ..) | Raw::Arithmetic(_, at, ..) => *at,
        Raw::Quantified { list, .. } => *list,
        Raw::Not(of) => first_slice(of),
        Raw::And(at, _) | Raw::Or(at, _) => *at,
    }
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// A whole condition.
pub(super) fn condition(reader: &mut Reader, names: &Names, at: Slice<'_>) -> Option<Expr> {
    if at.is_empty() {
        reader.error("S024", at, "Villkoret saknas.", "tom", "Skriv ett villkor.");
        return None;
    }
    let lexer = Lexer::of(at);
    let mut parser = Parser {
        reader,
        tokens: lexer.tokens,
        at: 0,
        whole: at,
    };
    let raw = parser.or(0)?;
    if parser.peek().is_some() {
        parser.expected("och eller eller");
        return None;
    }
    Typer { names, reader }.condition(raw, None, true)
}

/// A cell under a fact's heading.
pub(super) fn test(reader: &mut Reader, names: &Names, fact: &Name, at: Slice<'_>) -> Option<Test> {
    if at.is_empty() {
        return Some(Test::Any);
    }
    if at.is("ej aktuellt") {
        return Some(Test::NotApplicable);
    }
    let kind = names.ty(fact).map_or(Kind::Unknown, |ty| Kind::Of(ty.clone()));
    if let Some(rest) = at.strip("inte") {
        if rest.is("ej aktuellt") {
            reader.error(
                "S050",
                at,
                "Alla prövningar utom – och ej aktuellt kräver redan att uppgiften är aktuell.",
                "behövs inte",
                "Skriv en kolumn när med villkoret inte <uppgift> är ej aktuellt.",
            );
            return None;
        }
        if rest.is_empty() {
            reader.error(
                "S051",
                at,
                "Efter inte saknas ett värde.",
                "ofullständig",
                "Skriv till exempel inte inne.",
            );
            return None;
        }
        return Some(Test::NotOneOf(operands(reader, names, &kind, rest)?));
    }
    let compare = [
        ("≤", Comparison::LessOrEqual),
        ("<=", Comparison::LessOrEqual),
        ("≥", Comparison::GreaterOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("≠", Comparison::NotEqual),
        ("!=", Comparison::NotEqual),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
        ("=", Comparison::Equal),
    ];
    if let Some((sign, comparison)) = compare.into_iter().find(|(sign, _)| at.text.starts_with(sign)) {
        let rest = at.from(sign.len()).trim();
        let sign = at.range(0, sign.len());
        if rest.is_empty() {
            reader.error(
                "S051",
                at,
                "Efter jämförelsen saknas ett värde.",
                "ofullständig",
                "Skriv till exempel > 2.",
            );
            return None;
        }
        let orders = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if orders && !kind.ordered() {
            reader.error(
                "S053",
                sign,
                format!("{fact} är {} och har ingen ordning.", kind.words()),
                "mindre eller större går inte",
                "Skriv värdet, eller inte och värdet.",
            );
            return None;
        }
        return Some(Test::Compare(comparison, operand(reader, names, &kind, rest)?));
    }
    let is_number = kind.is_number() || matches!(kind, Kind::Unknown);
    let first = types::number_end(at.text);
    if is_number && first > 0 {
        let after = at.from(first).trim();
        if after.text.starts_with(['–', '-']) {
            let (min, max, _, unit) = types::range(reader, at, at, "2–60")?;
            let expected = match &kind {
                Kind::Of(Type::Number { unit, .. }) => unit.as_deref().map(fold),
                _ => Some("kr".to_owned()),
            };
            if !unit.is_empty() && Some(unit.fold()) != expected {
                reader.error(
                    "S055",
                    unit,
                    "Enheten är en annan än uppgiftens.",
                    "fel enhet",
                    "Skriv gränserna utan enhet.",
                );
                return None;
            }
            return Some(Test::Between(min, max));
        }
    }
    let mut operands = operands(reader, names, &kind, at)?;
    if operands.len() == 1 {
        return Some(Test::Compare(Comparison::Equal, operands.remove(0)));
    }
    Some(Test::OneOf(operands))
}

fn operands(reader: &mut Reader, names: &Names, kind: &Kind, at: Slice<'_>) -> Option<Vec<Operand>> {
    let mut read = Vec::new();
    let mut whole = true;
    for item in at.items() {
        if item.is_empty() {
            reader.error(
                "S051",
                at,
                "Ett av värdena saknas.",
                "tomt vid kommatecknet",
                "Skriv ett värde på var sida om kommatecknet.",
            );
            return None;
        }
        match operand(reader, names, kind, item) {
            Some(operand) if read.contains(&operand) => {
                reader.error(
                    "S032",
                    item,
                    format!("{} står två gånger.", shown(item)),
                    "andra gången",
                    "Ta bort det ena.",
                );
            }
            Some(operand) => read.push(operand),
            None => whole = false,
        }
    }
    (whole && !read.is_empty()).then_some(read)
}

fn operand(reader: &mut Reader, names: &Names, kind: &Kind, at: Slice<'_>) -> Option<Operand> {
    let mut typer = Typer { names, reader };
    let starts_as_name = at.text.starts_with(|c: char| c.is_alphabetic());
    if starts_as_name && at.text.contains('.') && !at.text.contains(char::is_whitespace) && at.unquote().is_none() {
        let name = typer.reader.name(at)?;
        let other = typer.fact(at, &name.it, None)?;
        if !kind.comparable(&other) {
            typer.reader.error(
                "S053",
                at,
                format!("{} jämförs med {}.", capital(kind.words()), other.words()),
                "olika slag",
                "Jämför uppgifter av samma slag.",
            );
            return None;
        }
        return Some(Operand::Fact(name.it));
    }
    let quoted = at.unquote();
    let number = types::number_end(at.text);
    let (text, unit) = match (kind.is_number(), number) {
        (true, 1..) => {
            let text = at.range(0, literal_end(at.text));
            let unit = at.from(text.text.len()).trim();
            (text, (!unit.is_empty()).then_some(unit))
        }
        _ => (at, None),
    };
    typer.constant(text, quoted, unit, Some(kind)).map(Operand::Constant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::FileId;

    fn name(text: &str) -> Name {
        Name::parse(text).expect("a name")
    }

    fn names() -> Names {
        let mut names = Names::default();
        let mut types_reader = Reader::default();
        for (fact, ty) in [
            ("gas.inne", "tal 0–5000 liter"),
            ("gas.gräns", "tal 0–100 liter"),
            ("gas.behövs", "ja/nej"),
            ("servering.för", "allmänheten / slutet sällskap"),
            ("start.dag", "datum"),
            ("ägare.andel", "tal 0–100 %"),
            ("ägare.skuld", "kr 0–9 000 000"),
        ] {
            let read = types::ty(&mut types_reader, Slice::of(FileId(0), ty));
            names.types.insert(name(fact), read);
        }
        for column in ["ägare.andel", "ägare.skuld"] {
            names.list_of.insert(name(column), name("ägare"));
        }
        names.lists.insert(name("ägare"), 50);
        names
    }

    #[test]
    fn conditions_are_read_and_written_back_the_same() {
        for text in [
            "alltid",
            "gas.inne > 2 och gas.behövs = ja eller inte start.dag ≥ 2026-06-01",
            "(gas.behövs = ja eller gas.inne ≤ 2,5) och servering.för ≠ \"slutet sällskap\"",
            "summa(ägare.andel) = 100",
            "någon(ägare: ägare.skuld > 0 och ägare.andel ≥ gas.inne)",
            "antal(ägare) - (gas.inne - 2) * 3 < -5",
            "gas.inne är ej aktuellt",
            "inte (gas.behövs = ja och gas.inne = 1)",
        ] {
            let mut reader = Reader::default();
            let expr = condition(&mut reader, &names(), Slice::of(FileId(0), text));
            assert_eq!(reader.findings, [], "{text}");
            assert_eq!(expr.expect("no findings").to_string(), text.replace("-5", "−5"));
        }
    }

    #[test]
    fn every_fault_in_a_condition_is_found_at_its_word() {
        for (text, code, word) in [
            ("gas.inne > två", "S053", "två"),
            ("gas.ine > 2", "S033", "gas.ine"),
            ("gas.inne", "S054", "gas.inne"),
            ("gas.behövs = jaa", "S052", "jaa"),
            ("gas.behövs == ja", "S050", "="),
            ("gas.inne > 2 kg", "S055", "kg"),
            ("gas.inne > 2.5", "S045", "2.5"),
            ("gas.inne >", "S051", ">"),
            ("gas.inne > 2 ochh gas.behövs = ja", "S050", "ochh"),
            ("ägare.andel > 2", "S034", "ägare.andel"),
            ("antal(ägar) > 2", "S033", "ägar"),
            ("antall(ägare) > 2", "S050", "antall"),
            ("servering.för < allmänheten", "S053", "<"),
            ("servering.för = gas.inne", "S053", "="),
            ("gas.inne > 2 och alltid", "S050", "alltid"),
            ("(gas.inne > 2", "S051", "2"),
            ("1 = 2", "S053", "="),
            ("start.dag > 2026-02-30", "S053", "2026-02-30"),
            ("servering.för = slutet sällskap", "S050", "sällskap"),
            ("någon(ägare: alla(ägare: ägare.skuld > 0))", "S034", "ägare"),
            ("gas.inne & 2", "S050", "&"),
        ] {
            let mut reader = Reader::default();
            let read = condition(&mut reader, &names(), Slice::of(FileId(0), text));
            let finding = reader
                .findings
                .first()
                .unwrap_or_else(|| panic!("{text}: nothing found"));
            let span = finding.span;
            assert_eq!(
                (finding.code, &text[span.start as usize..span.end as usize]),
                (code, word),
                "{text}: {}",
                finding.message
            );
            assert!(read.is_none(), "{text}");
        }
    }

    #[test]
    fn nesting_has_a_limit() {
        for text in [
            format!("{}gas.inne > 2{}", "(".repeat(1000), ")".repeat(1000)),
            format!("{}gas.inne > 2", "inte ".repeat(1000)),
            format!("gas.inne > 2{}", " + 2".repeat(1000)),
            vec!["gas.inne > 2"; 300].join(" och "),
        ] {
            let mut reader = Reader::default();
            condition(&mut reader, &names(), Slice::of(FileId(0), &text));
            assert_eq!(reader.findings.first().map(|f| f.code), Some("S025"));
        }
    }

    #[test]
    fn a_cell_is_a_test_of_its_column() {
        for (column, cell, expected) in [
            ("gas.inne", "", "–"),
            ("gas.inne", "> 2 liter", "> 2"),
            ("gas.inne", "2–60", "2–60"),
            ("gas.inne", "2,5", "2,5"),
            ("gas.inne", "2, 5", "2, 5"),
            ("gas.inne", "> gas.gräns", "> gas.gräns"),
            ("gas.inne", "ej aktuellt", "ej aktuellt"),
            ("gas.behövs", "ja", "ja"),
            ("servering.för", "inte slutet sällskap", "inte \"slutet sällskap\""),
            (
                "servering.för",
                "allmänheten, slutet sällskap",
                "allmänheten, \"slutet sällskap\"",
            ),
            ("start.dag", "≥ 2026-06-01", "≥ 2026-06-01"),
        ] {
            let mut reader = Reader::default();
            let test = test(&mut reader, &names(), &name(column), Slice::of(FileId(0), cell));
            assert_eq!(reader.findings, [], "{cell}");
            assert_eq!(test.expect("no findings").to_string(), expected);
        }
        for (column, cell, code) in [
            ("gas.inne", "ja", "S053"),
            ("gas.inne", "2-60", "S045"),
            ("gas.inne", ">", "S051"),
            ("gas.behövs", "> ja", "S053"),
            ("gas.behövs", "2", "S053"),
            ("servering.för", "allmänhet", "S052"),
            ("servering.för", "allmänheten, allmänheten", "S032"),
            ("gas.inne", "> gas.gräs", "S033"),
            ("gas.inne", "> start.dag", "S053"),
            ("gas.inne", "> 2 kg", "S055"),
        ] {
            let mut reader = Reader::default();
            test(&mut reader, &names(), &name(column), Slice::of(FileId(0), cell));
            assert_eq!(reader.findings.first().map(|f| f.code), Some(code), "{cell}");
        }
    }
}
