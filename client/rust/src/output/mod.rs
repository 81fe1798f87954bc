//! All that is printed is printed here: results to stdout, progress and diagnostics to stderr.

mod error_text;
mod github;
mod gitlab;
mod json;
mod junit;
mod lint;
mod live;
mod narrator;
mod revision_text;
mod sinks;
mod table;
mod teamcity;
mod text;
mod view;

pub use error_text::render as render_error;
pub use lint::{finding, findings};
pub use revision_text::{log_entry, one_line, plain as revision_line, tree};
pub use sinks::Sinks;
pub use table::table;
pub use view::{Outcome, RunView, count, show_rows};

use crate::config::Config;
use crate::error::{Error, Own, Result};
use serde::Serialize;
use std::io::IsTerminal as _;
use std::path::PathBuf;

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// The protobuf JSON mapping.
    Json,
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
    /// TeamCity.
    Teamcity,
    /// JUnit's XML.
    Junit,
}

impl Format {
    const NAMES: [(&str, Format); 6] = [
        ("text", Format::Text),
        ("json", Format::Json),
        ("github", Format::Github),
        ("gitlab", Format::Gitlab),
        ("teamcity", Format::Teamcity),
        ("junit", Format::Junit),
    ];

    /// The form of that name.
    pub fn parse(name: &str) -> Option<Format> {
        Format::NAMES.iter().find(|(n, _)| *n == name).map(|(_, format)| *format)
    }

    /// The configured form, else that of the CI system whose variables are set.
    ///
    /// # Errors
    /// CONFIG_INVALID for a name that is none.
    pub fn of(config: &Config) -> Result<Format> {
        if let Some(name) = &config.settings.output {
            return Format::parse(name).ok_or_else(|| {
                let names: Vec<&str> = Format::NAMES.iter().map(|(n, _)| *n).collect();
                Own::ConfigInvalid
                    .error(format!("`{name}` is no form of output"))
                    .next(format!("choose one of {}", names.join(", ")))
            });
        }
        let is_on = |name: &str| config.variable(name).is_some_and(|v| v != "false");
        Ok(match () {
            () if is_on("GITHUB_ACTIONS") => Format::Github,
            () if is_on("GITLAB_CI") => Format::Gitlab,
            () if is_on("TEAMCITY_VERSION") => Format::Teamcity,
            () => Format::Text,
        })
    }
}

/// How text looks, and what its paths mean.
#[derive(Clone, Debug, Default)]
pub struct Style {
    /// Colour.
    pub color: bool,
    /// Characters beyond ASCII in drawings.
    pub unicode: bool,
    /// Folder that the paths of revision files are relative to.
    pub project_dir: PathBuf,
    /// GitHub's checkout, which its annotations are relative to.
    pub workspace: Option<PathBuf>,
}

impl Style {
    /// `text` in an ANSI colour, where there are colours.
    pub fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.into() }
    }
}

/// Where a command prints.
pub struct Output {
    /// The form.
    pub format: Format,
    /// How text looks.
    pub style: Style,
    /// Whether progress is left out.
    pub quiet: bool,
    sinks: Sinks,
    live: bool,
    summary: Option<PathBuf>,
}

