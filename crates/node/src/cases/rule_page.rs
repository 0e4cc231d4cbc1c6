//! A rule as it was adopted: the table with an anchor at each row, who has adopted it, and what they have set themselves.
//!
//! Always true: the page is public and holds nothing of any case; the cells are those of the document.

use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use samverk_domain::fact::Name;
use samverk_domain::pack::{Policy, Rule};

use crate::library::Known;
use crate::node::Node;
use crate::post::letter::{cells, organ, result_text, step_text};
use crate::web::layout::{Shape, day};
use crate::web::parts::Markup;
use crate::web::texts::{Texts, escape};
use crate::web::{Failure, Page, Visit, show};

pub fn routes() -> Router<Arc<Node>> {
    Router::new().route("/tjanster/{slug}/regler/{rule}", get(rule))
}

#[derive(Template)]
#[template(path = "rule.html")]
struct RulePage {
    page: Page,
    title: String,
    version: u32,
    heading: String,
    policy: String,
    table: Markup,
    adopted: Vec<(String, String)>,
    valid_from: String,
}

#[derive(serde::Deserialize)]
struct Asked {
    /// A letter leads to the version that it rests on; without it the newest.
    version: Option<u32>,
}

async fn rule(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Path((slug, rule)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let (slug, rule) = (name(&slug)?, name(&rule)?);
    let known: Option<Arc<Known>> = match asked.version {
        Some(version) => node.library.version(&slug, version),
        None => node.library.newest(&slug, visit.at.day),
    };
    let known = known.ok_or(Failure::NotFound)?;
    let pack = &known.pack;
    let (table, heading, is_outcome) = match (pack.outcome_rule(&rule), pack.rule(&rule)) {
        (Some(table), _) => (table, step_text(pack, "sv", &rule), true),
        (None, Some(table)) => {
            let label = pack.text("sv", &format!("namn.{rule}")).unwrap_or(rule.as_str());
            (table, label.to_owned(), false)
        }
        (None, None) => return Err(Failure::NotFound),
    };
    let mut adopted = Vec::new();
    if let Ok(view) = node.federation.view(node.clock.now()) {
        for published in view.adoptions() {
            let adoption = &published.it;
            let concerns = adoption.pack == slug && (!is_outcome || adoption.steps.contains(&rule));
            if concerns
                && adoption.version == pack.meta.version.it
                && let Some(body) = view.body(&adoption.body)
            {
                adopted.push((organ(body), adoption.decided.clone()));
            }
        }
    }
    let lang = visit.lang;
    let page = Page::new(&node, &visit, heading.clone())
        .back(format!("/tjanster/{}", crate::web::encoded(slug.as_str())))
        .shape(Shape::Case)
        .margin(Texts::get(lang, "rule.margin"));
    show(&RulePage {
        title: pack.title.it.clone(),
        version: pack.meta.version.it,
        policy: policy(table),
        table: whole(pack, table, &rule, is_outcome),
        adopted,
        valid_from: day(lang, pack.meta.valid_from.it),
        heading,
        page,
    })
}

fn name(text: &str) -> Result<Name, Failure> {
    Name::parse(text).map_err(|_| Failure::NotFound)
}

fn policy(table: &Rule) -> String {
    match &table.policy.it {
        Policy::Unique => "Unik: exakt en rad gäller.".to_owned(),
        Policy::First => "Första: den första raden som stämmer gäller.".to_owned(),
        Policy::Collect { otherwise } => format!("Samla: alla rader som stämmer gäller, annars {otherwise}."),
    }
}

fn whole(pack: &samverk_domain::pack::Pack, table: &Rule, rule: &Name, is_outcome: bool) -> Markup {
    let mut body = String::new();
    let mut head = String::new();
    for (at, row) in table.rows.iter().enumerate() {
        let tested = cells(pack, table, row);
        if at == 0 {
            for (heading, _) in &tested {
                let _ = write!(head, "<th role=\"columnheader\" scope=\"col\">{}</th>", escape(heading));
            }
        }
        let id = escape(row.id.it.as_str());
        let _ = write!(
            body,
            "<tr role=\"row\" id=\"{id}\"><th role=\"rowheader\" scope=\"row\" class=\"rule__id\">{id}</th>"
        );
        for (heading, cell) in &tested {
            let _ = write!(
                body,
                "<td role=\"cell\" data-label=\"{}:\">{}</td>",
                escape(heading),
                escape(cell)
            );
        }
        let because = row.because.as_ref().map_or("", |because| because.it.as_str());
        let law = row.law.as_ref().map_or_else(String::new, |law| law.it.in_full());
        let _ = write!(
            body,
            "<td role=\"cell\" data-label=\"Då:\" class=\"rule__out\"><strong>{}</strong></td><td role=\"cell\" \
             data-label=\"Därför att:\">{}</td><td role=\"cell\" data-label=\"Lagrum:\">{}</td></tr>",
            escape(&result_text(pack, rule, is_outcome, &row.result.it)),
            escape(because),
            escape(&law)
        );
    }
    Markup::trusted(format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"Beslutstabell {rule}\" tabindex=\"0\"><table role=\"table\" \
         class=\"table rule table--cards\"><caption>{rule}</caption><thead role=\"rowgroup\"><tr role=\"row\"><th \
         role=\"columnheader\" scope=\"col\">Rad</th>{head}<th role=\"columnheader\" scope=\"col\" \
         class=\"rule__out\">Då</th><th role=\"columnheader\" scope=\"col\">Därför att</th><th role=\"columnheader\" \
         scope=\"col\">Lagrum</th></tr></thead><tbody role=\"rowgroup\">{body}</tbody></table></div>",
        rule = escape(rule.as_str()),
    ))
}
