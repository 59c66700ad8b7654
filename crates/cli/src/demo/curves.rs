//! Curves as trainings leave them.

use super::PACE;
use super::client::Point;
use super::random::Random;

/// A training, whose curves all come from the same hidden quality.
pub struct Training {
    /// When it began, in milliseconds.
    pub start: i64,
    pub steps: usize,
    /// The learning rate.
    pub rate: f64,
    /// How good it is, from 0 to 1.
    pub skill: f64,
}

impl Training {
    pub fn points(&self, random: &mut Random) -> Vec<Point> {
        let Training { start, steps, rate, skill } = *self;
        let fall = 3.0 + 4.0 * skill;
        let weak = 1.0 - skill;
        let mut points = Vec::with_capacity(7 * steps);
        let mut add = |key: &str, noise: f64, value: &dyn Fn(f64) -> f64| {
            points.extend(curve(random, key, start, steps, PACE, noise, value));
        };
        add("train/loss", 0.05, &|t| 0.25 + 2.2 * (-fall * t).exp() + 0.6 * weak);
        add("train/lr", 0.0, &|t| rate * 0.5 * (1.0 + (std::f64::consts::PI * t).cos()));
        add("train/grad_norm", 0.12, &|t| 0.8 + 3.0 * (-5.0 * t).exp());
        add("train/images_per_second", 14.0, &|_| 1180.0 + 160.0 * skill);
        add("val/loss", 0.03, &|t| {
            0.45 + 2.0 * (-fall * t).exp() + 0.7 * weak + 0.3 * t * t * weak
        });
        add("val/accuracy", 0.008, &|t| (0.55 + 0.38 * skill) * (1.0 - (-fall * t).exp()));
        add("val/top5", 0.005, &|t| {
            ((0.75 + 0.24 * skill) * (1.0 - (-1.4 * fall * t).exp())).min(0.995)
        });
        points
    }
}

/// What the machine did meanwhile.
pub fn machine(random: &mut Random, start: i64, steps: usize) -> Vec<Point> {
    let kinds = [
        ("gpu_0_utilization_percentage", 91.0, 4.0),
        ("gpu_0_memory_usage_megabytes", 21_500.0, 120.0),
        ("gpu_0_power_usage_watts", 287.0, 9.0),
        ("cpu_utilization_percentage", 38.0, 6.0),
        ("system_memory_usage_megabytes", 30_210.0, 90.0),
        ("disk_usage_percentage", 61.0, 0.2),
        ("network_receive_megabytes", 310.0, 40.0),
    ];
    let curves = kinds.map(|(key, mean, noise)| {
        curve(random, &format!("system/{key}"), start, steps, PACE, noise, &|_| mean)
    });
    curves.concat()
}

/// A short training of a model that writes summaries.
pub fn summaries(random: &mut Random, start: i64) -> Vec<Point> {
    let loss = curve(random, "loss", start, 30, 20_000, 0.02, &|t| 1.2 + 2.0 * (-4.0 * t).exp());
    let score = |t: f64| 0.35 * (1.0 - (-4.0 * t).exp());
    [loss, curve(random, "rougeL", start, 30, 20_000, 0.004, &score)].concat()
}

/// A point that was logged once, at the end.
pub fn last(key: &str, value: f64, timestamp: i64) -> Point {
    Point { key: key.to_owned(), value, timestamp, step: 0 }
}

/// Points of a function of the share of steps that are done, from 0 to 1, and noise.
pub fn curve(
    random: &mut Random,
    key: &str,
    start: i64,
    steps: usize,
    pace: i64,
    noise: f64,
    value: &dyn Fn(f64) -> f64,
) -> Vec<Point> {
    let last = steps.saturating_sub(1).max(1) as f64;
    (0i64..)
        .zip(0..steps)
        .map(|(at, step)| Point {
            key: key.to_owned(),
            value: possible(key, value(step as f64 / last) + random.normal(noise)),
            timestamp: start + at * pace,
            step,
        })
        .collect()
}

/// Noise does not make a share negative, or more than the whole.
fn possible(key: &str, value: f64) -> f64 {
    let whole = match key.rsplit(['/', '_']).next() {
        Some("percentage") => 100.0,
        Some("accuracy" | "top5" | "dice" | "iou" | "auc" | "rougeL") => 1.0,
        _ => return value,
    };
    value.clamp(0.0, whole)
}
