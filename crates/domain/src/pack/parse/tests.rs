//! What is written by [`crate::pack::write`] is read back the same.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::expressions::{self, Names, Place};
use super::source::{Reader, Slice};
use super::types;
use crate::fact::{Name, Value};
use crate::finding::{FileId, Finding, Span, Spanned};
use crate::pack::*;

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn slice(text: &str) -> Slice<'_> {
    Slice::of(FileId(0), text)
}

fn number_type() -> Type {
    Type::Number {
        min: 0.into(),
        max: 5_000.into(),
        decimals: 0,
        unit: Some("liter".to_owned()),
    }
}

fn words() -> Vec<String> {
    ["inne", "slutet sällskap", "och", "2 år", "Ute-del", "x/y"]
        .map(str::to_owned)
        .to_vec()
}

fn names() -> Names {
    let mut names = Names::default();
    let plain = || Type::Number {
        min: 0.into(),
        max: 5_000.into(),
        decimals: 0,
        unit: None,
    };
    for (fact, ty) in [
        ("a.tal", plain()),
        ("a.flera", Type::Several(words())),
        ("a.natt", Type::Clock { from: 660, to: 1_740 }),
        ("a.period", Type::Period),
        ("a.pnr", Type::PersonNr),
        ("a.val", Type::Choice(words())),
        ("a.ja", Type::YesNo),
        ("a.dag", Type::Date),
        ("a.text", Type::Text { characters_max: 100 }),
        ("a.kod", Type::Municipality),
        ("rad.tal", plain()),
    ] {
        names.types.insert(name(fact), Some(ty));
    }
    names.lists.insert(name("rad"), 10);
    names.list_of.insert(name("rad.tal"), name("rad"));
    names
}

const NOWHERE: Span = Span {
    file: FileId(0),
    start: 0,
    end: 0,
};

fn nowhere<T>(it: T) -> Spanned<T> {
    Spanned { it, span: NOWHERE }
}

/// Without places, which differ between what was made and what was read.
fn bare(expr: Expr) -> Expr {
    let all = |parts: Vec<Expr>| parts.into_iter().map(bare).collect();
    let of = |part: Box<Expr>| Box::new(bare(*part));
    match expr {
        Expr::Always => Expr::Always,
        Expr::Fact(it) => Expr::Fact(nowhere(it.it)),
        Expr::Constant(it) => Expr::Constant(nowhere(it.it)),
        Expr::Compare(c, left, right) => Expr::Compare(c, of(left), of(right)),
        Expr::IsNotApplicable(it) => Expr::IsNotApplicable(nowhere(it.it)),
        Expr::And(parts) => Expr::And(all(parts)),
        Expr::Or(parts) => Expr::Or(all(parts)),
        Expr::Not(part) => Expr::Not(of(part)),
        Expr::Arithmetic(o, left, right) => Expr::Arithmetic(o, of(left), of(right)),
        Expr::Count(it) => Expr::Count(nowhere(it.it)),
        Expr::Sum(it) => Expr::Sum(nowhere(it.it)),
        Expr::Any(it, part) => Expr::Any(nowhere(it.it), of(part)),
        Expr::All(it, part) => Expr::All(nowhere(it.it), of(part)),
        Expr::CountWhere(it, part) => Expr::CountWhere(nowhere(it.it), of(part)),
        Expr::SumWhere(it, part) => Expr::SumWhere(nowhere(it.it), of(part)),
        Expr::Size(it) => Expr::Size(nowhere(it.it)),
        Expr::Has(it, word) => Expr::Has(nowhere(it.it), nowhere(word.it)),
        Expr::Day(day) => Expr::Day(day),
        Expr::Shift(operator, day, by) => Expr::Shift(operator, of(day), by),
        Expr::Apart(kind, from, to) => Expr::Apart(kind, of(from), of(to)),
        Expr::Age(part, on) => Expr::Age(of(part), on),
        Expr::PartOf(part, period) => Expr::PartOf(part, of(period)),
        Expr::InUnit(part, conversion) => Expr::InUnit(of(part), conversion),
    }
}

