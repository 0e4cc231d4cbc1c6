//! The rules of `docs/language.md`, "Three states", as sentences.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::testing::*;
use super::*;
use crate::fact::{Cause, Facts, Known};
use crate::pack::*;

fn run(document: &Document, given: &[(&str, Value)]) -> Evaluation {
    evaluate(&document.0, &facts(given), &Setting::default())
}

fn value(evaluation: &Evaluation, name: &str) -> Known<Value> {
    evaluation.values[&n(name)].clone()
}

fn step<'e>(evaluation: &'e Evaluation, name: &str) -> &'e StepResult {
    &evaluation.steps[&n(name)]
}

fn ids(fired: &[Fired]) -> Vec<&str> {
    fired.iter().map(|fired| fired.row.as_str()).collect()
}

#[test]
fn a_table_gives_its_row_and_the_step_says_which_row_made_it_unneeded() {
    let evaluation = run(&restaurant(), &[("gas.inne", num(2)), ("gas.ute", num(60))]);
    assert_eq!(value(&evaluation, "gasol.behövs"), Known::Value(no()));
    assert_eq!(evaluation.fired[&n("gasol.behövs")], n("g3"));
    let gasol = step(&evaluation, "gasol");
    assert_eq!(gasol.needed, Known::Value(false));
    assert_eq!(ids(&gasol.needed_because), ["g3"]);
    assert_eq!(gasol.outcome, Known::NotApplicable);
    assert_eq!(gasol.fee, Known::NotApplicable);
}

#[test]
fn a_missing_cell_may_match_and_the_result_is_what_all_rows_that_may_match_share() {
    let evaluation = run(&restaurant(), &[("gas.ute", num(61))]);
    // g1 and g2 may match, and both say yes; which of them is not known.
    assert_eq!(value(&evaluation, "gasol.behövs"), Known::Value(yes()));
    assert!(!evaluation.fired.contains_key(&n("gasol.behövs")));
    let evaluation = run(&restaurant(), &[("gas.ute", num(60))]);
    assert_eq!(value(&evaluation, "gasol.behövs"), Known::UNANSWERED);
    assert_eq!(
        step(&evaluation, "gasol").waits_for,
        [(n("gas.inne"), Cause::Unanswered)].into()
    );
}

#[test]
fn not_applicable_is_matched_by_its_own_cell_and_by_the_dash_and_by_nothing_else() {
    let document = |test: Test| {
        Document::new()
            .fact("a.b", number_type(0, 9), Source::Register(register("a.c")))
            .rule(
                "r.x",
                Policy::First,
                &["a.b"],
                vec![
                    ("r1", vec![test], gives(word("träff"))),
                    ("r2", vec![Test::Any], gives(word("annars"))),
                ],
            )
    };
    let mut e = Facts::default();
    e.set(n("a.b"), Known::NotApplicable);
    for (test, matches) in [
        (Test::Any, true),
        (Test::NotApplicable, true),
        (t_above(2), false),
        (t_most(2), false),
        (Test::Compare(Comparison::NotEqual, Operand::Constant(num(2))), false),
        (Test::Between(Decimal::ZERO, Decimal::TEN), false),
        (Test::OneOf(vec![Operand::Constant(num(1))]), false),
        (Test::NotOneOf(vec![Operand::Constant(num(1))]), false),
        (Test::Condition(above("a.b", 2)), false),
    ] {
        let expected = if matches { "träff" } else { "annars" };
        let evaluation = evaluate(&document(test.clone()).0, &e, &Setting::default());
        assert_eq!(value(&evaluation, "r.x"), Known::Value(word(expected)), "{test:?}");
    }
    let known = run(&document(Test::NotApplicable), &[("a.b", num(1))]);
    assert_eq!(value(&known, "r.x"), Known::Value(word("annars")));
    let missing = run(&document(Test::NotApplicable), &[]);
    assert_eq!(value(&missing, "r.x"), Known::UNANSWERED);
}

