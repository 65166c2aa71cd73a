//! Pages of others send the accounts' forms in the name of whoever opens them, and nothing happens.

use integration::PASSWORD;
use integration::chromium::{Attack, Browser, Site, Stranger, Vehicle};

use super::NEW;

/// Alice, signed in with a browser and with a program, and a thief with an account of his own.
struct Victims {
    site: Site,
    alice: Browser,
    program: String,
    session: String,
    /// Alice's own form token, as if it had leaked.
    leaked: String,
    /// The thief's.
    thieves: String,
}

const TOKEN: &str = "form[action='/logout'] [name=csrf_token]";

async fn victims() -> Option<Victims> {
    let site = Site::start(&[]).await?;
    site.has_account("alice").await;
    site.has_account("thief").await;
    let thief = site.browser().await;
    thief.signs_in(&site, "thief", PASSWORD).await;
    let thieves = thief.value_of(TOKEN, "value").await.unwrap();
    drop(thief);
    let program = site.login("alice", PASSWORD).await;
    let alice = site.browser().await;
    alice.signs_in(&site, "alice", PASSWORD).await;
    let leaked = alice.value_of(TOKEN, "value").await.unwrap();
    Some(Victims {
        alice,
        program: program.text("access_token"),
        session: program.text("session_id"),
        leaked,
        thieves,
        site,
    })
}

impl Victims {
    /// Every form that changes something, as a thief would fill it in.
    fn forms(&self) -> Vec<(String, Vec<(&str, &str)>)> {
        let end = format!("/account/sessions/{}/end", self.session);
        let form = |path: &str, fields: &[(&'static str, &'static str)]| {
            (path.to_owned(), fields.to_vec())
        };
        let email = ("email", "mallory@example.org");
        let mallory = ("username", "mallory");
        vec![
            form("/login", &[("username", "thief"), ("password", PASSWORD)]),
            form("/register", &[mallory, email, ("password", NEW)]),
            form("/account/profile", &[mallory, email]),
            form(
                "/account/password",
                &[("current_password", PASSWORD), ("new_password", NEW)],
            ),
            form("/account/confirm", &[("password", PASSWORD)]),
            form(&end, &[]),
            form("/account/sessions/end-others", &[]),
            form("/logout", &[]),
        ]
    }

    /// Sends every form in every way from one host.
    async fn attack(&self, host: &'static str, referrer: &'static str) {
        let leaked = Some(self.leaked.as_str());
        for (path, fields) in self.forms() {
            for (vehicle, token) in [
                (Vehicle::UrlEncoded, None),
                (Vehicle::UrlEncoded, Some("guessed")),
                (Vehicle::UrlEncoded, Some(self.thieves.as_str())),
                (Vehicle::UrlEncoded, leaked),
                (Vehicle::Multipart, leaked),
                (Vehicle::Plain, leaked),
                (Vehicle::Fetch, leaked),
            ] {
                let mut fields = fields.clone();
                fields.extend(token.map(|token| ("csrf_token", token)));
                let attack = Attack {
                    host,
                    referrer,
                    path: &path,
                    fields: &fields,
                    vehicle,
                };
                let status = self.alice.falls_for(&self.site, &attack).await;
                assert!(matches!(status, None | Some(403)), "{status:?}: {attack:?}");
            }
        }
    }

    /// Alice is who she was, everywhere where she was.
    async fn nothing_changed(&self, what: &str) {
        let alice = &self.alice;
        alice.open(&self.site.url("/account")).await;
        assert_eq!(alice.path().await, "/account", "{what}");
        for (field, value) in [
            ("#profile-username", "alice"),
            ("#profile-email", "alice@example.org"),
        ] {
            let shown = alice.value_of(field, "value").await;
            assert_eq!(shown.as_deref(), Some(value), "{what}");
        }
        assert!(self.site.lives(&self.program).await, "{what}");
        for (name, password, status) in [
            ("alice", PASSWORD, 200),
            ("alice", NEW, 401),
            ("mallory", NEW, 401),
        ] {
            let tried = self.site.login(name, password).await;
            assert_eq!(tried.status, status, "{what}: {name}");
        }
    }
}

