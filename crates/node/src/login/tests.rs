//! Whole logins by HTTP: a node and the test e-legitimation in one process, and a browser that keeps cookies.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::*;
use crate::chance::Chance;
use crate::clock::{Clock, Settable};
use crate::config::Config;
use crate::node::Surroundings;
use crate::test_eid::{EidConfig, TestEid};
use crate::trust::keys::BodyKeys;
use crate::web::encoded;

/// Two of Skatteverket's test numbers.
const AMINA: &str = "198404272380";
const STAFF: &str = "198711242399";

/// A node, its e-legitimation, and the hand of their clock.
struct World {
    node: Arc<Node>,
    eid: Arc<TestEid>,
    hand: Settable,
    base: String,
    _dir: tempfile::TempDir,
    _stop: watch::Sender<bool>,
}

async fn listener() -> (tokio::net::TcpListener, SocketAddr) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn world() -> World {
    let (clock, hand) = Clock::settable("2026-11-18T08:00:00Z".parse().unwrap());
    let (eid_listener, eid_address) = listener().await;
    let (node_listener, node_address) = listener().await;
    let base = format!("http://{node_address}");
    let dir = tempfile::tempdir().unwrap();
    let config = format!(
        r#"
        name = "test"
        base_url = "{base}"
        listen = "{node_address}"
        [eid]
        issuer = "http://{eid_address}"
        client_id = "test"
        [[bodies]]
        id = "exempelkommun-b.miljonamnden"
        name = "Miljönämnden"
        name_en = "The Environmental Committee"
        part_of = "Exempelkommun B"
        kind = "municipal_board"
        [[bodies]]
        id = "raddningsforbundet"
        name = "Räddningsförbundet Exempelbygden"
        name_en = "Exempelbygden Fire and Rescue Association"
        guest = true
        [[bodies.staff]]
        person = "{STAFF}"
        name = "Tor Vikström"
        roles = ["handläggare"]
        "#
    );
    let config = Config::parse(&config, dir.path()).unwrap();
    let surroundings = Surroundings {
        clock: clock.clone(),
        chance: Chance::seeded(7),
    };
    let node = Node::open(dir.path(), config, surroundings).unwrap();
    let eid_config = EidConfig {
        issuer: format!("http://{eid_address}"),
        listen: eid_address,
        clients: vec![crate::test_eid::Registered {
            id: "test".to_owned(),
            name: "Exempelkommun B".to_owned(),
            redirect_uri: format!("{base}/oidc/tillbaka"),
        }],
    };
    let chance = Chance::seeded(8);
    let body = BodyId::parse("test-eid").unwrap();
    let algorithm = samverk_wire::key::Algorithm::Ed25519;
    let keys = BodyKeys::generate(&body, algorithm, |bytes| chance.fill(bytes)).unwrap();
    let eid = TestEid::new(eid_config, keys, clock, chance).unwrap();
    let (stop, _) = watch::channel(false);
    tokio::spawn(axum::serve(eid_listener, Arc::clone(&eid).app()).into_future());
    // The node's own pages, and three of the test's that other capabilities' pages look like.
    let app = crate::web::app_with(
        Arc::clone(&node),
        routes()
            .route("/prov/person", get(a_persons_page).post(a_persons_form))
            .route("/prov/personal", get(a_staff_page))
            .route("/prov/skriv-under", get(after_signing).post(sign)),
    );
    tokio::spawn(axum::serve(node_listener, app.into_make_service_with_connect_info::<SocketAddr>()).into_future());
    World {
        node,
        eid,
        hand,
        base,
        _dir: dir,
        _stop: stop,
    }
}

async fn a_persons_page(Person(session): Person) -> String {
    format!("{} {}", session.person.number.digits(), session.form_token)
}

async fn a_persons_form(_: Person, fields: Fields) -> String {
    fields.one("svar").unwrap_or_default().to_owned()
}

