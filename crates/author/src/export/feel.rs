//! Our expressions in FEEL (DMN 1.5 clause 10), with the three states kept.
//!
//! Always true: a value stands as itself, *saknas* as `null`, *ej aktuellt* as the string [`NOT_APPLICABLE`]. `och` and
//! `eller` are then FEEL's own `and` and `or`, which treat `null` as we treat *saknas*, except where a part can be *ej
//! aktuellt*; there, and for equality, which in FEEL is never `null`, the small functions of [`Function`] stand. What FEEL
//! cannot say is [`Inexpressible`], never something near it. See `docs/decisions/0016-three-states-in-dmn.md`.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use samverk_domain::fact::{Name, Value};
use samverk_domain::finding::{FileId, Span, Spanned};
use samverk_domain::pack::{
    CaseDay, CellResult, Comparison, DayKind, Expr, List, NoRecord, Operand, Operator, Pack, PeriodPart, RuleKind,
    Source, Test, Unit, Validity,
};

/// How *ej aktuellt* stands in FEEL.
pub const NOT_APPLICABLE: &str = "ej aktuellt";

/// What cannot be said in FEEL, in the document's own notation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{what}` cannot be said in FEEL")]
pub struct Inexpressible {
    pub what: String,
}

/// Functions of our own that an exported model brings along as business knowledge models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Function {
    And,
    Or,
    Not,
    Equal,
    Holds,
    Any,
    All,
    Sum,
    Reached,
    Shared,
}

impl Function {
    pub const ALL: [Self; 10] = [
        Self::And,
        Self::Or,
        Self::Not,
        Self::Equal,
        Self::Holds,
        Self::Any,
        Self::All,
        Self::Sum,
        Self::Reached,
        Self::Shared,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::And => "och",
            Self::Or => "eller",
            Self::Not => "inte",
            Self::Equal => "lika",
            Self::Holds => "gäller",
            Self::Any => "någon",
            Self::All => "alla",
            Self::Sum => "summa",
            Self::Reached => "nådda",
            Self::Shared => "gemensamt",
        }
    }

    pub fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::And | Self::Or | Self::Any | Self::All => &["delar"],
            Self::Not | Self::Holds => &["del"],
            Self::Equal => &["a", "b"],
            Self::Sum => &["tal"],
            Self::Reached | Self::Shared => &["rader"],
        }
    }

    pub fn says(self) -> &'static str {
        match self {
            Self::And => "Det starkaste av nej, saknas, ja, ej aktuellt.",
            Self::Or => "Det starkaste av ja, saknas, nej, ej aktuellt.",
            Self::Not => "Saknas och ej aktuellt förblir vad de är.",
            Self::Equal => {
                "Lika, med saknas och ej aktuellt kvar: FEEL:s eget likhetstecken svarar nej om ena sidan saknas."
            }
            Self::Holds => "En ruta: ej aktuellt passar inte, saknas kan passa.",
            Self::Any => "Om någon post uppfyller villkoret; poster där det är ej aktuellt räknas inte.",
            Self::All => "Om alla poster uppfyller villkoret; poster där det är ej aktuellt räknas inte.",
            Self::Reached => "Rader i tur och ordning: de som nås, till och med den första som säkert gäller.",
            Self::Shared => "Det som alla rader som gäller eller kan gälla ger gemensamt; annars saknas det.",
            Self::Sum => "Summan; poster där värdet är ej aktuellt räknas inte, och av inga poster är den 0.",
        }
    }

    pub fn body(self) -> &'static str {
        match self {
            Self::And => {
                "if list contains(delar, false) then false else if list contains(delar, null) then null \
                 else if list contains(delar, true) then true else \"ej aktuellt\""
            }
            Self::Or => {
                "if list contains(delar, true) then true else if list contains(delar, null) then null \
                 else if list contains(delar, false) then false else \"ej aktuellt\""
            }
            Self::Not => "if del = \"ej aktuellt\" then \"ej aktuellt\" else not(del)",
            Self::Equal => {
                "if a = \"ej aktuellt\" or b = \"ej aktuellt\" then \"ej aktuellt\" \
                 else if a = null or b = null then null else a = b"
            }
            Self::Holds => "if del = \"ej aktuellt\" then false else del",
            Self::Any => {
                "if delar = null then null else if list contains(delar, true) then true \
                 else if list contains(delar, null) then null else false"
            }
            Self::All => {
                "if delar = null then null else if list contains(delar, false) then false \
                 else if list contains(delar, null) then null else true"
            }
            Self::Reached => {
                "if list contains(for rad in rader return (rad.läge), true) \
                 then sublist(rader, 1, index of(for rad in rader return (rad.läge), true)[1]) else rader"
            }
            Self::Shared => {
                "if count(distinct values(for rad in rader[läge = null or läge = true] return (rad.ger))) = 1 \
                 then (rader[läge = null or läge = true][1].ger) else null"
            }
            Self::Sum => {
                "if tal = null or list contains(tal, null) then null else if count(tal) = 0 then 0 \
                 else sum(for t in tal return if t = \"ej aktuellt\" then 0 else t)"
            }
        }
    }
}

