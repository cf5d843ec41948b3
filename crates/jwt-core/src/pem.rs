//! PEM texts (RFC 7468): what stands between the lines `-----BEGIN …-----` and `-----END …-----`.
//! Text around the blocks is allowed, as openssl writes it.

use base64_simd::STANDARD;

/// One block.
pub(crate) struct Block<'a> {
    /// Line of its BEGIN, from 1.
    pub(crate) line: usize,
    pub(crate) label: &'a str,
    /// Base64, without line ends.
    body: Vec<u8>,
}

impl Block<'_> {
    /// What the block holds. Not decoded before: a private key need not be, to be refused.
    ///
    /// # Errors
    /// The body is not base64.
    pub(crate) fn der(&self) -> Result<Vec<u8>, PemError> {
        STANDARD.decode_to_vec(&self.body).map_err(|_| PemError {
            line: self.line,
            reason: "what follows this BEGIN is not base64",
        })
    }
}

/// What is wrong with a PEM text, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct PemError {
    /// From 1.
    pub line: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

const BEGIN: &[u8] = b"-----BEGIN ";

/// Does the text look like PEM?
pub(crate) fn is_pem(text: &[u8]) -> bool {
    text.windows(BEGIN.len()).any(|window| window == BEGIN)
}

fn label<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a str> {
    let label = line.strip_prefix(start)?.strip_suffix(b"-----")?;
    std::str::from_utf8(label).ok()
}

/// All blocks, in order.
///
/// # Errors
/// A block without end or with another end.
pub(crate) fn blocks(text: &[u8]) -> Result<Vec<Block<'_>>, PemError> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, &str, Vec<u8>)> = None;
    for (line, text) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let text = text.trim_ascii();
        open = match open.take() {
            None => label(text, BEGIN).map(|label| (line, label, Vec::new())),
            Some((begin, label_begin, mut body)) => {
                if let Some(label_end) = label(text, b"-----END ") {
                    if label_end != label_begin {
                        return Err(PemError {
                            line,
                            reason: "END does not match its BEGIN",
                        });
                    }
                    blocks.push(Block {
                        line: begin,
                        label: label_begin,
                        body,
                    });
                    None
                } else {
                    body.extend_from_slice(text);
                    Some((begin, label_begin, body))
                }
            }
        };
    }
    match open {
        Some((line, ..)) => Err(PemError {
            line,
            reason: "this BEGIN has no END",
        }),
        None => Ok(blocks),
    }
}
