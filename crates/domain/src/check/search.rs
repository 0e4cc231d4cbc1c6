//! Tries all cases: the classes of everything that a table or a condition rests on, one fact after another.
//!
//! A branch is left as soon as what is asked of it is certain: by the fifth law of the three states a result that is not S
//! never changes when an S becomes known, so a partial case stands for all its completions. The days of the case are never
//! missing: they come first, one for each stretch between the dates that the document names. That keeps the search small
//! and its examples short: they name only the facts that matter. It is exhaustive; where it would take longer than
//! [`TRIES_MAX`] it says so ([`Outcome::TooMany`]) and never samples in silence.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::rc::Rc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::lists::{self, Given, Joint, Limit, Looks};
use super::uses::{self, By, Kind, Use};
use crate::fact::{Cause, Facts, Known, Name, Value};
use crate::finding::Spanned;
use crate::pack::{
    CaseDay, CellResult, Comparison, Expr, Operand, Operator, Pack, Parameter, ParameterDefault, PeriodPart, Rule,
    RuleKind, SetBy, Test, Type,
};
use crate::rules::{Classes, Days, Probe, Scope, Setting, days_apart, shifted};
use crate::words::time;

/// Cases tried for one question. A table that people can read stays far below; see S309.
pub const TRIES_MAX: u32 = 20_000;
/// Pairs of first and last days that are tried of one period.
const PERIODS_MAX: usize = 400;
/// Ways to put a calculation in the place of the facts that rules calculate.
const EXPANSIONS_MAX: usize = 64;

/// A case, as far as it has been decided.
#[derive(Clone, Debug, Default)]
pub struct Case {
    pub facts: Facts,
    pub setting: Setting,
}

/// What a visitor says of a partial case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This is what was looked for.
    Found,
    /// No completion is of interest.
    Cut,
    /// It depends on what is not decided yet.
    Open,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A case as words: `gas.inne = 3, gas.ute = 0`.
    Found(String),
    None,
    /// The limit was reached before an answer.
    TooMany,
}

/// What a question rests on: what may vary, most telling first, and the conditions on lists behind it.
#[derive(Clone, Debug, Default)]
pub struct Question {
    pub leaves: Vec<Name>,
    looks: Looks,
    /// The list whose items are each a case of their own.
    items_of: Option<Name>,
}

impl Question {
    /// Also what is asked beside.
    pub fn add(&mut self, more: Self) {
        self.with(more, false);
    }

    /// Also what the same question rests on in another document.
    pub fn add_other(&mut self, other: Self) {
        self.with(other, true);
    }

    fn with(&mut self, more: Self, in_other: bool) {
        for leaf in more.leaves {
            if !self.leaves.contains(&leaf) {
                self.leaves.push(leaf);
            }
        }
        self.looks.add(more.looks, in_other);
        self.items_of = self.items_of.take().or(more.items_of);
    }
}

/// Something that varies, with a representative of each of its classes.
#[derive(Debug)]
enum Variable {
    Fact(Name, Vec<Known<Value>>),
    Parameter(Name, Vec<Value>),
    /// Lists with the numbers that they are compared with, made where what is before them is known.
    Joint(Joint, RefCell<BTreeMap<Before, Rc<Vec<Given>>>>),
}

/// The values of what a joint variable waits for.
type Before = Vec<(Option<Known<Value>>, Option<Value>)>;

impl Variable {
    /// The classes of both.
    fn with(self, other: Self) -> Self {
        fn joined<T: PartialEq>(mut one: Vec<T>, other: Vec<T>) -> Vec<T> {
            for class in other {
                if !one.contains(&class) {
                    one.push(class);
                }
            }
            one
        }
        match (self, other) {
            (Self::Fact(name, one), Self::Fact(_, other)) => Self::Fact(name, joined(one, other)),
            (Self::Parameter(name, one), Self::Parameter(_, other)) => Self::Parameter(name, joined(one, other)),
            // A name of another kind in the other document: its parts are compared as written before anything is tried.
            (one, _) => one,
        }
    }
}

/// The document made ready for trying: parameters that bodies set vary like facts.
pub struct Search<'p> {
    pub pack: &'p Pack,
    pub probe: Probe<'p>,
    pub uses: Vec<Use>,
    classes: Classes,
    /// The days of the case that something in the document tells apart.
    days: Vec<Days>,
    /// Where the day matters.
    dated: Vec<By>,
    /// By days.
    roots: Vec<BTreeMap<Term, BTreeSet<Decimal>>>,
    /// What the last question did not try of its lists.
    limit: RefCell<Option<Limit>>,
    /// Names in a calculation with more names than its boundaries can be sought in.
    unproved: BTreeSet<Name>,
}

/// The document without the defaults of what bodies may set otherwise.
pub fn loosened(pack: &Pack) -> Pack {
    let mut pack = pack.clone();
    for parameter in &mut pack.parameters {
        if parameter.set_by.it != SetBy::Law {
            parameter.default.it = ParameterDefault::None;
        }
    }
    pack
}

impl<'p> Search<'p> {
    /// `pack` is [`loosened`].
    pub fn new(pack: &'p Pack) -> Self {
        let classes = Classes::new(pack, &Self::setting(pack));
        let mut search = Self {
            pack,
            probe: Probe::new(pack),
            uses: uses::all(pack),
            classes,
            days: days_of(pack),
            dated: dated(pack),
            roots: Vec::new(),
            limit: RefCell::default(),
            unproved: BTreeSet::new(),
        };
        search.find_roots();
        search
    }

    /// Nothing set; the days on which the document begins to apply.
    fn setting(pack: &Pack) -> Setting {
        let day = pack.meta.valid_from.it;
        let mut setting = Setting::default();
        setting.days.application = day;
        setting.days.decision = day;
        setting
    }

