// SPDX-License-Identifier: Apache-2.0
//! Whether this processor can run llama.cpp as it was built.
//!
//! llama.cpp is compiled for x86-64-v3 (see `.cargo/config.toml`), the rest of
//! Moat for the baseline. Without this check an older processor would end the
//! server with an illegal instruction and no explanation.
//!
//! Source: the x86-64 psABI, micro-architecture level 3, as far as ggml uses it.

use crate::error::Error;

/// Fails when an instruction set is missing.
///
/// # Errors
/// [`Error::Processor`] with the first that is missing.
#[cfg(target_arch = "x86_64")]
pub(crate) fn check() -> Result<(), Error> {
    let needed = [
        ("SSE4.2", std::arch::is_x86_feature_detected!("sse4.2")),
        ("AVX", std::arch::is_x86_feature_detected!("avx")),
        ("AVX2", std::arch::is_x86_feature_detected!("avx2")),
        ("BMI2", std::arch::is_x86_feature_detected!("bmi2")),
        ("FMA", std::arch::is_x86_feature_detected!("fma")),
        ("F16C", std::arch::is_x86_feature_detected!("f16c")),
    ];
    judge(&needed)
}

/// Other processors run the baseline of their architecture.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn check() -> Result<(), Error> {
    judge(&[])
}

fn judge(needed: &[(&'static str, bool)]) -> Result<(), Error> {
    match needed.iter().find(|(_, present)| !present) {
        Some((missing, _)) => Err(Error::Processor { missing }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_missing_instruction_set_is_named() {
        assert!(judge(&[("A", true), ("B", true)]).is_ok());
        let error = judge(&[("A", true), ("B", false), ("C", false)]).unwrap_err();
        assert!(error.to_string().contains(" B "), "{error}");
    }
}
