//! What a real browser makes of the pages, and of the pages of others.

mod audit;
mod deletion;
mod factor;
mod forgery;
mod journey;
mod mail;
mod refusals;
mod sessions;
mod sharing;
mod tools;

use integration::chromium::{Browser, Site};

/// Another long phrase than the one that people sign up with.
const NEW: &str = "another long and winding phrase";

/// Presses the button of a change that may ask for the password once more, and answers that.
async fn press_and_confirm(browser: &Browser, site: &Site, label: &str, password: &str) {
    browser.press(label).await;
    if browser.path().await.starts_with("/account/confirm") {
        browser.send(&[("password", password)]).await;
        assert_eq!(browser.url().await, site.url("/account?done=confirmed"));
        browser.press(label).await;
    }
}