    /// What the uses lead to, through rules: the facts, parameters and lists that are not computed, in order of first use.
    pub fn leaves<'u>(&self, from: impl IntoIterator<Item = &'u Use>) -> Vec<Name> {
        let mut seen: BTreeSet<(bool, Name)> = BTreeSet::new();
        let mut leaves: Vec<Name> = Vec::new();
        let mut by_day = false;
        let from = from.into_iter().inspect(|it| by_day |= self.is_dated(&it.by));
        let mut todo: Vec<(Kind, Name)> = from.map(|it| (it.kind, it.name.clone())).collect();
        todo.reverse();
        let mut is_dated = false;
        while let Some((kind, name)) = todo.pop() {
            if !seen.insert((kind == Kind::List, name.clone())) {
                continue;
            }
            if kind == Kind::Fact && self.pack.rule(&name).is_some() {
                is_dated |= self.is_dated(&By::Rule(RuleKind::Fact, name.clone()));
                let behind = self
                    .uses
                    .iter()
                    .filter(|it| it.by == By::Rule(RuleKind::Fact, name.clone()));
                let mut behind: Vec<_> = behind.map(|it| (it.kind, it.name.clone())).collect();
                behind.reverse();
                todo.extend(behind);
                continue;
            }
            let leaf = match self.pack.list_of_column(&name) {
                Some(list) if kind == Kind::Fact => list.name.it.clone(),
                _ => name,
            };
            if !leaves.contains(&leaf) {
                leaves.push(leaf);
            }
        }
        if by_day || is_dated {
            self.by_day(&mut leaves);
        }
        leaves
    }

    /// Whether something looks at the days of the case.
    pub fn is_dated(&self, by: &By) -> bool {
        self.dated.contains(by)
    }

    /// Adds the days of the case to what may vary.
    pub fn by_day(&self, leaves: &mut Vec<Name>) {
        if let Ok(days) = Name::parse(DAYS)
            && !leaves.contains(&days)
        {
            leaves.insert(0, days);
        }
    }

    /// What may vary, with the conditions behind it: `of` gives those on items with their list.
    pub fn question(
        &self,
        leaves: Vec<Name>,
        of: impl FnOnce() -> Vec<(Option<Name>, Expr)>,
        items_of: Option<&Name>,
    ) -> Question {
        // Also without a list of its own: what is asked beside may have one.
        let looks = match self.pack.lists.is_empty() {
            true => Looks::default(),
            false => Looks::of(self, of()),
        };
        Question {
            leaves,
            looks,
            items_of: items_of.cloned(),
        }
    }

    /// The question of one condition.
    pub fn question_of(&self, condition: &Expr, by: &By) -> Question {
        let mut own = Vec::new();
        uses::expr(condition, by, &mut own);
        self.question(self.leaves(&own), || vec![(None, condition.clone())], None)
    }

    /// Looks for a case.
    pub fn find(&self, question: &Question, mut visit: impl FnMut(&Case) -> Verdict) -> Outcome {
        let by_day = question.leaves.iter().any(|leaf| leaf.as_str() == DAYS);
        let days = if by_day { self.days.as_slice() } else { &self.days[..1] };
        self.try_all(&[self], question, days, TRIES_MAX, &mut visit)
    }

    /// How many cases there are of these, if none is left early.
    pub fn cases(&self, question: &Question) -> u128 {
        let by_day = question.leaves.iter().any(|leaf| leaf.as_str() == DAYS);
        let days = if by_day { self.days.as_slice() } else { &self.days[..1] };
        let mut case = self.start(days[0]);
        let mut all = days.len() as u128;
        for variable in self.variables(&[self], question, &days[0], by_day) {
            let mut size = 0usize;
            match &variable {
                Variable::Fact(name, classes) => {
                    size = classes.len();
                    let first = classes.first().map(|class| (name.clone(), class.clone()));
                    case.facts.known.extend(first);
                }
                Variable::Parameter(_, values) => size = values.len(),
                Variable::Joint(joint, _) => drop(lists::each(joint, &[self], &case, |_| {
                    size += 1;
                    ControlFlow::Continue(())
                })),
            }
            all = all.saturating_mul(size.max(1) as u128);
        }
        all
    }

    /// The same over the classes of two documents together, and with each fact also missing while others are known. A
    /// visitor that says `Open` sees every case.
    pub fn find_in_both(
        &self,
        other: &Search<'_>,
        question: &Question,
        tries: u32,
        mut visit: impl FnMut(&Case) -> Verdict,
    ) -> Outcome {
        let by_day = question.leaves.iter().any(|leaf| leaf.as_str() == DAYS);
        let mut days = self.days.clone();
        days.extend(other.days.iter().filter(|day| !self.days.contains(day)));
        days.truncate(if by_day { days.len() } else { 1 });
        self.try_all(&[self, other], question, &days, tries, &mut visit)
    }

    /// Nothing known yet.
    fn start(&self, days: Days) -> Case {
        let mut setting = Self::setting(self.pack);
        setting.days = days;
        Case {
            facts: Facts::default(),
            setting,
        }
    }

    fn try_all(
        &self,
        sides: &[&Search<'_>],
        question: &Question,
        days: &[Days],
        tries: u32,
        visit: &mut impl FnMut(&Case) -> Verdict,
    ) -> Outcome {
        let by_day = question.leaves.iter().any(|leaf| leaf.as_str() == DAYS);
        self.limit.replace(None);
        for day in days {
            let variables = self.variables(sides, question, day, by_day);
            let mut case = self.start(*day);
            let mut tries = tries;
            match self.branch(sides, &variables, &mut case, &mut tries, visit) {
                ControlFlow::Break(Stop::Found) => {
                    let with_days = by_day && (sides.len() > 1 || days.len() > 1);
                    return Outcome::Found(in_words(&case, with_days));
                }
                ControlFlow::Break(Stop::TooMany) => return Outcome::TooMany,
                ControlFlow::Continue(()) => {}
            }
        }
        match *self.limit.borrow() {
            // What was tried of the lists shows nothing, but it was not all.
            Some(_) => Outcome::TooMany,
            None => Outcome::None,
        }
    }

    /// The numbers that vary with the lists of a question.
    pub fn tried_with_lists(&self, question: &Question) -> BTreeSet<Name> {
        let joints = lists::joints(&[self], &question.leaves, &question.looks, None, false);
        joints.into_iter().flat_map(|joint| joint.numbers).collect()
    }

    /// What the last question did not try of its lists.
    pub fn limit(&self) -> Option<Limit> {
        self.limit.borrow().clone()
    }

    /// What varies, in order: lists behind what the conditions on their items name.
    fn variables(&self, sides: &[&Search<'_>], question: &Question, days: &Days, by_day: bool) -> Vec<Variable> {
        let in_both = sides.len() > 1;
        let joints = lists::joints(
            sides,
            &question.leaves,
            &question.looks,
            question.items_of.as_ref(),
            in_both,
        );
        let mut joints: Vec<(Option<Joint>, bool)> = joints.into_iter().map(|joint| (Some(joint), false)).collect();
        let mut placed: BTreeSet<Name> = BTreeSet::new();
        let mut variables = Vec::new();
        let mut todo: Vec<Name> = question.leaves.iter().rev().cloned().collect();
        while let Some(leaf) = todo.pop() {
            let of = |it: &Joint| it.lists.contains(&leaf) || it.numbers.contains(&leaf);
            let own = joints.iter_mut().find(|(joint, _)| joint.as_ref().is_some_and(of));
            if let Some((joint, has_waited)) = own {
                let before = joint.iter().flat_map(|joint| &joint.before);
                let waits: Vec<Name> = before.filter(|name| !placed.contains(*name)).cloned().collect();
                // Two that wait for each other go on as they are: what one does not know it says.
                if !waits.is_empty() && !std::mem::replace(has_waited, true) {
                    todo.push(leaf);
                    todo.extend(waits.into_iter().rev());
                } else if let Some(joint) = joint.take() {
                    placed.extend(joint.lists.iter().chain(&joint.numbers).cloned());
                    variables.push(Variable::Joint(joint, RefCell::default()));
                }
                continue;
            }
            if !placed.insert(leaf.clone()) {
                continue;
            }
            let all = sides.iter().filter_map(|side| side.variable(&leaf, days, by_day));
            let variable = all.reduce(Variable::with);
            variables.extend(variable.map(|variable| match variable {
                Variable::Fact(name, mut classes) if in_both => {
                    classes.push(Known::Missing(Cause::Failed));
                    Variable::Fact(name, classes)
                }
                other => other,
            }));
        }
        variables
    }

    fn branch(
        &self,
        sides: &[&Search<'_>],
        variables: &[Variable],
        case: &mut Case,
        tries: &mut u32,
        visit: &mut impl FnMut(&Case) -> Verdict,
    ) -> ControlFlow<Stop> {
        *tries = match tries.checked_sub(1) {
            Some(left) => left,
            None => return ControlFlow::Break(Stop::TooMany),
        };
        match visit(case) {
            Verdict::Found => return ControlFlow::Break(Stop::Found),
            Verdict::Cut => return ControlFlow::Continue(()),
            Verdict::Open => {}
        }
        let Some((variable, rest)) = variables.split_first() else {
            return ControlFlow::Continue(());
        };
        match variable {
            Variable::Fact(name, classes) => {
                for class in classes {
                    case.facts.known.insert(name.clone(), class.clone());
                    self.branch(sides, rest, case, tries, visit)?;
                }
                case.facts.known.remove(name);
            }
            Variable::Parameter(name, classes) => {
                for class in classes {
                    case.setting
                        .parameters
                        .insert(name.clone(), vec![(None, class.clone())]);
                    self.branch(sides, rest, case, tries, visit)?;
                }
                case.setting.parameters.remove(name);
            }
            Variable::Joint(joint, made) => {
                let before = |name: &Name| {
                    let parameter = case.setting.parameters.get(name).and_then(|it| it.first());
                    (
                        case.facts.known.get(name).cloned(),
                        parameter.map(|(_, value)| value.clone()),
                    )
                };
                let before: Before = joint.before.iter().map(before).collect();
                let known = made.borrow().get(&before).cloned();
                if let Some(known) = known {
                    for given in known.iter() {
                        self.with_given(sides, given, rest, case, tries, visit)?;
                    }
                    return ControlFlow::Continue(());
                }
                let start = case.clone();
                let mut all = Vec::new();
                let mut stopped = None;
                let limit = lists::each(joint, sides, &start, |given| {
                    if let ControlFlow::Break(stop) = self.with_given(sides, &given, rest, case, tries, visit) {
                        stopped = Some(stop);
                        return ControlFlow::Break(());
                    }
                    all.push(given);
                    ControlFlow::Continue(())
                });
                if let Some(stop) = stopped {
                    return ControlFlow::Break(stop);
                }
                if limit.is_some() {
                    self.limit.replace(limit);
                }
                made.borrow_mut().insert(before, Rc::new(all));
            }
        }
        ControlFlow::Continue(())
    }

    /// Goes on with a list. Where something is found the case keeps it.
    fn with_given(
        &self,
        sides: &[&Search<'_>],
        given: &Given,
        rest: &[Variable],
        case: &mut Case,
        tries: &mut u32,
        visit: &mut impl FnMut(&Case) -> Verdict,
    ) -> ControlFlow<Stop> {
        case.facts.known.extend(given.known.iter().cloned());
        case.facts.lists.extend(given.lists.iter().cloned());
        for (name, value) in &given.parameters {
            case.setting
                .parameters
                .insert(name.clone(), vec![(None, value.clone())]);
        }
        self.branch(sides, rest, case, tries, visit)?;
        for (name, _) in &given.known {
            case.facts.known.remove(name);
        }
        for (name, _) in &given.lists {
            case.facts.lists.remove(name);
        }
        for (name, _) in &given.parameters {
            case.setting.parameters.remove(name);
        }
        ControlFlow::Continue(())
    }

    /// What varies on a day.
    fn variable(&self, leaf: &Name, days: &Days, by_day: bool) -> Option<Variable> {
        let on = self.days.iter().position(|other| other == days).unwrap_or(0);
        if let Some(parameter) = self.pack.parameter(leaf) {
            let values: Vec<Value> = match &parameter.default.it {
                // What the law has set varies only in time: with the days, where they vary.
                ParameterDefault::Dated(_) if by_day => return None,
                ParameterDefault::Dated(dated) => dated.iter().map(|(_, value)| value.clone()).collect(),
                _ => {
                    let mut classes = self.classes.of(leaf).to_vec();
                    if let Some(ty) = self.ty(leaf) {
                        self.add_roots(leaf, ty, on, &mut classes);
                    }
                    classes.iter().filter_map(|known| known.value().cloned()).collect()
                }
            };
            return Some(Variable::Parameter(leaf.clone(), values));
        }
        let fact = self.pack.fact(leaf)?;
        let mut classes = self.classes.of(leaf).to_vec();
        self.add_roots(leaf, &fact.ty.it, on, &mut classes);
        Some(Variable::Fact(leaf.clone(), classes))
    }

    /// The values at which a calculation changes its answer, and their neighbours.
    fn add_roots(&self, name: &Name, ty: &Type, on: usize, classes: &mut Vec<Known<Value>>) {
        let roots = &self.roots[on];
        // A person's number is told apart by age alone where age is asked.
        if *ty == Type::PersonNr && roots.contains_key(&(name.clone(), Part::Whole)) {
            classes.clear();
        }
        let mut add = |value: Value| {
            let state = Known::Value(value);
            if !classes.contains(&state) {
                classes.push(state);
            }
        };
        let near = |part: Part, step: Decimal| -> BTreeSet<Decimal> {
            let roots = roots.get(&(name.clone(), part)).into_iter().flatten();
            let whole = matches!(ty, Type::Number { .. } | Type::Kronor { .. } | Type::Clock { .. });
            let on_grid = roots.filter_map(|root| root.checked_div(step)?.floor().checked_mul(step));
            on_grid
                // The root of a day is the first on its other side.
                .flat_map(|root| {
                    [
                        root.checked_sub(step),
                        Some(root),
                        root.checked_add(step).filter(|_| whole),
                    ]
                })
                .flatten()
                .collect()
        };
        match ty {
            Type::Number { .. } | Type::Kronor { .. } => {
                let Some((min, max, step)) = super::types::range(ty) else {
                    return;
                };
                let within = near(Part::Whole, step).into_iter().filter(|n| min <= *n && *n <= max);
                within.for_each(|number| add(Value::Number(number)));
            }
            Type::Clock { from, to } => {
                let minutes = near(Part::Whole, Decimal::ONE)
                    .into_iter()
                    .filter_map(|n| u16::try_from(n).ok());
                minutes
                    .filter(|minutes| from <= minutes && minutes <= to)
                    .for_each(|minutes| add(Value::Clock(minutes)));
            }
            Type::Date => {
                let days = near(Part::Whole, Decimal::ONE).into_iter().filter_map(day);
                days.for_each(|day| add(Value::Date(day)));
            }
            Type::PersonNr => {
                let births = near(Part::Whole, Decimal::ONE).into_iter().filter_map(day);
                births.for_each(|born| add(Value::PersonNr(nobodys_number(born))));
            }
            Type::Period => {
                let default = ordinal_of(self.pack.meta.valid_from.it);
                let ends = |part| {
                    let mut near = near(part, Decimal::ONE);
                    near.extend(default);
                    near
                };
                let (starts, ends) = (ends(Part::Start), ends(Part::End));
                let pairs = starts.iter().flat_map(|from| ends.iter().map(move |to| (*from, *to)));
                for (from, to) in pairs.filter(|(from, to)| from <= to).take(PERIODS_MAX) {
                    if let (Some(from), Some(to)) = (day(from), day(to)) {
                        add(Value::Period { from, to });
                    }
                }
            }
            _ => {}
        }
        classes.sort();
    }

    /// A list's column's classes on a day.
    pub fn column_classes(&self, list: &Name, column: &Name, days: &Days) -> Vec<Known<Value>> {
        let on = self.days.iter().position(|other| other == days).unwrap_or(0);
        let list = self.pack.list(list);
        let Some(column) = list.and_then(|list| list.columns.iter().find(|own| own.name.it == *column)) else {
            return Vec::new();
        };
        let mut classes = self.classes.of(&column.name.it).to_vec();
        self.add_roots(&column.name.it, &column.ty.it, on, &mut classes);
        classes
    }

    pub fn can_be_not_applicable(&self, name: &Name) -> bool {
        self.classes.of(name).contains(&Known::NotApplicable)
    }

    /// What a calculation comes to.
    pub fn value(&self, expr: &Expr, facts: &Facts, setting: &Setting) -> Known<Value> {
        self.probe.value(&self.scope_of(expr), expr, facts, setting)
    }

    /// What a condition or a calculation comes to for each item of a list.
    pub fn of_items(&self, list: &Name, expr: &Expr, facts: &Facts, setting: &Setting) -> Vec<Known<Value>> {
        self.probe.of_items(&self.scope_of(expr), list, expr, facts, setting)
    }

    fn scope_of(&self, expr: &Expr) -> Scope {
        let mut own = Vec::new();
        uses::expr(expr, &By::Control, &mut own);
        self.probe.scope(own.iter().map(|it| &it.name))
    }

    /// Why a fact or a list is not tried in every way that the document looks at it, if it is not.
    pub fn is_unproved(&self, leaf: &Name) -> Option<&'static str> {
        if self.classes.is_cut(leaf) {
            return Some("har fler val som prövas var för sig än som kan räknas igenom tillsammans");
        }
        let own =
            |name: &Name| name == leaf || self.pack.list_of_column(name).is_some_and(|list| list.name.it == *leaf);
        self.unproved
            .iter()
            .any(own)
            .then_some("står i en beräkning med fler tal än som kan räknas igenom")
    }

    // ---- calculations ----

    /// Where a comparison with a calculation changes its answer: for each name in it, with the others at their classes.
    fn find_roots(&mut self) {
        let mut calculations: Vec<(Expr, Expr, Vec<Term>)> = Vec::new();
        for (left, right) in self.comparisons() {
            let is_plain = |expr: &Expr| matches!(expr, Expr::Fact(_) | Expr::Constant(_));
            if is_plain(&left) && is_plain(&right) || lists::are_related(self, &left, &right) {
                continue;
            }
            let mut names: Vec<Term> = Vec::new();
            terms(&left, &mut names);
            terms(&right, &mut names);
            calculations.push((left, right, names));
        }
        // A boundary may need the others at their ends.
        let mut ends: BTreeMap<Term, BTreeSet<Decimal>> = BTreeMap::new();
        for term in calculations.iter().flat_map(|(_, _, names)| names) {
            if let Some((min, max, _)) = self.ty(&term.0).and_then(super::types::range) {
                ends.entry(term.clone()).or_default().extend([min, max]);
            }
        }
        // What stands alone first: its boundaries are what the others are tried at.
        calculations.sort_by_key(|(_, _, names)| names.len());
        for days in self.days.clone() {
            let mut roots = ends.clone();
            for (left, right, names) in &calculations {
                for term in names {
                    match self.roots_of(term, (left, right, names), &days, &ends, &roots) {
                        Some(found) => roots.entry(term.clone()).or_default().extend(found),
                        None => drop(self.unproved.insert(term.0.clone())),
                    }
                }
            }
            // Where two numbers meet exactly, each is also tried at the other's boundaries.
            let first = roots.clone();
            for (left, right, names) in calculations.iter().filter(|(_, _, names)| names.len() == 2) {
                for term in names {
                    let near = names.iter().map(|name| {
                        let own = first.get(name).into_iter().flatten().copied();
                        let near = own.flat_map(|root| [root.floor(), root.ceil()]);
                        (name.clone(), near.take(COMBINED_MAX).collect())
                    });
                    let near: BTreeMap<Term, BTreeSet<Decimal>> = near.collect();
                    if let Some(found) = self.roots_of(term, (left, right, names), &days, &near, &first) {
                        roots.entry(term.clone()).or_default().extend(found);
                    }
                }
            }
            self.roots.push(roots);
        }
    }

    /// Where one comparison changes with one of its names; nothing when that cannot be counted through.
    fn roots_of(
        &self,
        term: &Term,
        (left, right, names): (&Expr, &Expr, &[Term]),
        days: &Days,
        ends: &BTreeMap<Term, BTreeSet<Decimal>>,
        roots: &BTreeMap<Term, BTreeSet<Decimal>>,
    ) -> Option<BTreeSet<Decimal>> {
        let others: Vec<(&Term, Vec<Decimal>)> = names
            .iter()
            .filter(|other| *other != term)
            .map(|other| {
                let known = if self.is_day(other) { roots } else { ends };
                (other, self.numbers(other, known))
            })
            .collect();
        let combinations = others
            .iter()
            .fold(1usize, |n, (_, values)| n.saturating_mul(values.len().max(1)));
        let is_cut = others.iter().any(|(other, values)| match self.is_day(other) {
            true => values.len() > COMBINED_DAYS_MAX,
            false => values.len() > COMBINED_MAX,
        });
        let by_days = self.is_day(term) || mentions_days(left) || mentions_days(right);
        // A function of a day is monotone where the day stands once.
        let twice = by_days && occurrences(left, term) + occurrences(right, term) > 1;
        if is_cut || twice || combinations > COMBINATIONS_MAX {
            return None;
        }
        let mut found = BTreeSet::new();
        combine(&others, &mut BTreeMap::new(), &mut |at| {
            let difference = |value: Decimal| {
                let mut at = at.clone();
                at.insert(term, value);
                let at = At {
                    search: self,
                    values: &at,
                    days,
                };
                at.difference(left, right)
            };
            match by_days {
                true => self.bisect(term, &difference, &mut found),
                false => found.extend(linear_root(&difference)),
            }
        });
        Some(found)
    }

    pub fn ty(&self, name: &Name) -> Option<&'p Type> {
        super::graph::type_of(self.pack, name)
    }

    fn is_day(&self, (name, part): &Term) -> bool {
        *part != Part::Whole || matches!(self.ty(name), Some(Type::Date | Type::PersonNr))
    }

    /// Every comparison of the document, also those in cells that a rule calculates the fact of; with each calculation in the
    /// place of the fact that it gives.
    fn comparisons(&mut self) -> Vec<(Expr, Expr)> {
        let mut found: Vec<(Expr, Expr)> = Vec::new();
        for condition in conditions(self.pack) {
            parts(condition, &mut |part| {
                if let Expr::Compare(_, left, right) = part {
                    found.push(((**left).clone(), (**right).clone()));
                }
            });
        }
        for rule in &self.pack.rules {
            let columns = rule.columns.iter().filter_map(|column| match &column.it {
                crate::pack::Column::Input(name) => Some(Some((name, column.span))),
                crate::pack::Column::When => Some(None),
                _ => None,
            });
            let columns: Vec<_> = columns.collect();
            for row in &rule.rows {
                for (column, cell) in columns.iter().zip(&row.tests) {
                    let Some((name, span)) = column else { continue };
                    let fact = |name: &Name| {
                        Expr::Fact(Spanned {
                            it: name.clone(),
                            span: *span,
                        })
                    };
                    let constant = |value: &Value| {
                        Expr::Constant(Spanned {
                            it: value.clone(),
                            span: *span,
                        })
                    };
                    let operand = |operand: &Operand| match operand {
                        Operand::Constant(value) => constant(value),
                        Operand::Fact(name) => fact(name),
                    };
                    let compared: Vec<Expr> = match &cell.it {
                        Test::Compare(_, one) => vec![operand(one)],
                        Test::OneOf(all) | Test::NotOneOf(all) => all.iter().map(operand).collect(),
                        Test::Between(low, high) => {
                            vec![constant(&Value::Number(*low)), constant(&Value::Number(*high))]
                        }
                        Test::Within(low, high) => vec![constant(low), constant(high)],
                        _ => Vec::new(),
                    };
                    found.extend(compared.into_iter().map(|other| (fact(name), other)));
                }
            }
        }
        let mut expanded = Vec::new();
        for (left, right) in found {
            let pair = Expr::Compare(Comparison::Equal, Box::new(left), Box::new(right));
            let (all, is_cut) = self.expanded(pair, false);
            if is_cut {
                let mut names = Vec::new();
                for pair in &all {
                    terms(pair, &mut names);
                }
                self.unproved.extend(names.into_iter().map(|(name, _)| name));
            }
            expanded.extend(all.into_iter().filter_map(|pair| match pair {
                Expr::Compare(_, left, right) => Some((*left, *right)),
                _ => None,
            }));
        }
        expanded
    }

    /// With the results of rules that calculate in their facts' places, and whether there were too many. `plain`: also of
    /// rules that only give numbers.
    pub(super) fn expanded(&self, expr: Expr, plain: bool) -> (Vec<Expr>, bool) {
        let mut done = Vec::new();
        let mut todo = vec![(expr, 0)];
        while let Some((expr, depth)) = todo.pop() {
            let mut calculated: Option<&Rule> = None;
            measured(&expr, &mut |part| {
                if let Expr::Fact(name) = part {
                    let in_place = |rule: &&Rule| calculates(rule) || (plain && gives_numbers(rule));
                    calculated = calculated.or(self.pack.rule(&name.it).filter(in_place));
                }
            });
            let Some(rule) = calculated else {
                done.push(expr);
                continue;
            };
            if depth == EXPANSIONS_MAX || todo.len() + done.len() > EXPANSIONS_MAX {
                return (vec![expr], true);
            }
            for row in &rule.rows {
                let result = match &row.result.it {
                    CellResult::Calculated(result) => result.clone(),
                    CellResult::Value(value) => Expr::Constant(Spanned {
                        it: value.clone(),
                        span: row.result.span,
                    }),
                    _ => continue,
                };
                todo.push((with(&expr, &rule.name.it, &result), depth + 1));
            }
        }
        (done, false)
    }

    /// The days at which the sign of a monotone difference changes.
    fn bisect(&self, term: &Term, difference: &dyn Fn(Decimal) -> Option<Decimal>, found: &mut BTreeSet<Decimal>) {
        use rust_decimal::prelude::ToPrimitive as _;
        let (low, high) = match self.ty(&term.0).filter(|_| term.1 == Part::Whole) {
            Some(ty) if !matches!(ty, Type::Date | Type::PersonNr) => match super::types::range(ty) {
                Some((min, max, _)) => (min.floor(), max.ceil()),
                None => (Decimal::ZERO, Decimal::from(100_000)),
            },
            _ => (Decimal::from(DAYS_FROM), Decimal::from(DAYS_TO)),
        };
        let (Some(low), Some(high)) = (low.to_i64(), high.to_i64()) else {
            return;
        };
        let sign = |at: i64| difference(Decimal::from(at)).map(|difference| difference.cmp(&Decimal::ZERO));
        // Working days are counted in fewer years.
        let low = if sign(low).is_none() {
            low.max(WORKING_DAYS_FROM)
        } else {
            low
        };
        let (Some(first), Some(last)) = (sign(low), sign(high)) else {
            return;
        };
        if first == last {
            return;
        }
        for still in [
            &(|sign| sign == Some(first)) as &dyn Fn(Option<std::cmp::Ordering>) -> bool,
            &|sign| sign != Some(last),
        ] {
            let (mut before, mut after) = (low, high);
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if still(sign(middle)) {
                    before = middle;
                } else {
                    after = middle;
                }
            }
            found.insert(Decimal::from(after));
        }
    }

    /// The numbers that a name takes while another's root is sought.
    fn numbers(&self, term: &Term, ends: &BTreeMap<Term, BTreeSet<Decimal>>) -> Vec<Decimal> {
        let (name, part) = term;
        let mut numbers: Vec<Decimal> = match self.pack.parameter(name).map(|parameter| &parameter.default.it) {
            Some(ParameterDefault::Dated(dated)) => dated.iter().filter_map(|(_, value)| ordinal(value)).collect(),
            _ if *part != Part::Whole => Vec::new(),
            _ => self
                .classes
                .of(name)
                .iter()
                .filter_map(|known| known.value().and_then(ordinal))
                .collect(),
        };
        // Days are tried where another comparison changes, and on the first day of the document.
        let mut more: Vec<Decimal> = ends.get(term).into_iter().flatten().copied().collect();
        if self.is_day(term) {
            numbers.retain(|_| !matches!(self.ty(name), Some(Type::PersonNr)));
            more.extend(ordinal_of(self.pack.meta.valid_from.it));
        }
        for end in more {
            if !numbers.contains(&end) {
                numbers.insert(0, end);
            }
        }
        numbers
    }
}

