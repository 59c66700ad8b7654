//! The points of a run in both stores, side by side, however many there are.

use std::cmp::Ordering;

use oxflow_model::{Metric, Result};
use oxflow_store::{Parts, by_key_and_step};

/// Points in order, one after the other.
pub struct Cursor {
    parts: Option<Parts<Metric>>,
    part: std::vec::IntoIter<Metric>,
}

impl Cursor {
    /// At the first point.
    pub fn new(parts: Parts<Metric>) -> Cursor {
        Cursor { parts: Some(parts), part: Vec::new().into_iter() }
    }

    /// Of points that are at hand.
    pub fn of(points: Vec<Metric>) -> Cursor {
        Cursor { parts: None, part: points.into_iter() }
    }

    /// Of nothing.
    pub fn empty() -> Cursor {
        Cursor { parts: None, part: Vec::new().into_iter() }
    }

    /// The point it stands at.
    async fn peek(&mut self) -> Result<Option<&Metric>> {
        while self.part.as_slice().is_empty() {
            let Some(parts) = &self.parts else { return Ok(None) };
            match parts.recv().await {
                Ok(part) => self.part = part?.into_iter(),
                Err(_) => self.parts = None,
            }
        }
        Ok(self.part.as_slice().first())
    }
}

/// What is at the next point.
#[derive(Debug)]
pub enum Side {
    /// In both stores.
    Both,
    /// Only in the source.
    Missing(Metric),
    /// Only in the target.
    Extra(Metric),
}

/// Goes on by one point.
pub async fn next(source: &mut Cursor, target: &mut Cursor) -> Result<Option<Side>> {
    let order = match (source.peek().await?, target.peek().await?) {
        (None, None) => return Ok(None),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(a), Some(b)) => by_key_and_step(a, b),
    };
    Ok(match order {
        Ordering::Equal => {
            target.part.next();
            source.part.next().map(|_| Side::Both)
        }
        Ordering::Less => source.part.next().map(Side::Missing),
        Ordering::Greater => target.part.next().map(Side::Extra),
    })
}

#[cfg(test)]
mod tests {
    use oxflow_model::Millis;

    use super::*;

    fn cursor(parts: &[&[(&str, i64, f64)]]) -> Cursor {
        let (sender, receiver) = async_channel::unbounded();
        for part in parts {
            let point = |(key, step, value): &(&str, i64, f64)| {
                Metric::point(*key, *value, Millis(1), *step)
            };
            sender.try_send(Ok(part.iter().map(point).collect())).unwrap();
        }
        Cursor::new(receiver)
    }

    #[tokio::test]
    async fn two_histories_are_compared_point_by_point() {
        let source = &[&[("a", 1, 1.0), ("a", 2, f64::NAN)][..], &[("b", 1, 0.0), ("b", 1, 3.0)]];
        let mut source = cursor(source);
        let mut target =
            cursor(&[&[("a", 2, f64::NAN)], &[("a", 3, 1.0), ("b", 1, -0.0)], &[("c", 1, 1.0)]]);
        let mut found = Vec::new();
        while let Some(side) = next(&mut source, &mut target).await.unwrap() {
            found.push(match side {
                Side::Both => "both".to_owned(),
                Side::Missing(point) => format!("missing {}{}", point.key, point.step),
                Side::Extra(point) => format!("extra {}{}", point.key, point.step),
            });
        }
        assert_eq!(found, ["missing a1", "both", "extra a3", "both", "missing b1", "extra c1"]);
    }
}
