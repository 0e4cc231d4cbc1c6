//! JSON Schema 2020-12 of what each step's body gets: one schema for each step, and each example as a valid instance of it.
//!
//! An application is an object: `tjänst`, `version`, `steg`, and `uppgifter` with a member for each fact under its name in the
//! document; a list is an array of its items. Always true: a member is the value, or says which of the other states holds
//! (`{"saknas": cause}`, `{"ej aktuellt": true}`, `{"värde": …, "bestrids": why}`), and only where that state can occur;
//! what a case worker or another body says is never among them, for it arises later. The wire format between nodes, with
//! proofs and signatures, is another matter: `samverk-domain`'s `case::messages`.

use std::collections::BTreeSet;

use samverk_domain::fact::{Facts, Known, Name, Value};
use samverk_domain::pack::{Expr, Fact, List, NoRecord, Pack, RegisterSource, Source, Step, Type, WhenDown};
use samverk_domain::rules::{Classes, example};
use serde_json::{Map, Value as Json, json};

/// JSON Schema 2020-12.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A step's schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    pub step: Name,
    pub schema: Json,
    /// Each example's application for this step, in the order of the examples; title and instance. What an example leaves
    /// unsaid and an application must have is filled in with a value that the document takes.
    pub examples: Vec<(String, Json)>,
}

pub fn export(pack: &Pack) -> Vec<Schema> {
    let classes = Classes::new(pack, &Default::default());
    pack.steps
        .iter()
        .map(|step| {
            let sent = Sent::of(pack, step);
            Schema {
                step: step.name.it.clone(),
                schema: schema(pack, step, &sent),
                examples: examples(pack, step, &sent, &classes),
            }
        })
        .collect()
}

/// What a step's body gets with the application.
struct Sent<'p> {
    facts: Vec<&'p Fact>,
    lists: Vec<(&'p List, Vec<&'p Fact>)>,
    /// Of these, what stands in every application: the step's own Underlag.
    always: BTreeSet<Name>,
}

impl<'p> Sent<'p> {
    fn of(pack: &'p Pack, step: &Step) -> Self {
        let read = samverk_domain::check::read_by_step(pack, &step.name.it);
        let underlag: BTreeSet<Name> = pack.underlag(step).into_iter().collect();
        let is_sent = |fact: &&Fact| {
            let comes_with_it = matches!(
                fact.source.it,
                Source::Login | Source::Represented | Source::Applicant | Source::Register(_)
            );
            comes_with_it && (underlag.contains(&fact.name.it) || read.contains(&fact.name.it))
        };
        let lists = pack.lists.iter().filter_map(|list| {
            let columns: Vec<&Fact> = list.columns.iter().filter(is_sent).collect();
            (!columns.is_empty()).then_some((list, columns))
        });
        Self {
            facts: pack.facts.iter().filter(is_sent).collect(),
            lists: lists.collect(),
            always: underlag,
        }
    }

    fn is_required(&self, fact: &Fact) -> bool {
        self.always.contains(&fact.name.it) && !matches!(fact.source.it, Source::Register(_))
    }
}

fn schema(pack: &Pack, step: &Step, sent: &Sent<'_>) -> Json {
    let slug = pack.meta.slug.as_str();
    let mut facts = Map::new();
    let mut required = Vec::new();
    for fact in &sent.facts {
        facts.insert(fact.name.to_string(), of_fact(pack, fact));
        if sent.is_required(fact) {
            required.push(fact.name.to_string());
        }
    }
    for (list, columns) in &sent.lists {
        let mut members = Map::new();
        let mut member_required = Vec::new();
        for column in columns {
            members.insert(column.name.to_string(), of_fact(pack, column));
            if sent.is_required(column) {
                member_required.push(column.name.to_string());
            }
        }
        let mut of_list = json!({
            "type": "array",
            "minItems": list.min,
            "maxItems": list.max,
            "items": {
                "type": "object",
                "properties": members,
                "required": member_required,
                "additionalProperties": false,
            },
        });
        let own = |kind: &str| pack.text("sv", &format!("{kind}.{}", *list.name));
        if let (Some(members), Some(title)) = (of_list.as_object_mut(), own("namn").or_else(|| own("grupp"))) {
            members.insert(String::from("title"), json!(title));
        }
        facts.insert(list.name.to_string(), of_list);
        if columns.iter().any(|column| sent.is_required(column)) {
            required.push(list.name.to_string());
        }
    }
    let title = pack
        .text("sv", &format!("steg.{}", *step.name))
        .unwrap_or(step.name.as_str());
    let role = pack
        .text("sv", &format!("roll.{}", *step.role))
        .unwrap_or(step.role.as_str());
    let law = step.law.as_ref().map_or(Json::Null, |law| json!(law.as_str()));
    json!({
        "$schema": DIALECT,
        "$id": format!("urn:samverk:{slug}:{}:{}", *pack.meta.version, *step.name),
        "title": title,
        "description": format!("Det som {role} får när någon ansöker eller anmäler genom tjänsten {}.", *pack.title),
        "x-lagrum": law,
        "type": "object",
        "properties": {
            "tjänst": {"const": slug},
            "version": {"const": *pack.meta.version},
            "steg": {"const": step.name.as_str()},
            "uppgifter": {
                "type": "object",
                "properties": facts,
                "required": required,
                "additionalProperties": false,
            },
        },
        "required": ["tjänst", "version", "steg", "uppgifter"],
        "additionalProperties": false,
        "$defs": {
            "saknas": {
                "description": "Uppgiften saknas, med orsaken. Det talar aldrig mot någon.",
                "type": "object",
                "properties": {"saknas": {"enum": ["obesvarad", "hämtas", "fel"]}},
                "required": ["saknas"],
                "additionalProperties": false,
            },
            "ej-aktuellt": {
                "description": "Frågan har ingen mening här; registret har sagt det.",
                "type": "object",
                "properties": {"ej aktuellt": {"const": true}},
                "required": ["ej aktuellt"],
                "additionalProperties": false,
            },
        },
    })
}