#[test]
fn a_range_holds_both_its_ends_and_lists_of_words_mean_one_of_them() {
    let document = Document::new()
        .asked("a.n", number_type(0, 99))
        .asked("a.w", choice(&["inne", "ute", "båda"]))
        .rule(
            "r.n",
            Policy::First,
            &["a.n"],
            vec![
                (
                    "r1",
                    vec![Test::Between(Decimal::from(2), Decimal::from(60))],
                    gives(yes()),
                ),
                ("r2", vec![Test::Any], gives(no())),
            ],
        )
        .rule(
            "r.w",
            Policy::Unique,
            &["a.w"],
            vec![
                (
                    "r1",
                    vec![Test::OneOf(vec![
                        Operand::Constant(word("inne")),
                        Operand::Constant(word("båda")),
                    ])],
                    gives(yes()),
                ),
                (
                    "r2",
                    vec![Test::NotOneOf(vec![
                        Operand::Constant(word("inne")),
                        Operand::Constant(word("båda")),
                    ])],
                    gives(no()),
                ),
            ],
        );
    for (number, inside) in [(1, false), (2, true), (60, true), (61, false)] {
        assert_eq!(
            value(&run(&document, &[("a.n", num(number))]), "r.n"),
            Known::Value(Value::YesNo(inside))
        );
    }
    for (w, inside) in [("inne", true), ("båda", true), ("ute", false)] {
        assert_eq!(
            value(&run(&document, &[("a.w", word(w))]), "r.w"),
            Known::Value(Value::YesNo(inside))
        );
    }
}

#[test]
fn rows_in_turn_give_the_first_that_matches_and_a_row_before_it_that_may_match_holds_it_back() {
    let document = Document::new()
        .asked("a.b", Type::YesNo)
        .asked("a.c", Type::YesNo)
        .rule(
            "r.x",
            Policy::First,
            &["a.b", "a.c"],
            vec![
                ("r1", vec![t(yes()), Test::Any], gives(word("ett"))),
                ("r2", vec![Test::Any, t(yes())], gives(word("två"))),
                ("r3", vec![Test::Any, Test::Any], gives(word("två"))),
            ],
        );
    assert_eq!(
        value(&run(&document, &[("a.b", yes())]), "r.x"),
        Known::Value(word("ett"))
    );
    assert_eq!(value(&run(&document, &[("a.c", yes())]), "r.x"), Known::UNANSWERED);
    let shared = run(&document, &[("a.b", no())]);
    assert_eq!(value(&shared, "r.x"), Known::Value(word("två")));
    assert!(
        !shared.fired.contains_key(&n("r.x")),
        "r2 may still match before r3, so neither certainly gave it"
    );
}

#[test]
fn a_gap_and_a_conflict_are_missing_and_decide_against_nobody() {
    let document = Document::new().asked("a.b", number_type(0, 9)).rule(
        "r.x",
        Policy::Unique,
        &["a.b"],
        vec![
            ("r1", vec![t_above(5)], gives(yes())),
            ("r2", vec![t_above(7)], gives(no())),
        ],
    );
    assert_eq!(
        value(&run(&document, &[("a.b", num(3))]), "r.x"),
        Known::Missing(Cause::Failed)
    );
    assert_eq!(
        value(&run(&document, &[("a.b", num(8))]), "r.x"),
        Known::Missing(Cause::Failed)
    );
    assert_eq!(value(&run(&document, &[("a.b", num(6))]), "r.x"), Known::Value(yes()));
}

