// SPDX-License-Identifier: Apache-2.0
//! Every file of a repository that is known to act is in the catalogue.
//!
//! The lists below were transcribed from the research on which the catalogue rests, by its
//! sections, with a path for each pattern. `GATED` needs a confirmation when it is new or
//! changed, `SHOWN` is told in a review.

use moat_base::TreePath;
use moat_scan::{Effect, Side, is_gated, touches};

const GATED: &[&str] = &[
    // Agent tools.
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".mcp.json",
    ".cursor/mcp.json",
    ".cursor/hooks.json",
    ".cursor/permissions.json",
    ".cursor/sandbox.json",
    ".cursor/cli.json",
    ".cursor/worktrees.json",
    ".cursor/environment.json",
    ".cursorignore",
    ".windsurfrules",
    ".windsurf/rules/a.md",
    ".windsurf/workflows/a.md",
    ".devin/config.json",
    ".github/hooks/a.json",
    ".github/copilot/settings.json",
    ".github/workflows/copilot-setup-steps.yml",
    ".codex/config.toml",
    ".codex/hooks.json",
    ".codex/prompts/a.md",
    ".codex/rules/a",
    ".codex/skills/a/SKILL.md",
    ".env",
    ".env.local",
    ".gemini/.env",
    ".qwen/.env",
    ".gemini/settings.json",
    ".gemini/commands/a.toml",
    ".gemini/extensions/a/b.json",
    ".gemini/agents/a.md",
    ".gemini/policies/a.toml",
    ".gemini/sandbox.Dockerfile",
    ".gemini/sandbox-macos-a.sb",
    ".qwen/settings.json",
    ".qwen/agents/a",
    ".qwen/commands/a",
    ".qwen/skills/a",
    ".grok/config.toml",
    ".grok/hooks/a.json",
    ".grok/agents/a",
    ".grok/rules/a",
    ".kimi-code/mcp.json",
    ".amazonq/mcp.json",
    ".amazonq/rules/a",
    ".amazonq/cli-agents/a.json",
    ".kiro/settings/mcp.json",
    ".kiro/hooks/a",
    ".kiro/steering/a.md",
    ".kiro/agents/a",
    ".kiro/skills/a",
    ".clinerules",
    ".clinerules/workflows/a",
    ".clinerules/hooks/a",
    ".clinerules/skills/a",
    ".cline/plugins/a",
    ".roo/mcp.json",
    ".roo/rules-code/a",
    ".roomodes",
    ".rooignore",
    ".kilocode/a",
    ".continue/config.yaml",
    ".continue/settings.json",
    ".continue/rules/a",
    ".continue/prompts/a",
    ".continue/mcpServers/a",
    "opencode.json",
    "opencode.jsonc",
    ".opencode/opencode.jsonc",
    ".opencode/plugin/a.ts",
    ".opencode/plugins/a.ts",
    ".opencode/tool/a.ts",
    ".opencode/tools/a.ts",
    ".opencode/agent/a.md",
    ".opencode/command/a.md",
    ".opencode/skill/a",
    ".opencode/package.json",
    "crushrc",
    ".crushrc",
    "crush.json",
    ".crush.json",
    ".aider.conf.yml",
    ".aiderignore",
    ".amp/settings.json",
    ".factory/mcp.json",
    ".factory/settings.json",
    ".factory/hooks/a",
    ".factory/droids/a",
    ".factory/commands/a",
    ".augment/a",
    ".trae/mcp.json",
    ".junie/guidelines.md",
    ".junie/mcp/mcp.json",
    ".vibe/tools/a.py",
    ".pi/extensions/a",
    ".warp/a",
    ".prompts/a.prompttemplate",
    ".theia/settings.json",
    // Editors.
    ".vscode/settings.json",
    "a.code-workspace",
    ".vscode/tasks.json",
    ".vscode/launch.json",
    ".vscode/mcp.json",
    ".bsp/sbt.json",
    "buildServer.json",
    ".sourcekit-lsp/config.json",
    ".lsp/config.edn",
    ".merlin",
    ".phpactor.json",
    ".phpactor.yml",
    ".ycm_extra_conf.py",
    ".lvimrc",
    ".local.vimrc",
    ".vimrc.lua",
    ".vim/coc-settings.json",
    ".neoconf.json",
    ".nlsp-settings/a.json",
    ".kateproject",
    "codesettings.json",
    "lspsettings.json",
    ".idea/workspace.xml",
    ".idea/runConfigurations/a.xml",
    ".idea/watcherTasks.xml",
    ".run/a.run.xml",
    "a.iml",
    ".zed/settings.json",
    ".zed/tasks.json",
    ".zed/debug.json",
    ".helix/config.toml",
    ".helix/languages.toml",
    ".nvim.lua",
    ".nvimrc",
    ".exrc",
    ".vim/a.vim",
    ".dir-locals.el",
    ".emacs.d/init.el",
    ".projectile",
    "a.sublime-project",
    ".nova/a",
    ".lapce/a",
    ".vs/tasks.vs.json",
    "launch.vs.json",
    "a.suo",
    "a.sln",
    "a.csproj",
    "Directory.Build.props",
    "Directory.Build.targets",
    "a.targets",
    "global.json",
    "nuget.config",
    ".config/dotnet-tools.json",
    "omnisharp.json",
    ".project",
    ".externalToolBuilders/a.launch",
    ".settings/a.prefs",
    "a.xcodeproj/xcshareddata/xcschemes/a.xcscheme",
    // Version control; `.git` itself is never kept at all.
    ".git/config",
    ".git/config.worktree",
    ".git/modules/a/config",
    ".git/commondir",
    ".git/worktrees/a/gitdir",
    ".git/objects/info/alternates",
    ".git/info/attributes",
    ".git/info/exclude",
    ".git",
    ".gitmodules",
    ".lfsconfig",
    ".gitconfig",
    ".hg/hgrc",
    ".jj/repo/config.toml",
    ".sl/config",
    ".svn/entries",
    // Shell, environment, system.
    "git",
    "git.exe",
    "node",
    "python",
    "npx",
    "rg",
    "sh",
    "cmd",
    "cmd.exe",
    "code",
    "where.exe",
    "bin/git",
    "bin/git.exe",
    "bin/npm.cmd",
    ".claude/hooks/a.sh",
    ".cursor/hooks/a.sh",
    ".venv/bin/python",
    "node_modules/.bin/eslint",
    "a.dll",
    "desktop.ini",
    "a.url",
    "a.lnk",
    "a.library-ms",
    "autorun.inf",
    // Package managers and builds.
    ".npmrc",
    ".yarnrc.yml",
    ".yarnrc",
    ".yarn/plugins/a.cjs",
    ".yarn/releases/a.cjs",
    ".yarn/sdks/a",
    ".pnp.cjs",
    ".pnp.loader.mjs",
    ".pnpmfile.cjs",
    "pnpm-workspace.yaml",
    "bunfig.toml",
    "deno.json",
    "pip.conf",
    "pip.ini",
    "uv.toml",
    "poetry.toml",
    ".condarc",
    "environment.yml",
    ".cargo/config.toml",
    ".cargo/config",
    ".cargo/credentials.toml",
    "gradle/wrapper/gradle-wrapper.properties",
    "gradle/wrapper/gradle-wrapper.jar",
    "gradle.properties",
    ".mvn/maven.config",
    ".mvn/jvm.config",
    ".mvn/extensions.xml",
    ".mvn/wrapper/maven-wrapper.properties",
    "settings.xml",
    ".sdkmanrc",
    ".sbtopts",
    ".jvmopts",
    ".bazelrc",
    ".bazelversion",
    ".bazeliskrc",
];

