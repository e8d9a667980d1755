// SPDX-License-Identifier: Apache-2.0
//! Which addresses a name may resolve to, by the zone of its endpoint.
//!
//! The check comes after the look-up and on the very addresses that are dialled,
//! so a name that resolves to something else the second time changes nothing.
//!
//! Invariant: metadata, link-local, multicast, unspecified and reserved
//! addresses are denied in every zone.
//! Source: IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 6890,
//! RFC 6598, RFC 4193, RFC 6052, RFC 3056, RFC 4380.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::policy::Zone;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Loopback,
    Private,
    Public,
    Forbidden(&'static str),
}

/// Says why `address` is not acceptable in `zone`; `None` when it is.
pub(crate) fn objection(address: IpAddr, zone: &Zone) -> Option<&'static str> {
    match (class(address), zone) {
        (Class::Forbidden(reason), _) => Some(reason),
        (Class::Loopback, Zone::Host)
        | (Class::Public, Zone::External(_))
        | (Class::Private | Class::Public, Zone::Network(_)) => None,
        (Class::Loopback, Zone::Network(_) | Zone::External(_)) => {
            Some("it is an address of this machine and the endpoint is not in the zone `host`")
        }
        (Class::Private, Zone::External(_)) => {
            Some("it is a private address and the endpoint is in an external zone")
        }
        (Class::Private | Class::Public, Zone::Host) => {
            Some("it is not an address of this machine and the endpoint is in the zone `host`")
        }
    }
}

fn class(address: IpAddr) -> Class {
    match address {
        IpAddr::V4(address) => class_v4(address),
        IpAddr::V6(address) => class_v6(address),
    }
}

/// Cloud metadata services that do not lie in the link-local range.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];

fn class_v4(address: Ipv4Addr) -> Class {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        _ if METADATA_V4.contains(&address) => Class::Forbidden("it is a metadata service"),
        (127, ..) => Class::Loopback,
        (10, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => Class::Private,
        // Set aside for examples and benchmarks, and used by intercepting proxies
        // inside networks: not global, so private.
        (192, 0, 2) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => Class::Private,
        (169, 254, _) => Class::Forbidden("it is a link-local or metadata address"),
        (224..=239, ..) => Class::Forbidden("it is a multicast address"),
        (0, ..) => Class::Forbidden("it is an unspecified address"),
        (240..=255, ..) | (192, 0, 0) | (192, 88, 99) => {
            Class::Forbidden("it is a reserved address")
        }
        _ => Class::Public,
    }
}

fn class_v6(address: Ipv6Addr) -> Class {
    let segments = address.segments();
    if address.is_loopback() {
        return Class::Loopback;
    }
    if address.is_unspecified() {
        return Class::Forbidden("it is an unspecified address");
    }
    match segments {
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0x64, 0xff9b, ..] | [0x2001, 0, ..] | [0x2002, ..] => {
            Class::Forbidden("it hides an IPv4 address in an IPv6 one")
        }
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Class::Forbidden("it is a metadata service"),
        [first, ..] if first & 0xfe00 == 0xfc00 => Class::Private,
        [first, ..] if first & 0xffc0 == 0xfe80 => Class::Forbidden("it is a link-local address"),
        [first, ..] if first & 0xff00 == 0xff00 => Class::Forbidden("it is a multicast address"),
        [0x2001, 0xdb8, ..] | [0x3fff, ..] => Class::Private,
        [first, ..] if first & 0xe000 == 0x2000 => Class::Public,
        _ => Class::Forbidden("it is a reserved address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_zone_accepts_its_own_addresses_only() {
        // The columns: host, network, external.
        let cases = [
            ("127.0.0.1", [true, false, false]),
            ("127.9.9.9", [true, false, false]),
            ("::1", [true, false, false]),
            ("10.0.0.1", [false, true, false]),
            ("172.31.255.1", [false, true, false]),
            ("192.168.1.1", [false, true, false]),
            ("100.64.0.1", [false, true, false]),
            ("fd12::1", [false, true, false]),
            ("192.0.2.5", [false, true, false]),
            ("198.18.0.1", [false, true, false]),
            ("203.0.113.9", [false, true, false]),
            ("2001:db8::1", [false, true, false]),
            ("8.8.8.8", [false, true, true]),
            ("172.32.0.1", [false, true, true]),
            ("2606:4700::1111", [false, true, true]),
        ];
        let zones =
            [Zone::Host, Zone::Network("office".to_owned()), Zone::External("EU".to_owned())];
        for (text, expected) in cases {
            let address = text.parse().unwrap();
            let accepted = zones.each_ref().map(|zone| objection(address, zone).is_none());
            assert_eq!(accepted, expected, "{text}");
        }
    }

    #[test]
    fn some_addresses_are_denied_in_every_zone() {
        for text in [
            "169.254.169.254",
            "169.254.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "239.255.255.250",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::254",
            "4000::1",
        ] {
            let address = text.parse().unwrap();
            for zone in [Zone::Host, Zone::Network("n".to_owned()), Zone::External("e".to_owned())]
            {
                assert!(objection(address, &zone).is_some(), "{text} in {zone}");
            }
        }
    }
}
