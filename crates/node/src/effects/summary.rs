//! Figures from events: one pure function, from a service's events in a period to what can be said of it.
//!
//! Always true: every figure is counted from events and says from which kinds; a figure of which this node has recorded
//! nothing, or which its events cannot carry, is not in the summary but named with the reason; nothing here is estimated.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use samverk_domain::events::Kind;
use samverk_domain::pack::{Pack, Source};
use samverk_store::events::Event;
use serde::Serialize;

/// What is counted, with its stable name in files. In the order of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Answers that a person typed in.
    QuestionsAsked,
    /// Median over the applications that were sent in.
    QuestionsPerApplication,
    /// Facts that a register answered, by the body that keeps it.
    FactsFetched,
    /// Facts that a person was asked for although a register has them, by reason.
    AskedDespiteRegister,
    /// Facts that were asked for again, or after a register had answered.
    AskedTwice,
    /// Register facts that the person says are wrong.
    FactsDisputed,
    AttachmentsUploaded,
    /// Attachments for facts that a register has.
    CertificatesHeld,
    Submissions,
    DecidedAutomatically,
    DecidedByPeople,
    /// Median from received (or sent in) to decided, by step.
    TimeToDecision,
    CompletionRequests,
    DraftsRemoved,
}

impl Effect {
    pub const ALL: [Self; 14] = [
        Self::QuestionsAsked,
        Self::QuestionsPerApplication,
        Self::FactsFetched,
        Self::AskedDespiteRegister,
        Self::AskedTwice,
        Self::FactsDisputed,
        Self::AttachmentsUploaded,
        Self::CertificatesHeld,
        Self::Submissions,
        Self::DecidedAutomatically,
        Self::DecidedByPeople,
        Self::TimeToDecision,
        Self::CompletionRequests,
        Self::DraftsRemoved,
    ];

    /// The kinds that it is counted from.
    pub fn counted_from(self) -> &'static [Kind] {
        match self {
            Self::QuestionsAsked => &[Kind::FieldEntered],
            Self::QuestionsPerApplication => &[Kind::FieldEntered, Kind::Submitted],
            Self::FactsFetched => &[Kind::FieldPrefilled],
            Self::AskedDespiteRegister => &[Kind::FieldEntered, Kind::RegisterFailed, Kind::ReusedAnswerRefused],
            Self::AskedTwice => &[Kind::FieldEntered, Kind::AttachmentUploaded, Kind::FieldPrefilled],
            Self::FactsDisputed => &[Kind::FieldDisputed],
            Self::AttachmentsUploaded | Self::CertificatesHeld => &[Kind::AttachmentUploaded],
            Self::Submissions => &[Kind::Submitted],
            Self::DecidedAutomatically => &[Kind::DecidedAutomatic],
            Self::DecidedByPeople => &[Kind::DecidedManual],
            Self::TimeToDecision => &[
                Kind::Submitted,
                Kind::StepOpened,
                Kind::DecidedAutomatic,
                Kind::DecidedManual,
            ],
            Self::CompletionRequests => &[Kind::CompletionRequested],
            Self::DraftsRemoved => &[Kind::Abandoned],
        }
    }

    /// Kinds that show that it would have been recorded here: without one of them a nought says nothing.
    fn recorded_where(self) -> &'static [Kind] {
        match self {
            Self::DecidedAutomatically | Self::DecidedByPeople | Self::CompletionRequests => {
                &[Kind::StepOpened, Kind::DecidedAutomatic, Kind::DecidedManual]
            }
            Self::TimeToDecision => &[Kind::DecidedAutomatic, Kind::DecidedManual],
            Self::QuestionsPerApplication | Self::Submissions => &[Kind::Submitted],
            _ => &[
                Kind::Started,
                Kind::FieldEntered,
                Kind::FieldPrefilled,
                Kind::AttachmentUploaded,
                Kind::Submitted,
            ],
        }
    }

    /// Needs to know of each answer which fact it was about, and of the fact whether a register has it.
    fn needs_fact(self) -> bool {
        matches!(
            self,
            Self::AskedDespiteRegister | Self::AskedTwice | Self::CertificatesHeld
        )
    }

    pub fn unit(self) -> Unit {
        match self {
            Self::QuestionsPerApplication => Unit::MedianCount,
            Self::TimeToDecision => Unit::MedianSeconds,
            _ => Unit::Count,
        }
    }

    /// What its rows are.
    pub fn by(self) -> Option<By> {
        match self {
            Self::FactsFetched | Self::FactsDisputed => Some(By::Body),
            Self::AskedDespiteRegister => Some(By::Reason),
            Self::DecidedAutomatically | Self::DecidedByPeople | Self::TimeToDecision | Self::CompletionRequests => {
                Some(By::Step)
            }
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Count,
    MedianCount,
    MedianSeconds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Keys are body ids.
    Body,
    /// Keys are the names of [`Kind::RegisterFailed`] and [`Kind::ReusedAnswerRefused`], or `unknown`.
    Reason,
    /// Keys are the service document's step names.
    Step,
}

/// The register did not answer.
pub const REGISTER_FAILED: &str = "register_failed";
/// No contract lets the register's answer be used.
pub const REUSED_ANSWER_REFUSED: &str = "reused_answer_refused";
/// An event that does not say: by construction there is none.
pub const UNKNOWN: &str = "unknown";

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    pub effect: Effect,
    pub unit: Unit,
    pub value: u64,
    /// Events that were counted.
    pub events: u64,
    /// Different matters that they belong to.
    pub cases: u64,
    /// Different matters in which it could have been counted.
    pub of_cases: u64,
    pub by: Option<By>,
    pub rows: Vec<Row>,
    pub counted_from: &'static [Kind],
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    pub key: String,
    pub value: u64,
    pub events: u64,
    pub cases: u64,
}

