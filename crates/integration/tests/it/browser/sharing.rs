//! A page of another origin signs somebody in with a script, where it may.

use integration::PASSWORD;
use integration::chromium::{Site, Stranger};

/// Signs in, reads the account and what is left of a limit, and tells a failure from being kept out. The
/// title of the page becomes what it learned.
fn page(site: &Site) -> String {
    let (login, me) = (site.url("/api/v1/login"), site.url("/api/v1/me"));
    format!(
        "<!doctype html><title>waiting</title><script>
        const json = {{'content-type': 'application/json'}};
        const body = JSON.stringify({{username: 'alice', password: '{PASSWORD}'}});
        (async () => {{
            const login = await fetch('{login}', {{method: 'POST', headers: json, body}});
            const tokens = await login.json();
            const authorization = 'Bearer ' + tokens.access_token;
            const me = await fetch('{me}', {{headers: {{authorization}}}});
            const bad = await fetch('{me}', {{headers: {{authorization: 'Bearer x'}}, credentials: 'omit'}});
            return [(await me.json()).username, me.headers.get('ratelimit') ? 'limit' : 'none', bad.status].join(' ');
        }})().catch(error => 'kept out').then(learned => document.title = learned);
        </script>"
    )
}

async fn learned(site: &Site, host: &str) -> String {
    let browser = site.browser().await;
    site.stranger().shows(page(site));
    browser.open(&format!("https://{host}/")).await;
    let told = async || browser.title().await != "waiting";
    browser.until("the script has ended", told).await;
    browser.title().await
}

#[tokio::test]
async fn a_named_origin_uses_the_api_and_its_neighbour_does_not() {
    let named = format!("https://{}", Stranger::HOST);
    let settings = [("PORTCULLIS_CORS_ORIGINS", named.as_str())];
    let Some(site) = Site::start(&settings).await else {
        return;
    };
    site.has_account("alice").await;
    assert_eq!(learned(&site, Stranger::HOST).await, "alice limit 401");
    assert_eq!(learned(&site, Stranger::NEIGHBOUR).await, "kept out");
}

/// A script that asks with the cookies of whoever is signed in is kept from the answer, also where it may
/// use the API: without cookies it could.
#[tokio::test]
async fn cookies_give_a_named_origin_nothing() {
    let named = format!("https://{}", Stranger::NEIGHBOUR);
    let settings = [("PORTCULLIS_CORS_ORIGINS", named.as_str())];
    let Some(site) = Site::start(&settings).await else {
        return;
    };
    site.has_account("alice").await;
    let browser = site.browser().await;
    browser.signs_in(&site, "alice", PASSWORD).await;
    for (path, credentials, expected) in [
        ("/api/v1/me", "include", "kept out"),
        ("/api/v1/me", "omit", "401"),
        ("/account", "include", "kept out"),
        ("/account", "omit", "kept out"),
    ] {
        site.stranger().shows(format!(
            "<!doctype html><title>waiting</title><script>
            fetch('{}', {{credentials: '{credentials}'}})
                .then(answer => document.title = answer.status, () => document.title = 'kept out');
            </script>",
            site.url(path)
        ));
        let page = format!("https://{}/", Stranger::NEIGHBOUR);
        browser.open(&page).await;
        let told = async || browser.title().await != "waiting";
        browser.until("the script has ended", told).await;
        let learned = browser.title().await;
        assert_eq!(learned, expected, "{path} with {credentials}");
    }
}
