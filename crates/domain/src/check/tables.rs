//! Rules as tables (codes S3xx, and S202, S205, S209): complete, unambiguous, and every row of use.
//!
//! All cases are tried by [`super::search`]; an outcome rule only where its step is needed.

use std::collections::BTreeSet;

use super::lists::Limit;
use super::search::{Case, Outcome as Answer, Question, Search, Verdict};
use super::uses::{self, By, Kind, Use};
use crate::fact::{Known, Name, Value};
use crate::finding::{Finding, Span, Spanned};
use crate::pack::{CellResult, Column, Expr, Operand, Pack, Policy, Row, Rule, RuleKind, Source, Step, Test, Type};
use crate::rules::Scope;

pub fn check(search: &Search<'_>, found: &mut Vec<Finding>) {
    for step in &search.pack.steps {
        ranges_in(search.pack, &step.needed_when.it, found);
        needed(search, step, found);
    }
    for control in &search.pack.controls {
        let condition = &control.condition;
        ranges_in(search.pack, &condition.it, found);
        let mut own = Vec::new();
        uses::expr(&condition.it, &By::Control, &mut own);
        let question = search.question_of(&condition.it, &By::Control);
        let scope = search.probe.scope(own.iter().map(|it| &it.name));
        let holds = search.find(&question, |case| {
            match search
                .probe
                .condition(&scope, &condition.it, &case.facts, &case.setting)
            {
                Known::Value(true) | Known::NotApplicable => Verdict::Found,
                Known::Value(false) => Verdict::Cut,
                Known::Missing(_) => Verdict::Open,
            }
        });
        match holds {
            Answer::None => found.push(
                Finding::error(
                    "S209",
                    condition.span,
                    format!("Kontrollen {} kan aldrig hålla, så ingen kan gå vidare.", control.id.it),
                )
                .suggest("Rätta villkoret."),
            ),
            Answer::TooMany => found.push(too_many(
                search,
                &question,
                condition.span,
                "Kontrollen",
                &control.id.it,
            )),
            Answer::Found(_) => {}
        }
    }
    for rule in &search.pack.rules {
        check_rule(search, rule, found);
        // A number that is tried with a list is tried in every way that the table looks at it, or that has been said.
        let with_lists = search.tried_with_lists(&Table::new(search, rule).question(&[], true));
        for leaf in search.leaves(
            search
                .uses
                .iter()
                .filter(|it| it.by == By::Rule(rule.kind, rule.name.it.clone())),
        ) {
            if with_lists.contains(&leaf) {
                continue;
            }
            if let Some(why) = search.is_unproved(&leaf) {
                found.push(
                    Finding::warning(
                        "S309",
                        rule.name.span,
                        format!("`{leaf}` {why}; tabellen {} är inte bevisad.", rule.name.it),
                    )
                    .suggest("Lägg en del av villkoren i egna regler."),
                );
            }
        }
    }
}

/// One table's own proofs.
pub(super) fn check_rule(search: &Search<'_>, rule: &Rule, found: &mut Vec<Finding>) {
    let outside = ranges(search.pack, rule, found);
    Table::new(search, rule).check(&outside, found);
}

/// Too many cases: said with how many, of what, and what was done instead. Never a sample that looks like a proof.
pub(super) fn too_many(search: &Search<'_>, question: &Question, span: Span, what: &str, name: &Name) -> Finding {
    if let Some(limit) = search.limit() {
        return limited(&limit, span, what, name);
    }
    let tried = super::search::TRIES_MAX;
    let leaves = &question.leaves;
    let (cases, named) = (search.cases(question), leaves.iter().take(NAMED_MAX).map(Name::as_str));
    let more = match leaves.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" och {more} till"),
    };
    Finding::warning(
        "S309",
        span,
        format!(
            "{what} {name} är inte bevisad: {} uppgifter hänger ihop och ger {cases} fall, fler än de {tried} som prövas.",
            leaves.len()
        ),
    )
    .label(format!("{}{more}", named.collect::<Vec<_>>().join(", ")))
    .example(format!("de första {tried} fallen är prövade utan anmärkning, resten inte alls"))
    .suggest("Dela upp den i flera regler med färre uppgifter i varje; varje del bevisas då för sig.")
}

