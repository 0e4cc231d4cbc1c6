//! Small documents for the tests of this folder, made without the reader.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::fact::{Facts, Known, Name, Value};
use crate::finding::{FileId, Span, Spanned};
use crate::pack::*;

pub const NOWHERE: Span = Span {
    file: FileId(0),
    start: 0,
    end: 0,
};

pub fn n(name: &str) -> Name {
    Name::parse(name).expect("a test's name")
}

pub fn sp<T>(it: T) -> Spanned<T> {
    Spanned { it, span: NOWHERE }
}

pub fn yes() -> Value {
    Value::YesNo(true)
}
pub fn no() -> Value {
    Value::YesNo(false)
}
pub fn num(number: i64) -> Value {
    Value::Number(Decimal::from(number))
}
pub fn word(word: &str) -> Value {
    Value::Choice(word.to_owned())
}

pub fn fact(name: &str) -> Expr {
    Expr::Fact(sp(n(name)))
}
pub fn constant(value: Value) -> Expr {
    Expr::Constant(sp(value))
}
pub fn cmp(how: Comparison, left: Expr, right: Expr) -> Expr {
    Expr::Compare(how, Box::new(left), Box::new(right))
}
/// `name = value`
pub fn is(name: &str, value: Value) -> Expr {
    cmp(Comparison::Equal, fact(name), constant(value))
}
/// `name > number`
pub fn above(name: &str, number: i64) -> Expr {
    cmp(Comparison::Greater, fact(name), constant(num(number)))
}

/// `ja`, `= word`
pub fn t(value: Value) -> Test {
    Test::Compare(Comparison::Equal, Operand::Constant(value))
}
pub fn t_above(number: i64) -> Test {
    Test::Compare(Comparison::Greater, Operand::Constant(num(number)))
}
pub fn t_most(number: i64) -> Test {
    Test::Compare(Comparison::LessOrEqual, Operand::Constant(num(number)))
}

pub fn number_type(min: i64, max: i64) -> Type {
    Type::Number {
        min: Decimal::from(min),
        max: Decimal::from(max),
        decimals: 0,
        unit: None,
    }
}
pub fn kronor(max: i64) -> Type {
    Type::Kronor {
        min: Decimal::ZERO,
        max: Decimal::from(max),
    }
}
pub fn choice(words: &[&str]) -> Type {
    Type::Choice(words.iter().map(|word| (*word).to_owned()).collect())
}

pub fn register(subject: &str) -> RegisterSource {
    RegisterSource {
        register: n("register"),
        field: n("fält"),
        subject: n(subject),
        mode: Mode::ViaApplicant,
        no_record: NoRecord::Missing,
        when_down: WhenDown::Wait,
    }
}

pub fn referral(required: Required) -> Source {
    Source::Referral(Referral {
        role: n("polis"),
        required,
        weeks: 6,
    })
}

pub fn fact_row(name: &str, ty: Type, source: Source) -> Fact {
    Fact {
        name: sp(n(name)),
        ty: sp(ty),
        question: matches!(source, Source::Applicant).then(|| sp(format!("{name}?"))),
        source: sp(source),
        disclosure: None,
        processing: None,
        sensitive: None,
        held: None,
        span: NOWHERE,
    }
}

pub struct Document(pub Pack);

impl Document {
    pub fn new() -> Self {
        Self(Pack {
            meta: Meta {
                slug: sp(n("prov")),
                version: sp(1),
                valid_from: sp(Date::constant(2026, 1, 1)),
                valid_to: None,
                publisher: sp(String::from("Exempelmyndigheten")),
            },
            title: sp(String::from("Prov")),
            intro: sp(String::new()),
            roles: vec![],
            facts: vec![],
            lists: vec![],
            controls: vec![],
            signatures: vec![],
            steps: vec![],
            rules: vec![],
            outcomes: vec![],
            duties: vec![],
            parameters: vec![],
            uncertain: vec![],
            texts: Default::default(),
            letters: Default::default(),
            examples: vec![],
            files: vec![],
        })
    }

    pub fn fact(mut self, name: &str, ty: Type, source: Source) -> Self {
        self.0.facts.push(fact_row(name, ty, source));
        self
    }

    pub fn asked(self, name: &str, ty: Type) -> Self {
        self.fact(name, ty, Source::Applicant)
    }

    pub fn list(mut self, name: &str, min: u32, max: u32, columns: Vec<Fact>) -> Self {
        self.0.lists.push(List {
            name: sp(n(name)),
            min,
            max,
            columns,
            span: NOWHERE,
        });
        self
    }

    pub fn control(mut self, id: &str, condition: Expr) -> Self {
        self.0.controls.push(Control {
            id: sp(n(id)),
            condition: sp(condition),
            message: sp(String::new()),
        });
        self
    }

    pub fn step(mut self, name: &str, needed_when: Expr, underlag: &[&str]) -> Self {
        self.0.steps.push(Step {
            name: sp(n(name)),
            role: sp(n("roll")),
            needed_when: sp(needed_when),
            underlag: underlag
                .iter()
                .map(|name| {
                    sp(match name.strip_suffix(".*") {
                        Some(prefix) => Underlag::Prefix(prefix.to_owned()),
                        None => Underlag::Fact(n(name)),
                    })
                })
                .collect(),
            after: None,
            deadline: None,
            fee: None,
            law: None,
            span: NOWHERE,
        });
        self
    }

