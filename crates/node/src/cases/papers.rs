//! What is sent from a case, and what is drawn up in it: each paper as a [`Letter`].
//!
//! Always true: a decision's paper is built from the adopted document; other papers state their provision and the words of the
//! one who acts; a föreläggande states its effect.

use jiff::civil::Date;
use samverk_domain::case::act::{Act, Communication, CompletionForm, DocumentOf, Names};
use samverk_domain::case::decision::{DecidedBy, Decision};
use samverk_domain::fact::Name;
use samverk_domain::words::time::{swedish_date, swedish_date_in_sentence};

use super::file::{Open, Stopped, body_in_federation};
use crate::ctx::Ctx;
use crate::node::Node;
use crate::post::letter::{self, Letter, Material, NamesShown, Plain, Sentence, You, by_law, own, step_text};

/// Stable name of a paper in the store.
pub fn name(document: &DocumentOf) -> &'static str {
    match document {
        DocumentOf::Receipt => "receipt",
        DocumentOf::CompletionRequest => "completion_request",
        DocumentOf::CompletionOrder => "completion_order",
        DocumentOf::Referral => "referral",
        DocumentOf::Material => "material",
        DocumentOf::DelayNotice => "delay_notice",
        DocumentOf::ExtensionNotice => "extension_notice",
        DocumentOf::RequestRefusal => "request_refusal",
        DocumentOf::DisqualificationRuling => "disqualification_ruling",
        DocumentOf::WriteOff => "write_off",
        DocumentOf::HandOver => "hand_over",
        DocumentOf::DraftDecision => "draft_decision",
        DocumentOf::Decision => "decision",
        DocumentOf::Correction => "correction",
        DocumentOf::TakenUpAgain => "taken_up_again",
        DocumentOf::Minutes => "minutes",
        DocumentOf::AppealDismissal => "appeal_dismissal",
        DocumentOf::AppealFile => "appeal_file",
    }
}

/// What the diary and the list of documents call it: no personal data.
pub fn title(document: &DocumentOf) -> &'static str {
    match document {
        DocumentOf::Receipt => "Mottagningsbevis",
        DocumentOf::CompletionRequest => "Begäran om komplettering",
        DocumentOf::CompletionOrder => "Föreläggande att komplettera",
        DocumentOf::Referral => "Remiss",
        DocumentOf::Material => "Underlag för yttrande",
        DocumentOf::DelayNotice => "Underrättelse om att det drar ut på tiden",
        DocumentOf::ExtensionNotice => "Beslut om förlängd tidsfrist",
        DocumentOf::RequestRefusal => "Beslut om begäran att ärendet avgörs",
        DocumentOf::DisqualificationRuling => "Beslut i fråga om jäv",
        DocumentOf::WriteOff => "Beslut om avskrivning",
        DocumentOf::HandOver => "Underrättelse om överlämnande",
        DocumentOf::DraftDecision => "Utkast till beslut",
        DocumentOf::Decision => "Beslut",
        DocumentOf::Correction => "Rättelse av beslut",
        DocumentOf::TakenUpAgain => "Beslut att ta upp ärendet igen",
        DocumentOf::Minutes => "Protokollsutdrag",
        DocumentOf::AppealDismissal => "Beslut att avvisa överklagande",
        DocumentOf::AppealFile => "Överklagande med handlingar",
    }
}

/// Whether the party may see it (FL 10 §). A draft is not added to the case until it is sent (TF 2 kap. 12 §).
pub fn for_party(document: &DocumentOf) -> bool {
    !matches!(document, DocumentOf::DraftDecision)
}

/// The lines of the receiver's address.
pub fn to(open: &Open) -> Vec<String> {
    let applicant = &open.file.application.applicant;
    let mut lines = Vec::new();
    lines.extend(applicant.represents_name.clone());
    lines.push(applicant.person_name.clone());
    // What was written on the paper is where the person wants the letters (FL 19 §).
    if let Some(entered) = &open.file.application.entered {
        lines.extend(entered.address.split(", ").map(str::to_owned));
        return lines;
    }
    let facts = open.file.facts();
    for fact in ["företag.adress", "person.adress"] {
        let known = Name::parse(fact).ok().and_then(|name| facts.known.get(&name).cloned());
        if let Some(value) = known.as_ref().and_then(|known| known.value()) {
            lines.extend(value.to_string().split(", ").map(str::to_owned));
            break;
        }
    }
    lines
}

