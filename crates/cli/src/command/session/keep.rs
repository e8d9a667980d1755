// SPDX-License-Identifier: Apache-2.0
//! `moat session keep`: what acts by itself is kept only when it was confirmed for itself.
//!
//! The engine refuses it otherwise, whatever is asked for here.

use clap::Args;
use moat_config::Loaded;
use moat_protocol::{Change, Confirmation, Confirmer, Op, Selection};
use moat_tui::{Detail, surface_question};

use super::{open_as, selection, tree_path};
use crate::command::exec::Opened;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::front::{Form, Said};
use crate::sessions::{choose, tell};
use crate::start::Egress;

/// `moat session keep`.
#[derive(Debug, Args)]
pub(crate) struct KeepArguments {
    /// The session, or the beginning of its id; when not given the newest of this directory's workspace.
    id: Option<String>,
    /// Only these paths.
    #[arg(long = "path", value_name = "PATH", conflicts_with = "hunk")]
    paths: Vec<String>,
    /// Only these hunks of one file, as `PATH:1,3`.
    #[arg(long, value_name = "PATH:N,N")]
    hunk: Option<String>,
    /// Keep this change too although it acts by itself; ID says exactly which content is meant
    /// (docs/surfaces.md).
    #[arg(long = "confirm-surface", value_name = "PATH=ID")]
    confirmed: Vec<String>,
    /// Print events, one JSON object per line, and ask nothing.
    #[arg(long)]
    json: bool,
}

/// Asks what has to be asked, and keeps.
pub(super) fn run(
    environment: &Environment,
    loaded: Loaded,
    arguments: &KeepArguments,
) -> Result<Exit, Failure> {
    let wanted = selection(&arguments.paths, arguments.hunk.as_deref())?;
    let wanted = wanted.unwrap_or(Selection::All);
    let named = arguments.confirmed.iter().map(|text| confirmation(text));
    let mut confirmed = named.collect::<Result<Vec<_>, _>>()?;
    let told = tell(environment, choose(environment, arguments.id.as_deref())?)?;
    let form = if arguments.json { Form::Json } else { Form::Text(Detail::Usual) };
    let mut opened = open_as(environment, loaded, told, form, Egress::None)?;
    let pending = opened.front.unconfirmed(&opened.host, &wanted)?;
    if let Some(stray) = confirmed.iter().find(|it| pending.iter().all(|one| one.path != it.path)) {
        let failure = Failure::usage(
            format!("nothing that would be kept at `{}` needs a confirmation", stray.path),
            "leave it out, or look at what is pending with `moat session show`",
        );
        opened.host.close()?;
        return Err(failure);
    }
    if opened.ask(environment, &pending, &mut confirmed)? == Said::Stop {
        opened.host.close()?;
        return Ok(Exit::Interrupted);
    }
    let exit = opened.moved(Op::Keep { selection: wanted, confirmed })?;
    opened.host.close()?;
    Ok(exit)
}

/// Reads `PATH=ID`; the path is written as everywhere, and may hold a `=` itself.
fn confirmation(text: &str) -> Result<Confirmation, Failure> {
    let (path, id) = text.rsplit_once('=').filter(|(_, id)| !id.is_empty()).ok_or_else(|| {
        Failure::usage(
            format!("`{text}` does not name a change and its content"),
            "write `PATH=ID` as `moat session keep` printed it",
        )
    })?;
    Ok(Confirmation { path: tree_path(path)?, id: id.to_owned(), by: Confirmer::Arguments })
}

impl Opened {
    /// Asks about each change for itself that was not named, until nobody answers any more.
    fn ask(
        &mut self,
        environment: &Environment,
        pending: &[Change],
        confirmed: &mut Vec<Confirmation>,
    ) -> Result<Said, Failure> {
        let named: Vec<_> = confirmed.iter().map(|it| it.path.clone()).collect();
        for change in pending.iter().filter(|change| !named.contains(&change.path)) {
            let Some(id) = &change.confirm else { continue };
            let question = surface_question(change, environment.paint);
            match self.front.confirms_exactly(&self.host, environment.output, &question)? {
                Said::Yes => confirmed.push(Confirmation {
                    path: change.path.clone(),
                    id: id.clone(),
                    by: Confirmer::Terminal,
                }),
                Said::No => {}
                said @ (Said::Nobody | Said::Stop) => return Ok(said),
            }
        }
        Ok(Said::Yes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_names_a_path_and_a_content() {
        let read = confirmation("a=b/.mcp.json=644:ab").unwrap();
        assert_eq!((read.path.to_string().as_str(), read.id.as_str()), ("a=b/.mcp.json", "644:ab"));
        assert_eq!(read.by, Confirmer::Arguments);
        for text in ["", "a", "a=", "=deleted", "../a=deleted", "/a=deleted"] {
            let failure = confirmation(text).unwrap_err();
            assert!(matches!(failure.exit, Exit::Usage), "{text}");
        }
    }
}
