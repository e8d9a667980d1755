// SPDX-License-Identifier: Apache-2.0
//! Files that instruct or act by being read or shown.

use super::whole;
use crate::surface::Effect::{Prompt, Render};
use crate::surface::Surface;

pub(super) const CONTENT: &[Surface] = &[
    whole(
        &["readme", "readme.*"],
        "agents, and pages that show it",
        "the text, images, links",
        &[Prompt, Render],
        "is read by agents first, and shown with what it links to",
    ),
    whole(
        &["*.svg", "*.html", "*.htm", "*.xhtml", "*.mhtml"],
        "browsers and previews",
        "scripts, links, embedded resources",
        &[Render],
        "can run scripts or fetch when it is shown",
    ),
    whole(
        &["*.http", "*.rest"],
        "REST clients of editors",
        "requests, environments",
        &[Render],
        "has requests that are sent with a click",
    ),
];
