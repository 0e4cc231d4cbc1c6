//! What the body reads in registers itself while a paper is entered.
//!
//! Always true: each question stands on a contract of the body's own, body to body, for the service's purpose; a contract on
//! the person's own request is never used, because nobody has seen and approved anything; only facts that the body's own steps
//! read, or that decide whose a step is, are asked for. What cannot be read is asked of the paper where the document says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use samverk_domain::events::Kind;
use samverk_domain::fact::Name;
use samverk_domain::pack::{self, Pack, Source};
use samverk_domain::rules::{self, Setting};
use samverk_domain::terms::{FieldAnswer, Mode, Subject};
use tokio::task::JoinSet;

use super::entry::Entry;
use crate::ctx::Ctx;
use crate::effects::log::Happened;
use crate::exchange::{self, Question};
use crate::node::Node;
use crate::services::draft::{Fetched, Principal, Said, key};
use crate::services::{fetch, represent};

/// Rounds of asking: an answer (the municipality) can make other facts relevant.
const ROUNDS_MAX: usize = 6;
/// Questions at once. More waits.
const QUESTIONS_MAX: usize = 60;

/// Reads all that is relevant and not yet read. Gives what happened, for the event log; nothing: nothing was read.
pub async fn read(
    ctx: &Ctx,
    node: &Arc<Node>,
    pack: &Pack,
    entry: &mut Entry,
    own: &BTreeSet<Name>,
    setting: &Setting,
) -> Vec<Happened> {
    let mut happened = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let wanted = rules::to_fetch(pack, &entry.draft.facts(pack), setting);
        let is_ours = |name: &Name| {
            own.contains(name)
                && pack.fact(name).is_some_and(|fact| {
                    // What is read body to body anyway the case reads when it is there.
                    matches!(&fact.source.it, Source::Register(register) if register.mode == pack::Mode::ViaApplicant)
                })
        };
        let wanted: Vec<_> = wanted
            .into_iter()
            .filter(|slot| is_ours(&slot.fact) && !entry.draft.fetched.contains_key(&key(slot)))
            .take(QUESTIONS_MAX)
            .collect();
        let mut asking = JoinSet::new();
        for slot in wanted {
            let Some((mut question, about)) = fetch::question(ctx, node, pack, &entry.draft, &slot) else {
                continue;
            };
            question.mode = Mode::Direct;
            question.matter = matter(&entry.draft.id);
            question.by = format!("Registrering av {}", entry.entered.channel.source());
            let (ctx, node) = (ctx.clone(), Arc::clone(node));
            asking.spawn(async move {
                let answered = exchange::ask(&ctx, &node, &question).await;
                (slot, question, about, answered)
            });
        }
        if asking.is_empty() {
            break;
        }
        while let Some(joined) = asking.join_next().await {
            let Ok((slot, question, about, answered)) = joined else {
                continue;
            };
            let said = match fetch::said(pack, &slot, answered) {
                Said::NoContract { .. } => Said::NoContract {
                    why: "organet har inget eget avtal om att läsa uppgiften".to_owned(),
                },
                said => said,
            };
            if !matches!(said, Said::NoContract { .. }) {
                happened.push(Happened::once(Kind::RegisterQuery).about(&slot).assisted());
            }
            if matches!(said, Said::Down { .. }) {
                happened.push(Happened::once(Kind::RegisterFailed).about(&slot).assisted());
            }
            let fetched = Fetched {
                register: question.register,
                field: question.field,
                at: ctx.at.instant,
                slot,
                about,
                said,
            };
            entry.draft.fetched.insert(key(&fetched.slot), fetched);
        }
    }
    happened
}

/// The company's firmateckning as the register has it, if the body may read it: who may have signed.
pub async fn signing(ctx: &Ctx, node: &Arc<Node>, entry: &Entry) -> Option<String> {
    let Principal::Company { orgnr, .. } = &entry.draft.principal else {
        return None;
    };
    let question = Question {
        id: node.chance.id(ctx.at.instant).to_string(),
        register: Name::parse(represent::REGISTER).ok()?,
        field: Name::parse(represent::SIGNING).ok()?,
        subject: Subject::OrgNr(orgnr.clone()),
        mode: Mode::Direct,
        matter: matter(&entry.draft.id),
        by: format!("Registrering av {}", entry.entered.channel.source()),
    };
    match exchange::ask(ctx, node, &question).await.ok()?.said {
        FieldAnswer::Value { value, .. } => Some(value),
        _ => None,
    }
}

/// A reference that says nothing about the person and opens nothing.
pub fn matter(id: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, id.as_bytes());
    let hex: String = hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("papper-{hex}")
}
