//! A client of a server, for tests.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::expected::Expected;
use super::until;

/// A client of one server.
#[derive(Clone)]
pub(crate) struct Api {
    http: Client<HttpConnector, Full<Bytes>>,
    base: String,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Api {
    pub(crate) fn at(url: &str) -> Self {
        Self { http: Client::builder(TokioExecutor::new()).build_http(), base: url.to_owned() }
    }

    /// Asks; the error is that of a connection that broke.
    pub(crate) async fn try_ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let answer = self.http.request(request).await.map_err(|error| error.to_string())?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok(Answer { status, headers, text: String::from_utf8(body.to_vec()).unwrap() })
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        self.try_ask(method, path, headers, body).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask(Method::POST, path, &[], body.to_owned()).await
    }

    /// Waits until a shipment has come to its last end, and answers with it.
    pub(crate) async fn settled(&self, id: &str, expected: &Expected) -> Value {
        let path = format!("/processes/{id}");
        until(&format!("the end of {id}"), || async {
            let answer = self.ask(Method::GET, &path, &[("prefer", "wait=30")], "").await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let process = answer.json();
            // A late answer of the carrier takes a failed shipment up again.
            (process["version"].as_u64() >= Some(expected.process.len() as u64)).then_some(process)
        })
        .await
    }

    pub(crate) async fn history(&self, id: &str) -> Vec<Value> {
        let answer = self.get(&format!("/processes/{id}/history")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["items"].as_array().unwrap().clone()
    }
}
