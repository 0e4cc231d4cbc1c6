//! The five laws of the three states, on random small documents and random partial facts.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::evaluate::Evaluator;
use super::testing::*;
use super::*;
use crate::fact::Facts;
use crate::pack::*;

/// SplitMix64: chance that is the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}

const WORDS: [&str; 3] = ["a", "b", "c"];

/// What the generator knows of a fact.
#[derive(Clone)]
struct Made {
    name: String,
    ty: Type,
    /// Everything it can be.
    domain: Vec<Known<Value>>,
}

struct World {
    document: Document,
    leaves: Vec<Made>,
}

/// The words whose bits are set.
fn set(bits: u8) -> Value {
    let words = WORDS.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
    Value::Set(words.map(|(_, word)| (*word).to_owned()).collect())
}

fn domain(ty: &Type, e: bool) -> Vec<Known<Value>> {
    let mut domain: Vec<_> = match ty {
        Type::YesNo => vec![yes(), no()],
        Type::Choice(_) => WORDS.map(word).into(),
        Type::Several(_) => (0u8..8).map(set).collect(),
        Type::Clock { .. } => (0..5).map(Value::Clock).collect(),
        _ => (0..5).map(num).collect(),
    }
    .into_iter()
    .map(Known::Value)
    .collect();
    if e {
        domain.push(Known::NotApplicable);
    }
    domain
}

fn any_type(chance: &mut Chance) -> Type {
    match chance.below(5) {
        0 => Type::YesNo,
        1 => choice(&WORDS),
        2 => Type::Several(WORDS.map(str::to_owned).into()),
        3 => Type::Clock { from: 0, to: 4 },
        _ => number_type(0, 4),
    }
}

fn any_value(chance: &mut Chance, ty: &Type) -> Value {
    match ty {
        Type::YesNo => Value::YesNo(chance.one_in(2)),
        Type::Choice(_) => word(chance.of(&WORDS)),
        Type::Several(_) => set(chance.below(8) as u8),
        Type::Clock { .. } => Value::Clock(chance.below(5) as u16),
        _ => num(chance.below(5) as i64),
    }
}

fn any_comparison(chance: &mut Chance, ty: &Type) -> Comparison {
    use Comparison::*;
    match ty {
        Type::Number { .. } | Type::Clock { .. } => {
            chance.of(&[Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual])
        }
        _ => chance.of(&[Equal, NotEqual]),
    }
}

/// Another fact of the same kind, to compare with.
fn alike(chance: &mut Chance, fact: &Made, facts: &[Made]) -> Option<Made> {
    let alike: Vec<&Made> = facts
        .iter()
        .filter(|other| {
            other.name != fact.name && std::mem::discriminant(&other.ty) == std::mem::discriminant(&fact.ty)
        })
        .collect();
    (!alike.is_empty() && chance.one_in(4)).then(|| alike[chance.below(alike.len())].clone())
}

fn any_test(chance: &mut Chance, fact: &Made, facts: &[Made]) -> Test {
    let constant = |chance: &mut Chance| Operand::Constant(any_value(chance, &fact.ty));
    // A set is asked about its words; of whole sets only the empty one is written.
    if let Type::Several(_) = fact.ty {
        return match chance.below(6) {
            0 | 1 => Test::Any,
            2 => Test::NotApplicable,
            3 => Test::Lacks(chance.of(&WORDS).to_owned()),
            4 => t(set(0)),
            _ => Test::Has(chance.of(&WORDS).to_owned()),
        };
    }
    match chance.below(9) {
        0..=2 => Test::Any,
        3 => Test::NotApplicable,
        4 => Test::OneOf(vec![constant(chance), constant(chance)]),
        5 => Test::NotOneOf(vec![constant(chance)]),
        6 if matches!(fact.ty, Type::Number { .. }) => {
            let low = chance.below(4);
            Test::Between(Decimal::from(low), Decimal::from(low + chance.below(3)))
        }
        _ => {
            let operand = match alike(chance, fact, facts) {
                Some(other) => Operand::Fact(n(&other.name)),
                None => constant(chance),
            };
            Test::Compare(any_comparison(chance, &fact.ty), operand)
        }
    }
}

