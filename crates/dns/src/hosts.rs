//! `/etc/hosts`.

use std::collections::HashMap;
use std::net::IpAddr;

/// Names and addresses of a hosts file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostsFile {
    addresses: HashMap<Vec<u8>, Vec<(IpAddr, Vec<u8>)>>,
    names: HashMap<IpAddr, Vec<Vec<u8>>>,
}

impl HostsFile {
    /// Reads the text of a hosts file; lines that make no sense are skipped, as the C library does.
    pub fn parse(text: &[u8]) -> Self {
        let mut hosts = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
            let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let address = words
                .next()
                .and_then(|word| std::str::from_utf8(word).ok())
                .and_then(|word| word.parse().ok());
            let names: Vec<Vec<u8>> = words.map(<[u8]>::to_ascii_lowercase).collect();
            let (Some(address), Some(first)) = (address, names.first()) else { continue };
            for name in &names {
                hosts.addresses.entry(name.clone()).or_default().push((address, first.clone()));
            }
            hosts.names.entry(address).or_insert(names);
        }
        hosts
    }

    /// The addresses of a name, each with the canonical name of its line.
    pub fn addresses(&self, name: &[u8]) -> &[(IpAddr, Vec<u8>)] {
        let name = name.strip_suffix(b".").unwrap_or(name).to_ascii_lowercase();
        self.addresses.get(&name).map_or(&[], Vec::as_slice)
    }

    /// The names of an address, the canonical one first.
    pub fn names(&self, address: IpAddr) -> &[Vec<u8>] {
        self.names.get(&address).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_both_ways() {
        let hosts = HostsFile::parse(
            b"127.0.0.1 localhost\n::1 localhost ip6-localhost\n192.0.2.1\tMX.example mx # main\nrubbish x\n192.0.2.9\n",
        );
        let localhost: Vec<IpAddr> = hosts.addresses(b"localhost").iter().map(|row| row.0).collect();
        assert_eq!(localhost, ["127.0.0.1".parse::<IpAddr>().unwrap(), "::1".parse().unwrap()]);
        assert_eq!(hosts.addresses(b"MX.")[0].1, b"mx.example");
        assert_eq!(hosts.names("192.0.2.1".parse().unwrap()), [b"mx.example".to_vec(), b"mx".to_vec()]);
        assert!(hosts.addresses(b"x").is_empty());
    }
}
