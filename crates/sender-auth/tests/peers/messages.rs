//! Two hundred odd messages, always the same.

/// A message in spool form: LF line ends.
pub(crate) struct Message {
    pub(crate) fields: Vec<Vec<u8>>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// A space before a colon, RFC 5322's obsolete syntax (section 4.5): dkimpy refuses such a message as a whole.
    pub(crate) fn is_obsolete(&self) -> bool {
        self.fields.iter().any(|field| field.starts_with(b"Subject :"))
    }

    /// As it goes over the wire, `top` in front of its header.
    pub(crate) fn wire(&self, top: &[u8]) -> Vec<u8> {
        wire(&[top, &self.fields.concat(), b"\n", &self.body].concat())
    }

    /// Its body as it goes over the wire.
    pub(crate) fn wire_body(&self) -> Vec<u8> {
        wire(&self.body)
    }

    /// A CR alone, which RFC 5322 section 2.3 forbids.
    pub(crate) fn has_lone_cr(&self) -> bool {
        self.body.contains(&b'\r')
    }
}

/// LF to CR LF.
fn wire(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if byte == b'\n' {
            out.push(b'\r');
        }
        out.push(byte);
    }
    out
}

/// The messages.
pub(crate) fn all() -> Vec<Message> {
    let mut random = Random(0x5eed_0042);
    (0..200)
        .map(|number| Message { fields: fields(number, &mut random), body: body(number, &mut random) })
        .collect()
}

fn fields(number: usize, random: &mut Random) -> Vec<Vec<u8>> {
    let mut fields = vec![format!("From: Sender {number} <s{number}@example.org>\n").into_bytes()];
    fields.push(b"Date: Sun, 22 Nov 2026 12:00:00 +0000\n".to_vec());
    let subjects: [&[u8]; 8] = [
        b"Subject: plain\n",
        b"Subject:   many   spaces\t and tabs \t \n",
        b"Subject: folded\n here\n\tand here\n",
        b"subject:no space\n",
        b"Subject : space before the colon\n",
        b"Subject: \xc3\xa4\xff eight bits\n",
        b"Subject:\n starts on the next line\n",
        b"SUBJECT: a:b=c;d\n",
    ];
    fields.push(subjects[number % subjects.len()].to_vec());
    for count in 0..random.below(4) {
        let place = random.below(fields.len() + 1);
        fields.insert(place, format!("X-Many: number {count}\n  of  several \n").into_bytes());
    }
    if random.below(3) == 0 {
        fields.push(format!("X-Long: {}\n", "long ".repeat(190)).into_bytes());
    }
    fields
}

fn body(number: usize, random: &mut Random) -> Vec<u8> {
    match number % 20 {
        0 => Vec::new(),
        1 => b"\n".to_vec(),
        2 => b"\n\n\n".to_vec(),
        3 => b" \n\t\n \t \n".to_vec(),
        4 => b"text\n\n\n\n".to_vec(),
        5 => b"text \n \n\t\n".to_vec(),
        6 => b"a bare\rCR in a line\n".to_vec(),
        7 => b"\xff\xfe\x80 eight bits \xc3\xa4\n".to_vec(),
        8 => [b"x".repeat(5000), b"\n".to_vec()].concat(),
        9 => b" leading space\n\ttab\n\n\nafter empty lines\n".to_vec(),
        _ => (0..random.below(400)).map(|_| random.octet()).chain(*b"\n").collect(),
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn octet(&mut self) -> u8 {
        match self.below(10) {
            0 | 1 => b' ',
            2 => b'\t',
            3 => b'\n',
            4 => 0x80 | (self.next() as u8),
            _ => b'a' + self.below(26) as u8,
        }
    }
}