fn any_condition(chance: &mut Chance, facts: &[Made], depth: usize) -> Expr {
    let inner = |chance: &mut Chance| any_condition(chance, facts, depth + 1);
    match chance.below(if depth > 2 { 4 } else { 8 }) {
        0..=2 => {
            let made = chance.of(facts);
            if let Type::Several(_) = made.ty {
                let name = sp(n(&made.name));
                return match chance.one_in(2) {
                    true => Expr::Has(name, sp(chance.of(&WORDS).to_owned())),
                    false => {
                        let number = constant(num(chance.below(4) as i64));
                        cmp(any_comparison(chance, &number_type(0, 4)), Expr::Size(name), number)
                    }
                };
            }
            let right = match alike(chance, &made, facts) {
                Some(other) => fact(&other.name),
                None => constant(any_value(chance, &made.ty)),
            };
            cmp(any_comparison(chance, &made.ty), fact(&made.name), right)
        }
        3 => Expr::IsNotApplicable(sp(n(&chance.of(facts).name))),
        4 | 5 => Expr::And(vec![inner(chance), inner(chance)]),
        6 => Expr::Or(vec![inner(chance), inner(chance)]),
        _ => Expr::Not(Box::new(inner(chance))),
    }
}

/// Rows in turn, the last of which takes the rest: such a table is complete.
fn complete_rows<'n>(
    chance: &mut Chance,
    inputs: &[Made],
    facts: &[Made],
    ids: &[&'n str],
    result: impl Fn(&mut Chance) -> CellResult,
) -> Vec<(&'n str, Vec<Test>, CellResult)> {
    let mut rows: Vec<_> = ids
        .iter()
        .map(|id| {
            let tests = inputs.iter().map(|input| any_test(chance, input, facts)).collect();
            (*id, tests, result(chance))
        })
        .collect();
    rows.push(("sist", inputs.iter().map(|_| Test::Any).collect(), result(chance)));
    rows
}

/// The values of one fact shared out among rows: such a table is complete and without overlaps.
fn partition_rows<'n>(
    chance: &mut Chance,
    input: &Made,
    result: impl Fn(&mut Chance) -> CellResult,
) -> Vec<(&'n str, Vec<Test>, CellResult)> {
    if let Type::Several(_) = input.ty {
        let word = chance.of(&WORDS).to_owned();
        return vec![
            ("p1", vec![Test::Has(word.clone())], result(chance)),
            ("p2", vec![Test::Lacks(word)], result(chance)),
            ("p3", vec![Test::NotApplicable], result(chance)),
        ];
    }
    let mut values: Vec<Value> = domain(&input.ty, false)
        .into_iter()
        .filter_map(|known| known.value().cloned())
        .collect();
    let cut = 1 + chance.below(values.len() - 1);
    let rest = values.split_off(cut);
    let one_of = |values: Vec<Value>| Test::OneOf(values.into_iter().map(Operand::Constant).collect());
    vec![
        ("p1", vec![one_of(values)], result(chance)),
        ("p2", vec![one_of(rest)], result(chance)),
        ("p3", vec![Test::NotApplicable], result(chance)),
    ]
}

/// Some rows of the last rule count only from or until a day about the case's own; in a transition the applicant chooses.
fn dated(chance: &mut Chance, mut document: Document) -> Document {
    let Some(rule) = document.0.rules.last_mut() else {
        return document;
    };
    let days = Days::default();
    if chance.one_in(2) {
        let from = days.application.yesterday().expect("a day before");
        rule.transition = Some(sp(Transition {
            from: if chance.one_in(2) { from } else { days.application },
            to: days.application,
            choice: n("val.regler"),
        }));
    }
    let last = rule.rows.len() - 1;
    for row in &mut rule.rows[..last] {
        let day = days.application;
        row.valid = match chance.below(4) {
            0 => Some(Validity {
                from: Some(day),
                to: None,
            }),
            1 => Some(Validity {
                from: None,
                to: day.yesterday().ok(),
            }),
            _ => None,
        }
        .map(sp);
    }
    document
}

