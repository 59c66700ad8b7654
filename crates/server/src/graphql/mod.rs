//! GraphQL, as far as MLflow's web pages use it: some reads of the REST API under other names.
//!
//! [`limits`] refuses queries that ask for too much, [`data`] fetches what the rest picks fields
//! from ([`node`]). Parsing, validation and the order of execution are the library's.

mod data;
mod limits;
mod node;

use std::sync::OnceLock;

use apollo_compiler::parser::Parser;
use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::{ExecutionResponse, GraphQLError, JsonMap, JsonValue};
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument, Schema};
use oxflow_api::graphql::GraphqlRequest;
use oxflow_model::{Error, Result};
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::app::AppState;
use data::Data;
pub use limits::GraphqlLimits;
use node::Root;

/// Queries that run at the same time; more wait. Each holds a thread, and its answer in memory.
const MOST_AT_ONCE: usize = 8;
static RUNNING: Semaphore = Semaphore::const_new(MOST_AT_ONCE);

/// Words, names and signs of a query.
const MOST_TOKENS: usize = 10_000;
/// Braces within braces: more than the limit of depth, as fragments may nest without adding to it.
const MOST_NESTED: usize = 50;

/// What is put before the message of a resolver by the library.
const RESOLVER_PREFIX: &str = "resolver error: ";

/// The answer: what was found, and what went wrong as plain texts.
#[derive(Serialize)]
struct Reply {
    data: Option<JsonMap>,
    errors: Option<Vec<String>>,
}

impl Reply {
    fn failed(errors: Vec<String>) -> Reply {
        Reply { data: None, errors: Some(errors) }
    }

    fn of(response: ExecutionResponse) -> Reply {
        let errors: Vec<String> = response.errors.into_iter().map(message).collect();
        Reply { data: response.data, errors: Some(errors).filter(|errors| !errors.is_empty()) }
    }
}

fn message(error: GraphQLError) -> String {
    match error.message.strip_prefix(RESOLVER_PREFIX) {
        Some(own) => own.to_owned(),
        None => error.message,
    }
}

/// Runs a query; gives the JSON text of the answer.
pub async fn answer(app: AppState, request: GraphqlRequest) -> Result<Vec<u8>> {
    let _turn = RUNNING.acquire().await.map_err(|error| Error::internal(error.to_string()))?;
    let runtime = Handle::current();
    // A large answer takes long to put together, and no other request may wait for that.
    let run = move || {
        let reply = execute(app, runtime, &request)?;
        serde_json::to_vec(&reply).map_err(|error| Error::internal(error.to_string()))
    };
    tokio::task::spawn_blocking(run).await.map_err(|error| Error::internal(error.to_string()))?
}

fn execute(app: AppState, runtime: Handle, request: &GraphqlRequest) -> Result<Reply> {
    let schema = schema()?;
    let variables = match variables(request) {
        Ok(variables) => variables,
        Err(why) => return Ok(Reply::failed(vec![why])),
    };
    let query = request.query.as_deref().unwrap_or_default();
    let document = match read(schema, query, app.settings.graphql) {
        Ok(document) => document,
        Err(errors) => return Ok(Reply::failed(errors)),
    };
    let name = request.operation_name.as_deref().filter(|name| !name.is_empty());
    let root = Root::new(Data::new(app, runtime));
    let response = Execution::new(schema, &document)
        .enable_schema_introspection(true)
        .raw_variable_values(&variables)
        .operation_name(name)
        .and_then(|execution| execution.execute_sync(&root));
    Ok(match response {
        Ok(response) => Reply::of(response),
        Err(error) => Reply::failed(vec![error.message().to_string()]),
    })
}

/// Reads, limits and validates a query, in this order: validation is the part that a hostile query
/// could make slow.
fn read(
    schema: &Valid<Schema>,
    query: &str,
    limits: GraphqlLimits,
) -> Result<Valid<ExecutableDocument>, Vec<String>> {
    let document = Parser::new()
        .token_limit(MOST_TOKENS)
        .recursion_limit(MOST_NESTED)
        .parse_ast(query, "query")
        .map_err(|failed| messages(&failed.errors))?;
    limits::check(&document, limits).map_err(|why| vec![why])?;
    document.to_executable_validate(schema).map_err(|failed| messages(&failed.errors))
}

fn messages(errors: &DiagnosticList) -> Vec<String> {
    errors.iter().map(|diagnostic| diagnostic.error.to_string()).collect()
}

/// The variables; as text if they come in a query string.
fn variables(request: &GraphqlRequest) -> Result<JsonMap, String> {
    let parsed = match &request.variables {
        Some(serde_json::Value::String(text)) => serde_json::from_str(text),
        Some(value) => serde_json::from_value(value.clone()),
        None => Ok(JsonValue::Null),
    };
    match parsed {
        Ok(JsonValue::Object(variables)) => Ok(variables),
        Ok(JsonValue::Null) => Ok(JsonMap::new()),
        _ => Err("Variables must be provided as an Object.".to_owned()),
    }
}

/// The schema, read when the first query comes: most servers never get one.
fn schema() -> Result<&'static Valid<Schema>> {
    static SCHEMA: OnceLock<Result<Valid<Schema>, String>> = OnceLock::new();
    SCHEMA
        .get_or_init(|| {
            Schema::parse_and_validate(include_str!("schema.graphql"), "schema.graphql")
                .map_err(|failed| failed.to_string())
        })
        .as_ref()
        .map_err(|why| Error::internal(format!("The GraphQL schema is broken: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(query: &str) -> Vec<String> {
        read(schema().unwrap(), query, GraphqlLimits::default()).unwrap_err()
    }

    #[test]
    fn the_schema_is_valid_and_knows_the_directive_of_the_pages() {
        let query = r#"query Q @component(name: "MLflow") { test(inputString: "x") { output } }"#;
        assert!(read(schema().unwrap(), query, GraphqlLimits::default()).is_ok());
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line_each() {
        for query in ["{ nope }", "{ test", "", "mutation { mlflowGetRun { run { info } } }"] {
            let errors = refused(query);
            assert!(!errors.is_empty() && errors.iter().all(|e| !e.contains('\n')), "{errors:?}");
        }
    }

    #[test]
    fn endless_queries_are_refused_before_they_are_understood() {
        refused(&"a ".repeat(MOST_TOKENS + 1));
        refused(&"{ a ".repeat(100_000));
        refused(&format!("{{ test(inputString: {}) {{ output }} }}", "[".repeat(100_000)));
        refused("{ ...F } fragment F on Query { ...F }");
    }
}