/// A number, a day or a time that varies in a calculation: of a period its first or its last day.
type Term = (Name, Part);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Whole,
    Start,
    End,
}

/// The name that stands for the days of the case among what may vary. Facts have a dot.
const DAYS: &str = "ärendets-dagar";
/// 1900-01-01 and 2149-12-31 in days from 1970-01-01: what days are sought between.
const DAYS_FROM: i64 = -25_567;
const DAYS_TO: i64 = 65_744;
/// 1950-01-02, the first day from which working days are counted.
const WORKING_DAYS_FROM: i64 = -7_304;

fn ordinal_of(day: Date) -> Option<Decimal> {
    let since = day.since(Date::constant(1970, 1, 1)).ok()?;
    Some(Decimal::from(since.get_days()))
}

fn day(ordinal: Decimal) -> Option<Date> {
    use rust_decimal::prelude::ToPrimitive as _;
    let days = jiff::Span::new().try_days(ordinal.floor().to_i64()?).ok()?;
    Date::constant(1970, 1, 1).checked_add(days).ok()
}

/// A value as a number that has the same order.
fn ordinal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Date(day) => ordinal_of(*day),
        Value::Clock(minutes) => Some(Decimal::from(*minutes)),
        _ => None,
    }
}

/// Twelve digits with a date of birth that no person has: the birth number is 000 (IdentitetsL 2022:1697 gives none).
fn nobodys_number(born: Date) -> String {
    format!("{:04}{:02}{:02}0000", born.year(), born.month(), born.day())
}