/// Why a figure is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotShown {
    /// Nothing of the kind happens at this node, or has happened yet.
    NothingRecorded,
    /// Some events do not say which fact they are about, or their version of the service is not here any more.
    NotTraceable,
}

/// A service's figures at one node in a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub node: String,
    pub service: String,
    pub from: Timestamp,
    /// Before this.
    pub to: Timestamp,
    pub events: u64,
    pub cases: u64,
    pub figures: Vec<Figure>,
    pub not_shown: BTreeMap<Effect, NotShown>,
}

impl Summary {
    pub fn figure(&self, effect: Effect) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.effect == effect)
    }
}

/// Which facts a register has, by the service's version.
#[derive(Clone, Debug, Default)]
pub struct Documents(BTreeMap<u32, BTreeSet<String>>);

impl Documents {
    /// `packs`: versions of one service.
    pub fn of<'a>(packs: impl IntoIterator<Item = &'a Pack>) -> Self {
        let mut documents = Self::default();
        for pack in packs {
            let facts = pack.facts.iter();
            let held = facts.filter(|fact| matches!(fact.source.it, Source::Register(_)));
            documents.add(pack.meta.version.it, held.map(|fact| fact.name.it.to_string()));
        }
        documents
    }

    fn add(&mut self, version: u32, held: impl IntoIterator<Item = String>) {
        self.0.insert(version, held.into_iter().collect());
    }

    /// `None`: the version is not known.
    fn register_has(&self, version: u32, about: &str) -> Option<bool> {
        let fact = about.split('[').next().unwrap_or(about);
        self.0.get(&version).map(|held| held.contains(fact))
    }
}

#[derive(Default)]
struct Tally<'a> {
    value: u64,
    events: u64,
    cases: BTreeSet<&'a str>,
    rows: BTreeMap<String, Tally<'a>>,
}

impl<'a> Tally<'a> {
    fn add(&mut self, event: &'a Event) {
        self.value += u64::from(event.count);
        self.events += 1;
        self.cases.insert(&event.case_pseudonym);
    }

