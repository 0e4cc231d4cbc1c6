//! The language server as an editor meets it, message by message, on a copy of the restaurant.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use lsp_types::Url;
use samverk_author::lsp::{self, position};
use serde_json::{Value, json};

/// Far longer than an answer takes, so that a silent server is a failure and not a hang.
const PATIENCE: Duration = Duration::from_secs(60);

struct Editor {
    connection: Connection,
    server: Option<JoinHandle<()>>,
    folder: tempfile::TempDir,
    next: i32,
    /// URI → the diagnostics that were published last.
    diagnostics: BTreeMap<String, Vec<Value>>,
    shown: Vec<String>,
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, to).unwrap();
        }
    }
}

impl Editor {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/starta-restaurang");
        copy(&pack, &folder.path().join("packs/å mapp"));
        std::fs::create_dir(folder.path().join("docs")).unwrap();
        std::fs::write(folder.path().join("docs/findings.md"), "").unwrap();
        let (server, connection) = Connection::memory();
        let server = std::thread::spawn(move || lsp::serve(&server));
        let mut editor = Self {
            connection,
            server: Some(server),
            folder,
            next: 0,
            diagnostics: BTreeMap::new(),
            shown: Vec::new(),
        };
        let answer = editor.ask("initialize", json!({"capabilities": {}}));
        assert_eq!(answer["capabilities"]["renameProvider"]["prepareProvider"], true);
        editor.tell("initialized", json!({}));
        editor
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join("packs/å mapp").join(file)
    }

    fn uri(&self, file: &str) -> String {
        Url::from_file_path(self.path(file)).unwrap().to_string()
    }

    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    fn tell(&self, method: &str, params: Value) {
        let message = Notification::new(method.to_owned(), params);
        self.connection.sender.send(Message::Notification(message)).unwrap();
    }

    fn try_ask(&mut self, method: &str, params: Value) -> Response {
        self.next += 1;
        let id = RequestId::from(self.next);
        let request = Request::new(id.clone(), method.to_owned(), params);
        self.connection.sender.send(Message::Request(request)).unwrap();
        loop {
            match self.connection.receiver.recv_timeout(PATIENCE).unwrap() {
                Message::Response(response) if response.id == id => return response,
                other => self.note(other),
            }
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let response = self.try_ask(method, params);
        assert!(response.error.is_none(), "{method}: {:?}", response.error);
        response.result.unwrap_or(Value::Null)
    }

    fn note(&mut self, message: Message) {
        if let Message::Notification(it) = message {
            match it.method.as_str() {
                "textDocument/publishDiagnostics" => {
                    let found = it.params["diagnostics"].as_array().unwrap().clone();
                    self.diagnostics
                        .insert(it.params["uri"].as_str().unwrap().to_owned(), found);
                }
                "window/showMessage" => self.shown.push(it.params["message"].as_str().unwrap().to_owned()),
                _ => {}
            }
        }
    }

    /// What is published about a file next.
    fn published(&mut self, file: &str) -> Vec<Value> {
        let uri = self.uri(file);
        self.diagnostics.remove(&uri);
        while !self.diagnostics.contains_key(&uri) {
            let message = self.connection.receiver.recv_timeout(PATIENCE).unwrap();
            self.note(message);
        }
        self.diagnostics[&uri].clone()
    }

    fn open(&mut self, file: &str, text: &str) {
        let uri = self.uri(file);
        let document = json!({"uri": uri, "languageId": "markdown", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn change(&mut self, file: &str, text: &str) {
        let uri = self.uri(file);
        let params = json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": text}]});
        self.tell("textDocument/didChange", params);
    }

    /// Parameters that point behind the first `after` in the text.
    fn at(&self, file: &str, text: &str, after: &str) -> Value {
        let byte = text.find(after).unwrap_or_else(|| panic!("no {after}")) + after.len();
        json!({"textDocument": {"uri": self.uri(file)}, "position": position::position(text, byte)})
    }

    fn hover(&mut self, file: &str, text: &str, after: &str) -> String {
        let at = self.at(file, text, after);
        let answer = self.ask("textDocument/hover", at);
        answer["contents"]["value"].as_str().unwrap_or("").to_owned()
    }

    fn labels(&mut self, file: &str, text: &str, after: &str) -> Vec<String> {
        let at = self.at(file, text, after);
        let answer = self.ask("textDocument/completion", at);
        let items = answer.as_array().unwrap();
        items
            .iter()
            .map(|item| item["label"].as_str().unwrap().to_owned())
            .collect()
    }

    fn close(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        self.server.take().unwrap().join().unwrap();
    }
}

/// The text with the edits of one file made, as an editor does it.
fn edited(text: &str, edits: &[Value]) -> String {
    let mut bytes: Vec<(usize, usize, &str)> = edits
        .iter()
        .map(|edit| {
            let range: lsp_types::Range = serde_json::from_value(edit["range"].clone()).unwrap();
            let (start, end) = (position::byte(text, range.start), position::byte(text, range.end));
            (start, end, edit["newText"].as_str().unwrap())
        })
        .collect();
    bytes.sort();
    let mut text = text.to_owned();
    for (start, end, new) in bytes.into_iter().rev() {
        text.replace_range(start..end, new);
    }
    text
}

#[test]
fn a_fault_is_shown_where_it_is_while_it_is_written_and_goes_when_it_is_mended() {
    let mut editor = Editor::new();
    let text = editor.text("tjanst.md");
    editor.open("tjanst.md", &text);
    let before = editor.published("tjanst.md");
    assert!(before.iter().all(|it| it["severity"] != 1), "{before:?}");

    // An emoji in front, so that columns in UTF-16 and in characters differ.
    let faulty = text.replace("| g2 | ≤ 2 | > 60 | ja | Ni", "| g2 | ≤ 2 | > 40 | ja | 👍 Ni");
    editor.change("tjanst.md", &faulty);
    let found = editor.published("tjanst.md");
    let overlap = found
        .iter()
        .find(|it| it["code"] == "S302")
        .unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!(overlap["severity"], 1);
    assert!(overlap["message"].as_str().unwrap().contains("Exempel:"), "{overlap}");
    assert!(
        overlap["codeDescription"]["href"]
            .as_str()
            .unwrap()
            .ends_with("docs/findings.md")
    );
    let range: lsp_types::Range = serde_json::from_value(overlap["range"].clone()).unwrap();
    let line = faulty.lines().nth(range.start.line as usize).unwrap();
    assert!(line.starts_with("| g2") || line.starts_with("| g3"), "{line}");
    assert!(!overlap["relatedInformation"].as_array().unwrap().is_empty());

    editor.change("tjanst.md", &text);
    assert_eq!(editor.published("tjanst.md"), before);

    // Closed with a fault in it, it leaves nothing behind.
    editor.change("tjanst.md", &faulty);
    assert!(!editor.published("tjanst.md").is_empty());
    let uri = editor.uri("tjanst.md");
    editor.tell("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    assert_eq!(editor.published("tjanst.md"), [json!(null); 0]);
    editor.close();
}

#[test]
fn unsaved_files_of_one_service_are_seen_together() {
    let mut editor = Editor::new();
    let (main, letter) = (editor.text("tjanst.md"), editor.text("brev/bifall-gasol.md"));
    editor.open("tjanst.md", &main.replace("gas.föreståndare", "gas.ansvarig"));
    let found = editor.published("tjanst.md");
    let errors = |found: &[Value]| found.iter().filter(|it| it["severity"] == 1).count();
    let uri = editor.uri("brev/bifall-gasol.md");
    assert!(errors(&editor.diagnostics[&uri]) > 0, "{found:?}");
    editor.open(
        "brev/bifall-gasol.md",
        &letter.replace("gas.föreståndare", "gas.ansvarig"),
    );
    assert_eq!(errors(&editor.published("brev/bifall-gasol.md")), 0);
    // Closed without saving, the file on disk counts again.
    editor.tell("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    assert!(errors(&editor.published("brev/bifall-gasol.md")) > 0);
    editor.close();
}

#[test]
fn what_a_name_or_a_row_is_stands_beside_it() {
    let mut editor = Editor::new();
    let text = editor.text("tjanst.md");
    editor.open("tjanst.md", &text);
    let fact = editor.hover("tjanst.md", &text, "| id | gas.in");
    assert!(fact.contains("**gas.inne** · tal 0–5"), "{fact}");
    assert!(
        fact.contains("Källa: sökanden")
            && fact.contains("regeln `gasol.behövs`")
            && fact.contains("Heter: Gasol inomhus"),
        "{fact}"
    );
    let row = editor.hover("tjanst.md", &text, "| g2 | ≤");
    assert!(
        row.contains("Om `gas.inne` är högst 2 och `gas.ute` är mer än 60: `gasol.behövs` blir **ja**."),
        "{row}"
    );
    assert!(row.contains("mer än sextio liter utomhus behöver tillstånd"), "{row}");
    let step = editor.hover("tjanst.md", &text, "## Utfallsregel: gas");
    assert!(
        step.contains("**gasol** · steg") && step.contains("Frågor som steget bygger på"),
        "{step}"
    );
    assert!(
        step.contains("Hur många liter gasol ska ni som mest ha helt utomhus?"),
        "{step}"
    );
    assert!(
        editor
            .hover("tjanst.md", &text, "## Ste")
            .contains("Det som ett organ ska göra")
    );
    assert!(
        editor
            .hover("tjanst.md", &text, "| Steg | Utfall | Slag | Beslut")
            .contains("delegat enligt")
    );

    // While it cannot be read, what is known is still told.
    let broken = text
        .replace("## Roller", "## Rolller")
        .replace("| g1 | > 2 |", "| g1 | > |");
    editor.change("tjanst.md", &broken);
    assert!(
        editor
            .hover("tjanst.md", &broken, "| id | gas.in")
            .contains("**gas.inne**")
    );

    let letter = editor.text("brev/bifall-gasol.md");
    editor.open("brev/bifall-gasol.md", &letter);
    assert!(
        editor
            .hover("brev/bifall-gasol.md", &letter, "{gas.in")
            .contains("**gas.inne**")
    );
    editor.close();
}

#[test]
fn what_can_stand_at_the_cursor_is_offered() {
    let mut editor = Editor::new();
    let text = editor.text("tjanst.md");
    editor.open("tjanst.md", &text);
    let has = |labels: Vec<String>, wanted: &[&str]| {
        for word in wanted {
            assert!(labels.iter().any(|label| label == word), "{word} in {labels:?}");
        }
    };
    has(editor.labels("tjanst.md", &text, "| g1 | "), &["gas.ute", "–"]);
    has(
        editor.labels("tjanst.md", &text, "| r1 | "),
        &["registrerat", "konkurs"],
    );
    has(
        editor.labels("tjanst.md", &text, "| a2 | bedömning.lämplig = "),
        &["ja", "nej"],
    );
    has(
        editor.labels("tjanst.md", &text, "| a2 | bedömning.lämplig = nej | "),
        &["avslag", "bifall", "handläggare"],
    );
    has(
        editor.labels("tjanst.md", &text, "| gas.inne | "),
        &["tal 0–100", "datum"],
    );
    has(
        editor.labels("tjanst.md", &text, "| gas.inne | tal 0–5000 liter | "),
        &["sökanden", "handläggare"],
    );
    has(editor.labels("tjanst.md", &text, "| gasol | "), &["brand", "livsmedel"]);
    has(
        editor.labels("tjanst.md", &text, "| id | gas.inne | "),
        &["när", "→ utfall"],
    );
    let heading = text.replace("## Kontroller", "## K\n\n## Kontroller");
    editor.change("tjanst.md", &heading);
    has(
        editor.labels("tjanst.md", &heading, "\n## K"),
        &["## Kontroller", "## Steg"],
    );

    let english = editor.text("texter.en.md").replace("| namn.gas.inne |", "| namn.g |");
    editor.open("texter.en.md", &english);
    let keys = editor.labels("texter.en.md", &english, "| namn.g");
    assert_eq!(keys.first().map(String::as_str), Some("namn.gas.inne"));

    let letter = editor.text("brev/bifall-gasol.md") + "\n{gas.";
    editor.open("brev/bifall-gasol.md", &letter);
    has(
        editor.labels("brev/bifall-gasol.md", &letter, "\n{gas."),
        &["gas.ute", "organ", "grunder"],
    );

    let examples = editor.text("exempel.md");
    editor.open("exempel.md", &examples);
    has(
        editor.labels("exempel.md", &examples, "| företag.status | "),
        &["konkurs", "ur funktion"],
    );
    has(
        editor.labels("exempel.md", &examples, "| gasol | "),
        &["bifall", "behövs inte"],
    );
    has(
        editor.labels("exempel.md", &examples, "| gasol | bifall | "),
        &["b1", "g3"],
    );
    editor.close();
}

#[test]
fn names_lead_to_where_they_are_given_and_used() {
    let mut editor = Editor::new();
    let (text, letter) = (editor.text("tjanst.md"), editor.text("brev/bifall-gasol.md"));
    editor.open("brev/bifall-gasol.md", &letter);
    let at = editor.at("brev/bifall-gasol.md", &letter, "{gas.in");
    let found = editor.ask("textDocument/definition", at.clone());
    assert!(found["uri"].as_str().unwrap().ends_with("tjanst.md"));
    let line = found["range"]["start"]["line"].as_u64().unwrap() as usize;
    assert!(text.lines().nth(line).unwrap().starts_with("| gas.inne | tal"));

    let mut params = at;
    params["context"] = json!({"includeDeclaration": true});
    let all = editor.ask("textDocument/references", params);
    let files: Vec<&str> = all
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["uri"].as_str()?.rsplit('/').next())
        .collect();
    for file in [
        "tjanst.md",
        "bifall-gasol.md",
        "exempel.md",
        "texter.sv.md",
        "texter.en.md",
    ] {
        assert!(files.contains(&file), "{file} in {files:?}");
    }
    let symbols = editor.ask(
        "textDocument/documentSymbol",
        json!({"textDocument": {"uri": editor.uri("brev/bifall-gasol.md")}}),
    );
    assert_eq!(symbols[0]["name"], "Ni får tillstånd att hantera gasol");
    editor.close();
}

#[test]
fn a_name_is_changed_in_all_files_and_the_service_is_as_clean_as_before() {
    for (file, after, new, gone) in [
        ("tjanst.md", "| id | gas.in", "gas.inomhus", "gas.inne"),
        ("tjanst.md", "## Lista: äg", "innehavare", "ägare."),
        ("tjanst.md", "| gaso", "gas-tillstånd", "| gasol |"),
        ("tjanst.md", "| livs", "mat", "roll.livsmedel"),
        (
            "tjanst.md",
            "| serveringstillstånd | avs",
            "nekat",
            "utfall.serveringstillstånd.avslag",
        ),
        ("tjanst.md", "| g2", "g22", "rad.gasol.behövs.g2 "),
        ("tjanst.md", "| k1", "kontroll-1", "kontroll.k1"),
        ("exempel.md", "| ägare[1].and", "ägare.procent", "ägare.andel"),
    ] {
        let mut editor = Editor::new();
        let text = editor.text(file);
        editor.open(file, &text);
        let clean = editor.published(file);
        let mut params = editor.at(file, &text, after);
        let prepared = editor.ask("textDocument/prepareRename", params.clone());
        assert!(prepared["placeholder"].is_string(), "{new}");
        params["newName"] = json!(new);
        let edit = editor.ask("textDocument/rename", params);
        for (uri, edits) in edit["changes"].as_object().unwrap() {
            let path = Url::parse(uri).unwrap().to_file_path().unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, edited(&text, edits.as_array().unwrap())).unwrap();
        }
        let text = editor.text(file);
        editor.change(file, &text);
        let found = editor.published(file);
        assert_eq!(found.len(), clean.len(), "{new}: {found:?}");
        let is_wrong = editor.diagnostics.values().flatten().any(|it| it["severity"] == 1);
        assert!(!is_wrong, "{new}: {:?}", editor.diagnostics);
        let all: String = ["tjanst.md", "texter.sv.md", "texter.en.md", "exempel.md"]
            .map(|file| editor.text(file))
            .concat();
        assert!(!all.contains(gone), "{gone} is left");
        editor.close();
    }
}

#[test]
fn a_rename_that_would_break_something_is_refused_with_the_reason() {
    let mut editor = Editor::new();
    let text = editor.text("tjanst.md");
    editor.open("tjanst.md", &text);
    for (new, why) in [
        ("gas.ute", "finns redan"),
        ("gasolinne", "minst en punkt"),
        ("gas inne", "inget namn"),
        ("propan.inne", "Underlaget till gasol"),
    ] {
        let mut params = editor.at("tjanst.md", &text, "| id | gas.in");
        params["newName"] = json!(new);
        let refused = editor.try_ask("textDocument/rename", params).error.unwrap();
        assert!(refused.message.contains(why), "{new}: {}", refused.message);
    }
    editor.close();
}

#[test]
fn formatting_is_that_of_samverk_fmt_and_leaves_what_cannot_be_read() {
    let mut editor = Editor::new();
    let text = editor.text("tjanst.md");
    editor.open("tjanst.md", &text);
    let params =
        json!({"textDocument": {"uri": editor.uri("tjanst.md")}, "options": {"tabSize": 4, "insertSpaces": true}});
    let edits = editor.ask("textDocument/formatting", params.clone());
    let formatted = edited(&text, edits.as_array().unwrap());
    editor.change("tjanst.md", &formatted);
    assert_eq!(editor.ask("textDocument/formatting", params.clone()), json!([]));
    editor.change("tjanst.md", &text.replace("## Steg", "## Stegen!"));
    assert_eq!(editor.ask("textDocument/formatting", params), Value::Null);
    assert!(editor.shown[0].contains("Rätta felen"));
    editor.close();
}

#[test]
fn nothing_that_an_editor_sends_ends_the_server() {
    let mut editor = Editor::new();
    let text = editor.text("tjanst.md");
    editor.open("tjanst.md", &text);
    let methods = [
        "textDocument/hover",
        "textDocument/completion",
        "textDocument/definition",
        "textDocument/references",
        "textDocument/prepareRename",
        "textDocument/rename",
        "textDocument/documentSymbol",
        "textDocument/formatting",
        "workspace/symbol",
    ];
    let uri = editor.uri("tjanst.md");
    let far = json!({"line": 4_000_000_000u32, "character": 4_000_000_000u32});
    for method in methods {
        for params in [
            Value::Null,
            json!([]),
            json!({"textDocument": {"uri": "http://[::1"}}),
            json!({"textDocument": {"uri": "untitled:1"}, "position": far, "context": {"includeDeclaration": true}, "newName": "x", "options": {"tabSize": 4, "insertSpaces": true}}),
            json!({"textDocument": {"uri": uri}, "position": far, "context": {"includeDeclaration": true}, "newName": "", "options": {"tabSize": 4, "insertSpaces": true}}),
        ] {
            editor.try_ask(method, params);
        }
    }
    for (method, params) in [
        ("textDocument/didOpen", Value::Null),
        ("textDocument/didChange", json!({"textDocument": {"uri": uri}})),
        (
            "textDocument/didClose",
            json!({"textDocument": {"uri": "file:///no/such/tjanst.md"}}),
        ),
        (
            "textDocument/didSave",
            json!({"textDocument": {"uri": "file:///no/such/tjanst.md"}}),
        ),
        ("$/cancelRequest", json!({"id": 7})),
        ("åäö", json!("👍")),
    ] {
        editor.tell(method, params);
    }
    // Every cut of the document, and every place in it, on the way.
    for (at, _) in text.char_indices().step_by(997) {
        let cut = &text[..at];
        editor.change("tjanst.md", cut);
        let position = position::position(cut, at);
        for method in [
            "textDocument/hover",
            "textDocument/completion",
            "textDocument/documentSymbol",
        ] {
            editor.ask(method, json!({"textDocument": {"uri": uri}, "position": position}));
        }
    }
    editor.change("tjanst.md", &text);
    assert!(editor.hover("tjanst.md", &text, "| id | gas.in").contains("gas.inne"));
    editor.close();
}

#[test]
fn bytes_that_are_no_message_are_passed_over() {
    let good = r#"{"jsonrpc":"2.0","method":"exit"}"#;
    let stream = format!(
        "rubbish\r\n\r\nContent-Length: 3\r\n\r\n{{å}}Content-Length: {}\r\n\r\n{good}Content-Length: 99999\r\n\r\nshort",
        good.len()
    );
    // `{å}` is four bytes, so the next head begins with a stray brace, as after a wrong length.
    let stream = stream.replacen("Content-Length: 3", "Content-Length: 4", 1);
    let mut input = std::io::BufReader::new(stream.as_bytes());
    let mut seen = Vec::new();
    loop {
        match lsp::read(&mut input).unwrap() {
            lsp::Frame::Bad(_) => seen.push("bad"),
            lsp::Frame::Message(_) => seen.push("message"),
            lsp::Frame::End => break,
        }
    }
    assert_eq!(seen, ["bad", "bad", "message"]);
    let large = format!("Content-Length: {}\r\n\r\n", lsp::MESSAGE_BYTES_MAX + 1);
    let body = vec![b' '; lsp::MESSAGE_BYTES_MAX + 1];
    let mut input = std::io::BufReader::new(std::io::Read::chain(large.as_bytes(), body.as_slice()));
    assert!(matches!(lsp::read(&mut input).unwrap(), lsp::Frame::Bad(_)));
    assert!(matches!(lsp::read(&mut input).unwrap(), lsp::Frame::End));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_an_editor_sends_the_reader_comes_to_its_end(
        head in "(Content-Length: [0-9]{0,3}|content-length:-1|X: y|\\r\\n|\\n|å| ){0,8}",
        body in "[{}\\[\\]\":,a-z0-9 ]{0,60}",
    ) {
        let bytes = format!("{head}{body}Content-Length: 2\r\n\r\n{{}}").into_bytes();
        let mut input = bytes.as_slice();
        let mut frames = 0;
        while !matches!(lsp::read(&mut input), Ok(lsp::Frame::End) | Err(_)) {
            frames += 1;
            proptest::prop_assert!(frames <= bytes.len());
        }
    }

    #[test]
    fn whatever_is_typed_is_cut_in_order_and_every_name_stands_where_it_says(
        lines in proptest::collection::vec("(---|## Regel: |## Uppgifter|### |\\| |\\|---\\||<!--|-->|```|gas\\.inne|\\\\|å|👍| ){0,7}", 0..12),
        in_place_of in 0usize..200,
    ) {
        use samverk_author::layout::Layout;
        use samverk_author::lsp::names::Names;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/data/kolonilott");
        let mut files = samverk_author::folder::read(&folder).unwrap();
        let main = files.iter_mut().find(|file| file.path == "tjanst.md").unwrap();
        let mut kept: Vec<&str> = main.text.lines().collect();
        let from = in_place_of.min(kept.len());
        let to = (from + lines.len() / 2).min(kept.len());
        kept.splice(from..to, lines.iter().map(String::as_str));
        main.text = kept.join("\n");
        let layouts: Vec<Layout> = files.iter().map(|file| Layout::of(&file.text, file.path == "tjanst.md")).collect();
        for (file, layout) in files.iter().zip(&layouts) {
            let mut end = 0;
            for block in &layout.blocks {
                proptest::prop_assert!(end <= block.range.start);
                proptest::prop_assert!(file.text.get(block.range.clone()).is_some());
                end = block.range.end;
            }
        }
        for name in Names::of(&files, &layouts).occurrences {
            let text = &files[usize::from(name.span.file.0)].text;
            let (start, end) = (name.span.start as usize, name.span.end as usize);
            proptest::prop_assert!(text.get(start..end).is_some());
            proptest::prop_assert_eq!(position::byte(text, position::position(text, start)), start);
        }
    }
}