/// The same of lists: which, with what, why, and how many lists were tried.
fn limited(limit: &Limit, span: Span, what: &str, name: &Name) -> Finding {
    let lists: Vec<String> = limit.lists.iter().map(|list| format!("`{list}`")).collect();
    let parts: Vec<&str> = limit.lists.iter().chain(&limit.numbers).map(Name::as_str).collect();
    Finding::warning(
        "S309",
        span,
        format!(
            "{what} {name} är inte bevisad för listan {}: {}.",
            lists.join(" och "),
            limit.why
        ),
    )
    .label(parts.join(", "))
    .example(format!(
        "{} listor är prövade utan anmärkning, resten inte alls",
        limit.tried
    ))
    .suggest("Lägg en del av villkoren på listan i en egen regel med färre villkor; varje del bevisas då för sig.")
}

fn needed(search: &Search<'_>, step: &Step, found: &mut Vec<Finding>) {
    let condition = &step.needed_when;
    if condition.it == Expr::Always {
        return;
    }
    let own = needed_uses(search, &step.name.it);
    let question = search.question_of(&condition.it, &By::NeededWhen(step.name.it.clone()));
    let scope = search.probe.scope(own.iter().map(|it| &it.name));
    let answer = search.find(&question, |case| {
        match search
            .probe
            .condition(&scope, &condition.it, &case.facts, &case.setting)
        {
            Known::Value(true) => Verdict::Found,
            Known::Value(false) | Known::NotApplicable => Verdict::Cut,
            Known::Missing(_) => Verdict::Open,
        }
    });
    match answer {
        Answer::None => found.push(
            Finding::error(
                "S202",
                condition.span,
                format!("Steget {} behövs aldrig.", step.name.it),
            )
            .label("inget fall gör villkoret sant")
            .suggest("Rätta villkoret, eller ta bort steget."),
        ),
        Answer::TooMany => found.push(too_many(
            search,
            &question,
            condition.span,
            "Villkoret för steget",
            &step.name.it,
        )),
        Answer::Found(_) => {}
    }
}

fn needed_uses<'s>(search: &'s Search<'_>, step: &Name) -> Vec<&'s Use> {
    search
        .uses
        .iter()
        .filter(|it| it.by == By::NeededWhen(step.clone()))
        .collect()
}

/// One rule with what its cases vary in.
pub(super) struct Table<'s, 'p> {
    search: &'s Search<'p>,
    rule: &'s Rule,
    /// The step whose outcome it gives: only cases where it is needed count.
    step: Option<&'p Step>,
    scope: Scope,
}

/// Facts named where there are too many cases.
const NAMED_MAX: usize = 8;
/// Rows named beside a gap. A reader is shown the first of them, and how many more there are.
const NEAREST_MAX: usize = 50;

/// How the rows stand in a case.
struct Rows(Vec<Known<bool>>);

impl Rows {
    fn holds(&self, row: usize) -> bool {
        self.0[row] == Known::Value(true)
    }
    fn fails(&self, row: usize) -> bool {
        matches!(self.0[row], Known::Value(false) | Known::NotApplicable)
    }
}

impl<'s, 'p> Table<'s, 'p> {
    pub fn new(search: &'s Search<'p>, rule: &'s Rule) -> Self {
        let step = match rule.kind {
            RuleKind::Outcome => search.pack.step(&rule.name.it),
            RuleKind::Fact => None,
        };
        let by = By::Rule(rule.kind, rule.name.it.clone());
        let needed = By::NeededWhen(rule.name.it.clone());
        let names = search
            .uses
            .iter()
            .filter(|it| it.by == by || (step.is_some() && it.by == needed))
            .map(|it| &it.name);
        let scope = search.probe.scope(names);
        Self {
            search,
            rule,
            step,
            scope,
        }
    }

    fn too_many(&self, span: Span, what: &str, name: &Name) -> Finding {
        too_many(self.search, &self.question(&[], true), span, what, name)
    }

