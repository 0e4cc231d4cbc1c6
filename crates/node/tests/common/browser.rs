//! A real Chromium, driven through chromedriver: pages as people meet them, with keys and eyes.
//!
//! `SAMVERK_BROWSER=required` makes a missing chromedriver a failure; without it the tests say that they are skipped.
//! `SAMVERK_AXE` is the path of axe-core's `axe.min.js`; `SAMVERK_SHOTS` a folder for screenshots.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use reqwest::Url;
use serde_json::{Value, json};

use super::nodes::Process;

/// Width in CSS pixels of a desk's screen, a phone's, and 1280 px at 400 % zoom (WCAG 2.2, 1.4.10 Reflow).
pub const DESK: u32 = 1280;
pub const PHONE: u32 = 390;
pub const ZOOMED: u32 = 320;
/// Tabs on one page before a control is called unreachable.
const TABS_MAX: usize = 150;
/// A page that has not come within this is not coming.
const PAGE_WITHIN: Duration = Duration::from_secs(40);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    On,
    Off,
}

/// Chromium with its driver and a profile of the moment.
pub struct Browser {
    pub client: Client,
    scripts: Scripts,
    _driver: Process,
    _profile: tempfile::TempDir,
}

/// Chromium, or nothing where there is none and none is required.
pub async fn open(scripts: Scripts) -> Option<Browser> {
    let mut command = Command::new("chromedriver");
    command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
    if !on_path("chromedriver") {
        let required = std::env::var("SAMVERK_BROWSER").is_ok_and(|value| value == "required");
        assert!(
            !required,
            "chromedriver is not installed, and SAMVERK_BROWSER says that it is required"
        );
        println!("skipped: no chromedriver");
        return None;
    }
    let mut driver = Process::start(&mut command);
    let port = port_of(&mut driver);
    let profile = tempfile::tempdir().unwrap();
    let mut arguments: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--no-proxy-server",
        "--hide-scrollbars",
        "--accept-lang=sv",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--user-data-dir={}", profile.path().display()));
    if scripts == Scripts::Off {
        arguments.push("--blink-settings=scriptEnabled=false".to_owned());
    }
    let mut capabilities = Capabilities::new();
    capabilities.insert("goog:chromeOptions".to_owned(), json!({ "args": arguments }));
    let client = ClientBuilder::rustls()
        .expect("a TLS client needs no network")
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .expect("chromedriver starts Chromium");
    let browser = Browser {
        client,
        scripts,
        _driver: driver,
        _profile: profile,
    };
    browser.width(DESK).await;
    Some(browser)
}

fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

/// chromedriver says on its first lines which free port it took.
fn port_of(driver: &mut Process) -> u16 {
    let out = driver.child().stdout.take().expect("it was asked for");
    let mut lines = BufReader::new(out).lines();
    let port = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| {
            line.split_once("successfully on port ")?
                .1
                .trim_end_matches('.')
                .parse()
                .ok()
        })
        .expect("chromedriver says its port");
    // Read on, so that it never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    port
}

/// A command of Chromium's own protocol, which WebDriver has no word for.
#[derive(Debug)]
struct Cdp(Value);

impl WebDriverCompatibleCommand for Cdp {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as FromStr>::Err> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.to_string()))
    }
}

impl Browser {
    pub async fn close(self) {
        // The driver is ended after this anyway.
        let _ = self.client.clone().close().await;
    }

    async fn cdp(&self, command: &str, parameters: Value) -> Value {
        self.client
            .issue_cmd(Cdp(json!({ "cmd": command, "params": parameters })))
            .await
            .unwrap()
    }

    /// The width of the window in CSS pixels.
    pub async fn width(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    pub async fn goto(&self, address: &str) {
        self.client
            .goto(address)
            .await
            .unwrap_or_else(|why| panic!("{address}: {why}"));
    }

    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url.path().to_owned()
    }

    pub async fn text_of(&self, css: &str) -> String {
        match self.client.find(Locator::Css(css)).await {
            Ok(element) => element.text().await.unwrap(),
            Err(why) => panic!("{css}: {why}\n{}", self.client.source().await.unwrap_or_default()),
        }
    }

    pub async fn ask(&self, script: &str) -> Value {
        self.client
            .execute(script, Vec::new())
            .await
            .unwrap_or_else(|why| panic!("{script}: {why}"))
    }

    // ---- What a page must be -------------------------------------------------------------------------------------------