const SHOWN: &[&str] = &[
    // Agent tools.
    ".claude/agents/a.md",
    ".claude/commands/a/b.md",
    ".claude/skills/a/SKILL.md",
    ".claude/rules/a",
    ".claude/output-styles/a",
    ".claude/workflows/a",
    ".claude/worktrees/a",
    ".claude-plugin/plugin.json",
    ".claude-plugin/marketplace.json",
    "hooks/hooks.json",
    "skills-lock.json",
    "kimi.plugin.json",
    ".cursorrules",
    ".cursor/rules/a.mdc",
    ".cursor/commands/a.md",
    ".cursor/skills/a",
    ".cursor/agents/a",
    ".github/copilot-instructions.md",
    ".github/instructions/a.instructions.md",
    ".github/prompts/a.prompt.md",
    ".github/chatmodes/a",
    ".github/agents/a.md",
    ".github/skills/a",
    ".agent/rules/a",
    ".agents/skills/a",
    ".agents/agents/a",
    ".agents/rules/a",
    "CONVENTIONS.md",
    ".goosehints",
    ".rules",
    ".trae/rules/a",
    ".aiassistant/rules/a",
    "a.ipynb",
    // Editors.
    ".vscode/extensions.json",
    ".vscode/extensions/a/b.js",
    ".devcontainer/devcontainer.json",
    ".devcontainer/a/devcontainer.json",
    ".devcontainer.json",
    ".vimspector.json",
    ".fleet/run.json",
    // Version control.
    ".git/hooks/pre-commit",
    ".gitattributes",
    ".pre-commit-config.yaml",
    ".husky/pre-commit",
    "lefthook.yml",
    ".lintstagedrc",
    ".lintstagedrc.json",
    ".githooks/pre-push",
    "commitlint.config.js",
    // Shell, environment, system.
    ".envrc",
    "mise.toml",
    ".mise.toml",
    ".tool-versions",
    ".autoenv.zsh",
    "devbox.json",
    "devenv.nix",
    "flake.nix",
    "shell.nix",
    "default.nix",
    "Makefile",
    "GNUmakefile",
    "justfile",
    "Taskfile.yml",
    "Taskfile.yaml",
    "Rakefile",
    "Procfile",
    "Vagrantfile",
    "Tiltfile",
    "Dockerfile",
    "compose.yml",
    "compose.yaml",
    "skaffold.yaml",
    ".tmuxinator/a.yml",
    // Package managers and builds.
    "package.json",
    "binding.gyp",
    "eslint.config.mjs",
    ".eslintrc.js",
    ".eslintrc.cjs",
    "prettier.config.js",
    "stylelint.config.js",
    "babel.config.js",
    "jest.config.ts",
    "vitest.config.ts",
    "playwright.config.ts",
    "vite.config.ts",
    "webpack.config.js",
    "rollup.config.js",
    "next.config.js",
    "nuxt.config.ts",
    "svelte.config.js",
    "astro.config.mjs",
    "tailwind.config.js",
    "postcss.config.js",
    "tsconfig.json",
    ".mocharc.json",
    "nx.json",
    "project.json",
    "turbo.json",
    "gulpfile.js",
    "Gruntfile.js",
    ".swcrc",
    "tslint.json",
    ".graphqlrc.yml",
    "graphql.config.js",
    ".markdownlint-cli2.jsonc",
    "hatch.toml",
    "requirements.txt",
    "requirements-dev.txt",
    "constraints.txt",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "Pipfile",
    "tox.ini",
    "noxfile.py",
    "conftest.py",
    "sitecustomize.py",
    "usercustomize.py",
    "a.pth",
    "struct.py",
    "json.py",
    ".python-version",
    ".pdbrc",
    ".ipython/a",
    ".jupyter/a",
    ".venv/lib/a.py",
    "pyvenv.cfg",
    "rust-toolchain",
    "rust-toolchain.toml",
    "build.rs",
    "Cargo.toml",
    "rust-analyzer.toml",
    "Cross.toml",
    "gradlew",
    "build.gradle",
    "build.gradle.kts",
    "settings.gradle",
    "init.gradle",
    "init.d/a.gradle",
    "buildSrc/a.kt",
    "pom.xml",
    "project/plugins.sbt",
    "tools/bazel",
    "WORKSPACE",
    "MODULE.bazel",
    "a.bzl",
    ".buckconfig",
    "BUCK",
    "CMakeLists.txt",
    "CMakePresets.json",
    ".clangd",
    "compile_commands.json",
    ".ccls",
    "meson.build",
    "configure",
    "conanfile.py",
    "vcpkg.json",
    ".gdbinit",
    ".lldbinit",
    "go.mod",
    "go.work",
    "go.env",
    ".golangci.yml",
    "Gemfile",
    "a.gemspec",
    ".rubocop.yml",
    ".solargraph.yml",
    ".bundle/config",
    ".irbrc",
    ".rspec",
    "lib/ruby_lsp/a/addon.rb",
    ".yardopts",
    "composer.json",
    "phpstan.neon",
    ".php-cs-fixer.php",
    ".phan/config.php",
    "psalm.xml",
    "phpunit.xml",
    "phpunit.xml.dist",
    "mix.exs",
    ".iex.exs",
    ".formatter.exs",
    ".credo.exs",
    ".luacheckrc",
    "analysis_options.yaml",
    "pixi.toml",
    "a.cabal",
    "Setup.hs",
    "hie.yaml",
    ".ghci",
    "dune",
    ".Rprofile",
    ".Renviron",
    "Package.swift",
    ".luarc.json",
    ".terraformrc",
    "a.tf",
    "ansible.cfg",
    "Pulumi.yaml",
    ".github/workflows/ci.yml",
    "action.yml",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    "Jenkinsfile",
    "azure-pipelines.yml",
    "renovate.json",
    ".drone.yml",
    ".gitpod.yml",
    // Instructions and content.
    "AGENTS.md",
    "AGENT.md",
    "AGENTS.local.md",
    "AGENTS.override.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    "GEMINI.md",
    "QWEN.md",
    "CRUSH.md",
    "WARP.md",
    "llms.txt",
    "README",
    "README.md",
    "SKILL.md",
    "a.svg",
    "a.html",
    "a.http",
    "a.rest",
    // A home directory's own.
    ".bashrc",
    ".zshrc",
    ".profile",
    ".gemrc",
    ".ssh/config",
    "claude_desktop_config.json",
    ".config/autostart/a.desktop.txt",
    ".config/systemd/user/a.service",
    ".m2/b",
];

