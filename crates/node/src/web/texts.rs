//! The pages' own words, by key, in Swedish and English. A service's words are in its pack, not here.
//!
//! `texts/sv.toml` and `texts/en.toml` are inside the binary. Always true, kept by the tests below: both languages have the
//! same keys, every key that a template or the code asks for is there, and none is there that nobody asks for.
//!
//! In a template: `{{ page.t("start.heading") }}`, `{{ page.t("error.trace").with("trace", page.trace) }}`. Inline markup in a
//! text is `**strong**` and `[label]({link})`; show such a text with `.rich()`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

/// The languages of every page. Swedish comes first everywhere (språklagen 2009:600 10 §).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    Sv,
    En,
}

impl Lang {
    pub const ALL: [Self; 2] = [Self::Sv, Self::En];

    /// BCP 47, for `lang` attributes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Sv => "sv",
            Self::En => "en",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        match code.get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("sv") => Some(Self::Sv),
            Some("en") => Some(Self::En),
            _ => None,
        }
    }

    /// The first language in an `Accept-Language` header that we have, by weight (RFC 9110 §12.5.4).
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for part in header.split(',').take(20) {
            let mut pieces = part.trim().split(';');
            let (Some(lang), weight) = (pieces.next().and_then(Self::parse), pieces.next()) else {
                continue;
            };
            let weight = weight
                .and_then(|q| q.trim().strip_prefix("q="))
                .map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
            if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
                best = Some((weight, lang));
            }
        }
        best.map(|(_, lang)| lang)
    }

    pub fn other(self) -> Self {
        match self {
            Self::Sv => Self::En,
            Self::En => Self::Sv,
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

static SV: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| read(include_str!("../../texts/sv.toml")));
static EN: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| read(include_str!("../../texts/en.toml")));

fn read(source: &str) -> BTreeMap<String, String> {
    flat(source).expect("the texts are inside the binary, and a test reads both files")
}

/// What is wrong in a file of texts, for the developer who wrote it.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Syntax(#[from] toml::de::Error),
    #[error("{0} is neither a text in quotation marks nor a table of texts")]
    NoText(String),
    #[error("{0} stands both as a key with dots and in a table")]
    Twice(String),
}

/// `[error] trace = "…"` is the key `error.trace`.
fn flat(source: &str) -> Result<BTreeMap<String, String>, Broken> {
    fn into(prefix: &str, table: toml::Table, out: &mut BTreeMap<String, String>) -> Result<(), Broken> {
        for (key, value) in table {
            let key = if prefix.is_empty() {
                key
            } else {
                format!("{prefix}.{key}")
            };
            match value {
                toml::Value::Table(table) => into(&key, table, out)?,
                toml::Value::String(text) => {
                    if out.insert(key.clone(), text).is_some() {
                        return Err(Broken::Twice(key));
                    }
                }
                _ => return Err(Broken::NoText(key)),
            }
        }
        Ok(())
    }
    let mut out = BTreeMap::new();
    into("", toml::from_str(source)?, &mut out)?;
    Ok(out)
}

/// Where texts come from.
pub struct Texts;

impl Texts {
    /// The text of a key. A key that is missing (the tests find it) shows itself rather than nothing.
    pub fn get(lang: Lang, key: &'static str) -> Text {
        let texts = match lang {
            Lang::Sv => &*SV,
            Lang::En => &*EN,
        };
        let template = texts.get(key).map_or(key, String::as_str);
        Text {
            words: template.to_owned(),
        }
    }
}

/// A text, to be filled in and shown. `Display` gives it plain; a template escapes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    words: String,
}

