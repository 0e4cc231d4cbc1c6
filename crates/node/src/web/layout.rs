//! What every page has: whose it is, who is logged in, in which language, and how its columns lie.
//!
//! A page is a struct with a field `page: Page` and its own fields, and a template that extends `layout.html`. Blocks:
//! `main` (the page), `margin` (who, why, which law; shown when [`Page::margin`] was called) or `content` for all of it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use samverk_domain::terms::BodyKind;
use samverk_domain::words::letters::inside;
use samverk_domain::words::time::MONTHS;

use super::assets::{SHEETS, Sheet};
use super::error::Failure;
use super::texts::{Lang, Text, Texts};
use super::visit::Visit;
use crate::clock;
use crate::config::BodyConfig;
use crate::node::Node;

/// Whose page it is: mark, sender, theme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    /// `Exempelkommun A`
    pub name: String,
    pub name_lang: Lang,
    /// `Socialnämnden`
    pub unit: String,
    pub unit_lang: Lang,
    /// Empty: neutral.
    pub theme: String,
    pub mark: Mark,
    pub telephone: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Two squares through each other: bodies together.
    Portal,
    Municipality,
    Association,
    Agency,
}

impl Face {
    /// A nämnd stands under its municipality's name; others have their own name first.
    pub fn of(body: &BodyConfig, lang: Lang, is_portal: bool) -> Self {
        let own = match lang {
            Lang::Sv => body.name.clone(),
            Lang::En => body.name_en.clone(),
        };
        // Whom it is part of has its Swedish name only.
        let (name, name_lang, unit, unit_lang) = match body.kind {
            BodyKind::MunicipalBoard => (body.part_of.clone(), Lang::Sv, own, lang),
            _ => (own, lang, body.part_of.clone(), Lang::Sv),
        };
        let mark = match body.kind {
            _ if is_portal => Mark::Portal,
            BodyKind::MunicipalBoard => Mark::Municipality,
            BodyKind::MunicipalAssociation => Mark::Association,
            BodyKind::Agency | BodyKind::Private => Mark::Agency,
        };
        Self {
            name,
            name_lang,
            unit,
            unit_lang,
            theme: body.theme.clone(),
            mark,
            telephone: body.telephone.clone(),
        }
    }
}

/// Who is logged in, as the header shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    Nobody,
    Person { name: String, acting_for: Option<String> },
    Staff { name: String, role: String },
}

/// How the columns lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Text and margin.
    #[default]
    Columns,
    /// A wide working area and margin.
    Case,
    /// A letter or receipt on a table of limestone, and margin.
    Sheet,
    /// One wide column.
    Wide,
}

impl Shape {
    pub fn page_class(self) -> &'static str {
        if self == Self::Sheet { "page on-table" } else { "page" }
    }

    pub fn columns_class(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Case => "columns columns--case",
            Self::Sheet => "columns columns--sheet",
            Self::Wide => "",
        }
    }

    pub fn main_class(self) -> &'static str {
        if self == Self::Columns {
            "main"
        } else {
            "main main--wide"
        }
    }
}

/// The part of a page's context that the layout reads.
#[derive(Clone, Debug)]
pub struct Page {
    pub lang: Lang,
    pub title: String,
    pub face: Face,
    pub who: Who,
    pub trace: String,
    /// This page in the other language.
    pub other_language: String,
    /// The session's form token; empty without a session.
    pub form_token: String,
    /// Address of the previous page.
    pub back: Option<String>,
    /// What the margin is about, for a screen reader; `None`: no margin.
    pub margin: Option<String>,
    pub shape: Shape,
    /// A case worker's page: smaller type.
    pub desk: bool,
    /// Everything here is invented: the footer says so.
    pub made_up: bool,
    /// Address of the page where a person chooses whom to act for.
    pub can_act_for_others: bool,
}

impl Page {
    /// A page of the node's host. [`Page::of`] makes it another body's.
    pub fn new(node: &Node, visit: &Visit, title: impl Into<String>) -> Self {
        let is_portal = node.config.portal.is_some();
        let who = match &visit.session {
            None => Who::Nobody,
            Some(session) => match (&session.staff, &session.acting_for) {
                (Some(role), None) => Who::Staff {
                    name: session.person.name.clone(),
                    role: role.word().to_owned(),
                },
                (_, acting_for) => Who::Person {
                    name: session.person.name.clone(),
                    acting_for: acting_for.as_ref().map(|company| company.name.clone()),
                },
            },
        };
        Self {
            lang: visit.lang,
            title: title.into(),
            face: Face::of(node.config.host(), visit.lang, is_portal),
            who,
            trace: visit.trace.to_string(),
            other_language: visit.in_language(visit.lang.other()),
            form_token: visit.session.as_ref().map(|s| s.form_token.clone()).unwrap_or_default(),
            back: None,
            margin: None,
            shape: Shape::Columns,
            desk: false,
            made_up: node.config.made_up,
            can_act_for_others: is_portal,
        }
    }

