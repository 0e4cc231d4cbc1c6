//! What is asked, fetched, sent and explained, as sentences.

use super::testing::*;
use super::*;
use crate::fact::{Facts, Slot};
use crate::pack::*;

fn relevant(document: &Document, given: &[(&str, Value)]) -> Vec<String> {
    let found = relevance(&document.0, &facts(given), &Setting::default());
    found.facts.iter().map(Name::to_string).collect()
}

fn asked(document: &Document, facts: &Facts) -> Vec<String> {
    let questions = questions(&document.0, facts, &Setting::default());
    let text = |question: &Question| match question {
        Question::Fact(name) => name.to_string(),
        Question::List(name) => format!("lista {name}"),
    };
    questions.iter().map(text).collect()
}

/// Ändras bara av det som anges: a shop that sells tobacco from a certain floor area, with owners if it is a company.
fn shop() -> Document {
    let when_down = RegisterSource {
        when_down: WhenDown::Ask,
        ..register("bolag.orgnr")
    };
    Document::new()
        .asked("butik.yta", number_type(0, 1000))
        .asked("butik.namn", Type::Text { characters_max: 100 })
        .asked("tobak.säljs", Type::YesNo)
        .fact("bolag.orgnr", Type::OrgNr, Source::Represented)
        .fact("bolag.moms", Type::YesNo, Source::Register(when_down))
        .fact("bolag.skuld", kronor(1000), Source::Register(register("bolag.orgnr")))
        .asked("butik.sent", Type::YesNo)
        .list(
            "ägare",
            1,
            5,
            vec![
                fact_row("ägare.pnr", Type::PersonNr, Source::Applicant),
                fact_row("ägare.andel", number_type(0, 100), Source::Applicant),
                fact_row("ägare.skuld", kronor(1000), Source::Register(register("ägare.pnr"))),
                fact_row("ägare.smeknamn", Type::Text { characters_max: 20 }, Source::Applicant),
            ],
        )
        .control(
            "hundra",
            cmp(Comparison::Equal, Expr::Sum(sp(n("ägare.andel"))), constant(num(100))),
        )
        .control("yta", above("butik.yta", 0))
        .step("anmälan", Expr::Always, &["butik.namn"])
        .outcome("anmälan", "noterad", OutcomeKind::Acknowledgement)
        .step("tobak", is("tobak.säljs", yes()), &["butik.sent"])
        .outcome("tobak", "avslag", OutcomeKind::Burdensome)
        .outcome("tobak", "bifall", OutcomeKind::Favourable)
        .outcome_rule(
            "tobak",
            otherwise("bifall"),
            &["när"],
            vec![
                (
                    "t1",
                    vec![Test::Condition(Expr::Any(
                        sp(n("ägare")),
                        Box::new(above("ägare.skuld", 0)),
                    ))],
                    CellResult::CaseWorker,
                ),
                (
                    "t2",
                    vec![Test::Condition(Expr::And(vec![
                        above("butik.yta", 100),
                        is("bolag.moms", no()),
                    ]))],
                    gives(word("avslag")),
                ),
            ],
        )
}

#[test]
fn a_fact_that_can_no_longer_change_anything_is_not_relevant() {
    assert_eq!(
        relevant(
            &restaurant(),
            &[("servering.alkohol", no()), ("gas.inne", num(0)), ("gas.ute", num(0))]
        ),
        ["gas.inne", "gas.ute", "servering.alkohol"]
    );
    let open = relevant(&restaurant(), &[]);
    assert!(open.contains(&"polis.yttrande".to_owned()) && open.contains(&"gas.ute".to_owned()));
}

#[test]
fn of_two_answers_that_each_would_do_the_one_asked_first_stays() {
    let document = Document::new()
        .asked("a.x", Type::YesNo)
        .asked("b.x", Type::YesNo)
        .step("steg", Expr::Or(vec![is("a.x", yes()), is("b.x", yes())]), &[]);
    assert_eq!(relevant(&document, &[("a.x", yes()), ("b.x", yes())]), ["a.x"]);
    assert_eq!(relevant(&document, &[("a.x", no()), ("b.x", yes())]), ["b.x"]);
    assert_eq!(relevant(&document, &[("a.x", no()), ("b.x", no())]), ["a.x", "b.x"]);
}

