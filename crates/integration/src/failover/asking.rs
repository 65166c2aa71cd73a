//! Asking a server as an honest client does: what is not answered is asked again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::time::Instant;

use super::failure::Failure;
use super::latency::{Outcome, Sample, Spell};

/// How long a client waits for an answer: longer than a server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it waits before it asks again.
const BACKOFF: Duration = Duration::from_millis(300);

/// For how long it asks again at most.
const PERSISTENCE: Duration = Duration::from_mins(4);

/// A request, which can be sent again.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// What is wanted, for the table: `refresh`.
    pub(super) kind: &'static str,
    method: Method,
    path: String,
    token: Option<String>,
    device: Option<String>,
    body: Option<Value>,
}

/// An answer that decides something.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// The code of a problem.
    pub(super) code: String,
    pub(super) body: Value,
    /// How often the same was asked before without such an answer: each time it may have been done.
    pub(super) unanswered: usize,
    /// When this one was sent.
    pub(super) asked: Instant,
    /// Whom it comes from.
    pub(super) server: usize,
}

/// The servers as their clients see them, and how long each answer took.
#[derive(Debug)]
pub(super) struct Asking {
    client: reqwest::Client,
    urls: Vec<String>,
    began: Instant,
    seen: Mutex<Seen>,
}

/// What was measured.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) samples: Vec<Sample>,
    pub(super) failures: Vec<Spell>,
    /// Answers that no failure of the store excuses (500).
    pub(super) internal: Vec<String>,
}

impl Question {
    pub(super) fn new(kind: &'static str, method: Method, path: impl Into<String>) -> Self {
        Self {
            kind,
            method,
            path: path.into(),
            token: None,
            device: None,
            body: None,
        }
    }

    pub(super) fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(super) fn device(mut self, device: Option<&String>) -> Self {
        self.device = device.cloned();
        self
    }

    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

impl Asking {
    pub(super) fn new(urls: Vec<String>) -> Self {
        let client = reqwest::Client::builder().timeout(PATIENCE).build();
        Self {
            client: client.expect("a client"),
            urls,
            began: Instant::now(),
            seen: Mutex::default(),
        }
    }

    pub(super) fn servers(&self) -> usize {
        self.urls.len()
    }

    /// How long the storm has lasted.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        // What is in there is whole after each step.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something was wrong since `begun`.
    pub(super) fn note_failure(&self, failure: Failure, begun: Instant) {
        let spell = Spell {
            failure,
            from: begun - self.began,
            to: self.elapsed(),
        };
        self.seen().failures.push(spell);
    }

    /// Asks one server, once. Nothing when it says that it can't say (503), or doesn't answer.
    pub(super) async fn once(&self, server: usize, question: &Question) -> Option<Reply> {
        let server = server % self.urls.len();
        let url = format!("{}{}", self.urls[server], question.path);
        let mut request = self.client.request(question.method.clone(), url);
        if let Some(token) = &question.token {
            request = request.bearer_auth(token);
        }
        if let Some(device) = &question.device {
            request = request.header("x-portcullis-device", device);
        }
        if let Some(body) = &question.body {
            request = request.json(body);
        }
        let asked = Instant::now();
        let reply = match request.send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                let body = answer.bytes().await;
                body.ok().map(|body| (status, body))
            }
            Err(_) => None,
        };
        let status = reply.as_ref().map(|(status, _)| *status);
        self.note(question, server, asked, status);
        let (status, body) = reply.filter(|(status, _)| *status < 500)?;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        Some(Reply {
            status,
            code: body["code"].as_str().unwrap_or_default().to_owned(),
            body,
            unanswered: 0,
            asked,
            server,
        })
    }

    /// Asks one server after the other, until one decides.
    pub(super) async fn until_answered(&self, first: usize, question: &Question) -> Reply {
        let asking = async {
            for unanswered in 0.. {
                if let Some(reply) = self.once(first + unanswered, question).await {
                    return Reply {
                        unanswered,
                        ..reply
                    };
                }
                tokio::time::sleep(BACKOFF).await;
            }
            unreachable!("it asks for as long as it takes")
        };
        let answered = tokio::time::timeout(PERSISTENCE, asking).await;
        answered.unwrap_or_else(|_| panic!("{question:?} is never answered"))
    }

    /// Asks this very server until it decides.
    pub(super) async fn until_it_answers(&self, server: usize, question: &Question) -> Reply {
        let asking = async {
            loop {
                if let Some(reply) = self.once(server, question).await {
                    return reply;
                }
                tokio::time::sleep(BACKOFF).await;
            }
        };
        let answered = tokio::time::timeout(PERSISTENCE, asking).await;
        answered.unwrap_or_else(|_| panic!("{question:?} is never answered"))
    }

    fn note(&self, question: &Question, server: usize, asked: Instant, status: Option<u16>) {
        let sample = Sample {
            at: asked - self.began,
            took: asked.elapsed(),
            kind: question.kind,
            outcome: Outcome::of(status),
        };
        let mut seen = self.seen();
        if status.is_some_and(|status| status >= 500 && status != 503) {
            let (at, kind) = (sample.at.as_secs_f32(), question.kind);
            seen.internal
                .push(format!("{at:.1} s: {kind} on server {server}: {status:?}"));
        }
        seen.samples.push(sample);
    }
}