/// How letters in the case speak to the party.
pub fn you(open: &Open) -> You {
    match &open.file.application.applicant.represents {
        Some(_) => You::Company,
        None => You::Person,
    }
}

fn label(open: &Open, name: &Name) -> String {
    let text = open.pack().text("sv", &format!("namn.{name}"));
    text.map_or_else(|| name.to_string(), str::to_owned)
}

/// The letter of a decision, as it stands with the case now.
pub fn decision(
    ctx: &Ctx,
    node: &Node,
    open: &Open,
    decision: &Decision,
    names: NamesShown,
) -> Result<Letter, Stopped> {
    let examined = open.examine(node, ctx.at.day)?;
    let body = body_in_federation(node, &open.row.body)?;
    let decided = match (&decision.by, open.file.case.decided()) {
        (DecidedBy::Board { meeting, .. }, _) => *meeting,
        (_, Some(decided)) => decided.at.day,
        (_, None) => ctx.at.day,
    };
    let material = Material {
        pack: open.pack(),
        step: open.step_name(),
        facts: &examined.facts,
        setting: &examined.setting,
        evaluation: &examined.evaluation,
        adoption: &examined.adoption,
        body: &body,
        to: to(open),
        you: you(open),
        diary_number: open.diary_number(),
        language: &open.file.application.language,
    };
    let mut letter = letter::of_decision(&material, decision, decided, &names);
    // A sentence from a table that counts of a newer version leads there.
    if let Some(from) = &open.known.carried {
        for part in &mut letter.parts {
            if let letter::Part::Sentence(sentence) = part
                && let Some(why) = &mut sentence.why
                && why
                    .rows
                    .iter()
                    .any(|row| from.taken.iter().any(|taken| taken.as_str() == row.rule))
                && let Some(document) = &mut why.document
            {
                document.version = from.version;
            }
        }
    }
    Ok(letter)
}