    /// The fee of the last step.
    pub fn fee(mut self, name: &str) -> Self {
        self.0.steps.last_mut().expect("a step").fee = Some(sp(n(name)));
        self
    }

    pub fn outcome(mut self, step: &str, name: &str, kind: OutcomeKind) -> Self {
        self.0.outcomes.push(Outcome {
            step: sp(n(step)),
            name: sp(name.to_owned()),
            kind: sp(kind),
            decider: sp(Decider::Nobody),
            heard_for: sp(None),
            letter: sp(String::from("brev")),
            appeal: sp(Appeal::No {
                reason: String::from("prov"),
            }),
            copies_to: vec![],
            span: NOWHERE,
        });
        self
    }

    pub fn parameter(mut self, name: &str, ty: Type, default: ParameterDefault) -> Self {
        self.0.parameters.push(Parameter {
            name: sp(n(name)),
            ty: sp(ParameterType::Value(ty)),
            set_by: sp(SetBy::Law),
            default: sp(default),
            counted_at: CountedAt::Decision,
            source: None,
            span: NOWHERE,
        });
        self
    }

    /// An input named `när` is a column of conditions.
    pub fn rule(self, name: &str, policy: Policy, inputs: &[&str], rows: Vec<(&str, Vec<Test>, CellResult)>) -> Self {
        self.any_rule(RuleKind::Fact, name, policy, inputs, rows)
    }

    pub fn outcome_rule(
        self,
        step: &str,
        policy: Policy,
        inputs: &[&str],
        rows: Vec<(&str, Vec<Test>, CellResult)>,
    ) -> Self {
        self.any_rule(RuleKind::Outcome, step, policy, inputs, rows)
    }

    fn any_rule(
        mut self,
        kind: RuleKind,
        name: &str,
        policy: Policy,
        inputs: &[&str],
        rows: Vec<(&str, Vec<Test>, CellResult)>,
    ) -> Self {
        let mut columns = vec![sp(Column::Id)];
        columns.extend(inputs.iter().map(|input| {
            sp(match *input {
                "när" => Column::When,
                name => Column::Input(n(name)),
            })
        }));
        columns.extend([sp(Column::Result), sp(Column::Because), sp(Column::Law)]);
        self.0.rules.push(Rule {
            name: sp(n(name)),
            kind,
            policy: sp(policy),
            counted_at: CountedAt::Decision,
            transition: None,
            columns,
            rows: rows
                .into_iter()
                .map(|(id, tests, result)| Row {
                    id: sp(n(id)),
                    tests: tests.into_iter().map(sp).collect(),
                    valid: None,
                    result: sp(result),
                    because: Some(sp(format!("Rad {id} gäller."))),
                    law: None,
                    span: NOWHERE,
                })
                .collect(),
            span: NOWHERE,
        });
        self
    }
}

pub fn gives(value: Value) -> CellResult {
    CellResult::Value(value)
}

pub fn otherwise(outcome: &str) -> Policy {
    Policy::Collect {
        otherwise: outcome.to_owned(),
    }
}

pub fn facts(given: &[(&str, Value)]) -> Facts {
    let mut facts = Facts::default();
    for (name, value) in given {
        facts.set(n(name), Known::Value(value.clone()));
    }
    facts
}

/// Gas: the need table of the language's own example, and an alcohol permit that collects its grounds.
pub fn restaurant() -> Document {
    Document::new()
        .asked("gas.inne", number_type(0, 5000))
        .asked("gas.ute", number_type(0, 5000))
        .asked("servering.alkohol", Type::YesNo)
        .fact(
            "polis.yttrande",
            choice(&["ingen-erinran", "erinran"]),
            referral(Required::ForGrant),
        )
        .fact("bedömning.lämplig", Type::Assessment, Source::CaseWorker)
        .fact("bedömning.kök", Type::Assessment, Source::CaseWorker)
        .rule(
            "gasol.behövs",
            Policy::Unique,
            &["gas.inne", "gas.ute"],
            vec![
                ("g1", vec![t_above(2), Test::Any], gives(yes())),
                ("g2", vec![t_most(2), t_above(60)], gives(yes())),
                ("g3", vec![t_most(2), t_most(60)], gives(no())),
            ],
        )
        .step("gasol", is("gasol.behövs", yes()), &["gas.*"])
        .outcome("gasol", "bifall", OutcomeKind::Favourable)
        .outcome_rule("gasol", otherwise("bifall"), &[], vec![])
        .step("servering", is("servering.alkohol", yes()), &[])
        .fee("taxa.alkohol")
        .parameter(
            "taxa.alkohol",
            kronor(50_000),
            ParameterDefault::Dated(vec![
                (Some(Date::constant(2025, 1, 1)), num(9_000)),
                (Some(Date::constant(2026, 1, 1)), num(9_500)),
            ]),
        )
        .outcome_rule(
            "servering",
            otherwise("bifall"),
            &["polis.yttrande", "bedömning.lämplig", "bedömning.kök"],
            vec![
                (
                    "a1",
                    vec![t(word("erinran")), Test::Any, Test::Any],
                    CellResult::CaseWorker,
                ),
                ("a2", vec![Test::Any, t(no()), Test::Any], gives(word("avslag"))),
                ("a3", vec![Test::Any, Test::Any, t(no())], gives(word("avslag"))),
            ],
        )
        .outcome("servering", "avslag", OutcomeKind::Burdensome)
        .outcome("servering", "bifall", OutcomeKind::Favourable)
}
