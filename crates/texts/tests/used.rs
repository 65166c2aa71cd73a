//! Every key that is used exists, every key that exists is used, and nothing is said but by a key.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Code and templates of all crates, but for tests.
fn sources() -> Vec<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir(crates).unwrap() {
        let folder = entry.unwrap().path();
        for part in ["src", "templates"] {
            add(&folder.join(part), &mut found);
        }
    }
    let texts = found.iter().map(|path| fs::read_to_string(path).unwrap());
    texts.collect()
}

fn add(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let entries = fs::read_dir(path).unwrap();
        entries.for_each(|entry| add(&entry.unwrap().path(), found));
    } else if path.is_file() && !path.ends_with("tests.rs") {
        found.push(path.to_owned());
    }
}

/// What stands in quotes: good enough for keys, which hold no quotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"')
}

/// Keys begin with a letter and have several words; SMTP says other things.
fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.contains('-')
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
}

/// The keys of English.
fn keys() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("en");
    let files = fs::read_dir(folder).unwrap();
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let keys = texts.flat_map(|text| {
        let keys = text.lines().filter_map(|line| line.split_once(" ="));
        let keys = keys.filter(|(key, _)| !key.contains([' ', '*', '[', '#']));
        keys.map(|(key, _)| key.to_owned()).collect::<Vec<_>>()
    });
    keys.collect()
}

/// Keys that are given to `say` as they are, and those of subjects, which are made of the names of letters.
fn said(sources: &[String]) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    for source in sources {
        let with = source.split("say_with(").skip(1);
        let with = with.chain(source.split("say_around(").skip(1));
        for call in source.split("say(").skip(1).chain(with) {
            let call: String = call.chars().take(200).collect();
            let end = call.find([')', ';']).unwrap_or(call.len());
            let key = quoted(&call[..end]).nth(1);
            said.extend(key.filter(|key| is_key(key)).map(ToOwned::to_owned));
        }
    }
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mail/templates");
    for entry in fs::read_dir(templates).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let letter = name.strip_suffix(".txt").filter(|name| *name != "layout");
        said.extend(letter.map(|name| format!("mail-{}-subject", name.replace('_', "-"))));
    }
    said
}

#[test]
fn every_key_that_is_said_exists() {
    let (keys, said) = (keys(), said(&sources()));
    let missing: Vec<_> = said.difference(&keys).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(said.len() > 50, "{said:?}");
}

#[test]
fn no_key_stands_twice() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("en");
    let files = fs::read_dir(folder).unwrap();
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let texts: String = texts.collect();
    let mut seen = BTreeSet::new();
    let found = texts.lines().filter_map(|line| line.split_once(" ="));
    for (key, _) in found.filter(|(key, _)| is_key(key)) {
        assert!(seen.insert(key), "{key}");
    }
    assert!(seen.len() > 200, "{}", seen.len());
}

#[test]
fn every_key_is_used() {
    let sources = sources();
    let mut used = said(&sources);
    let literals = sources.iter().flat_map(|source| quoted(source));
    for literal in literals {
        used.insert(literal.to_owned());
        // Codes, of which `Code::key` makes keys.
        used.insert(format!("problem-{}", literal.replace('_', "-")));
    }
    let keys = keys();
    let unused: Vec<_> = keys.difference(&used).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// The text without what stands between these marks.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        left.push_str(before);
        rest = after.split_once(close).map_or("", |(_, after)| after);
    }
    left + rest
}

/// What a template says whatever is filled in.
fn literal(template: &str, is_html: bool) -> String {
    let filled = [("{%", "%}"), ("{{", "}}"), ("{#", "#}")];
    // The name of a class.
    let text = without(template, "{% block width %}", "{% endblock %}");
    let text = filled
        .iter()
        .fold(text, |text, (open, close)| without(&text, open, close));
    if !is_html {
        return text;
    }
    let spoken = ["title=\"", "alt=\"", "placeholder=\"", "aria-label=\""];
    let spoken = spoken.iter().flat_map(|name| text.split(name).skip(1));
    let spoken: String = spoken.filter_map(|after| after.split('"').next()).collect();
    spoken + &without(&text, "<", ">")
}

#[test]
fn a_template_says_nothing_but_texts() {
    assert_eq!(
        literal("<p title=\"a\">{{ b }}{% if c %} d</p>", true),
        "a d"
    );
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut templates = Vec::new();
    for name in ["server", "mail"] {
        add(&crates.join(name).join("templates"), &mut templates);
    }
    let mut looked_at = 0;
    for path in templates {
        let ending = path.extension().and_then(|ending| ending.to_str());
        if !matches!(ending, Some("html" | "txt")) {
            continue;
        }
        looked_at += 1;
        let text = fs::read_to_string(&path).unwrap();
        let literal = literal(&text, ending == Some("html"));
        let words = literal.split_whitespace();
        let words: Vec<_> = words
            .filter(|word| word.contains(char::is_alphabetic))
            .collect();
        assert!(words.is_empty(), "{}: {words:?}", path.display());
    }
    assert!(looked_at > 30, "{looked_at}");
}

/// What the parts of a page are declared with, which are keys.
const DECLARED: [&str; 5] = [
    "label: \"",
    "hint: \"",
    "missing: \"",
    "title: \"",
    "action: \"",
];

#[test]
fn what_a_page_declares_is_a_key() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src/pages");
    let mut files = Vec::new();
    add(&pages, &mut files);
    let keys = keys();
    for path in files {
        let source = fs::read_to_string(&path).unwrap();
        for name in DECLARED {
            let declared = source.split(name).skip(1);
            for key in declared.filter_map(|after| after.split('"').next()) {
                let is_known = key.is_empty() || keys.contains(key);
                assert!(is_known, "{}: {key:?}", path.display());
            }
        }
    }
}
