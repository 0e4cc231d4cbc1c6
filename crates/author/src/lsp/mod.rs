//! `samverk lsp`: the language server. An editor shows what `samverk check` says while a service is being written.
//!
//! Protocol: Language Server Protocol 3.17 over standard input and output, positions in UTF-16 units. Always true: nothing that
//! an editor sends ends the server but `exit` and the end of input; every request gets an answer; files are read, never written
//! (edits go to the editor). Reading order: [`service`] (the files as the editor has them), [`names`] (every name with its
//! places), [`place`], [`hover`], [`completion`], [`rename`].

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Read as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::Duration;

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    CodeDescription, CompletionOptions, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DocumentSymbol,
    GotoDefinitionResponse, Hover, HoverContents, HoverProviderCapability, Location, MarkupContent, MarkupKind,
    NumberOrString, OneOf, PrepareRenameResponse, PublishDiagnosticsParams, RenameOptions, ServerCapabilities,
    SymbolKind, TextDocumentPositionParams, TextDocumentSyncCapability, TextDocumentSyncKind, TextEdit, Url,
    WorkspaceEdit,
};
use samverk_domain::check;
use samverk_domain::finding::{FileId, Finding, Severity, Span};
use samverk_domain::pack::Pack;
use serde::de::DeserializeOwned;

use crate::format::{self, NotFormatted};
use crate::layout::Kind;
use names::Symbol;
use service::Service;

pub mod completion;
pub mod hover;
pub mod names;
pub mod place;
pub mod position;
pub mod rename;
pub mod service;
pub mod vocabulary;

/// A file is at most a megabyte; a message with one, escaped, is far below this.
pub const MESSAGE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// A line of a message's head.
const HEADER_BYTES_MAX: u64 = 8 * 1024;
/// Files open at a time. More are not looked at.
pub const BUFFERS_MAX: usize = 2_000;
/// After the last keystroke, before everything is proved anew.
const PAUSE: Duration = Duration::from_millis(120);
/// How often it is asked whether a proof is done.
const POLL: Duration = Duration::from_millis(20);

/// Serves one editor on standard input and output until it says goodbye.
pub fn stdio() -> anyhow::Result<()> {
    let (server, editor) = Connection::memory();
    let Connection { sender, receiver } = editor;
    let writer = std::thread::spawn(move || -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        for message in receiver {
            message.write(&mut out)?;
        }
        out.flush()
    });
    // Not joined: it waits for input that may never come.
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        loop {
            match read(&mut input) {
                Ok(Frame::Message(message)) => {
                    if sender.send(*message).is_err() {
                        break;
                    }
                }
                Ok(Frame::Bad(why)) => eprintln!("samverk lsp: passed over a message: {why}"),
                Ok(Frame::End) | Err(_) => break,
            }
        }
    });
    serve(&server);
    drop(server);
    match writer.join() {
        Ok(written) => Ok(written?),
        Err(_) => anyhow::bail!("the output ended unexpectedly"),
    }
}

/// What came in.
#[derive(Debug)]
pub enum Frame {
    Message(Box<Message>),
    /// It was no message, and has been read past.
    Bad(String),
    End,
}

