// SPDX-License-Identifier: Apache-2.0
//! The files of the page, which are a part of this program.
//!
//! Invariant: what is served as a file was built with this program; no directory is looked
//! into, so no path leads anywhere.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};

/// A file of the page, compressed twice.
#[derive(Debug)]
struct Asset {
    path: &'static str,
    kind: &'static str,
    brotli: &'static [u8],
    gzip: &'static [u8],
}

/// Every file, by its path below the page.
const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Names with a digest in them never mean another content.
const FOR_EVER: &str = "private, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// Whether the front end was built before this program was.
#[must_use]
pub fn built() -> bool {
    ASSETS.iter().any(|asset| asset.path == "index.html")
}

/// The answer to a request for a file; the empty path is the page itself.
pub(crate) fn answer(path: &str, asked: &HeaderMap) -> Option<Response<Body>> {
    let path = if path.is_empty() { "index.html" } else { path };
    let asset = ASSETS.iter().find(|asset| asset.path == path)?;
    let (encoding, bytes) = match best(asked) {
        Some(Encoding::Brotli) => ("br", asset.brotli),
        Some(Encoding::Gzip) => ("gzip", asset.gzip),
        None => {
            let mut response =
                Response::new(Body::from("this page needs a browser that takes gzip\n"));
            *response.status_mut() = StatusCode::NOT_ACCEPTABLE;
            return Some(response);
        }
    };
    let kept = if path.starts_with("assets/") { FOR_EVER } else { ASK_AGAIN };
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    Some(response)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Brotli,
    Gzip,
}

/// The best encoding that is asked for (RFC 9110, 12.5.3); a weight of zero forbids one.
fn best(asked: &HeaderMap) -> Option<Encoding> {
    let asked = asked.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    let takes = |name: &str| {
        asked.split(',').any(|part| {
            let mut parts = part.split(';').map(str::trim);
            let weight = parts.clone().skip(1).find_map(|part| part.strip_prefix("q="));
            parts.next() == Some(name)
                && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|it| it > 0.0))
        })
    };
    if takes("br") {
        Some(Encoding::Brotli)
    } else if takes("gzip") {
        Some(Encoding::Gzip)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_chosen_by_what_is_asked_for() {
        let cases = [
            ("gzip, deflate, br, zstd", Some(Encoding::Brotli)),
            ("gzip, deflate", Some(Encoding::Gzip)),
            ("br;q=0, gzip;q=0.5", Some(Encoding::Gzip)),
            ("identity", None),
            ("", None),
        ];
        for (asked, encoding) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(asked));
            assert_eq!(best(&headers), encoding, "{asked}");
        }
    }

    #[test]
    fn a_path_is_a_name_in_the_table_and_nothing_else() {
        for path in ["../Cargo.toml", "assets/../index.html", "/index.html", "index.html/"] {
            assert!(answer(path, &HeaderMap::new()).is_none(), "{path}");
        }
    }
}