#[test]
fn what_no_completion_can_make_differ_is_not_relevant_though_evaluation_leaves_it_open() {
    let document =
        Document::new()
            .asked("a.x", Type::YesNo)
            .step("steg", Expr::Or(vec![is("a.x", yes()), is("a.x", no())]), &[]);
    assert!(relevant(&document, &[]).is_empty());
    let needed = evaluate(&document.0, &Facts::default(), &Setting::default()).steps[&n("steg")]
        .needed
        .clone();
    assert!(needed.is_missing(), "the algebra does not look through it");
}

#[test]
fn a_calculation_that_the_bounds_already_settle_asks_nothing_more() {
    let document = Document::new()
        .asked("a.x", number_type(0, 100))
        .asked("b.x", number_type(0, 10))
        .step(
            "steg",
            cmp(
                Comparison::Greater,
                Expr::Arithmetic(Operator::Plus, Box::new(fact("a.x")), Box::new(fact("b.x"))),
                constant(num(50)),
            ),
            &[],
        );
    assert_eq!(relevant(&document, &[]), ["a.x", "b.x"]);
    assert_eq!(relevant(&document, &[("a.x", num(45))]), ["a.x", "b.x"]);
    assert_eq!(relevant(&document, &[("a.x", num(20))]), ["a.x"]);
    assert_eq!(relevant(&document, &[("a.x", num(90))]), ["a.x"]);
}

#[test]
fn constants_and_set_parameters_fold_so_that_the_boundary_is_exact() {
    let document = Document::new()
        .asked("a.x", number_type(0, 1000))
        .parameter(
            "bas.x",
            number_type(0, 1000),
            ParameterDefault::Dated(vec![(None, num(100))]),
        )
        .step(
            "steg",
            cmp(
                Comparison::Greater,
                fact("a.x"),
                Expr::Arithmetic(Operator::Times, Box::new(constant(num(4))), Box::new(fact("bas.x"))),
            ),
            &[],
        );
    let classes = Classes::new(&document.0, &Setting::default());
    assert_eq!(classes.of(&n("a.x")), [0, 400, 401].map(|x| Known::Value(num(x))));
    assert!(!relevance(&document.0, &Facts::default(), &Setting::default()).approximate);
}

#[test]
fn a_goal_too_large_to_settle_is_answered_by_structure_and_says_so() {
    let pairs = 18;
    let mut document = Document::new();
    for half in ["a", "b"] {
        for i in 0..pairs {
            document = document.asked(&format!("{half}.x{i}"), Type::YesNo);
        }
    }
    // Each pair must agree; the order of facts keeps all pairs open until the second half.
    let agree = |i: usize| cmp(Comparison::Equal, fact(&format!("a.x{i}")), fact(&format!("b.x{i}")));
    let document = document.step("steg", Expr::And((0..pairs).map(agree).collect()), &[]);
    let found = relevance(&document.0, &Facts::default(), &Setting::default());
    assert!(found.approximate);
    assert_eq!(found.facts.len(), 2 * pairs);
    let settled = facts(&[("a.x0", yes()), ("b.x0", no())]);
    let found = relevance(&document.0, &settled, &Setting::default());
    assert!(found.approximate);
    assert_eq!(
        found.facts.len(),
        2,
        "nothing missing keeps it open, and what is answered is kept"
    );
}

#[test]
fn whom_a_relevant_register_fact_is_about_and_where_the_step_lies_are_relevant() {
    let mut document = shop().asked("lokal.fastighet", Type::Property).fact(
        "lokal.kommun",
        Type::Municipality,
        Source::Register(register("lokal.fastighet")),
    );
    document.0.roles.push(Role {
        name: sp(n("roll")),
        task: sp(String::from("tobakstillsyn")),
        area: sp(Area::MunicipalityOf(n("lokal.fastighet"))),
        kind: sp(RoleKind::Authority),
    });
    let found = relevant(&document, &[("tobak.säljs", yes())]);
    for name in [
        "lokal.fastighet",
        "lokal.kommun",
        "bolag.moms",
        "bolag.orgnr",
        "ägare.pnr",
        "ägare.skuld",
    ] {
        assert!(found.contains(&name.to_owned()), "{name}");
    }
    for name in ["bolag.skuld", "ägare.smeknamn", "ägare.andel"] {
        assert!(!found.contains(&name.to_owned()), "{name}");
    }
}