async fn a_staff_page(staff: Staff) -> Result<String, Failure> {
    let host = BodyId::parse("exempelkommun-b.miljonamnden").unwrap();
    let guest = BodyId::parse("raddningsforbundet").unwrap();
    assert_eq!(staff.may(Permission::OpenCase, &host).unwrap_err(), Failure::NotFound);
    assert_eq!(
        staff.may(Permission::DecideAsDelegate, &guest).unwrap_err(),
        Failure::Forbidden
    );
    Ok(staff.may(Permission::OpenCase, &guest)?.role.to_string())
}

const APPROVED: [u8; 32] = [7; 32];

async fn sign(State(node): State<Arc<Node>>, visit: Visit, _: Fields) -> Result<Response, Failure> {
    let message = Message {
        sv: "Du skickar in en ansökan.\nKontrollsumma 7c41".to_owned(),
        en: "You submit an application.".to_owned(),
    };
    bind(&node, &visit, APPROVED, &message, "/prov/skriv-under").await
}

async fn after_signing(State(node): State<Arc<Node>>, Person(session): Person) -> Result<String, Failure> {
    assert_eq!(
        take_bound(&node, &session, &[8; 32]).await.unwrap(),
        None,
        "another hash takes nothing"
    );
    Ok(match take_bound(&node, &session, &APPROVED).await? {
        Some(bound) => bound.id_token,
        None => "nothing was approved".to_owned(),
    })
}

/// What a browser does, no more: cookies by name (all hosts are one here, as ports are to browsers), redirects by hand.
#[derive(Clone, Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
    set_cookies: Vec<String>,
}

struct Answer {
    status: StatusCode,
    location: String,
    body: String,
}

impl Browser {
    async fn send(&mut self, method: Method, address: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = client.request(method, address).header("cookie", cookies.join("; "));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.to_owned());
        }
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap().to_owned();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            self.set_cookies.push(cookie);
        }
        let status = answer.status();
        let location = answer
            .headers()
            .get("location")
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default();
        Answer {
            status,
            location,
            body: answer.text().await.unwrap(),
        }
    }

    async fn get(&mut self, address: &str) -> Answer {
        self.send(Method::GET, address, &[], None).await
    }

    async fn post(&mut self, address: &str, body: &str) -> Answer {
        self.send(Method::POST, address, &[], Some(body)).await
    }

    /// Goes to the login and approves there. Gives the address that the provider sends the browser to.
    async fn approve(&mut self, world: &World, back: &str, form: &str) -> String {
        let at_provider = self
            .get(&format!("{}/logga-in?till={}", world.base, encoded(back)))
            .await;
        assert_eq!(at_provider.status, StatusCode::SEE_OTHER, "{}", at_provider.body);
        let page = self.get(&at_provider.location).await;
        assert_eq!(page.status, StatusCode::OK);
        self.post(&at_provider.location, form).await.location
    }

    async fn log_in(&mut self, world: &World, number: &str) -> Answer {
        let callback = self
            .approve(world, "/prov/person", &format!("person={number}&val=godkann"))
            .await;
        self.get(&callback).await
    }
}

fn session_cookie(browser: &Browser) -> Option<&String> {
    browser.cookies.get("samverk-test")
}

#[tokio::test]
async fn a_person_logs_in_and_comes_to_where_they_were_going() {
    let world = world().await;
    let mut browser = Browser::default();
    let sent = browser.get(&format!("{}/prov/person?a=1", world.base)).await;
    assert_eq!(
        (sent.status, sent.location.as_str()),
        (StatusCode::SEE_OTHER, "/logga-in?till=%2Fprov%2Fperson%3Fa%3D1")
    );
    let done = browser.log_in(&world, AMINA).await;
    assert_eq!(
        (done.status, done.location.as_str()),
        (StatusCode::SEE_OTHER, "/prov/person"),
        "{}",
        done.body
    );
    let page = browser.get(&format!("{}/prov/person", world.base)).await;
    assert!(page.body.starts_with(AMINA));
    let start = browser.get(&world.base).await;
    assert!(start.body.contains("Amina Lindqvist") && !start.body.contains(AMINA));
}