/// The FEEL name of everything in a document that can be named there.
#[derive(Debug)]
pub struct Names {
    facts: BTreeMap<Name, String>,
    lists: BTreeMap<Name, String>,
    taken: BTreeSet<String>,
}

impl Names {
    pub fn of(pack: &Pack) -> Self {
        let reserved = Function::ALL.map(Function::name).into_iter().chain(WORDS);
        let days = [CaseDay::Application, CaseDay::Decision].map(day);
        let mut names = Self {
            facts: BTreeMap::new(),
            lists: BTreeMap::new(),
            taken: reserved.chain(days).map(str::to_owned).collect(),
        };
        let facts = pack.facts.iter().map(|fact| &fact.name.it);
        let rules = pack.rules.iter().filter(|rule| rule.kind == RuleKind::Fact);
        let parameters = pack.parameters.iter().map(|parameter| &parameter.name.it);
        for name in facts.chain(rules.map(|rule| &rule.name.it)).chain(parameters) {
            if !names.facts.contains_key(name) && pack.list_of_column(name).is_none() {
                let own = names.take(name.as_str());
                names.facts.insert(name.clone(), own);
            }
        }
        for list in &pack.lists {
            let own = names.take(list.name.as_str());
            names.lists.insert(list.name.it.clone(), own);
        }
        names
    }

    /// A name of one's own: the wish, or the wish with a number behind it.
    pub fn take(&mut self, wish: &str) -> String {
        let plain = identifier(wish);
        let mut name = plain.clone();
        let mut number = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{plain}_{number}");
            number += 1;
        }
        name
    }

    pub fn fact(&self, name: &Name) -> Option<&str> {
        self.facts.get(name).map(String::as_str)
    }

    pub fn list(&self, name: &Name) -> Option<&str> {
        self.lists.get(name).map(String::as_str)
    }
}

/// Words that FEEL keeps for itself and that a Swedish list could be called.
const WORDS: [&str; 20] = [
    "and",
    "between",
    "date",
    "else",
    "every",
    "external",
    "false",
    "for",
    "function",
    "if",
    "in",
    "list",
    "not",
    "null",
    "or",
    "return",
    "satisfies",
    "some",
    "then",
    "true",
];

/// A name with dots and hyphens as underscores.
pub fn identifier(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect();
    if plain.starts_with(|c: char| c.is_alphabetic()) {
        plain
    } else {
        format!("_{plain}")
    }
}

/// A column's name inside an item of its list: `ägare.fyllt-20` → `fyllt_20`.
pub fn column(name: &Name) -> String {
    let inside = name
        .as_str()
        .split_once('.')
        .map_or(name.as_str(), |(_, column)| column);
    identifier(inside)
}

/// The names that can be *ej aktuellt*: of facts and list columns.
pub fn can_be_not_applicable(pack: &Pack) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    let columns = pack.lists.iter().flat_map(|list| &list.columns);
    for fact in pack.facts.iter().chain(columns) {
        let can = match &fact.source.it {
            Source::Register(register) => register.no_record == NoRecord::NotApplicable,
            Source::Step(step) => {
                let optional = pack.step(step).is_none_or(|step| step.needed_when.it != Expr::Always);
                optional || pack.outcome_rule(step).is_some_and(gives_not_applicable)
            }
            _ => false,
        };
        if can {
            names.insert(fact.name.it.clone());
        }
    }
    let rules = || pack.rules.iter().filter(|rule| rule.kind == RuleKind::Fact);
    let own = rules().filter(|rule| gives_not_applicable(rule));
    names.extend(own.map(|rule| rule.name.it.clone()));
    // What is calculated from something that is not applicable is not applicable either.
    loop {
        let before = names.len();
        for rule in rules() {
            let from = rule.rows.iter().any(|row| match &row.result.it {
                CellResult::Calculated(expr) => mentions(expr, &names),
                _ => false,
            });
            if from {
                names.insert(rule.name.it.clone());
            }
        }
        if names.len() == before {
            break;
        }
    }
    names
}

