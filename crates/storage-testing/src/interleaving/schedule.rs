//! Running requests at the same time, in an order that is chosen call by call.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use super::Gate;

/// A request on its way.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A request that has ended: its answer, and the steps of the schedule in which it began and ended.
#[derive(Debug)]
pub struct Ended<T> {
    /// What came of it.
    pub answer: T,
    /// The step in which it began.
    pub began: usize,
    /// The step in which it ended.
    pub last_step: usize,
}

/// Which of those who could go on did so, each time that there was a choice.
#[derive(Debug, Default)]
pub struct Choices {
    /// The choice, and out of how many.
    made: Vec<(usize, usize)>,
    next: usize,
}

impl Choices {
    fn choose(&mut self, among: usize) -> usize {
        if self.next == self.made.len() {
            self.made.push((0, among));
        }
        let (chosen, _) = self.made[self.next];
        self.next += 1;
        chosen
    }

    /// The choices up to the last that can be made otherwise, and that one otherwise.
    fn otherwise(mut self) -> Option<Self> {
        while let Some((chosen, among)) = self.made.pop() {
            if chosen + 1 < among {
                self.made.push((chosen + 1, among));
                self.next = 0;
                return Some(self);
            }
        }
        None
    }
}

/// Runs `once` with every schedule there is, depth first, and says how many there were.
pub fn every_schedule(mut once: impl FnMut(&mut Choices)) -> usize {
    let (mut choices, mut count) = (Choices::default(), 0);
    loop {
        once(&mut choices);
        count += 1;
        match choices.otherwise() {
            Some(next) => choices = next,
            None => return count,
        }
    }
}

/// Runs all tasks to their end. A task begins when it is first chosen, and each time it is chosen it
/// runs up to its next call to the store, or to its end. Gives what became of each, and who was chosen
/// at each step.
pub fn run<T>(
    tasks: Vec<Task<'_, T>>,
    gate: &Gate,
    choices: &mut Choices,
) -> (Vec<Ended<T>>, Vec<usize>) {
    gate.shut();
    let mut running: Vec<_> = tasks.into_iter().map(|task| (task, None)).collect();
    let mut ended: Vec<Option<Ended<T>>> = running.iter().map(|_| None).collect();
    let mut order = Vec::new();
    loop {
        let able: Vec<usize> = (0..running.len())
            .filter(|task| ended[*task].is_none())
            .collect();
        if able.is_empty() {
            break;
        }
        let chosen = able[choices.choose(able.len())];
        let (task, began) = &mut running[chosen];
        if began.is_some() {
            gate.grant();
        }
        let began = *began.get_or_insert(order.len());
        if let Some(answer) = run_to_the_gate(task.as_mut(), gate) {
            ended[chosen] = Some(Ended {
                answer,
                began,
                last_step: order.len(),
            });
        }
        order.push(chosen);
    }
    gate.open();
    (ended.into_iter().flatten().collect(), order)
}

fn run_to_the_gate<T>(mut task: Pin<&mut (dyn Future<Output = T> + '_)>, gate: &Gate) -> Option<T> {
    let waker = waker();
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(answer) = task.as_mut().poll(&mut context) {
            return Some(answer);
        }
        if gate.is_waited_at() {
            return None;
        }
        thread::park(); // until a thread that hashes or writes has answered
    }
}

/// Waits for one future.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let waker = waker();
    let (mut future, mut context) = (pin!(future), Context::from_waker(&waker));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        thread::park();
    }
}

fn waker() -> Waker {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    Waker::from(Arc::new(Unpark(thread::current())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_schedule_is_tried_once() {
        let gate = Gate::default();
        let mut seen = BTreeSet::new();
        let count = every_schedule(|choices| {
            let tasks: Vec<Task<'_, ()>> =
                (0..3).map(|_| Box::pin(async {}) as Task<'_, ()>).collect();
            seen.insert(run(tasks, &gate, choices).1);
        });
        assert_eq!((count, seen.len()), (6, 6));
    }
}