fn decimal() -> impl Strategy<Value = Decimal> {
    (-9_999_999i64..9_999_999, 0u32..3).prop_map(|(n, scale)| Decimal::new(n, scale).normalize())
}

fn any_comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::*;
    prop::sample::select(vec![Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual])
}

fn equality() -> impl Strategy<Value = Comparison> {
    prop::sample::select(vec![Comparison::Equal, Comparison::NotEqual])
}

fn fact(of: &str) -> Expr {
    Expr::Fact(nowhere(name(of)))
}

fn value(fact: &'static str) -> BoxedStrategy<Value> {
    match fact {
        "a.val" => prop::sample::select(words()).prop_map(Value::Choice).boxed(),
        "a.ja" => any::<bool>().prop_map(Value::YesNo).boxed(),
        "a.dag" => (0i32..20_000)
            .prop_map(|days| {
                let day = jiff::civil::Date::constant(1990, 1, 1);
                Value::Date(day.saturating_add(jiff::Span::new().days(days)))
            })
            .boxed(),
        "a.text" => "[a-zåäö][a-zåäö \",.;|]{0,18}[a-zåäö]".prop_map(Value::Text).boxed(),
        "a.natt" => (660u16..1_740).prop_map(Value::Clock).boxed(),
        "a.kod" => Just(Value::Choice("0180".to_owned())).boxed(),
        _ => decimal().prop_map(Value::Number).boxed(),
    }
}

fn numeric(inside: bool) -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        Just(fact("a.tal")),
        Just(if inside { fact("rad.tal") } else { fact("a.tal") }),
        Just(Expr::Count(nowhere(name("rad")))),
        Just(Expr::Sum(nowhere(name("rad.tal")))),
        Just(Expr::Size(nowhere(name("a.flera")))),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let constant = decimal().prop_map(|n| Expr::Constant(nowhere(Value::Number(n))));
        let side = prop_oneof![inner.clone(), constant];
        let operator = prop::sample::select(vec![Operator::Plus, Operator::Minus, Operator::Times]);
        (operator, inner, side, any::<bool>()).prop_map(|(operator, a, b, turned)| {
            let (left, right) = if turned { (b, a) } else { (a, b) };
            Expr::Arithmetic(operator, Box::new(left), Box::new(right))
        })
    })
}

/// A day, and the years, days or working days that follow from it.
fn day() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        Just(fact("a.dag")),
        Just(Expr::Day(CaseDay::Application)),
        Just(Expr::Day(CaseDay::Decision)),
        Just(Expr::PartOf(PeriodPart::Start, Box::new(fact("a.period")))),
        Just(Expr::PartOf(PeriodPart::End, Box::new(fact("a.period")))),
    ];
    let operator = prop::sample::select(vec![Operator::Plus, Operator::Minus]);
    prop_oneof![
        leaf.clone(),
        (operator, leaf, any_length()).prop_map(|(operator, day, by)| Expr::Shift(operator, Box::new(day), by)),
    ]
}

fn counted() -> impl Strategy<Value = Expr> {
    let kind = prop::sample::select(vec![DayKind::Days, DayKind::WorkingDays]);
    let born = prop::sample::select(vec!["a.pnr", "a.dag"]);
    prop_oneof![
        (kind, day(), day()).prop_map(|(kind, from, to)| Expr::Apart(kind, Box::new(from), Box::new(to))),
        born.prop_map(|born| Expr::Age(Box::new(fact(born)), CaseDay::Application)),
        Just(Expr::PartOf(PeriodPart::Days, Box::new(fact("a.period")))),
    ]
}

