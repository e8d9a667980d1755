// SPDX-License-Identifier: Apache-2.0
//! The AppArmor profile of `moat doctor --apparmor-profile`.
//!
//! Invariant: it is about one program, whatever its name holds.

/// A profile in AppArmor's language that allows this program user namespaces.
pub(super) fn profile(program: &str) -> String {
    // The name is in quotes, where these two and the signs of a pattern mean something.
    let mut name = String::new();
    for letter in program.chars() {
        if "\"\\*?[]{}^@".contains(letter) {
            name.push('\\');
        }
        name.push(letter);
    }
    format!(
        "# Lets Moat make user namespaces, in which it confines every command.\n\
         # Install as /etc/apparmor.d/moat, then: apparmor_parser -r /etc/apparmor.d/moat\n\
         abi <abi/4.0>,\n\
         include <tunables/global>\n\
         \n\
         profile moat \"{name}\" flags=(unconfined) {{\n\
         \x20 userns,\n\
         \n\
         \x20 include if exists <local/moat>\n\
         }}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_names_one_program_exactly() {
        let text = profile("/opt/m\"o{a}t");
        assert!(text.contains("profile moat \"/opt/m\\\"o\\{a\\}t\" flags"), "{text}");
        assert!(text.contains("\n  userns,\n"), "{text}");
    }
}
