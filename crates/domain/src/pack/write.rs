//! Writes parts of a document back in its own notation: `tal 0–5000 liter`, `gas.inne > 2 och gas.ute > 60`, `4 månader`.
//!
//! Always true: what [`super::parse`] read, written here and read again, is the same. Units behind constants fall away.

use std::fmt::{self, Display, Formatter};

use rust_decimal::Decimal;

use super::*;
use crate::fact::Value;
use crate::words::amount;
use crate::words::time::month_name;

/// A number with exactly so many decimals, Swedish.
fn number(n: Decimal, decimals: u32) -> String {
    let written = amount::swedish(n);
    let has = written.split_once(',').map_or(0, |(_, decimals)| decimals.len());
    let missing = (decimals as usize).saturating_sub(has);
    match (has, missing) {
        (_, 0) => written,
        (0, _) => format!("{written},{}", "0".repeat(missing)),
        _ => format!("{written}{}", "0".repeat(missing)),
    }
}

/// A constant as a cell or a condition writes it; words that would be read as something else stand in quotes.
pub(super) fn constant(value: &Value) -> String {
    match value {
        Value::Choice(word) | Value::Text(word) | Value::Property(word) => {
            let plain = word.starts_with(char::is_alphabetic)
                && word.chars().all(|c| c.is_alphanumeric() || c == '-')
                && !word.ends_with('-')
                && !parse::is_keyword(&word.to_lowercase());
            let clock_or_code =
                word.starts_with(|c: char| c.is_ascii_digit()) && word.chars().all(|c| c.is_ascii_digit() || c == ':');
            if plain || clock_or_code {
                word.clone()
            } else if word.contains('"') {
                format!("«{word}»")
            } else {
                format!("\"{word}\"")
            }
        }
        Value::Assessment { answer, reasons } => format!("{}; {reasons}", if *answer { "ja" } else { "nej" }),
        other => other.to_string(),
    }
}

impl Display for Type {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::YesNo => f.write_str("ja/nej"),
            Self::Assessment => f.write_str("ja/nej + motivering"),
            Self::Choice(words) => f.write_str(&words.join(" / ")),
            Self::Several(words) => write!(f, "flera av {}", words.join(" / ")),
            Self::Number {
                min,
                max,
                decimals,
                unit,
            } => {
                write!(f, "tal {}–{}", number(*min, *decimals), number(*max, *decimals))?;
                match unit {
                    Some(unit) => write!(f, " {unit}"),
                    None => Ok(()),
                }
            }
            Self::Kronor { min, max } => write!(f, "kr {}–{}", amount::swedish(*min), amount::swedish(*max)),
            Self::Text { characters_max } => write!(f, "text ≤ {characters_max}"),
            Self::Date => f.write_str("datum"),
            Self::Clock { from: 0, to: 1439 } => f.write_str("klockslag"),
            Self::Clock { from, to } => write!(f, "klockslag {}–{}", Value::Clock(*from), Value::Clock(*to)),
            Self::Period => f.write_str("period"),
            Self::OrgNr => f.write_str("orgnr"),
            Self::PersonNr => f.write_str("personnummer"),
            Self::Property => f.write_str("fastighet"),
            Self::Municipality => f.write_str("kommunkod"),
            Self::Attachment {
                formats,
                bytes_max,
                shows,
            } => write!(
                f,
                "bilaga {}; ≤ {} MB; visar {shows}",
                formats.join(", "),
                bytes_max / 1_000_000
            ),
        }
    }
}

impl Display for Source {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login => f.write_str("inloggning"),
            Self::Represented => f.write_str("företräds"),
            Self::Applicant => f.write_str("sökanden"),
            Self::Register(source) => source.fmt(f),
            Self::CaseWorker => f.write_str("handläggare"),
            Self::Referral(referral) => referral.fmt(f),
            Self::Step(step) => write!(f, "steg {step}"),
            Self::Rule => f.write_str("regel"),
            Self::Parameter => f.write_str("parameter"),
        }
    }
}

