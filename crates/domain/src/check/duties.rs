//! What people must do and sign, what follows a condition outside the rules, and what is uncertain (codes S426–S430 and
//! S437–S439).

use std::collections::BTreeSet;

use super::uses::{self, By, Kind, Use};
use crate::fact::Name;
use crate::finding::{Finding, Span};
use crate::pack::{Block, Decider, Duty, Expr, Pack, RuleKind, SignedBy, Source};

pub fn check(pack: &Pack, found: &mut Vec<Finding>) {
    for duty in &pack.duties {
        self::duty(pack, duty, found);
    }
    signatures(pack, found);
    conditions(pack, found);
    for doubt in &pack.uncertain {
        let check = doubt.check.as_ref().map(|check| format!(" Kontrolleras: {}", check.it));
        found.push(
            Finding::note(
                "S430",
                doubt.about.span,
                format!("Osäkert om {}: {}", doubt.about.it, doubt.what.it),
            )
            .label("osäkert")
            .suggest(format!(
                "Ta bort raden när det är klarlagt.{}",
                check.unwrap_or_default()
            )),
        );
    }
}

fn duty(pack: &Pack, duty: &Duty, found: &mut Vec<Finding>) {
    let id = &duty.id.it;
    if let Some(law) = &duty.law {
        super::law::in_force(pack, &law.it, law.span, "Lagrummet", found);
    }
    if let Some(why) = super::graph::never(pack, &duty.after.it) {
        found.push(
            Finding::error(
                "S204",
                duty.after.span,
                format!(
                    "Skyldigheten {id} börjar med något som aldrig kan hända i steget {}.",
                    duty.after.it.step
                ),
            )
            .label(why)
            .suggest("Skriv `inskickad`, eller ett annat steg."),
        );
        return;
    }
    let is_private = pack.step(&duty.after.it.step).is_some_and(|step| pack.is_private(step));
    if duty.law.is_none() && !is_private {
        found.push(
            Finding::error("S437", duty.id.span, format!("Skyldigheten {id} saknar lagrum."))
                .label("kolumnen Lagrum är tom")
                .suggest("Skriv lagrummet som ålägger den: ingen är skyldig mer än lagen säger (8 kap. 2 § regeringsformen)."),
        );
    }
    let begins: Vec<_> = pack
        .outcomes_of(&duty.after.it.step)
        .filter(|outcome| {
            pack.duties_after(&outcome.step.it, outcome.kind.it)
                .any(|it| it.id.it == *id)
        })
        .collect();
    let is_told = begins.iter().any(|outcome| {
        pack.letters
            .get(&outcome.letter.it)
            .is_some_and(|letter| letter.all_blocks().any(|block| matches!(block, Block::Duties(_))))
    });
    if !is_told {
        let finding = Finding::warning("S427", duty.id.span, format!("Inget brev säger skyldigheten {id}."))
            .label(format!("börjar med {}", duty.after.it))
            .suggest("Skriv `{skyldigheter}` på en egen rad i brevet till det utfallet.");
        found.push(match begins.first() {
            Some(outcome) => finding.related(outcome.letter.span, "brevet till utfallet"),
            None => finding,
        });
    }
}

fn signatures(pack: &Pack, found: &mut Vec<Finding>) {
    for signature in &pack.signatures {
        if let Some(law) = &signature.law {
            super::law::in_force(pack, &law.it, law.span, "Lagrummet", found);
        }
        let represents = || uses::facts(pack).any(|fact| fact.source.it == Source::Represented);
        if signature.by.it == SignedBy::Signatories && !represents() {
            found.push(
                Finding::error(
                    "S438",
                    signature.by.span,
                    format!(
                        "Underskriften {} görs av firmatecknare, men ingen företräds.",
                        signature.id.it
                    ),
                )
                .label("ingen uppgift har källan företräds")
                .suggest("Skriv `sökanden`, eller lägg till en uppgift av typen orgnr med källan `företräds`."),
            );
        }
    }
    if pack.signatures.is_empty() || pack.signatures.iter().any(|signature| signature.steps.is_empty()) {
        return;
    }
    let covered: BTreeSet<&Name> = pack
        .signatures
        .iter()
        .flat_map(|signature| &signature.steps)
        .map(|step| &step.it)
        .collect();
    for step in pack.steps.iter().filter(|step| !covered.contains(&step.name.it)) {
        found.push(
            Finding::warning(
                "S439",
                step.name.span,
                format!("Ingen skriver under ansökan till steget {}.", step.name.it),
            )
            .label("står inte under ## Underskrifter")
            .suggest("Lägg steget till en underskrift, eller skriv `alla`."),
        );
    }
}

