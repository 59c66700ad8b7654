//! Histories as they are drawn: few points that look like all of them.

use oxflow_model::{Metric, Millis, RunId};

/// The points of a run, by step, timestamp and value.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The run.
    pub run_id: RunId,
    /// Its points; at least one.
    pub points: Vec<CurvePoint>,
}

/// A point of a metric that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// The step.
    pub step: i64,
    /// When it was logged.
    pub timestamp: Millis,
    /// The value, which may be NaN.
    pub value: f64,
}

impl CurvePoint {
    /// Whether there is a number that can be drawn. Infinities are kept as the outermost numbers.
    fn is_drawn(&self) -> bool {
        self.value.abs() < f64::MAX
    }
}

impl From<&Metric> for CurvePoint {
    fn from(metric: &Metric) -> CurvePoint {
        CurvePoint { step: metric.step, timestamp: metric.timestamp, value: metric.value }
    }
}

/// Points that stand run by run, as curves.
pub fn by_run(points: &[Metric]) -> Vec<Curve> {
    let mut curves: Vec<Curve> = Vec::new();
    for point in points {
        let Some(run) = point.run_id.as_deref() else { continue };
        match curves.last_mut() {
            Some(curve) if curve.run_id.as_str() == run => curve.points.push(point.into()),
            _ => curves.push(Curve { run_id: RunId::new(run), points: vec![point.into()] }),
        }
    }
    curves
}

/// At most `most` of points that stand in order: the first, the last, and of equal parts of those in between the lowest
/// and the highest number, so that no peak is lost. A part without numbers is a gap, which its first point stands for.
pub fn thin(points: Vec<CurvePoint>, most: u64) -> Vec<CurvePoint> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if points.len() <= most {
        return points;
    }
    let [first, between @ .., last] = points.as_slice() else { return points };
    if most < 2 {
        return vec![*last];
    }
    let parts = (most - 2) / 2;
    let mut out = Vec::with_capacity(most);
    out.push(*first);
    for at in 0..parts {
        let part = at * between.len() / parts..(at + 1) * between.len() / parts;
        push_extremes(&between[part], &mut out);
    }
    out.push(*last);
    out
}

/// Adds the lowest and the highest of some points, in their order.
fn push_extremes(points: &[CurvePoint], out: &mut Vec<CurvePoint>) {
    let mut numbers = points.iter().enumerate().filter(|(_, point)| point.is_drawn());
    let Some(start) = numbers.next() else {
        out.extend(points.first());
        return;
    };
    let (mut lowest, mut highest) = (start, start);
    for next in numbers {
        if next.1.value < lowest.1.value {
            lowest = next;
        }
        if next.1.value > highest.1.value {
            highest = next;
        }
    }
    out.push(points[lowest.0.min(highest.0)]);
    if lowest.0 != highest.0 {
        out.push(points[lowest.0.max(highest.0)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[f64]) -> Vec<CurvePoint> {
        let point = |(step, value): (usize, &f64)| CurvePoint {
            step: step as i64,
            timestamp: Millis(0),
            value: *value,
        };
        values.iter().enumerate().map(point).collect()
    }

    fn steps(values: &[f64], most: u64) -> Vec<i64> {
        thin(points(values), most).iter().map(|point| point.step).collect()
    }

    #[test]
    fn ends_and_extremes_stay() {
        let values = [0.0, 1.0, 9.0, 2.0, 2.0, 3.0, 3.0, -5.0, 3.0, 4.0];
        assert_eq!(steps(&values, 10), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(steps(&values, 9), [0, 1, 2, 3, 5, 6, 7, 9]);
        assert_eq!(steps(&values, 6), [0, 1, 2, 5, 7, 9]);
        assert_eq!(steps(&values, 4), [0, 2, 7, 9]);
        assert_eq!(steps(&values, 3), [0, 9]);
        assert_eq!(steps(&values, 2), [0, 9]);
        assert_eq!(steps(&values, 1), [9]);
    }

    #[test]
    fn what_is_no_number_is_a_gap_where_nothing_else_is() {
        let (nan, endless) = (f64::NAN, f64::MAX);
        let values = [0.0, nan, 1.0, 2.0, nan, endless, nan, endless, 3.0];
        assert_eq!(steps(&values, 8), [0, 2, 3, 5, 8]);
        assert_eq!(steps(&[nan, nan, nan, nan, nan], 4), [0, 1, 4]);
    }
}
