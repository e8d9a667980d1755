// SPDX-License-Identifier: Apache-2.0
//! Takes the code out of a model's answer, whatever form the answer has.
//!
//! Small models forget fences, label them wrongly, repeat themselves, or stop in
//! the middle. What is left of an answer is judged by the splice and the tests.

use std::collections::HashSet;

use moat_index::{Language, outline, syntax_errors};

use crate::limits::{ANSWER_BLOCKS_MAX, ANSWER_BYTES_MAX};

/// A stretch of code in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The language that its fence names, if it names one.
    pub language: Option<Language>,
    /// The word after the fence, as written.
    pub label: String,
    /// The code.
    pub code: String,
    /// Whether its fence was closed.
    pub end: End,
}

/// How a block of code ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With its fence.
    Fence,
    /// With the answer: it may be cut off.
    Answer,
}

/// Lists the fenced blocks of an answer (CommonMark 0.31, section 4.5, read leniently).
#[must_use]
pub fn blocks(answer: &str) -> Vec<Block> {
    let answer = moat_base::clip(answer, ANSWER_BYTES_MAX);
    let mut list = Vec::new();
    let mut open: Option<(Block, &str)> = None;
    for line in answer.lines() {
        let text = line.trim_start();
        match &mut open {
            None => {
                let Some(fence) = fence(text) else { continue };
                let label = text.get(fence.len()..).unwrap_or_default().trim();
                let word = label.split([' ', ':', ',', '{']).next().unwrap_or_default();
                open = Some((
                    Block {
                        language: Language::of_label(word),
                        label: label.to_owned(),
                        code: String::new(),
                        end: End::Answer,
                    },
                    fence,
                ));
            }
            Some((block, fence)) => {
                let closes =
                    text.starts_with(*fence) && text.trim_matches(['`', '~']).trim().is_empty();
                if closes {
                    if let Some((mut block, _)) = open.take() {
                        block.end = End::Fence;
                        list.push(block);
                    }
                } else {
                    block.code.push_str(line);
                    block.code.push('\n');
                }
            }
        }
        if list.len() >= ANSWER_BLOCKS_MAX {
            return list;
        }
    }
    if let Some((block, _)) = open {
        list.push(block);
    }
    list
}

fn fence(text: &str) -> Option<&str> {
    ["```", "~~~"].iter().find_map(|mark| {
        let first = mark.chars().next()?;
        let length = text.len() - text.trim_start_matches(first).len();
        (length >= 3).then(|| text.get(..length)).flatten()
    })
}

/// The code in `language` that the answer means to give, blocks joined, later versions last.
///
/// A block whose definitions a later block defines again is dropped; blocks of
/// other languages, of shell commands and of output are dropped.
#[must_use]
pub fn code(answer: &str, language: Language) -> Option<String> {
    let answer = moat_base::clip(answer, ANSWER_BYTES_MAX);
    let wanted: Vec<Block> = blocks(answer)
        .into_iter()
        .filter(|block| {
            block.language.map(Language::name) == Some(language.name())
                || (block.language.is_none()
                    && !NOT_CODE.contains(&first_word(&block.label).as_str()))
        })
        .filter(|block| !block.code.trim().is_empty())
        .collect();
    if wanted.is_empty() {
        return bare(answer, language);
    }
    let names: Vec<HashSet<String>> =
        wanted.iter().map(|block| defined(&block.code, language)).collect();
    let mut kept: Vec<&str> = Vec::new();
    for (at, block) in wanted.iter().enumerate() {
        let Some(own) = names.get(at) else { continue };
        let later: HashSet<&String> = names.iter().skip(at + 1).flatten().collect();
        let repeated = !own.is_empty() && own.iter().all(|name| later.contains(name));
        let idle = own.is_empty() && names.iter().any(|names| !names.is_empty());
        if !repeated && !idle {
            kept.push(block.code.as_str());
        }
    }
    let code = kept.join("\n");
    (!code.trim().is_empty()).then_some(code)
}

fn first_word(label: &str) -> String {
    label.split_whitespace().next().unwrap_or_default().to_ascii_lowercase()
}

fn defined(code: &str, language: Language) -> HashSet<String> {
    outline(language, code.as_bytes())
        .into_iter()
        .filter(|symbol| symbol.body.is_some())
        .map(|symbol| symbol.qualified)
        .collect()
}

