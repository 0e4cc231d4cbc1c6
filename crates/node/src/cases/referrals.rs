//! A referral at the asked body: a matter of its own in its own diary, and the opinion that goes back (FL 26 §).
//!
//! Always true: the same question in the same matter is one matter here, however often it comes; a second arrival is a
//! reminder in the diary; the answer is one of the choices asked for; what was sent opens only with the asked body's key.

use samverk_domain::case::messages::{Opinion, Referral};
use samverk_domain::terms::{BodyId, Message, MessageKind, Refused};
use samverk_store::cases::{self, Kind, Row, Stands};
use samverk_store::{Tx, diary};
use serde::{Deserialize, Serialize};

use super::file::{Stopped, Summary, body_in_federation, close, json, open_box};
use super::reception::number;
use crate::ctx::Ctx;
use crate::exchange::message::{Handler, NotSent, NotTaken};
use crate::exchange::{self, Outgoing};
use crate::node::Node;
use crate::post::letter;

/// An opinion's words.
pub const WORDS_MAX: usize = 20_000;

/// What an asked body holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Matter {
    pub asked: Referral,
    pub answered: Option<Given>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Given {
    pub answer: String,
    pub words: String,
    pub by: String,
    pub at: jiff::Timestamp,
}

/// A referral's matter opened in a transaction.
pub struct Open {
    pub row: Row,
    pub matter: Matter,
}

pub const REFERRAL: Handler = Handler {
    kind: MessageKind::Referral,
    // The asker's reference is named, not the person.
    subjects: |_| vec![],
    receive: take,
    delivered: |_, _, _, _, _| Ok(()),
};

fn take(ctx: &Ctx, tx: &mut Tx, node: &Node, message: &Message) -> Result<(), NotTaken> {
    let asked: Referral = serde_json::from_value(message.payload.clone()).map_err(|_| Refused::Contents)?;
    if asked.choices.is_empty() || asked.choices.len() > 20 || asked.facts.len() > super::reception::FACTS_MAX {
        return Err(Refused::Contents.into());
    }
    received(ctx, tx, node, message, asked).map_err(|why| match why {
        Stopped::Store(why) => NotTaken::Store(why),
        why => NotTaken::Ours(why.to_string()),
    })
}

fn received(ctx: &Ctx, tx: &mut Tx, node: &Node, message: &Message, asked: Referral) -> Result<(), Stopped> {
    let fact = asked.fact.to_string();
    let sender =
        body_in_federation(node, &message.from).map_or_else(|_| message.from.to_string(), |b| letter::organ(&b));
    let entered = |tx: &mut Tx, case_id: &str, what: &str| {
        diary::enter(
            tx,
            &diary::NewEntry {
                case_id,
                body: &ctx.body,
                at: ctx.at.instant,
                day: ctx.at.day,
                way: diary::Way::In,
                who: &sender,
                what,
            },
        )
    };
    if let Some(there) = cases::by_origin(tx, &ctx.body, Kind::Referral, &message.from, &asked.diary_number, &fact)? {
        entered(tx, &there.id, "Påminnelse om remiss")?;
        return Ok(());
    }
    let id = node.chance.token();
    let row = Row {
        diary_number: number(tx, node, &ctx.body, ctx.at.day.year())?,
        body: ctx.body.clone(),
        kind: Kind::Referral,
        pack: asked.pack.to_string(),
        version: 0,
        step: fact,
        sender: message.from.clone(),
        reference: asked.diary_number.clone(),
        owner: String::new(),
        stands: Stands {
            state: "registered".to_owned(),
            todo: "opinion".to_owned(),
            waits: "staff".to_owned(),
            due: Some(asked.answer_by),
        },
        received_at: ctx.at.instant,
        changed_at: ctx.at.instant,
        revision: 1,
        summary: vec![],
        contents: vec![],
        id,
    };
    let mut open = Open {
        row,
        matter: Matter { asked, answered: None },
    };
    open.refresh(ctx, node, &sender)?;
    cases::insert(tx, &open.row)?;
    entered(tx, &open.row.id, "Remiss")?;
    Ok(())
}

