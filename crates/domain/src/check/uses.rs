//! Who uses what in a document: every reference from one place to a name, with the place.
//!
//! Always true: whatever the evaluator can look up is found here, so a name without a use is a name that nothing reads.

use std::collections::BTreeSet;

use crate::fact::Name;
use crate::finding::{Span, Spanned};
use crate::pack::{
    Area, CellResult, Column, Decider, Expr, Operand, Pack, Piece, RuleKind, SignedBy, Source, Test, Underlag,
};

/// Why a name stands somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// The municipality of a role's area is found through this property fact.
    Area,
    /// A register fact's subject.
    Subject(Name),
    Control,
    NeededWhen(Name),
    Underlag(Name),
    Fee(Name),
    /// A column, a `när` condition or an operand in a cell of a rule.
    Rule(RuleKind, Name),
    /// The delegation of an outcome, and where it ends.
    Delegation,
    /// Who signs, and when.
    Signature,
    Letter(String),
}

/// What kind of thing the name must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A fact of any source, a list's column, or a parameter.
    Fact,
    /// A list's own name.
    List,
}

#[derive(Clone, Debug)]
pub struct Use {
    pub name: Name,
    pub kind: Kind,
    pub span: Span,
    pub by: By,
}

/// Names that a letter may hold besides facts and parameters.
pub const LETTER_WORDS: &[&str] = &[
    "organ",
    "nämnd",
    "steg",
    "diarienummer",
    "beslutsdatum",
    "avgift",
    "grunder",
    "överklagande",
    "skyldigheter",
];

/// Every use in the document, in its order. Patterns of Underlag (`lokal.*`) are expanded.
pub fn all(pack: &Pack) -> Vec<Use> {
    let mut uses = Vec::new();
    for role in &pack.roles {
        if let Area::MunicipalityOf(name) = &role.area.it {
            uses.push(fact(name, role.area.span, By::Area));
        }
    }
    for row in facts(pack) {
        if let Source::Register(register) = &row.source.it {
            uses.push(fact(
                &register.subject,
                row.source.span,
                By::Subject(row.name.it.clone()),
            ));
        }
    }
    for control in &pack.controls {
        expr(&control.condition.it, &By::Control, &mut uses);
    }
    for signature in &pack.signatures {
        if let SignedBy::Everyone(name) | SignedBy::Person(name) = &signature.by.it {
            uses.push(fact(name, signature.by.span, By::Signature));
        }
        if let Some(when) = &signature.when {
            expr(&when.it, &By::Signature, &mut uses);
        }
    }
    for step in &pack.steps {
        let by = By::NeededWhen(step.name.it.clone());
        expr(&step.needed_when.it, &by, &mut uses);
        let by = By::Underlag(step.name.it.clone());
        for part in &step.underlag {
            match &part.it {
                Underlag::Fact(name) => uses.push(fact(name, part.span, by.clone())),
                Underlag::Prefix(prefix) => uses.extend(
                    facts(pack)
                        .filter(|row| row.name.it.prefix() == prefix)
                        .map(|row| fact(&row.name.it, part.span, by.clone())),
                ),
            }
        }
        if let Some(fee) = &step.fee {
            uses.push(fact(&fee.it, fee.span, By::Fee(step.name.it.clone())));
        }
    }
    for rule in &pack.rules {
        let by = By::Rule(rule.kind, rule.name.it.clone());
        for column in &rule.columns {
            if let Column::Input(name) = &column.it {
                uses.push(fact(name, column.span, by.clone()));
            }
        }
        if let Some(transition) = &rule.transition {
            uses.push(fact(&transition.it.choice, transition.span, by.clone()));
        }
        for row in &rule.rows {
            for cell in &row.tests {
                test(cell, &by, &mut uses);
            }
            if let CellResult::Calculated(calculation) = &row.result.it {
                expr(calculation, &by, &mut uses);
            }
        }
    }
    for outcome in &pack.outcomes {
        if let Decider::Automatic { delegation } | Decider::Delegate { delegation, .. } = &outcome.decider.it {
            uses.push(fact(delegation, outcome.decider.span, By::Delegation));
        }
        if let Decider::Delegate { when: Some(when), .. } = &outcome.decider.it {
            expr(when, &By::Delegation, &mut uses);
        }
    }
    for letter in pack.letters.values() {
        let by = By::Letter(letter.name.clone());
        for placeholder in placeholders(letter) {
            if !LETTER_WORDS.contains(&placeholder.it.as_str()) {
                uses.push(fact(&placeholder.it, placeholder.span, by.clone()));
            }
        }
        for conditional in letter.conditionals() {
            expr(&conditional.condition.it, &by, &mut uses);
        }
    }
    uses
}

