//! Revisions as Alembic's `heads`, `branches`, `history`, `show` and `current` print them.

use migrated_proto::v1::Revision;
use std::fmt::Write as _;

/// What a line shows beside the id.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    branches: bool,
    doc: bool,
    parents: bool,
    tree: bool,
}

/// A line of `history`: `<parents> (<depends on>) -> <id> (<labels>) (head) …, <message>`.
pub fn one_line(revision: &Revision) -> String {
    line(revision, Parts { branches: true, doc: true, parents: true, tree: true })
}

/// A line of `heads` (`labels`, without `tree`), `current` (`tree`), or `branches` (both): the id with its marks.
pub fn plain(revision: &Revision, labels: bool, tree: bool, doc: bool) -> String {
    line(revision, Parts { branches: labels, doc, parents: false, tree })
}

fn line(r: &Revision, parts: Parts) -> String {
    let mut text = String::new();
    if parts.parents {
        text.push_str(&parents(r));
        if !r.depends_on.is_empty() {
            let _ = write!(text, " ({})", r.depends_on.join(", "));
        }
        text.push_str(" -> ");
    }
    text.push_str(&r.id);
    if parts.branches && !r.labels.is_empty() {
        let _ = write!(text, " ({})", r.labels.join(", "));
    }
    text.push_str(head_mark(r));
    mark(&mut text, r.is_current, "current");
    if parts.tree {
        mark(&mut text, r.is_branch_point, "branchpoint");
        mark(&mut text, r.is_merge_point, "mergepoint");
    }
    if let Some(doc) = r.message.lines().next().filter(|_| parts.doc) {
        let _ = write!(text, ", {doc}");
    }
    text
}

/// The full entry of `show`, and of the others with `--verbose`.
pub fn log_entry(r: &Revision) -> String {
    let mut text = format!("Rev: {}", r.id);
    mark(&mut text, r.is_head, "head");
    mark(&mut text, r.is_branch_point, "branchpoint");
    mark(&mut text, r.is_merge_point, "mergepoint");
    mark(&mut text, r.is_current, "current");
    let _ = writeln!(text, "\n{}: {}", if r.is_merge_point { "Merges" } else { "Parent" }, parents(r));
    if !r.depends_on.is_empty() {
        let _ = writeln!(text, "Also depends on: {}", r.depends_on.join(", "));
    }
    if r.is_branch_point {
        let _ = writeln!(text, "Branches into: {}", r.children.join(", "));
    }
    if !r.labels.is_empty() {
        let _ = writeln!(text, "Branch names: {}", r.labels.join(", "));
    }
    let _ = writeln!(text, "Path: {}\n", r.path);
    for line in r.message.lines() {
        let _ = writeln!(text, "    {line}");
    }
    if !r.created.is_empty() {
        let gap = if r.message.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{gap}    Created: {}", r.created);
    }
    text
}

fn parents(r: &Revision) -> String {
    if r.down_revisions.is_empty() { "<base>".into() } else { r.down_revisions.join(", ") }
}

fn head_mark(r: &Revision) -> &'static str {
    match (r.is_head, r.is_effective_head) {
        (_, true) => " (effective head)",
        (true, false) => " (head)",
        (false, false) => "",
    }
}

fn mark(text: &mut String, on: bool, name: &str) {
    if on {
        let _ = write!(text, " ({name})");
    }
}

/// The characters of a drawing.
struct Pen {
    node: char,
    line: char,
    bar: char,
    /// A line that comes from above and leaves to the left; one that comes from the left and goes down.
    ends: char,
    begins: char,
    /// The same, where the connection goes on to the right.
    ends_amid: char,
    begins_amid: char,
    /// The left end of a connection, and a line that a connection crosses.
    from: char,
    cross: char,
}

const BOXES: Pen = Pen {
    node: '●',
    line: '│',
    bar: '─',
    ends: '╯',
    begins: '╮',
    ends_amid: '┴',
    begins_amid: '┬',
    from: '├',
    cross: '┼',
};
const ASCII: Pen = Pen {
    node: '*',
    line: '|',
    bar: '-',
    ends: '\'',
    begins: '.',
    ends_amid: '+',
    begins_amid: '+',
    from: '|',
    cross: '+',
};

/// The graph of a history, newest first, as a drawing with one line a revision.
pub fn tree(revisions: &[Revision], unicode: bool) -> Vec<String> {
    let pen = if unicode { &BOXES } else { &ASCII };
    let known: std::collections::HashSet<&str> = revisions.iter().map(|r| r.id.as_str()).collect();
    // Each column waits for the revision that it leads to.
    let mut columns: Vec<Option<&str>> = Vec::new();
    let mut lines = Vec::new();
    for revision in revisions {
        let waiting: Vec<usize> =
            (0..columns.len()).filter(|i| columns[*i] == Some(revision.id.as_str())).collect();
        let at = waiting.first().copied().unwrap_or_else(|| free_column(&mut columns, 0));
        columns[at] = Some(revision.id.as_str());
        let closing = &waiting[waiting.len().min(1)..];
        if !closing.is_empty() {
            lines.push(connect(&columns, at, closing, pen, (pen.ends, pen.ends_amid)));
            closing.iter().for_each(|i| columns[*i] = None);
            trim(&mut columns);
        }
        let marks = (0..columns.len()).map(|i| match columns[i] {
            _ if i == at => pen.node,
            Some(_) => pen.line,
            None => ' ',
        });
        lines.push(format!("{}  {}", spaced(marks), plain(revision, true, false, true)));
        let mut parents = revision.down_revisions.iter().map(String::as_str).filter(|p| known.contains(p));
        columns[at] = parents.next();
        let mut opening = Vec::new();
        for parent in parents {
            let column = free_column(&mut columns, at + 1);
            columns[column] = Some(parent);
            opening.push(column);
        }
        if !opening.is_empty() {
            lines.push(connect(&columns, at, &opening, pen, (pen.begins, pen.begins_amid)));
        }
        trim(&mut columns);
    }
    lines
}

fn free_column(columns: &mut Vec<Option<&str>>, from: usize) -> usize {
    let free = (from..columns.len()).find(|i| columns[*i].is_none());
    free.unwrap_or_else(|| {
        columns.push(None);
        columns.len() - 1
    })
}

fn trim(columns: &mut Vec<Option<&str>>) {
    while columns.last() == Some(&None) {
        columns.pop();
    }
}

fn spaced(marks: impl Iterator<Item = char>) -> String {
    marks.map(String::from).collect::<Vec<_>>().join(" ")
}

/// A line that connects column `at` with `others` to its right.
fn connect(
    columns: &[Option<&str>],
    at: usize,
    others: &[usize],
    pen: &Pen,
    (end, amid): (char, char),
) -> String {
    let last = others.iter().copied().max().unwrap_or(at);
    let mut text = String::new();
    for (i, column) in columns.iter().enumerate() {
        let inside = i > at && i < last;
        text.push(match () {
            () if i == at => pen.from,
            () if others.contains(&i) && i == last => end,
            () if others.contains(&i) => amid,
            () if inside && column.is_some() => pen.cross,
            () if inside => pen.bar,
            () if column.is_some() => pen.line,
            () => ' ',
        });
        if i + 1 < columns.len() {
            text.push(if i >= at && i < last { pen.bar } else { ' ' });
        }
    }
    text.trim_end().to_string()
}