impl Output {
    /// To the process's own stdout and stderr.
    ///
    /// # Errors
    /// CONFIG_INVALID for an unknown form of output or colour.
    pub fn new(config: &Config, quiet: bool) -> Result<Output> {
        let format = Format::of(config)?;
        let terminal = std::io::stderr().is_terminal();
        let color = match config.settings.color.as_deref() {
            None | Some("auto") => terminal && config.variable("NO_COLOR").is_none(),
            Some("always") => true,
            Some("never") => false,
            Some(other) => {
                return Err(Own::ConfigInvalid
                    .error(format!("`{other}` is no choice of colour"))
                    .next("choose auto, always or never"));
            }
        };
        let locale =
            ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| config.variable(name)).unwrap_or_default();
        let style = Style {
            color,
            unicode: locale.to_uppercase().replace('-', "").contains("UTF8"),
            project_dir: config.project_dir.clone(),
            workspace: config.variable("GITHUB_WORKSPACE").map(PathBuf::from),
        };
        let mut output = Output {
            format,
            style,
            quiet,
            sinks: Sinks::process(),
            live: terminal && format == Format::Text && !quiet,
            summary: config.variable("GITHUB_STEP_SUMMARY").map(PathBuf::from),
        };
        if format == Format::Github {
            github::mask_secrets(&mut output.sinks, config);
        }
        Ok(output)
    }

    /// A form that can be printed before the configuration is read.
    pub fn plain() -> Output {
        Output {
            format: Format::Text,
            style: Style::default(),
            quiet: false,
            sinks: Sinks::process(),
            live: false,
            summary: None,
        }
    }

    /// Whether somebody watches the progress: on a terminal, as text.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// A line of the result.
    pub fn line(&mut self, text: &str) {
        self.sinks.out(text);
        self.sinks.out("\n");
    }

    /// Text of the result as it is: a script, or a file.
    pub fn raw(&mut self, text: &str) {
        self.sinks.out(text);
    }

    /// A line of progress.
    pub fn note(&mut self, text: &str) {
        if !self.quiet {
            self.sinks.err(text);
            self.sinks.err("\n");
        }
    }

    /// A question; the answer is typed on its line.
    pub fn ask(&mut self, text: &str) {
        self.sinks.err(text);
    }

    /// A warning.
    pub fn warn(&mut self, text: &str) {
        let line = format!("{} {text}\n", self.style.paint("33", "warning:"));
        match self.format {
            Format::Github => self.sinks.err(&format!("::warning::{}\n", github::data(text))),
            Format::Teamcity => {
                self.sinks.out(&teamcity::message("message", &[("text", text), ("status", "WARNING")]))
            }
            _ => self.sinks.err(&line),
        }
    }

    /// A response as the result: its JSON mapping, or what `text` makes of it.
    pub fn result<T: Serialize>(&mut self, response: &T, text: impl FnOnce(&mut Output)) {
        if self.format == Format::Json {
            let json =
                serde_json::to_string_pretty(response).unwrap_or_else(|e| format!("{{\"error\":\"{e}\"}}"));
            self.line(&json);
        } else {
            text(self);
        }
    }

    /// A failure.
    pub fn failure(&mut self, error: &Error) {
        match self.format {
            Format::Json => self.sinks.err(&format!("{}\n", json::error(error))),
            Format::Github => {
                self.sinks.err(&github::inert(&render_error(error, &self.style)));
                self.sinks.err(&github::annotation(error, &self.style));
            }
            Format::Teamcity => {
                self.sinks.err(&github::inert(&render_error(error, &self.style)));
                self.sinks.out(&teamcity::problem(error));
            }
            Format::Junit => {
                self.sinks.err(&render_error(error, &self.style));
                self.sinks.out(&junit::failure(error));
            }
            Format::Text | Format::Gitlab => self.sinks.err(&render_error(error, &self.style)),
        }
    }

    /// The view of a run.
    pub fn run_view(&self) -> Box<dyn RunView> {
        let style = self.style.clone();
        match self.format {
            Format::Text => Box::new(text::Text::new(style, self.live, self.quiet)),
            Format::Json => Box::new(json::Json::default()),
            Format::Github => Box::new(github::Github::new(style, self.summary.clone())),
            Format::Gitlab => Box::new(gitlab::Gitlab::new(style)),
            Format::Teamcity => Box::new(teamcity::Teamcity::default()),
            Format::Junit => Box::new(junit::Junit::new(style)),
        }
    }

    /// Where a view writes.
    pub fn sinks(&mut self) -> &mut Sinks {
        &mut self.sinks
    }
}

#[cfg(test)]
mod tests;