/// A fact: its value, or what else can be said of it.
fn of_fact(pack: &Pack, fact: &Fact) -> Json {
    let name = &fact.name.it;
    let value = of_type(&fact.ty.it);
    let mut whole = match &fact.source.it {
        Source::Register(source) => {
            let mut states = vec![value.clone(), json!({"$ref": "#/$defs/saknas"})];
            if source.no_record == NoRecord::NotApplicable {
                states.push(json!({"$ref": "#/$defs/ej-aktuellt"}));
            }
            states.push(json!({
                "description": "Värdet som registret har, och vad den som det gäller säger är fel. Värdet ändras aldrig.",
                "type": "object",
                "properties": {"värde": value, "bestrids": {"type": "string", "minLength": 1}},
                "required": ["värde", "bestrids"],
                "additionalProperties": false,
            }));
            json!({"anyOf": states})
        }
        _ => value,
    };
    if let Some(members) = whole.as_object_mut() {
        let text = |kind: &str| pack.text("sv", &format!("{kind}.{name}"));
        if let Some(title) = text("namn") {
            members.insert(String::from("title"), json!(title));
        }
        let said: Vec<&str> = [text("fråga"), text("hjälp")].into_iter().flatten().collect();
        let unit = match &fact.ty.it {
            Type::Number { unit: Some(unit), .. } => Some(format!("Enhet: {unit}.")),
            Type::Kronor { .. } => Some(String::from("Enhet: kr.")),
            _ => None,
        };
        let said: Vec<&str> = said.into_iter().chain(unit.as_deref()).collect();
        if !said.is_empty() {
            members.insert(String::from("description"), json!(said.join(" ")));
        }
        members.insert(String::from("x-källa"), json!(source_in_words(&fact.source.it)));
        if let Some(law) = &fact.processing {
            members.insert(String::from("x-grund"), json!(law.as_str()));
        }
    }
    whole
}

fn source_in_words(source: &Source) -> String {
    match source {
        Source::Register(RegisterSource {
            register,
            field,
            when_down: WhenDown::Ask,
            ..
        }) => format!("register {register}.{field}, sökanden om registret är ur funktion"),
        Source::Register(RegisterSource { register, field, .. }) => format!("register {register}.{field}"),
        other => other.to_string(),
    }
}