/// Reads one message: a head with `Content-Length`, an empty line, and JSON (LSP 3.17, Base Protocol).
pub fn read(input: &mut impl BufRead) -> std::io::Result<Frame> {
    let mut length: Option<usize> = None;
    loop {
        let mut line = Vec::new();
        if input.by_ref().take(HEADER_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(Frame::End);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            match length {
                Some(_) => break,
                None => return Ok(Frame::Bad("it has no Content-Length".to_owned())),
            }
        }
        if let Some((key, value)) = line.split_once(':')
            && key.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    let length = length.unwrap_or(0);
    if length > MESSAGE_BYTES_MAX {
        std::io::copy(&mut input.take(length as u64), &mut std::io::sink())?;
        return Ok(Frame::Bad(format!("it is larger than {MESSAGE_BYTES_MAX} bytes")));
    }
    let mut body = vec![0; length];
    if let Err(why) = input.read_exact(&mut body) {
        return match why.kind() {
            std::io::ErrorKind::UnexpectedEof => Ok(Frame::End),
            _ => Err(why),
        };
    }
    Ok(match serde_json::from_slice::<Message>(&body) {
        Ok(message) => Frame::Message(Box::new(message)),
        Err(why) => Frame::Bad(why.to_string()),
    })
}

/// Answers until `exit` or until the other end is gone.
pub fn serve(connection: &Connection) {
    let mut server = Server::default();
    loop {
        let wait = match (&server.proof, server.unchecked.is_empty()) {
            (Some(_), _) => Some(POLL),
            (None, false) => Some(PAUSE),
            (None, true) => None,
        };
        let message = match wait {
            None => connection.receiver.recv().ok(),
            Some(wait) => match connection.receiver.recv_timeout(wait) {
                Ok(message) => Some(message),
                Err(why) if why.is_timeout() => {
                    let sent = guarded(|| server.check()).unwrap_or_else(|| {
                        server.unchecked.clear();
                        Vec::new()
                    });
                    if sent.into_iter().any(|message| connection.sender.send(message).is_err()) {
                        return;
                    }
                    continue;
                }
                Err(_) => None,
            },
        };
        let Some(message) = message else { return };
        if matches!(&message, Message::Notification(it) if it.method == "exit") {
            return;
        }
        for answer in server.take(message) {
            if connection.sender.send(answer).is_err() {
                return;
            }
        }
    }
}

/// A fault of ours in one answer does not end the others.
fn guarded<T>(answer: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(answer)).ok()
}

struct Buffer {
    uri: Url,
    text: String,
    version: i32,
    root: PathBuf,
    /// Inside the root.
    path: String,
}

/// A service being proved on a thread of its own.
struct Proof {
    root: PathBuf,
    found: Receiver<Vec<Finding>>,
}

#[derive(Default)]
struct Server {
    is_initialised: bool,
    is_shut_down: bool,
    /// By URI, as the editor writes it.
    buffers: BTreeMap<String, Buffer>,
    services: BTreeMap<PathBuf, Service>,
    /// The last reading that succeeded, for what a document means while it cannot be read.
    understood: BTreeMap<PathBuf, Pack>,
    /// Changed since they were last proved.
    unchecked: BTreeSet<PathBuf>,
    /// Under way, one at a time: large services take a second, and an editor must not wait for it.
    proof: Option<Proof>,
    /// Files with diagnostics in the editor, by root.
    published: BTreeMap<PathBuf, BTreeSet<Url>>,
}

/// Why a request got no result.
struct Refused {
    code: ErrorCode,
    why: String,
}

impl Refused {
    fn parameters(why: impl Into<String>) -> Self {
        Self {
            code: ErrorCode::InvalidParams,
            why: why.into(),
        }
    }

    fn request(why: impl Into<String>) -> Self {
        Self {
            code: ErrorCode::RequestFailed,
            why: why.into(),
        }
    }
}

type Answer = Result<serde_json::Value, Refused>;

impl Server {
    fn take(&mut self, message: Message) -> Vec<Message> {
        match message {
            Message::Request(request) => self.request(request),
            Message::Notification(notification) => {
                let _ = guarded(|| self.notification(notification));
                Vec::new()
            }
            Message::Response(_) => Vec::new(),
        }
    }

    fn request(&mut self, request: Request) -> Vec<Message> {
        let id: RequestId = request.id.clone();
        let mut beside = Vec::new();
        let answer = guarded(|| self.answer(request, &mut beside)).unwrap_or_else(|| {
            Err(Refused {
                code: ErrorCode::InternalError,
                why: "Ett fel i samverk lsp; dokumentet är orört.".to_owned(),
            })
        });
        let response = match answer {
            Ok(value) => Response::new_ok(id, value),
            Err(refused) => Response::new_err(id, refused.code as i32, refused.why),
        };
        beside.push(Message::Response(response));
        beside
    }

