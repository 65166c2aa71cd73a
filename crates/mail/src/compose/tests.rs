use std::fs;

use tempfile::TempDir;
use texts::ENGLISH;

use super::*;
use crate::letter::{ConfirmedName, MaskedAddress};
use crate::outgoing::MessageId;

fn stationery() -> Stationery {
    Stationery {
        from: Sender::parse("Kontén <accounts@example.org>").unwrap(),
        reply_to: Some(Sender::parse("help@example.org").unwrap()),
        service: "accounts.example.org".to_owned(),
    }
}

fn composer() -> Composer {
    let texts = Arc::new(Texts::load(None).unwrap());
    Composer::new(texts, stationery(), None).unwrap()
}

fn with_templates(files: &[(&str, &str)]) -> Result<Composer, Vec<TemplateFault>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let texts = Arc::new(Texts::load(None).unwrap());
    Composer::new(texts, stationery(), Some(folder.path()))
}

fn german() -> (TempDir, Arc<Texts>) {
    let folder = tempfile::tempdir().unwrap();
    let english: String = ENGLISH.iter().map(|file| file.text).collect();
    let text = "mail-reset-password-subject = Neues Paßwort wählen\nmail-greeting = Guten Tag,";
    fs::create_dir(folder.path().join("de")).unwrap();
    fs::write(folder.path().join("de/a.ftl"), english).unwrap();
    fs::write(folder.path().join("de/b.ftl"), text).unwrap();
    let texts = Arc::new(Texts::load(Some(folder.path())).unwrap());
    (folder, texts)
}

fn outgoing(letter: Letter, to: &str) -> Outgoing {
    Outgoing {
        id: MessageId::parse("0190d3a5-7e4f").unwrap(),
        to: EmailAddress::parse(to).unwrap(),
        language: Texts::load(None).unwrap().english(),
        letter,
        date: Timestamp::from_seconds(1_800_000_000),
    }
}

fn reset() -> Letter {
    Letter::ResetPassword {
        link: "https://accounts.example.org/reset?token=abc".into(),
        expires: Timestamp::from_seconds(1_800_003_600),
        deletion_due: None,
    }
}

#[test]
fn a_link_to_a_new_password_says_that_it_keeps_an_account_only_where_it_does() {
    let keeps = "Your account will be deleted on 2027-01-15 08:00 UTC. A new password keeps it.";
    let of = |deletion_due| {
        let Letter::ResetPassword { link, expires, .. } = reset() else {
            unreachable!()
        };
        let letter = Letter::ResetPassword {
            link,
            expires,
            deletion_due,
        };
        let written = written(&letter);
        [written.text.contains(keeps), written.html.contains(keeps)]
    };
    assert_eq!(of(None), [false, false]);
    let due = Timestamp::from_seconds(1_800_000_000);
    assert_eq!(of(Some(due)), [true, true]);
}

fn named(name: &str) -> Option<ConfirmedName> {
    serde_json::from_value(name.into()).unwrap()
}

fn written(letter: &Letter) -> Written {
    let composer = composer();
    let language = composer.texts.english();
    let date = Timestamp::from_seconds(1_800_000_000);
    composer.write(letter, &language, date).unwrap()
}

fn bytes(outgoing: &Outgoing) -> String {
    String::from_utf8(composer().compose(outgoing).unwrap().bytes).unwrap()
}

/// The header before the body, unfolded.
fn header(message: &str) -> Vec<String> {
    let (header, _) = message.split_once("\r\n\r\n").unwrap();
    let unfolded = header.replace("\r\n ", " ");
    unfolded.split("\r\n").map(ToOwned::to_owned).collect()
}

#[test]
fn the_text_of_a_letter_has_its_link_on_a_line_of_its_own() {
    let written = written(&reset());
    assert_eq!(written.subject, "Choose a new password");
    assert_eq!(
        written.text,
        "Hello,\n\
         \n\
         Somebody, probably you, asked for a new password for your account at accounts.example.org. To choose one:\n\
         \n\
         https://accounts.example.org/reset?token=abc\n\
         \n\
         This works for 1 hour, until 2027-01-15 09:00 UTC.\n\
         \n\
         If it wasn’t you, ignore this message: your password stays as it is.\n\
         \n\
         -- \n\
         This is an automatic message from accounts.example.org.\n"
    );
}

#[test]
fn a_code_is_shown_in_fours() {
    let letter = Letter::ConfirmSignUp {
        link: "https://accounts.example.org/confirm?token=abc".into(),
        code: "12345678".into(),
        expires: Timestamp::from_seconds(1_800_086_400),
    };
    let written = written(&letter);
    assert!(
        written.text.contains("\n\n1234 5678\n\n"),
        "{}",
        written.text
    );
    assert!(written.html.contains(">1234 5678</p>"), "{}", written.html);
}

