//! A service in the notations of others: for those who read a model in their own tool, and for those who check ours.
//!
//! Always true: an export is a function of the document alone; what a notation cannot say is named, never left out in
//! silence. `docs/exports.md` says what each holds. Reading order: [`dmn`] (with [`feel`]), [`bpmn`], [`json_schema`], [`cpsv`],
//! [`xml`].

pub mod bpmn;
pub mod cpsv;
pub mod dmn;
pub mod feel;
pub mod json_schema;
pub mod xml;

use samverk_domain::pack::Pack;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Decision tables: DMN 1.5
    Dmn,
    /// The process that follows, with its diagram: BPMN 2.0
    Bpmn,
    /// What each step's body gets, with examples: JSON Schema 2020-12
    JsonSchema,
    /// The services for a catalogue: CPSV-AP 3.2 as Turtle and JSON-LD
    CpsvAp,
}

/// A file of an export: what it is called, and what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub text: String,
}

/// The files, and in Swedish what could not be said in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    pub files: Vec<File>,
    pub left_out: Vec<String>,
}

pub fn export(pack: &Pack, format: Format) -> Exported {
    let slug = pack.meta.slug.as_str();
    match format {
        Format::Dmn => {
            let model = dmn::export(pack);
            Exported {
                files: vec![File {
                    name: format!("{slug}.dmn"),
                    text: model.xml,
                }],
                left_out: model
                    .left_out
                    .iter()
                    .map(|(name, why)| format!("{name}: `{}` går inte att säga i FEEL.", why.what))
                    .collect(),
            }
        }
        Format::Bpmn => Exported::of(vec![File {
            name: format!("{slug}.bpmn"),
            text: bpmn::export(pack),
        }]),
        Format::JsonSchema => {
            let mut files = Vec::new();
            for schema in json_schema::export(pack) {
                files.push(File {
                    name: format!("{slug}.{}.schema.json", schema.step),
                    text: format!("{:#}\n", schema.schema),
                });
                for (number, (_, instance)) in schema.examples.iter().enumerate() {
                    files.push(File {
                        name: format!("exempel/{slug}.{}.{}.json", schema.step, number + 1),
                        text: format!("{instance:#}\n"),
                    });
                }
            }
            Exported::of(files)
        }
        Format::CpsvAp => {
            let (turtle, json_ld) = cpsv::export(pack);
            Exported::of(vec![
                File {
                    name: format!("{slug}.ttl"),
                    text: turtle,
                },
                File {
                    name: format!("{slug}.jsonld"),
                    text: json_ld,
                },
            ])
        }
    }
}

impl Exported {
    /// Nothing is left out.
    fn of(files: Vec<File>) -> Self {
        Self {
            files,
            left_out: Vec::new(),
        }
    }
}
