//! PEM texts (RFC 7468): what stands between the lines `-----BEGIN …-----` and `-----END …-----`.
//! Text around the blocks is allowed, as openssl writes it.

use base64_simd::STANDARD;

/// One block, decoded.
pub(crate) struct Block<'a> {
    /// Line of its BEGIN, from 1.
    pub(crate) line: usize,
    pub(crate) label: &'a str,
    pub(crate) der: Vec<u8>,
}

/// What is wrong, and in which line (from 1).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PemError {
    pub(crate) line: usize,
    pub(crate) reason: &'static str,
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
/// A block without end or with another end, or a body that is not base64.
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
                    let der = STANDARD.decode_to_vec(&body).map_err(|_| PemError {
                        line: begin,
                        reason: "what follows this BEGIN is not base64",
                    })?;
                    blocks.push(Block {
                        line: begin,
                        label: label_begin,
                        der,
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
