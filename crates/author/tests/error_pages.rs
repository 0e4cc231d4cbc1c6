//! `docs/errors/`: one page for each code, whose faulty piece is sown in the small service beside them and found as it says.
//!
//! To write what the checker says anew after a change: `SAMVERK_WRITE_DOCS=1 cargo test -p samverk-author --test error_pages`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use samverk_author::findings::{self, Source};
use samverk_author::folder;
use samverk_domain::check::{self, Joined};
use samverk_domain::finding::{Finding, Severity, SourceFile};
use samverk_domain::pack;
use samverk_domain::terms::{Adoption, Federation, Offer};
use samverk_domain::words::letters::capital;

const FEDERATION: &str = "federation.json";
/// Stands in a piece for a file that is taken away.
const WHOLE_FILE: &str = "(hela filen)";

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors")
}

/// The service's files, and its federation last.
fn service() -> Vec<SourceFile> {
    let folder = pages().join("tjanst");
    let mut files = folder::read(&folder).unwrap();
    files.push(SourceFile {
        path: FEDERATION.to_owned(),
        text: fs::read_to_string(folder.join(FEDERATION)).unwrap(),
    });
    files
}

#[derive(serde::Deserialize)]
struct World {
    federation: Federation,
    offers: Vec<Offer>,
    adoptions: Vec<Adoption>,
}

fn check(files: &[SourceFile]) -> (Vec<Finding>, Vec<SourceFile>) {
    let (federation, files): (Vec<SourceFile>, Vec<SourceFile>) =
        files.iter().cloned().partition(|file| file.path == FEDERATION);
    let world: World = serde_json::from_str(&federation[0].text).unwrap();
    let (pack, mut found) = pack::parse::pack(files.clone());
    if let Some(pack) = pack.filter(|_| found.iter().all(|finding| finding.severity != Severity::Error)) {
        let joined = Joined {
            federation: &world.federation,
            offers: &world.offers,
            adoptions: &world.adoptions,
        };
        found.extend(check::check(&pack, Some(joined)));
    }
    (found, files)
}

/// Lines of a fenced block after a line.
fn block<'p>(page: &'p str, fence: &str) -> Option<Vec<&'p str>> {
    let mut lines = page.lines().skip_while(|line| *line != format!("```{fence}"));
    lines.next()?;
    Some(lines.take_while(|line| *line != "```").collect())
}

/// The service with the page's piece in it: lines with `-` go, lines with `+` come, the others show the place.
fn sown(code: &str, page: &str) -> Vec<SourceFile> {
    let mut files = service();
    match code {
        // What is too much to be shown.
        "S002" => files[0].text.push_str(&" ".repeat(pack::parse::FILE_BYTES_MAX)),
        "S309" => too_many_cases(&mut files),
        _ => {
            let piece = block(page, "diff").unwrap_or_else(|| panic!("{code}: a page shows a faulty piece"));
            let mut path = "";
            let mut hunk: Vec<&str> = Vec::new();
            for line in piece.into_iter().chain(["…"]) {
                if line.starts_with(['+', '-', ' ']) || line.is_empty() {
                    hunk.push(line);
                    continue;
                }
                if !hunk.is_empty() {
                    change(code, &mut files, path, &hunk);
                    hunk.clear();
                }
                if line != "…" {
                    path = line;
                }
            }
        }
    }
    files
}

fn change(code: &str, files: &mut Vec<SourceFile>, path: &str, hunk: &[&str]) {
    let lines = |without: char| {
        let kept = hunk.iter().filter(|line| !line.starts_with(without));
        kept.map(|line| format!("{}\n", line.get(1..).unwrap_or("")))
            .collect::<String>()
    };
    let (from, to) = (lines('+'), lines('-'));
    if from.trim() == WHOLE_FILE {
        files.retain(|file| file.path != path);
        return;
    }
    let Some(file) = files.iter_mut().find(|file| file.path == path) else {
        let text = to;
        files.insert(
            0,
            SourceFile {
                path: path.to_owned(),
                text,
            },
        );
        files.sort_by(|a, b| (a.path == FEDERATION, &a.path).cmp(&(b.path == FEDERATION, &b.path)));
        return;
    };
    let times = file.text.matches(&from).count();
    assert_eq!(times, 1, "{code}: the piece must stand once in {path}");
    file.text = file.text.replace(&from, &to);
}