#[test]
fn questions_come_grouped_by_prefix_and_what_only_may_come_to_matter_comes_last() {
    assert_eq!(
        asked(&shop(), &Facts::default()),
        ["butik.namn", "tobak.säljs", "butik.yta", "butik.sent", "lista ägare"]
    );
    let tobacco = facts(&[("tobak.säljs", yes())]);
    assert_eq!(
        asked(&shop(), &tobacco),
        ["butik.yta", "butik.namn", "butik.sent", "lista ägare"]
    );
    assert_eq!(asked(&shop(), &facts(&[("tobak.säljs", no())])), ["butik.namn"]);
}

#[test]
fn a_register_fact_is_asked_only_when_the_register_failed_and_the_document_says_so() {
    let mut given = facts(&[
        ("tobak.säljs", yes()),
        ("butik.yta", num(500)),
        ("bolag.orgnr", Value::OrgNr("5599000006".into())),
    ]);
    assert!(!asked(&shop(), &given).contains(&"bolag.moms".to_owned()));
    given.set(n("bolag.moms"), Known::Missing(Cause::Failed));
    assert!(asked(&shop(), &given).contains(&"bolag.moms".to_owned()));
    given.set(n("bolag.moms"), Known::Missing(Cause::Disputed));
    assert!(!asked(&shop(), &given).contains(&"bolag.moms".to_owned()));
    given.set(n("bolag.moms"), Known::Value(no()));
    assert!(!asked(&shop(), &given).contains(&"bolag.moms".to_owned()));
}

fn owner(columns: &[(&str, Known<Value>)]) -> BTreeMap<Name, Known<Value>> {
    columns.iter().map(|(name, known)| (n(name), known.clone())).collect()
}

fn pnr(digits: &str) -> Known<Value> {
    Known::Value(Value::PersonNr(digits.to_owned()))
}

#[test]
fn a_list_is_one_question_until_every_relevant_column_is_answered() {
    let mut given = facts(&[("tobak.säljs", yes())]);
    let is_asked = |given: &Facts| asked(&shop(), given).contains(&"lista ägare".to_owned());
    given.lists.insert(n("ägare"), vec![]);
    assert!(is_asked(&given), "at least one owner");
    given.lists.insert(n("ägare"), vec![owner(&[])]);
    assert!(is_asked(&given));
    given
        .lists
        .insert(n("ägare"), vec![owner(&[("ägare.pnr", pnr("190506249804"))])]);
    assert!(!is_asked(&given), "the share and the nickname change nothing");
}

#[test]
fn what_is_fetched_is_relevant_unasked_and_about_somebody_known() {
    let document = shop();
    let fetched = |given: &Facts| to_fetch(&document.0, given, &Setting::default());
    let mut given = facts(&[("tobak.säljs", yes()), ("butik.yta", num(500))]);
    given.lists.insert(
        n("ägare"),
        vec![owner(&[]), owner(&[("ägare.pnr", pnr("190506249804"))])],
    );
    let debt = Slot {
        fact: n("ägare.skuld"),
        item: Some(1),
    };
    assert_eq!(fetched(&given), std::slice::from_ref(&debt));
    given.set(n("bolag.orgnr"), Known::Value(Value::OrgNr("5599000006".into())));
    assert_eq!(fetched(&given), [Slot::of(n("bolag.moms")), debt.clone()]);
    given.set(n("bolag.moms"), Known::Missing(Cause::Pending));
    assert_eq!(fetched(&given), [debt]);
}

#[test]
fn a_control_is_broken_when_it_is_no_and_not_while_something_is_missing() {
    let document = shop();
    let broken = |given: &Facts| broken_controls(&document.0, given, &Setting::default());
    let mut given = Facts::default();
    assert!(broken(&given).is_empty());
    let share = |share| owner(&[("ägare.andel", Known::Value(num(share)))]);
    given.lists.insert(n("ägare"), vec![share(60), share(30)]);
    given.set(n("butik.yta"), Known::Value(num(0)));
    assert_eq!(broken(&given), [n("hundra"), n("yta")]);
    given.lists.insert(n("ägare"), vec![share(60), share(40)]);
    given.set(n("butik.yta"), Known::Value(num(1)));
    assert!(broken(&given).is_empty());
}

