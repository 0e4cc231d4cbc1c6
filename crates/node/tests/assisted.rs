//! The assisted and the paper channel: an official enters what came on paper, over the demo's federation in one process.
//!
//! Always true: everything is done through the pages, by plain HTTP without JavaScript, as a browser with nothing but a keyboard
//! does it; what is compared is what the pages say.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use common::applicant::Scenario;
use jiff::SignedDuration;
use samverk::chance::Chance;
use samverk::clock::Clock;
use samverk::config::Config;
use samverk::demo::browser::{Browser, Filling, Form, Kind, Page};
use samverk::demo::world::{self, Changes, EID, Laying, World};
use samverk::node::{Node, Running, Surroundings};
use samverk::test_eid::{EidConfig, TestEid};
use samverk::trust::keys::BodyKeys;
use samverk_domain::terms::BodyId;
use tokio::sync::watch;

mod common;

/// The hand moves one second in this time, so that what is tried again is tried soon.
const TICK: Duration = Duration::from_millis(100);
/// An automatic decision takes seconds; a busy machine may need more.
const COMES_WITHIN: Duration = Duration::from_secs(60);
/// Pages of one entry. A longer one goes in circles.
const PAGES_MAX: usize = 150;
const PDF: &[u8] = b"%PDF-1.4\n%%EOF\n";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Registrar of the environmental committee.
const NILS: &str = "196805229272";
/// Secretary of the same committee: not permitted.
const PETRA: &str = "197710052387";
/// Registrar of the social committee.
const RUT: &str = "196310262628";
/// Case worker for parking permits in the planning committee.
const SARA: &str = "197808252386";
/// Registrar of the company register.
const TORSTEN: &str = "197607152399";
const ELSA: &str = "199007112387";

struct Town {
    _dir: tempfile::TempDir,
    world: World,
    _running: BTreeMap<String, Running>,
    /// Stops the e-legitimation when it is dropped.
    _eid: watch::Sender<bool>,
}

