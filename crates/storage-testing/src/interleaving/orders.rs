//! Moves of several hands, one after the other.

/// Every order of the moves in which each hand keeps its own, where hand `i` makes `lengths[i]` of them: which hand
/// moves next.
pub fn every_order(lengths: &[usize]) -> Vec<Vec<usize>> {
    if lengths.iter().all(|length| *length == 0) {
        return vec![Vec::new()];
    }
    let mut orders = Vec::new();
    for hand in (0..lengths.len()).filter(|hand| lengths[*hand] > 0) {
        let mut left = lengths.to_vec();
        left[hand] -= 1;
        for mut rest in every_order(&left) {
            rest.insert(0, hand);
            orders.push(rest);
        }
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::every_order;

    #[test]
    fn every_order_is_there_once_and_each_hand_keeps_its_own() {
        let orders = every_order(&[2, 1, 0]);
        assert_eq!(orders, [vec![0, 0, 1], vec![0, 1, 0], vec![1, 0, 0]]);
        assert_eq!(every_order(&[3, 3, 3]).len(), 1680);
    }
}