fn world(seed: u64) -> World {
    let chance = &mut Chance(seed);
    let mut document = Document::new().fact("person.pnr", Type::PersonNr, Source::Login);
    let mut facts = Vec::new();
    for i in 0..3 + chance.below(3) {
        let (name, ty) = (format!("f{i}.x"), any_type(chance));
        let e = chance.one_in(3);
        let source = if e {
            Source::Register(RegisterSource {
                no_record: NoRecord::NotApplicable,
                ..register("person.pnr")
            })
        } else {
            Source::Applicant
        };
        document = document.fact(&name, ty.clone(), source);
        facts.push(Made {
            domain: domain(&ty, e),
            name,
            ty,
        });
    }
    let mut leaves = facts.clone();
    let words = choice(&[Transition::OLDER, Transition::NEWER]);
    document = document.asked("val.regler", words.clone());
    leaves.push(Made {
        name: String::from("val.regler"),
        ty: words,
        domain: [Transition::OLDER, Transition::NEWER]
            .map(|chosen| Known::Value(word(chosen)))
            .into(),
    });
    for i in 0..chance.below(4) {
        let (name, ty) = (format!("r{i}.x"), any_type(chance));
        let result = |chance: &mut Chance| match chance.one_in(6) {
            true => CellResult::NotApplicable,
            false => gives(any_value(chance, &ty)),
        };
        document = if chance.one_in(2) {
            let input = chance.of(&facts);
            let rows = partition_rows(chance, &input, result);
            document.rule(&name, Policy::Unique, &[&input.name], rows)
        } else {
            let inputs = [chance.of(&facts), chance.of(&facts)];
            let rows = complete_rows(chance, &inputs, &facts, &["r1", "r2", "r3"], result);
            let document = document.rule(&name, Policy::First, &[&inputs[0].name, &inputs[1].name], rows);
            dated(chance, document)
        };
        facts.push(Made {
            domain: domain(&ty, true),
            name,
            ty,
        });
    }
    document = document.parameter("taxa.x", kronor(100), ParameterDefault::Dated(vec![(None, num(50))]));
    for step in ["s0", "s1"] {
        let needed_when = match chance.one_in(4) {
            true => Expr::Always,
            false => any_condition(chance, &facts, 0),
        };
        let underlag = chance.of(&leaves).name;
        let underlag = [underlag.as_str()];
        document = document.step(step, needed_when, if chance.one_in(2) { &[] } else { &underlag });
        if chance.one_in(2) {
            let numbers: Vec<&Made> = facts
                .iter()
                .filter(|made| matches!(made.ty, Type::Number { .. }))
                .collect();
            let fee = match numbers.as_slice() {
                [] => "taxa.x",
                numbers => &numbers[chance.below(numbers.len())].name,
            };
            document = document.fee(fee);
        }
        let kinds = [
            OutcomeKind::Burdensome,
            OutcomeKind::Favourable,
            OutcomeKind::Registration,
        ];
        for outcome in WORDS {
            document = document.outcome(step, outcome, chance.of(&kinds));
        }
        let result = |chance: &mut Chance| match chance.below(6) {
            0 => CellResult::CaseWorker,
            _ => gives(word(chance.of(&WORDS))),
        };
        let inputs = [chance.of(&facts), chance.of(&facts), chance.of(&facts)];
        let names: Vec<&str> = inputs.iter().map(|made| &*made.name).collect();
        let mut rows = complete_rows(chance, &inputs, &facts, &["u1", "u2", "u3"], result);
        document = if chance.one_in(2) {
            rows.pop();
            document.outcome_rule(step, otherwise(chance.of(&WORDS)), &names, rows)
        } else {
            document.outcome_rule(step, Policy::First, &names, rows)
        };
        if step == "s0" {
            document = document.fact("steg.s0", choice(&WORDS), Source::Step(n("s0")));
            facts.push(Made {
                name: String::from("steg.s0"),
                ty: choice(&WORDS),
                domain: domain(&choice(&WORDS), true),
            });
        }
    }
    World { document, leaves }
}

fn some_facts(chance: &mut Chance, leaves: &[Made]) -> Facts {
    let mut facts = Facts::default();
    for leaf in leaves {
        if chance.one_in(2) {
            facts.set(n(&leaf.name), chance.of(&leaf.domain));
        }
    }
    facts
}

fn certain<T: Clone + PartialEq>(known: &Known<T>) -> Option<Known<T>> {
    (!known.is_missing()).then(|| known.clone())
}