    fn add_under(&mut self, key: &str, event: &'a Event) {
        self.add(event);
        self.rows.entry(key.to_owned()).or_default().add(event);
    }
}

/// What must be remembered of one matter to count it.
#[derive(Default)]
struct Matter<'a> {
    questions: u64,
    is_submitted: bool,
    begun: Option<Timestamp>,
    begun_by_step: BTreeMap<&'a str, Timestamp>,
    said: BTreeSet<&'a str>,
    fetched: BTreeSet<&'a str>,
    failed: BTreeMap<&'a str, &'static str>,
}

/// Counts a service's events of a period; `events` are in order of time.
pub fn summary(
    node: &str,
    service: &str,
    (from, to): (Timestamp, Timestamp),
    events: &[Event],
    documents: &Documents,
) -> Summary {
    let mut tallies: BTreeMap<Effect, Tally> = BTreeMap::new();
    let mut matters: BTreeMap<&str, Matter> = BTreeMap::new();
    let mut times: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut recorded: BTreeMap<Kind, BTreeSet<&str>> = BTreeMap::new();
    let mut traceable = true;
    for event in events {
        let matter = matters.entry(&event.case_pseudonym).or_default();
        let about = event.about.as_deref();
        recorded.entry(event.kind).or_default().insert(&event.case_pseudonym);
        let t = &mut tallies;
        let source = event.source_body.as_ref().map_or(UNKNOWN, |body| body.as_str());
        let step = about.unwrap_or(UNKNOWN);
        match event.kind {
            Kind::FieldEntered | Kind::AttachmentUploaded => {
                let is_file = event.kind == Kind::AttachmentUploaded;
                if is_file {
                    of(t, Effect::AttachmentsUploaded).add(event);
                } else {
                    of(t, Effect::QuestionsAsked).add(event);
                    matter.questions += u64::from(event.count);
                }
                let held = about.and_then(|about| documents.register_has(event.version, about));
                let (Some(about), Some(held)) = (about, held) else {
                    traceable = false;
                    continue;
                };
                if !matter.said.insert(about) || matter.fetched.contains(about) {
                    of(t, Effect::AskedTwice).add(event);
                }
                if held && is_file {
                    of(t, Effect::CertificatesHeld).add(event);
                } else if held {
                    let why = matter.failed.get(about).copied().unwrap_or(UNKNOWN);
                    of(t, Effect::AskedDespiteRegister).add_under(why, event);
                }
            }
            Kind::FieldPrefilled => {
                of(t, Effect::FactsFetched).add_under(source, event);
                if let Some(about) = about {
                    matter.failed.remove(about);
                    matter.fetched.insert(about);
                }
            }
            Kind::RegisterFailed | Kind::ReusedAnswerRefused => {
                if let Some(about) = about {
                    let why = match event.kind {
                        Kind::RegisterFailed => REGISTER_FAILED,
                        _ => REUSED_ANSWER_REFUSED,
                    };
                    matter.failed.insert(about, why);
                    matter.fetched.remove(about);
                }
            }
            Kind::FieldDisputed => of(t, Effect::FactsDisputed).add_under(source, event),
            Kind::Submitted => {
                of(t, Effect::Submissions).add(event);
                matter.is_submitted = true;
                matter.begun.get_or_insert(event.at);
            }
            Kind::StepOpened => {
                matter.begun.get_or_insert(event.at);
                matter.begun_by_step.entry(step).or_insert(event.at);
            }
            Kind::DecidedAutomatic | Kind::DecidedManual => {
                let effect = match event.kind {
                    Kind::DecidedAutomatic => Effect::DecidedAutomatically,
                    _ => Effect::DecidedByPeople,
                };
                of(t, effect).add_under(step, event);
                if let Some(begun) = matter.begun_by_step.get(step).copied().or(matter.begun) {
                    let seconds = event.at.duration_since(begun).as_secs();
                    times.entry(step).or_default().push(u64::try_from(seconds).unwrap_or(0));
                    of(t, Effect::TimeToDecision).add_under(step, event);
                }
            }
            Kind::CompletionRequested => of(t, Effect::CompletionRequests).add_under(step, event),
            Kind::Abandoned => of(t, Effect::DraftsRemoved).add(event),
            Kind::Started
            | Kind::AttachmentAvoided
            | Kind::Completed
            | Kind::RegisterQuery
            | Kind::HandlingSession
            | Kind::PostDelivered
            | Kind::StepClosed => {}
        }
    }
    medians(&mut tallies, &matters, times);

    let mut figures = Vec::new();
    let mut not_shown = BTreeMap::new();
    for effect in Effect::ALL {
        let tally = tallies.remove(&effect).unwrap_or_default();
        let mut of_cases: BTreeSet<&str> = tally.cases.clone();
        for kind in effect.recorded_where() {
            of_cases.extend(recorded.get(kind).into_iter().flatten());
        }
        if of_cases.is_empty() || (effect.unit() != Unit::Count && tally.cases.is_empty()) {
            not_shown.insert(effect, NotShown::NothingRecorded);
        } else if effect.needs_fact() && !traceable {
            not_shown.insert(effect, NotShown::NotTraceable);
        } else {
            figures.push(figure(effect, tally, of_cases.len() as u64));
        }
    }
    Summary {
        node: node.to_owned(),
        service: service.to_owned(),
        from,
        to,
        events: events.len() as u64,
        cases: matters.len() as u64,
        figures,
        not_shown,
    }
}

