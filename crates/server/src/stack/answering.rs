//! An answer on its way.

use std::any::Any;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::response::{IntoResponse, Response};
use axum::routing::future::RouteFuture;
use pin_project_lite::pin_project;
use ratelimit::Decision;
use tracing::Span;

use super::deadline::Deadline;
use super::passing::Passing;
use super::{Admitted, Stack};
use crate::error::ApiError;

pin_project! {
    /// The answer to come.
    pub struct Answering {
        #[pin]
        state: State,
        passing: Option<Passing>,
        deadline: Deadline,
    }
}

pin_project! {
    #[project = StateProjection]
    pub(super) enum State {
        Charging {
            charge: Pin<Box<dyn Future<Output = Result<Decision, ApiError>> + Send>>,
            waiting: Option<Box<(Stack, Admitted)>>,
        },
        Running { #[pin] running: RouteFuture<Infallible>, span: Span },
        Done { response: Option<Response> },
    }
}

impl Answering {
    /// What comes of `state`, until `deadline`.
    pub(super) const fn new(state: State, passing: Passing, deadline: Deadline) -> Self {
        Self {
            state,
            passing: Some(passing),
            deadline,
        }
    }
}

impl State {
    pub(super) fn done(answer: impl IntoResponse) -> Self {
        Self::Done {
            response: Some(answer.into_response()),
        }
    }

    fn poll_response(
        mut self: Pin<&mut Self>,
        passing: &mut Option<Passing>,
        cx: &mut Context<'_>,
    ) -> Poll<Response> {
        loop {
            match self.as_mut().project() {
                StateProjection::Charging { charge, waiting } => {
                    let charged = ready!(charge.as_mut().poll(cx));
                    // A charge is answered once, and both are there until then.
                    let (Some(waiting), Some(passing)) = (waiting.take(), passing.as_mut()) else {
                        return Poll::Ready(Response::default());
                    };
                    let (stack, request) = *waiting;
                    let next = stack.admit(request, charged, passing);
                    self.set(next);
                }
                StateProjection::Running { running, span } => {
                    let polling = AssertUnwindSafe(|| running.poll(cx));
                    let polled = span.in_scope(|| catch_unwind(polling));
                    return Poll::Ready(match polled {
                        Ok(polled) => ready!(polled).unwrap_or_else(|never| match never {}),
                        Err(panic) => panicked(&*panic).into_response(),
                    });
                }
                StateProjection::Done { response } => {
                    return Poll::Ready(response.take().unwrap_or_default());
                }
            }
        }
    }
}

impl Future for Answering {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let response = match this.state.as_mut().poll_response(this.passing, cx) {
            Poll::Ready(response) => response,
            Poll::Pending => {
                ready!(this.deadline.poll_over(cx));
                let late = ApiError::late(this.deadline.time());
                this.state.set(State::done(late));
                ready!(this.state.as_mut().poll_response(this.passing, cx))
            }
        };
        // A future that has answered isn't polled again.
        let answer = match this.passing.take() {
            Some(passing) => passing.finish(response),
            None => response,
        };
        Poll::Ready(Ok(answer))
    }
}

impl std::fmt::Debug for Answering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answering").finish_non_exhaustive()
    }
}

pub(super) fn panicked(panic: &(dyn Any + Send)) -> ApiError {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text");
    ApiError::internal(Panicked(text.to_owned()))
}

/// A handler panicked.
#[derive(Debug, thiserror::Error)]
#[error("a panic: {0}")]
struct Panicked(String);