#[test]
fn circles_and_dangling_names_are_missing_and_evaluation_ends() {
    let document = Document::new()
        .rule(
            "r.x",
            Policy::First,
            &["r.y"],
            vec![
                ("r1", vec![t(yes())], gives(yes())),
                ("r2", vec![Test::Any], gives(no())),
            ],
        )
        .rule(
            "r.y",
            Policy::First,
            &["r.x"],
            vec![("r1", vec![Test::Any], gives(yes()))],
        )
        .rule(
            "r.z",
            Policy::First,
            &["finns.inte"],
            vec![
                ("r1", vec![t(yes())], gives(yes())),
                ("r2", vec![Test::Any], gives(no())),
            ],
        )
        .step("steg", is("r.x", yes()), &[])
        .step("steg-två", is("r.z", yes()), &[]);
    let evaluation = run(&document, &[]);
    for name in ["r.x", "r.y", "r.z"] {
        assert_eq!(value(&evaluation, name), Known::Missing(Cause::Failed), "{name}");
    }
    assert_eq!(step(&evaluation, "steg").needed, Known::Missing(Cause::Failed));
    assert_eq!(
        step(&evaluation, "steg-två").waits_for,
        [(n("finns.inte"), Cause::Failed)].into()
    );
}

#[test]
fn a_condition_nested_beyond_the_limit_is_missing() {
    let mut deep = is("a.b", yes());
    for _ in 0..10_000 {
        deep = Expr::Not(Box::new(deep));
    }
    let document = Document::new().asked("a.b", Type::YesNo).step("steg", deep, &[]);
    let evaluation = run(&document, &[("a.b", yes())]);
    assert_eq!(step(&evaluation, "steg").needed, Known::Missing(Cause::Failed));
    // Dropping such a condition recurses; the reader's own limit keeps real ones shallow.
    std::mem::forget(document);
}

#[test]
fn collected_grounds_all_count_and_the_outcome_listed_first_wins() {
    let evaluation = run(
        &restaurant(),
        &[
            ("servering.alkohol", yes()),
            ("polis.yttrande", word("ingen-erinran")),
            ("bedömning.lämplig", no()),
            ("bedömning.kök", no()),
        ],
    );
    let servering = step(&evaluation, "servering");
    assert_eq!(servering.outcome, Known::Value("avslag".into()));
    assert_eq!(ids(&servering.grounds), ["a2", "a3"]);
    assert_eq!(servering.fee, Known::Value(Decimal::from(9_500)));
    assert!(!servering.needs_case_worker);
    assert!(servering.waits_for.is_empty());
}

#[test]
fn without_any_ground_the_otherwise_holds_and_a_case_worker_row_only_says_that_a_person_must_look() {
    let evaluation = run(
        &restaurant(),
        &[
            ("servering.alkohol", yes()),
            ("polis.yttrande", word("erinran")),
            ("bedömning.lämplig", yes()),
            ("bedömning.kök", yes()),
        ],
    );
    let servering = step(&evaluation, "servering");
    assert_eq!(servering.outcome, Known::Value("bifall".into()));
    assert!(servering.needs_case_worker);
    assert!(servering.grounds.is_empty());
    assert_eq!(servering.holds.len(), 1);
    assert_eq!(servering.holds[0].1, "handläggare");
}

#[test]
fn an_open_row_leaves_the_outcome_open() {
    let evaluation = run(
        &restaurant(),
        &[
            ("servering.alkohol", yes()),
            ("polis.yttrande", word("ingen-erinran")),
            ("bedömning.lämplig", no()),
        ],
    );
    let servering = step(&evaluation, "servering");
    assert_eq!(servering.outcome, Known::UNANSWERED);
    assert_eq!(servering.holds.len(), 1, "a2 certainly holds");
    assert!(servering.grounds.is_empty());
    assert_eq!(servering.waits_for, [(n("bedömning.kök"), Cause::Unanswered)].into());
}

