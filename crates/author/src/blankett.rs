//! The paper channel: a service as a form to fill in with a pen, from the same document that runs it.
//!
//! One HTML document that stands alone and prints on A4; it can be filled in on the screen first, and sends and keeps nothing.
//! Always true here: the paper asks for what the service would ask the person for, each thing once, and for nothing that a
//! register, a rule or a case worker answers; on paper nobody can see beforehand what will not be needed, so what is not
//! always needed says in words when it is. Each page's foot says which version it was cut from.

use std::collections::BTreeSet;

use samverk_domain::check::uses::{self, By};
use samverk_domain::fact::{Name, Value};
use samverk_domain::pack::{Area, CellResult, Comparison, Expr, Fact, List, Mode, Pack, SignedBy, Source, Step, Type};
use samverk_domain::rules::expression_text;
use samverk_domain::words::letters::capital;
use samverk_domain::words::time::swedish_date;

use crate::paper::{Html, and, escaped, marked};

/// A list with more places than this goes on upon a sheet of its own.
const LIST_ROWS_MAX: u32 = 6;
/// Text that is longer than this gets several lines.
const LINE_CHARACTERS: u32 = 90;
const LINES_MAX: u32 = 8;
/// Of the document's SHA-256, in hexadecimal digits.
const HASH_DIGITS: usize = 12;

/// Why there is no form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoForm {
    #[error("{0} is no step of the service; it has {1}")]
    NoStep(Name, String),
}

/// The form as an HTML document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blankett {
    pub html: String,
    /// What stands in its only `<style>` element, for a page that must say which styles it has.
    pub style: String,
}

/// A link from the form on a screen; it is not printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub address: String,
    pub text: String,
}

/// Writes the form of the whole service, or of one step.
pub fn write(pack: &Pack, step: Option<&Name>) -> Result<Blankett, NoForm> {
    write_with(pack, step, &[])
}

/// [`write`] for a page with ways on from it.
pub fn write_with(pack: &Pack, step: Option<&Name>, ways: &[Way]) -> Result<Blankett, NoForm> {
    let steps: Vec<&Step> = match step {
        None => pack.steps.iter().collect(),
        Some(name) => vec![pack.step(name).ok_or_else(|| {
            let known: Vec<&str> = pack.steps.iter().map(|step| step.name.it.as_str()).collect();
            NoForm::NoStep(name.clone(), known.join(", "))
        })?],
    };
    Ok(Form::of(pack, steps).document(ways))
}

/// The words in the pages' foot: slug, version and the beginning of the document's hash.
pub fn code(pack: &Pack) -> String {
    let hash: String = pack.sha256().chars().take(HASH_DIGITS).collect();
    format!("{} version {} · {hash}", pack.meta.slug.it, pack.meta.version.it)
}

struct Form<'p> {
    pack: &'p Pack,
    steps: Vec<StepOn<'p>>,
    /// In the order of the form; the number is the place counted from 1.
    asked: Vec<Asked<'p>>,
}

/// A step with what it reads.
struct StepOn<'p> {
    step: &'p Step,
    reads: BTreeSet<Name>,
}

/// One question.
struct Asked<'p> {
    what: What<'p>,
    /// The steps that use the answer, by their place in the form.
    steps: Vec<usize>,
    when: When,
}

