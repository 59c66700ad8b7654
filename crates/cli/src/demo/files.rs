//! Files of a run: texts, a table, a page, and pictures that get better from step to step.

use oxflow_model::Result;
use serde_json::json;

use super::client::Client;
use super::random::Random;
use super::tag;

const TRAIN: &str = include_str!("train.py.txt");
const PAGE: &str = include_str!("confusion.html");
const REPORT: &str = "# Evaluation\n\nThe model **confuses** terriers with each other.\n\n\
    | class | recall |\n|---|---|\n| tench | 0.91 |\n| goldfish | 0.88 |\n";
const CLASSES: [&str; 3] = ["tench", "goldfish", "hen"];
/// Width and height of a picture.
const SIDE: u32 = 96;

/// Stores the files of a run; gives how many there are.
pub async fn of_run(
    client: &Client,
    random: &mut Random,
    run: &str,
    rate: f64,
    skill: f64,
) -> Result<usize> {
    let config = format!(
        "model:\n  name: resnet34\n  pretrained: false\noptimizer:\n  lr: {rate:.5}\n  \
         weight_decay: 0.05\ndata:\n  root: /data/imagenet10\n  workers: 8\n"
    );
    let metrics = json!({"top1": skill, "classes": {"tench": 0.91, "goldfish": 0.88}});
    let mut files = vec![
        ("config.yaml".to_owned(), config.into_bytes()),
        ("metrics.json".to_owned(), metrics.to_string().into_bytes()),
        ("report.md".to_owned(), REPORT.into()),
        ("confusion.html".to_owned(), PAGE.into()),
        ("code/train.py".to_owned(), TRAIN.into()),
        ("predictions.csv".to_owned(), predictions(random).into_bytes()),
        ("train.log".to_owned(), log().into_bytes()),
    ];
    for key in ["reconstruction", "sample"] {
        let pattern =
            [random.between(2.0, 9.0), random.between(2.0, 9.0), random.between(2.0, 9.0)];
        for step in (0..500).step_by(100) {
            let noise = ((1.0 - skill) * 0.5 + 0.5 * (-f64::from(step) / 120.0).exp()).max(0.02);
            // As `log_image` names them; `+` is a space in an address.
            let name = format!("images/val~{key}%2Bstep%2B{step}%2Btimestamp%2B0%2B{step:08x}.png");
            files.push((name, picture(random, pattern, noise)));
        }
    }
    let count = files.len();
    for (path, data) in files {
        client.upload(run, &path, data).await?;
    }
    let logged = tag("mlflow.loggedImages", "True");
    let body = json!({"run_id": run, "key": logged["key"], "value": logged["value"]});
    client.post("runs/set-tag", body).await?;
    Ok(count)
}

fn predictions(random: &mut Random) -> String {
    let mut table = "image,label,predicted,confidence\n".to_owned();
    for at in 0..250 {
        let (label, predicted) = (random.choose(&CLASSES), random.choose(&CLASSES));
        table += &format!("val_{at:05}.jpg,{label},{predicted},{:.4}\n", random.unit());
    }
    table
}

fn log() -> String {
    let line = |at: u32| {
        let loss = 2.4 * (-f64::from(at) / 60.0).exp() + 0.3;
        format!("10:{:02}:{:02} INFO step {}: loss {loss:.4}\n", at / 60, at % 60, at * 50)
    };
    (0..400).map(line).collect()
}

/// A soft pattern below noise, as PNG.
fn picture(random: &mut Random, [a, b, c]: [f64; 3], noise: f64) -> Vec<u8> {
    let mut rows = Vec::new();
    for y in 0..SIDE {
        // Each row names its filter: none.
        rows.push(0);
        for x in 0..SIDE {
            let (u, v) =
                (f64::from(x) / f64::from(SIDE) - 0.5, f64::from(y) / f64::from(SIDE) - 0.5);
            let soft =
                (a * u * 6.0 + c).sin() * (b * v * 6.0).cos() * (-4.0 * (u * u + v * v)).exp();
            let wave = ((1.0 - noise) * soft + random.normal(noise)).clamp(-1.0, 1.0);
            let tone = |value: f64| value.clamp(0.0, 255.0) as u8;
            rows.push(tone(120.0 + 110.0 * wave));
            rows.push(tone(110.0 + 60.0 * (wave * 3.0 + c).sin()));
            rows.push(tone(160.0 - 90.0 * wave));
        }
    }
    png(SIDE, &rows)
}

/// A PNG of plain colours, whose data is not compressed.
fn png(side: u32, rows: &[u8]) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let head = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    for (kind, data) in [(b"IHDR", head), (b"IDAT", stored(rows)), (b"IEND", Vec::new())] {
        out.extend((data.len() as u32).to_be_bytes());
        let body = [&kind[..], &data].concat();
        out.extend(&body);
        out.extend(crc32fast::hash(&body).to_be_bytes());
    }
    out
}

/// The format of zlib, with blocks that are stored as they are.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = data.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (mut low, mut high) = (1u32, 0u32);
    for byte in data {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    out.extend((high << 16 | low).to_be_bytes());
    out
}