#[tokio::test]
async fn the_session_cookie_is_http_only_lax_and_for_the_whole_host() {
    let world = world().await;
    let mut browser = Browser::default();
    browser.log_in(&world, AMINA).await;
    let cookie = browser
        .set_cookies
        .iter()
        .find(|cookie| cookie.starts_with("samverk-test="))
        .unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    let node_on_https = {
        let config = r#"
            name = "b"
            base_url = "https://b.example"
            listen = "127.0.0.1:0"
            [[bodies]]
            id = "b"
            name = "B"
            name_en = "B"
        "#;
        crate::node::tests::a_node(config, Clock::System)
    };
    assert_eq!(sessions::cookie_name(&node_on_https.1), "__Host-samverk-b");
    let cookie = sessions::set_cookie(&node_on_https.1, "__Host-samverk-b", "x", None).unwrap();
    assert_eq!(cookie, "__Host-samverk-b=x; Path=/; HttpOnly; SameSite=Lax; Secure");
}

#[tokio::test]
async fn the_session_has_a_new_id_at_every_login_and_a_planted_one_is_worth_nothing() {
    let world = world().await;
    let mut browser = Browser::default();
    let planted = "A".repeat(43);
    browser.cookies.insert("samverk-test".to_owned(), planted.clone());
    browser.log_in(&world, AMINA).await;
    let first = session_cookie(&browser).unwrap().clone();
    assert_ne!(first, planted);
    browser.log_in(&world, AMINA).await;
    let second = session_cookie(&browser).unwrap().clone();
    assert_ne!(first, second);
    let mut old = Browser::default();
    old.cookies.insert("samverk-test".to_owned(), first);
    let page = old.get(&format!("{}/prov/person", world.base)).await;
    assert_eq!(
        page.status,
        StatusCode::SEE_OTHER,
        "the id from before the second login opens nothing"
    );
}

