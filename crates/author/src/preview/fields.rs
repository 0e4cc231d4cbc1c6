//! The questions as the applicant meets them, in the preview's form: each type of fact as its own kind of field, and back.
//!
//! Always true here: what a field sends is read to the answer that it shows; what is no value of the fact's type stands in its
//! field with what is wrong, and decides nothing; what the form sent empty is unanswered, and what it did not send is the example's.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use samverk_domain::fact::{Facts, Known, NONE_CHOSEN, Name, Value};
use samverk_domain::pack::{Fact, List, Pack, Source, Type};
use samverk_domain::words::letters::capital;

use crate::paper::{escaped, marked};

/// Field → what was written in it, without `svar.`.
pub type Answers = BTreeMap<String, String>;
/// Answers that are not of their fact's type, with why.
pub type Refused = BTreeMap<String, String>;

/// Longer texts get several lines, as in the service.
const LINE_CHARACTERS: u32 = 200;
/// Items of one list on a page; the service itself takes as many as the document says.
const ITEMS_MAX: usize = 60;
/// The ends of a period, in field names.
const ENDS: [(&str, &str); 2] = [("-fran", "Första dagen"), ("-till", "Sista dagen")];
const DAY_PARTS: [(&str, &str, &str); 3] = [
    ("-dag", "Dag", "input--2"),
    ("-manad", "Månad", "input--2"),
    ("-ar", "År", "input--4"),
];

/// Lays the answers by hand over the example's.
pub fn lay(pack: &Pack, answers: &Answers, facts: &mut Facts) -> Refused {
    let mut refused = Refused::new();
    for fact in &pack.facts {
        if let Some(state) = read(&fact.ty.it, fact.name.it.as_str(), answers, &mut refused) {
            facts.set(fact.name.it.clone(), state);
        }
    }
    for list in &pack.lists {
        if answers.contains_key(list.name.it.as_str()) {
            items(list, answers, facts, &mut refused);
        }
    }
    refused
}

/// The items that the form sent. One whose fields are all empty is taken away; one that is new has only what was written.
fn items(list: &List, answers: &Answers, facts: &mut Facts, refused: &mut Refused) {
    let before = facts.lists.remove(&list.name.it).unwrap_or_default();
    let mut after = Vec::new();
    for at in 0..places(list, before.len()) {
        let mut item = before.get(at).cloned().unwrap_or_default();
        let mut is_there = false;
        for column in asked(list) {
            let Some(state) = read(&column.ty.it, &key(list, column, at), answers, refused) else {
                continue;
            };
            is_there |= state != Known::UNANSWERED || refused.contains_key(&key(list, column, at));
            item.insert(column.name.it.clone(), state);
        }
        if is_there {
            after.push(item);
        }
    }
    if !after.is_empty() || list.min == 0 {
        facts.lists.insert(list.name.it.clone(), after);
    }
}

/// How many items the form has a place for: the example's and one more.
fn places(list: &List, items: usize) -> usize {
    (items + 1).min(list.max as usize).min(ITEMS_MAX)
}

fn asked(list: &List) -> impl Iterator<Item = &Fact> {
    let columns = list.columns.iter();
    columns.filter(|fact| fact.source.it == Source::Applicant)
}

/// `ägare[1].andel`
fn key(list: &List, column: &Fact, at: usize) -> String {
    let name = column.name.it.as_str();
    let last = name.strip_prefix(list.name.it.as_str()).unwrap_or(name);
    format!("{}[{}]{last}", list.name.it, at + 1)
}

/// What the fields of one fact hold. `None`: the form did not have them.
fn read(ty: &Type, key: &str, answers: &Answers, refused: &mut Refused) -> Option<Known<Value>> {
    let text = written(ty, key, answers)?;
    if text.is_empty() {
        return Some(Known::UNANSWERED);
    }
    Some(match ty.value(&text) {
        Ok(value) => Known::Value(value),
        Err(why) => {
            refused.insert(key.to_owned(), why.to_string());
            Known::UNANSWERED
        }
    })
}