impl Display for RegisterSource {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mode = match self.mode {
            Mode::ViaApplicant => "via sökanden",
            Mode::Direct => "direkt",
        };
        write!(
            f,
            "register {}.{} för {}, {mode}",
            self.register, self.field, self.subject
        )?;
        match &self.no_record {
            NoRecord::Value(value) => write!(f, "; ingen post = {}", constant(value))?,
            NoRecord::NotApplicable => f.write_str("; ingen post = ej aktuellt")?,
            NoRecord::Missing => {}
        }
        match self.when_down {
            WhenDown::Ask => f.write_str("; ur funktion = fråga"),
            WhenDown::Wait => Ok(()),
        }
    }
}

impl Display for Referral {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let required = match self.required {
            Required::ForGrant => "krävs för bifall",
            Required::Always => "krävs",
            Required::Optional => "frivillig",
        };
        let within = Length {
            number: self.weeks,
            unit: Unit::Weeks,
        };
        write!(f, "remiss {}, {required}, {within}", self.role)
    }
}

impl Display for Area {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Country => f.write_str("riket"),
            Self::MunicipalityOf(fact) => write!(f, "kommun för {fact}"),
        }
    }
}

impl Display for Underlag {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fact(fact) => fact.fmt(f),
            Self::Prefix(prefix) => write!(f, "{prefix}.*"),
        }
    }
}

impl Display for After {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let event = match self.event {
            AfterEvent::Submitted => "inskickad",
            AfterEvent::Decided => "beslutad",
            AfterEvent::Granted => "bifall",
            AfterEvent::Final => "laga kraft",
        };
        write!(f, "{event} {}", self.step)
    }
}

impl Display for Length {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let unit = match (self.unit, self.number) {
            (Unit::Days, 1) => "dag",
            (Unit::Days, _) => "dagar",
            (Unit::WorkingDays, 1) => "arbetsdag",
            (Unit::WorkingDays, _) => "arbetsdagar",
            (Unit::Weeks, 1) => "vecka",
            (Unit::Weeks, _) => "veckor",
            (Unit::Months, 1) => "månad",
            (Unit::Months, _) => "månader",
        };
        write!(f, "{} {unit}", self.number)
    }
}

impl Display for Start {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Received => "inkommet",
            Self::Complete => "komplett",
            Self::Served => "del",
            Self::Decision => "beslut",
        })
    }
}

impl Display for Frist {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some((length, start)) = self.decide_within {
            write!(f, "{length} från {start}")?;
        }
        if let Some(extension) = self.extension {
            write!(f, ", förlängs {extension}")?;
        }
        if let Some((length, start)) = self.may_start {
            let join = if self.decide_within.is_some() { "; " } else { "" };
            write!(f, "{join}start tidigast {length} från {start}")?;
        }
        Ok(())
    }
}

impl Display for Policy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unique => f.write_str("unik"),
            Self::First => f.write_str("första"),
            Self::Collect { otherwise } => write!(f, "samla; annars {otherwise}"),
        }
    }
}

impl Display for CountedAt {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Application => "ansökan",
            Self::Decision => "beslut",
            Self::Event => "händelse",
        })
    }
}

impl Display for Column {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id => f.write_str("id"),
            Self::Input(fact) => fact.fmt(f),
            Self::When => f.write_str("när"),
            Self::Valid => f.write_str("gäller"),
            Self::Result => f.write_str("→"),
            Self::Because => f.write_str("→ därför att"),
            Self::Law => f.write_str("→ lagrum"),
        }
    }
}

impl Display for Validity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (Some(from), Some(to)) => write!(f, "{from} – {to}"),
            (Some(from), None) => write!(f, "från {from}"),
            (None, Some(to)) => write!(f, "till {to}"),
            (None, None) => f.write_str("–"),
        }
    }
}

impl Display for Transition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "övergång {} – {} enligt {}", self.from, self.to, self.choice)
    }
}

impl Display for CaseDay {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Application => "ansökningsdagen",
            Self::Decision => "beslutsdagen",
        })
    }
}

impl Display for DayKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Days => "dagar",
            Self::WorkingDays => "arbetsdagar",
        })
    }
}

impl Display for PeriodPart {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "början",
            Self::End => "slut",
            Self::Days => "dagar",
        })
    }
}

impl Display for CellResult {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => f.write_str(&constant(value)),
            Self::Calculated(expr) => write!(f, "= {expr}"),
            Self::NotApplicable => f.write_str("ej aktuellt"),
            Self::CaseWorker => f.write_str("handläggare"),
        }
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "≠",
            Self::Less => "<",
            Self::LessOrEqual => "≤",
            Self::Greater => ">",
            Self::GreaterOrEqual => "≥",
        })
    }
}

