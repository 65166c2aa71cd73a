//! The screens and tastes that a page must bear.

use serde_json::json;

use super::Browser;
use super::commands::Vendor;

/// What a person prefers (`prefers-color-scheme`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// As style sheets call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// A screen and a taste.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The width of the page in CSS pixels.
    pub width: u32,
    /// What the person prefers.
    pub theme: Theme,
}

impl Look {
    /// A desk and a telephone, by day and by night.
    pub const ALL: [Self; 4] = [
        Self::new(1280, Theme::Light),
        Self::new(1280, Theme::Dark),
        Self::new(390, Theme::Light),
        Self::new(390, Theme::Dark),
    ];

    /// A look.
    pub const fn new(width: u32, theme: Theme) -> Self {
        Self { width, theme }
    }
}

impl std::fmt::Display for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.width, self.theme.name())
    }
}

impl Browser {
    /// Shows every page like this from now on, the present one included.
    pub async fn look(&self, look: Look) {
        let preference = json!({"name": "prefers-color-scheme", "value": look.theme.name()});
        let media = json!({"features": [preference]});
        let screen = json!({
            "width": look.width, "height": 900, "deviceScaleFactor": 1, "mobile": false,
        });
        for (method, params) in [
            ("Emulation.setEmulatedMedia", media),
            ("Emulation.setDeviceMetricsOverride", screen),
            ("Emulation.setScrollbarsHidden", json!({"hidden": true})),
        ] {
            self.dev_tools(method, params).await;
        }
        let rest = "document.getAnimations().forEach(animation => animation.finish())";
        self.script(rest, Vec::new()).await; // else a colour may be seen on its way to another
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub(super) async fn dev_tools(
        &self,
        method: &'static str,
        params: serde_json::Value,
    ) -> serde_json::Value {
        let done = self
            .client
            .issue_cmd(Vendor::DevTools(method, params))
            .await;
        done.unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}
