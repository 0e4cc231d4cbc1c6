//! Facts and where they come from (codes S1xx): every name exists, has one source, is used, and stands on its grounds.

use std::collections::BTreeSet;

use super::uses::{self, Kind, Use};
use crate::fact::Name;
use crate::finding::Finding;
use crate::pack::{
    Area, Fact, Mode, Pack, ParameterDefault, ParameterType, RegisterSource, RoleKind, RuleKind, Sensitive, Source,
    Type, WhenDown,
};
use crate::words::law::{Act, Lagrum, Place, Reference};

pub fn check(pack: &Pack, uses: &[Use], found: &mut Vec<Finding>) {
    two_sources(pack, found);
    unused(pack, uses, found);
    for fact in uses::facts(pack) {
        source(pack, fact, found);
    }
    roles(pack, found);
}

/// The known name that is most like the one that was written, if any is near.
pub fn near<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(written, name), name))
        // A name that shares less than this reads as another word, and the advice would mislead.
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// "Menade du …?", or what to do when nothing is near.
pub fn meant<'a>(written: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    match near(written, known) {
        Some(name) => format!("Menade du `{name}`?"),
        None => otherwise.to_owned(),
    }
}

/// A fact that stands under Uppgifter with one source and is given by a rule or a parameter too. (The same row twice is the
/// reader's to find.)
fn two_sources(pack: &Pack, found: &mut Vec<Finding>) {
    for fact in uses::facts(pack) {
        let name = &fact.name.it;
        let other = match &fact.source.it {
            Source::Rule => pack
                .parameter(name)
                .map(|it| (it.name.span, "den är också en parameter")),
            Source::Parameter => pack.rule(name).map(|it| (it.name.span, "regeln ger den")),
            _ => pack.rule(name).map(|it| (it.name.span, "regeln ger den")).or_else(|| {
                pack.parameter(name)
                    .map(|it| (it.name.span, "den är också en parameter"))
            }),
        };
        if let Some((span, label)) = other {
            found.push(
                Finding::error("S102", span, format!("Uppgiften `{name}` har två källor."))
                    .label(label)
                    .related(fact.source.span, "här står en annan källa")
                    .suggest("Behåll en: varje uppgift har exakt en källa."),
            );
        }
    }
}

fn unused(pack: &Pack, uses: &[Use], found: &mut Vec<Finding>) {
    let used: BTreeSet<&Name> = uses
        .iter()
        .filter(|it| it.kind == Kind::Fact)
        .map(|it| &it.name)
        .collect();
    let areas: BTreeSet<&Name> = pack
        .roles
        .iter()
        .filter_map(|role| match &role.area.it {
            Area::MunicipalityOf(name) => Some(name),
            Area::Country => None,
        })
        .collect();
    for fact in uses::facts(pack) {
        if used.contains(&fact.name.it) {
            continue;
        }
        let name = &fact.name.it;
        match &fact.source.it {
            // Who logs in and for whom is known to every service, whether a rule looks at it or not.
            Source::Login | Source::Represented => {}
            // Reported at the parameter or the rule (below).
            Source::Parameter | Source::Rule => {}
            Source::Register(register)
                if matches!(fact.ty.it, Type::Municipality) && areas.contains(&register.subject) => {}
            Source::Applicant => found.push(
                Finding::error("S105", fact.name.span, format!("`{name}` frågas efter men används inte."))
                    .label("ingen regel, inget villkor, inget underlag och inget brev läser den")
                    .suggest(
                        "Ta bort frågan, eller lägg uppgiften i det stegs Underlag som behöver den: ingen ska svara på något som inte behövs.",
                    ),
            ),
            Source::Register(_) => found.push(
                Finding::error("S105", fact.name.span, format!("`{name}` hämtas men används inte."))
                    .label("ingen regel, inget villkor, inget underlag och inget brev läser den")
                    .suggest("Ta bort raden, eller lägg uppgiften i det stegs Underlag som behöver den."),
            ),
            Source::CaseWorker | Source::Referral(_) | Source::Step(_) => found.push(
                Finding::warning("S105", fact.name.span, format!("`{name}` används inte."))
                    .label("ingen regel, inget villkor, inget underlag och inget brev läser den")
                    .suggest("Ta bort raden, eller använd uppgiften i en regel."),
            ),
        }
    }
    for rule in pack.rules.iter().filter(|rule| rule.kind == RuleKind::Fact) {
        if !used.contains(&rule.name.it) {
            found.push(
                Finding::warning(
                    "S105",
                    rule.name.span,
                    format!("Regeln `{}` används inte.", rule.name.it),
                )
                .label("inget läser det som regeln ger")
                .suggest("Ta bort regeln, eller läs den i ett villkor, en utfallsregel eller ett underlag."),
            );
        }
    }
    for parameter in &pack.parameters {
        if !used.contains(&parameter.name.it) {
            found.push(
                Finding::warning(
                    "S106",
                    parameter.name.span,
                    format!("Parametern `{}` används inte.", parameter.name.it),
                )
                .label("ingen avgift, regel eller beslutanderätt läser den")
                .suggest("Ta bort parametern, eller använd den."),
            );
        }
    }
    for role in &pack.roles {
        let answers = pack.steps.iter().any(|step| step.role.it == role.name.it);
        let is_asked = uses::facts(pack)
            .any(|fact| matches!(&fact.source.it, Source::Referral(referral) if referral.role == role.name.it));
        if !answers && !is_asked {
            found.push(
                Finding::warning(
                    "S107",
                    role.name.span,
                    format!("Rollen `{}` används inte.", role.name.it),
                )
                .label("inget steg och ingen remiss har den")
                .suggest("Ta bort rollen, eller låt ett steg eller en remiss ha den."),
            );
        }
    }
}

