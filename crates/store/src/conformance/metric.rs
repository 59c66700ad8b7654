//! Points: the latest of each metric, and their history.

use oxflow_model::{ErrorCode, ExperimentId, Metric, ModelId, NewLoggedModel, PageRequest, RunId};

use super::{NOW, after, batch, get, point, refused, run, run_id, shown_points};
use crate::{Curve, HistoryInterval, HistoryPage, Store};

/// The whole history of the metric `m`.
async fn history(store: &dyn Store, id: &RunId) -> Vec<String> {
    let page = PageRequest { limit: i64::MAX as u64, offset: 0 };
    let wanted = HistoryPage { run_id: id.clone(), key: "m".to_owned(), page };
    let found = store.metric_history(wanted).await.unwrap();
    assert_eq!(found.next_offset, None);
    shown_points(&found.items)
}

async fn latest(store: &dyn Store, id: &RunId) -> Vec<String> {
    shown_points(&get(store, id).await.metrics)
}

async fn log(store: &dyn Store, id: &RunId, metrics: &[Metric]) {
    store.log_batch(id, batch(metrics, &[], &[])).await.unwrap();
}

pub async fn a_point_is_read_back(store: &dyn Store) {
    let id = run(store, 1).await;
    for (n, value) in [0.0, -1.5, 1e-300, 0.1 + 0.2, 123_456_789.0, f64::MIN, f64::MIN_POSITIVE]
        .into_iter()
        .enumerate()
    {
        let logged = Metric::point(format!("m{n}"), value, NOW, -7);
        store.log_metric(&id, logged.clone()).await.unwrap();
        let run = get(store, &id).await;
        assert_eq!(run.metrics.iter().find(|m| m.key == logged.key), Some(&logged));
    }
    for step in [i64::MIN, i64::MAX] {
        store.log_metric(&id, point("m", 1.0, 0, step)).await.unwrap();
    }
    let expected = [format!("m=1@0/{}", i64::MIN), format!("m=1@0/{}", i64::MAX)];
    assert_eq!(history(store, &id).await, expected);
}

pub async fn the_same_point_is_kept_once(store: &dyn Store) {
    let id = run(store, 1).await;
    let same = point("m", 1.0, 5, 3);
    let nan = point("m", f64::NAN, 5, 3);
    store.log_metric(&id, same.clone()).await.unwrap();
    store.log_metric(&id, same.clone()).await.unwrap();
    log(store, &id, &[same.clone(), nan.clone(), same.clone(), nan.clone()]).await;
    store.log_metric(&id, nan).await.unwrap();
    assert_eq!(history(store, &id).await, ["m=NaN@5/3", "m=1@5/3"]);
    assert_eq!(latest(store, &id).await, ["m=1@5/3"]);
}

pub async fn points_that_differ_in_anything_are_all_kept(store: &dyn Store) {
    let (id, other) = (run(store, 1).await, run(store, 2).await);
    let all = [
        point("m", 1.0, 0, 0),
        point("m", 2.0, 0, 0),
        point("m", 1.0, 1, 0),
        point("m", 1.0, 0, 1),
        point("M", 1.0, 0, 0),
    ];
    log(store, &id, &all).await;
    for one in all {
        store.log_metric(&other, one).await.unwrap();
    }
    for id in [id, other] {
        let expected = ["m=1@0/0", "m=2@0/0", "m=1@0/1", "m=1@1/0"];
        assert_eq!(history(store, &id).await, expected);
        assert_eq!(super::sorted(latest(store, &id).await), ["M=1@0/0", "m=1@0/1"]);
    }
}

