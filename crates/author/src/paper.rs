//! The nämnd's paper: from a service and a body's parameters, the draft decision to adopt it.
//!
//! One HTML document that stands alone, prints on A4 and reads well aloud. Always true here: what the paper says of the service is
//! cut from the document itself or counted by the checker; what only the body knows (day, number, cost) is left as a line to
//! fill in, and never guessed. A parameter that has not been given is shown as missing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use samverk_domain::check;
use samverk_domain::fact::Name;
use samverk_domain::finding::{Finding, Severity};
use samverk_domain::pack::{
    Decider, Fact, Mode, OutcomeKind, Pack, Parameter, ParameterDefault, ParameterType, SetBy, Source, Step,
};

/// What the body brings to the paper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// `Miljönämnden i Exempelkommun A`
    pub body: String,
    /// The roles that the body answers for.
    pub roles: Vec<Name>,
    /// Parameter or delegation → what is proposed, as written in the document's form.
    pub values: BTreeMap<Name, String>,
    /// Who takes in applications for the body; absent: left to fill in.
    pub host: Option<String>,
}

/// Why there is no paper.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPaper {
    #[error("{0} is no role of the service; it has {1}")]
    NoRole(Name, String),
    #[error("no step of the service is the body's; name a role that has one")]
    NoStep,
    #[error("{0} is no parameter of the service")]
    NoParameter(Name),
    #[error("{0}: {1}")]
    NotAllowed(Name, String),
    #[error("the service has {0} errors; a nämnd should not be asked to adopt it. `samverk check` shows them")]
    Faulty(usize),
}

/// Writes the paper. `found`: what the checker found in the service.
pub fn write(pack: &Pack, found: &[Finding], order: &Order) -> Result<String, NoPaper> {
    let errors = found
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    if errors > 0 {
        return Err(NoPaper::Faulty(errors));
    }
    for role in &order.roles {
        if pack.role(role).is_none() {
            let known: Vec<&str> = pack.roles.iter().map(|role| role.name.it.as_str()).collect();
            return Err(NoPaper::NoRole(role.clone(), known.join(", ")));
        }
    }
    for (name, value) in &order.values {
        let parameter = pack.parameter(name).ok_or_else(|| NoPaper::NoParameter(name.clone()))?;
        if let ParameterType::Value(ty) = &parameter.ty.it {
            ty.value(value)
                .map_err(|why| NoPaper::NotAllowed(name.clone(), why.to_string()))?;
        }
    }
    let steps: Vec<&Step> = pack
        .steps
        .iter()
        .filter(|step| order.roles.is_empty() || order.roles.contains(&step.role.it))
        .collect();
    if steps.is_empty() {
        return Err(NoPaper::NoStep);
    }
    let paper = Paper {
        pack,
        order,
        steps,
        found,
    };
    Ok(paper.html())
}

struct Paper<'p> {
    pack: &'p Pack,
    order: &'p Order,
    steps: Vec<&'p Step>,
    found: &'p [Finding],
}

