//! Outcomes and what the law asks of them (codes S4xx): every decision has a decider, a ground, a hearing, a letter, an
//! appeal, a deadline and a fee that somebody has set.

use std::collections::BTreeSet;

use super::sources::parameter_type;
use super::uses;
use crate::fact::{Name, Value};
use crate::finding::{Finding, Span};
use crate::pack::{
    Appeal, Block, CellResult, CountedAt, Decider, Outcome, OutcomeKind, Pack, Parameter, ParameterDefault, Piece,
    Policy, Regime, Required, RoleKind, Rule, RuleKind, SetBy, Source, Step, Type,
};
use crate::words::law::Lagrum;

pub fn check(pack: &Pack, found: &mut Vec<Finding>) {
    for outcome in &pack.outcomes {
        listed(pack, outcome, found);
        decider(pack, outcome, found);
        burdensome(pack, outcome, found);
    }
    for step in &pack.steps {
        decided(pack, step, found);
        waits(pack, step, found);
        fee(pack, step, found);
    }
    for rule in &pack.rules {
        grounds(pack, rule, found);
        counted_at_event(rule, found);
        row_laws(rule, found);
    }
    for fact in uses::facts(pack) {
        if let Source::Referral(referral) = &fact.source.it {
            self::referral(pack, &fact.name.it, fact.source.span, referral, found);
        }
    }
    for parameter in &pack.parameters {
        self::parameter(pack, parameter, found);
    }
    letters(pack, found);
}

fn listed(pack: &Pack, outcome: &Outcome, found: &mut Vec<Finding>) {
    let Some(rule) = pack.outcome_rule(&outcome.step.it) else {
        return;
    };
    if !named_by(rule).any(|(name, _)| name == outcome.name.it) {
        found.push(
            Finding::error(
                "S404",
                outcome.name.span,
                format!(
                    "Ingen rad ger utfallet `{}` av steget {}.",
                    outcome.name.it, outcome.step.it
                ),
            )
            .label("kan aldrig inträffa")
            .related(rule.name.span, "utfallsregeln")
            .suggest("Lägg till en rad som ger det, eller ta bort utfallet."),
        );
    }
}

/// The outcomes that a rule names, with where.
fn named_by(rule: &Rule) -> impl Iterator<Item = (String, Span)> + '_ {
    let otherwise = match &rule.policy.it {
        Policy::Collect { otherwise } => Some((otherwise.clone(), rule.policy.span)),
        _ => None,
    };
    rule.rows
        .iter()
        .filter_map(|row| match &row.result.it {
            CellResult::Value(value) => Some((value.to_string(), row.result.span)),
            _ => None,
        })
        .chain(otherwise)
}

/// Every step ends in an outcome.
fn decided(pack: &Pack, step: &Step, found: &mut Vec<Finding>) {
    let name = &step.name.it;
    let outcomes: Vec<&Outcome> = pack.outcomes_of(name).collect();
    match (pack.outcome_rule(name), outcomes.as_slice()) {
        (_, []) => found.push(
            Finding::error("S402", step.name.span, format!("Steget {name} har inget utfall."))
                .label("står inte under ## Utfall")
                .suggest("Lägg till stegets utfall under ## Utfall och en utfallsregel som ger dem."),
        ),
        (None, [_, _, ..]) => found.push(
            Finding::error(
                "S402",
                step.name.span,
                format!("Ingen regel säger vilket utfall steget {name} får."),
            )
            .label("har flera utfall men ingen utfallsregel")
            .suggest(format!("Lägg till `## Utfallsregel: {name} (unik)`.")),
        ),
        _ => {}
    }
    if let Some(rule) = pack.outcome_rule(name)
        && let Policy::Collect { otherwise } = &rule.policy.it
        && let Some(burdensome) = outcomes
            .iter()
            .find(|outcome| outcome.name.it == *otherwise && outcome.kind.it == OutcomeKind::Burdensome)
    {
        found.push(
            Finding::error(
                "S406",
                rule.policy.span,
                format!("`annars {otherwise}` ger ett betungande beslut utan grund."),
            )
            .label("gäller när ingen rad gäller")
            .related(burdensome.kind.span, "betungande")
            .suggest("Låt `annars` ge ett gynnande utfall och skriv varje grund för avslag som en rad."),
        );
    }
}

