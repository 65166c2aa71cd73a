//! A browser's name for people.

use super::words::Words;

/// The longest text of an unknown program that is shown, in characters.
const SHOWN: usize = 60;

/// The browsers, each by what stands in its `User-Agent`; what also names another comes first.
const BROWSERS: [(&str, &str); 8] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// `Firefox on Linux`; of a program that is no browser, what it calls itself.
pub(super) fn describe(agent: &str, words: &Words) -> String {
    let found = |table: &[(&str, &'static str)]| {
        let entry = table.iter().find(|(mark, _)| agent.contains(mark));
        entry.map(|(_, name)| *name)
    };
    match (found(&BROWSERS), found(&SYSTEMS)) {
        (Some(browser), Some(system)) => {
            let names = [("browser", browser.into()), ("system", system.into())];
            words.say_with("agent-on", &names)
        }
        (Some(browser), None) => browser.to_owned(),
        (None, _) if agent.trim().is_empty() => words.say("agent-unknown"),
        (None, _) if agent.chars().count() > SHOWN => {
            agent.chars().take(SHOWN).chain(['…']).collect()
        }
        (None, _) => agent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_named_as_people_know_them() {
        let texts = texts::Texts::load(None).unwrap();
        let words = Words::of(&std::sync::Arc::new(texts), None);
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.5.0", "curl/8.5.0"),
            (" ", "Unknown program"),
        ] {
            assert_eq!(describe(agent, &words), name);
        }
        assert_eq!(
            describe(&"ü".repeat(1000), &words).chars().count(),
            SHOWN + 1
        );
    }
}