/// Where a letter, a delegation or a signature follows a condition, the body that looks must have got what it asks about:
/// else it is never certainly true.
fn conditions(pack: &Pack, found: &mut Vec<Finding>) {
    let all = uses::all(pack);
    let mut unread_signers: Vec<(Name, Span)> = Vec::new();
    let mut look = |what: &str, steps: &[&Name], of: Vec<Use>| {
        if steps.is_empty() {
            return;
        }
        for it in of {
            let missing = steps
                .iter()
                .map(|step| (step, uses::read_by_step(pack, step)))
                .find_map(|(step, read)| Some((step, unread(pack, &all, &read, &it)?)));
            if let Some((step, name)) = missing {
                found.push(
                    Finding::warning(
                        "S426",
                        it.span,
                        format!("{what} rättar sig efter `{name}`, som steget {step} inte får."),
                    )
                    .label("är aldrig känd där")
                    .suggest(format!("Lägg `{name}` i stegets Underlag, eller ta bort villkoret.")),
                );
            }
        }
    };
    for letter in pack.letters.values() {
        let steps: BTreeSet<&Name> = pack
            .outcomes
            .iter()
            .filter(|outcome| outcome.letter.it == letter.name)
            .map(|outcome| &outcome.step.it)
            .collect();
        let steps: Vec<&Name> = steps.into_iter().collect();
        for conditional in letter.conditionals() {
            look("Ett stycke i brevet", &steps, names_in(&conditional.condition.it));
        }
    }
    for signature in &pack.signatures {
        let covers = |step: &&crate::pack::Step| {
            signature.steps.is_empty() || signature.steps.iter().any(|of| of.it == step.name.it)
        };
        let reads: Vec<BTreeSet<Name>> = pack
            .steps
            .iter()
            .filter(covers)
            .map(|step| uses::read_by_step(pack, &step.name.it))
            .collect();
        // A signature is asked for where the application is made, so one step that reads the fact is enough.
        let all_read: BTreeSet<Name> = reads.into_iter().flatten().collect();
        let mut of = signature.when.as_ref().map_or_else(Vec::new, |when| names_in(&when.it));
        if let SignedBy::Everyone(name) | SignedBy::Person(name) = &signature.by.it {
            of.push(Use {
                name: name.clone(),
                kind: Kind::Fact,
                span: signature.by.span,
                by: By::Signature,
            });
        }
        unread_signers.extend(
            of.into_iter()
                .filter_map(|it| Some((unread(pack, &all, &all_read, &it)?, it.span))),
        );
    }
    for outcome in &pack.outcomes {
        if let Decider::Delegate { when: Some(when), .. } = &outcome.decider.it {
            look("Beslutanderätten", &[&outcome.step.it], names_in(when));
        }
    }
    for (name, span) in unread_signers {
        found.push(
            Finding::warning(
                "S426",
                span,
                format!("En underskrift rättar sig efter `{name}`, som inget av dess steg läser."),
            )
            .label("frågas inte")
            .suggest(format!(
                "Lägg `{name}` i underlaget till ett steg som underskriften gäller."
            )),
        );
    }
}

fn names_in(expr: &Expr) -> Vec<Use> {
    let mut found = Vec::new();
    uses::expr(expr, &By::Control, &mut found);
    found
}

/// The first name behind `it` that is not among those that are read. What parameters say is known everywhere.
fn unread(pack: &Pack, all: &[Use], read: &BTreeSet<Name>, it: &Use) -> Option<Name> {
    let mut seen: BTreeSet<&Name> = BTreeSet::new();
    let mut todo: Vec<(&Name, Kind)> = vec![(&it.name, it.kind)];
    while let Some((name, kind)) = todo.pop() {
        if !seen.insert(name) || read.contains(name) || pack.parameter(name).is_some() {
            continue;
        }
        if kind == Kind::List {
            let columns = pack.list(name).into_iter().flat_map(|list| &list.columns);
            if columns
                .map(|column| &column.name.it)
                .any(|column| read.contains(column))
            {
                continue;
            }
            return Some(name.clone());
        }
        if pack.rule(name).is_none() {
            return Some(name.clone());
        }
        let inputs = all
            .iter()
            .filter(|other| matches!(&other.by, By::Rule(RuleKind::Fact, of) if of == name));
        todo.extend(inputs.map(|other| (&other.name, other.kind)));
    }
    None
}
