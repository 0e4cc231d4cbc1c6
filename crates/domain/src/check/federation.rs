//! The document in a federation (codes S6xx): every body resolves, every register answers, everyone has adopted.
//!
//! Offers and adoptions come verified and decoded: who may sign what is not decided here.

use std::collections::{BTreeMap, BTreeSet};

use super::uses;
use crate::fact::Name;
use crate::finding::Finding;
use crate::pack::{Area, Decider, Mode, Pack, ParameterType, Role, RoleKind, Source};
use crate::terms::{Adoption, Body, BodyKind, Federation, MessageKind, NotResponsible, Offer, Offered};

/// A federation with what its bodies have signed.
#[derive(Clone, Copy, Debug)]
pub struct Joined<'a> {
    pub federation: &'a Federation,
    pub offers: &'a [Offer],
    pub adoptions: &'a [Adoption],
}

/// Findings shown for one role; a country has 290 municipalities.
const PLACES_SHOWN_MAX: usize = 5;

pub fn check(pack: &Pack, joined: Joined<'_>, found: &mut Vec<Finding>) {
    let responsible = roles(pack, joined, found);
    registers(pack, joined, found);
    obstacles(pack, joined, found);
    for (role, bodies) in responsible {
        for body in bodies {
            kind(role, body, found);
            board(pack, role, body, found);
            reception(pack, role, body, joined, found);
            adoption(pack, role, body, joined, found);
        }
    }
}

/// Every municipality that the federation names.
fn municipalities(federation: &Federation) -> BTreeSet<&str> {
    federation
        .bodies
        .iter()
        .flat_map(|body| &body.tasks)
        .flat_map(|task| &task.municipalities)
        .map(String::as_str)
        .collect()
}

fn roles<'a>(pack: &'a Pack, joined: Joined<'a>, found: &mut Vec<Finding>) -> Vec<(&'a Role, Vec<&'a Body>)> {
    let mut all = Vec::new();
    for role in &pack.roles {
        let places: Vec<Option<&str>> = match role.area.it {
            Area::Country => vec![None],
            Area::MunicipalityOf(_) => municipalities(joined.federation).into_iter().map(Some).collect(),
        };
        let mut bodies: BTreeMap<&crate::terms::BodyId, &Body> = BTreeMap::new();
        let mut nobody: Vec<&str> = Vec::new();
        for place in &places {
            match joined.federation.responsible(&role.task.it, *place) {
                Ok(body) => {
                    bodies.insert(&body.id, body);
                }
                Err(NotResponsible::Nobody) => nobody.push(place.unwrap_or("riket")),
                Err(NotResponsible::Several(a, b)) => found.push(
                    Finding::error(
                        "S601",
                        role.task.span,
                        format!(
                            "Både {a} och {b} har uppdraget `{}` i {}.",
                            role.task.it,
                            place.unwrap_or("riket")
                        ),
                    )
                    .suggest("Rätta federationen: ett uppdrag har en ansvarig på varje plats."),
                ),
            }
        }
        if !nobody.is_empty() || places.is_empty() {
            let mut shown: Vec<&str> = nobody.iter().copied().take(PLACES_SHOWN_MAX).collect();
            let more = nobody.len().saturating_sub(shown.len());
            let rest = format!("och {more} till");
            if more > 0 {
                shown.push(&rest);
            }
            let tasks: BTreeSet<&str> = joined
                .federation
                .bodies
                .iter()
                .flat_map(|body| &body.tasks)
                .map(|task| task.task.as_str())
                .collect();
            found.push(
                Finding::error(
                    "S601",
                    role.task.span,
                    format!(
                        "Ingen i federationen {} har uppdraget `{}`.",
                        joined.federation.name, role.task.it
                    ),
                )
                .label(format!("saknas i: {}", shown.join(", ")))
                .suggest(super::sources::meant(
                    &role.task.it,
                    tasks.into_iter().filter(|task| *task != role.task.it),
                    "Ge en nämnd eller myndighet uppdraget i federationen, eller ta bort rollen.",
                )),
            );
        }
        all.push((role, bodies.into_values().collect()));
    }
    all
}