fn decider(pack: &Pack, outcome: &Outcome, found: &mut Vec<Finding>) {
    let kind = outcome.kind.it;
    match &outcome.decider.it {
        Decider::Automatic { .. } => automatic(pack, outcome, found),
        Decider::Nobody if kind.is_decision() => found.push(
            Finding::error(
                "S407",
                outcome.decider.span,
                format!("Ingen beslutar om `{}` i steget {}.", outcome.name.it, outcome.step.it),
            )
            .related(outcome.kind.span, "bara en kvittens saknar beslut")
            .suggest("Skriv vem som beslutar: `nämnd`, `myndighet`, `delegat enligt …` eller `automatiskt enligt …`."),
        ),
        Decider::Nobody | Decider::Delegate { .. } | Decider::Board | Decider::Agency | Decider::Performer => {}
    }
}

fn automatic(pack: &Pack, outcome: &Outcome, found: &mut Vec<Finding>) {
    if outcome.kind.it == OutcomeKind::Burdensome {
        found.push(
            Finding::error(
                "S412",
                outcome.decider.span,
                format!("Det betungande utfallet `{}` beslutas automatiskt.", outcome.name.it),
            )
            .label("automatiskt")
            .related(outcome.kind.span, "betungande")
            .suggest("Låt nämnden eller en delegat besluta det som går någon emot."),
        );
    }
    // Kommunallagen 6 kap. 38 § andra stycket: never to an automated function when the decision may not be appealed, or
    // only by laglighetsprövning.
    let may_be_automatic = outcome.kind.it == OutcomeKind::Acknowledgement
        || matches!(
            &outcome.appeal.it,
            Appeal::To {
                regime: Regime::Administrative,
                ..
            }
        );
    if !may_be_automatic {
        found.push(
            Finding::error(
                "S413",
                outcome.appeal.span,
                format!(
                    "`{}` beslutas automatiskt men överklagas inte genom förvaltningsbesvär.",
                    outcome.name.it
                ),
            )
            .label("hindrar automatiskt beslut")
            .related(outcome.decider.span, "automatiskt")
            .suggest("6 kap. 38 § kommunallagen: låt nämnden eller en delegat besluta."),
        );
    }
    // A path that nobody looks at may not rest on what somebody must judge.
    let Some(rule) = pack.outcome_rule(&outcome.step.it) else {
        return;
    };
    for (fact, span) in inputs(pack, rule) {
        let Some(row) = pack.fact(&fact) else { continue };
        if let Some(mark) = &row.sensitive {
            found.push(
                Finding::error(
                    "S432",
                    span,
                    format!(
                        "`{}` beslutas automatiskt men bygger på en känslig personuppgift: `{fact}`.",
                        outcome.name.it
                    ),
                )
                .label(format!("bygger på `{fact}`"))
                .related(outcome.decider.span, "automatiskt")
                .related(mark.span, "känslig")
                .suggest("Låt en delegat besluta ((EU) 2016/679 art. 22.4), eller ta bort uppgiften ur regeln."),
            );
        }
        let what = match &row.source.it {
            Source::CaseWorker => "en handläggares bedömning",
            Source::Referral(_) => "ett yttrande",
            _ => continue,
        };
        found.push(
            Finding::error(
                "S411",
                span,
                format!(
                    "`{}` beslutas automatiskt men bygger på {what}: `{fact}`.",
                    outcome.name.it
                ),
            )
            .label(format!("bygger på `{fact}`"))
            .related(outcome.decider.span, "automatiskt")
            .related(row.source.span, what)
            .suggest("Låt en delegat besluta, eller ta bort uppgiften ur regeln."),
        );
    }
}

