//! How much a query may ask for, counted before it is understood.

use std::collections::{HashMap, HashSet};

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Document, Field, Selection};

/// Levels of fields within fields.
const MOST_DEPTH: usize = 10;
/// Fields of all operations together, once fragments are put in their places.
const MOST_SELECTIONS: usize = 1000;

/// The limits that can be set.
#[derive(Clone, Copy, Debug)]
pub struct GraphqlLimits {
    /// Fields of the first level.
    pub root_fields: usize,
    /// Aliases within one set of braces.
    pub aliases: usize,
}

impl Default for GraphqlLimits {
    fn default() -> Self {
        GraphqlLimits { root_fields: 10, aliases: 10 }
    }
}

type Fragments<'a> = HashMap<&'a Name, &'a [Selection]>;

/// Fails with a sentence for the user if the document asks for too much. All of its operations
/// count, although only one of them runs.
pub fn check(document: &Document, limits: GraphqlLimits) -> Result<(), String> {
    let fragments = document
        .definitions
        .iter()
        .filter_map(|definition| definition.as_fragment_definition())
        .map(|fragment| (&fragment.name, fragment.selection_set.as_slice()))
        .collect();
    let mut count = Count { fragments, root_fields: 0, most_aliases: 0, selections: 0 };
    for definition in &document.definitions {
        if let Definition::OperationDefinition(operation) = definition {
            count.add(&operation.selection_set)?;
        }
    }
    refuse_more("root fields", "ROOT_FIELDS", count.root_fields, limits.root_fields)?;
    refuse_more("aliases", "ALIASES", count.most_aliases, limits.aliases)
}

fn refuse_more(what: &str, variable: &str, found: usize, most: usize) -> Result<(), String> {
    if found <= most {
        return Ok(());
    }
    Err(format!(
        "GraphQL queries should have at most {most} {what}, got {found} {what}. To increase the \
         limit, set the MLFLOW_SERVER_GRAPHQL_MAX_{variable} environment variable."
    ))
}

struct Count<'a> {
    fragments: Fragments<'a>,
    root_fields: usize,
    most_aliases: usize,
    selections: usize,
}

impl<'a> Count<'a> {
    fn add(&mut self, operation: &'a [Selection]) -> Result<(), String> {
        let mut levels = vec![(operation, 1)];
        while let Some((selections, depth)) = levels.pop() {
            if depth > MOST_DEPTH {
                return Err(format!("Query exceeds maximum depth of {MOST_DEPTH}"));
            }
            let fields = self.fields(selections)?;
            let aliases = fields.iter().filter(|field| field.alias.is_some()).count();
            self.most_aliases = self.most_aliases.max(aliases);
            if depth == 1 {
                self.root_fields += fields.len();
            }
            let inner = fields.iter().map(|field| field.selection_set.as_slice());
            levels.extend(inner.filter(|set| !set.is_empty()).map(|set| (set, depth + 1)));
        }
        Ok(())
    }

    /// The fields of one level; fragments lie on the level of the braces that they stand in.
    fn fields(&mut self, selections: &'a [Selection]) -> Result<Vec<&'a Field>, String> {
        let mut fields: Vec<&Field> = Vec::new();
        let mut seen = HashSet::new();
        let mut sets = vec![selections];
        while let Some(set) = sets.pop() {
            for selection in set {
                match selection {
                    Selection::Field(field) => {
                        self.selections += 1;
                        if self.selections > MOST_SELECTIONS {
                            return Err(format!(
                                "Query exceeds maximum total selections of {MOST_SELECTIONS}"
                            ));
                        }
                        fields.push(field);
                    }
                    Selection::InlineFragment(inline) => sets.push(&inline.selection_set),
                    // A fragment within itself is refused later; here it must not go on forever.
                    Selection::FragmentSpread(spread) if seen.insert(&spread.fragment_name) => {
                        sets.extend(self.fragments.get(&spread.fragment_name));
                    }
                    Selection::FragmentSpread(_) => {}
                }
            }
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_text(query: &str, expected: Result<(), &str>) {
        let document = Document::parse(query, "query").unwrap();
        let found = check(&document, GraphqlLimits::default());
        assert_eq!(found.as_ref().map_err(String::as_str).copied(), expected, "{query}");
    }

    #[test]
    fn the_queries_of_the_pages_pass() {
        check_text("{ a { b { c } } d: a { b } }", Ok(()));
        check_text("query Q { a } query R { b }", Ok(()));
    }

    #[test]
    fn depth_counts_levels_of_braces_and_fragments_add_none() {
        let nested =
            |depth: usize| format!("{}x{}", "{ a ".repeat(depth - 1) + "{", "}".repeat(depth));
        check_text(&nested(10), Ok(()));
        check_text(&nested(11), Err("Query exceeds maximum depth of 10"));
        check_text(
            "{ ... { ... { ... { ... { ... { ... { ... { ... { ... { ... { a }}}}}}}}}}}",
            Ok(()),
        );
    }

    #[test]
    fn fragments_count_wherever_they_are_used() {
        let body = "x ".repeat(101);
        let query = format!("{{ {} }} fragment F on Query {{ {body} }}", "a { ...F } ".repeat(10));
        check_text(&query, Err("Query exceeds maximum total selections of 1000"));
    }

    #[test]
    fn root_fields_and_aliases_are_limited_across_fragments_and_operations() {
        let root = "GraphQL queries should have at most 10 root fields, got 11 root fields. To \
                    increase the limit, set the MLFLOW_SERVER_GRAPHQL_MAX_ROOT_FIELDS environment \
                    variable.";
        check_text("{ a a a a a ...F } fragment F on Query { a a a a a a }", Err(root));
        check_text("query A { a a a a a } query B { a a a a a a }", Err(root));
        let aliases = "GraphQL queries should have at most 10 aliases, got 11 aliases. To increase \
                       the limit, set the MLFLOW_SERVER_GRAPHQL_MAX_ALIASES environment variable.";
        let eleven: String = (0..11).map(|i| format!("x{i}: x ")).collect();
        check_text(&format!("{{ a {{ {eleven} }} }}"), Err(aliases));
    }

    #[test]
    fn a_fragment_within_itself_ends() {
        check_text("{ ...F } fragment F on Query { a ...F }", Ok(()));
        check_text(
            "{ a { ...F } } fragment F on T { a { ...F } }",
            Err("Query exceeds maximum depth of 10"),
        );
    }
}