#[test]
fn a_body_is_sent_its_underlag_and_what_its_rules_read_but_not_what_made_the_step_needed() {
    let mut given = facts(&[
        ("tobak.säljs", yes()),
        ("butik.yta", num(50)),
        ("butik.namn", Value::Text("Hörnan".into())),
        ("bolag.orgnr", Value::OrgNr("5599000006".into())),
        ("bolag.moms", no()),
        ("butik.sent", no()),
    ]);
    let sent = |given: &Facts| {
        let found = relevance(&shop().0, given, &Setting::default());
        let names: Vec<String> = found.sent[&n("tobak")].iter().map(Name::to_string).collect();
        names
    };
    // With so small a shop the tax standing does not matter, and stays.
    assert_eq!(sent(&given), ["butik.sent", "butik.yta", "ägare.pnr", "ägare.skuld"]);
    given.set(n("butik.yta"), Known::Value(num(500)));
    assert_eq!(
        sent(&given),
        [
            "bolag.moms",
            "bolag.orgnr",
            "butik.sent",
            "butik.yta",
            "ägare.pnr",
            "ägare.skuld"
        ]
    );
    given.set(n("tobak.säljs"), Known::Value(no()));
    let found = relevance(&shop().0, &given, &Setting::default());
    assert!(!found.sent.contains_key(&n("tobak")));
    assert_eq!(found.sent[&n("anmälan")], [n("butik.namn")].into());
}

#[test]
fn another_steps_outcome_is_sent_as_such_and_not_as_the_facts_behind_it() {
    let document = restaurant()
        .fact("utfall.gasol", choice(&["bifall"]), Source::Step(n("gasol")))
        .step("efter", Expr::Always, &[])
        .outcome("efter", "ja", OutcomeKind::Registration)
        .outcome("efter", "nej", OutcomeKind::Registration)
        .outcome_rule(
            "efter",
            Policy::First,
            &["utfall.gasol"],
            vec![
                ("e1", vec![t(word("bifall"))], gives(word("ja"))),
                ("e2", vec![Test::Any], gives(word("nej"))),
            ],
        );
    let given = facts(&[("gas.inne", num(5)), ("gas.ute", num(0)), ("servering.alkohol", no())]);
    let found = relevance(&document.0, &given, &Setting::default());
    assert_eq!(found.sent[&n("efter")], [n("utfall.gasol")].into());
}

#[test]
fn why_leads_from_the_outcome_over_every_row_down_to_who_said_it() {
    let given = facts(&[
        ("servering.alkohol", yes()),
        ("polis.yttrande", word("ingen-erinran")),
        (
            "bedömning.lämplig",
            Value::Assessment {
                answer: false,
                reasons: "Skulderna är stora.".into(),
            },
        ),
        ("bedömning.kök", yes()),
    ]);
    let document = restaurant();
    let why = explain(&document.0, &given, &Setting::default(), &n("servering")).expect("a step");
    assert_eq!(
        told(&why),
        "\
servering: avslag [a2 Rad a2 gäller.]
  bedömning.lämplig: nej (Skulderna är stora.) [handläggare]
  servering: behövs [servering.alkohol = ja]
    servering.alkohol: ja [sökanden]
"
    );
    let given = facts(&[("gas.inne", num(1)), ("gas.ute", num(30))]);
    let why = explain(&document.0, &given, &Setting::default(), &n("gasol")).expect("a step");
    assert_eq!(
        told(&why),
        "\
gasol: behövs inte [gasol.behövs = ja]
  gasol.behövs: nej [g3 Rad g3 gäller.]
    gas.inne: 1 [sökanden]
    gas.ute: 30 [sökanden]
"
    );
    let why = explain(&document.0, &Facts::default(), &Setting::default(), &n("gasol")).expect("a step");
    assert_eq!(
        told(&why),
        "\
gasol: väntar [saknas]
  gas.inne: saknas [saknas]
  gas.ute: saknas [saknas]
"
    );
    assert_eq!(
        explain(&document.0, &given, &Setting::default(), &n("finns.inte")),
        None
    );
}