/// All facts that a rule rests on, through other rules, each with the place in this rule that leads there.
fn inputs(pack: &Pack, rule: &Rule) -> Vec<(Name, Span)> {
    let uses = uses::all(pack);
    let of = |kind: RuleKind, name: &Name| {
        uses.iter()
            .filter(|it| it.by == uses::By::Rule(kind, name.clone()) && it.kind == uses::Kind::Fact)
            .map(|it| (it.name.clone(), it.span))
            .collect::<Vec<_>>()
    };
    let mut seen: BTreeSet<Name> = BTreeSet::new();
    let mut found = Vec::new();
    let mut todo = of(rule.kind, &rule.name.it);
    while let Some((name, span)) = todo.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        if pack.rule(&name).is_some() {
            todo.extend(of(RuleKind::Fact, &name).into_iter().map(|(name, _)| (name, span)));
        }
        found.push((name, span));
    }
    found
}

fn burdensome(pack: &Pack, outcome: &Outcome, found: &mut Vec<Finding>) {
    if outcome.kind.it != OutcomeKind::Burdensome {
        return;
    }
    if outcome.heard_for.it.is_none() {
        found.push(
            Finding::error(
                "S408",
                outcome.heard_for.span,
                format!("Den som får `{}` hörs inte före beslutet.", outcome.name.it),
            )
            .label("Hörs före: nej")
            .related(outcome.kind.span, "betungande")
            .suggest("Skriv hur länge parten har på sig, till exempel `14 dagar` (25 § förvaltningslagen)."),
        );
    }
    if let Appeal::No { reason } = &outcome.appeal.it {
        // An act may forbid an appeal; then the reason says which.
        let says_law = reason.contains('§') || reason.contains("art.");
        if !says_law {
            found.push(
                Finding::error(
                    "S409",
                    outcome.appeal.span,
                    format!("Det betungande utfallet `{}` kan inte överklagas.", outcome.name.it),
                )
                .label("överklagas inte")
                .suggest(
                    "Skriv regim, instans och tid (41 och 44 §§ förvaltningslagen), eller lagrummet som förbjuder överklagande.",
                ),
            );
        }
    }
    if let Some(letter) = pack.letters.get(&outcome.letter.it) {
        if !letter.all_blocks().any(|block| matches!(block, Block::Grounds(_))) {
            found.push(
                Finding::error(
                    "S422",
                    letter.heading.span,
                    format!("Brevet {} till ett betungande beslut säger inte varför.", letter.name),
                )
                .label("{grunder} saknas i brevet")
                .related(outcome.letter.span, "utfallet som har brevet")
                .suggest("Skriv `{grunder}` på en egen rad (32 § förvaltningslagen)."),
            );
        }
        let may_be_appealed = matches!(outcome.appeal.it, Appeal::To { .. });
        if may_be_appealed && !letter.all_blocks().any(|block| matches!(block, Block::Appeal(_))) {
            found.push(
                Finding::error(
                    "S423",
                    letter.heading.span,
                    format!("Brevet {} säger inte hur man överklagar.", letter.name),
                )
                .label("{överklagande} saknas i brevet")
                .related(outcome.letter.span, "utfallet som har brevet")
                .suggest("Skriv `{överklagande}` på en egen rad (33 § förvaltningslagen)."),
            );
        }
    }
}

/// What follows from the law says which: a row that alone in its table names no lagrum has lost it.
fn row_laws(rule: &Rule, found: &mut Vec<Finding>) {
    let with_law = rule.rows.iter().filter(|row| row.law.is_some()).count();
    // A table whose rows rest on one decision says so above it.
    let says_laws = with_law > 0 || rule.rows.len() == 1;
    for row in rule.rows.iter().filter(|row| says_laws && row.law.is_none()) {
        let missing = Finding::warning(
            "S428",
            row.id.span,
            format!("Raden {} säger inte vilket lagrum den vilar på.", row.id.it),
        );
        found.push(
            missing
                .label("kolumnen → lagrum är tom")
                .related(rule.name.span, "andra rader i tabellen har lagrum")
                .suggest("Skriv lagrummet, eller beslutet som raden vilar på."),
        );
    }
}

