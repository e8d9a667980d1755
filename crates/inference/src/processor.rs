// SPDX-License-Identifier: Apache-2.0
//! Whether this processor can run llama.cpp as it was built.
//!
//! llama.cpp is compiled for x86-64-v3 (see `.cargo/config.toml`), by `make` on a
//! machine that has it with AVX-512 too; the rest of Moat is for the baseline.
//! Without this check another processor would end the server with an illegal
//! instruction and no explanation.
//!
//! Source: the x86-64 psABI, micro-architecture levels 3 and 4, as far as ggml uses
//! them (`ggml/src/ggml-cpu/CMakeLists.txt` says what each of its options turns on).

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
    judge(&needed)?;
    let optional = [
        (
            option_env!("GGML_AVX512"),
            "AVX-512",
            std::arch::is_x86_feature_detected!("avx512f")
                && std::arch::is_x86_feature_detected!("avx512cd")
                && std::arch::is_x86_feature_detected!("avx512vl")
                && std::arch::is_x86_feature_detected!("avx512dq")
                && std::arch::is_x86_feature_detected!("avx512bw"),
        ),
        (
            option_env!("GGML_AVX512_VBMI"),
            "AVX-512 VBMI",
            std::arch::is_x86_feature_detected!("avx512vbmi"),
        ),
        (
            option_env!("GGML_AVX512_VNNI"),
            "AVX-512 VNNI",
            std::arch::is_x86_feature_detected!("avx512vnni"),
        ),
        (
            option_env!("GGML_AVX512_BF16"),
            "AVX-512 BF16",
            std::arch::is_x86_feature_detected!("avx512bf16"),
        ),
    ];
    let built_in = optional.iter().filter(|(option, ..)| *option == Some("ON"));
    judge(&built_in.map(|&(_, name, present)| (name, present)).collect::<Vec<_>>())
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
