// SPDX-License-Identifier: Apache-2.0
//! An assembler for filters: classic BPF over `struct seccomp_data`.
//!
//! A program is a chain of rules; a rule is entered when the call's number matches
//! and always ends in an answer, so that no rule runs into the next. Source: the
//! kernel's `include/uapi/linux/{filter,seccomp,audit}.h`.
//!
//! Invariant: every path through a finished program ends in an answer.

/// A filter that is being written.
#[derive(Debug, Clone)]
pub struct Program {
    start: Vec<Instruction>,
    /// The rules with their calls; where two are for one call, the first decides.
    rules: Vec<(u32, Vec<Instruction>)>,
}

/// The inside of a rule; the accumulator holds what was loaded last.
#[derive(Debug, Default)]
pub struct Rule {
    code: Vec<Instruction>,
}

/// One step of a program: the kernel's `struct sock_filter`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    code: u16,
    if_true: u8,
    if_false: u8,
    value: u32,
}

impl Program {
    /// A program that answers "no such call" to foreign architectures and to calls newer than this code.
    pub(crate) fn new() -> Self {
        let mut start = Rule::default();
        start.load(OFFSET_ARCHITECTURE);
        start.unless_equal(ARCHITECTURE, |rule| rule.refuse(libc::ENOSYS));
        start.load(OFFSET_NUMBER);
        // The x32 calls of x86-64 have this bit set, so they are above it as well.
        start.if_above(NUMBER_MAX, |rule| rule.refuse(libc::ENOSYS));
        Self { start: start.code, rules: Vec::new() }
    }

    /// Answers `errno` to a call.
    pub(crate) fn deny(&mut self, call: i64, errno: i32) {
        self.when(call, |rule| rule.refuse(errno));
    }

    /// Adds a rule for a call. The rule must end in an answer.
    pub(crate) fn when(&mut self, call: i64, write: impl FnOnce(&mut Rule)) {
        let number = u32::try_from(call).unwrap_or(u32::MAX);
        let mut rule = Rule::default();
        rule.if_equal(number, |inner| {
            write(inner);
            // A rule that forgot its answer must not fall through with a changed accumulator.
            if !inner.ends() {
                inner.refuse(libc::EPERM);
            }
        });
        self.rules.push((number, rule.code));
    }

    /// The finished program: the rules in the order of their numbers, in groups that a
    /// call with a higher number passes over in one step. The kernel runs the program for
    /// every number when it is installed, so its length on the way counts.
    #[must_use]
    pub fn finished(&self) -> Vec<Instruction> {
        let mut rules: Vec<&(u32, Vec<Instruction>)> = self.rules.iter().collect();
        rules.sort_by_key(|(number, _code)| *number);
        let mut code = self.start.clone();
        for group in rules.chunks(RULES_PER_GROUP) {
            let inner: Vec<Instruction> =
                group.iter().flat_map(|(_number, code)| code).copied().collect();
            let last = group.last().map_or(u32::MAX, |(number, _code)| *number);
            // A group that is too long for one jump is gone through.
            if let Ok(over) = u8::try_from(inner.len()) {
                code.push(Instruction { if_true: over, ..Instruction::plain(JUMP_ABOVE, last) });
            }
            code.extend(inner);
        }
        code.push(Instruction::answer(RETURN_ALLOW));
        code
    }

    /// Names every way to weaken one instruction: a refusal that allows, a bit that is not
    /// looked at, a mask that keeps all.
    #[must_use]
    pub fn weakenings(&self) -> Vec<String> {
        self.weaker().into_iter().map(|(_place, _instruction, name)| name).collect()
    }

    /// The same program with these of its [`Program::weakenings`], one after another. Only
    /// security tests ask for any.
    #[must_use]
    pub fn weakened(mut self, numbers: impl IntoIterator<Item = u16>) -> Self {
        for number in numbers {
            let weaker = self.weaker().into_iter().nth(usize::from(number));
            if let Some((place, weak, _name)) = weaker
                && let Some(strong) = self.parts_mut().nth(place)
            {
                *strong = weak;
            }
        }
        self
    }

    fn parts_mut(&mut self) -> impl Iterator<Item = &mut Instruction> {
        self.start.iter_mut().chain(self.rules.iter_mut().flat_map(|(_number, code)| code))
    }