fn source(pack: &Pack, fact: &Fact, found: &mut Vec<Finding>) {
    let name = &fact.name.it;
    match &fact.source.it {
        Source::Register(register) => register_source(pack, fact, register, found),
        Source::Referral(_) => referral_source(fact, found),
        Source::CaseWorker => {
            if fact.processing.is_none() {
                found.push(
                    Finding::error(
                        "S111",
                        fact.name.span,
                        format!("Bedömningen `{name}` saknar grund för behandling."),
                    )
                    .label("kolumnen Grund är tom")
                    .suggest("Skriv lagrummet som säger att handläggaren ska bedöma detta."),
                );
            }
        }
        Source::Applicant => {
            if fact
                .question
                .as_ref()
                .is_none_or(|question| question.it.trim().is_empty())
            {
                found.push(question_missing(fact, "den frågas av sökanden"));
            }
            held(pack, fact, found);
        }
        Source::Step(step) => {
            let outcomes: Vec<&str> = pack.outcomes_of(step).map(|outcome| outcome.name.as_str()).collect();
            if let Type::Choice(words) = &fact.ty.it
                && let Some(word) = words.iter().find(|word| !outcomes.contains(&word.as_str()))
            {
                found.push(
                    Finding::error(
                        "S115",
                        fact.ty.span,
                        format!("`{word}` är inte ett utfall av steget `{step}`."),
                    )
                    .suggest(meant(word, outcomes, "Låt typen räkna upp stegets utfall.")),
                );
            }
        }
        Source::Rule if pack.rule(name).is_none() => found.push(
            Finding::error(
                "S113",
                fact.source.span,
                format!("Det finns ingen regel som ger `{name}`."),
            )
            .label("källan är regel")
            .suggest(format!(
                "Lägg till `## Regel: {name} (unik)`, eller ange en annan källa."
            )),
        ),
        Source::Parameter if pack.parameter(name).is_none() => found.push(
            Finding::error("S114", fact.source.span, format!("Parametern `{name}` finns inte."))
                .label("källan är parameter")
                .suggest(meant(
                    name.as_str(),
                    pack.parameters.iter().map(|parameter| parameter.name.as_str()),
                    "Lägg till den under ## Parametrar, eller ange en annan källa.",
                )),
        ),
        Source::Login if !matches!(fact.ty.it, Type::PersonNr | Type::Text { .. }) => found.push(
            Finding::error(
                "S116",
                fact.ty.span,
                format!("Inloggningen ger ett personnummer eller ett namn, men `{name}` har en annan typ."),
            )
            .suggest("Skriv typen `personnummer` eller `text ≤ 200`."),
        ),
        Source::Represented if !matches!(fact.ty.it, Type::OrgNr | Type::PersonNr) => found.push(
            Finding::error(
                "S116",
                fact.ty.span,
                format!("Den som företräds har ett nummer, men `{name}` har en annan typ."),
            )
            .suggest("Skriv typen `orgnr`."),
        ),
        Source::Login | Source::Represented | Source::Rule | Source::Parameter => {}
    }
    sensitive(fact, found);
    for (ground, what) in [(&fact.disclosure, "utlämnandet"), (&fact.processing, "behandlingen")] {
        if let Some(ground) = ground {
            super::law::in_force(pack, &ground.it, ground.span, &format!("Grunden för {what}"), found);
        }
    }
}