/// The paper that an act gives rise to. `words` are those of the one who acts.
pub fn paper(
    ctx: &Ctx,
    node: &Node,
    open: &Open,
    document: &DocumentOf,
    act: &Act,
    words: &str,
    signed_by: Option<&str>,
) -> Result<Letter, Stopped> {
    let step = step_text(open.pack(), "sv", open.step_name());
    let day = |day: Date| swedish_date_in_sentence(day);
    let you = you(open);
    let (heading, sentences): (String, Vec<Sentence>) = match (document, act) {
        (DocumentOf::Decision, _) | (DocumentOf::Minutes, _) => {
            let decided = open
                .file
                .case
                .decided()
                .ok_or_else(|| Stopped::Ours("a decision's paper was asked for before the decision".to_owned()))?;
            let names = match act {
                Act::Notify {
                    names: Names::Withheld { .. },
                    ..
                } => NamesShown::Withheld,
                _ => NamesShown::Yes,
            };
            return self::decision(ctx, node, open, &decided.decision, names);
        }
        (DocumentOf::Receipt, _) => {
            let case = &open.file.case;
            let mut sentences = vec![by_law(
                format!(
                    "{} ansökan eller anmälan om {} kom in {} och är komplett.",
                    you.your_first(),
                    step.to_lowercase(),
                    day(case.opening().received.day)
                ),
                "2009:1079 8 §",
            )];
            match case.decide_by() {
                Some(last) => {
                    sentences.push(own(format!("Ärendet ska vara avgjort senast {}.", day(last))));
                    sentences.push(own(format!(
                        "Blir det inte klart i tid får {} veta varför innan tiden går ut. Att tiden går ut betyder inte att ansökan är beviljad.",
                        you.you()
                    )));
                }
                None => sentences.push(by_law(
                    "Det finns ingen bestämd tid för beslutet. Ärendet handläggs så snabbt som möjligt.",
                    "2017:900 9 §",
                )),
            }
            if let Some(start) = case.may_start() {
                sentences.push(own(format!(
                    "Har {you} inte fått något beslut dessförinnan får {you} börja med verksamheten {}.",
                    day(start),
                    you = you.you()
                )));
            }
            sentences.push(by_law(
                format!(
                    "Är ärendet inte avgjort efter sex månader kan {} skriftligen begära att det avgörs.",
                    you.you()
                ),
                "2017:900 12 §",
            ));
            let simplified = match open.file.application.entered {
                None => format!(
                    "Förenklad delgivning kan användas i ärendet: {} anses ha fått del av ett beslut två veckor efter att det har skickats till {} post här.",
                    you.you(),
                    you.your()
                ),
                Some(_) => format!(
                    "Förenklad delgivning kan användas i ärendet: ett beslut skickas då med post till {} adress, och minst en dag senare ett meddelande om att det har skickats. {} anses ha fått del av beslutet två veckor efter att det skickades.",
                    you.your(),
                    you.you_first()
                ),
            };
            sentences.push(by_law(simplified, "2010:1932 22–26 §§"));
            ("Vi har tagit emot det vi behöver".to_owned(), sentences)
        }
        (DocumentOf::CompletionRequest | DocumentOf::CompletionOrder, Act::AskForCompletion(asked)) => {
            let mut sentences = vec![own(words)];
            let names: Vec<String> = asked.facts.iter().map(|name| label(open, name)).collect();
            sentences.push(by_law(
                format!("Det som behövs är: {}.", names.join("; ")),
                "2017:900 20 §",
            ));
            sentences.push(own(format!("Svara senast {}.", day(asked.answer_by))));
            let heading = match &asked.form {
                CompletionForm::Friendly => format!("Vi behöver mer uppgifter från {}", you.to_you()),
                CompletionForm::Order { effect } => {
                    sentences.push(by_law(effect.clone(), "2017:900 20 §"));
                    format!("{} föreläggs att komplettera ansökan", you.you_first())
                }
            };
            (heading, sentences)
        }
        (DocumentOf::Material, Act::Communicate { how, .. }) => {
            let mut sentences = vec![own(words)];
            if let Communication::Ask { answer_by } = how {
                sentences.push(by_law(
                    format!(
                        "{} kan yttra {} senast {}. Därefter kan ärendet avgöras.",
                        you.you_first(),
                        you.to_you(),
                        day(*answer_by)
                    ),
                    "2017:900 25 §",
                ));
            }
            let heading = format!("{} kan yttra {} innan vi beslutar", you.you_first(), you.to_you());
            (heading, sentences)
        }
        (DocumentOf::DelayNotice, _) => (
            format!("{} ärende tar längre tid", you.your_case_first()),
            vec![by_law(words, "2017:900 11 §")],
        ),
        (DocumentOf::ExtensionNotice, _) => {
            let mut sentences = vec![own(words)];
            if let Some(last) = open.file.case.decide_by() {
                sentences.push(own(format!(
                    "Ärendet ska nu vara avgjort senast {}. Förlängningen kan inte överklagas.",
                    day(last)
                )));
            }
            ("Tiden för beslut är förlängd".to_owned(), sentences)
        }
        (DocumentOf::RequestRefusal, _) => (
            format!("Vi avslår {} begäran om att ärendet ska avgöras nu", you.your()),
            vec![
                by_law(words, "2017:900 12 §"),
                by_law(
                    "Beslutet får överklagas till den instans som prövar ett överklagande av avgörandet i ärendet.",
                    "2017:900 12 §",
                ),
            ],
        ),
        (DocumentOf::WriteOff, _) => (
            "Ärendet är avskrivet".to_owned(),
            vec![own(format!(
                "{} har återkallat ansökan. Ärendet avslutas utan att den prövas.",
                you.you_first()
            ))],
        ),
        (DocumentOf::HandOver, Act::HandOver { to, reasons }) => {
            let body = body_in_federation(node, to).map_or_else(|_| to.to_string(), |body| letter::organ(&body));
            (
                format!("{} ärende är överlämnat", you.your_case_first()),
                vec![own(format!("Ärendet är överlämnat till {body}.")), own(reasons.clone())],
            )
        }
        (DocumentOf::DraftDecision, _) => {
            let listed = open
                .file
                .proposal
                .as_ref()
                .and_then(|proposal| {
                    open.pack()
                        .outcomes_of(open.step_name())
                        .find(|listed| listed.name.it == proposal.outcome)
                        .map(|listed| (listed, proposal))
                })
                .ok_or_else(|| Stopped::Input("Välj ett utfall som finns i tjänsten.".to_owned()))?;
            let draft = Decision::of(
                listed.0,
                listed.1.grounds.clone(),
                DecidedBy::Nobody,
                samverk_domain::case::decision::TakesEffect::WhenFinal,
            );
            let mut letter = self::decision(ctx, node, open, &draft, NamesShown::Yes)?;
            letter.stamp.what = "Utkast".to_owned();
            letter.signature = vec![format!("Föreslaget av {}", listed.1.by)];
            return Ok(letter);
        }
        (DocumentOf::Correction, Act::Correct { what, .. }) => (
            "Beslutet är rättat".to_owned(),
            vec![by_law(what.clone(), "2017:900 36 §")],
        ),
        (DocumentOf::TakenUpAgain, Act::TakeUpAgain { reasons, .. }) => {
            ("Ärendet tas upp igen".to_owned(), vec![own(reasons.clone())])
        }
        (DocumentOf::AppealDismissal, _) => (
            "Överklagandet kom in för sent".to_owned(),
            vec![by_law(
                "Överklagandet avvisas därför att det kom in efter den sista dagen.",
                "2017:900 45 §",
            )],
        ),
        (document, _) => (title(document).to_owned(), vec![own(words)]),
    };
    let body = body_in_federation(node, &open.row.body)?;
    Ok(letter::plain(Plain {
        body: &body,
        to: to(open),
        heading,
        sentences: sentences
            .into_iter()
            .filter(|sentence| !sentence.text.trim().is_empty())
            .collect(),
        diary_number: open.diary_number(),
        sent: ctx.at.day,
        signed_by: signed_by.map(str::to_owned),
    }))
}

