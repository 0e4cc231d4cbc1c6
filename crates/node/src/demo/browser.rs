//! A browser without JavaScript and without a screen: cookies, redirects, links, forms.
//!
//! Always true: it knows only what a page holds. A form is sent as its fields and the pressed button say, to its own address,
//! and a field that the page does not have cannot be filled in.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE};
use scraper::{ElementRef, Html, Selector};

/// A browser gives up on a chain of redirects after this many.
pub const REDIRECTS_MAX: usize = 20;
/// Larger than any page of ours.
pub const PAGE_BYTES_MAX: usize = 4 << 20;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a page was not reached or a form not sent.
#[derive(Debug, thiserror::Error)]
pub enum NotShown {
    #[error("{0} does not answer: {1}")]
    Unreachable(String, String),
    #[error("{0} leads on and on")]
    Redirects(String),
    #[error("{0} is larger than {PAGE_BYTES_MAX} bytes")]
    TooLarge(String),
    #[error("{page} has no {what}")]
    NotThere { page: String, what: String },
    #[error("the browser could not be made: {0}")]
    Browser(#[from] reqwest::Error),
}

/// One person's browser. As in a real one, cookies are kept by host and not by port.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// A page as it came.
#[derive(Clone, Debug)]
pub struct Page {
    pub url: Url,
    pub status: u16,
    pub html: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Absolute.
    pub action: String,
    pub post: bool,
    pub multipart: bool,
    pub fields: Vec<Field>,
    pub buttons: Vec<Button>,
    /// `data-` attributes of the form.
    pub marks: BTreeMap<String, String>,
    /// All that it says.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub kind: Kind,
    /// What it holds now; of a radio or a box: what it sends.
    pub value: String,
    pub label: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Hidden,
    Line,
    Area,
    Radio { checked: bool },
    Checkbox { checked: bool },
    File,
    Select { options: Vec<(String, String)> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    pub name: String,
    pub value: String,
    pub text: String,
}

/// What is put into a form before it is sent.
#[derive(Clone, Debug, Default)]
pub struct Filling {
    /// Texts, and the value of the radio or option to choose, by field name. Several for boxes.
    pub values: BTreeMap<String, Vec<String>>,
    /// Files by field name: file name and bytes.
    pub files: BTreeMap<String, (String, Vec<u8>)>,
}

impl Filling {
    pub fn put(&mut self, name: impl Into<String>, value: impl Into<String>) -> &mut Self {
        self.values.insert(name.into(), vec![value.into()]);
        self
    }
}

impl Browser {
    pub fn new() -> Result<Self, NotShown> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(REQUEST_TIMEOUT)
            .no_proxy()
            .build()?;
        Ok(Self {
            http,
            cookies: BTreeMap::new(),
        })
    }

    /// Opens an address, and what it leads on to.
    pub async fn open(&mut self, address: &str) -> Result<Page, NotShown> {
        let url = Url::parse(address).map_err(|why| NotShown::Unreachable(address.to_owned(), why.to_string()))?;
        self.request(url, None).await
    }

    /// Follows a link on a page.
    pub async fn follow(&mut self, page: &Page, href: &str) -> Result<Page, NotShown> {
        self.open(&page.absolute(href)).await
    }

    /// Sends a form as filled in, by its button with this value, or its first.
    pub async fn send(
        &mut self,
        page: &Page,
        form: &Form,
        filling: &Filling,
        button: Option<&str>,
    ) -> Result<Page, NotShown> {
        let button = match button {
            Some(wanted) => Some(
                form.button(wanted)
                    .ok_or_else(|| page.lacks(&format!("button {wanted}")))?,
            ),
            None => form.buttons.first(),
        };
        for name in filling.values.keys().chain(filling.files.keys()) {
            if !form.fields.iter().any(|field| field.name == *name) {
                return Err(page.lacks(&format!("field {name}")));
            }
        }
        let mut pairs = form.filled(filling);
        if let Some(button) = button.filter(|button| !button.name.is_empty()) {
            pairs.push((button.name.clone(), button.value.clone()));
        }
        let mut url = Url::parse(&form.action).map_err(|_| page.lacks("address of its form"))?;
        if !form.post {
            url.query_pairs_mut().clear().extend_pairs(&pairs);
            return self.request(url, None).await;
        }
        let (kind, body) = if form.multipart {
            multipart(&pairs, form, filling)
        } else {
            let mut text = Url::parse("http://x/").map_err(|_| page.lacks("address"))?;
            text.query_pairs_mut().extend_pairs(&pairs);
            let body = text.query().unwrap_or_default().as_bytes().to_vec();
            ("application/x-www-form-urlencoded".to_owned(), body)
        };
        self.request(url, Some((page.url.origin().ascii_serialization(), kind, body)))
            .await
    }