fn of<'m, 'a>(tallies: &'m mut BTreeMap<Effect, Tally<'a>>, effect: Effect) -> &'m mut Tally<'a> {
    tallies.entry(effect).or_default()
}

/// Puts medians where sums make no sense.
fn medians<'a>(
    tallies: &mut BTreeMap<Effect, Tally<'a>>,
    matters: &BTreeMap<&'a str, Matter<'a>>,
    mut times: BTreeMap<&'a str, Vec<u64>>,
) {
    let submitted: Vec<_> = matters.iter().filter(|(_, matter)| matter.is_submitted).collect();
    if !submitted.is_empty() {
        let mut questions: Vec<u64> = submitted.iter().map(|(_, matter)| matter.questions).collect();
        let tally = Tally {
            events: questions.iter().sum::<u64>() + questions.len() as u64,
            value: median(&mut questions),
            cases: submitted.iter().map(|(case, _)| **case).collect(),
            rows: BTreeMap::new(),
        };
        tallies.insert(Effect::QuestionsPerApplication, tally);
    }
    if let Some(tally) = tallies.get_mut(&Effect::TimeToDecision) {
        let mut all: Vec<u64> = times.values().flatten().copied().collect();
        tally.value = median(&mut all);
        for (step, times) in &mut times {
            if let Some(row) = tally.rows.get_mut(*step) {
                row.value = median(times);
            }
        }
    }
}

/// The middle value; of two, the whole number between them. Nought of none.
fn median(values: &mut [u64]) -> u64 {
    values.sort_unstable();
    let middle = values.len() / 2;
    match (values.get(middle), values.len() % 2) {
        (Some(value), 1) => *value,
        (Some(above), _) => {
            let below = values.get(middle.wrapping_sub(1)).unwrap_or(above);
            below.midpoint(*above)
        }
        (None, _) => 0,
    }
}

fn figure(effect: Effect, tally: Tally<'_>, of_cases: u64) -> Figure {
    Figure {
        effect,
        unit: effect.unit(),
        value: tally.value,
        events: tally.events,
        cases: tally.cases.len() as u64,
        of_cases,
        by: effect.by(),
        rows: tally
            .rows
            .into_iter()
            .map(|(key, row)| Row {
                key,
                value: row.value,
                events: row.events,
                cases: row.cases.len() as u64,
            })
            .collect(),
        counted_from: effect.counted_from(),
    }
}

#[cfg(test)]
pub mod tests {
    use samverk_domain::terms::BodyId;

    use super::*;

