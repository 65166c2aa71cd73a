//! Whose job is next.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::principal::{Line, Principal, Purpose};

/// How many jobs of one principal run at once at most, whatever they are for.
pub(super) const RUNNING_AT_ONCE: usize = 2;

/// Jobs that wait, one line for each principal and purpose. The purposes take turns, and within each the principals.
pub(super) struct Turns<J> {
    lines: HashMap<Arc<Line>, VecDeque<J>>,
    /// The lines in which somebody waits, the next one first.
    sign_ins: VecDeque<Arc<Line>>,
    others: VecDeque<Arc<Line>>,
    running: Vec<Arc<Line>>,
    last: Purpose,
}

impl<J> Default for Turns<J> {
    fn default() -> Self {
        Self {
            lines: HashMap::new(),
            sign_ins: VecDeque::new(),
            others: VecDeque::new(),
            running: Vec::new(),
            last: Purpose::Other,
        }
    }
}

impl<J> Turns<J> {
    /// Puts a job at the end of its line.
    pub(super) fn push(&mut self, line: &Arc<Line>, job: J) {
        let jobs = self.lines.entry(Arc::clone(line)).or_default();
        jobs.push_back(job);
        if jobs.len() == 1 {
            self.waiting(line.purpose).push_back(Arc::clone(line));
        }
    }

    /// The job whose turn it is, and its line. It counts as running until it is [`done`](Self::done).
    pub(super) fn next(&mut self) -> Option<(Arc<Line>, J)> {
        let first = self.last.other();
        let line = self
            .next_line(first)
            .or_else(|| self.next_line(first.other()))?;
        let jobs = self.lines.get_mut(&line)?; // a line that waits has a job
        let job = jobs.pop_front()?;
        if jobs.is_empty() {
            self.lines.remove(&line);
        } else {
            self.waiting(line.purpose).push_back(Arc::clone(&line));
        }
        self.last = line.purpose;
        self.running.push(Arc::clone(&line));
        Some((line, job))
    }

    /// A job of this line has ended.
    pub(super) fn done(&mut self, line: &Line) {
        if let Some(index) = self.running.iter().position(|running| **running == *line) {
            self.running.swap_remove(index);
        }
    }

    /// Takes a job back that nobody waits for any more, unless it has begun.
    pub(super) fn remove(&mut self, line: &Line, is_it: impl Fn(&J) -> bool) -> Option<J> {
        let jobs = self.lines.get_mut(line)?;
        let index = jobs.iter().position(is_it)?;
        let job = jobs.remove(index);
        if jobs.is_empty() {
            self.lines.remove(line);
            self.waiting(line.purpose)
                .retain(|waiting| **waiting != *line);
        }
        job
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Takes the first line that may have another job running out of those that wait.
    fn next_line(&mut self, purpose: Purpose) -> Option<Arc<Line>> {
        let waiting = match purpose {
            Purpose::SignIn => &self.sign_ins,
            Purpose::Other => &self.others,
        };
        let index = waiting
            .iter()
            .position(|line| self.running_for(&line.principal) < RUNNING_AT_ONCE)?;
        self.waiting(purpose).remove(index)
    }

    fn running_for(&self, principal: &Principal) -> usize {
        let of = |line: &&Arc<Line>| line.principal == *principal;
        self.running.iter().filter(of).count()
    }

    const fn waiting(&mut self, purpose: Purpose) -> &mut VecDeque<Arc<Line>> {
        match purpose {
            Purpose::SignIn => &mut self.sign_ins,
            Purpose::Other => &mut self.others,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(purpose: Purpose, name: &str) -> Arc<Line> {
        Arc::new(Line {
            purpose,
            principal: Principal::Name(name.to_owned()),
        })
    }

    fn sign_in(name: &str) -> Arc<Line> {
        line(Purpose::SignIn, name)
    }

    fn other(name: &str) -> Arc<Line> {
        line(Purpose::Other, name)
    }

    fn turns(jobs: impl IntoIterator<Item = (Arc<Line>, u8)>) -> Turns<u8> {
        let mut turns = Turns::default();
        for (line, job) in jobs {
            turns.push(&line, job);
        }
        turns
    }

    /// The jobs in the order in which one thread does them.
    fn one_after_the_other(mut turns: Turns<u8>) -> Vec<u8> {
        let next = || {
            let (line, job) = turns.next()?;
            turns.done(&line);
            Some(job)
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn who_has_many_jobs_waits_for_who_has_one() {
        let mallory = (1..=4).map(|job| (sign_in("mallory"), job));
        let turns = turns(mallory.chain([(sign_in("alice"), 10), (sign_in("bob"), 20)]));
        assert_eq!(one_after_the_other(turns), [1, 10, 20, 2, 3, 4]);
    }

    #[test]
    fn however_many_want_something_else_every_other_job_is_a_sign_in() {
        let hostile = (1..=5).map(|number| (other(&number.to_string()), number));
        let turns = turns(hostile.chain([(sign_in("alice"), 10), (sign_in("bob"), 20)]));
        assert_eq!(one_after_the_other(turns), [10, 1, 20, 2, 3, 4, 5]);
    }

    #[test]
    fn sign_ins_leave_every_other_turn_to_the_rest() {
        let storm = (1..=4).map(|number| (sign_in(&number.to_string()), number));
        let turns = turns(storm.chain([(other("alice"), 10), (other("bob"), 20)]));
        assert_eq!(one_after_the_other(turns), [1, 10, 2, 20, 3, 4]);
    }

    #[test]
    fn of_one_principal_two_run_at_once_whatever_they_are_for() {
        let mut turns = turns([
            (sign_in("mallory"), 1),
            (other("mallory"), 2),
            (sign_in("mallory"), 3),
            (other("mallory"), 4),
        ]);
        let (first, _) = turns.next().unwrap();
        assert!(turns.next().is_some());
        assert!(turns.next().is_none(), "two run");
        turns.push(&other("alice"), 10);
        assert_eq!(turns.next().map(|(_, job)| job), Some(10));
        assert!(turns.next().is_none());

        turns.done(&first);
        assert!(turns.next().is_some());
        assert!(turns.next().is_none());
    }

    #[test]
    fn what_is_taken_back_leaves_nothing_behind() {
        let mut turns = turns([(sign_in("alice"), 1), (sign_in("alice"), 2)]);
        assert_eq!(turns.remove(&sign_in("alice"), |job| *job == 1), Some(1));
        assert_eq!(turns.remove(&sign_in("alice"), |job| *job == 1), None);
        assert_eq!(turns.remove(&sign_in("alice"), |job| *job == 2), Some(2));
        assert!(turns.is_empty());
        assert!(turns.next().is_none());
        assert!(turns.sign_ins.is_empty());
    }
}
