//! Every page, on every screen.

use integration::PASSWORD;
use integration::chromium::{Browser, Look, Profile, Scene, Site, Stage, Theme, axe_core};

/// Does something with every page in every state.
async fn everywhere(look_at: impl AsyncFn(&Browser, Scene)) {
    for stage in Stage::ALL {
        let Some(site) = stage.set().await else {
            return;
        };
        let browser = site.browser().await;
        for scene in stage.scenes() {
            scene.show(&site, &browser).await;
            look_at(&browser, scene).await;
        }
    }
}

#[tokio::test]
async fn axe_core_finds_no_barrier_on_any_page() {
    let Some(axe_core) = axe_core() else { return };
    let found = std::cell::RefCell::new(Vec::new());
    everywhere(async |browser, scene| {
        for look in Look::ALL {
            browser.look(look).await;
            for barrier in browser.barriers(axe_core).await {
                found
                    .borrow_mut()
                    .push(format!("{} {look}: {barrier}", scene.name()));
            }
        }
    })
    .await;
    let found = found.into_inner();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// It says what it is, breaks no policy of its own, needs nothing that isn't there, and fits.
#[tokio::test]
async fn every_page_is_whole_on_every_screen() {
    everywhere(async |browser, scene| {
        assert!(!browser.title().await.trim().is_empty(), "{scene:?}");
        assert_eq!(browser.count("h1").await, 1, "{scene:?}");
        assert_eq!(browser.count("main").await, 1, "{scene:?}");
        let language = browser.value_of("html", "lang").await;
        assert_eq!(language.as_deref(), Some("en"), "{scene:?}");
        if matches!(scene, Scene::NotFound | Scene::Forged | Scene::TooMany) {
            let ways = browser.count("main a[href^='/']").await;
            assert!(ways > 0, "{scene:?}: no way on");
        }
        for width in [320, 390, 1280] {
            browser.look(Look::new(width, Theme::Light)).await;
            let overflow = browser.overflow().await;
            assert!(overflow.is_empty(), "{scene:?} at {width}: {overflow:#?}");
        }
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty(), "{scene:?}: {complaints:#?}");
    })
    .await;
}

#[tokio::test]
async fn the_way_with_the_keyboard_reaches_every_field_in_order() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    let browser = site.browser().await;
    browser.open(&site.url("/register")).await;
    let reached = browser.tab_order(8).await;
    let place = |id: &str| reached.iter().position(|reached| reached == id);
    let places = ["username", "email", "password"].map(place);
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{reached:?}"
    );
}

#[tokio::test]
async fn a_button_shows_a_password_where_scripts_run() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    let browser = site.browser().await;
    browser.open(&site.url("/register")).await;
    let look = async || {
        let kind = browser.value_of("#password", "type").await;
        let pressed = browser.value_of(".reveal", "aria-pressed").await;
        (kind.unwrap_or_default(), pressed.unwrap_or_default())
    };
    assert_eq!(look().await, ("password".to_owned(), "false".to_owned()));
    browser.click(".reveal").await;
    assert_eq!(look().await, ("text".to_owned(), "true".to_owned()));
    browser.click(".reveal").await;
    assert_eq!(look().await, ("password".to_owned(), "false".to_owned()));
    browser.click(".reveal").await;
    let who = [("username", "alice"), ("email", "alice@example.org")];
    browser
        .send(&[who[0], who[1], ("password", PASSWORD)])
        .await;
    assert_eq!(browser.path().await, "/account");
    assert_eq!(browser.count(".reveal").await, 2);
    drop(browser);

    let without = site.browser_as(Profile { scripts: false }).await;
    without.open(&site.url("/register")).await;
    assert_eq!(without.count(".reveal").await, 0);
}