/// Whether a calculation reads one of the names.
fn mentions(expr: &Expr, names: &BTreeSet<Name>) -> bool {
    match expr {
        Expr::Fact(name) => names.contains(&name.it),
        Expr::Arithmetic(_, left, right) => mentions(left, names) || mentions(right, names),
        Expr::InUnit(of, _) | Expr::PartOf(_, of) | Expr::Age(of, _) => mentions(of, names),
        Expr::Apart(_, from, to) => mentions(from, names) || mentions(to, names),
        Expr::Size(name) => names.contains(&name.it),
        _ => false,
    }
}

fn gives_not_applicable(rule: &samverk_domain::pack::Rule) -> bool {
    rule.rows.iter().any(|row| row.result.it == CellResult::NotApplicable)
}

/// The variable that a day of the case stands in.
pub fn day(day: CaseDay) -> &'static str {
    match day {
        CaseDay::Application => "ansökningsdagen",
        CaseDay::Decision => "beslutsdagen",
    }
}

/// What an expression was made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    pub facts: BTreeSet<Name>,
    pub lists: BTreeSet<Name>,
    /// Columns of the lists.
    pub columns: BTreeSet<Name>,
    pub days: BTreeSet<CaseDay>,
    pub functions: BTreeSet<Function>,
}

impl Uses {
    pub fn add(&mut self, other: Self) {
        self.facts.extend(other.facts);
        self.lists.extend(other.lists);
        self.columns.extend(other.columns);
        self.days.extend(other.days);
        self.functions.extend(other.functions);
    }
}

/// Which states an expression is to be right in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum States {
    /// Nothing is missing: short enough to read in a table.
    Complete,
    /// All three.
    All,
}

/// A part of an expression with how tightly it binds.
struct Part {
    text: String,
    binds: u8,
    /// Can be *ej aktuellt*.
    e: bool,
}

const TIGHT: u8 = 9;
const LOOSE: u8 = 0;

impl Part {
    fn atom(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            binds: TIGHT,
            e: false,
        }
    }

    fn within(self, at_least: u8) -> String {
        if self.binds >= at_least {
            self.text
        } else {
            format!("({})", self.text)
        }
    }
}

/// Writes expressions of one document.
#[derive(Debug)]
pub struct Writer<'p> {
    pack: &'p Pack,
    names: &'p Names,
    not_applicable: &'p BTreeSet<Name>,
    states: States,
    pub uses: Uses,
}

/// The lists whose item is at hand, the innermost last.
type Items<'i> = Vec<&'i List>;

impl<'p> Writer<'p> {
    pub fn new(pack: &'p Pack, names: &'p Names, not_applicable: &'p BTreeSet<Name>, states: States) -> Self {
        Self {
            pack,
            names,
            not_applicable,
            states,
            uses: Uses::default(),
        }
    }

    /// A condition: true, false, `null`, or where it can be, *ej aktuellt*.
    pub fn condition(&mut self, expr: &Expr) -> Result<String, Inexpressible> {
        Ok(self.expr(expr, &mut Vec::new())?.text)
    }

    /// A calculation.
    pub fn calculation(&mut self, expr: &Expr) -> Result<String, Inexpressible> {
        Ok(self.expr(expr, &mut Vec::new())?.text)
    }

    /// A condition as a row's test: *ej aktuellt* is no match.
    pub fn test(&mut self, expr: &Expr) -> Result<String, Inexpressible> {
        let part = self.expr(expr, &mut Vec::new())?;
        if part.e {
            Ok(self.call(Function::Holds, &[part.text]).text)
        } else {
            Ok(part.within(4))
        }
    }

    pub fn can_be_not_applicable(&self, name: &Name) -> bool {
        self.not_applicable.contains(name)
    }

    /// The variable that a fact stands in.
    pub fn fact(&mut self, name: &Name) -> Result<String, Inexpressible> {
        let variable = self.names.fact(name).ok_or_else(|| inexpressible(name))?;
        self.uses.facts.insert(name.clone());
        Ok(variable.to_owned())
    }

