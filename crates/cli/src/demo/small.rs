//! The smaller experiments: a few runs each, of other kinds of work than the sweep.

use serde_json::{Value, json};

use super::client::Point;
use super::curves::{curve, last};
use super::random::Random;
use super::tag;

/// An experiment and how its runs are made.
pub struct Plan {
    pub name: &'static str,
    pub team: &'static str,
    pub user: &'static str,
    pub note: &'static str,
    /// The data that all runs read.
    pub dataset: &'static str,
    pub runs: usize,
    /// Time between the starts of two runs, in milliseconds.
    pub pause: i64,
    pub make: fn(&mut Random, usize, i64) -> Trained,
}

/// A run that is over.
pub struct Trained {
    pub name: String,
    pub params: Value,
    pub points: Vec<Point>,
    pub status: &'static str,
    /// How long it took, in milliseconds.
    pub took: i64,
}

const MINUTE: i64 = 60_000;

/// All of them.
pub const PLANS: [Plan; 4] = [
    Plan {
        name: "vision/segmentation",
        team: "vision",
        user: "ben",
        note: "Land use from satellite pictures. **Dice** is what counts.",
        dataset: "parcels-2026",
        runs: 8,
        pause: 170 * MINUTE,
        make: segmentation,
    },
    Plan {
        name: "nlp/tokenizer",
        team: "language",
        user: "dora",
        note: "How large a vocabulary pays for itself?",
        dataset: "wiki-2026-10",
        runs: 6,
        pause: 40 * MINUTE,
        make: tokenizer,
    },
    Plan {
        name: "speech/wake-word",
        team: "speech",
        user: "emil",
        note: "A model of less than 100,000 weights that wakes up when it is called, and only then.",
        dataset: "calls-7",
        runs: 7,
        pause: 95 * MINUTE,
        make: wake_word,
    },
    Plan {
        name: "tabular/churn",
        team: "growth",
        user: "fatima",
        note: "Who leaves next month? Ranked by **AUC** on the newest quarter.",
        dataset: "customers-2026-q3",
        runs: 10,
        pause: 25 * MINUTE,
        make: churn,
    },
];

fn segmentation(random: &mut Random, at: usize, start: i64) -> Trained {
    let (network, skill) = [("unet", 0.72), ("unet++", 0.78), ("deeplabv3", 0.83)][at % 3];
    let crop = random.choose(&["256", "384", "512"]);
    let skill = skill + random.normal(0.02);
    // The largest pictures do not fit with the largest network.
    let fails = network == "unet++" && crop == "512";
    let epochs = if fails { 6 } else { 80 };
    let pace = 85_000;
    let mut points = Vec::new();
    let mut add = |key, noise, value: &dyn Fn(f64) -> f64| {
        points.extend(curve(random, key, start, epochs, pace, noise, value));
    };
    add("train/loss", 0.01, &|t| 0.16 + 0.9 * (-5.0 * t).exp());
    add("val/dice", 0.006, &|t| skill * (1.0 - (-6.0 * t).exp()));
    add("val/iou", 0.006, &|t| (skill - 0.11) * (1.0 - (-6.0 * t).exp()));
    Trained {
        name: format!("{network}-{crop}-{at}"),
        params: json!([
            tag("network", network),
            tag("crop", crop),
            tag("lr", "0.0003"),
            tag("loss", if at.is_multiple_of(2) { "dice" } else { "dice+focal" }),
        ]),
        points,
        status: if fails { "FAILED" } else { "FINISHED" },
        took: i64::try_from(epochs).unwrap_or(0) * pace,
    }
}

fn tokenizer(random: &mut Random, at: usize, start: i64) -> Trained {
    let size = 4000 << (at / 2);
    let (kind, better) = [("bpe", 0.0), ("unigram", 0.06)][at % 2];
    let more = (f64::from(size) / 4000.0).log2();
    let took = (4 + 3 * i64::from(size) / 4000) * MINUTE;
    let end = start + took;
    let points = vec![
        last("characters_per_token", 3.1 + 0.42 * more + better + random.normal(0.01), end),
        last("unknown_rate", 0.021 * (-0.9 * more).exp() + random.between(0.0, 0.0004), end),
        last("perplexity_of_small_model", 41.0 - 2.6 * more - 9.0 * better, end),
        last("megabytes", f64::from(size) * 0.000_064, end),
    ];
    Trained {
        name: format!("{kind}-{}k", size / 1000),
        params: json!([
            tag("kind", kind),
            tag("vocabulary", &size.to_string()),
            tag("lowercase", "no"),
        ]),
        points,
        status: "FINISHED",
        took,
    }
}

fn wake_word(random: &mut Random, at: usize, start: i64) -> Trained {
    let width = [16, 24, 32, 48][at % 4];
    let noise = random.choose(&["0.1", "0.3", "0.5"]);
    let skill = f64::from(width).ln() / 4.0 + random.normal(0.02);
    let pace = 31_000;
    let mut points = Vec::new();
    let mut add = |key, noise, value: &dyn Fn(f64) -> f64| {
        points.extend(curve(random, key, start, 60, pace, noise, value));
    };
    add("loss", 0.012, &|t| 0.08 + 0.6 * (-4.5 * t).exp());
    add("miss_rate", 0.004, &|t| 0.16 - 0.12 * skill + 0.5 * (-6.0 * t).exp());
    add("false_wakes_per_hour", 0.05, &|t| 1.4 - skill + 6.0 * (-5.0 * t).exp());
    Trained {
        name: format!("dscnn-{width}-noise{noise}"),
        params: json!([
            tag("width", &width.to_string()),
            tag("noise", noise),
            tag("quantized", "int8"),
            tag("weights", &(width * width * 37).to_string()),
        ]),
        points,
        status: if at == 4 { "KILLED" } else { "FINISHED" },
        took: 60 * pace,
    }
}

fn churn(random: &mut Random, at: usize, start: i64) -> Trained {
    let (model, skill) = [("xgboost", 0.871), ("logistic", 0.812), ("forest", 0.853)][at % 3];
    let depth = random.choose(&["3", "4", "6", "8"]);
    let skill = skill + random.normal(0.006);
    let took = 2 * MINUTE;
    let mut points = vec![
        last("test/auc", skill, start + took),
        last("test/f1", skill - 0.24 + random.normal(0.01), start + took),
        last("test/logloss", 1.2 - skill + random.normal(0.01), start + took),
    ];
    let mut params = vec![tag("model", model), tag("features", "41"), tag("folds", "5")];
    if model != "logistic" {
        params.push(tag("max_depth", depth));
    }
    if model == "xgboost" {
        points.extend(curve(random, "train/auc", start, 120, 900, 0.001, &|t| {
            0.74 + (skill - 0.71) * (1.0 - (-4.0 * t).exp())
        }));
    }
    Trained {
        name: format!("{model}-{at:02}"),
        params: params.into(),
        points,
        status: "FINISHED",
        took,
    }
}
