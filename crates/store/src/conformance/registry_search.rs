//! Searching registered models and their versions.

use oxflow_model::search::{
    IS_PROMPT_TAG, ModelVersionFilter, ModelVersionOrder, RegisteredModelFilter,
    RegisteredModelOrder,
};
use oxflow_model::{NewModelVersion, PageRequest, RunId, Stage, Tag};

use super::registry::{model, name, new_model, new_version, version, version_id};
use super::{NOW, after, run_id, stamp};
use crate::{ModelVersionSearch, RegisteredModelSearch, Store};

const ALL: PageRequest = PageRequest { limit: 1000, offset: 0 };

/// The names of the models that a search finds.
async fn models(store: &dyn Store, filter: &str, order_by: &[&str]) -> String {
    let order_by: Vec<String> = order_by.iter().map(|item| (*item).to_owned()).collect();
    let search = RegisteredModelSearch {
        filter: RegisteredModelFilter::parse(filter).unwrap(),
        order_by: RegisteredModelOrder::parse_all(&order_by).unwrap(),
        page: ALL,
    };
    let found = store.search_registered_models(search).await.unwrap();
    assert_eq!(found.next_offset, None);
    let names: Vec<String> = found.items.into_iter().map(|model| model.name).collect();
    names.join(" ")
}

fn version_search(filter: &str, order_by: &[&str]) -> ModelVersionSearch {
    let order_by: Vec<String> = order_by.iter().map(|item| (*item).to_owned()).collect();
    ModelVersionSearch {
        filter: ModelVersionFilter::parse(filter).unwrap(),
        order_by: ModelVersionOrder::parse_all(&order_by).unwrap(),
        page: ALL,
    }
}

/// The versions that a search finds, as name and number.
async fn versions(store: &dyn Store, filter: &str, order_by: &[&str]) -> String {
    let found = store.search_model_versions(version_search(filter, order_by)).await.unwrap();
    assert_eq!(found.next_offset, None);
    let shown: Vec<String> =
        found.items.iter().map(|version| format!("{}{}", version.name, version.number)).collect();
    shown.join(" ")
}

/// Models `a`, `b` and `B` with 1, 2 and 0 versions, and a prompt `p` with one.
async fn some_models(store: &dyn Store) {
    for (at, called, tags) in [
        (3, "a", &[("t", "1"), ("u", "x")][..]),
        (2, "b", &[("t", "2")]),
        (1, "B", &[]),
        (4, "p", &[(IS_PROMPT_TAG, "true"), ("t", "1")]),
    ] {
        store.create_registered_model(new_model(called, tags), stamp(after(at))).await.unwrap();
    }
    for (at, of, run, source, tags) in [
        (10, "a", 1, "s3://b/One", &[("t", "1")][..]),
        (12, "b", 2, "s3://b/two", &[("t", "1"), ("u", "x")]),
        (11, "b", 1, "gs://b/two", &[]),
        (13, "p", 0, "dummy-source", &[(IS_PROMPT_TAG, "true")]),
    ] {
        let tags = tags.iter().map(|(key, value)| Tag::new(*key, *value)).collect();
        let run_id = Some(if run == 0 { RunId::new("") } else { run_id(run) });
        let new = NewModelVersion { run_id, tags, ..new_version(of, source) };
        store.create_model_version(new, stamp(after(at))).await.unwrap();
    }
}

pub async fn every_registered_model_clause_finds_what_it_should(store: &dyn Store) {
    some_models(store).await;
    for (filter, expected) in [
        ("", "B a b"),
        ("name = 'b'", "b"),
        ("name != 'b'", "B a"),
        ("name LIKE 'b%'", "b"),
        ("name ILIKE 'B%'", "B b"),
        ("attribute.name IN ('a', 'B')", "B a"),
        ("name NOT IN ('a', 'B')", "b"),
        ("tags.t = '1'", "a"),
        ("tag.t != '1'", "b"),
        ("tags.t LIKE '%' AND tags.u = 'x'", "a"),
        ("tags.t = '1' AND tags.t != '2'", "a"),
        ("tags.t = '1' AND tags.t = '2'", ""),
        ("tags.x = '1'", ""),
    ] {
        assert_eq!(models(store, filter, &[]).await, expected, "{filter}");
    }
}

pub async fn every_version_clause_finds_what_it_should(store: &dyn Store) {
    some_models(store).await;
    let of_run = format!("run_id = '{}'", run_id(1));
    let of_runs = format!("run_id IN ('{}', 'x')", run_id(2));
    for (filter, expected) in [
        ("", "a1 b1 b2"),
        ("name = 'b'", "b1 b2"),
        ("name ILIKE 'B' AND version_number > 1", "b2"),
        ("name IN ('a')", "a1"),
        ("version_number <= '1'", "a1 b1"),
        ("version_number != 1", "b2"),
        (&of_run, "a1 b2"),
        (&of_runs, "b1"),
        ("run_id = ''", ""),
        ("source_path LIKE 's3%'", "a1 b1"),
        ("source_path ILIKE '%one'", "a1"),
        ("source_path != 's3://b/One'", "b1 b2"),
        ("tags.t = '1'", "a1 b1"),
        ("tags.t = '1' AND tags.u LIKE '_'", "b1"),
        ("tags.t != '1'", ""),
    ] {
        let order = ["name ASC", "version_number ASC"];
        assert_eq!(versions(store, filter, &order).await, expected, "{filter}");
    }
}

