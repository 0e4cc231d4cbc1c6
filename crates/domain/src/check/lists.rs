//! Lists, tried by what can be told of them: one list for every combination of answers that its items can give.
//!
//! What a question sees of a list are counts and sums of its items. Items fall into *kinds*: two items of one kind are told
//! apart by no condition of the question. A list is then how many it has of each kind, and every comparison with a count or a
//! sum is a linear form of those numbers, with the numbers outside the list that it is compared with (`summa(person.aktier) =
//! aktier.antal`) as variables beside them. Each form is cut where some answer changes; [`super::integers`] decides which
//! combinations of stretches some list has, and gives one list for each.
//!
//! Always true here: every list handed on is one that can be filled in, with its numbers; what is found in it is found by the
//! evaluator. Where not every combination is handed on it is said ([`Limit`]): a condition that is not linear, an item rule
//! behind a relation, or more kinds, lists or steps than are tried.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::integers::{Fraction, System, TooMuch, Var, gcd};
use super::search::{Case, Search};
use super::uses::{self, By, Kind as UseKind};
use crate::fact::{Cause, Known, Name, Value};
use crate::pack::{Column, Comparison, Expr, Operand, Operator, ParameterDefault, Rule, Source, Test};
use rust_decimal::Decimal;

/// Lists handed on for one question, where the facts before them are as they are.
const LISTS_MAX: usize = 4_000;
/// Items that differ in some column that is asked.
const ITEMS_MAX: usize = 4_096;
/// Ways in which the relations of one item can come out.
const RELATIONS_MAX: usize = 64;

/// Why not every combination was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    pub lists: Vec<Name>,
    pub numbers: Vec<Name>,
    pub why: &'static str,
    /// Lists that were tried.
    pub tried: usize,
}

const NOT_LINEAR: &str = "de jämförs på ett sätt som inte är en summa";
const BEHIND_RULES: &str = "en rad jämförs genom en annan regel som i sin tur beror av listan";
const NESTED: &str = "ett villkor om en lista står inuti ett villkor om en lista";
const TOO_MANY_KINDS: &str = "raderna kan vara olika på fler sätt än som räknas igenom";
const TOO_MANY_LISTS: &str = "listorna är fler än som räknas igenom";
const TOO_MANY_STEPS: &str = "talen i jämförelserna går inte att räkna igenom";

// ---- what a question looks at ----

/// The conditions behind a question, taken apart. Each stands in one of the documents that are compared.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    compared: Vec<(usize, Comparison, Expr, Expr)>,
    /// `någon` and `alla`.
    some: Vec<(usize, Expr)>,
    /// Conditions of rules that give each item a value.
    of_items: Vec<(usize, Name, Expr)>,
    cut: bool,
}

impl Looks {
    /// Everything behind these conditions; with a list where they are asked of each item.
    pub fn of(search: &Search<'_>, conditions: impl IntoIterator<Item = (Option<Name>, Expr)>) -> Self {
        let mut looks = Self::default();
        let mut todo: Vec<(Option<Name>, Expr)> = conditions.into_iter().collect();
        let mut seen: BTreeSet<Name> = BTreeSet::new();
        while let Some((list, condition)) = todo.pop() {
            for (name, _) in names_of(&condition) {
                let Some(rule) = search.pack.rule(&name).filter(|_| seen.insert(name)) else {
                    continue;
                };
                let list = search.pack.list_of_rule(rule).map(|list| list.name.it.clone());
                todo.extend(conditions_of(rule, 0..rule.rows.len()).map(|it| (list.clone(), it)));
                let results = rule.rows.iter().filter_map(|row| match &row.result.it {
                    crate::pack::CellResult::Calculated(result) => Some((list.clone(), result.clone())),
                    _ => None,
                });
                todo.extend(results);
            }
            match list {
                Some(list) => looks.of_items.push((0, list, condition)),
                None => looks.see(search, &condition),
            }
        }
        looks
    }

    fn see(&mut self, search: &Search<'_>, condition: &Expr) {
        match condition {
            Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| self.see(search, part)),
            Expr::Not(part) => self.see(search, part),
            Expr::Any(..) | Expr::All(..) => self.some.push((0, condition.clone())),
            Expr::Compare(how, left, right) => {
                for side in [left, right] {
                    super::search::measured(side, &mut |part| {
                        if matches!(part, Expr::Any(..) | Expr::All(..)) {
                            self.some.push((0, part.clone()));
                        }
                    });
                }
                let (all, is_cut) = search.expanded(condition.clone(), true);
                self.cut |= is_cut;
                for pair in all {
                    // What a rule calculates is rounded to its type.
                    self.cut |= pair != *condition && has_fractions(&pair);
                    if let Expr::Compare(_, left, right) = pair {
                        self.compared.push((0, *how, *left, *right));
                    }
                }
            }
            _ => {}
        }
    }

    /// Also what is looked at beside: in the same document, or in the other.
    pub fn add(&mut self, more: Self, in_other: bool) {
        let moved = |it: usize| it + usize::from(in_other);
        let compared = more.compared.into_iter();
        self.compared
            .extend(compared.map(|(at, how, a, b)| (moved(at), how, a, b)));
        self.some.extend(more.some.into_iter().map(|(at, it)| (moved(at), it)));
        let of_items = more.of_items.into_iter();
        self.of_items
            .extend(of_items.map(|(at, list, it)| (moved(at), list, it)));
        self.cut |= more.cut;
    }
}

/// The conditions of a rule's rows, its cells as conditions.
pub fn conditions_of(rule: &Rule, rows: impl IntoIterator<Item = usize>) -> impl Iterator<Item = Expr> {
    let columns: Vec<_> = rule
        .columns
        .iter()
        .filter_map(|column| match &column.it {
            Column::Input(name) => Some(Some((name.clone(), column.span))),
            Column::When => Some(None),
            _ => None,
        })
        .collect();
    rows.into_iter()
        .filter_map(|at| rule.rows.get(at))
        .flat_map(move |row| {
            let cells: Vec<Expr> = columns
                .iter()
                .zip(&row.tests)
                .filter_map(|(column, test)| condition_of(column.as_ref(), &test.it))
                .collect();
            cells
        })
}

/// A cell as a condition: what it holds for is the same, but for *ej aktuellt*.
fn condition_of(column: Option<&(Name, crate::finding::Span)>, test: &Test) -> Option<Expr> {
    if let Test::Condition(condition) = test {
        return Some(condition.clone());
    }
    let (name, span) = column?;
    let spanned = |it: Name| crate::finding::Spanned { it, span: *span };
    let fact = || Expr::Fact(spanned(name.clone()));
    let constant = |it: Value| Expr::Constant(crate::finding::Spanned { it, span: *span });
    let operand = |operand: &Operand| match operand {
        Operand::Constant(value) => constant(value.clone()),
        Operand::Fact(name) => Expr::Fact(spanned(name.clone())),
    };
    let compare = |how, with: Expr| Expr::Compare(how, Box::new(fact()), Box::new(with));
    let within = |low: Value, high: Value| {
        Expr::And(vec![
            compare(Comparison::GreaterOrEqual, constant(low)),
            compare(Comparison::LessOrEqual, constant(high)),
        ])
    };
    let one_of = |them: &[Operand]| Expr::Or(them.iter().map(|it| compare(Comparison::Equal, operand(it))).collect());
    let word = |it: &String| crate::finding::Spanned {
        it: it.clone(),
        span: *span,
    };
    Some(match test {
        Test::Any | Test::Condition(_) => return None,
        Test::NotApplicable => Expr::IsNotApplicable(spanned(name.clone())),
        Test::Compare(how, with) => compare(*how, operand(with)),
        Test::Between(low, high) => within(Value::Number(*low), Value::Number(*high)),
        Test::Within(low, high) => within(low.clone(), high.clone()),
        Test::OneOf(them) => one_of(them),
        Test::NotOneOf(them) => Expr::Not(Box::new(one_of(them))),
        Test::Has(it) | Test::Lacks(it) => Expr::Has(spanned(name.clone()), word(it)),
    })
}

/// Whether what is calculated may have to be rounded.
fn has_fractions(expr: &Expr) -> bool {
    let mut found = false;
    walk(expr, &mut |part| {
        found |= match part {
            Expr::Arithmetic(Operator::Divide, ..) | Expr::InUnit(..) => true,
            Expr::Constant(value) => matches!(value.it, Value::Number(number) if number.normalize().scale() > 0),
            _ => false,
        };
    });
    found
}

/// Every name in a condition, and whether it is a list's own.
fn names_of(condition: &Expr) -> Vec<(Name, UseKind)> {
    let mut own = Vec::new();
    uses::expr(condition, &By::Control, &mut own);
    own.into_iter().map(|it| (it.name, it.kind)).collect()
}

// ---- what varies together ----

/// Lists and numbers that one question relates to each other.
#[derive(Debug)]
pub struct Joint {
    pub lists: Vec<Name>,
    pub numbers: Vec<Name>,
    /// What must be known before: what the conditions on items name besides.
    pub before: Vec<Name>,
    compared: Vec<(usize, Comparison, Expr, Expr)>,
    some: Vec<(usize, Expr)>,
    predicates: Vec<Predicate>,
    /// The list whose items are each a case of their own.
    items_of: Option<Name>,
    limit: Option<&'static str>,
    with_missing: bool,
}

