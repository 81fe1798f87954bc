//! Functions, procedures and aggregates.

use super::comment::comment;
use super::qualified;
use crate::operation::AlterFunction;
use crate::schema::{Function, FunctionKind};

pub(super) fn create(function: &Function) -> Vec<String> {
    with_comment(function.definition.clone(), function)
}

fn with_comment(statement: String, function: &Function) -> Vec<String> {
    let mut statements = vec![statement];
    if function.comment.is_some() {
        statements.push(comment(&signature(function), function.comment.as_deref()));
    }
    statements
}

pub(super) fn drop(function: &Function) -> String {
    format!("DROP {}", signature(function))
}

/// OR REPLACE keeps what depends on the function; where the kind or the result changes, the server refuses it.
pub(super) fn alter(op: &AlterFunction) -> Vec<String> {
    let (from, to) = (&op.from, &op.to);
    if from.kind != to.kind || from.returns != to.returns || from.arguments != to.arguments {
        let mut statements = vec![drop(from)];
        statements.extend(create(to));
        return statements;
    }
    let mut statements = Vec::new();
    if from.definition != to.definition {
        statements.push(replacing(&to.definition));
    }
    if from.comment != to.comment {
        statements.push(comment(&signature(to), to.comment.as_deref()));
    }
    statements
}

fn replacing(definition: &str) -> String {
    const CREATE: &str = "CREATE ";
    match definition.split_at_checked(CREATE.len()) {
        Some((create, rest)) if create.eq_ignore_ascii_case(CREATE) => {
            let replaces = rest.trim_start().get(..3).is_some_and(|word| word.eq_ignore_ascii_case("or "));
            if replaces { definition.to_owned() } else { format!("CREATE OR REPLACE {rest}") }
        }
        _ => definition.to_owned(),
    }
}

fn signature(function: &Function) -> String {
    let (kind, arguments) = match function.kind {
        FunctionKind::Function | FunctionKind::Event => ("FUNCTION", function.arguments.as_str()),
        FunctionKind::Procedure => ("PROCEDURE", function.arguments.as_str()),
        // An aggregate over rows, like count(*), is called with a star.
        FunctionKind::Aggregate if function.arguments.is_empty() => ("AGGREGATE", "*"),
        FunctionKind::Aggregate => ("AGGREGATE", function.arguments.as_str()),
    };
    format!("{kind} {}({arguments})", qualified(&function.name))
}
