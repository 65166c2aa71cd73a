//! Who gets a permit.

use std::collections::HashMap;
use std::sync::Arc;

use super::principal::{Line, Purpose};

/// The permits that are taken, by whom.
///
/// - What isn't for signing in has half of them at most.
/// - Nobody takes more than is left: one principal alone gets half of what there is, the next one half of the rest.
pub(super) struct Permits {
    all: usize,
    lines: HashMap<Arc<Line>, usize>,
    sign_ins: usize,
    others: usize,
}

impl Permits {
    pub(super) fn new(all: usize) -> Self {
        Self {
            all,
            lines: HashMap::new(),
            sign_ins: 0,
            others: 0,
        }
    }

    /// Takes a permit, if there is one for this line.
    pub(super) fn take(&mut self, line: &Arc<Line>) -> bool {
        if self.own(line) >= self.left(line.purpose) {
            return false;
        }
        *self.lines.entry(Arc::clone(line)).or_default() += 1;
        *self.of(line.purpose) += 1;
        true
    }

    pub(super) fn give_back(&mut self, line: &Arc<Line>) {
        let Some(own) = self.lines.get_mut(line) else {
            return;
        };
        *own -= 1;
        if *own == 0 {
            self.lines.remove(line);
        }
        *self.of(line.purpose) -= 1;
    }

    pub(super) const fn taken(&self) -> usize {
        self.sign_ins + self.others
    }

    /// How many jobs have their turn before the next one of this line, if every permit has one.
    pub(super) fn ahead(&self, line: &Line) -> usize {
        let own = self.own(line);
        let before = |(other, taken): (&Arc<Line>, &usize)| {
            if **other == *line {
                own
            } else if other.purpose == line.purpose {
                (own + 1).min(*taken)
            } else {
                0
            }
        };
        let same: usize = self.lines.iter().map(before).sum();
        let rest = match line.purpose {
            Purpose::SignIn => self.others,
            Purpose::Other => self.sign_ins,
        };
        same + rest.min(same + 1)
    }

    /// How many permits of its own a line has.
    pub(super) fn own(&self, line: &Line) -> usize {
        self.lines.get(line).copied().unwrap_or_default()
    }

    fn left(&self, purpose: Purpose) -> usize {
        let left = self.all.saturating_sub(self.taken());
        match purpose {
            Purpose::SignIn => left,
            Purpose::Other => {
                let half = (self.all / 2).max(1); // a pool of one permit serves all
                left.min(half.saturating_sub(self.others))
            }
        }
    }

    const fn of(&mut self, purpose: Purpose) -> &mut usize {
        match purpose {
            Purpose::SignIn => &mut self.sign_ins,
            Purpose::Other => &mut self.others,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::Principal;

    fn line(purpose: Purpose, number: usize) -> Arc<Line> {
        Arc::new(Line {
            purpose,
            principal: Principal::User(number.to_string()),
        })
    }

    /// How many permits a line gets that asks for all.
    fn greedy(permits: &mut Permits, line: &Arc<Line>) -> usize {
        std::iter::from_fn(|| permits.take(line).then_some(())).count()
    }

    #[test]
    fn half_of_the_places_are_kept_for_sign_in() {
        let mut permits = Permits::new(66);
        let others: usize = (0..100)
            .map(|number| usize::from(permits.take(&line(Purpose::Other, number))))
            .sum();
        assert_eq!(others, 33);
        let sign_ins: usize = (0..100)
            .map(|number| usize::from(permits.take(&line(Purpose::SignIn, number))))
            .sum();
        assert_eq!(sign_ins, 33);
    }

    #[test]
    fn sign_ins_may_have_the_other_half_too() {
        let mut permits = Permits::new(66);
        let sign_ins = (0..100).filter(|number| permits.take(&line(Purpose::SignIn, *number)));
        assert_eq!(sign_ins.count(), 66);
        assert!(!permits.take(&line(Purpose::Other, 0)));
    }

    #[test]
    fn whoever_asks_for_all_places_leaves_some_to_others() {
        for purpose in [Purpose::SignIn, Purpose::Other] {
            for all in 16..100 {
                let mut permits = Permits::new(all);
                for number in 0..3 {
                    let got = greedy(&mut permits, &line(purpose, number));
                    assert!(got <= all.div_ceil(2));
                }
                let newcomer = permits.take(&line(purpose, 9));
                assert!(newcomer, "three have {} of {all}", permits.taken());
            }
        }
    }

    #[test]
    fn the_only_place_of_a_pool_is_for_everything() {
        for purpose in [Purpose::SignIn, Purpose::Other] {
            let mut permits = Permits::new(1);
            assert!(permits.take(&line(purpose, 1)));
            assert!(!permits.take(&line(purpose, 2)));
            permits.give_back(&line(purpose, 1));
            assert!(permits.take(&line(purpose, 2)));
        }
    }

    #[test]
    fn a_newcomer_waits_for_one_job_of_each_and_not_for_all_of_one() {
        let mut permits = Permits::new(66);
        greedy(&mut permits, &line(Purpose::SignIn, 1));
        permits.take(&line(Purpose::SignIn, 2));
        assert_eq!(permits.ahead(&line(Purpose::SignIn, 3)), 2);
        // Beside them every other turn is one of the rest.
        for number in 0..30 {
            permits.take(&line(Purpose::Other, number));
        }
        assert_eq!(permits.ahead(&line(Purpose::SignIn, 3)), 5);
        // Who has had one already waits for another round.
        assert_eq!(permits.ahead(&line(Purpose::SignIn, 2)), 3 + 4);
    }

    #[test]
    fn what_is_given_back_leaves_nothing_behind() {
        let mut permits = Permits::new(4);
        let line = line(Purpose::Other, 1);
        assert!(permits.take(&line));
        permits.give_back(&line);
        assert_eq!(permits.taken(), 0);
        assert!(permits.lines.is_empty());
    }
}
