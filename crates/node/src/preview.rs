//! `samverk preview`: the pages of [`samverk_author::preview`] on this machine, anew at each save.
//!
//! Who may see it: a program of the same user that knows the address. Always true: it listens on the loopback interface only; each address
//! begins with a token of the moment, so that a page of somebody else's in the same browser cannot guess it; a request with
//! another host than our own is refused (DNS rebinding); the only script is ours, and nothing is loaded from elsewhere. It reads
//! the service's folder and writes nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path as Named, RawQuery, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use samverk_author::folder;
use samverk_author::preview::{self, Chosen, Shown, View};
use samverk_domain::finding::SourceFile;
use tokio::sync::watch;

use crate::chance::Chance;
use crate::web::assets;
use crate::web::form::parse_pairs;

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_millis(400);
/// A page's question whether something has changed is answered within this.
const ANSWER_WITHIN: Duration = Duration::from_secs(25);

/// Why there is no preview.
#[derive(Debug, thiserror::Error)]
pub enum NoPreview {
    #[error(transparent)]
    Unreadable(#[from] folder::Unreadable),
    #[error("cannot listen on {address}: {why}")]
    Address { address: SocketAddr, why: std::io::Error },
}

/// A preview that runs.
pub struct Preview {
    /// With its token, to be opened in a browser.
    pub address: String,
    pub stop: watch::Sender<bool>,
    pub task: tokio::task::JoinHandle<()>,
}

struct Serving {
    shown: watch::Receiver<Arc<Shown>>,
    token: String,
    host: String,
}

/// Starts on the port, or on one that is free.
pub async fn start(path: &Path, port: u16) -> Result<Preview, NoPreview> {
    let first = Arc::new(Shown::of(folder::read(path)?, None));
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let unlistened = |why| NoPreview::Address { address: wanted, why };
    let listener = tokio::net::TcpListener::bind(wanted).await.map_err(unlistened)?;
    let address = listener.local_addr().map_err(unlistened)?;
    let token: String = Chance::System
        .bytes::<16>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let (tell, shown) = watch::channel(first);
    let (stop, stopped) = watch::channel(false);
    let serving = Arc::new(Serving {
        shown,
        token: token.clone(),
        host: address.to_string(),
    });
    tokio::spawn(look(path.to_owned(), tell, stopped.clone()));
    let app = app(serving);
    let task = tokio::spawn(async move {
        let mut stopped = stopped;
        let stop = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        if let Err(why) = axum::serve(listener, app).with_graceful_shutdown(stop).await {
            eprintln!("samverk preview: {why}");
        }
    });
    Ok(Preview {
        address: format!("http://{address}/{token}/"),
        stop,
        task,
    })
}

/// Reads the folder again when something in it is another than before. A folder that cannot be read is left as it was shown.
async fn look(path: PathBuf, tell: watch::Sender<Arc<Shown>>, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let before = Arc::clone(&tell.borrow());
        let folder = path.clone();
        let read = tokio::task::spawn_blocking(move || {
            let files = match folder::read(&folder) {
                Ok(files) => files,
                // What stands in the way is shown as the document, so that the author sees it where they look.
                Err(why) => vec![SourceFile {
                    path: "tjanst.md".to_owned(),
                    text: format!("Tjänsten går inte att läsa: {why}\n"),
                }],
            };
            (files != before.files).then(|| Arc::new(Shown::of(files, Some(&before))))
        });
        if let Ok(Some(shown)) = read.await {
            tell.send_replace(shown);
        }
    }
}

fn app(serving: Arc<Serving>) -> Router {
    Router::new()
        .route("/{token}/", get(service))
        .route("/{token}/{page}", get(page))
        .layer(middleware::from_fn_with_state(Arc::clone(&serving), guarded))
        .with_state(serving)
}

