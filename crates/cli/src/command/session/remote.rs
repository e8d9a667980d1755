// SPDX-License-Identifier: Apache-2.0
//! Sessions that run in another process: watched and steered over their socket.

use moat_net::LineStream;
use moat_protocol::{Event, Op, read_event, write_op};
use moat_tui::{Detail, Screen};

use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::front::Form;
use crate::sessions::{choose, socket};
use crate::terminal::Terminal;

/// The longest event line; a change set with its hunks is one event.
const EVENT_LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Shows a running session until it ends.
pub(super) fn watch(
    environment: &Environment,
    id: Option<&str>,
    form: Form,
) -> Result<Exit, Failure> {
    environment.give_up_inet()?;
    let id = choose(environment, id)?;
    let mut stream = connect(environment, id.as_str())?;
    let mut terminal = Terminal::new(environment.output);
    let detail = match form {
        Form::Text(detail) => detail,
        Form::Json => Detail::Usual,
    };
    let mut screen = Screen::new(environment.paint, detail).for_session(id.as_str());
    let failed = |error: moat_net::Error| Failure::of(Exit::Environment, &error);
    while let Some(line) = stream.receive().map_err(failed)? {
        let envelope = read_event(&line).map_err(|error| {
            Failure::environment(
                "the session sent something else than events",
                "use the same version of Moat in both terminals",
            )
            .because(&error)
        })?;
        if form == Form::Json {
            terminal.write(&format!("{line}\n"));
        } else {
            terminal.show(&screen.show(&envelope.event));
        }
        if envelope.event == Event::SessionClosed {
            break;
        }
    }
    Ok(Exit::Success)
}

/// Sends one operation to a running session.
pub(super) fn tell(environment: &Environment, id: &str, op: &Op) -> Result<Exit, Failure> {
    environment.give_up_inet()?;
    let id = choose(environment, Some(id))?;
    let mut stream = connect(environment, id.as_str())?;
    stream.send(write_op(op).trim_end()).map_err(|error| Failure::of(Exit::Environment, &error))?;
    Ok(Exit::Success)
}

fn connect(environment: &Environment, id: &str) -> Result<LineStream, Failure> {
    let id = choose(environment, Some(id))?;
    LineStream::connect(&socket(environment, &id), EVENT_LINE_BYTES_MAX).map_err(|error| {
        Failure::usage(
            format!("session {id} does not run"),
            format!("`moat session show {id}` shows it, `moat session resume {id}` goes on"),
        )
        .because(&error)
    })
}