/// A condition on a list's items.
#[derive(Clone, Debug)]
struct Predicate {
    side: usize,
    list: Name,
    condition: Expr,
    written: String,
}

/// What a linear form is made of.
#[derive(Clone, Debug, Default)]
struct Shape {
    lists: BTreeSet<Name>,
    numbers: BTreeSet<Name>,
    columns: BTreeSet<Name>,
}

impl Shape {
    fn with(mut self, other: Self) -> Self {
        self.lists.extend(other.lists);
        self.numbers.extend(other.numbers);
        self.columns.extend(other.columns);
        self
    }

    fn is_fixed(&self) -> bool {
        self.lists.is_empty() && self.numbers.is_empty() && self.columns.is_empty()
    }

    /// Whether an item's answer depends on more than one number.
    fn relates(&self) -> bool {
        self.columns.len() > 1 || !self.numbers.is_empty() || !self.lists.is_empty()
    }
}

/// A number that may vary freely, of whole steps.
fn varies(search: &Search<'_>, name: &Name) -> bool {
    let is_number = search.ty(name).is_some_and(|ty| super::types::range(ty).is_some());
    let fact = search.pack.fact(name);
    let is_leaf = fact.is_some_and(|fact| fact.source.it != Source::Rule)
        && search.pack.rule(name).is_none()
        && search.pack.list_of_column(name).is_none();
    let parameter = search.pack.parameter(name);
    let is_free = parameter.is_some_and(|it| !matches!(it.default.it, ParameterDefault::Dated(_)));
    is_number && (is_leaf || is_free)
}

/// What a calculation is linear in; `None` where it is not, or is no number. `list`: whose item is looked at.
fn shape(search: &Search<'_>, expr: &Expr, list: Option<&Name>) -> Option<Shape> {
    let of = |part: &Expr| shape(search, part, list);
    let mut own = Shape::default();
    match expr {
        Expr::Constant(value) => return matches!(value.it, Value::Number(_)).then_some(own),
        Expr::Fact(name) => {
            let of_list = search.pack.list_of_column(&name.it);
            if of_list.is_some() {
                let of_list = of_list.filter(|it| Some(&it.name.it) == list)?;
                let column = of_list.columns.iter().find(|column| column.name.it == name.it)?;
                super::types::range(&column.ty.it)?;
                if search.pack.rule(&name.it).is_some() || column.source.it == Source::Rule {
                    return None;
                }
                own.columns.insert(name.it.clone());
            } else if varies(search, &name.it) {
                own.numbers.insert(name.it.clone());
            } else {
                super::types::range(search.ty(&name.it)?)?;
            }
        }
        Expr::Count(list) | Expr::CountWhere(list, _) => drop(own.lists.insert(list.it.clone())),
        Expr::Sum(column) | Expr::SumWhere(column, _) => {
            own.lists
                .insert(search.pack.list_of_column(&column.it)?.name.it.clone());
        }
        Expr::Arithmetic(Operator::Plus | Operator::Minus, left, right) => return Some(of(left)?.with(of(right)?)),
        Expr::Arithmetic(how, left, right) => {
            let (left, right) = (of(left)?, of(right)?);
            let is_linear = right.is_fixed() || (*how == Operator::Times && left.is_fixed());
            return is_linear.then(|| left.with(right));
        }
        Expr::InUnit(part, _) => return of(part),
        // Known when what is before is known.
        Expr::Size(_) | Expr::Apart(..) | Expr::Age(..) | Expr::PartOf(..) => {
            let names = names_of(expr);
            let is_outside =
                |(name, kind): &(Name, UseKind)| *kind == UseKind::Fact && search.pack.list_of_column(name).is_none();
            return names.iter().all(is_outside).then_some(own);
        }
        _ => return None,
    }
    Some(own)
}

/// Whether a comparison is tried by the lists in it, not by its numbers' classes.
pub fn are_related(search: &Search<'_>, left: &Expr, right: &Expr) -> bool {
    let columns = names_of(left).into_iter().chain(names_of(right));
    let list = columns.filter_map(|(name, _)| search.pack.list_of_column(&name)).next();
    let list = list.map(|list| &list.name.it);
    let both = shape(search, left, list).zip(shape(search, right, list));
    both.is_some_and(|(left, right)| {
        let both = left.with(right);
        !both.lists.is_empty() || (!both.columns.is_empty() && both.relates())
    })
}

/// Every comparison in a condition on items, and the aggregates and conditions on lists within it.
fn walk(expr: &Expr, visit: &mut impl FnMut(&Expr)) {
    visit(expr);
    match expr {
        Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) | Expr::Apart(_, left, right) => {
            walk(left, visit);
            walk(right, visit);
        }
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| walk(part, visit)),
        Expr::Not(part)
        | Expr::Shift(_, part, _)
        | Expr::Age(part, _)
        | Expr::PartOf(_, part)
        | Expr::InUnit(part, _) => walk(part, visit),
        _ => {}
    }
}

/// The conditions that lists' items are chosen by within an expression.
fn chosen<'p>(search: &Search<'p>, expr: &Expr) -> Vec<(Name, Option<Expr>)> {
    let mut found = Vec::new();
    walk(expr, &mut |part| match part {
        Expr::Any(list, condition) | Expr::All(list, condition) | Expr::CountWhere(list, condition) => {
            found.push((list.it.clone(), Some((**condition).clone())));
        }
        Expr::SumWhere(column, condition) => {
            if let Some(list) = search.pack.list_of_column(&column.it) {
                found.push((list.name.it.clone(), Some((**condition).clone())));
            }
        }
        Expr::Count(list) => found.push((list.it.clone(), None)),
        Expr::Sum(column) => {
            if let Some(list) = search.pack.list_of_column(&column.it) {
                found.push((list.name.it.clone(), None));
            }
        }
        _ => {}
    });
    found
}