fn condition(inside: bool) -> BoxedStrategy<Expr> {
    let with_value = |of: &'static str| {
        (equality(), value(of), any::<bool>()).prop_map(move |(c, value, turned)| {
            let (a, b) = (Box::new(fact(of)), Box::new(Expr::Constant(nowhere(value))));
            if turned {
                Expr::Compare(c, b, a)
            } else {
                Expr::Compare(c, a, b)
            }
        })
    };
    let leaf = prop_oneof![
        with_value("a.val"),
        with_value("a.ja"),
        with_value("a.dag"),
        with_value("a.text"),
        with_value("a.kod"),
        with_value("a.natt"),
        prop::sample::select(words()).prop_map(|word| Expr::Has(nowhere(name("a.flera")), nowhere(word))),
        (any_comparison(), day(), day()).prop_map(|(c, a, b)| Expr::Compare(c, Box::new(a), Box::new(b))),
        (any_comparison(), counted(), 0i64..2_000).prop_map(|(c, a, n)| {
            let n = Expr::Constant(nowhere(Value::Number(n.into())));
            Expr::Compare(c, Box::new(a), Box::new(n))
        }),
        (any_comparison(), numeric(inside), numeric(inside)).prop_map(|(c, a, b)| Expr::Compare(
            c,
            Box::new(a),
            Box::new(b)
        )),
        (any_comparison(), numeric(inside), decimal()).prop_map(|(c, a, n)| {
            Expr::Compare(c, Box::new(a), Box::new(Expr::Constant(nowhere(Value::Number(n)))))
        }),
        Just(Expr::IsNotApplicable(nowhere(name("a.val")))),
    ];
    let all = leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
            inner.prop_map(|part| Expr::Not(Box::new(part))),
        ]
    });
    if inside {
        return all.boxed();
    }
    let quantified = (any::<bool>(), condition(true)).prop_map(|(any, part)| match any {
        true => Expr::Any(nowhere(name("rad")), Box::new(part)),
        false => Expr::All(nowhere(name("rad")), Box::new(part)),
    });
    let counted = (any::<bool>(), condition(true), any_comparison(), decimal()).prop_map(|(count, part, c, n)| {
        let of = match count {
            true => Expr::CountWhere(nowhere(name("rad")), Box::new(part)),
            false => Expr::SumWhere(nowhere(name("rad.tal")), Box::new(part)),
        };
        let n = Expr::Constant(nowhere(Value::Number(n)));
        Expr::Compare(c, Box::new(of), Box::new(n))
    });
    prop_oneof![
        all.clone(),
        quantified.clone(),
        counted,
        (all, quantified).prop_map(|(a, b)| Expr::And(vec![a, b]))
    ]
    .boxed()
}

fn read_back(written: &str) -> (Option<Expr>, Vec<Finding>) {
    let mut reader = Reader::default();
    let read = expressions::condition(&mut reader, &names(), slice(written));
    (read.map(bare), reader.findings)
}

fn any_test() -> impl Strategy<Value = (&'static str, Test)> {
    let facts = vec!["a.tal", "a.val", "a.ja", "a.dag", "a.natt", "a.text", "a.kod"];
    let operand =
        |of: &'static str| prop_oneof![4 => value(of).prop_map(Operand::Constant), 1 => Just(Operand::Fact(name(of)))];
    prop::sample::select(facts).prop_flat_map(move |of| {
        let several = prop::collection::hash_set(value(of), 1..4)
            .prop_map(|values| values.into_iter().map(Operand::Constant).collect::<Vec<_>>());
        let ordered = matches!(of, "a.tal" | "a.dag" | "a.natt");
        let comparison = if ordered {
            any_comparison().boxed()
        } else {
            equality().boxed()
        };
        let test = prop_oneof![
            Just(Test::Any),
            Just(Test::NotApplicable),
            (comparison, operand(of)).prop_map(|(c, o)| Test::Compare(c, o)),
            several
                .clone()
                .prop_map(|all| if all.len() > 1 { Test::OneOf(all) } else { Test::Any }),
            operand(of).prop_map(|one| Test::NotOneOf(vec![one])),
            several.prop_map(Test::NotOneOf),
        ];
        // The set of values of a.kod has one.
        (Just(of), test)
    })
}

