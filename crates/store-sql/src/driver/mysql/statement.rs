//! Inserts of many rows in one statement.

/// The most rows of one statement, and the most warnings that MySQL tells of one. Every power of two
/// up to it is prepared once by a connection.
const MOST: usize = 1024;

/// An `INSERT … VALUES (?, …) …`, in parts.
pub struct Rows<'s> {
    insert: &'s str,
    rest: &'s str,
    /// Values of a row.
    pub columns: usize,
}

impl<'s> Rows<'s> {
    /// The parts, or `None` if the statement has another shape.
    pub fn of(sql: &'s str, columns: usize) -> Option<Rows<'s>> {
        let marks = format!(" VALUES {}", marks(columns));
        let (insert, rest) = sql.split_once(&marks)?;
        Some(Rows { insert, rest, columns })
    }

    /// The statement for so many rows.
    pub fn times(&self, count: usize) -> String {
        let rows = vec![marks(self.columns); count].join(", ");
        format!("{} VALUES {rows}{}", self.insert, self.rest)
    }
}

fn marks(columns: usize) -> String {
    format!("({})", vec!["?"; columns].join(", "))
}

/// How many of the remaining rows go into the next statement.
pub fn chunk(remaining: usize, most: usize) -> usize {
    let most = remaining.min(most).clamp(1, MOST);
    1 << most.ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_repeated() {
        let rows = Rows::of("INSERT INTO t (a, b) VALUES (?, ?) ON DUPLICATE", 2).unwrap();
        assert_eq!(rows.times(2), "INSERT INTO t (a, b) VALUES (?, ?), (?, ?) ON DUPLICATE");
        assert!(Rows::of("UPDATE t SET a = ?", 1).is_none());
    }

    #[test]
    fn chunks_are_powers_of_two() {
        let mut remaining = 1000;
        let mut chunks = Vec::new();
        while remaining > 0 {
            chunks.push(chunk(remaining, 10_000));
            remaining -= chunks[chunks.len() - 1];
        }
        assert_eq!(chunks, [512, 256, 128, 64, 32, 8]);
        assert_eq!((chunk(1, 10), chunk(5000, 10_000), chunk(5000, 100)), (1, 1024, 64));
    }
}
