//! CPSV-AP 3.2 of a service: the public services that it consists of, for catalogues of services (Turtle and JSON-LD).
//!
//! The service as a whole and each of its steps is a `cpsv:PublicService`; what a step asks for is a requirement with evidence
//! (CCCEV 2), its outcomes are outputs, its fee a cost, its rules `cpsv:Rule`s that implement provisions. Always true: every
//! address that is named is described or is one of another's vocabulary, and texts are those of the document. Which body has a
//! role is said by the federation and the adoptions, not here: the authority is described by its task and area.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use samverk_domain::pack::{Area, Fact, OutcomeKind, Pack, Source, Step, Type, Unit};
use samverk_domain::words::law::{Act, Lagrum, Place, Reference};
use serde_json::{Map, Value as Json, json};

// Turtle 1.1 §6.4 escapes a text as FEEL does.
use super::feel::string as quoted;

/// Prefix and address of each vocabulary.
const PREFIXES: [(&str, &str); 9] = [
    ("adms", "http://www.w3.org/ns/adms#"),
    ("cpsv", "http://purl.org/vocab/cpsv#"),
    ("cv", "http://data.europa.eu/m8g/"),
    ("dct", "http://purl.org/dc/terms/"),
    ("eli", "http://data.europa.eu/eli/ontology#"),
    ("org", "http://www.w3.org/ns/org#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];
const SWEDEN: &str = "http://publications.europa.eu/resource/authority/country/SWE";
const SWEDISH: &str = "http://publications.europa.eu/resource/authority/language/SWE";
const ENGLISH: &str = "http://publications.europa.eu/resource/authority/language/ENG";
const KRONOR: &str = "http://publications.europa.eu/resource/authority/currency/SEK";

#[derive(Clone, Debug, PartialEq, Eq)]
enum Object {
    Iri(String),
    Text(String, &'static str),
    Typed(String, &'static str),
}

#[derive(Debug, Default)]
struct Resource {
    types: Vec<&'static str>,
    properties: Vec<(&'static str, Object)>,
}

/// Everything that is described, by address, in the order in which it was first named.
#[derive(Debug, Default)]
struct Graph {
    order: Vec<String>,
    resources: BTreeMap<String, Resource>,
}

impl Graph {
    fn describe(&mut self, iri: &str, class: &'static str) -> &mut Resource {
        if !self.resources.contains_key(iri) {
            self.order.push(iri.to_owned());
        }
        let resource = self.resources.entry(iri.to_owned()).or_default();
        if !resource.types.contains(&class) {
            resource.types.push(class);
        }
        resource
    }

    /// A public body, which the standard's shapes also want called an organisation.
    fn organisation(&mut self, iri: &str) -> &mut Resource {
        self.describe(iri, "cv:PublicOrganisation");
        self.describe(iri, "org:Organization")
    }
}

impl Resource {
    fn add(&mut self, property: &'static str, object: Object) -> &mut Self {
        if !self.properties.contains(&(property, object.clone())) {
            self.properties.push((property, object));
        }
        self
    }

    fn iri(&mut self, property: &'static str, iri: &str) -> &mut Self {
        self.add(property, Object::Iri(iri.to_owned()))
    }

    fn string(&mut self, property: &'static str, text: &str) -> &mut Self {
        self.add(property, Object::Typed(text.to_owned(), "xsd:string"))
    }

    /// The text in both languages, where there is one.
    fn text(&mut self, property: &'static str, pack: &Pack, key: &str) -> &mut Self {
        for language in ["sv", "en"] {
            let own = pack.texts.get(language).and_then(|texts| texts.get(key));
            if let Some(text) = own {
                self.add(property, Object::Text(text.it.clone(), language));
            }
        }
        self
    }
}

/// The description as Turtle, and the same as JSON-LD.
pub fn export(pack: &Pack) -> (String, String) {
    let graph = graph(pack);
    (turtle(&graph), json_ld(&graph))
}

fn address(pack: &Pack, kind: &str, name: &str) -> String {
    let base = format!("urn:samverk:{}:{}", *pack.meta.slug, *pack.meta.version);
    if kind.is_empty() {
        base
    } else {
        format!("{base}:{kind}:{name}")
    }
}

fn graph(pack: &Pack) -> Graph {
    let mut graph = Graph::default();
    let whole = address(pack, "", "");
    let channel = address(pack, "kanal", "webb");
    // The standard's shapes ask of what class the things of others' vocabularies are.
    graph.describe(SWEDEN, "dct:Location");
    for language in [SWEDISH, ENGLISH] {
        graph.describe(language, "dct:LinguisticSystem");
    }
    graph
        .describe(&whole, "cpsv:PublicService")
        .string("dct:identifier", &whole)
        .text("dct:title", pack, "tjänst.titel")
        .text("dct:description", pack, "tjänst.ingress")
        .iri("dct:spatial", SWEDEN)
        .iri("dct:language", SWEDISH)
        .iri("dct:language", ENGLISH)
        .iri("cv:hasChannel", &channel)
        .iri("cv:hasCompetentAuthority", &address(pack, "organ", "utgivare"))
        .add(
            "dct:issued",
            Object::Typed(pack.meta.valid_from.to_string(), "xsd:date"),
        );
    graph
        .organisation(&address(pack, "organ", "utgivare"))
        .string("dct:identifier", &address(pack, "organ", "utgivare"))
        .add("dct:title", Object::Text(pack.meta.publisher.it.clone(), "sv"))
        .add("skos:prefLabel", Object::Text(pack.meta.publisher.it.clone(), "sv"))
        .iri("dct:spatial", SWEDEN);
    graph
        .describe(&channel, "cv:Channel")
        .string("dct:identifier", &channel)
        .add(
            "dct:description",
            Object::Text(String::from("E-tjänst; på papper där det begärs."), "sv"),
        );
    for role in &pack.roles {
        let own = address(pack, "organ", role.name.as_str());
        let area = match &role.area.it {
            Area::Country => String::from("Hela riket."),
            Area::MunicipalityOf(fact) => format!("Kommunen för {fact}."),
        };
        graph
            .organisation(&own)
            .string("dct:identifier", &own)
            .text("dct:title", pack, &format!("roll.{}", *role.name))
            .text("skos:prefLabel", pack, &format!("roll.{}", *role.name))
            .add(
                "dct:description",
                Object::Text(format!("Den som har uppdraget {}. {area}", *role.task), "sv"),
            )
            .iri("dct:spatial", SWEDEN);
    }
    for step in &pack.steps {
        describe_step(pack, step, &mut graph, &whole, &channel);
    }
    graph
}

fn describe_step(pack: &Pack, step: &Step, graph: &mut Graph, whole: &str, channel: &str) {
    let name = step.name.as_str();
    let own = address(pack, "steg", name);
    graph.describe(whole, "cpsv:PublicService").iri("dct:relation", &own);
    let service = graph
        .describe(&own, "cpsv:PublicService")
        .string("dct:identifier", &own)
        .text("dct:title", pack, &format!("steg.{name}"))
        .iri("dct:relation", whole)
        .iri("dct:spatial", SWEDEN)
        .iri("dct:language", SWEDISH)
        .iri("dct:language", ENGLISH)
        .iri("cv:hasChannel", channel)
        .iri("cv:hasCompetentAuthority", &address(pack, "organ", step.role.as_str()))
        .add(
            "dct:description",
            Object::Text(format!("Behövs när: {}.", step.needed_when.it), "sv"),
        );
    if let Some(after) = &step.after {
        service.iri("dct:requires", &address(pack, "steg", after.it.step.as_str()));
    }
    if let Some((length, _)) = step.deadline.as_ref().and_then(|frist| frist.it.decide_within) {
        let duration = match length.unit {
            Unit::Days => Some(format!("P{}D", length.number)),
            Unit::Weeks => Some(format!("P{}D", u64::from(length.number) * 7)),
            Unit::Months => Some(format!("P{}M", length.number)),
            // No duration of XML Schema; the document says it.
            Unit::WorkingDays => None,
        };
        if let Some(duration) = duration {
            service.add("cv:processingTime", Object::Typed(duration, "xsd:duration"));
        }
    }
    if let Some(law) = &step.law {
        for provision in provisions(graph, &law.it) {
            graph
                .describe(&own, "cpsv:PublicService")
                .iri("cv:hasLegalResource", &provision);
        }
    }
    if let Some(fee) = &step.fee {
        let cost = address(pack, "avgift", fee.as_str());
        graph
            .describe(KRONOR, "skos:Concept")
            .add("skos:prefLabel", Object::Text(String::from("svensk krona"), "sv"));
        graph
            .describe(&cost, "cv:Cost")
            .string("dct:identifier", &cost)
            .text("dct:description", pack, &format!("namn.{}", **fee))
            .iri("cv:currency", KRONOR)
            .iri("cv:isDefinedBy", &address(pack, "organ", step.role.as_str()));
        if let Some(parameter) = pack.parameter(&fee.it) {
            let words = format!(
                "{}. Sätts av {}. Standard: {}.",
                parameter.ty.it, parameter.set_by.it, parameter.default.it
            );
            graph
                .describe(&cost, "cv:Cost")
                .add("dct:description", Object::Text(words, "sv"));
        }
        graph.describe(&own, "cpsv:PublicService").iri("cv:hasCost", &cost);
    }
    for outcome in pack.outcomes_of(&step.name.it) {
        let output = address(pack, "utfall", &format!("{name}:{}", outcome.name.it));
        graph
            .describe(&output, "cv:Output")
            .string("dct:identifier", &output)
            .text("dct:title", pack, &format!("utfall.{name}.{}", outcome.name.it))
            .add(
                "dct:description",
                Object::Text(
                    format!(
                        "{}. Beslutas av: {}. Överklagas: {}.",
                        outcome.kind.it, outcome.decider.it, outcome.appeal.it
                    ),
                    "sv",
                ),
            );
        // What is burdensome is a result, but nothing that one would look for a service to get.
        if outcome.kind.it != OutcomeKind::Burdensome {
            graph.describe(&own, "cpsv:PublicService").iri("cpsv:produces", &output);
        }
    }
    for fact in pack.underlag(step).iter().filter_map(|name| pack.fact(name)) {
        if let Some(requirement) = describe_fact(pack, fact, graph) {
            graph
                .describe(&own, "cpsv:PublicService")
                .iri("cv:holdsRequirement", &requirement);
        }
    }
    if let Some(rule) = pack.outcome_rule(&step.name.it) {
        for row in &rule.rows {
            let id = address(pack, "regel", &format!("{name}:{}", *row.id));
            let described = graph
                .describe(&id, "cpsv:Rule")
                .string("dct:identifier", &id)
                .text("dct:description", pack, &format!("rad.{name}.{}", *row.id))
                .add("dct:title", Object::Text(format!("{name}, rad {}", *row.id), "sv"));
            if row.because.is_none() {
                described.add("dct:description", Object::Text(format!("Ger {}.", row.result.it), "sv"));
            }
            if let Some(law) = &row.law {
                for provision in provisions(graph, &law.it) {
                    graph.describe(&id, "cpsv:Rule").iri("cpsv:implements", &provision);
                }
            }
            graph.describe(&own, "cpsv:PublicService").iri("cpsv:follows", &id);
        }
    }
}

/// What is asked for is an information requirement; a file, and what a register says, is evidence for it.
fn describe_fact(pack: &Pack, fact: &Fact, graph: &mut Graph) -> Option<String> {
    let name = fact.name.as_str();
    if !matches!(
        fact.source.it,
        Source::Applicant | Source::Register(_) | Source::Login | Source::Represented
    ) {
        return None;
    }
    let own = address(pack, "krav", name);
    graph
        .describe(&own, "cv:InformationRequirement")
        .string("dct:identifier", &own)
        .text("skos:prefLabel", pack, &format!("namn.{name}"))
        .text("dct:title", pack, &format!("namn.{name}"))
        .text("dct:description", pack, &format!("fråga.{name}"));
    graph.describe(&own, "cv:Requirement");
    if let Some(law) = &fact.processing {
        for provision in provisions(graph, &law.it) {
            graph
                .describe(&own, "cv:Requirement")
                .iri("cv:isDerivedFrom", &provision);
        }
    }
    let evidence = match (&fact.source.it, &fact.ty.it) {
        (Source::Register(source), _) => Some((
            format!("register:{}.{}", source.register, source.field),
            format!(
                "Uppgift ur registret {}: {}. Hämtas av det organ som behöver den.",
                source.register, source.field
            ),
        )),
        (_, Type::Attachment { shows, formats, .. }) => Some((
            format!("bilaga:{name}"),
            format!("Bilaga ({}) som visar {shows}.", formats.join(", ")),
        )),
        _ => None,
    };
    if let Some((kind, says)) = evidence {
        let list = address(pack, "bevislista", name);
        let evidence = address(pack, "bevis", &kind);
        graph
            .describe(&evidence, "cv:EvidenceType")
            .string("dct:identifier", &evidence)
            .text("dct:title", pack, &format!("namn.{name}"))
            .add("dct:description", Object::Text(says, "sv"));
        graph
            .describe(&list, "cv:EvidenceTypeList")
            .string("dct:identifier", &list)
            .iri("cv:specifiesEvidenceType", &evidence);
        graph
            .describe(&own, "cv:Requirement")
            .iri("cv:hasEvidenceTypeList", &list);
    }
    Some(own)
}

/// Describes the provisions of a lagrum and gives their addresses.
fn provisions(graph: &mut Graph, law: &Lagrum) -> Vec<String> {
    law.references()
        .iter()
        .map(|reference| {
            let own = provision(reference);
            graph
                .describe(&own, "eli:LegalResource")
                .string("dct:identifier", &own)
                .add("dct:title", Object::Text(reference.to_string(), "sv"));
            own
        })
        .collect()
}

/// Acts of the Union have addresses of their own (ELI); for Svensk författningssamling the pattern of
/// lagrummet is followed, for the collections of agencies there is none in common.
fn provision(reference: &Reference) -> String {
    let part = match &reference.place {
        Place::Whole => String::new(),
        Place::Chapter(chapter) => format!("#k{}", number(chapter)),
        Place::Sections {
            chapter,
            sections,
            paragraph,
            point,
        } => {
            let mut part = String::from("#");
            if let Some(chapter) = chapter {
                let _ = write!(part, "k{}", number(chapter));
            }
            if let Some(first) = sections.first() {
                let _ = write!(part, "p{}", number(&first.first));
            }
            if let Some(paragraph) = paragraph {
                let _ = write!(part, "s{paragraph}");
            }
            if let Some(point) = point {
                let _ = write!(part, "n{point}");
            }
            part
        }
        Place::Article { numbers, .. } => match numbers.first() {
            Some(article) => format!("/art_{article}"),
            None => String::new(),
        },
    };
    match &reference.act {
        Act::Sfs { year, number } => format!("http://rinfo.lagrummet.se/publ/sfs/{year}:{number}{part}"),
        Act::Eu { first, second, .. } => {
            // Until 2014 the number stood first, since then the year.
            let (year, number) = if *first >= 2015 {
                (first, second)
            } else {
                (second, first)
            };
            let part = if part.starts_with('/') { part } else { String::new() };
            format!("http://data.europa.eu/eli/reg/{year}/{number}{part}")
        }
        Act::Agency { series, year, number } => {
            format!("urn:samverk:föreskrift:{}:{year}:{number}{part}", series.to_lowercase())
        }
    }
}

fn number(number: &samverk_domain::words::law::Number) -> String {
    match number.letter {
        Some(letter) => format!("{}{letter}", number.number),
        None => number.number.to_string(),
    }
}

// ---- writing ----

fn turtle(graph: &Graph) -> String {
    let mut out = String::new();
    for (prefix, iri) in PREFIXES {
        let _ = writeln!(out, "@prefix {prefix}: <{iri}> .");
    }
    for iri in &graph.order {
        let Some(resource) = graph.resources.get(iri) else {
            continue;
        };
        let _ = write!(out, "\n<{}>\n  a {}", safe_iri(iri), resource.types.join(", "));
        for (property, object) in &resource.properties {
            let _ = write!(out, " ;\n  {property} ");
            match object {
                Object::Iri(iri) => {
                    let _ = write!(out, "<{}>", safe_iri(iri));
                }
                Object::Text(text, language) => {
                    let _ = write!(out, "{}@{language}", quoted(text));
                }
                Object::Typed(text, datatype) => {
                    let _ = write!(out, "{}^^{datatype}", quoted(text));
                }
            }
        }
        out.push_str(" .\n");
    }
    out
}

/// What an IRI may not hold (RFC 3987), in per cent.
fn safe_iri(iri: &str) -> String {
    let mut out = String::with_capacity(iri.len());
    for character in iri.chars() {
        match character {
            '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`' | '\\' | '\u{0}'..='\u{20}' => {
                let _ = write!(out, "%{:02X}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out
}

fn json_ld(graph: &Graph) -> String {
    let context: Map<String, Json> = PREFIXES
        .iter()
        .map(|(prefix, iri)| ((*prefix).to_owned(), json!(iri)))
        .collect();
    let described: Vec<Json> = graph
        .order
        .iter()
        .filter_map(|iri| {
            let resource = graph.resources.get(iri)?;
            let mut members = Map::new();
            members.insert(String::from("@id"), json!(safe_iri(iri)));
            members.insert(String::from("@type"), json!(resource.types));
            for (property, object) in &resource.properties {
                let value = match object {
                    Object::Iri(iri) => json!({"@id": safe_iri(iri)}),
                    Object::Text(text, language) => json!({"@value": text, "@language": language}),
                    Object::Typed(text, datatype) => json!({"@value": text, "@type": datatype}),
                };
                let values = members.entry((*property).to_owned()).or_insert_with(|| json!([]));
                if let Some(values) = values.as_array_mut() {
                    values.push(value);
                }
            }
            Some(Json::Object(members))
        })
        .collect();
    let whole = json!({"@context": context, "@graph": described});
    format!("{whole:#}\n")
}