const ORDINARY: &[&str] = &[
    "src/main.rs",
    "calc.py",
    "lib/git.py",
    "docs/code",
    "sub/git",
    "src/python",
    "a.json",
    "settings.json",
    "config.toml",
    "tests/test_a.py",
    "Cargo.lock",
    "environment.py",
    "envrc",
    "vscode/settings.json",
    "cursor/mcp.json",
    ".vscodeignore",
    "my.mcp.json.txt",
    "LICENSE",
    ".gitignore",
    "mcp.json",
    "package-lock.json",
    "src/config",
    "hooks/use.ts",
    // Near the names that count.
    "bsp/sbt.json",
    ".lsp/.cache/db.transit.json",
    "server/build.json",
    "ycm_extra_conf.py",
    "coc-settings.json.md",
    "merlin.ml",
    "formatter.exs",
    "hatch.py",
    "psalm.php",
    "luacheckrc.md",
    "fleet/run.txt",
    "a.css",
];

fn is_touched(path: &str) -> (bool, bool) {
    let parsed = TreePath::parse(path).unwrap();
    let new = touches(&parsed, Side::Nothing, Side::File, &mut |_which| Some(b"x = 1".to_vec()));
    (!new.is_empty(), is_gated(&new))
}

#[test]
fn every_known_surface_is_covered() {
    for prefix in ["", "sub/", "a/b c/"] {
        for path in GATED {
            // Programs are planted where they are looked for: at the root.
            let rooted = !path.contains('.') && !path.contains("crushrc") || path.contains("exe");
            if prefix.is_empty() || !(rooted || path.starts_with("bin/")) {
                assert_eq!(is_touched(&format!("{prefix}{path}")), (true, true), "{prefix}{path}");
            }
        }
        for path in SHOWN {
            assert_eq!(is_touched(&format!("{prefix}{path}")), (true, false), "{prefix}{path}");
        }
    }
}