fn linear_root(difference: &dyn Fn(Decimal) -> Option<Decimal>) -> Option<Decimal> {
    // Linear in each name alone: the root follows from two points.
    let (zero, one) = (difference(Decimal::ZERO)?, difference(Decimal::ONE)?);
    (-zero).checked_div(one.checked_sub(zero)?)
}

fn calculates(rule: &Rule) -> bool {
    let mut rows = rule.rows.iter();
    rows.any(|row| matches!(row.result.it, CellResult::Calculated(_)))
}

fn gives_numbers(rule: &Rule) -> bool {
    let mut rows = rule.rows.iter();
    rows.any(|row| matches!(row.result.it, CellResult::Value(Value::Number(_))))
}

fn mentions_days(expr: &Expr) -> bool {
    let mut found = false;
    parts(expr, &mut |part| {
        found |= matches!(
            part,
            Expr::Day(_) | Expr::Shift(..) | Expr::Apart(..) | Expr::Age(..) | Expr::PartOf(..)
        );
    });
    found
}

/// How many times a name stands in a calculation.
fn occurrences(expr: &Expr, term: &Term) -> usize {
    let mut times = 0;
    measured(expr, &mut |part| {
        let mut own = Vec::new();
        term_of(part, &mut own);
        times += own.iter().filter(|other| *other == term).count();
    });
    times
}

