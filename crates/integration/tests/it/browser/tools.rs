//! The tools of these tests: each finds what it is to find.

use integration::chromium::{Look, Profile, Site, Stranger, Theme, axe_core};

#[tokio::test]
async fn barriers_breaches_and_overflow_are_found() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    let Some(axe_core) = axe_core() else { return };
    let browser = site.browser().await;
    let evil = format!("https://{}/page", Stranger::HOST);

    let good = "<!doctype html><html lang=en><title>Good</title><main><h1>Good</h1></main>";
    site.stranger().shows_under("default-src 'none'", good);
    browser.open(&evil).await;
    assert_eq!(browser.status().await, 200);
    assert_eq!(browser.barriers(axe_core).await, [""; 0]);
    assert_eq!(browser.complaints().await, [""; 0]);
    assert_eq!(browser.overflow().await, [""; 0]);

    let bad = "<!doctype html><html lang=en><title>Bad</title><main><h1>Bad</h1>\
        <input><p style='width: 4000px'>wide</p><script>document.title = 'run'</script></main>";
    site.stranger().shows_under("default-src 'none'", bad);
    browser.open(&evil).await;
    let barriers = browser.barriers(axe_core).await;
    assert!(
        barriers.iter().any(|b| b.starts_with("label at input")),
        "{barriers:?}"
    );
    let complaints = browser.complaints().await;
    for directive in ["style-src", "script-src"] {
        assert!(
            complaints.iter().any(|c| c.contains(directive)),
            "{complaints:?}"
        );
    }
    site.stranger().shows(bad); // no policy: the style counts, and the page is wide
    browser.open(&evil).await;
    assert_eq!(browser.complaints().await, [""; 0]);
    let overflow = browser.overflow().await;
    assert!(
        overflow.iter().any(|o| o.starts_with("p# ends at 40")),
        "{overflow:?}"
    );
}

#[tokio::test]
async fn a_look_changes_width_and_theme() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    let browser = site.browser().await;
    site.stranger().shows(
        "<!doctype html><meta name=viewport content='width=device-width'><title>Look</title>\
         <style>i, b { display: none } @media (prefers-color-scheme: dark) { i { display: block } }
         @media (max-width: 400px) { b { display: block } }</style><i>dark</i><b>narrow</b>",
    );
    browser.open(&format!("https://{}/", Stranger::HOST)).await;
    for (width, theme, seen) in [
        (1280, Theme::Light, ""),
        (390, Theme::Light, "narrow"),
        (1280, Theme::Dark, "dark"),
        (390, Theme::Dark, "dark\nnarrow"),
    ] {
        browser.look(Look::new(width, theme)).await;
        assert_eq!(browser.text().await, seen, "{width} {theme:?}");
    }
    let picture = browser.picture().await;
    assert!(picture.starts_with(b"\x89PNG"));
    assert_eq!(picture[16..20], 390_u32.to_be_bytes(), "its width");
}

#[tokio::test]
async fn a_profile_without_scripts_runs_none_and_is_driven_all_the_same() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    let page = "<!doctype html><title>Scripts</title><noscript><p>without</p></noscript>\
        <form method=post action=/sent><label>Name <input id=name name=name></label><button>Send</button></form>\
        <script>document.body.append('with')</script>";
    site.stranger().shows(page);
    for (scripts, seen, unseen) in [(true, "with\n", "without"), (false, "without", "with\n")] {
        let browser = site.browser_as(Profile { scripts }).await;
        browser.open(&format!("https://{}/", Stranger::HOST)).await;
        let text = format!("{}\n", browser.text().await);
        assert!(text.contains(seen) && !text.contains(unseen), "{text:?}");
        browser.send(&[("name", "Zoë")]).await;
        assert_eq!(browser.path().await, "/sent");
        let visits = site.stranger().visits();
        assert_eq!(visits.last().unwrap().body, "name=Zo%C3%AB", "{visits:?}");
    }
}

/// Why the accounts can't ask for a Referer, nor for their own origin: they send `no-referrer`.
#[tokio::test]
async fn under_no_referrer_a_form_comes_with_a_null_origin_and_no_referer() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    let browser = site.browser().await;
    for (meta, origin, referer) in [
        ("<meta name=referrer content=no-referrer>", "null", None),
        (
            "<meta name=referrer content=same-origin>",
            "https://evil.test",
            Some("https://evil.test/"),
        ),
    ] {
        site.stranger().shows(format!(
            "<!doctype html>{meta}<title>Form</title>\
             <form method=post action=/sent><input id=name name=name><button>Send</button></form>"
        ));
        browser.open(&format!("https://{}/", Stranger::HOST)).await;
        browser.send(&[("name", "x")]).await;
        let visits = site.stranger().visits();
        let sent = visits.last().unwrap();
        assert_eq!(
            (sent.method.as_str(), sent.path.as_str()),
            ("POST", "/sent")
        );
        assert_eq!(sent.header("origin"), Some(origin));
        assert_eq!(sent.header("referer"), referer);
        assert_eq!(sent.header("sec-fetch-site"), Some("same-origin"));
    }
}

#[tokio::test]
async fn no_process_of_a_browser_outlives_its_value() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    let browser = site.browser().await;
    let marker = site.pin().to_owned(); // on the command line of this test's browser alone
    assert_ne!(processes_with(&marker), [""; 0]);
    drop(browser);
    let gone = tokio::time::timeout(std::time::Duration::from_mins(1), async {
        while !processes_with(&marker).is_empty() {
            tokio::task::yield_now().await;
        }
    });
    assert!(gone.await.is_ok(), "{:?}", processes_with(&marker));
}

/// The processes whose command line contains a text.
fn processes_with(text: &str) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).into_owned())
        .filter(|line| line.contains(text))
        .collect()
}
