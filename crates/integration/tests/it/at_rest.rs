//! Whoever reads the store, or a backup of it, reads no secret there that people have seen or typed.

use std::collections::HashMap;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, URL_SAFE_NO_PAD};
use integration::browser::between;
use integration::{Authenticator, Mailed, PASSWORD, Person, TestApp, every_backend};
use serde_json::{Value, json};

const ALICE: &str = "alice@example.org";
const MOVED: &str = "alice@example.net";
const NEW: &str = "another long and winding phrase";
const TYPED: &str = "a wrong password that was typed";

/// The bytes of the shortest form that is looked for.
const BEGINNING: usize = 6;

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RFC_4648: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Secrets that somebody has seen or typed: what each is, and each form that must not stand in a store.
#[derive(Default)]
struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    /// A text as it was seen or typed, and encoded.
    fn text(&mut self, what: &str, text: &str) {
        self.bytes(what, text.as_bytes());
    }

    /// Bytes, in every form that others could write them in.
    fn bytes(&mut self, what: &str, bytes: &[u8]) {
        let hex = |upper| {
            let digit = |byte: &u8| {
                if upper {
                    format!("{byte:02X}")
                } else {
                    format!("{byte:02x}")
                }
            };
            bytes.iter().map(digit).collect::<String>()
        };
        assert!(bytes.len() >= BEGINNING, "a {what} is too short");
        let numbers: Vec<_> = bytes.iter().map(u8::to_string).collect();
        let mut forms = vec![bytes.to_vec()];
        forms.extend(
            [hex(false), hex(true), numbers.join(","), base32(bytes)].map(String::into_bytes),
        );
        forms.extend(in_base64(bytes));
        forms.retain(|form| form.len() >= BEGINNING);
        self.0
            .extend(forms.into_iter().map(|form| (what.to_owned(), form)));
    }

    /// A text of a prefix and bytes in base64, as links and cookies carry them.
    fn token(&mut self, what: &str, token: &str) {
        self.text(what, token);
        let is_prefix = |text: &&str| text.starts_with("pc") && text.ends_with('_');
        let prefix = token.get(..4).filter(is_prefix).unwrap_or_default();
        let bytes = URL_SAFE_NO_PAD.decode(&token[prefix.len()..]);
        self.bytes(
            what,
            &bytes.unwrap_or_else(|error| panic!("{what} {token}: {error}")),
        );
    }

    /// A token of which the claims are stored: its signature.
    fn signed(&mut self, what: &str, token: &str) {
        let (_, signature) = token.rsplit_once('.').expect(what);
        self.token(what, signature);
    }

    /// The MAC in what a known device presents; the rest of it says whose it is.
    fn device(&mut self, token: &str) {
        let (_, encoded) = token.split_once('_').expect("a prefix");
        let bytes = URL_SAFE_NO_PAD.decode(encoded).expect("base64");
        self.text("device token", token);
        self.bytes("device token", &bytes[1..33]);
    }

    fn recovery_code(&mut self, code: &str) {
        let what = "recovery code";
        let symbols: String = code.chars().filter(|symbol| *symbol != '-').collect();
        let bytes = from_base32(&symbols, CROCKFORD);
        assert_eq!(bytes.len(), 16, "{code}");
        self.bytes(what, &bytes);
        for spelt in [code, &symbols] {
            self.text(what, spelt);
            self.text(what, &spelt.to_lowercase());
            self.text(what, &spelt.to_lowercase().replace('-', " "));
        }
    }

    fn tokens(&mut self, answer: &Value) {
        self.signed("access token", text(answer, "access_token"));
        self.signed("refresh token", text(answer, "refresh_token"));
        if let Some(device) = answer["device_token"].as_str() {
            self.device(device);
        }
    }

    /// Link and code of a letter.
    async fn letter(&mut self, app: &Mailed, to: &str, has_code: bool) -> String {
        let letter = app.letter(to).await;
        let link = letter.link();
        let (_, token) = link.split_once("?token=").expect("a token");
        self.token("link of a letter", token);
        if has_code {
            let code = letter.code();
            self.text("code of a letter", &code);
            self.text(
                "code of a letter",
                &format!("{} {}", &code[..4], &code[4..]),
            );
        }
        token.to_owned()
    }

    /// None of them stands there.
    async fn assert_not_in(&self, app: &TestApp) {
        let stored = app.stored().await;
        let address = Forms::of(&[("address", b"alice@")]);
        let is_there = stored
            .iter()
            .any(|(_, bytes)| address.found(bytes).is_some());
        assert!(is_there, "it was looked at the right place");
        let forms = self.forms();
        for (place, bytes) in &stored {
            if let Some((what, form)) = forms.found(bytes) {
                panic!("a {what} stands in {place}, as {}", form.escape_ascii());
            }
        }
    }

    fn forms(&self) -> Forms<'_> {
        let all = self.0.iter();
        Forms::of(
            &all.map(|(what, form)| (&**what, &**form))
                .collect::<Vec<_>>(),
        )
    }
}