/// With another expression in the place of a fact.
fn with(expr: &Expr, name: &Name, by: &Expr) -> Expr {
    let of = |part: &Expr| Box::new(with(part, name, by));
    let all = |parts: &[Expr]| parts.iter().map(|part| with(part, name, by)).collect();
    match expr {
        Expr::Fact(own) if own.it == *name => by.clone(),
        Expr::Compare(how, left, right) => Expr::Compare(*how, of(left), of(right)),
        Expr::Arithmetic(how, left, right) => Expr::Arithmetic(*how, of(left), of(right)),
        Expr::Apart(kind, from, to) => Expr::Apart(*kind, of(from), of(to)),
        Expr::Shift(how, day, length) => Expr::Shift(*how, of(day), *length),
        Expr::Age(born, on) => Expr::Age(of(born), *on),
        Expr::PartOf(part, period) => Expr::PartOf(*part, of(period)),
        Expr::InUnit(number, conversion) => Expr::InUnit(of(number), conversion.clone()),
        Expr::And(parts) => Expr::And(all(parts)),
        Expr::Or(parts) => Expr::Or(all(parts)),
        Expr::Not(part) => Expr::Not(of(part)),
        other => other.clone(),
    }
}

/// Where the day of the case matters.
fn dated(pack: &Pack) -> Vec<By> {
    let mut dated = Vec::new();
    for rule in &pack.rules {
        let by_rows = rule.transition.is_some() || rule.rows.iter().any(|row| row.valid.is_some());
        if by_rows || expressions(rule).any(names_a_day) {
            dated.push(By::Rule(rule.kind, rule.name.it.clone()));
        }
    }
    for step in &pack.steps {
        if names_a_day(&step.needed_when.it) {
            dated.push(By::NeededWhen(step.name.it.clone()));
        }
    }
    if pack.controls.iter().any(|control| names_a_day(&control.condition.it)) {
        dated.push(By::Control);
    }
    dated
}

