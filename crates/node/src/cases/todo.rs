//! What remains in a case: the one thing to do now, for whom, by when and why.
//!
//! Always true: it follows from the case and the rules and is kept nowhere else; a case always says what it waits for.

use jiff::civil::Date;
use samverk_domain::case::State;
use samverk_domain::case::act::Communication;
use samverk_domain::case::decision::Authority;
use samverk_domain::case::procedure::Referral;
use samverk_domain::fact::{Cause, Name};
use samverk_domain::pack::{Decider, OutcomeKind, Source};
use samverk_domain::rules::Verdict;

use super::file::{Examined, Open, applicant};
use super::proceed;
use crate::post::letter::{outcome_text, step_text};

/// Whom a case waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Waits {
    Staff,
    Party,
    Referral,
    Register,
    Meeting,
    Nobody,
}

impl Waits {
    pub const ALL: [Self; 6] = [
        Self::Staff,
        Self::Party,
        Self::Referral,
        Self::Register,
        Self::Meeting,
        Self::Nobody,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Party => "party",
            Self::Referral => "referral",
            Self::Register => "register",
            Self::Meeting => "meeting",
            Self::Nobody => "nobody",
        }
    }
}

/// The one thing to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Todo {
    pub key: &'static str,
    pub what: String,
    pub because: String,
    pub waits: Waits,
    pub due: Option<Date>,
    /// Facts that it concerns.
    pub facts: Vec<Name>,
}

fn it(key: &'static str, waits: Waits, what: impl Into<String>, because: impl Into<String>, due: Option<Date>) -> Todo {
    Todo {
        key,
        what: what.into(),
        because: because.into(),
        waits,
        due,
        facts: vec![],
    }
}

/// Facts that the case's rules wait for and that come from a source.
pub fn waiting_for(open: &Open, examined: &Examined, wanted: impl Fn(&Source) -> bool) -> Vec<Name> {
    examined
        .result
        .waits_for
        .keys()
        .filter(|name| open.pack().fact(name).is_some_and(|fact| wanted(&fact.source.it)))
        .cloned()
        .collect()
}

/// Referrals that the step's rules need and that have not been sent.
pub fn unsent_referrals(open: &Open, examined: &Examined) -> Vec<Name> {
    waiting_for(open, examined, |source| matches!(source, Source::Referral(_)))
        .into_iter()
        .filter(|name| !open.file.case.referrals().iter().any(|sent| sent.fact == *name))
        .collect()
}

/// The referral that is answered last of those still waiting.
fn waiting_referral(open: &Open) -> Option<&Referral> {
    open.file
        .case
        .referrals()
        .iter()
        .filter(|referral| referral.answered.is_none())
        .min_by_key(|referral| referral.answer_by)
}