/// Regeringsformen 12 kap. 4 §: who is private and who is not is no matter of words.
fn kind(role: &Role, body: &Body, found: &mut Vec<Finding>) {
    let is_private = body.kind == BodyKind::Private;
    if is_private == (role.kind.it == RoleKind::Private) {
        return;
    }
    let (is, write) = match is_private {
        true => (
            "privat",
            "Skriv `privat` i rollens kolumn Slag, eller ge en myndighet uppdraget.",
        ),
        false => (
            "en myndighet",
            "Ta bort `privat` i rollens kolumn Slag, eller ge en privat utförare uppdraget.",
        ),
    };
    found.push(
        Finding::error(
            "S608",
            role.kind.span,
            format!("{} ({}), som har rollen {}, är {is}.", body.name, body.id, role.name.it),
        )
        .label(format!("rollens slag är {}", role.kind.it))
        .suggest(write),
    );
}

/// Only a nämnd, or the direction of a kommunalförbund, meets and decides as one; an agency decides by its own order.
fn board(pack: &Pack, role: &Role, body: &Body, found: &mut Vec<Finding>) {
    if body.kind != BodyKind::Agency {
        return;
    }
    let steps: BTreeSet<&Name> = pack
        .steps
        .iter()
        .filter(|step| step.role.it == role.name.it)
        .map(|step| &step.name.it)
        .collect();
    for outcome in pack.outcomes.iter().filter(|outcome| steps.contains(&outcome.step.it)) {
        let needs_board = matches!(
            outcome.decider.it,
            Decider::Board | Decider::Delegate { when: Some(_), .. }
        );
        if needs_board {
            found.push(
                Finding::error(
                    "S609",
                    outcome.decider.span,
                    format!(
                        "Nämnden beslutar om `{}`, men {} ({}) är ingen nämnd.",
                        outcome.name.it, body.name, body.id
                    ),
                )
                .label("ingen kan fatta beslutet")
                .related(role.name.span, "rollen")
                .suggest("Skriv `myndighet`, eller ge en nämnd uppdraget i federationen."),
            );
        }
    }
}

fn registers(pack: &Pack, joined: Joined<'_>, found: &mut Vec<Finding>) {
    for fact in uses::facts(pack) {
        let Source::Register(register) = &fact.source.it else {
            continue;
        };
        let keepers: Vec<&Body> = joined
            .federation
            .bodies
            .iter()
            .filter(|body| body.registers.contains(&register.register))
            .collect();
        let keeper = match keepers.as_slice() {
            [keeper] => keeper,
            [] => {
                let known: BTreeSet<&str> = joined
                    .federation
                    .bodies
                    .iter()
                    .flat_map(|body| &body.registers)
                    .map(Name::as_str)
                    .collect();
                found.push(
                    Finding::error(
                        "S602",
                        fact.source.span,
                        format!("Ingen i federationen för registret {}.", register.register),
                    )
                    .suggest(super::sources::meant(
                        register.register.as_str(),
                        known,
                        "Anslut den som för registret, eller fråga sökanden.",
                    )),
                );
                continue;
            }
            [first, second, ..] => {
                found.push(
                    Finding::error(
                        "S602",
                        fact.source.span,
                        format!(
                            "Både {} och {} för registret {}.",
                            first.id, second.id, register.register
                        ),
                    )
                    .suggest("Rätta federationen: ett register har en som för det."),
                );
                continue;
            }
        };
        let mode = match register.mode {
            Mode::ViaApplicant => crate::terms::Mode::ViaApplicant,
            Mode::Direct => crate::terms::Mode::Direct,
        };
        let slug = pack.meta.slug.as_str();
        let mut has_field = false;
        let mut has_mode = false;
        let mut has_all = false;
        for offer in joined.offers.iter().filter(|offer| offer.provider == keeper.id) {
            let Offered::Register {
                register: of,
                fields,
                modes,
            } = &offer.what
            else {
                continue;
            };
            if *of != register.register || !fields.contains(&register.field) {
                continue;
            }
            has_field = true;
            let in_mode = modes.contains(&mode);
            has_mode |= in_mode;
            has_all |= in_mode && offer.purposes.iter().any(|purpose| purpose == "*" || purpose == slug);
        }
        if has_all {
            continue;
        }
        let what = match (has_field, has_mode) {
            (false, _) => format!("fältet `{}`", register.field),
            (true, false) => match register.mode {
                Mode::ViaApplicant => "det via sökanden".to_owned(),
                Mode::Direct => "det direkt mellan myndigheter".to_owned(),
            },
            (true, true) => format!("det för tjänsten {slug}"),
        };
        found.push(
            Finding::error(
                "S603",
                fact.source.span,
                format!(
                    "{} erbjuder inte {what} ur registret {}.",
                    keeper.name, register.register
                ),
            )
            .label("inget erbjudande täcker raden")
            .suggest("Be registrets ägare om ett erbjudande som täcker det, eller fråga sökanden."),
        );
    }
}

