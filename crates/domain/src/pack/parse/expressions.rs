//! Conditions, calculations and the tests in a rule's cells.
//!
//! Reading is done in two steps. The first gives the form: operators, names, constants as they are written. The second
//! types the constants by the facts that they are compared with, and refuses what can have no meaning: an unknown fact, a
//! word that is no choice of the fact, a number beside a word, a list's column outside its list.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::source::{Reader, Slice, closing_quote, fold, shown};
use super::types;
use crate::fact::{NONE_CHOSEN, Name, Value};
use crate::finding::{Finding, Spanned};
use crate::pack::{
    CaseDay, Comparison, Conversion, DayKind, Expr, Length, Operand, Operator, PeriodPart, Test, Type, Unit, write,
};
use crate::words::letters::capital;
use crate::words::units;

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

/// Where a condition stands.
#[derive(Clone, Copy, Default)]
pub(super) struct Place<'n> {
    /// The list whose items it is asked of.
    pub inside: Option<&'n Name>,
    /// The day that ages are counted on.
    pub day: CaseDay,
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
    Comma,
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
                Some((Token::Word(word), _)) => {
                    let word = fold(word);
                    !is_keyword(&word) || matches!(word.as_str(), "ansökningsdagen" | "beslutsdagen")
                }
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
                    (_, '/') => (Token::Arithmetic(Operator::Divide), 1),
                    (_, '(') => (Token::Open, 1),
                    (_, ')') => (Token::Close, 1),
                    (_, ':') => (Token::Colon, 1),
                    (_, ',') => (Token::Comma, 1),
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
    /// With a condition on the items.
    Count(Slice<'a>, Option<Box<Raw<'a>>>),
    Sum(Slice<'a>, Option<Box<Raw<'a>>>),
    /// `har`, or `saknar` when it is not.
    Has(Slice<'a>, Name, Slice<'a>, bool),
    Day(Slice<'a>, CaseDay),
    /// `dagar(a, b)` and the like.
    Function(Slice<'a>, Function, Vec<Raw<'a>>),
    Quantified {
        all: bool,
        list: Slice<'a>,
        of: Box<Raw<'a>>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Days,
    WorkingDays,
    Age,
    Start,
    End,
}

const FUNCTIONS: [(&str, Function); 5] = [
    ("dagar", Function::Days),
    ("arbetsdagar", Function::WorkingDays),
    ("ålder", Function::Age),
    ("början", Function::Start),
    ("slut", Function::End),
];

/// Every word that stands before a parenthesis.
const ALL_FUNCTIONS: [&str; 9] = [
    "antal",
    "summa",
    "någon",
    "alla",
    "dagar",
    "arbetsdagar",
    "ålder",
    "början",
    "slut",
];

/// The word is the language's own in an expression and must be quoted to be a constant.
pub(crate) fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "och"
            | "eller"
            | "inte"
            | "är"
            | "ej"
            | "aktuellt"
            | "antal"
            | "summa"
            | "någon"
            | "alla"
            | "alltid"
            | "har"
            | "saknar"
            | "ansökningsdagen"
            | "beslutsdagen"
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
            Some((Token::Word(word), _)) => !matches!(fold(word).as_str(), "och" | "eller" | "är" | "har" | "saknar"),
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
                    Token::Comma => {
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
        for (word, has) in [("har", true), ("saknar", false)] {
            if let Some(at) = self.take_word(word) {
                let Raw::Fact(slice, name) = left else {
                    self.reader.error(
                        "S050",
                        at,
                        format!("Bara en uppgift {word} något."),
                        "ingen uppgift",
                        format!("Skriv <uppgift> {word} <val>."),
                    );
                    return None;
                };
                return match self.peek() {
                    Some((Token::Word(chosen), chosen_at)) if !is_keyword(&fold(chosen)) => {
                        self.at += 1;
                        Some(Raw::Has(slice, name, chosen_at, has))
                    }
                    Some((Token::Quoted(_), chosen_at)) => {
                        self.at += 1;
                        Some(Raw::Has(slice, name, chosen_at.unquote().unwrap_or(chosen_at), has))
                    }
                    _ => {
                        self.expected("ett av valen");
                        None
                    }
                };
            }
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
        while let Some((Token::Arithmetic(operator @ (Operator::Times | Operator::Divide)), slice)) = self.peek() {
            self.at += 1;
            deep += 1;
            if self.too_deep(deep) {
                return None;
            }
            let right = self.atom(deep)?;
            left = Raw::Arithmetic(operator, slice, Box::new(left), Box::new(right));
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
                    "ansökningsdagen" | "beslutsdagen" => {
                        self.at += 1;
                        Some(Raw::Day(
                            slice,
                            match word.as_str() {
                                "beslutsdagen" => CaseDay::Decision,
                                _ => CaseDay::Application,
                            },
                        ))
                    }
                    _ if matches!(self.tokens.get(self.at + 1), Some((Token::Open, _)))
                        && FUNCTIONS.iter().any(|(name, _)| *name == word) =>
                    {
                        self.at += 2;
                        let (_, function) = FUNCTIONS.iter().find(|(name, _)| *name == word)?;
                        self.operands(slice, *function, depth)
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
                                ALL_FUNCTIONS,
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
            "antal" | "summa" => {
                let filter = match self.take(Token::Colon) {
                    true => Some(Box::new(self.or(depth + 1)?)),
                    false => None,
                };
                match word {
                    "antal" => Raw::Count(of, filter),
                    _ => Raw::Sum(of, filter),
                }
            }
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

impl<'a> Parser<'a, '_> {
    /// After `dagar(` and the like: one or two values.
    fn operands(&mut self, at: Slice<'a>, function: Function, depth: usize) -> Option<Raw<'a>> {
        if self.too_deep(depth + 1) {
            return None;
        }
        let mut operands = vec![self.sum(depth + 1)?];
        if self.take(Token::Comma) {
            operands.push(self.sum(depth + 1)?);
        }
        if !self.take(Token::Close) {
            self.expected(")");
            return None;
        }
        let fits = match function {
            Function::Days => true,
            Function::WorkingDays => operands.len() == 2,
            Function::Age | Function::Start | Function::End => operands.len() == 1,
        };
        if fits {
            return Some(Raw::Function(at, function, operands));
        }
        let form = match function {
            Function::WorkingDays => "arbetsdagar(<första dagen>, <sista dagen>)",
            Function::Age => "ålder(<personnummer eller födelsedag>)",
            Function::Start => "början(<period>)",
            _ => "slut(<period>)",
        };
        self.reader.error(
            "S051",
            at,
            "Fel antal värden inom parentesen.",
            "fel antal",
            format!("Skriv {form}."),
        );
        None
    }
}

/// What an expression is.
#[derive(Clone)]
enum Kind {
    /// A calculated number.
    Number(Measure),
    Of(Type),
    /// Already reported.
    Unknown,
}

/// What a number is a number of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Measure {
    /// A constant without a unit: of whatever it stands beside.
    Any,
    /// How many.
    Count,
    /// A fact without a unit.
    Plain,
    Unit(String),
}

impl Measure {
    fn of(unit: Option<&str>) -> Self {
        unit.map_or(Self::Plain, |unit| Self::Unit(fold(unit)))
    }

    fn unit(&self) -> Option<&str> {
        match self {
            Self::Unit(unit) => Some(unit),
            _ => None,
        }
    }

    fn dimension(&self) -> Option<units::Dimension> {
        units::known(self.unit()?).map(|(dimension, _)| dimension)
    }

    /// How a message names it.
    fn words(&self) -> &str {
        self.unit().unwrap_or("ett tal utan enhet")
    }

    /// What each is multiplied by to be added or compared, and what they are then. `None`: they do not go together.
    fn together(&self, other: &Self) -> Option<(Decimal, Decimal, Self)> {
        let one = Decimal::ONE;
        match (self, other) {
            (Self::Any, _) => Some((one, one, other.clone())),
            (_, Self::Any) => Some((one, one, self.clone())),
            (Self::Unit(a), Self::Unit(b)) if a == b => Some((one, one, self.clone())),
            (Self::Unit(a), Self::Unit(b)) => {
                // To the smaller of the two: then it is whole.
                match (units::factor(a, b), units::factor(b, a)) {
                    (Some(factor), _) if factor >= one => Some((factor, one, other.clone())),
                    (_, Some(factor)) if factor >= one => Some((one, factor, self.clone())),
                    _ => None,
                }
            }
            (Self::Count | Self::Plain, Self::Count | Self::Plain) => Some((one, one, Self::Plain)),
            (Self::Count, Self::Unit(_)) if other.dimension().is_none() => Some((one, one, other.clone())),
            (Self::Unit(_), Self::Count) if self.dimension().is_none() => Some((one, one, self.clone())),
            _ => None,
        }
    }

    /// What a product is: kronor times anything is kronor, a length times a length an area.
    fn times(&self, other: &Self) -> Option<Self> {
        use units::Dimension::{Area, Length, Money, Share};
        match (self.dimension(), other.dimension()) {
            (None, None) => Some(match (self, other) {
                (Self::Unit(_), _) => self.clone(),
                _ => other.clone(),
            }),
            (None | Some(Share), _) => Some(other.clone()),
            (_, None | Some(Share)) => Some(self.clone()),
            (Some(Money), Some(Money)) => None,
            (Some(Money), _) => Some(self.clone()),
            (_, Some(Money)) => Some(other.clone()),
            (Some(a), Some(b)) => {
                let meters = |unit: &Self, names: &[&str]| unit.unit().is_some_and(|unit| names.contains(&unit));
                let square = |unit: &Self| meters(unit, &["m²", "kvadratmeter"]);
                let line = |unit: &Self| meters(unit, &["m", "meter"]);
                match (a, b) {
                    (Length, Length) if line(self) && line(other) => Some(Self::Unit("m²".to_owned())),
                    (Length, Area) if line(self) && square(other) => Some(Self::Unit("m³".to_owned())),
                    (Area, Length) if square(self) && line(other) => Some(Self::Unit("m³".to_owned())),
                    _ => None,
                }
            }
        }
    }
}

impl Kind {
    fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Number(_) | Self::Of(Type::Number { .. } | Type::Kronor { .. })
        )
    }

    /// Of a number: what it is a number of.
    fn measure(&self) -> Option<Measure> {
        match self {
            Self::Number(measure) => Some(measure.clone()),
            Self::Of(Type::Number { unit, .. }) => Some(Measure::of(unit.as_deref())),
            Self::Of(Type::Kronor { .. }) => Some(Measure::of(Some("kr"))),
            _ => None,
        }
    }

    /// How a message names it.
    fn words(&self) -> &'static str {
        match self {
            Self::Number(_) | Self::Of(Type::Number { .. }) => "ett tal",
            Self::Of(Type::Several(_)) => "flera val",
            Self::Of(Type::Clock { .. }) => "ett klockslag",
            Self::Of(Type::Period) => "en period",
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
            // A time is in order within its own range only.
            (Self::Of(Clock { from: a, to: a_to }), Self::Of(Clock { from: b, to: b_to })) => {
                let passes = |to: &u16| *to >= 1_440;
                a == b || (!passes(a_to) && !passes(b_to))
            }
            (Self::Of(a), Self::Of(b)) => matches!(
                (a, b),
                (YesNo | Assessment, YesNo | Assessment)
                    | (Choice(_) | Municipality, Choice(_) | Municipality)
                    | (Text { .. }, Text { .. })
                    | (Date, Date)
                    | (Property, Property)
                    | (Several(_), Several(_))
                    | (OrgNr | PersonNr, OrgNr | PersonNr)
            ),
            _ => false,
        }
    }

    fn ordered(&self) -> bool {
        self.is_number() || matches!(self, Self::Of(Type::Date | Type::Clock { .. }) | Self::Unknown)
    }
}

struct Typer<'n, 'r> {
    names: &'n Names,
    reader: &'r mut Reader,
    /// The day that ages are counted on.
    day: CaseDay,
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
            Raw::Has(slice, name, word, has) => self.has(slice, name, word, has, inside),
            Raw::Quantified { all, list, of } => {
                let name = self.list(list)?;
                self.flat(list, inside)?;
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
            Raw::Arithmetic(_, slice, ..)
            | Raw::Count(slice, _)
            | Raw::Sum(slice, _)
            | Raw::Day(slice, _)
            | Raw::Function(slice, ..) => {
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

    /// Lists are asked about one at a time.
    fn flat(&mut self, at: Slice<'a>, inside: Option<&Name>) -> Option<()> {
        let Some(outer) = inside else { return Some(()) };
        self.reader.error(
            "S034",
            at,
            "Listor kan inte frågas om inne i varandra.",
            format!("inne i en fråga om {outer}"),
            "Dela upp villkoret i två regler.",
        );
        None
    }

    /// `servering.drycker har vin`
    fn has(&mut self, at: Slice<'a>, name: Name, word: Slice<'a>, has: bool, inside: Option<&Name>) -> Option<Expr> {
        let kind = self.fact(at, &name, inside)?;
        let word = self.chosen(&kind, word)?;
        let expr = Expr::Has(at.with(name), word);
        Some(if has { expr } else { Expr::Not(Box::new(expr)) })
    }

    /// One of the words of several choices.
    fn chosen(&mut self, kind: &Kind, word: Slice<'a>) -> Option<Spanned<String>> {
        match kind {
            Kind::Of(Type::Several(words)) => {
                let ty = Type::Choice(words.clone());
                match types::constant(self.reader, "S052", &ty, word)? {
                    Value::Choice(chosen) => Some(word.with(chosen)),
                    _ => None,
                }
            }
            Kind::Unknown => Some(word.with(word.prose())),
            kind => {
                self.reader.error(
                    "S053",
                    word,
                    format!("Uppgiften är {}, inte flera val.", kind.words()),
                    "har inget att välja bland",
                    "Jämför med =, eller gör uppgiften till flera av …",
                );
                None
            }
        }
    }

    /// Two numbers brought to the same unit.
    fn together(
        &mut self,
        at: Slice<'a>,
        (left, left_kind): (Expr, Kind),
        (right, right_kind): (Expr, Kind),
    ) -> Option<(Expr, Expr, Measure)> {
        let (Some(a), Some(b)) = (left_kind.measure(), right_kind.measure()) else {
            return Some((left, right, Measure::Any));
        };
        match a.together(&b) {
            Some((first, second, measure)) => Some((in_unit(left, first), in_unit(right, second), measure)),
            None => {
                self.units_apart(at, &a, &b);
                None
            }
        }
    }

    fn units_apart(&mut self, at: Slice<'a>, one: &Measure, other: &Measure) {
        self.reader.error(
            "S321",
            at,
            format!("Enheterna går inte ihop: {} och {}.", one.words(), other.words()),
            "olika enheter",
            "Räkna om eller jämför uppgifter av samma slag.",
        );
    }

    /// `dagar(a, b)` and the like.
    fn function(
        &mut self,
        at: Slice<'a>,
        function: Function,
        operands: Vec<Raw<'a>>,
        inside: Option<&Name>,
    ) -> Option<(Expr, Kind)> {
        let days = |unit: &str| Kind::Number(Measure::Unit(unit.to_owned()));
        let hint = match (function, operands.len()) {
            (Function::Days | Function::WorkingDays, 2) => Some(Kind::Of(Type::Date)),
            _ => None,
        };
        let mut read = Vec::new();
        for operand in operands {
            let slice = first_slice(&operand);
            let (expr, kind) = self.value(operand, hint.as_ref(), inside)?;
            let fits = match (function, &hint) {
                (_, Some(_)) => matches!(kind, Kind::Of(Type::Date)),
                (Function::Age, _) => matches!(kind, Kind::Of(Type::Date | Type::PersonNr)),
                _ => matches!(kind, Kind::Of(Type::Period)),
            };
            if !fits && !matches!(kind, Kind::Unknown) {
                let expected = match (function, &hint) {
                    (_, Some(_)) => "en dag",
                    (Function::Age, _) => "ett personnummer eller en födelsedag",
                    _ => "en period",
                };
                self.reader.error(
                    "S053",
                    slice,
                    format!("Här ska stå {expected}, inte {}.", kind.words()),
                    kind.words(),
                    format!("Skriv {expected}."),
                );
                return None;
            }
            read.push(Box::new(expr));
        }
        let mut read = read.into_iter();
        let first = read.next()?;
        Some(match (function, read.next()) {
            (Function::WorkingDays, Some(to)) => (Expr::Apart(DayKind::WorkingDays, first, to), days("arbetsdagar")),
            (_, Some(to)) => (Expr::Apart(DayKind::Days, first, to), days("dagar")),
            (Function::Age, None) => (Expr::Age(first, self.day), days("år")),
            (Function::Start, None) => (Expr::PartOf(PeriodPart::Start, first), Kind::Of(Type::Date)),
            (Function::End, None) => (Expr::PartOf(PeriodPart::End, first), Kind::Of(Type::Date)),
            (Function::Days | Function::WorkingDays, None) => (Expr::PartOf(PeriodPart::Days, first), days("dagar")),
        })
        .filter(|_| !at.is_empty())
    }

    /// A day and a length of time.
    fn shift(&mut self, operator: Operator, at: Slice<'a>, day: Expr, right: Raw<'a>) -> Option<(Expr, Kind)> {
        let length = match &right {
            Raw::Constant {
                text,
                quoted: None,
                unit: Some(unit),
            } => text.text.parse::<u32>().ok().zip(length_unit(&unit.fold())),
            _ => None,
        };
        let length = length.filter(|(number, _)| (1..=LENGTH_MAX).contains(number));
        match (length, operator) {
            (Some((number, (unit, times))), Operator::Plus | Operator::Minus) => {
                let by = Length {
                    number: number * times,
                    unit,
                };
                Some((Expr::Shift(operator, Box::new(day), by), Kind::Of(Type::Date)))
            }
            _ => {
                self.reader.error(
                    "S053",
                    at,
                    "Till en dag läggs en bestämd tid.",
                    "räknas med en dag",
                    "Skriv till exempel start.dag + 14 dagar, eller dagar(<första dagen>, <sista dagen>).",
                );
                None
            }
        }
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
        let (left, right, _) = self.together(slice, (left, left_kind), (right, right_kind))?;
        Some(Expr::Compare(comparison, Box::new(left), Box::new(right)))
    }

    fn value(&mut self, raw: Raw<'a>, hint: Option<&Kind>, inside: Option<&Name>) -> Option<(Expr, Kind)> {
        match raw {
            Raw::Fact(slice, name) => {
                let kind = self.fact(slice, &name, inside)?;
                Some((Expr::Fact(slice.with(name)), kind))
            }
            Raw::Constant { text, quoted, unit } => {
                // Beside a calculation a constant keeps its unit.
                if let (Some(Kind::Number(_)), Some(unit), None) = (hint, unit, quoted) {
                    let number = self.constant(text, None, None, hint)?;
                    let conversion = Conversion {
                        factor: Decimal::ONE,
                        written: Some(unit.prose()),
                    };
                    let constant = Box::new(Expr::Constant(text.with(number)));
                    let kind = Kind::Number(Measure::of(Some(unit.text)));
                    return Some((Expr::InUnit(constant, conversion), kind));
                }
                let value = self.constant(text, quoted, unit, hint)?;
                let kind = match hint {
                    Some(Kind::Number(_)) => Kind::Number(Measure::Any),
                    Some(hint) => hint.clone(),
                    None => untyped_kind(&value),
                };
                Some((Expr::Constant(text.with(value)), kind))
            }
            Raw::Day(_, day) => Some((Expr::Day(day), Kind::Of(Type::Date))),
            Raw::Function(at, function, operands) => self.function(at, function, operands, inside),
            Raw::Arithmetic(operator, slice, left, right) => {
                let is_constant = |raw: &Raw<'a>| matches!(raw, Raw::Constant { .. });
                // `start.dag + 14 dagar`: a day on the left makes it another kind of sum.
                if !is_constant(&left)
                    || matches!(&*left, Raw::Constant { text, .. } if types::date(text.text).is_some())
                {
                    let left_at = first_slice(&left);
                    let (left, kind) = self.value(*left, None, inside)?;
                    if matches!(kind, Kind::Of(Type::Date)) {
                        return self.shift(operator, slice, left, *right);
                    }
                    let left = self.is_number(left_at, (left, kind), slice);
                    let right = self.number(*right, slice, inside);
                    return self.calculated(operator, slice, left?, right?);
                }
                let left = self.number(*left, slice, inside);
                let right = self.number(*right, slice, inside);
                self.calculated(operator, slice, left?, right?)
            }
            Raw::Count(of, None) if of.text.contains('.') => {
                let name = self.reader.name(of)?;
                match self.fact(of, &name.it, inside)? {
                    Kind::Of(Type::Several(_)) | Kind::Unknown => {
                        Some((Expr::Size(name), Kind::Number(Measure::Count)))
                    }
                    kind => {
                        self.reader.error(
                            "S053",
                            of,
                            format!("{} är {} och kan inte räknas.", name.it, kind.words()),
                            "varken en lista eller flera val",
                            "Skriv en listas namn, eller en uppgift av typen flera av.",
                        );
                        None
                    }
                }
            }
            Raw::Count(list, filter) => {
                let name = self.list(list)?;
                let count = Kind::Number(Measure::Count);
                let Some(filter) = filter else {
                    return Some((Expr::Count(name), count));
                };
                self.flat(list, inside)?;
                let filter = self.condition(*filter, Some(&name.it), false)?;
                Some((Expr::CountWhere(name, Box::new(filter)), count))
            }
            Raw::Sum(column, filter) => {
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
                let list = self.names.list_of.get(&name.it).cloned()?;
                let filter = match filter {
                    None => None,
                    Some(filter) => {
                        self.flat(column, inside)?;
                        Some(Box::new(self.condition(*filter, Some(&list), false)?))
                    }
                };
                let sum = |name| match filter {
                    Some(filter) => Expr::SumWhere(name, filter),
                    None => Expr::Sum(name),
                };
                match self.names.ty(&name.it) {
                    None => Some((sum(name), Kind::Unknown)),
                    Some(ty @ (Type::Number { .. } | Type::Kronor { .. })) => {
                        let kind = Kind::Of(ty.clone());
                        Some((sum(name), kind))
                    }
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

    /// An operand of + - * /.
    fn number(&mut self, raw: Raw<'a>, operator: Slice<'a>, inside: Option<&Name>) -> Option<(Expr, Kind)> {
        let at = first_slice(&raw);
        let read = self.value(raw, Some(&Kind::Number(Measure::Any)), inside)?;
        self.is_number(at, read, operator)
    }

    fn is_number(&mut self, at: Slice<'a>, read: (Expr, Kind), operator: Slice<'a>) -> Option<(Expr, Kind)> {
        if read.1.is_number() || matches!(read.1, Kind::Unknown) {
            return Some(read);
        }
        let finding = Finding::error("S053", at.span(), "Det går bara att räkna med tal och belopp.")
            .label(read.1.words())
            .related(operator.span(), "räknesättet");
        self.reader.report(finding);
        None
    }

    fn calculated(
        &mut self,
        operator: Operator,
        at: Slice<'a>,
        left: (Expr, Kind),
        right: (Expr, Kind),
    ) -> Option<(Expr, Kind)> {
        let (left, right, measure) = match operator {
            Operator::Plus | Operator::Minus => self.together(at, left, right)?,
            Operator::Times => {
                let measures = left.1.measure().zip(right.1.measure());
                let Some(measure) = measures.as_ref().map_or(Some(Measure::Any), |(a, b)| a.times(b)) else {
                    if let Some((a, b)) = measures {
                        self.units_apart(at, &a, &b);
                    }
                    return None;
                };
                (left.0, right.0, measure)
            }
            Operator::Divide => {
                let by = match &right.0 {
                    Expr::Constant(value) => matches!(&value.it, Value::Number(number) if !number.is_zero()),
                    _ => false,
                };
                if !by {
                    self.reader.error(
                        "S053",
                        at,
                        "Det går bara att dela med ett fast tal, och inte med noll.",
                        "delas med något annat",
                        "Skriv ett tal efter /, eller gånga i stället.",
                    );
                    return None;
                }
                let measure = left.1.measure().unwrap_or(Measure::Any);
                (left.0, right.0, measure)
            }
        };
        Some((
            Expr::Arithmetic(operator, Box::new(left), Box::new(right)),
            Kind::Number(measure),
        ))
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
                if let (Some(unit), Some(expected)) = (unit, expected)
                    && let Some(number) = types::number(text.text).and_then(|number| converted(number, unit, expected))
                {
                    return Some(Value::Number(number));
                }
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
            Some(Kind::Number(_)) => {
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
                if let Type::Several(_) = ty {
                    if inner.is(NONE_CHOSEN) {
                        return Some(Value::Set(BTreeSet::new()));
                    }
                    self.reader.error(
                        "S053",
                        text,
                        "Flera val jämförs inte med ett ord.",
                        "ett ord",
                        format!(
                            "Skriv har {} eller saknar {0}; tomt skrivs = {NONE_CHOSEN}.",
                            shown(text)
                        ),
                    );
                    return None;
                }
                if let Type::Period = ty {
                    self.reader.error(
                        "S053",
                        text,
                        "En period jämförs inte som helhet.",
                        "jämförs med en period",
                        "Jämför början(<period>), slut(<period>) eller dagar(<period>).",
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

/// A constant brought to the unit of what it is compared with, when that is exact.
fn converted(number: Decimal, unit: Slice<'_>, expected: &str) -> Option<Decimal> {
    let unit = unit.fold();
    match (units::factor(&unit, expected), units::factor(expected, &unit)) {
        (Some(factor), _) => number.checked_mul(factor).map(|n| n.normalize()),
        (None, Some(factor)) => {
            let number_in = number.checked_div(factor)?;
            let exact = number_in.normalize().scale() <= 12 && number_in.checked_mul(factor) == Some(number);
            exact.then(|| number_in.normalize())
        }
        (None, None) => None,
    }
}

/// Multiplied, unless it is already what it should be.
fn in_unit(expr: Expr, factor: Decimal) -> Expr {
    if factor == Decimal::ONE {
        return expr;
    }
    let conversion = Conversion { factor, written: None };
    Expr::InUnit(Box::new(expr), conversion)
}

/// Longer shifts of a day are slips.
const LENGTH_MAX: u32 = 1_000;

/// A unit of time as a calculation writes it, and how many of it the word is.
fn length_unit(word: &str) -> Option<(Unit, u32)> {
    Some(match word {
        "dag" | "dagar" => (Unit::Days, 1),
        "arbetsdag" | "arbetsdagar" => (Unit::WorkingDays, 1),
        "vecka" | "veckor" => (Unit::Weeks, 1),
        "månad" | "månader" => (Unit::Months, 1),
        "år" => (Unit::Months, 12),
        _ => return None,
    })
}

/// What a constant is that nothing gives a type.
fn untyped_kind(value: &Value) -> Kind {
    match value {
        Value::Date(_) => Kind::Of(Type::Date),
        _ => Kind::Number(Measure::Any),
    }
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
        Raw::Always(at)
        | Raw::Fact(at, _)
        | Raw::IsNotApplicable(at, _)
        | Raw::Count(at, _)
        | Raw::Sum(at, _)
        | Raw::Has(at, ..)
        | Raw::Day(at, _)
        | Raw::Function(at, ..) => *at,
        Raw::Constant { text, .. } => *text,
        Raw::Compare(_, at, ..) | Raw::Arithmetic(_, at, ..) => *at,
        Raw::Quantified { list, .. } => *list,
        Raw::Not(of) => first_slice(of),
        Raw::And(at, _) | Raw::Or(at, _) => *at,
    }
}

/// A whole condition.
pub(super) fn condition(reader: &mut Reader, names: &Names, at: Slice<'_>) -> Option<Expr> {
    condition_in(reader, names, at, Place::default())
}

/// A whole condition, asked of a list's items or counted on another day than the application's.
pub(super) fn condition_in(reader: &mut Reader, names: &Names, at: Slice<'_>, place: Place<'_>) -> Option<Expr> {
    let raw = raw(reader, at, "Villkoret saknas.", "och eller eller")?;
    Typer {
        names,
        reader,
        day: place.day,
    }
    .condition(raw, place.inside, true)
}

fn raw<'a>(reader: &mut Reader, at: Slice<'a>, missing: &str, expected: &str) -> Option<Raw<'a>> {
    if at.is_empty() {
        reader.error("S024", at, missing, "tom", "Skriv ett villkor.");
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
        parser.expected(expected);
        return None;
    }
    Some(raw)
}

/// A result cell's calculation, behind its `=`: of the fact's type, brought to its unit.
pub(super) fn calculation(
    reader: &mut Reader,
    names: &Names,
    at: Slice<'_>,
    ty: &Type,
    place: Place<'_>,
) -> Option<Expr> {
    let raw = raw(reader, at, "Beräkningen saknas.", "ett räknesätt")?;
    let mut typer = Typer {
        names,
        reader,
        day: place.day,
    };
    let hint = match ty {
        Type::Number { .. } | Type::Kronor { .. } => Kind::Number(Measure::Any),
        Type::Date => Kind::Of(Type::Date),
        other => {
            let words = Kind::Of(other.clone()).words();
            typer.reader.error(
                "S053",
                at,
                "Bara tal, belopp och dagar kan räknas fram.",
                words,
                "Skriv ett fast värde, eller ändra uppgiftens typ.",
            );
            return None;
        }
    };
    let (expr, kind) = typer.value(raw, Some(&hint), place.inside)?;
    let wanted = Kind::Of(ty.clone());
    if !kind.comparable(&wanted) {
        typer.reader.error(
            "S053",
            at,
            format!("Beräkningen ger {}, men uppgiften är {}.", kind.words(), wanted.words()),
            "olika slag",
            "Räkna fram ett värde av uppgiftens typ.",
        );
        return None;
    }
    let (Some(from), Some(to)) = (kind.measure(), wanted.measure()) else {
        return Some(expr);
    };
    let factor = match (&from, &to) {
        (Measure::Unit(a), Measure::Unit(b)) if a != b => units::factor(a, b),
        _ => from.together(&to).map(|_| Decimal::ONE),
    };
    match factor {
        Some(factor) => Some(in_unit(expr, factor)),
        None => {
            typer.units_apart(at, &from, &to);
            None
        }
    }
}

/// A cell under a fact's heading.
pub(super) fn test(reader: &mut Reader, names: &Names, fact: &Name, at: Slice<'_>, place: Place<'_>) -> Option<Test> {
    if at.is_empty() {
        return Some(Test::Any);
    }
    if at.is("ej aktuellt") {
        return Some(Test::NotApplicable);
    }
    let kind = names.ty(fact).map_or(Kind::Unknown, |ty| Kind::Of(ty.clone()));
    for (word, has) in [("har", true), ("saknar", false)] {
        if let Some(rest) = at.strip(word)
            && matches!(kind, Kind::Of(Type::Several(_)))
        {
            if rest.is_empty() {
                reader.error(
                    "S051",
                    at,
                    format!("Efter {word} saknas ett val."),
                    "ofullständig",
                    format!("Skriv till exempel {word} vin."),
                );
                return None;
            }
            let mut typer = Typer {
                names,
                reader,
                day: place.day,
            };
            let chosen = typer.chosen(&kind, rest.unquote().unwrap_or(rest))?.it;
            return Some(if has { Test::Has(chosen) } else { Test::Lacks(chosen) });
        }
    }
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
        return Some(Test::NotOneOf(operands(reader, names, &kind, rest, place)?));
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
        return Some(Test::Compare(comparison, operand(reader, names, &kind, rest, place)?));
    }
    if let Kind::Of(ty @ (Type::Date | Type::Clock { .. })) = &kind
        && let Some((from, to)) = at.split_once("–")
    {
        let from = types::constant(reader, "S045", ty, from.trim());
        let to = types::constant(reader, "S045", ty, to.trim());
        let (from, to) = (from?, to?);
        if from > to {
            reader.error(
                "S045",
                at,
                "Det första värdet kommer efter det sista.",
                "omvänd ordning",
                "Skriv det tidigaste först.",
            );
            return None;
        }
        return Some(Test::Within(from, to));
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
    let mut operands = operands(reader, names, &kind, at, place)?;
    if operands.len() == 1 {
        return Some(Test::Compare(Comparison::Equal, operands.remove(0)));
    }
    Some(Test::OneOf(operands))
}

fn operands(reader: &mut Reader, names: &Names, kind: &Kind, at: Slice<'_>, place: Place<'_>) -> Option<Vec<Operand>> {
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
        match operand(reader, names, kind, item, place) {
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

fn operand(reader: &mut Reader, names: &Names, kind: &Kind, at: Slice<'_>, place: Place<'_>) -> Option<Operand> {
    let mut typer = Typer {
        names,
        reader,
        day: place.day,
    };
    let starts_as_name = at.text.starts_with(|c: char| c.is_alphabetic());
    if starts_as_name && at.text.contains('.') && !at.text.contains(char::is_whitespace) && at.unquote().is_none() {
        let name = typer.reader.name(at)?;
        let other = typer.fact(at, &name.it, place.inside)?;
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
        if let (Some(own), Some(others)) = (kind.measure(), other.measure())
            && own.together(&others).is_none_or(|(a, b, _)| a != b)
        {
            typer.units_apart(at, &own, &others);
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
            ("gas.flaska", "tal 0–9000 ml"),
            ("lokal.platser", "tal 0–900 sittplatser"),
            ("lokal.tid", "tal 0–90 timmar"),
            ("lokal.kö", "tal 0–90 minuter"),
            ("lokal.yta", "tal 0–900 m²"),
            ("taxa.grund", "kr 0–9000"),
            ("servering.drycker", "flera av vin / starköl"),
            ("servering.till", "klockslag 11:00–05:00"),
            ("sökande.pnr", "personnummer"),
            ("säsong.tid", "period"),
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
            "någon(ägare: ägare.skuld > 0 och ägare.andel ≥ 50)",
            "antal(ägare) - (lokal.platser - 2) * 3 < -5",
            "gas.inne är ej aktuellt",
            "antal(ägare: ägare.skuld > 0) > 1",
            "summa(ägare.andel: ägare.skuld = 0) ≥ 50",
            "servering.drycker har vin och inte servering.drycker har starköl",
            "antal(servering.drycker) > 1",
            "servering.till > 01:00",
            "start.dag ≥ ansökningsdagen + 14 dagar",
            "beslutsdagen - 3 månader < start.dag",
            "arbetsdagar(ansökningsdagen, start.dag) ≥ 5",
            "dagar(start.dag, 2026-12-31) > 10",
            "ålder(sökande.pnr) ≥ 18",
            "början(säsong.tid) ≥ 2026-05-01 och dagar(säsong.tid) ≤ 30",
            "gas.inne > gas.flaska",
            "taxa.grund + 150 kr * lokal.yta > 900",
            "lokal.tid + 30 minuter > lokal.kö",
            "gas.inne / 4 < 100",
            "antal(ägare) > lokal.platser",
            "dagar(ansökningsdagen, start.dag) ≥ 2 veckor",
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
            ("gas.inne > lokal.platser", "S321", ">"),
            ("gas.inne + taxa.grund > 2", "S321", "+"),
            ("taxa.grund * taxa.grund > 2", "S321", "*"),
            ("gas.inne / gas.flaska > 2", "S053", "/"),
            ("gas.inne / 0 > 2", "S053", "/"),
            ("antal(ägare) > taxa.grund", "S321", ">"),
            ("start.dag + start.dag > 2026-01-01", "S053", "+"),
            ("start.dag + 14 > 2026-01-01", "S053", "+"),
            ("servering.drycker har sprit", "S052", "sprit"),
            ("servering.för har vin", "S053", "vin"),
            ("servering.drycker = vin", "S053", "vin"),
            ("antal(gas.inne) > 1", "S053", "gas.inne"),
            ("säsong.tid = 2026-05-01", "S053", "2026-05-01"),
            ("ålder(gas.inne) > 18", "S053", "gas.inne"),
            ("början(start.dag) > 2026-01-01", "S053", "start.dag"),
            ("arbetsdagar(start.dag) > 1", "S051", "arbetsdagar"),
            ("antal(ägare: någon(ägare: ägare.skuld > 0)) > 1", "S034", "ägare"),
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
            ("gas.inne", "> 2500 ml", "> 2,5"),
            ("gas.flaska", "≤ 0,5 liter", "≤ 500"),
            ("servering.drycker", "har vin", "har vin"),
            ("servering.drycker", "saknar Starköl", "saknar starköl"),
            ("servering.drycker", "inga", "inga"),
            ("servering.till", "> 01:00", "> 01:00"),
            ("servering.till", "11:00–01:00", "11:00 – 01:00"),
            ("start.dag", "2026-05-01 – 2026-09-30", "2026-05-01 – 2026-09-30"),
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
            let test = test(
                &mut reader,
                &names(),
                &name(column),
                Slice::of(FileId(0), cell),
                Place::default(),
            );
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
            ("lokal.tid", "> 100 minuter", "S055"),
            ("gas.inne", "> gas.flaska", "S321"),
            ("servering.drycker", "vin", "S053"),
            ("servering.drycker", "har", "S051"),
            ("servering.till", "01:00–11:00", "S045"),
        ] {
            let mut reader = Reader::default();
            test(
                &mut reader,
                &names(),
                &name(column),
                Slice::of(FileId(0), cell),
                Place::default(),
            );
            assert_eq!(reader.findings.first().map(|f| f.code), Some(code), "{cell}");
        }
    }
}
