//! The line at the bottom of a terminal that moves while a step is under way.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// The moving line; absent where there is no terminal.
pub(super) struct Live {
    bar: Option<ProgressBar>,
    wanted: bool,
}

impl Live {
    /// A line that is drawn if `wanted`.
    pub(super) fn new(wanted: bool) -> Live {
        Live { bar: None, wanted }
    }

    /// Whether there is a terminal to move on.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Shows `text`; the first call starts the line.
    pub(super) fn show(&mut self, text: &str) {
        if !self.wanted {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        bar.set_message(text.to_string());
    }

    /// Runs `print` with the line out of the way.
    pub(super) fn around(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
