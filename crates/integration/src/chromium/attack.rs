//! What an attacker's page sends in the name of whoever opens it.

use std::fmt::Write as _;

use super::{Browser, Site};

/// How a form travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vehicle {
    /// As `application/x-www-form-urlencoded`.
    UrlEncoded,
    /// As `multipart/form-data`.
    Multipart,
    /// As `text/plain`.
    Plain,
    /// By a script, which may send cookies but not read the answer.
    Fetch,
    /// In the address, as GET.
    Get,
}

/// A form of the accounts, sent by a page of somebody else.
#[derive(Clone, Debug)]
pub struct Attack<'a> {
    /// The host that the page comes from.
    pub host: &'static str,
    /// What the page says of referrers: `no-referrer` makes the browser hide its origin.
    pub referrer: &'static str,
    /// Where the form is sent to.
    pub path: &'a str,
    /// Its fields.
    pub fields: &'a [(&'a str, &'a str)],
    /// How it travels.
    pub vehicle: Vehicle,
}

impl Attack<'_> {
    /// A page that sends the form as soon as it is opened.
    fn page(&self, site: &Site) -> String {
        let method = if self.vehicle == Vehicle::Get {
            "get"
        } else {
            "post"
        };
        let kind = match self.vehicle {
            Vehicle::Multipart => "multipart/form-data",
            Vehicle::Plain => "text/plain",
            _ => "application/x-www-form-urlencoded",
        };
        let mut fields = String::new();
        for (name, value) in self.fields {
            let value = value.replace('&', "&amp;").replace('"', "&quot;");
            let _ = write!(fields, "<input type=hidden name={name} value=\"{value}\">");
        }
        let send = match self.vehicle {
            Vehicle::Fetch => {
                "fetch(form.action, {method: 'post', mode: 'no-cors', credentials: 'include',
                    body: new URLSearchParams(new FormData(form))})
                    .finally(() => document.title = 'sent')"
            }
            _ => "form.submit()",
        };
        format!(
            "<!doctype html><meta name=referrer content={}><title>You won</title>\
             <form method={method} enctype={kind} action=\"{}\">{fields}</form>\
             <script>const form = document.forms[0]; {send}</script>",
            self.referrer,
            site.url(self.path),
        )
    }
}

impl Browser {
    /// Opens the page of an attack, and waits for the answer to what it sends: its status, where the
    /// browser shows it.
    pub async fn falls_for(&self, site: &Site, attack: &Attack<'_>) -> Option<u64> {
        site.stranger().shows(attack.page(site));
        self.open(&format!("https://{}/", attack.host)).await;
        if attack.vehicle == Vehicle::Fetch {
            self.until("the request was sent", async || {
                self.title().await == "sent"
            })
            .await;
            return None;
        }
        let home = site.url("/");
        self.until("the answer is shown", async || {
            self.url().await.starts_with(&home) && self.is_complete().await
        })
        .await;
        Some(self.status().await)
    }
}