    fn expr(&mut self, expr: &Expr, items: &mut Items<'p>) -> Result<Part, Inexpressible> {
        match expr {
            Expr::Always => Ok(Part::atom("true")),
            Expr::Constant(value) => constant(&value.it).map(Part::atom),
            Expr::Fact(name) => self.named(&name.it, items),
            Expr::Compare(how, left, right) => {
                let (left, right) = (self.expr(left, items)?, self.expr(right, items)?);
                Ok(self.compare(*how, left, right))
            }
            Expr::IsNotApplicable(name) => {
                let is = self.named(&name.it, items)?.within(TIGHT);
                let missing = match self.states {
                    States::Complete => String::new(),
                    States::All => format!("if {is} = null then null else "),
                };
                Ok(Part {
                    text: format!("{missing}if {is} = \"{NOT_APPLICABLE}\" then true else false"),
                    binds: LOOSE,
                    e: false,
                })
            }
            Expr::And(parts) => self.join(parts, Function::And, items),
            Expr::Or(parts) => self.join(parts, Function::Or, items),
            Expr::Not(of) => {
                let of = self.expr(of, items)?;
                if of.e {
                    let text = self.call(Function::Not, &[of.text]).text;
                    Ok(Part {
                        e: true,
                        ..Part::atom(text)
                    })
                } else {
                    Ok(Part::atom(format!("not({})", of.text)))
                }
            }
            Expr::Arithmetic(how, left, right) => {
                let (left, right) = (self.expr(left, items)?, self.expr(right, items)?);
                let (sign, binds) = match how {
                    Operator::Plus => ("+", 6),
                    Operator::Minus => ("-", 6),
                    Operator::Times => ("*", 7),
                    Operator::Divide => ("/", 7),
                };
                Ok(either_not_applicable(left, right, binds, |left, right| {
                    // Chains are read from the left.
                    format!("{} {sign} {}", left.within(binds), right.within(binds + 1))
                }))
            }
            Expr::Count(list) => {
                let list = self.list(&list.it)?;
                let variable = self.list_variable(list)?;
                Ok(match self.states {
                    States::All if list.min == list.max => Part::atom(list.min.to_string()),
                    States::All => Part {
                        text: format!("if {variable} = null then null else count({variable})"),
                        binds: LOOSE,
                        e: false,
                    },
                    States::Complete => Part::atom(format!("count({variable})")),
                })
            }
            Expr::Sum(name) => {
                let list = self.pack.list_of_column(&name.it).ok_or_else(|| inexpressible(expr))?;
                let variable = self.list_variable(list)?;
                self.uses.columns.insert(name.it.clone());
                let each = format!("for post in {variable} return (post.{})", column(&name.it));
                let each = self.over_list(&variable, each);
                Ok(self.call(Function::Sum, &[each]))
            }
            Expr::Any(list, of) => self.quantified(Function::Any, &list.it, of, items),
            Expr::All(list, of) => self.quantified(Function::All, &list.it, of, items),
            Expr::CountWhere(list, of) => {
                let list = self.list(&list.it)?;
                self.sum_where(list, of, None, items)
            }
            Expr::SumWhere(name, of) => {
                let list = self.pack.list_of_column(&name.it).ok_or_else(|| inexpressible(expr))?;
                self.sum_where(list, of, Some(&name.it), items)
            }
            Expr::Size(name) => {
                let of = self.named(&name.it, items)?;
                Ok(self.unless_not_applicable(of, |of| format!("count({of})")))
            }
            Expr::Has(name, word) => {
                let of = self.named(&name.it, items)?;
                let word = string(&word.it);
                Ok(self.unless_not_applicable(of, |of| format!("list contains({of}, {word})")))
            }
            Expr::Day(of) => {
                self.uses.days.insert(*of);
                Ok(Part::atom(day(*of)))
            }
            Expr::Shift(how, of, length) => {
                let duration = match length.unit {
                    Unit::Days => format!("P{}D", length.number),
                    Unit::Weeks => format!("P{}D", u64::from(length.number) * 7),
                    Unit::Months => format!("P{}M", length.number),
                    // Working days are counted by the Swedish calendar of holidays.
                    Unit::WorkingDays => return Err(inexpressible(expr)),
                };
                let sign = if *how == Operator::Minus { "-" } else { "+" };
                let of = self.expr(of, items)?;
                let duration = Part::atom(format!("duration(\"{duration}\")"));
                Ok(either_not_applicable(of, duration, 6, |of, duration| {
                    format!("{} {sign} {}", of.within(6), duration.text)
                }))
            }
            Expr::Apart(DayKind::Days, from, to) => {
                let (from, to) = (self.expr(from, items)?, self.expr(to, items)?);
                Ok(either_not_applicable(from, to, 7, |from, to| {
                    format!("({} - {}) / duration(\"P1D\")", to.within(7), from.within(7))
                }))
            }
            Expr::PartOf(part @ (PeriodPart::Start | PeriodPart::End), of) => {
                let part = if *part == PeriodPart::Start { "början" } else { "slut" };
                let of = self.expr(of, items)?;
                Ok(self.unless_not_applicable(of, |of| format!("({of}.{part})")))
            }
            Expr::InUnit(of, conversion) if conversion.factor == Decimal::ONE => self.expr(of, items),
            Expr::InUnit(of, conversion) => {
                let factor = Part::atom(conversion.factor.normalize().to_string());
                let of = self.expr(of, items)?;
                Ok(either_not_applicable(of, factor, 7, |of, factor| {
                    format!("{} * {}", of.within(7), factor.text)
                }))
            }
            // Working days, ages by identity number: these need more than FEEL has.
            other => Err(inexpressible(other)),
        }
    }