#[test]
fn the_html_fetches_nothing_and_leads_where_it_says() {
    let composer = composer();
    for letter in samples::letters() {
        let date = Timestamp::from_seconds(0);
        let html = composer.write(&letter, &composer.texts.english(), date);
        let html = html.unwrap().html;
        assert!(html.contains("<html lang=\"en\">"));
        for fetching in [
            "src=", "url(", "<img", "<link", "<script", "@import", "{{", "{%",
        ] {
            assert!(!html.contains(fetching), "{}: {fetching}", letter.kind());
        }
        for after in html.split("href=\"").skip(1) {
            let (link, rest) = after.split_once('"').unwrap();
            assert!(rest.contains(&format!(">{link}</p>")), "{html}");
        }
    }
}

#[test]
fn the_header_says_what_mail_systems_ask_for() {
    let message = bytes(&outgoing(reset(), "alice@example.org"));
    let header = header(&message);
    for line in [
        "From: =?utf-8?b?S29udMOpbg==?= <accounts@example.org>",
        "To: alice@example.org",
        "Reply-To: help@example.org",
        "Subject: Choose a new password",
        "Date: Fri, 15 Jan 2027 08:00:00 +0000",
        "Message-ID: <0190d3a5-7e4f@example.org>",
        "Auto-Submitted: auto-generated",
        "Content-Language: en",
        "X-Entity-Ref-ID: 0190d3a5-7e4f",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative; boundary=\"=_0190d3a5-7e4f\"",
    ] {
        assert!(
            header.iter().any(|found| found == line),
            "{line}: {header:#?}"
        );
    }
    assert_eq!(header.len(), 11);
}

#[test]
fn a_letter_that_is_sent_twice_is_the_same() {
    let letter = outgoing(reset(), "alice@example.org");
    assert_eq!(bytes(&letter), bytes(&letter));
}

#[test]
fn every_letter_is_ascii_whatever_it_says() {
    let (_folder, texts) = german();
    let language = texts.language(Part::Mail, "de");
    let composer = Composer::new(texts, stationery(), None).unwrap();
    for letter in samples::letters().into_iter().chain([Letter::Deleted {
        name: named("Ζωή")
    }]) {
        let outgoing = Outgoing {
            language: language.clone(),
            ..outgoing(letter, "alice@example.org")
        };
        let bytes = composer.compose(&outgoing).unwrap().bytes;
        assert!(bytes.is_ascii(), "{}", outgoing.letter.kind());
        let message = String::from_utf8(bytes).unwrap();
        assert!(header(&message).contains(&"Content-Language: de".to_owned()));
        assert!(message.split("\r\n").all(|line| line.len() < 998));
    }
}

#[test]
fn a_domain_is_written_in_ascii_and_a_mailbox_as_it_is() {
    let composed = composer()
        .compose(&outgoing(reset(), "pelé@exämple.com"))
        .unwrap();
    assert_eq!(composed.to.to_string(), "pelé@xn--exmple-cua.com");
    let message = String::from_utf8(composed.bytes).unwrap();
    assert!(header(&message).contains(&"To: pelé@xn--exmple-cua.com".to_owned()));
    let message = bytes(&outgoing(reset(), "alice@exämple.com"));
    assert!(header(&message).contains(&"To: alice@xn--exmple-cua.com".to_owned()));
}

#[test]
fn a_hostile_name_is_one_line_of_text_and_never_markup() {
    let name =
        "x\r\nBcc: eve@example.org\r\n\r\n<a href=\"https://evil.example\">{{ link }}</a>\u{202e}";
    let letter = Letter::PasswordChanged {
        name: named(name),
        reset: "https://accounts.example.org/forgot".to_owned(),
    };
    let written = written(&letter);
    assert!(
        !written.html.contains("<a href=\"https://evil"),
        "{}",
        written.html
    );
    assert!(written.html.contains("&lt;a href="), "{}", written.html);
    assert!(
        written
            .text
            .starts_with("Hello x  Bcc: eve@example.org    <a href")
    );
    assert!(
        written.text.contains("{{ link }}"),
        "values are not read as templates"
    );

    let message = bytes(&outgoing(letter, "alice@example.org"));
    assert!(!header(&message).iter().any(|line| line.starts_with("Bcc")));
}