fn any_type() -> impl Strategy<Value = Type> {
    let number = (
        decimal(),
        decimal(),
        0u32..3,
        prop::option::of("liter|%|m²|personer per dag"),
    )
        .prop_map(|(a, b, decimals, unit)| Type::Number {
            min: a.min(b).round_dp(decimals),
            max: a.max(b).round_dp(decimals),
            decimals,
            unit,
        });
    let formats = prop::sample::subsequence(types::FORMATS.map(str::to_owned).to_vec(), 1..=3);
    prop_oneof![
        prop::sample::select(vec![
            Type::YesNo,
            Type::Assessment,
            Type::Date,
            Type::OrgNr,
            Type::PersonNr,
            Type::Property,
            Type::Municipality,
            Type::Period,
            Type::Clock { from: 0, to: 1_439 },
            Type::Clock { from: 660, to: 1_740 },
        ]),
        prop::collection::hash_set("[a-zåäö]{1,9}( [a-zåäö]{1,9})?", 2..6)
            .prop_map(|words| Type::Several(words.into_iter().collect())),
        prop::collection::hash_set("[a-zåäö]{1,9}( [a-zåäö]{1,9})?", 2..6)
            .prop_map(|words| Type::Choice(words.into_iter().collect())),
        number,
        (decimal(), decimal()).prop_map(|(a, b)| Type::Kronor {
            min: a.min(b),
            max: a.max(b)
        }),
        (1..types::TEXT_CHARACTERS_MAX).prop_map(|characters_max| Type::Text { characters_max }),
        (formats, 1..types::ATTACHMENT_MEGABYTES_MAX, "[a-zåäö]{1,20}").prop_map(|(formats, megabytes, shows)| {
            Type::Attachment {
                formats,
                bytes_max: megabytes * 1_000_000,
                shows,
            }
        }),
    ]
}

fn any_length() -> impl Strategy<Value = Length> {
    (
        1..types::LENGTH_MAX,
        prop::sample::select(vec![Unit::Days, Unit::WorkingDays, Unit::Weeks, Unit::Months]),
    )
        .prop_map(|(number, unit)| Length { number, unit })
}