#[test]
fn while_an_opinion_required_for_granting_is_missing_it_may_be_refused_but_not_granted() {
    let refused = run(
        &restaurant(),
        &[
            ("servering.alkohol", yes()),
            ("bedömning.lämplig", no()),
            ("bedömning.kök", yes()),
        ],
    );
    assert_eq!(step(&refused, "servering").outcome, Known::Value("avslag".into()));
    let open = run(
        &restaurant(),
        &[
            ("servering.alkohol", yes()),
            ("bedömning.lämplig", yes()),
            ("bedömning.kök", yes()),
        ],
    );
    assert!(step(&open, "servering").outcome.is_missing());
    assert_eq!(
        step(&open, "servering").waits_for,
        [(n("polis.yttrande"), Cause::Unanswered)].into()
    );
}

#[test]
fn an_opinion_that_no_row_reads_still_holds_back_what_it_is_required_for() {
    let document = |required| {
        Document::new()
            .fact("polis.yttrande", choice(&["ja", "erinran"]), referral(required))
            .asked("a.b", Type::YesNo)
            .step("steg", Expr::Always, &["polis.yttrande"])
            .outcome("steg", "avslag", OutcomeKind::Burdensome)
            .outcome("steg", "bifall", OutcomeKind::Favourable)
            .outcome_rule(
                "steg",
                Policy::Unique,
                &["a.b"],
                vec![
                    ("r1", vec![t(yes())], gives(word("bifall"))),
                    ("r2", vec![t(no())], gives(word("avslag"))),
                ],
            )
    };
    for (required, answer, certain) in [
        (Required::Optional, yes(), true),
        (Required::ForGrant, yes(), false),
        (Required::ForGrant, no(), true),
        (Required::Always, yes(), false),
        (Required::Always, no(), false),
    ] {
        let evaluation = run(&document(required), &[("a.b", answer.clone())]);
        assert_eq!(
            !step(&evaluation, "steg").outcome.is_missing(),
            certain,
            "{required:?} {answer:?}"
        );
    }
}

#[test]
fn the_parameter_valid_on_the_day_that_counts_is_taken_and_what_the_body_has_set_goes_first() {
    let document = restaurant();
    let mut setting = Setting::default();
    let tax = |setting: &Setting| value(&evaluate(&document.0, &Facts::default(), setting), "taxa.alkohol");
    assert_eq!(tax(&setting), Known::Value(num(9_500)));
    setting.days.decision = Date::constant(2025, 12, 31);
    assert_eq!(tax(&setting), Known::Value(num(9_000)));
    setting.days.decision = Date::constant(2024, 12, 31);
    assert_eq!(tax(&setting), Known::Missing(Cause::Failed));
    setting.parameters.insert(n("taxa.alkohol"), vec![(None, num(7_000))]);
    assert_eq!(tax(&setting), Known::Value(num(7_000)));
}

#[test]
fn a_parameter_that_nobody_has_set_keeps_the_step_from_being_served() {
    let document = Document::new()
        .parameter("taxa.x", kronor(100), ParameterDefault::None)
        .step("steg", Expr::Always, &[])
        .fee("taxa.x");
    assert_eq!(step(&run(&document, &[]), "steg").fee, Known::Missing(Cause::Failed));
}

fn owners() -> Document {
    Document::new()
        .list(
            "ägare",
            1,
            3,
            vec![
                fact_row("ägare.andel", number_type(0, 100), Source::Applicant),
                fact_row("ägare.skuld", kronor(1_000), Source::Register(register("ägare.andel"))),
            ],
        )
        .rule(
            "r.antal",
            Policy::Unique,
            &["när"],
            vec![
                (
                    "r1",
                    vec![Test::Condition(cmp(
                        Comparison::Equal,
                        Expr::Count(sp(n("ägare"))),
                        constant(num(2)),
                    ))],
                    gives(yes()),
                ),
                (
                    "r2",
                    vec![Test::Condition(cmp(
                        Comparison::NotEqual,
                        Expr::Count(sp(n("ägare"))),
                        constant(num(2)),
                    ))],
                    gives(no()),
                ),
            ],
        )
        .control(
            "hundra",
            cmp(Comparison::Equal, Expr::Sum(sp(n("ägare.andel"))), constant(num(100))),
        )
}

