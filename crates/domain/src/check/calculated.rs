//! What rules calculate, and which law an applicant may choose (codes S322, S323).
//!
//! Always true: a calculation is judged by the ends of the types that it reads, so what is reported may need a combination that
//! the tables rule out; it is a warning then, never an error.

use rust_decimal::Decimal;

use super::graph::type_of;
use super::types::range;
use crate::finding::Finding;
use crate::pack::{CellResult, Expr, Operator, Pack, Rule, Source, Transition, Type};

pub fn check(pack: &Pack, found: &mut Vec<Finding>) {
    for rule in &pack.rules {
        results(pack, rule, found);
        transition(pack, rule, found);
    }
}

/// Results outside their type.
fn results(pack: &Pack, rule: &Rule, found: &mut Vec<Finding>) {
    let Some((ty, (min, max, _))) = type_of(pack, &rule.name.it).and_then(|ty| Some((ty, range(ty)?))) else {
        return;
    };
    for row in &rule.rows {
        let CellResult::Calculated(calculation) = &row.result.it else {
            continue;
        };
        let Some((least, most)) = ends(pack, calculation, 0) else {
            continue;
        };
        if min <= least && most <= max {
            continue;
        }
        let words = |number| crate::words::amount::swedish(number);
        found.push(
            Finding::warning(
                "S322",
                row.result.span,
                format!("Beräkningen kan hamna utanför vad `{}` kan vara.", rule.name.it),
            )
            .label(format!("kan bli {} till {}; typen är {ty}", words(least), words(most)))
            .suggest("Vidga typen, eller snäva in det som beräkningen bygger på."),
        );
    }
}

/// The least and the greatest that a calculation can become; nothing where that is not known.
fn ends(pack: &Pack, expr: &Expr, depth: usize) -> Option<(Decimal, Decimal)> {
    if depth > crate::rules::EXPRESSION_DEPTH_MAX {
        return None;
    }
    let of = |part| ends(pack, part, depth + 1);
    let rows = |name| {
        let list = pack.list(name)?;
        Some((Decimal::from(list.min), Decimal::from(list.max)))
    };
    let one_or_none = |(least, most): (Decimal, Decimal)| (least.min(Decimal::ZERO), most.max(Decimal::ZERO));
    match expr {
        Expr::Constant(value) => match &value.it {
            crate::fact::Value::Number(number) => Some((*number, *number)),
            _ => None,
        },
        Expr::Fact(name) => range(type_of(pack, &name.it)?).map(|(min, max, _)| (min, max)),
        Expr::InUnit(number, conversion) => {
            let (least, most) = of(number)?;
            Some((
                least.checked_mul(conversion.factor)?,
                most.checked_mul(conversion.factor)?,
            ))
        }
        Expr::Count(list) => rows(&list.it),
        Expr::CountWhere(list, _) => Some((Decimal::ZERO, rows(&list.it)?.1)),
        Expr::Size(name) => match type_of(pack, &name.it)? {
            Type::Several(words) => Some((Decimal::ZERO, Decimal::from(words.len()))),
            _ => None,
        },
        Expr::Sum(column) | Expr::SumWhere(column, _) => {
            let (least, most, _) = range(type_of(pack, &column.it)?)?;
            let list = pack.list_of_column(&column.it)?;
            let (few, many) = match expr {
                Expr::Sum(_) => (Decimal::from(list.min), Decimal::from(list.max)),
                _ => (Decimal::ZERO, Decimal::from(list.max)),
            };
            let (below, above) = one_or_none((least, most));
            let least = if least > Decimal::ZERO {
                least.checked_mul(few)?
            } else {
                below.checked_mul(many)?
            };
            let most = if most < Decimal::ZERO {
                most.checked_mul(few)?
            } else {
                above.checked_mul(many)?
            };
            Some((least, most))
        }
        Expr::Arithmetic(how, left, right) => {
            let (left, right) = (of(left)?, of(right)?);
            let mut all = Vec::with_capacity(4);
            for left in [left.0, left.1] {
                for right in [right.0, right.1] {
                    all.push(match how {
                        Operator::Plus => left.checked_add(right),
                        Operator::Minus => left.checked_sub(right),
                        Operator::Times => left.checked_mul(right),
                        Operator::Divide => left.checked_div(right),
                    }?);
                }
            }
            Some((*all.iter().min()?, *all.iter().max()?))
        }
        _ => None,
    }
}

/// A transition needs somebody who may choose, and something to choose between.
fn transition(pack: &Pack, rule: &Rule, found: &mut Vec<Finding>) {
    let Some(transition) = &rule.transition else { return };
    let name = &transition.it.choice;
    let chooses = pack.fact(name).is_some_and(|fact| {
        let words = match &fact.ty.it {
            Type::Choice(words) => {
                words.len() == 2
                    && [Transition::OLDER, Transition::NEWER]
                        .iter()
                        .all(|word| words.iter().any(|own| own == word))
            }
            _ => false,
        };
        words && fact.source.it == Source::Applicant
    });
    if !chooses {
        found.push(
            Finding::error(
                "S323",
                transition.span,
                format!("Övergången avgörs av `{name}`, som inte är sökandens val mellan äldre och nya regler."),
            )
            .label("fel typ eller källa")
            .suggest("Ge uppgiften typen `äldre / nya` och källan sökanden."),
        );
    } else if rule.rows.iter().all(|row| row.valid.is_none()) {
        found.push(
            Finding::error(
                "S323",
                transition.span,
                format!("Övergången i tabellen {} har inget att välja mellan.", rule.name.it),
            )
            .label("ingen rad gäller bara en viss tid")
            .suggest("Skriv kolumnen `gäller`, eller ta bort övergången."),
        );
    }
}