fn assert_nothing_certain_changed(before: &Evaluation, after: &Evaluation) {
    for (name, known) in &before.values {
        if let Some(known) = certain(known) {
            assert_eq!(known, after.values[name], "{name}");
        }
    }
    for (rule, row) in &before.fired {
        assert_eq!(Some(row), after.fired.get(rule), "{rule}");
    }
    for (name, step) in &before.steps {
        let later = &after.steps[name];
        if let Some(needed) = certain(&step.needed) {
            assert_eq!(needed, later.needed, "{name} needed");
        }
        if let Some(outcome) = certain(&step.outcome) {
            assert_eq!(outcome, later.outcome, "{name} outcome");
        }
        if let Some(fee) = certain(&step.fee) {
            assert_eq!(fee, later.fee, "{name} fee");
        }
        if later.needed != Known::Value(false) && !later.outcome.is_missing() {
            for row in &step.holds {
                assert!(later.holds.contains(row), "{name} {row:?} no longer holds");
            }
        }
    }
}

/// A goal's value for a step where every leaf is known. Causes do not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Goal {
    NotNeeded,
    Open,
    Needed {
        /// Of a rule that collects: how each row stands.
        rows: Vec<Option<bool>>,
        outcome: Option<Known<String>>,
        must_look: bool,
        fee: Option<Known<Decimal>>,
    },
}

fn goals(pack: &Pack, facts: &Facts) -> Vec<Goal> {
    let setting = Setting::default();
    let evaluator = Evaluator::new(pack, facts, &setting, None);
    let evaluation = evaluator.evaluation();
    let goal = |step: &Step| {
        let result = &evaluation.steps[&step.name.it];
        match result.needed {
            Known::Value(false) => return Goal::NotNeeded,
            Known::Value(true) => {}
            _ => return Goal::Open,
        }
        let rule = pack.outcome_rule(&step.name.it).expect("every step has one");
        let collects = matches!(rule.policy.it, Policy::Collect { .. });
        Goal::Needed {
            rows: match collects {
                true => rule
                    .rows
                    .iter()
                    .map(|row| evaluator.matches(rule, row).value().copied())
                    .collect(),
                false => vec![],
            },
            outcome: certain(&result.outcome).filter(|_| !collects),
            must_look: !collects
                && result.outcome.is_missing()
                && result.waits_for.is_empty()
                && !result.holds.is_empty(),
            fee: certain(&result.fee),
        }
    };
    pack.steps.iter().map(goal).collect()
}

/// Every completion of what is missing.
fn completions(leaves: &[Made], facts: &Facts) -> Vec<Facts> {
    let mut all = vec![facts.clone()];
    for leaf in leaves {
        if facts.of(&n(&leaf.name)).is_missing() {
            all = all
                .into_iter()
                .flat_map(|facts| {
                    leaf.domain.iter().map(move |known| {
                        let mut facts = facts.clone();
                        facts.set(n(&leaf.name), known.clone());
                        facts
                    })
                })
                .collect();
        }
    }
    all
}

/// Those of the missing facts for which two completions that differ only in it change a goal; and which steps some
/// completion makes needed.
fn by_trying_all(world: &World, facts: &Facts) -> (BTreeSet<Name>, Vec<bool>) {
    let pack = &world.document.0;
    let tried: Vec<(Facts, Vec<Goal>)> = completions(&world.leaves, facts)
        .into_iter()
        .map(|facts| {
            let goals = goals(pack, &facts);
            (facts, goals)
        })
        .collect();
    let mut relevant = BTreeSet::new();
    for leaf in &world.leaves {
        let name = n(&leaf.name);
        if !facts.of(&name).is_missing() {
            continue;
        }
        let mut seen: BTreeMap<Vec<(Name, Known<Value>)>, &Vec<Goal>> = BTreeMap::new();
        for (facts, goals) in &tried {
            let others: Vec<_> = facts
                .known
                .clone()
                .into_iter()
                .filter(|(other, _)| *other != name)
                .collect();
            if *seen.entry(others).or_insert(goals) != goals {
                relevant.insert(name.clone());
                break;
            }
        }
    }
    let may_be_needed = (0..pack.steps.len())
        .map(|at| tried.iter().any(|(_, goals)| goals[at] != Goal::NotNeeded))
        .collect();
    (relevant, may_be_needed)
}

