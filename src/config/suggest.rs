//! "Did you mean": the known word nearest to an unknown one.

/// The candidate that is nearest to `word`, if one is near enough to be worth saying.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // Longer than any word of the grammar: not a typing error, and not worth the time.
    if word.len() > 40 {
        return None;
    }
    let word: Vec<char> = word.to_lowercase().chars().collect();
    let allowed = match word.len() {
        0..=1 => return None,
        2..=4 => 1,
        5..=7 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        // All names of the grammar are ASCII. A distance is never less than the difference in length.
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= allowed)
        .map(|candidate| (distance(&word, candidate.as_bytes()), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Edit distance: characters inserted, left out, replaced, or swapped with their neighbour.
fn distance(a: &[char], b: &[u8]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let y = char::from(y);
            let mut best = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == char::from(b[j - 1]) && a[i - 1] == y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let names = ["checkinterval", "checktype", "real", "request"];
        assert_eq!(nearest("chekintervall", names), Some("checkinterval"));
        assert_eq!(nearest("rael", names), Some("real"));
        assert_eq!(nearest("REQUEST", names), Some("request"));
        assert_eq!(nearest("colour", names), None);
        assert_eq!(nearest(&"x".repeat(10_000), names), None);
    }
}