impl Open {
    pub fn of(node: &Node, row: Row) -> Result<Self, Stopped> {
        let matter = open_box(node, &row.body, &row.id, "contents", &row.contents)?;
        Ok(Self { row, matter })
    }

    fn refresh(&mut self, ctx: &Ctx, node: &Node, sender: &str) -> Result<(), Stopped> {
        let answered = self.matter.answered.is_some();
        if answered {
            self.row.stands = Stands {
                state: "closed".to_owned(),
                todo: "done".to_owned(),
                waits: "nobody".to_owned(),
                due: None,
            };
        }
        let summary = Summary {
            party: sender.to_owned(),
            step: format!("Remiss i {}", self.matter.asked.diary_number),
            todo: if answered { "Besvarad" } else { "Yttra er" }.to_owned(),
            because: "26 § förvaltningslagen".to_owned(),
        };
        self.row.contents = close(node, &self.row.body, &self.row.id, "contents", &json(&self.matter)?)?;
        self.row.summary = close(node, &self.row.body, &self.row.id, "summary", &json(&summary)?)?;
        self.row.changed_at = ctx.at.instant;
        Ok(())
    }
}

/// Gives the opinion and sends it back.
pub fn answer(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    open: &mut Open,
    answer: &str,
    words: &str,
    by: &str,
) -> Result<(), Stopped> {
    let asked = &open.matter.asked;
    if open.matter.answered.is_some() {
        return Err(Stopped::Input("Remissen är redan besvarad.".to_owned()));
    }
    if !asked.choices.iter().any(|choice| choice == answer) {
        return Err(Stopped::Input("Välj ett av svaren.".to_owned()));
    }
    if words.chars().count() > WORDS_MAX {
        return Err(Stopped::Input(format!("Korta texten till högst {WORDS_MAX} tecken.")));
    }
    let opinion = Opinion {
        diary_number: asked.diary_number.clone(),
        fact: asked.fact.clone(),
        answer: answer.to_owned(),
        words: words.to_owned(),
        at: ctx.at.instant,
    };
    let to: BodyId = open.row.sender.clone();
    let outgoing = Outgoing {
        id: node.chance.id(ctx.at.instant).to_string(),
        kind: MessageKind::Opinion,
        to: to.clone(),
        matter: open.row.diary_number.clone(),
        payload: serde_json::to_value(&opinion).map_err(|why| Stopped::Ours(why.to_string()))?,
        subjects: vec![],
        by: "Remissvar".to_owned(),
    };
    match exchange::send(ctx, tx, node, &outgoing) {
        Ok(()) => {}
        Err(NotSent::Store(why)) => return Err(why.into()),
        Err(NotSent::NoTerms(_) | NotSent::NoReceiver(_)) => {
            return Err(Stopped::Input(format!(
                "Yttrandet kan inte skickas: det finns inget avtal med {to} om yttranden."
            )));
        }
        Err(why) => return Err(Stopped::Later(why.to_string())),
    }
    open.matter.answered = Some(Given {
        answer: answer.to_owned(),
        words: words.to_owned(),
        by: by.to_owned(),
        at: ctx.at.instant,
    });
    let sender = body_in_federation(node, &to).map_or_else(|_| to.to_string(), |body| letter::organ(&body));
    open.refresh(ctx, node, &sender)?;
    if !cases::save(tx, &open.row)? {
        return Err(Stopped::Stale);
    }
    open.row.revision += 1;
    diary::enter(
        tx,
        &diary::NewEntry {
            case_id: &open.row.id,
            body: &open.row.body,
            at: ctx.at.instant,
            day: ctx.at.day,
            way: diary::Way::Out,
            who: &sender,
            what: "Yttrande",
        },
    )?;
    Ok(())
}