#[test]
fn a_new_address_is_shown_masked() {
    let letter = Letter::AddressChanged {
        name: named("alice"),
        new_address: MaskedAddress::of(&EmailAddress::parse("mallory@evil.example.org").unwrap()),
        undo: "https://accounts.example.org/email/undo?token=abc".into(),
        expires: Timestamp::from_seconds(1_800_604_800),
    };
    let written = written(&letter);
    assert!(
        written.text.contains("was changed to m…@evil.example.org."),
        "{}",
        written.text
    );
    assert!(!written.text.contains("mallory"));
}

#[test]
fn a_template_can_be_replaced_by_its_name() {
    let text = "{% extends \"layout.txt\" %}{% block letter %}Go to {{ link }} ({{ say(\"mail-code\") }}){% endblock %}";
    let composer = with_templates(&[("reset_password.txt", text), ("README.md", "{% no")]).unwrap();
    let date = Timestamp::from_seconds(0);
    let written = composer
        .write(&reset(), &composer.texts.english(), date)
        .unwrap();
    assert!(
        written
            .text
            .contains("Go to https://accounts.example.org/reset?token=abc (Or enter")
    );
    assert!(
        written.html.contains("asked for a new password"),
        "the other one stays"
    );
}

#[test]
fn everything_that_is_wrong_with_templates_is_told_at_the_start() {
    let faults = with_templates(&[
        ("reset_password.txt", "{{ code }}"),
        ("deleted.txt", "{% if name %}{{ nome }}{% endif %}"),
        ("invitation.html", "{{ say(\"mail-invitation\") }}"),
        ("test.html", "{{ say(\"mail-test-intro\") }}"),
    ])
    .unwrap_err();
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    for expected in [
        "reset_password.txt: line 1: undefined value: code",
        "deleted.txt: line 1: undefined value: nome",
        "invitation.html: line 1: invalid operation: no text has the key \"mail-invitation\"",
        "test.html: line 1: invalid operation: the text \"mail-test-intro\" takes $service, and was given none",
    ] {
        assert!(
            told.iter().any(|fault| fault == expected),
            "{expected}: {told:#?}"
        );
    }
    assert_eq!(told.len(), 4, "{told:#?}");

    // One that can't be read hides none of the others.
    let faults = with_templates(&[
        ("reset_passwort.txt", ""),
        ("test.txt", "{% if %}"),
        ("deleted.html", "{{ nome }}"),
    ])
    .unwrap_err();
    let names: Vec<_> = faults.iter().map(|fault| fault.name.as_str()).collect();
    assert_eq!(names, ["reset_passwort.txt", "test.txt", "deleted.html"]);
    let missing = Path::new("/no/such/folder");
    let texts = Arc::new(Texts::load(None).unwrap());
    assert_eq!(
        Composer::new(texts, stationery(), Some(missing))
            .unwrap_err()
            .len(),
        1
    );
}

#[test]
fn each_letter_is_written_in_its_language() {
    let (_folder, texts) = german();
    let composer = Composer::new(Arc::clone(&texts), stationery(), None).unwrap();
    let date = Timestamp::from_seconds(0);
    let written = composer
        .write(&reset(), &texts.language(Part::Mail, "de"), date)
        .unwrap();
    assert_eq!(written.subject, "Neues Paßwort wählen");
    assert!(written.text.starts_with("Guten Tag,\n"));
    assert!(written.html.contains("<html lang=\"de\">"));
}

#[test]
fn debug_shows_who_writes_and_no_letter() {
    let text = format!(
        "{:?} {:?}",
        composer(),
        outgoing(reset(), "alice@example.org")
    );
    assert!(!text.contains("alice") && !text.contains("token"), "{text}");
}

#[test]
fn the_docs_name_every_template() {
    let docs = include_str!("../../../../docs/mail.md");
    for (name, _) in templates::TEMPLATES {
        let letter = name.split_once('.').map_or(*name, |(letter, _)| letter);
        let is_named =
            docs.contains(&format!("`{name}`")) || docs.contains(&format!("| `{letter}` |"));
        assert!(is_named, "{name}");
    }
    for letter in samples::letters() {
        let composer = composer();
        let around = Around {
            texts: &composer.texts,
            language: &composer.texts.english(),
            date: Timestamp::from_seconds(0),
        };
        let line = docs
            .lines()
            .find(|line| line.starts_with(&format!("| `{}` |", letter.kind())));
        for (name, _) in around
            .words(&letter)
            .iter()
            .filter(|(name, _)| *name != "name")
        {
            assert!(
                line.unwrap().contains(&format!("`{name}`")),
                "{name} of {}",
                letter.kind()
            );
        }
    }
}