#[tokio::test]
async fn logging_out_ends_the_session_and_only_by_the_sessions_own_form() {
    let world = world().await;
    let mut browser = Browser::default();
    browser.log_in(&world, AMINA).await;
    let kept = browser.clone();
    let page = browser.get(&format!("{}/logga-ut", world.base)).await;
    let token = page
        .body
        .split("name=\"tecken\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let forged = browser.post(&format!("{}/logga-ut", world.base), "").await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let out = browser
        .post(&format!("{}/logga-ut", world.base), &format!("tecken={token}"))
        .await;
    assert_eq!((out.status, out.location.as_str()), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(session_cookie(&browser), None);
    let mut kept = kept;
    let page = kept.get(&format!("{}/prov/person", world.base)).await;
    assert_eq!(
        page.status,
        StatusCode::SEE_OTHER,
        "the cookie that was kept opens nothing"
    );
}

#[tokio::test]
async fn a_form_needs_the_sessions_token_and_a_same_site_browser() {
    let world = world().await;
    let mut browser = Browser::default();
    browser.log_in(&world, AMINA).await;
    let form = format!("{}/prov/person", world.base);
    let page = browser.get(&form).await;
    let token = page.body.split(' ').nth(1).unwrap().to_owned();
    let good = format!("tecken={token}&svar=12+liter");
    assert_eq!(browser.post(&form, &good).await.body, "12 liter");
    assert_eq!(browser.post(&form, "svar=12").await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        browser.post(&form, "tecken=x&svar=12").await.status,
        StatusCode::FORBIDDEN
    );
    let cross = [("sec-fetch-site", "cross-site")];
    let answer = browser.send(Method::POST, &form, &cross, Some(&good)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let other = [("origin", "https://evil.example")];
    let answer = browser.send(Method::POST, &form, &other, Some(&good)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_session_ends_when_idle_and_at_the_end_of_the_working_day() {
    let world = world().await;
    let mut browser = Browser::default();
    browser.log_in(&world, AMINA).await;
    let page = format!("{}/prov/person", world.base);
    for _ in 0..20 {
        world.hand.advance(sessions::IDLE - jiff::SignedDuration::from_mins(5));
        if world.node.clock.now() < "2026-11-18T16:00:00Z".parse().unwrap() {
            assert_eq!(browser.get(&page).await.status, StatusCode::OK, "used sessions live on");
        }
    }
    assert_eq!(
        browser.get(&page).await.status,
        StatusCode::SEE_OTHER,
        "but not for ever"
    );
    browser.log_in(&world, AMINA).await;
    world.hand.advance(sessions::IDLE);
    assert_eq!(browser.get(&page).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn staff_are_known_by_the_configuration_and_the_hosts_cases_are_not_theirs() {
    let world = world().await;
    let mut browser = Browser::default();
    browser.log_in(&world, STAFF).await;
    let page = browser.get(&format!("{}/prov/personal", world.base)).await;
    assert_eq!(page.body, "handläggare");
    let start = browser.get(&world.base).await;
    assert!(start.body.contains("Tor Vikström, handläggare"));
    let mut other = Browser::default();
    other.log_in(&world, AMINA).await;
    let page = other.get(&format!("{}/prov/personal", world.base)).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("Du får inte öppna sidan"));
}

#[tokio::test]
async fn what_is_approved_is_shown_by_the_provider_and_bound_in_the_token() {
    let world = world().await;
    let mut browser = Browser::default();
    browser.log_in(&world, AMINA).await;
    let before = session_cookie(&browser).unwrap().clone();
    let form = format!("{}/prov/skriv-under", world.base);
    let page = browser.get(&format!("{}/prov/person", world.base)).await;
    let token = page.body.split(' ').nth(1).unwrap().to_owned();
    let sent = browser.post(&form, &format!("tecken={token}")).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let shown = browser.get(&sent.location).await;
    assert!(shown.body.contains("Du skickar in en ansökan.") && shown.body.contains("Kontrollsumma 7c41"));
    assert!(shown.body.contains("Testlegitimation"));

    // Somebody else approves: nothing is bound.
    let mut other = browser.clone();
    let callback = other.post(&sent.location, &format!("person={STAFF}&val=godkann")).await;
    let refused = other.get(&callback.location).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("Någon annan legitimerade sig"));

    let callback = browser
        .post(&sent.location, &format!("person={AMINA}&val=godkann"))
        .await;
    let done = browser.get(&callback.location).await;
    assert_eq!(done.location, "/prov/skriv-under");
    assert_ne!(session_cookie(&browser), Some(&before), "a new id here too");
    let id_token = browser.get(&form).await.body;
    let payload = URL_SAFE_NO_PAD.decode(id_token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    let nonce = claims["nonce"].as_str().unwrap();
    assert!(
        nonce.ends_with(&format!(".{}", URL_SAFE_NO_PAD.encode(APPROVED))),
        "{nonce}"
    );
    assert_eq!(
        browser.get(&form).await.body,
        "nothing was approved",
        "an approval is used once"
    );
}

#[tokio::test]
async fn a_login_that_is_aborted_says_so() {
    let world = world().await;
    let mut browser = Browser::default();
    let callback = browser.approve(&world, "/", "val=avbryt").await;
    let page = browser.get(&callback).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("Du är inte inloggad"));
    assert_eq!(session_cookie(&browser), None);
}

#[tokio::test]
async fn level_of_assurance_2_is_refused() {
    let world = world().await;
    let mut browser = Browser::default();
    let callback = browser
        .approve(&world, "/", &format!("person={AMINA}&niva=2&val=godkann"))
        .await;
    let page = browser.get(&callback).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("tillitsnivå 3"));
    assert_eq!(session_cookie(&browser), None);
}

#[tokio::test]
async fn a_callback_that_this_browser_did_not_begin_is_refused() {
    let world = world().await;
    let mut browser = Browser::default();
    let form = format!("person={AMINA}&val=godkann");
    let callback = browser.approve(&world, "/", &form).await;
    let not_begun = "Legitimeringen hörde inte ihop";

    let mut other = Browser::default();
    assert!(other.get(&callback).await.body.contains(not_begun), "another browser");

    let wrong_state = callback.replace("state=", "state=x");
    assert!(
        browser.clone().get(&wrong_state).await.body.contains(not_begun),
        "another state"
    );

    let elsewhere = callback.replace("iss=", "iss=x");
    assert!(
        browser
            .clone()
            .get(&elsewhere)
            .await
            .body
            .contains("gick inte att kontrollera"),
        "another issuer"
    );

    let mut late = browser.clone();
    world
        .hand
        .advance(oidc::ATTEMPT_MAX + jiff::SignedDuration::from_secs(1));
    assert!(late.get(&callback).await.body.contains(not_begun), "too late");
}

#[tokio::test]
async fn a_code_is_good_once_for_a_minute_with_its_own_verifier() {
    let world = world().await;
    let mut browser = Browser::default();
    let form = format!("person={AMINA}&val=godkann");

    let callback = browser.approve(&world, "/", &form).await;
    let before = browser.clone();
    assert_eq!(browser.get(&callback).await.status, StatusCode::SEE_OTHER);
    let mut replayed = before;
    assert_eq!(
        replayed.get(&callback).await.status,
        StatusCode::FORBIDDEN,
        "a code that was used"
    );

    let mut browser = Browser::default();
    let callback = browser.approve(&world, "/", &form).await;
    world.hand.advance(crate::test_eid::CODE_MAX);
    assert_eq!(
        browser.get(&callback).await.status,
        StatusCode::FORBIDDEN,
        "a code that is too old"
    );

    // One attempt's code in another attempt of the same browser: the verifier does not fit.
    let mut browser = Browser::default();
    let first = browser.approve(&world, "/", &form).await;
    let second = browser.approve(&world, "/", &form).await;
    let part = |address: &str, name: &str| {
        let from = address.split(&format!("{name}=")).nth(1).unwrap();
        from.split('&').next().unwrap().to_owned()
    };
    let mixed = second.replace(&part(&second, "code"), &part(&first, "code"));
    assert_eq!(
        browser.get(&mixed).await.status,
        StatusCode::FORBIDDEN,
        "another attempt's code"
    );
    assert_eq!(session_cookie(&browser), None);
}

#[tokio::test]
async fn a_token_that_is_wrong_in_any_way_lets_nobody_in() {
    let world = world().await;
    type Spoil = fn(&mut Value);
    let spoilt: &[(&str, Spoil)] = &[
        ("nonce", |claims| claims["nonce"] = json!("another")),
        ("no nonce", |claims| {
            claims.as_object_mut().unwrap().remove("nonce");
        }),
        ("audience", |claims| claims["aud"] = json!(["another"])),
        ("two audiences", |claims| claims["aud"] = json!(["test", "another"])),
        ("issuer", |claims| claims["iss"] = json!("http://127.0.0.1:1")),
        ("expired", |claims| {
            claims["exp"] = json!(claims["iat"].as_i64().unwrap() - 1)
        }),
        ("from the future", |claims| {
            claims["iat"] = json!(claims["iat"].as_i64().unwrap() + 300)
        }),
        ("old", |claims| {
            claims["iat"] = json!(claims["iat"].as_i64().unwrap() - 300)
        }),
        ("login before the attempt", |claims| {
            claims["auth_time"] = json!(claims["auth_time"].as_i64().unwrap() - 3600);
        }),
        ("no time of login", |claims| {
            claims.as_object_mut().unwrap().remove("auth_time");
        }),
        ("no level", |claims| {
            claims.as_object_mut().unwrap().remove("acr");
        }),
        ("another's access token", |claims| {
            claims["at_hash"] = json!("AAAAAAAAAAAAAAAAAAAAAA")
        }),
        ("no number", |claims| {
            claims.as_object_mut().unwrap().remove(oidc::PERSONNUMMER);
        }),
        ("a broken number", |claims| {
            claims[oidc::PERSONNUMMER] = json!("198404272381")
        }),
        ("two numbers", |claims| {
            claims[oidc::SAMORDNINGSNUMMER] = json!("191401682396")
        }),
    ];
    for (what, spoil) in spoilt {
        *world.eid.spoil.lock().unwrap_or_else(PoisonError::into_inner) = Some(*spoil);
        let mut browser = Browser::default();
        let done = browser.log_in(&world, AMINA).await;
        assert_eq!(done.status, StatusCode::FORBIDDEN, "{what}");
        assert_eq!(session_cookie(&browser), None, "{what}");
    }
    *world.eid.spoil.lock().unwrap_or_else(PoisonError::into_inner) = None;
    let mut browser = Browser::default();
    assert_eq!(
        browser.log_in(&world, AMINA).await.location,
        "/prov/person",
        "and a right one does"
    );
}

#[tokio::test]
async fn a_login_never_leads_to_another_site() {
    let world = world().await;
    for (to, then) in [
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\tevil", "/"),
        ("/mina?x=1", "/mina?x=1"),
    ] {
        let mut browser = Browser::default();
        let callback = browser
            .approve(&world, to, &format!("person={AMINA}&val=godkann"))
            .await;
        assert_eq!(browser.get(&callback).await.location, then, "{to}");
    }
}

#[tokio::test]
async fn the_provider_refuses_what_is_not_a_test_number_a_known_client_or_pkce() {
    let world = world().await;
    let mut browser = Browser::default();
    let sent = browser.get(&format!("{}/logga-in", world.base)).await.location;
    // Right in form, and nobody's: born before the first test number and any living person.
    let nobody = format!("{}{}", "1850", "0101-0015");
    let refused = browser.post(&sent, &format!("nummer={nobody}&val=godkann")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("finns inte bland Skatteverkets testnummer"));
    for (what, from, to) in [
        ("client", "client_id=test", "client_id=other"),
        ("address", "oidc%2Ftillbaka", "oidc%2Fnagon-annanstans"),
        ("twice", "client_id=test", "client_id=test&client_id=test"),
    ] {
        let answer = browser.get(&sent.replace(from, to)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}");
    }
    for (what, from, to, error) in [
        (
            "method",
            "code_challenge_method=S256",
            "code_challenge_method=plain",
            "invalid_request",
        ),
        (
            "type",
            "response_type=code",
            "response_type=token",
            "unsupported_response_type",
        ),
        ("nonce", "&nonce=", "&nonse=", "invalid_request"),
        ("silent", "prompt=login", "prompt=none", "login_required"),
    ] {
        let answer = browser.get(&sent.replace(from, to)).await;
        assert!(
            answer.location.contains(&format!("error={error}")),
            "{what}: {}",
            answer.location
        );
    }
}

#[tokio::test]
async fn the_table_says_neither_who_is_logged_in_nor_lets_anyone_in() {
    let world = world().await;
    let mut browser = Browser::default();
    browser.log_in(&world, AMINA).await;
    let cookie = session_cookie(&browser).unwrap().clone();
    let wal = std::fs::read(world._dir.path().join("node.sqlite-wal")).unwrap_or_default();
    let mut all = std::fs::read(world._dir.path().join("node.sqlite")).unwrap();
    all.extend(wal);
    for secret in [AMINA, "Amina", cookie.as_str()] {
        assert!(
            !all.windows(secret.len()).any(|window| window == secret.as_bytes()),
            "{secret}"
        );
    }
}