pub fn todo(open: &Open, examined: &Examined, day: Date) -> Todo {
    let case = &open.file.case;
    let decide_by = case.decide_by();
    let label = |name: &Name| {
        let text = open.pack().text("sv", &format!("namn.{name}"));
        text.map_or_else(|| name.to_string(), str::to_owned)
    };
    match case.state() {
        State::Appealed => {
            return it(
                "appeal",
                Waits::Staff,
                "Pröva om överklagandet kom i rätt tid och överlämna det",
                "45–46 §§ förvaltningslagen",
                None,
            );
        }
        State::Decided | State::Dismissed if case.decided().is_some_and(|decided| decided.notified.is_empty()) => {
            return it(
                "notify",
                Waits::Staff,
                "Underrätta parten om beslutet",
                "33 § förvaltningslagen",
                None,
            );
        }
        State::Notified if open.file.application.entered.is_some() => {
            return match open.file.posted.get("decision") {
                None => it(
                    "post",
                    Waits::Staff,
                    "Skriv ut och posta beslutet",
                    "Den som har ansökt på papper får sina brev med post",
                    None,
                ),
                Some(_) => it(
                    "serve",
                    Waits::Staff,
                    "Anteckna delgivningen",
                    "Tiden för överklagande räknas från den dagen (44 § förvaltningslagen)",
                    None,
                ),
            };
        }
        State::Notified => {
            return it(
                "serve",
                Waits::Nobody,
                "Vänta på att parten öppnar beslutet",
                "Tiden för överklagande räknas från den dagen (44 § förvaltningslagen)",
                None,
            );
        }
        State::Served => {
            return it(
                "legal_force",
                Waits::Nobody,
                "Vänta på laga kraft",
                "Tiden för överklagande löper",
                case.appeal_until(&applicant()),
            );
        }
        State::Decided
        | State::Dismissed
        | State::AppealForwarded
        | State::LegalForce
        | State::Withdrawn
        | State::HandedOver
        | State::Closed
        | State::Archived
        | State::Disposed => return it("done", Waits::Nobody, case.state().label(), "", None),
        _ => {}
    }
    if let Some(request) = case
        .request()
        .filter(|request| request.refused.is_none() || request.ordered.is_some())
    {
        return it(
            "request",
            Waits::Staff,
            "Avgör ärendet eller avslå begäran om avgörande",
            "12 § förvaltningslagen",
            Some(request.ordered.unwrap_or(request.decide_by)),
        );
    }
    if let Some(asked) = case
        .completion_requests()
        .iter()
        .rfind(|asked| asked.answered.is_none())
        && case.complete().is_none()
    {
        let last_day = asked.asked.answer_by;
        return if day <= last_day {
            it(
                "completion",
                Waits::Party,
                "Vänta på kompletteringen",
                "20 § förvaltningslagen",
                Some(last_day),
            )
        } else {
            it(
                "completion_overdue",
                Waits::Staff,
                "Tiden för komplettering har gått ut",
                "Förelägg, avvisa eller pröva ansökan som den är (20 § förvaltningslagen)",
                Some(last_day),
            )
        };
    }
    let disputes: Vec<Name> = open
        .file
        .open_disputes()
        .map(|held| held.sent.slot.fact.clone())
        .collect();
    if let Some(first) = disputes.first() {
        let mut todo = it(
            "dispute",
            Waits::Staff,
            format!("Ta ställning till uppgiften {}", label(first)),
            "Sökanden säger att registrets uppgift är fel",
            decide_by,
        );
        todo.facts = disputes;
        return todo;
    }
    if case.complete().is_none() {
        let missing = open.incomplete(examined);
        if !missing.is_empty() {
            let names: Vec<String> = missing.iter().map(label).collect();
            let mut todo = it(
                "incomplete",
                Waits::Staff,
                "Begär komplettering",
                format!("Det saknas: {}", names.join(", ")),
                decide_by,
            );
            todo.facts = missing;
            return todo;
        }
        if open.lacks_signatures() {
            return it(
                "incomplete",
                Waits::Staff,
                "Begär in underskriften",
                "Den saknas på pappret (20 § förvaltningslagen)",
                decide_by,
            );
        }
        return it(
            "find_complete",
            Waits::Staff,
            "Anteckna att ansökan är komplett",
            "Tiden för beslut räknas från den dagen",
            decide_by,
        );
    }
    let referrals = unsent_referrals(open, examined);
    if let Some(first) = referrals.first() {
        let mut todo = it(
            "refer",
            Waits::Staff,
            format!("Skicka på remiss: {}", label(first)),
            "26 § förvaltningslagen",
            decide_by,
        );
        todo.facts = referrals;
        return todo;
    }
    let assessments = waiting_for(open, examined, |source| matches!(source, Source::CaseWorker));
    if let Some(first) = assessments.first() {
        let mut todo = it(
            "assess",
            Waits::Staff,
            format!("Bedöm: {}", label(first)),
            match assessments.len() {
                1 => "En bedömning återstår".to_owned(),
                several => format!("{several} bedömningar återstår"),
            },
            decide_by,
        );
        todo.facts = assessments;
        return todo;
    }
    if let Some(referral) = waiting_referral(open) {
        let needed = examined.result.waits_for.contains_key(&referral.fact);
        if needed && referral.answer_by < day {
            return it(
                "referral_overdue",
                Waits::Staff,
                "Remissvaret är försenat: påminn",
                "Att inget svar har kommit är inget medgivande",
                Some(referral.answer_by),
            );
        }
        if needed {
            return it(
                "referral",
                Waits::Referral,
                "Vänta på remissvaret",
                format!("{} har på sig till sista dagen", referral.to),
                Some(referral.answer_by),
            );
        }
    }
    let registers = waiting_for(open, examined, |source| matches!(source, Source::Register(_)));
    if let Some(first) = registers.first() {
        let mut todo = it(
            "register",
            Waits::Register,
            format!("Vänta på registret: {}", label(first)),
            "Uppgiften hämtas igen av sig själv. Saknas avtal eller post får en handläggare reda ut saken",
            decide_by,
        );
        if registers
            .iter()
            .all(|name| open.file.unanswered.keys().any(|key| key.starts_with(name.as_str())))
        {
            todo.waits = Waits::Staff;
            todo.what = format!("Uppgiften kunde inte hämtas: {}", label(first));
        }
        todo.facts = registers;
        return todo;
    }
    let others: Vec<&Name> = examined
        .result
        .waits_for
        .iter()
        .filter(|(_, cause)| **cause != Cause::Disputed)
        .map(|(name, _)| name)
        .collect();
    if let Some(first) = others.first() {
        let mut todo = it(
            "missing",
            Waits::Staff,
            format!("Reda ut uppgiften {}", label(first)),
            "Den saknas och påverkar utfallet",
            decide_by,
        );
        todo.facts = others.into_iter().cloned().collect();
        return todo;
    }
    let party = applicant();
    if let Some(hearing) = case.hearings().iter().rfind(|hearing| hearing.party == party)
        && let Communication::Ask { answer_by } = hearing.how
        && hearing.answered.is_none()
        && day <= answer_by
    {
        return it(
            "hearing",
            Waits::Party,
            "Vänta på partens yttrande",
            "25 § förvaltningslagen",
            Some(answer_by),
        );
    }
    match examined.result.verdict(open.pack(), open.step_name()) {
        Verdict::Outcome(outcome) => decide(open, examined, outcome, decide_by),
        Verdict::CaseWorker => match &open.file.proposal {
            Some(proposal) => decide(open, examined, &proposal.outcome, decide_by),
            None => it(
                "propose",
                Waits::Staff,
                "Ta ställning och gör ett utkast till beslut",
                "En rad i dokumentet säger att en handläggare ska bedöma",
                decide_by,
            ),
        },
        Verdict::NotNeeded | Verdict::Waiting => it(
            "propose",
            Waits::Staff,
            "Ta ställning till ansökan",
            "Reglerna ger inget utfall",
            decide_by,
        ),
    }
}