    /// How many items fulfil a condition, or what a column comes to over them.
    fn sum_where(
        &mut self,
        list: &'p List,
        of: &Expr,
        column_of: Option<&Name>,
        items: &mut Items<'p>,
    ) -> Result<Part, Inexpressible> {
        let variable = self.list_variable(list)?;
        let item = self.item(list)?;
        items.push(list);
        let of = self.expr(of, items);
        items.pop();
        let of = of?.within(6);
        let value = match column_of {
            Some(name) => {
                self.uses.columns.insert(name.clone());
                format!("({item}.{})", column(name))
            }
            None => String::from("1"),
        };
        let missing = match self.states {
            States::Complete => String::new(),
            States::All => format!("if ({of}) = null and not({value} = 0) then null else "),
        };
        let each = format!("for {item} in {variable} return {missing}if ({of}) = true then {value} else 0");
        let each = self.over_list(&variable, each);
        Ok(self.call(Function::Sum, &[each]))
    }

    /// Something made of one part, which must not see the words for *ej aktuellt* and *saknas*.
    fn unless_not_applicable(&self, of: Part, write: impl FnOnce(&str) -> String) -> Part {
        let (e, of) = (of.e, of.within(TIGHT));
        let written = write(&of);
        let missing = match self.states {
            States::Complete => String::new(),
            States::All => format!("if {of} = null then null else "),
        };
        let not_applicable = if e {
            format!("if {of} = \"{NOT_APPLICABLE}\" then \"{NOT_APPLICABLE}\" else ")
        } else {
            String::new()
        };
        let plain = missing.is_empty() && not_applicable.is_empty();
        Part {
            text: format!("{not_applicable}{missing}{written}"),
            binds: if plain { TIGHT } else { LOOSE },
            e,
        }
    }

    /// FEEL says nothing of what `for` over `null` is.
    fn over_list(&self, variable: &str, each: String) -> String {
        match self.states {
            States::Complete => each,
            States::All => format!("if {variable} = null then null else {each}"),
        }
    }

    fn named(&mut self, name: &Name, items: &Items<'p>) -> Result<Part, Inexpressible> {
        let e = self.not_applicable.contains(name);
        if let Some(list) = self.pack.list_of_column(name) {
            self.uses.columns.insert(name.clone());
            // Outside its item a column has no value.
            let text = match items.iter().any(|item| item.name.it == list.name.it) {
                // In parentheses: some readers take a keyword behind a path for a part of its last name.
                true => format!("({}.{})", self.item(list)?, column(name)),
                false => String::from("null"),
            };
            return Ok(Part { e, ..Part::atom(text) });
        }
        let text = self.fact(name)?;
        Ok(Part { e, ..Part::atom(text) })
    }