    async fn request(&mut self, url: Url, mut post: Option<(String, String, Vec<u8>)>) -> Result<Page, NotShown> {
        let mut url = url;
        for _ in 0..REDIRECTS_MAX {
            let shown = without_query(&url);
            let mut request = match &post {
                Some((origin, kind, body)) => {
                    let same = url.origin().ascii_serialization() == *origin;
                    self.http
                        .post(url.clone())
                        .header(ORIGIN, origin)
                        .header("sec-fetch-site", if same { "same-origin" } else { "cross-site" })
                        .header(CONTENT_TYPE, kind)
                        .body(body.clone())
                }
                None => self.http.get(url.clone()),
            };
            request = request.header("accept", "text/html").header("accept-language", "sv");
            if let Some(cookies) = self.cookies_for(&url) {
                request = request.header(COOKIE, cookies);
            }
            let unreachable = |why: reqwest::Error| NotShown::Unreachable(shown.clone(), why.without_url().to_string());
            let mut response = request.send().await.map_err(unreachable)?;
            self.take_cookies(&url, response.headers());
            let status = response.status();
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            if let Some(to) = to.filter(|_| status.is_redirection()) {
                url = url
                    .join(to)
                    .map_err(|why| NotShown::Unreachable(shown.clone(), why.to_string()))?;
                // 307 and 308 keep the method; ours are 303, which do not.
                if !matches!(status.as_u16(), 307 | 308) {
                    post = None;
                }
                continue;
            }
            let mut bytes = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > PAGE_BYTES_MAX {
                    return Err(NotShown::TooLarge(shown));
                }
            }
            return Ok(Page {
                url,
                status: status.as_u16(),
                html: String::from_utf8_lossy(&bytes).into_owned(),
            });
        }
        Err(NotShown::Redirects(without_query(&url)))
    }