    /// `beside`: what is sent to the editor before the answer.
    fn answer(&mut self, request: Request, beside: &mut Vec<Message>) -> Answer {
        let Request { method, params, .. } = request;
        if self.is_shut_down {
            return Err(Refused {
                code: ErrorCode::InvalidRequest,
                why: "the server is shut down".to_owned(),
            });
        }
        if method == "initialize" {
            self.is_initialised = true;
            return value(&serde_json::json!({
                "capabilities": capabilities(),
                "serverInfo": {"name": "samverk lsp", "version": env!("CARGO_PKG_VERSION")},
            }));
        }
        if !self.is_initialised {
            return Err(Refused {
                code: ErrorCode::ServerNotInitialized,
                why: "initialize comes first".to_owned(),
            });
        }
        match method.as_str() {
            "shutdown" => {
                self.is_shut_down = true;
                Ok(serde_json::Value::Null)
            }
            "textDocument/hover" => self.hover(parse(params)?),
            "textDocument/completion" => {
                let params: lsp_types::CompletionParams = parse(params)?;
                let (service, file, byte) = self.at(&params.text_document_position)?;
                value(&completion::complete(service, file, byte))
            }
            "textDocument/definition" => {
                let (service, file, byte) = self.at(&parse(params)?)?;
                let found = service
                    .names
                    .at(file, byte)
                    .and_then(|found| service.names.definition(&found.symbol));
                let location = found.and_then(|found| self.location(service, found.span));
                value(&location.map(GotoDefinitionResponse::Scalar))
            }
            "textDocument/references" => {
                let params: lsp_types::ReferenceParams = parse(params)?;
                let (service, file, byte) = self.at(&params.text_document_position)?;
                let Some(found) = service.names.at(file, byte) else {
                    return Ok(serde_json::Value::Null);
                };
                let all = service.names.of_symbol(&found.symbol);
                let all = all.filter(|it| params.context.include_declaration || !it.is_definition);
                let all: Vec<Location> = all.filter_map(|it| self.location(service, it.span)).collect();
                value(&all)
            }
            "textDocument/prepareRename" => {
                let (service, file, byte) = self.at(&parse(params)?)?;
                let Some(found) = service.names.at(file, byte) else {
                    return Ok(serde_json::Value::Null);
                };
                rename::can(&found.symbol).map_err(Refused::request)?;
                value(&PrepareRenameResponse::RangeWithPlaceholder {
                    range: range(service, found.span),
                    placeholder: found.symbol.name().to_owned(),
                })
            }
            "textDocument/rename" => {
                let params: lsp_types::RenameParams = parse(params)?;
                self.reread(&params.text_document_position.text_document.uri);
                self.rename(params)
            }
            "textDocument/documentSymbol" => {
                let params: lsp_types::DocumentSymbolParams = parse(params)?;
                let (service, file) = self.file(&params.text_document.uri)?;
                value(&outline(service, file))
            }
            "textDocument/formatting" => {
                let params: lsp_types::DocumentFormattingParams = parse(params)?;
                self.reread(&params.text_document.uri);
                self.format(&params.text_document.uri, beside)
            }
            _ => Err(Refused {
                code: ErrorCode::MethodNotFound,
                why: format!("samverk lsp has no {method}"),
            }),
        }
    }