fn names_a_day(expr: &Expr) -> bool {
    let mut found = false;
    parts(expr, &mut |part| found |= matches!(part, Expr::Day(_) | Expr::Age(..)));
    found
}

/// The conditions and calculations of a rule.
fn expressions(rule: &Rule) -> impl Iterator<Item = &Expr> {
    rule.rows.iter().flat_map(|row| {
        let conditions = row.tests.iter().filter_map(|cell| match &cell.it {
            Test::Condition(condition) => Some(condition),
            _ => None,
        });
        let result = match &row.result.it {
            CellResult::Calculated(expr) => Some(expr),
            _ => None,
        };
        conditions.chain(result)
    })
}

/// One day in each stretch that the document tells apart, within its own time; where both days of the case are looked at,
/// every pair of them.
fn days_of(pack: &Pack) -> Vec<Days> {
    let first = pack.meta.valid_from.it;
    let last = pack.meta.valid_to.as_ref().map(|day| day.it);
    let mut days: BTreeSet<Date> = BTreeSet::from([first]);
    let mut looked_at: BTreeSet<CaseDay> = BTreeSet::new();
    let after = |day: Date| day.tomorrow().unwrap_or(day);
    for rule in &pack.rules {
        for valid in rule.rows.iter().filter_map(|row| row.valid.as_ref()) {
            days.extend(valid.it.from);
            days.extend(valid.it.to.map(after));
            looked_at.insert(rule.counted_at.into());
        }
        if let Some(transition) = &rule.transition {
            days.extend([transition.it.from, after(transition.it.to)]);
            looked_at.insert(CaseDay::Application);
        }
    }
    let dated = |parameter: &&Parameter| parameter.set_by.it == SetBy::Law;
    for parameter in pack.parameters.iter().filter(dated) {
        if let ParameterDefault::Dated(values) = &parameter.default.it
            && values.len() > 1
        {
            days.extend(values.iter().filter_map(|(from, _)| *from));
            looked_at.insert(parameter.counted_at.into());
        }
    }
    for condition in conditions(pack).chain(pack.rules.iter().flat_map(expressions)) {
        let mut own = BTreeSet::new();
        parts(condition, &mut |part| match part {
            Expr::Day(day) | Expr::Age(_, day) => drop(own.insert(*day)),
            _ => {}
        });
        if own.is_empty() {
            continue;
        }
        looked_at.extend(own);
        parts(condition, &mut |part| {
            if let Expr::Constant(value) = part
                && let Value::Date(day) = value.it
            {
                days.extend([day.yesterday().unwrap_or(day), day, after(day)]);
            }
        });
        // Something may depend on how far the day is from a fixed one.
        days.extend(last);
        days.extend(time::add_months(first, 18).ok());
    }
    days.retain(|day| first <= *day && last.is_none_or(|last| *day <= last));
    let all: Vec<Date> = days.into_iter().collect();
    if looked_at.len() < 2 {
        return all
            .into_iter()
            .map(|day| Days {
                application: day,
                decision: day,
            })
            .collect();
    }
    let mut pairs = Vec::new();
    for (at, application) in all.iter().enumerate() {
        pairs.extend(all[at..].iter().map(|decision| Days {
            application: *application,
            decision: *decision,
        }));
    }
    pairs
}