enum What<'p> {
    Fact(&'p Fact),
    List(&'p List, Vec<&'p Fact>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum When {
    Always,
    /// When one of these steps is needed.
    Steps(Vec<usize>),
}

impl What<'_> {
    fn name(&self) -> &Name {
        match self {
            Self::Fact(fact) => &fact.name.it,
            Self::List(list, _) => &list.name.it,
        }
    }

    fn is_attachment(&self) -> bool {
        matches!(self, Self::Fact(fact) if matches!(fact.ty.it, Type::Attachment { .. }))
    }
}

impl<'p> Form<'p> {
    fn of(pack: &'p Pack, steps: Vec<&'p Step>) -> Self {
        let steps: Vec<StepOn> = steps
            .into_iter()
            .map(|step| StepOn {
                step,
                reads: reads(pack, step),
            })
            .collect();
        // What decides which steps are needed, and what the form itself is controlled by. A form of one step is for that step.
        let deciding = match steps.as_slice() {
            [_] => BTreeSet::new(),
            _ => uses::through_rules(
                pack,
                |by| matches!(by, By::NeededWhen(of) if steps.iter().any(|it| it.step.name.it == *of)),
            ),
        };
        let mut asked: Vec<Asked> = Vec::new();
        let own = pack.facts.iter().filter(|fact| is_written(fact)).map(What::Fact);
        let lists = pack.lists.iter().map(|list| {
            let columns = list.columns.iter().filter(|fact| is_written(fact)).collect();
            What::List(list, columns)
        });
        for what in own.chain(lists) {
            let names: Vec<&Name> = match &what {
                What::Fact(fact) => vec![&fact.name.it],
                What::List(list, columns) => columns
                    .iter()
                    .map(|column| &column.name.it)
                    .chain([&list.name.it])
                    .collect(),
            };
            let is_in = |set: &BTreeSet<Name>| names.iter().any(|name| set.contains(*name));
            let by: Vec<usize> = (0..steps.len()).filter(|at| is_in(&steps[*at].reads)).collect();
            if by.is_empty() || matches!(&what, What::List(_, columns) if columns.is_empty()) {
                continue;
            }
            let is_always = is_in(&deciding)
                || steps.len() == 1
                || by.iter().any(|at| steps[*at].step.needed_when.it == Expr::Always)
                || matches!(&what, What::Fact(fact) if fact.source.it != Source::Applicant);
            let when = match is_always {
                true => When::Always,
                false => When::Steps(by.clone()),
            };
            asked.push(Asked { what, steps: by, when });
        }
        // Grouped by prefix in the order in which the document first names them; attachments are a list of their own.
        let mut groups: Vec<String> = Vec::new();
        for one in &asked {
            let prefix = one.what.name().prefix();
            if !groups.iter().any(|known| known == prefix) {
                groups.push(prefix.to_owned());
            }
        }
        asked.sort_by_key(|one| {
            let group = groups.iter().position(|known| known == one.what.name().prefix());
            (one.what.is_attachment(), group)
        });
        Self { pack, steps, asked }
    }

    fn document(&self, ways: &[Way]) -> Blankett {
        let mut out = Html::default();
        let code = code(self.pack);
        // Slugs, numbers and hexadecimal digits need no escaping in a CSS string.
        let style = format!(
            "{STYLE}@page{{@bottom-left{{content:\"{code}\"}}@bottom-right{{content:\"Sida \" counter(page) \" av \" counter(pages)}}}}"
        );
        out.raw("<!doctype html>\n<html lang=\"sv\">\n<head>\n<meta charset=\"utf-8\">\n");
        out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        let title = self.title();
        out.raw(&format!(
            "<title>Blankett: {}</title>\n<style>{style}</style>\n</head>\n<body>\n",
            escaped(&title)
        ));
        if !ways.is_empty() {
            out.raw("<nav aria-label=\"Vidare\"><ul>\n");
            for way in ways {
                out.raw(&format!(
                    "<li><a href=\"{}\">{}</a></li>\n",
                    escaped(&way.address),
                    escaped(&way.text)
                ));
            }
            out.raw("</ul></nav>\n");
        }
        out.raw("<main>\n");
        out.raw("<p class=\"kind\">Blankett</p>\n");
        out.heading(1, &title);
        if self.steps.len() == self.pack.steps.len() {
            out.raw(&format!("<p>{}</p>\n", marked(&self.pack.intro)));
        }
        self.how(&mut out);
        self.needed(&mut out);
        self.questions(&mut out);
        self.attachments(&mut out);
        self.fetched(&mut out);
        self.controls(&mut out);
        self.signatures(&mut out);
        self.received(&mut out);
        self.personal_data(&mut out);
        out.raw(&format!(
            "</main>\n<footer><p>{} · gäller från {}{}</p></footer>\n</body>\n</html>\n",
            escaped(&code),
            swedish_date(*self.pack.meta.valid_from),
            self.pack
                .meta
                .valid_to
                .as_ref()
                .map(|day| format!(" till {}", swedish_date(day.it)))
                .unwrap_or_default()
        ));
        Blankett { html: out.0, style }
    }

    fn title(&self) -> String {
        match self.steps.as_slice() {
            [one] if self.pack.steps.len() > 1 => format!("{}: {}", *self.pack.title, self.step_name(one.step)),
            _ => self.pack.title.it.clone(),
        }
    }

    fn how(&self, out: &mut Html) {
        out.heading(2, "Så här gör du");
        let mut lines = vec![
            "Skriv tydligt, gärna på skärmen innan du skriver ut. Inget sparas och inget skickas från den här sidan."
                .to_owned(),
        ];
        if self.asked.iter().any(|one| one.when != When::Always) {
            lines.push(
                "Allt behöver inte alltid fyllas i. Vid varje fråga eller grupp av frågor står när den kan lämnas tom."
                    .to_owned(),
            );
        }
        if self.steps.len() > 1 {
            lines.push("Varje uppgift skrivs en gång, också när flera använder den.".to_owned());
        }
        lines.push(match self.steps.len() {
            1 => "Skicka blanketten med bilagor till den som tar emot den. Vem det är står i tabellen.".to_owned(),
            _ => "Skicka blanketten med bilagor till var och en som svarar för något som du ansöker om eller anmäler. Har de en \
                  gemensam mottagning räcker det med ett exemplar dit."
                .to_owned(),
        });
        out.list(&lines);
    }

    fn needed(&self, out: &mut Html) {
        out.heading(2, "Vad som behövs och vem som får det");
        out.raw("<table role=\"table\" class=\"needed\">\n<caption>Det som blanketten gäller</caption>\n<thead role=\"rowgroup\"><tr role=\"row\">");
        for heading in ["Ansökan eller anmälan", "Behövs när", "Går till"] {
            out.raw(&format!("<th role=\"columnheader\" scope=\"col\">{heading}</th>"));
        }
        out.raw("</tr></thead>\n<tbody role=\"rowgroup\">\n");
        for on in &self.steps {
            let step = on.step;
            let law = step.law.as_ref().map(|law| law.it.to_string());
            let law = law.map(|law| format!("<br><span class=\"note\">Lagrum: {}</span>", escaped(&law)));
            let fee = step.fee.as_ref().map(|fee| self.label(&fee.it));
            let fee = fee.map(|fee| format!("<br><span class=\"note\">{} betalas.</span>", escaped(&fee)));
            out.raw(&format!(
                "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">{}{}</th><td role=\"cell\" data-label=\"Behövs när: \">{}</td><td role=\"cell\" data-label=\"Går till: \">{}{}</td></tr>\n",
                escaped(&self.step_name(step)),
                law.unwrap_or_default(),
                self.needed_when(step),
                escaped(&self.receiver(step)),
                fee.unwrap_or_default()
            ));
        }
        out.raw("</tbody>\n</table>\n");
    }

    /// What makes a step needed, each of several grounds on a line of its own.
    fn needed_when(&self, step: &Step) -> String {
        if let Expr::Compare(Comparison::Equal, left, right) = &step.needed_when.it
            && let (Expr::Fact(name), Expr::Constant(value)) = (&**left, &**right)
            && let Some(because) = self.because(&name.it, &value.it)
            && because.len() > 1
        {
            let lines = because.iter().map(|line| format!("<li>{}</li>", escaped(line)));
            return format!("Något av det här stämmer:<ul>{}</ul>", lines.collect::<String>());
        }
        escaped(&capital(&self.condition(&step.needed_when.it, Rules::Opened, 0)))
    }

    fn receiver(&self, step: &Step) -> String {
        let Some(role) = self.pack.role(&step.role.it) else {
            return step.role.it.to_string();
        };
        let (name, task) = (self.text(&format!("roll.{}", role.name.it)), &role.task.it);
        // A role with a name of its own also says its task, which is what a body is known to have.
        let name = match name {
            Some(name) if name.to_lowercase() != task.to_lowercase() => format!("{name}, som svarar för {task}"),
            _ => format!("Den som svarar för {task}"),
        };
        let place = match &role.area.it {
            Area::Country => "i hela landet".to_owned(),
            Area::MunicipalityOf(fact) => format!("i den kommun som {} visar", self.subject(fact)),
        };
        match self.pack.is_private(step) {
            true => format!("{name} {place}. Det är inte en myndighet."),
            false => format!("{name} {place}."),
        }
    }

    fn questions(&self, out: &mut Html) {
        let mut at = 0;
        while let Some(first) = self.asked.get(at) {
            if first.what.is_attachment() {
                break;
            }
            let prefix = first.what.name().prefix();
            let group: Vec<(usize, &Asked)> = self
                .asked
                .iter()
                .enumerate()
                .skip(at)
                .take_while(|(_, one)| one.what.name().prefix() == prefix && !one.what.is_attachment())
                .collect();
            at += group.len();
            out.raw("<section>\n");
            let heading = self.text(&format!("grupp.{prefix}")).unwrap_or(prefix);
            out.heading(2, heading);
            // What is the same for the whole group is said once.
            let shared = group
                .iter()
                .all(|(_, one)| one.when == first.when && one.steps == first.steps);
            if shared {
                self.used(out, first);
            }
            for (place, one) in group {
                out.raw("<div class=\"question\">\n");
                self.question(out, place, one, !shared);
                out.raw("</div>\n");
            }
            out.raw("</section>\n");
        }
    }

    /// When it is filled in, and for what.
    fn used(&self, out: &mut Html, one: &Asked) {
        if let When::Steps(steps) = &one.when {
            let conditions: Vec<String> = steps
                .iter()
                .map(|at| self.condition(&self.steps[*at].step.needed_when.it, Rules::Named, 0))
                .collect();
            out.raw(&format!(
                "<p class=\"when\">Fylls i bara om {}.</p>\n",
                escaped(&conditions.join(", eller om "))
            ));
        }
        if self.steps.len() > 1 {
            let text = match one.steps.len() {
                all if all == self.steps.len() => "Används till allt som blanketten gäller.".to_owned(),
                _ => {
                    let names: Vec<String> = one
                        .steps
                        .iter()
                        .map(|at| self.step_name(self.steps[*at].step))
                        .collect();
                    format!("Används till: {}.", and(&names))
                }
            };
            out.raw(&format!("<p class=\"note\">{}</p>\n", escaped(&text)));
        }
    }

    fn question(&self, out: &mut Html, place: usize, one: &Asked, says_use: bool) {
        let number = place + 1;
        match &one.what {
            What::Fact(fact) => {
                let asked = format!("{number}. {}", self.asking(fact));
                let is_boxes = matches!(
                    fact.ty.it,
                    Type::YesNo | Type::Assessment | Type::Choice(_) | Type::Several(_)
                );
                match is_boxes {
                    true => out.raw(&format!("<fieldset>\n<legend>{}</legend>\n", escaped(&asked))),
                    false if matches!(fact.ty.it, Type::Period) => {
                        out.raw(&format!("<p class=\"asked\">{}</p>\n", escaped(&asked)))
                    }
                    false => out.raw(&format!(
                        "<label class=\"asked\" for=\"f{number}\">{}</label>\n",
                        escaped(&asked)
                    )),
                }
                self.help(out, &fact.name.it);
                self.remarks(out, fact);
                if says_use {
                    self.used(out, one);
                }
                self.field(out, fact, &format!("f{number}"), None);
                if is_boxes {
                    out.raw("</fieldset>\n");
                }
            }
            What::List(list, columns) => {
                let asked = self
                    .text(&format!("fråga.{}", list.name.it))
                    .map_or_else(|| self.label(&list.name.it), str::to_owned);
                let asked = format!("{number}. {asked}");
                // One column of words is words to tick.
                if let [column] = columns.as_slice()
                    && let Type::Choice(words) = &column.ty.it
                    && list.max as usize <= words.len()
                {
                    out.raw(&format!("<fieldset>\n<legend>{}</legend>\n", escaped(&asked)));
                    self.help(out, &list.name.it);
                    if says_use {
                        self.used(out, one);
                    }
                    out.raw(&format!("<p class=\"note\">Kryssa i {}.</p>\n", between(list)));
                    self.boxes(out, &column.name.it, words, &format!("f{number}"), None);
                    out.raw("</fieldset>\n");
                    return;
                }
                out.raw(&format!("<p class=\"asked\">{}</p>\n", escaped(&asked)));
                self.help(out, &list.name.it);
                if says_use {
                    self.used(out, one);
                }
                for column in columns {
                    self.help(out, &column.name.it);
                    self.remarks(out, column);
                }
                self.rows(out, list, columns, number);
            }
        }
    }

    fn rows(&self, out: &mut Html, list: &List, columns: &[&Fact], number: usize) {
        out.raw("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"");
        out.raw(&escaped(&self.label(&list.name.it)));
        out.raw("\">\n<table class=\"rows\">\n<thead><tr><th scope=\"col\"><span class=\"said\">Rad</span></th>");
        for column in columns {
            let limits =
                limits(&column.ty.it).map(|text| format!("<br><span class=\"note\">{}</span>", escaped(&text)));
            out.raw(&format!(
                "<th scope=\"col\">{}{}</th>",
                escaped(&self.asking(column)),
                limits.unwrap_or_default()
            ));
        }
        out.raw("</tr></thead>\n<tbody>\n");
        for row in 1..=list.max.clamp(1, LIST_ROWS_MAX) {
            out.raw(&format!("<tr><th scope=\"row\">{row}</th>"));
            for (at, column) in columns.iter().enumerate() {
                out.raw("<td>");
                let said = format!("{}, rad {row}", self.asking(column));
                self.field(out, column, &format!("f{number}-{row}-{at}"), Some(&said));
                out.raw("</td>");
            }
            out.raw("</tr>\n");
        }
        out.raw("</tbody>\n</table>\n</div>\n");
        let more = match list.max > LIST_ROWS_MAX {
            true => " Räcker raderna inte, fortsätt på ett eget blad och skriv frågans nummer på det.",
            false => "",
        };
        out.raw(&format!("<p class=\"note\">Fyll i {}.{more}</p>\n", between(list)));
    }

    /// Where the answer is written. `said`: its name where no label stands.
    fn field(&self, out: &mut Html, fact: &Fact, id: &str, said: Option<&str>) {
        let name = match said {
            Some(said) => format!(" aria-label=\"{}\"", escaped(said)),
            None => String::new(),
        };
        let is_cell = said.is_some();
        let note = |out: &mut Html| {
            if let (false, Some(text)) = (is_cell, limits(&fact.ty.it)) {
                out.raw(&format!("<p class=\"note\">{}</p>\n", escaped(&text)));
            }
        };
        let input =
            |class: &str| format!("<input type=\"text\" class=\"{class}\" id=\"{id}\" autocomplete=\"off\"{name}>");
        match &fact.ty.it {
            Type::YesNo | Type::Assessment => {
                self.boxes(out, &fact.name.it, &["ja".to_owned(), "nej".to_owned()], id, said);
            }
            Type::Choice(words) => self.boxes(out, &fact.name.it, words, id, said),
            Type::Several(words) => {
                if !is_cell {
                    out.raw("<p class=\"note\">Kryssa i alla som stämmer.</p>\n");
                }
                self.boxes(out, &fact.name.it, words, id, said);
            }
            Type::Text { characters_max } if *characters_max > LINE_CHARACTERS && !is_cell => {
                note(out);
                let lines = characters_max.div_ceil(LINE_CHARACTERS).clamp(2, LINES_MAX);
                out.raw(&format!(
                    "<textarea id=\"{id}\" rows=\"{lines}\" autocomplete=\"off\"></textarea>\n"
                ));
            }
            Type::Period => {
                let of = match said {
                    Some(said) => escaped(said),
                    None => escaped(&self.asking(fact)),
                };
                for (part, word) in [("a", "från och med"), ("b", "till och med")] {
                    out.raw(&format!(
                        "<span class=\"day\">{word} <input type=\"text\" class=\"short\" id=\"{id}{part}\" \
                         autocomplete=\"off\" aria-label=\"{of}, {word} (år-månad-dag)\"></span> "
                    ));
                }
            }
            Type::Number { unit, .. } if !is_cell => {
                note(out);
                out.raw(&input("short"));
                out.raw(&format!(" {}\n", escaped(unit.as_deref().unwrap_or_default())));
            }
            Type::Kronor { .. } if !is_cell => {
                note(out);
                out.raw(&input("short"));
                out.raw(" kr\n");
            }
            Type::Text { .. } | Type::Property => {
                note(out);
                out.raw(&input("long"));
            }
            _ => {
                note(out);
                out.raw(&input("short"));
            }
        }
    }

    fn boxes(&self, out: &mut Html, fact: &Name, words: &[String], id: &str, said: Option<&str>) {
        let short = words.iter().map(|word| word.chars().count()).sum::<usize>() < 50;
        out.raw(match short {
            true => "<div class=\"boxes\">\n",
            false => "<div class=\"boxes column\">\n",
        });
        for (at, word) in words.iter().enumerate() {
            let shown = capital(&self.word(fact, word));
            let name = match said {
                Some(said) => format!(" aria-label=\"{}: {}\"", escaped(said), escaped(&shown)),
                None => String::new(),
            };
            out.raw(&format!(
                "<label class=\"box\" for=\"{id}-v{at}\"><input type=\"checkbox\" id=\"{id}-v{at}\"{name}> {}</label>\n",
                escaped(&shown)
            ));
        }
        out.raw("</div>\n");
    }

    fn help(&self, out: &mut Html, name: &Name) {
        if let Some(help) = self.text(&format!("hjälp.{name}")) {
            out.raw(&format!("<p class=\"help\">{}</p>\n", marked(help)));
        }
    }

    fn remarks(&self, out: &mut Html, fact: &Fact) {
        if let Some(held) = &fact.held {
            let why = match &held.obstacle {
                Some(obstacle) => format!("Finns hos {}, men går inte att hämta: {}.", held.by.it, obstacle.it),
                None => format!("Finns hos {}.", held.by.it),
            };
            out.raw(&format!("<p class=\"note\">{}</p>\n", escaped(&why)));
        }
        if fact.sensitive.is_some() {
            out.raw("<p class=\"note\">Känslig personuppgift. Skriv bara det som frågan gäller.</p>\n");
        }
    }

    fn attachments(&self, out: &mut Html) {
        let first = self.asked.iter().position(|one| one.what.is_attachment());
        let Some(first) = first else { return };
        out.raw("<section>\n");
        out.heading(2, "Bilagor");
        out.paragraph("Kryssa i det som du skickar med, och skriv bilagans nummer på den.");
        for (place, one) in self.asked.iter().enumerate().skip(first) {
            let What::Fact(fact) = &one.what else { continue };
            let (number, id) = (place - first + 1, format!("f{}", place + 1));
            out.raw(&format!(
                "<div class=\"question\">\n<label class=\"box asked\" for=\"{id}\"><input type=\"checkbox\" id=\"{id}\"> Bilaga {number}: {}</label>\n",
                escaped(&self.label(&fact.name.it))
            ));
            out.raw(&format!("<p>{}</p>\n", escaped(&self.asking(fact))));
            self.help(out, &fact.name.it);
            self.remarks(out, fact);
            self.used(out, one);
            out.raw("</div>\n");
        }
        out.raw("</section>\n");
    }

    fn fetched(&self, out: &mut Html) {
        let (mut through, mut direct): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        let mut lines: Vec<(Mode, &Name, &Name, Vec<String>)> = Vec::new();
        let mut heard = Vec::new();
        for fact in uses::facts(self.pack).filter(|fact| self.is_read(&fact.name.it)) {
            match &fact.source.it {
                Source::Register(register) => {
                    let label = self.label(&fact.name.it);
                    let same = lines.iter_mut().find(|(mode, of, subject, _)| {
                        *mode == register.mode && **of == register.register && **subject == register.subject
                    });
                    match same {
                        Some((.., facts)) => facts.push(label),
                        None => lines.push((register.mode, &register.register, &register.subject, vec![label])),
                    }
                }
                Source::Referral(referral) => heard.push(
                    self.text(&format!("roll.{}", referral.role))
                        .unwrap_or(referral.role.as_str())
                        .to_owned(),
                ),
                _ => {}
            }
        }
        for (mode, register, subject, facts) in &lines {
            let name = self.text(&format!("register.{register}")).unwrap_or(register.as_str());
            let whose = match self.pack.list_of_column(subject) {
                Some(list) => format!("för var och en under {}", self.label(&list.name.it)),
                None => format!("med hjälp av {}", self.subject(subject)),
            };
            let line = format!("{name}, {whose}: {}.", facts.join(", "));
            match mode {
                Mode::ViaApplicant => through.push(line),
                Mode::Direct => direct.push(line),
            }
        }
        if through.is_empty() && direct.is_empty() && heard.is_empty() {
            return;
        }
        out.raw("<section>\n");
        out.heading(2, "Det här hämtar myndigheten själv");
        out.paragraph("Det här behöver du inte skriva.");
        if !through.is_empty() {
            out.list(&through);
            out.paragraph(
                "Uppgifterna ovan hämtas som en del av din ansökan. Genom att skriva under godkänner du det. Vill du inte att en \
                 uppgift hämtas, stryk den och lämna den själv.",
            );
        }
        if !direct.is_empty() {
            out.paragraph("Den som beslutar hämtar dessutom direkt, med stöd av lag:");
            out.list(&direct);
        }
        if !heard.is_empty() {
            out.paragraph(&format!("Yttrande kan hämtas in från: {}.", and(&heard)));
        }
        out.raw("</section>\n");
    }

    /// Controls of what is written here; those of what registers say cannot be tried with a pen.
    fn controls(&self, out: &mut Html) {
        let messages: Vec<String> = self
            .pack
            .controls
            .iter()
            .filter(|control| {
                let mut names = Vec::new();
                uses::expr(&control.condition.it, &By::Control, &mut names);
                !names.is_empty() && names.iter().all(|it| self.number(&it.name).is_some())
            })
            .map(|control| control.message.it.clone())
            .collect();
        if !messages.is_empty() {
            out.heading(2, "Se efter innan du skickar");
            out.list(&messages);
        }
    }

    fn signatures(&self, out: &mut Html) {
        out.raw("<section>\n");
        out.heading(2, "Underskrift");
        let signed: Vec<_> = self
            .pack
            .signatures
            .iter()
            .filter(|signature| {
                let covers = |on: &StepOn| signature.steps.iter().any(|step| step.it == on.step.name.it);
                signature.steps.is_empty() || self.steps.iter().any(covers)
            })
            .collect();
        if signed.is_empty() {
            let is_for_company = self.pack.facts.iter().any(|fact| fact.source.it == Source::Represented);
            match is_for_company {
                true => {
                    out.paragraph("Den eller de som får teckna företagets firma skriver under.");
                    lines_to_sign(out, "Underskrift", 2);
                }
                false => {
                    out.paragraph("Den som ansöker skriver under.");
                    lines_to_sign(out, "Underskrift", 1);
                }
            }
        }
        for signature in signed {
            let id = &signature.id.it;
            let name = self.text(&format!("underskrift.{id}")).unwrap_or(id.as_str());
            out.heading(3, &capital(name));
            let (who, lines) = match &signature.by.it {
                SignedBy::Applicant => ("Skrivs under av den som ansöker.".to_owned(), 1),
                SignedBy::Signatories => (
                    "Skrivs under av den som får teckna firman, eller av alla som måste teckna den tillsammans."
                        .to_owned(),
                    2,
                ),
                SignedBy::Everyone(column) => {
                    let list = self.pack.list_of_column(column).map(|list| (&list.name.it, list.max));
                    let (name, max) = list.unwrap_or((column, LIST_ROWS_MAX));
                    let number = self
                        .number(name)
                        .map(|number| format!(" (fråga {number})"))
                        .unwrap_or_default();
                    let who = format!(
                        "Skrivs under av var och en som står under {}{number}.",
                        self.label(name)
                    );
                    (who, max.clamp(1, LIST_ROWS_MAX))
                }
                SignedBy::Person(fact) => (format!("Skrivs under av den som {} anger.", self.subject(fact)), 1),
            };
            let when = signature
                .when
                .as_ref()
                .map(|when| format!(" Behövs bara om {}.", self.condition(&when.it, Rules::Named, 0)));
            let law = signature.law.as_ref().map(|law| format!(" Lagrum: {}.", law.it));
            out.paragraph(&format!("{who}{}{}", when.unwrap_or_default(), law.unwrap_or_default()));
            lines_to_sign(out, name, lines);
        }
        out.raw("</section>\n");
    }

    fn received(&self, out: &mut Html) {
        if self.steps.iter().all(|on| self.pack.is_private(on.step)) {
            return;
        }
        out.heading(2, "När blanketten har kommit in");
        let each = match self.steps.len() {
            1 => "",
            _ => " Den dag då den kom in räknas alltså för varje myndighet för sig.",
        };
        out.paragraph(&format!(
            "Blanketten har kommit in till en myndighet den dag då den når myndigheten eller en behörig befattningshavare. Skickas \
             den med post och når myndigheten en viss dag ska den anses ha kommit in närmast föregående arbetsdag, om det inte \
             framstår som osannolikt att den redan då hade skilts av för myndigheten på ett postkontor (22 § förvaltningslagen).{each}"
        ));
    }

    fn personal_data(&self, out: &mut Html) {
        out.heading(2, "Personuppgifter");
        let receivers = match self.steps.len() {
            1 => "Den som tar emot blanketten är personuppgiftsansvarig för sitt ärende",
            _ => "Var och en som får blanketten är personuppgiftsansvarig för sitt ärende",
        };
        out.paragraph(&format!(
            "{receivers} och använder uppgifterna för att handlägga och besluta om det som du ansöker om eller anmäler, med stöd av de \
             lagrum som står i tabellen ovan. Det som har kommit in till en myndighet är allmän handling och kan lämnas ut om det inte är \
             sekretessbelagt. Du kan begära att få veta vilka uppgifter som finns om dig och få fel rättade (artiklarna 13, 15 och 16 i \
             dataskyddsförordningen), och du kan klaga hos Integritetsskyddsmyndigheten."
        ));
    }

    // ---- what the document says ----

    fn text(&self, key: &str) -> Option<&str> {
        self.pack.text("sv", key)
    }

    fn label(&self, name: &Name) -> String {
        self.text(&format!("namn.{name}")).unwrap_or(name.as_str()).to_owned()
    }

    fn asking(&self, fact: &Fact) -> String {
        let name = &fact.name.it;
        let asked = match fact.source.it {
            Source::Applicant => self.text(&format!("fråga.{name}")),
            _ => None,
        };
        asked.map_or_else(|| self.label(name), str::to_owned)
    }

    fn step_name(&self, step: &Step) -> String {
        let key = format!("steg.{}", step.name.it);
        self.text(&key).unwrap_or(step.name.it.as_str()).to_owned()
    }

    fn word(&self, fact: &Name, word: &str) -> String {
        self.text(&format!("val.{fact}.{word}")).unwrap_or(word).to_owned()
    }

    fn is_read(&self, name: &Name) -> bool {
        self.steps.iter().any(|on| on.reads.contains(name))
    }

    /// The number of the question that gives the fact; a list's for its columns.
    fn number(&self, name: &Name) -> Option<usize> {
        let list = self.pack.list_of_column(name).map(|list| &list.name.it);
        let is_it = |one: &Asked| one.what.name() == name || list.is_some_and(|list| one.what.name() == list);
        self.asked.iter().position(is_it).map(|at| at + 1)
    }

    /// `svaret på fråga 3 (Gasol inomhus)`, or the name of what is not asked.
    fn subject(&self, name: &Name) -> String {
        match self.number(name) {
            Some(number) => format!("svaret på fråga {number} ({})", self.label(name)),
            None => format!("”{}”", self.label(name)),
        }
    }

    // ---- conditions in words ----

    fn condition(&self, expr: &Expr, rules: Rules, depth: usize) -> String {
        let inner = |part: &Expr| self.condition(part, rules, depth + 1);
        let joined = |parts: &[Expr], word: &str| {
            let parts: Vec<String> = parts.iter().map(inner).collect();
            match depth {
                0 => parts.join(word),
                _ => format!("({})", parts.join(word)),
            }
        };
        match expr {
            Expr::Always => "alltid".to_owned(),
            Expr::And(parts) => joined(parts, " och "),
            Expr::Or(parts) => joined(parts, " eller "),
            Expr::Not(part) => format!("det inte är så att {}", inner(part)),
            Expr::IsNotApplicable(name) => format!("{} inte är aktuellt", self.subject(&name.it)),
            Expr::Has(name, word) => format!("{} omfattar {}", self.subject(&name.it), self.word(&name.it, &word.it)),
            Expr::Any(list, part) => format!(
                "det för någon under {} gäller att {}",
                self.label(&list.it),
                inner(part)
            ),
            Expr::All(list, part) => format!("det för alla under {} gäller att {}", self.label(&list.it), inner(part)),
            Expr::Compare(how, left, right) => {
                if let (Rules::Opened, Comparison::Equal, Expr::Fact(name), Expr::Constant(value)) =
                    (rules, how, &**left, &**right)
                    && let Some(grounds) = self.grounds(&name.it, &value.it)
                {
                    return grounds;
                }
                let (Some(of), Some(with)) = (self.operand(left, None), self.operand(right, fact_in(left))) else {
                    return plain(expr);
                };
                let is = match how {
                    Comparison::Equal => "är",
                    Comparison::NotEqual => "inte är",
                    Comparison::Less => "är mindre än",
                    Comparison::LessOrEqual => "är högst",
                    Comparison::Greater => "är mer än",
                    Comparison::GreaterOrEqual => "är minst",
                };
                let see = match (rules, fact_in(left)) {
                    (Rules::Named, Some(name)) if self.pack.rule(name).is_some() => " (se tabellen först i blanketten)",
                    _ => "",
                };
                format!("{of} {is} {with}{see}")
            }
            other => plain(other),
        }
    }

    /// The sentences of the rule's rows that give the value, when every such row has one.
    fn because(&self, name: &Name, value: &Value) -> Option<Vec<String>> {
        let rule = self.pack.rule(name)?;
        let rows = rule.rows.iter().filter(|row| match &row.result.it {
            CellResult::Value(given) => given == value,
            _ => false,
        });
        let because = rows.map(|row| {
            let text = row.because.as_ref()?;
            Some(text.it.trim_end_matches('.').to_owned())
        });
        because.collect()
    }

    fn grounds(&self, name: &Name, value: &Value) -> Option<String> {
        match self.because(name, value)?.as_slice() {
            [] => None,
            [one] => Some(format!("det här stämmer: {one}")),
            several => Some(format!("något av det här stämmer: {}", several.join("; "))),
        }
    }

    fn operand(&self, expr: &Expr, of: Option<&Name>) -> Option<String> {
        match expr {
            Expr::Fact(name) => Some(self.subject(&name.it)),
            Expr::Count(list) => Some(format!("antalet under {}", self.label(&list.it))),
            Expr::Sum(column) => Some(format!("summan av {}", self.subject(&column.it))),
            Expr::Constant(value) => Some(match (&value.it, of) {
                (Value::Choice(word), Some(fact)) => self.word(fact, word),
                (value, Some(fact)) => format!("{value}{}", self.unit(fact)),
                (value, None) => value.to_string(),
            }),
            Expr::InUnit(inner, _) => self.operand(inner, of),
            _ => None,
        }
    }

    fn unit(&self, fact: &Name) -> String {
        match self.pack.fact(fact).map(|fact| &fact.ty.it) {
            Some(Type::Number { unit: Some(unit), .. }) => format!(" {unit}"),
            Some(Type::Kronor { .. }) => " kr".to_owned(),
            _ => String::new(),
        }
    }
}

/// Whether a rule's result is said with the rows' own sentences, or by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rules {
    Opened,
    Named,
}

/// What the person writes on paper: the answers, and who is logged in and represented otherwise.
fn is_written(fact: &Fact) -> bool {
    matches!(fact.source.it, Source::Applicant | Source::Login | Source::Represented)
}

/// What a step reads, with what the registers are asked about and where the body is found.
fn reads(pack: &Pack, step: &Step) -> BTreeSet<Name> {
    let mut names = samverk_domain::check::read_by_step(pack, &step.name.it);
    let areas = pack.role(&step.role.it).map(|role| &role.area.it);
    if let Some(Area::MunicipalityOf(name)) = areas {
        names.insert(name.clone());
    }
    let mut todo: Vec<Name> = names.iter().cloned().collect();
    while let Some(name) = todo.pop() {
        if let Some(Source::Register(register)) = pack.fact(&name).map(|fact| &fact.source.it)
            && names.insert(register.subject.clone())
        {
            todo.push(register.subject.clone());
        }
    }
    names
}

fn fact_in(expr: &Expr) -> Option<&Name> {
    match expr {
        Expr::Fact(name) => Some(&name.it),
        Expr::InUnit(inner, _) => fact_in(inner),
        _ => None,
    }
}

/// A condition that has no plainer words than the document's own.
fn plain(expr: &Expr) -> String {
    format!("villkoret ”{}” är uppfyllt", expression_text(expr))
}

fn between(list: &List) -> String {
    match (list.min, list.max) {
        (0, max) => format!("högst {max}, eller ingen"),
        (min, max) if min == max => min.to_string(),
        (min, max) => format!("minst {min} och högst {max}"),
    }
}

/// What may be written, in words.
fn limits(ty: &Type) -> Option<String> {
    let number = |it: rust_decimal::Decimal| Value::Number(it).to_string();
    Some(match ty {
        Type::Number { min, max, unit, .. } => {
            let unit = unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
            format!("{}–{}{unit}", number(*min), number(*max))
        }
        Type::Kronor { .. } => "Hela kronor".to_owned(),
        Type::Text { characters_max } if *characters_max > LINE_CHARACTERS => format!("Högst {characters_max} tecken"),
        Type::Date => "År-månad-dag, till exempel 2026-09-01".to_owned(),
        Type::Clock { .. } => "Klockslag, till exempel 22:30".to_owned(),
        Type::OrgNr => "Tio siffror".to_owned(),
        Type::PersonNr => "Tolv siffror".to_owned(),
        Type::Municipality => "Kommunens namn eller kod".to_owned(),
        _ => return None,
    })
}

fn lines_to_sign(out: &mut Html, what: &str, lines: u32) {
    for line in 1..=lines {
        out.raw("<div class=\"sign\">");
        for part in ["Ort och datum", "Namnteckning", "Namnförtydligande"] {
            out.raw(&format!(
                "<p><span class=\"line\"></span>{part}<span class=\"said\">, {} {line}: skrivs med penna</span></p>",
                escaped(what)
            ));
        }
        out.raw("</div>\n");
    }
}

const STYLE: &str = "\
@page{size:A4;margin:18mm 18mm 20mm}\
@page{@bottom-left{font:8pt system-ui,Arial,sans-serif}@bottom-right{font:8pt system-ui,Arial,sans-serif}}\
*{box-sizing:border-box}\
body{font:11pt/1.45 system-ui,'Segoe UI',Arial,sans-serif;color:#1a1a1a;background:#fff;margin:0 auto;max-width:48rem;padding:1.5rem}\
h1,h2,h3{line-height:1.25;break-after:avoid}h1{font-size:1.7rem;margin:.2rem 0 1rem}h3{font-size:1rem;margin:1rem 0 .3rem}\
h2{font-size:1.15rem;margin:1.8rem 0 .5rem;border-bottom:2px solid #1a1a1a;padding-bottom:.2rem}\
p{margin:.2rem 0 .6rem}.kind{font-weight:600;margin:0}\
.question{margin:0 0 1.1rem;break-inside:avoid}fieldset{border:0;margin:0;padding:0;min-width:0}\
.asked,legend{font-weight:600;display:block;margin:0 0 .2rem;padding:0}\
.help,.note,.when{font-size:.88rem;margin:.1rem 0 .3rem}.note{color:#444}.when{font-weight:600;border-left:4px solid #1a1a1a;padding-left:.5rem}section>.when,section>.note,.asked,legend,.help{break-after:avoid}\
input[type=text],textarea{font:inherit;color:inherit;background:#fff;border:1px solid #555;border-radius:0;padding:.3rem .4rem;max-width:100%;min-height:2.2rem}\
.long{width:100%}.short{width:13rem}.day{white-space:nowrap;margin-right:1rem}\
textarea{width:100%;display:block;resize:vertical;line-height:1.8rem;background-image:repeating-linear-gradient(transparent 0 calc(1.8rem - 1px),#bbb calc(1.8rem - 1px) 1.8rem);background-attachment:local;background-position-y:.3rem}\
.boxes{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem}.boxes.column{flex-direction:column}\
.box{display:inline-flex;align-items:center;gap:.4rem;min-height:1.7rem}.box.asked{display:flex}\
input[type=checkbox]{width:1.15rem;height:1.15rem;margin:0;flex:none;accent-color:#1a1a1a}\
table{border-collapse:collapse;width:100%;font-size:.88rem;margin:.3rem 0}caption{text-align:left;font-weight:600;margin-bottom:.3rem}\
th,td{border:1px solid #777;padding:.3rem .4rem;text-align:left;vertical-align:top}thead th{font-size:.82rem}tr{break-inside:avoid}\
.rows td{min-width:7rem;padding:0}.rows td input[type=text]{width:100%;border:0;background:transparent}.rows td .boxes{padding:.3rem .4rem;flex-direction:column}.rows tbody th{width:2rem;font-weight:400}\
.wide{overflow-x:auto}.needed{table-layout:fixed}.needed td,.needed th{overflow-wrap:break-word;hyphens:auto}.needed ul{margin:.2rem 0 0;padding-left:1.1rem}.needed th .note{font-weight:400}nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;margin:0 0 1.2rem;padding:0}nav a{color:#0b5cad;display:inline-block;padding:.3rem 0}.sign{display:grid;grid-template-columns:1fr 1.5fr 1.5fr;gap:1rem;margin:.4rem 0 1rem;font-size:.82rem;break-inside:avoid}\
.sign .line{display:block;height:2.6rem;border-bottom:1px solid #1a1a1a;margin-bottom:.2rem}.sign p{margin:0}\
.said{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}\
footer{border-top:1px solid #777;margin-top:2rem;font-size:.82rem}\
:focus-visible{outline:3px solid #0b5cad;outline-offset:2px}\
@media print{nav{display:none}body{max-width:none;padding:0;font-size:10pt}.wide{overflow:visible}.note{color:#1a1a1a}textarea{resize:none}*{print-color-adjust:exact}}\
@media(max-width:40rem){body{padding:1rem}.sign{grid-template-columns:1fr}.needed thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}.needed,.needed tbody,.needed tr,.needed th,.needed td,.needed caption{display:block}.needed tr{margin-bottom:.8rem}.needed td::before{content:attr(data-label);font-weight:600}}";