pub async fn the_latest_point_is_the_greatest_by_step_time_and_value(store: &dyn Store) {
    const NAN: f64 = f64::NAN;
    /// Value, milliseconds, step.
    type Point = (f64, i64, i64);
    // Points in the order they are logged, and which is the latest.
    let table: [(&[Point], &str); 13] = [
        (&[(1.0, 0, 0), (2.0, 0, 1)], "m=2@0/1"),
        (&[(2.0, 9, 1), (1.0, 99, 0)], "m=2@9/1"),
        (&[(2.0, 1, 1), (1.0, 2, 1)], "m=1@2/1"),
        (&[(2.0, 2, 1), (1.0, 1, 1)], "m=2@2/1"),
        (&[(1.0, 1, 1), (2.0, 1, 1)], "m=2@1/1"),
        (&[(2.0, 1, 1), (1.0, 1, 1)], "m=2@1/1"),
        (&[(2.0, 1, -5), (1.0, 1, -6), (0.5, 0, -5)], "m=2@1/-5"),
        // NaN counts as 0.
        (&[(-3.0, 1, 1), (NAN, 1, 1)], "m=NaN@1/1"),
        (&[(5.0, 1, 1), (NAN, 1, 1)], "m=5@1/1"),
        (&[(NAN, 1, 1), (5.0, 1, 1), (-3.0, 1, 1)], "m=5@1/1"),
        (&[(5.0, 1, 1), (NAN, 1, 2)], "m=NaN@1/2"),
        // Among equals the first one stays.
        (&[(0.0, 1, 1), (NAN, 1, 1)], "m=0@1/1"),
        (&[(NAN, 1, 1), (0.0, 1, 1)], "m=NaN@1/1"),
    ];
    for (n, (points, expected)) in table.into_iter().enumerate() {
        let points: Vec<Metric> = points.iter().map(|(v, ms, s)| point("m", *v, *ms, *s)).collect();
        let one_by_one = run(store, 2 * n + 1).await;
        for point in &points {
            store.log_metric(&one_by_one, point.clone()).await.unwrap();
        }
        assert_eq!(latest(store, &one_by_one).await, [expected]);
        let at_once = run(store, 2 * n + 2).await;
        log(store, &at_once, &points).await;
        assert_eq!(latest(store, &at_once).await, [expected]);
        assert_eq!(history(store, &at_once).await, history(store, &one_by_one).await);
    }
}

pub async fn nan_and_infinity_are_kept_as_mlflow_keeps_them(store: &dyn Store) {
    let id = run(store, 1).await;
    for (step, value) in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].into_iter().enumerate() {
        store.log_metric(&id, point("m", value, 0, step as i64)).await.unwrap();
    }
    let (min, max) = (f64::MIN, f64::MAX);
    let expected = ["m=NaN@0/0".to_owned(), format!("m={max}@0/1"), format!("m={min}@0/2")];
    assert_eq!(history(store, &id).await, expected);
    assert_eq!(latest(store, &id).await, [expected[2].clone()]);
}

pub async fn history_is_sorted_by_time_step_and_value(store: &dyn Store) {
    let id = run(store, 1).await;
    let points = [
        point("m", 1.0, 2, 0),
        point("m", 3.0, 1, 1),
        point("m", 2.0, 1, 1),
        point("m", 9.0, 1, 0),
        point("m", -1.0, 0, 7),
        point("m", 1.0, 2, -1),
    ];
    log(store, &id, &points).await;
    let expected = ["m=-1@0/7", "m=9@1/0", "m=2@1/1", "m=3@1/1", "m=1@2/-1", "m=1@2/0"];
    assert_eq!(history(store, &id).await, expected);
}

pub async fn pages_of_history_have_no_gaps_and_no_repeats(store: &dyn Store) {
    let id = run(store, 1).await;
    let mut points: Vec<Metric> =
        (0..20).map(|n| point("m", f64::from(n % 3), i64::from(n % 2), i64::from(n / 4))).collect();
    points.push(point("m", f64::NAN, 0, 0));
    points.push(point("other", 1.0, 0, 0));
    log(store, &id, &points).await;
    let whole = history(store, &id).await;
    for limit in [1, 2, 7, whole.len() as u64, 100] {
        let (mut pages, mut next) = (Vec::new(), Some(0));
        while let Some(offset) = next {
            let page = PageRequest { limit, offset };
            let wanted = HistoryPage { run_id: id.clone(), key: "m".to_owned(), page };
            let found = store.metric_history(wanted).await.unwrap();
            assert!(found.items.len() as u64 <= limit && !found.items.is_empty());
            pages.extend(shown_points(&found.items));
            next = found.next_offset;
        }
        assert_eq!(pages, whole, "in pages of {limit}");
    }
}