/// Facts that are asked although a register has a field of that name about the same subject: something stands in the way,
/// or somebody forgot. Which it is only people can say, so it is a note.
fn obstacles(pack: &Pack, joined: Joined<'_>, found: &mut Vec<Finding>) {
    // Where an obstacle is written (`hinder`) it has been told already.
    let told = |fact: &&crate::pack::Fact| fact.held.as_ref().is_some_and(|held| held.obstacle.is_some());
    let asked = uses::facts(pack).filter(|fact| fact.source.it == Source::Applicant);
    for fact in asked.filter(|fact| !told(fact)) {
        let name = &fact.name.it;
        let field = name.as_str().rsplit('.').next().unwrap_or_default();
        // The facts of one prefix are about one thing, so its other register facts say where that thing is looked up.
        let known = uses::facts(pack)
            .filter(|other| other.name.it.prefix() == name.prefix())
            .find_map(|other| match &other.source.it {
                Source::Register(register) => joined
                    .offers
                    .iter()
                    .any(|offer| {
                        matches!(&offer.what, Offered::Register { register: of, fields, .. }
                            if *of == register.register && fields.iter().any(|offered| offered.as_str() == field))
                    })
                    .then_some(register),
                _ => None,
            });
        if let Some(register) = known {
            found.push(
                Finding::note(
                    "S104",
                    fact.source.span,
                    format!(
                        "`{name}` frågas fast registret {} har uppgiften om samma {}.",
                        register.register, register.subject
                    ),
                )
                .label("sökanden svarar på det som en myndighet vet")
                .suggest("Hämta uppgiften, eller skriv `; finns hos …; hinder …` efter `sökanden`."),
            );
        }
    }
}

fn reception(pack: &Pack, role: &Role, body: &Body, joined: Joined<'_>, found: &mut Vec<Finding>) {
    let mut needed: BTreeSet<(MessageKind, &str)> = BTreeSet::new();
    if pack.steps.iter().any(|step| step.role.it == role.name.it) {
        needed.insert((MessageKind::Application, "ansökningar"));
    }
    let is_asked = uses::facts(pack)
        .any(|fact| matches!(&fact.source.it, Source::Referral(referral) if referral.role == role.name.it));
    if is_asked {
        needed.insert((MessageKind::Referral, "remisser"));
    }
    for (kind, words) in needed {
        let takes = joined.offers.iter().any(|offer| {
            offer.provider == body.id
                && matches!(&offer.what, Offered::Reception { messages } if messages.contains(&kind))
        });
        if !takes {
            found.push(
                Finding::error(
                    "S604",
                    role.name.span,
                    format!("{} ({}) tar inte emot {words}.", body.name, body.id),
                )
                .label("inget erbjudande om mottagande")
                .suggest("Låt organet publicera ett erbjudande om mottagande i federationen."),
            );
        }
    }
}

