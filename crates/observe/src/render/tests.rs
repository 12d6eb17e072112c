//! Lines as Debian's Exim 4.96 wrote them.