/// The fields' words as the document would write them.
fn written(ty: &Type, key: &str, answers: &Answers) -> Option<String> {
    let own = answers.get(key).map(|text| text.trim().to_owned());
    let day = |end: &str| {
        let [day, month, year] = DAY_PARTS.map(|(part, ..)| answers.get(&format!("{key}{end}{part}")));
        let parts = [year?.trim(), month?.trim(), day?.trim()];
        let is_empty = parts.iter().all(|part| part.is_empty());
        Some(match is_empty {
            true => String::new(),
            false => format!("{}-{:0>2}-{:0>2}", parts[0], parts[1], parts[2]),
        })
    };
    let fields = match ty {
        Type::Date => day(""),
        Type::Period => {
            let ends = ENDS.map(|(end, _)| day(end));
            match ends {
                [Some(from), Some(to)] if from.is_empty() && to.is_empty() => Some(String::new()),
                [Some(from), Some(to)] => Some(format!("{from} – {to}")),
                _ => None,
            }
        }
        Type::Several(words) => {
            let chosen = words.iter().enumerate().filter(|(nth, _)| {
                let field = format!("{key}-val{nth}");
                answers.contains_key(&field)
            });
            let mut chosen: Vec<&str> = chosen.map(|(_, word)| word.as_str()).collect();
            if answers.contains_key(&format!("{key}-inga")) {
                chosen.push(NONE_CHOSEN);
            }
            (!chosen.is_empty()).then(|| chosen.join(", "))
        }
        _ => None,
    };
    fields.or(own)
}

/// What the fields show: what was written, or the example's answer.
struct Shown<'a> {
    answers: &'a Answers,
    refused: &'a Refused,
    value: Option<&'a Value>,
    key: &'a str,
}

impl Shown<'_> {
    /// One field's own words.
    fn part(&self, end: &str, otherwise: impl FnOnce() -> String) -> String {
        let own = self.answers.get(&format!("{}{end}", self.key)).cloned();
        own.unwrap_or_else(otherwise)
    }

    fn text(&self) -> String {
        self.part("", || match self.value {
            Some(value) => value.to_string(),
            None => String::new(),
        })
    }

    /// A box is ticked if it was sent; if the form was not, as the example says.
    fn is_ticked(&self, end: &str, in_example: bool) -> bool {
        match self.answers.contains_key(self.key) {
            true => self.answers.contains_key(&format!("{}{end}", self.key)),
            false => in_example,
        }
    }
}

/// A question about one fact.
pub fn question(
    out: &mut String,
    pack: &Pack,
    fact: &Fact,
    value: Option<&Value>,
    answers: &Answers,
    refused: &Refused,
) {
    let name = &fact.name.it;
    let asked = pack.text("sv", &format!("fråga.{name}")).unwrap_or(name.as_str());
    out.push_str("<li>\n");
    let shown = Shown {
        answers,
        refused,
        value,
        key: name.as_str(),
    };
    field(out, pack, fact, asked, &shown);
    out.push_str("</li>\n");
}

/// A question about a list: its items one after the other, and a place for one more.
pub fn list(out: &mut String, pack: &Pack, list: &List, facts: &Facts, answers: &Answers, refused: &Refused) {
    let name = &list.name.it;
    let asked_as = pack.text("sv", &format!("fråga.{name}")).unwrap_or(name.as_str());
    let items = facts.lists.get(name).map(Vec::as_slice).unwrap_or_default();
    // What was sent stands where it was while something in it is wrong; then the items are shown as they are counted.
    let own = format!("{name}[");
    let stands = refused.keys().any(|key| key.starts_with(&own));
    let (none, sent) = (Answers::new(), answers);
    let answers = if stands { sent } else { &none };
    let mut rows_sent =
        (0..ITEMS_MAX).filter(|at| answers.keys().any(|key| key.starts_with(&format!("{own}{}]", at + 1))));
    let many = places(list, items.len()).max(rows_sent.next_back().map_or(0, |at| at + 1));
    let _ = write!(
        out,
        "<li>\n<fieldset class=\"preview-list\"><legend class=\"label\">{}</legend>\n<input type=\"hidden\" name=\"svar.{name}\" value=\"\">\n",
        escaped(asked_as)
    );
    if let Some(help) = pack.text("sv", &format!("hjälp.{name}")) {
        let _ = writeln!(out, "<p class=\"hint\">{}</p>", marked(help));
    }
    let _ = writeln!(
        out,
        "<p class=\"hint\">I tjänsten en i taget: {}. Här står alla på en gång. Töm en rad för att ta bort den.</p>",
        escaped(&between(list))
    );
    for at in 0..many {
        let item = items.get(at);
        let _ = writeln!(
            out,
            "<fieldset class=\"preview-item\"><legend class=\"caption\">{}</legend>",
            match item {
                Some(_) => format!("Nummer {}", at + 1),
                None => "En till".to_owned(),
            }
        );
        for column in asked(list) {
            let own = key(list, column, at);
            let value = item.and_then(|item| item.get(&column.name.it)).and_then(Known::value);
            let asked = pack
                .text("sv", &format!("fråga.{}", column.name.it))
                .unwrap_or(column.name.it.as_str());
            let shown = Shown {
                answers,
                refused,
                value,
                key: &own,
            };
            field(out, pack, column, asked, &shown);
        }
        out.push_str("</fieldset>\n");
    }
    out.push_str("</fieldset>\n</li>\n");
}

