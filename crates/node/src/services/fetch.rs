//! Fetching what registers know, for the person and before their eyes: each value is shown and approved before it goes on.
//!
//! One question per fact (decision 0002), side by side. A register that is down, or a contract that does not hold, is not an
//! error of the person's: it is noted with its reason, and the document says whether the person is asked instead.

use std::sync::Arc;

use samverk_domain::fact::{Name, Slot, Value};
use samverk_domain::pack::{Pack, Source, Type};
use samverk_domain::rules::Setting;
use samverk_domain::terms::{FieldAnswer, Mode, Subject};
use tokio::task::JoinSet;

use super::draft::{Draft, Fetched, Said, key, subject_text};
use crate::ctx::Ctx;
use crate::exchange::{self, Answered, NotAnswered, Question};
use crate::node::Node;

/// Rounds of asking: an answer (the municipality) can make other facts relevant.
const ROUNDS_MAX: usize = 6;
/// Questions at once. More waits.
const QUESTIONS_MAX: usize = 60;

/// One answer that came, for the event log.
#[derive(Clone, Debug)]
pub struct Came {
    pub register: Name,
    pub slot: Slot,
    pub said: Said,
}

/// Asks everything that is relevant and not yet asked, until nothing more follows. The draft is changed; the caller saves it.
pub async fn fetch(ctx: &Ctx, node: &Arc<Node>, pack: &Pack, draft: &mut Draft, setting: &Setting) -> Vec<Came> {
    let mut came = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let wanted = draft.to_fetch(pack, setting);
        if wanted.is_empty() {
            break;
        }
        let mut asking = JoinSet::new();
        for slot in wanted.into_iter().take(QUESTIONS_MAX) {
            let Some((question, about)) = question(ctx, node, pack, draft, &slot) else {
                continue;
            };
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
            let said = said(pack, &slot, answered);
            came.push(Came {
                register: question.register.clone(),
                slot: slot.clone(),
                said: said.clone(),
            });
            let fetched = Fetched {
                register: question.register,
                field: question.field,
                at: ctx.at.instant,
                slot,
                about,
                said,
            };
            draft.fetched.insert(key(&fetched.slot), fetched);
        }
    }
    came
}

/// Asks again what failed before, once: at the person's wish, and before submission.
pub fn forget_failures(draft: &mut Draft) {
    draft
        .fetched
        .retain(|_, fetched| !matches!(fetched.said, Said::Down { .. } | Said::NoContract { .. }));
}

/// A question about one slot, on the person's request, with the subject as text.
pub(crate) fn question(ctx: &Ctx, node: &Node, pack: &Pack, draft: &Draft, slot: &Slot) -> Option<(Question, String)> {
    let Source::Register(source) = &pack.fact(&slot.fact)?.source.it else {
        return None;
    };
    let facts = draft.facts(pack);
    let subject = match (slot.item, pack.list_of_column(&source.subject)) {
        (Some(item), Some(list)) => facts
            .lists
            .get(&list.name.it)?
            .get(item as usize)?
            .get(&source.subject)?
            .clone(),
        _ => facts.of(&source.subject),
    };
    let value = subject.value()?;
    let question = Question {
        id: node.chance.id(ctx.at.instant).to_string(),
        register: source.register.clone(),
        field: source.field.clone(),
        subject: as_subject(value)?,
        mode: Mode::ViaApplicant,
        matter: matter(draft),
        by: "På sökandens begäran".to_owned(),
    };
    Some((question, subject_text(value)))
}

/// What a question can be about.
pub fn as_subject(value: &Value) -> Option<Subject> {
    match value {
        Value::OrgNr(number) => Some(Subject::OrgNr(number.clone())),
        Value::PersonNr(number) => Some(Subject::PersonNr(number.clone())),
        Value::Property(name) => Some(Subject::Property(name.clone())),
        _ => None,
    }
}

/// A reference that says nothing about the person and does not open the draft.
pub fn matter(draft: &Draft) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, draft.id.as_bytes());
    let hex: String = hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("utkast-{hex}")
}

/// What the register said, as a draft keeps it.
pub(crate) fn said(pack: &Pack, slot: &Slot, answered: Result<Answered, NotAnswered>) -> Said {
    match answered {
        Ok(Answered {
            exchange,
            provider,
            said: FieldAnswer::Value { value, recorded_at, .. },
            ..
        }) => match pack.fact(&slot.fact).map(|fact| read(&fact.ty.it, &value)) {
            Some(Some(value)) => Said::Value {
                producer: provider,
                value,
                recorded_at,
                exchange,
            },
            _ => Said::Down {
                why: "registret svarade med ett värde av annat slag än det som tjänsten väntar".to_owned(),
            },
        },
        Ok(Answered {
            exchange,
            provider,
            said: FieldAnswer::NoRecord,
            ..
        }) => Said::NoRecord {
            producer: provider,
            exchange,
        },
        Ok(_) => Said::Down {
            why: "registret kan inte lämna ut uppgiften här".to_owned(),
        },
        Err(NotAnswered::NoContract(_) | NotAnswered::NoKeeper(_)) => Said::NoContract {
            why: "det finns inget avtal om att hämta uppgiften".to_owned(),
        },
        Err(NotAnswered::Revoked(_)) => Said::NoContract {
            why: "avtalet om att hämta uppgiften är återkallat".to_owned(),
        },
        Err(NotAnswered::Refused { .. }) => Said::NoContract {
            why: "registret lämnade inte ut uppgiften".to_owned(),
        },
        Err(why) => {
            tracing::warn!(%why, "a register could not be asked");
            Said::Down {
                why: "registret svarar inte just nu".to_owned(),
            }
        }
    }
}

/// A register's text as a value of the fact's type. A text longer than the type allows is the register's to shorten.
pub fn read(ty: &Type, text: &str) -> Option<Value> {
    ty.value(text).ok()
}