/// What happens after the decision decides no step.
fn counted_at_event(rule: &Rule, found: &mut Vec<Finding>) {
    if rule.counted_at == CountedAt::Event {
        found.push(
            Finding::warning(
                "S417",
                rule.name.span,
                format!(
                    "Regeln {} räknas vid en händelse, men inget steg har en händelse att räkna vid.",
                    rule.name.it
                ),
            )
            .label("räknas vid händelse")
            .suggest("Skriv `räknas vid ansökan` eller `räknas vid beslut`."),
        );
    }
}

/// Rows that give a burdensome outcome state their reasons; lagrum must be in force.
fn grounds(pack: &Pack, rule: &Rule, found: &mut Vec<Finding>) {
    for row in &rule.rows {
        if let Some(law) = &row.law {
            super::law::in_force(pack, &law.it, law.span, "Lagrummet", found);
        }
        let CellResult::Value(value) = &row.result.it else {
            continue;
        };
        let burdens = rule.kind == RuleKind::Outcome
            && pack
                .outcomes_of(&rule.name.it)
                .any(|outcome| outcome.name.it == value.to_string() && outcome.kind.it == OutcomeKind::Burdensome);
        if !burdens {
            continue;
        }
        let missing = match (&row.because, &row.law) {
            (Some(_), Some(_)) => continue,
            (None, Some(_)) => "skäl (→ därför att)",
            (Some(_), None) => "lagrum (→ lagrum)",
            (None, None) => "skäl och lagrum",
        };
        found.push(
            Finding::error(
                "S405",
                row.id.span,
                format!("Raden {} ger ett betungande beslut men saknar {missing}.", row.id.it),
            )
            .label(format!("ger {value}"))
            .suggest("Skriv skälet som en mening till den som får beslutet, och lagrummet (32 § förvaltningslagen)."),
        );
    }
}

fn letters(pack: &Pack, found: &mut Vec<Finding>) {
    for letter in pack.letters.values() {
        let is_used = pack.outcomes.iter().any(|outcome| outcome.letter.it == letter.name);
        if !is_used {
            found.push(
                Finding::warning(
                    "S424",
                    letter.heading.span,
                    format!("Brevet {} används inte.", letter.name),
                )
                .label("inget utfall har det")
                .suggest("Ta bort filen, eller hänvisa till brevet under ## Utfall."),
            );
        }
        let has_text = letter.all_blocks().any(|block| match block {
            Block::Paragraph(pieces) => pieces.it.iter().any(|piece| match piece {
                Piece::Text(text) => !text.trim().is_empty(),
                Piece::Placeholder(_) => true,
            }),
            _ => false,
        });
        if !has_text {
            found.push(
                Finding::error(
                    "S425",
                    letter.heading.span,
                    format!("Brevet {} har ingen text.", letter.name),
                )
                .label("bara rubriker")
                .suggest("Skriv åtminstone en mening som säger vad som har beslutats."),
            );
        }
    }
}

