//! The hashes against a slow and plain reading of the RFC.

use super::*;

/// RFC 6376 section 3.4.3 and 3.4.4, sentence by sentence.
fn canonical(spool: &[u8], canon: Canon) -> Vec<u8> {
    let mut text = spool.to_vec();
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    let mut lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    lines.pop();
    if canon == Canon::Relaxed {
        for line in &mut lines {
            let mut fresh: Vec<u8> = Vec::new();
            for byte in line.iter() {
                let byte = if *byte == b'\t' { b' ' } else { *byte };
                if byte != b' ' || fresh.last() != Some(&b' ') {
                    fresh.push(byte);
                }
            }
            while fresh.last() == Some(&b' ') {
                fresh.pop();
            }
            *line = fresh;
        }
    }
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    let mut out: Vec<u8> = lines.iter().flat_map(|line| [line.as_slice(), CRLF].concat()).collect();
    if out.is_empty() && canon == Canon::Simple {
        out = CRLF.to_vec();
    }
    out
}

fn form(canon: Canon, length: Option<u64>) -> BodyForm {
    BodyForm { canon, hash: Hash::Sha256, length }
}

fn hashed(pieces: &[&[u8]], form: BodyForm) -> BodyHash {
    let mut hasher = BodyHasher::new([form]);
    for piece in pieces {
        hasher.feed(piece);
    }
    hasher.finish().hash(form).unwrap().clone()
}

fn sha256(text: &[u8]) -> Vec<u8> {
    let mut digest = Digest::new(Hash::Sha256);
    digest.update(text);
    digest.finish()
}

const BODIES: [&str; 20] = [
    "",
    "\n",
    "\n\n\n",
    " \n \n",
    "a",
    "a\n",
    "a\n\n\n",
    "a\n \t\n\n",
    " C \nD \t E\n\n\n",
    "  leading\n",
    "\tleading tab\n",
    "trailing \n",
    "trailing\t\n",
    "a  b\tc \t d\n",
    "a\rb\r\n",
    "\n\nfirst after empty\n",
    "a\n\n\nb\n",
    "a \n \n\t\n b\n",
    "no line end ",
    "\u{e9}\u{e9} \u{e9}\n",
];

#[test]
fn bodies_whole_and_in_pieces() {
    for body in BODIES {
        let body = body.as_bytes();
        for canon in [Canon::Simple, Canon::Relaxed] {
            let want = sha256(&canonical(body, canon));
            assert_eq!(hashed(&[body], form(canon, None)).octets, want, "{canon:?} {body:?}");
            let single: Vec<&[u8]> = body.chunks(1).collect();
            assert_eq!(hashed(&single, form(canon, None)).octets, want, "{canon:?} {body:?}");
            for cut in 0..body.len() {
                let (left, right) = body.split_at(cut);
                assert_eq!(hashed(&[left, right], form(canon, None)).octets, want, "{canon:?} {body:?}");
            }
        }
    }
}

#[test]
fn lengths_cut_the_canonical_text() {
    for body in BODIES {
        let body = body.as_bytes();
        for canon in [Canon::Simple, Canon::Relaxed] {
            let text = canonical(body, canon);
            for length in 0..=text.len() + 1 {
                let got = hashed(&[body], form(canon, Some(length as u64)));
                assert_eq!(got.octets, sha256(&text[..length.min(text.len())]));
                assert_eq!(got.long_enough, length <= text.len());
            }
        }
    }
}

#[test]
fn many_forms_at_once() {
    let forms = [
        form(Canon::Simple, None),
        form(Canon::Relaxed, Some(3)),
        BodyForm { canon: Canon::Relaxed, hash: Hash::Sha1, length: None },
        form(Canon::Simple, None),
        form(Canon::Relaxed, None),
    ];
    let mut hasher = BodyHasher::new(forms);
    assert_eq!(hasher.forms.len(), 4);
    hasher.feed(b"a  b\n");
    let hashes = hasher.finish();
    assert_eq!(hashes.hash(forms[0]).unwrap().octets, sha256(b"a  b\r\n"));
    assert_eq!(hashes.hash(forms[1]).unwrap().octets, sha256(b"a b"));
    assert_eq!(hashes.hash(forms[2]).unwrap().octets.len(), 20);
    assert_eq!(hashes.hash(forms[4]).unwrap().octets, sha256(b"a b\r\n"));
    assert_eq!(hashes.hash(form(Canon::Simple, Some(1))), None);
}

/// Long text, so that pieces, blocks and the buffer all have their ends in the middle of something.
#[test]
fn long_bodies_of_random_blanks() {
    let mut state = 0x1234_5678_u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 24
    };
    for round in 0..40 {
        let odd = [0, 10, 60, 200][round % 4];
        let body: Vec<u8> = (0..20_000)
            .map(|_| match next() {
                0..=2 => b'\n',
                3..=30 => b' ',
                roll if roll < 30 + odd => [b' ', b'\t', b' ', b'\n'][(next() % 4) as usize],
                _ => b'x',
            })
            .collect();
        for canon in [Canon::Simple, Canon::Relaxed] {
            let want = sha256(&canonical(&body, canon));
            assert_eq!(hashed(&[&body], form(canon, None)).octets, want, "round {round} {canon:?}");
            let pieces: Vec<&[u8]> = body.chunks(997).collect();
            assert_eq!(hashed(&pieces, form(canon, None)).octets, want, "round {round} {canon:?}");
        }
    }
}

#[test]
fn memory_does_not_grow_with_empty_lines_and_blanks() {
    let mut hasher = BodyHasher::new([form(Canon::Relaxed, None), form(Canon::Simple, None)]);
    let (blanks, empty) = (vec![b' '; 1 << 20], vec![b'\n'; 1 << 20]);
    for _ in 0..4 {
        hasher.feed(&blanks);
        hasher.feed(&empty);
    }
    hasher.feed(b"x");
    for lane in [hasher.simple.as_ref().unwrap(), hasher.relaxed.as_ref().unwrap()] {
        assert!(lane.out.capacity() <= BUFFER + 4 * PIECE, "{}", lane.out.capacity());
    }
}