    fn check(&self, outside: &BTreeSet<Name>, found: &mut Vec<Finding>) {
        let mut dead: BTreeSet<usize> = BTreeSet::new();
        for (at, row) in self.rule.rows.iter().enumerate() {
            // A boundary outside the type has been said at its cell.
            if outside.contains(&row.id.it) || self.is_alive(at, row, found) {
                continue;
            }
            dead.insert(at);
        }
        match &self.rule.policy.it {
            Policy::Unique => {
                self.gap(found);
                self.overlaps(&dead, found);
            }
            Policy::First => {
                self.gap(found);
                self.shadowed(&dead, found);
            }
            Policy::Collect { .. } => self.repeated(found),
        }
        if self.rule.kind == RuleKind::Outcome && dead.is_empty() && outside.is_empty() {
            self.outcomes(found);
        }
    }

    /// What may vary: the inputs of these rows first, then of the rest, then of the step's condition.
    pub fn question(&self, first: &[usize], rest: bool) -> Question {
        let of_row = |row: &Row| -> Vec<&Use> {
            let within =
                |span: Span| row.span.file == span.file && row.span.start <= span.start && span.end <= row.span.end;
            let by = By::Rule(self.rule.kind, self.rule.name.it.clone());
            self.search
                .uses
                .iter()
                .filter(|it| it.by == by && within(it.span))
                .collect()
        };
        let columns = |row: &Row| -> Vec<Use> {
            let inputs = self.rule.columns.iter().filter_map(|column| match &column.it {
                Column::Input(name) => Some(Some((name, column.span))),
                Column::When => Some(None),
                _ => None,
            });
            inputs
                .zip(&row.tests)
                .filter(|(_, test)| test.it != Test::Any)
                .filter_map(|(input, _)| input)
                .map(|(name, span)| Use {
                    name: name.clone(),
                    kind: Kind::Fact,
                    span,
                    by: By::Control,
                })
                .collect()
        };
        let mut all: Vec<Use> = Vec::new();
        let rows = first
            .iter()
            .copied()
            .chain((0..self.rule.rows.len()).filter(|row| rest && !first.contains(row)));
        let rows: Vec<usize> = rows.collect();
        for row in rows.iter().filter_map(|at| self.rule.rows.get(*at)) {
            all.extend(columns(row));
            all.extend(of_row(row).into_iter().cloned());
        }
        if self.step.is_some() {
            all.extend(needed_uses(self.search, &self.rule.name.it).into_iter().cloned());
        }
        let mut leaves = self.search.leaves(&all);
        // The rows' own days, also where nothing else is asked.
        if self
            .search
            .is_dated(&By::Rule(self.rule.kind, self.rule.name.it.clone()))
        {
            self.search.by_day(&mut leaves);
            let transition = self.rule.transition.as_ref();
            let choice = transition.map(|transition| &transition.it.choice);
            leaves.extend(choice.filter(|choice| !leaves.contains(choice)).cloned());
        }
        let list = self.search.pack.list_of_rule(self.rule).map(|list| &list.name.it);
        let conditions = || {
            let rows = super::lists::conditions_of(self.rule, rows).map(|condition| (list.cloned(), condition));
            let needed = self.step.map(|step| (None, step.needed_when.it.clone()));
            rows.chain(needed).collect()
        };
        self.search.question(leaves, conditions, list)
    }

    /// How the rows stand in a case; nothing where the step is certainly not needed.
    pub fn states(&self, case: &Case) -> Option<Vec<Known<bool>>> {
        let probe = &self.search.probe;
        let is_needed = self.step.map_or(Known::Value(true), |step| {
            probe.condition(&self.scope, &step.needed_when.it, &case.facts, &case.setting)
        });
        match is_needed {
            Known::Value(false) | Known::NotApplicable => None,
            Known::Value(true) | Known::Missing(_) => {
                Some(probe.rows(&self.scope, self.rule, &case.facts, &case.setting))
            }
        }
    }

    /// How the rows stand, or nothing where the step is not needed. `Open` until it is certain that it is.
    fn find(&self, question: &Question, mut visit: impl FnMut(&Rows) -> Verdict) -> Answer {
        self.find_case(question, |_, rows| visit(rows))
    }

