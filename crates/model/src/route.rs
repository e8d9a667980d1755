// SPDX-License-Identifier: Apache-2.0
//! The real transport: `moat-net`'s broker, or the embedded server's socket.

use std::io;
use std::path::Path;
use std::sync::Arc;

use moat_net::{
    Attribution, Broker, Cancel, Error as NetError, Local, Outgoing, Problem, RequestHeader,
    Transport as _,
};

use crate::transport::{Call, Endpoint, Failure, HangUp, Reply, Transport};

/// The way to one model server.
#[derive(Debug, Clone)]
pub struct Route {
    endpoint: Endpoint,
    broker: Option<Arc<Broker>>,
    attribution: Attribution,
}

impl Route {
    /// To the embedded server. It need not run yet: each call connects anew.
    #[must_use]
    pub fn local(socket: &Path) -> Self {
        Self {
            endpoint: Endpoint::Local { socket: socket.to_owned() },
            broker: None,
            attribution: Attribution::default(),
        }
    }

    /// To the endpoint that the broker's policy holds under this name.
    #[must_use]
    pub fn broker(broker: Arc<Broker>, name: &str, attribution: Attribution) -> Self {
        Self {
            endpoint: Endpoint::Broker { name: name.to_owned() },
            broker: Some(broker),
            attribution,
        }
    }

    /// Where it leads.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn outgoing(&self, call: &Call, cancel: &Cancel) -> Outgoing {
        let (name, path) = match &self.endpoint {
            Endpoint::Local { .. } => ("embedded", format!("/v1/{}", call.path)),
            Endpoint::Broker { name } => (name.as_str(), format!("/{}", call.path)),
        };
        let mut outgoing = Outgoing::model_request(name, &path, call.body.clone());
        outgoing.headers = vec![
            (RequestHeader::Accept, Call::ACCEPT.to_owned()),
            (RequestHeader::ContentType, Call::CONTENT_TYPE.to_owned()),
        ];
        outgoing.attribution = self.attribution.clone();
        outgoing.cancel = cancel.clone();
        outgoing
    }
}

impl Transport for Route {
    fn name(&self) -> String {
        match &self.endpoint {
            Endpoint::Local { .. } => "the embedded model server".to_owned(),
            Endpoint::Broker { name } => format!("model server `{name}`"),
        }
    }

    fn send(&self, call: &Call, hang_up: &HangUp) -> Result<Reply, Failure> {
        let cancel = Cancel::new();
        let ends = cancel.clone();
        hang_up.register(move || ends.cancel());
        let outgoing = self.outgoing(call, &cancel);
        let answer = match (&self.endpoint, &self.broker) {
            (_, Some(broker)) => broker.send(outgoing),
            (Endpoint::Local { socket }, None) => {
                Local::connect(socket).and_then(|local| local.send(outgoing))
            }
            (Endpoint::Broker { name }, None) => {
                let message = format!("there is no broker for `{name}`");
                return Err(Failure::Failed(io::Error::other(message)));
            }
        };
        let answer = answer.map_err(failure)?;
        Ok(Reply { status: answer.status, body: Box::new(answer.body) })
    }
}

fn failure(error: NetError) -> Failure {
    let nobody = matches!(
        error,
        NetError::Connect { .. } | NetError::Peer { problem: Problem::Connect(_), .. }
    );
    let error = io::Error::other(error);
    if nobody { Failure::NobodyListens(error) } else { Failure::Failed(error) }
}