pub async fn what_is_unknown_has_no_history(store: &dyn Store) {
    let id = run(store, 1).await;
    log(store, &id, &[point("M", 1.0, 0, 0)]).await;
    assert_eq!(history(store, &id).await, [""; 0]);
    assert_eq!(history(store, &run_id(9)).await, [""; 0]);
    assert_eq!(store.metric_history_bulk(vec![run_id(9)], "M", 10).await.unwrap(), []);
    let page = PageRequest { limit: 5, offset: i64::MAX as u64 };
    let wanted = HistoryPage { run_id: id, key: "M".to_owned(), page };
    let found = store.metric_history(wanted).await.unwrap();
    assert_eq!((found.items, found.next_offset), (vec![], None));
}

pub async fn bulk_history_is_sorted_by_run_and_cut_as_a_whole(store: &dyn Store) {
    let (a, b) = (run(store, 1).await, run(store, 2).await);
    for id in [&b, &a] {
        let points = [point("m", 2.0, 1, 0), point("m", 1.0, 0, 5), point("x", 1.0, 0, 0)];
        log(store, id, &points).await;
    }
    let both = vec![b.clone(), a.clone(), run_id(9), a.clone()];
    for (limit, expected) in [(0, 0), (1, 1), (3, 3), (4, 4), (25_000, 4)] {
        let found = store.metric_history_bulk(both.clone(), "m", limit).await.unwrap();
        let all = ["m=1@0/5", "m=2@1/0", "m=1@0/5", "m=2@1/0"];
        assert_eq!(shown_points(&found), all[..expected]);
        let runs: Vec<_> = found.iter().map(|point| point.run_id.clone().unwrap()).collect();
        let all = [a.as_str(), a.as_str(), b.as_str(), b.as_str()];
        assert_eq!(runs, all[..expected]);
    }
}

async fn sample(
    store: &dyn Store,
    run_ids: &[RunId],
    steps: Option<(i64, i64)>,
    points: u64,
) -> Vec<Metric> {
    let interval =
        HistoryInterval { run_ids: run_ids.to_vec(), key: "m".to_owned(), steps, points };
    store.metric_history_interval(interval).await.unwrap()
}

pub async fn samples_take_the_first_of_each_bucket_and_the_very_last(store: &dyn Store) {
    let id = run(store, 1).await;
    let points: Vec<Metric> = (0..20).map(|n| point("m", 1.0, 99 - n, n)).collect();
    log(store, &id, &points).await;
    let table: [(u64, &[i64]); 6] = [
        (1, &[19]),
        (2, &[0, 19]),
        (3, &[0, 7, 19]),
        (5, &[0, 4, 8, 12, 19]),
        (7, &[0, 3, 6, 9, 12, 15, 19]),
        (19, &[0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]),
    ];
    for (points, expected) in table {
        let found = sample(store, std::slice::from_ref(&id), None, points).await;
        let steps: Vec<i64> = found.iter().map(|point| point.step).collect();
        assert_eq!(steps, expected, "{points} points");
    }
    for points in [20, 21, 2500] {
        assert_eq!(sample(store, std::slice::from_ref(&id), None, points).await.len(), 20);
    }
}

pub async fn samples_keep_the_order_of_the_runs_and_the_bounds_of_the_steps(store: &dyn Store) {
    let (a, b) = (run(store, 1).await, run(store, 2).await);
    for id in [&a, &b] {
        let mut points: Vec<Metric> = (-5..10).map(|n| point("m", 1.0, 0, n)).collect();
        points.extend([point("m", 0.5, 0, 3), point("m", f64::NAN, 0, 3), point("x", 1.0, 0, 3)]);
        log(store, id, &points).await;
    }
    let runs = [b.clone(), run_id(9), a.clone()];
    let found = sample(store, &runs, Some((2, 4)), 10).await;
    let each = ["m=1@0/2", "m=NaN@0/3", "m=0.5@0/3", "m=1@0/3", "m=1@0/4"];
    assert_eq!(shown_points(&found), [each, each].concat());
    let of_b = found.iter().filter(|point| point.run_id.as_deref() == Some(b.as_str()));
    assert_eq!(of_b.count(), 5);
    assert_eq!(found[0].run_id.as_deref(), Some(b.as_str()));
    for (bounds, expected) in [((-5, -5), 1), ((10, 20), 0), ((i64::MIN, i64::MAX), 17)] {
        let found = sample(store, std::slice::from_ref(&a), Some(bounds), 100).await;
        assert_eq!(found.len(), expected, "{bounds:?}");
    }
}