impl Town {
    /// On a Monday morning.
    async fn on_a_monday() -> Self {
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
        let now: jiff::Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        let (clock, hand) = Clock::settable(now);
        let order = Laying {
            packs: world::embedded_packs().unwrap(),
            dir: dir.path().to_owned(),
            addresses,
            now,
            chance: Chance::System,
            changes: Changes::default(),
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
        let running = listeners
            .into_iter()
            .map(|(name, listener)| {
                let dir = world.node_dir(&name);
                let node = Node::open(&dir, Config::read(&dir).unwrap(), surroundings.clone()).unwrap();
                let running = node.serve_on(on_runtime(listener)).unwrap();
                (name, running)
            })
            .collect();
        Self {
            _dir: dir,
            world,
            _running: running,
            _eid: stop,
        }
    }

    fn at(&self, node: &str, path: &str) -> String {
        format!("{}{path}", self.world.url(node))
    }

    /// Somebody's browser, logged in at a node.
    async fn person(&self, node: &str, number: &str) -> Browser {
        let mut browser = Browser::new().unwrap();
        let page = browser.open(&self.at(node, "/logga-in")).await.unwrap();
        let form = the_form(&page);
        let mut filling = Filling::default();
        filling.put("nummer", number);
        browser.send(&page, &form, &filling, Some("godkann")).await.unwrap();
        browser
    }
}

fn on_runtime(listener: TcpListener) -> tokio::net::TcpListener {
    listener.set_nonblocking(true).unwrap();
    tokio::net::TcpListener::from_std(listener).unwrap()
}

/// The page's own form: the last one, after that of the header.
fn the_form(page: &Page) -> Form {
    page.forms()
        .into_iter()
        .rfind(|form| !form.action.ends_with("/logga-ut") && !form.action.ends_with("/ta-bort"))
        .unwrap_or_else(|| panic!("{} has no form: {}", page.path(), page.heading()))
}

fn words(page: &Page) -> String {
    page.texts("main").join(" ")
}

fn filling(pairs: &[(&str, &str)]) -> Filling {
    let mut filling = Filling::default();
    for (name, value) in pairs {
        filling.put(*name, *value);
    }
    filling
}

/// How the paper came and from whom, of a service at a body of Exempelkommun A.
async fn begin(town: &Town, browser: &mut Browser, body: &str, service: &str, paper: Filling) -> Page {
    let to = format!("/handlaggning/papper/ny?organ={body}&tjanst={service}");
    let page = browser.open(&town.at("exempelkommun-a", &to)).await.unwrap();
    assert_eq!(page.status, 200, "{}", page.heading());
    let form = the_form(&page);
    browser.send(&page, &form, &paper, None).await.unwrap()
}

/// A parking permit, applied for on a paper that came by post on the Monday.
fn parking_paper() -> Filling {
    let mut paper = filling(&[
        ("kanal", "papper"),
        ("dag-dag", "23"),
        ("dag-manad", "11"),
        ("dag-ar", "2026"),
        ("hur", "post"),
        ("pnr", "195103181870"),
        ("namn", "Gun Wikström"),
        ("adress", "Björkvägen 3, 000 01 Exempelstad"),
        ("steg-0", "ja"),
    ]);
    paper
        .files
        .insert("papper".to_owned(), ("skannad.pdf".to_owned(), PDF.to_vec()));
    paper
}

/// Answers what the paper answers, and leaves the rest open. Ends on the check page.
async fn read_the_paper(browser: &mut Browser, page: Page, paper: &Scenario) -> Page {
    let mut page = page;
    for _ in 0..PAGES_MAX {
        let path = page.path();
        assert_eq!(page.error(), None, "{path}");
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        page = match parts.as_slice() {
            ["handlaggning", "papper", _, "kontrollera"] => return page,
            ["handlaggning", "papper", id, "fraga", list] if page.has("main table") => {
                let there = page.texts("main tbody tr").len();
                let base = format!("/handlaggning/papper/{id}");
                if there < paper.things(list) {
                    browser
                        .follow(&page, &format!("{base}/fraga/{list}?post={there}"))
                        .await
                        .unwrap()
                } else {
                    browser.follow(&page, &format!("{base}/nasta")).await.unwrap()
                }
            }
            ["handlaggning", "papper", _, "fraga", _] => {
                let form = the_form(&page);
                match fill(&form, paper) {
                    Some(filled) => browser.send(&page, &form, &filled, None).await.unwrap(),
                    None => browser
                        .send(&page, &form, &Filling::default(), Some("ja"))
                        .await
                        .unwrap(),
                }
            }
            _ => panic!("{path}: {}", page.heading()),
        };
    }
    panic!("the entry asks on and on");
}

/// What the paper answers of a form; nothing if there is a field that it does not answer.
fn fill(form: &Form, paper: &Scenario) -> Option<Filling> {
    let mut filled = Filling::default();
    for field in form.fields.iter().filter(|field| field.kind != Kind::Hidden) {
        let name = field.name.as_str();
        let date = |suffix: &str, part: usize| {
            let date = name.strip_suffix(suffix)?;
            paper.answers.get(date)?.split('-').nth(part).map(str::to_owned)
        };
        if let Some(fact) = name.strip_suffix("-inga") {
            if paper.answers.get(fact)? == "inga" {
                filled.put(name, &field.value);
            }
        } else if name.rsplit_once("-val").is_some() {
        } else if let Some(part) = date("-dag", 2).or_else(|| date("-manad", 1)).or_else(|| date("-ar", 0)) {
            filled.put(name, part);
        } else if field.kind == Kind::File {
            let file = paper.answers.get(name)?;
            let bytes = if file.ends_with("png") { PNG } else { PDF };
            filled.files.insert(name.to_owned(), (file.clone(), bytes.to_vec()));
        } else {
            filled.put(name, paper.answers.get(name)?);
        }
    }
    Some(filled)
}

fn paper(answers: &[(&str, &str)]) -> Scenario {
    let answers = answers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Scenario {
        answers: answers.collect(),
    }
}

/// Ticks all signatures and enters. Gives the case's page.
async fn enter(browser: &mut Browser, check: &Page, signed: bool) -> Page {
    let form = the_form(check);
    let mut filled = Filling::default();
    for field in form
        .fields
        .iter()
        .filter(|field| field.name.starts_with("underskrift-"))
    {
        if signed {
            filled.put(&field.name, "ja");
        }
    }
    browser.send(check, &form, &filled, None).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_another_body_and_a_role_without_the_permission_enter_nothing() {
    let town = Town::on_a_monday().await;
    let node = "exempelkommun-a";
    let mut nils = town.person(node, NILS).await;
    let mut begun = parking_paper();
    begun
        .put("orgnr", "559900-0030")
        .put("foretag", "Elsas Kafé i Exempelstad AB");
    let page = begin(
        &town,
        &mut nils,
        "exempelkommun-a.miljonamnden",
        "starta-restaurang",
        begun,
    )
    .await;
    assert!(page.path().contains("/fraga/"), "{}: {:?}", page.path(), page.error());
    let entry: String = page.path().split('/').take(4).collect::<Vec<_>>().join("/");
    let queue = nils.open(&town.at(node, "/handlaggning")).await.unwrap();
    assert!(queue.html.contains("/handlaggning/papper"));

    // Elsa has no role anywhere; Petra has one without the permission; Rut is a registrar, in another body.
    let new = "/handlaggning/papper/ny?organ=exempelkommun-a.miljonamnden&tjanst=starta-restaurang";
    for (who, at_start, at_new) in [(ELSA, 403, 403), (PETRA, 403, 403), (RUT, 200, 404)] {
        let mut browser = town.person(node, who).await;
        let status = async |browser: &mut Browser, path: &str| browser.open(&town.at(node, path)).await.unwrap().status;
        assert_eq!(status(&mut browser, "/handlaggning/papper").await, at_start, "{who}");
        assert_eq!(status(&mut browser, new).await, at_new, "{who}");
        for page in ["", "/nasta", "/kontrollera"] {
            assert_eq!(
                status(&mut browser, &format!("{entry}{page}")).await,
                at_new,
                "{who} {page}"
            );
        }
    }
    let mut nobody = Browser::new().unwrap();
    let page = nobody.open(&town.at(node, &entry)).await.unwrap();
    assert_eq!(page.path(), "/authorize", "who is nobody is asked to log in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_becomes_a_case_of_the_day_it_came_in_and_lacks_what_the_paper_lacks() {
    let town = Town::on_a_monday().await;
    let node = "exempelkommun-a";
    let body = "exempelkommun-a.samhallsbyggnadsnamnden";
    let mut sara = town.person(node, SARA).await;

    // What is wrong comes back with what to do, and nothing has begun.
    let mut wrong = parking_paper();
    wrong.put("dag-ar", "2027").put("pnr", "12").put("namn", "");
    wrong.files.clear();
    let page = begin(&town, &mut sara, body, "parkeringstillstand", wrong).await;
    assert_eq!(page.status, 422);
    let said = words(&page);
    for mistake in [
        "efter i dag",
        "tolv siffror",
        "Skriv namnet",
        "Bifoga det inlästa pappret",
    ] {
        assert!(said.contains(mistake), "{mistake}: {said}");
    }
    let mut talk = parking_paper();
    talk.put("kanal", "telefon");
    let page = begin(&town, &mut sara, body, "parkeringstillstand", talk).await;
    assert!(words(&page).contains("gäller bara handlingar"), "{}", words(&page));

    let page = begin(&town, &mut sara, body, "parkeringstillstand", parking_paper()).await;
    // The register of the population is read on consent only, so the paper is asked; an answer of another kind is refused.
    assert!(words(&page).contains("Ni har inget eget avtal"), "{}", words(&page));
    let answers = paper(&[
        ("person.namn", "Gun Wikström"),
        ("person.adress", "Björkvägen 3, 000 01 Exempelstad"),
        ("person.kommun", "0001"),
        ("kontakt.telefon", "0000-11 22 33"),
        ("behov.plats", "passagerare"),
        ("behov.förnyelse", "nej"),
        ("behov.hjälp", "regelbundet"),
        ("hinder.beskrivning", "Höften."),
        ("hinder.hjälpmedel", "Rullator"),
        ("hinder.gångsträcka", "femtio"),
        ("intyg.foto", "foto.png"),
    ]);
    let mut page = page;
    while !page.path().contains("hinder.g") {
        let form = the_form(&page);
        page = match fill(&form, &answers) {
            Some(filled) => sara.send(&page, &form, &filled, None).await.unwrap(),
            None => sara.send(&page, &form, &Filling::default(), Some("ja")).await.unwrap(),
        };
    }
    let form = the_form(&page);
    let refused = sara
        .send(&page, &form, &filling(&[("hinder.gångsträcka", "femtio")]), None)
        .await
        .unwrap();
    assert_eq!(refused.status, 422, "{}", words(&refused));
    let mut answers = answers;
    answers.answers.insert("hinder.gångsträcka".to_owned(), "50".to_owned());
    let check = read_the_paper(&mut sara, page, &answers).await;
    let said = words(&check);
    assert!(
        said.contains("ur pappersansökan, införd av Sara Vikander, handläggare"),
        "{said}"
    );
    assert!(
        said.contains("Lämnas öppet"),
        "the certificate is not on the paper: {said}"
    );
    let case = enter(&mut sara, &check, true).await;

    let said = words(&case);
    // By post on a Monday: it came in on the Friday before, and six months count from there.
    assert!(
        said.contains("2026-11-20") && said.contains("20 november 2026"),
        "{said}"
    );
    assert!(
        said.contains("anses ha kommit in närmast föregående arbetsdag"),
        "{said}"
    );
    let margin = case.texts("aside").join(" ");
    assert!(
        margin.contains("Beslut senast") && margin.contains("20 maj"),
        "{margin}"
    );
    assert!(
        said.contains("Ur pappersansökan, införd av Sara Vikander, handläggare"),
        "{said}"
    );
    assert!(
        said.contains("Begär komplettering") && said.to_lowercase().contains("läkarintyg"),
        "{said}"
    );
    assert!(
        said.contains("Införd ur pappersansökan av Sara Vikander"),
        "the diary says so: {said}"
    );
    assert!(
        !case.html.to_lowercase().contains("legitimation"),
        "nobody has logged in"
    );
    let documents = case.links("main");
    let documents: Vec<_> = documents.iter().filter(|(to, _)| to.contains("/handling/")).collect();
    assert!(
        documents.iter().any(|(_, name)| name.contains("inläst")),
        "{documents:?}"
    );
    let (application, _) = documents.iter().find(|(_, name)| name.contains("Ansökan")).unwrap();
    let application = sara.follow(&case, application).await.unwrap();
    assert!(!application.html.to_lowercase().contains("legitimation"));
    assert!(words(&application).contains("pappersansökan"));

    // The entry is gone, and the person sees who entered it, with the body's signed statement.
    let begun = sara.open(&town.at(node, "/handlaggning/papper")).await.unwrap();
    assert!(!words(&begun).contains("Gun Wikström"), "{}", words(&begun));
    let mut gun = town.person(node, "195103181870").await;
    let insight = gun.open(&town.at(node, "/insyn")).await.unwrap();
    let said = words(&insight);
    assert!(said.contains("införd av Sara Vikander, handläggare"), "{said}");
    let statement = insight
        .links("main")
        .into_iter()
        .find(|(to, _)| to.ends_with("kvitto.jws"))
        .unwrap()
        .0;
    let statement = gun.follow(&insight, &statement).await.unwrap();
    assert_eq!(statement.status, 200);
    let mine = gun.open(&town.at(node, "/mina")).await.unwrap();
    let (matter, _) = mine
        .links("main")
        .into_iter()
        .find(|(to, _)| to.starts_with("/mina/"))
        .unwrap();
    let matter = gun.follow(&mine, &matter).await.unwrap();
    assert!(
        words(&matter).contains("fördes in av Sara Vikander"),
        "{}",
        words(&matter)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_for_several_bodies_goes_on_where_there_are_terms_and_the_page_says_where_not() {
    let town = Town::on_a_monday().await;
    let node = "exempelkommun-a";
    let mut nils = town.person(node, NILS).await;
    let mut begun = parking_paper();
    begun
        .put("hur", "natt")
        .put("pnr", ELSA)
        .put("namn", "Elsa Holmgren")
        .put("orgnr", "559900-0030")
        .put("foretag", "Elsas Kafé i Exempelstad AB")
        .put("adress", "Nygatan 5, 000 01 Exempelstad");
    // The registration of the premises is theirs; the serving of alcohol the social committee's, the gas the association's.
    begun.put("steg-1", "ja").put("steg-2", "ja");
    let page = begin(
        &town,
        &mut nils,
        "exempelkommun-a.miljonamnden",
        "starta-restaurang",
        begun,
    )
    .await;
    let mut answers = Scenario::read(include_str!("../demo/scenarios/kafe.md"));
    answers.answers.insert("servering.alkohol".to_owned(), "ja".to_owned());
    let check = read_the_paper(&mut nils, page, &answers).await;
    let said = words(&check);
    assert!(said.contains("ärende hos er"), "{said}");
    assert!(said.contains("skickas till Socialnämnden"), "{said}");
    assert!(
        said.contains("kan inte skickas härifrån till Räddningsförbundet"),
        "{said}"
    );
    assert!(said.contains("6 och 8 §§ förvaltningslagen"), "{said}");
    let case = enter(&mut nils, &check, true).await;
    // What the committee's own function is delegated it decides on this paper too, from what the body has read itself.
    let began = Instant::now();
    let decided = loop {
        let now = nils.open(&town.at(node, &case.path())).await.unwrap();
        if words(&now).contains("Beslut: registrerad") {
            break now;
        }
        assert!(began.elapsed() < COMES_WITHIN, "{}", words(&now));
        tokio::time::sleep(Duration::from_millis(250)).await;
    };
    assert!(!decided.html.to_lowercase().contains("legitimation"));

    // The other committee has its own case of the same day, entered by the same official, and nothing of a login.
    let mut rut = town.person(node, RUT).await;
    let began = Instant::now();
    let to = loop {
        let queue = rut.open(&town.at(node, "/handlaggning")).await.unwrap();
        let links = queue.links("main").into_iter();
        let mut cases = links.filter(|(_, name)| name.starts_with("SN "));
        if let Some((to, _)) = cases.next() {
            break to;
        }
        assert!(began.elapsed() < COMES_WITHIN, "{}", words(&queue));
        tokio::time::sleep(Duration::from_millis(250)).await;
    };
    let theirs = rut.open(&town.at(node, &to)).await.unwrap();
    let said = words(&theirs);
    assert!(said.contains("införd av Nils Forsberg, registrator"), "{said}");
    assert!(said.contains("2026-11-23"), "{said}");
    assert!(!theirs.html.to_lowercase().contains("legitimation"));
}

/// The letter that waits to be posted, noted as posted today.
async fn post_letter(town: &Town, browser: &mut Browser, heading: &str) {
    let node = "exempelkommun-a";
    let began = Instant::now();
    let page = loop {
        let page = browser.open(&town.at(node, "/handlaggning/brev")).await.unwrap();
        if words(&page).contains(heading) {
            break page;
        }
        assert!(began.elapsed() < COMES_WITHIN, "{heading}: {}", words(&page));
        tokio::time::sleep(Duration::from_millis(250)).await;
    };
    assert!(
        words(&page).contains("Nygatan 5, 000 01 Exempelstad"),
        "{}",
        words(&page)
    );
    let form = the_form(&page);
    let tomorrow = browser
        .send(&page, &form, &filling(&[("dag", "2026-11-25")]), None)
        .await
        .unwrap();
    assert_eq!(tomorrow.status, 422, "{}", words(&tomorrow));
    let done = browser.send(&page, &form, &Filling::default(), None).await.unwrap();
    assert!(!words(&done).contains(heading), "{}", words(&done));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completion_on_paper_counts_from_the_day_it_came_in_and_the_decision_is_posted_and_served() {
    let town = Town::on_a_monday().await;
    let node = "exempelkommun-a";
    // Case worker of the environmental committee.
    let mut maria = town.person(node, "198008232384").await;
    let mut begun = parking_paper();
    begun
        .put("dag-dag", "19")
        .put("hur", "natt")
        .put("pnr", ELSA)
        .put("namn", "Elsa Holmgren")
        .put("orgnr", "559900-0030")
        .put("foretag", "Elsas Kafé i Exempelstad AB")
        .put("adress", "Nygatan 5, 000 01 Exempelstad");
    let page = begin(
        &town,
        &mut maria,
        "exempelkommun-a.miljonamnden",
        "starta-restaurang",
        begun,
    )
    .await;
    let mut answers = Scenario::read(include_str!("../demo/scenarios/kafe.md"));
    answers.answers.remove("verksamhet.beskrivning").unwrap();
    let check = read_the_paper(&mut maria, page, &answers).await;
    // Nobody has signed, and a question is open: a need of completion, and no decision by a function.
    let case = enter(&mut maria, &check, false).await;
    let address = town.at(node, &case.path());
    assert!(
        words(&case).contains("Underskrift saknas på pappret"),
        "{}",
        words(&case)
    );
    let form = case
        .forms()
        .into_iter()
        .find(|form| form.action.ends_with("/gor/komplettering"))
        .unwrap();
    let asked = maria
        .send(
            &case,
            &form,
            &filling(&[("text", "Vad ska ni servera? Skriv under.")]),
            None,
        )
        .await
        .unwrap();
    assert!(words(&asked).contains("Vänta på kompletteringen"), "{}", words(&asked));
    post_letter(&town, &mut maria, "Vi behöver mer uppgifter").await;

    // By post on the Monday: the completion came in on the Friday.
    let page = maria.open(&format!("{address}/inkommet")).await.unwrap();
    let form = the_form(&page);
    let nothing = maria.send(&page, &form, &Filling::default(), None).await.unwrap();
    assert_eq!(nothing.status, 422);
    let mut answer = filling(&[
        ("kanal", "papper"),
        ("dag-dag", "23"),
        ("dag-manad", "11"),
        ("dag-ar", "2026"),
        ("hur", "post"),
        ("verksamhet.beskrivning", "Smörgåsar och kaffe."),
        ("underskrift-0", "ja"),
    ]);
    answer
        .files
        .insert("papper".to_owned(), ("svar.pdf".to_owned(), PDF.to_vec()));
    let page = maria.send(&page, &form, &answer, None).await.unwrap();
    assert_eq!(page.error(), None);
    let began = Instant::now();
    let decided = loop {
        let page = maria.open(&address).await.unwrap();
        if words(&page).contains("Beslut: registrerad") {
            break page;
        }
        assert!(began.elapsed() < COMES_WITHIN, "{}", words(&page));
        tokio::time::sleep(Duration::from_millis(250)).await;
    };
    let said = words(&decided);
    assert!(
        said.contains("2026-11-19") && said.contains("2026-11-20"),
        "came in, and was complete: {said}"
    );
    assert!(said.contains("Skriv ut och posta beslutet"), "{said}");
    assert!(!said.contains("Underskrift saknas"), "{said}");

    // Until it is posted nothing can be noted of its service; then only what the law allows.
    let service = format!("{address}/delgivning");
    assert_eq!(maria.open(&service).await.unwrap().status, 404);
    post_letter(&town, &mut maria, "Er livsmedelsanläggning är registrerad").await;
    let page = maria.open(&service).await.unwrap();
    let form = the_form(&page);
    let today = [("dag-dag", "23"), ("dag-manad", "11"), ("dag-ar", "2026")];
    let mut noted = filling(&today);
    noted.put("satt", "kontroll");
    let refused = maria.send(&page, &form, &noted, None).await.unwrap();
    assert_eq!(
        refused.status,
        422,
        "a control message is sent at the earliest the day after: {}",
        words(&refused)
    );
    noted.put("satt", "kvitto");
    let served = maria.send(&page, &form, &noted, None).await.unwrap();
    let margin = served.texts("aside").join(" ");
    assert!(margin.contains("Överklagande senast"), "{margin} {}", words(&served));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_may_say_that_there_is_no_auditor() {
    let town = Town::on_a_monday().await;
    let node = "bolagsregistret";
    let mut torsten = town.person(node, TORSTEN).await;
    let to = format!("/handlaggning/papper/ny?organ={node}&tjanst=bilda-aktiebolag");
    let page = torsten.open(&town.at(node, &to)).await.unwrap();
    let mut begun = parking_paper();
    begun
        .put("pnr", "197808292390")
        .put("namn", "Viktor Dahl")
        .put("adress", "Lindvägen 25, 000 02 Exempelby");
    let page = torsten.send(&page, &the_form(&page), &begun, None).await.unwrap();
    // It answers nothing else.
    let check = read_the_paper(&mut torsten, page, &paper(&[])).await;
    let address = check.path().replace("/kontrollera", "");
    let question = town.at(node, &format!("{address}/fraga/revisor"));
    let check = town.at(node, &check.path());
    // Left open, answered with none, left open again and answered again.
    for (button, says) in [("inga", true), ("ja", false), ("inga", true)] {
        let page = torsten.open(&question).await.unwrap();
        torsten
            .send(&page, &the_form(&page), &Filling::default(), Some(button))
            .await
            .unwrap();
        let said = words(&torsten.open(&check).await.unwrap());
        assert_eq!(said.contains("Revisorer Inga"), says, "{said}");
    }
    let page = torsten.open(&check).await.unwrap();
    let case = enter(&mut torsten, &page, true).await;
    let said = words(&case);
    assert!(said.contains("Revisorer: inga"), "{}: {said}", case.path());
}
