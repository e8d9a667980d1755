// SPDX-License-Identifier: Apache-2.0
//! Files that instruct or act by being read or shown.

use super::whole;
use crate::part::Part;
use crate::surface::Effect::{Prompt, Redirect, Render};
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
    Surface {
        patterns: &["*.json", "*.jsonc", "*.json5", "*.yaml", "*.yml"],
        reader: "language servers of editors",
        keys: "$schema with an address",
        effects: &[Redirect],
        does: "can make an editor fetch from an address when the file is opened",
        part: Part::Schemas,
    },
    Surface {
        patterns: &["*.xml", "*.xsd", "*.xslt", "*.wsdl"],
        reader: "language servers of editors, XML readers",
        keys: "DOCTYPE, entities, schemaLocation, xml-model, xml-stylesheet, include",
        effects: &[Redirect],
        does: "can make a reader fetch from an address, or read other files",
        part: Part::Tags(&[
            "<!doctype",
            "<!entity",
            "schemalocation",
            "<?xml-model",
            "<?xml-stylesheet",
            "include",
            "import",
        ]),
    },
    whole(
        &["*.http", "*.rest"],
        "REST clients of editors",
        "requests, environments",
        &[Render],
        "has requests that are sent with a click",
    ),
];
