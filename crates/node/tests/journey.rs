//! Whole journeys over many nodes in one process: own stores, keys and addresses, one clock that the test moves.
//!
//! Always true: the journey goes through the nodes' web pages, as in `samverk demo`, and what is compared is what the pages
//! say and what the event logs count. The scenarios lie in `tests/scenarios`.

#![allow(clippy::unwrap_used, reason = "a helper that cannot go on stops its test")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use samverk::cases::file::{Open, Stopped};
use samverk::chance::Chance;
use samverk::clock::Clock;
use samverk::config::Config;
use samverk::demo::browser::{Filling, Form, Page};
use samverk::demo::data;
use samverk::demo::player::{Applied, Person, Player};
use samverk::demo::report::{self, Figures, Played};
use samverk::demo::scenario::Scenario;
use samverk::demo::world::{self, EID, Laying, World};
use samverk::node::{Node, Running, Surroundings};
use samverk::test_eid::{EidConfig, TestEid};
use samverk::trust::keys::BodyKeys;
use samverk_domain::events::Kind;
use samverk_domain::fact::Name;
use samverk_domain::pack::Pack;
use samverk_domain::terms::BodyId;
use samverk_store::StoreError;
use tokio::sync::watch;

/// The hand moves one second in this time, so that what is tried again is tried soon.
const TICK: Duration = Duration::from_millis(100);

/// The federation in one process.
struct Federation {
    dir: tempfile::TempDir,
    world: World,
    running: BTreeMap<String, Running>,
    surroundings: Surroundings,
    /// Stops the e-legitimation when it is dropped.
    _eid: watch::Sender<bool>,
    began: jiff::Timestamp,
    pack: Pack,
    scenario: Scenario,
}

