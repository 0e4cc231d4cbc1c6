//! `samverk new`: a small service that is whole, with comments that teach.
//!
//! Always true: what is written is formatted, and `samverk check` has nothing to say about it. The files stand beside this one
//! as they will be written; only the service's name is filled in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use samverk_domain::fact::Name;
use samverk_domain::finding::SourceFile;

use crate::format;

/// Write a new service: a small one that is whole, to change from
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk new anmal-folkol
  samverk new anmal-folkol --dir mina-tjanster

Writes tjanst.md, its texts in Swedish and English, a letter and examples: a notification to a municipality
that `samverk check` has nothing to say about. Comments say what each part is and what to change.
Exit code: 0 written, 2 not (nothing that is there already is touched).")]
pub struct Args {
    /// The service's name: lower case letters, digits and hyphens; also the folder's name
    slug: String,
    /// The folder that the service's own folder is made in
    #[arg(long, value_name = "DIR", default_value = "packs")]
    dir: PathBuf,
}

const FILES: [(&str, &str); 5] = [
    ("tjanst.md", include_str!("tjanst.md")),
    ("texter.sv.md", include_str!("texter.sv.md")),
    ("texter.en.md", include_str!("texter.en.md")),
    ("brev/registrering.md", include_str!("brev/registrering.md")),
    ("exempel.md", include_str!("exempel.md")),
];

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let slug = slug(&args.slug)?;
    let folder = args.dir.join(slug.as_str());
    write(&folder, &slug)?;
    let shown = folder.display();
    let mut out = String::new();
    for (path, _) in FILES {
        out.push_str(&format!("{shown}/{path}\n"));
    }
    out.push_str(&format!(
        "\nÖppna {shown}/tjanst.md och börja med rubriken och tabellen Uppgifter. Pröva under tiden:\n  samverk check {shown}\n  samverk test {shown}\n  samverk ask {shown}\n"
    ));
    super::print(&out)?;
    Ok(ExitCode::SUCCESS)
}

fn slug(text: &str) -> anyhow::Result<Name> {
    let plain: String = text
        .chars()
        .map(|c| match c {
            'å' | 'ä' => 'a',
            'ö' => 'o',
            'é' => 'e',
            'ü' => 'u',
            c => c,
        })
        .collect();
    anyhow::ensure!(
        plain == text,
        "a service's name stands in addresses and folders; write it without å, ä and ö: {plain}"
    );
    let name = Name::parse(text)?;
    anyhow::ensure!(
        name.as_str() == text && !text.contains('.'),
        "a service's name is lower case and has no dots; try {}",
        name.as_str().replace('.', "-")
    );
    Ok(name)
}

/// The files of a new service.
fn files(slug: &Name) -> anyhow::Result<Vec<SourceFile>> {
    let files: Vec<SourceFile> = FILES
        .iter()
        .map(|(path, text)| SourceFile {
            path: (*path).to_owned(),
            text: text.replace("SLUG", slug.as_str()),
        })
        .collect();
    Ok(format::service(&files)?)
}

fn write(folder: &Path, slug: &Name) -> anyhow::Result<()> {
    let files = files(slug)?;
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
    }
    // Fails if there is one already, so that nobody's work is written over.
    fs::create_dir(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    for file in files {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        }
        fs::write(&path, &file.text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use samverk_domain::{check, pack};

    #[test]
    fn a_new_service_has_nothing_to_be_found_in_it() {
        let files = files(&Name::parse("min-tjänst").unwrap()).unwrap();
        let (pack, found) = pack::parse::pack(files.clone());
        let source = crate::findings::Source {
            folder: "",
            files: &files,
        };
        assert_eq!(crate::findings::text(&found, &source, false), "");
        let found = check::check(&pack.unwrap(), None);
        assert_eq!(crate::findings::text(&found, &source, false), "");
    }

    #[test]
    fn a_folder_that_is_there_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let slug = slug("anmal").unwrap();
        let folder = dir.path().join("packs").join("anmal");
        write(&folder, &slug).unwrap();
        fs::write(folder.join("tjanst.md"), "mitt").unwrap();
        assert!(write(&folder, &slug).is_err());
        assert_eq!(fs::read_to_string(folder.join("tjanst.md")).unwrap(), "mitt");
        assert!(folder.join("brev/registrering.md").is_file());
    }

    #[test]
    fn a_name_that_cannot_be_a_folder_is_refused() {
        for bad in ["", "a.b", "../x", "A", "a/b", "a b"] {
            assert!(super::slug(bad).is_err(), "{bad}");
        }
    }
}
