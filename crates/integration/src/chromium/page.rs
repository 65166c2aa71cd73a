//! What a person does with a page, and sees on it.

use fantoccini::Locator;
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use serde_json::{Value, json};
use std::time::Duration;

use super::launch::DOWNLOADS;
use super::{Browser, PATIENCE};

impl Browser {
    /// Goes to an address.
    pub async fn open(&self, url: &str) {
        let opened = self.client.goto(url).await;
        opened.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Fills in fields, named by their ids, and presses the button of the form that has the first.
    pub async fn send(&self, fields: &[(&str, &str)]) {
        for (id, value) in fields {
            let field = self.find(&format!("#{id}")).await;
            field.clear().await.expect("it is a field");
            field.send_keys(value).await.expect("it is a field");
        }
        let first = self.find(&format!("#{}", fields[0].0)).await;
        let button = first
            .find(Locator::XPath("ancestor::form//button[not(@type)]"))
            .await;
        self.press_it(button.expect("the form has a button")).await;
    }

    /// Presses the first button with this text.
    pub async fn press(&self, label: &str) {
        let button = format!("//button[normalize-space()={label:?}]");
        let button = self.client.find(Locator::XPath(&button)).await;
        let button = button.unwrap_or_else(|error| panic!("no button {label:?}: {error}"));
        self.press_it(button).await;
    }

    /// Types into a field that has the id, and ends with the enter key, which sends its form.
    pub async fn enter(&self, id: &str, value: &str) {
        let field = self.find(&format!("#{id}")).await;
        let keys = format!("{value}\u{e007}");
        self.next_page(async || field.send_keys(&keys).await.expect("it is a field"))
            .await;
    }

    /// What was downloaded under this name, once it is there.
    pub async fn downloaded(&self, name: &str) -> String {
        let file = self.folder.path().join(DOWNLOADS).join(name);
        self.until("it is downloaded", async || file.exists()).await;
        std::fs::read_to_string(file).expect("it is text")
    }

    /// Follows the first link with this address.
    pub async fn follow(&self, address: &str) {
        let link = self.find(&format!("a[href={address:?}]")).await;
        self.press_it(link).await;
    }

    /// Presses what a selector finds, which leads to no other page.
    pub async fn click(&self, selector: &str) {
        let pressed = self.find(selector).await.click().await;
        pressed.expect("it can be pressed");
    }

    async fn press_it(&self, button: Element) {
        self.next_page(async || button.click().await.expect("it can be pressed"))
            .await;
    }

    /// Goes back in the history.
    pub async fn back(&self) {
        self.next_page(async || self.client.back().await.expect("there is a page before"))
            .await;
    }

    /// Acts, and waits for another page to be there.
    async fn next_page(&self, act: impl AsyncFnOnce()) {
        let before = self.find("html").await;
        act().await;
        self.until("the next page is shown", async || gone(&before).await)
            .await;
        self.until("the page is complete", async || self.is_complete().await)
            .await;
    }

    /// Whether the page and all that it needs are there: between two pages there may be an empty one,
    /// which no server has answered.
    pub(super) async fn is_complete(&self) -> bool {
        let script = "const [page] = performance.getEntriesByType('navigation'); \
                      return document.readyState === 'complete' && page?.responseStatus > 0";
        let complete = self.client.execute(script, Vec::new()).await;
        complete.is_ok_and(|complete| complete == true)
    }

    /// Waits until something holds.
    ///
    /// # Panics
    /// When it doesn't within a minute.
    pub async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let waited = waited.await;
        assert!(
            waited.is_ok(),
            "{what}: not so at {}: {}",
            self.url().await,
            self.text().await
        );
    }

    /// The address of the page.
    pub async fn url(&self) -> String {
        let url = self.client.current_url().await;
        url.expect("a page is shown").to_string()
    }