/// Every wait has a length and a start.
fn waits(pack: &Pack, step: &Step, found: &mut Vec<Finding>) {
    if let Some(law) = &step.law {
        super::law::in_force(pack, &law.it, law.span, "Lagrummet", found);
    }
    let by_body = pack
        .role(&step.role.it)
        .is_some_and(|role| role.kind.it == RoleKind::Authority);
    if step.law.is_none() && by_body {
        found.push(
            Finding::warning(
                "S428",
                step.name.span,
                format!("Steget {} säger inte vilket lagrum det vilar på.", step.name.it),
            )
            .label("kolumnen Lagrum är tom")
            .suggest("Skriv lagrummet som ger myndigheten uppgiften att pröva eller ta emot detta."),
        );
    }
    let by_people = pack.outcomes_of(&step.name.it).find(|outcome| {
        outcome.kind.it != OutcomeKind::Acknowledgement
            && matches!(
                outcome.decider.it,
                Decider::Board | Decider::Delegate { .. } | Decider::Agency
            )
    });
    match &step.deadline {
        None => {
            if let Some(outcome) = by_people {
                found.push(
                    Finding::warning(
                        "S414",
                        step.name.span,
                        format!("Steget {} beslutas av människor men har ingen frist.", step.name.it),
                    )
                    .label("kolumnen Frist är tom")
                    .related(outcome.decider.span, "beslutas så")
                    .suggest("Skriv fristen och var den börjar, till exempel `4 månader från komplett`."),
                );
            }
        }
        Some(frist) => {
            if frist.decide_within.is_none() && frist.extension.is_some() {
                found.push(
                    Finding::error("S414", frist.span, "En förlängning utan frist att förlänga.")
                        .suggest("Skriv fristen först: `4 månader från komplett, förlängs 4 månader`."),
                );
            } else if let (None, Some(outcome)) = (&frist.decide_within, by_people) {
                found.push(
                    Finding::warning(
                        "S414",
                        frist.span,
                        format!(
                            "Steget {} beslutas av människor men har ingen frist för beslutet.",
                            step.name.it
                        ),
                    )
                    .label("säger bara när den sökande får börja")
                    .related(outcome.decider.span, "beslutas så")
                    .suggest("Skriv fristen och var den börjar, till exempel `4 månader från komplett`."),
                );
            }
            let lengths = [
                frist.decide_within.map(|(length, _)| length),
                frist.extension,
                frist.may_start.map(|(length, _)| length),
            ];
            if lengths.into_iter().flatten().any(|length| length.number == 0) {
                found.push(
                    Finding::error("S414", frist.span, "En frist kan inte vara noll.")
                        .suggest("Skriv hur lång fristen är."),
                );
            }
        }
    }
}

fn referral(pack: &Pack, name: &Name, span: Span, referral: &crate::pack::Referral, found: &mut Vec<Finding>) {
    if referral.weeks == 0 {
        found.push(
            Finding::error("S414", span, format!("Remissen `{name}` har ingen tid att svara på."))
                .suggest("Skriv antal veckor, till exempel `6 veckor`."),
        );
    }
    if referral.required != Required::ForGrant {
        return;
    }
    let reads = |step: &Step| {
        pack.outcome_rule(&step.name.it)
            .is_some_and(|rule| inputs(pack, rule).iter().any(|(input, _)| input == name))
            || pack.underlag(step).contains(name)
    };
    let favourable = |step: &Step| {
        pack.outcomes_of(&step.name.it)
            .any(|outcome| outcome.kind.it == OutcomeKind::Favourable)
    };
    for step in pack.steps.iter().filter(|step| reads(step) && !favourable(step)) {
        found.push(
            Finding::error(
                "S415",
                span,
                format!(
                    "Remissen krävs för bifall, men steget {} har inget gynnande utfall.",
                    step.name.it
                ),
            )
            .label("krävs för bifall")
            .related(step.name.span, "steget")
            .suggest("Skriv `krävs`, eller lägg till ett gynnande utfall."),
        );
    }
}

fn fee(pack: &Pack, step: &Step, found: &mut Vec<Finding>) {
    let Some(fee) = &step.fee else { return };
    let Some(ty) = super::graph::type_of(pack, &fee.it) else {
        return; // S101 says it.
    };
    if !matches!(ty, Type::Kronor { .. }) {
        found.push(
            Finding::error("S416", fee.span, format!("Avgiften `{}` är inte i kronor.", fee.it))
                .label(format!("typen är {ty}"))
                .suggest("Skriv en parameter eller uppgift av typen kr."),
        );
    }
    if let Some(parameter) = pack.parameter(&fee.it)
        && parameter.counted_at == CountedAt::Event
    {
        found.push(
            Finding::warning(
                "S417",
                fee.span,
                format!("Avgiften `{}` räknas vid en händelse, men steget har ingen.", fee.it),
            )
            .related(parameter.name.span, "räknas vid händelse")
            .suggest("Skriv `ansökan` eller `beslut` i kolumnen Räknas vid."),
        );
    }
}