impl Display for Operator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Divide => "/",
        })
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(value) => f.write_str(&constant(value)),
            Self::Fact(fact) => fact.fmt(f),
        }
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let list = |f: &mut Formatter<'_>, operands: &[Operand]| {
            for (at, operand) in operands.iter().enumerate() {
                let join = if at > 0 { ", " } else { "" };
                write!(f, "{join}{operand}")?;
            }
            Ok(())
        };
        match self {
            Self::Any => f.write_str("–"),
            Self::NotApplicable => f.write_str("ej aktuellt"),
            Self::Compare(Comparison::Equal, operand) => operand.fmt(f),
            Self::Compare(comparison, operand) => write!(f, "{comparison} {operand}"),
            Self::Between(min, max) => write!(f, "{}–{}", amount::swedish(*min), amount::swedish(*max)),
            Self::Within(from, to) => write!(f, "{from} – {to}"),
            Self::Has(word) => write!(f, "har {}", constant(&Value::Choice(word.clone()))),
            Self::Lacks(word) => write!(f, "saknar {}", constant(&Value::Choice(word.clone()))),
            Self::OneOf(operands) => list(f, operands),
            Self::NotOneOf(operands) => {
                f.write_str("inte ")?;
                list(f, operands)
            }
            Self::Condition(condition) => condition.fmt(f),
        }
    }
}

impl Expr {
    /// How tightly it binds: `eller`, `och`, `inte`, comparison, sum, product, atom.
    fn binding(&self) -> u8 {
        match self {
            Self::Or(_) => 0,
            Self::And(_) => 1,
            Self::Not(_) => 2,
            Self::Compare(..) | Self::IsNotApplicable(_) | Self::Has(..) => 3,
            Self::Arithmetic(Operator::Plus | Operator::Minus, ..) | Self::Shift(..) => 4,
            Self::Arithmetic(Operator::Times | Operator::Divide, ..) => 5,
            Self::InUnit(of, Conversion { written: None, .. }) => of.binding(),
            _ => 6,
        }
    }

    /// Writes a part, in parentheses unless it binds at least as tightly as needed.
    fn part(&self, f: &mut Formatter<'_>, at_least: u8) -> fmt::Result {
        if self.binding() >= at_least {
            self.fmt(f)
        } else {
            write!(f, "({self})")
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let chain = |f: &mut Formatter<'_>, parts: &[Expr], word: &str, at_least: u8| {
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    write!(f, " {word} ")?;
                }
                part.part(f, at_least)?;
            }
            Ok(())
        };
        match self {
            Self::Always => f.write_str("alltid"),
            Self::Fact(name) => name.it.fmt(f),
            Self::Constant(value) => f.write_str(&constant(&value.it)),
            Self::Compare(comparison, left, right) => {
                left.part(f, 4)?;
                write!(f, " {comparison} ")?;
                right.part(f, 4)
            }
            Self::IsNotApplicable(name) => write!(f, "{} är ej aktuellt", name.it),
            Self::And(parts) => chain(f, parts, "och", 2),
            Self::Or(parts) => chain(f, parts, "eller", 1),
            Self::Not(of) => {
                f.write_str("inte ")?;
                of.part(f, 2)
            }
            Self::Arithmetic(operator, left, right) => {
                // Chains are read from the left, so only the right side needs parentheses at the same binding.
                left.part(f, self.binding())?;
                write!(f, " {operator} ")?;
                right.part(f, self.binding() + 1)
            }
            Self::Count(list) => write!(f, "antal({})", list.it),
            Self::Sum(column) => write!(f, "summa({})", column.it),
            Self::Any(list, of) => write!(f, "någon({}: {of})", list.it),
            Self::All(list, of) => write!(f, "alla({}: {of})", list.it),
            Self::CountWhere(list, of) => write!(f, "antal({}: {of})", list.it),
            Self::SumWhere(column, of) => write!(f, "summa({}: {of})", column.it),
            Self::Size(name) => write!(f, "antal({})", name.it),
            Self::Has(name, word) => write!(f, "{} har {}", name.it, constant(&Value::Choice(word.it.clone()))),
            Self::Day(day) => day.fmt(f),
            Self::Shift(operator, day, by) => {
                day.part(f, 4)?;
                write!(f, " {operator} {by}")
            }
            Self::Apart(kind, from, to) => write!(f, "{kind}({from}, {to})"),
            Self::Age(of, _) => write!(f, "ålder({of})"),
            Self::PartOf(part, period) => write!(f, "{part}({period})"),
            Self::InUnit(of, Conversion { written: None, .. }) => of.fmt(f),
            Self::InUnit(
                of,
                Conversion {
                    written: Some(unit), ..
                },
            ) => write!(f, "{of} {unit}"),
        }
    }
}