/// Asked although somebody has it: the legal obstacle is told, and one that is missing too.
fn held(pack: &Pack, fact: &Fact, found: &mut Vec<Finding>) {
    let Some(held) = &fact.held else { return };
    let name = &fact.name.it;
    let by = &held.by.it;
    if let Some(obstacle) = &held.obstacle {
        let law = Lagrum::parse(&obstacle.it);
        if let Ok(law) = &law {
            super::law::in_force(pack, law, obstacle.span, "Hindret", found);
        }
        let why = law.map_or_else(|_| obstacle.it.clone(), |law| law.in_full());
        found.push(
            Finding::note(
                "S104",
                held.by.span,
                format!("`{name}` frågas fast {by} har den: {why}."),
            )
            .label("sökanden lämnar det som någon redan har")
            .related(obstacle.span, "hindret")
            .suggest("Hämta uppgiften när hindret är borta."),
        );
        return;
    }
    let is_private = pack
        .roles
        .iter()
        .any(|role| role.name.it.as_str() == by.to_lowercase() && role.kind.it == RoleKind::Private);
    if !is_private {
        found.push(
            Finding::warning("S122", held.by.span, format!("`{name}` frågas fast {by} har den."))
                .label("inget hinder är sagt")
                .suggest("Hämta uppgiften, eller skriv `; hinder` och det lagrum eller skäl som står i vägen."),
        );
    }
}

/// (EU) 2016/679 art. 9: the special categories need a ground of their own beside the one for processing at all.
fn sensitive(fact: &Fact, found: &mut Vec<Finding>) {
    let Some(mark) = &fact.sensitive else { return };
    let references = fact.processing.as_ref().map(|ground| ground.it.references());
    if references.is_some_and(allows_special_categories) {
        return;
    }
    let what = match mark.it {
        Sensitive::Health => "en uppgift om hälsa",
        Sensitive::Other => "en känslig personuppgift",
    };
    let at = fact.processing.as_ref().map_or(fact.name.span, |ground| ground.span);
    found.push(
        Finding::error(
            "S431",
            at,
            format!("`{}` är {what}, men grunden räcker inte för en sådan.", fact.name.it),
        )
        .label("ger ingen rätt att behandla känsliga personuppgifter")
        .related(mark.span, "känslig")
        .suggest("Skriv också grunden för känsliga personuppgifter, till exempel `… och 2018:218 3 kap. 3 §`."),
    );
}

/// Chapter 3 of dataskyddslagen, article 9 of the regulation, or an act beside the general ones.
fn allows_special_categories(references: &[Reference]) -> bool {
    const GENERAL: Act = Act::Sfs {
        year: 2018,
        number: 218,
    };
    let is_regulation = |act: &Act| {
        matches!(
            act,
            Act::Eu {
                first: 2016,
                second: 679,
                ..
            } | Act::Eu {
                first: 679,
                second: 2016,
                ..
            }
        )
    };
    let by_itself = |reference: &Reference| match &reference.place {
        Place::Sections {
            chapter: Some(chapter), ..
        }
        | Place::Chapter(chapter) => reference.act == GENERAL && chapter.number == 3,
        Place::Article { numbers, .. } => is_regulation(&reference.act) && numbers.first() == Some(&9),
        _ => false,
    };
    let is_special = |reference: &Reference| reference.act != GENERAL && !is_regulation(&reference.act);
    references.iter().any(by_itself) || (references.len() > 1 && references.iter().any(is_special))
}

fn question_missing(fact: &Fact, because: &str) -> Finding {
    Finding::error("S117", fact.name.span, format!("`{}` saknar fråga.", fact.name.it))
        .label(because)
        .suggest("Skriv frågan i kolumnen Fråga.")
}

