//! Building the graph, and everything that makes one unusable.

use super::error::RevisionError;
use super::graph::{Index, RevisionGraph};
use super::node::Node;
use super::{Deviation, Result};
use crate::Code;

/// Characters that identifiers use, which ids therefore cannot have (Alembic: `_revision_illegal_chars`).
const ILLEGAL: [char; 4] = ['@', '-', '+', ':'];

impl RevisionGraph {
    /// Builds a graph of nodes in load order, which is the tie-break of every plan's order.
    ///
    /// # Errors
    /// Illegal and doubled ids, labels that stand twice or are ids, missing parents and dependencies, cycles.
    pub fn new(nodes: Vec<Node>) -> Result<RevisionGraph> {
        let mut graph = RevisionGraph::default();
        for node in &nodes {
            check_id(&node.id)?;
            check_loops(node)?;
        }
        for node in &nodes {
            let index = graph.ids.len() as Index;
            if graph.keys.insert(node.id.clone(), index).is_some() {
                return Err(RevisionError::new(
                    Code::DuplicateRevision,
                    format!("revision {} is there twice", node.id),
                )
                .about([&node.id])
                .help("give one of them another id"));
            }
            graph.ids.push(node.id.clone());
        }
        graph.nodes = vec![super::graph::Info::default(); nodes.len()];
        for (i, node) in nodes.iter().enumerate() {
            graph.declare_labels(i as Index, &node.branch_labels)?;
        }
        for (i, node) in nodes.iter().enumerate() {
            graph.link_dependencies(i as Index, node)?;
        }
        for (i, node) in nodes.iter().enumerate() {
            graph.link_parents(i as Index, node)?;
        }
        graph.find_ends();
        graph.check_cycles()?;
        graph.normalise_dependencies();
        graph.propagate_labels();
        Ok(graph)
    }

    /// Whether a new revision of that id and with these labels could be added.
    pub fn check_new(&self, id: &str, labels: &[String]) -> Result<()> {
        check_id(id)?;
        if let Some(known) = self.keys.get(id) {
            let what = if self.id(*known) == id { "a revision" } else { "a branch label" };
            return Err(RevisionError::new(Code::DuplicateRevision, format!("{id} is {what} already"))
                .about([id])
                .help("choose another id with --rev-id"));
        }
        for label in labels {
            if let Some(known) = self.keys.get(label) {
                return Err(duplicate_label(label, id, self.id(*known)));
            }
            if label == id {
                return Err(duplicate_label(label, id, id));
            }
        }
        Ok(())
    }

    fn declare_labels(&mut self, index: Index, labels: &[String]) -> Result<()> {
        for label in labels {
            if let Some(known) = self.keys.get(label) {
                return Err(duplicate_label(label, self.id(index), self.id(*known)));
            }
            self.keys.insert(label.clone(), index);
            self.labels.push(label.clone());
            self.nodes[index as usize].own_labels.push(label.clone());
        }
        Ok(())
    }

    fn link_dependencies(&mut self, index: Index, node: &Node) -> Result<()> {
        for dependency in &node.depends_on {
            // A label means the revision that declares it.
            let Some(on) = self.keys.get(dependency).copied() else {
                return Err(RevisionError::new(
                    Code::MissingDependency,
                    format!("revision {} depends on {dependency}, which is not there", node.id),
                )
                .about([&node.id])
                .help(format!("add the file of {dependency}, or take it out of depends_on of {}", node.id)));
            };
            let deps = &mut self.nodes[index as usize].normal_deps;
            if !deps.contains(&on) {
                deps.push(on);
            }
        }
        Ok(())
    }

    fn link_parents(&mut self, index: Index, node: &Node) -> Result<()> {
        let mut down: Vec<Index> = Vec::with_capacity(node.down_revisions.len());
        for parent in &node.down_revisions {
            let Some(parent) = self.index(parent) else {
                return Err(RevisionError::new(
                    Code::MissingParent,
                    format!("revision {} follows {parent}, which is not there", node.id),
                )
                .about([&node.id])
                .help(format!("add the file of {parent}, or correct down_revision of {}", node.id)));
            };
            if !down.contains(&parent) {
                down.push(parent);
            }
        }
        let mut all = down.clone();
        all.extend(self.node(index).normal_deps.iter().copied().filter(|d| !down.contains(d)));
        for parent in &down {
            self.nodes[*parent as usize].next.push(index);
        }
        for below in &all {
            self.nodes[*below as usize].all_next.push(index);
        }
        let info = &mut self.nodes[index as usize];
        info.down = down;
        info.all_down = all;
        Ok(())
    }

