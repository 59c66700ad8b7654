//! Searching experiments.

use oxflow_model::search::{ExperimentFilter, ExperimentOrder};
use oxflow_model::{ExperimentId, NewExperiment, PageRequest, Tag, ViewType};

use super::{after, new_experiment};
use crate::{ExperimentSearch, Store};

fn all() -> ExperimentSearch {
    ExperimentSearch {
        filter: Vec::new(),
        order_by: Vec::new(),
        view: ViewType::ActiveOnly,
        page: PageRequest { limit: 1000, offset: 0 },
    }
}

fn order(items: &[&str]) -> Vec<ExperimentOrder> {
    let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
    ExperimentOrder::parse_all(&items).unwrap()
}

/// The names of what a search finds, without the default experiment, whose times are the store's.
async fn names(store: &dyn Store, search: ExperimentSearch) -> Vec<String> {
    let found = store.search_experiments(search).await.unwrap().items;
    let others = found.into_iter().filter(|found| found.id != ExperimentId::DEFAULT);
    others.map(|found| found.name).collect()
}

/// Experiments 1 to 4: `ann`, `Bob` and `bo_` (of one moment), and `zoe`, which was renamed last.
async fn samples(store: &dyn Store) {
    for (name, ms, team) in
        [("ann", 1, Some("vision")), ("Bob", 2, Some("Vision")), ("bo_", 2, None), ("old", 3, None)]
    {
        let tags = team.map(|team| Tag::new("team", team)).into_iter().collect();
        let new = NewExperiment { tags, ..new_experiment(name) };
        store.create_experiment(new, after(ms)).await.unwrap();
    }
    store.rename_experiment(ExperimentId(4), "zoe", after(50)).await.unwrap();
}

pub async fn every_experiment_clause_finds_what_it_should(store: &dyn Store) {
    samples(store).await;
    let (one, two, fifty) = (after(1).0, after(2).0, after(50).0);
    for (filter, expected) in [
        (String::new(), "zoe Bob bo_ ann"),
        ("name = 'Bob'".to_owned(), "Bob"),
        ("name = 'bob'".to_owned(), ""),
        ("name != 'Bob'".to_owned(), "zoe bo_ ann"),
        ("name LIKE 'B%'".to_owned(), "Bob"),
        ("name ILIKE 'B%'".to_owned(), "Bob bo_"),
        ("name LIKE 'bo_'".to_owned(), "bo_"),
        ("name ILIKE 'bo_'".to_owned(), "Bob bo_"),
        ("name = 'old'".to_owned(), ""),
        ("experiment_id = '2'".to_owned(), "Bob"),
        ("experiment_id != '2'".to_owned(), "zoe bo_ ann"),
        ("experiment_id IN ('1', '3', '99')".to_owned(), "bo_ ann"),
        ("experiment_id NOT IN ('1', '3')".to_owned(), "zoe Bob"),
        (format!("creation_time = {two}"), "Bob bo_"),
        (format!("creation_time > {one} AND creation_time <= {two}"), "Bob bo_"),
        (format!("creation_time != {two} AND creation_time >= {one}"), "zoe ann"),
        (format!("last_update_time >= {fifty} AND name != 'Default'"), "zoe"),
        ("tags.team = 'vision'".to_owned(), "ann"),
        ("tags.team != 'vision'".to_owned(), "Bob"),
        ("tags.team LIKE 'V%'".to_owned(), "Bob"),
        ("tag.team ILIKE 'V%'".to_owned(), "Bob ann"),
        ("tags.team IS NULL".to_owned(), "zoe bo_"),
        ("tags.team IS NOT NULL".to_owned(), "Bob ann"),
        ("tags.team IS NOT NULL AND name LIKE 'a%'".to_owned(), "ann"),
    ] {
        let clauses = ExperimentFilter::parse(&filter).unwrap().clauses;
        let found = names(store, ExperimentSearch { filter: clauses, ..all() }).await;
        assert_eq!(found.join(" "), expected, "{filter}");
    }
}

pub async fn every_experiment_order_has_one_result(store: &dyn Store) {
    samples(store).await;
    // By itself a search gives the newest first, then the lowest number; in an order of the
    // client's, equals come with the highest number first.
    let table: [(&[&str], &str); 8] = [
        (&[], "zoe Bob bo_ ann"),
        (&["creation_time DESC"], "zoe bo_ Bob ann"),
        (&["creation_time"], "ann bo_ Bob zoe"),
        (&["name"], "Bob ann bo_ zoe"),
        (&["name DESC"], "zoe bo_ ann Bob"),
        (&["experiment_id ASC"], "ann Bob bo_ zoe"),
        (&["last_update_time DESC", "name ASC"], "zoe Bob bo_ ann"),
        (&["name", "name DESC"], "Bob ann bo_ zoe"),
    ];
    for (items, expected) in table {
        let found = names(store, ExperimentSearch { order_by: order(items), ..all() }).await;
        assert_eq!(found.join(" "), expected, "{items:?}");
    }
}

pub async fn experiments_are_shown_by_stage(store: &dyn Store) {
    samples(store).await;
    store.delete_experiment(ExperimentId(2), after(60)).await.unwrap();
    for (view, expected) in [
        (ViewType::ActiveOnly, "zoe bo_ ann"),
        (ViewType::DeletedOnly, "Bob"),
        (ViewType::All, "zoe Bob bo_ ann"),
    ] {
        let found = names(store, ExperimentSearch { view, ..all() }).await;
        assert_eq!(found.join(" "), expected, "{view:?}");
    }
    let search = ExperimentSearch { view: ViewType::DeletedOnly, ..all() };
    let found = store.search_experiments(search).await.unwrap().items;
    assert_eq!(found[0].tags, [Tag::new("team", "Vision")]);
}

pub async fn pages_of_experiments_have_no_gaps_and_no_repeats(store: &dyn Store) {
    for n in 0..11 {
        let new = new_experiment(&format!("e{n}"));
        store.create_experiment(new, after(n % 3)).await.unwrap();
    }
    for items in [&[][..], &["creation_time"], &["name DESC"]] {
        let search = ExperimentSearch { order_by: order(items), ..all() };
        let whole = store.search_experiments(search.clone()).await.unwrap().items;
        assert_eq!(whole.len(), 12);
        for limit in [1, 5, 11, 12, 13] {
            let (mut pages, mut next) = (Vec::new(), Some(0));
            while let Some(offset) = next {
                let page = PageRequest { limit, offset };
                let search = ExperimentSearch { page, ..search.clone() };
                let found = store.search_experiments(search).await.unwrap();
                assert!(!found.items.is_empty());
                pages.extend(found.items);
                next = found.next_offset;
            }
            assert_eq!(pages, whole, "{items:?} in pages of {limit}");
        }
    }
}