impl Display for OutcomeKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Registration => "registrering",
            Self::Favourable => "gynnande",
            Self::Burdensome => "betungande",
            Self::Acknowledgement => "kvittens",
            Self::Agreement => "avtal",
        })
    }
}

impl Display for Decider {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Automatic { delegation } => write!(f, "automatiskt enligt {delegation}"),
            Self::Delegate { delegation, when: None } => write!(f, "delegat enligt {delegation}"),
            Self::Delegate {
                delegation,
                when: Some(condition),
            } => write!(f, "delegat enligt {delegation} när {condition}, annars nämnd"),
            Self::Board => f.write_str("nämnd"),
            Self::Agency => f.write_str("myndighet"),
            Self::Nobody => f.write_str("ingen"),
            Self::Performer => f.write_str("utföraren"),
        }
    }
}

impl Display for RoleKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authority => "myndighet",
            Self::Private => "privat",
        })
    }
}

impl Display for Sensitive {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Health => "känslig hälsa",
            Self::Other => "känslig",
        })
    }
}

/// As it stands behind `sökanden; `.
impl Display for Held {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "finns hos {}", self.by.it)?;
        match &self.obstacle {
            Some(obstacle) => write!(f, "; hinder {}", obstacle.it),
            None => Ok(()),
        }
    }
}

impl Display for SignedBy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Applicant => f.write_str("sökanden"),
            Self::Signatories => f.write_str("firmatecknare"),
            Self::Everyone(column) => write!(f, "alla {column}"),
            Self::Person(fact) => fact.fmt(f),
        }
    }
}

impl Display for Due {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(length, DueFrom::Event) => write!(f, "{length} från händelse"),
            Self::Within(length, DueFrom::Start(start)) => write!(f, "{length} från {start}"),
            Self::Yearly { month, day } => write!(f, "{day} {} varje år", month_name(*month)),
            Self::Before => f.write_str("i förväg"),
            Self::AtOnce => f.write_str("genast"),
            Self::Always => f.write_str("löpande"),
        }
    }
}

impl Display for About {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name)
            | Self::Step(name)
            | Self::Role(name)
            | Self::List(name)
            | Self::Control(name)
            | Self::Signature(name)
            | Self::Duty(name) => name.fmt(f),
            Self::Row(rule, row) => write!(f, "{rule} {row}"),
        }
    }
}

impl Display for Regime {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Administrative => "förvaltningsbesvär",
            Self::LegalityReview => "laglighetsprövning",
        })
    }
}

impl Display for Appeal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::To {
                regime,
                instance,
                within,
                from,
            } => write!(f, "{regime}, {instance}, {within} från {from}"),
            Self::No { reason } => write!(f, "överklagas inte, {reason}"),
        }
    }
}

impl Display for ParameterType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(ty) => ty.fmt(f),
            Self::Delegation => f.write_str("delegation"),
        }
    }
}

impl Display for SetBy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Law => "lag",
            Self::Council => "fullmäktige",
            Self::Board => "nämnd",
            Self::Agency => "myndighet",
        })
    }
}

impl Display for ParameterDefault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("saknas"),
            Self::CaseWorker => f.write_str("handläggare"),
            Self::Dated(values) => {
                // The latest first, as a reader looks for it.
                for (at, (day, value)) in values.iter().rev().enumerate() {
                    let join = if at > 0 { "; " } else { "" };
                    write!(f, "{join}{}", constant(value))?;
                    if let Some(day) = day {
                        write!(f, " från {day}")?;
                    }
                }
                Ok(())
            }
        }
    }
}
