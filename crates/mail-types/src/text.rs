//! Bytes that are cheap to make and to copy: short ones stand in the value itself, long ones are shared.
//!
//! # Invariants
//! * Equality and hash are those of the bytes, however they are held.
//! * Bytes that fit into [`Text::SHORT`] when a text is made cost no allocation.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A run of bytes.
#[derive(Clone)]
pub struct Text(Form);

#[derive(Clone)]
enum Form {
    /// So many bytes of these.
    Short(u8, [u8; Text::SHORT]),
    Long(Arc<Vec<u8>>),
}

impl Text {
    /// How many bytes are held without an allocation.
    pub const SHORT: usize = 30;

    /// What a text that grows beyond [`Text::SHORT`] has room for more, at most, before it grows again.
    const ROOM: usize = 4096;

    /// No bytes.
    #[inline]
    pub const fn new() -> Self {
        Self(Form::Short(0, [0; Self::SHORT]))
    }

    /// What a number, or anything else, looks like.
    pub fn of(shown: impl fmt::Display) -> Self {
        struct Writer(Text);
        impl fmt::Write for Writer {
            fn write_str(&mut self, more: &str) -> fmt::Result {
                self.0.push(more.as_bytes());
                Ok(())
            }
        }
        let mut writer = Writer(Self::new());
        // Appending cannot fail, and neither do the types of the program that are shown.
        let _ = fmt::Write::write_fmt(&mut writer, format_args!("{shown}"));
        writer.0
    }

    /// The bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Form::Short(len, bytes) => &bytes[..usize::from(*len).min(Self::SHORT)],
            Form::Long(bytes) => bytes,
        }
    }

    /// The bytes, to be changed. A long text that somebody else holds too is copied.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Form::Short(len, bytes) => &mut bytes[..usize::from(*len).min(Self::SHORT)],
            Form::Long(bytes) => Arc::make_mut(bytes).as_mut_slice(),
        }
    }

    /// Appends bytes. Only a long text that somebody else holds too is copied.
    #[inline]
    pub fn push(&mut self, more: &[u8]) {
        match &mut self.0 {
            Form::Short(len, bytes) => {
                let start = usize::from(*len);
                let end = start + more.len();
                if let Some(room) = bytes.get_mut(start..end) {
                    room.copy_from_slice(more);
                    *len = end as u8;
                    return;
                }
                let mut long = Vec::with_capacity(end + end.min(Self::ROOM));
                long.extend_from_slice(self.bytes());
                long.extend_from_slice(more);
                self.0 = Form::Long(Arc::new(long));
            }
            Form::Long(bytes) => Arc::make_mut(bytes).extend_from_slice(more),
        }
    }

    /// The bytes, without a copy where they are long and nobody else holds them.
    pub fn into_vec(self) -> Vec<u8> {
        match self.0 {
            Form::Short(..) => self.bytes().to_vec(),
            Form::Long(bytes) => Arc::try_unwrap(bytes).unwrap_or_else(|shared| shared.to_vec()),
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new()
    }
}

impl From<&[u8]> for Text {
    #[inline]
    fn from(text: &[u8]) -> Self {
        if text.len() > Self::SHORT {
            return Self(Form::Long(Arc::new(text.to_vec())));
        }
        let mut bytes = [0; Self::SHORT];
        bytes[..text.len()].copy_from_slice(text);
        Self(Form::Short(text.len() as u8, bytes))
    }
}

impl From<Vec<u8>> for Text {
    fn from(text: Vec<u8>) -> Self {
        if text.len() > Self::SHORT { Self(Form::Long(Arc::new(text))) } else { Self::from(text.as_slice()) }
    }
}

/// Other ways to hold bytes, by way of a slice.
macro_rules! from_slices {
    ($($held:ty),*) => { $( impl From<$held> for Text {
        fn from(text: $held) -> Self {
            Self::from(AsRef::<[u8]>::as_ref(&text))
        }
    } )* };
}

from_slices!(&str, &String, &Vec<u8>, Box<[u8]>, Arc<[u8]>);

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(text.into_bytes())
    }
}

impl<const N: usize> From<&[u8; N]> for Text {
    fn from(text: &[u8; N]) -> Self {
        Self::from(text.as_slice())
    }
}

impl<const N: usize> From<[u8; N]> for Text {
    fn from(text: [u8; N]) -> Self {
        Self::from(text.as_slice())
    }
}

impl From<Cow<'_, [u8]>> for Text {
    fn from(text: Cow<'_, [u8]>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::from(text),
            Cow::Owned(text) => Self::from(text),
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes().escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Around the length at which the form changes.
    const LENGTHS: [usize; 6] = [0, 1, Text::SHORT - 1, Text::SHORT, Text::SHORT + 1, 1000];

    #[test]
    fn bytes_come_back_whatever_their_number() {
        for length in LENGTHS {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let text = Text::from(bytes.as_slice());
            assert_eq!(text.bytes(), bytes);
            assert_eq!(text, Text::from(bytes.clone()));
            assert_eq!(text.into_vec(), bytes);
        }
    }

    #[test]
    fn appending_grows_across_the_forms() {
        for first in LENGTHS {
            for second in LENGTHS {
                let mut text = Text::from(vec![b'a'; first]);
                let before = text.clone();
                text.push(&vec![b'b'; second]);
                assert_eq!(text.bytes(), [vec![b'a'; first], vec![b'b'; second]].concat());
                assert_eq!(before.bytes(), vec![b'a'; first], "a clone stays as it was");
            }
        }
    }
}