fn between(list: &List) -> String {
    match (list.min, list.max) {
        (0, max) => format!("högst {max}, eller ingen"),
        (min, max) if min == max => format!("{min}"),
        (min, max) => format!("minst {min} och högst {max}"),
    }
}

/// Fields' names hold dots and brackets; ids do not.
fn id_of(key: &str) -> String {
    let plain = key.chars().map(|c| if c.is_alphanumeric() { c } else { '-' });
    plain.fold("svar-".to_owned(), |mut id, c| {
        id.push(c);
        id
    })
}

fn field(out: &mut String, pack: &Pack, fact: &Fact, asked: &str, shown: &Shown<'_>) {
    let (key, id) = (shown.key, id_of(shown.key));
    let help = pack.text("sv", &format!("hjälp.{}", fact.name.it));
    let hint = [help.map(str::to_owned), what_to_write(&fact.ty.it)];
    let hint = hint.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let error = shown.refused.get(key);
    let mut described = Vec::new();
    if !hint.is_empty() {
        described.push(format!("{id}-h"));
    }
    if error.is_some() {
        described.push(format!("{id}-e"));
    }
    let described = match described.is_empty() {
        true => String::new(),
        false => format!(" aria-describedby=\"{}\"", described.join(" ")),
    };
    let invalid = if error.is_some() { " aria-invalid=\"true\"" } else { "" };
    let class = if error.is_some() { " has-error" } else { "" };
    let is_group = matches!(
        fact.ty.it,
        Type::YesNo | Type::Assessment | Type::Choice(_) | Type::Several(_) | Type::Date | Type::Period
    );
    let _ = match is_group {
        true => writeln!(
            out,
            "<fieldset class=\"field{class}\"{described}><legend class=\"label\">{}</legend>",
            escaped(asked)
        ),
        false => writeln!(
            out,
            "<div class=\"field{class}\"><label class=\"label\" for=\"{id}\">{}</label>",
            escaped(asked)
        ),
    };
    if !hint.is_empty() {
        let _ = writeln!(out, "<p class=\"hint\" id=\"{id}-h\">{}</p>", marked(&hint));
    }
    if let Some(why) = error {
        let _ = writeln!(
            out,
            "<p class=\"error preview-error\" id=\"{id}-e\">{}</p>",
            escaped(why)
        );
    }
    let line = |out: &mut String, size: &str, unit: &str| {
        let _ = writeln!(
            out,
            "<div class=\"unit\"><input class=\"input {size}\" id=\"{id}\" name=\"svar.{key}\" value=\"{}\" autocomplete=\"off\"{described}{invalid}>{}</div>",
            escaped(&shown.text()),
            match unit {
                "" => String::new(),
                unit => format!("<span>{}</span>", escaped(unit)),
            }
        );
    };
    match &fact.ty.it {
        Type::YesNo | Type::Assessment => radios(out, pack, fact, &["ja".to_owned(), "nej".to_owned()], shown, &id),
        Type::Choice(words) => radios(out, pack, fact, words, shown, &id),
        Type::Several(words) => boxes(out, pack, fact, words, shown, &id),
        Type::Date => {
            let day = match shown.value {
                Some(Value::Date(day)) => Some(*day),
                _ => None,
            };
            days(out, shown, &id, "", day, invalid);
        }
        Type::Period => {
            let period = match shown.value {
                Some(Value::Period { from, to }) => [Some(*from), Some(*to)],
                _ => [None, None],
            };
            for ((end, word), day) in ENDS.into_iter().zip(period) {
                let _ = writeln!(out, "<fieldset><legend>{word}</legend>");
                days(out, shown, &id, end, day, invalid);
                out.push_str("</fieldset>\n");
            }
        }
        Type::Text { characters_max } if *characters_max > LINE_CHARACTERS => {
            let _ = writeln!(
                out,
                "<textarea id=\"{id}\" name=\"svar.{key}\" rows=\"3\"{described}{invalid}>{}</textarea>",
                escaped(&shown.text())
            );
        }
        Type::Number { unit, .. } => line(out, "input--4", unit.as_deref().unwrap_or_default()),
        Type::Kronor { .. } => line(out, "input--8", "kronor"),
        Type::Clock { .. } | Type::Municipality => line(out, "input--4", ""),
        Type::OrgNr | Type::PersonNr => line(out, "input--12", ""),
        Type::Text { .. } | Type::Property | Type::Attachment { .. } => line(out, "", ""),
    }
    out.push_str(if is_group { "</fieldset>\n" } else { "</div>\n" });
}

