//! Parts that pages are put together from. Each is a value with its own small template; a page shows it with `{{ it }}`.

use std::fmt;

use askama::Template;

use super::texts::{Lang, Text, Texts};

/// HTML that is already safe: made by a template or escaped here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// Only for HTML that our own code made and escaped.
    pub fn trusted(html: impl Into<String>) -> Self {
        Self(html.into())
    }

    /// Text, escaped.
    pub fn text(text: impl fmt::Display) -> Self {
        Self(super::texts::escape(&text.to_string()))
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Markup {}

/// Drawn signs. Always beside a word, hence hidden from screen readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Back,
    Check,
    Clock,
    Info,
    Lock,
    Seal,
    Cross,
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match self {
            Self::Back => r#"<path d="M14.5 5.5L8 12l6.5 6.5"/>"#,
            Self::Check => r#"<path d="M4.5 12.5l5 5L19.5 7"/>"#,
            Self::Clock => r#"<circle cx="12" cy="12" r="9"/><path d="M12 7v5.2l3.3 2"/>"#,
            Self::Info => r#"<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.5v.2"/>"#,
            Self::Lock => r#"<rect x="5" y="11" width="14" height="9" rx="1.5"/><path d="M8 11V8a4 4 0 018 0v3"/>"#,
            Self::Seal => {
                r#"<path d="M12 3l2.3 1.8 2.9-.2.9 2.8 2.4 1.6-1 2.8 1 2.7-2.4 1.7-.9 2.7-2.9-.1L12 20.6l-2.3-1.8-2.9.1-.9-2.7-2.4-1.7 1-2.7-1-2.8 2.4-1.6.9-2.8 2.9.2z"/><path d="M8.6 12.2l2.4 2.3 4.4-4.7"/>"#
            }
            Self::Cross => r#"<path d="M6 6l12 12M18 6L6 18"/>"#,
        };
        write!(
            f,
            r#"<svg class="icon" aria-hidden="true" viewBox="0 0 24 24">{path}</svg>"#
        )
    }
}

impl askama::filters::HtmlSafe for Icon {}

/// Parts whose template escapes what they hold, so that a page shows them as they are.
macro_rules! safe {
    ($($part:ty),* $(,)?) => { $(impl askama::filters::HtmlSafe for $part {})* };
}
safe!(
    ErrorSummary,
    Question,
    FactCard,
    BodyTasks,
    Tag,
    Answers,
    GroupHead,
    Stamp,
    Thread,
    Why,
    Sentence,
    Banner,
    Table,
    Checks,
    Deadline,
);

/// What must be mended, above the page's heading: each leads to its field. Show the same text at the field.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/error_summary.html")]
pub struct ErrorSummary {
    pub lang: Lang,
    pub mistakes: Vec<Mistake>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The id of the control: a [`Question`]'s `id`.
    pub field: String,
    pub text: String,
}

impl ErrorSummary {
    fn heading(&self) -> String {
        match self.mistakes.len() {
            1 => Texts::get(self.lang, "parts.one_mistake").into(),
            many => Texts::get(self.lang, "parts.mistakes")
                .with("number", number_word(self.lang, many))
                .into(),
        }
    }
}