fn underlag_that_counts(world: &World, may_be_needed: &[bool]) -> BTreeSet<Name> {
    let pack = &world.document.0;
    let mut names = BTreeSet::new();
    for (step, may) in pack.steps.iter().zip(may_be_needed) {
        if *may {
            names.extend(pack.underlag(step));
            // A fee that is a fact's own value is what it is, whatever class it is in.
            names.extend(
                step.fee
                    .iter()
                    .map(|fee| fee.it.clone())
                    .filter(|fee| pack.fact(fee).is_some()),
            );
        }
    }
    names
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_result_that_is_not_missing_never_changes_when_a_missing_fact_becomes_known(seed: u64) {
        let world = world(seed);
        let chance = &mut Chance(seed ^ 0xabcd);
        let mut facts = some_facts(chance, &world.leaves);
        let setting = Setting::default();
        let mut before = evaluate(&world.document.0, &facts, &setting);
        for leaf in &world.leaves {
            if facts.of(&n(&leaf.name)).is_missing() {
                facts.set(n(&leaf.name), chance.of(&leaf.domain));
                let after = evaluate(&world.document.0, &facts, &setting);
                assert_nothing_certain_changed(&before, &after);
                before = after;
            }
        }
    }

    #[test]
    fn results_do_not_depend_on_the_order_of_facts_rules_and_steps(seed: u64) {
        let world = world(seed);
        let chance = &mut Chance(seed ^ 0x1234);
        let facts = some_facts(chance, &world.leaves);
        let setting = Setting::default();
        let before = evaluate(&world.document.0, &facts, &setting);
        let mut turned = world.document.0.clone();
        turned.facts.reverse();
        turned.rules.reverse();
        turned.steps.reverse();
        prop_assert_eq!(before, evaluate(&turned, &facts, &setting));
    }

    #[test]
    fn a_step_that_waits_says_for_what_and_one_that_does_not_says_nothing(seed: u64) {
        let world = world(seed);
        let facts = some_facts(&mut Chance(seed ^ 0x77), &world.leaves);
        let evaluation = evaluate(&world.document.0, &facts, &Setting::default());
        for (name, step) in &evaluation.steps {
            for waits_for in step.waits_for.keys() {
                prop_assert!(facts.of(waits_for).is_missing(), "{} waits for {}", name, waits_for);
            }
            if !step.needed.is_missing() && !step.outcome.is_missing() {
                prop_assert!(step.waits_for.is_empty());
            }
        }
    }

    #[test]
    fn values_of_the_wrong_kind_decide_nothing_and_break_nothing(seed: u64) {
        let world = world(seed);
        let chance = &mut Chance(seed ^ 0xbb);
        let mut facts = some_facts(chance, &world.leaves);
        let wrong = [num(-7), word("finns inte"), yes(), Value::Text("fri text".into()), Value::OrgNr("5599000006".into())];
        for leaf in &world.leaves {
            if chance.one_in(2) {
                facts.set(n(&leaf.name), Known::Value(chance.of(&wrong)));
            }
        }
        let (pack, setting) = (&world.document.0, Setting::default());
        let before = evaluate(pack, &facts, &setting);
        prop_assert_eq!(&before, &evaluate(pack, &facts, &setting));
        let found = relevance(pack, &facts, &setting);
        prop_assert!(found.now.is_subset(&found.facts));
        questions(pack, &facts, &setting);
        to_fetch(pack, &facts, &setting);
        for step in &pack.steps {
            prop_assert!(explain(pack, &facts, &setting, &step.name.it).is_some());
        }
    }

    #[test]
    fn any_facts_at_all_are_explained_and_explanations_end(seed: u64) {
        let world = world(seed);
        let facts = some_facts(&mut Chance(seed ^ 0x99), &world.leaves);
        let setting = Setting::default();
        let pack = &world.document.0;
        for name in pack.facts.iter().map(|fact| &fact.name.it).chain(pack.steps.iter().map(|step| &step.name.it)) {
            prop_assert!(explain(pack, &facts, &setting, name).is_some());
        }
    }
}