fn register_source(pack: &Pack, fact: &Fact, register: &RegisterSource, found: &mut Vec<Finding>) {
    let name = &fact.name.it;
    let missing = match (&fact.disclosure, &fact.processing) {
        (Some(_), Some(_)) => None,
        (None, Some(_)) => Some("utlämnande"),
        (Some(_), None) => Some("behandling"),
        (None, None) => Some("utlämnande och för behandling"),
    };
    if let Some(missing) = missing {
        found.push(
            Finding::error(
                "S110",
                fact.name.span,
                format!("Registeruppgiften `{name}` saknar grund för {missing}."),
            )
            .label("behöver två lagrum i kolumnen Grund")
            .suggest("Skriv `utlämnande; behandling`, till exempel `2009:400 10 kap. 28 §; 2017:900 8 §`."),
        );
    }
    if register.when_down == WhenDown::Ask
        && fact
            .question
            .as_ref()
            .is_none_or(|question| question.it.trim().is_empty())
    {
        found.push(question_missing(fact, "den frågas när registret är ur funktion"));
    }
    // Whose is the fact? The columns of a list are other people.
    let of_list = pack.list_of_column(name);
    if of_list.is_some() && register.mode == Mode::ViaApplicant {
        found.push(
            Finding::error(
                "S109",
                fact.source.span,
                format!("`{name}` rör en annan person än sökanden och får inte hämtas via sökanden."),
            )
            .label("via sökanden")
            .suggest(
                "Skriv `direkt`: uppgifter om tredje person går mellan myndigheterna och visas inte för sökanden.",
            ),
        );
    }
    if let Some(subject) = pack.fact(&register.subject)
        && !matches!(subject.ty.it, Type::OrgNr | Type::PersonNr | Type::Property)
    {
        found.push(
            Finding::error(
                "S112",
                fact.source.span,
                format!(
                    "Registret {} slås upp för `{}`, som inte är ett nummer eller en fastighet.",
                    register.register, register.subject
                ),
            )
            .related(subject.ty.span, "typen är inte orgnr, personnummer eller fastighet")
            .suggest("Slå upp registret för en uppgift av typen orgnr, personnummer eller fastighet."),
        );
    }
}

fn referral_source(fact: &Fact, found: &mut Vec<Finding>) {
    let name = &fact.name.it;
    if fact.processing.is_none() {
        found.push(
            Finding::error(
                "S111",
                fact.name.span,
                format!("Remissen `{name}` saknar grund för behandling."),
            )
            .label("kolumnen Grund är tom")
            .suggest("Skriv lagrummet som säger att yttrandet ska eller får hämtas in."),
        );
    }
}

fn roles(pack: &Pack, found: &mut Vec<Finding>) {
    for role in &pack.roles {
        let Area::MunicipalityOf(property) = &role.area.it else {
            continue;
        };
        let Some(fact) = pack.fact(property) else { continue };
        if !matches!(fact.ty.it, Type::Property | Type::PersonNr) {
            found.push(
                Finding::error(
                    "S119",
                    role.area.span,
                    format!("Kommunen bestäms av en fastighet eller av var någon är folkbokförd, men `{property}` har en annan typ."),
                )
                .related(fact.ty.span, "typen är varken fastighet eller personnummer")
                .suggest("Skriv en uppgift av typen fastighet eller personnummer."),
            );
            continue;
        }
        let codes: Vec<&Fact> = uses::facts(pack)
            .filter(|fact| {
                matches!(fact.ty.it, Type::Municipality)
                    && matches!(&fact.source.it, Source::Register(register) if register.subject == *property)
            })
            .collect();
        match codes.as_slice() {
            [_] => {}
            [] => found.push(
                Finding::error(
                    "S119",
                    role.area.span,
                    format!("Ingen uppgift säger vilken kommun `{property}` hör till."),
                )
                .suggest(format!(
                    "Lägg till en uppgift av typen kommunkod med källan `register … för {property}`."
                )),
            ),
            [first, second, ..] => found.push(
                Finding::error(
                    "S119",
                    second.name.span,
                    format!("Två uppgifter säger vilken kommun `{property}` hör till."),
                )
                .related(first.name.span, "den första")
                .suggest("Behåll en av dem."),
            ),
        }
    }
}

/// A parameter's type as a fact's type; a delegation has none.
pub fn parameter_type(ty: &ParameterType) -> Option<&Type> {
    match ty {
        ParameterType::Value(ty) => Some(ty),
        ParameterType::Delegation => None,
    }
}

/// Whether adoption must set the parameter.
pub fn must_be_set(default: &ParameterDefault) -> bool {
    matches!(default, ParameterDefault::None)
}