/// Small numbers as words at the beginning of a sentence: `Två`.
pub fn number_word(lang: Lang, number: usize) -> String {
    const SV: [&str; 13] = [
        "Noll", "En", "Två", "Tre", "Fyra", "Fem", "Sex", "Sju", "Åtta", "Nio", "Tio", "Elva", "Tolv",
    ];
    const EN: [&str; 13] = [
        "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve",
    ];
    let words = match lang {
        Lang::Sv => SV,
        Lang::En => EN,
    };
    words
        .get(number)
        .map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

/// One question with its control. Alone on a page its words are the page's `h1` ([`Question::alone`]).
#[derive(Clone, Debug, Template)]
#[template(path = "parts/question.html")]
pub struct Question {
    pub lang: Lang,
    /// The field's name and id; no dots.
    pub id: String,
    pub words: String,
    /// Above the words: which group of questions it belongs to.
    pub caption: String,
    pub hint: String,
    /// What must be mended: what to do, not what was wrong.
    pub error: String,
    /// The words are the page's heading.
    pub alone: bool,
    pub control: Control,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// Radio buttons, or boxes when several may be ticked.
    Choices { choices: Vec<Choice>, several: bool },
    /// One line.
    Line {
        value: String,
        /// `liter`, `kronor`; after the field.
        unit: String,
        width: Width,
        /// Digits on a phone's keyboard.
        numeric: bool,
    },
    /// Several lines.
    Lines { value: String },
    /// Day, month, year in fields `{id}-dag`, `{id}-manad`, `{id}-ar`.
    Day { day: String, month: String, year: String },
    /// `accept` as HTML's; `kept` is the name of the file that is there already.
    File { accept: String, kept: String },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    #[default]
    Whole,
    /// About four digits.
    Short,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: String,
    pub chosen: bool,
}

impl Question {
    /// A question alone on its page, to be completed with struct update.
    pub fn alone(lang: Lang, id: impl Into<String>, words: impl Into<String>, control: Control) -> Self {
        Self {
            lang,
            id: id.into(),
            words: words.into(),
            caption: String::new(),
            hint: String::new(),
            error: String::new(),
            alone: true,
            control,
        }
    }

    /// The control's id that an error leads to: the first one in a group.
    pub fn first_field(&self) -> String {
        match &self.control {
            Control::Choices { choices, .. } if !choices.is_empty() => format!("{}-1", self.id),
            Control::Day { .. } => format!("{}-dag", self.id),
            _ => self.id.clone(),
        }
    }

    /// `aria-describedby` for what is there.
    fn described(&self) -> Markup {
        let mut ids = Vec::new();
        if !self.hint.is_empty() {
            ids.push(format!("{}-h", self.id));
        }
        if !self.error.is_empty() {
            ids.push(format!("{}-e", self.id));
        }
        if ids.is_empty() {
            return Markup::default();
        }
        Markup::trusted(format!(
            " aria-describedby=\"{}\"",
            super::texts::escape(&ids.join(" "))
        ))
    }

    fn t(&self, key: &'static str) -> Text {
        Texts::get(self.lang, key)
    }
}

/// What a register knows: an index card with the producer's name on its tab.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/fact_card.html")]
pub struct FactCard {
    pub lang: Lang,
    /// Unique on the page; the fields are `{id}` (ja, nej) and `{id}-fel`.
    pub id: String,
    pub producer: String,
    /// Label and value.
    pub rows: Vec<(String, String)>,
    /// `Hämtat i dag kl. 10.02`
    pub fetched: String,
    /// The producer's signature was checked.
    pub sealed: bool,
    /// The register does not answer: what that means, instead of rows.
    pub down: Option<String>,
    pub asks: Option<Approval>,
    /// What must be mended.
    pub error: String,
}

/// What the person has said of the card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approval {
    /// `None`: not yet.
    pub right: Option<bool>,
    /// What they say is wrong.
    pub objection: String,
}

impl FactCard {
    fn t(&self, key: &'static str) -> Text {
        Texts::get(self.lang, key)
    }
}

/// One body's part of a task list, or the person's own part, under the body's band.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/body_tasks.html")]
pub struct BodyTasks {
    /// 2 or 3.
    pub level: u8,
    pub name: String,
    /// `Exempelkommun A`; empty for the person's own part.
    pub by: String,
    /// `neutral` when the body has no theme; empty for the person's own part.
    pub theme: String,
    pub tasks: Vec<Task>,
}

#[derive(Clone, Debug)]
pub struct Task {
    pub title: String,
    pub href: Option<String>,
    pub tag: Tag,
    pub note: String,
}

/// A state: always a word.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/tag.html")]
pub struct Tag {
    pub kind: TagKind,
    pub word: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagKind {
    Done,
    Todo,
    Wait,
    Stop,
    /// Cannot begin yet.
    Plain,
    /// Not needed.
    None,
}

impl TagKind {
    fn class(self) -> &'static str {
        match self {
            Self::Done => "tag tag--done",
            Self::Todo => "tag tag--todo",
            Self::Wait => "tag tag--wait",
            Self::Stop => "tag tag--stop",
            Self::Plain => "tag",
            Self::None => "tag tag--none",
        }
    }
}

impl Tag {
    pub fn new(kind: TagKind, word: impl Into<String>) -> Self {
        Self {
            kind,
            word: word.into(),
        }
    }
}