    /// Every weakening of the program: the place of an instruction, what it becomes, and a name.
    fn weaker(&self) -> Vec<(usize, Instruction, String)> {
        let start = self.start.iter().enumerate().map(|part| ("start".to_owned(), part));
        let rules = self.rules.iter().flat_map(|(number, code)| {
            code.iter().enumerate().map(move |part| (format!("call {number}"), part))
        });
        let mut weaker = Vec::new();
        for (place, (of, (offset, strong))) in start.chain(rules).enumerate() {
            for (value, what) in strong.weaker() {
                let name = format!("{of}, instruction {offset}, {what}");
                weaker.push((place, Instruction { value, ..*strong }, name));
            }
        }
        weaker
    }

    /// Runs the program as the kernel would, for tests.
    #[cfg(test)]
    pub(crate) fn judge(&self, architecture: u32, call: u32, arguments: [u32; 3]) -> u32 {
        Self::execute(&self.finished(), architecture, call, arguments)
    }

    #[cfg(test)]
    fn execute(code: &[Instruction], architecture: u32, call: u32, arguments: [u32; 3]) -> u32 {
        let (mut at, mut accumulator) = (0_usize, 0_u32);
        loop {
            let step = code[at];
            at += 1;
            let jump = |taken: bool| usize::from(if taken { step.if_true } else { step.if_false });
            match step.code {
                LOAD => {
                    accumulator = match step.value {
                        OFFSET_NUMBER => call,
                        OFFSET_ARCHITECTURE => architecture,
                        // Arguments of tests fit into the low half.
                        offset if offset % 8 == HIGH_HALF => 0,
                        offset => arguments[(offset as usize - 16) / 8],
                    }
                }
                AND => accumulator &= step.value,
                JUMP_EQUAL => at += jump(accumulator == step.value),
                JUMP_ABOVE => at += jump(accumulator > step.value),
                JUMP_SET => at += jump(accumulator & step.value != 0),
                ANSWER => return step.value,
                other => panic!("instruction {other}"),
            }
        }
    }
}

impl Rule {
    /// Loads the low half of an argument.
    pub(crate) fn load_argument(&mut self, index: u32) {
        self.load(OFFSET_ARGUMENTS + 8 * index + LOW_HALF);
    }

    /// Loads the high half of an argument.
    pub(crate) fn load_argument_high(&mut self, index: u32) {
        self.load(OFFSET_ARGUMENTS + 8 * index + HIGH_HALF);
    }

    /// Keeps only the bits of `mask`.
    pub(crate) fn mask(&mut self, mask: u32) {
        self.code.push(Instruction::plain(AND, mask));
    }

    /// Answers `errno`.
    pub(crate) fn refuse(&mut self, errno: i32) {
        let errno = errno.cast_unsigned() & RETURN_DATA;
        self.code.push(Instruction::answer(RETURN_ERRNO | errno));
    }

    /// Answers that the call succeeded, without making it.
    pub(crate) fn pretend(&mut self) {
        self.refuse(0);
    }

    /// Lets the supervisor make the call in the caller's place.
    pub(crate) fn hand_over(&mut self) {
        self.code.push(Instruction::answer(RETURN_USER_NOTIFICATION));
    }

    /// Lets the call through.
    pub(crate) fn allow(&mut self) {
        self.code.push(Instruction::answer(RETURN_ALLOW));
    }

    /// Goes into `write` when the accumulator equals `value`.
    pub(crate) fn if_equal(&mut self, value: u32, write: impl FnOnce(&mut Self)) {
        self.branch(JUMP_EQUAL, value, Taken::When, write);
    }

    /// Goes into `write` when the accumulator has one of `bits`.
    pub(crate) fn if_any_bit(&mut self, bits: u32, write: impl FnOnce(&mut Self)) {
        self.branch(JUMP_SET, bits, Taken::When, write);
    }

    fn if_above(&mut self, value: u32, write: impl FnOnce(&mut Self)) {
        self.branch(JUMP_ABOVE, value, Taken::When, write);
    }