    fn find_case(&self, question: &Question, mut visit: impl FnMut(&Case, &Rows) -> Verdict) -> Answer {
        let probe = &self.search.probe;
        self.search.find(question, |case: &Case| {
            let is_needed = self.step.map_or(Known::Value(true), |step| {
                probe.condition(&self.scope, &step.needed_when.it, &case.facts, &case.setting)
            });
            let certain = match is_needed {
                Known::Value(true) => true,
                Known::Missing(_) => false,
                Known::Value(false) | Known::NotApplicable => return Verdict::Cut,
            };
            let verdict = match self.search.pack.list_of_rule(self.rule) {
                None => visit(
                    case,
                    &Rows(probe.rows(&self.scope, self.rule, &case.facts, &case.setting)),
                ),
                // Each item is a case of its own.
                Some(list) => {
                    let items = probe.item_rows(&self.scope, self.rule, list, &case.facts, &case.setting);
                    let verdicts: Vec<Verdict> = items.into_iter().map(|rows| visit(case, &Rows(rows))).collect();
                    match verdicts.iter().all(|verdict| *verdict == Verdict::Cut) {
                        _ if verdicts.contains(&Verdict::Found) => Verdict::Found,
                        true => Verdict::Cut,
                        false => Verdict::Open,
                    }
                }
            };
            match verdict {
                Verdict::Found if !certain => Verdict::Open,
                verdict => verdict,
            }
        })
    }

    /// A case in which the row holds.
    pub fn alive(&self, at: usize) -> Answer {
        self.find(&self.question(&[at], false), |rows| match () {
            () if rows.holds(at) => Verdict::Found,
            () if rows.fails(at) => Verdict::Cut,
            () => Verdict::Open,
        })
    }

    fn is_alive(&self, at: usize, row: &Row, found: &mut Vec<Finding>) -> bool {
        match self.alive(at) {
            Answer::Found(_) => true,
            Answer::None => {
                found.push(
                    Finding::error("S304", row.id.span, format!("Raden {} kan aldrig gälla.", row.id.it))
                        .label("inget fall passar alla dess villkor")
                        .suggest("Rätta villkoren, eller ta bort raden."),
                );
                false
            }
            Answer::TooMany => {
                found.push(self.too_many(row.id.span, "Raden", &row.id.it));
                true
            }
        }
    }

    fn gap(&self, found: &mut Vec<Finding>) {
        let count = self.rule.rows.len();
        let first = self.rule.policy.it == Policy::First;
        let last = std::cell::RefCell::new(Case::default());
        let gapes = |rows: &Rows| {
            let mut open = false;
            for row in 0..count {
                if rows.holds(row) && (!open || !first) {
                    return Verdict::Cut;
                }
                open |= !rows.fails(row);
            }
            if open { Verdict::Open } else { Verdict::Found }
        };
        let question = self.question(&[], true);
        let mut answer = self.find_case(&question, |case, rows| {
            let verdict = gapes(rows);
            if verdict == Verdict::Found {
                last.replace(case.clone());
            }
            verdict
        });
        // Only a gap is tried again: mostly there is none, or no control about its facts.
        let stops = self.stops(&question);
        if matches!(answer, Answer::Found(_)) && !stops.is_empty() {
            let mut question = question;
            for (condition, _) in &stops {
                question.add(self.search.question_of(condition, &By::Control));
            }
            let probe = &self.search.probe;
            let let_through = self.find_case(&question, |case, rows| {
                let mut verdict = gapes(rows);
                for (condition, scope) in &stops {
                    match probe.condition(scope, condition, &case.facts, &case.setting) {
                        Known::Value(false) => return Verdict::Cut,
                        Known::Missing(_) if verdict == Verdict::Found => verdict = Verdict::Open,
                        _ => {}
                    }
                }
                if verdict == Verdict::Found {
                    last.replace(case.clone());
                }
                verdict
            });
            // Where that is too much, the gap stands as it was found.
            if let_through != Answer::TooMany {
                answer = let_through;
            }
        }
        match answer {
            Answer::Found(example) => {
                let mut finding = Finding::error(
                    "S301",
                    self.rule.name.span,
                    format!("Tabellen {} har en lucka.", self.rule.name.it),
                )
                .label("ingen rad gäller i exemplet")
                .example(example)
                .suggest("Lägg till en rad för fallet, eller vidga en som finns.");
                finding.related = self.nearest(&last.borrow());
                found.push(finding);
            }
            Answer::TooMany => found.push(self.too_many(self.rule.name.span, "Tabellen", &self.rule.name.it)),
            Answer::None => {}
        }
    }