/// The heading of a group of answers, with who gets them.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/group_head.html")]
pub struct GroupHead {
    pub heading: String,
    pub goes_to: String,
}

/// Answers to be checked: label, value, where it is from, the way to change it.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/answers.html")]
pub struct Answers {
    pub rows: Vec<AnswerRow>,
}

#[derive(Clone, Debug, Default)]
pub struct AnswerRow {
    pub label: String,
    pub lines: Vec<String>,
    /// `Bolagsregistret, i dag kl. 10.02`
    pub from: String,
    /// Address and word: `Ändra`, `Visa`.
    pub change: Option<(String, String)>,
}

/// Diary number and date in a double frame, as on a paper that came in.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/stamp.html")]
pub struct Stamp {
    pub head: String,
    /// Label and value.
    pub rows: Vec<(String, String)>,
}

/// The thread: an ochre line with knots, from one step to the next or down to the ground.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/thread.html")]
pub struct Thread {
    pub knots: Vec<Knot>,
    pub small: bool,
}

#[derive(Clone, Debug)]
pub struct Knot {
    pub state: KnotState,
    pub label: String,
    /// When, and the diary number.
    pub when: String,
    pub body: Markup,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KnotState {
    #[default]
    Plain,
    Done,
    Now,
    Later,
}

impl KnotState {
    fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Done => "is-done",
            Self::Now => "is-now",
            Self::Later => "is-later",
        }
    }
}

/// *Varför?*: opens without script, prints when open.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/why.html")]
pub struct Why {
    pub lang: Lang,
    /// For a screen reader: ` uppgiften om skulder`.
    pub about: String,
    pub body: Markup,
    pub open: bool,
}

impl Why {
    fn word(&self) -> Text {
        Texts::get(self.lang, "parts.why")
    }
}

/// One sentence of a letter with its ground.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/sentence.html")]
pub struct Sentence {
    pub words: String,
    pub why: Option<Why>,
}

/// One message across the page.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/banner.html")]
pub struct Banner {
    pub kind: BannerKind,
    /// An `h2`; empty: none.
    pub heading: String,
    pub body: Markup,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BannerKind {
    Info,
    Wait,
    Done,
}

/// A table that becomes cards on a phone, inside a region that scrolls if it must. The first column names the row.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/table.html")]
pub struct Table {
    pub caption: String,
    pub caption_hidden: bool,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Markup>>,
}

#[derive(Clone, Debug, Default)]
pub struct Column {
    pub heading: String,
    /// Aligned right, with digits of one width.
    pub numeric: bool,
    /// Before the value when the table is cards.
    pub labelled: bool,
}

impl Table {
    /// `(column, cell)` of the row but its first.
    fn cells<'a>(&'a self, row: &'a [Markup]) -> impl Iterator<Item = (&'a Column, &'a Markup)> {
        self.columns.iter().zip(row).skip(1)
    }
}

/// What speaks for and against, with its ground.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/checks.html")]
pub struct Checks {
    pub lang: Lang,
    pub checks: Vec<Check>,
}

#[derive(Clone, Debug)]
pub struct Check {
    pub state: CheckState,
    pub title: String,
    pub body: Markup,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    Yes,
    No,
    /// Not known yet.
    Open,
    /// The case worker must do something here.
    Needs,
}

impl CheckState {
    fn item_class(self) -> &'static str {
        if self == Self::Needs { "needs" } else { "" }
    }

    fn mark_class(self) -> &'static str {
        match self {
            Self::Yes => "checks__mark is-yes",
            Self::No => "checks__mark is-no",
            Self::Open | Self::Needs => "checks__mark is-open",
        }
    }

    fn word(self, lang: Lang) -> Text {
        match self {
            Self::Yes => Texts::get(lang, "parts.check_yes"),
            Self::No => Texts::get(lang, "parts.check_no"),
            Self::Open => Texts::get(lang, "parts.check_open"),
            Self::Needs => Texts::get(lang, "parts.check_needs"),
        }
    }
}

/// A last day in the margin of a case.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/deadline.html")]
pub struct Deadline {
    pub what: String,
    pub day: jiff::civil::Date,
    /// `24 dec`
    pub shown: String,
    /// `fyra månader från komplett`
    pub counted: String,
    /// `45 dagar kvar`
    pub left: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::node::tests::a_node_with_clock;
    use crate::web::{Page, Visit};

