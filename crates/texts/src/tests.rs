use std::fs;

use tempfile::TempDir;

use super::*;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn load(files: &[(&str, &str)]) -> Texts {
    Texts::load(Some(folder(files).path())).unwrap()
}

fn faults(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let faults = Texts::load(Some(folder.path())).unwrap_err();
    let faults = faults.iter().map(ToString::to_string);
    let root = format!("{}/", folder.path().display());
    faults.map(|fault| fault.replace(&root, "")).collect()
}

#[test]
fn english_is_complete_and_without_a_fault() {
    let texts = Texts::load(None).unwrap();
    for part in Part::ALL {
        assert_eq!(texts.languages(part).count(), 1);
    }
    assert!(texts.incomplete().is_empty());
    let said = texts.say(
        &texts.english(),
        "mail-greeting-name",
        &[("name", "Alice".into())],
    );
    assert_eq!(said, "Hello Alice,");
}

/// All texts of these parts as a file of another language.
fn complete(part: Part) -> String {
    let files = ENGLISH.iter().filter(|file| file.parts.contains(&part));
    files.map(|file| file.text).collect()
}

#[test]
fn a_folder_adds_languages_and_replaces_single_keys() {
    let (pages, mail) = (complete(Part::Pages), complete(Part::Mail));
    let texts = load(&[
        ("de/a-pages.ftl", &pages),
        ("de/b-mail.ftl", &mail),
        ("de/own.ftl", "mail-greeting = Guten Tag,"),
        ("pt-br/mail.ftl", &mail),
        ("en/own.ftl", "mail-footer = Yours, { $service }."),
        ("README.md", "{ no text }"),
        (".hidden.ftl", "{"),
    ]);
    let tags = |part| -> Vec<_> { texts.languages(part).map(Language::tag).collect() };
    assert_eq!(tags(Part::Mail), ["en", "de", "pt-BR"]);
    assert_eq!(tags(Part::Pages), ["en", "de"]);
    assert_eq!(texts.incomplete(), [], "pt-BR is meant for mail alone");

    let german = texts.language(Part::Mail, "de-AT");
    assert_eq!(german.tag(), "de");
    assert_eq!(texts.say(&german, "mail-greeting", &[]), "Guten Tag,");
    let footer = [("service", "a.example".into())];
    let said = texts.say(&texts.english(), "mail-footer", &footer);
    assert_eq!(said, "Yours, a.example.");
}

#[test]
fn a_language_that_lacks_a_text_is_not_used_and_that_is_said() {
    let pages = complete(Part::Pages).replace("page-skip =", "# page-skip =");
    let texts = load(&[
        ("de.ftl", &pages),
        ("fr.ftl", &complete(Part::Mail)),
        ("it.ftl", "mail-greeting = Salve,"),
    ]);
    for (part, wanted, tag) in [
        (Part::Pages, "de, fr;q=0.5", "en"),
        (Part::Mail, "de, fr;q=0.5", "fr"),
        (Part::Mail, "it", "en"),
    ] {
        assert_eq!(texts.negotiate(part, Some(wanted)).tag(), tag, "{part}");
    }
    let incomplete = texts.incomplete();
    let told: Vec<_> = incomplete.iter().map(ToString::to_string).collect();
    assert_eq!(
        told[0],
        "de is not used for pages: it lacks page-skip; `portcullis texts print --missing de` prints what is missing"
    );
    let italian = |told: &String| told.starts_with("it is not used for mail: it lacks mail-");
    assert!(told.iter().any(italian), "{told:?}");
    let bounded = |told: &String| told.len() < 400 && !told.starts_with("fr");
    assert!(told.iter().all(bounded), "{told:?}");
}

#[test]
fn the_language_is_the_best_that_there_is() {
    let mail = complete(Part::Mail);
    let texts = load(&[("de.ftl", &mail), ("pt-BR.ftl", &mail), ("fr.ftl", &mail)]);
    for (accepted, tag) in [
        (None, "en"),
        (Some("nonsense, *"), "en"),
        (Some("ja"), "en"),
        (Some("de"), "de"),
        (Some("de-CH, en;q=0.9"), "de"),
        (Some("en-GB, de"), "en"),
        (Some("ja, fr;q=0.1"), "fr"),
        (Some("pt"), "pt-BR"),
        (Some("fr;q=0.2, de;q=0.9"), "de"),
    ] {
        let language = texts.negotiate(Part::Mail, accepted);
        assert_eq!(language.tag(), tag, "{accepted:?}");
    }
}

