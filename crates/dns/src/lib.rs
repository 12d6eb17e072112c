//! Caching stub resolver and the fixture name server for tests.
