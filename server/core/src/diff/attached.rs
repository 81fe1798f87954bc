//! Triggers, policies and row security of tables and views.

use super::scope::Scope;
use super::work::Work;
use crate::operation::{
    CommentOn, CreatePolicy, CreateTrigger, DropPolicy, DropTrigger, Operation, SetComment, SetRowSecurity,
};
use crate::schema::{Name, Objects, Policy, Table, Trigger};

/// All of them, of something that is new.
pub(super) fn come(
    table: &Name,
    triggers: &Objects<Trigger>,
    policies: &Objects<Policy>,
    work: &mut Work<'_>,
) {
    work.finish.extend(triggers.iter().map(|trigger| create(table, trigger)));
    work.finish.extend(policies.iter().map(|policy| admit(table, policy)));
}

/// Those of a table that is there before and after.
pub(super) fn change(
    scope: &Scope<'_>,
    from: &Table,
    to: &Table,
    loosen: &mut Vec<Operation>,
    finish: &mut Vec<Operation>,
) {
    self::triggers(scope, &to.name, &from.triggers, &to.triggers, loosen, finish);
    for old in &from.policies {
        let stays = to.policies.get(&old.name).is_some_and(|new| same_policy(scope, &to.name, old, new));
        if !stays {
            let policy = old.clone();
            loosen.push(Operation::DropPolicy(DropPolicy { table: to.name.clone(), policy }));
        }
    }
    if from.row_security != to.row_security {
        let (table, from, to) = (to.name.clone(), from.row_security, to.row_security);
        finish.push(Operation::SetRowSecurity(SetRowSecurity { table, from, to }));
    }
    for new in &to.policies {
        match from.policies.get(&new.name).filter(|old| same_policy(scope, &to.name, old, new)) {
            None => finish.push(admit(&to.name, new)),
            Some(old) if old.comment != new.comment => {
                let object = CommentOn::Policy(to.name.clone(), new.name.clone());
                let (from, to) = (old.comment.clone(), new.comment.clone());
                finish.push(Operation::SetComment(SetComment { object, from, to }));
            }
            Some(_) => {}
        }
    }
}

/// Triggers of a table or view that is there before and after.
pub(super) fn triggers(
    scope: &Scope<'_>,
    table: &Name,
    from: &Objects<Trigger>,
    to: &Objects<Trigger>,
    loosen: &mut Vec<Operation>,
    finish: &mut Vec<Operation>,
) {
    let stays = |old: &Trigger, new: &Trigger| {
        old.definition == new.definition
            && old.enabled == new.enabled
            && !scope.blocks(table, &old.definition)
    };
    for old in from {
        if !to.get(&old.name).is_some_and(|new| stays(old, new)) {
            let trigger = old.clone();
            loosen.push(Operation::DropTrigger(DropTrigger { table: table.clone(), trigger }));
        }
    }
    for new in to {
        match from.get(&new.name).filter(|old| stays(old, new)) {
            None => finish.push(create(table, new)),
            Some(old) if old.comment != new.comment => {
                let object = CommentOn::Trigger(table.clone(), new.name.clone());
                let (from, to) = (old.comment.clone(), new.comment.clone());
                finish.push(Operation::SetComment(SetComment { object, from, to }));
            }
            Some(_) => {}
        }
    }
}

fn same_policy(scope: &Scope<'_>, table: &Name, old: &Policy, new: &Policy) -> bool {
    let bare = |policy: &Policy| Policy { comment: None, ..policy.clone() };
    bare(old) == bare(new) && !policy_texts(old).any(|text| scope.blocks(table, text))
}

/// The texts of a policy that name columns, tables and functions.
pub(super) fn policy_texts(policy: &Policy) -> impl Iterator<Item = &str> {
    policy.using.as_deref().into_iter().chain(policy.check.as_deref())
}

fn create(table: &Name, trigger: &Trigger) -> Operation {
    Operation::CreateTrigger(CreateTrigger { table: table.clone(), trigger: trigger.clone() })
}

fn admit(table: &Name, policy: &Policy) -> Operation {
    Operation::CreatePolicy(CreatePolicy { table: table.clone(), policy: policy.clone() })
}