    fn unless_equal(&mut self, value: u32, write: impl FnOnce(&mut Self)) {
        self.branch(JUMP_EQUAL, value, Taken::Unless, write);
    }

    fn branch(&mut self, code: u16, value: u32, taken: Taken, write: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        write(&mut inner);
        // Jumps are relative and at most 255 long; a longer rule becomes a refusal.
        let over = u8::try_from(inner.code.len()).unwrap_or_else(|_long| {
            inner.code.clear();
            inner.refuse(libc::EPERM);
            1
        });
        let (if_true, if_false) = match taken {
            Taken::When => (0, over),
            Taken::Unless => (over, 0),
        };
        self.code.push(Instruction { code, if_true, if_false, value });
        self.code.extend(inner.code);
    }

    fn load(&mut self, offset: u32) {
        self.code.push(Instruction::plain(LOAD, offset));
    }

    fn ends(&self) -> bool {
        self.code.last().is_some_and(|last| last.code == ANSWER)
    }
}

enum Taken {
    When,
    Unless,
}

impl Instruction {
    const fn plain(code: u16, value: u32) -> Self {
        Self { code, if_true: 0, if_false: 0, value }
    }

    const fn answer(value: u32) -> Self {
        Self::plain(ANSWER, value)
    }

    /// Values with which it would refuse less, each with a name.
    fn weaker(&self) -> Vec<(u32, String)> {
        match self.code {
            ANSWER if self.value != RETURN_ALLOW => vec![(RETURN_ALLOW, "refusal".to_owned())],
            AND => vec![(u32::MAX, format!("mask {:#x}", self.value))],
            JUMP_SET if self.value == u32::MAX => vec![(0, "all bits".to_owned())],
            JUMP_SET => (0..u32::BITS)
                .map(|bit| 1 << bit)
                .filter(|bit| self.value & bit != 0)
                .map(|bit| (self.value & !bit, format!("bit {bit:#x}")))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// Groups of about the square root of the number of rules make the shortest way.
const RULES_PER_GROUP: usize = 8;
const LOAD: u16 = 0x20;
const AND: u16 = 0x54;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_ABOVE: u16 = 0x25;
const JUMP_SET: u16 = 0x45;
const ANSWER: u16 = 0x06;

const OFFSET_NUMBER: u32 = 0;
const OFFSET_ARCHITECTURE: u32 = 4;
const OFFSET_ARGUMENTS: u32 = 16;
// Both supported architectures are little-endian.
const LOW_HALF: u32 = 0;
const HIGH_HALF: u32 = 4;

const RETURN_ALLOW: u32 = 0x7fff_0000;
const RETURN_USER_NOTIFICATION: u32 = 0x7fc0_0000;
const RETURN_ERRNO: u32 = 0x0005_0000;
const RETURN_DATA: u32 = 0xffff;

// `file_setattr`, the newest call of Linux 6.18.
const NUMBER_MAX: u32 = 469;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Families, Programs, Shared, confined, sharing, without_inet};

    const ALLOW: u32 = RETURN_ALLOW;
    const I386: u32 = 0x4000_0003;

    fn errno(errno: i32) -> u32 {
        RETURN_ERRNO | errno.cast_unsigned()
    }

    #[test]
    fn a_command_s_filter_answers_as_the_table_says() {
        let program = confined(Families::InetAndLocal, Programs::Allowed);
        let cases = [
            (libc::SYS_read, [0, 0, 0], ALLOW),
            (libc::SYS_execve, [0, 0, 0], ALLOW),
            (libc::SYS_ptrace, [0, 0, 0], errno(libc::EPERM)),
            (libc::SYS_clone3, [0, 0, 0], errno(libc::ENOSYS)),
            (libc::SYS_io_uring_setup, [0, 0, 0], errno(libc::ENOSYS)),
            (libc::SYS_io_setup, [1024, 0, 0], errno(libc::ENOSYS)),
            (libc::SYS_clone, [17, 0, 0], ALLOW),
            (libc::SYS_clone, [0x1000_0011, 0, 0], errno(libc::EPERM)),
            (libc::SYS_ioctl, [0, TIOCSTI, 0], errno(libc::EPERM)),
            (libc::SYS_ioctl, [0, 0x5401, 0], ALLOW),
            (libc::SYS_socket, [1, 1, 0], ALLOW),
            (libc::SYS_socket, [2, 1, 6], ALLOW),
            (libc::SYS_socket, [10, 0x8_0802, 17], ALLOW),
            (libc::SYS_socket, [2, 1, 262], errno(libc::EPROTONOSUPPORT)),
            (libc::SYS_socket, [2, 3, 1], errno(libc::EPERM)),
            (libc::SYS_socket, [16, 3, 0], ALLOW),
            (libc::SYS_socket, [16, 3, 9], errno(libc::EAFNOSUPPORT)),
            (libc::SYS_socket, [40, 1, 0], errno(libc::EAFNOSUPPORT)),
            (libc::SYS_socket, [17, 3, 0], errno(libc::EAFNOSUPPORT)),
            (libc::SYS_socketpair, [1, 1, 0], ALLOW),
            (libc::SYS_socketpair, [2, 1, 0], errno(libc::EAFNOSUPPORT)),
            (libc::SYS_mknodat, [0, 0, 0o010_644], ALLOW),
            (libc::SYS_mknodat, [0, 0, 0o020_644], errno(libc::EPERM)),
            (libc::SYS_personality, [0, 0, 0], ALLOW),
            (libc::SYS_personality, [8, 0, 0], errno(libc::EPERM)),
            (libc::SYS_setrlimit, [libc::RLIMIT_CORE, 0, 0], errno(0)),
            (libc::SYS_setrlimit, [libc::RLIMIT_NOFILE, 0, 0], ALLOW),
            (libc::SYS_prlimit64, [0, libc::RLIMIT_CORE, 1], errno(0)),
            (libc::SYS_prlimit64, [0, libc::RLIMIT_CORE, 0], ALLOW),
            (libc::SYS_prlimit64, [0, libc::RLIMIT_NOFILE, 1], ALLOW),
            (470, [0, 0, 0], errno(libc::ENOSYS)),
            (0x4000_0000, [0, 0, 0], errno(libc::ENOSYS)),
        ];
        for (call, arguments, answer) in cases {
            let call = u32::try_from(call).unwrap();
            assert_eq!(
                program.judge(ARCHITECTURE, call, arguments),
                answer,
                "{call} {arguments:?}"
            );
            assert_eq!(program.judge(I386, call, arguments), errno(libc::ENOSYS));
        }
    }

    #[test]
    fn going_past_groups_of_rules_changes_no_answer() {
        let program = confined(Families::InetAndPairs, Programs::Denied);
        let mut one_by_one = program.start.clone();
        one_by_one.extend(program.rules.iter().flat_map(|(_number, code)| code));
        one_by_one.push(Instruction::answer(RETURN_ALLOW));
        let calls = (0..=NUMBER_MAX + 2).chain([0x4000_0000, 0x4000_0001, u32::MAX]);
        for call in calls {
            for arguments in [[0; 3], [1, 1, 0], [2, 1, 0], [u32::MAX; 3], [0x5412, 0x5412, 0]] {
                let answer = program.judge(ARCHITECTURE, call, arguments);
                let expected = Program::execute(&one_by_one, ARCHITECTURE, call, arguments);
                assert_eq!(answer, expected, "call {call} with {arguments:?}");
            }
        }
        assert!(program.finished().len() > one_by_one.len(), "there are groups");
    }

    #[test]
    fn the_narrower_filters_differ_only_where_they_should() {
        let socket = u32::try_from(libc::SYS_socket).unwrap();
        let execve = u32::try_from(libc::SYS_execve).unwrap();
        let pairs = confined(Families::InetAndPairs, Programs::Denied);
        let refused = errno(libc::EAFNOSUPPORT);
        assert_eq!(pairs.judge(ARCHITECTURE, socket, [1, 1, 0]), refused);
        assert_eq!(pairs.judge(ARCHITECTURE, socket, [2, 1, 0]), ALLOW);
        let pair = u32::try_from(libc::SYS_socketpair).unwrap();
        for (kind, answer) in [
            (1, ALLOW),
            (5, ALLOW),
            (0x8_0801, ALLOW),
            (2, errno(libc::EPROTONOSUPPORT)),
            (0x8_0802, errno(libc::EPROTONOSUPPORT)),
            (3, errno(libc::EPROTONOSUPPORT)),
        ] {
            assert_eq!(pairs.judge(ARCHITECTURE, pair, [1, kind, 0]), answer, "{kind}");
        }
        assert_eq!(pairs.judge(ARCHITECTURE, execve, [0; 3]), errno(libc::EPERM));
        let local = without_inet();
        assert_eq!(local.judge(ARCHITECTURE, socket, [1, 1, 0]), ALLOW);
        assert_eq!(local.judge(ARCHITECTURE, execve, [0; 3]), ALLOW);
        for family in [2, 10, 17, 40] {
            assert_eq!(local.judge(ARCHITECTURE, socket, [family, 1, 0]), refused);
        }
    }

    #[test]
    fn what_is_shared_is_made_up_for() {
        let shared = [Shared::Processes, Shared::Ipc, Shared::Files];
        let program = sharing(Families::PairsOnly, Programs::Allowed, &shared);
        let plain = confined(Families::InetAndLocal, Programs::Allowed);
        let refused = errno(libc::EAFNOSUPPORT);
        let (ficlone, set_flags, subvolume) = (0x4004_9409, 0x4008_6602, 0x5000_940e);
        let cases = [
            (libc::SYS_socket, [1, 1, 0], refused),
            (libc::SYS_socket, [2, 1, 0], refused),
            (libc::SYS_socket, [16, 3, 0], refused),
            (libc::SYS_socketpair, [1, 1, 0], ALLOW),
            (libc::SYS_socketpair, [1, 2, 0], errno(libc::EPROTONOSUPPORT)),
            (libc::SYS_prlimit64, [0, 7, 1], ALLOW),
            (libc::SYS_prlimit64, [77, 7, 1], errno(libc::EPERM)),
            (libc::SYS_sched_setaffinity, [0, 0, 0], ALLOW),
            (libc::SYS_sched_setaffinity, [77, 0, 0], errno(libc::EPERM)),
            (libc::SYS_setpriority, [0, 0, 5], ALLOW),
            (libc::SYS_setpriority, [0, 77, 5], errno(libc::EPERM)),
            (libc::SYS_setpriority, [2, 0, 5], errno(libc::EPERM)),
            (libc::SYS_shmget, [0, 0, 0], errno(libc::EPERM)),
            (libc::SYS_mq_open, [0, 0, 0], errno(libc::EPERM)),
            (libc::SYS_fchmod, [3, 0, 0], RETURN_USER_NOTIFICATION),
            (libc::SYS_utimensat, [3, 0, 0], RETURN_USER_NOTIFICATION),
            (libc::SYS_fchown, [3, 0, 0], errno(libc::EPERM)),
            (libc::SYS_setxattr, [3, 0, 0], errno(libc::ENOTSUP)),
            (libc::SYS_inotify_init1, [0, 0, 0], errno(libc::ENOSYS)),
            (libc::SYS_ioctl, [3, TIOCSTI, 0], errno(libc::EPERM)),
            (libc::SYS_ioctl, [3, set_flags, 0], errno(libc::EPERM)),
            (libc::SYS_ioctl, [3, subvolume, 0], errno(libc::EPERM)),
            (libc::SYS_ioctl, [3, ficlone, 0], ALLOW),
            (libc::SYS_ioctl, [3, 0x5401, 0], ALLOW),
        ];
        for (call, arguments, answer) in cases {
            let call = u32::try_from(call).unwrap();
            let judged = program.judge(ARCHITECTURE, call, arguments);
            assert_eq!(judged, answer, "{call} {arguments:?}");
            let usual = plain.judge(ARCHITECTURE, call, arguments);
            assert_ne!(usual, RETURN_USER_NOTIFICATION, "{call} {arguments:?}");
        }
        let local = sharing(Families::LocalOnly, Programs::Allowed, &[]);
        let socket = u32::try_from(libc::SYS_socket).unwrap();
        assert_eq!(local.judge(ARCHITECTURE, socket, [1, 1, 0]), ALLOW);
        assert_eq!(local.judge(ARCHITECTURE, socket, [2, 1, 0]), refused);
    }

    const TIOCSTI: u32 = 0x5412;
}