/// Takes the lists of a question, and the numbers that they are compared with, apart into what varies together.
pub fn joints(
    sides: &[&Search<'_>],
    leaves: &[Name],
    looks: &Looks,
    items_of: Option<&Name>,
    with_missing: bool,
) -> Vec<Joint> {
    let lists: Vec<&Name> = leaves
        .iter()
        .filter(|leaf| sides[0].pack.list(leaf).is_some())
        .collect();
    if lists.is_empty() {
        return Vec::new();
    }
    let mut groups: Vec<(BTreeSet<Name>, BTreeSet<Name>)> = lists
        .iter()
        .map(|list| (BTreeSet::from([(*list).clone()]), BTreeSet::new()))
        .collect();
    let mut limits: BTreeMap<Name, &'static str> = BTreeMap::new();
    let mut predicates: Vec<Predicate> = Vec::new();
    let mut add = |side: usize, list: &Name, condition: &Expr| {
        let written = condition.to_string();
        let known = |it: &Predicate| it.side == side && it.list == *list && it.written == written;
        if !predicates.iter().any(known) {
            predicates.push(Predicate {
                side,
                list: list.clone(),
                condition: condition.clone(),
                written,
            });
        }
    };
    // What is looked at, outermost first.
    let mut whole: Vec<(usize, Option<Name>, &Expr)> = Vec::new();
    for (side, _, left, right) in &looks.compared {
        whole.extend([(*side, None, left), (*side, None, right)]);
    }
    whole.extend(looks.some.iter().map(|(side, some)| (*side, None, some)));
    let own_items = looks.of_items.iter().filter(|(_, list, _)| Some(list) == items_of);
    for (side, list, condition) in own_items.clone() {
        add(*side, list, condition);
    }
    let mut todo: Vec<(usize, Option<Name>, Expr)> =
        whole.iter().map(|(s, l, e)| (*s, l.clone(), (*e).clone())).collect();
    todo.extend(own_items.map(|(side, list, condition)| (*side, Some(list.clone()), condition.clone())));
    let mut relations: Vec<Shape> = Vec::new();
    while let Some((side, of, expr)) = todo.pop() {
        let search = sides[side];
        for (list, condition) in chosen(search, &expr) {
            if let Some(condition) = condition {
                add(side, &list, &condition);
                todo.push((side, Some(list), condition));
            }
        }
        let Some(of) = of else { continue };
        walk(&expr, &mut |part| match part {
            Expr::Any(list, _) | Expr::All(list, _) => {
                limits.insert(of.clone(), NESTED);
                limits.insert(list.it.clone(), NESTED);
            }
            Expr::Compare(_, left, right) => {
                match shape(search, left, Some(&of)).zip(shape(search, right, Some(&of))) {
                    Some((left, right)) => {
                        let mut both = left.with(right);
                        if both.relates() {
                            both.lists.insert(of.clone());
                            relations.push(both);
                        }
                    }
                    None => {
                        for (list, _) in chosen(search, part) {
                            limits.insert(of.clone(), NOT_LINEAR);
                            limits.insert(list, NOT_LINEAR);
                        }
                    }
                }
            }
            _ => {}
        });
    }
    let mut compared = Vec::new();
    for it in &looks.compared {
        let (side, _, left, right) = it;
        let search = sides[*side];
        match shape(search, left, None).zip(shape(search, right, None)) {
            Some((left, right)) => {
                let both = left.with(right);
                relations.push(both.clone());
                compared.push((both, it));
            }
            None => {
                let mut own: Vec<Name> = chosen(search, left).into_iter().map(|it| it.0).collect();
                own.extend(chosen(search, right).into_iter().map(|it| it.0));
                let numeric = |expr: &Expr| {
                    let names = names_of(expr).into_iter();
                    names
                        .filter(|(name, _)| varies(search, name))
                        .map(|it| it.0)
                        .collect::<BTreeSet<_>>()
                };
                for list in own {
                    limits.insert(list, NOT_LINEAR);
                }
                // A number that is multiplied by another is not of the system.
                let mut numbers = numeric(left);
                numbers.extend(numeric(right));
                let own = Shape {
                    numbers,
                    ..Shape::default()
                };
                compared.push((own, it));
            }
        }
    }
    join(&mut groups, &relations);
    let behind_rules = |side: usize, expr: &Expr| -> BTreeSet<Name> {
        let search = sides[side];
        let mut own = Vec::new();
        uses::expr(expr, &By::Control, &mut own);
        own.retain(|it| it.kind == UseKind::Fact && search.pack.rule(&it.name).is_some());
        let mut leaves: BTreeSet<Name> = search.leaves(&own).into_iter().collect();
        // An item's rule may look at its own columns.
        for it in &own {
            if let Some(list) = search.pack.list_of_column(&it.name) {
                let looks_at_the_list = looks.of_items.iter().any(|(_, of, condition)| {
                    *of == list.name.it && (names_of(condition).iter().any(|(_, kind)| *kind == UseKind::List))
                });
                if !looks_at_the_list {
                    leaves.remove(&list.name.it);
                }
            }
        }
        leaves
    };
    groups
        .into_iter()
        .map(|(lists, numbers)| {
            let own: Vec<&Predicate> = predicates.iter().filter(|it| lists.contains(&it.list)).collect();
            let of_lists = |expr: &Expr, side: usize| chosen(sides[side], expr).iter().any(|it| lists.contains(&it.0));
            let compared: Vec<_> = compared
                .iter()
                .filter(|(shape, (side, _, left, right))| {
                    !shape.numbers.is_disjoint(&numbers) || of_lists(left, *side) || of_lists(right, *side)
                })
                .map(|(_, it)| (*it).clone())
                .collect();
            let some: Vec<_> = looks
                .some
                .iter()
                .filter(|(side, it)| of_lists(it, *side))
                .cloned()
                .collect();
            let mut limit = lists.iter().find_map(|list| limits.get(list).copied());
            if looks.cut {
                limit = limit.or(Some(NOT_LINEAR));
            }
            let mut before: Vec<Name> = Vec::new();
            let mut needs = |side: usize, expr: &Expr| {
                let hidden = behind_rules(side, expr);
                if hidden
                    .iter()
                    .any(|it| numbers.contains(it) || sides[0].pack.list(it).is_some())
                {
                    limit = limit.or(Some(BEHIND_RULES));
                }
                let mut own = Vec::new();
                uses::expr(expr, &By::Control, &mut own);
                for leaf in sides[side].leaves(&own) {
                    let varies_here = numbers.contains(&leaf) || sides[0].pack.list(&leaf).is_some();
                    if !varies_here && leaves.contains(&leaf) && !before.contains(&leaf) {
                        before.push(leaf);
                    }
                }
            };
            for it in &own {
                needs(it.side, &it.condition);
            }
            for (side, _, left, right) in &compared {
                needs(*side, left);
                needs(*side, right);
            }
            Joint {
                predicates: own.into_iter().cloned().collect(),
                items_of: items_of.filter(|list| lists.contains(*list)).cloned(),
                lists: lists.into_iter().collect(),
                numbers: numbers.into_iter().filter(|it| leaves.contains(it)).collect(),
                before,
                compared,
                some,
                limit,
                with_missing,
            }
        })
        .collect()
}

/// Puts together what is related.
fn join(groups: &mut Vec<(BTreeSet<Name>, BTreeSet<Name>)>, relations: &[Shape]) {
    loop {
        let mut changed = false;
        for relation in relations {
            let touches = |(lists, numbers): &(BTreeSet<Name>, BTreeSet<Name>)| {
                !relation.lists.is_disjoint(lists) || !relation.numbers.is_disjoint(numbers)
            };
            let (mut touched, mut rest): (Vec<_>, Vec<_>) = groups.drain(..).partition(touches);
            if let Some(mut first) = touched.pop() {
                changed |= !touched.is_empty() || !relation.numbers.is_subset(&first.1);
                for (lists, numbers) in touched {
                    first.0.extend(lists);
                    first.1.extend(numbers);
                }
                first.1.extend(relation.numbers.iter().cloned());
                rest.push(first);
            }
            *groups = rest;
        }
        if !changed {
            return;
        }
    }
}

// ---- items ----

/// Part of a column's values that nothing in the question tells apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    shown: Known<Value>,
    /// In steps of the column's own fineness; where only the value matters, none.
    range: Option<(i128, i128)>,
}

/// Items that nothing tells apart.
#[derive(Clone, Debug)]
struct Kind {
    list: usize,
    item: BTreeMap<Name, Known<Value>>,
    ranges: BTreeMap<Name, (i128, i128)>,
    /// By predicate, of those of its list.
    answers: Vec<Known<Value>>,
    /// By column that a rule gives and that is summed.
    given: BTreeMap<Name, Known<Value>>,
    /// By relation: where its form lies.
    relations: Vec<(usize, Stretch)>,
}

/// From and to, both included.
type Stretch = (Option<i128>, Option<i128>);

/// A linear form with fractions: what is fixed, and how many times each part.
#[derive(Clone, Debug)]
struct Linear {
    fixed: Fraction,
    parts: BTreeMap<Part, Fraction>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(Name),
    Column(Name),
    Count(Name, Option<usize>),
    Sum(Name, Option<usize>),
}

impl Linear {
    fn fixed(fixed: Fraction) -> Self {
        Self {
            fixed,
            parts: BTreeMap::new(),
        }
    }

    fn part(part: Part) -> Self {
        Self {
            fixed: Fraction::ZERO,
            parts: BTreeMap::from([(part, Fraction::ONE)]),
        }
    }

    fn plus(mut self, other: &Self, times: Fraction) -> Option<Self> {
        self.fixed = self.fixed.plus(other.fixed.times(times)?)?;
        for (part, own) in &other.parts {
            let sum = self.parts.get(part).copied().unwrap_or(Fraction::ZERO);
            self.parts.insert(part.clone(), sum.plus(own.times(times)?)?);
        }
        Some(self)
    }

    fn times(&self, times: Fraction) -> Option<Self> {
        Self::fixed(Fraction::ZERO).plus(self, times)
    }

    fn as_fixed(&self) -> Option<Fraction> {
        self.parts.is_empty().then_some(self.fixed)
    }
}

fn fraction(number: Decimal) -> Option<Fraction> {
    Fraction::new(number.mantissa(), 10i128.checked_pow(number.scale())?)
}

/// Where a whole form compared with a fraction changes its answer: before each of these.
fn cuts(how: Comparison, than: Fraction) -> Vec<i128> {
    let (floor, is_whole) = (than.floor(), than.as_whole().is_some());
    let ceil = if is_whole { floor } else { floor + 1 };
    match how {
        Comparison::GreaterOrEqual | Comparison::Less => vec![ceil],
        Comparison::Greater | Comparison::LessOrEqual => vec![floor + 1],
        Comparison::Equal | Comparison::NotEqual if is_whole => vec![floor, floor + 1],
        Comparison::Equal | Comparison::NotEqual => Vec::new(),
    }
}

/// The answer everywhere in a stretch that is cut as [`cuts`] says.
fn holds(how: Comparison, (from, to): Stretch, than: Fraction) -> bool {
    // A stretch has no inner boundary: one of its numbers speaks for all.
    let at = Fraction::whole(from.or(to).unwrap_or(0));
    let Some(difference) = at.minus(than) else { return false };
    let sign = if difference.is_zero() {
        0
    } else {
        difference.floor().signum() * 2 + 1
    };
    match how {
        Comparison::Less => sign < 0,
        Comparison::LessOrEqual => sign <= 0,
        Comparison::Greater => sign > 0,
        Comparison::GreaterOrEqual => sign >= 0,
        Comparison::Equal => sign == 0,
        Comparison::NotEqual => sign != 0,
    }
}