#[test]
fn everything_that_is_wrong_with_the_folder_is_told_at_once() {
    let found = faults(&[
        (
            "de.ftl",
            "mail-greetings = Hallo\nmail-footer = { $sevice } { $service }",
        ),
        ("fr.ftl", "# fine\n\nmail-code = { $\n\nmail-cod = x\n"),
        (
            "es.ftl",
            "mail-code = { mail-cod } { -brand } { UPPER($x) }\nmail-greeting =\n    .title = x",
        ),
        (
            "it.ftl",
            "mail-code = { mail-greeting }\nmail-greeting = { mail-code }",
        ),
        ("123456789.ftl", ""),
        ("german/mail.ftl", ""),
        ("pages.ftl", ""),
    ]);
    for expected in [
        "de.ftl: mail-greetings is not a key",
        "de.ftl: mail-footer has no variable $sevice: it takes $service",
        "fr.ftl:3: ",
        "fr.ftl: mail-cod is not a key",
        "es.ftl: mail-code refers to mail-cod, which is not a key",
        "es.ftl: mail-code refers to -brand, which the language doesn't define",
        "es.ftl: mail-code calls UPPER(): there are no functions",
        "es.ftl: mail-greeting must be a text, without attributes",
        "123456789: is not a language tag",
        "german: is not a language tag",
        "pages: is not a language tag",
    ] {
        assert!(
            found.iter().any(|fault| fault.starts_with(expected)),
            "{expected}: {found:#?}"
        );
    }
    let circle = faults(&[(
        "it.ftl",
        "mail-code = { mail-greeting }\nmail-greeting = { mail-code }",
    )]);
    assert!(circle[0].starts_with("it: mail-"), "{circle:?}");
}

#[test]
fn a_folder_that_is_missing_is_a_fault() {
    let missing = tempfile::tempdir().unwrap().path().join("texts");
    assert_eq!(Texts::load(Some(&missing)).unwrap_err().len(), 1);
}

#[test]
fn terms_serve_within_a_language() {
    let texts = load(&[(
        "en.ftl",
        "-account = account\nmail-greeting = Your { -account }",
    )]);
    let said = texts.say(&texts.english(), "mail-greeting", &[]);
    assert_eq!(said, "Your account");
}

#[test]
fn keys_and_variables_that_a_text_does_not_have_are_refused() {
    let texts = Texts::load(None).unwrap();
    let english = texts.english();
    let unknown = texts.try_say(&english, "mail-no-such", &[]).unwrap_err();
    assert_eq!(unknown.to_string(), "no text has the key \"mail-no-such\"");
    for variables in [
        &[][..],
        &[("nome", "x".into())],
        &[("name", "x".into()), ("y", 1.into())],
    ] {
        let refused = texts.try_say(&english, "mail-greeting-name", variables);
        assert!(matches!(refused, Err(NotSaid::OtherVariables { .. })));
    }
}

#[test]
fn what_is_put_in_is_never_read_as_a_text() {
    let texts = Texts::load(None).unwrap();
    let hostile = "{ $service }\r\n\u{202e}{ mail-code }";
    let said = texts.say(
        &texts.english(),
        "mail-greeting-name",
        &[("name", hostile.into())],
    );
    assert_eq!(said, "Hello { $service }  { mail-code },");
}

#[test]
fn texts_are_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Texts::load(None).unwrap());
}

#[test]
fn every_text_may_name_the_service() {
    let files = [(
        "en.ftl",
        "mail-greeting = Hello from { $brand },\npage-skip = { $brand } is here",
    )];
    assert_eq!(
        load(&files).say(&load(&files).english(), "mail-greeting", &[]),
        "Hello from Portcullis,"
    );
    let texts = load(&files).named(BrandName::parse("{ mail-code } & \"Söhne\"").unwrap());
    let said = texts.say(&texts.english(), "mail-greeting", &[]);
    assert_eq!(said, "Hello from { mail-code } & \"Söhne\",");
}

#[test]
fn what_remains_to_be_translated_is_a_file_of_texts() {
    let printed = english_of(|key| matches!(key, "mail-code" | "wait-days" | "mail-expires"));
    assert!(
        printed.contains("wait-days =\n    { $count ->\n"),
        "{printed}"
    );
    assert!(
        printed.contains("# { $wait } is a time in words"),
        "{printed}"
    );
    let texts = load(&[("de.ftl", &printed)]);
    let missing = &texts.incomplete()[0].missing;
    assert!(!missing.iter().any(|key| key == "mail-code"), "{missing:?}");
}