/// A step that is needed when `steg.s0 ≠ f2.x`, where s0 always waits for a case worker: of what f2.x is the condition is
/// *ej aktuellt* or missing, and neither decides anything.
#[test]
fn a_fact_that_only_tells_not_applicable_from_missing_does_not_matter_to_whether_a_step_is_needed() {
    let seed = 3_242_026_978_069_118_874;
    let world = world(seed);
    let facts = some_facts(&mut Chance(seed ^ 0x55), &world.leaves);
    let found = relevance(&world.document.0, &facts, &Setting::default());
    let (mut expected, may_be_needed) = by_trying_all(&world, &facts);
    expected.extend(underlag_that_counts(&world, &may_be_needed));
    assert!(!found.facts.contains(&n("f2.x")) && !expected.contains(&n("f2.x")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_missing_fact_is_relevant_exactly_when_two_completions_that_differ_only_in_it_change_a_goal(seed: u64) {
        let world = world(seed);
        let facts = some_facts(&mut Chance(seed ^ 0x55), &world.leaves);
        let found = relevance(&world.document.0, &facts, &Setting::default());
        prop_assert!(!found.approximate);
        let (mut expected, may_be_needed) = by_trying_all(&world, &facts);
        expected.extend(underlag_that_counts(&world, &may_be_needed));
        for leaf in &world.leaves {
            let name = n(&leaf.name);
            if facts.of(&name).is_missing() {
                prop_assert_eq!(found.facts.contains(&name), expected.contains(&name), "{}", name);
            }
        }
    }

    #[test]
    fn of_the_answers_enough_stay_relevant_to_settle_every_goal(seed: u64) {
        let world = world(seed);
        let facts = some_facts(&mut Chance(seed ^ 0x66), &world.leaves);
        let found = relevance(&world.document.0, &facts, &Setting::default());
        // Whatever changes a goal by itself stays.
        for leaf in &world.leaves {
            let name = n(&leaf.name);
            if !facts.of(&name).is_missing() && !found.facts.contains(&name) {
                let mut without = facts.clone();
                without.known.remove(&name);
                prop_assert!(!by_trying_all(&world, &without).0.contains(&name), "{} counts", name);
            }
        }
        // And what is dropped changes nothing even together.
        let mut kept = facts.clone();
        kept.known.retain(|name, _| found.facts.contains(name));
        let (relevant, _) = by_trying_all(&world, &kept);
        for name in facts.known.keys().filter(|name| !found.facts.contains(name)) {
            prop_assert!(!relevant.contains(name), "{} counts when the others that were dropped are missing", name);
        }
    }

    #[test]
    fn the_body_comes_to_the_hosts_result_from_what_it_is_sent(seed: u64) {
        let world = world(seed);
        let pack = &world.document.0;
        let facts = some_facts(&mut Chance(seed ^ 0x88), &world.leaves);
        let setting = Setting::default();
        let host = evaluate(pack, &facts, &setting);
        for (step, sent) in relevance(pack, &facts, &setting).sent {
            let mut given = facts.clone();
            given.known.retain(|name, _| sent.contains(name));
            if sent.contains(&n("steg.s0")) {
                given.set(n("steg.s0"), host.values[&n("steg.s0")].clone());
            }
            let at_body = evaluate_applied(pack, &given, &setting, &step);
            prop_assert_eq!(certain(&host.steps[&step].outcome), certain(&at_body.steps[&step].outcome));
            prop_assert_eq!(&host.steps[&step].grounds, &at_body.steps[&step].grounds);
            prop_assert_eq!(&host.steps[&step].holds, &at_body.steps[&step].holds);
            prop_assert_eq!(certain(&host.steps[&step].fee), certain(&at_body.steps[&step].fee));
        }
    }
}

/// Owners with a share and a yes or no, some of it missing, and conditions over them.
fn owners(chance: &mut Chance) -> (Document, Facts) {
    let no_record = RegisterSource {
        no_record: NoRecord::NotApplicable,
        ..register("person.pnr")
    };
    let list = |how, right: i64, left| cmp(how, left, constant(num(right)));
    let how = any_comparison(chance, &number_type(0, 3));
    let share = || any_of_owner(above("ägare.andel", 1));
    let marked = || is("ägare.märkt", yes());
    let conditions = [
        list(how, chance.below(5) as i64, Expr::Sum(sp(n("ägare.andel")))),
        list(how, chance.below(3) as i64, Expr::Count(sp(n("ägare")))),
        share(),
        Expr::All(sp(n("ägare")), Box::new(marked())),
        any_of_owner(Expr::And(vec![marked(), cmp(how, fact("ägare.andel"), fact("f.x"))])),
    ];
    let condition = match chance.below(3) {
        0 => chance.of(&conditions),
        1 => Expr::And(vec![chance.of(&conditions), is("g.x", yes())]),
        _ => Expr::Or(vec![chance.of(&conditions), is("g.x", yes())]),
    };
    let document = Document::new()
        .fact("person.pnr", Type::PersonNr, Source::Login)
        .asked("f.x", number_type(0, 3))
        .asked("g.x", Type::YesNo)
        .list(
            "ägare",
            chance.below(2) as u32,
            2,
            vec![
                fact_row("ägare.andel", number_type(0, 3), Source::Applicant),
                fact_row("ägare.märkt", Type::YesNo, Source::Register(no_record)),
            ],
        )
        .step("steg", condition, &[]);
    let mut facts = Facts::default();
    if chance.one_in(2) {
        facts.set(n("f.x"), Known::Value(num(chance.below(4) as i64)));
    }
    if chance.one_in(2) {
        facts.set(n("g.x"), Known::Value(Value::YesNo(chance.one_in(2))));
    }
    if !chance.one_in(3) {
        let mut items = vec![];
        for _ in 0..chance.below(3) {
            let mut item = BTreeMap::new();
            if chance.one_in(2) {
                item.insert(n("ägare.andel"), Known::Value(num(chance.below(4) as i64)));
            }
            let marked = [
                Known::Value(yes()),
                Known::Value(no()),
                Known::NotApplicable,
                Known::UNANSWERED,
            ];
            item.insert(n("ägare.märkt"), chance.of(&marked));
            items.push(item);
        }
        facts.lists.insert(n("ägare"), items);
    }
    (document, facts)
}

fn any_of_owner(condition: Expr) -> Expr {
    Expr::Any(sp(n("ägare")), Box::new(condition))
}

/// Every completion, lists included.
fn list_completions(min: usize, facts: &Facts) -> Vec<Facts> {
    let shares: Vec<Known<Value>> = (0..4).map(num).map(Known::Value).collect();
    let marks = domain(&Type::YesNo, true);
    let fill = |item: &BTreeMap<Name, Known<Value>>| {
        let mut all = vec![item.clone()];
        for (name, domain) in [("ägare.andel", &shares), ("ägare.märkt", &marks)] {
            if item.get(&n(name)).is_none_or(Known::is_missing) {
                all = all
                    .iter()
                    .flat_map(|item| {
                        domain.iter().map(|known| {
                            let mut item = item.clone();
                            item.insert(n(name), known.clone());
                            item
                        })
                    })
                    .collect();
            }
        }
        all
    };
    let product = |items: &[BTreeMap<Name, Known<Value>>]| {
        items.iter().fold(vec![vec![]], |all: Vec<Vec<_>>, item| {
            let filled = fill(item);
            all.iter()
                .flat_map(|before| {
                    filled
                        .iter()
                        .map(|item| [before.as_slice(), std::slice::from_ref(item)].concat())
                })
                .collect()
        })
    };
    let lists: Vec<Vec<_>> = match facts.lists.get(&n("ägare")) {
        Some(items) => product(items),
        None => (min..=2)
            .flat_map(|count| product(&vec![BTreeMap::new(); count]))
            .collect(),
    };
    let leaves = [("f.x", number_type(0, 4)), ("g.x", Type::YesNo)].map(|(name, ty)| Made {
        name: name.to_owned(),
        domain: match ty {
            Type::YesNo => domain(&ty, false),
            _ => shares.clone(),
        },
        ty,
    });
    let with_list = |list: &Vec<_>| {
        let mut facts = facts.clone();
        facts.lists.insert(n("ägare"), list.clone());
        completions(&leaves, &facts)
    };
    lists.iter().flat_map(with_list).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_condition_over_a_list_gives_only_what_every_completion_gives_and_asks_for_what_may_change_it(seed: u64) {
        let (document, facts) = owners(&mut Chance(seed));
        let setting = Setting::default();
        let pack = &document.0;
        let needed = |facts: &Facts| evaluate(pack, facts, &setting).steps[&n("steg")].needed.clone();
        let before = needed(&facts);
        let answers: BTreeSet<Known<bool>> =
            list_completions(pack.lists[0].min as usize, &facts).iter().map(needed).collect();
        if !before.is_missing() {
            prop_assert_eq!(&answers, &BTreeSet::from([before]));
        }
        let relevant = relevance(pack, &facts, &setting).facts;
        let missing = |name: &Name| match pack.list_of_column(name) {
            None => facts.of(name).is_missing(),
            Some(list) => facts.lists.get(&list.name.it).is_none_or(|items| {
                items.iter().any(|item| item.get(name).is_none_or(Known::is_missing))
            }),
        };
        if answers.len() > 1 {
            prop_assert!(relevant.iter().any(missing), "something that is missing must be asked for");
        }
    }
}