impl Paper<'_> {
    fn html(&self) -> String {
        let mut out = Html::default();
        let title = format!(
            "Förslag: anta tjänsten {}, version {}",
            *self.pack.title, *self.pack.meta.version
        );
        out.raw("<!doctype html>\n<html lang=\"sv\">\n<head>\n<meta charset=\"utf-8\">\n");
        out.raw("<meta name=\"viewport\" content=\"width=device-width\">\n");
        out.raw(&format!(
            "<title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n",
            escaped(&title)
        ));
        self.head(&mut out);
        self.proposal(&mut out);
        self.summary(&mut out);
        self.work(&mut out);
        self.delegations(&mut out);
        self.parameters(&mut out);
        self.duties(&mut out);
        self.assessment(&mut out);
        self.proved(&mut out);
        self.open(&mut out);
        out.raw("</main>\n</body>\n</html>\n");
        out.0
    }

    fn head(&self, out: &mut Html) {
        out.raw("<header>\n<p class=\"kind\">Tjänsteskrivelse</p>\n<dl>\n");
        for (term, value) in [
            ("Till", self.order.body.as_str()),
            ("Datum", ""),
            ("Diarienummer", ""),
            ("Handläggare", ""),
        ] {
            out.raw(&format!("<div><dt>{term}</dt><dd>{}</dd></div>\n", blank_or(value)));
        }
        out.raw("</dl>\n</header>\n");
        out.heading(
            1,
            &format!(
                "Anta tjänsten {}, version {}",
                *self.pack.title, *self.pack.meta.version
            ),
        );
    }

    fn proposal(&self, out: &mut Html) {
        let steps: Vec<String> = self.steps.iter().map(|step| self.step_name(step)).collect();
        let host = match &self.order.host {
            Some(host) => escaped(host),
            None => blank_or(""),
        };
        out.heading(2, "Förslag till beslut");
        out.raw(&format!(
            "<p>{} beslutar</p>\n<ol class=\"decision\">\n",
            escaped(&self.order.body)
        ));
        out.raw(&format!(
            "<li>att anta tjänsten {} i version {} för {} {}. Dokumentet gäller från och med den {}{}. Det har SHA-256-summan <code>{}</code>, \
             och ett ändrat dokument är en annan version som kräver ett nytt beslut;</li>\n",
            escaped(&self.pack.title),
            *self.pack.meta.version,
            if steps.len() == 1 { "steget" } else { "stegen" },
            escaped(&and(&steps)),
            *self.pack.meta.valid_from,
            self.pack
                .meta
                .valid_to
                .as_ref()
                .map(|day| format!(" till och med den {}", day.it))
                .unwrap_or_default(),
            self.pack.sha256(),
        ));
        if self.own_parameters(SetBy::Board).next().is_some() {
            out.raw("<li>att fastställa parametrarna i tabell 3;</li>\n");
        }
        if self.own_parameters(SetBy::Council).next().is_some() {
            out.raw("<li>att för egen del föreslå fullmäktige att fastställa avgifterna i tabell 4;</li>\n");
        }
        if self.own_delegations().next().is_some() {
            out.raw("<li>att delegera beslut enligt tabell 2;</li>\n");
        }
        out.raw(&format!(
            "<li>att {host} är nämndens mottagning för ansökningar i tjänsten, så att det som har kommit in dit har kommit in till nämnden \
             (2 kap. 9 § tryckfrihetsförordningen);</li>\n"
        ));
        if self.own_delegations().next().is_none() {
            out.raw("</ol>\n");
            return;
        }
        out.raw(&format!(
            "<li>att beslut som har fattats med stöd av delegationen ska anmälas till nämnden i denna omfattning (6 kap. 40 § \
             kommunallagen): {}</li>\n</ol>\n",
            blank_or("")
        ));
    }

    fn summary(&self, out: &mut Html) {
        out.heading(2, "Sammanfattning");
        out.paragraph(&self.pack.intro);
        let notes = self.obstacles().count();
        out.paragraph(&format!(
            "Tjänsten är ett dokument som kan läsas av den som beslutar och som körs som det står. Den har {} steg, varav {} hos {}. {} \
             uppgifter frågas högst, {} hämtas ur register och {} frågas fast någon annan redan har dem.",
            self.pack.steps.len(),
            self.steps.len(),
            self.order.body,
            check::facts(self.pack).filter(|fact| fact.source.it == Source::Applicant).count(),
            check::facts(self.pack)
                .filter(|fact| matches!(fact.source.it, Source::Register(_)))
                .count(),
            notes,
        ));
    }

    fn work(&self, out: &mut Html) {
        out.heading(2, "Vad nämnden tar emot och beslutar om");
        let rows = self.steps.iter().map(|step| {
            vec![
                self.step_name(step),
                self.pack.words_at(step.needed_when.span),
                step.deadline
                    .as_ref()
                    .map(|it| self.pack.words_at(it.span))
                    .unwrap_or_default(),
                step.fee.as_ref().map(|fee| self.name_of(&fee.it)).unwrap_or_default(),
                step.law.as_ref().map(|law| law.it.to_string()).unwrap_or_default(),
            ]
        });
        let columns = ["Steg", "Behövs när", "Frist", "Avgift", "Lagrum"];
        out.table("Tabell 1. Ansökningar och anmälningar", &columns, rows);
        let rows = self.steps.iter().flat_map(|step| {
            self.pack.outcomes_of(&step.name.it).map(|outcome| {
                let heard = match outcome.heard_for.it {
                    Some(_) => self.pack.words_at(outcome.heard_for.span),
                    None => "nej".to_owned(),
                };
                vec![
                    self.step_name(step),
                    outcome.name.it.clone(),
                    kind(outcome.kind.it).to_owned(),
                    self.pack.words_at(outcome.decider.span),
                    heard,
                    self.pack.words_at(outcome.appeal.span),
                ]
            })
        });
        let columns = ["Steg", "Utfall", "Slag", "Beslutas av", "Hörs före", "Överklagas"];
        out.table("Utfall av varje steg", &columns, rows);
    }

    fn delegations(&self, out: &mut Html) {
        out.heading(2, "Delegation");
        out.paragraph(
            "Nämnden får delegera till anställda (7 kap. 5 § kommunallagen) och till en automatiserad beslutsfunktion (6 kap. 37 §). \
             Den får inte delegera ärenden som avser verksamhetens mål, inriktning, omfattning eller kvalitet, inte myndighetsutövning av \
             principiell beskaffenhet eller annars av större vikt (6 kap. 38 § första stycket), och inte till en automatiserad beslutsfunktion \
             beslut som överklagas genom laglighetsprövning eller som inte får överklagas (andra stycket). Utan delegation beslutar \
             nämnden, eller den som nämndens delegationsordning redan anger.",
        );
        let rows: Vec<Vec<String>> = self
            .own_delegations()
            .map(|parameter| {
                let name = &parameter.name.it;
                let outcomes: Vec<String> = self
                    .pack
                    .outcomes
                    .iter()
                    .filter(|outcome| delegation_of(&outcome.decider.it) == Some(name))
                    .map(|outcome| {
                        let how = match outcome.decider.it {
                            Decider::Automatic { .. } => "automatiskt",
                            _ => "av en anställd",
                        };
                        format!("{} i {} ({how})", outcome.name.it, outcome.step.it)
                    })
                    .collect();
                vec![
                    self.name_of(name),
                    and(&outcomes),
                    parameter.source.as_ref().map(|it| it.it.clone()).unwrap_or_default(),
                    self.order.values.get(name).cloned().unwrap_or_default(),
                ]
            })
            .collect();
        if rows.is_empty() {
            out.paragraph("Inget steg hos nämnden bygger på delegation.");
            return;
        }
        let columns = ["Delegation", "Omfattar", "Stöd", "Till vem"];
        out.table("Tabell 2. Delegationer", &columns, rows.into_iter());
    }

    fn parameters(&self, out: &mut Html) {
        out.heading(2, "Parametrar");
        let mut is_any = false;
        for (set_by, caption) in [
            (SetBy::Board, "Tabell 3. Fastställs av nämnden"),
            (SetBy::Council, "Tabell 4. Fastställs av fullmäktige"),
            (SetBy::Agency, "Fastställs av myndigheten"),
            (SetBy::Law, "Följer av lag och kan inte ändras här"),
        ] {
            let rows: Vec<Vec<String>> = self.own_parameters(set_by).map(|it| self.parameter(it)).collect();
            if !rows.is_empty() {
                is_any = true;
                let columns = ["Parameter", "Tillåtet", "Förslag", "Räknas vid", "Stöd eller källa"];
                out.table(caption, &columns, rows.into_iter());
            }
        }
        if !is_any {
            out.paragraph("Stegen hos nämnden har inga parametrar.");
        }
    }

    fn parameter(&self, parameter: &Parameter) -> Vec<String> {
        let standard = match &parameter.default.it {
            ParameterDefault::None => None,
            _ => Some(format!(
                "{} (dokumentets standard)",
                self.pack.words_at(parameter.default.span)
            )),
        };
        let proposed = self.order.values.get(&parameter.name.it).cloned().or(standard);
        let counted = match parameter.counted_at {
            samverk_domain::pack::CountedAt::Application => "ansökan",
            samverk_domain::pack::CountedAt::Decision => "beslut",
            samverk_domain::pack::CountedAt::Event => "händelse",
        };
        vec![
            self.name_of(&parameter.name.it),
            self.pack.words_at(parameter.ty.span),
            proposed.unwrap_or_default(),
            counted.to_owned(),
            parameter.source.as_ref().map(|it| it.it.clone()).unwrap_or_default(),
        ]
    }

    fn duties(&self, out: &mut Html) {
        let own = |step: &Name| self.steps.iter().any(|it| it.name.it == *step);
        let rows: Vec<Vec<String>> = self
            .pack
            .duties
            .iter()
            .filter(|duty| own(&duty.after.it.step))
            .map(|duty| {
                vec![
                    self.pack.words_at(duty.after.span),
                    duty.text.it.clone(),
                    self.pack.words_at(duty.due.span),
                    duty.law.as_ref().map(|law| law.it.to_string()).unwrap_or_default(),
                ]
            })
            .collect();
        if !rows.is_empty() {
            out.heading(2, "Vad den enskilde ska göra efter beslutet");
            let columns = ["Efter", "Skyldighet", "Senast", "Lagrum"];
            out.table(
                "Skyldigheter som brevet och uppföljningssidan visar",
                &columns,
                rows.into_iter(),
            );
        }
    }

    fn assessment(&self, out: &mut Html) {
        out.heading(
            2,
            "Underlag för konsekvensbedömning (artikel 35 i dataskyddsförordningen)",
        );
        out.heading(3, "Beskrivning av behandlingen");
        let names: Vec<Name> = self
            .steps
            .iter()
            .flat_map(|step| {
                let mut all = check::read_by_step(self.pack, &step.name.it);
                all.extend(self.pack.underlag(step));
                all
            })
            .collect();
        let facts: Vec<&Fact> = check::facts(self.pack)
            .filter(|fact| names.contains(&fact.name.it))
            .collect();
        let rows = facts.iter().map(|fact| {
            let law = |law: &Option<samverk_domain::finding::Spanned<samverk_domain::words::law::Lagrum>>| {
                law.as_ref().map(|law| law.it.to_string()).unwrap_or_default()
            };
            vec![
                self.name_of(&fact.name.it),
                self.source(fact),
                law(&fact.disclosure),
                law(&fact.processing),
            ]
        });
        let columns = ["Uppgift", "Varifrån", "Grund för utlämnande", "Grund för behandling"];
        out.table("Uppgifter som nämnden behandlar", &columns, rows);
        out.heading(3, "Behov och proportionalitet");
        out.paragraph(
            "Varje uppgift har en källa och används av ett steg eller en regel; det är prövat. En uppgift frågas bara när svaret kan ändra \
             något, och skickas bara till den vars steg den hör till.",
        );
        let list = |facts: Vec<String>| {
            if facts.is_empty() {
                "inga".to_owned()
            } else {
                and(&facts)
            }
        };
        let sensitive = facts.iter().filter(|fact| fact.sensitive.is_some());
        let third = facts.iter().filter(|fact| {
            let of_a_list = self.pack.list_of_column(&fact.name.it).is_some();
            of_a_list && matches!(&fact.source.it, Source::Register(register) if register.mode == Mode::Direct)
        });
        let automatic = self.steps.iter().flat_map(|step| {
            let own = self.pack.outcomes_of(&step.name.it);
            own.filter(|outcome| matches!(outcome.decider.it, Decider::Automatic { .. }))
                .map(|outcome| format!("{} i {}", outcome.name.it, outcome.step.it))
        });
        out.heading(3, "Risker som bedömningen ska ta ställning till");
        out.list(&[
            format!("Känsliga uppgifter: {}.", list(sensitive.map(|fact| self.name_of(&fact.name.it)).collect())),
            format!(
                "Uppgifter om andra än sökanden, hämtade direkt mellan myndigheter: {}.",
                list(third.map(|fact| self.name_of(&fact.name.it)).collect())
            ),
            format!(
                "Beslut utan att en människa deltar: {}. De får överklagas genom förvaltningsbesvär, är inte betungande och bygger inte på någon bedömning; det är prövat.",
                list(automatic.collect())
            ),
        ]);
        out.heading(3, "Åtgärder");
        out.list(&[
            "Varje utbyte mellan organ är avtalat och undertecknat av båda, och går att kontrollera i efterhand."
                .to_owned(),
            "Den enskilde ser vem som har läst vad, när, varför och med vilket stöd.".to_owned(),
            "Ett saknat eller bestritt värde avgör aldrig något till nackdel: då tar en handläggare ställning."
                .to_owned(),
        ]);
        out.paragraph("Nämndens egen bedömning av riskerna och dataskyddsombudets råd:");
        out.raw("<p class=\"lines\" aria-label=\"Plats att fylla i\"></p>\n");
    }

    fn proved(&self, out: &mut Html) {
        out.heading(2, "Vad som är prövat");
        let rows: usize = self.pack.rules.iter().map(|rule| rule.rows.len()).sum();
        let unproved = self.found.iter().filter(|finding| finding.code == "S309").count();
        let whole = match unproved {
            0 => "Kontrollen har gått igenom alla fall som dokumentet kan skilja åt.".to_owned(),
            some => {
                format!("I {some} tabeller är fallen fler än som kan gås igenom; där är fullständigheten inte bevisad.")
            }
        };
        out.paragraph(&format!(
            "Dokumentet har {} regler med {rows} rader och {} exempel. {whole} Tabellerna är fullständiga och entydiga, varje fall \
             slutar i ett utfall, inget går i cirkel, varje betungande beslut har skäl, lagrum, kommunicering, beslutsfattare och \
             uppgift om hur det överklagas, och exemplen slutar som de säger. Kontrollen fann inga fel.",
            self.pack.rules.len(),
            self.pack.examples.len(),
        ));
        let uncertain: Vec<Vec<String>> = self
            .pack
            .uncertain
            .iter()
            .map(|it| {
                vec![
                    self.pack.words_at(it.about.span),
                    it.what.it.clone(),
                    it.check.as_ref().map(|check| check.it.clone()).unwrap_or_default(),
                ]
            })
            .collect();
        if uncertain.is_empty() {
            out.paragraph("Dokumentet anger inget som osäkert.");
        } else {
            let columns = ["Gäller", "Vad är osäkert", "Hur det kontrolleras"];
            out.table("Utgivaren anger detta som osäkert", &columns, uncertain.into_iter());
        }
        let obstacles: Vec<String> = self
            .obstacles()
            .map(|finding| finding.message.replace('`', ""))
            .collect();
        if !obstacles.is_empty() {
            out.heading(3, "Uppgifter som frågas fast någon redan har dem");
            out.list(&obstacles);
        }
    }

    fn open(&self, out: &mut Html) {
        out.heading(2, "Kostnader, tid och uppföljning");
        out.paragraph(
            "Nämndens uppskattning av kostnad för införande och drift, och av den tid som handläggningen tar i dag:",
        );
        out.raw("<p class=\"lines\" aria-label=\"Plats att fylla i\"></p>\n");
        out.paragraph("Effekterna räknas sedan ur det som händer i tjänsten och visas på dess sida för effekter.");
        out.heading(2, "Beslutet skickas till");
        out.raw(&format!("<p>{}</p>\n", blank_or("")));
    }

    // ---- what the document says ----

    fn step_name(&self, step: &Step) -> String {
        let key = format!("steg.{}", step.name.it);
        self.pack.text("sv", &key).unwrap_or(step.name.it.as_str()).to_owned()
    }

    fn name_of(&self, fact: &Name) -> String {
        match self.pack.text("sv", &format!("namn.{fact}")) {
            Some(text) => format!("{text} ({fact})"),
            None => fact.to_string(),
        }
    }

    fn source(&self, fact: &Fact) -> String {
        match &fact.source.it {
            Source::Login => "inloggningen".to_owned(),
            Source::Represented => "den som företräds".to_owned(),
            Source::Applicant => "sökanden".to_owned(),
            Source::Register(register) => {
                let key = format!("register.{}", register.register);
                let name = self.pack.text("sv", &key).unwrap_or(register.register.as_str());
                match register.mode {
                    Mode::ViaApplicant => format!("{name}, via sökanden"),
                    Mode::Direct => format!("{name}, direkt"),
                }
            }
            Source::CaseWorker => "handläggarens bedömning".to_owned(),
            Source::Referral(referral) => format!("yttrande av {}", referral.role),
            Source::Step(step) => format!("utfallet av steget {step}"),
            Source::Rule => "regel i dokumentet".to_owned(),
            Source::Parameter => "parameter".to_owned(),
        }
    }

    fn own_parameters(&self, set_by: SetBy) -> impl Iterator<Item = &Parameter> {
        let reads: Vec<Name> = self
            .steps
            .iter()
            .flat_map(|step| {
                let mut all = check::read_by_step(self.pack, &step.name.it);
                let outcomes = self.pack.outcomes_of(&step.name.it);
                let letters = outcomes.filter_map(|outcome| self.pack.letters.get(&outcome.letter.it));
                all.extend(letters.flat_map(check::placeholders).map(|name| name.it.clone()));
                all
            })
            .collect();
        self.pack.parameters.iter().filter(move |parameter| {
            let is_value = matches!(parameter.ty.it, ParameterType::Value(_));
            is_value && parameter.set_by.it == set_by && reads.contains(&parameter.name.it)
        })
    }

    fn own_delegations(&self) -> impl Iterator<Item = &Parameter> {
        let own: Vec<&Name> = self
            .steps
            .iter()
            .flat_map(|step| self.pack.outcomes_of(&step.name.it))
            .filter_map(|outcome| delegation_of(&outcome.decider.it))
            .collect();
        self.pack
            .parameters
            .iter()
            .filter(move |parameter| own.contains(&&parameter.name.it))
    }

    fn obstacles(&self) -> impl Iterator<Item = &Finding> {
        self.found.iter().filter(|finding| finding.code == "S104")
    }
}

