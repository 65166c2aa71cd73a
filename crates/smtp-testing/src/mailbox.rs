//! What was received.

use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::Notify;

/// How long a test waits for a letter that should be on its way.
const PATIENCE: Duration = Duration::from_mins(1);

/// Everything that a server has taken.
#[derive(Debug, Default)]
pub struct Mailbox {
    letters: Mutex<Vec<Received>>,
    arrived: Notify,
}

/// A letter that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The sender of the envelope, and what stood behind it: `<a@example.org> BODY=8BITMIME`.
    pub from: String,
    /// The recipient of the envelope.
    pub to: String,
    /// Header and body.
    pub message: String,
}

impl Mailbox {
    pub(crate) fn add(&self, letter: Received) {
        self.letters.lock().expect("no panic").push(letter);
        self.arrived.notify_waiters();
    }

    /// All of them, in the order in which they came.
    pub fn letters(&self) -> Vec<Received> {
        self.letters.lock().expect("no panic").clone()
    }

    /// The first letter to this address, once it is there; it is taken out.
    ///
    /// # Panics
    /// When none has come in a minute, rather than wait for ever.
    pub async fn wait_for(&self, to: &str) -> Received {
        let arrived = tokio::time::timeout(PATIENCE, self.arrival(to)).await;
        arrived.unwrap_or_else(|_| panic!("no letter has come to {to}"))
    }

    async fn arrival(&self, to: &str) -> Received {
        loop {
            let arriving = self.arrived.notified();
            tokio::pin!(arriving);
            arriving.as_mut().enable(); // before the look, so that none slips between
            if let Some(letter) = self.take(to) {
                return letter;
            }
            arriving.await;
        }
    }

    fn take(&self, to: &str) -> Option<Received> {
        let mut letters = self.letters.lock().expect("no panic");
        let place = letters.iter().position(|letter| letter.to == to)?;
        Some(letters.remove(place))
    }
}

impl Received {
    /// A line of the header, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        header(&self.message, name)
    }

    /// The part that is plain text, decoded.
    pub fn text(&self) -> String {
        self.part("text/plain")
    }

    /// The part that is HTML, decoded.
    pub fn html(&self) -> String {
        self.part("text/html")
    }

    /// The first link that stands alone on a line of the text.
    pub fn link(&self) -> String {
        let text = self.text();
        let link = text.lines().find(|line| line.starts_with("http"));
        link.expect("a link").to_owned()
    }

    /// The code of a letter: eight digits, without the space between them.
    pub fn code(&self) -> String {
        let text = self.text();
        let mut lines = text.lines().map(|line| line.replace(' ', ""));
        let is_code = |line: &String| line.len() == 8 && line.bytes().all(|c| c.is_ascii_digit());
        lines.find(is_code).expect("a code")
    }

    fn part(&self, kind: &str) -> String {
        let content = self.header("Content-Type").expect("a type");
        let (_, boundary) = content.split_once("boundary=\"").expect("a boundary");
        let delimiter = format!("\r\n--{}", boundary.trim_end_matches('"'));
        let parts = self.message.split(&delimiter);
        let mut of_kind = parts.filter(|part| {
            header(
                part.split_once("\r\n").map_or("", |(_, part)| part),
                "Content-Type",
            )
            .is_some_and(|found| found.starts_with(kind))
        });
        let part = of_kind.next().expect("such a part");
        let (_, part) = part.split_once("\r\n").expect("a line after the boundary");
        let (_, body) = part.split_once("\r\n\r\n").expect("a body");
        let encoding = header(part, "Content-Transfer-Encoding").unwrap_or_default();
        let bytes = match encoding.as_str() {
            "quoted-printable" => from_quoted_printable(body),
            "base64" => STANDARD.decode(body.replace("\r\n", "")).expect("base64"),
            _ => body.as_bytes().to_vec(),
        };
        String::from_utf8(bytes)
            .expect("UTF-8")
            .replace("\r\n", "\n")
    }
}

fn header(message: &str, name: &str) -> Option<String> {
    let (header, _) = message.split_once("\r\n\r\n")?;
    let unfolded = header.replace("\r\n ", " ");
    unfolded.split("\r\n").find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    })
}

fn from_quoted_printable(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'=' {
            bytes.push(*first);
        } else if let Some(after) = rest.strip_prefix(b"\r\n") {
            rest = after;
        } else if let Some((digits, after)) = rest.split_at_checked(2) {
            let digits = std::str::from_utf8(digits).expect("digits");
            bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal digits"));
            rest = after;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_decoded() {
        let letter = Received {
            from: String::new(),
            to: String::new(),
            message: "Subject: a\r\n b\r\nContent-Type: multipart/alternative; boundary=\"x\"\r\n\r\n\
                      --x\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
                      p=C3=A9l=\r\n=C3=A9\r\nhttp://a.example/?b=3Dc\r\n1234 5678\r\n\
                      --x\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+\r\n\
                      --x--\r\n"
                .to_owned(),
        };
        assert_eq!(letter.header("subject").as_deref(), Some("a b"));
        assert!(letter.text().starts_with("pélé\n"), "{}", letter.text());
        assert_eq!(letter.link(), "http://a.example/?b=c");
        assert_eq!(letter.code(), "12345678");
        assert_eq!(letter.html(), "<b>");
    }
}