#[test]
fn why_shows_what_rows_before_it_did_not_match_and_leaves_out_what_did_not_count() {
    let document = Document::new()
        .asked("a.x", Type::YesNo)
        .asked("b.x", Type::YesNo)
        .asked("c.x", Type::YesNo)
        .rule(
            "r.x",
            Policy::First,
            &["a.x", "när"],
            vec![
                ("r1", vec![t(yes()), Test::Condition(is("c.x", yes()))], gives(yes())),
                (
                    "r2",
                    vec![
                        Test::Any,
                        Test::Condition(Expr::Or(vec![is("b.x", yes()), is("c.x", yes())])),
                    ],
                    gives(no()),
                ),
                ("r3", vec![Test::Any, Test::Any], gives(yes())),
            ],
        );
    let given = facts(&[("a.x", no()), ("b.x", yes())]);
    let why = explain(&document.0, &given, &Setting::default(), &n("r.x")).expect("a fact");
    assert_eq!(
        told(&why),
        "\
r.x: nej [r2 Rad r2 gäller.]
  a.x: nej [sökanden]
  b.x: ja [sökanden]
"
    );
}

fn told(why: &Explanation) -> String {
    fn write(part: &Explanation, level: usize, text: &mut String) {
        let how = match &part.how {
            How::Row { row, because, .. } => format!("{row} {}", because.as_deref().unwrap_or("–")),
            How::Rows { .. } => "flera rader".to_owned(),
            How::Otherwise { .. } => "annars".to_owned(),
            How::Condition { text } => text.clone(),
            How::Source { source } => source.clone(),
            How::Missing { .. } => "saknas".to_owned(),
        };
        text.push_str(&format!("{}{}: {} [{how}]\n", "  ".repeat(level), part.of, part.result));
        for because in &part.because {
            write(because, level + 1, text);
        }
    }
    let mut text = String::new();
    write(why, 0, &mut text);
    text
}

#[test]
fn a_condition_is_written_as_the_language_writes_it() {
    let condition = Expr::And(vec![
        Expr::Or(vec![
            is("a.x", word("slutet sällskap")),
            Expr::Not(Box::new(is("b.x", yes()))),
        ]),
        Expr::IsNotApplicable(sp(n("c.x"))),
        cmp(
            Comparison::GreaterOrEqual,
            Expr::Arithmetic(
                Operator::Times,
                Box::new(Expr::Arithmetic(
                    Operator::Plus,
                    Box::new(fact("d.x")),
                    Box::new(constant(num(1))),
                )),
                Box::new(constant(num(2))),
            ),
            Expr::Count(sp(n("ägare"))),
        ),
        Expr::Any(sp(n("ägare")), Box::new(above("ägare.skuld", 0))),
    ]);
    assert_eq!(
        expression_text(&condition),
        "(a.x = «slutet sällskap» eller inte b.x = ja) och c.x är ej aktuellt och (d.x + 1) * 2 ≥ antal(ägare) \
         och någon(ägare: ägare.skuld > 0)"
    );
}

#[test]
fn a_verdict_is_one_word_for_people() {
    let document = restaurant();
    let verdict = |given: &[(&str, Value)], step: &str| {
        let evaluation = evaluate(&document.0, &facts(given), &Setting::default());
        let step = n(step);
        format!("{:?}", evaluation.steps[&step].verdict(&document.0, &step))
    };
    assert_eq!(verdict(&[("servering.alkohol", no())], "servering"), "NotNeeded");
    assert_eq!(verdict(&[], "servering"), "Waiting");
    let objection = [
        ("servering.alkohol", yes()),
        ("polis.yttrande", word("erinran")),
        ("bedömning.lämplig", yes()),
        ("bedömning.kök", yes()),
    ];
    assert_eq!(
        verdict(&objection, "servering"),
        "CaseWorker",
        "nobody decides it, so nobody would look"
    );
    let mut decided = document.0.clone();
    for outcome in &mut decided.outcomes {
        outcome.decider = sp(Decider::Board);
    }
    let evaluation = evaluate(&decided, &facts(&objection), &Setting::default());
    let servering = n("servering");
    assert_eq!(
        evaluation.steps[&servering].verdict(&decided, &servering),
        Verdict::Outcome("bifall")
    );
}