fn delegation_of(decider: &Decider) -> Option<&Name> {
    match decider {
        Decider::Automatic { delegation } | Decider::Delegate { delegation, .. } => Some(delegation),
        _ => None,
    }
}

fn kind(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Registration => "registrering",
        OutcomeKind::Favourable => "gynnande",
        OutcomeKind::Burdensome => "betungande",
        OutcomeKind::Acknowledgement => "kvittens",
        OutcomeKind::Agreement => "avtal",
    }
}

pub(crate) fn and(words: &[String]) -> String {
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, before)) => format!("{} och {last}", before.join(", ")),
    }
}

/// A line to fill in with a pen, which a screen reader says.
fn blank_or(text: &str) -> String {
    if text.is_empty() {
        return "<span class=\"blank\"><span class=\"said\">fylls i</span></span>".to_owned();
    }
    escaped(text)
}

/// Text in which `*words*` are stressed.
pub fn marked(text: &str) -> String {
    let parts: Vec<&str> = text.split('*').collect();
    if parts.len().is_multiple_of(2) {
        return escaped(text);
    }
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = match at % 2 {
            0 => write!(out, "{}", escaped(part)),
            _ => write!(out, "<em>{}</em>", escaped(part)),
        };
    }
    out
}

pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[derive(Default)]
pub(crate) struct Html(pub(crate) String);

