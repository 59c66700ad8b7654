//! Tables that only databases keep, compared without holding them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use oxflow_model::Result;
use oxflow_store::{Cell, Cells, ExportStore, ImportStore, Table};

/// The numbers that experiments have in the target, by those in the source, where they differ.
pub type Numbers = HashMap<i64, i64>;

/// Gives rows of a table the numbers that their experiments have in the target.
pub fn renumber(rows: &mut [Cells], table: &Table, numbers: &Numbers) {
    let Some(column) = table.experiment.filter(|_| !numbers.is_empty()) else { return };
    for row in rows {
        if let Some(Cell::Int(number)) = row.get_mut(column)
            && let Some(there) = numbers.get(number)
        {
            *number = *there;
        }
    }
}

/// A number that equal rows share and others hardly ever.
fn digest(row: &Cells) -> u64 {
    let mut hasher = DefaultHasher::new();
    for cell in row {
        match cell {
            Cell::Null => 0_u8.hash(&mut hasher),
            Cell::Int(number) => (1_u8, number).hash(&mut hasher),
            Cell::Real(number) => (2_u8, number.to_bits()).hash(&mut hasher),
            Cell::Text(text) => (3_u8, text).hash(&mut hasher),
        }
    }
    hasher.finish()
}

/// Told how many rows were read of the source, again and again; an error ends it.
pub type Read<'a> = &'a (dyn Fn(u64) -> Result<()> + Sync);

/// Hands over a number for each row of a table, as `target` keeps it.
async fn each(
    store: &dyn ExportStore,
    target: &dyn ImportStore,
    table: &Table,
    numbers: &Numbers,
    read: Read<'_>,
    mut take: impl FnMut(u64),
) -> Result<()> {
    let parts = store.export_rows(&table.name).await?;
    while let Ok(part) = parts.recv().await {
        let mut part = part?;
        read(part.len() as u64)?;
        renumber(&mut part, table, numbers);
        let kept = part.into_iter().filter_map(|row| target.as_kept(&table.name, row));
        kept.for_each(|row| take(digest(&row)));
    }
    Ok(())
}

/// The rows of a table: how many, and a sum that does not depend on their order.
async fn sum(
    store: &dyn ExportStore,
    target: &dyn ImportStore,
    table: &Table,
    numbers: &Numbers,
    read: Read<'_>,
) -> Result<(u64, u64)> {
    let (mut count, mut sum) = (0, 0_u64);
    each(store, target, table, numbers, read, |digest| {
        count += 1;
        sum = sum.wrapping_add(digest);
    })
    .await?;
    Ok((count, sum))
}

/// How many rows of a table are in the source, and how many of them not in the target.
pub async fn compare(
    source: &dyn ExportStore,
    target: &dyn ImportStore,
    table: &Table,
    numbers: &Numbers,
    read: Read<'_>,
) -> Result<(u64, u64)> {
    let same = Numbers::new();
    // Rows are counted once.
    let again = |_| read(0);
    let (ours, theirs) = tokio::try_join!(
        sum(source, target, table, numbers, read),
        sum(target, target, table, &same, &again)
    )?;
    let rows = ours.0;
    if ours == theirs {
        return Ok((rows, 0));
    }
    // The target has rows of its own, or others: then every row has to be found.
    let mut wanted: HashMap<u64, u64> = HashMap::new();
    let mut want = |digest| *wanted.entry(digest).or_default() += 1;
    each(source, target, table, numbers, &again, &mut want).await?;
    each(target, target, table, &same, &again, |digest| {
        if let Some(left) = wanted.get_mut(&digest) {
            *left = left.saturating_sub(1);
        }
    })
    .await?;
    Ok((rows, wanted.values().sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_their_experiments() {
        let row = || vec![Cell::Text("t".to_owned()), Cell::Int(5), Cell::Int(5)];
        let numbers = Numbers::from([(5, 2)]);
        for (experiment, expected) in [(Some(1), [2, 5]), (Some(2), [5, 2]), (None, [5, 5])] {
            let (name, movable) = ("t".to_owned(), true);
            let table = Table { name, rows: 1, movable, experiment };
            let mut rows = [row()];
            renumber(&mut rows, &table, &numbers);
            assert_eq!(rows[0][1..], expected.map(Cell::Int));
            renumber(&mut rows, &table, &numbers);
            assert_eq!(rows[0][1..], expected.map(Cell::Int), "no number becomes another twice");
        }
    }
}
