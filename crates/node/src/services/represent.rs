//! Whom a person may act for: the company register's own rule of who signs, asked at the person's request.
//!
//! Always true: nobody acts for a company that the register does not let them sign for, alone or with others; where several
//! must sign together, the others sign before anything is sent ([`super::signing`]).

use std::sync::Arc;

use samverk_domain::fact::{Name, Value};
use samverk_domain::terms::{FieldAnswer, Mode, Subject};
use samverk_domain::words::signing::{MaySign, Signing};

use crate::ctx::{Ctx, PersonRef};
use crate::exchange::{self, NotAnswered, Question};
use crate::node::Node;
use crate::web::texts::{Lang, Texts};

/// The register that knows companies, and its fields.
pub(crate) const REGISTER: &str = "bolag";
pub(crate) const SIGNING: &str = "firmateckning";
const NAME: &str = "namn";

/// Why a person may not act for a company here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRepresented {
    /// The register has no such company.
    NoCompany,
    /// The person is not among those who sign.
    NotASignatory,
    /// The register has no rule that a machine can read.
    NoRule,
    /// The register could not be asked now.
    Down,
    /// There is no contract to ask it.
    NoContract,
}

impl NotRepresented {
    /// What happened, and what to do.
    pub fn words(self, lang: Lang) -> (String, String) {
        let t = |k| Texts::get(lang, k);
        match self {
            Self::NoCompany => (
                t("choose.no_company").to_string(),
                t("choose.no_company_next").to_string(),
            ),
            Self::NotASignatory => (
                t("choose.not_signatory").to_string(),
                t("choose.not_signatory_next").to_string(),
            ),
            Self::NoRule => (t("choose.no_rule").to_string(), t("choose.no_rule_next").to_string()),
            Self::Down => (t("choose.down").to_string(), t("choose.down_next").to_string()),
            Self::NoContract => (
                t("choose.no_contract").to_string(),
                t("choose.no_contract_next").to_string(),
            ),
        }
    }
}

/// A company that the person may act for.
#[derive(Clone, PartialEq, Eq)]
pub struct Company {
    pub name: String,
    /// Who signs for it, as the register says it now. Holds identity numbers: kept in closed boxes only.
    pub signing: String,
    /// The person signs only with others.
    pub together: bool,
}

/// Lets the person act for the company, or says why not.
pub async fn may_act(ctx: &Ctx, node: &Arc<Node>, person: &PersonRef, orgnr: &str) -> Result<Company, NotRepresented> {
    let mut ctx = ctx.clone();
    if ctx.ground.purpose.is_empty() {
        // Chosen from the header: the first service that people may start here is what they may be about to do.
        let first = node.config.portal.iter().flat_map(|portal| portal.packs.iter()).next();
        ctx.ground.purpose = first.map(Name::to_string).unwrap_or_default();
    }
    let rule = ask(&ctx, node, SIGNING, orgnr)
        .await?
        .ok_or(NotRepresented::NoCompany)?;
    let rule = Signing::parse(&rule).map_err(|_| NotRepresented::NoRule)?;
    let together = match rule.may_sign(&person.number) {
        MaySign::Alone => false,
        MaySign::Together(_) => true,
        MaySign::No => return Err(NotRepresented::NotASignatory),
    };
    // The name is a courtesy: who may sign is what must be known. Without it the number stands in its place.
    let name = match ask(&ctx, node, NAME, orgnr).await {
        Ok(name) => name.ok_or(NotRepresented::NoCompany)?,
        Err(_) => Value::OrgNr(orgnr.to_owned()).to_string(),
    };
    Ok(Company {
        name,
        signing: rule.to_string(),
        together,
    })
}

async fn ask(ctx: &Ctx, node: &Arc<Node>, field: &str, orgnr: &str) -> Result<Option<String>, NotRepresented> {
    let name = |text: &str| Name::parse(text).map_err(|_| NotRepresented::NoRule);
    let question = Question {
        id: node.chance.id(ctx.at.instant).to_string(),
        register: name(REGISTER)?,
        field: name(field)?,
        subject: Subject::OrgNr(orgnr.to_owned()),
        mode: Mode::ViaApplicant,
        matter: format!("foretrad-{}", ctx.trace),
        by: "På sökandens begäran: vem får företräda företaget".to_owned(),
    };
    match exchange::ask(ctx, node, &question).await {
        Ok(answered) => match answered.said {
            FieldAnswer::Value { value, .. } => Ok(Some(value)),
            FieldAnswer::NoRecord => Ok(None),
            FieldAnswer::Error { .. } => Err(NotRepresented::Down),
        },
        Err(
            NotAnswered::NoContract(_)
            | NotAnswered::Revoked(_)
            | NotAnswered::Refused { .. }
            | NotAnswered::NoKeeper(_),
        ) => Err(NotRepresented::NoContract),
        Err(why) => {
            tracing::warn!(%why, "the company register could not be asked");
            Err(NotRepresented::Down)
        }
    }
}