impl Html {
    pub(crate) fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }

    pub(crate) fn heading(&mut self, level: u8, text: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "<h{level}>{}</h{level}>", escaped(text));
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        let _ = writeln!(self.0, "<p>{}</p>", escaped(text));
    }

    pub(crate) fn list(&mut self, items: &[String]) {
        self.raw("<ul>\n");
        for item in items {
            let _ = writeln!(self.0, "<li>{}</li>", escaped(item));
        }
        self.raw("</ul>\n");
    }

    pub(crate) fn table(&mut self, caption: &str, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let _ = writeln!(self.0, "<table>\n<caption>{}</caption>\n<thead><tr>", escaped(caption));
        for column in columns {
            let _ = write!(self.0, "<th scope=\"col\">{}</th>", escaped(column));
        }
        self.raw("</tr></thead>\n<tbody>\n");
        for row in rows {
            self.raw("<tr>");
            for (at, cell) in row.iter().enumerate() {
                match at {
                    0 => {
                        let _ = write!(self.0, "<th scope=\"row\">{}</th>", escaped(cell));
                    }
                    _ if cell.is_empty() => self.raw("<td>–</td>"),
                    _ => {
                        let _ = write!(self.0, "<td>{}</td>", escaped(cell));
                    }
                }
            }
            self.raw("</tr>\n");
        }
        self.raw("</tbody>\n</table>\n");
    }
}