/// Values of one name that are tried while another's boundary is sought.
const COMBINED_MAX: usize = 8;
/// The same of a day: each comparison with it adds two.
const COMBINED_DAYS_MAX: usize = 24;
/// Combinations of the others' values that are tried for one name. A calculation with more names is not proved.
const COMBINATIONS_MAX: usize = 4_096;

enum Stop {
    Found,
    TooMany,
}

/// Every condition of the document.
fn conditions(pack: &Pack) -> impl Iterator<Item = &Expr> {
    let cells = pack.rules.iter().flat_map(|rule| &rule.rows).flat_map(|row| &row.tests);
    pack.steps
        .iter()
        .map(|step| &step.needed_when.it)
        .chain(pack.controls.iter().map(|control| &control.condition.it))
        .chain(cells.filter_map(|cell| match &cell.it {
            Test::Condition(condition) => Some(condition),
            _ => None,
        }))
}

/// Visits a condition and all its parts.
fn parts<'e>(condition: &'e Expr, visit: &mut impl FnMut(&'e Expr)) {
    visit(condition);
    match condition {
        Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) | Expr::Apart(_, left, right) => {
            parts(left, visit);
            parts(right, visit);
        }
        Expr::And(all) | Expr::Or(all) => all.iter().for_each(|part| parts(part, visit)),
        Expr::Not(inner)
        | Expr::Any(_, inner)
        | Expr::All(_, inner)
        | Expr::CountWhere(_, inner)
        | Expr::SumWhere(_, inner)
        | Expr::Shift(_, inner, _)
        | Expr::Age(inner, _)
        | Expr::InUnit(inner, _) => parts(inner, visit),
        // The whole says which end of the period is looked at.
        Expr::PartOf(_, inner) if !matches!(**inner, Expr::Fact(_)) => parts(inner, visit),
        _ => {}
    }
}

/// Visits the parts that a calculation's value comes from: not the conditions that a list's items are chosen by.
pub(super) fn measured<'e>(expr: &'e Expr, visit: &mut impl FnMut(&'e Expr)) {
    visit(expr);
    match expr {
        Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) | Expr::Apart(_, left, right) => {
            measured(left, visit);
            measured(right, visit);
        }
        Expr::Shift(_, inner, _) | Expr::Age(inner, _) | Expr::InUnit(inner, _) => measured(inner, visit),
        // The whole says which end of the period is looked at.
        Expr::PartOf(_, inner) if !matches!(**inner, Expr::Fact(_)) => measured(inner, visit),
        _ => {}
    }
}

/// The names in a calculation. A sum goes by its column (a list of one), a count by its list, a period by its ends.
fn terms(expr: &Expr, names: &mut Vec<Term>) {
    measured(expr, &mut |part| term_of(part, names));
}