    /// The controls that stop a case before it is sent, and so before this table is asked, with what each reads. Only those
    /// over what the person answers count: a register may answer later, and what is not known stops nobody.
    fn stops(&self, question: &Question) -> Vec<(&'s Expr, Scope)> {
        let pack = self.search.pack;
        let is_answered = |it: &Use| {
            let fact = pack.fact(&it.name);
            let answered = fact
                .is_some_and(|fact| matches!(fact.source.it, Source::Applicant | Source::Login | Source::Represented));
            it.kind == Kind::List || answered
        };
        let stop = |condition: &'s Expr| {
            let mut own = Vec::new();
            uses::expr(condition, &By::Control, &mut own);
            let leaves = self.search.leaves(&own);
            let is_about = leaves.iter().any(|leaf| question.leaves.contains(leaf));
            let is_timeless = !self.search.is_dated(&By::Control);
            (is_about && is_timeless && own.iter().all(is_answered))
                .then(|| (condition, self.search.probe.scope(own.iter().map(|it| &it.name))))
        };
        pack.controls
            .iter()
            .filter_map(|control| stop(&control.condition.it))
            .collect()
    }

    /// The rows that come nearest in a case: those with the fewest cells against it, each with its first such cell.
    fn nearest(&self, case: &Case) -> Vec<(Span, String)> {
        let against: Vec<Vec<&Spanned<Test>>> = self
            .rule
            .rows
            .iter()
            .map(|row| {
                let alone = |at: usize| {
                    let mut alone = row.clone();
                    for (other, test) in alone.tests.iter_mut().enumerate() {
                        if other != at {
                            test.it = Test::Any;
                        }
                    }
                    alone
                };
                let mut one_by_one = self.rule.clone();
                one_by_one.rows = (0..row.tests.len()).map(alone).collect();
                let states = self
                    .search
                    .probe
                    .rows(&self.scope, &one_by_one, &case.facts, &case.setting);
                let fails = |state: &Known<bool>| !matches!(state, Known::Value(true));
                let cells = row.tests.iter().zip(states);
                cells.filter(|(_, state)| fails(state)).map(|(test, _)| test).collect()
            })
            .collect();
        let fewest = against.iter().map(Vec::len).filter(|count| *count > 0).min();
        against
            .iter()
            .filter(|cells| Some(cells.len()) == fewest)
            .take(NEAREST_MAX)
            .filter_map(|cells| cells.first())
            .map(|test| (test.span, "faller på detta".to_owned()))
            .collect()
    }

    fn overlaps(&self, dead: &BTreeSet<usize>, found: &mut Vec<Finding>) {
        for (second, row) in self.rule.rows.iter().enumerate() {
            for (first, before) in self.rule.rows.iter().enumerate().take(second) {
                if dead.contains(&first) || dead.contains(&second) {
                    continue;
                }
                let answer = self.find(&self.question(&[first, second], false), |rows| match () {
                    () if rows.fails(first) || rows.fails(second) => Verdict::Cut,
                    () if rows.holds(first) && rows.holds(second) => Verdict::Found,
                    () => Verdict::Open,
                });
                let (a, b) = (&before.id.it, &row.id.it);
                match answer {
                    Answer::Found(example) if before.result.it != row.result.it => found.push(
                        Finding::error("S302", row.id.span, format!("Raderna {a} och {b} säger emot varandra."))
                            .label(format!("ger {}", row.result.it))
                            .related(before.id.span, format!("ger {}", before.result.it))
                            .example(example)
                            .suggest("Gör villkoren ömsesidigt uteslutande, eller skriv `första` som policy."),
                    ),
                    Answer::Found(example) => found.push(
                        Finding::warning("S303", row.id.span, format!("Raderna {a} och {b} gäller samtidigt."))
                            .label("samma resultat, men det är oklart vilket skäl som gäller")
                            .related(before.id.span, "gäller också")
                            .example(example)
                            .suggest("Ta bort den ena, eller gör villkoren ömsesidigt uteslutande."),
                    ),
                    Answer::TooMany => found.push(self.too_many(row.id.span, "Raden", b)),
                    Answer::None => {}
                }
            }
        }
    }

    /// `första`: a row behind rows that together take everything.
    fn shadowed(&self, dead: &BTreeSet<usize>, found: &mut Vec<Finding>) {
        for (at, row) in self.rule.rows.iter().enumerate().skip(1) {
            if dead.contains(&at) {
                continue;
            }
            let mut taken_by: BTreeSet<usize> = BTreeSet::new();
            let upto: Vec<usize> = std::iter::once(at).chain(0..at).collect();
            let answer = self.find(&self.question(&upto, false), |rows| {
                if rows.fails(at) {
                    return Verdict::Cut;
                }
                if let Some(before) = (0..at).find(|before| rows.holds(*before)) {
                    taken_by.insert(before);
                    return Verdict::Cut;
                }
                if rows.holds(at) && (0..at).all(|before| rows.fails(before)) {
                    Verdict::Found
                } else {
                    Verdict::Open
                }
            });
            match answer {
                Answer::None => {
                    let mut finding = Finding::error("S305", row.id.span, format!("Raden {} nås aldrig.", row.id.it))
                        .label("raderna före tar alla dess fall")
                        .suggest("Flytta raden uppåt, eller ta bort den.");
                    for before in taken_by {
                        finding = finding.related(self.rule.rows[before].id.span, "tar fall först");
                    }
                    found.push(finding);
                }
                Answer::TooMany => found.push(self.too_many(row.id.span, "Raden", &row.id.it)),
                Answer::Found(_) => {}
            }
        }
    }

    /// `samla`: the same ground written twice.
    fn repeated(&self, found: &mut Vec<Finding>) {
        let tests = |row: &Row| row.tests.iter().map(|test| test.it.to_string()).collect::<Vec<_>>();
        for (second, row) in self.rule.rows.iter().enumerate() {
            let same = self.rule.rows[..second]
                .iter()
                .find(|before| before.result.it == row.result.it && tests(before) == tests(row));
            if let Some(before) = same {
                found.push(
                    Finding::warning(
                        "S303",
                        row.id.span,
                        format!("Raderna {} och {} är samma grund.", before.id.it, row.id.it),
                    )
                    .label("samma villkor och utfall")
                    .related(before.id.span, "står redan här")
                    .suggest("Ta bort den ena."),
                );
            }
        }
    }

    /// Every listed outcome is the result of some case.
    fn outcomes(&self, found: &mut Vec<Finding>) {
        let Policy::Collect { otherwise } = &self.rule.policy.it else {
            return; // Every living row that is not shadowed gives its own.
        };
        let outcomes: Vec<_> = self.search.pack.outcomes_of(&self.rule.name.it).collect();
        let rank = |name: &str| outcomes.iter().position(|outcome| outcome.name.it == name);
        let gives: Vec<Option<usize>> = self
            .rule
            .rows
            .iter()
            .map(|row| match &row.result.it {
                CellResult::Value(value) => rank(&value.to_string()),
                _ => None,
            })
            .collect();
        for (at, outcome) in outcomes.iter().enumerate() {
            let own: Vec<usize> = (0..gives.len()).filter(|row| gives[*row] == Some(at)).collect();
            let stronger: Vec<usize> = (0..gives.len())
                .filter(|row| gives[*row].is_some_and(|rank| rank < at))
                .collect();
            let is_otherwise = *otherwise == outcome.name.it;
            if own.is_empty() && !is_otherwise {
                continue; // S404 says it.
            }
            let weaker: Vec<usize> = (0..gives.len()).filter(|row| gives[*row].is_some()).collect();
            let wins = |rows: &[usize], must_fail: &[usize]| {
                let order: Vec<usize> = rows.iter().chain(must_fail).copied().collect();
                self.find(&self.question(&order, false), |states| {
                    if must_fail.iter().any(|row| states.holds(*row)) {
                        return Verdict::Cut;
                    }
                    let clear = must_fail.iter().all(|row| states.fails(*row));
                    if clear && (rows.is_empty() || rows.iter().any(|row| states.holds(*row))) {
                        Verdict::Found
                    } else if !rows.is_empty() && rows.iter().all(|row| states.fails(*row)) {
                        Verdict::Cut
                    } else {
                        Verdict::Open
                    }
                })
            };
            let mut answer = if own.is_empty() {
                Answer::None
            } else {
                wins(&own, &stronger)
            };
            if answer == Answer::None && is_otherwise {
                answer = wins(&[], &weaker);
            }
            match answer {
                Answer::None => found.push(
                    Finding::error(
                        "S205",
                        outcome.name.span,
                        format!(
                            "Inget fall leder till utfallet `{}` av steget {}.",
                            outcome.name.it, outcome.step.it
                        ),
                    )
                    .label("andra utfall går alltid före")
                    .related(self.rule.name.span, "utfallsregeln")
                    .suggest("Ändra ordningen under ## Utfall, eller raderna i regeln."),
                ),
                Answer::TooMany => found.push(self.too_many(outcome.name.span, "Utfallsregeln", &self.rule.name.it)),
                Answer::Found(_) => {}
            }
        }
    }
}