fn with_owners(items: &[(Option<i64>, Known<i64>)]) -> Facts {
    let mut facts = Facts::default();
    let items = items
        .iter()
        .map(|(share, debt)| {
            let mut item = std::collections::BTreeMap::new();
            if let Some(share) = share {
                item.insert(n("ägare.andel"), Known::Value(num(*share)));
            }
            item.insert(n("ägare.skuld"), debt.clone().map(num));
            item
        })
        .collect();
    facts.lists.insert(n("ägare"), items);
    facts
}

fn condition(document: &Document, facts: &Facts, expr: Expr) -> Known<bool> {
    let document = Document(document.0.clone()).step("prov", expr, &[]);
    evaluate(&document.0, facts, &Setting::default()).steps[&n("prov")]
        .needed
        .clone()
}

fn some_debt() -> Expr {
    Expr::Any(sp(n("ägare")), Box::new(above("ägare.skuld", 0)))
}
fn all_debt() -> Expr {
    Expr::All(sp(n("ägare")), Box::new(above("ägare.skuld", 0)))
}
fn sum_is(number: i64) -> Expr {
    cmp(
        Comparison::Equal,
        Expr::Sum(sp(n("ägare.andel"))),
        constant(num(number)),
    )
}

#[test]
fn an_empty_list_counts_none_sums_to_nothing_has_no_one_and_all() {
    let none = with_owners(&[]);
    assert_eq!(condition(&owners(), &none, sum_is(0)), Known::Value(true));
    assert_eq!(condition(&owners(), &none, some_debt()), Known::Value(false));
    assert_eq!(condition(&owners(), &none, all_debt()), Known::Value(true));
    assert_eq!(
        value(&evaluate(&owners().0, &none, &Setting::default()), "r.antal"),
        Known::Value(no())
    );
}

#[test]
fn lists_skip_what_is_not_applicable() {
    let facts = with_owners(&[(Some(100), Known::NotApplicable), (Some(0), Known::Value(5))]);
    assert_eq!(condition(&owners(), &facts, some_debt()), Known::Value(true));
    assert_eq!(condition(&owners(), &facts, all_debt()), Known::Value(true));
    let facts = with_owners(&[(Some(100), Known::NotApplicable)]);
    assert_eq!(condition(&owners(), &facts, some_debt()), Known::Value(false));
    assert_eq!(condition(&owners(), &facts, all_debt()), Known::Value(true));
}

#[test]
fn a_list_with_something_missing_gives_a_value_only_if_every_completion_does() {
    let s = Known::Missing(Cause::Pending);
    let facts = with_owners(&[(Some(60), Known::Value(0)), (None, s.clone())]);
    assert_eq!(
        condition(&owners(), &facts, some_debt()),
        Known::Missing(Cause::Pending)
    );
    assert_eq!(condition(&owners(), &facts, all_debt()), Known::Value(false));
    assert!(condition(&owners(), &facts, sum_is(100)).is_missing());
    let facts = with_owners(&[(Some(60), Known::Value(9)), (Some(40), s)]);
    assert_eq!(condition(&owners(), &facts, some_debt()), Known::Value(true));
    assert_eq!(condition(&owners(), &facts, sum_is(100)), Known::Value(true));
    let unanswered = Facts::default();
    assert!(condition(&owners(), &unanswered, some_debt()).is_missing());
    assert!(value(&evaluate(&owners().0, &unanswered, &Setting::default()), "r.antal").is_missing());
}

#[test]
fn a_sum_whose_bounds_meet_is_known_though_its_parts_are_not() {
    let document = Document::new().list(
        "ägare",
        2,
        2,
        vec![fact_row("ägare.andel", number_type(50, 50), Source::Applicant)],
    );
    assert_eq!(condition(&document, &Facts::default(), sum_is(100)), Known::Value(true));
}