fn turned(how: Comparison) -> Comparison {
    match how {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

/// The stretches between cuts.
fn stretches(cuts: &BTreeSet<i128>) -> Vec<Stretch> {
    let mut from = None;
    let mut all = Vec::new();
    for cut in cuts {
        all.push((from, Some(cut - 1)));
        from = Some(*cut);
    }
    all.push((from, None));
    all
}

/// A linear form with whole numbers without a common divisor, the first above zero, and what it is compared with.
fn whole<T: Clone + Ord>(parts: &BTreeMap<T, Fraction>, than: Fraction, how: Comparison) -> Option<WholeForm<T>> {
    let parts: Vec<(&T, Fraction)> = parts
        .iter()
        .map(|(t, f)| (t, *f))
        .filter(|(_, f)| !f.is_zero())
        .collect();
    let common = common_multiple(parts.iter().map(|(_, times)| times.under()))?;
    let mut numbers: Vec<(T, i128)> = Vec::new();
    let mut divisor: i128 = 0;
    for (part, times) in &parts {
        let number = times.times(Fraction::whole(common))?.as_whole()?;
        divisor = gcd(divisor.checked_abs()?, number.checked_abs()?);
        numbers.push(((*part).clone(), number));
    }
    let sign = numbers.first().map_or(1, |(_, number)| number.signum());
    let by = divisor.max(1).checked_mul(sign)?;
    let numbers = numbers.into_iter().map(|(part, number)| (part, number / by)).collect();
    let than = than.times(Fraction::new(common, by)?)?;
    Some((numbers, than, if sign < 0 { turned(how) } else { how }))
}

type WholeForm<T> = (Vec<(T, i128)>, Fraction, Comparison);

fn common_multiple(numbers: impl IntoIterator<Item = i128>) -> Option<i128> {
    let mut numbers = numbers.into_iter();
    numbers.try_fold(1i128, |all, number| all.checked_mul(number / gcd(all, number)))
}

// ---- trying ----

/// A question's lists and numbers where what is before them is known.
struct Trial<'j, 's, 'p> {
    joint: &'j Joint,
    sides: &'s [&'s Search<'p>],
    case: &'j Case,
    /// The numbers that have a value; the others are as the case says.
    free: BTreeSet<Name>,
}

/// A list for one combination of answers, with the numbers that it is compared with.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub known: Vec<(Name, Known<Value>)>,
    pub parameters: Vec<(Name, Value)>,
    pub lists: Vec<(Name, Items)>,
}

/// A list's items.
pub type Items = Vec<BTreeMap<Name, Known<Value>>>;