const STYLE: &str = "\
@page{size:A4;margin:22mm 20mm}\
body{font:11pt/1.5 Georgia,'Times New Roman',serif;color:#1a1a1a;margin:0 auto;max-width:48rem;padding:1.5rem}\
h1,h2,h3,th,caption,dt,.kind{font-family:system-ui,'Segoe UI',Arial,sans-serif;line-height:1.25}\
h1{font-size:1.7rem;margin:1.5rem 0 1rem}h2{font-size:1.2rem;margin:2rem 0 .5rem;break-after:avoid}h3{font-size:1rem;margin:1.2rem 0 .3rem;break-after:avoid}\
.kind{font-weight:600;margin:0 0 .5rem}header dl{display:grid;grid-template-columns:1fr 1fr;gap:.3rem 2rem;margin:0}\
header dl div{display:flex;gap:.5rem}dt{min-width:7rem;font-size:.85rem}dd{margin:0;flex:1}\
ol.decision{list-style:lower-alpha}ol.decision li{margin-bottom:.5rem}code{font-size:.8em;overflow-wrap:anywhere}\
table{border-collapse:collapse;width:100%;margin:.8rem 0 1.2rem;font-size:.85rem}caption{text-align:left;font-weight:600;margin-bottom:.3rem}\
th,td{border-bottom:1px solid #999;padding:.3rem .5rem .3rem 0;text-align:left;vertical-align:top;overflow-wrap:break-word;hyphens:auto}\
thead th{border-bottom:2px solid #1a1a1a;font-size:.8rem}tbody th{font-weight:600;font-size:.8rem}tr{break-inside:avoid}\
.blank{display:inline-block;min-width:10rem;border-bottom:1px solid #1a1a1a}\
.said{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}\
.lines{height:5rem;background:repeating-linear-gradient(transparent 0 1.6rem,#999 1.6rem calc(1.6rem + 1px))}\
@media(max-width:40rem){header dl{grid-template-columns:1fr}table{display:block;overflow-x:auto}}";
