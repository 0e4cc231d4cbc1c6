//! A service in the notations of others: for those who read a model in their own tool, and for those who check ours.
//!
//! Always true: an export is a function of the document alone; what a notation cannot say is named, never left out in
//! silence. `docs/exports.md` says what each holds. Reading order: [`dmn`] (with [`feel`]), [`xml`].

pub mod dmn;
pub mod feel;
pub mod xml;

use samverk_domain::pack::Pack;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Decision tables: DMN 1.5
    Dmn,
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
    }
}