    fn notification(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(params) = serde_json::from_value::<lsp_types::DidOpenTextDocumentParams>(params) {
                    let it = params.text_document;
                    self.buffer(it.uri, it.text, it.version);
                }
            }
            "textDocument/didChange" => {
                if let Ok(params) = serde_json::from_value::<lsp_types::DidChangeTextDocumentParams>(params) {
                    let it = params.text_document;
                    self.change(&it.uri, params.content_changes, it.version);
                }
            }
            "textDocument/didSave" => {
                if let Ok(params) = serde_json::from_value::<lsp_types::DidSaveTextDocumentParams>(params) {
                    self.reread(&params.text_document.uri);
                }
            }
            "textDocument/didClose" => {
                if let Ok(params) = serde_json::from_value::<lsp_types::DidCloseTextDocumentParams>(params)
                    && let Some(closed) = self.buffers.remove(params.text_document.uri.as_str())
                {
                    self.read(&closed.root);
                }
            }
            "workspace/didChangeWatchedFiles" => {
                if let Ok(params) = serde_json::from_value::<lsp_types::DidChangeWatchedFilesParams>(params) {
                    for change in params.changes {
                        self.reread(&change.uri);
                    }
                }
            }
            _ => {}
        }
    }

    fn buffer(&mut self, uri: Url, text: String, version: i32) {
        let Some((root, path)) = uri.to_file_path().ok().and_then(|path| service::root(&path)) else {
            return;
        };
        if self.buffers.len() >= BUFFERS_MAX && !self.buffers.contains_key(uri.as_str()) {
            return;
        }
        let buffer = Buffer {
            uri: uri.clone(),
            text,
            version,
            root: root.clone(),
            path,
        };
        self.buffers.insert(uri.to_string(), buffer);
        self.read(&root);
    }

    fn change(&mut self, uri: &Url, changes: Vec<lsp_types::TextDocumentContentChangeEvent>, version: i32) {
        let Some(buffer) = self.buffers.get_mut(uri.as_str()) else {
            return;
        };
        for change in changes {
            match change.range {
                None => buffer.text = change.text,
                // Not asked for, but an editor may send it all the same.
                Some(range) => {
                    let start = position::byte(&buffer.text, range.start);
                    let end = position::byte(&buffer.text, range.end).max(start);
                    buffer.text.replace_range(start..end, &change.text);
                }
            }
        }
        buffer.version = version;
        let root = buffer.root.clone();
        self.read(&root);
    }

    /// Looks at the disk again: what is not open here may have changed there.
    fn reread(&mut self, uri: &Url) {
        let root = uri.to_file_path().ok().and_then(|path| service::root(&path));
        if let Some((root, _)) = root
            && self.services.contains_key(&root)
        {
            self.read(&root);
        }
    }

    fn read(&mut self, root: &Path) {
        let buffers = self.buffers.values().filter(|buffer| buffer.root == *root);
        let buffers: BTreeMap<String, String> = buffers
            .map(|buffer| (buffer.path.clone(), buffer.text.clone()))
            .collect();
        let service = Service::read(root.to_owned(), &buffers, self.understood.get(root).cloned());
        if service.is_current
            && let Some(pack) = &service.pack
        {
            self.understood.insert(root.to_owned(), pack.clone());
        }
        self.services.insert(root.to_owned(), service);
        self.unchecked.insert(root.to_owned());
    }

    fn file(&self, uri: &Url) -> Result<(&Service, FileId), Refused> {
        let known = uri.to_file_path().ok().and_then(|path| service::root(&path));
        let (root, path) = known.ok_or_else(|| Refused::parameters("the file is no part of a service"))?;
        let service = self
            .services
            .get(&root)
            .ok_or_else(|| Refused::parameters("the file is not open"))?;
        let file = service
            .file(&path)
            .ok_or_else(|| Refused::parameters("the file is not open"))?;
        Ok((service, file))
    }

    fn at(&self, params: &TextDocumentPositionParams) -> Result<(&Service, FileId, usize), Refused> {
        let (service, file) = self.file(&params.text_document.uri)?;
        let byte = position::byte(service.text(file), params.position);
        Ok((service, file, byte))
    }

    /// The URI of a service's file: as the editor wrote it, if it is open.
    fn uri(&self, service: &Service, file: FileId) -> Option<Url> {
        let path = &service.files.get(usize::from(file.0))?.path;
        let open = self
            .buffers
            .values()
            .find(|buffer| buffer.root == service.root && buffer.path == *path);
        match open {
            Some(buffer) => Some(buffer.uri.clone()),
            None => Url::from_file_path(service.root.join(path)).ok(),
        }
    }

    fn location(&self, service: &Service, span: Span) -> Option<Location> {
        Some(Location::new(self.uri(service, span.file)?, range(service, span)))
    }

    fn hover(&self, params: TextDocumentPositionParams) -> Answer {
        let (service, file, byte) = self.at(&params)?;
        let found = hover::hover(service, file, byte);
        value(&found.map(|(text, at)| Hover {
            contents: HoverContents::Markup(MarkupContent {
                kind: MarkupKind::Markdown,
                value: text,
            }),
            range: Some(position::range(service.text(file), at)),
        }))
    }

    fn rename(&self, params: lsp_types::RenameParams) -> Answer {
        let (service, file, byte) = self.at(&params.text_document_position)?;
        let found = service
            .names
            .at(file, byte)
            .ok_or_else(|| Refused::request("Här står inget namn."))?;
        let edits = rename::rename(service, &found.symbol, &params.new_name).map_err(Refused::request)?;
        let mut changes: std::collections::HashMap<Url, Vec<TextEdit>> = std::collections::HashMap::new();
        for edit in edits {
            let uri = self
                .uri(service, edit.span.file)
                .ok_or_else(|| Refused::request("Filen har ingen plats."))?;
            changes
                .entry(uri)
                .or_default()
                .push(TextEdit::new(range(service, edit.span), edit.text));
        }
        value(&WorkspaceEdit::new(changes))
    }

    fn format(&self, uri: &Url, beside: &mut Vec<Message>) -> Answer {
        let (service, file) = self.file(uri)?;
        let formatted = match format::service(&service.files) {
            Ok(formatted) => formatted,
            Err(why) => {
                let text = match why {
                    NotFormatted::Unreadable(_) => "Rätta felen i tjänsten först; inget är ändrat.".to_owned(),
                    NotFormatted::Meaning(_) => why.to_string(),
                };
                let shown = serde_json::json!({"type": 2, "message": text});
                beside.push(Message::Notification(Notification::new(
                    "window/showMessage".to_owned(),
                    shown,
                )));
                return Ok(serde_json::Value::Null);
            }
        };
        let (before, after) = (service.text(file), formatted.get(usize::from(file.0)));
        let edits: Vec<TextEdit> = after
            .filter(|after| after.text != before)
            .map(|after| TextEdit::new(position::range(before, 0..before.len()), after.text.clone()))
            .into_iter()
            .collect();
        value(&edits)
    }

    /// Says what a proof found when it is done, and begins the next one. What the reader finds is said at once.
    fn check(&mut self) -> Vec<Message> {
        let mut sent = Vec::new();
        if let Some(proof) = self.proof.take() {
            match proof.found.try_recv() {
                Err(TryRecvError::Empty) => {
                    self.proof = Some(proof);
                    return sent;
                }
                // Changed meanwhile: what was found speaks of another text.
                _ if self.unchecked.contains(&proof.root) => {}
                Ok(found) => sent.extend(self.publish(&proof.root, &found)),
                // A fault of ours in the checker; what the reader found still stands.
                Err(TryRecvError::Disconnected) => sent.extend(self.publish(&proof.root, &[])),
            }
        }
        while self.proof.is_none()
            && let Some(root) = self.unchecked.pop_first()
        {
            if !self.buffers.values().any(|buffer| buffer.root == root) {
                // Nobody looks at it any more.
                self.services.remove(&root);
                self.understood.remove(&root);
                let shown = self.published.remove(&root).unwrap_or_default();
                sent.extend(shown.into_iter().map(|uri| publish(uri, Vec::new(), None)));
                continue;
            }
            match self.services.get(&root).and_then(Service::provable).cloned() {
                Some(pack) => {
                    let (sender, found) = mpsc::channel();
                    // Nobody may be waiting any more when it is done.
                    std::thread::spawn(move || sender.send(check::check(&pack, None)));
                    self.proof = Some(Proof { root, found });
                }
                None => sent.extend(self.publish(&root, &[])),
            }
        }
        sent
    }

    /// What the reader and a proof found, file by file.
    fn publish(&mut self, root: &Path, proved: &[Finding]) -> Vec<Message> {
        let mut sent = Vec::new();
        let Some(service) = self.services.get(root) else {
            return sent;
        };
        let mut by_file: BTreeMap<FileId, Vec<Diagnostic>> = BTreeMap::new();
        for finding in service.read.iter().chain(proved) {
            let diagnostic = self.diagnostic(service, finding);
            by_file.entry(finding.span.file).or_default().push(diagnostic);
        }
        if let Some(why) = &service.unreadable {
            let whole = Diagnostic::new_simple(lsp_types::Range::default(), why.clone());
            by_file.entry(FileId(0)).or_default().push(whole);
        }
        let before = self.published.remove(root).unwrap_or_default();
        let mut now = BTreeSet::new();
        let mut files = BTreeSet::new();
        for file in 0..service.files.len() {
            let file = FileId(file as u16);
            let Some(uri) = self.uri(service, file) else { continue };
            files.insert(uri.clone());
            let diagnostics = by_file.remove(&file).unwrap_or_default();
            let version = self.buffers.get(uri.as_str()).map(|buffer| buffer.version);
            if diagnostics.is_empty() && !before.contains(&uri) && version.is_none() {
                continue;
            }
            if !diagnostics.is_empty() {
                now.insert(uri.clone());
            }
            sent.push(publish(uri, diagnostics, version));
        }
        // Files that are gone take their findings with them.
        for uri in before.difference(&files) {
            sent.push(publish(uri.clone(), Vec::new(), None));
        }
        self.published.insert(root.to_owned(), now);
        sent
    }

    fn diagnostic(&self, service: &Service, finding: &Finding) -> Diagnostic {
        let mut message = finding.message.clone();
        if !finding.label.is_empty() {
            message.push_str(&format!(" ({})", finding.label));
        }
        if let Some(example) = &finding.example {
            message.push_str(&format!("\nExempel: {example}"));
        }
        if let Some(suggestion) = &finding.suggestion {
            message.push_str(&format!("\nFörslag: {suggestion}"));
        }
        let related: Vec<DiagnosticRelatedInformation> = finding
            .related
            .iter()
            .filter_map(|(span, label)| {
                Some(DiagnosticRelatedInformation {
                    location: self.location(service, *span)?,
                    message: label.clone(),
                })
            })
            .collect();
        Diagnostic {
            range: range(service, finding.span),
            severity: Some(match finding.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
                Severity::Note => DiagnosticSeverity::INFORMATION,
            }),
            code: Some(NumberOrString::String(finding.code.to_owned())),
            code_description: page(&service.root, finding.code).map(|href| CodeDescription { href }),
            source: Some("samverk".to_owned()),
            message,
            related_information: (!related.is_empty()).then_some(related),
            ..Diagnostic::default()
        }
    }
}

