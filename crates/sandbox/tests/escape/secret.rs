// SPDX-License-Identifier: Apache-2.0
//! Passwords and tokens that lie inside of toolchains.

use crate::support::{Scratch, shell};

/// Configuration of package managers, below the home.
const SECRETS: [&str; 7] = [
    ".pyenv/versions/3.12.1/pip.conf",
    ".nvm/versions/node/v20.1.0/etc/npmrc",
    ".nvm/versions/node/v20.1.0/lib/node_modules/npm/npmrc",
    ".sdkman/candidates/maven/3.9.6/conf/settings.xml",
    ".local/share/mise/installs/node/20.1.0/etc/npmrc",
    ".local/pipx/venvs/tool/pip.conf",
    ".rustup/credentials.toml",
];

#[test]
fn what_package_managers_keep_inside_of_a_toolchain_is_empty_inside() {
    let scratch = Scratch::new();
    for secret in SECRETS {
        let path = scratch.home.join(secret);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "token = canary-token\n").unwrap();
        // The control: the toolchain itself is shown.
        std::fs::write(path.with_extension("control"), "shown\n").unwrap();
    }
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    for secret in SECRETS {
        let control = std::path::Path::new(secret).with_extension("control");
        let script = format!("cat ~/{secret} && cat ~/{}", control.display());
        let shown = shell(&sandbox, &script).succeeded();
        let empty = if secret.ends_with(".xml") { "<settings/>\n" } else { "" };
        assert_eq!(shown.output, format!("{empty}shown\n"), "{secret}");
        let path = scratch.home.join(secret);
        assert_eq!(std::fs::read_to_string(path).unwrap(), "token = canary-token\n");
    }
    // Neither by another name nor by taking the cover away.
    let around = "grep -r canary-token ~ ; rm -f ~/.rustup/credentials.toml; umount \
                  ~/.rustup/credentials.toml; cat ~/.rustup/credentials.toml";
    assert!(!shell(&sandbox, around).output.contains("canary"));
}
