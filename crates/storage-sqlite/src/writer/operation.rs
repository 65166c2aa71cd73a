//! An operation on its way through the writer.

use tokio::sync::oneshot;

use super::{Change, without_panic};
use crate::error::{Failure, OperationError};

/// A piece of work whose answer waits for the commit.
pub(crate) trait Operation: Send {
    /// Does the work.
    fn perform(&mut self, change: &mut Change<'_>) -> Performed;

    /// Answers the caller with what the work gave, or with the failure of the group.
    fn answer(self: Box<Self>, fate: Result<(), &Failure>);
}

/// What becomes of the changes of an operation.
pub(crate) enum Performed {
    /// They stay.
    Keep,
    /// They are undone; because of this failure, when it was the store that failed.
    Undo(Option<Failure>),
}

/// An operation that does `work` and answers to `reply`.
pub(super) fn boxed<T, E, W>(work: W, reply: oneshot::Sender<Result<T, E>>) -> Box<dyn Operation>
where
    T: Send + 'static,
    E: OperationError,
    W: FnOnce(&mut Change<'_>) -> Result<T, E> + Send + 'static,
{
    Box::new(Typed {
        work: Some(work),
        result: None,
        reply,
    })
}

struct Typed<W, T, E> {
    work: Option<W>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<W, T, E> Operation for Typed<W, T, E>
where
    T: Send + 'static,
    E: OperationError,
    W: FnOnce(&mut Change<'_>) -> Result<T, E> + Send + 'static,
{
    fn perform(&mut self, change: &mut Change<'_>) -> Performed {
        let Some(work) = self.work.take() else {
            return Performed::Undo(None);
        };
        let result = without_panic(|| work(change));
        let performed = match &result {
            Ok(_) => Performed::Keep,
            Err(error) => Performed::Undo(error.storage().and_then(Failure::of)),
        };
        self.result = Some(result);
        performed
    }

    fn answer(self: Box<Self>, fate: Result<(), &Failure>) {
        let answer = match (fate, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => return, // never performed: the caller hears that the store was closed
            (Err(failure), _) => Err(failure.to_error().into()),
        };
        let _ = self.reply.send(answer); // a caller that waits no more is no reason to stop
    }
}
