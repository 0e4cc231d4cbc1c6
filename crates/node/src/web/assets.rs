//! The stylesheets, inside the binary, served under `/stil/` with their content's hash in the address.
//!
//! Always true: an address under `/stil/` never changes its content, so it may be kept for ever; no page loads anything else.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// One stylesheet with the address that pages link to.
pub struct Sheet {
    pub path: String,
    css: &'static str,
}

pub const TOKENS: &str = include_str!("../../assets/tokens.css");
const THEMES: &str = include_str!("../../assets/themes.css");
pub const BASE: &str = include_str!("../../assets/base.css");

/// In the order in which a page links them.
pub static SHEETS: LazyLock<Vec<Sheet>> = LazyLock::new(|| {
    [("tokens", TOKENS), ("themes", THEMES), ("base", BASE)]
        .into_iter()
        .map(|(name, css)| {
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, css.as_bytes());
            let short: String = hash.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
            Sheet {
                path: format!("/stil/{name}-{short}.css"),
                css,
            }
        })
        .collect()
});

/// Names that `data-theme` may have.
pub fn themes() -> impl Iterator<Item = &'static str> {
    THEMES
        .split("[data-theme=\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"').map(|(name, _)| name))
}

pub async fn sheet(Path(name): Path<String>) -> Response {
    let path = format!("/stil/{name}");
    match SHEETS.iter().find(|sheet| sheet.path == path) {
        Some(sheet) => (
            [
                (
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("text/css; charset=utf-8"),
                ),
                (
                    header::CACHE_CONTROL,
                    HeaderValue::from_static("public, max-age=31536000, immutable"),
                ),
            ],
            sheet.css,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Colours = BTreeMap<String, String>;

    /// The declarations of one block.
    fn declarations(block: &str) -> Colours {
        block
            .split(';')
            .filter_map(|line| {
                let line = line.rsplit("*/").next().unwrap_or(line);
                let (name, value) = line.trim().strip_prefix("--")?.split_once(':')?;
                Some((name.trim().to_owned(), value.trim().to_owned()))
            })
            .collect()
    }

    fn neutral() -> Colours {
        let root = TOKENS.split_once(":root {").unwrap().1;
        declarations(root.split_once('}').unwrap().0)
    }

    fn theme(name: &str) -> Colours {
        let block = THEMES.split_once(&format!("[data-theme=\"{name}\"] {{")).unwrap().1;
        declarations(block.split_once('}').unwrap().0)
    }

    /// WCAG 2.2 relative luminance.
    fn luminance(hex: &str) -> f64 {
        let channel = |range: std::ops::Range<usize>| {
            let value = f64::from(u8::from_str_radix(&hex[range], 16).unwrap()) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1..3) + 0.7152 * channel(3..5) + 0.0722 * channel(5..7)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// What is too faint in these colours: text 4.5, borders of controls and graphics 3.
    fn too_faint(colours: &Colours) -> Vec<String> {
        let grounds = [
            "color-neutral-background-default",
            "color-neutral-background-tinted",
            "color-neutral-surface-tinted",
            "color-accent-surface-tinted",
            "color-thread-surface-tinted",
        ];
        let texts = [
            "color-neutral-text-default",
            "color-neutral-text-subtle",
            "color-accent-text-default",
            "color-accent-base-hover",
            "color-thread-text-default",
            "color-danger-text-default",
        ];
        let graphics = [
            "color-neutral-border-default",
            "color-accent-base-default",
            "color-thread-base-default",
            "color-success-base-default",
            "color-danger-base-default",
            "color-focus-inner",
        ];
        let mut pairs: Vec<(String, String, f64)> = Vec::new();
        let mut pair = |over: &str, under: &str, bar: f64| pairs.push((over.to_owned(), under.to_owned(), bar));
        for ground in grounds {
            for text in texts {
                pair(text, ground, 4.5);
            }
            for graphic in graphics {
                pair(graphic, ground, 3.0);
            }
        }
        for state in ["success", "warning", "danger", "info"] {
            let tint = format!("color-{state}-surface-tinted");
            pair(&format!("color-{state}-text-default"), &tint, 4.5);
            pair(&format!("color-{state}-base-default"), &tint, 3.0);
        }
        for button in ["default", "hover", "active"] {
            pair(
                "color-accent-base-contrast",
                &format!("color-accent-base-{button}"),
                4.5,
            );
        }
        pair("band-figure", "band-ground", 3.0);
        pair("color-focus-inner", "color-focus-outer", 3.0);
        pairs
            .into_iter()
            .filter_map(|(over, under, bar)| {
                let is = contrast(&colours[&over], &colours[&under]);
                (is < bar).then(|| format!("{over} on {under}: {is:.2} is less than {bar}"))
            })
            .collect()
    }

    #[test]
    fn every_theme_can_be_read() {
        let neutral = neutral();
        assert_eq!(too_faint(&neutral), Vec::<String>::new(), "neutral");
        for name in themes() {
            let own = theme(name);
            assert_eq!(own.len(), 10, "{name}: a theme has ten lines and nothing else");
            let mut colours = neutral.clone();
            colours.extend(own);
            assert_eq!(too_faint(&colours), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn a_faint_theme_is_found() {
        let mut colours = neutral();
        colours.insert("color-accent-text-default".to_owned(), "#8aa0a5".to_owned());
        assert!(!too_faint(&colours).is_empty());
    }

    #[test]
    fn the_neutral_theme_by_name_is_the_neutral_theme() {
        let neutral = neutral();
        for (name, value) in theme("neutral") {
            assert_eq!(neutral[&name], value, "{name}");
        }
    }

    #[test]
    fn sheets_name_only_tokens_that_exist_and_load_nothing() {
        let known = neutral();
        for token in BASE.split("var(--").skip(1) {
            let name = token.split([')', ',']).next().unwrap().trim();
            assert!(
                known.contains_key(name) || name == "sheet",
                "base.css reads --{name}, which is not a token"
            );
        }
        for css in [TOKENS, THEMES, BASE] {
            assert!(!css.contains("url(") && !css.contains("@import"));
        }
    }
}
