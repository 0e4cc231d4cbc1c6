//! Which lists are worth trying: one for each way in which the document's conditions on a list can come out together.
//!
//! Always true: a condition `någon` or `alla` comes out for a list as the strongest of what it comes to for each item alone,
//! and a count as the sum over the items up to the largest number that it is compared with. So the ways in which they come out
//! for longer lists follow from the shorter ones by adding one item at a time, until nothing new comes; that is what is done
//! here, and it is all of them. What is summed has no such end: then [`Lists::unproven`] says why.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use samverk_author::export::dmn;
use samverk_domain::fact::{Facts, Known, Name, Value};
use samverk_domain::finding::{FileId, Span, Spanned};
use samverk_domain::pack::{CellResult, Comparison, Expr, List, Pack};
use samverk_domain::rules::{Classes, Probe, Scope, Setting};

/// Kinds of items of one list.
const KINDS_MAX: usize = 5_000;
/// Ways in which the conditions on one list come out.
const WAYS_MAX: usize = 5_000;
/// A count that is compared with something that varies.
const COUNT_MAX: u32 = 6;
/// Cases of the facts beside a list that its conditions read.
const BESIDE_MAX: usize = 100;

pub type Item = BTreeMap<Name, Known<Value>>;

pub struct Lists {
    pub lists: Vec<Vec<Item>>,
    /// Why these are not all that differ.
    pub unproven: Option<String>,
}

struct Atom {
    expr: Expr,
    scope: Scope,
    beside: Vec<Facts>,
}

/// The lists of one kind that the document tells apart, the empty one first, and every kind of item alone.
pub fn of(pack: &Pack, list: &List, classes: &Classes, probe: &Probe<'_>, setting: &Setting) -> Lists {
    let mut unproven = None;
    let mut exprs = Vec::new();
    for expr in conditions(pack) {
        conditions_on(pack, list, &expr, &mut exprs, &mut unproven);
    }
    let columns: BTreeSet<Name> = dmn::uses(pack, &exprs).columns.into_iter().collect();
    let own = list.columns.iter().map(|column| &column.name.it);
    let own: Vec<&Name> = own.filter(|column| columns.contains(*column)).collect();
    let mut kinds: Vec<Item> = vec![Item::new()];
    for column in own {
        let mut states = classes.of(column).to_vec();
        states.push(Known::UNANSWERED);
        kinds = kinds
            .into_iter()
            .flat_map(|kind| {
                states.iter().map(move |state| {
                    let mut kind = kind.clone();
                    kind.insert(column.clone(), state.clone());
                    kind
                })
            })
            .collect();
        if kinds.len() > KINDS_MAX {
            unproven = Some(format!("more than {KINDS_MAX} kinds of items in {}", list.name.it));
            kinds.truncate(KINDS_MAX);
        }
    }
    let mut atoms = Vec::new();
    for expr in exprs {
        let facts = dmn::uses(pack, std::slice::from_ref(&expr)).facts;
        let mut beside = vec![Facts::default()];
        for name in &facts {
            if pack.rule(name).is_some() || pack.parameter(name).is_some() {
                unproven = Some(format!("{name} beside the list {} is no fact of its own", list.name.it));
            }
            let mut states = classes.of(name).to_vec();
            states.push(Known::UNANSWERED);
            beside = beside
                .into_iter()
                .flat_map(|facts| {
                    states.iter().map(move |state| {
                        let mut facts = facts.clone();
                        facts.set(name.clone(), state.clone());
                        facts
                    })
                })
                .collect();
        }
        if beside.len() > BESIDE_MAX {
            unproven = Some(format!("`{expr}` reads too much beside the list"));
            beside.truncate(BESIDE_MAX);
        }
        let mut names = facts;
        names.extend(columns.iter().cloned());
        atoms.push(Atom {
            scope: probe.scope(&names),
            expr,
            beside,
        });
    }
    let comes_out = |items: &[Item]| -> Vec<Option<Known<bool>>> {
        let mut ways = Vec::new();
        for atom in &atoms {
            for beside in &atom.beside {
                let mut facts = beside.clone();
                facts.lists.insert(list.name.it.clone(), items.to_vec());
                let state = probe.condition(&atom.scope, &atom.expr, &facts, setting);
                // Why it is missing tells nothing apart.
                ways.push((!state.is_missing()).then_some(state));
            }
        }
        ways
    };
    let mut by_way: BTreeMap<String, usize> = BTreeMap::new();
    let mut lists: Vec<Vec<Item>> = vec![Vec::new()];
    by_way.insert(format!("{:?}", comes_out(&[])), 0);
    // Kinds that come out alike alone add the same to every list.
    let mut told_apart: BTreeMap<String, Item> = BTreeMap::new();
    for kind in &kinds {
        told_apart
            .entry(format!("{:?}", comes_out(std::slice::from_ref(kind))))
            .or_insert_with(|| kind.clone());
    }
    let mut at = 0;
    while at < lists.len() {
        let shorter = lists[at].clone();
        at += 1;
        if shorter.len() >= usize::try_from(list.max).unwrap_or(usize::MAX) {
            continue;
        }
        for kind in told_apart.values() {
            let mut longer = shorter.clone();
            longer.push(kind.clone());
            let way = format!("{:?}", comes_out(&longer));
            if !by_way.contains_key(&way) {
                if by_way.len() >= WAYS_MAX {
                    unproven = Some(format!(
                        "conditions on {} come out in more than {WAYS_MAX} ways",
                        list.name.it
                    ));
                    at = lists.len();
                    break;
                }
                by_way.insert(way, lists.len());
                lists.push(longer);
            }
        }
    }
    for kind in kinds {
        let alone = vec![kind];
        if !lists.contains(&alone) {
            lists.push(alone);
        }
    }
    Lists { lists, unproven }
}