/// Code without a fence: from the first line that begins code to the last that still parses.
fn bare(answer: &str, language: Language) -> Option<String> {
    let lines: Vec<&str> =
        answer.lines().filter(|line| fence(line.trim_start()).is_none()).collect();
    let start = lines.iter().position(|line| begins_code(line, language))?;
    let mut end = lines.len();
    let join = |end: usize| lines.get(start..end).unwrap_or_default().join("\n");
    // Prose after the code does not parse; it is cut off paragraph by paragraph.
    for _ in 0..PARAGRAPHS_MAX {
        if syntax_errors(language, join(end).as_bytes()).is_empty() {
            break;
        }
        let Some(blank) = lines.get(start..end)?.iter().rposition(|line| line.trim().is_empty())
        else {
            end = lines.len();
            break;
        };
        if blank == 0 {
            end = lines.len();
            break;
        }
        end = start + blank;
    }
    let code = join(end);
    (!defined(&code, language).is_empty() || code.lines().count() > 1).then(|| format!("{code}\n"))
}

fn begins_code(line: &str, language: Language) -> bool {
    let text = line.trim_start();
    let heads: &[&str] = match language {
        Language::Python => &["def ", "class ", "async def ", "import ", "from ", "@"],
        Language::Rust => &[
            "fn ",
            "pub ",
            "impl",
            "use ",
            "struct ",
            "enum ",
            "#[",
            "mod ",
            "async fn ",
            "const ",
            "///",
        ],
        Language::C => &[
            "#include",
            "static ",
            "int ",
            "void ",
            "char ",
            "size_t ",
            "bool ",
            "double ",
            "float ",
            "struct ",
            "unsigned ",
            "long ",
            "const ",
            "typedef ",
        ],
        Language::JavaScript | Language::TypeScript | Language::Tsx => &[
            "function ",
            "async function",
            "const ",
            "let ",
            "class ",
            "export ",
            "import ",
            "module.exports",
            "/**",
        ],
    };
    let Some(head) = heads.iter().find(|head| text.starts_with(**head)) else {
        return false;
    };
    // A sentence may begin with `from`, `use` or `class` too.
    let is_prose =
        text.ends_with(['.', ':']) && !text.contains(['(', '=', ';', '{']) && *head != "class ";
    !is_prose
}

/// Labels of blocks that hold no source.
const NOT_CODE: [&str; 18] = [
    "bash",
    "sh",
    "shell",
    "console",
    "text",
    "txt",
    "plaintext",
    "output",
    "diff",
    "json",
    "yaml",
    "toml",
    "markdown",
    "md",
    "zsh",
    "html",
    "xml",
    "log",
];

/// How many trailing paragraphs may be taken for prose.
const PARAGRAPHS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_answer_gives_its_code() {
        let cases: [(&str, &str, Language, Option<&str>); 11] = [
            (
                "one block",
                "Sure:\n\n```python\ndef f():\n    return 1\n```\nDone.",
                Language::Python,
                Some("def f():\n    return 1\n"),
            ),
            (
                "no label",
                "```\ndef f():\n    return 1\n```",
                Language::Python,
                Some("def f():\n    return 1\n"),
            ),
            (
                "cut off",
                "```py\ndef f():\n    return 1",
                Language::Python,
                Some("def f():\n    return 1\n"),
            ),
            (
                "no fence",
                "def f():\n    return 1",
                Language::Python,
                Some("def f():\n    return 1\n"),
            ),
            (
                "prose around",
                "Here is the fix:\n\ndef f():\n    return 1\n\nThis works because (of that.",
                Language::Python,
                Some("def f():\n    return 1\n"),
            ),
            (
                "a later version wins",
                "First:\n```python\ndef f():\n    return 1\n```\nBetter:\n```python\ndef f():\n    return 2\n```",
                Language::Python,
                Some("def f():\n    return 2\n"),
            ),
            (
                "two functions",
                "```js\nfunction f() {}\n```\nand\n```js\nfunction g() {}\n```",
                Language::JavaScript,
                Some("function f() {}\n\nfunction g() {}\n"),
            ),
            (
                "commands and output are left out",
                "```bash\npip install x\n```\n```rust\nfn f() {}\n```\n```text\nok\n```",
                Language::Rust,
                Some("fn f() {}\n"),
            ),
            (
                "usage is left out",
                "```c\nint f(void) { return 1; }\n```\n```c\nf();\n```",
                Language::C,
                Some("int f(void) { return 1; }\n"),
            ),
            (
                "longer fences",
                "````python\ndef f():\n    '''\n```\n'''\n````",
                Language::Python,
                Some("def f():\n    '''\n```\n'''\n"),
            ),
            ("nothing", "I cannot do that.", Language::Python, None),
        ];
        for (name, answer, language, expect) in cases {
            assert_eq!(code(answer, language).as_deref(), expect, "{name}");
        }
    }

    #[test]
    fn a_block_says_how_it_ended() {
        let ends: Vec<End> = blocks("```\na\n```\n```x\nb").iter().map(|block| block.end).collect();
        assert_eq!(ends, [End::Fence, End::Answer]);
    }
}
