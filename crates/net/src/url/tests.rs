// SPDX-License-Identifier: Apache-2.0
//! The corpus of addresses on which parsers disagree: all of it is refused.

use super::*;

#[test]
fn plain_addresses_parse_and_print_the_same() {
    let cases = [
        ("https://models.example", "https://models.example/"),
        ("https://models.example:443/v1", "https://models.example/v1"),
        ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1/"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("https://Models.Example/a?b=c%20d", "https://models.example/a?b=c%20d"),
        ("https://xn--bcher-kva.example/x", "https://xn--bcher-kva.example/x"),
        ("https://a.example/x%20y/~z", "https://a.example/x%20y/~z"),
    ];
    for (text, printed) in cases {
        assert_eq!(Url::parse(text).unwrap().to_string(), printed, "{text}");
    }
}

const DISPUTED: &[&str] = &[
    "",
    "models.example",
    "//models.example/",
    "ftp://models.example/",
    "HTTPS://models.example/",
    "https:/models.example/",
    "https:models.example",
    "https:///models.example",
    " https://models.example/",
    "https://models.example/ ",
    "https://models.example\0.evil.test/",
    "https://models.example%00.evil.test/",
    "https://models.example\n/",
    "https://models.example\t/",
    "https://user@models.example/",
    "https://models.example@evil.test/",
    "https://models.example:443@evil.test/",
    "https://models.example#@evil.test/",
    "https://models.example/#x",
    "https://models.example\\@evil.test/",
    "https://models.example\\.evil.test/",
    "https://models.example./",
    "https://.models.example/",
    "https://models..example/",
    "https://mod_els.example/",
    "https://-models.example/",
    "https://models-.example/",
    "https://*.example/",
    "https://m\u{f6}dels.example/",
    "https://models\u{3002}example/",
    "https://models.ex\u{430}mple/",
    "https://models.example:/",
    "https://models.example:0/",
    "https://models.example:0443/",
    "https://models.example:+443/",
    "https://models.example:65536/",
    "https://models.example:443:80/",
    "https://models.example:443x/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://127.1/",
    "http://0177.0.0.1/",
    "http://127.0.0.01/",
    "http://127.0.0.1.5/",
    "http://evil.0x7f/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[fe80::1%25eth0]/",
    "http://[::1/",
    "http://::1]/",
    "http://[::1]x/",
    "http://[127.0.0.1]/",
    "https://models.example/../admin",
    "https://models.example/v1/..",
    "https://models.example/v1/%2e%2e/admin",
    "https://models.example/v1/.%2E/admin",
    "https://models.example/v1/%2e/x",
    "https://models.example/v1%2fadmin",
    "https://models.example/v1%5cadmin",
    "https://models.example/v1/%00",
    "https://models.example/v1/%0d%0aX",
    "https://models.example/v1/%zz",
    "https://models.example/v1/%2",
    "https://models.example//v1",
    "https://models.example/v1//x",
    "https://models.example/v1?x=%",
    "https://models.example/\u{2025}/x",
];

#[test]
fn what_two_parsers_could_read_differently_is_refused() {
    for text in DISPUTED {
        assert!(Url::parse(text).is_err(), "{text:?}");
    }
    let long = format!("https://models.example/{}", "a".repeat(URL_BYTES_MAX));
    assert!(Url::parse(&long).is_err());
}

#[test]
fn a_prefix_ends_at_a_segment_and_a_twin_is_another_host() {
    let base = Url::parse("https://models.example/v1").unwrap();
    for (text, under) in [
        ("https://models.example/v1", true),
        ("https://models.example/v1/", true),
        ("https://models.example/v1/chat?x=1", true),
        ("https://models.example/v12", false),
        ("https://models.example/v1x/chat", false),
        ("https://models.example/", false),
        ("https://models.example/%76%31/chat", false),
        ("https://models.example/V1/chat", false),
        ("http://models.example/v1/chat", false),
        ("https://models.example:8443/v1/chat", false),
        ("https://models.example.evil.test/v1/chat", false),
        ("https://evil-models.example/v1/chat", false),
    ] {
        assert_eq!(Url::parse(text).unwrap().is_under(&base), under, "{text}");
    }
}

#[test]
fn a_path_stays_below_its_endpoint() {
    let base = Url::parse("https://models.example/v1/").unwrap();
    assert_eq!(base.below("/chat?x=1").unwrap().to_string(), "https://models.example/v1/chat?x=1");
    for target in [
        "chat",
        "",
        "@evil.test/",
        "//evil.test",
        "/../admin",
        "/%2e%2e/x",
        "/a#b",
        "/a b",
        "/a\r\nX: y",
    ] {
        assert!(base.below(target).is_err(), "{target:?}");
    }
}

#[test]
fn a_location_is_parsed_as_strictly_as_any_address() {
    let here = Url::parse("https://hub.example/m/file").unwrap();
    assert_eq!(here.redirect("/other").unwrap().to_string(), "https://hub.example/other");
    assert_eq!(
        here.redirect("https://cdn.example/x").unwrap().to_string(),
        "https://cdn.example/x"
    );
    for location in [
        "",
        "file",
        "//evil.test/x",
        "/\\evil.test",
        "https://cdn.example@evil.test/",
        "javascript:x",
    ] {
        assert!(here.redirect(location).is_err(), "{location:?}");
    }
}

#[test]
fn a_connect_line_names_host_and_port() {
    assert_eq!(
        parse_connect_authority("files.example:443").unwrap(),
        (Host::Name("files.example".to_owned()), 443)
    );
    for text in [
        "files.example",
        "files.example:",
        "files.example:443/",
        "a@files.example:443",
        "files.example:443 x",
    ] {
        assert!(parse_connect_authority(text).is_err(), "{text:?}");
    }
}

proptest::proptest! {
    #[test]
    fn what_parses_prints_to_what_parses_the_same(text in "https?://[a-zA-Z0-9.:@\\[\\]%/?#_-]{0,40}") {
        if let Ok(url) = Url::parse(&text) {
            proptest::prop_assert_eq!(Url::parse(&url.to_string()), Ok(url));
        }
    }
}