    pub fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    pub fn event(second: i64, case: &str, kind: Kind, about: &str, source: &str) -> Event {
        Event {
            id: format!("{second}-{case}-{about}-{source}"),
            at: at(second),
            node: "portal".to_owned(),
            body: BodyId::parse("foretagsporten").unwrap(),
            service: "starta-restaurang".to_owned(),
            version: 1,
            case_pseudonym: case.to_owned(),
            kind,
            about: (!about.is_empty()).then(|| about.to_owned()),
            source_body: (!source.is_empty()).then(|| BodyId::parse(source).unwrap()),
            channel: "web".to_owned(),
            count: 1,
            active_ms: None,
        }
    }

    pub fn counted(events: &[Event]) -> Summary {
        let mut documents = Documents::default();
        documents.add(1, ["företag.f-skatt".to_owned(), "ägare.namn".to_owned()]);
        summary(
            "portal",
            "starta-restaurang",
            (at(0), at(1_000_000)),
            events,
            &documents,
        )
    }

    fn value(summary: &Summary, effect: Effect) -> Option<u64> {
        summary.figure(effect).map(|figure| figure.value)
    }

    fn rows(summary: &Summary, effect: Effect) -> Vec<(String, u64)> {
        let rows = &summary.figure(effect).unwrap().rows;
        rows.iter().map(|row| (row.key.clone(), row.value)).collect()
    }

    #[test]
    fn a_journey_is_counted_from_its_events() {
        let summary = counted(&[
            event(0, "a", Kind::Started, "", ""),
            event(1, "a", Kind::FieldPrefilled, "företag.f-skatt", "skatteregistret"),
            event(2, "a", Kind::FieldDisputed, "företag.f-skatt", "skatteregistret"),
            event(3, "a", Kind::FieldEntered, "gas.inne", ""),
            event(4, "a", Kind::FieldEntered, "ägare.pnr[0]", ""),
            event(5, "a", Kind::FieldEntered, "ägare.pnr[1]", ""),
            event(6, "a", Kind::AttachmentUploaded, "lokal.ritning", ""),
            event(7, "a", Kind::Submitted, "", ""),
        ]);
        for (effect, expected) in [
            (Effect::QuestionsAsked, 3),
            (Effect::QuestionsPerApplication, 3),
            (Effect::FactsFetched, 1),
            (Effect::FactsDisputed, 1),
            (Effect::AskedDespiteRegister, 0),
            (Effect::AskedTwice, 0),
            (Effect::AttachmentsUploaded, 1),
            (Effect::CertificatesHeld, 0),
            (Effect::Submissions, 1),
            (Effect::DraftsRemoved, 0),
        ] {
            assert_eq!(value(&summary, effect), Some(expected), "{effect:?}");
        }
        assert_eq!(
            rows(&summary, Effect::FactsFetched),
            [("skatteregistret".to_owned(), 1)]
        );
        assert_eq!((summary.events, summary.cases), (8, 1));
    }

    #[test]
    fn a_figure_of_which_nothing_is_recorded_is_not_shown_but_named() {
        let summary = counted(&[event(0, "a", Kind::Started, "", "")]);
        assert_eq!(value(&summary, Effect::QuestionsAsked), Some(0));
        for effect in [
            Effect::TimeToDecision,
            Effect::DecidedByPeople,
            Effect::Submissions,
            Effect::QuestionsPerApplication,
        ] {
            assert_eq!(value(&summary, effect), None, "{effect:?}");
            assert_eq!(summary.not_shown[&effect], NotShown::NothingRecorded);
        }
        assert_eq!(counted(&[]).figures, []);
    }