    fn list(&self, name: &Name) -> Result<&'p List, Inexpressible> {
        self.pack.list(name).ok_or_else(|| inexpressible(name))
    }

    fn list_variable(&mut self, list: &List) -> Result<String, Inexpressible> {
        let name = &list.name.it;
        let variable = self.names.list(name).ok_or_else(|| inexpressible(name))?;
        self.uses.lists.insert(name.clone());
        Ok(variable.to_owned())
    }

    /// The variable for one item.
    fn item(&self, list: &List) -> Result<String, Inexpressible> {
        let name = &list.name.it;
        let variable = self.names.list(name).ok_or_else(|| inexpressible(name))?;
        Ok(format!("{variable}_post"))
    }

    /// Only those that can be *ej aktuellt*, or are compared as equal where something may be missing, need more than FEEL's
    /// own comparison.
    fn compare(&mut self, how: Comparison, left: Part, right: Part) -> Part {
        let sign = match how {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        };
        let is_equality = matches!(how, Comparison::Equal | Comparison::NotEqual);
        if is_equality && self.states == States::All {
            let e = left.e || right.e;
            let equal = self.call(Function::Equal, &[left.text, right.text]);
            return match how {
                Comparison::NotEqual if e => Part {
                    e,
                    ..self.call(Function::Not, &[equal.text])
                },
                Comparison::NotEqual => Part::atom(format!("not({})", equal.text)),
                _ => Part { e, ..equal },
            };
        }
        either_not_applicable(left, right, 5, |left, right| {
            format!("{} {sign} {}", left.within(6), right.within(6))
        })
    }

    fn join(&mut self, parts: &[Expr], how: Function, items: &mut Items<'p>) -> Result<Part, Inexpressible> {
        let parts: Vec<Part> = parts
            .iter()
            .map(|part| self.expr(part, items))
            .collect::<Result<_, _>>()?;
        let (word, binds) = if how == Function::And {
            (" and ", 4)
        } else {
            (" or ", 3)
        };
        if parts.iter().any(|part| part.e) {
            let all = parts.iter().all(|part| part.e);
            let list: Vec<String> = parts.into_iter().map(|part| part.text).collect();
            let call = self.call(how, &[format!("[{}]", list.join(", "))]);
            return Ok(Part { e: all, ..call });
        }
        let texts: Vec<String> = parts.into_iter().map(|part| part.within(binds + 1)).collect();
        Ok(Part {
            text: texts.join(word),
            binds,
            e: false,
        })
    }

    fn quantified(
        &mut self,
        how: Function,
        list: &Name,
        of: &Expr,
        items: &mut Items<'p>,
    ) -> Result<Part, Inexpressible> {
        let list = self.list(list)?;
        let variable = self.list_variable(list)?;
        let item = self.item(list)?;
        items.push(list);
        let of = self.expr(of, items);
        items.pop();
        let of = of?.text;
        let described = format!("for {item} in {variable} return {of}");
        let call = match self.states {
            States::Complete => self.call(how, &[described]).text,
            // Nobody has described the list: only what no list at all could change is certain.
            States::All => {
                let blank = format!("for {item} in [{{}}] return {of}");
                let blank = self.call(how, &[blank]).text;
                let described = self.call(how, &[described]).text;
                let blank = match (list.min, how) {
                    (0, Function::Any) => format!("({blank} and null)"),
                    (0, _) => format!("({blank} or null)"),
                    _ => blank,
                };
                format!("if {variable} = null then {blank} else {described}")
            }
        };
        Ok(Part {
            binds: if self.states == States::All { LOOSE } else { TIGHT },
            text: call,
            e: false,
        })
    }

    fn call(&mut self, function: Function, arguments: &[String]) -> Part {
        self.uses.functions.insert(function);
        Part::atom(format!("{}({})", function.name(), arguments.join(", ")))
    }
}

fn either_not_applicable(left: Part, right: Part, binds: u8, write: impl FnOnce(Part, Part) -> String) -> Part {
    let can: Vec<String> = [&left, &right]
        .into_iter()
        .filter(|part| part.e)
        .map(|part| {
            format!(
                "{} = \"{NOT_APPLICABLE}\"",
                Part {
                    text: part.text.clone(),
                    ..*part
                }
                .within(6)
            )
        })
        .collect();
    let text = write(left, right);
    if can.is_empty() {
        return Part { text, binds, e: false };
    }
    Part {
        text: format!("if {} then \"{NOT_APPLICABLE}\" else {text}", can.join(" or ")),
        binds: LOOSE,
        e: true,
    }
}

