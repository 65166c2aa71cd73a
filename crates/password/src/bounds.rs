//! The most that a stored hash may ask of us.
//!
//! Cost parameters are read from the hash, so whoever can write one row can ask for any cost. Every
//! bound here is checked before anything is allocated or computed. Each admits the defaults of the
//! systems it comes from with room to grow, and keeps one verification within about four seconds of
//! one core and [`MAX_ARGON2_KIB`] of memory.

/// Bytes of text in a stored hash. The longest that a supported system writes by default has 290.
pub const MAX_HASH_BYTES: usize = 1024;

/// Bytes in a password, as it is sent and after normalisation.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// KiB of memory of one Argon2 hash: 256 MiB, libsodium's `MODERATE`.
pub const MAX_ARGON2_KIB: u32 = 256 * 1024;

/// Argon2's passes times KiB: 1 GiB filled in all. libsodium's `MODERATE` fills 768 MiB.
pub const MAX_ARGON2_KIB_PASSES: u64 = 1024 * 1024;

/// Lanes of an Argon2 hash. They cost nothing by themselves; no system writes more than 16.
pub const MAX_ARGON2_LANES: u32 = 255;

/// Bytes of memory of one scrypt or yescrypt hash (128 × N × r): 256 MiB, twice OWASP's largest.
pub const MAX_SCRYPT_BYTES: u64 = 256 * 1024 * 1024;

/// Scrypt's and yescrypt's N × r × p: 16 times the default of Werkzeug and of passlib.
pub const MAX_SCRYPT_WORK: u64 = 1 << 22;

/// Scrypt's r × p, so that its outer buffer (128 × r × p bytes) stays within 4 MiB.
pub const MAX_SCRYPT_R_P: u64 = 1 << 15;

/// PBKDF2's iterations, counted once per block of output: five times Werkzeug's and Django's default.
pub const MAX_PBKDF2_ITERATIONS: u32 = 5_000_000;

/// Bcrypt's cost: 16 times the default, 12.
pub const MAX_BCRYPT_COST: u8 = 16;

/// Rounds of SHA-256-crypt and SHA-512-crypt. passlib's default, the highest known, is 656,000; each
/// round hashes the password up to twice, hence the narrow margin.
pub const MAX_SHA2_CRYPT_ROUNDS: u32 = 1_000_000;

/// The binary logarithm of phpass' rounds. `WordPress` has 13, phpBB 11, passlib 19.
pub const MAX_PHPASS_LOG_ROUNDS: u8 = 21;

/// The binary logarithm of the rounds of Drupal's phpass with SHA-512. Drupal 7 has 15, Drupal 8 to 10 have 16.
pub const MAX_PHPASS_SHA512_LOG_ROUNDS: u8 = 20;

/// Whether RFC 9106 §3.1 has an Argon2 of this cost (as far as this crate's lanes go).
pub(crate) const fn argon2_exists(memory_kib: u32, passes: u32, lanes: u32) -> bool {
    lanes >= 1 && lanes <= MAX_ARGON2_LANES && passes >= 1 && memory_kib >= 8 * lanes
}

/// Whether an Argon2 hash of this cost may be run.
pub(crate) const fn argon2_is_affordable(memory_kib: u32, passes: u32) -> bool {
    memory_kib <= MAX_ARGON2_KIB && memory_kib as u64 * passes as u64 <= MAX_ARGON2_KIB_PASSES
}