/// The page about a code, if the service lies in a folder that has the documentation.
fn page(root: &Path, code: &str) -> Option<Url> {
    let beside = |folder: &Path| {
        let own = folder.join("docs/errors").join(format!("{code}.md"));
        let all = folder.join("docs/findings.md");
        [own, all].into_iter().find(|page| page.is_file())
    };
    let page = root.ancestors().find_map(beside)?;
    Url::from_file_path(page).ok()
}

fn publish(uri: Url, diagnostics: Vec<Diagnostic>, version: Option<i32>) -> Message {
    let params = PublishDiagnosticsParams::new(uri, diagnostics, version);
    Message::Notification(Notification::new("textDocument/publishDiagnostics".to_owned(), params))
}

fn range(service: &Service, span: Span) -> lsp_types::Range {
    position::range(service.text(span.file), span.start as usize..span.end as usize)
}

fn parse<P: DeserializeOwned>(params: serde_json::Value) -> Result<P, Refused> {
    serde_json::from_value(params).map_err(|why| Refused::parameters(why.to_string()))
}

fn value(it: &impl serde::Serialize) -> Answer {
    serde_json::to_value(it).map_err(|why| Refused {
        code: ErrorCode::InternalError,
        why: why.to_string(),
    })
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Options(
            lsp_types::TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(TextDocumentSyncKind::FULL),
                save: Some(true.into()),
                ..Default::default()
            },
        )),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([".", "|", "{", "#", "="].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: Default::default(),
        })),
        document_symbol_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        ..ServerCapabilities::default()
    }
}