fn inexpressible(what: &impl ToString) -> Inexpressible {
    Inexpressible { what: what.to_string() }
}

/// A value as a FEEL literal.
pub fn constant(value: &Value) -> Result<String, Inexpressible> {
    Ok(match value {
        Value::YesNo(answer) | Value::Assessment { answer, .. } => answer.to_string(),
        Value::Number(number) => number.normalize().to_string(),
        Value::Date(date) => format!("date(\"{date}\")"),
        Value::Choice(word)
        | Value::Text(word)
        | Value::Property(word)
        | Value::OrgNr(word)
        | Value::PersonNr(word) => string(word),
        Value::Set(words) => format!(
            "[{}]",
            words.iter().map(|word| string(word)).collect::<Vec<_>>().join(", ")
        ),
        Value::Clock(minutes) => minutes.to_string(),
        Value::Period { from, to } => format!("{{början: date(\"{from}\"), slut: date(\"{to}\")}}"),
        other => return Err(inexpressible(other)),
    })
}

/// A string literal.
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

/// The days on which a row counts, as a condition.
pub fn valid_on(day: CaseDay, valid: &Validity) -> Expr {
    let nowhere = Span {
        file: FileId(0),
        start: 0,
        end: 0,
    };
    let compare = |how, date| {
        let date = Expr::Constant(Spanned {
            it: Value::Date(date),
            span: nowhere,
        });
        Expr::Compare(how, Box::new(Expr::Day(day)), Box::new(date))
    };
    let from = valid.from.map(|date| compare(Comparison::GreaterOrEqual, date));
    let to = valid.to.map(|date| compare(Comparison::LessOrEqual, date));
    match (from, to) {
        (None, None) => Expr::Always,
        (Some(only), None) | (None, Some(only)) => only,
        (Some(from), Some(to)) => Expr::And(vec![from, to]),
    }
}

/// What a cell asks of its column's fact, as a condition.
pub fn as_condition(column: &Name, test: &Test) -> Expr {
    let nowhere = Span {
        file: FileId(0),
        start: 0,
        end: 0,
    };
    let fact = |name: &Name| {
        Expr::Fact(Spanned {
            it: name.clone(),
            span: nowhere,
        })
    };
    let number = |number| {
        Expr::Constant(Spanned {
            it: Value::Number(number),
            span: nowhere,
        })
    };
    let operand = |operand: &Operand| match operand {
        Operand::Constant(value) => Expr::Constant(Spanned {
            it: value.clone(),
            span: nowhere,
        }),
        Operand::Fact(name) => fact(name),
    };
    let compare = |how, right| Expr::Compare(how, Box::new(fact(column)), Box::new(right));
    let one_of = |operands: &[Operand]| match operands {
        [only] => compare(Comparison::Equal, operand(only)),
        _ => Expr::Or(
            operands
                .iter()
                .map(|one| compare(Comparison::Equal, operand(one)))
                .collect(),
        ),
    };
    match test {
        Test::Any => Expr::Always,
        Test::NotApplicable => Expr::IsNotApplicable(Spanned {
            it: column.clone(),
            span: nowhere,
        }),
        Test::Compare(how, right) => compare(*how, operand(right)),
        Test::Between(low, high) => Expr::And(vec![
            compare(Comparison::GreaterOrEqual, number(*low)),
            compare(Comparison::LessOrEqual, number(*high)),
        ]),
        Test::OneOf(operands) => one_of(operands),
        Test::NotOneOf(operands) => Expr::Not(Box::new(one_of(operands))),
        Test::Within(low, high) => {
            let value = |value: &Value| {
                Expr::Constant(Spanned {
                    it: value.clone(),
                    span: nowhere,
                })
            };
            Expr::And(vec![
                compare(Comparison::GreaterOrEqual, value(low)),
                compare(Comparison::LessOrEqual, value(high)),
            ])
        }
        Test::Has(word) | Test::Lacks(word) => {
            let column = Spanned {
                it: column.clone(),
                span: nowhere,
            };
            let word = Spanned {
                it: word.clone(),
                span: nowhere,
            };
            let has = Expr::Has(column, word);
            match test {
                Test::Lacks(_) => Expr::Not(Box::new(has)),
                _ => has,
            }
        }
        Test::Condition(expr) => expr.clone(),
    }
}
