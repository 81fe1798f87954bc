//! Faults: what is done to the world, and how it is taken back.

use super::member::Member;
use super::wire::Side;
use super::world::{Server, World};
use crate::harness::Draw;
use rustix::process::Signal;
use std::time::Duration;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// `kill -9`, and away for a while.
    Killed { daemon: usize },
    /// Told to stop, and started again.
    Told { daemon: usize },
    /// SIGSTOP and SIGCONT.
    Stopped { daemon: usize },
    /// All connections of a daemon to a server end at once.
    Cut { daemon: usize, server: Server },
    /// The same, and none can be made for a while.
    Shut { daemon: usize, server: Server },
    /// Half-open connections: one direction stands still; then it goes on, or the connections end.
    Still { daemon: usize, server: Server, side: Side, cut: bool },
    /// Both directions.
    Silent { daemon: usize, server: Server, cut: bool },
    /// Sessions that work are ended in the server.
    WorkEnded { server: Server },
    /// Sessions that hold a migration lock are (and on MariaDB others that wait).
    LockEnded { server: Server },
    /// A server is started again, after a crash or in order.
    Restarted { server: Server, crash: bool },
    /// The store has no room.
    Full,
}

/// What is done when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Act {
    pub(super) at: Duration,
    pub(super) fault: Fault,
    /// Whether the fault begins; else it ends.
    pub(super) begins: bool,
}

/// The lease of the daemons is 3 s: some faults are shorter, some longer.
const LONGEST: Duration = Duration::from_millis(6_500);
/// A daemon gives up writing to its store after 3.25 s, and says so; what it tells after that nobody has.
const FULL_FOR: Duration = Duration::from_millis(1_500);

/// The faults of `span`, for so many daemons, with or without servers, in their order.
pub(super) fn schedule(draw: &mut Draw, span: Duration, daemons: usize, has_servers: bool) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut at = Duration::ZERO;
    loop {
        at += draw.between(Duration::from_millis(100), Duration::from_millis(1_900));
        if at >= span {
            break;
        }
        let fault = if has_servers { any(draw, daemons) } else { lonely(draw) };
        let bound = if fault == Fault::Full { FULL_FOR } else { LONGEST };
        let lasts = draw.between(Duration::from_millis(200), bound);
        acts.push(Act { at, fault, begins: true });
        acts.push(Act { at: at + lasts, fault, begins: false });
    }
    acts.sort_by_key(|act| act.at);
    acts
}

fn any(draw: &mut Draw, daemons: usize) -> Fault {
    let daemon = draw.below(daemons);
    let server = draw.pick(&Server::ALL);
    let side = draw.pick(&[Side::ToServer, Side::ToClient]);
    let (crash, cut) = (draw.below(2) == 0, draw.below(2) == 0);
    match draw.below(16) {
        0..3 => Fault::Killed { daemon },
        3 => Fault::Told { daemon },
        4..6 => Fault::Stopped { daemon },
        6 => Fault::Cut { daemon, server },
        7 => Fault::Shut { daemon, server },
        8..10 => Fault::Still { daemon, server, side, cut },
        10 => Fault::Silent { daemon, server, cut },
        11..13 => Fault::WorkEnded { server },
        13 => Fault::LockEnded { server },
        14 => Fault::Restarted { server, crash },
        _ => Fault::Full,
    }
}

fn lonely(draw: &mut Draw) -> Fault {
    match draw.below(6) {
        0..2 => Fault::Killed { daemon: 0 },
        2 => Fault::Told { daemon: 0 },
        3 => Fault::Stopped { daemon: 0 },
        _ => Fault::Full,
    }
}

impl Act {
    /// Does it.
    pub(super) fn done(self, world: &World, members: &mut [Member]) {
        let is = self.begins;
        let lasts = !matches!(
            self.fault,
            Fault::Cut { .. } | Fault::WorkEnded { .. } | Fault::LockEnded { .. } | Fault::Restarted { .. }
        );
        if !is && !lasts {
            return;
        }
        world.story.tell(&format!("{} {:?}", if is { "+" } else { "-" }, self.fault));
        match self.fault {
            Fault::Killed { daemon } if is => members[daemon].kill(),
            Fault::Killed { daemon } => members[daemon].back(),
            Fault::Told { daemon } if is => members[daemon].tell_to_stop(),
            // It is started again once it has ended.
            Fault::Told { .. } => {}
            Fault::Stopped { daemon } => {
                members[daemon].signal(if is { Signal::STOP } else { Signal::CONT });
            }
            Fault::Full => full(world, is),
            _ => self.done_to_servers(world),
        }
    }

    fn done_to_servers(self, world: &World) {
        let Some(servers) = &world.servers else { return };
        let is = self.begins;
        match self.fault {
            Fault::Cut { daemon, server } => servers.wire(server).cut(daemon),
            Fault::Shut { daemon, server } => servers.wire(server).shut(daemon, is),
            Fault::Still { daemon, server, side, cut } => {
                if cut && !is {
                    servers.wire(server).cut(daemon);
                }
                servers.wire(server).still(daemon, side, is);
            }
            Fault::Silent { daemon, server, cut } => {
                if cut && !is {
                    servers.wire(server).cut(daemon);
                }
                servers.wire(server).still(daemon, Side::ToServer, is);
                servers.wire(server).still(daemon, Side::ToClient, is);
            }
            Fault::WorkEnded { server } => ended(world, server, false),
            Fault::LockEnded { server } => ended(world, server, true),
            Fault::Restarted { server, crash } => servers.restart(server, crash),
            _ => {}
        }
    }
}

/// Ends sessions of all daemons in a server: those at work, or those that hold a migration lock.
fn ended(world: &World, server: Server, locks: bool) {
    let Some(servers) = &world.servers else { return };
    let sql = match server {
        Server::Store => {
            let who = if locks { "migrated listens%" } else { "migrated store%" };
            format!(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE '{who}'"
            )
        }
        // The class id of the migration lock.
        Server::Postgres => format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity a WHERE usename LIKE 'nemesis%' AND {} \
             EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND locktype = 'advisory' AND classid = 1835624306)",
            if locks { "" } else { "state <> 'idle' AND NOT" }
        ),
        Server::Mariadb => {
            let sleeping = if locks { "=" } else { "<>" };
            let all = format!(
                "SELECT id FROM information_schema.processlist WHERE user LIKE 'nemesis%' AND command {sleeping} 'Sleep'"
            );
            let all = servers.ask(server, &all).unwrap_or_default();
            all.lines().map(|id| format!("KILL CONNECTION {id};")).collect()
        }
    };
    // A session may be gone by itself meanwhile, and so may the server.
    let _ = sql.is_empty() || servers.ask(server, &sql).is_err();
}

fn full(world: &World, is_full: bool) {
    if let Some(servers) = &world.servers {
        let _ = servers.ask(Server::Store, &format!("UPDATE public.full_disk SET is_full = {is_full}"));
    }
    if let Some(disk) = &world.disk {
        disk.fill(is_full);
    }
}