/// Gives one list for every combination of answers, until `give` breaks. Where not every one was given: why.
pub fn each(
    joint: &Joint,
    sides: &[&Search<'_>],
    case: &Case,
    mut give: impl FnMut(Given) -> ControlFlow<()>,
) -> Option<Limit> {
    let mut tried = 0usize;
    let is_open = |name: &&Name| sides[0].pack.fact(name).is_some() && !case.facts.known.contains_key(*name);
    let mut why = joint
        .limit
        .or(joint.before.iter().any(|name| is_open(&name)).then_some(BEHIND_RULES));
    // Each number is known, and where it can be also not applicable or missing.
    let mut modes: Vec<Vec<(Name, Option<Known<Value>>)>> = vec![Vec::new()];
    for name in &joint.numbers {
        let mut states: Vec<Option<Known<Value>>> = vec![None];
        if sides.iter().any(|side| side.can_be_not_applicable(name)) {
            states.push(Some(Known::NotApplicable));
        }
        if joint.with_missing && sides[0].pack.parameter(name).is_none() {
            states.push(Some(Known::Missing(Cause::Failed)));
        }
        let with = |mode: Vec<(Name, Option<Known<Value>>)>| {
            let each = states.iter().map(move |state| {
                let mut mode = mode.clone();
                mode.push((name.clone(), state.clone()));
                mode
            });
            each.collect::<Vec<_>>()
        };
        modes = modes.into_iter().flat_map(with).collect();
    }
    for mode in modes {
        let mut case = case.clone();
        let mut free = BTreeSet::new();
        let mut set = Vec::new();
        for (name, state) in mode {
            match state {
                Some(state) => {
                    case.facts.known.insert(name.clone(), state.clone());
                    set.push((name, state));
                }
                None => drop(free.insert(name)),
            }
        }
        let trial = Trial {
            joint,
            sides,
            case: &case,
            free,
        };
        let mut counted = |mut given: Given| {
            tried += 1;
            if tried > LISTS_MAX {
                return ControlFlow::Break(Some(TOO_MANY_LISTS));
            }
            given.known.extend(set.iter().cloned());
            match give(given) {
                ControlFlow::Break(()) => ControlFlow::Break(None),
                ControlFlow::Continue(()) => ControlFlow::Continue(()),
            }
        };
        match trial.all(&mut counted) {
            Ok(ControlFlow::Break(None)) => break,
            Ok(ControlFlow::Break(Some(reason))) | Err(reason) => why = why.or(Some(reason)),
            Ok(ControlFlow::Continue(limit)) => why = why.or(limit),
        }
    }
    why.map(|why| Limit {
        lists: joint.lists.clone(),
        numbers: joint.numbers.clone(),
        why,
        tried: tried.min(LISTS_MAX),
    })
}

type Give<'g> = dyn FnMut(Given) -> ControlFlow<Option<&'static str>> + 'g;

/// A comparison within conditions on items whose answer depends on more than the item's own classes.
struct Relation {
    /// The item's own part, and the rest.
    columns: Vec<(Name, i128)>,
    outside: Vec<(Part, i128)>,
    cuts: BTreeSet<i128>,
}

/// A comparison where it stands in predicates: which relation it is, and how it is answered from that.
struct Asked {
    written: String,
    side: usize,
    relation: usize,
    how: Comparison,
    than: Fraction,
}

/// The relations, each with the list whose items it is about, and where they stand.
type Relations = (Vec<(Name, Relation)>, Vec<Asked>);

impl Trial<'_, '_, '_> {
    fn all(
        &self,
        give: &mut Give<'_>,
    ) -> Result<ControlFlow<Option<&'static str>, Option<&'static str>>, &'static str> {
        let mut limit = None;
        let (relations, asked) = self.relations(&mut limit)?;
        let mut kinds: Vec<Kind> = Vec::new();
        for list in 0..self.joint.lists.len() {
            self.kinds_of(list, &relations, &asked, &mut kinds, &mut limit)?;
        }
        let mut model = Model::new(self, kinds, &relations).map_err(|TooMuch| TOO_MANY_STEPS)?;
        for (side, how, left, right) in &self.joint.compared {
            let (left, right) = (self.linear(*side, left, None), self.linear(*side, right, None));
            let (left, right) = match (left, right) {
                (Read::Form(left), Read::Form(right)) => (left, right),
                // Whatever the lists are.
                (Read::NoNumber, _) | (_, Read::NoNumber) => continue,
                _ => {
                    limit = limit.or(Some(NOT_LINEAR));
                    continue;
                }
            };
            let form = left.plus(&right, Fraction::whole(-1)).ok_or(TOO_MANY_STEPS)?;
            model.cut(&form, *how).ok_or(TOO_MANY_STEPS)?;
        }
        for (side, some) in &self.joint.some {
            let (Expr::Any(list, condition) | Expr::All(list, condition)) = some else {
                continue;
            };
            let decisive = Known::Value(Value::YesNo(matches!(some, Expr::Any(..))));
            let written = condition.to_string();
            let own = self.joint.predicates.iter().enumerate();
            for (at, _) in own.filter(|(_, it)| it.side == *side && it.list == list.it && it.written == written) {
                model
                    .cut_kinds(|kind| kind.answers[at] == decisive)
                    .ok_or(TOO_MANY_STEPS)?;
            }
        }
        // Whether an answer is still open makes a difference of its own.
        for at in 0..self.joint.predicates.len() {
            if model.kinds.iter().any(|kind| kind.answers[at].is_missing()) {
                model
                    .cut_kinds(|kind| kind.answers[at].is_missing())
                    .ok_or(TOO_MANY_STEPS)?;
            }
        }
        let must_have: Vec<Option<usize>> = match &self.joint.items_of {
            None => vec![None],
            Some(list) => {
                let of_list = |at: &usize| self.joint.lists[model.kinds[*at].list] == *list;
                (0..model.kinds.len()).filter(of_list).map(Some).collect()
            }
        };
        model.prepare().ok_or(TOO_MANY_STEPS)?;
        // A list without items is one too.
        if must_have.is_empty() {
            return self.try_all(&mut model, None, give, limit);
        }
        for kind in must_have {
            match self.try_all(&mut model, kind, give, limit)? {
                ControlFlow::Continue(more) => limit = limit.or(more),
                found => return Ok(found),
            }
        }
        Ok(ControlFlow::Continue(limit))
    }

    fn try_all(
        &self,
        model: &mut Model,
        must_have: Option<usize>,
        give: &mut Give<'_>,
        mut limit: Option<&'static str>,
    ) -> Result<ControlFlow<Option<&'static str>, Option<&'static str>>, &'static str> {
        let mark = model.system.mark();
        let possible = match must_have {
            Some(kind) => model.system.tighten(model.count[kind], Some(1), None),
            None => Ok(true),
        };
        let done = match possible {
            Ok(true) => self.descend(model, 0, give, &mut limit),
            Ok(false) => Ok(ControlFlow::Continue(())),
            Err(TooMuch) => Err(TOO_MANY_STEPS),
        };
        model.system.loosen(mark);
        Ok(match done? {
            ControlFlow::Break(why) => ControlFlow::Break(why),
            ControlFlow::Continue(()) => ControlFlow::Continue(limit),
        })
    }

    /// One stretch after another for each form.
    fn descend(
        &self,
        model: &mut Model,
        at: usize,
        give: &mut Give<'_>,
        limit: &mut Option<&'static str>,
    ) -> Result<ControlFlow<Option<&'static str>>, &'static str> {
        let too_much = |TooMuch| TOO_MANY_STEPS;
        model.system.begin();
        if !model.system.is_possible().map_err(too_much)? {
            return Ok(ControlFlow::Continue(()));
        }
        let Some((form, stretches)) = model.forms.get(at).cloned() else {
            let Some(solved) = model.solve().map_err(too_much)? else {
                return Ok(ControlFlow::Continue(()));
            };
            return Ok(give(self.witness(model, &solved, limit)));
        };
        for (low, high) in stretches {
            let mark = model.system.mark();
            let mut done = Ok(ControlFlow::Continue(()));
            if model.system.tighten(form, low, high).map_err(too_much)? {
                done = self.descend(model, at + 1, give, limit);
            }
            model.system.loosen(mark);
            if let ControlFlow::Break(why) = done? {
                return Ok(ControlFlow::Break(why));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    // ---- reading ----

    fn linear(&self, side: usize, expr: &Expr, list: Option<&Name>) -> Read {
        match self.form(side, expr, list) {
            Ok(form) => Read::Form(form),
            Err(not) => not,
        }
    }

    fn form(&self, side: usize, expr: &Expr, list: Option<&Name>) -> Result<Linear, Read> {
        let search = self.sides[side];
        let of = |part: &Expr| self.form(side, part, list);
        let known = |expr: &Expr| match search.value(expr, &self.case.facts, &self.case.setting) {
            Known::Value(Value::Number(number)) => fraction(number).map(Linear::fixed).ok_or(Read::Beyond),
            Known::Value(_) => Err(Read::Beyond),
            Known::NotApplicable | Known::Missing(_) => Err(Read::NoNumber),
        };
        let predicate = |list: &Name, condition: &Expr| {
            let written = condition.to_string();
            let found = |it: &Predicate| it.side == side && it.list == *list && it.written == written;
            self.joint.predicates.iter().position(found).ok_or(Read::Beyond)
        };
        let beyond = |it: Option<Linear>| it.ok_or(Read::Beyond);
        match expr {
            Expr::Fact(name) if self.free.contains(&name.it) => Ok(Linear::part(Part::Number(name.it.clone()))),
            Expr::Fact(name) if search.pack.list_of_column(&name.it).is_some() => match shape(search, expr, list) {
                Some(_) => Ok(Linear::part(Part::Column(name.it.clone()))),
                None => Err(Read::Beyond),
            },
            Expr::Constant(_) | Expr::Fact(_) | Expr::Size(_) | Expr::Apart(..) | Expr::Age(..) | Expr::PartOf(..) => {
                known(expr)
            }
            Expr::Count(list) => Ok(Linear::part(Part::Count(list.it.clone(), None))),
            Expr::CountWhere(list, condition) => Ok(Linear::part(Part::Count(
                list.it.clone(),
                Some(predicate(&list.it, condition)?),
            ))),
            Expr::Sum(column) => Ok(Linear::part(Part::Sum(column.it.clone(), None))),
            Expr::SumWhere(column, condition) => {
                let list = search.pack.list_of_column(&column.it).ok_or(Read::Beyond)?;
                let at = predicate(&list.name.it, condition)?;
                Ok(Linear::part(Part::Sum(column.it.clone(), Some(at))))
            }
            Expr::Arithmetic(Operator::Plus, left, right) => beyond(of(left)?.plus(&of(right)?, Fraction::ONE)),
            Expr::Arithmetic(Operator::Minus, left, right) => beyond(of(left)?.plus(&of(right)?, Fraction::whole(-1))),
            Expr::Arithmetic(Operator::Times, left, right) => {
                let (left, right) = (of(left)?, of(right)?);
                match (left.as_fixed(), right.as_fixed()) {
                    (Some(times), _) => beyond(right.times(times)),
                    (_, Some(times)) => beyond(left.times(times)),
                    _ => Err(Read::Beyond),
                }
            }
            Expr::Arithmetic(Operator::Divide, left, right) => {
                let by = of(right)?.as_fixed().and_then(|by| Fraction::ONE.divided_by(by));
                beyond(by.and_then(|by| of(left).ok()?.times(by)))
            }
            Expr::InUnit(part, conversion) => {
                let factor = fraction(conversion.factor);
                beyond(of(part)?.times(factor.ok_or(Read::Beyond)?))
            }
            _ => Err(Read::Beyond),
        }
    }

    /// The comparisons in conditions on items that are relations, each with its form.
    fn relations(&self, limit: &mut Option<&'static str>) -> Result<Relations, &'static str> {
        let mut relations: Vec<(Name, Relation)> = Vec::new();
        let mut asked: Vec<Asked> = Vec::new();
        for it in &self.joint.predicates {
            let mut failed = None;
            walk(&it.condition, &mut |part| {
                let Expr::Compare(how, left, right) = part else { return };
                let search = self.sides[it.side];
                let shapes = shape(search, left, Some(&it.list)).zip(shape(search, right, Some(&it.list)));
                let Some(both) = shapes.map(|(left, right)| left.with(right)) else {
                    return;
                };
                let (left, right) = (
                    self.linear(it.side, left, Some(&it.list)),
                    self.linear(it.side, right, Some(&it.list)),
                );
                if !both.relates() {
                    return;
                }
                let (left, right) = match (left, right) {
                    (Read::Form(left), Read::Form(right)) => (left, right),
                    // As the case says: missing or not applicable.
                    (Read::NoNumber, _) | (_, Read::NoNumber) => return,
                    _ => {
                        failed = Some(NOT_LINEAR);
                        return;
                    }
                };
                let form = left
                    .plus(&right, Fraction::whole(-1))
                    .and_then(|form| whole(&form.parts, form.fixed.negative(), *how).zip(Some(())));
                let form = form.and_then(|((numbers, than, how), ())| Some((self.in_steps(numbers, than)?, how)));
                let Some(((numbers, than), how)) = form else {
                    failed = Some(TOO_MANY_STEPS);
                    return;
                };
                let (columns, outside): (Vec<_>, Vec<_>) = numbers
                    .into_iter()
                    .partition(|(part, _)| matches!(part, Part::Column(_)));
                let columns: Vec<(Name, i128)> = columns
                    .into_iter()
                    .filter_map(|(part, times)| match part {
                        Part::Column(name) => Some((name, times)),
                        _ => None,
                    })
                    .collect();
                let same = |(list, own): &(Name, Relation)| {
                    *list == it.list && own.columns == columns && own.outside == outside
                };
                let at = relations.iter().position(same).unwrap_or_else(|| {
                    let relation = Relation {
                        columns,
                        outside,
                        cuts: BTreeSet::new(),
                    };
                    relations.push((it.list.clone(), relation));
                    relations.len() - 1
                });
                relations[at].1.cuts.extend(cuts(how, than));
                asked.push(Asked {
                    written: part.to_string(),
                    side: it.side,
                    relation: at,
                    how,
                    than,
                });
            });
            *limit = limit.or(failed);
        }
        Ok((relations, asked))
    }

    /// A form of values as one of steps: columns and numbers are counted in their own fineness.
    fn in_steps(&self, numbers: Vec<(Part, i128)>, than: Fraction) -> Option<(Vec<(Part, i128)>, Fraction)> {
        let mut parts: BTreeMap<Part, Fraction> = BTreeMap::new();
        for (part, times) in numbers {
            let step = match &part {
                Part::Number(name) | Part::Column(name) | Part::Sum(name, _) => self.step(name)?,
                Part::Count(..) => Fraction::ONE,
            };
            parts.insert(part, step.times(Fraction::whole(times))?);
        }
        // The fineness only makes the numbers smaller: the sign and the order stay.
        let under = common_multiple(parts.values().map(|times| times.under()))?;
        let numbers = parts
            .into_iter()
            .map(|(part, times)| Some((part, times.times(Fraction::whole(under))?.as_whole()?)))
            .collect::<Option<Vec<_>>>()?;
        Some((numbers, than.times(Fraction::whole(under))?))
    }

    fn step(&self, name: &Name) -> Option<Fraction> {
        let (_, _, step) = super::types::range(self.sides[0].ty(name)?)?;
        fraction(step)
    }

    // ---- kinds ----

    /// The kinds of one list's items.
    fn kinds_of(
        &self,
        list: usize,
        relations: &[(Name, Relation)],
        asked: &[Asked],
        kinds: &mut Vec<Kind>,
        limit: &mut Option<&'static str>,
    ) -> Result<(), &'static str> {
        let name = &self.joint.lists[list];
        let summed = self.summed(name);
        let related: BTreeSet<&Name> = relations
            .iter()
            .filter(|(of, _)| of == name)
            .flat_map(|(_, relation)| relation.columns.iter().map(|(column, _)| column))
            .collect();
        let mut base = vec![(BTreeMap::new(), BTreeMap::new())];
        for column in self.asked_columns(name) {
            let by_range = summed.contains(&column) || related.contains(&column);
            let cells = self.cells(&column, by_range, name);
            let mut wider = Vec::new();
            for (item, ranges) in &base {
                for cell in &cells {
                    let (mut item, mut ranges) = (item.clone(), ranges.clone());
                    item.insert(column.clone(), cell.shown.clone());
                    if let Some(range) = cell.range {
                        ranges.insert(column.clone(), range);
                    }
                    wider.push((item, ranges));
                }
                if wider.len() > ITEMS_MAX {
                    return Err(TOO_MANY_KINDS);
                }
            }
            base = wider;
        }
        // Every way in which the relations can come out.
        let own: Vec<usize> = (0..relations.len()).filter(|at| relations[*at].0 == *name).collect();
        let mut ways: Vec<Vec<(usize, Stretch)>> = vec![Vec::new()];
        for at in own {
            let each = stretches(&relations[at].1.cuts);
            ways = ways
                .into_iter()
                .flat_map(|way| {
                    each.iter().map(move |stretch| {
                        let mut way = way.clone();
                        way.push((at, *stretch));
                        way
                    })
                })
                .collect();
            if ways.len() > RELATIONS_MAX {
                return Err(TOO_MANY_KINDS);
            }
        }
        let given_by = |column: &Name| Some((column.clone(), self.sides[0].pack.rule(column)?.name.span));
        let rules: Vec<_> = summed.iter().filter_map(given_by).collect();
        let mut facts = self.case.facts.clone();
        facts
            .lists
            .insert(name.clone(), base.iter().map(|(item, _)| item.clone()).collect());
        let mut found: Vec<Kind> = Vec::new();
        // A relation to what is not applicable is not applicable itself, and keeps nothing.
        let off = |ranges: &BTreeMap<Name, (i128, i128)>| -> BTreeSet<usize> {
            let is_off = |at: &usize| {
                let mut columns = relations[*at].1.columns.iter();
                relations[*at].0 == *name && columns.any(|(column, _)| !ranges.contains_key(column))
            };
            (0..relations.len()).filter(is_off).collect()
        };
        let off: Vec<BTreeSet<usize>> = base.iter().map(|(_, ranges)| off(ranges)).collect();
        let ways_off: BTreeSet<&BTreeSet<usize>> = off.iter().collect();
        for way in ways {
            let answer = |written: &str, side: usize, off: &BTreeSet<usize>| {
                let mut own = asked.iter().filter(|it| it.written == written && it.side == side);
                own.find_map(|it| {
                    let (_, stretch) = way.iter().find(|(at, _)| *at == it.relation && !off.contains(at))?;
                    Some(holds(it.how, *stretch, it.than))
                })
            };
            let mut answers: Vec<Vec<Known<Value>>> = vec![Vec::new(); base.len()];
            for it in &self.joint.predicates {
                if it.list != *name {
                    answers.iter_mut().for_each(|own| own.push(Known::NotApplicable));
                    continue;
                }
                for way_off in &ways_off {
                    let condition = replaced(&it.condition, &|part| answer(&part.to_string(), it.side, way_off));
                    let values = self.sides[it.side].of_items(name, &condition, &facts, &self.case.setting);
                    let own = answers.iter_mut().zip(values).zip(&off);
                    for ((own, value), _) in own.filter(|(_, off)| *off == *way_off) {
                        own.push(match value {
                            Known::Missing(_) => Known::Missing(Cause::Failed),
                            known => known,
                        });
                    }
                }
            }
            let mut given: Vec<BTreeMap<Name, Known<Value>>> = vec![BTreeMap::new(); base.len()];
            for (column, span) in &rules {
                let fact = Expr::Fact(crate::finding::Spanned {
                    it: column.clone(),
                    span: *span,
                });
                for (own, value) in
                    given
                        .iter_mut()
                        .zip(self.sides[0].of_items(name, &fact, &facts, &self.case.setting))
                {
                    if value.is_missing() {
                        *limit = limit.or(Some(BEHIND_RULES));
                    }
                    own.insert(column.clone(), value);
                }
            }
            for ((((item, ranges), answers), given), off) in base.iter().zip(answers).zip(given).zip(&off) {
                found.push(Kind {
                    list,
                    item: item.clone(),
                    ranges: ranges.clone(),
                    answers,
                    given,
                    relations: way.iter().filter(|(at, _)| !off.contains(at)).copied().collect(),
                });
            }
        }
        kinds.extend(merged(found));
        Ok(())
    }

    /// Columns whose sum something looks at.
    fn summed(&self, list: &Name) -> BTreeSet<Name> {
        let mut found = BTreeSet::new();
        let mut see = |side: usize, expr: &Expr| {
            walk(expr, &mut |part| {
                if let Expr::Sum(column) | Expr::SumWhere(column, _) = part
                    && self.sides[side]
                        .pack
                        .list_of_column(&column.it)
                        .is_some_and(|of| of.name.it == *list)
                {
                    found.insert(column.it.clone());
                }
            });
        };
        for (side, _, left, right) in &self.joint.compared {
            see(*side, left);
            see(*side, right);
        }
        for it in &self.joint.predicates {
            see(it.side, &it.condition);
        }
        found
    }

    /// The columns that the question looks at, through rules that give items values.
    fn asked_columns(&self, list: &Name) -> BTreeSet<Name> {
        let mut todo: Vec<(usize, Name)> = Vec::new();
        for (side, _, left, right) in &self.joint.compared {
            todo.extend(
                names_of(left)
                    .into_iter()
                    .chain(names_of(right))
                    .map(|(name, _)| (*side, name)),
            );
        }
        for it in &self.joint.predicates {
            todo.extend(names_of(&it.condition).into_iter().map(|(name, _)| (it.side, name)));
        }
        let mut seen = BTreeSet::new();
        let mut found = BTreeSet::new();
        while let Some((side, name)) = todo.pop() {
            if !seen.insert((side, name.clone())) {
                continue;
            }
            let pack = self.sides[side].pack;
            let Some(of) = pack.list_of_column(&name).filter(|of| of.name.it == *list) else {
                continue;
            };
            match pack.rule(&name) {
                Some(rule) => {
                    let behind = conditions_of(rule, 0..rule.rows.len());
                    let results = rule.rows.iter().filter_map(|row| match &row.result.it {
                        crate::pack::CellResult::Calculated(result) => Some(result.clone()),
                        _ => None,
                    });
                    for condition in behind.chain(results) {
                        todo.extend(names_of(&condition).into_iter().map(|(name, _)| (side, name)));
                    }
                }
                None => {
                    let is_given = of
                        .columns
                        .iter()
                        .any(|it| it.name.it == name && it.source.it == Source::Rule);
                    if !is_given {
                        found.insert(name);
                    }
                }
            }
        }
        found
    }

    /// A column's classes; a column whose own number matters also between them.
    fn cells(&self, column: &Name, by_range: bool, list: &Name) -> Vec<Cell> {
        let mut classes: Vec<Known<Value>> = Vec::new();
        for side in self.sides {
            for class in side.column_classes(list, column, &self.case.setting.days) {
                if !classes.contains(&class) {
                    classes.push(class);
                }
            }
        }
        let range = self.sides[0].ty(column).and_then(super::types::range);
        let Some((min, max, step)) = range.filter(|_| by_range) else {
            let plain = |shown| Cell { shown, range: None };
            return classes.into_iter().map(plain).collect();
        };
        let in_steps = |number: Decimal| number.checked_div(step).and_then(|it| i128::try_from(it.floor()).ok());
        let (Some(low), Some(high)) = (in_steps(min), in_steps(max)) else {
            return Vec::new();
        };
        let mut points: BTreeSet<i128> = classes
            .iter()
            .filter_map(|class| match class {
                Known::Value(Value::Number(number)) => in_steps(*number),
                _ => None,
            })
            .collect();
        points.extend([low, high]);
        let mut cells: Vec<Cell> = Vec::new();
        let mut add = |from: i128, to: i128| {
            if from <= to
                && let Some(shown) = in_value(from, step)
            {
                cells.push(Cell {
                    shown: Known::Value(shown),
                    range: Some((from, to)),
                });
            }
        };
        let mut next = low;
        for point in points {
            add(next, point - 1);
            add(point, point);
            next = point + 1;
        }
        if classes.contains(&Known::NotApplicable) {
            cells.push(Cell {
                shown: Known::NotApplicable,
                range: None,
            });
        }
        cells
    }

    // ---- witnesses ----

    /// The list that a solution is, and the numbers.
    fn witness(&self, model: &Model, solved: &[i128], limit: &mut Option<&'static str>) -> Given {
        let mut given = Given::default();
        let step = |name: &Name| self.sides[0].ty(name).and_then(super::types::range).map(|it| it.2);
        for (name, var) in &model.numbers {
            let Some(value) = step(name).and_then(|step| in_value(solved[*var], step)) else {
                continue;
            };
            match self.sides[0].pack.parameter(name) {
                Some(_) => given.parameters.push((name.clone(), value)),
                None => given.known.push((name.clone(), Known::Value(value))),
            }
        }
        let mut lists: Vec<Items> = vec![Vec::new(); self.joint.lists.len()];
        for (at, kind) in model.kinds.iter().enumerate() {
            let count = solved[model.count[at]];
            for nth in 0..count {
                let mut item = kind.item.clone();
                let mut steps: BTreeMap<&Name, i128> = BTreeMap::new();
                for (column, (low, _)) in &kind.ranges {
                    let own = match (model.over[at].get(column), model.same[at].get(column)) {
                        (Some(over), _) => low + share(solved[*over], count, nth),
                        (None, Some(same)) => solved[*same],
                        (None, None) => *low,
                    };
                    steps.insert(column, own);
                    if let Some(value) = step(column).and_then(|step| in_value(own, step)) {
                        item.insert(column.clone(), Known::Value(value));
                    }
                }
                // Shares of several columns may break what their sums keep.
                if model.related[at].iter().any(|it| !it.keeps(&steps, solved)) {
                    *limit = limit.or(Some(TOO_MANY_STEPS));
                }
                lists[kind.list].push(item);
            }
        }
        given.lists = self.joint.lists.iter().cloned().zip(lists).collect();
        given
    }
}

/// What came of reading a calculation.
enum Read {
    Form(Linear),
    /// It is missing or not applicable whatever the lists are.
    NoNumber,
    /// It is not linear, or too large.
    Beyond,
}

fn in_value(steps: i128, step: Decimal) -> Option<Value> {
    let steps = Decimal::try_from_i128_with_scale(steps, 0).ok()?;
    Some(Value::Number(steps.checked_mul(step)?))
}

/// A condition with some of its comparisons answered.
fn replaced(expr: &Expr, answer: &impl Fn(&Expr) -> Option<bool>) -> Expr {
    let all = |parts: &[Expr]| parts.iter().map(|part| replaced(part, answer)).collect();
    match expr {
        Expr::Compare(..) => match answer(expr) {
            Some(true) => Expr::Always,
            Some(false) => Expr::Not(Box::new(Expr::Always)),
            None => expr.clone(),
        },
        Expr::And(parts) => Expr::And(all(parts)),
        Expr::Or(parts) => Expr::Or(all(parts)),
        Expr::Not(part) => Expr::Not(Box::new(replaced(part, answer))),
        other => other.clone(),
    }
}

/// Kinds with the same answers as one; ranges that meet as one range.
fn merged(kinds: Vec<Kind>) -> Vec<Kind> {
    type Key = (String, Vec<(usize, Stretch)>);
    let key = |kind: &Kind| -> Key { (format!("{:?} {:?}", kind.answers, kind.given), kind.relations.clone()) };
    // First along the one range, the rest of the item being the same.
    type Rest = Vec<(Name, Known<Value>)>;
    let mut by_rest: BTreeMap<(Key, Rest), Vec<Kind>> = BTreeMap::new();
    let mut joined: Vec<Kind> = Vec::new();
    for kind in kinds {
        if kind.ranges.len() == 1 {
            let rest = kind
                .item
                .iter()
                .filter(|(column, _)| !kind.ranges.contains_key(*column));
            let rest = rest.map(|(column, known)| (column.clone(), known.clone())).collect();
            by_rest.entry((key(&kind), rest)).or_default().push(kind);
        } else {
            joined.push(kind);
        }
    }
    for mut along in by_rest.into_values() {
        along.sort_by_key(|kind| kind.ranges.values().next().copied());
        let mut last: Option<Kind> = None;
        for kind in along {
            let meets = last.as_ref().is_some_and(|last| {
                let ends = last.ranges.values().next().zip(kind.ranges.values().next());
                ends.is_some_and(|((_, high), (low, _))| high + 1 == *low)
            });
            match (&mut last, meets) {
                (Some(last), true) => {
                    for (column, (_, high)) in &mut last.ranges {
                        *high = kind.ranges.get(column).map_or(*high, |it| it.1);
                    }
                }
                _ => joined.extend(last.replace(kind)),
            }
        }
        joined.extend(last);
    }
    type Ranges = Vec<(Name, (i128, i128))>;
    let mut seen: BTreeSet<(Key, Ranges)> = BTreeSet::new();
    joined.retain(|kind| {
        let ranges = kind
            .ranges
            .iter()
            .map(|(column, range)| (column.clone(), *range))
            .collect();
        seen.insert((key(kind), ranges))
    });
    joined
}

/// The numbers behind the lists of one question.
struct Model {
    system: System,
    kinds: Vec<Kind>,
    /// By kind: how many.
    count: Vec<Var>,
    /// By kind and summed column: how much more than the least all its items have together.
    over: Vec<BTreeMap<Name, Var>>,
    /// By kind and related column that is not summed: what all its items have.
    same: Vec<BTreeMap<Name, Var>>,
    /// By kind and related column that is summed: the least that one of its items has when they share evenly.
    least: Vec<BTreeMap<Name, Var>>,
    related: Vec<Vec<Related>>,
    numbers: BTreeMap<Name, Var>,
    numbers_step: BTreeMap<Name, Fraction>,
    column_step: BTreeMap<Name, Fraction>,
    totals: Vec<Var>,
    lists: Vec<Name>,
    cuts: BTreeMap<Vec<(Var, i128)>, BTreeSet<i128>>,
    forms: Vec<(Var, Vec<Stretch>)>,
}

/// A relation that a kind's items keep.
#[derive(Clone, Debug)]
struct Related {
    columns: Vec<(Name, i128)>,
    outside: Vec<(Var, i128)>,
    stretch: Stretch,
    /// Its row, where it looks at one number of the item: what all items have, or the least that one has.
    row: Option<Var>,
    /// The column that is summed too, of a row.
    summed: Option<(Name, i128)>,
}

impl Related {
    /// Whether an item keeps it.
    fn keeps(&self, item: &BTreeMap<&Name, i128>, solved: &[i128]) -> bool {
        let own = self
            .columns
            .iter()
            .filter_map(|(name, times)| Some(item.get(name)? * times));
        let outside = self.outside.iter().map(|(var, times)| solved[*var] * times);
        is_within(own.chain(outside).sum(), self.stretch)
    }
}

fn is_within(value: i128, (low, high): Stretch) -> bool {
    low.is_none_or(|low| low <= value) && high.is_none_or(|high| value <= high)
}

/// What one of several has of a number that they share as evenly as it goes.
fn share(all: i128, count: i128, nth: i128) -> i128 {
    all.div_euclid(count) + i128::from(nth < all.rem_euclid(count))
}

impl Model {
    fn new(trial: &Trial<'_, '_, '_>, kinds: Vec<Kind>, relations: &[(Name, Relation)]) -> Result<Self, TooMuch> {
        let search = trial.sides[0];
        let mut system = System::default();
        let mut numbers = BTreeMap::new();
        let mut numbers_step = BTreeMap::new();
        let bounds = |name: &Name| -> Option<(i128, i128, Fraction)> {
            let (min, max, step) = super::types::range(search.ty(name)?)?;
            let steps = |it: Decimal| i128::try_from(it.checked_div(step)?.floor()).ok();
            Some((steps(min)?, steps(max)?, fraction(step)?))
        };
        for name in &trial.free {
            let (low, high, step) = bounds(name).ok_or(TooMuch)?;
            numbers.insert(name.clone(), system.number(low, high));
            numbers_step.insert(name.clone(), step);
        }
        let max = |list: usize| {
            search
                .pack
                .list(&trial.joint.lists[list])
                .map_or(0, |list| i128::from(list.max))
        };
        let count: Vec<Var> = kinds.iter().map(|kind| system.number(0, max(kind.list))).collect();
        let mut totals = Vec::new();
        for (at, name) in trial.joint.lists.iter().enumerate() {
            let parts: Vec<(Var, i128)> = (0..kinds.len())
                .filter(|kind| kinds[*kind].list == at)
                .map(|kind| (count[kind], 1))
                .collect();
            let total = system.form(&parts)?;
            let list = search.pack.list(name).ok_or(TooMuch)?;
            system.tighten(total, Some(i128::from(list.min)), Some(i128::from(list.max)))?;
            totals.push(total);
        }
        let summed: Vec<BTreeSet<Name>> = trial.joint.lists.iter().map(|list| trial.summed(list)).collect();
        let mut column_step = BTreeMap::new();
        let (mut over, mut same, mut least, mut related) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (at, kind) in kinds.iter().enumerate() {
            let (mut own_over, mut own_same, mut own_least) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
            // Where some column of a relation is summed, all are.
            let of_list: Vec<&(Name, Relation)> = relations
                .iter()
                .filter(|it| it.0 == trial.joint.lists[kind.list])
                .collect();
            let in_sums = of_list.iter().any(|(_, relation)| {
                relation
                    .columns
                    .iter()
                    .any(|(column, _)| summed[kind.list].contains(column))
            });
            for (column, (low, high)) in &kind.ranges {
                let (_, _, step) = bounds(column).ok_or(TooMuch)?;
                column_step.insert(column.clone(), step);
                let is_related = of_list
                    .iter()
                    .any(|(_, it)| it.columns.iter().any(|(name, _)| name == column));
                if summed[kind.list].contains(column) || (is_related && in_sums) {
                    let var = system.number(0, (high - low) * max(kind.list));
                    let row = system.form(&[(var, 1), (count[at], -(high - low))])?;
                    system.tighten(row, None, Some(0))?;
                    own_over.insert(column.clone(), var);
                    if is_related {
                        own_least.insert(column.clone(), system.number(*low, *high));
                    }
                } else if is_related {
                    own_same.insert(column.clone(), system.number(*low, *high));
                }
            }
            over.push(own_over);
            same.push(own_same);
            least.push(own_least);
            related.push(Vec::new());
        }
        let mut model = Self {
            system,
            count,
            over,
            same,
            least,
            related: Vec::new(),
            numbers,
            numbers_step,
            column_step,
            totals,
            lists: trial.joint.lists.clone(),
            cuts: BTreeMap::new(),
            forms: Vec::new(),
            kinds,
        };
        for (at, related) in related.iter_mut().enumerate() {
            for (relation, stretch) in model.kinds[at].relations.clone() {
                let relation = &relations[relation].1;
                let mut outside: BTreeMap<Var, i128> = BTreeMap::new();
                for (part, times) in &relation.outside {
                    for (var, own) in model.in_vars(part, true).ok_or(TooMuch)? {
                        let own = own.as_whole().ok_or(TooMuch)?;
                        let sum = outside.entry(var).or_default();
                        *sum = own
                            .checked_mul(*times)
                            .and_then(|it| sum.checked_add(it))
                            .ok_or(TooMuch)?;
                    }
                }
                let mut parts: Vec<(Var, i128)> = outside.iter().map(|(var, times)| (*var, *times)).collect();
                let (mut summed, mut of_sums) = (None, 0);
                for (column, times) in &relation.columns {
                    // Of a column without a number here nothing is asked.
                    if let Some(var) = model.same[at].get(column) {
                        parts.push((*var, *times));
                    } else if let Some(var) = model.least[at].get(column) {
                        parts.push((*var, *times));
                        summed = Some((column.clone(), *times));
                        of_sums += 1;
                    }
                }
                related.push(Related {
                    columns: relation.columns.clone(),
                    outside: outside.into_iter().collect(),
                    stretch,
                    row: if of_sums < 2 {
                        Some(model.system.form(&parts)?)
                    } else {
                        None
                    },
                    summed,
                });
            }
        }
        model.related = related;
        Ok(model)
    }

    /// A part of a form in variables; `in_steps`: of what is counted in steps, not in its own unit.
    fn in_vars(&self, part: &Part, in_steps: bool) -> Option<Vec<(Var, Fraction)>> {
        let mut found = Vec::new();
        let step = |of: &BTreeMap<Name, Fraction>, name: &Name| match in_steps {
            true => Some(Fraction::ONE),
            false => of.get(name).copied(),
        };
        match part {
            Part::Number(name) => found.push((*self.numbers.get(name)?, step(&self.numbers_step, name)?)),
            Part::Column(_) => return None,
            Part::Count(list, predicate) => {
                for (at, kind) in self.kinds.iter().enumerate() {
                    if self.is_of(kind, list) && counts(kind, *predicate) {
                        found.push((self.count[at], Fraction::ONE));
                    }
                }
            }
            Part::Sum(column, predicate) => {
                for (at, kind) in self.kinds.iter().enumerate() {
                    if !counts(kind, *predicate) {
                        continue;
                    }
                    if let Some((low, _)) = kind.ranges.get(column) {
                        let step = step(&self.column_step, column)?;
                        found.push((self.count[at], step.times(Fraction::whole(*low))?));
                        found.push((*self.over[at].get(column)?, step));
                    } else if let Some(Known::Value(Value::Number(number))) = kind.given.get(column) {
                        if in_steps {
                            return None;
                        }
                        found.push((self.count[at], fraction(*number)?));
                    }
                }
            }
        }
        Some(found)
    }

    fn is_of(&self, kind: &Kind, list: &Name) -> bool {
        self.lists.get(kind.list) == Some(list)
    }

    /// Cuts a form where a comparison with zero changes.
    fn cut(&mut self, form: &Linear, how: Comparison) -> Option<()> {
        let mut parts: BTreeMap<Var, Fraction> = BTreeMap::new();
        for (part, times) in &form.parts {
            for (var, own) in self.in_vars(part, false)? {
                let sum = parts.get(&var).copied().unwrap_or(Fraction::ZERO);
                parts.insert(var, sum.plus(own.times(*times)?)?);
            }
        }
        let (numbers, than, how) = whole(&parts, form.fixed.negative(), how)?;
        if !numbers.is_empty() {
            self.cuts.entry(numbers).or_default().extend(cuts(how, than));
        }
        Some(())
    }

    /// Cuts where some item of these kinds is there.
    fn cut_kinds(&mut self, of: impl Fn(&Kind) -> bool) -> Option<()> {
        let parts: BTreeMap<Var, Fraction> = (0..self.kinds.len())
            .filter(|at| of(&self.kinds[*at]))
            .map(|at| (self.count[at], Fraction::ONE))
            .collect();
        let (numbers, _, _) = whole(&parts, Fraction::ZERO, Comparison::Equal)?;
        if !numbers.is_empty() {
            self.cuts.entry(numbers).or_default().insert(1);
        }
        Some(())
    }

    /// The forms with cuts, as rows.
    fn prepare(&mut self) -> Option<()> {
        for (parts, cuts) in std::mem::take(&mut self.cuts) {
            if cuts.is_empty() {
                continue;
            }
            let var = match parts.as_slice() {
                [(var, 1)] => *var,
                parts => self.system.form(parts).ok()?,
            };
            self.forms.push((var, stretches(&cuts)));
        }
        Some(())
    }

    /// A solution, with few items where few will do.
    fn solve(&mut self) -> Result<Option<Vec<i128>>, TooMuch> {
        for few in FEW {
            let mark = self.system.mark();
            let mut possible = true;
            for total in self.totals.clone() {
                possible = possible && self.system.tighten(total, None, *few)?;
            }
            let found = if possible { self.solve_all() } else { Ok(None) };
            self.system.loosen(mark);
            match found {
                Ok(None) => {}
                found => return found,
            }
        }
        Ok(None)
    }

    fn solve_all(&mut self) -> Result<Option<Vec<i128>>, TooMuch> {
        let (count, over, least, related, kinds) = (&self.count, &self.over, &self.least, &self.related, &self.kinds);
        self.system.solve(&mut |system, at| {
            for kind in 0..kinds.len() {
                let many = at[count[kind]];
                if many == 0 {
                    continue;
                }
                // What all items have.
                let alone = || related[kind].iter().filter(|it| it.summed.is_none());
                let keeps = |it: &Related| it.row.is_none_or(|row| is_within(at[row], it.stretch));
                if !alone().all(keeps) {
                    let present = alone().filter_map(|it| Some((it.row?, it.stretch.0, it.stretch.1)));
                    let present = present.chain([(count[kind], Some(1), None)]).collect();
                    return Ok(vec![vec![(count[kind], None, Some(0))], present]);
                }
                let fewer = vec![(count[kind], None, Some(many - 1))];
                let more = vec![(count[kind], Some(many + 1), None)];
                let exactly = (count[kind], Some(many), Some(many));
                for (column, over) in &over[kind] {
                    let of_column = || {
                        let own = related[kind].iter();
                        own.filter(|it| it.row.is_some() && it.summed.as_ref().is_some_and(|(name, _)| name == column))
                    };
                    let Some(low) = kinds[kind].ranges.get(column).map(|range| range.0) else {
                        continue;
                    };
                    let outside =
                        |it: &Related| -> i128 { it.outside.iter().map(|(var, times)| at[*var] * times).sum() };
                    let keeps = |it: &Related| {
                        let times = it.summed.as_ref().map_or(0, |(_, times)| *times);
                        let ends = [share(at[*over], many, 0), share(at[*over], many, many - 1)];
                        ends.iter()
                            .all(|own| is_within((low + own) * times + outside(it), it.stretch))
                    };
                    if of_column().all(keeps) {
                        continue;
                    }
                    // The least that one has, and what is over when all have that: nothing, or one more for some.
                    let Some(own) = least[kind].get(column) else { continue };
                    let over = system.form(&[(*over, 1), (*own, -many)])?;
                    let mut even = vec![exactly, (over, Some(-low * many), Some(-low * many))];
                    let mut uneven = vec![exactly, (over, Some(1 - low * many), Some((1 - low) * many - 1))];
                    for it in of_column() {
                        let (Some(row), Some((_, times))) = (it.row, &it.summed) else {
                            continue;
                        };
                        let (from, to) = it.stretch;
                        even.push((row, from, to));
                        uneven.push((row, from.map(|it| it - times.min(&0)), to.map(|it| it - times.max(&0))));
                    }
                    return Ok(vec![even, uneven, fewer, more]);
                }
                for it in related[kind].iter().filter(|it| it.row.is_none()) {
                    // The items' sums keep the relation as many times as there are items.
                    let mut parts: Vec<(Var, i128)> = Vec::new();
                    let mut fixed: i128 = 0;
                    for (column, times) in &it.columns {
                        let Some((low, _)) = kinds[kind].ranges.get(column) else {
                            continue;
                        };
                        fixed += low * times * many;
                        parts.extend(over[kind].get(column).map(|var| (*var, *times)));
                    }
                    parts.extend(it.outside.iter().map(|(var, times)| (*var, times * many)));
                    let value: i128 = parts.iter().map(|(var, times)| at[*var] * times).sum::<i128>() + fixed;
                    let (from, to) = (it.stretch.0.map(|it| it * many), it.stretch.1.map(|it| it * many));
                    if !is_within(value, (from, to)) {
                        let row = system.form(&parts)?;
                        let kept = vec![exactly, (row, from.map(|it| it - fixed), to.map(|it| it - fixed))];
                        return Ok(vec![kept, fewer, more]);
                    }
                }
            }
            Ok(Vec::new())
        })
    }
}

/// How many items are tried first.
const FEW: &[Option<i128>] = &[Some(1), Some(2), Some(4), None];

/// Whether a kind's items are among those chosen.
fn counts(kind: &Kind, predicate: Option<usize>) -> bool {
    predicate.is_none_or(|at| kind.answers[at] == Known::Value(Value::YesNo(true)))
}