    #[derive(Template)]
    #[template(path = "parts/gallery.html")]
    struct Gallery {
        page: Page,
        parts: Vec<Markup>,
    }

    /// One of each, as the mock-ups show them.
    fn one_of_each(lang: Lang) -> Vec<Markup> {
        let part = |it: &dyn fmt::Display| Markup::trusted(it.to_string());
        let line = |value: &str, unit: &str| Control::Line {
            value: value.to_owned(),
            unit: unit.to_owned(),
            width: Width::Short,
            numeric: true,
        };
        let liters = Question {
            caption: "Gasol".to_owned(),
            hint: "Räkna behållarnas hela volym, även tomma.".to_owned(),
            error: "Skriv hur många liter ni förvarar inomhus, med siffror".to_owned(),
            ..Question::alone(
                lang,
                "inne",
                "Hur många liter gasol förvaras inomhus?",
                line("tolv", "liter"),
            )
        };
        let alcohol = Question {
            alone: false,
            ..Question::alone(
                lang,
                "alkohol",
                "Ska ni servera starköl, vin eller sprit?",
                Control::Choices {
                    choices: vec![
                        Choice {
                            value: "ja".to_owned(),
                            label: "Ja".to_owned(),
                            hint: "Då behöver ni serveringstillstånd.".to_owned(),
                            chosen: true,
                        },
                        Choice {
                            value: "nej".to_owned(),
                            label: "Nej".to_owned(),
                            ..Choice::default()
                        },
                    ],
                    several: false,
                },
            )
        };
        let group = |id: &str, words: &str, control| Question {
            alone: false,
            ..Question::alone(lang, id, words, control)
        };
        let why = Why {
            lang,
            about: " uppgiften om skulder".to_owned(),
            body: part(&Thread {
                knots: vec![Knot {
                    state: KnotState::Plain,
                    label: "Uppgiften".to_owned(),
                    when: String::new(),
                    body: Markup::trusted("<p>184 200 kronor</p>"),
                }],
                small: false,
            }),
            open: true,
        };
        let fact = FactCard {
            lang,
            id: "bolag".to_owned(),
            producer: "Bolagsregistret".to_owned(),
            rows: vec![("Företagsnamn".to_owned(), "Matkultur <i> Exempelstad AB".to_owned())],
            fetched: "Hämtat i dag kl. 10.02".to_owned(),
            sealed: true,
            down: None,
            asks: Some(Approval {
                right: Some(false),
                objection: "Namnet är ändrat.".to_owned(),
            }),
            error: String::new(),
        };
        vec![
            part(&ErrorSummary {
                lang,
                mistakes: vec![
                    Mistake {
                        field: liters.first_field(),
                        text: liters.error.clone(),
                    },
                    Mistake {
                        field: "dag-dag".to_owned(),
                        text: "Datumet finns inte: november har 30 dagar".to_owned(),
                    },
                ],
            }),
            part(&liters),
            part(&alcohol),
            part(&Question {
                error: "Datumet finns inte: november har 30 dagar".to_owned(),
                hint: "Till exempel 1 12 2026".to_owned(),
                ..group(
                    "dag",
                    "När börjar ni använda gasolen?",
                    Control::Day {
                        day: "31".to_owned(),
                        month: "11".to_owned(),
                        year: "2026".to_owned(),
                    },
                )
            }),
            part(&group(
                "ritning",
                "Planritning",
                Control::File {
                    accept: ".pdf,.jpg".to_owned(),
                    kept: "plan.pdf".to_owned(),
                },
            )),
            part(&group(
                "fritt",
                "Beskriv lokalen",
                Control::Lines {
                    value: "<script>".to_owned(),
                },
            )),
            part(&fact),
            part(&FactCard {
                id: "fastighet".to_owned(),
                producer: "Fastighetsregistret".to_owned(),
                down: Some("Registret svarar inte just nu.".to_owned()),
                asks: None,
                ..fact
            }),
            part(&BodyTasks {
                level: 2,
                name: "Miljönämnden".to_owned(),
                by: "Exempelkommun A".to_owned(),
                theme: "exempelkommun-a".to_owned(),
                tasks: vec![Task {
                    title: "Livsmedelsregistrering".to_owned(),
                    href: Some("/x".to_owned()),
                    tag: Tag::new(TagKind::Done, "Redo att skickas"),
                    note: "Avgift 1 240 kronor.".to_owned(),
                }],
            }),
            part(&GroupHead {
                heading: "Lokalen".to_owned(),
                goes_to: "Går till: miljönämnden".to_owned(),
            }),
            part(&Answers {
                rows: vec![AnswerRow {
                    label: "Företag".to_owned(),
                    lines: vec!["Matkultur i Exempelstad AB".to_owned(), "559900-0006".to_owned()],
                    from: "Bolagsregistret, i dag kl. 10.02".to_owned(),
                    change: Some(("/x".to_owned(), "Visa".to_owned())),
                }],
            }),
            part(&Stamp {
                head: "Socialnämnden".to_owned(),
                rows: vec![("Diarienummer".to_owned(), "SN 2026-0457".to_owned())],
            }),
            part(&Thread {
                knots: vec![
                    Knot {
                        state: KnotState::Done,
                        label: "Inkom".to_owned(),
                        when: "24 augusti 2026".to_owned(),
                        body: Markup::default(),
                    },
                    Knot {
                        state: KnotState::Later,
                        label: "Laga kraft".to_owned(),
                        when: String::new(),
                        body: Markup::default(),
                    },
                ],
                small: false,
            }),
            part(&Sentence {
                words: "Bolaget hade skulder på 184 200 kronor.".to_owned(),
                why: Some(why),
            }),
            part(&Banner {
                kind: BannerKind::Wait,
                heading: String::new(),
                body: Markup::trusted("<p>Exempelkommun B tar inte emot just nu.</p>"),
            }),
            part(&Table {
                caption: "Avgifter".to_owned(),
                caption_hidden: false,
                columns: vec![
                    Column {
                        heading: "Steg".to_owned(),
                        ..Column::default()
                    },
                    Column {
                        heading: "Kronor".to_owned(),
                        numeric: true,
                        labelled: true,
                    },
                ],
                rows: vec![vec![Markup::text("Gasol"), Markup::text("3 900")]],
            }),
            part(&Checks {
                lang,
                checks: vec![
                    Check {
                        state: CheckState::Yes,
                        title: "Remiss: ingen erinran".to_owned(),
                        body: Markup::trusted("<p>Polisdistrikt Exempel</p>"),
                    },
                    Check {
                        state: CheckState::Needs,
                        title: "Bedöm ekonomisk lämplighet".to_owned(),
                        body: Markup::default(),
                    },
                ],
            }),
            part(&Deadline {
                what: "Beslut senast".to_owned(),
                day: "2026-12-24".parse().unwrap(),
                shown: "24 dec".to_owned(),
                counted: "fyra månader från komplett".to_owned(),
                left: "45 dagar kvar".to_owned(),
            }),
        ]
    }