async fn model(store: &dyn Store) -> ModelId {
    let new = NewLoggedModel {
        id: ModelId::new("m-1"),
        experiment_id: ExperimentId::DEFAULT,
        name: "m".to_owned(),
        model_type: None,
        source_run_id: None,
        params: Vec::new(),
        tags: Vec::new(),
    };
    store.create_logged_model(new, NOW).await.unwrap().id
}

pub async fn points_of_a_model_are_kept_there_too(store: &dyn Store) {
    let (id, model) = (run(store, 1).await, model(store).await);
    let on_iris = Metric {
        model_id: Some(model.to_string()),
        dataset_name: Some("iris".to_owned()),
        dataset_digest: Some("d1".to_owned()),
        ..point("acc", 0.9, 1, 2)
    };
    let elsewhere = Metric { model_id: Some(model.to_string()), ..point("acc", f64::NAN, 2, 3) };
    store.log_metric(&id, on_iris.clone()).await.unwrap();
    log(store, &id, &[on_iris.clone(), elsewhere.clone(), point("acc", 1.0, 0, 0)]).await;
    let mut found = store.find_logged_model(&model, false).await.unwrap().unwrap().metrics;
    found.sort_by_key(|point| point.step);
    // Databases have no flag for NaN beside the points of models, and keep 0; files keep NaN.
    found[1].value = found[1].stored_value().0;
    let run_id = Some(id.to_string());
    let expected =
        [Metric { run_id: run_id.clone(), ..on_iris }, Metric { run_id, value: 0.0, ..elsewhere }];
    assert_eq!(found, expected);
    assert_eq!(latest(store, &id).await, ["acc=NaN@2/3"]);
}

pub async fn points_of_an_unknown_model_are_refused(store: &dyn Store) {
    let id = run(store, 1).await;
    let logged = Metric { model_id: Some("m-7".to_owned()), ..point("m", 1.0, 0, 0) };
    let message = "Logged model with ID 'm-7' not found.";
    let missing = ErrorCode::ResourceDoesNotExist;
    refused(store.log_metric(&id, logged.clone()).await, missing, message);
    let logged = batch(&[point("m", 1.0, 1, 1), logged], &[], &[]);
    refused(store.log_batch(&id, logged).await, missing, message);
    assert_eq!(history(store, &id).await, [""; 0]);
    assert_eq!(latest(store, &id).await, [""; 0]);
}

pub async fn a_range_is_the_lowest_and_the_highest_number(store: &dyn Store) {
    let (one, two, bare) = (run(store, 1).await, run(store, 2).await, run(store, 3).await);
    let points = [
        point("m", 3.0, 0, 0),
        point("m", -1.5, 1, 1),
        point("m", f64::NAN, 2, 2),
        point("m", 2.0, 3, 3),
        point("other", 9.0, 0, 0),
        point("nothing", f64::NAN, 0, 0),
        point("endless", f64::INFINITY, 0, 0),
        point("unasked", 1.0, 0, 0),
    ];
    log(store, &one, &points).await;
    log(store, &two, &[point("m", -0.5, 0, 0), point("M", 8.0, 0, 0)]).await;
    let keys = ["m", "other", "nothing", "endless"].map(str::to_owned).to_vec();
    let asked = vec![one.clone(), two.clone(), bare, RunId::new("unknown")];
    let found = store.metric_ranges(asked, keys).await.unwrap();
    let name = |id: &RunId| if *id == one { "one" } else { "two" };
    let shown: Vec<String> = found
        .iter()
        .map(|range| {
            let (lowest, highest) = (range.lowest, range.highest);
            format!("{} {}: {lowest} to {highest}", name(&range.run_id), range.key)
        })
        .collect();
    let max = f64::MAX;
    let expected = [
        format!("one endless: {max} to {max}"),
        "one m: -1.5 to 3".to_owned(),
        "one other: 9 to 9".to_owned(),
        "two m: -0.5 to -0.5".to_owned(),
    ];
    assert_eq!(super::sorted(shown), expected);
}