#[test]
fn another_steps_outcome_is_a_fact_and_what_was_decided_goes_before_what_the_rules_expect() {
    let document = restaurant()
        .fact(
            "utfall.servering",
            choice(&["avslag", "bifall"]),
            Source::Step(n("servering")),
        )
        .step("efter", is("utfall.servering", word("bifall")), &[]);
    let unneeded = run(&document, &[("servering.alkohol", no())]);
    assert_eq!(value(&unneeded, "utfall.servering"), Known::NotApplicable);
    let expected = [
        ("servering.alkohol", yes()),
        ("polis.yttrande", word("ingen-erinran")),
        ("bedömning.lämplig", yes()),
        ("bedömning.kök", yes()),
    ];
    assert_eq!(step(&run(&document, &expected), "efter").needed, Known::Value(true));
    let mut decided = facts(&expected);
    decided.set(n("utfall.servering"), Known::Value(word("avslag")));
    let decided = evaluate(&document.0, &decided, &Setting::default());
    assert_eq!(step(&decided, "efter").needed, Known::Value(false));
}

#[test]
fn an_attachment_that_is_present_is_a_value_and_an_assessment_compares_as_yes_or_no() {
    let document = restaurant();
    let assessment = Value::Assessment {
        answer: false,
        reasons: "Skulderna är stora.".into(),
    };
    let evaluation = run(
        &document,
        &[
            ("servering.alkohol", yes()),
            ("polis.yttrande", word("ingen-erinran")),
            ("bedömning.lämplig", assessment.clone()),
            ("bedömning.kök", yes()),
        ],
    );
    assert_eq!(ids(&step(&evaluation, "servering").grounds), ["a2"]);
    assert_eq!(value(&evaluation, "bedömning.lämplig"), Known::Value(assessment));
}

#[test]
fn the_body_that_was_applied_to_needs_no_facts_about_whether_the_step_is_needed() {
    let facts = facts(&[
        ("polis.yttrande", word("ingen-erinran")),
        ("bedömning.lämplig", yes()),
        ("bedömning.kök", yes()),
    ]);
    let document = restaurant();
    let at_host = evaluate(&document.0, &facts, &Setting::default());
    assert!(step(&at_host, "servering").outcome.is_missing());
    let at_body = evaluate_applied(&document.0, &facts, &Setting::default(), &n("servering"));
    assert_eq!(step(&at_body, "servering").outcome, Known::Value("bifall".into()));
}

#[test]
fn classes_hold_both_sides_of_every_boundary_and_the_point_itself() {
    let classes = Classes::new(&restaurant().0, &Setting::default());
    assert_eq!(
        classes.of(&n("gas.inne")),
        [0, 2, 3].map(|number| Known::Value(num(number)))
    );
    assert_eq!(classes.class_of(&n("gas.inne"), &Known::Value(num(4711))), Some(2));
    assert_eq!(classes.class_of(&n("gas.inne"), &Known::Value(num(1))), Some(0));
    assert_eq!(classes.of(&n("polis.yttrande")).len(), 2);
    assert_eq!(classes.of(&n("gasol.behövs")), [yes(), no()].map(Known::Value));
}

#[test]
fn facts_compared_with_each_other_share_boundaries_and_occur_in_every_order() {
    let document = Document::new()
        .asked("a.b", number_type(0, 9))
        .asked("a.c", number_type(0, 9))
        .step(
            "steg",
            Expr::Or(vec![
                cmp(Comparison::Greater, fact("a.b"), fact("a.c")),
                above("a.c", 5),
            ]),
            &[],
        );
    let classes = Classes::new(&document.0, &Setting::default());
    let expected = [0, 1, 5, 6, 7].map(|number| Known::Value(num(number)));
    assert_eq!(classes.of(&n("a.b")), expected);
    assert_eq!(classes.of(&n("a.c")), expected);
}
