//! What the nemesis works on: servers, targets, projects, and the daemons between them.

use super::course;
use super::disk::Disk;
use super::member::Member;
use super::story::Story;
use super::wire::Wire;
use crate::harness::{Database, Engine, Project};
use migrated_testkit::{Mariadb, Postgres, PostgresOptions, present};
use std::time::Duration;

/// Password of the daemons' roles.
const PASSWORD: &str = "nemesis";
/// Names of the daemons, and how many seconds their clocks are wrong.
const DAEMONS: [(&str, i64); 3] = [("one", 0), ("two", 1_800), ("three", -1_800)];

/// A server that is restarted, and whose sessions are ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    Store,
    Postgres,
    Mariadb,
}

impl Server {
    pub(super) const ALL: [Server; 3] = [Server::Store, Server::Postgres, Server::Mariadb];
}

/// A database that is migrated.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) name: &'static str,
    pub(super) engine: Engine,
    /// Which project's revisions it gets.
    pub(super) project: usize,
    file: Option<Database>,
}

/// All of it.
pub(super) struct World {
    pub(super) story: Story,
    pub(super) projects: Vec<Project>,
    pub(super) targets: Vec<Target>,
    /// Where the daemons listen.
    pub(super) places: Vec<String>,
    pub(super) servers: Option<Servers>,
    /// What the store of a lonely daemon is on, where this user may have one.
    pub(super) disk: Option<Disk>,
}

/// The servers of a shared world.
pub(super) struct Servers {
    store: Postgres,
    postgres: Postgres,
    mariadb: Mariadb,
    wires: [Wire; 3],
}

impl Servers {
    /// Servers of this test alone: they are restarted. What was committed survives a crash of theirs.
    fn start() -> Option<Servers> {
        let postgres = || Postgres::start(&PostgresOptions::default());
        let (store, targets) = (postgres(), postgres());
        let mariadb = Mariadb::start_with(&["--innodb-flush-log-at-trx-commit=2"]);
        let store = present(store.as_ref().map(drop)).and(store.ok())?;
        let postgres = present(targets.as_ref().map(drop)).and(targets.ok())?;
        let mariadb = present(mariadb.as_ref().map(drop)).and(mariadb.ok())?;
        let users: Vec<String> = DAEMONS.iter().map(|(name, _)| user(name)).collect();
        for user in &users {
            let role = format!("CREATE ROLE {user} SUPERUSER LOGIN PASSWORD '{PASSWORD}'");
            store.psql("postgres", &role).expect("made");
            postgres.psql("postgres", &role).expect("made");
            let account = format!(
                "CREATE USER {user}@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO {user}@'%' WITH GRANT OPTION"
            );
            mariadb.shell("mysql", &account).expect("made");
        }
        store.psql("postgres", "CREATE DATABASE store").expect("made");
        let port = |server: &Postgres| server.port().expect("it is a private one");
        let wires = [port(&store), port(&postgres), mariadb.port()].map(|port| Wire::to(port, &users));
        Some(Servers { store, postgres, mariadb, wires })
    }

    /// The way of all daemons to a server.
    pub(super) fn wire(&self, server: Server) -> &Wire {
        &self.wires[server as usize]
    }

    /// Ends a server, as if it had crashed or as it should, and starts it again.
    pub(super) fn restart(&self, server: Server, crash: bool) {
        let restarted = match server {
            Server::Store => self.store.restart(if crash { "QUIT" } else { "INT" }),
            Server::Postgres => self.postgres.restart(if crash { "QUIT" } else { "INT" }),
            Server::Mariadb => self.mariadb.restart(if crash { "KILL" } else { "TERM" }),
        };
        restarted.expect("it starts again");
    }

    /// Asks a server as its administrator, where it answers.
    pub(super) fn ask(&self, server: Server, sql: &str) -> Result<String, String> {
        let answer = match server {
            Server::Store => self.store.psql("store", sql),
            Server::Postgres => self.postgres.psql("postgres", sql),
            Server::Mariadb => self.mariadb.shell("mysql", sql),
        };
        answer.map_err(|e| e.to_string())
    }

    /// Makes the store's tables refuse what they have no room for, while `full_disk` says so.
    fn may_fill_up(&self) {
        self.ask(
            Server::Store,
            "CREATE TABLE public.full_disk AS SELECT false AS is_full;
             CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF (SELECT is_full FROM public.full_disk) THEN
                 RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
               END IF; RETURN NEW; END $$;
             CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON migrated.run FOR EACH ROW EXECUTE FUNCTION public.refuse();
             CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON migrated.step FOR EACH ROW EXECUTE FUNCTION public.refuse();
             CREATE TRIGGER full_disk BEFORE INSERT ON migrated.event FOR EACH ROW EXECUTE FUNCTION public.refuse()",
        )
        .expect("made");
    }

    /// The section of a daemon's configuration that names what it reaches.
    fn reached_by(&self, daemon: &str, targets: &[Target]) -> String {
        let login = format!("{}:{PASSWORD}@127.0.0.1", user(daemon));
        let store = self.wire(Server::Store).port;
        let mut toml = format!(
            "[store]\nurl = \"postgres://{login}:{store}/store?sslmode=disable\"\nlease = \"3s\"\nconnect_timeout = \"3s\"\n"
        );
        for Target { name, engine, .. } in targets {
            let url = match engine {
                Engine::Mariadb => {
                    format!("mysql://{login}:{}/{name}?ssl-mode=DISABLED", self.wire(Server::Mariadb).port)
                }
                _ => {
                    let port = self.wire(Server::Postgres).port;
                    format!("postgresql://{login}:{port}/{name}?sslmode=disable&connect_timeout=3")
                }
            };
            toml.push_str(&format!("[connections.{name}]\nurl = \"{url}\"\n"));
        }
        toml
    }
}