pub async fn curves_of_long_histories_reach_over_all_their_steps(store: &dyn Store) {
    const COUNT: i64 = 8100;
    let (even, odd) = (run(store, 1).await, run(store, 2).await);
    for from in (0..COUNT).step_by(900) {
        let points: Vec<Metric> =
            (from..from + 900).map(|n| point("m", n as f64, n, 2 * n)).collect();
        log(store, &even, &points).await;
        log(store, &odd, &points).await;
    }
    // One step far away, and all others in one place.
    log(store, &odd, &[point("m", 7.0, 0, 1_000_000_000)]).await;
    let curve = async |id: &RunId, steps, points| {
        let (run_ids, key) = (vec![id.clone()], "m".to_owned());
        let found =
            store.metric_curves(HistoryInterval { run_ids, key, steps, points }).await.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        let found = &found[0];
        assert_eq!(found.run_id, *id);
        let steps: Vec<i64> = found.points.iter().map(|point| point.step).collect();
        assert!(steps.is_sorted() && steps.len() as u64 <= points, "{steps:?}");
        steps
    };
    let steps = curve(&even, None, 100).await;
    let last = 2 * (COUNT - 1);
    assert_eq!((steps.first(), steps.last()), (Some(&0), Some(&last)));
    // Evenly spread ones, or the ends of even parts.
    assert!(steps.windows(2).all(|pair| pair[1] - pair[0] < 3 * last / 99), "{steps:?}");
    let steps = curve(&even, Some((100, 16_150)), 50).await;
    assert_eq!((steps.len(), steps.first(), steps.last()), (50, Some(&100), Some(&16_150)));
    let steps = curve(&odd, None, 100).await;
    assert_eq!((steps.len(), steps.last()), (100, Some(&1_000_000_000)));
    assert_eq!(curve(&even, Some((4, 8)), 100).await, [4, 6, 8]);
}

pub async fn curves_keep_the_ends_and_the_extremes(store: &dyn Store) {
    let (one, two, bare) = (run(store, 1).await, run(store, 2).await, run(store, 3).await);
    let value = |step: i64| match step {
        77 => 40.0,
        78 => f64::NAN,
        300 => -3.0,
        _ => 1.0 + (step % 7) as f64 / 10.0,
    };
    let points: Vec<Metric> = (0..700).map(|n| point("m", value(n), 1000 + n, n)).collect();
    log(store, &one, &points).await;
    log(store, &two, &[point("m", 5.0, 2, 0), point("m", 4.0, 1, 0), point("x", 1.0, 0, 0)]).await;
    let curves = async |steps, points| {
        let (run_ids, key) = (vec![two.clone(), bare.clone(), one.clone()], "m".to_owned());
        store.metric_curves(HistoryInterval { run_ids, key, steps, points }).await.unwrap()
    };
    let found = curves(None, 50).await;
    assert_eq!(found.iter().map(|curve| &curve.run_id).collect::<Vec<_>>(), [&two, &one]);
    let values = |curve: &Curve| curve.points.iter().map(|point| point.value).collect::<Vec<_>>();
    assert_eq!(values(&found[0]), [4.0, 5.0], "by time where steps are equal");
    let long = &found[1].points;
    assert!(long.len() <= 50 && long.is_sorted_by_key(|point| point.step), "{long:?}");
    assert_eq!((long[0].step, long[long.len() - 1].step), (0, 699));
    let at = |step| long.iter().find(|point| point.step == step).map(|point| point.value);
    assert_eq!((at(77), at(300)), (Some(40.0), Some(-3.0)));
    assert!(long.iter().all(|point| point.timestamp == after(1000 + point.step)));
    let part = curves(Some((76, 79)), 50).await;
    assert_eq!(part.len(), 1, "one run has these steps: {part:?}");
    let part = &part[0];
    assert_eq!((&part.run_id, values(part).len(), values(part)[1]), (&one, 4, 40.0));
    assert!(values(part)[2].is_nan());
}