fn of_type(ty: &Type) -> Json {
    // A bound that is no whole number of a float is left to the reader of the description.
    let bound = |number: &rust_decimal::Decimal| -> Json {
        let text = number.normalize().to_string();
        serde_json::from_str(&text).unwrap_or(Json::Null)
    };
    match ty {
        Type::YesNo => json!({"type": "boolean"}),
        Type::Assessment => json!({
            "type": "object",
            "properties": {"svar": {"type": "boolean"}, "skäl": {"type": "string", "minLength": 1}},
            "required": ["svar", "skäl"],
            "additionalProperties": false,
        }),
        Type::Choice(words) => json!({"type": "string", "enum": words}),
        Type::Several(words) => {
            json!({"type": "array", "items": {"type": "string", "enum": words}, "uniqueItems": true})
        }
        Type::Number { min, max, decimals, .. } => {
            let kind = if *decimals == 0 { "integer" } else { "number" };
            json!({"type": kind, "minimum": bound(min), "maximum": bound(max)})
        }
        Type::Kronor { min, max } => json!({"type": "integer", "minimum": bound(min), "maximum": bound(max)}),
        Type::Text { characters_max } => json!({"type": "string", "minLength": 1, "maxLength": characters_max}),
        Type::Date => day(),
        Type::Clock { .. } => json!({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}),
        Type::Period => json!({
            "type": "object",
            "properties": {"från": day(), "till": day()},
            "required": ["från", "till"],
            "additionalProperties": false,
        }),
        Type::OrgNr => json!({"type": "string", "pattern": "^[0-9]{10}$"}),
        Type::PersonNr => json!({"type": "string", "pattern": "^[0-9]{12}$"}),
        Type::Property => json!({"type": "string", "minLength": 1}),
        Type::Municipality => json!({"type": "string", "pattern": "^[0-9]{4}$"}),
        Type::Attachment { formats, bytes_max, .. } => json!({
            "type": "object",
            "properties": {
                "filnamn": {"type": "string", "minLength": 1},
                "format": {"type": "string", "enum": formats},
                "byte": {"type": "integer", "minimum": 1, "maximum": bytes_max},
                "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            },
            "required": ["filnamn", "format", "byte", "sha256"],
            "additionalProperties": false,
        }),
    }
}

fn day() -> Json {
    json!({"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
}

fn examples(pack: &Pack, step: &Step, sent: &Sent<'_>, classes: &Classes) -> Vec<(String, Json)> {
    let always = step.needed_when.it == Expr::Always;
    let mut found = Vec::new();
    for example in &pack.examples {
        let (facts, setting) = example::facts(pack, example);
        let evaluation = samverk_domain::rules::evaluate(pack, &facts, &setting);
        let needed = evaluation.steps.get(&step.name.it).map(|result| &result.needed);
        if always || needed == Some(&Known::Value(true)) {
            found.push((example.title.it.clone(), instance(pack, step, sent, &facts, classes)));
        }
    }
    found
}

fn instance(pack: &Pack, step: &Step, sent: &Sent<'_>, facts: &Facts, classes: &Classes) -> Json {
    let known = |fact: &Fact, known: &Known<Value>| -> Option<Json> {
        let value = match known {
            Known::Missing(_) if sent.is_required(fact) => classes.of(&fact.name.it).first()?.value()?.clone(),
            Known::Missing(_) => return Some(json!({"saknas": "fel"})).filter(|_| is_register(fact)),
            Known::NotApplicable => return Some(json!({"ej aktuellt": true})),
            Known::Value(value) => value.clone(),
        };
        Some(of_value(&value))
    };
    let mut members = Map::new();
    for fact in &sent.facts {
        if let Some(value) = known(fact, &facts.of(&fact.name.it)) {
            members.insert(fact.name.to_string(), value);
        }
    }
    for (list, columns) in &sent.lists {
        let blank = vec![Default::default(); list.min as usize];
        let items = facts.lists.get(&list.name.it).unwrap_or(&blank);
        let items: Vec<Json> = items
            .iter()
            .map(|item| {
                let mut members = Map::new();
                for column in columns {
                    let state = item.get(&column.name.it).unwrap_or(&Known::UNANSWERED);
                    if let Some(value) = known(column, state) {
                        members.insert(column.name.to_string(), value);
                    }
                }
                Json::Object(members)
            })
            .collect();
        members.insert(list.name.to_string(), Json::Array(items));
    }
    json!({
        "tjänst": pack.meta.slug.as_str(),
        "version": *pack.meta.version,
        "steg": step.name.as_str(),
        "uppgifter": members,
    })
}

fn is_register(fact: &Fact) -> bool {
    matches!(fact.source.it, Source::Register(_))
}

fn of_value(value: &Value) -> Json {
    match value {
        Value::YesNo(answer) => json!(answer),
        Value::Assessment { answer, reasons } => json!({"svar": answer, "skäl": reasons}),
        Value::Set(words) => json!(words),
        Value::Number(number) => {
            serde_json::from_str(&number.normalize().to_string()).unwrap_or_else(|_| json!(number.to_string()))
        }
        Value::Period { from, to } => json!({"från": from.to_string(), "till": to.to_string()}),
        Value::OrgNr(digits) | Value::PersonNr(digits) => json!(digits),
        Value::Attachment(file) => json!({
            "filnamn": file.file_name,
            "format": file.format,
            "byte": file.bytes.max(1),
            "sha256": file.sha256,
        }),
        other => json!(other.to_string()),
    }
}
