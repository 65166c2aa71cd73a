//! Whether what came of a race is what some order of the same acts gives in the model.
//!
//! A request looks once and then acts once: those are the two halves that are put into every order
//! that agrees with the clock on the wall, in which a request that had ended before another began
//! comes before it.

use std::collections::BTreeSet;

use crate::answer::Answer;
use crate::model::{Model, Permit};
use crate::play::{agrees, wrongly_judged};
use crate::request::{Number, Request, Token};
use crate::world::Stock;

/// A request that was answered, and when.
#[derive(Debug)]
pub(crate) struct Act {
    pub(crate) number: Number,
    pub(crate) request: Request,
    pub(crate) answer: Answer,
    pub(crate) began: usize,
    pub(crate) ended: usize,
}

/// What was seen of a race, and of what was tried after it.
pub(crate) struct Seen {
    /// Those that raced, and then those that were tried one after the other.
    pub(crate) acts: Vec<Act>,
    /// How many raced.
    pub(crate) racing: usize,
    /// Every token that was issued, before, in and after the race.
    pub(crate) stock: Stock,
    /// The texts of the tokens that were accepted when the race was over.
    pub(crate) accepted: BTreeSet<String>,
    /// The same at the end.
    pub(crate) accepted_at_last: BTreeSet<String>,
}

/// How far a request has come in the model.
#[derive(Clone)]
enum Progress {
    Waiting,
    Looked(Permit),
    Acted,
}

impl Seen {
    /// Whether there is such an order, beginning in the state of `model`.
    pub(crate) fn is_explained_by(&self, model: &Model) -> bool {
        self.goes_on(model, &vec![Progress::Waiting; self.acts.len()])
    }

    fn goes_on(&self, model: &Model, progress: &[Progress]) -> bool {
        let has_acted = |index: &usize| matches!(progress[*index], Progress::Acted);
        let acted = (0..progress.len()).filter(has_acted).count();
        let none_is_tried = !matches!(progress.get(self.racing), Some(Progress::Looked(_)));
        if acted == self.racing && none_is_tried && !self.is_judged(model, &self.accepted) {
            return false;
        }
        if acted == progress.len() {
            return self.is_judged(model, &self.accepted_at_last);
        }
        (0..progress.len()).any(|index| self.takes_a_half(model, progress, index))
    }

    fn takes_a_half(&self, model: &Model, progress: &[Progress], index: usize) -> bool {
        let act = &self.acts[index];
        let mut progress = progress.to_vec();
        match &progress[index] {
            Progress::Waiting => {
                let earlier = |other: &Act| other.ended < act.began;
                let mut others = self.acts.iter().zip(&progress);
                if others.any(|(other, at)| earlier(other) && !matches!(at, Progress::Acted)) {
                    return false;
                }
                progress[index] = Progress::Looked(model.look(&act.request));
                self.goes_on(model, &progress)
            }
            Progress::Looked(permit) => {
                let mut next = model.clone();
                let before: Vec<_> = model.issued().collect();
                let expected = next.act(act.number, &act.request, permit);
                progress[index] = Progress::Acted;
                agrees(act.number, expected, &act.answer, &before, &self.stock)
                    && self.goes_on(&next, &progress)
            }
            Progress::Acted => false,
        }
    }

    /// Whether exactly those tokens are accepted that the model accepts.
    fn is_judged(&self, model: &Model, accepted: &BTreeSet<String>) -> bool {
        let accepts = |token: Token| match token {
            Token::Access(number) => accepted.contains(&self.stock[&number].access),
            Token::Refresh(number) => {
                let text = self.stock[&number].refresh.as_ref();
                text.is_some_and(|text| accepted.contains(text))
            }
        };
        wrongly_judged(model, accepts).is_empty()
    }
}