    #[test]
    fn a_figure_that_cannot_be_traced_to_a_fact_is_not_shown() {
        let silent = counted(&[event(0, "a", Kind::FieldEntered, "", "")]);
        let mut other = event(0, "a", Kind::FieldEntered, "gas.inne", "");
        other.version = 7;
        for summary in [silent, counted(&[other])] {
            assert_eq!(value(&summary, Effect::QuestionsAsked), Some(1));
            for effect in [
                Effect::AskedDespiteRegister,
                Effect::AskedTwice,
                Effect::CertificatesHeld,
            ] {
                assert_eq!(value(&summary, effect), None);
                assert_eq!(summary.not_shown[&effect], NotShown::NotTraceable);
            }
        }
    }

    #[test]
    fn what_a_register_has_and_is_asked_for_all_the_same_has_its_reason() {
        let summary = counted(&[
            event(0, "a", Kind::RegisterFailed, "företag.f-skatt", "skatteregistret"),
            event(1, "a", Kind::FieldEntered, "företag.f-skatt", ""),
            event(2, "b", Kind::ReusedAnswerRefused, "ägare.namn[0]", "folkbokforingen"),
            event(3, "b", Kind::FieldEntered, "ägare.namn[0]", ""),
            event(4, "c", Kind::FieldEntered, "företag.f-skatt", ""),
        ]);
        let expected = [(REGISTER_FAILED, 1), (REUSED_ANSWER_REFUSED, 1), (UNKNOWN, 1)];
        let expected: Vec<_> = expected.map(|(key, n)| (key.to_owned(), n)).into();
        assert_eq!(rows(&summary, Effect::AskedDespiteRegister), expected);
        assert_eq!(value(&summary, Effect::AskedTwice), Some(0));
    }

    #[test]
    fn asking_again_and_asking_for_what_is_fetched_is_asking_twice() {
        let summary = counted(&[
            event(0, "a", Kind::FieldEntered, "gas.inne", ""),
            event(1, "a", Kind::FieldEntered, "gas.inne", ""),
            event(2, "a", Kind::FieldPrefilled, "företag.f-skatt", "skatteregistret"),
            event(3, "a", Kind::FieldEntered, "företag.f-skatt", ""),
            event(4, "b", Kind::FieldEntered, "gas.inne", ""),
        ]);
        assert_eq!(value(&summary, Effect::AskedTwice), Some(2));
    }

    #[test]
    fn a_file_for_a_fact_that_a_register_has_is_a_certificate_too_many() {
        let summary = counted(&[event(0, "a", Kind::AttachmentUploaded, "företag.f-skatt", "")]);
        assert_eq!(value(&summary, Effect::CertificatesHeld), Some(1));
    }

    #[test]
    fn the_time_to_a_decision_is_the_median_of_its_step_where_both_events_are_here() {
        let mut events = Vec::new();
        for (case, seconds) in [("a", 10), ("b", 20), ("c", 600)] {
            events.push(event(0, case, Kind::StepOpened, "livsmedel", ""));
            events.push(event(seconds, case, Kind::DecidedAutomatic, "livsmedel", ""));
        }
        events.push(event(700, "d", Kind::DecidedManual, "gasol", ""));
        let summary = counted(&events);
        assert_eq!(rows(&summary, Effect::TimeToDecision), [("livsmedel".to_owned(), 20)]);
        assert_eq!(rows(&summary, Effect::DecidedByPeople), [("gasol".to_owned(), 1)]);
        assert_eq!(summary.figure(Effect::TimeToDecision).unwrap().cases, 3);
        assert_eq!(median(&mut [4, 1, 3, 2]), 2);
    }

    #[test]
    fn the_parts_of_a_count_add_up_to_it() {
        let summary = counted(&[
            event(0, "a", Kind::FieldPrefilled, "a.b", "skatteregistret"),
            event(1, "b", Kind::FieldPrefilled, "a.c", "bolagsregistret"),
            event(2, "b", Kind::FieldPrefilled, "a.d", ""),
        ]);
        for figure in summary.figures.iter().filter(|figure| figure.by.is_some()) {
            assert_eq!(figure.rows.iter().map(|row| row.value).sum::<u64>(), figure.value);
            assert_eq!(figure.rows.iter().map(|row| row.events).sum::<u64>(), figure.events);
        }
    }
}