    fn cookies_for(&self, url: &Url) -> Option<String> {
        let own = self.cookies.get(url.host_str()?)?;
        let pairs: Vec<String> = own.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    fn take_cookies(&mut self, url: &Url, headers: &HeaderMap) {
        let Some(host) = url.host_str() else { return };
        let own = self.cookies.entry(host.to_owned()).or_default();
        for cookie in headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
        {
            let mut parts = cookie.split(';');
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let gone = parts.any(|part| part.trim().eq_ignore_ascii_case("max-age=0"));
            if gone {
                own.remove(name.trim());
            } else {
                own.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}

impl Page {
    pub fn path(&self) -> String {
        decoded(self.url.path())
    }

    pub fn absolute(&self, href: &str) -> String {
        self.url
            .join(href)
            .map_or_else(|_| href.to_owned(), |url| url.to_string())
    }

    /// The texts of all elements that fit, white space folded.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let html = Html::parse_document(&self.html);
        let Ok(selector) = Selector::parse(selector) else {
            return Vec::new();
        };
        html.select(&selector).map(text_of).collect()
    }

    /// What an attribute says on all elements that fit.
    pub fn marks(&self, selector: &str, attribute: &str) -> Vec<String> {
        let html = Html::parse_document(&self.html);
        let Ok(selector) = Selector::parse(selector) else {
            return Vec::new();
        };
        let found = html.select(&selector).filter_map(|element| element.attr(attribute));
        found.map(str::to_owned).collect()
    }

    pub fn has(&self, selector: &str) -> bool {
        let html = Html::parse_document(&self.html);
        Selector::parse(selector).is_ok_and(|selector| html.select(&selector).next().is_some())
    }

    pub fn heading(&self) -> String {
        self.texts("h1").into_iter().next().unwrap_or_default()
    }

    /// Links within the elements that fit: address and text.
    pub fn links(&self, within: &str) -> Vec<(String, String)> {
        let html = Html::parse_document(&self.html);
        let Ok(selector) = Selector::parse(&format!("{within} a[href]")) else {
            return Vec::new();
        };
        let links = html.select(&selector);
        links
            .map(|link| (decoded(link.attr("href").unwrap_or_default()), text_of(link)))
            .collect()
    }

    /// The attribute's values on the elements that fit.
    pub fn attributes(&self, selector: &str, attribute: &str) -> Vec<String> {
        let html = Html::parse_document(&self.html);
        let Ok(selector) = Selector::parse(selector) else {
            return Vec::new();
        };
        let found = html.select(&selector).filter_map(|it| it.attr(attribute));
        found.map(str::to_owned).collect()
    }

    /// Forms in the page's main part.
    pub fn forms(&self) -> Vec<Form> {
        let html = Html::parse_document(&self.html);
        let (Ok(forms), Ok(labels)) = (
            Selector::parse("main form, #innehall form"),
            Selector::parse("label[for]"),
        ) else {
            return Vec::new();
        };
        let labels: BTreeMap<String, String> = html
            .select(&labels)
            .map(|label| (label.attr("for").unwrap_or_default().to_owned(), text_of(label)))
            .collect();
        html.select(&forms).map(|form| self.form(form, &labels)).collect()
    }

    fn form(&self, form: ElementRef<'_>, labels: &BTreeMap<String, String>) -> Form {
        let mut read = Form {
            action: self.absolute(form.attr("action").unwrap_or_default()),
            post: form
                .attr("method")
                .is_some_and(|method| method.eq_ignore_ascii_case("post")),
            multipart: form.attr("enctype") == Some("multipart/form-data"),
            fields: Vec::new(),
            buttons: Vec::new(),
            marks: form
                .value()
                .attrs()
                .filter_map(|(name, value)| Some((name.strip_prefix("data-")?.to_owned(), value.to_owned())))
                .collect(),
            text: text_of(form),
        };
        let Ok(parts) = Selector::parse("input, textarea, select, button") else {
            return read;
        };
        for part in form.select(&parts) {
            let attr = |name: &str| part.attr(name).unwrap_or_default().to_owned();
            let label = labels.get(&attr("id")).cloned().unwrap_or_default();
            let checked = part.attr("checked").is_some();
            let (kind, value) = match (part.value().name(), attr("type").as_str()) {
                ("button", _) | ("input", "submit") => {
                    read.buttons.push(Button {
                        name: attr("name"),
                        value: attr("value"),
                        text: text_of(part),
                    });
                    continue;
                }
                ("textarea", _) => {
                    let text: String = part.text().collect();
                    // HTML takes away the first line break of a text area.
                    (Kind::Area, text.strip_prefix('\n').unwrap_or(&text).to_owned())
                }
                ("select", _) => {
                    let (options, chosen) = options(part);
                    (Kind::Select { options }, chosen)
                }
                (_, "hidden") => (Kind::Hidden, attr("value")),
                (_, "radio") => (Kind::Radio { checked }, attr("value")),
                (_, "checkbox") => (
                    Kind::Checkbox { checked },
                    part.attr("value").unwrap_or("on").to_owned(),
                ),
                (_, "file") => (Kind::File, String::new()),
                _ => (Kind::Line, attr("value")),
            };
            let name = attr("name");
            if !name.is_empty() && part.attr("disabled").is_none() {
                read.fields.push(Field {
                    name,
                    kind,
                    value,
                    label,
                });
            }
        }
        read
    }

    /// What the page says is wrong, if it says so.
    pub fn error(&self) -> Option<String> {
        let texts = self.texts(".error-summary li, .error");
        if !texts.is_empty() {
            return Some(texts.join(" "));
        }
        (self.status >= 400).then(|| {
            let words = self.texts("main p");
            format!("{} {}", self.heading(), words.first().cloned().unwrap_or_default())
        })
    }

    pub fn lacks(&self, what: &str) -> NotShown {
        NotShown::NotThere {
            page: format!("{} ({})", without_query(&self.url), self.heading()),
            what: what.to_owned(),
        }
    }
}

impl Form {
    pub fn button(&self, value: &str) -> Option<&Button> {
        self.buttons.iter().find(|button| button.value == value)
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Fields that a person fills in: each name once.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for field in self.fields.iter().filter(|field| field.kind != Kind::Hidden) {
            if !names.contains(&&*field.name) {
                names.push(&field.name);
            }
        }
        names
    }

    /// What a browser sends but for files: fields in order of the page.
    fn filled(&self, filling: &Filling) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for field in &self.fields {
            let put = filling.values.get(&field.name);
            let chosen = |on: bool| match put {
                Some(values) => values.contains(&field.value),
                None => on,
            };
            let value = match &field.kind {
                Kind::File => continue,
                Kind::Radio { checked } | Kind::Checkbox { checked } => {
                    if !chosen(*checked) {
                        continue;
                    }
                    field.value.clone()
                }
                _ => put.and_then(|values| values.first()).unwrap_or(&field.value).clone(),
            };
            pairs.push((field.name.clone(), value));
        }
        pairs
    }
}

fn options(select: ElementRef<'_>) -> (Vec<(String, String)>, String) {
    let Ok(option) = Selector::parse("option") else {
        return (Vec::new(), String::new());
    };
    let mut all = Vec::new();
    let mut chosen = None;
    for option in select.select(&option) {
        let text = text_of(option);
        let value = option.attr("value").map_or_else(|| text.clone(), str::to_owned);
        if option.attr("selected").is_some() {
            chosen = Some(value.clone());
        }
        all.push((value, text));
    }
    let first = all.first().map(|(value, _)| value.clone()).unwrap_or_default();
    (all, chosen.unwrap_or(first))
}

/// RFC 7578.
fn multipart(pairs: &[(String, String)], form: &Form, filling: &Filling) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "samverk-0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    let mut body = Vec::new();
    let mut part = |name: &str, file: Option<&str>, bytes: &[u8]| {
        let name = name.replace('"', "%22");
        let file = file.map(|file| format!("; filename=\"{}\"", file.replace('"', "%22")));
        let kind = if file.is_some() {
            "Content-Type: application/octet-stream\r\n"
        } else {
            ""
        };
        let file = file.unwrap_or_default();
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n{kind}\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    };
    for (name, value) in pairs {
        part(name, None, value.as_bytes());
    }
    for field in form.fields.iter().filter(|field| field.kind == Kind::File) {
        match filling.files.get(&field.name) {
            Some((file, bytes)) => part(&field.name, Some(file), bytes),
            None => part(&field.name, Some(""), b""),
        }
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

fn text_of(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    decoded(url.as_str())
}

/// Percent-decoding for comparing and showing.
pub fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text
            .get(at + 1..at + 3)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str) -> Page {
        Page {
            url: Url::parse("http://127.0.0.1:7100/utkast/x/fraga/gas.inne").unwrap(),
            status: 200,
            html: html.to_owned(),
        }
    }

    const FORM: &str = r#"<main><form method="post" action="/svara?x=1"><input type="hidden" name="token" value="t">
        <label for="a">Hur många?</label><input id="a" name="gas.inne" value="3">
        <input type="radio" name="r" value="ja" checked><input type="radio" name="r" value="nej">
        <input type="checkbox" name="b" value="1"><select name="s"><option value="1">Ett<option value="2" selected>Två</select>
        <textarea name="t">
rad</textarea><button name="val" value="spara">Spara</button></form></main>"#;

    #[test]
    fn a_form_is_sent_as_a_browser_would() {
        let form = page(FORM).forms().remove(0);
        assert_eq!(form.action, "http://127.0.0.1:7100/svara?x=1");
        assert_eq!(form.field("gas.inne").unwrap().label, "Hur många?");
        assert_eq!(form.names(), ["gas.inne", "r", "b", "s", "t"]);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let untouched = form.filled(&Filling::default());
        assert_eq!(
            untouched,
            [
                pair("token", "t"),
                pair("gas.inne", "3"),
                pair("r", "ja"),
                pair("s", "2"),
                pair("t", "rad")
            ]
        );
        let mut filling = Filling::default();
        filling.put("gas.inne", "12").put("r", "nej").put("b", "1");
        let filled = form.filled(&filling);
        assert!(filled.contains(&pair("r", "nej")) && !filled.contains(&pair("r", "ja")));
        assert!(filled.contains(&pair("b", "1")) && filled.contains(&pair("gas.inne", "12")));
    }

    #[tokio::test]
    async fn a_field_that_the_page_does_not_have_cannot_be_filled_in() {
        let page = page(FORM);
        let form = page.forms().remove(0);
        let mut filling = Filling::default();
        filling.put("gas.ute", "1");
        let why = Browser::new()
            .unwrap()
            .send(&page, &form, &filling, None)
            .await
            .unwrap_err();
        assert!(why.to_string().contains("no field gas.ute"), "{why}");
    }

    #[test]
    fn an_address_is_shown_as_a_person_writes_it() {
        assert_eq!(decoded("/fraga/%C3%A4gare"), "/fraga/ägare");
        assert_eq!(decoded("100%"), "100%");
    }
}
