//! A body has adopted a newer version: its cases under way are looked at again, once for each case and version.
//!
//! Always true: what is counted at the decision is from then on taken from the newer version, what is counted at the
//! application stays ([`samverk_domain::pack::carried`]); if need, outcome, grounds or fee come out otherwise, it stands in the
//! case's file and diary, the case worker's list says so, and the party is told what changed; nothing is decided here.

use std::collections::BTreeMap;
use std::sync::Arc;

use samverk_domain::case::documents::DocumentKind;
use samverk_domain::fact::{Known, Name};
use samverk_domain::pack::Pack;
use samverk_domain::rules::{StepResult, Verdict};
use samverk_domain::terms::BodyId;
use samverk_store::jobs::{self, Job};
use samverk_store::{StoreError, Tx, cases, diary};
use serde::{Deserialize, Serialize};

use super::act::{enter, finish, keep_paper, post};
use super::file::{LawChange, Open, Stopped, adoption, body_in_federation, pack_of};
use super::papers::to;
use super::proceed;
use crate::ctx::Ctx;
use crate::jobs::NotDone;
use crate::node::Node;
use crate::post::letter::{self, Plain, by_law, outcome_text, own, step_text};
use crate::publishing::adoption_that_counts;
use crate::trust::federation::FederationView;

/// The job that looks at one case again.
pub const COUNT_ANEW: &str = "cases.count_anew";

#[derive(Serialize, Deserialize)]
struct Due {
    case: String,
    version: u32,
}

/// The newest version that the body has adopted and that is on this node, if it is newer than `version`.
fn newer(node: &Node, view: &FederationView, body: &BodyId, slug: &Name, version: u32) -> Option<u32> {
    let mut versions = node.library.versions(slug);
    versions.retain(|known| known.pack.meta.version.it > version);
    let found = versions
        .iter()
        .rev()
        .find(|known| adoption_that_counts(view, body, known).is_some());
    found.map(|known| known.pack.meta.version.it)
}

/// Queues the job for every case that a newly adopted version concerns. Asked at each renewal of the federation's statement;
/// what has been queued is not queued again.
pub async fn look(node: &Arc<Node>, view: &FederationView) -> Result<(), StoreError> {
    let mut adopted: BTreeMap<(BodyId, Name), u32> = BTreeMap::new();
    for published in view.adoptions() {
        let it = &published.it;
        if node.keys.contains_key(&it.body)
            && let Some(version) = newer(node, view, &it.body, &it.pack, 0)
        {
            adopted.insert((it.body.clone(), it.pack.clone()), version);
        }
    }
    for ((body, slug), version) in adopted {
        let seen = (body.clone(), slug.clone(), version);
        if node.counted_anew.lock().await.contains(&seen) {
            continue;
        }
        let (now, of) = (node.clock.now(), body.clone());
        let queued: Result<usize, StoreError> = node
            .store
            .run("cases.look_for_newer", move |tx| {
                let under_way = cases::under_way_before(tx, &of, slug.as_str(), version)?;
                for case in &under_way {
                    enqueue(tx, case, version, now)?;
                }
                Ok(under_way.len())
            })
            .await;
        let queued = queued?;
        node.counted_anew.lock().await.insert(seen);
        if queued > 0 {
            tracing::info!(%body, version, cases = queued, "a newer version was adopted; cases under way are looked at again");
        }
    }
    Ok(())
}

/// Queues the job for a case that has come in when its body had adopted a newer version already.
pub fn enqueue_for(ctx: &Ctx, tx: &mut Tx, node: &Node, open: &Open) -> Result<(), Stopped> {
    let Ok(view) = node.federation.view(ctx.at.instant) else {
        return Ok(());
    };
    let slug = &open.file.application.pack;
    if let Some(version) = newer(node, &view, &open.row.body, slug, open.row.version) {
        enqueue(tx, &open.row.id, version, ctx.at.instant)?;
    }
    Ok(())
}

fn enqueue(tx: &mut Tx, case: &str, version: u32, now: jiff::Timestamp) -> Result<(), StoreError> {
    let due = Due {
        case: case.to_owned(),
        version,
    };
    let payload =
        serde_json::to_string(&due).map_err(|why| StoreError::Engine(format!("a job could not be written: {why}")))?;
    jobs::enqueue(tx, COUNT_ANEW, &format!("{case}/{version}"), &payload, now).map(drop)
}

/// The job.
pub async fn count_anew(node: Arc<Node>, job: Job) -> Result<(), NotDone> {
    let due: Due = serde_json::from_str(&job.payload).map_err(|why| NotDone::Never(why.to_string()))?;
    let own = Arc::clone(&node);
    let done: Result<(), Stopped> = node
        .store
        .run("cases.count_anew", move |tx| one(tx, &own, &due.case, due.version))
        .await;
    match done {
        Ok(()) | Err(Stopped::NoCase) => Ok(()),
        Err(Stopped::NotAllowed(why)) => Err(NotDone::Never(why.to_string())),
        Err(why) => Err(NotDone::Later(why.to_string())),
    }
}