fn any_source() -> impl Strategy<Value = Source> {
    let register = (
        any::<bool>(),
        prop_oneof![
            Just(NoRecord::Missing),
            Just(NoRecord::NotApplicable),
            (0i64..5_000).prop_map(|n| NoRecord::Value(Value::Number(n.into())))
        ],
        any::<bool>(),
    )
        .prop_map(|(via, no_record, ask)| {
            Source::Register(RegisterSource {
                register: name("skatt"),
                field: name("f-skatt"),
                subject: name("företag.orgnr"),
                mode: if via { Mode::ViaApplicant } else { Mode::Direct },
                no_record,
                when_down: if ask { WhenDown::Ask } else { WhenDown::Wait },
            })
        });
    let required = prop::sample::select(vec![Required::ForGrant, Required::Always, Required::Optional]);
    prop_oneof![
        prop::sample::select(vec![
            Source::Login,
            Source::Represented,
            Source::Applicant,
            Source::CaseWorker,
            Source::Step(name("bolag")),
            Source::Rule,
            Source::Parameter,
        ]),
        register,
        (required, 1u32..52).prop_map(|(required, weeks)| Source::Referral(Referral {
            role: name("polis"),
            required,
            weeks,
        })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_condition_written_and_read_is_the_same(expr in condition(false)) {
        let written = expr.to_string();
        let (read, findings) = read_back(&written);
        prop_assert_eq!(findings, vec![], "{}", written);
        prop_assert_eq!(read, Some(expr), "{}", written);
    }

    #[test]
    fn a_test_written_and_read_is_the_same((of, test) in any_test()) {
        let written = test.to_string();
        let cell = if written == "–" { "" } else { &written };
        let mut reader = Reader::default();
        let read = expressions::test(&mut reader, &names(), &name(of), slice(cell), Place::default());
        // One of one, and equal to one, are written alike.
        let expected = match test {
            Test::OneOf(mut all) if all.len() == 1 => Test::Compare(Comparison::Equal, all.remove(0)),
            other => other,
        };
        prop_assert_eq!(reader.findings, vec![], "{}", &written);
        prop_assert_eq!(read, Some(expected), "{}", &written);
    }

    #[test]
    fn a_test_of_several_choices_or_days_written_and_read_is_the_same(
        word in prop::sample::select(words()),
        has in any::<bool>(),
        from in 0i32..10_000,
        days in 0i32..10_000,
        minutes in 660u16..1_740,
    ) {
        let day = |days| jiff::civil::Date::constant(1990, 1, 1).saturating_add(jiff::Span::new().days(days));
        for (of, test) in [
            ("a.flera", if has { Test::Has(word.clone()) } else { Test::Lacks(word.clone()) }),
            ("a.flera", Test::Compare(Comparison::Equal, Operand::Constant(Value::Set(Default::default())))),
            ("a.dag", Test::Within(Value::Date(day(from)), Value::Date(day(from + days)))),
            ("a.natt", Test::Within(Value::Clock(660), Value::Clock(minutes))),
        ] {
            let written = test.to_string();
            let mut reader = Reader::default();
            let read = expressions::test(&mut reader, &names(), &name(of), slice(&written), Place::default());
            prop_assert_eq!(reader.findings, vec![], "{}", &written);
            prop_assert_eq!(read, Some(test), "{}", &written);
        }
    }

    #[test]
    fn a_type_written_and_read_is_the_same(ty in any_type()) {
        let written = ty.to_string();
        let mut reader = Reader::default();
        let read = types::ty(&mut reader, slice(&written));
        prop_assert_eq!(reader.findings, vec![], "{}", &written);
        prop_assert_eq!(read, Some(ty), "{}", &written);
    }

    #[test]
    fn a_source_written_and_read_is_the_same(source in any_source()) {
        let written = source.to_string();
        let mut reader = Reader::default();
        let read = super::sources::source(&mut reader, slice(&written), Some(&number_type()));
        prop_assert_eq!(reader.findings, vec![], "{}", &written);
        prop_assert_eq!(read.map(|read| read.source), Some(source), "{}", &written);
    }

    #[test]
    fn a_time_limit_written_and_read_is_the_same(
        decide in prop::option::of(any_length()),
        extension in prop::option::of(any_length()),
        start in prop::option::of(any_length()),
        from in prop::sample::select(vec![Start::Received, Start::Complete, Start::Served, Start::Decision]),
    ) {
        let frist = Frist {
            decide_within: decide.map(|length| (length, from)),
            extension: extension.filter(|_| decide.is_some()),
            may_start: start.map(|length| (length, from)),
        };
        prop_assume!(frist.decide_within.is_some() || frist.may_start.is_some());
        let written = frist.to_string();
        let mut reader = Reader::default();
        let read = super::document::read_deadline(&mut reader, slice(&written));
        prop_assert_eq!(reader.findings, vec![], "{}", &written);
        prop_assert_eq!(read, Some(frist), "{}", &written);
    }

    #[test]
    fn no_cell_makes_the_reader_panic(text in "(?s)(.{0,40}|([a-z0-9åäö.,;:–()<>≤=*+«»\"| -]|och |inte |a\\.tal|någon\\(rad:){0,60})") {
        let mut reader = Reader::default();
        let names = names();
        expressions::condition(&mut reader, &names, slice(&text));
        for fact in ["a.tal", "a.val", "a.dag", "a.text"] {
            expressions::test(&mut reader, &names, &name(fact), slice(&text), Place::default());
        }
        types::ty(&mut reader, slice(&text));
        super::sources::source(&mut reader, slice(&text), None);
        super::document::read_deadline(&mut reader, slice(&text));
        for finding in reader.findings {
            prop_assert!(text.get(finding.span.start as usize..finding.span.end as usize).is_some());
        }
    }
}