fn user(daemon: &str) -> String {
    format!("nemesis_{daemon}")
}

impl World {
    /// Three daemons with clocks that differ, on one store, with two databases on PostgreSQL and two on MariaDB.
    pub(super) fn shared() -> Option<(World, Vec<Member>)> {
        let servers = Servers::start()?;
        let target = |name, engine, project| Target { name, engine, project, file: None };
        let targets = vec![
            target("pg_a", Engine::Postgres, 0),
            target("pg_b", Engine::Postgres, 0),
            target("my_a", Engine::Mariadb, 1),
            target("my_b", Engine::Mariadb, 1),
        ];
        for Target { name, engine, .. } in &targets {
            let server = if *engine == Engine::Mariadb { Server::Mariadb } else { Server::Postgres };
            servers.ask(server, &format!("CREATE DATABASE {name}")).expect("made");
        }
        let projects = vec![project("shop", Engine::Postgres), project("stock", Engine::Mariadb)];
        let mut places = Vec::new();
        let mut members = Vec::new();
        for (name, skew) in DAEMONS {
            let reached = servers.reached_by(name, &targets);
            let (place, member) = member(&projects[0], name, skew, &reached, None);
            places.push(place);
            members.push(member);
        }
        let world =
            World { story: Story::new(), projects, targets, places, servers: Some(servers), disk: None };
        world.begin(&mut members);
        world.servers.as_ref().expect("they are there").may_fill_up();
        Some((world, members))
    }

    /// One daemon with a store of its own, with two files of SQLite.
    pub(super) fn alone() -> (World, Vec<Member>) {
        let projects = vec![project("shop", Engine::Sqlite)];
        let targets: Vec<Target> = ["lite_a", "lite_b"]
            .map(|name| Target {
                name,
                engine: Engine::Sqlite,
                project: 0,
                file: Database::new(Engine::Sqlite),
            })
            .into();
        let disk = Disk::mounted(projects[0].path("small"));
        let mut reached = format!("[store]\npath = \"{}\"\n", projects[0].path("small/store.db").display());
        for Target { name, file, .. } in &targets {
            let url = file.as_ref().expect("SQLite needs no server").url();
            reached.push_str(&format!("[connections.{name}]\nurl = \"{url}\"\n"));
        }
        let (place, member) = member(&projects[0], "one", 0, &reached, disk.as_ref());
        let (places, mut members) = (vec![place], vec![member]);
        let world = World { story: Story::new(), projects, targets, places, servers: None, disk };
        world.begin(&mut members);
        (world, members)
    }

    fn begin(&self, members: &mut [Member]) {
        for target in &self.targets {
            target.sql(self, course::ledger(target.engine)).expect("made");
        }
        for member in members {
            assert!(member.serve(crate::harness::LONG), "{}", member.log());
        }
    }

    /// Ends every fault that is left, and waits until all daemons serve.
    pub(super) fn heal(&self, members: &mut [Member]) {
        if let Some(servers) = &self.servers {
            servers.wires.iter().for_each(Wire::heal);
            servers.ask(Server::Store, "UPDATE public.full_disk SET is_full = false").expect("it answers");
        }
        if let Some(disk) = &self.disk {
            disk.fill(false);
        }
        for member in members {
            member.signal(rustix::process::Signal::CONT);
            let serves = member.serve(Duration::from_secs(60));
            self.story.holds(serves, || format!("daemon {} does not serve again", member.name));
        }
        self.story.tell("everything is healed");
    }
}

impl Target {
    /// Asks the database itself, past all daemons: one line a row, cells joined by `|`.
    pub(super) fn sql(&self, world: &World, sql: &str) -> Result<String, String> {
        let answer = match (&world.servers, self.engine) {
            (Some(servers), Engine::Mariadb) => {
                servers.mariadb.shell(self.name, sql).map_err(|e| e.to_string())
            }
            (Some(servers), _) => servers.postgres.psql(self.name, sql).map_err(|e| e.to_string()),
            (None, _) => self.file.as_ref().expect("it is a file").try_sql(sql),
        };
        answer.map(|text| text.replace('\t', "|"))
    }
}

/// A project with the revisions for an engine. What database it is for is said with each command.
fn project(name: &str, engine: Engine) -> Project {
    let project = Project::new(Database::new(Engine::Sqlite).expect("SQLite needs no server"));
    project.configure(&format!("project = \"{name}\"\n"));
    course::lay(&project, engine);
    project
}

fn member(project: &Project, name: &str, skew: i64, reached: &str, disk: Option<&Disk>) -> (String, Member) {
    let place = format!("unix:{}", project.path(&format!("{name}.socket")).display());
    let toml = format!(
        "[listen]\naddresses = [\"{place}\"]\n[projects]\ncreate_on_push = true\n\
         [runs]\nowner = \"{name}\"\ncancel_grace = \"1s\"\n{reached}"
    );
    let file = project.path(&format!("{name}.toml"));
    std::fs::write(&file, toml).expect("written");
    let file = file.display().to_string();
    let program = crate::harness::programs().join("migrated-edged").display().to_string();
    let words = match disk {
        Some(disk) => disk.entered(&program),
        None => vec![program],
    };
    let [home, folder] = ["", "."].map(|relative| project.path(relative));
    let member = Member::new(name, move || {
        let mut command = std::process::Command::new(&words[0]);
        command.args(&words[1..]).args(["--config", &file, "--log", "info", "--log-format", "json"]);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", &home);
        command.env("EDGE_CLOCK", skew.to_string()).current_dir(&folder);
        command
    });
    (place, member)
}