/// The sections of a file, each with the names that it gives.
#[expect(deprecated, reason = "the protocol's type still has the field that nobody uses")]
fn outline(service: &Service, file: FileId) -> Vec<DocumentSymbol> {
    let text = service.text(file);
    let symbol = |name: &str, kind, whole: std::ops::Range<usize>, at: std::ops::Range<usize>| DocumentSymbol {
        // An empty name is against the protocol.
        name: if name.trim().is_empty() {
            "–".to_owned()
        } else {
            name.to_owned()
        },
        detail: None,
        kind,
        tags: None,
        deprecated: None,
        range: position::range(text, whole),
        selection_range: position::range(text, at),
        children: None,
    };
    let mut sections: Vec<(std::ops::Range<usize>, DocumentSymbol)> = Vec::new();
    let blocks = service.layout(file).map_or(&[][..], |layout| &layout.blocks);
    let headings: Vec<(usize, &std::ops::Range<usize>, usize)> = blocks
        .iter()
        .filter_map(|block| match &block.kind {
            Kind::Heading {
                level: level @ 1..=2,
                text,
            } => Some((*level, text, block.range.start)),
            _ => None,
        })
        .collect();
    for (at, (level, heading, start)) in headings.iter().enumerate() {
        let end = match level {
            1 => headings.get(at + 1).map_or(text.len(), |(_, _, start)| *start),
            _ => headings[at + 1..].first().map_or(text.len(), |(_, _, start)| *start),
        };
        let kind = if *level == 1 {
            SymbolKind::FILE
        } else {
            SymbolKind::MODULE
        };
        sections.push((
            *start..end,
            symbol(&text[(*heading).clone()], kind, *start..end, (*heading).clone()),
        ));
    }
    for found in service.names.defined().filter(|found| found.span.file == file) {
        let at = found.span.start as usize..found.span.end as usize;
        let Some((_, section)) = sections.iter_mut().find(|(range, _)| range.contains(&at.start)) else {
            continue;
        };
        let kind = match &found.symbol {
            Symbol::Fact(_) => SymbolKind::VARIABLE,
            Symbol::List(_) => SymbolKind::ARRAY,
            Symbol::Step(_) => SymbolKind::FUNCTION,
            Symbol::Role(_) => SymbolKind::INTERFACE,
            Symbol::Outcome { .. } => SymbolKind::ENUM_MEMBER,
            Symbol::Row { .. } => SymbolKind::FIELD,
            Symbol::Letter(_) => SymbolKind::FILE,
            Symbol::Register(_) => SymbolKind::PACKAGE,
        };
        section
            .children
            .get_or_insert_default()
            .push(symbol(found.symbol.name(), kind, at.clone(), at));
    }
    sections.into_iter().map(|(_, section)| section).collect()
}