/// What the author may write where the document's own help does not say it.
fn what_to_write(ty: &Type) -> Option<String> {
    Some(match ty {
        Type::Clock { from, to } => format!(
            "Klockslag mellan {} och {}, till exempel 22:30.",
            Value::Clock(*from),
            Value::Clock(*to)
        ),
        Type::Attachment { formats, .. } => format!(
            "Den sökande bifogar en fil här. Skriv ett filnamn som slutar på .{}.",
            formats.join(" eller .")
        ),
        Type::Several(_) => "Kryssa i alla som stämmer.".to_owned(),
        Type::Municipality => "Kommunens kod, fyra siffror.".to_owned(),
        _ => return None,
    })
}

fn word(pack: &Pack, fact: &Name, word: &str) -> String {
    let text = pack.text("sv", &format!("val.{fact}.{word}")).unwrap_or(word);
    capital(text)
}

fn radios(out: &mut String, pack: &Pack, fact: &Fact, words: &[String], shown: &Shown<'_>, id: &str) {
    let chosen = shown.text();
    out.push_str("<div class=\"choices--row\">\n");
    let unanswered = (String::new(), "Obesvarad".to_owned());
    let options = words.iter().map(|own| (own.clone(), word(pack, &fact.name.it, own)));
    for (nth, (own, text)) in options.chain([unanswered]).enumerate() {
        let is_chosen = own == chosen;
        let _ = writeln!(
            out,
            "<div class=\"choice\"><input type=\"radio\" id=\"{id}-{nth}\" name=\"svar.{}\" value=\"{}\"{}><label for=\"{id}-{nth}\">{}</label></div>",
            shown.key,
            escaped(&own),
            if is_chosen { " checked" } else { "" },
            escaped(&text)
        );
    }
    out.push_str("</div>\n");
}

fn boxes(out: &mut String, pack: &Pack, fact: &Fact, words: &[String], shown: &Shown<'_>, id: &str) {
    let example = match shown.value {
        Some(Value::Set(chosen)) => Some(chosen),
        _ => None,
    };
    // Says that the form had these boxes, also when none is ticked.
    let _ = writeln!(
        out,
        "<input type=\"hidden\" name=\"svar.{}\" value=\"\">\n<div class=\"choices--row\">",
        shown.key
    );
    let options = words.iter().enumerate().map(|(nth, own)| {
        let in_example = example.is_some_and(|chosen| chosen.contains(own));
        (format!("-val{nth}"), word(pack, &fact.name.it, own), in_example)
    });
    let none = (
        "-inga".to_owned(),
        "Inget av det här".to_owned(),
        example.is_some_and(|chosen| chosen.is_empty()),
    );
    for (end, text, in_example) in options.chain([none]) {
        let _ = writeln!(
            out,
            "<div class=\"choice\"><input type=\"checkbox\" id=\"{id}{end}\" name=\"svar.{}{end}\" value=\"ja\"{}><label for=\"{id}{end}\">{}</label></div>",
            shown.key,
            if shown.is_ticked(&end, in_example) {
                " checked"
            } else {
                ""
            },
            escaped(&text)
        );
    }
    out.push_str("</div>\n");
}

fn days(out: &mut String, shown: &Shown<'_>, id: &str, end: &str, day: Option<jiff::civil::Date>, invalid: &str) {
    out.push_str("<div class=\"dates\">\n");
    for (part, label, size) in DAY_PARTS {
        let own = shown.part(&format!("{end}{part}"), || {
            // Words that are no day, in an address written by hand, stand where they can be seen.
            let by_hand = shown.answers.get(shown.key).filter(|_| part == "-dag");
            by_hand.cloned().unwrap_or_else(|| match (day, part) {
                (Some(day), "-dag") => day.day().to_string(),
                (Some(day), "-manad") => day.month().to_string(),
                (Some(day), _) => day.year().to_string(),
                (None, _) => String::new(),
            })
        });
        let _ = writeln!(
            out,
            "<div><label for=\"{id}{end}{part}\">{label}</label><input class=\"input {size}\" id=\"{id}{end}{part}\" name=\"svar.{}{end}{part}\" inputmode=\"numeric\" autocomplete=\"off\" value=\"{}\"{invalid}></div>",
            shown.key,
            escaped(&own)
        );
    }
    out.push_str("</div>\n");
}