    /// The path of the page, with the query.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.expect("a page is shown");
        url[url::Position::BeforePath..url::Position::AfterQuery].to_owned()
    }

    /// The status that the page came with.
    pub async fn status(&self) -> u64 {
        let script = "return performance.getEntriesByType('navigation')[0].responseStatus";
        let status = self.script(script, Vec::new()).await;
        status.as_u64().expect("it is a number")
    }

    /// All that is to be read on the page.
    pub async fn text(&self) -> String {
        let text = self.find("body").await.text().await;
        text.expect("a page is shown")
    }

    /// Everything that was sent for the page, as it is now.
    pub async fn source(&self) -> String {
        self.client.source().await.expect("a page is shown")
    }

    /// What is to be read in the first place that a selector finds.
    pub async fn text_of(&self, selector: &str) -> String {
        let text = self.find(selector).await.text().await;
        text.expect("it is on the page")
    }

    /// How many places a selector finds.
    pub async fn count(&self, selector: &str) -> usize {
        let found = self.client.find_all(Locator::Css(selector)).await;
        found.expect("the selector is right").len()
    }

    /// An attribute or the value of the first place that a selector finds.
    pub async fn value_of(&self, selector: &str, attribute: &str) -> Option<String> {
        let element = self.find(selector).await;
        let value = match attribute {
            "value" => element.prop(attribute).await,
            _ => element.attr(attribute).await,
        };
        value.expect("it is on the page")
    }

    /// Puts a value into a field that people can't see.
    pub async fn plant(&self, selector: &str, value: &str) {
        let script = "document.querySelectorAll(arguments[0]).forEach(e => e.value = arguments[1])";
        self.script(script, vec![json!(selector), json!(value)])
            .await;
    }

    /// Keeps the browser from checking forms by itself: what the server says of them is meant.
    pub async fn check_nothing(&self) {
        let script = "for (const form of document.forms) form.noValidate = true";
        self.script(script, Vec::new()).await;
    }

    /// Forgets every cookie.
    pub async fn forget(&self) {
        self.dev_tools("Network.clearBrowserCookies", json!({}))
            .await;
    }

    /// The cookies of the page as the developer tools show them, those hidden from scripts included.
    pub async fn cookies(&self) -> Vec<Value> {
        let cookies = self.dev_tools("Network.getCookies", json!({})).await;
        let cookies = cookies["cookies"].as_array();
        cookies.expect("it is a list").clone()
    }

    /// Whether the page has a cookie of this name.
    pub async fn has_cookie(&self, name: &str) -> bool {
        self.cookies()
            .await
            .iter()
            .any(|cookie| cookie["name"] == name)
    }

    /// The cookies of the page as its scripts see them.
    pub async fn script_cookies(&self) -> String {
        let cookies = self.script("return document.cookie", Vec::new()).await;
        cookies.as_str().expect("it is text").to_owned()
    }

    /// The title of the page.
    pub async fn title(&self) -> String {
        self.client.title().await.expect("a page is shown")
    }

    /// Presses the tabulator so many times, and tells the ids of what it reaches.
    pub async fn tab_order(&self, presses: usize) -> Vec<String> {
        let mut reached = Vec::new();
        for _ in 0..presses {
            let active = self.client.active_element().await.expect("there is one");
            active.send_keys("\u{e004}").await.expect("it takes keys");
            let id = self
                .script("return document.activeElement.id", Vec::new())
                .await;
            reached.push(id.as_str().unwrap_or_default().to_owned());
        }
        reached
    }

    /// Runs a script in the page.
    pub(super) async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        let done = self.client.execute(script, arguments).await;
        done.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    async fn find(&self, selector: &str) -> Element {
        match self.client.find(Locator::Css(selector)).await {
            Ok(element) => element,
            Err(error) => panic!("no {selector} at {}: {error}", self.url().await),
        }
    }
}

/// Whether an element went with its page.
async fn gone(element: &Element) -> bool {
    element.tag_name().await.is_err_and(|error: CmdError| {
        error.is_stale_element_reference() || error.is_no_such_element()
    })
}