fn adoption(pack: &Pack, role: &Role, body: &Body, joined: Joined<'_>, found: &mut Vec<Finding>) {
    let steps: Vec<_> = pack.steps.iter().filter(|step| step.role.it == role.name.it).collect();
    if steps.is_empty() {
        return;
    }
    let of_pack: Vec<&Adoption> = joined
        .adoptions
        .iter()
        .filter(|adoption| adoption.body == body.id && adoption.pack == pack.meta.slug.it)
        .collect();
    let of_version: Vec<&&Adoption> = of_pack
        .iter()
        .filter(|adoption| adoption.version == pack.meta.version.it)
        .collect();
    for step in steps {
        let Some(adoption) = of_version
            .iter()
            .find(|adoption| adoption.steps.contains(&step.name.it))
        else {
            let finding = Finding::error(
                "S605",
                step.name.span,
                format!("{} ({}) har inte antagit steget {}.", body.name, body.id, step.name.it),
            )
            .suggest("Låt organet anta dokumentet för sitt steg; till dess får den sökande en utskrift.");
            found.push(match of_pack.first() {
                Some(other) if of_version.is_empty() => finding.label(format!("har antagit version {}", other.version)),
                _ => finding,
            });
            continue;
        };
        for parameter in parameters_of(pack, step) {
            let unset = matches!(&parameter.ty.it, ParameterType::Value(_) if
                super::sources::must_be_set(&parameter.default.it)
                    && adoption.parameters.get(&parameter.name.it).is_none_or(Vec::is_empty));
            if unset {
                found.push(
                    Finding::error(
                        "S606",
                        parameter.name.span,
                        format!("{} ({}) har inte satt `{}`.", body.name, body.id, parameter.name.it),
                    )
                    .label("har ingen standard")
                    .related(step.name.span, "steget som behöver den")
                    .suggest("Låt organet anta dokumentet med ett värde."),
                );
            }
        }
        for (name, values) in &adoption.parameters {
            let Some(parameter) = pack.parameter(name) else {
                found.push(
                    Finding::error(
                        "S607",
                        step.name.span,
                        format!(
                            "{} ({}) har satt `{name}`, som inte finns i dokumentet.",
                            body.name, body.id
                        ),
                    )
                    .suggest("Låt organet anta dokumentet på nytt utan den."),
                );
                continue;
            };
            let ParameterType::Value(ty) = &parameter.ty.it else {
                continue;
            };
            if let Some((_, value)) = values.iter().find(|(_, value)| !super::types::fits(value, ty)) {
                found.push(
                    Finding::error(
                        "S607",
                        parameter.ty.span,
                        format!(
                            "{} ({}) har satt `{name}` till {value}, utanför typen.",
                            body.name, body.id
                        ),
                    )
                    .label(format!("typen är {ty}"))
                    .suggest("Låt organet anta dokumentet med ett värde inom gränserna."),
                );
            }
        }
    }
}

/// The parameters that a step's fee, rules and letters read, through other rules.
pub(crate) fn parameters_of<'a>(pack: &'a Pack, step: &crate::pack::Step) -> Vec<&'a crate::pack::Parameter> {
    let letters: BTreeSet<&str> = pack
        .outcomes_of(&step.name.it)
        .map(|outcome| outcome.letter.as_str())
        .collect();
    let names = uses::through_rules(pack, |by| match by {
        uses::By::NeededWhen(of) | uses::By::Fee(of) | uses::By::Underlag(of) => *of == step.name.it,
        uses::By::Rule(crate::pack::RuleKind::Outcome, of) => *of == step.name.it,
        uses::By::Letter(of) => letters.contains(of.as_str()),
        _ => false,
    });
    pack.parameters
        .iter()
        .filter(|parameter| names.contains(&parameter.name.it))
        .collect()
}
