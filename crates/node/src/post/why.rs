//! *Varför?*: a sentence's thread as a reader sees it: row, fact, the register's signed answer, law, what to do if it is wrong.
//!
//! Always true: "the signature holds" is said only of evidence that was verified while the page was made, with this node's
//! own anchor; what cannot be verified is said not to be.

use std::collections::BTreeMap;
use std::sync::Arc;

use samverk_domain::case::messages::Origin;
use samverk_domain::terms::{Evidence, Side};

use super::letter::{Letter, Part, RowTrace, Why};
use crate::cases::file::{Held, Open};
use crate::cases::reception::{Told, evidence_about};
use crate::exchange::export;
use crate::node::Node;
use crate::services::draft::key as slot_key;
use crate::web::layout::instant;
use crate::web::parts::{Icon, Knot, KnotState, Markup, Thread};
use crate::web::texts::{Lang, escape};

/// A register's answer, looked at now.
pub enum Checked {
    Holds(Box<Told>),
    /// Why it could not be verified.
    Not(String),
}

/// The evidence of a fact: what came with the application, or what this body's own log holds.
pub async fn evidence_of(node: &Arc<Node>, open: &Open, held: &Held) -> Result<Evidence, String> {
    let Origin::Register { exchange, proof, .. } = &held.sent.origin else {
        return Err("uppgiften kommer inte från ett register".to_owned());
    };
    match proof {
        Some(proof) => Ok((**proof).clone()),
        None => export::evidence(node, &open.row.body, Side::Consumer, exchange)
            .await
            .map_err(|why| why.to_string()),
    }
}

/// Verifies every register answer that the letter's sentences rest on.
pub async fn check(node: &Arc<Node>, open: &Open, letter: &Letter) -> BTreeMap<String, Checked> {
    let mut checked = BTreeMap::new();
    let facts = letter.parts.iter().filter_map(|part| match part {
        Part::Sentence(sentence) => sentence.why.as_ref(),
        _ => None,
    });
    let names: Vec<&str> = facts
        .flat_map(|why| why.facts.iter().map(|fact| fact.name.as_str()))
        .collect();
    for held in open
        .file
        .facts
        .iter()
        .filter(|held| names.contains(&held.sent.slot.fact.as_str()))
    {
        if !matches!(held.sent.origin, Origin::Register { .. }) {
            continue;
        }
        let found = match evidence_of(node, open, held).await {
            Ok(evidence) => match evidence_about(node, &evidence) {
                Ok(told) => Checked::Holds(Box::new(told)),
                Err(why) => Checked::Not(why),
            },
            Err(why) => Checked::Not(why),
        };
        checked.insert(slot_key(&held.sent.slot), found);
    }
    checked
}

/// Where the evidence of an exchange is fetched.
pub fn evidence_address(base: &str, exchange: &str) -> String {
    format!("{base}/bevis/{}", crate::web::encoded(exchange))
}

fn knot(label: &str, body: String) -> Knot {
    Knot {
        state: KnotState::Plain,
        label: label.to_owned(),
        when: String::new(),
        body: Markup::trusted(body),
    }
}

/// A row as the mock-up of the adopted document shows it.
pub fn row_table(row: &RowTrace) -> String {
    let mut head = "<th role=\"columnheader\" scope=\"col\">Rad</th>".to_owned();
    let mut cells = String::new();
    for (heading, cell) in &row.cells {
        let (heading, cell) = (escape(heading), escape(cell));
        head.push_str(&format!("<th role=\"columnheader\" scope=\"col\">{heading}</th>"));
        cells.push_str(&format!(
            "<td role=\"cell\" data-label=\"{heading}:\"><span class=\"hit\">{cell}</span></td>"
        ));
    }
    format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"Raden {id}\" tabindex=\"0\"><table role=\"table\" class=\"table rule \
         table--cards\"><caption class=\"hidden-visually\">{rule}, raden som gäller</caption><thead role=\"rowgroup\"><tr \
         role=\"row\">{head}<th role=\"columnheader\" scope=\"col\" class=\"rule__out\">Då</th></tr></thead><tbody \
         role=\"rowgroup\"><tr role=\"row\" class=\"is-firing\"><th role=\"rowheader\" scope=\"row\" \
         class=\"rule__id\">{id}</th>{cells}<td role=\"cell\" class=\"rule__out\" data-label=\"Då:\">{result}</td></tr></tbody>\
         </table></div>",
        id = escape(&row.row),
        rule = escape(&row.rule),
        result = escape(&row.result),
    )
}