    fn find_ends(&mut self) {
        let all = 0..self.ids.len() as Index;
        self.heads = all.clone().filter(|i| self.node(*i).next.is_empty()).collect();
        self.real_heads = all.clone().filter(|i| self.node(*i).all_next.is_empty()).collect();
        self.bases = all.filter(|i| self.node(*i).down.is_empty()).collect();
    }

    fn check_cycles(&self) -> Result<()> {
        let by_parents = self.left_in_cycles(|i| &self.node(i).down, |i| &self.node(i).next);
        if !by_parents.is_empty() {
            return Err(self.cycle(Code::Cycle, by_parents, "follow each other in a circle"));
        }
        let by_all = self.left_in_cycles(|i| &self.node(i).all_down, |i| &self.node(i).all_next);
        if !by_all.is_empty() {
            return Err(self.cycle(Code::DependencyCycle, by_all, "depend on each other in a circle"));
        }
        Ok(())
    }

    /// What is on a cycle: what remains after taking away, again and again, what has nothing below it and what
    /// has nothing above it.
    fn left_in_cycles<'g>(
        &'g self,
        down: impl Fn(Index) -> &'g [Index],
        up: impl Fn(Index) -> &'g [Index],
    ) -> Vec<Index> {
        let n = self.ids.len();
        let mut gone = vec![false; n];
        for (below, above) in
            [(&down as &dyn Fn(Index) -> &'g [Index], &up as &dyn Fn(Index) -> &'g [Index]), (&up, &down)]
        {
            let mut open: Vec<usize> =
                (0..n as Index).map(|i| below(i).iter().filter(|b| !gone[**b as usize]).count()).collect();
            let mut todo: Vec<Index> =
                (0..n as Index).filter(|i| !gone[*i as usize] && open[*i as usize] == 0).collect();
            while let Some(i) = todo.pop() {
                gone[i as usize] = true;
                for next in above(i).iter().filter(|next| !gone[**next as usize]) {
                    open[*next as usize] -= 1;
                    if open[*next as usize] == 0 {
                        todo.push(*next);
                    }
                }
            }
        }
        (0..n as Index).filter(|i| !gone[*i as usize]).collect()
    }

    fn cycle(&self, code: Code, revisions: Vec<Index>, what: &str) -> RevisionError {
        let mut names = self.names(revisions);
        names.sort_unstable();
        let few =
            if names.len() > 10 { format!("{}, …", names[..10].join(", ")) } else { names.join(", ") };
        RevisionError::new(code, format!("these revisions {what}: {few}"))
            .about(names)
            .help("correct down_revision or depends_on of one of them")
            .deviating(Deviation::CycleFound)
    }

    /// Leaves out dependencies that an ancestor by parents has declared already (`_normalize_depends_on`).
    fn normalise_dependencies(&mut self) {
        let declared: Vec<Vec<Index>> = self.nodes.iter().map(|node| node.normal_deps.clone()).collect();
        for i in 0..self.ids.len() as Index {
            if !declared[i as usize].is_empty() {
                let mut normal = declared[i as usize].clone();
                for ancestor in self.ancestors(&[i], false).iter().filter(|a| *a != i) {
                    normal.retain(|d| !declared[ancestor as usize].contains(d));
                }
                self.nodes[i as usize].normal_deps = normal;
            }
            let node = self.node(i);
            let mut down = node.down.clone();
            down.extend(node.normal_deps.iter().copied().filter(|d| !node.down.contains(d)));
            self.nodes[i as usize].normal_down = down;
        }
    }
}

fn check_id(id: &str) -> Result<()> {
    let fault = |why: String| RevisionError::new(Code::IllegalId, why).about([id]);
    if id.is_empty() {
        return Err(fault("a revision has an empty id".to_owned()));
    }
    match id.chars().find(|c| ILLEGAL.contains(c)) {
        Some(c) => Err(fault(format!("revision id {id:?} has the character {c:?}, which identifiers use"))
            .help("ids have none of @ - + :")),
        None => Ok(()),
    }
}

fn check_loops(node: &Node) -> Result<()> {
    if node.down_revisions.contains(&node.id) {
        return Err(RevisionError::new(Code::Cycle, format!("revision {} follows itself", node.id))
            .about([&node.id])
            .help(format!("correct down_revision of {}", node.id)));
    }
    if node.depends_on.contains(&node.id) {
        return Err(RevisionError::new(
            Code::DependencyCycle,
            format!("revision {} depends on itself", node.id),
        )
        .about([&node.id])
        .help(format!("correct depends_on of {}", node.id)));
    }
    Ok(())
}

fn duplicate_label(label: &str, revision: &str, other: &str) -> RevisionError {
    RevisionError::new(
        Code::DuplicateLabel,
        format!("the branch label {label} of revision {revision} is taken by revision {other}"),
    )
    .about([revision, other])
    .help(format!("give {revision} another label"))
}
