//! The two streams. A reader that leaves (`… | head`) is no fault; any other failure is kept and told at the end.

use std::io::{self, Write};

/// stdout and stderr, or what stands for them in a test.
pub struct Sinks {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    failed: Option<io::Error>,
}

impl Sinks {
    /// Those of the process.
    pub fn process() -> Sinks {
        Sinks::new(Box::new(io::stdout()), Box::new(io::stderr()))
    }

    /// Any two.
    pub fn new(out: Box<dyn Write>, err: Box<dyn Write>) -> Sinks {
        Sinks { out, err, failed: None }
    }

    /// Writes to stdout.
    pub fn out(&mut self, text: &str) {
        if self.failed.is_none()
            && let Err(error) = self.out.write_all(text.as_bytes())
        {
            self.failed = Some(error);
        }
    }

    /// Writes to stderr. If that fails there is nobody left to tell.
    pub fn err(&mut self, text: &str) {
        drop(self.err.write_all(text.as_bytes()));
    }

    /// Flushes both.
    ///
    /// # Errors
    /// What kept a result from being written, unless its reader left.
    pub fn finish(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        drop(self.err.flush());
        match self.failed.take().or(flushed.err()) {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}