/// Forms by their beginnings, so that a large file is read once for all.
struct Forms<'a> {
    /// Whether one begins with these two bytes.
    begin: Vec<bool>,
    forms: HashMap<[u8; BEGINNING], Vec<(&'a str, &'a [u8])>>,
}

impl<'a> Forms<'a> {
    fn of(forms: &[(&'a str, &'a [u8])]) -> Self {
        let mut this = Self {
            begin: vec![false; 1 << 16],
            forms: HashMap::new(),
        };
        for (what, form) in forms {
            let beginning = *form
                .first_chunk()
                .unwrap_or_else(|| panic!("{what} {form:?}"));
            this.begin[pair(form)] = true;
            this.forms.entry(beginning).or_default().push((what, form));
        }
        this
    }

    /// One that stands there.
    fn found(&self, bytes: &[u8]) -> Option<(&'a str, &'a [u8])> {
        for at in 0..bytes.len().saturating_sub(BEGINNING - 1) {
            let rest = &bytes[at..];
            if !self.begin[pair(rest)] {
                continue;
            }
            let forms = rest
                .first_chunk()
                .and_then(|beginning| self.forms.get(beginning));
            let mut forms = forms.into_iter().flatten();
            if let Some(found) = forms.find(|(_, form)| rest.starts_with(form)) {
                return Some(*found);
            }
        }
        None
    }
}

/// The first two bytes.
fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

fn text<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer[member]
        .as_str()
        .unwrap_or_else(|| panic!("no {member} in {answer}"))
}

fn base32(bytes: &[u8]) -> String {
    let bits: Vec<_> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    let value = |bits: &[u8]| {
        (0..5).fold(0, |value, at| {
            value << 1 | bits.get(at).copied().unwrap_or_default()
        })
    };
    bits.chunks(5)
        .map(|bits| char::from(RFC_4648[usize::from(value(bits))]))
        .collect()
}

/// The whole bytes; bits that are left over are none.
fn from_base32(text: &str, alphabet: &[u8; 32]) -> Vec<u8> {
    let value = |symbol| {
        alphabet
            .iter()
            .position(|it| *it == symbol)
            .expect("a symbol")
    };
    let bits: Vec<_> = text
        .bytes()
        .flat_map(|symbol| (0..5).rev().map(move |bit| value(symbol) >> bit & 1))
        .collect();
    let byte = |bits: &[usize]| {
        bits.iter()
            .fold(0, |byte, bit| byte << 1 | u8::try_from(*bit).unwrap())
    };
    bits.chunks_exact(8).map(byte).collect()
}

/// What of base64 doesn't depend on the bytes before and after, wherever it begins.
fn in_base64(bytes: &[u8]) -> Vec<Vec<u8>> {
    let alphabets = [STANDARD, URL_SAFE].map(|alphabet| GeneralPurpose::new(&alphabet, NO_PAD));
    let mut forms = Vec::new();
    for (before, engine) in (0..3).flat_map(|before| alphabets.iter().map(move |it| (before, it))) {
        let shifted = [&[0; 2][..before], bytes].concat();
        let whole = shifted.len() / 3 * 4;
        let encoded = engine.encode(&shifted).into_bytes();
        forms.push(encoded[(before * 8).div_ceil(6)..whole].to_vec());
    }
    forms
}

/// Alice signs up, and confirms her address.
async fn sign_up(app: &Mailed, secrets: &mut Secrets) -> Person {
    secrets.text("password", PASSWORD);
    let id = app.signed_up("alice").await;
    let token = secrets.letter(app, ALICE, true).await;
    let tokens = app.login("alice", PASSWORD).await.assert_ok();
    secrets.tokens(&tokens);
    let alice = Person {
        name: "alice".to_owned(),
        id,
        access: text(&tokens, "access_token").to_owned(),
        refresh: text(&tokens, "refresh_token").to_owned(),
        session: text(&tokens, "session_id").to_owned(),
    };
    app.confirm(&alice, &token).await.assert_status(204);
    secrets.text("typed password", TYPED);
    app.login("alice", TYPED)
        .await
        .assert_problem(401, "invalid_credentials");
    secrets.assert_not_in(app).await;
    alice
}

async fn begin(app: &Mailed, alice: &Person, secrets: &mut Secrets) -> Authenticator {
    let given = app.post("/api/v1/me/factors/totp").by(alice).send().await;
    let given = given.assert_status(201).json();
    let secret = text(&given, "secret");
    secrets.text("secret of an app", secret);
    secrets.bytes("secret of an app", &from_base32(secret, RFC_4648));
    secrets.assert_not_in(app).await; // while it waits to be confirmed
    Authenticator::with(secret)
}