    #[tokio::test]
    async fn the_parts_look_as_they_are_meant_to() {
        let (_dir, node) = a_node_with_clock(Clock::System);
        let visit = Visit {
            lang: Lang::Sv,
            at: node.clock.moment(),
            trace: crate::ctx::TraceId::new(&crate::chance::Chance::seeded(1)),
            session: None,
            path: "/delar".to_owned(),
            query: String::new(),
        };
        let page = Page::new(&node, &visit, "Delar");
        let html = Gallery {
            page,
            parts: one_of_each(Lang::Sv),
        }
        .render()
        .unwrap();
        assert!(
            !html.contains("<script") && !html.contains("<i>"),
            "what is shown is escaped"
        );
        let ids: Vec<&str> = html
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        for (at, id) in ids.iter().enumerate() {
            assert!(!ids[..at].contains(id), "the id {id} stands twice");
        }
        for label in html.split(" for=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&label), "a label is for {label}, which is not there");
        }
        for described in html
            .split("aria-describedby=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            assert!(
                described.split(' ').all(|id| ids.contains(&id)),
                "{described} is not there"
            );
        }
        for link in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&link), "#{link} leads nowhere");
        }
        let parts: Vec<String> = one_of_each(Lang::Sv).iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(parts.join("\n\n"));
    }
}
