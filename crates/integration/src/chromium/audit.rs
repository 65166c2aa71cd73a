//! What is wrong with a page: barriers, complaints of the browser, overflow.

use std::path::PathBuf;
use std::sync::OnceLock;

use base64::Engine as _;
use serde_json::{Value, json};

use super::Browser;
use super::commands::Vendor;
use super::skipped;

/// How Chromium says that it doesn't know what a Permissions-Policy switches off.
const LACKING: &str = "Error with Permissions-Policy header: Unrecognized feature";

/// The source of axe-core, which `scripts/axe` puts into the target folder. `None` where it isn't.
pub fn axe_core() -> Option<&'static str> {
    static SOURCE: OnceLock<Option<String>> = OnceLock::new();
    let source = SOURCE.get_or_init(|| {
        let test = std::env::current_exe().expect("a test has a path");
        let mut folders = test
            .ancestors()
            .map(|folder| folder.join("axe-core/axe.min.js"));
        let file: Option<PathBuf> = folders.find(|file| file.exists());
        file.map(|file| std::fs::read_to_string(file).expect("it can be read"))
    });
    if source.is_none() {
        skipped("axe-core");
    }
    source.as_deref()
}

impl Browser {
    /// Looks for barriers with every rule of axe-core: the id of each, where it is, what helps.
    pub async fn barriers(&self, axe_core: &str) -> Vec<String> {
        self.script(axe_core, Vec::new()).await;
        let run = "const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']}).then(
                found => done(found.violations.map(v =>
                    `${v.id} at ${v.nodes.map(n => n.target.join(' ')).join(', ')}: ${v.help} (${v.nodes[0].failureSummary})`)),
                error => done(['axe-core failed: ' + error]));";
        let found = self.client.execute_async(run, Vec::new()).await;
        texts(&found.expect("axe-core runs"))
    }

    /// What the browser complained of since this was last asked: breaches of the
    /// Content-Security-Policy, errors, warnings. That a page came with a status of failure is no
    /// complaint; that what it needs did is one. Nor is it one that this browser lacks a feature
    /// which is switched off: others have it.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.client.issue_cmd(Vendor::Console).await;
        let entries = entries.expect("the console can be read");
        let entries = entries.as_array().expect("it is a list").iter();
        entries
            .filter(|entry| matches!(entry["level"].as_str(), Some("WARNING" | "SEVERE")))
            .filter_map(|entry| entry["message"].as_str())
            .filter(|message| !is_a_page_of_failure(message))
            .filter(|message| !message.contains(LACKING))
            .map(str::to_owned)
            .collect()
    }

    /// What reaches over the right edge of the window.
    pub async fn overflow(&self) -> Vec<String> {
        let script = "const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) return [];
            const far = [...document.querySelectorAll('*')]
                .filter(e => e.getBoundingClientRect().right > width)
                .map(e => `${e.tagName.toLowerCase()}#${e.id} ends at ${e.getBoundingClientRect().right}`);
            return [`the page ends at ${document.documentElement.scrollWidth} of ${width}`, ...far];";
        let found = self.script(script, Vec::new()).await;
        texts(&found)
    }

    /// The whole page as a PNG.
    pub async fn picture(&self) -> Vec<u8> {
        let whole = json!({"format": "png", "captureBeyondViewport": true});
        let taken = self.dev_tools("Page.captureScreenshot", whole).await;
        let data = taken["data"].as_str().expect("it is text");
        let decoded = base64::engine::general_purpose::STANDARD.decode(data);
        decoded.expect("it is base64")
    }
}

/// Whether the console only repeats the status of a page: pages have no dot in their path.
fn is_a_page_of_failure(message: &str) -> bool {
    let (address, rest) = message.split_once(' ').unwrap_or_default();
    let path = url::Url::parse(address).map(|url| url.path().to_owned());
    rest.starts_with("- Failed to load resource: the server responded with a status of 4")
        && path.is_ok_and(|path| !path.contains('.'))
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("it is a list").iter();
    list.map(|text| text.as_str().unwrap_or_default().to_owned())
        .collect()
}