    /// The page of one of the node's bodies.
    #[must_use]
    pub fn of(mut self, body: &BodyConfig) -> Self {
        self.face = Face::of(body, self.lang, false);
        self
    }

    #[must_use]
    pub fn back(mut self, to: impl Into<String>) -> Self {
        self.back = Some(to.into());
        self
    }

    /// Shows the margin; `about` names it for a screen reader.
    #[must_use]
    pub fn margin(mut self, about: impl Into<String>) -> Self {
        self.margin = Some(about.into());
        self
    }

    #[must_use]
    pub fn shape(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// A form came back with mistakes: the title says so first, since it is the first that a screen reader says.
    #[must_use]
    pub fn mistakes(mut self, any: bool) -> Self {
        if any {
            self.title = format!("{} {}", self.t("parts.error"), self.title);
        }
        self
    }

    #[must_use]
    pub fn desk(mut self) -> Self {
        self.desk = true;
        self
    }

    pub fn t(&self, key: &'static str) -> Text {
        Texts::get(self.lang, key)
    }

    /// The hidden field that every form in a session must have: `{{ page.token() }}`.
    pub fn token(&self) -> super::parts::Markup {
        if self.form_token.is_empty() {
            return super::parts::Markup::default();
        }
        super::parts::Markup::trusted(format!(
            "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
            super::form::TOKEN_FIELD,
            super::texts::escape(&self.form_token)
        ))
    }

    /// `, socialnämnden`: the unit after the name in a sentence; a board's name is a common noun there.
    pub fn unit_in_sentence(&self) -> String {
        match (self.face.unit.as_str(), self.face.mark) {
            ("", _) => String::new(),
            (unit, Mark::Municipality) if self.lang == Lang::Sv => format!(", {}", inside(unit)),
            (unit, _) => format!(", {unit}"),
        }
    }

    pub fn sheets(&self) -> &'static [Sheet] {
        &SHEETS
    }

    /// `18 november 2026`
    pub fn day(&self, date: Date) -> String {
        day(self.lang, date)
    }

    /// `18 november 2026 kl. 08.31`, in Sweden.
    pub fn instant(&self, at: Timestamp) -> String {
        instant(self.lang, at)
    }
}

/// `18 november 2026`, `18 November 2026`.
pub fn day(lang: Lang, date: Date) -> String {
    const EN: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = usize::from(date.month().unsigned_abs().saturating_sub(1)).min(11);
    let months = match lang {
        Lang::Sv => MONTHS,
        Lang::En => EN,
    };
    format!("{} {} {}", date.day(), months[month], date.year())
}

/// `18 november 2026 kl. 08.31`, `18 November 2026 at 08:31`: Swedish time.
pub fn instant(lang: Lang, at: Timestamp) -> String {
    let zoned = at.to_zoned(clock::stockholm());
    let day = day(lang, zoned.date());
    let (hour, minute) = (zoned.hour(), zoned.minute());
    match lang {
        Lang::Sv => format!("{day} kl.\u{a0}{hour:02}.{minute:02}"),
        Lang::En => format!("{day} at {hour:02}:{minute:02}"),
    }
}

/// Renders a page.
pub fn show(template: &impl Template) -> Result<Response, Failure> {
    show_as(StatusCode::OK, template)
}

/// Renders a page with another status: 422 for a form that must be mended.
pub fn show_as(status: StatusCode, template: &impl Template) -> Result<Response, Failure> {
    let html = template.render().map_err(Failure::ours)?;
    Ok((status, Html(html)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_instants_are_written_in_the_pages_language_and_swedish_time() {
        let at: Timestamp = "2026-11-18T07:31:00Z".parse().unwrap();
        assert_eq!(instant(Lang::Sv, at), "18 november 2026 kl.\u{a0}08.31");
        assert_eq!(instant(Lang::En, at), "18 November 2026 at 08:31");
    }
}