impl Federation {
    /// With the first service that has all that the scenario names.
    async fn of(text: &str) -> Self {
        let packs = world::embedded_packs().unwrap();
        let played = |pack: &Pack| Some((pack.clone(), Scenario::read(pack, "scenario", text).ok()?));
        let (pack, scenario) = packs.iter().find_map(played).unwrap();
        let (changes, not_running) = scenario.changes(&pack, &data::federation().unwrap());
        let dir = tempfile::tempdir().unwrap();
        let mut listeners: BTreeMap<String, TcpListener> = world::names()
            .unwrap()
            .into_iter()
            .map(|name| (name, TcpListener::bind("127.0.0.1:0").unwrap()))
            .collect();
        let addresses = listeners
            .iter()
            .map(|(name, listener)| (name.clone(), listener.local_addr().unwrap()))
            .collect();
        let began: jiff::Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        let (clock, hand) = Clock::settable(began);
        let order = Laying {
            packs: world::embedded_packs().unwrap(),
            dir: dir.path().to_owned(),
            addresses,
            now: began,
            chance: Chance::System,
            changes,
        };
        let world = tokio::task::spawn_blocking(move || World::lay(&order))
            .await
            .unwrap()
            .unwrap();
        let surroundings = Surroundings {
            clock: clock.clone(),
            chance: Chance::System,
        };
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(TICK).await;
                hand.advance(SignedDuration::from_secs(1));
            }
        });
        let (stop, mut stopped) = watch::channel(false);
        let eid_dir = world.node_dir(EID);
        let body = BodyId::parse(EID).unwrap();
        let keys = BodyKeys::load_or_generate(&eid_dir, &body, |bytes| Chance::System.fill(bytes)).unwrap();
        let eid = TestEid::new(EidConfig::read(&eid_dir).unwrap(), keys, clock, Chance::System).unwrap();
        let listener = on_runtime(listeners.remove(EID).unwrap());
        tokio::spawn(async move {
            let until = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            axum::serve(listener, eid.app())
                .with_graceful_shutdown(until)
                .await
                .unwrap();
        });
        let mut federation = Self {
            dir,
            world,
            running: BTreeMap::new(),
            surroundings,
            _eid: stop,
            began,
            pack,
            scenario,
        };
        for (name, listener) in listeners {
            if !not_running.contains(&name) {
                federation.serve(&name, on_runtime(listener));
            }
        }
        federation
    }

    fn serve(&mut self, name: &str, listener: tokio::net::TcpListener) {
        let dir = self.world.node_dir(name);
        let node = Node::open(&dir, Config::read(&dir).unwrap(), self.surroundings.clone()).unwrap();
        self.running.insert(name.to_owned(), node.serve_on(listener).unwrap());
    }

    async fn start(&mut self, name: &str) {
        let listener = tokio::net::TcpListener::bind(self.world.addresses[name]).await.unwrap();
        self.serve(name, listener);
    }

    async fn stop(&mut self, name: &str) {
        self.running.remove(name).unwrap().stop().await;
    }

    fn player(&self) -> Player<'_> {
        Player {
            world: &self.world,
            pack: &self.pack,
            scenario: &self.scenario,
        }
    }

    async fn apply(&self, person: &mut Person) -> Applied {
        let mut applied = Applied::default();
        self.player().apply(person, &mut applied, &mut |_| {}).await.unwrap();
        applied
    }

    /// The rest of the journey; what does not end as the scenario says fails the test.
    async fn finish(&self, mut person: Person, applied: Applied) -> (Played, Figures) {
        let player = self.player();
        let played = report::play(&player, &mut person, applied, &mut |_| {}).await.unwrap();
        let differences = report::differences(player.pack, &self.scenario, &played);
        assert!(differences.is_empty(), "{differences:#?}");
        assert_eq!(played.not_verified, Vec::<String>::new());
        let (dir, nodes, slug) = (
            self.world.dir.clone(),
            self.world.nodes.clone(),
            player.pack.meta.slug.it.clone(),
        );
        let began = self.began;
        let events = tokio::task::spawn_blocking(move || report::read_events(&dir, &nodes, &slug, began))
            .await
            .unwrap()
            .unwrap();
        (played, Figures::of(player.pack, &events))
    }

    /// From the first page to the last letter.
    async fn play(text: &str) -> (Self, Played, Figures) {
        let federation = Self::of(text).await;
        let mut person = Person::new(&federation.scenario.person).unwrap();
        let applied = federation.apply(&mut person).await;
        let (played, figures) = federation.finish(person, applied).await;
        assert_eq!(figures.twice, BTreeSet::new());
        assert_eq!(figures.certificates, BTreeSet::new());
        (federation, played, figures)
    }

    /// Cases in a body's diary.
    async fn cases(&self, node: &str, body: &str) -> u64 {
        let body = BodyId::parse(body).unwrap();
        let node = Arc::clone(&self.running[node].node);
        let counted: Result<_, StoreError> = node
            .store
            .read("test.cases", move |tx| samverk_store::cases::waiting(tx, &body))
            .await;
        counted.unwrap().iter().map(|(_, count)| count).sum()
    }
}

fn on_runtime(listener: TcpListener) -> tokio::net::TcpListener {
    listener.set_nonblocking(true).unwrap();
    tokio::net::TcpListener::from_std(listener).unwrap()
}