fn one(tx: &mut Tx, node: &Node, case: &str, version: u32) -> Result<(), Stopped> {
    let Some(mut open) = Open::read(tx, node, case)? else {
        return Ok(());
    };
    let is_counted = open.file.counted_with.is_some_and(|counted| counted >= version);
    if !proceed::is_open(&open) || is_counted || open.row.version >= version {
        return Ok(());
    }
    let ctx = proceed::system(node, &open.row.body, &open.row.pack);
    let newer = pack_of(node, &open.row.pack, version)?;
    let adopted = adoption(node, &open.row.body, &newer)?;
    let before = (open.known.clone(), open.examine(node, ctx.at.day)?.result);
    open.count_with(node, version)?;
    let after = open.examine(node, ctx.at.day)?.result;
    let mut what = differences((&before.0.pack, &before.1), (open.pack(), &after), open.step_name());
    for table in open.known.carried.iter().flat_map(|from| &from.left) {
        what.push(format!(
            "Tabellen {table} frågar i version {version} efter sådant som inte ingick i ansökan. En handläggare ser vad det betyder i ärendet."
        ));
    }
    if !what.is_empty() {
        open.file.law_changes.push(LawChange {
            version,
            at: open.moment(&ctx),
            what: what.clone(),
        });
        tell(&ctx, tx, node, &open, (version, &adopted.decided), &what)?;
    }
    open.tell_host |= !what.is_empty();
    finish(&ctx, tx, node, &mut open)?;
    proceed::enqueue(&ctx, tx, &open)
}

/// A line in the diary, a paper in the file, a letter to the party.
fn tell(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    open: &Open,
    (version, decided): (u32, &str),
    what: &[String],
) -> Result<(), Stopped> {
    let body = body_in_federation(node, &open.row.body)?;
    let mut sentences = vec![own(format!(
        "{} har antagit version {version} av tjänsten {} ({decided}). Ert ärende om {} pågår och avgörs enligt de regler som gäller vid beslutet.",
        letter::organ(&body),
        open.began.pack.title.it,
        step_text(open.pack(), "sv", open.step_name()).to_lowercase(),
    ))];
    sentences.push(own("Det här ändras i ert ärende:"));
    sentences.extend(what.iter().map(|sentence| own(sentence.clone())));
    sentences.push(by_law(
        "Ni behöver inte göra något. Vill ni lämna synpunkter kan ni svara på det här brevet.",
        "2017:900 25 §",
    ));
    let paper = letter::plain(Plain {
        body: &body,
        to: to(open),
        heading: "Reglerna har ändrats medan ert ärende pågår".to_owned(),
        sentences,
        diary_number: open.diary_number(),
        sent: ctx.at.day,
        signed_by: None,
    });
    let title = "Underrättelse om ändrade regler";
    enter(
        ctx,
        tx,
        open,
        diary::Way::Out,
        "Sökanden",
        &format!("{title}, version {version}"),
    )?;
    let id = keep_paper(
        ctx,
        tx,
        node,
        open,
        DocumentKind::Dispatched,
        "law_changed",
        title,
        true,
        &paper,
    )?;
    post(ctx, tx, node, open, "law_changed", &id, &paper)
}

/// What comes out otherwise in a step, as sentences. Empty: nothing.
pub fn differences(before: (&Pack, &StepResult), after: (&Pack, &StepResult), step: &Name) -> Vec<String> {
    let mut what = Vec::new();
    let needed = |result: &StepResult| result.needed.value().copied();
    match (needed(before.1), needed(after.1)) {
        (was, Some(false)) if was != Some(false) => what.push("Prövningen behövs inte längre.".to_owned()),
        (Some(false), Some(true)) => what.push("Prövningen behövs nu.".to_owned()),
        _ => {}
    }
    let said = |(pack, result): (&Pack, &StepResult)| match result.verdict(pack, step) {
        Verdict::Outcome(outcome) => outcome_text(pack, step, outcome).to_lowercase(),
        Verdict::NotNeeded => "att inget behövs".to_owned(),
        Verdict::CaseWorker => "att en handläggare tar ställning".to_owned(),
        Verdict::Waiting => "inget utfall än".to_owned(),
    };
    let (was, is) = (said(before), said(after));
    if was != is {
        what.push(format!("Reglerna gav tidigare {was} och ger nu {is}."));
    }
    let (was, is) = (rows(before), rows(after));
    for (row, because) in was.iter().filter(|row| !is.contains(row)) {
        what.push(format!("Gäller inte längre ({row}): {because}"));
    }
    for (row, because) in is.iter().filter(|row| !was.contains(row)) {
        what.push(format!("Gäller nu ({row}): {because}"));
    }
    let fee = |result: &StepResult| match &result.fee {
        Known::Value(fee) => Some(*fee),
        Known::NotApplicable | Known::Missing(_) => None,
    };
    match (fee(before.1), fee(after.1)) {
        (Some(was), Some(is)) if was != is => {
            what.push(format!("Avgiften är nu {is} kronor. Den var {was} kronor."));
        }
        (None, Some(is)) => what.push(format!("Avgiften är {is} kronor.")),
        _ => {}
    }
    what
}

/// The rows that certainly hold, with their sentences.
fn rows((pack, result): (&Pack, &StepResult)) -> Vec<(String, String)> {
    let held = result.holds.iter().map(|(fired, _)| fired);
    let held = held.map(|fired| {
        let text = pack.text("sv", &format!("rad.{}.{}", fired.rule, fired.row));
        (fired.row.to_string(), text.unwrap_or_default().to_owned())
    });
    held.collect()
}