/// Every condition and calculation of the document.
fn conditions(pack: &Pack) -> Vec<Expr> {
    let mut all: Vec<Expr> = pack.steps.iter().map(|step| step.needed_when.it.clone()).collect();
    for rule in &pack.rules {
        for row in &rule.rows {
            all.extend(dmn::conditions(rule, row));
            if let CellResult::Calculated(expr) = &row.result.it {
                all.push(expr.clone());
            }
        }
    }
    all
}

/// The parts of a condition that a list decides.
fn conditions_on(pack: &Pack, list: &List, expr: &Expr, found: &mut Vec<Expr>, unproven: &mut Option<String>) {
    let is_of = |name: &Name| *name == list.name.it;
    match expr {
        Expr::And(parts) | Expr::Or(parts) => {
            for part in parts {
                conditions_on(pack, list, part, found, unproven);
            }
        }
        Expr::Not(part) => conditions_on(pack, list, part, found, unproven),
        Expr::Any(name, _) | Expr::All(name, _) => {
            if is_of(&name.it) {
                found.push(expr.clone());
            } else if dmn::uses(pack, std::slice::from_ref(expr))
                .lists
                .contains(&list.name.it)
            {
                *unproven = Some(format!("`{expr}` reads two lists"));
            }
        }
        Expr::Compare(_, left, right) => {
            for (side, other) in [(left, right), (right, left)] {
                let limit = match &**other {
                    Expr::Constant(constant) => match &constant.it {
                        Value::Number(number) => number.ceil().to_u32().map(|most| most.saturating_add(1)),
                        _ => None,
                    },
                    _ => None,
                };
                counted(pack, list, side, limit, found, unproven);
            }
        }
        other => counted(pack, list, other, None, found, unproven),
    }

    fn counted(
        pack: &Pack,
        list: &List,
        expr: &Expr,
        limit: Option<u32>,
        found: &mut Vec<Expr>,
        unproven: &mut Option<String>,
    ) {
        match expr {
            Expr::Count(name) | Expr::CountWhere(name, _) if name.it == list.name.it => {
                let most = limit.unwrap_or(COUNT_MAX).min(list.max);
                if limit.is_none() && list.max > COUNT_MAX {
                    *unproven = Some(format!("`{expr}` is compared with something that varies"));
                }
                found.extend((1..=most).map(|number| at_least(expr, number)));
            }
            Expr::Sum(name) | Expr::SumWhere(name, _)
                if pack
                    .list_of_column(&name.it)
                    .is_some_and(|own| own.name.it == list.name.it) =>
            {
                *unproven = Some(format!("`{expr}`: sums have no classes"));
                found.push(at_least(expr, 1));
            }
            Expr::Arithmetic(_, left, right) => {
                counted(pack, list, left, None, found, unproven);
                counted(pack, list, right, None, found, unproven);
            }
            Expr::InUnit(of, _) => counted(pack, list, of, limit, found, unproven),
            _ => {}
        }
    }
}

fn at_least(expr: &Expr, number: u32) -> Expr {
    let constant = Expr::Constant(Spanned {
        it: Value::Number(Decimal::from(number)),
        span: Span {
            file: FileId(0),
            start: 0,
            end: 0,
        },
    });
    Expr::Compare(Comparison::GreaterOrEqual, Box::new(expr.clone()), Box::new(constant))
}