fn demo_scenario(file: &str) -> &'static str {
    data::SCENARIOS.iter().find(|own| own.path == file).unwrap().text
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn outcome<'p>(played: &'p Played, step: &str) -> Option<&'p str> {
    played.reached.get(&name(step))?.outcome.as_deref()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restaurant_with_alcohol_and_gas_is_opened_across_independent_bodies() {
    let (federation, played, figures) = Federation::play(data::FIRST_SCENARIO.text).await;
    assert!(figures.although.is_empty(), "{:?}", figures.although);
    assert_eq!(figures.asked.len(), 27);
    assert!(played.verified >= 40, "{}", played.verified);
    assert!(played.reached[&name("livsmedel")].automatic);
    let automatic = figures
        .decided
        .iter()
        .filter(|(_, _, kind, _)| *kind == Kind::DecidedAutomatic);
    assert_eq!(
        automatic.count(),
        2,
        "the registration, and the notification that is only noted"
    );
    for (node, body) in [
        ("exempelkommun-a", "exempelkommun-a.miljonamnden"),
        ("exempelkommun-a", "exempelkommun-a.socialnamnden"),
        ("exempelkommun-b", "raddningsforbundet"),
        ("skatteregistret", "skatteregistret"),
        ("polisdistriktet", "polisdistriktet"),
    ] {
        assert_eq!(federation.cases(node, body).await, 1, "{body}");
    }
    assert_eq!(
        federation
            .cases("exempelkommun-b", "exempelkommun-b.miljonamnden")
            .await,
        0
    );
    assert!(
        played.letters[&name("serveringstillstånd")]
            .iter()
            .any(|letter| letter.why > 0)
    );
    assert!(federation.dir.path().join("ankaret/federation.jws").is_file());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restaurant_with_everything_meets_nine_performers_one_of_them_private() {
    let everything = data::SCENARIOS.iter().find(|file| file.path == "allt.md").unwrap();
    let (federation, played, figures) = Federation::play(everything.text).await;
    assert!(figures.although.is_empty(), "{:?}", figures.although);
    assert!(figures.asked.len() <= 60, "{}", figures.asked.len());
    assert_eq!(played.reached.len(), 9);
    assert_eq!(outcome(&played, "uteservering"), Some("bifall-med-villkor"));
    assert_eq!(outcome(&played, "serveringsansvariga"), Some("noterad"));
    assert_eq!(outcome(&played, "musik"), Some("licens"));
    assert_eq!(federation.cases("musiklicens", "musiklicens").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_has_its_paper_form_and_the_forms_of_today_beside_it() {
    let federation = Federation::of(data::SCENARIOS[1].text).await;
    let slug = federation.world.packs[0].meta.slug.it.clone();
    let portal = federation.world.portal(&slug).unwrap().name.clone();
    let base = format!("{}/tjanster/{slug}", federation.world.url(&portal));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = async |path: &str| {
        let answer = http.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        (policy, answer.text().await.unwrap())
    };
    let (_, start) = page("").await;
    assert!(start.contains("/blankett\"") && start.contains("/blanketter\""));
    let (policy, paper) = page("/blankett").await;
    assert!(policy.contains("style-src 'sha256-") && paper.contains("Det här hämtar myndigheten själv"));
    let (_, today) = page("/blanketter?lang=sv").await;
    assert!(today.contains("<s>") && today.contains("bolagsregistret"));
    assert!(page("/blanketter?lang=en").await.1.contains("Asked once<"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_cafe_needs_one_registration_and_nothing_else() {
    let (_, played, figures) = Federation::play(data::SCENARIOS[1].text).await;
    assert_eq!(played.reached.len(), 1);
    assert!(figures.asked.len() < 15 && figures.uploaded.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_company_is_formed_and_its_owners_are_notified() {
    let (federation, played, figures) = Federation::play(demo_scenario("bilda-aktiebolag.md")).await;
    assert!(figures.although.is_empty(), "{:?}", figures.although);
    assert_eq!(outcome(&played, "registrering"), Some("registrerat"));
    assert_eq!(outcome(&played, "huvudmän"), Some("anmäld"));
    assert_eq!(played.applied.signed, 2, "a founder and the auditor");
    assert!(!played.reached[&name("registrering")].automatic);
    assert_eq!(federation.cases("bolagsregistret", "bolagsregistret").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_is_formed_without_an_auditor_when_the_applicant_says_that_there_is_none() {
    let federation = Federation::of(include_str!("scenarios/bolag-utan-revisor.md")).await;
    let mut person = Person::new(&federation.scenario.person).unwrap();
    let (player, mut applied) = (federation.player(), Applied::default());
    let page = player
        .apply_alone(&mut person, &mut applied, &mut |_| {})
        .await
        .unwrap();
    assert_eq!(stands(&page), ["Har skrivit under", "Väntar"], "no auditor signs");
    assert!(page.texts("dl.answers").concat().contains("Revisorer Inga"));

    // It can be taken back: what is sealed is opened again, an auditor is added and removed, and the question is there anew.
    let seal = page.path();
    let page = federation.at(&mut person, &format!("{seal}/ta-tillbaka")).await;
    let draft = federation.send(&mut person, &page, "/ta-tillbaka", &[]).await.path();
    let address = format!("{draft}/fraga/revisor");
    let question = federation.at(&mut person, &address).await;
    assert!(question.texts("main").concat().contains("Svaret är: Inga revisorer."));
    let is_none = |form: &Form| form.buttons.iter().any(|button| button.value == "inga");
    assert!(!question.forms().iter().any(is_none), "it is answered");
    let fields = [("revisor.pnr[0]", "196612193273")];
    let list = federation.send(&mut person, &question, "/fraga/revisor", &fields).await;
    assert_eq!(list.texts("main tbody tr").len(), 1);
    let question = federation
        .send(&mut person, &list, "/lista/revisor/ta-bort", &[("post", "0")])
        .await;
    assert!(question.forms().iter().any(is_none), "it is asked again");
    let check = federation.at(&mut person, &format!("{draft}/kontrollera")).await;
    assert!(check.texts(".error-summary").concat().len() > 1, "it is in the way");
    let forms = question.forms();
    let form = forms.iter().find(|form| is_none(form)).unwrap();
    person
        .press(&question, form, &Filling::default(), "inga")
        .await
        .unwrap();

    let applied = federation.apply(&mut person).await;
    assert_eq!(applied.signed, 1, "the other founder");
    let (played, figures) = federation.finish(person, applied).await;
    assert!(figures.although.is_empty(), "{:?}", figures.although);
    assert_eq!(outcome(&played, "registrering"), Some("registrerat"));
    assert_eq!(outcome(&played, "huvudmän"), Some("anmäld"));
    assert!(!played.letters[&name("registrering")].is_empty());

    // What the body has received says it, in the case alone that has use for it.
    let world = &federation.world;
    let mut person = Person::new(&federation.scenario.person).unwrap();
    let own = format!("{}/arenden", world.url("bolagsregistret"));
    let cases = person.open(world, &own).await.unwrap();
    let mut say_it = Vec::new();
    let own = cases
        .links("main")
        .into_iter()
        .filter(|(href, _)| href.starts_with("/arenden/"));
    for (href, _) in own {
        let case = person.follow(world, &cases, &href).await.unwrap();
        let links = case.links("main");
        let received = links.iter().find(|(_, text)| text == "Ansökan eller anmälan");
        let (href, _) = received.unwrap_or_else(|| panic!("{}: {links:?}", case.path()));
        let paper = person.follow(world, &case, href).await.unwrap();
        say_it.push(paper.texts("main").concat().contains("Revisorer: inga."));
    }
    say_it.sort_unstable();
    assert_eq!(say_it, [false, true]);
}

/// A founder and the auditor of `bilda-aktiebolag.md`, beside the applicant.
const FOUNDER: &str = "197209239289";
const AUDITOR: &str = "196612193273";
/// Somebody who has nothing to do with it.
const STRANGER: &str = "198404272380";

impl Federation {
    /// A company that is to be formed, sealed by its applicant and not signed by the others.
    async fn sealed() -> (Self, Person, Page) {
        let federation = Self::of(demo_scenario("bilda-aktiebolag.md")).await;
        let mut person = Person::new(&federation.scenario.person).unwrap();
        let player = federation.player();
        let mut applied = Applied::default();
        let page = player
            .apply_alone(&mut person, &mut applied, &mut |_| {})
            .await
            .unwrap();
        assert!(page.path().starts_with("/underskrift/"), "{}", page.path());
        (federation, person, page)
    }

    fn portal(&self) -> String {
        let portal = self.world.portal(&self.pack.meta.slug.it).unwrap();
        self.world.url(&portal.name)
    }

    /// A page of the portal, as somebody who has logged in meets it: also one that says no.
    async fn at(&self, person: &mut Person, path: &str) -> Page {
        person
            .open(&self.world, &format!("{}/mina", self.portal()))
            .await
            .unwrap();
        let address = format!("{}{path}", self.portal());
        person.browser.open(&address).await.unwrap()
    }

    /// The form whose address ends so is sent, with a login when it leads to one.
    async fn send(&self, person: &mut Person, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let form = page.forms().into_iter().find(|form| form.action.ends_with(action));
        let form =
            form.unwrap_or_else(|| panic!("no form {action} on {}:\n{}", page.path(), page.texts("main").concat()));
        let mut filling = Filling::default();
        for (name, value) in fields {
            filling.put(*name, *value);
        }
        let page = person.browser.send(page, &form, &filling, None).await.unwrap();
        person.through_login(&self.world, page).await.unwrap()
    }

    async fn signs(&self, number: &str, path: &str) -> Page {
        let mut person = Person::new(number).unwrap();
        let page = self.at(&mut person, path).await;
        self.send(&mut person, &page, "/skriv-under", &[]).await
    }

    /// The headings of the letters that somebody has at the portal, newest first.
    async fn post(&self, number: &str) -> Vec<String> {
        let mut person = Person::new(number).unwrap();
        let page = self.at(&mut person, "/post").await;
        page.links("main tbody").into_iter().map(|(_, text)| text).collect()
    }
}

/// Who has signed, who is waited for, who declines.
fn stands(page: &Page) -> Vec<String> {
    page.texts(".body-tasks .tag")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_neither_sees_nor_signs_what_others_are_to_sign() {
    let (federation, mut applicant, page) = Federation::sealed().await;
    let path = page.path();
    assert_eq!(stands(&page), ["Har skrivit under", "Väntar", "Väntar"]);
    for number in [FOUNDER, AUDITOR] {
        assert!(!path.contains(number) && !page.links("").iter().any(|(href, _)| href.contains(number)));
    }
    let mut stranger = Person::new(STRANGER).unwrap();
    for path in [
        path.clone(),
        format!("{path}/skriv-under"),
        format!("{path}/avsta"),
        format!("{path}/ta-tillbaka"),
        "/underskrift/finns-inte".to_owned(),
    ] {
        let page = federation.at(&mut stranger, &path).await;
        assert_eq!(
            (page.status, page.heading()),
            (404, "Sidan finns inte".to_owned()),
            "{path}"
        );
    }
    let out = federation.at(&mut stranger, "/logga-ut").await;
    for end in ["skriv-under", "avsta", "ta-tillbaka"] {
        let mut form = out
            .forms()
            .into_iter()
            .find(|form| form.action.ends_with("/logga-ut"))
            .unwrap();
        form.action = format!("{}{path}/{end}", federation.portal());
        let page = stranger
            .browser
            .send(&out, &form, &Filling::default(), None)
            .await
            .unwrap();
        assert_eq!(page.status, 404, "{end}");
    }
    assert_eq!(federation.post(STRANGER).await, Vec::<String>::new());

    // A signer reads what concerns them, and not another's number; the applicant sees both.
    let mut founder = Person::new(FOUNDER).unwrap();
    let read = federation.at(&mut founder, &path).await;
    let text = read.texts("main").concat();
    assert!(
        text.contains("Exempelsmedjan") && text.contains("19720923-9289"),
        "{text}"
    );
    assert!(
        !text.contains("19780829-2390") && !text.contains("19661219-3273"),
        "{text}"
    );
    assert!(text.contains("Visas inte för dig"));
    let file = read
        .links("main")
        .into_iter()
        .find(|(href, _)| href.contains("/bilaga/"))
        .unwrap();
    assert!(federation.at(&mut founder, &file.0).await.html.starts_with("%PDF-"));
    assert_eq!(federation.at(&mut stranger, &file.0).await.status, 404);
    // Only the applicant takes it back, and nobody but the applicant has the draft.
    let refused = federation.at(&mut founder, &format!("{path}/ta-tillbaka")).await;
    assert_eq!(refused.status, 404);
    assert!(
        federation
            .at(&mut applicant, "/mina")
            .await
            .texts("main")
            .concat()
            .contains("1 av 3 har skrivit under")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_changed_voids_the_signatures_and_everybody_is_told() {
    let (federation, mut applicant, page) = Federation::sealed().await;
    let first = page.path();
    let signed = federation.signs(FOUNDER, &first).await;
    assert_eq!(stands(&signed), ["Har skrivit under", "Har skrivit under", "Väntar"]);
    // Signed once: there is no form, and a form from before notes nothing.
    assert!(!signed.forms().iter().any(|form| form.action.ends_with("/skriv-under")));

    let mine = federation.at(&mut applicant, "/mina").await;
    let draft = mine
        .links("main")
        .into_iter()
        .find(|(href, _)| href.starts_with("/underskrift/"));
    assert_eq!(draft.unwrap().0, first, "a sealed draft leads to its signatures");
    let page = federation.at(&mut applicant, &format!("{first}/ta-tillbaka")).await;
    let tasks = federation.send(&mut applicant, &page, "/ta-tillbaka", &[]).await;
    let draft = tasks.path();
    assert!(draft.starts_with("/utkast/"), "{draft}");
    for number in [FOUNDER, AUDITOR] {
        let post = federation.post(number).await;
        assert!(post[0].starts_with("Ansökan har tagits tillbaka"), "{post:?}");
        assert!(post[1].starts_with("Du ombeds att skriva under"), "{post:?}");
        let mut person = Person::new(number).unwrap();
        assert_eq!(federation.at(&mut person, &first).await.status, 404);
    }

    let question = federation
        .at(&mut applicant, &format!("{draft}/fraga/bolag.s%C3%A4te"))
        .await;
    federation
        .send(
            &mut applicant,
            &question,
            "/fraga/bolag.s%C3%A4te",
            &[("bolag.säte", "Exempelstad")],
        )
        .await;
    let check = federation.at(&mut applicant, &format!("{draft}/kontrollera")).await;
    let page = federation.send(&mut applicant, &check, "/skicka", &[]).await;
    let second = page.path();
    assert_ne!(first, second);
    assert_eq!(
        stands(&page),
        ["Har skrivit under", "Väntar", "Väntar"],
        "the signature given before is void"
    );
    let read = federation.at(&mut Person::new(FOUNDER).unwrap(), &second).await;
    assert!(read.texts("main").concat().contains("Exempelstad"));
    // While it is sealed the draft has no page of its own.
    let led = federation
        .at(&mut applicant, &format!("{draft}/fraga/bolag.s%C3%A4te"))
        .await;
    assert_eq!(led.path(), second);
    assert_eq!(federation.cases("bolagsregistret", "bolagsregistret").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_declines_says_why_to_the_applicant_alone_and_nothing_is_sent() {
    let (federation, mut applicant, page) = Federation::sealed().await;
    let path = page.path();
    let mut auditor = Person::new(AUDITOR).unwrap();
    let ask = federation.at(&mut auditor, &format!("{path}/avsta")).await;
    let reason = "Jag har inte tackat ja till uppdraget.";
    let form = ask
        .forms()
        .into_iter()
        .find(|form| form.action.ends_with("/avsta"))
        .unwrap();
    let empty = auditor
        .browser
        .send(&ask, &form, &Filling::default(), None)
        .await
        .unwrap();
    assert!(empty.error().unwrap().contains("Skriv varför"));
    let done = federation.send(&mut auditor, &ask, "/avsta", &[("skal", reason)]).await;
    assert!(stands(&done).contains(&"Avstår".to_owned()));

    let mut founder = Person::new(FOUNDER).unwrap();
    let seen = federation.at(&mut founder, &path).await;
    assert!(!seen.texts("main").concat().contains(reason));
    assert!(!seen.forms().iter().any(|form| form.action.ends_with("/skriv-under")));
    let own = federation.at(&mut applicant, &path).await;
    assert!(own.texts("main").concat().contains(reason));
    let post = federation.at(&mut applicant, "/post").await;
    let (href, heading) = post.links("main tbody").into_iter().next().unwrap();
    assert!(heading.starts_with("Någon har avstått"), "{heading}");
    assert!(
        federation
            .at(&mut applicant, &href)
            .await
            .texts("main")
            .concat()
            .contains(reason)
    );
    assert_eq!(federation.at(&mut founder, &href).await.status, 404);
    assert_eq!(federation.cases("bolagsregistret", "bolagsregistret").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_between_loses_nothing_and_order_does_not_matter() {
    let (mut federation, mut applicant, page) = Federation::sealed().await;
    let path = page.path();
    let portal = federation
        .world
        .portal(&federation.pack.meta.slug.it)
        .unwrap()
        .name
        .clone();
    federation.signs(AUDITOR, &path).await;
    federation.stop(&portal).await;
    federation.start(&portal).await;
    let page = federation.signs(FOUNDER, &path).await;
    assert_eq!(page.heading(), "Alla har skrivit under");
    let own = federation.at(&mut applicant, &path).await;
    let (href, _) = own
        .links("main")
        .into_iter()
        .find(|(href, _)| href.starts_with("/mina/"))
        .unwrap();
    let matter = federation.at(&mut applicant, &href).await;
    let text = matter.texts("main").concat();
    assert!(text.contains("Yvonne Krantz") && text.contains("Ulf Bergman"), "{text}");
    for number in [FOUNDER, AUDITOR, &federation.scenario.person] {
        assert!(federation.post(number).await[0].starts_with("Alla har skrivit under"));
    }

    // The body has everybody's signature, bound to the answers that were sent.
    let submission = href.rsplit('/').next().unwrap().to_owned();
    let registered = |reached: &BTreeMap<Name, samverk::demo::player::Reached>| {
        !reached[&name("registrering")].diary_number.is_empty()
    };
    let player = federation.player();
    player.until(&mut applicant, &submission, registered).await.unwrap();
    let (node, host) = (
        Arc::clone(&federation.running["bolagsregistret"].node),
        federation.running[&portal].node.config.host().id.clone(),
    );
    let inner = Arc::clone(&node);
    let open: Result<_, Stopped> = node
        .store
        .read("test.signatures", move |tx| {
            let body = BodyId::parse("bolagsregistret").unwrap();
            let kind = samverk_store::cases::Kind::Application;
            let row = samverk_store::cases::by_origin(tx, &body, kind, &host, &submission, "registrering")?;
            Open::read(tx, &inner, &row.unwrap().id)
        })
        .await;
    let application = open.unwrap().unwrap().file.application;
    let signed: BTreeSet<(&str, Vec<&str>)> = application
        .signatures
        .iter()
        .map(|one| (one.person.as_str(), one.signs.iter().map(Name::as_str).collect()))
        .collect();
    let wanted = BTreeSet::from([(FOUNDER, vec!["stiftelseurkund"]), (AUDITOR, vec!["revisorsåtagande"])]);
    assert_eq!(signed, wanted);
    let tokens: BTreeSet<&str> = application
        .signatures
        .iter()
        .map(|one| one.signed_by_login.as_str())
        .chain([application.signed_by_login.as_str()])
        .collect();
    assert_eq!(tokens.len(), 3, "each by a login of their own");
    assert!(application.received_at >= application.signatures.iter().map(|one| one.at).max().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_applies_for_a_parking_permit_for_themselves_and_a_delegate_decides() {
    let (federation, played, figures) = Federation::play(demo_scenario("parkeringstillstand.md")).await;
    assert!(figures.although.is_empty(), "{:?}", figures.although);
    assert_eq!(outcome(&played, "parkering"), Some("bifall"));
    assert!(
        !played.reached[&name("parkering")].automatic,
        "health decides nothing by itself"
    );
    let board = "exempelkommun-a.samhallsbyggnadsnamnden";
    assert_eq!(federation.cases("exempelkommun-a", board).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_acted_for_a_company_can_choose_to_act_for_themselves() {
    let federation = Federation::of(demo_scenario("parkeringstillstand.md")).await;
    let mut person = Person::new("198404272380").unwrap();
    let portal = federation.world.url("foretagsporten");
    let choose = |address: &str| format!("{portal}/foretrad{address}");
    let page = person.open(&federation.world, &choose("")).await.unwrap();
    let form = page.forms().into_iter().find(|form| form.field("orgnr").is_some());
    let mut filling = Filling::default();
    filling.put("orgnr", "559900-0006");
    let page = person.send(&page, &form.unwrap(), &filling).await.unwrap();
    let acting = |page: &Page| page.texts(".acting").concat();
    assert!(acting(&page).contains("Matkultur"), "{}", acting(&page));
    let page = person
        .open(&federation.world, &choose("?tjanst=parkeringstillstand"))
        .await
        .unwrap();
    let form = page.forms().into_iter().find(|form| form.field("sjalv").is_some());
    let page = person.send(&page, &form.unwrap(), &Filling::default()).await.unwrap();
    assert!(page.path().starts_with("/utkast/"), "{}", page.path());
    assert!(!acting(&page).contains("Matkultur"), "{}", acting(&page));
    let page = person
        .open(&federation.world, &choose("?tjanst=starta-restaurang"))
        .await
        .unwrap();
    assert!(
        page.forms().iter().all(|form| form.field("sjalv").is_none()),
        "a company applies for a restaurant"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_collects_its_grounds_and_the_party_is_heard_before() {
    let (_, played, _) = Federation::play(include_str!("scenarios/avslag-tva-grunder.md")).await;
    assert_eq!(outcome(&played, "serveringstillstånd"), Some("avslag"));
    let heard = played.did.iter().any(|did| did.what == "Kommunicera med parten");
    assert!(heard, "{:?}", played.did);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_register_that_is_down_is_asked_instead_and_the_report_says_which() {
    let (_, played, figures) = Federation::play(include_str!("scenarios/register-nere.md")).await;
    let facts: Vec<&str> = figures.although.keys().map(String::as_str).collect();
    assert_eq!(facts, ["företag.arbetsgivare", "företag.f-skatt", "företag.moms"]);
    for fault in figures.although.values() {
        let (kind, body) = fault.clone().unwrap();
        assert_eq!(
            (kind, body.unwrap().as_str()),
            (Kind::RegisterFailed, "skatteregistret")
        );
    }
    assert!(
        played
            .applied
            .asked
            .iter()
            .filter(|asked| asked.instead.is_some())
            .count()
            == 3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_that_was_ended_makes_its_fact_asked_and_the_report_names_the_reason() {
    let (_, played, figures) = Federation::play(include_str!("scenarios/avtal-aterkallat.md")).await;
    let (kind, body) = figures.although[&"företag.säte".to_owned()].clone().unwrap();
    assert_eq!(
        (kind, body.unwrap().as_str()),
        (Kind::ReusedAnswerRefused, "bolagsregistret")
    );
    let asked = played
        .applied
        .asked
        .iter()
        .find(|asked| asked.fact == name("företag.säte"))
        .unwrap();
    assert!(asked.instead.as_ref().unwrap().contains("återkallat"), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disputed_fact_is_sent_with_the_dispute_and_settled_by_a_person() {
    let (_, played, _) = Federation::play(include_str!("scenarios/bestridd.md")).await;
    assert_eq!(played.applied.disputed, 1);
    assert!(
        played.did.iter().any(|did| did.what == "Ta ställning till uppgiften"),
        "{:?}",
        played.did
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_sign_for_a_company_together_both_sign_before_anything_is_sent() {
    let (federation, played, _) = Federation::play(include_str!("scenarios/tva-maste-skriva-under.md")).await;
    assert_eq!(played.applied.signed, 1);
    assert_eq!(outcome(&played, "livsmedel"), Some("registrerad"));
    assert_eq!(
        federation
            .cases("exempelkommun-a", "exempelkommun-a.miljonamnden")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_sign_for_the_company_is_stopped_before_the_first_question() {
    let (federation, played, figures) = Federation::play(include_str!("scenarios/far-inte-foretrada.md")).await;
    assert!(played.applied.stopped.is_some() && played.applied.asked.is_empty());
    assert_eq!(figures.submitted, None);
    assert_eq!(
        federation
            .cases("exempelkommun-a", "exempelkommun-a.miljonamnden")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_municipality_has_its_own_parameters_and_lets_a_person_register() {
    let (federation, played, _) = Federation::play(include_str!("scenarios/exempelkommun-b.md")).await;
    assert!(!played.reached[&name("livsmedel")].automatic);
    assert_eq!(federation.cases("exempelkommun-b", "raddningsforbundet").await, 1);
    assert_eq!(
        federation
            .cases("exempelkommun-a", "exempelkommun-a.miljonamnden")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_node_delays_its_own_steps_only_and_afterwards_everything_arrives_once() {
    let mut federation = Federation::of(data::FIRST_SCENARIO.text).await;
    federation.stop("exempelkommun-b").await;
    let mut person = Person::new(&federation.scenario.person).unwrap();
    let applied = federation.apply(&mut person).await;
    let submission = applied.submission.clone().unwrap();
    let decided = |step: &'static str| {
        move |reached: &BTreeMap<Name, samverk::demo::player::Reached>| reached[&name(step)].outcome.is_some()
    };
    let player = federation.player();
    let reached = player
        .until(&mut person, &submission, |reached| {
            decided("livsmedel")(reached) && decided("kassaregister")(reached)
        })
        .await
        .unwrap();
    assert!(reached[&name("gasol")].outcome.is_none());
    assert!(
        reached[&name("gasol")].words.contains("Väntar på att"),
        "{:?}",
        reached[&name("gasol")]
    );
    federation.start("exempelkommun-b").await;
    let (played, figures) = federation.finish(person, applied).await;
    assert_eq!(outcome(&played, "gasol"), Some("bifall"));
    assert_eq!(federation.cases("exempelkommun-b", "raddningsforbundet").await, 1);
    assert_eq!(figures.decided.len(), 4, "{:?}", figures.decided);
}
