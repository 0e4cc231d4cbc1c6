//! Private performers (codes S433–S436): they agree and acknowledge, and take no decision over anybody. Myndighetsutövning
//! is given to a private body only by an act (regeringsformen 12 kap. 4 §), and no act that a service here rests on does so.

use super::uses::{self, By};
use crate::finding::Finding;
use crate::pack::{Appeal, Decider, Mode, Outcome, OutcomeKind, Pack, RuleKind, Source, Step, Type};

pub fn check(pack: &Pack, found: &mut Vec<Finding>) {
    for step in &pack.steps {
        let is_private = pack.is_private(step);
        for outcome in pack.outcomes_of(&step.name.it) {
            if is_private {
                performed(step, outcome, found);
            } else {
                decided(step, outcome, found);
            }
        }
        if is_private {
            secrets(pack, step, found);
        }
    }
}

fn performed(step: &Step, outcome: &Outcome, found: &mut Vec<Finding>) {
    let name = &outcome.name.it;
    if outcome.kind.it.is_decision() {
        found.push(
            Finding::error(
                "S433",
                outcome.kind.span,
                format!(
                    "`{name}` är ett beslut, men steget {} har en privat utförare.",
                    step.name.it
                ),
            )
            .label("myndighetsutövning")
            .related(step.role.span, "privat")
            .suggest("Skriv `avtal` eller `kvittens`, eller låt en myndighet ha steget (12 kap. 4 § regeringsformen)."),
        );
        return;
    }
    let fits = match (&outcome.decider.it, outcome.kind.it) {
        (Decider::Performer, _) => true,
        (Decider::Nobody, kind) => kind == OutcomeKind::Acknowledgement,
        _ => false,
    };
    if !fits {
        found.push(
            Finding::error(
                "S434",
                outcome.decider.span,
                format!(
                    "`{name}` avgörs av {}, men steget {} har en privat utförare.",
                    outcome.decider.it, step.name.it
                ),
            )
            .related(step.role.span, "privat")
            .suggest("Skriv `utföraren`, eller `ingen` för en kvittens som ingen ser på."),
        );
    }
    if matches!(outcome.appeal.it, Appeal::To { .. }) {
        found.push(
            Finding::error(
                "S435",
                outcome.appeal.span,
                format!("`{name}` är inget beslut och kan inte överklagas."),
            )
            .related(step.role.span, "privat")
            .suggest("Skriv `överklagas inte,` och vart den som är missnöjd kan vända sig."),
        );
    }
}

fn decided(step: &Step, outcome: &Outcome, found: &mut Vec<Finding>) {
    let name = &outcome.name.it;
    if outcome.decider.it == Decider::Performer {
        found.push(
            Finding::error(
                "S434",
                outcome.decider.span,
                format!(
                    "`{name}` avgörs av en utförare, men steget {} har en myndighet.",
                    step.name.it
                ),
            )
            .related(step.role.span, "en myndighet")
            .suggest("Skriv vem hos myndigheten som beslutar, eller skriv `privat` i rollens kolumn Slag."),
        );
    }
    if outcome.kind.it == OutcomeKind::Agreement {
        found.push(
            Finding::error(
                "S434",
                outcome.kind.span,
                format!("`{name}` är ett avtal, men steget {} har en myndighet.", step.name.it),
            )
            .label("en myndighet beslutar")
            .related(step.role.span, "en myndighet")
            .suggest("Skriv vad beslutet är, eller skriv `privat` i rollens kolumn Slag."),
        );
    }
}

/// What goes directly between authorities may be secret there (offentlighets- och sekretesslagen 10 kap. 28 § reaches
/// authorities only). The municipality code finds the way and is nobody's secret.
fn secrets(pack: &Pack, step: &Step, found: &mut Vec<Finding>) {
    let name = &step.name.it;
    let sent = uses::through_rules(pack, |by| match by {
        By::Underlag(of) | By::Fee(of) | By::Rule(RuleKind::Outcome, of) => of == name,
        _ => false,
    });
    for fact in uses::facts(pack).filter(|fact| sent.contains(&fact.name.it)) {
        let is_direct = matches!(&fact.source.it, Source::Register(register) if register.mode == Mode::Direct);
        if !is_direct || fact.ty.it == Type::Municipality {
            continue;
        }
        found.push(
            Finding::error(
                "S436",
                step.name.span,
                format!(
                    "Den privata utföraren i steget {name} får `{}`, som hämtas direkt.",
                    fact.name.it
                ),
            )
            .label("privat utförare")
            .related(fact.source.span, "direkt mellan myndigheter")
            .suggest(
                "Hämta uppgiften `via sökanden`, som då ser vad som lämnas, eller ta bort den ur stegets underlag.",
            ),
        );
    }
}