/// Everything that a step reads: its condition, Underlag, fee and outcome rule, through the rules that those rest on. Letters
/// not counted.
pub fn read_by_step(pack: &Pack, step: &Name) -> BTreeSet<Name> {
    through_rules(pack, |by| match by {
        By::NeededWhen(of) | By::Underlag(of) | By::Fee(of) | By::Rule(RuleKind::Outcome, of) => of == step,
        _ => false,
    })
}

/// Who reads a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reader {
    /// The rule that gives this fact.
    Rule(Name),
    /// The outcome rule of this step.
    Outcome(Name),
    /// A step: its condition, Underlag or fee.
    Step(Name),
}

/// Every name with who reads it directly.
pub fn read_by(pack: &Pack) -> BTreeSet<(Name, Reader)> {
    let readers = all(pack).into_iter().filter_map(|it| {
        let reader = match it.by {
            By::Rule(RuleKind::Fact, of) => Reader::Rule(of),
            By::Rule(RuleKind::Outcome, of) => Reader::Outcome(of),
            By::NeededWhen(of) | By::Underlag(of) | By::Fee(of) => Reader::Step(of),
            _ => return None,
        };
        Some((it.name, reader))
    });
    readers.collect()
}

/// The names that stand in the chosen places, and those that the rules which give them read.
pub fn through_rules(pack: &Pack, chosen: impl Fn(&By) -> bool) -> BTreeSet<Name> {
    let uses = all(pack);
    let mut names = BTreeSet::new();
    let mut todo: Vec<&Name> = uses.iter().filter(|it| chosen(&it.by)).map(|it| &it.name).collect();
    while let Some(name) = todo.pop() {
        if names.insert(name.clone()) {
            todo.extend(
                uses.iter()
                    .filter(|it| matches!(&it.by, By::Rule(RuleKind::Fact, of) if of == name))
                    .map(|it| &it.name),
            );
        }
    }
    names
}

/// The rows of `## Uppgifter`, then the lists' columns.
pub fn facts(pack: &Pack) -> impl Iterator<Item = &crate::pack::Fact> {
    pack.facts
        .iter()
        .chain(pack.lists.iter().flat_map(|list| &list.columns))
}

pub fn placeholders(letter: &crate::pack::Letter) -> impl Iterator<Item = &Spanned<Name>> {
    let pieces = letter.all_blocks().filter_map(|block| match block {
        crate::pack::Block::Paragraph(pieces) => Some(&pieces.it),
        _ => None,
    });
    std::iter::once(&letter.heading.it)
        .chain(pieces)
        .flatten()
        .filter_map(|piece| match piece {
            Piece::Placeholder(name) => Some(name),
            Piece::Text(_) => None,
        })
}

fn fact(name: &Name, span: Span, by: By) -> Use {
    Use {
        name: name.clone(),
        kind: Kind::Fact,
        span,
        by,
    }
}

fn test(cell: &Spanned<Test>, by: &By, uses: &mut Vec<Use>) {
    let mut operand = |operand: &Operand| {
        if let Operand::Fact(name) = operand {
            uses.push(fact(name, cell.span, by.clone()));
        }
    };
    match &cell.it {
        Test::Compare(_, it) => operand(it),
        Test::OneOf(them) | Test::NotOneOf(them) => them.iter().for_each(operand),
        Test::Condition(condition) => expr(condition, by, uses),
        Test::Any | Test::NotApplicable | Test::Between(..) | Test::Within(..) | Test::Has(_) | Test::Lacks(_) => {}
    }
}

/// Every name in a condition.
pub fn expr(condition: &Expr, by: &By, uses: &mut Vec<Use>) {
    match condition {
        Expr::Always | Expr::Constant(_) | Expr::Day(_) => {}
        Expr::Fact(name) | Expr::IsNotApplicable(name) | Expr::Sum(name) | Expr::Size(name) | Expr::Has(name, _) => {
            uses.push(fact(&name.it, name.span, by.clone()));
        }
        Expr::SumWhere(name, inner) => {
            uses.push(fact(&name.it, name.span, by.clone()));
            expr(inner, by, uses);
        }
        Expr::Count(name) => uses.push(list(name, by)),
        Expr::Any(name, inner) | Expr::All(name, inner) | Expr::CountWhere(name, inner) => {
            uses.push(list(name, by));
            expr(inner, by, uses);
        }
        Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) | Expr::Apart(_, left, right) => {
            expr(left, by, uses);
            expr(right, by, uses);
        }
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| expr(part, by, uses)),
        Expr::Not(inner)
        | Expr::Shift(_, inner, _)
        | Expr::Age(inner, _)
        | Expr::PartOf(_, inner)
        | Expr::InUnit(inner, _) => expr(inner, by, uses),
    }
}

fn list(name: &Spanned<Name>, by: &By) -> Use {
    Use {
        name: name.it.clone(),
        kind: Kind::List,
        span: name.span,
        by: by.clone(),
    }
}