#[test]
fn ordinary_files_are_none() {
    for path in ORDINARY {
        assert_eq!(is_touched(path), (false, false), "{path}");
    }
}

#[test]
fn manifests_count_by_the_keys_that_redirect() {
    let cases = [
        ("pyproject.toml", "[project]\nversion = '2'\n", "[[tool.uv.index]]\nurl = 'x'\n"),
        ("Cargo.toml", "[package]\nversion = '2'\n", "[patch.crates-io]\na = { path = 'x' }\n"),
        ("Pipfile", "[packages]\na = '*'\n", "[[source]]\nurl = 'x'\n"),
        ("requirements.txt", "a==2\n", "--extra-index-url https://x\n"),
        ("pixi.toml", "[workspace]\nversion = '2'\n", "[workspace]\nchannels = ['x']\n"),
        ("pom.xml", "<project/>", "<project><repositories/></project>"),
        ("setup.cfg", "[metadata]\n", "[easy_install]\nindex_url = x\n"),
    ];
    for (name, plain, redirects) in cases {
        let path = TreePath::parse(name).unwrap();
        let gated = |before: Option<&str>, after: Option<&str>| {
            let side = |text: Option<&str>| text.map_or(Side::Nothing, |_| Side::File);
            let mut read = |which| match which {
                moat_scan::Which::Before => before.map(|text| text.as_bytes().to_vec()),
                moat_scan::Which::After => after.map(|text| text.as_bytes().to_vec()),
            };
            is_gated(&touches(&path, side(before), side(after), &mut read))
        };
        assert!(!gated(None, Some(plain)), "{name}");
        assert!(!gated(Some(plain), None), "{name}");
        assert!(gated(Some(plain), Some(redirects)), "{name}");
        assert!(gated(Some(redirects), Some(plain)), "{name}");
        assert!(gated(Some(redirects), None), "{name}: removing it redirects, too");
        assert!(gated(Some(plain), Some("\0")), "{name}: what cannot be read counts");
        let marked = format!("\u{feff}{redirects}");
        assert!(gated(Some(plain), Some(&marked)), "{name}: a mark of UTF-8 hides nothing");
        assert!(gated(Some(plain), Some(&format!("+/v8-{plain}"))), "{name}: nor one of UTF-7");
        let unknown = touches(&path, Side::File, Side::File, &mut |_which| None);
        assert!(is_gated(&unknown), "{name}: what is not given counts");
    }
}