    /// Everything that is true of every page: axe finds nothing at a desk's and a phone's width, nothing must be scrolled
    /// sideways at 400 % zoom, one main heading, a title, a way past the header.
    pub async fn is_sound(&self, name: &str) -> Vec<String> {
        let mut faults = self.is_sound_alone(name).await;
        let skip = self
            .ask(
                "const skip = document.querySelector('a.skip')?.getAttribute('href');
                 return {skip, target: document.querySelector(skip)?.tagName}",
            )
            .await;
        if skip["target"] != "MAIN" {
            faults.push(format!(
                "{name}: a skip link that leads to the content is wanted: {skip}"
            ));
        }
        faults
    }

    /// The same of a document that stands alone, without a header to skip.
    pub async fn is_sound_alone(&self, name: &str) -> Vec<String> {
        let mut faults = Vec::new();
        for width in [DESK, PHONE] {
            self.width(width).await;
            for fault in self.axe().await {
                faults.push(format!("{name} at {width} px: {fault}"));
            }
            self.shoot(name, width).await;
        }
        self.width(ZOOMED).await;
        for wide in self.too_wide().await {
            faults.push(format!("{name} at {ZOOMED} px scrolls sideways: {wide}"));
        }
        self.width(DESK).await;
        let page = self
            .ask(
                "return {h1: document.querySelectorAll('h1').length, title: document.title, lang: document.documentElement.lang,
                         main: document.querySelectorAll('main').length}",
            )
            .await;
        if page["h1"] != 1 || page["main"] != 1 || page["title"] == "" || page["lang"] == "" {
            faults.push(format!(
                "{name}: one h1, one main, a title and a language are wanted: {page}"
            ));
        }
        faults
    }

    /// What axe-core finds, one line for each element.
    pub async fn axe(&self) -> Vec<String> {
        assert_eq!(self.scripts, Scripts::On, "axe is a script");
        let path = std::env::var_os("SAMVERK_AXE").map(PathBuf::from);
        let Some(path) = path else {
            let required = std::env::var("SAMVERK_BROWSER").is_ok_and(|value| value == "required");
            assert!(!required, "SAMVERK_AXE is to be the path of axe.min.js");
            println!("skipped: no axe-core (SAMVERK_AXE)");
            return Vec::new();
        };
        let source = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        self.ask(&format!("{source}; return typeof axe")).await;
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']}).then(
                r => done(r.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + v.help + ' | ' + n.target.join(' ') + ' | '
                    + n.html.slice(0, 200) + ' | ' + (n.failureSummary ?? '').replaceAll('\\n', ' ')))),
                e => done(['axe failed: ' + e]));";
        let found = self
            .client
            .execute_async(script, Vec::new())
            .await
            .expect("axe answers");
        let found = found.as_array().expect("a list").clone();
        found
            .iter()
            .map(|fault| fault.as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Elements that reach outside the window, when the page as a whole must be scrolled sideways.
    async fn too_wide(&self) -> Vec<String> {
        let wide = self
            .ask(
                "const w = document.documentElement.clientWidth;
                 if (document.documentElement.scrollWidth <= w) return [];
                 return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > w + 1)
                    .slice(0, 4).map(e => e.outerHTML.slice(0, 160))",
            )
            .await;
        wide.as_array()
            .expect("a list")
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    /// Keeps a picture of the whole page where `SAMVERK_SHOTS` says.
    pub async fn shoot(&self, name: &str, width: u32) {
        let Some(dir) = std::env::var_os("SAMVERK_SHOTS").map(PathBuf::from) else {
            return;
        };
        use base64::Engine as _;
        let shot = self
            .cdp(
                "Page.captureScreenshot",
                json!({ "format": "png", "captureBeyondViewport": true }),
            )
            .await;
        let png = base64::engine::general_purpose::STANDARD
            .decode(shot["data"].as_str().unwrap_or_default())
            .unwrap();
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join(format!("{name}-{width}.png")), png).unwrap();
    }

    // ---- Hands on the keyboard -----------------------------------------------------------------------------------------

    /// Presses and lets go of one key.
    pub async fn press(&self, key: char) {
        let keys = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        self.client.perform_actions(keys).await.unwrap();
    }

    pub async fn press_key(&self, key: Key) {
        self.press(char::from(key)).await;
    }

    pub async fn type_in(&self, text: &str) {
        let mut keys = KeyActions::new("keyboard".to_owned());
        for key in text.chars() {
            keys = keys
                .then(KeyAction::Down { value: key })
                .then(KeyAction::Up { value: key });
        }
        self.client.perform_actions(keys).await.unwrap();
    }

    /// Marks everything in the field, so that what is typed replaces it.
    pub async fn select_all(&self) {
        let control = char::from(Key::Control);
        let keys = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: control })
            .then(KeyAction::Down { value: 'a' })
            .then(KeyAction::Up { value: 'a' })
            .then(KeyAction::Up { value: control });
        self.client.perform_actions(keys).await.unwrap();
    }

    /// From the top of a page just opened: the first Tab offers to skip the header, Enter does, and every stop on the way
    /// through the page shows where the focus is.
    pub async fn can_be_walked(&self, name: &str) -> Vec<String> {
        const FOCUSED: &str = "const e = document.activeElement; const s = getComputedStyle(e.closest('.choice') ?? e);
            return {tag: e.tagName, class: e.className, inside: e.closest('main') !== null, html: e.outerHTML.slice(0, 120),
                    shows: s.outlineStyle !== 'none' && s.outlineWidth !== '0px',
                    seen: e.getBoundingClientRect().top >= 0 && e.getBoundingClientRect().width > 1}";
        let mut faults = Vec::new();
        for stop in 0..TABS_MAX {
            self.press_key(Key::Tab).await;
            let focused = self.ask(FOCUSED).await;
            if focused["tag"] == "BODY" {
                break;
            }
            if stop == 0 && focused["class"] != "skip" {
                faults.push(format!(
                    "{name}: the first Tab does not offer to skip the header: {focused}"
                ));
            }
            if focused["shows"] != true || focused["seen"] != true {
                faults.push(format!("{name}: the focus does not show: {focused}"));
            }
        }
        self.client.refresh().await.unwrap();
        self.press_key(Key::Tab).await;
        self.press_key(Key::Return).await;
        self.press_key(Key::Tab).await;
        let focused = self.ask(FOCUSED).await;
        let main_has_stops = self.ask("return document.querySelector('main :is(a[href], button, input:not([type=hidden]), summary)') !== null").await;
        if main_has_stops == true && focused["inside"] != true {
            faults.push(format!("{name}: skipping does not lead to the content: {focused}"));
        }
        faults
    }

    /// Tabs from wherever the focus is until it rests on an element that matches, and sees that the focus shows.
    pub async fn tab_to(&self, css: &str) -> Element {
        let wanted = self.client.find_all(Locator::Css(css)).await.unwrap();
        let wanted: Vec<_> = wanted.iter().map(Element::element_id).collect();
        assert!(!wanted.is_empty(), "{css} is not on {}", self.path().await);
        for _ in 0..TABS_MAX {
            let focused = self.client.active_element().await.unwrap();
            if wanted.contains(&focused.element_id()) {
                assert!(self.focus_shows(&focused).await, "the focus does not show on {css}");
                return focused;
            }
            self.press_key(Key::Tab).await;
        }
        panic!("{css} on {} cannot be reached with Tab", self.path().await);
    }

    /// Whether a line is drawn around what has the focus, or around the choice that it is in.
    async fn focus_shows(&self, focused: &Element) -> bool {
        let drawn = async |element: &Element| {
            let style = element.css_value("outline-style").await.unwrap();
            let width = element.css_value("outline-width").await.unwrap();
            style != "none" && width != "0px"
        };
        if drawn(focused).await {
            return true;
        }
        match self.client.find(Locator::Css(".choice:has(:focus)")).await {
            Ok(choice) => drawn(&choice).await,
            Err(_) => false,
        }
    }

    /// Presses Enter on what has the focus and waits for the next page.
    pub async fn enter(&self) {
        let before = self.client.find(Locator::Css("html")).await.unwrap();
        self.press_key(Key::Return).await;
        self.until_gone(before).await;
    }

    /// Waits until the page of this element has been left and the next one is there.
    pub async fn until_gone(&self, before: Element) {
        let began = Instant::now();
        while before.tag_name().await.is_ok() {
            assert!(
                began.elapsed() < PAGE_WITHIN,
                "no other page came after {}",
                self.path().await
            );
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        while self.client.find(Locator::Css("footer")).await.is_err() {
            assert!(
                began.elapsed() < PAGE_WITHIN,
                "the next page has no footer: {}",
                self.path().await
            );
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}