pub async fn prompts_are_found_only_if_asked_for(store: &dyn Store) {
    some_models(store).await;
    // One version with the tag makes a prompt of all versions of that name.
    assert_eq!(version(store, "p").await, 2);
    for (filter, found_models, found_versions) in [
        ("name = 'p'", "", ""),
        ("tags.`mlflow.prompt.is_prompt` = 'true'", "p", "p1"),
        ("tags.`mlflow.prompt.is_prompt` != 'false' AND name = 'p'", "p", "p1"),
        ("tags.`mlflow.prompt.is_prompt` != 'true'", "B a b", "b1 b2 a1"),
        ("tags.`mlflow.prompt.is_prompt` = 'false' AND name = 'a'", "a", "a1"),
    ] {
        assert_eq!(models(store, filter, &[]).await, found_models, "{filter}");
        assert_eq!(versions(store, filter, &[]).await, found_versions, "{filter}");
    }
}

pub async fn every_registry_order_has_one_result(store: &dyn Store) {
    some_models(store).await;
    for (order, expected) in [
        (&["name DESC"][..], "b a B"),
        (&["timestamp"], "B a b"),
        (&["last_updated_timestamp DESC"], "b a B"),
        (&["timestamp DESC", "name DESC"], "b a B"),
    ] {
        assert_eq!(models(store, "", order).await, expected, "{order:?}");
    }
    for (order, expected) in [
        (&[][..], "b1 b2 a1"),
        (&["name DESC"], "b2 b1 a1"),
        (&["version_number"], "a1 b1 b2"),
        (&["creation_timestamp"], "a1 b2 b1"),
        (&["last_updated_timestamp DESC"], "b1 b2 a1"),
        (&["version_number DESC", "name DESC"], "b2 b1 a1"),
    ] {
        assert_eq!(versions(store, "", order).await, expected, "{order:?}");
    }
}

pub async fn deleted_versions_are_never_found(store: &dyn Store) {
    some_models(store).await;
    store.delete_model_version(&version_id("b", 1), NOW).await.unwrap();
    assert_eq!(versions(store, "", &[]).await, "b2 a1");
    assert_eq!(versions(store, "tags.u = 'x'", &[]).await, "");
}

pub async fn a_search_shows_what_models_and_versions_have(store: &dyn Store) {
    some_models(store).await;
    store.set_model_alias(&version_id("b", 2), "best", stamp(NOW)).await.unwrap();
    let stage = Stage::Staging;
    store.transition_model_version(&version_id("b", 1), stage, false, NOW).await.unwrap();
    let search = RegisteredModelSearch {
        filter: RegisteredModelFilter::default(),
        order_by: Vec::new(),
        page: ALL,
    };
    let found = store.search_registered_models(search).await.unwrap().items;
    let latest = |at: usize| -> Vec<i64> {
        found[at].latest_versions.iter().map(|version| version.number).collect()
    };
    assert_eq!((latest(0), latest(1), latest(2)), (vec![], vec![1], vec![2, 1]));
    assert_eq!(found[1].tags, [Tag::new("t", "1"), Tag::new("u", "x")]);
    assert_eq!((found[2].aliases[0].alias.as_str(), found[2].aliases[0].version), ("best", 2));
    let found = store.search_model_versions(version_search("name = 'b'", &["name"])).await;
    let found = found.unwrap().items;
    assert_eq!((found[0].number, found[0].tags.len(), found[0].aliases.len()), (2, 0, 0));
    assert_eq!(found[1].tags, [Tag::new("t", "1"), Tag::new("u", "x")]);
}

pub async fn pages_of_the_registry_have_no_gaps_and_no_repeats(store: &dyn Store) {
    for n in 0..7 {
        model(store, &format!("m{n}")).await;
        for _ in 0..n {
            version(store, &format!("m{n}")).await;
        }
    }
    let (all_models, all_versions) = (models(store, "", &[]).await, versions(store, "", &[]).await);
    for limit in [1, 2, 5, 7, 20, 21] {
        let (mut names, mut next) = (Vec::new(), Some(0));
        while let Some(offset) = next {
            let search = RegisteredModelSearch {
                filter: RegisteredModelFilter::default(),
                order_by: Vec::new(),
                page: PageRequest { limit, offset },
            };
            let page = store.search_registered_models(search).await.unwrap();
            names.extend(page.items.into_iter().map(|model| model.name));
            next = page.next_offset;
        }
        assert_eq!(names.join(" "), all_models, "in pages of {limit}");
        let (mut shown, mut next) = (Vec::new(), Some(0));
        while let Some(offset) = next {
            let page = PageRequest { limit, offset };
            let search = ModelVersionSearch { page, ..version_search("", &[]) };
            let page = store.search_model_versions(search).await.unwrap();
            shown.extend(page.items.into_iter().map(|v| format!("{}{}", v.name, v.number)));
            next = page.next_offset;
        }
        assert_eq!(shown.join(" "), all_versions, "in pages of {limit}");
    }
}

pub async fn tags_of_thousands_of_versions_are_found_at_once(store: &dyn Store) {
    const MANY: usize = 1300;
    for n in 0..MANY {
        let called = format!("m{}", n % 70);
        if n < 70 {
            model(store, &called).await;
        }
        let tags = vec![Tag::new("n", n.to_string())];
        let new = NewModelVersion { tags, ..new_version(&called, "s3://b/x") };
        store.create_model_version(new, stamp(NOW)).await.unwrap();
    }
    let search = ModelVersionSearch {
        page: PageRequest { limit: 10_000, offset: 0 },
        ..version_search("", &["version_number"])
    };
    let found = store.search_model_versions(search).await.unwrap().items;
    assert_eq!(found.len(), MANY);
    for version in found {
        let model: i64 = version.name[1..].parse().unwrap();
        let n = (version.number - 1) * 70 + model;
        assert_eq!(version.tags, [Tag::new("n", n.to_string())]);
    }
    assert!(store.find_registered_model(&name("m0")).await.unwrap().is_some());
}
