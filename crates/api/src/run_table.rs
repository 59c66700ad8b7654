//! Messages of `oxflow/runs/table`: what many runs have in some columns.

use crate::common::ViewType;
use crate::message;
use crate::run::RunStatus;

message! {
    /// `POST oxflow/runs/table`: what the runs of a search have in some columns; of `range_keys`, the lowest and the
    /// highest values, for which all points of the runs are read
    pub struct GetRunTable {
        experiment_ids: Vec<String>,
        filter: Option<String>,
        run_view_type: Option<ViewType>,
        max_results: Option<i32>,
        order_by: Vec<String>,
        page_token: Option<String>,
        metric_keys: Vec<String>,
        range_keys: Vec<String>,
        param_keys: Vec<String>,
        tag_keys: Vec<String>,
        with_datasets: Option<bool>,
    }

    /// The numbers of a column: which runs have one, by their place in the answer, and which one.
    pub struct NumberColumn { key: Option<String>, rows: Vec<i32>, values: Vec<f64> }

    /// The texts of a column.
    pub struct TextColumn { key: Option<String>, rows: Vec<i32>, values: Vec<String> }

    /// The answer to [`GetRunTable`]. Heads of runs are columns too; a time of 0 is none.
    pub struct RunTableResponse {
        run_ids: Vec<String>,
        experiment_ids: Vec<String>,
        run_names: Vec<String>,
        user_ids: Vec<String>,
        statuses: Vec<RunStatus>,
        start_times: Vec<i64>,
        end_times: Vec<i64>,
        metrics: Vec<NumberColumn>,
        lowest: Vec<NumberColumn>,
        highest: Vec<NumberColumn>,
        params: Vec<TextColumn>,
        tags: Vec<TextColumn>,
        datasets: Option<TextColumn>,
        next_page_token: Option<String>,
    }
}