#[tokio::test]
async fn forms_from_another_site_are_refused() {
    let Some(victims) = victims().await else {
        return;
    };
    for referrer in ["unsafe-url", "no-referrer"] {
        victims.attack(Stranger::HOST, referrer).await;
        victims.nothing_changed(referrer).await;
    }
}

/// The cookies come with these: `SameSite` looks at the site, and this is another origin of the same.
#[tokio::test]
async fn forms_from_a_neighbour_are_refused_though_they_come_with_the_cookies() {
    let Some(victims) = victims().await else {
        return;
    };
    for referrer in ["unsafe-url", "no-referrer"] {
        victims.attack(Stranger::NEIGHBOUR, referrer).await;
        victims.nothing_changed(referrer).await;
    }
}

#[tokio::test]
async fn nothing_is_changed_by_a_link() {
    let Some(victims) = victims().await else {
        return;
    };
    for (path, mut fields) in victims.forms() {
        fields.push(("csrf_token", &victims.leaked));
        let attack = Attack {
            host: Stranger::NEIGHBOUR,
            referrer: "unsafe-url",
            path: &path,
            fields: &fields,
            vehicle: Vehicle::Get,
        };
        victims.alice.falls_for(&victims.site, &attack).await;
    }
    victims.nothing_changed("links").await;
}

/// The second defence alone: the origin is right, the token is not this session's.
#[tokio::test]
async fn a_token_of_another_session_is_refused_on_ones_own_page() {
    let Some(victims) = victims().await else {
        return;
    };
    let Victims { site, alice, .. } = &victims;
    let before_login = {
        let browser = site.browser().await;
        browser.open(&site.url("/login")).await;
        browser.value_of("[name=csrf_token]", "value").await
    };
    let before_login = before_login.unwrap();
    for token in ["", "guessed", victims.thieves.as_str(), &before_login] {
        for label in ["Sign out", "End session", "End all other sessions"] {
            alice.open(&site.url("/account")).await;
            alice.plant("[name=csrf_token]", token).await;
            alice.press(label).await;
            assert_eq!(alice.status().await, 403, "{label} with {token:?}");
        }
        alice.open(&site.url("/account")).await;
        alice.plant("[name=csrf_token]", token).await;
        let current = ("password-current_password", PASSWORD);
        alice.send(&[current, ("password-new_password", NEW)]).await;
        assert_eq!(alice.status().await, 403, "password with {token:?}");
    }
    victims.nothing_changed("tokens of others").await;
    alice.open(&site.url("/account")).await;
    alice.plant("[name=csrf_token]", &victims.leaked).await;
    alice.press("Sign out").await;
    assert_eq!(
        alice.path().await,
        "/login",
        "one's own token is taken again"
    );
}

/// Else an attacker would read what the victim then does in his account.
#[tokio::test]
async fn nobody_is_signed_in_to_an_account_of_the_attacker() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    site.has_account("thief").await;
    let thief = site.browser().await;
    thief.open(&site.url("/login")).await;
    let token = thief.value_of("[name=csrf_token]", "value").await.unwrap();
    let victim = site.browser().await;
    victim.open(&site.url("/login")).await;
    let own = victim.value_of("[name=csrf_token]", "value").await.unwrap();
    for host in [Stranger::HOST, Stranger::NEIGHBOUR] {
        for token in [&token, &own] {
            let attack = Attack {
                host,
                referrer: "no-referrer",
                path: "/login",
                fields: &[
                    ("username", "thief"),
                    ("password", PASSWORD),
                    ("csrf_token", token),
                ],
                vehicle: Vehicle::UrlEncoded,
            };
            assert_eq!(victim.falls_for(&site, &attack).await, Some(403));
            victim.open(&site.url("/account")).await;
            assert!(victim.path().await.starts_with("/login"), "{attack:?}");
        }
    }
}

/// A page in a frame could be covered, and pressed without being seen.
#[tokio::test]
async fn no_page_can_be_framed() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    let browser = site.browser().await;
    for host in [Stranger::HOST, Stranger::NEIGHBOUR] {
        site.stranger().shows(format!(
            "<!doctype html><title>Frame</title><iframe src=\"{}\"></iframe>",
            site.url("/login")
        ));
        browser.open(&format!("https://{host}/")).await;
        browser
            .until("the browser refuses", async || {
                let complaints = browser.complaints().await;
                complaints.iter().any(|c| c.contains("frame"))
            })
            .await;
    }
}
