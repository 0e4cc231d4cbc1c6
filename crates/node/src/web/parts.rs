//! Parts that pages are put together from. Each is a value with its own small template; a page shows it with `{{ it }}`.

use std::fmt;

/// HTML that is already safe: made by a template or escaped here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// Only for HTML that our own code made and escaped.
    pub fn trusted(html: impl Into<String>) -> Self {
        Self(html.into())
    }

    /// Text, escaped.
    pub fn text(text: impl fmt::Display) -> Self {
        Self(super::texts::escape(&text.to_string()))
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Markup {}

/// Drawn signs. Always beside a word, hence hidden from screen readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Back,
    Check,
    Clock,
    Info,
    Lock,
    Seal,
    Cross,
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match self {
            Self::Back => r#"<path d="M14.5 5.5L8 12l6.5 6.5"/>"#,
            Self::Check => r#"<path d="M4.5 12.5l5 5L19.5 7"/>"#,
            Self::Clock => r#"<circle cx="12" cy="12" r="9"/><path d="M12 7v5.2l3.3 2"/>"#,
            Self::Info => r#"<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.5v.2"/>"#,
            Self::Lock => r#"<rect x="5" y="11" width="14" height="9" rx="1.5"/><path d="M8 11V8a4 4 0 018 0v3"/>"#,
            Self::Seal => {
                r#"<path d="M12 3l2.3 1.8 2.9-.2.9 2.8 2.4 1.6-1 2.8 1 2.7-2.4 1.7-.9 2.7-2.9-.1L12 20.6l-2.3-1.8-2.9.1-.9-2.7-2.4-1.7 1-2.7-1-2.8 2.4-1.6.9-2.8 2.9.2z"/><path d="M8.6 12.2l2.4 2.3 4.4-4.7"/>"#
            }
            Self::Cross => r#"<path d="M6 6l12 12M18 6L6 18"/>"#,
        };
        write!(
            f,
            r#"<svg class="icon" aria-hidden="true" viewBox="0 0 24 24">{path}</svg>"#
        )
    }
}

impl askama::filters::HtmlSafe for Icon {}