/// Lets in only those who know the address, and says to the browser what the page may do.
async fn guarded(State(serving): State<Arc<Serving>>, request: Request, next: Next) -> Response {
    let is_own_host = request
        .headers()
        .get(header::HOST)
        .is_some_and(|host| host.as_bytes() == serving.host.as_bytes());
    let knows = request.uri().path().split('/').nth(1) == Some(serving.token.as_str());
    if !(is_own_host && knows) {
        return (
            StatusCode::NOT_FOUND,
            "Här finns ingen förhandsvisning. Öppna adressen som samverk preview skrev ut.\n",
        )
            .into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'",
        ),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn service(State(serving): State<Arc<Serving>>, RawQuery(query): RawQuery) -> Response {
    show(&serving, View::Service, query.as_deref())
}

async fn page(
    State(serving): State<Arc<Serving>>,
    Named((_, page)): Named<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let css = |text: &'static str| ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], text).into_response();
    match page.as_str() {
        "tokens.css" => css(assets::TOKENS),
        "base.css" => css(assets::BASE),
        "forhandsvisning.css" => css(preview::STYLE),
        "uppdatera.js" => (
            [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")],
            preview::SCRIPT,
        )
            .into_response(),
        "andrad" => changed(&serving, query.as_deref()).await,
        other => match View::ALL.into_iter().find(|view| view.path() == other) {
            Some(view) => show(&serving, view, query.as_deref()),
            None => (StatusCode::NOT_FOUND, "Sidan finns inte.\n").into_response(),
        },
    }
}

/// Answers when the files are others than the page shows, or with nothing after a while.
async fn changed(serving: &Serving, query: Option<&str>) -> Response {
    let since = query
        .and_then(|query| query.strip_prefix("sedan="))
        .and_then(|number| number.parse::<u64>().ok());
    let Some(since) = since else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut shown = serving.shown.clone();
    let newer = tokio::time::timeout(ANSWER_WITHIN, shown.wait_for(|shown| shown.generation != since)).await;
    match newer {
        Ok(Ok(_)) => StatusCode::OK.into_response(),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

fn show(serving: &Serving, view: View, query: Option<&str>) -> Response {
    let Ok(pairs) = parse_pairs(query.unwrap_or_default().as_bytes()) else {
        return (StatusCode::BAD_REQUEST, "Adressen går inte att läsa.\n").into_response();
    };
    let shown = Arc::clone(&serving.shown.borrow());
    let root = format!("/{}/", serving.token);
    let html = preview::page(&shown, view, &Chosen::of(pairs), &root);
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(url: &str) -> (StatusCode, String) {
        let answer = reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .get(url)
            .send()
            .await
            .unwrap();
        let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
        (status, answer.text().await.unwrap())
    }

    fn copied() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/serveringsansvariga");
        for file in folder::read(&from).unwrap() {
            let to = folder.path().join(&file.path);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::write(to, file.text).unwrap();
        }
        folder
    }

    #[tokio::test]
    async fn every_page_is_shown_to_the_one_who_knows_the_address_and_to_nobody_else() {
        let folder = copied();
        let preview = start(folder.path(), 0).await.unwrap();
        for view in View::ALL {
            let (status, page) = asked(&format!("{}{}", preview.address, view.path())).await;
            assert_eq!(status, StatusCode::OK);
            assert!(page.contains("<h1>"), "{view:?}");
        }
        let without = preview.address.rsplitn(3, '/').last().unwrap().to_owned();
        for guess in [
            "/",
            "/dokument",
            "/00000000000000000000000000000000/",
            "/x/andrad?sedan=0",
        ] {
            assert_eq!(
                asked(&format!("{without}{guess}")).await.0,
                StatusCode::NOT_FOUND,
                "{guess}"
            );
        }
        let other_host = preview.address.replace("127.0.0.1", "localhost");
        assert_eq!(asked(&other_host).await.0, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn a_page_waits_for_a_change_and_a_broken_document_keeps_the_last_good_view() {
        let folder = copied();
        let preview = start(folder.path(), 0).await.unwrap();
        let waiting = tokio::spawn({
            let url = format!("{}andrad?sedan=0", preview.address);
            async move { asked(&url).await.0 }
        });
        let file = folder.path().join("tjanst.md");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("| a2 | – | noterad |", "| a2 | – | noterat |")).unwrap();
        assert_eq!(waiting.await.unwrap(), StatusCode::OK);
        let (_, page) = asked(&preview.address).await;
        assert!(
            page.contains("1 fel") && page.contains("senast gick att läsa"),
            "{page}"
        );
        assert!(
            page.contains("Från och med vilken dag"),
            "the earlier service is still shown"
        );
        let (_, page) = asked(&format!("{}dokument", preview.address)).await;
        assert!(page.contains("<strong>Fel S"), "the finding stands beside the text");
    }

    #[tokio::test]
    async fn an_answer_by_hand_changes_what_follows_and_nonsense_is_told() {
        let folder = copied();
        let preview = start(folder.path(), 0).await.unwrap();
        let (status, page) = asked(&format!("{}?exempel=0&svar.anm%C3%A4lan.dag=igår", preview.address)).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("preview-error"), "{page}");
        let (status, page) = asked(&format!("{}?exempel=99999999999&svar.=%3Cscript%3E", preview.address)).await;
        assert_eq!(status, StatusCode::OK);
        assert!(!page.contains("<script>"));
        assert_eq!(
            asked(&format!("{}?%FF=%FF", preview.address)).await.0,
            StatusCode::BAD_REQUEST
        );
    }

    #[tokio::test]
    async fn each_type_of_fact_is_the_field_that_the_applicant_meets_and_reads_back_what_it_sent() {
        let folder = copied();
        let file = folder.path().join("tjanst.md");
        let text = std::fs::read_to_string(&file).unwrap();
        let day = "| anmälan.dag | datum | sökanden | 2010:1622 8 kap. 18 § | Från och med vilken dag ansvarar de? |\n";
        assert!(text.contains(day));
        let more = "| anmälan.när | flera av vardagar / lördagar / söndagar | sökanden | 2010:1622 8 kap. 18 § | När är det öppet? |\n\
                    | anmälan.klockan | klockslag 11:00–05:00 | sökanden | 2010:1622 8 kap. 18 § | När stänger ni? |\n\
                    | anmälan.säsong | period | sökanden | 2010:1622 8 kap. 18 § | Under vilken tid? |\n";
        std::fs::write(&file, text.replace(day, &format!("{day}{more}"))).unwrap();
        let preview = start(folder.path(), 0).await.unwrap();
        let page = async |answers: &str| {
            let (status, page) = asked(&format!("{}?exempel=0{answers}", preview.address)).await;
            assert_eq!(status, StatusCode::OK);
            page
        };
        let first = page("").await;
        for field in [
            "type=\"checkbox\" id=\"svar-anmälan-när-val0\"",
            "name=\"svar.anmälan.när-inga\"",
            "name=\"svar.anmälan.klockan\"",
            "mellan 11:00 och 05:00",
            "name=\"svar.anmälan.säsong-till-ar\"",
            "name=\"svar.anmälan.dag-manad\"",
            "name=\"svar.ansvarig[1].pnr\"",
        ] {
            assert!(first.contains(field), "{field}\n{first}");
        }
        let chosen = page(
            "&svar.anm%C3%A4lan.n%C3%A4r=&svar.anm%C3%A4lan.n%C3%A4r-val1=ja&svar.anm%C3%A4lan.klockan=01:30\
             &svar.anm%C3%A4lan.dag-dag=31&svar.anm%C3%A4lan.dag-manad=2&svar.anm%C3%A4lan.dag-ar=2027\
             &svar.ansvarig=&svar.ansvarig%5B1%5D.pnr=198404272380&svar.ansvarig%5B2%5D.pnr=198404272381",
        )
        .await;
        assert!(chosen.contains("name=\"svar.anmälan.när-val1\" value=\"ja\" checked"));
        assert!(!chosen.contains("name=\"svar.anmälan.när-val0\" value=\"ja\" checked"));
        assert!(chosen.contains("value=\"01:30\"") && !chosen.contains("id=\"svar-anmälan-klockan-e\""));
        assert!(chosen.contains("id=\"svar-anmälan-dag-e\"") && chosen.contains("value=\"31\""));
        assert!(chosen.contains("id=\"svar-ansvarig-2--pnr-e\"") && chosen.contains("value=\"198404272381\""));
        let emptied = page("&svar.ansvarig=&svar.ansvarig%5B1%5D.pnr=").await;
        assert!(!emptied.contains("Nummer 1<"), "an emptied row is taken away");
    }

    #[tokio::test]
    async fn what_nobody_would_send_never_stops_it() {
        let folder = copied();
        let preview = start(folder.path(), 0).await.unwrap();
        let long = "9".repeat(5_000);
        let many: String = (0..2_000).map(|n| format!("&svar.ansvarig%5B{n}%5D.pnr={n}")).collect();
        for query in [
            "exempel=-1&svar.anm%C3%A4lan.dag-ar=99999&svar.anm%C3%A4lan.dag-dag=x&svar.anm%C3%A4lan.dag-manad=%00"
                .to_owned(),
            format!("svar.anm%C3%A4lan.dag-ar={long}&svar.anm%C3%A4lan.dag-dag=1&svar.anm%C3%A4lan.dag-manad=1"),
            "svar.ansvarig=&svar.ansvarig%5B99999999999%5D.pnr=1&svar.ansvarig%5B0%5D.pnr=1&svar.ansvarig%5B-1%5D.="
                .to_owned(),
            format!("svar.ansvarig={many}"),
            "&&&==&svar.&svar.=&svar.a..b=1&exempel=".to_owned(),
        ] {
            for view in View::ALL {
                let (status, _) = asked(&format!("{}{}?{query}", preview.address, view.path())).await;
                assert!(
                    status == StatusCode::OK || status == StatusCode::BAD_REQUEST,
                    "{status}"
                );
            }
        }
        assert_eq!(
            asked(&format!("{}andrad?sedan=-1", preview.address)).await.0,
            StatusCode::BAD_REQUEST
        );
        assert_eq!(
            asked(&format!("{}finns-inte", preview.address)).await.0,
            StatusCode::NOT_FOUND
        );
    }

    #[tokio::test]
    async fn a_file_that_is_too_large_not_text_or_gone_is_told_and_never_stops_it() {
        let folder = copied();
        let preview = start(folder.path(), 0).await.unwrap();
        let file = folder.path().join("tjanst.md");
        let good = std::fs::read(&file).unwrap();
        let mut generation = 0;
        for bad in [Some(vec![0xFF, 0xFE]), Some(vec![b'|'; 5 << 20]), None] {
            match bad {
                Some(bytes) => std::fs::write(&file, bytes).unwrap(),
                None => std::fs::remove_file(&file).unwrap(),
            }
            assert_eq!(
                asked(&format!("{}andrad?sedan={generation}", preview.address)).await.0,
                StatusCode::OK
            );
            let (status, page) = asked(&format!("{}dokument", preview.address)).await;
            assert!(status == StatusCode::OK && page.contains("går inte att läsa"));
            generation += 1;
        }
        std::fs::write(&file, good).unwrap();
        assert_eq!(
            asked(&format!("{}andrad?sedan={generation}", preview.address)).await.0,
            StatusCode::OK
        );
        assert!(asked(&preview.address).await.1.contains("Inga fel"));
    }
}