/// The application as a paper among the case's documents.
pub fn application(node: &Node, open: &Open) -> Result<Letter, Stopped> {
    let body = body_in_federation(node, &open.row.body)?;
    let application = &open.file.application;
    let host =
        body_in_federation(node, &application.host).map_or_else(|_| application.host.to_string(), |host| host.name);
    let mut sentences = vec![own(match &application.entered {
        None => format!("Inkom {} genom {host}.", swedish_date(application.received_day)),
        Some(entered) => format!(
            "Inkom {} till {host} som {}.",
            swedish_date(application.received_day),
            entered.channel.source()
        ),
    })];
    if let Some(entered) = &application.entered {
        sentences.push(own(format!("{} Införd av {}.", entered.arrival.rule(), entered.by)));
        for signature in &entered.signatures {
            let signed = if signature.signed {
                "undertecknad på pappret"
            } else {
                "underskrift saknas"
            };
            sentences.push(own(format!("{}: {signed}.", signature.what)));
        }
    }
    for held in &open.file.facts {
        let name = &held.sent.slot.fact;
        let value = match &held.sent.known {
            samverk_domain::fact::Known::Value(value) => open.pack().shown(name, value, true),
            samverk_domain::fact::Known::NotApplicable => "ej aktuellt".to_owned(),
            samverk_domain::fact::Known::Missing(_) => "saknas".to_owned(),
        };
        let item = held
            .sent
            .slot
            .item
            .map_or_else(String::new, |item| format!(" {}", item + 1));
        let disputed = held
            .sent
            .disputed
            .as_ref()
            .map_or_else(String::new, |says| format!(" Sökanden: {says}"));
        let value = value.trim_end_matches('.');
        sentences.push(own(format!("{}{item}: {value}.{disputed}", label(open, name))));
    }
    for list in &application.none_of {
        sentences.push(own(format!("{}: inga.", label(open, list))));
    }
    let mut paper = letter::plain(Plain {
        body: &body,
        to: vec![],
        heading: step_text(open.pack(), "sv", open.step_name()),
        sentences,
        diary_number: open.diary_number(),
        sent: application.received_day,
        signed_by: None,
    });
    // It came from the applicant; the body has neither sent nor signed it.
    "Inkom".clone_into(&mut paper.stamp.what);
    paper.signature = vec![application.applicant.person_name.clone()];
    if let Some(company) = &application.applicant.represents_name {
        paper.signature.insert(0, format!("För {company}"));
    }
    for signature in &application.signatures {
        let signs = signature.signs.iter().map(|name| {
            let text = open.pack().text("sv", &format!("underskrift.{name}"));
            text.unwrap_or(name.as_str()).to_owned()
        });
        let signs = signs.collect::<Vec<_>>().join(", ");
        paper.signature.push(match signs.is_empty() {
            true => signature.person_name.clone(),
            false => format!("{}: {signs}", signature.person_name),
        });
    }
    Ok(paper)
}