/// Boundaries outside the type. The rows that have one, so that they are not reported twice.
fn ranges(pack: &Pack, rule: &Rule, found: &mut Vec<Finding>) -> BTreeSet<Name> {
    let mut rows = BTreeSet::new();
    let inputs: Vec<Option<&Name>> = rule
        .columns
        .iter()
        .filter_map(|column| match &column.it {
            Column::Input(name) => Some(Some(name)),
            Column::When => Some(None),
            _ => None,
        })
        .collect();
    for row in &rule.rows {
        let before = found.len();
        for (input, cell) in inputs.iter().zip(&row.tests) {
            let mut boundary = |value: &Value| {
                if let Some(name) = input {
                    found.extend(outside(pack, name, value, cell.span));
                }
            };
            match &cell.it {
                Test::Compare(_, Operand::Constant(value)) => boundary(value),
                Test::Between(low, high) => {
                    boundary(&Value::Number(*low));
                    boundary(&Value::Number(*high));
                }
                Test::OneOf(all) | Test::NotOneOf(all) => {
                    for operand in all {
                        if let Operand::Constant(value) = operand {
                            boundary(value);
                        }
                    }
                }
                Test::Condition(condition) => ranges_in(pack, condition, found),
                Test::Within(low, high) => {
                    boundary(low);
                    boundary(high);
                }
                Test::Any | Test::NotApplicable | Test::Compare(..) | Test::Has(_) | Test::Lacks(_) => {}
            }
        }
        if found.len() > before {
            rows.insert(row.id.it.clone());
        }
    }
    rows
}