/// A figure's source can be followed: what looks like a lagrum is one, and the document's own value says from when it is.
fn parameter_source(parameter: &Parameter, found: &mut Vec<Finding>) {
    let name = &parameter.name.it;
    let source = parameter.source.as_ref();
    let words = source.map_or("", |source| source.it.as_str());
    let law = words.split(';').next().unwrap_or_default().trim();
    let is_act = |word: &str| {
        let (year, number) = word.split_once(':').unwrap_or_default();
        year.len() == 4 && year.parse::<u16>().is_ok() && number.parse::<u32>().is_ok()
    };
    if law.split_whitespace().next().is_some_and(is_act) {
        if let (Err(_), Some(source)) = (Lagrum::parse(law), source) {
            let message = format!("Källan till {name} börjar som ett lagrum men går inte att läsa som ett.");
            found.push(
                Finding::warning("S441", source.span, message)
                    .label("inget lagrum")
                    .suggest("Skriv till exempel `2010:1622 8 kap. 10 §`, och ord efter ett semikolon."),
            );
        }
        return;
    }
    let is_dated = match &parameter.default.it {
        ParameterDefault::Dated(values) => values.iter().all(|(from, _)| from.is_some()),
        ParameterDefault::None | ParameterDefault::CaseWorker => true,
    };
    let is_year = |word: &str| word.len() == 4 && (word.starts_with("19") || word.starts_with("20"));
    let says_year = words.split(|c: char| !c.is_ascii_digit()).any(is_year);
    if parameter.set_by.it == SetBy::Law && !is_dated && !says_year {
        let span = source.map_or(parameter.name.span, |source| source.span);
        let message = format!("Källan till {name} säger varken lagrum eller år.");
        found.push(
            Finding::warning("S441", span, message)
                .label("från när är värdet?")
                .suggest("Skriv lagrummet, eller var värdet står och vilket år."),
        );
    }
}

fn parameter(pack: &Pack, parameter: &Parameter, found: &mut Vec<Finding>) {
    parameter_source(parameter, found);
    let name = &parameter.name.it;
    let default = &parameter.default;
    match (&default.it, parameter_type(&parameter.ty.it)) {
        (ParameterDefault::None, Some(_)) if parameter.set_by.it == SetBy::Law => found.push(
            Finding::error(
                "S418",
                default.span,
                format!("`{name}` sätts av lag men har inget värde här."),
            )
            .label("ingen annan kan sätta den")
            .suggest("Skriv de daterade värdena, till exempel `59 200 från 2026-01-01`."),
        ),
        (ParameterDefault::Dated(values), Some(_)) => dated(pack, parameter, values, found),
        _ => {}
    }
    if parameter.counted_at == CountedAt::Event
        && !pack
            .steps
            .iter()
            .any(|step| step.fee.as_ref().is_some_and(|fee| fee.it == *name))
    {
        // What happens after the decision is not in this version of the language's steps, so nothing would read it.
        found.push(
            Finding::warning(
                "S417",
                parameter.name.span,
                format!("`{name}` räknas vid en händelse, men inget steg har en händelse att räkna vid."),
            )
            .suggest("Skriv `ansökan` eller `beslut` i kolumnen Räknas vid."),
        );
    }
}

fn dated(pack: &Pack, parameter: &Parameter, values: &[(Option<jiff::civil::Date>, Value)], found: &mut Vec<Finding>) {
    let default = &parameter.default;
    let from = pack.meta.valid_from.it;
    let has_start = values.iter().any(|(day, _)| day.is_none_or(|day| day <= from));
    if !values.is_empty() && !has_start {
        found.push(
            Finding::error(
                "S419",
                default.span,
                format!(
                    "`{}` har inget värde den dag dokumentet börjar gälla, {from}.",
                    parameter.name.it
                ),
            )
            .label("det tidigaste värdet börjar senare")
            .related(pack.meta.valid_from.span, "gäller från")
            .suggest("Lägg till värdet som gällde då."),
        );
    }
}