/// The outcome stands: hear the party, or decide.
fn decide(open: &Open, examined: &Examined, outcome: &str, decide_by: Option<Date>) -> Todo {
    let result = outcome_text(open.pack(), open.step_name(), outcome);
    let Some(listed) = open
        .pack()
        .outcomes_of(open.step_name())
        .find(|listed| listed.name.it == outcome)
    else {
        return it(
            "propose",
            Waits::Staff,
            "Ta ställning till ansökan",
            "Utfallet finns inte i dokumentet",
            decide_by,
        );
    };
    let heard = open
        .file
        .case
        .hearings()
        .iter()
        .any(|hearing| hearing.party == applicant());
    if (listed.kind.it == OutcomeKind::Burdensome || listed.heard_for.it.is_some()) && !heard {
        return it(
            "communicate",
            Waits::Staff,
            "Kommunicera med parten före beslutet",
            format!("Reglerna ger {result}. Parten ska få yttra sig först (25 § förvaltningslagen)"),
            decide_by,
        );
    }
    let because = format!(
        "Reglerna ger {result}: {}",
        step_text(open.pack(), "sv", open.step_name())
    );
    match &listed.decider.it {
        Decider::Delegate { when: Some(_), .. } if proceed::is_for_board(open, examined, listed) => it(
            "board",
            Waits::Meeting,
            "Nämnden beslutar",
            format!("{because}. Ärendet ligger utanför delegationen: {}", listed.decider.it),
            decide_by,
        ),
        Decider::Board => it("board", Waits::Meeting, "Nämnden beslutar", because, decide_by),
        Decider::Performer => it("decide", Waits::Staff, "Svara sökanden", because, decide_by),
        Decider::Delegate { .. } | Decider::Automatic { .. } => {
            let what = match open.file.case.opening().authority {
                Authority::State => "Besluta",
                Authority::Municipal | Authority::Private => "Besluta på delegation",
            };
            it("decide", Waits::Staff, what, because, decide_by)
        }
        Decider::Agency => it("decide", Waits::Staff, "Besluta", because, decide_by),
        Decider::Nobody => it("decide", Waits::Staff, "Notera anmälan", because, decide_by),
    }
}