/// The same in a condition.
fn ranges_in(pack: &Pack, condition: &Expr, found: &mut Vec<Finding>) {
    match condition {
        Expr::Compare(_, left, right) => {
            for (fact, constant) in [(left, right), (right, left)] {
                if let (Expr::Fact(name), Expr::Constant(value)) = (&**fact, &**constant) {
                    found.extend(outside(pack, &name.it, &value.it, value.span));
                }
            }
        }
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| ranges_in(pack, part, found)),
        Expr::Not(inner) | Expr::Any(_, inner) | Expr::All(_, inner) => ranges_in(pack, inner, found),
        _ => {}
    }
}

/// A number that the fact can never be; words are the reader's to find.
fn outside(pack: &Pack, name: &Name, value: &Value, span: Span) -> Option<Finding> {
    let ty = super::graph::type_of(pack, name)?;
    let is_outside = match (ty, value) {
        (Type::Clock { .. }, Value::Clock(_)) => !super::types::fits(value, ty),
        (_, Value::Number(number)) => {
            let (min, max, _) = super::types::range(ty)?;
            *number < min || max < *number
        }
        _ => false,
    };
    if !is_outside {
        return None;
    }
    Some(
        Finding::error(
            "S306",
            span,
            format!("Gränsen {value} ligger utanför vad `{name}` kan vara."),
        )
        .label(format!("typen är {ty}"))
        .suggest("Rätta gränsen, eller vidga typen."),
    )
}