/// She enrols, at the second go.
async fn enrol(
    app: &Mailed,
    alice: &Person,
    secrets: &mut Secrets,
) -> (Authenticator, Vec<String>) {
    begin(app, alice, secrets).await;
    let authenticator = begin(app, alice, secrets).await;
    let code = authenticator.shows(app);
    secrets
        .0
        .push(("code of an app".to_owned(), code.clone().into_bytes()));
    let path = "/api/v1/me/factors/totp/confirm";
    let confirmed = app
        .post(path)
        .by(alice)
        .json(json!({ "code": code }))
        .send()
        .await
        .assert_ok();
    let codes = confirmed["recovery_codes"].as_array().unwrap().iter();
    let codes: Vec<_> = codes
        .map(|code| code.as_str().unwrap().to_owned())
        .collect();
    for code in &codes {
        secrets.recovery_code(code);
    }
    app.advance(30);
    secrets.assert_not_in(app).await;
    (authenticator, codes)
}

/// She signs in by a code.
async fn answer(
    app: &Mailed,
    password: &str,
    by: &str,
    code: &str,
    secrets: &mut Secrets,
) -> Value {
    let asked = app
        .login("alice", password)
        .await
        .assert_problem(401, "factor_required");
    secrets.token("challenge", text(&asked, "challenge"));
    secrets
        .0
        .push(("typed code".to_owned(), code.as_bytes().to_vec()));
    let body = json!({"challenge": asked["challenge"], by: code});
    let answer = app
        .post("/api/v1/login/factor")
        .json(body)
        .send()
        .await
        .assert_ok();
    secrets.tokens(&answer);
    answer
}

/// She signs in on the pages.
async fn browse(app: &Mailed, code: &str, secrets: &mut Secrets) {
    let mut browser = app.browser();
    let keep = |browser: &integration::Browser<'_>, secrets: &mut Secrets| {
        for (name, value) in &browser.cookies {
            match &**name {
                "portcullis" | "portcullis-pre" => secrets.token(name, value),
                "portcullis-device" => secrets.device(value),
                _ => panic!("{name}: is its value a secret?"),
            }
        }
        secrets.text("form token", &browser.token);
    };
    browser.open("/login").await.assert_page(200);
    keep(&browser, secrets);
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let page = browser.submit("/login", &fields).await.assert_page(200);
    let challenge = between(&page, "name=\"challenge\" value=\"", "\"").expect("a challenge");
    secrets.token("challenge", &challenge);
    secrets.assert_not_in(app).await;
    let fields = [("challenge", &*challenge), ("factor", code)];
    browser
        .submit("/login/factor", &fields)
        .await
        .assert_goes_to("/account");
    browser.open("/account").await.assert_page(200);
    assert!(browser.session().is_some());
    keep(&browser, secrets);
    secrets.assert_not_in(app).await;
}

every_backend! {
    async fn a_store_holds_no_secret_in_readable_form(app: Mailed) {
        let mut secrets = Secrets::default();
        let alice = sign_up(&app, &mut secrets).await;
        let (authenticator, codes) = enrol(&app, &alice, &mut secrets).await;

        let code = authenticator.shows(&app);
        let tokens = answer(&app, PASSWORD, "totp", &code, &mut secrets).await;
        let refreshed = app.refresh(text(&tokens, "refresh_token")).await.assert_ok();
        secrets.tokens(&refreshed);
        let spelt = codes[0].to_lowercase().replace('-', " ");
        answer(&app, PASSWORD, "recovery_code", &spelt, &mut secrets).await;
        app.advance(30);
        browse(&app, &authenticator.shows(&app), &mut secrets).await;

        let access = text(&tokens, "access_token"); // as fresh as the sign-in
        let change = app.post("/api/v1/email/change").bearer(access).json(json!({"email": MOVED}));
        change.send().await.assert_status(202);
        let token = secrets.letter(&app, MOVED, true).await;
        secrets.assert_not_in(&app).await;
        let confirm = app.post("/api/v1/email/confirm").bearer(access).json(json!({"token": token}));
        confirm.send().await.assert_status(204);

        app.ask("password/forgot", json!({"email": MOVED})).await.assert_status(202);
        let token = secrets.letter(&app, MOVED, false).await;
        secrets.assert_not_in(&app).await;
        secrets.text("password", NEW);
        let reset = json!({"token": token, "new_password": NEW});
        app.ask("password/reset", reset).await.assert_ok();
        app.advance(30);
        answer(&app, NEW, "totp", &authenticator.shows(&app), &mut secrets).await;
        secrets.assert_not_in(&app).await;
    }
}

#[test]
fn every_form_of_a_secret_is_looked_for() {
    let mut secrets = Secrets::default();
    let secret = b"12345678901234567890";
    secrets.bytes("secret", secret);
    let forms = secrets.forms();
    let base64 =
        |before: &str| URL_SAFE_NO_PAD.encode(format!("{before}12345678901234567890 and more"));
    for written in [
        "12345678901234567890".to_owned(),
        "3132333435363738393031323334353637383930".to_owned(),
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned(),
        "[49,50,51,52,53,54,55,56,57,48,49,50,51,52,53,54,55,56,57,48]".to_owned(),
        base64(""),
        base64("1"),
        base64("22"),
        base64("333"),
    ] {
        assert!(forms.found(written.as_bytes()).is_some(), "{written}");
    }
    assert!(forms.found(b"1234567890123456789").is_none());
    assert_eq!(
        from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", RFC_4648),
        secret
    );
}