/// What a part itself names.
fn term_of(part: &Expr, names: &mut Vec<Term>) {
    let mut add = |name: &Name, part| {
        let term = (name.clone(), part);
        if !names.contains(&term) {
            names.push(term);
        }
    };
    match part {
        Expr::PartOf(which, period) => {
            if let Expr::Fact(name) = &**period {
                if *which != PeriodPart::End {
                    add(&name.it, Part::Start);
                }
                if *which != PeriodPart::Start {
                    add(&name.it, Part::End);
                }
            }
        }
        Expr::Fact(name)
        | Expr::Sum(name)
        | Expr::SumWhere(name, _)
        | Expr::Count(name)
        | Expr::CountWhere(name, _) => add(&name.it, Part::Whole),
        _ => {}
    }
}

fn combine<'n>(
    others: &[(&'n Term, Vec<Decimal>)],
    at: &mut BTreeMap<&'n Term, Decimal>,
    each: &mut impl FnMut(&BTreeMap<&'n Term, Decimal>),
) {
    let Some(((name, values), rest)) = others.split_first() else {
        each(at);
        return;
    };
    for value in values {
        at.insert(name, *value);
        combine(rest, at, each);
    }
    at.remove(name);
}

/// A calculation at some values.
struct At<'s, 'p> {
    search: &'s Search<'p>,
    values: &'s BTreeMap<&'s Term, Decimal>,
    days: &'s Days,
}

/// What a calculation gives.
enum Measured {
    Number(Decimal),
    Day(Date),
}

impl At<'_, '_> {
    fn difference(&self, left: &Expr, right: &Expr) -> Option<Decimal> {
        match (self.of(left)?, self.of(right)?) {
            (Measured::Number(left), Measured::Number(right)) => left.checked_sub(right),
            (Measured::Day(left), Measured::Day(right)) => ordinal_of(left)?.checked_sub(ordinal_of(right)?),
            _ => None,
        }
    }

    fn number(&self, expr: &Expr) -> Option<Decimal> {
        match self.of(expr)? {
            Measured::Number(number) => Some(number),
            Measured::Day(_) => None,
        }
    }

    fn day(&self, expr: &Expr) -> Option<Date> {
        match self.of(expr)? {
            Measured::Day(day) => Some(day),
            Measured::Number(_) => None,
        }
    }

    fn case_day(&self, day: CaseDay) -> Date {
        match day {
            CaseDay::Application => self.days.application,
            CaseDay::Decision => self.days.decision,
        }
    }

    fn value(&self, name: &Name, part: Part) -> Option<Decimal> {
        self.values.get(&(name.clone(), part)).copied()
    }

    fn of(&self, expr: &Expr) -> Option<Measured> {
        let number = |number| Some(Measured::Number(number));
        match expr {
            Expr::Fact(name) => {
                let value = self.value(&name.it, Part::Whole)?;
                match self.search.ty(&name.it) {
                    Some(Type::Date | Type::PersonNr) => day(value).map(Measured::Day),
                    _ => number(value),
                }
            }
            Expr::Sum(name) | Expr::SumWhere(name, _) | Expr::Count(name) | Expr::CountWhere(name, _) => {
                number(self.value(&name.it, Part::Whole)?)
            }
            Expr::Constant(value) => match &value.it {
                Value::Date(day) => Some(Measured::Day(*day)),
                value => number(ordinal(value)?),
            },
            Expr::Arithmetic(how, left, right) => {
                let (left, right) = (self.number(left)?, self.number(right)?);
                number(match how {
                    Operator::Plus => left.checked_add(right),
                    Operator::Minus => left.checked_sub(right),
                    Operator::Times => left.checked_mul(right),
                    Operator::Divide => left.checked_div(right),
                }?)
            }
            Expr::InUnit(of, conversion) => number(self.number(of)?.checked_mul(conversion.factor)?),
            Expr::Day(day) => Some(Measured::Day(self.case_day(*day))),
            Expr::Shift(how, day, by) => shifted(*how, self.day(day)?, *by).map(Measured::Day),
            Expr::Apart(kind, from, to) => number(days_apart(*kind, self.day(from)?, self.day(to)?)?),
            Expr::Age(born, on) => number(Decimal::from(time::age_on(self.day(born)?, self.case_day(*on)))),
            Expr::PartOf(which, period) => {
                let Expr::Fact(name) = &**period else { return None };
                let end = |part| day(self.value(&name.it, part)?);
                match which {
                    PeriodPart::Start => end(Part::Start).map(Measured::Day),
                    PeriodPart::End => end(Part::End).map(Measured::Day),
                    PeriodPart::Days => {
                        let days = days_apart(crate::pack::DayKind::Days, end(Part::Start)?, end(Part::End)?)?;
                        number(days.checked_add(Decimal::ONE)?)
                    }
                }
            }
            _ => None,
        }
    }
}

// ---- examples ----

/// `gas.inne = 3, lokal.typ = "liten lokal"`
fn in_words(case: &Case, with_days: bool) -> String {
    let mut words: Vec<String> = Vec::new();
    if with_days {
        let days = case.setting.days;
        words.push(format!("ansökan = {}", days.application));
        if days.decision != days.application {
            words.push(format!("beslut = {}", days.decision));
        }
    }
    for (name, known) in &case.facts.known {
        words.push(format!("{name} = {}", state(known)));
    }
    for (list, items) in &case.facts.lists {
        if items.is_empty() {
            words.push(format!("antal({list}) = 0"));
        }
        for (at, item) in items.iter().enumerate() {
            for (column, known) in item {
                let column = column.as_str().strip_prefix(list.as_str()).unwrap_or(column.as_str());
                words.push(format!("{list}[{}]{column} = {}", at + 1, state(known)));
            }
        }
    }
    for (name, values) in &case.setting.parameters {
        if let Some((_, value)) = values.first() {
            words.push(format!("{name} = {value}"));
        }
    }
    if words.is_empty() {
        return "vilka uppgifter som helst".to_owned();
    }
    words.join(", ")
}

fn state(known: &Known<Value>) -> String {
    match known {
        Known::Value(Value::PersonNr(digits)) if digits.ends_with("0000") => match digits.get(..8) {
            Some(born) => format!("född {}-{}-{}", &born[..4], &born[4..6], &born[6..]),
            None => "ett personnummer".to_owned(),
        },
        Known::Value(value) => {
            let text = value.to_string();
            if text.contains(' ') && matches!(value, Value::Choice(_) | Value::Text(_)) {
                format!("\"{text}\"")
            } else {
                text
            }
        }
        Known::NotApplicable => "ej aktuellt".to_owned(),
        Known::Missing(_) => "saknas".to_owned(),
    }
}
