//! The program.
#![allow(dead_code)]
mod argv;
fn main() {}
