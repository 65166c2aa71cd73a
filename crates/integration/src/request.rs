//! Requests to an application.

use reqwest::Method;
use tokio::task::JoinHandle;

use crate::{Answer, TestApp};

/// A request to be sent.
#[derive(Debug)]
pub struct Request(reqwest::RequestBuilder);

impl TestApp {
    /// `GET path`
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// `POST path`
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// `PUT path`
    pub fn put(&self, path: &str) -> Request {
        self.request(Method::PUT, path)
    }

    /// `PATCH path`
    pub fn patch(&self, path: &str) -> Request {
        self.request(Method::PATCH, path)
    }

    /// `DELETE path`
    pub fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }

    /// Any method.
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request(
            self.client()
                .request(method, format!("http://{}{path}", self.address())),
        )
    }
}

impl Request {
    /// With a token.
    pub fn bearer(self, token: &str) -> Self {
        Self(self.0.bearer_auth(token))
    }

    /// With a JSON body.
    #[expect(clippy::needless_pass_by_value, reason = "reads better at each call")]
    pub fn json(self, body: serde_json::Value) -> Self {
        Self(self.0.json(&body))
    }

    /// With any body.
    pub fn body(self, kind: &str, body: Vec<u8>) -> Self {
        Self(self.0.header("content-type", header(kind)).body(body))
    }

    /// With a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, header(value)))
    }

    /// Sends it.
    pub async fn send(self) -> Answer {
        Answer::read(self.0.send().await.expect("the server answers")).await
    }

    /// Sends it while the test goes on.
    pub fn spawn(self) -> JoinHandle<Answer> {
        tokio::spawn(self.send())
    }

    /// The request itself, for whoever sends it another way.
    pub(crate) fn built(self) -> http::Request<reqwest::Body> {
        let request = self.0.build().expect("it is a request");
        http::Request::try_from(request).expect("it is a request")
    }
}

/// Any text as the value of a header.
pub(crate) fn header(value: &str) -> reqwest::header::HeaderValue {
    reqwest::header::HeaderValue::from_bytes(value.as_bytes()).expect("no line break in it")
}
