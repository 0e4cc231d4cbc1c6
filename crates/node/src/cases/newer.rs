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
use super::papers::{to, you};
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
    let you = you(open);
    let mut sentences = vec![own(format!(
        "{} har antagit version {version} av tjänsten {} ({decided}). {} ärende om {} pågår och avgörs enligt de regler som gäller vid beslutet.",
        letter::organ(&body),
        open.began.pack.title.it,
        you.your_case_first(),
        step_text(open.pack(), "sv", open.step_name()).to_lowercase(),
    ))];
    sentences.push(own(format!("Det här ändras i {} ärende:", you.your_case())));
    sentences.extend(what.iter().map(|sentence| own(sentence.clone())));
    sentences.push(by_law(
        format!(
            "{} behöver inte göra något. Vill {you} lämna synpunkter kan {you} svara på det här brevet.",
            you.you_first(),
            you = you.you()
        ),
        "2017:900 25 §",
    ));
    let paper = letter::plain(Plain {
        body: &body,
        to: to(open),
        heading: format!("Reglerna har ändrats medan {} ärende pågår", you.your_case()),
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

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use samverk_domain::fact::{Facts, Value};
    use samverk_domain::rules::{self, Setting};

    use super::*;
    use crate::clock::Clock;
    use crate::library::{self, Known as Version};
    use crate::node::tests::a_node_with_clock;
    use crate::publishing::adopt::{self, Wish};
    use crate::publishing::version::tests::{SMALL, files};
    use crate::publishing::version::{VerifiedVersion, sign};
    use crate::trust::contract::TYP_ADOPTION;
    use crate::trust::federation::tests::{World, now, world};
    use crate::trust::sign_statement;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn version(text: &str) -> Version {
        Version::of(files(text), None).unwrap()
    }

    /// The step's result for a well of 80 metres, with the fee that fullmäktige has set.
    fn examined(known: &Version, fee: i64) -> StepResult {
        let mut facts = Facts::default();
        facts.set(name("brunn.djup"), Known::Value(Value::Number(Decimal::from(80))));
        let mut setting = Setting::default();
        let fee = vec![(None, Value::Number(Decimal::from(fee)))];
        setting.parameters.insert(name("taxa.vatten"), fee);
        rules::evaluate(&known.pack, &facts, &setting)
            .steps
            .remove(&name("prov"))
            .unwrap()
    }

    #[test]
    fn what_comes_out_otherwise_is_said_in_sentences_and_what_does_not_is_not() {
        let before = version(SMALL);
        let after = version(
            &SMALL
                .replace("| ≤ gräns.djup |", "| ≤ 50 |")
                .replace("| > gräns.djup |", "| > 50 |")
                .replace("Brunnen är djup.", "Brunnen är djupare än 50 meter."),
        );
        let step = name("prov");
        let (was, is) = (examined(&before, 900), examined(&after, 950));
        assert_eq!(
            differences((&before.pack, &was), (&before.pack, &was), &step),
            Vec::<String>::new()
        );
        let said = differences((&before.pack, &was), (&after.pack, &is), &step);
        assert_eq!(said.len(), 4, "{said:?}");
        assert!(said[0].contains("ger nu att en handläggare tar ställning"), "{said:?}");
        assert!(
            said[1].contains("Gäller inte längre (u1): Brunnen är grund."),
            "{said:?}"
        );
        assert!(
            said[2].contains("Gäller nu (u2): Brunnen är djupare än 50 meter."),
            "{said:?}"
        );
        assert_eq!(said[3], "Avgiften är nu 950 kronor. Den var 900 kronor.");
    }

    #[test]
    fn a_case_is_queued_once_for_each_version() {
        let (_dir, node) = a_node_with_clock(Clock::System);
        let now = node.clock.now();
        let open = |node: &Node| node.store.read_blocking("test", jobs::open).unwrap();
        for version in [2, 2, 3, 2] {
            let done: Result<(), StoreError> = node
                .store
                .run_blocking("test", move |tx| enqueue(tx, "arende-1", version, now));
            done.unwrap();
        }
        assert_eq!(open(&node), 2, "one for version 2 and one for version 3");
    }

    #[tokio::test]
    async fn a_case_that_is_gone_is_done_with_and_a_job_that_cannot_be_read_is_never_tried_again() {
        let (_dir, node) = a_node_with_clock(Clock::System);
        let job = |payload: &str| Job {
            kind: COUNT_ANEW.to_owned(),
            key: "x/2".to_owned(),
            payload: payload.to_owned(),
            attempt: 1,
        };
        let gone = count_anew(Arc::clone(&node), job(r#"{"case":"finns-inte","version":2}"#)).await;
        assert!(gone.is_ok());
        let broken = count_anew(node, job("{")).await;
        assert!(matches!(broken, Err(NotDone::Never(_))));
    }

    /// The world in which the consumer has adopted these versions of the small service, and a node that has `held`.
    fn adopted(numbers: &[u32], held: &[u32]) -> (tempfile::TempDir, Arc<Node>, World) {
        let mut world = world();
        world.federation.bodies[2].kind = samverk_domain::terms::BodyKind::MunicipalBoard;
        let given_out = |world: &World, number: u32| {
            let text = SMALL.replace("version: 1", &format!("version: {number}"));
            let signed = sign(&files(&text), (name("vattenprov"), number), &world.provider, now()).unwrap();
            VerifiedVersion::verify(signed, &world.view()).unwrap().into_known()
        };
        let mut statements = Vec::new();
        for number in numbers {
            let wish = Wish {
                set: vec!["taxa.vatten=900 från 2026-06-01 (fullmäktige 2026-05-20, § 31)".to_owned()],
                decided: "Miljönämnden, 2026-06-09, § 33".to_owned(),
                ..Wish::default()
            };
            let (view, known) = (world.view(), given_out(&world, *number));
            let body = view.body(world.consumer.body()).unwrap();
            let proposed = adopt::propose(&view, &known, world.provider.body(), body, &wish, now()).unwrap();
            statements.push(sign_statement(world.consumer.signing(), TYP_ADOPTION, &proposed.adoption).unwrap());
        }
        world.federation.adoptions.extend(statements);
        let (dir, node) = a_node_with_clock(Clock::System);
        for number in held {
            let known = given_out(&world, *number);
            let kept: Result<(), StoreError> = node
                .store
                .run_blocking("test", move |tx| library::pin(tx, &known, now()));
            kept.unwrap();
        }
        (dir, node, world)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_newest_version_that_the_body_has_adopted_and_the_node_has_is_the_newer_one() {
        let newer_than = async |adopted_versions: &[u32], held: &[u32], version: u32| {
            let (dir, node, world) = tokio::task::block_in_place(|| adopted(adopted_versions, held));
            library::refresh(&node).await.unwrap();
            let found = newer(
                &node,
                &world.view(),
                world.consumer.body(),
                &name("vattenprov"),
                version,
            );
            drop(dir);
            found
        };
        assert_eq!(newer_than(&[1, 2, 3], &[1, 2, 3], 1).await, Some(3));
        assert_eq!(
            newer_than(&[1, 2, 3], &[1, 2], 1).await,
            Some(2),
            "version 3 is not here yet"
        );
        assert_eq!(
            newer_than(&[1, 2], &[1, 2, 3], 1).await,
            Some(2),
            "nobody has adopted version 3"
        );
        assert_eq!(newer_than(&[1, 2], &[1, 2], 2).await, None);
        assert_eq!(newer_than(&[1], &[1, 2], 1).await, None);
    }
}
