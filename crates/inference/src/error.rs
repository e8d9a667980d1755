// SPDX-License-Identifier: Apache-2.0
//! What can go wrong with the embedded model, as its callers see it.
//!
//! Refusals of single requests are not here: they go to the client as OpenAI
//! error objects ([`crate::refusal`]). An error here ends a server or the attempt
//! to reach one.

use std::io;
use std::path::PathBuf;

use moat_base::Hint;

use crate::gguf::HeaderError;

/// An operation on the embedded model that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The model file could not be opened.
    #[error("could not open the model file `{}`", path.display())]
    OpenWeights {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The model file is damaged, truncated or something else.
    #[error("`{}` is not a usable model file", path.display())]
    CheckWeights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: HeaderError,
    },
    /// llama.cpp refused a file whose outline is right.
    #[error("llama.cpp could not load the model `{}`", path.display())]
    LoadWeights {
        /// The file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: EngineError,
    },
    /// The processor lacks an instruction set that llama.cpp was built for.
    #[error("the embedded model needs the {missing} instructions, which this processor lacks")]
    Processor {
        /// The instruction set.
        missing: &'static str,
    },
    /// The server was started with arguments that make no sense.
    #[error("the argument `{name}` of the model server is wrong: {reason}")]
    Arguments {
        /// The argument.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The socket of the server failed.
    #[error("the model server could not go on serving")]
    Serve {
        /// What the socket gave.
        #[source]
        source: moat_net::Error,
    },
    /// The model's thread ended by a panic.
    #[error("the model server failed by a mistake of its own")]
    Crashed,
    /// The socket of a new server could not be made.
    #[error("could not make the socket of the model server")]
    Bind {
        /// What the socket gave.
        #[source]
        source: moat_net::Error,
    },
    /// The server could not be started in its sandbox.
    #[error("could not start the model server")]
    Start {
        /// What the sandbox gave.
        #[source]
        source: moat_sandbox::Error,
    },
    /// The lock or the log of a server could not be opened.
    #[error("could not open `{}`", path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The server said that it cannot serve its model.
    #[error("the model server cannot serve `{model}`: {reason}")]
    ServerFailed {
        /// The model.
        model: String,
        /// What it said.
        reason: String,
    },
    /// The server ended as often as it was started.
    #[error("the model server of `{model}` keeps ending: {reason}")]
    ServerDied {
        /// The model.
        model: String,
        /// What was seen of the last end.
        reason: String,
        /// Where its output is.
        log: PathBuf,
    },
    /// The server accepts connections and says nothing.
    #[error("the model server at `{}` does not answer", socket.display())]
    ServerHangs {
        /// Its socket.
        socket: PathBuf,
    },
    /// A thread of the server could not be started.
    #[error("could not start a thread of the model server")]
    StartThread {
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

/// A failure inside llama.cpp or in the way to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The library refused a step, with its own words.
    #[error("{step}: {reason}")]
    Step {
        /// What was tried.
        step: &'static str,
        /// What the library said.
        reason: String,
    },
    /// The path of the model file is not UTF-8, which the library needs.
    #[error("its path is not UTF-8")]
    Path,
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::OpenWeights { .. } => {
                Some("run `moat model list` to see which models are on this machine".to_owned())
            }
            Self::CheckWeights { .. } => Some(
                "remove it with `moat model rm` and fetch it again with `moat model pull`"
                    .to_owned(),
            ),
            Self::LoadWeights { .. } => Some(
                "the family of this model may be newer than this version of Moat; run `moat model list` for the models that are known to work"
                    .to_owned(),
            ),
            Self::Processor { .. } => Some(
                "name an external OpenAI-compatible server in the configuration, see docs/models.md"
                    .to_owned(),
            ),
            Self::Serve { source } | Self::Bind { source } => source.hint(),
            Self::Start { source } => source.hint(),
            Self::Lock { .. } => Some("check the free space and who owns the directory".to_owned()),
            Self::Arguments { .. } | Self::Crashed => {
                Some("this is a mistake in Moat; report it with the model's name".to_owned())
            }
            Self::ServerFailed { .. } => Some(
                "run `moat model list`; `moat model rm` and `moat model pull` fetch the weights anew"
                    .to_owned(),
            ),
            Self::ServerDied { log, .. } => Some(format!(
                "read `{}`; when memory is short, choose a smaller model or context",
                log.display()
            )),
            Self::ServerHangs { .. } => Some(
                "end the process `moat model serve` and try again; a machine that swaps needs a smaller model"
                    .to_owned(),
            ),
            Self::StartThread { .. } => {
                Some("check the limit on processes (`ulimit -u`) and the free memory".to_owned())
            }
        }
    }
}