#[test]
fn analysis_options_count_when_they_name_plugins() {
    let gated = |text: &str| {
        let path = TreePath::parse("app/analysis_options.yaml").unwrap();
        let mut read = |which| (which == moat_scan::Which::After).then(|| text.as_bytes().to_vec());
        is_gated(&touches(&path, Side::Nothing, Side::File, &mut read))
    };
    assert!(!gated("linter:\n  rules:\n    - avoid_print\n"));
    assert!(gated("plugins:\n  a: { path: tools/a }\n"));
    assert!(gated("\"pl\\u0075gins\":\n  a: { path: tools/a }\n"));
}

#[test]
fn removing_counts_where_it_relaxes_or_redirects() {
    let gone = |path: &str, after: Side<'_>| {
        let path = TreePath::parse(path).unwrap();
        is_gated(&touches(&path, Side::File, after, &mut |_which| Some(b"x".to_vec())))
    };
    for path in [".claude/settings.json", ".cursorignore", ".npmrc", ".codex/config.toml"] {
        assert!(gone(path, Side::Nothing), "{path}");
        assert!(gone(path, Side::Directory), "{path}");
    }
    for path in [".vscode/tasks.json", ".helix/config.toml", "a.csproj", "Makefile"] {
        assert!(!gone(path, Side::Nothing), "{path}");
        assert!(gone(path, Side::File) || path == "Makefile", "{path}");
    }
}

#[test]
fn names_that_a_shell_obeys_are_told() {
    let effects = |path: &[u8]| {
        let path = TreePath::from_bytes(path).unwrap();
        let found = touches(&path, Side::Nothing, Side::File, &mut |_which| None);
        found.iter().flat_map(|touch| touch.surface.effects).copied().collect::<Vec<_>>()
    };
    let long = b"x".repeat(200);
    let names: [&[u8]; 12] = [
        b"-rf", b"a$(x)", b"a`x`", b"a\nb", b"a;b", b"\xff", &long, b"a.", b"a ", b"a:b",
        b"NUL.txt", b"com1",
    ];
    for name in names {
        assert_eq!(effects(name), [Effect::Inject], "{name:?}");
    }
    assert_eq!(effects("a\u{202e}b".as_bytes()), [Effect::Inject]);
    assert_eq!(effects("caf\u{e9} (1), b".as_bytes()), []);
}