/// The whole thread of one sentence. `base` is the letter's own address.
pub fn thread(open: &Open, why: &Why, checked: &BTreeMap<String, Checked>, base: &str) -> Markup {
    let mut knots = Vec::new();
    let document = why.document.as_ref();
    for row in &why.rows {
        let place = document.map_or_else(String::new, |document| {
            format!(
                "<p>Rad {} i <a href=\"/tjanster/{}/regler/{}?version={}#{}\">{}, version {}</a>, antagen av {}.</p>",
                escape(&row.row),
                crate::web::encoded(&document.slug),
                crate::web::encoded(&row.rule),
                document.version,
                crate::web::encoded(&row.row),
                escape(&document.title),
                document.version,
                escape(&document.adopted)
            )
        });
        knots.push(knot("Raden som gäller", format!("{}{place}", row_table(row))));
    }
    if why.rows.is_empty()
        && let Some(document) = document
    {
        knots.push(knot(
            "Meningen i det antagna dokumentet",
            format!(
                "<p>Meningen står i brevet i <a href=\"/tjanster/{}/regler/{}?version={}\">{}, version {}</a>, antagen av {}.</p>",
                crate::web::encoded(&document.slug),
                crate::web::encoded(open.step_name().as_str()),
                document.version,
                escape(&document.title),
                document.version,
                escape(&document.adopted)
            ),
        ));
    }
    for fact in &why.facts {
        let mut said = format!(
            "<p class=\"flush\">{}</p><p class=\"value flush\">{}</p>",
            escape(&fact.label),
            escape(&fact.value)
        );
        if let Some(reasons) = &fact.reasons {
            said.push_str(&format!("<p>{}</p>", escape(reasons)));
        }
        if let Some(set_by) = &fact.set_by {
            said.push_str(&format!("<p>{}.</p>", escape(set_by)));
        }
        let held: Vec<&Held> = open
            .file
            .facts
            .iter()
            .filter(|held| held.sent.slot.fact.as_str() == fact.name)
            .collect();
        if let Some(first) = held.first() {
            said.push_str(&who_said(first));
        }
        knots.push(knot("Uppgiften", said));
        for held in held {
            if let Origin::Register { exchange, .. } = &held.sent.origin
                && let Some(found) = checked.get(&slot_key(&held.sent.slot))
            {
                knots.push(knot("Registrets undertecknade svar", answer(exchange, found, base)));
            }
        }
    }
    if !why.law.is_empty() {
        let law: Vec<String> = why.law.iter().map(|law| escape(law)).collect();
        knots.push(knot("Lagen", format!("<p>{}</p>", law.join("<br>"))));
    }
    knots.push(knot(
        "Är något fel?",
        format!(
            "<p>Säg till myndigheten om beslutet ska rättas eller ändras, och ange diarienummer {}. Är registrets uppgift fel \
             begär du rättelse hos den som för registret.</p>",
            escape(open.diary_number())
        ),
    ));
    Markup::trusted(Thread { knots, small: false }.to_string())
}

fn who_said(held: &Held) -> String {
    let text = match &held.sent.origin {
        Origin::Applicant => "Du har lämnat uppgiften i ansökan.".to_owned(),
        Origin::Login => "Uppgiften kommer från din e-legitimation.".to_owned(),
        Origin::Represented => "Företaget som du företräder.".to_owned(),
        Origin::Register { answered_at, .. } => {
            format!("Hämtad ur registret {}.", instant(Lang::Sv, *answered_at))
        }
        Origin::ApplicantInstead { register, .. } => {
            format!("Du har lämnat uppgiften själv, eftersom registret {register} inte kunde svara.")
        }
        Origin::Entered { by, at, channel, .. } => format!(
            "Uppgiften är tagen ur din {}, införd av {by} {}.",
            channel.source(),
            instant(Lang::Sv, *at)
        ),
        Origin::CaseWorker { by, at } => format!("Bedömt av {by} {}.", instant(Lang::Sv, *at)),
        Origin::Opinion { body, at, .. } => format!("Yttrande från {body} {}.", instant(Lang::Sv, *at)),
        Origin::Step { body, at, .. } => format!("Beslut av {body} {}.", instant(Lang::Sv, *at)),
    };
    let settled = held.settled.as_ref().map_or_else(String::new, |settled| {
        format!(
            "<p>Du har sagt att uppgiften är fel. {} har tittat på den: {}</p>",
            escape(&settled.by),
            escape(&settled.reasons)
        )
    });
    format!("<p>{}</p>{settled}", escape(&text))
}

fn answer(exchange: &str, found: &Checked, base: &str) -> String {
    match found {
        Checked::Holds(told) => format!(
            "<p><span class=\"seal\">{seal} Underskriften stämmer. Kontrollerad nu, när sidan visades.</span></p><p>{producer} \
             svarade {asker} {when}. Svaret ligger som post {place} i loggen för {logged}.</p><p><a href=\"{link}\" \
             download>Hämta beviset</a> och kontrollera det själv, utan oss, med <code>samverk verify</code>.</p>",
            seal = Icon::Seal,
            producer = escape(&told.report.responder.name),
            asker = escape(&told.report.requester.name),
            when = escape(&instant(Lang::Sv, told.answer.answered_at)),
            place = told.report.leaf_index,
            logged = escape(told.report.record.body.as_str()),
            link = evidence_address(base, exchange),
        ),
        Checked::Not(why) => format!(
            "<p><strong>Underskriften kunde inte kontrolleras nu.</strong> {}</p>",
            escape(why)
        ),
    }
}