/// A rule that reads twenty facts at once, two by two.
fn too_many_cases(files: &mut [SourceFile]) {
    let names: Vec<String> = (1..=20).map(|n| format!("bord.rad-{n}")).collect();
    let rows: String = names
        .iter()
        .map(|name| format!("| {name} | ja/nej | sökanden | 1993:1617 3 kap. 1 § | Står borden i rad? |\n"))
        .collect();
    let both = |pair: &[String]| format!("({} = ja och {} = ja)", pair[0], pair[1]);
    let pairs: Vec<String> = names.chunks(2).map(both).collect();
    let rule = format!(
        "## Regel: bord.rader (unik)\n\n| id | när | → bord.rader | → därför att | → lagrum |\n| --- | --- | --- | --- | --- |\n\
         | t1 | {0} | ja | Borden står lika. | 1993:1617 3 kap. 1 § |\n\
         | t2 | inte ({0}) | nej | Borden står olika. | 1993:1617 3 kap. 1 § |\n\n## Utfall\n",
        pairs.join(" eller "),
    );
    let english: String = names
        .iter()
        .map(|name| format!("| namn.{name} | Row |\n| fråga.{name} | Do the tables stand in a row? |\n"))
        .collect();
    let swedish: String = names.iter().map(|name| format!("| namn.{name} | Rad |\n")).collect();
    for file in files {
        match file.path.as_str() {
            "tjanst.md" => {
                file.text = file
                    .text
                    .replace("## Utfall\n", &rule)
                    .replace("| polis.yttrande |", &format!("{rows}| polis.yttrande |"));
                file.text = file
                    .text
                    .replace("| k1 | bord.yta > 0 |", "| k1 | bord.yta > 0 och bord.rader = ja |");
            }
            "texter.en.md" => {
                file.text.push_str(&english);
                file.text
                    .push_str("| rad.bord.rader.t1 | Alike. |\n| rad.bord.rader.t2 | Not alike. |\n");
            }
            "texter.sv.md" => file.text.push_str(&swedish),
            _ => {}
        }
    }
}

#[test]
fn the_small_service_is_without_fault_also_in_its_federation() {
    let (found, files) = check(&service());
    let source = Source {
        folder: "",
        files: &files,
    };
    assert!(found.is_empty(), "{}", findings::text(&found, &source, false));
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let codes: BTreeSet<String> = check::codes().map(|(code, _)| (*code).to_owned()).collect();
    let pages: BTreeSet<String> = fs::read_dir(pages())
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".md")?.to_owned()))
        .collect();
    assert_eq!(
        codes.difference(&pages).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "write docs/errors/<code>.md: what it means, a faulty piece, how it is mended"
    );
    assert_eq!(pages.difference(&codes).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn every_page_s_piece_is_found_with_its_code_and_a_suggestion_as_the_page_says() {
    let mut wrong = Vec::new();
    for (code, meaning) in check::codes() {
        let path = pages().join(format!("{code}.md"));
        let Ok(page) = fs::read_to_string(&path) else {
            continue; // The test before says it.
        };
        let (found, files) = check(&sown(code, &page));
        let Some(finding) = found.iter().find(|finding| finding.code == *code) else {
            let source = Source {
                folder: "",
                files: &files,
            };
            wrong.push(format!(
                "{code} is not said:\n{}",
                findings::text(&found, &source, false)
            ));
            continue;
        };
        if finding.suggestion.as_ref().is_none_or(|it| it.trim().is_empty()) {
            wrong.push(format!("{code} has no suggestion"));
        }
        let source = Source {
            folder: "",
            files: &files,
        };
        let said = findings::text(std::slice::from_ref(finding), &source, false);
        let said: String = said
            .trim_end()
            .lines()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect();
        let (before, rest) = page.split_once("```text\n").unwrap();
        let after = &rest[rest.find("```").unwrap()..];
        let title = capital(meaning.trim_end_matches('.'));
        let body = before.split_once('\n').unwrap().1;
        let made = format!("# {code} {title}\n{body}```text\n{said}{after}");
        if std::env::var_os("SAMVERK_WRITE_DOCS").is_some() {
            fs::write(&path, &made).unwrap();
        } else if made != page {
            wrong.push(format!("{code}: the page says otherwise; the checker says\n{said}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nrun: SAMVERK_WRITE_DOCS=1 cargo test -p samverk-author --test error_pages",
        wrong.join("\n")
    );
}