impl Text {
    /// Fills in `{name}`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.words = self.words.replace(&format!("{{{name}}}"), &value.to_string());
        self
    }

    /// With inline markup as HTML. Everything else is escaped, also what was filled in.
    pub fn rich(&self) -> Rich {
        Rich(rich(&self.words))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl From<Text> for String {
    fn from(text: Text) -> String {
        text.words
    }
}

/// HTML made from a text's inline markup.
pub struct Rich(String);

impl fmt::Display for Rich {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Rich {}

fn rich(words: &str) -> String {
    let escaped = escape(words);
    let mut out = String::with_capacity(escaped.len() + 32);
    let mut rest = escaped.as_str();
    let mut strong = false;
    while let Some(at) = rest.find(['*', '[']) {
        let (before, here) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = here.strip_prefix("**") {
            out.push_str(if strong { "</strong>" } else { "<strong>" });
            strong = !strong;
            rest = after;
        } else if let Some((label, link, after)) = link(here) {
            out.push_str("<a href=\"");
            out.push_str(link);
            out.push_str("\">");
            out.push_str(label);
            out.push_str("</a>");
            rest = after;
        } else {
            let mut characters = here.chars();
            out.extend(characters.next());
            rest = characters.as_str();
        }
    }
    out.push_str(rest);
    if strong {
        out.push_str("</strong>");
    }
    out
}

/// `[label](link)` at the beginning; only links into this node or to the web.
fn link(here: &str) -> Option<(&str, &str, &str)> {
    let (label, rest) = here.strip_prefix('[')?.split_once("](")?;
    let (link, after) = rest.split_once(')')?;
    let fits =
        link.starts_with("https://") || link.starts_with("http://") || link.starts_with('/') || link.starts_with('#');
    (fits && !label.contains('[')).then_some((label, link, after))
}

/// Text as HTML text or attribute value.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn files(dir: &Path, endings: &[&str], out: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, endings, out);
            } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
                out.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }

    fn sources() -> Vec<(String, String)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut out = Vec::new();
        files(&root.join("src"), &[".rs"], &mut out);
        files(&root.join("templates"), &[".html"], &mut out);
        out.retain(|(path, _)| !path.ends_with("web/texts.rs"));
        out
    }

    fn holes(text: &str) -> BTreeSet<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
            .collect()
    }

    #[test]
    fn a_file_that_is_broken_is_told_and_never_read_as_empty() {
        let why = |source: &str| flat(source).unwrap_err().to_string();
        assert!(why("[a]\nb = \"x").contains("line 2"));
        assert!(why("[a]\nb = 3").starts_with("a.b is neither"));
        assert!(why("\"a.b\" = \"x\"\n[a]\nb = \"y\"").starts_with("a.b stands both"));
    }

    #[test]
    fn both_files_can_be_read() {
        for (name, source) in [
            ("sv", include_str!("../../texts/sv.toml")),
            ("en", include_str!("../../texts/en.toml")),
        ] {
            let read = flat(source);
            assert!(read.is_ok(), "texts/{name}.toml: {}", read.unwrap_err());
        }
    }

    #[test]
    fn both_languages_have_the_same_keys_with_the_same_holes() {
        let sv: BTreeSet<&String> = SV.keys().collect();
        let en: BTreeSet<&String> = EN.keys().collect();
        assert_eq!(
            sv.difference(&en).collect::<Vec<_>>(),
            Vec::<&&String>::new(),
            "missing in en.toml"
        );
        assert_eq!(
            en.difference(&sv).collect::<Vec<_>>(),
            Vec::<&&String>::new(),
            "missing in sv.toml"
        );
        for (key, swedish) in SV.iter() {
            assert_eq!(
                holes(swedish),
                holes(&EN[key]),
                "{key}: the same holes in both languages"
            );
        }
    }

    #[test]
    fn every_text_that_is_asked_for_is_there() {
        for (path, source) in sources() {
            for call in [
                ".t(\"",
                "Texts::get(lang, \"",
                "Texts::get(self.lang, \"",
                "Texts::get(page.lang, \"",
            ] {
                for rest in source.split(call).skip(1) {
                    let key = rest.split('"').next().unwrap_or_default();
                    assert!(
                        SV.contains_key(key),
                        "{path} asks for the text {key}, which is in neither language"
                    );
                }
            }
        }
    }

    #[test]
    fn no_text_is_there_that_nobody_asks_for() {
        let sources = sources();
        let unused: Vec<&String> = SV
            .keys()
            .filter(|key| {
                let quoted = format!("\"{key}\"");
                !sources.iter().any(|(_, source)| source.contains(&quoted))
            })
            .collect();
        assert_eq!(
            unused,
            Vec::<&String>::new(),
            "texts that no template and no code names"
        );
    }

    #[test]
    fn texts_are_calm() {
        for (key, text) in SV.iter().chain(EN.iter()) {
            assert!(!text.contains('!'), "{key}: no exclamation marks");
            assert!(
                !text.contains("licka här") && !text.to_lowercase().contains("click here"),
                "{key}: a link says where it leads"
            );
        }
    }

    #[test]
    fn markup_in_a_text_becomes_html_and_everything_else_is_escaped() {
        let text = Text {
            words: "**{who}** reads [the rules]({link}) *once* [x](javascript:y)".to_owned(),
        };
        let shown = text
            .with("who", "<b>")
            .with("link", "/regler?a=\"1\"")
            .rich()
            .to_string();
        assert_eq!(
            shown,
            "<strong>&lt;b&gt;</strong> reads <a href=\"/regler?a=&quot;1&quot;\">the rules</a> *once* [x](javascript:y)"
        );
    }

    #[test]
    fn the_language_is_the_first_accepted_one_that_we_have() {
        assert_eq!(Lang::accepted("de,en-GB;q=0.8,sv;q=0.9"), Some(Lang::Sv));
        assert_eq!(Lang::accepted("en"), Some(Lang::En));
        assert_eq!(Lang::accepted("de"), None);
        assert_eq!(Lang::accepted("sv;q=0"), None);
        assert_eq!(Lang::accepted(""), None);
    }
}
