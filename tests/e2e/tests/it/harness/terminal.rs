//! A command on a terminal, and somebody who types there.

use super::{LONG, Project};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

/// A `migratectl` that has a terminal for its input and its progress; the result goes to a pipe.
#[derive(Debug)]
pub(crate) struct OnTerminal {
    child: Child,
    master: File,
    shown: Receiver<Vec<u8>>,
    screen: String,
    /// Where in the screen the next text is looked for.
    seen: usize,
}

impl OnTerminal {
    /// Starts `migratectl` with these arguments.
    pub(crate) fn start(project: &Project, words: &[&str]) -> OnTerminal {
        OnTerminal::start_with(project, words, &[])
    }

    /// The same with further variables.
    pub(crate) fn start_with(project: &Project, words: &[&str], variables: &[(&str, &str)]) -> OnTerminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let name = ptsname(&master, Vec::new()).expect("its name");
        let path = std::ffi::OsStr::from_bytes(name.as_bytes());
        let slave = OpenOptions::new().read(true).write(true).open(path).expect("its other end");
        let mut command = project.command("migratectl");
        let end = || Stdio::from(slave.try_clone().expect("cloned"));
        command.args(words).envs(variables.iter().copied()).stdin(end()).stderr(end()).stdout(Stdio::piped());
        let child = command.spawn().expect("it starts");
        let master = File::from(master);
        let mut reader = master.try_clone().expect("cloned");
        let (show, shown) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The end is an error here: the last one who had the other end closed it.
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                if show.send(bytes[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        OnTerminal { child, master, shown, screen: String::new(), seen: 0 }
    }

    /// Waits until `text` is shown, after what was waited for before, and types an answer.
    #[track_caller]
    pub(crate) fn answers(&mut self, text: &str, typed: &str) {
        let until = Instant::now() + LONG;
        while !self.screen[self.seen..].contains(text) {
            match self.shown.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.screen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(reason) => panic!("no `{text}` ({reason}) in\n{}", self.screen),
            }
        }
        self.seen += self.screen[self.seen..].find(text).expect("it is shown") + text.len();
        writeln!(self.master, "{typed}").expect("typed");
    }

    /// Waits for the end: the exit code, the result and the screen.
    pub(crate) fn ends(mut self) -> (i32, String, String) {
        let mut result = String::new();
        self.child.stdout.take().expect("piped").read_to_string(&mut result).expect("read");
        let exit = self.child.wait().expect("it ends").code().unwrap_or(-1);
        for bytes in self.shown.iter() {
            self.screen.push_str(&String::from_utf8_lossy(&bytes));
        }
        (exit, result, self.screen)
    }
}
